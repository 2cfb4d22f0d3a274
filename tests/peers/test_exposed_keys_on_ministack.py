"""Keys that leak: the samples of AWS Health and GuardDuty reach the sweep of the released template, on ministack.

The functions are the real binaries under the template's roles, so each step also shows that the role may take it, and
that a template without `Exposed` has no right to. Rotations run through ministack_engine.

What this cannot show: that AWS sends the samples so, and EventBridge's rules.
"""

import json

import pytest

from attacks_scene import ACCOUNT
from deployment import REPOSITORY
from test_default_stack import MAILS, default_account, rotated

SAMPLES = REPOSITORY / "docs" / "samples"


def sample(name, key, user):
    text = (SAMPLES / f"exposed-key-{name}.json").read_text()
    for example, real in {"AKIAIOSFODNN7EXAMPLE": key, '"ci-bot"': f'"{user}"', "111122223333": ACCOUNT}.items():
        text = text.replace(example, real)
    return json.loads(text)


def health(key, user="ci-bot", **more):
    return sample("health", key, user) | more


def guard_duty(key, user="ci-bot"):
    return sample("guardduty", key, user)


def subject_of(alert):
    return json.loads(alert)["Subject"]


@pytest.fixture(scope="module")
def revoking():
    with default_account(Exposed="revoke", **MAILS) as account:
        yield account


@pytest.fixture
def account(revoking):
    revoking.clean()
    return revoking


def test_a_current_key_is_replaced_then_deactivated_once_and_its_user_is_mailed(account):
    key = account.user()
    secret = account.enrolled("ci-bot", key)
    before = len(account.subjects())
    foreseen = account.sweep(health(key["AccessKeyId"], dryrun=True))
    assert [foreseen["exposed"], foreseen["keys"][0]["role"]] == ["revoke", "current"]
    assert (account.keys("ci-bot"), account.alerts()) == ({key["AccessKeyId"]: "Active"}, [])
    answer = account.sweep(health(key["AccessKeyId"]))
    assert (answer["outcome"], answer["keys"][0]["end"]) == ("done", "over"), answer
    new = account.value(secret)["AccessKeyId"]
    assert account.keys("ci-bot") == {key["AccessKeyId"]: "Inactive", new: "Active"}
    (alert,) = account.alerts()
    assert subject_of(alert) == "Exposed access key deactivated, AWSCURRENT holds another key: ci-bot"
    again = account.sweep(guard_duty(key["AccessKeyId"]))
    assert (again["outcome"], account.alerts()) == ("nothing-to-do", [])
    assert len(account.keys("ci-bot")) == 2
    told = [subject for subject in account.subjects()[before:] if "exposed" in subject]
    assert told == ["Access key of ci-bot: deactivated because it is exposed"]
    assert account.aws.refusals() == []


def test_a_superseded_key_loses_its_overlap(account):
    old, new = rotated(account)
    account.sweep(guard_duty(old["AccessKeyId"]))
    assert account.keys("ci-bot") == {old["AccessKeyId"]: "Inactive", new["AccessKeyId"]: "Active"}


def test_where_the_user_has_no_room_for_another_key_consumers_are_cut_off_and_the_alert_says_so(account):
    old, new = rotated(account)
    answer = account.sweep(health(new["AccessKeyId"]))
    # The key before it has its overlap, and is what a late-comer may use.
    assert account.keys("ci-bot") == {old["AccessKeyId"]: "Active", new["AccessKeyId"]: "Inactive"}
    assert "two access keys" in answer["keys"][0]["cutOff"], answer
    (alert,) = account.alerts()
    assert subject_of(alert) == "Exposed access key deactivated, CONSUMERS ARE CUT OFF: ci-bot"


def test_keys_that_are_not_in_a_secret_are_reported_and_never_touched(account):
    stranger, exempt = account.user("stranger"), account.user("vendor")
    account.enrolled("vendor", exempt)
    account.iam.tag_user(UserName="vendor", Tags=[{"Key": "iam-key-rotator:exempt", "Value": "theirs"}])
    for user, key in (("stranger", stranger), ("vendor", exempt)):
        account.sweep(health(key["AccessKeyId"], user))
        assert account.keys(user) == {key["AccessKeyId"]: "Active"}
        (alert,) = account.alerts()
        assert subject_of(alert) == f"Exposed access key STILL ACTIVE, act now: {user}"
        assert f"update-access-key --user-name {user} --access-key-id {key['AccessKeyId']}" in alert


def test_a_key_that_is_gone_is_said_to_be(account):
    key = account.user()
    account.iam.delete_access_key(UserName="ci-bot", AccessKeyId=key["AccessKeyId"])
    account.sweep(health(key["AccessKeyId"]))
    (alert,) = account.alerts()
    assert key["AccessKeyId"] in alert and "deleted" in alert


def test_by_default_the_template_only_alerts_and_its_role_may_not_rotate():
    with default_account() as account:
        key = account.user()
        secret = account.enrolled("ci-bot", key)
        account.sweep(health(key["AccessKeyId"]))
        assert account.keys("ci-bot") == {key["AccessKeyId"]: "Active"}
        assert subject_of(account.alerts()[-1]) == "Exposed access key STILL ACTIVE, act now: ci-bot"
        assert account.aws.refusals() == []
        # With the setting changed by hand, IAM still keeps the role from starting a rotation.
        account.set_up(ROTATOR_EXPOSED="rotate")
        answer = account.sweep(health(key["AccessKeyId"]))
        assert "could not be requested" in answer["keys"][0]["reason"], answer
        assert account.value(secret)["AccessKeyId"] == key["AccessKeyId"]
