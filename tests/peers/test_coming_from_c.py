"""The move from C: Secrets Manager's own four steps. C's function rotates the secret until the reader has it rotate with ours."""

import json

import pytest

from migrating_engines import moved

SECRET, FIELDS, MAIL = "/access-key/app", ("access_key_id", "secret_access_key"), "app@example.com"
LETTER, KINDER = 0, 1


@pytest.fixture(params=["ministack", "simulator"])
def move(request, tmp_path):
    with moved(request.param, "C", tmp_path) as move:
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


def test_to_the_letter(move):
    move.without_sweeps()
    old = enrolled(move, LETTER)
    move.to(89)
    assert move.pair(SECRET, FIELDS) == old
    move.to(90)
    new = move.pair(SECRET, FIELDS)
    with move.shows('C to the letter: on day 90 the mail "New access key for app: AKIA…" and one key'):
        assert move.messages("90 ") == [f"90 {MAIL}: New access key for app: AKIA…"]
        assert move.ids() == [new[0]] and new != old and move.works(new)
    with move.shows(
        "Everything that is not the function: the secret `/access-key/{user}` with `access_key_id` and "
        "`secret_access_key`, its schedule, the SNS topic, the SES identities"
    ):
        assert move.names_of_secrets() == [SECRET]
        assert sorted(move.value(SECRET)) == ["access_key_id", "bucket", "secret_access_key"]
        described = move.manager.describe_secret(SecretId=SECRET)
        assert described["RotationRules"]["AutomaticallyAfterDays"] == 90 and move.to(180) is None
        assert move.messages("180 ") == [f"180 {MAIL}: New access key for app: AKIA…"]
    assert move.refusals() == []


def test_as_we_would_have_it(move):
    enrolled(move, KINDER)
    days = {day: move.to(day) or move.statuses() for day in (82, 83, 90, 91, 98)}
    with move.shows('As we would have it: day 83 "rotation on …", day 90 the new key, day 91 "deactivated", day 98 "deleted"'):
        assert days == {82: ["Active"], 83: ["Active"], 90: ["Active", "Active"], 91: ["Inactive", "Active"], 98: ["Active"]}
        assert [line.split(" (")[0].split(" 20")[0] for line in move.messages() if MAIL in line] == [
            f"83 {MAIL}: Access key of app: rotation on",
            f"90 {MAIL}: New access key for app: AKIA…",
            f"91 {MAIL}: Access key of app: deactivated",
            f"98 {MAIL}: Access key of app: deleted",
        ]
    with move.shows(
        "`aws secretsmanager describe-secret --secret-id /access-key/app`: RotationLambdaARN is the new one, "
        "and after the first rotation AWSCURRENT's version carries its key's id"
    ):
        described = json.loads(move.run("aws secretsmanager describe-secret --secret-id /access-key/app"))
        assert described["RotationLambdaARN"] == move.rotation
        (current,) = [labels for labels in described["VersionIdsToStages"].values() if "AWSCURRENT" in labels]
        assert move.pair(SECRET, FIELDS)[0] in current
    assert move.refusals() == []
