"""boto3 clients of an endpoint on loopback. They never retry: a test sees the first answer."""

import contextlib
import json
import urllib.request
from typing import NamedTuple

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

import shapes

REGION = "eu-west-1"
CONFIG = Config(
    retries={"total_max_attempts": 1}, proxies={}, connect_timeout=10, read_timeout=60
)
# One session for all: it reads each service's model once.
SESSION = boto3.Session()


class Key(NamedTuple):
    id: str
    secret: str
    token: str | None = None

    @classmethod
    def of(cls, answer):
        """From what CreateAccessKey or AssumeRole answered."""
        return cls(answer["AccessKeyId"], answer["SecretAccessKey"], answer.get("SessionToken"))


ROOT = Key("test", "test")


class Aws:
    """An endpoint that plays AWS; its clients are attributes: `aws.iam`, `aws.secretsmanager`, …"""

    def __init__(self, endpoint, key=ROOT, region=REGION, problems=None):
        self.endpoint, self.key, self.region = endpoint, key, region
        # What was wrong with answers, by AWS's own models.
        self.problems = [] if problems is None else problems

    def __getattr__(self, service):
        client = self.client(service)
        shapes.watch(client, self.problems)
        setattr(self, service, client)
        return client

    def client(self, service):
        """By name, and unwatched: for services that are only needed to arrange something."""
        return SESSION.client(
            service,
            endpoint_url=self.endpoint,
            region_name=self.region,
            config=CONFIG,
            aws_access_key_id=self.key.id,
            aws_secret_access_key=self.key.secret,
            aws_session_token=self.key.token,
        )

    def under(self, key):
        return type(self)(self.endpoint, key, self.region, self.problems)

    def in_region(self, region):
        return type(self)(self.endpoint, self.key, region, self.problems)


class SimulatedAws(Aws):
    """Our simulator: AWS, and the control surface beside it."""

    function_arn = "arn:aws:lambda:eu-west-1:111122223333:function:rotation"
    runtime_api = None
    # What the simulator printed when it started.
    greeting = ""

    def control(self, path, body=None, method=None):
        data = None if body is None else json.dumps(body).encode()
        return http(f"{self.endpoint}/_simulator/{path}", data, method)

    def advance(self, seconds):
        self.control("clock", {"advance_seconds": seconds})

    def rotations(self, secret_arn):
        return self.control(f"rotations?secret={secret_arn}")["reports"]


def http(url, data=None, method=None):
    """The JSON that a URL answers, whatever proxy the environment names."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(url, data, method=method), timeout=60) as answer:
        return json.load(answer)


@contextlib.contextmanager
def refused(code, status):
    """The call in the block is refused with this error code and this HTTP status."""
    with pytest.raises(ClientError) as caught:
        yield caught
    answer = caught.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    assert answer["Error"]["Message"]
