"""The attacker may start rotations, or invoke the functions."""

import json

import pytest
from botocore.exceptions import ClientError

from attacks_scene import ACCOUNT, ANY_SECRET, a_second_passes, allow, can_read, new_token

OWN = ["CreateSecret", "TagResource", "GetSecretValue", "RotateSecret"]


def owner(account, *more):
    """Of the secrets under mallory/."""
    return account.attacker(allow([f"secretsmanager:{action}" for action in OWN], f"{ANY_SECRET}mallory/*"), *more)


def rotator(account):
    """Who may do both that RotateSecret with our function asks for."""
    return owner(account, allow("lambda:InvokeFunction", account.rotation))


def trap(by, user):
    tags = [{"Key": "iam-key-rotator:user", "Value": user}]
    return by.secretsmanager.create_secret(Name="mallory/trap", SecretString="{}", Tags=tags)["ARN"]


def test_rotatesecret_alone_does_not_rotate_with_our_function(account):
    key = account.user("ci-bot")
    mallory = owner(account)
    secret = trap(mallory, "ci-bot")
    with pytest.raises(ClientError, match="not authorized"):
        account.rotate(secret, by=mallory, RotationLambdaARN=account.rotation)
    assert account.aws.refusals()[-1].startswith(f"REFUSED lambda:InvokeFunction on {account.rotation}")
    assert account.keys("ci-bot") == {key["AccessKeyId"]: "Active"}
    assert account.state(secret)["function"] is None


def test_what_remains_rotating_with_our_function_gets_a_key_of_a_user_in_scope(account):
    account.user("ci-bot")
    mallory = rotator(account)
    secret = trap(mallory, "ci-bot")
    assert account.rotate(secret, by=mallory, RotationLambdaARN=account.rotation) == "done"
    assert account.value(secret)["AccessKeyId"] in account.keys("ci-bot") and can_read(mallory, secret)


@pytest.mark.parametrize("names", ["by name", "by ARN"])
def test_the_users_tag_admits_one_secret_only(account, names):
    key = account.user("ci-bot")
    own = account.enrolled("ci-bot", key)
    named = own if names == "by ARN" else "keys/ci-bot"
    account.iam.tag_user(UserName="ci-bot", Tags=[{"Key": "iam-key-rotator:secret", "Value": named}])
    mallory = rotator(account)
    secret = trap(mallory, "ci-bot")
    assert "UserMismatch" in account.rotate(secret, by=mallory, RotationLambdaARN=account.rotation)
    assert account.keys("ci-bot") == {key["AccessKeyId"]: "Active"}
    assert "UserMismatch" in str(account.alerts())
    assert account.rotate(own) == "done"


def test_rotating_with_our_function_gets_no_key_of_a_user_out_of_scope(account):
    key = account.user("admin", in_scope=False)
    mallory = rotator(account)
    outcome = account.rotate(trap(mallory, "admin"), by=mallory, RotationLambdaARN=account.rotation)
    assert "AccessDenied" in outcome
    assert account.keys("admin") == {key["AccessKeyId"]: "Active"}


def test_rotating_a_second_secret_does_not_delete_the_key_of_the_first_to_make_room(account):
    account.set_up(ROTATOR_UNKNOWN_KEYS="delete-oldest")
    key = account.user("ci-bot")
    own = account.enrolled("ci-bot", key)
    account.key("ci-bot")
    mallory = rotator(account)
    account.rotate(trap(mallory, "ci-bot"), by=mallory, RotationLambdaARN=account.rotation)
    assert account.keys("ci-bot")[account.value(own)["AccessKeyId"]] == "Active"


def exempt_by_tag(account):
    account.iam.tag_user(UserName="root-like", Tags=[{"Key": "iam-key-rotator:exempt", "Value": "by hand"}])


def exempt_by_list(account):
    account.set_up(ROTATOR_EXEMPT_USERS="root-*")


def exempt_by_group(account):
    account.iam.create_group(GroupName="IAMKeyRotationExemptionGroup")
    account.iam.add_user_to_group(GroupName="IAMKeyRotationExemptionGroup", UserName="root-like")


