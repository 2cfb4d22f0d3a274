"""The default released template over nine days: who has which key when, and what people are told.

ministack deploys the template with its one required parameter. Its clock is moved (ministack_clock.py), and its scheduler
runs the deployed sweep by the deployed schedule. The functions are the real binaries under the template's roles.

What this cannot show:
- that the sweep runs each hour: a schedule that missed a day of hours runs once here;
- when AWS's own data come late: last uses are known at once, and lists show every change at once;
- Secrets Manager starting a rotation by itself: RotateSecret is called;
- what SES does with a mail, and what alarms do over days: ministack holds mails, and evaluates no metric of a log.
"""

import functools
import json
from contextlib import contextmanager

import pytest

from attacks_scene import IN_SCOPE, Account
from clients import Key, http
from deployment import BUCKET, REPOSITORY, Stack, enforcing_ministack
from processes import BINARIES, until

HOUR, DAY = 3600, 86_400
MAILS = {"EmailFrom": "keys@example.com", "EmailIdentity": "example.com", "EmailDomain": "example.com"}


@functools.cache
def code():
    return {program: (BINARIES / program).read_bytes() for program in ("rotation", "sweep")}


class Days(Account):
    """The account in which the template is deployed, at a time that only moves forward."""

    def __init__(self, aws, stack):
        super().__init__(aws, stack)
        self.start = self.aws.advance(0)

    def keys_at(self, hours, user="ci-bot"):
        """After so many hours, when the sweep of that hour has ended."""
        runs = len(self.swept())
        self.aws.advance(round(self.start + hours * HOUR - self.aws.advance(0)))
        until(lambda: len(self.swept()) > runs, "the scheduled sweep ends")
        return self.keys(user)

    def swept(self):
        """What the scheduled sweeps answered."""
        lines = self.aws.log().splitlines()
        return [json.loads(line.removeprefix("SCHEDULED ")) for line in lines if line.startswith("SCHEDULED ")]

    def use(self, key):
        self.aws.under(Key.of(key)).sts.get_caller_identity()

    def mails(self):
        return http(f"{self.aws.endpoint}/_ministack/ses/messages")["messages"]


@contextmanager
def default_account(**parameters):
    released = json.loads((REPOSITORY / "cdk" / "templates" / "iam-key-rotator.template.json").read_text())
    with enforcing_ministack(ROTATION_ENGINE="1", MOVABLE_CLOCK="1") as aws:
        yield Days(aws, Stack(aws, "iam-key-rotator", released, code(), CodeBucket=BUCKET, **parameters))


def rotated(account, user="ci-bot"):
    """The user's key before and after a rotation."""
    old = account.user(user)
    secret = account.enrolled(user, old)
    assert account.rotate(secret) == "done"
    return old, account.value(secret)


@pytest.mark.parametrize("mail", [{}, MAILS], ids=["without mail", "with mail"])
def test_a_superseded_key_is_inactive_after_a_day_and_gone_after_eight(mail):
    with default_account(**mail) as account:
        old, new = rotated(account)
        old, new = old["AccessKeyId"], new["AccessKeyId"]
        print(json.dumps(account.mails(), indent=1), account.alerts())
        for hours in (23, 25, 6*24, 9*24):
            print(hours, account.keys_at(hours), json.dumps(account.swept()[-1]))
            print(json.dumps(account.mails(), indent=1), account.alerts())
        print(account.aws.refusals())
        assert 0
