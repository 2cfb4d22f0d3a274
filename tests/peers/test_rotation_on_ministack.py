"""The real function on ministack, which checks signatures and knows which keys are active.

What ministack 1.5.33 lacks is added from outside, by `rotation_scene`: the rotation engine (its
RotateSecret is a stub that promotes a copy at once), the staged version without a value, the limit
of two keys. Its PutSecretValue overwrites a used token, and drops the labels not named.
"""

import json

import pytest

from clients import http, refused
from lambda_function import FunctionFailed, RotationFunction, environment
from rotation_scene import ROTATION_TOKEN, SECRET, STEPS, USER, Scene
from standins import ministack

FUNCTION = "arn:aws:lambda:eu-west-1:000000000000:function:rotation"


@pytest.fixture
def scene():
    with ministack() as aws:
        scene = Scene(aws)
        # Of the stub only the switch is wanted: the copy that it promotes holds the same value.
        aws.secretsmanager.rotate_secret(SecretId=SECRET, RotationLambdaARN=FUNCTION)
        scene.topic = aws.sns.create_topic(Name="alerts")["TopicArn"]
        aws.sesv2.create_email_identity(EmailIdentity="example.com")
        aws.iam.tag_user(UserName=USER, Tags=[{"Key": "email", "Value": "ci-team@example.com"}])
        yield scene


def settings(scene, **others):
    return environment(
        scene.aws.endpoint,
        ROTATOR_OVERLAP="0",
        ROTATOR_EMAIL_FROM="keys@example.com",
        ROTATOR_ALERT_TOPIC_ARN=scene.topic,
        **others,
    )


@pytest.fixture
def function(scene):
    with RotationFunction(FUNCTION, settings(scene)) as function:
        yield function
        log = function.log()
        assert ROTATION_TOKEN not in log
        assert scene.first["SecretAccessKey"] not in log


def test_two_rotations_leave_a_working_key_and_the_first_key_gone(scene, function):
    assert scene.run(function, scene.stage()) == ["done", "nothing-to-do", "done", "done"]
    second = scene.value()
    assert scene.key_in(second).sts.get_caller_identity()["Arn"].endswith(f":user/{USER}")
    assert scene.statuses() == {scene.first["AccessKeyId"]: "Inactive", second["AccessKeyId"]: "Active"}
    with refused("InvalidClientTokenId", 403):
        scene.key_in(scene.first).sts.get_caller_identity()

    token = scene.stage()
    scene.run(function, token)
    third = scene.value()
    assert list(third) == list(scene.first)
    assert (third["UserName"], third["Bucket"], third["Limits"]) == (USER, "build-artifacts", {"MaxUploads": 20})
    assert scene.key_in(third).sts.get_caller_identity()["Arn"].endswith(f":user/{USER}")
    assert scene.statuses() == {second["AccessKeyId"]: "Inactive", third["AccessKeyId"]: "Active"}
    assert {"AWSCURRENT", third["AccessKeyId"]} <= set(scene.stages()[token])
    assert third["SecretAccessKey"] not in function.log()


def test_every_step_may_be_repeated(scene, function):
    token = scene.stage()
    scene.run(function, token, [step for step in STEPS for _ in range(2)])
    once = scene.value()
    scene.run(function, token)
    assert scene.value() == once
    assert scene.statuses() == {scene.first["AccessKeyId"]: "Inactive", once["AccessKeyId"]: "Active"}


def test_the_user_is_mailed_without_a_secret(scene, function):
    scene.run(function, scene.stage())
    messages = json.dumps(http(f"{scene.aws.endpoint}/_ministack/ses/messages"))
    new = scene.value()
    assert "ci-team@example.com" in messages and new["AccessKeyId"] in messages
    assert new["SecretAccessKey"] not in messages and scene.first["SecretAccessKey"] not in messages


def test_a_new_key_that_is_not_accepted_is_not_promoted(scene, function):
    impatient = settings(scene, ROTATOR_PROPAGATION_TIMEOUT="2s")
    token = scene.stage()
    scene.run(function, token, ["createSecret", "setSecret"])
    pending = scene.value(VersionStage="AWSPENDING")
    scene.aws.iam.update_access_key(UserName=USER, AccessKeyId=pending["AccessKeyId"], Status="Inactive")
    with RotationFunction(FUNCTION, impatient) as other, pytest.raises(FunctionFailed) as failed:
        scene.run(other, token, ["testSecret"])
    assert failed.value.error_type == "NotPropagated"
    assert scene.value() == scene.first
    scene.key_in(scene.first).sts.get_caller_identity()

    scene.aws.iam.update_access_key(UserName=USER, AccessKeyId=pending["AccessKeyId"], Status="Active")
    scene.run(function, token)
    assert scene.value() == pending


def test_a_secret_key_that_does_not_fit_its_id_is_rejected(scene, function):
    token = scene.stage()
    scene.run(function, token, ["createSecret"])
    pending = scene.value(VersionStage="AWSPENDING")
    scene.manager.put_secret_value(
        SecretId=SECRET,
        ClientRequestToken=token,
        SecretString=json.dumps(pending | {"SecretAccessKey": "x" * 40}),
        VersionStages=["AWSPENDING", pending["AccessKeyId"]],
    )
    with pytest.raises(FunctionFailed) as failed:
        scene.run(function, token, ["testSecret"])
    assert failed.value.error_type == "CredentialRejected"
    assert scene.value() == scene.first


def test_a_strangers_active_key_is_not_deleted_to_make_room(scene, function):
    stranger = scene.aws.iam.create_access_key(UserName=USER)["AccessKey"]["AccessKeyId"]
    token = scene.stage()
    with pytest.raises(FunctionFailed) as failed:
        scene.run(function, token)
    assert failed.value.error_type == "KeyLimit" and stranger in failed.value.message
    assert scene.statuses() == {scene.first["AccessKeyId"]: "Active", stranger: "Active"}
    assert scene.value() == scene.first


def test_a_function_whose_own_key_is_refused_says_so(scene, function):
    broken = environment(scene.aws.endpoint, scene.aws.key._replace(id="AKIAAAAAAAAAAAAAAAAA"))
    with RotationFunction(FUNCTION, broken) as other, pytest.raises(FunctionFailed) as failed:
        scene.run(other, scene.stage())
    assert failed.value.error_type == "ServiceUnavailable"
    assert "UnrecognizedClientException" in failed.value.message
    assert scene.value() == scene.first
