"""The real AWS CLI against the simulator: the commands that people type."""

import json

import pytest

from awscli import AwsCli, exported
from clients import Key
from processes import until
from python_function import PythonFunction


@pytest.fixture
def aws(simulator):
    return AwsCli(exported(simulator.greeting))


def test_a_user_gets_two_keys_and_no_third_and_each_works_while_it_is_active(aws):
    aws("iam", "create-user", "--user-name", "alice")
    make = ("iam", "create-access-key", "--user-name", "alice")
    first, _ = Key.of(aws(*make)["AccessKey"]), aws(*make)
    aws.refused("LimitExceeded", *make)
    assert aws.under(first)("sts", "get-caller-identity")["Arn"].endswith(":user/alice")

    named = ("--user-name", "alice", "--access-key-id", first.id)
    aws("iam", "update-access-key", *named, "--status", "Inactive")
    aws.under(first).refused("InvalidClientTokenId", "sts", "get-caller-identity")
    aws.under(Key(first.id, "wrong")).refused("InvalidClientTokenId", "sts", "get-caller-identity")
    aws("iam", "update-access-key", *named, "--status", "Active")
    aws.under(Key(first.id, "wrong")).refused("SignatureDoesNotMatch", "sts", "get-caller-identity")
    aws("iam", "delete-access-key", *named)
    assert len(aws("iam", "list-access-keys", "--user-name", "alice")["AccessKeyMetadata"]) == 1


def test_lists_longer_than_a_page_are_shown_whole(aws, simulator):
    for number in range(120):
        simulator.iam.create_user(UserName=f"user-{number}")
        simulator.secretsmanager.create_secret(Name=f"secret-{number}", SecretString="x")
    assert len(aws("iam", "list-users")["Users"]) == 120
    assert len(aws("secretsmanager", "list-secrets")["SecretList"]) == 120


def test_a_secret_is_created_read_changed_and_missed(aws):
    secret = aws("secretsmanager", "create-secret", "--name", "alice", "--secret-string", '{"UserName":"alice"}')
    aws.refused("ResourceExistsException", "secretsmanager", "create-secret", "--name", "alice", "--secret-string", "x")
    value = aws("secretsmanager", "get-secret-value", "--secret-id", secret["ARN"])
    assert json.loads(value["SecretString"]) == {"UserName": "alice"}
    aws("secretsmanager", "put-secret-value", "--secret-id", "alice", "--secret-string", "two")
    versions = aws("secretsmanager", "list-secret-version-ids", "--secret-id", "alice")["Versions"]
    assert sorted(label for version in versions for label in version["VersionStages"]) == ["AWSCURRENT", "AWSPREVIOUS"]
    aws.refused("ResourceNotFoundException", "secretsmanager", "get-secret-value", "--secret-id", "nobody")


def test_rotate_secret_ends_with_a_new_current_version(aws, simulator):
    PythonFunction(simulator.runtime_api, simulator.secretsmanager)
    aws("secretsmanager", "create-secret", "--name", "alice", "--secret-string", "old")
    rotate = ("secretsmanager", "rotate-secret", "--secret-id", "alice")
    aws.refused("InvalidRequestException", *rotate)
    rules = ("--rotation-lambda-arn", simulator.function_arn, "--rotation-rules", "AutomaticallyAfterDays=7")
    token = aws(*rotate, *rules)["VersionId"]

    def current():
        described = aws("secretsmanager", "describe-secret", "--secret-id", "alice")
        return "AWSCURRENT" in described["VersionIdsToStages"].get(token, [])

    until(current, "the new version is current")
    assert aws("secretsmanager", "get-secret-value", "--secret-id", "alice")["SecretString"] == token


def test_a_notice_is_published_and_a_mail_sent(aws, simulator):
    topic = aws("sns", "create-topic", "--name", "alerts")["TopicArn"]
    aws("sns", "publish", "--topic-arn", topic, "--subject", "S", "--message", "M")
    assert [alert["message"] for alert in simulator.control("alerts")] == ["M"]
    aws("sesv2", "create-email-identity", "--email-identity", "example.com")
    content = {"Simple": {"Subject": {"Data": "S"}, "Body": {"Text": {"Data": "T"}}}}
    to = ("--destination", "ToAddresses=alice@example.org", "--content", json.dumps(content))
    aws("sesv2", "send-email", "--from-email-address", "robot@example.com", *to)
    aws.refused("MessageRejected", "sesv2", "send-email", "--from-email-address", "robot@example.net", *to)
    assert [mail["text"] for mail in simulator.control("mails")] == ["T"]
