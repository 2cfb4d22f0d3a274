"""The main job as its users see it: `make demo ARGS=--serve`, and the real AWS CLI in another terminal."""

import json

import pytest

from awscli import AwsCli, exported
from clients import Key
from processes import BINARIES, Process, bare_environment, until

SECRET = ("--secret-id", "keys/ci-bot")


@pytest.fixture
def aws():
    with Process([BINARIES / "demo", "--serve", "--port", "0"], bare_environment()) as demo:
        demo.says("Ctrl-C ends it")
        yield AwsCli(exported(demo.output()))


def value(aws):
    return json.loads(aws("secretsmanager", "get-secret-value", *SECRET)["SecretString"])


def key_in(secret):
    return Key(secret["AccessKeyId"], secret["SecretAccessKey"])


def rotate(aws):
    """Rotates, and waits for Secrets Manager to say that it is done."""
    before = aws("secretsmanager", "describe-secret", *SECRET).get("LastRotatedDate")
    token = aws("secretsmanager", "rotate-secret", *SECRET)["VersionId"]

    def done():
        described = aws("secretsmanager", "describe-secret", *SECRET)
        # The date moves when the last step has answered: AWSCURRENT alone moves in the midst of it.
        return (
            "AWSCURRENT" in described["VersionIdsToStages"].get(token, [])
            and described.get("LastRotatedDate") != before
        )

    until(done, "describe-secret shows the new version as AWSCURRENT")
    return token


def statuses(aws):
    listed = aws("iam", "list-access-keys", "--user-name", "ci-bot")["AccessKeyMetadata"]
    return {key["AccessKeyId"]: key["Status"] for key in listed}


def test_two_rotations_in_a_row_leave_a_working_key_in_the_secrets_shape_and_the_first_key_gone(aws):
    first = value(aws)
    aws.under(key_in(first))("sts", "get-caller-identity")

    rotate(aws)
    second = value(aws)
    assert statuses(aws) == {first["AccessKeyId"]: "Inactive", second["AccessKeyId"]: "Active"}

    token = rotate(aws)
    third = value(aws)
    assert list(third) == ["UserName", "AccessKeyId", "SecretAccessKey", "Bucket", "Limits"]
    changed = {"AccessKeyId": third["AccessKeyId"], "SecretAccessKey": third["SecretAccessKey"]}
    assert third == first | changed
    assert len({secret["AccessKeyId"] for secret in (first, second, third)}) == 3

    identity = aws.under(key_in(third))("sts", "get-caller-identity")
    assert identity["Arn"] == "arn:aws:iam::111122223333:user/ci-bot"
    assert statuses(aws) == {second["AccessKeyId"]: "Inactive", third["AccessKeyId"]: "Active"}
    for gone in (first, second):
        aws.under(key_in(gone)).refused("InvalidClientTokenId", "sts", "get-caller-identity")
    stages = aws("secretsmanager", "describe-secret", *SECRET)["VersionIdsToStages"]
    assert third["AccessKeyId"] in stages[token]