@pytest.mark.parametrize("exempt", [exempt_by_tag, exempt_by_list, exempt_by_group])
def test_rotating_with_our_function_gets_no_key_of_an_exempt_user(account, exempt):
    key = account.user("root-like")
    exempt(account)
    mallory = rotator(account)
    secret = trap(mallory, "root-like")
    assert "UserExempt" in account.rotate(secret, by=mallory, RotationLambdaARN=account.rotation)
    assert account.keys("root-like") == {key["AccessKeyId"]: "Active"}
    assert "cancel-rotate-secret" in str(account.alerts())
    with pytest.raises(ClientError, match="A previous rotation isn't complete"):
        account.rotate(secret)
    account.settle()
    assert account.alerts() == []


def invoker(account, function):
    return account.attacker(allow("lambda:InvokeFunction", function), exempt=True)


@pytest.mark.parametrize("step", ["createSecret", "testSecret", "finishSecret"])
def test_a_forged_event_makes_no_key_and_moves_no_label(account, step):
    key = account.user("ci-bot")
    victims = account.enrolled("ci-bot", key)
    before = account.state(victims)
    # The function waits for the version to show as long as its time allows.
    account.set_up(timeout=4)
    event = {"Step": step, "SecretId": victims, "ClientRequestToken": new_token(), "RotationToken": "x" * 36}
    answer = account.invoke_rotation(event, by=invoker(account, account.rotation))
    assert "errorType" in answer
    assert account.state(victims) == before
    assert account.keys("ci-bot") == {key["AccessKeyId"]: "Active"}


def test_a_forged_event_for_a_secret_that_does_not_rotate_with_the_function_reads_nothing(account):
    database = account.database()
    event = {"Step": "createSecret", "SecretId": database, "ClientRequestToken": new_token()}
    answer = account.invoke_rotation(event, by=invoker(account, account.rotation))
    assert answer["errorType"] == "AccessDenied"
    assert "of the database" not in json.dumps(answer) + account.aws.log()


def test_an_event_of_a_finished_rotation_that_is_replayed_changes_nothing(account):
    key = account.user("ci-bot")
    victims = account.enrolled("ci-bot", key)
    assert account.rotate(victims) == "done"
    before, keys = account.state(victims), account.keys("ci-bot")
    token, mallory = account.version(victims, "AWSCURRENT"), invoker(account, account.rotation)
    for step in ("createSecret", "testSecret", "finishSecret"):
        account.invoke_rotation({"Step": step, "SecretId": victims, "ClientRequestToken": token}, by=mallory)
    assert (account.state(victims), account.keys("ci-bot")) == (before, keys)


def test_invoking_the_sweep_does_not_turn_audit_into_enforce(account):
    account.set_up(ROTATOR_MODE="audit", ROTATOR_ROTATE_AFTER="1s")
    key = account.user("ci-bot")
    victims = account.enrolled("ci-bot", key)
    a_second_passes()
    before = account.state(victims)
    mallory = invoker(account, f"arn:aws:lambda:*:*:function:{account.sweep_name}")
    for event in ({}, {"dryrun": False}, {"action": "create", "username": "ci-bot"}, {"ForceRotate": "ci-bot"}):
        account.sweep(event, by=mallory)
    assert account.state(victims) == before
    assert account.keys("ci-bot") == {key["AccessKeyId"]: "Active"}


def test_invoking_the_sweep_does_not_shorten_a_recovery_window(account):
    key = account.user("ci-bot")
    victims = account.enrolled("ci-bot", key)
    assert account.rotate(victims) == "done"
    mallory = invoker(account, f"arn:aws:lambda:*:*:function:{account.sweep_name}")
    account.sweep({"action": "delete", "username": "ci-bot"}, by=mallory)
    assert account.keys("ci-bot")[key["AccessKeyId"]] == "Inactive"


def test_what_remains_invoking_the_sweep_enrolls_a_user_in_scope_and_reads_no_key(account):
    account.set_up(ROTATOR_SECRET_NAME="iam-key/{user}")
    account.user("ci-bot")
    mallory = invoker(account, f"arn:aws:lambda:*:*:function:{account.sweep_name}")
    assert account.sweep({"action": "create", "username": "ci-bot"}, by=mallory)["outcome"] == "done"
    assert account.value("iam-key/ci-bot")["UserName"] == "ci-bot"
    assert not can_read(mallory, "iam-key/ci-bot")
    policy = json.loads(account.state("iam-key/ci-bot")["policy"])
    assert {statement["Principal"]["AWS"] for statement in policy["Statement"]} == {f"arn:aws:iam::{ACCOUNT}:user/ci-bot"}
