"""The move from three EventBridge rules for each user. The user is in the middle of a round: its key in use is five days old."""

import json

import pytest

from migrating_engines import moved
from processes import until

RULES = {"create": 90, "deactivate": 104, "delete": 118}
LEADING = {"AutomaticallyAfterDays=90": "AutomaticallyAfterDays=120"}


@pytest.fixture(params=["ministack", "simulator"])
def move(request, tmp_path):
    with moved(request.param, "rules", tmp_path) as move:
        # The rules count from the user's first key.
        move.rules = {action: move.add_rule(f"{action}-app", days) for action, days in RULES.items()}
        first = move.old_user()
        move.old_secret("app", value(first))
        move.deploy("audit")
        move.to(90)
        second = move.iam.create_access_key(UserName="app")["AccessKey"]
        move.manager.put_secret_value(SecretId="app", SecretString=json.dumps(value(second)))
        move.pairs = [(key["AccessKeyId"], key["SecretAccessKey"]) for key in (first, second)]
        move.to(95)
        yield move


def value(key):
    return {"AccessKey": key["AccessKeyId"], "SecretKey": key["SecretAccessKey"], "note": "keep"}


def pair(move, stage="AWSCURRENT"):
    held = move.value("app", VersionStage=stage)
    return held["AccessKey"], held["SecretKey"]


def enrolled(move, schedule):
    """Steps 1 and 2, and the audit."""
    move.label("app", "AccessKey")
    assert move.labels("app") == {"AWSPREVIOUS": [move.pairs[0][0]], "AWSCURRENT": [move.pairs[1][0]]}
    move.run("aws secretsmanager tag-resource --secret-id app")
    move.run("aws secretsmanager rotate-secret --secret-id app", **schedule)
    assert move.settle() == "tested"
    move.run("aws iam tag-user --user-name app")
    audited = move.answer(move.run("aws lambda invoke --function-name SWEEP --payload fileb:///dev/stdin /dev/stdout <<<'{}"))
    assert (audited["mode"], audited["actions"], audited["failures"]) == ("audit", {}, 0)
    assert move.statuses() == ["Active", "Active"] and move.messages() == []


def test_the_rules_are_kept_and_lead(move):
    (first, second), at = move.pairs, move.messages
    enrolled(move, LEADING)
    for action, arn in move.rules.items():
        names = {"RULE": f"{action}-app", "RULE-ARN": arn, "ACTION": action}
        move.run("aws lambda add-permission --function-name SWEEP", "aws events put-targets --rule RULE", **names)
    move.deploy()
    # The round that the old system began ends on its days.
    assert [move.to(day) or move.statuses() for day in (103, 104)] == [["Active", "Active"], ["Inactive", "Active"]]
    assert [move.to(day) or move.statuses() for day in (117, 118)] == [["Inactive", "Active"], ["Active"]]
    assert pair(move) == second and not move.works(first)
    # A round of its own.
    move.days(179, 180)
    third = pair(move)
    with move.shows("The rules and their events, if you keep them"):
        assert third != second and move.works(third) and move.statuses() == ["Active", "Active"]
        deactivated, deleted, created = [each for each in move.scheduled() if "username" in each]
        assert deactivated["outcome"] == deleted["outcome"] == "done"
        # On day 90 of the key the sweep asks for a rotation too: where it comes first, the rule finds that one.
        assert created["outcome"] == "done" or created["reason"].startswith("a rotation is under way")
    with move.shows("The secret that has the user's name"):
        assert [secret["Name"] for secret in move.manager.list_secrets()["SecretList"]] == ["app"]
    with move.shows("Its fields `AccessKey` and `SecretKey`"):
        assert sorted(move.value("app")) == ["AccessKey", "SecretKey", "note"] and move.value("app")["note"] == "keep"
    with move.shows("The old value as AWSPREVIOUS"):
        assert pair(move, "AWSPREVIOUS") == second
    with move.shows(
        "After the first rotation the secret's versions carry key ids as labels: `aws secretsmanager describe-secret "
        "--secret-id app --query VersionIdsToStages`"
    ):
        printed = json.loads(move.run("aws secretsmanager describe-secret --secret-id app --query VersionIdsToStages"))
        labelled = {tuple(sorted(labels)) for labels in printed.values()}
        assert labelled == {tuple(sorted(["AWSCURRENT", third[0]])), tuple(sorted(["AWSPREVIOUS", second[0]]))}
    move.days(193, 194)
    move.days(207, 208)
    subject = "alert: Access key of app:"
    # The new round began on day 90 of the key in use, which is day 180.
    with move.shows("90 | Access key of app: a new key is on its way"):
        # Unless the sweep came first: then it is in the sweep's digest.
        led = created["outcome"] == "done"
        assert at(f"180 {subject}") == ([f"180 {subject} a new key is on its way"] if led else [])
    with move.shows("104 | Access key of app: the previous key was deactivated"):
        assert at(f"104 {subject}") == [f"104 {subject} the previous key was deactivated"]
    with move.shows("118 | Access key of app: the previous key was deleted"):
        assert at(f"118 {subject}") == [f"118 {subject} the previous key was deleted"]
    with move.shows("Each result is `done`, or `nothing-to-do` with a `reason`"):
        answers = [each for each in move.scheduled() if "username" in each]
        assert all(each["outcome"] == "done" or each["outcome"] == "nothing-to-do" and each["reason"] for each in answers)
        assert {each["outcome"] for each in answers} == {"done", "nothing-to-do"}
    with move.shows("28 days later `aws iam list-access-keys --user-name app` lists one key"):
        (listed,) = json.loads(move.run("aws iam list-access-keys --user-name app"))["AccessKeyMetadata"]
        assert (listed["AccessKeyId"], listed["Status"]) == (third[0], "Active")
    assert move.refusals() == []
    # Somebody makes a second key by hand: there is no place for a new one.
    move.iam.create_access_key(UserName="app")
    with move.shows("any | A rotation that fails sends an alert of its own"):
        move.manager.rotate_secret(SecretId="app")
        until(lambda: move.hear() or at("208 alert: Key rotation failed"), "the alert comes")
        assert at("208 alert: Key rotation failed") == ["208 alert: Key rotation failed: KeyLimit in createSecret"]


def test_the_rules_are_switched_off_and_the_sweep_does_what_they_did(move):
    first, second = move.pairs
    enrolled(move, {})
    for action in move.rules:
        move.run("aws events disable-rule --name RULE", RULE=f"{action}-app")
    move.deploy()
    days = {day: move.to(day) or move.statuses() for day in (104, 118, 180, 194, 208)}
    both, later, one = ["Active", "Active"], ["Inactive", "Active"], ["Active"]
    assert days == {104: later, 118: one, 180: both, 194: later, 208: one}
    assert move.works(pair(move)) and not move.works(second)
    with move.shows("The SNS topic"):
        assert all(" alert: Key sweep of account" in line for line in move.messages())
        assert [line.split(" ")[0] for line in move.messages()] == ["104", "118", "180", "194", "208"]
    assert move.refusals() == []
