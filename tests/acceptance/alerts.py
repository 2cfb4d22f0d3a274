"""The alert topic, read through a queue that is subscribed to it."""

import json

from botocore.exceptions import BotoCoreError, ClientError

from making import statement
from waiting import until


class Alerts:
    """`missing` says why there is nothing to read."""

    def __init__(self, place, maker, topic):
        self._place, self._messages, self.missing = place, [], None
        if topic is None:
            self.missing = "with --function the alert topic is not known"
            return
        allowed = {"ArnEquals": {"aws:SourceArn": topic}}
        sender = statement("sqs:SendMessage", None, Principal={"Service": "sns.amazonaws.com"}, Condition=allowed)
        try:
            self._queue, arn = maker.queue("alerts", sender)
            maker.subscription(topic, arn)
        except (ClientError, BotoCoreError) as error:
            if not place.lacks(error):
                raise
            self.missing = "no SQS"

    def with_text(self, text, seconds, poll):
        """The first message that has the text in it."""
        return until(lambda: next((each for each in self.all() if text in json.dumps(each)), None), seconds, poll)

    def all(self):
        """Every message so far."""
        client = self._place.client("sqs")
        while messages := client.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                self._messages.append(json.loads(message["Body"]))
                client.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        return self._messages

