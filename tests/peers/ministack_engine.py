"""What ministack lacks of Secrets Manager's rotation, for tests in which RotateSecret must run the function.

Its RotateSecret promotes a copy of the value and invokes nothing. Here RotateSecret stages a version without a value and
invokes the function with the four steps, as AWS does; the first step that fails ends the rotation. Imported by
`ministack_server` when ROTATION_ENGINE is set. With ROTATION_TESTS, RotateImmediately=false runs testSecret; without, it
only notes the function, which is all that most tests want of it. Each rotation prints one line when it starts and one when it
ends, so that a test can wait for it.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
"""

import json
import os
import threading
import time

import boto3
from botocore.config import Config
from ministack.core.responses import error_response_json, json_response, new_uuid
from ministack.services import secretsmanager

STEPS = ["createSecret", "setSecret", "testSecret", "finishSecret"]


def unfinished(secret):
    """The version of a rotation that has not ended, or none."""
    for version, held in secret["Versions"].items():
        if "AWSPENDING" in held["Stages"] and "AWSCURRENT" not in held["Stages"]:
            return version
    return None


def rotate_secret(data):
    _, secret = secretsmanager._resolve(data.get("SecretId"))
    if not secret:
        return error_response_json("ResourceNotFoundException", "Secrets Manager can't find the secret.", 400)
    function = data.get("RotationLambdaARN") or secret.get("RotationLambdaARN")
    if not function:
        return error_response_json("InvalidRequestException", "No Lambda rotation function ARN is associated.", 400)
    secret["RotationLambdaARN"], secret["RotationEnabled"] = function, True
    secret["RotationRules"] = data.get("RotationRules") or secret.get("RotationRules")
    secret["LastChangedDate"] = int(time.time())
    earlier = unfinished(secret)
    token = earlier or data.get("ClientRequestToken") or new_uuid()
    if data.get("RotateImmediately", True):
        threading.Thread(target=run, args=(secret, function, staged(secret, token)), daemon=True).start()
    elif "ROTATION_TESTS" in os.environ:
        threading.Thread(target=test_alone, args=(secret, function, token), daemon=True).start()
    if earlier:
        words = "A previous rotation isn't complete. That rotation will be reattempted."
        return error_response_json("InvalidRequestException", words, 400)
    return json_response({"ARN": secret["ARN"], "Name": secret["Name"], "VersionId": token})


def staged(secret, token):
    """Begins a rotation: with AWSPENDING and without a value, unless an earlier attempt has stored one."""
    held = {"SecretString": None, "SecretBinary": None, "CreatedDate": int(time.time()), "Stages": ["AWSPENDING"]}
    secret["Versions"].setdefault(token, held)
    print(f"ROTATION of {secret['Name']} started", flush=True)
    return token


def run(secret, function, token):
    """All steps, or up to the first one that fails."""
    outcome = "crashed"
    try:
        outcome = steps(secret, function, token)
    finally:
        print(f"ROTATION of {secret['Name']} ended: {outcome}", flush=True)


def steps(secret, function, token):
    event = {"SecretId": secret["ARN"], "ClientRequestToken": token, "RotationToken": f"never-to-be-logged-{new_uuid()}"}
    client = invoker(function)
    for step in STEPS:
        answered = client.invoke(FunctionName=function, Payload=json.dumps(event | {"Step": step}))
        answer = json.load(answered["Payload"])
        if "FunctionError" in answered:
            return f"{step}: {answer.get('errorType')}: {answer.get('errorMessage')}"
    secret["LastRotatedDate"] = int(time.time())
    return "done"


def test_alone(secret, function, token):
    """RotateImmediately=false: testSecret on a temporary version with the current value."""
    current = next(held for held in secret["Versions"].values() if "AWSCURRENT" in held["Stages"])
    secret["Versions"][token] = current | {"Stages": ["AWSPENDING"]}
    event = {"SecretId": secret["ARN"], "ClientRequestToken": token, "RotationToken": f"never-to-be-logged-{new_uuid()}"}
    try:
        invoker(function).invoke(FunctionName=function, Payload=json.dumps(event | {"Step": "testSecret"}))
    finally:
        del secret["Versions"][token]


def invoker(function, **key):
    """Lambda for whoever invokes the function in the function's own account: Secrets Manager, or a role by its key."""
    _, _, _, region, account, *_ = function.split(":")
    key = key or {"aws_access_key_id": account, "aws_secret_access_key": "test"}
    return boto3.client(
        "lambda",
        endpoint_url=os.environ["AWS_ENDPOINT_URL"],
        region_name=region,
        **key,
        config=Config(retries={"total_max_attempts": 1}, proxies={}, read_timeout=120),
    )


secretsmanager._rotate_secret = rotate_secret
