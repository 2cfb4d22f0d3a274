"""Values as people store them, through rotations by the real function on ministack, which knows which keys work.

The SMTP password is derived once more here, after AWS's page, so that the function does not judge itself:
https://docs.aws.amazon.com/ses/latest/dg/smtp-credentials.html#smtp-credentials-convert
"""

import base64
import hashlib
import hmac
import json

import pytest

from clients import Key
from lambda_function import FunctionFailed, RotationFunction, environment
from rotation_scene import SECRET, USER, Scene
from standins import ministack

FUNCTION = "arn:aws:lambda:eu-west-1:000000000000:function:rotation"
REGION = "us-east-1"
HOST = f"email-smtp.{REGION}.amazonaws.com"

# Each with the names of its two fields, and what is stored.
UNDERSTOOD = {
    "camel case": ("accessKeyId", "secretAccessKey", lambda id, secret: {"accessKeyId": id, "secretAccessKey": secret}),
    "short": ("access_key", "secret_key", lambda id, secret: {"access_key": id, "secret_key": secret, "x": 1}),
    "the console's": (
        "Access key ID",
        "Secret access key",
        lambda id, secret: {"Access key ID": id, "Secret access key": secret},
    ),
    "a pasted line end": (
        "AccessKeyId",
        "SecretAccessKey",
        lambda id, secret: {"AccessKeyId": f"{id}\r\n", "SecretAccessKey": f"{secret}\n"},
    ),
}
REFUSED = {
    "unknown names": lambda id, secret: {"public": id, "private": secret},
    "nested": lambda id, secret: {"aws": {"accessKeyId": id, "secretAccessKey": secret}},
    "in a list": lambda id, secret: [{"AccessKeyId": id, "SecretAccessKey": secret}],
    "a credentials file": lambda id, secret: {"file": f"[default]\naws_access_key_id = {id}\n"},
    "no mail host": lambda id, secret: {"username": id, "password": secret},
    "a session token": lambda id, secret: {"AccessKeyId": id, "SecretAccessKey": secret, "aws_session_token": "t"},
    "a control character": lambda id, secret: {"AccessKeyId": f"{id}\0", "SecretAccessKey": secret},
    "an unknown region": lambda id, secret: {"smtp_username": id, "smtp_password": "x"},
}


@pytest.fixture(scope="module")
def aws():
    with ministack() as aws:
        yield aws


@pytest.fixture(scope="module")
def function(aws):
    # As the migration page has it for D: a key that was overlooked would be gone.
    settings = environment(
        aws.endpoint, ROTATOR_OVERLAP="0", ROTATOR_RECOVERY="0", ROTATOR_UNKNOWN_KEYS="delete-oldest"
    )
    with RotationFunction(FUNCTION, settings) as function:
        yield function


@pytest.fixture
def scene(aws):
    scene = Scene(aws)
    aws.secretsmanager.rotate_secret(SecretId=SECRET, RotationLambdaARN=FUNCTION)
    yield scene
    for id in scene.statuses():
        aws.iam.delete_access_key(UserName=USER, AccessKeyId=id)
    aws.iam.delete_user(UserName=USER)
    aws.secretsmanager.delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)


@pytest.fixture
def key(scene):
    return Key.of(scene.first)


def store(scene, value):
    scene.manager.put_secret_value(SecretId=SECRET, SecretString=json.dumps(value))


@pytest.mark.parametrize("name", UNDERSTOOD)
def test_the_pair_is_rotated_in_its_own_spelling(name, scene, function, key):
    id_field, secret_field, shape = UNDERSTOOD[name]
    before = shape(key.id, key.secret)
    store(scene, before)
    scene.run(function, scene.stage())
    after = scene.value()
    assert list(after) == list(before)
    new = scene.aws.under(Key(after[id_field], after[secret_field]))
    assert new.sts.get_caller_identity()["Arn"].endswith(f":user/{USER}")
    assert scene.statuses() == {after[id_field]: "Active"}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_understood_is_refused_and_its_key_keeps_working(name, scene, function, key):
    before = REFUSED[name](key.id, key.secret)
    store(scene, before)
    with pytest.raises(FunctionFailed) as failed:
        scene.run(function, scene.stage())
    assert failed.value.error_type == "SecretMalformed"
    assert key.secret not in failed.value.message
    assert scene.value() == before
    assert scene.statuses() == {key.id: "Active"}
    scene.aws.under(key).sts.get_caller_identity()


@pytest.mark.parametrize("names", [("smtp_username", "smtp_password", "smtp_server"), ("username", "password", "host")])
def test_smtp_credentials_are_rotated_without_a_pair_beside_them(names, scene, function, key):
    user, password, host = names
    store(scene, {host: HOST, user: key.id, password: smtp_password(key.secret, REGION)})
    scene.run(function, scene.stage())
    after = scene.value()
    assert list(after) == [host, user, password]
    assert after[host] == HOST
    assert after[user] != key.id and scene.statuses() == {after[user]: "Active"}
    decoded = base64.b64decode(after[password])
    assert len(decoded) == 33 and decoded[0] == 4
    assert after[password] != smtp_password(key.secret, REGION)


def smtp_password(secret, region):
    signature = f"AWS4{secret}".encode()
    for part in ("11111111", region, "ses", "aws4_request", "SendRawEmail"):
        signature = hmac.new(signature, part.encode(), hashlib.sha256).digest()
    return base64.b64encode(b"\x04" + signature).decode()
