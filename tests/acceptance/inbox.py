"""A queue of SQS, read to its end.

An answer of SQS may be empty although the queue is not, and a message may come twice:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html
"""

# Empty answers in a row that end a look.
EMPTY = 2


class Inbox:
    def __init__(self, place, queue_url):
        self._client, self._queue_url, self._seen = place.client("sqs"), queue_url, set()
        # A long poll asks all servers of AWS. A stand-in has one.
        self._wait = int(place.poll())

    def new(self):
        """The bodies of the messages that were not read before."""
        bodies, empty = [], 0
        while empty < EMPTY:
            asked = {"QueueUrl": self._queue_url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": self._wait}
            messages = self._client.receive_message(**asked).get("Messages", [])
            empty = 0 if messages else empty + 1
            for message in messages:
                if message["MessageId"] not in self._seen:
                    self._seen.add(message["MessageId"])
                    bodies.append(message["Body"])
                self._client.delete_message(QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"])
        return bodies
