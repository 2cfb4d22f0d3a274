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
import re
from contextlib import contextmanager

import pytest

from attacks_scene import IN_SCOPE, Account
from clients import Key, http
from deployment import BUCKET, REPOSITORY, Stack, enforcing_ministack
from processes import BINARIES, until

HOUR = 3600
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

    def subjects(self):
        """The subjects of all mails so far, without ids of keys."""
        held = http(f"{self.aws.endpoint}/_ministack/ses/messages")["messages"]
        return [re.sub(r": AKIA\w+$", "", mail["Subject"]) for mails in held.values() for mail in mails]


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


def untouched(account):
    """Keys of a user who is in scope and not enrolled, of one out of scope, and one beside a secret: no version has them."""
    stranger, outsider, beside = account.user("stranger"), account.user("outsider", in_scope=False), account.user("smtp")
    secret = account.secret("keys/smtp", {"UserName": "smtp"}, {"iam-key-rotator:user": "smtp"})
    account.manager.rotate_secret(SecretId=secret, RotationLambdaARN=account.rotation)
    assert account.settle() == "done"
    return [(key["UserName"], key["AccessKeyId"]) for key in (stranger, outsider, beside)]


@pytest.mark.parametrize("mail", [{}, MAILS], ids=["no_sender", "with_a_sender"])
def test_a_superseded_key_is_inactive_after_a_day_and_gone_after_eight_and_no_other_key_is_touched(mail):
    with default_account(**mail) as account:
        others = untouched(account)
        old, new = rotated(account)
        both = {old["AccessKeyId"]: "Active", new["AccessKeyId"]: "Active"}
        account.alerts()
        # The first sweep reports the key that is in no version, once.
        assert account.keys_at(2) == both
        (reported,) = account.alerts()
        assert "UnknownKey" in reported and others[2][1] in reported
        before = account.subjects()
        assert before == (["New access key for smtp", "New access key for ci-bot"] if mail else [])
        assert (account.keys_at(23), account.alerts(), account.subjects()) == (both, [], before)
        inactive = both | {old["AccessKeyId"]: "Inactive"}
        assert (account.keys_at(25), len(account.alerts())) == (inactive, 1)
        deactivated = before + (["Access key of ci-bot: deactivated"] if mail else [])
        assert account.subjects() == deactivated
        assert (account.keys_at(6 * 24), account.alerts(), account.subjects()) == (inactive, [], deactivated)
        assert account.keys_at(9 * 24) == {new["AccessKeyId"]: "Active"}
        assert len(account.alerts()) == 1
        assert account.subjects() == deactivated + (["Access key of ci-bot: deleted"] if mail else [])
        assert all(account.keys(user)[key] == "Active" for user, key in others)
        assert [(run["mode"], run["failures"]) for run in account.swept()] == [("retire", 0)] * 5
        assert account.aws.refusals() == []


def test_the_moved_clock_is_that_of_every_answer_and_a_key_used_since_its_rotation_stays_active():
    with default_account() as account:
        old = account.user()
        secret = account.enrolled("ci-bot", old)
        account.keys_at(12)
        assert account.rotate(secret) == "done"
        account.aws.under(Key.of(old)).sts.get_caller_identity()
        used = account.iam.get_access_key_last_used(AccessKeyId=old["AccessKeyId"])["AccessKeyLastUsed"]
        created = max(each["CreateDate"] for each in account.iam.list_access_keys(UserName="ci-bot")["AccessKeyMetadata"])
        rotated = account.manager.describe_secret(SecretId=secret)["LastRotatedDate"]
        for moved in (used["LastUsedDate"], created, rotated):
            assert 0 <= moved.timestamp() - account.start - 12 * HOUR + 1 < 600
        assert account.keys_at(12 + 25)[old["AccessKeyId"]] == "Active"
        assert account.swept()[-1]["findings"] == {"StillInUse": 1}
        assert account.aws.refusals() == []
