"""The attacker administers one member account of an organization, and has no rights in the others.

The secrets of members' users are in their own accounts (`secretsIn: 'member'`).
"""

import json

import pytest

from attacks_scene import IN_SCOPE, Account, allow, code, document, new_token
from clients import Key
from deployment import ACCOUNT, Stack, enforcing_ministack, templates

ATTACKERS, VICTIMS = "444455556666", "777788889999"
REGION = "us-east-1"
# What the rotation function does with a secret; its role needs the consent of another account's secret.
ROTATES = ["DescribeSecret", "GetSecretValue", "PutSecretValue", "TagResource", "UntagResource", "UpdateSecretVersionStage"]


def with_victims(part):
    """The template of one member, with another one beside it wherever that one is named."""
    if isinstance(part, dict):
        return {name: with_victims(value) for name, value in part.items()}
    if isinstance(part, list):
        return [each for one in part for each in ([with_victims(one)] if not is_of_member(one) else both(one))]
    return both(part) if is_of_member(part) else part


def is_of_member(part):
    return isinstance(part, str) and part.startswith("arn:") and ATTACKERS in part


def both(arn):
    return [arn, arn.replace(ATTACKERS, VICTIMS)]


@pytest.fixture(scope="module")
def members():
    with enforcing_ministack(ROTATION_ENGINE="1") as aws:
        home = aws.in_region(REGION)
        home.log, home.refusals = aws.log, aws.refusals
        stack = Stack(home, "Members", with_victims(templates()["members.Members"]), code())
        names = ("RotationRoleArn", "SweepRoleArn", "RotationFunctionArn")
        outputs = {name: stack.outputs[name] for name in names}
        for member in (ATTACKERS, VICTIMS):
            Stack(home.under(Key(member, "test")), "Member", templates()["members.Members-Member"], {}, **outputs)
        yield Account(home, stack)


def user(members, account):
    """A user in scope of an account; answers the account's clients, and the user's key."""
    there = members.aws.under(Key(account, "test"))
    if any(known["UserName"] == "ci-bot" for known in there.iam.list_users()["Users"]):
        members.delete_user("ci-bot", there.iam)
    there.iam.create_user(UserName="ci-bot", Tags=[IN_SCOPE])
    return there, there.iam.create_access_key(UserName="ci-bot")["AccessKey"]["AccessKeyId"]


def keys(there):
    return {key["AccessKeyId"] for key in there.iam.list_access_keys(UserName="ci-bot")["AccessKeyMetadata"]}


def rotated(members, account, binding):
    """How a rotation ends of a secret in an account whose tag names a user."""
    there = members.aws.under(Key(account, "test"))
    tags = [{"Key": "iam-key-rotator:user", "Value": binding}]
    made = there.secretsmanager.create_secret(Name=f"keys/{new_token()}", SecretString="{}", Tags=tags)["ARN"]
    allowed = {"Effect": "Allow", "Principal": {"AWS": members.rotation_role}, "Resource": "*"}
    policy = document(allowed | {"Action": [f"secretsmanager:{action}" for action in ROTATES]})
    there.secretsmanager.put_resource_policy(SecretId=made, ResourcePolicy=policy)
    there.secretsmanager.rotate_secret(SecretId=made, RotationLambdaARN=members.rotation)
    return made, members.settle()


@pytest.mark.parametrize("account", [VICTIMS, ACCOUNT], ids=["another member", "the account of the function"])
def test_a_member_gets_no_key_of_another_accounts_user(members, account):
    there, key = user(members, account)
    secret, outcome = rotated(members, ATTACKERS, f"arn:aws:iam::{account}:user/ci-bot")
    assert keys(there) == {key}
    assert "UserMismatch" in outcome
    value = members.aws.under(Key(ATTACKERS, "test")).secretsmanager.get_secret_value(SecretId=secret)
    assert json.loads(value["SecretString"]) == {}


def test_a_value_that_names_the_user_of_the_same_name_in_another_account_gets_that_user_no_key(members):
    """Here the attacker may put a value into one secret of the function's account."""
    home, first = user(members, ACCOUNT)
    there, key = user(members, VICTIMS)
    value = json.dumps({"UserName": "ci-bot", "AccessKeyId": first, "SecretAccessKey": "of the key"})
    secret = home.secretsmanager.create_secret(Name=f"keys/{new_token()}", SecretString=value)["ARN"]
    home.secretsmanager.rotate_secret(SecretId=secret, RotationLambdaARN=members.rotation, RotateImmediately=False)
    members.label(secret, first)
    mallory = members.attacker(allow("secretsmanager:PutSecretValue", secret), name=new_token())
    other = json.dumps({"UserName": f"arn:aws:iam::{VICTIMS}:user/ci-bot"})
    mallory.secretsmanager.put_secret_value(SecretId=secret, SecretString=other)
    outcome = members.rotate(secret)
    assert keys(there) == {key}
    assert "UserMismatch" in outcome


@pytest.mark.parametrize("account", [ATTACKERS, ACCOUNT], ids=["of the user", "of the function"])
def test_a_members_user_gets_a_key_in_a_secret_of_its_account_or_of_the_functions(members, account):
    there, key = user(members, ATTACKERS)
    _, outcome = rotated(members, account, f"arn:aws:iam::{ATTACKERS}:user/ci-bot")
    assert outcome == "done"
    assert len(keys(there)) == 2 and key in keys(there)
