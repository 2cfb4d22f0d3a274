"""The alert topic, read through a queue that is subscribed to it."""

import json

from botocore.exceptions import BotoCoreError, ClientError

from inbox import Inbox
from making import statement
from waiting import until


class Alerts:
    """`missing` says why there is nothing to read."""

    def __init__(self, place, maker, topic):
        self._messages, self.missing = [], None
        if topic is None:
            self.missing = "with --function the alert topic is not known"
            return
        allowed = {"ArnEquals": {"aws:SourceArn": topic}}
        sender = statement("sqs:SendMessage", None, Principal={"Service": "sns.amazonaws.com"}, Condition=allowed)
        try:
            queue, arn = maker.queue("alerts", sender)
            maker.subscription(topic, arn)
            self._inbox = Inbox(place, queue)
        except (ClientError, BotoCoreError) as error:
            if not place.lacks(error):
                raise
            self.missing = "no SQS"

    def with_text(self, headline, text, seconds, poll, after=0):
        """The first message of this headline, its subject or the beginning of its text, that has the text in it.

        `after`: not one of so many that came before.
        """
        found = lambda: next((each for each in self.all()[after:] if matches(each, headline, text)), None)
        return until(found, seconds, poll)

    def all(self):
        """Every message so far."""
        self._messages += [json.loads(body) for body in self._inbox.new()]
        return self._messages


def matches(message, headline, text):
    begins = [words.lstrip('"').startswith(headline) for words in (message.get("Subject") or "", message["Message"])]
    return any(begins) and text in message["Message"]
