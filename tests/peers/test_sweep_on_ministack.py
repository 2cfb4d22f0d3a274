"""The real sweep on ministack: an account of 120 users and several pages of secrets, audit then enforce.

What ministack 1.5.33 lacks or gets wrong, and these tests live with:
- RotateSecret is a stub that promotes a copy of the value and invokes nothing, so a key that is asked
  for never comes: the sweep's own part ends where Secrets Manager's would begin;
- it answers every list of IAM at once, so that only ListSecrets has pages here;
- it knows no last use of a key.
"""

import json

import pytest

from clients import Key, http
from deployment import enforcing_ministack
from fleet_scene import DUE, DUE_USERS, QUIET, FleetScene, secret_of
from lambda_function import SweepFunction

ROTATION = "arn:aws:lambda:eu-west-1:000000000000:function:rotation"
SWEEP = "arn:aws:lambda:eu-west-1:000000000000:function:sweep"


@pytest.fixture(scope="module")
def scene():
    # With the ClientRequestToken of CreateSecret, by which the sweep knows its own creations again.
    with enforcing_ministack() as aws:
        yield FleetScene(aws.under(Key("000000000000", "test")), ROTATION)


def test_an_audit_of_many_pages_names_everybody_who_is_due_and_changes_nothing(scene):
    before = scene.secrets(), scene.all_keys()
    with SweepFunction(SWEEP, scene.environment("audit")) as sweep:
        answer = sweep.invoke({})
    assert len(before[0]) == QUIET
    assert answer["users"]["total"] == QUIET + DUE
    assert (answer["outcome"], answer["failures"]) == ("done", 0)
    assert answer["actions"] == {"enroll": DUE, "request-rotation": DUE}
    assert sorted({line.split(":")[0] for line in answer["plan"]}) == DUE_USERS
    assert (scene.secrets(), scene.all_keys()) == before


def test_enforcing_enrolls_them_with_tag_label_policy_and_rotation(scene):
    with SweepFunction(SWEEP, scene.environment("enforce")) as sweep:
        answer = sweep.invoke({})
        log = sweep.log()
    assert answer["actions"] == {"enroll": DUE, "request-rotation": DUE}
    assert answer["failures"] == 0
    secrets = scene.secrets()
    assert len(secrets) == QUIET + DUE
    for user in DUE_USERS:
        described = scene.manager.describe_secret(SecretId=secret_of(user))
        assert {"Key": "iam-key-rotator:user", "Value": user} in described["Tags"]
        assert described["RotationLambdaARN"] == ROTATION
        (key,) = scene.iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
        labels = {label for labels in described["VersionIdsToStages"].values() for label in labels}
        assert key["AccessKeyId"] in labels
        assert scene.value(secret_of(user))["UserName"] == user
        policy = json.loads(scene.manager.get_resource_policy(SecretId=secret_of(user))["ResourcePolicy"])
        assert policy["Statement"][0]["Principal"] == {"AWS": f"arn:aws:iam::000000000000:user/{user}"}
    canaries = [scene.value(f"quiet-{nth:03}")["SecretAccessKey"] for nth in range(3)]
    assert not any(canary in log for canary in canaries)


def test_without_a_member_role_another_account_is_refused_and_nothing_is_tried(scene):
    with SweepFunction(SWEEP, scene.environment("enforce")) as sweep:
        with pytest.raises(Exception, match="ROTATOR_MEMBER_ROLE"):
            sweep.invoke({"account": "444455556666"})


def test_a_role_that_demands_another_external_id_is_access_denied(scene):
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::000000000000:root"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"sts:ExternalId": "the-right-one"}},
            }
        ],
    }
    scene.iam.create_role(RoleName="key-sweep", AssumeRolePolicyDocument=json.dumps(trust))
    settings = {"ROTATOR_MEMBER_ROLE": "key-sweep", "ROTATOR_MEMBER_EXTERNAL_ID": "a-guess"}
    with SweepFunction(SWEEP, scene.environment("enforce", **settings)) as sweep:
        with pytest.raises(Exception, match="AccessDenied: Access to sts:AssumeRole"):
            sweep.invoke({"account": "444455556666"})


def test_the_administrator_gets_one_digest(scene):
    mails = {"ROTATOR_EMAIL_FROM": "keys@example.com", "ROTATOR_ADMIN_EMAIL": "admin@example.com"}
    with SweepFunction(SWEEP, scene.environment("audit", **mails)) as sweep:
        sweep.invoke({"ForceRotate": DUE_USERS[0]})
    messages = json.dumps(http(f"{scene.aws.endpoint}/_ministack/ses/messages"))
    assert messages.count("Key audit of account 000000000000") >= 1
    assert "admin@example.com" in messages and DUE_USERS[0] in messages
