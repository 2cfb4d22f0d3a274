"""The move from a rotation function of Secrets Manager, which rotates the secret until the reader names ours."""

import json

import pytest

from migrating_engines import moved
from processes import until

SECRET, FIELDS, MAIL = "/access-key/app", ("access_key_id", "secret_access_key"), "app@example.com"
AS_BEFORE, RECOMMENDED = 0, 1


@pytest.fixture(params=["ministack", "simulator"])
def move(request, tmp_path):
    with moved(request.param, "function", tmp_path) as move:
        key = move.old_user()
        values = (key["AccessKeyId"], key["SecretAccessKey"])
        assert move.works(values)
        move.old_secret(SECRET, dict(zip(FIELDS, values, strict=True)) | {"bucket": "reports"})
        yield move


def enrolled(move, block):
    old = move.pair(SECRET, FIELDS)
    move.deploy(nth=block)
    assert move.pair(SECRET, FIELDS) == old and move.messages() == []
    move.run("aws iam tag-user --user-name app")
    move.run("aws secretsmanager rotate-secret --secret-id /access-key/app")
    # Nothing was rotated, and the present key was tested.
    assert move.settle() == "tested" and move.pair(SECRET, FIELDS) == old and move.statuses() == ["Active"]
    return old


def test_with_the_settings_that_do_what_the_old_function_did(move):
    move.without_sweeps()
    old = enrolled(move, AS_BEFORE)
    move.to(89)
    assert move.pair(SECRET, FIELDS) == old
    move.to(90)
    new = move.pair(SECRET, FIELDS)
    with move.shows('as before | Day 90: the mail "New access key for app: AKIA…", and the user has one key'):
        assert move.messages("90 ") == [f"90 {MAIL}: New access key for app: AKIA…"]
        assert move.ids() == [new[0]] and new != old and move.works(new)
    with move.shows("The secret `/access-key/{user}` with `access_key_id` and `secret_access_key`"):
        assert move.names_of_secrets() == [SECRET]
        assert sorted(move.value(SECRET)) == ["access_key_id", "bucket", "secret_access_key"]
    with move.shows("Its schedule"):
        described = move.manager.describe_secret(SecretId=SECRET)
        assert described["RotationRules"]["AutomaticallyAfterDays"] == 90
    move.to(180)
    with move.shows("The SES identities"):
        assert move.messages("180 ") == [f"180 {MAIL}: New access key for app: AKIA…"]
    assert move.refusals() == []
    # A second key made by hand fills the limit, so the next rotation fails.
    move.iam.create_access_key(UserName="app")
    with move.shows("The SNS topic"):
        move.manager.rotate_secret(SecretId=SECRET)
        until(lambda: move.hear() or move.messages("180 alert:"), "the alert comes")
        assert move.messages("180 alert:") == ["180 alert: Key rotation failed: KeyLimit in createSecret"]


def test_with_the_recommended_settings(move):
    enrolled(move, RECOMMENDED)
    days = {day: move.to(day) or move.statuses() for day in (82, 83, 90, 91, 98)}
    with move.shows('recommended | Day 83: the mail "rotation on …". Day 90: the new key. Day 91: "deactivated". Day 98: "deleted"'):
        assert days == {82: ["Active"], 83: ["Active"], 90: ["Active", "Active"], 91: ["Inactive", "Active"], 98: ["Active"]}
        assert [line.split(" (")[0].split(" 20")[0] for line in move.messages() if MAIL in line] == [
            f"83 {MAIL}: Access key of app: rotation on",
            f"90 {MAIL}: New access key for app: AKIA…",
            f"91 {MAIL}: Access key of app: deactivated",
            f"98 {MAIL}: Access key of app: deleted",
        ]
    with move.shows(
        "`aws secretsmanager describe-secret --secret-id /access-key/app` shows the new function as RotationLambdaARN. After "
        "the first rotation the version with AWSCURRENT carries its key's id as a label"
    ):
        described = json.loads(move.run("aws secretsmanager describe-secret --secret-id /access-key/app"))
        assert described["RotationLambdaARN"] == move.rotation
        (current,) = [labels for labels in described["VersionIdsToStages"].values() if "AWSCURRENT" in labels]
        assert move.pair(SECRET, FIELDS)[0] in current
    assert move.refusals() == []
