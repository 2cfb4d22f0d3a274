"""The real function under moto's own rotation engine. Happy paths only.

Faults of moto 5.2.5 that these tests walk around:
- any key is accepted, inactive, deleted and unknown ones too: the proof of a key proves nothing here;
- the engine goes on after a failed step, and calls the rotation done;
- SecretId is the name instead of the ARN, and there is no RotationToken;
- RotateSecret without the function's ARN forgets it;
- RotateSecret is refused while AWSPENDING and AWSCURRENT are on one version, which is how AWS says that
  a rotation may end, and not while they are apart.
"""

import json

import pytest

from lambda_function import RotationFunction, environment
from rotation_scene import SECRET, USER, Scene
from standins import moto

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:rotation"
ROLE = "arn:aws:iam::123456789012:role/rotation"


class Play:
    """moto, with the real function behind its Lambda service."""

    def __init__(self, aws, function):
        self.scene, self.function = Scene(aws), function
        aws.iam.create_role(RoleName="rotation", AssumeRolePolicyDocument="{}")
        # The code is never run: the function is the binary.
        aws.client("lambda").create_function(
            FunctionName="rotation",
            Role=ROLE,
            Runtime="provided.al2023",
            Handler="bootstrap",
            Code={"ZipFile": b"none"},
        )

    def rotate(self):
        """One rotation by moto's engine, which answers when the last step has ended."""
        self.scene.manager.rotate_secret(
            SecretId=SECRET, RotationLambdaARN=FUNCTION, RotationRules={"AutomaticallyAfterDays": 30}
        )
        failures = [outcome for outcome in self.function.outcomes if outcome["failed"]]
        assert failures == []

    def unstage(self):
        """Takes AWSPENDING off the promoted version, since moto would refuse the next rotation."""
        for version, labels in self.scene.stages().items():
            if {"AWSPENDING", "AWSCURRENT"} <= set(labels):
                self.scene.manager.update_secret_version_stage(
                    SecretId=SECRET, VersionStage="AWSPENDING", RemoveFromVersionId=version
                )


@pytest.fixture
def play():
    # Each needs the other's address: the function's is known before its binary runs.
    with RotationFunction(FUNCTION) as function, moto(function.url) as aws:
        function.start(environment(aws.endpoint, ROTATOR_OVERLAP="0"))
        yield Play(aws, function)


def test_motos_engine_rotates_twice_by_the_real_function(play):
    scene = play.scene
    play.rotate()
    second = scene.value()
    assert scene.statuses() == {scene.first["AccessKeyId"]: "Inactive", second["AccessKeyId"]: "Active"}

    play.unstage()
    play.rotate()
    third = scene.value()
    assert list(third) == list(scene.first)
    assert (third["UserName"], third["Bucket"], third["Limits"]) == (USER, "build-artifacts", {"MaxUploads": 20})
    assert scene.key_in(third).sts.get_caller_identity()["Arn"].endswith(f":user/{USER}")
    assert scene.statuses() == {second["AccessKeyId"]: "Inactive", third["AccessKeyId"]: "Active"}
    steps = [outcome["answer"]["step"] for outcome in play.function.outcomes]
    assert steps == ["createSecret", "setSecret", "testSecret", "finishSecret"] * 2
    assert third["SecretAccessKey"] not in play.function.log()


@pytest.mark.parametrize(
    "shape",
    [
        lambda key: {"accessKeyId": key["AccessKeyId"], "secretAccessKey": key["SecretAccessKey"]},
        lambda key: {
            "smtp_username": key["AccessKeyId"],
            "smtp_password": "as it was",
            "smtp_server": "email-smtp.us-east-1.amazonaws.com",
        },
    ],
    ids=["camel case", "SMTP"],
)
def test_motos_engine_rotates_other_values_in_their_own_shape(shape, play):
    scene = play.scene
    before = shape(scene.first)
    scene.manager.put_secret_value(SecretId=SECRET, SecretString=json.dumps(before))
    play.rotate()
    after = scene.value()
    assert list(after) == list(before)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == set(before) - {"smtp_server"}
    key = after.get("accessKeyId") or after["smtp_username"]
    assert scene.statuses() == {scene.first["AccessKeyId"]: "Inactive", key: "Active"}
