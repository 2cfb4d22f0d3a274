"""AWS as it refuses and delays, which no stand-in does: clients for single pieces of `make acceptance`."""

import sys
from types import SimpleNamespace

from botocore.exceptions import ClientError

from acceptance_scene import PROGRAM

sys.path.append(str(PROGRAM))

PREFIX = "iam-key-rotator-acceptance-abcdef-"


def refused(code, operation="Call", message="no"):
    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    return ClientError(answer, operation)


class Place:
    """AWS, of the clients that a test gives."""

    region, account, caller, partition = "eu-west-1", "111122223333", "arn:aws:iam::111122223333:user/me", "aws"
    names = SimpleNamespace(prefix=PREFIX, of=lambda what: PREFIX + what, run="abcdef")
    session = SimpleNamespace(client=lambda *_, **__: None)

    def __init__(self, **clients):
        self._clients = clients

    def client(self, service):
        return self._clients.get(service)

    once = client

    def real(self):
        return True

    def poll(self):
        return 0

    def lacks(self, error):
        return False

    def arn(self, service, rest):
        return f"arn:aws:{service}:{rest}"


class Maker:
    patience = 0.2

    def __init__(self, place):
        self.place = place

    def secret(self, what, *_):
        return PREFIX + what

    def queue(self, *_):
        return "url", "arn"

    def role(self, *_):
        return "arn:aws:iam::111122223333:role/recorder"

    def function(self, name, *_, **__):
        return f"arn:{name}"


def answers(*given):
    """A call that answers, or raises, one after another; the last one for ever."""
    rest = list(given)

    def call(**_):
        answer = rest.pop(0) if len(rest) > 1 else rest[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    return call
