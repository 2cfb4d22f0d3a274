"""Rotation by schedule, and the test of a configuration. Imported by `ministack_server` when ROTATION_SCHEDULES is set.

- A secret whose schedule is due is rotated, once however long the clock jumped over it.
- RotateSecret with RotateImmediately=false runs testSecret alone, on a version that holds the present value, and removes
  that version.
- DescribeSecret and ListSecrets show NextRotationDate.

The days of AutomaticallyAfterDays are counted from the last rotation, or from the call that set them.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html
https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html
"""

import json
import threading
import time

import ministack_engine
from ministack.core.responses import json_response, new_uuid
from ministack.services import secretsmanager

DAY = 24 * 3600
begin, listed, described = ministack_engine.rotate_secret, secretsmanager._list_secrets, secretsmanager._describe_secret


def rotate_secret(data):
    _, secret = secretsmanager._resolve(data.get("SecretId"))
    status, headers, body = begin(data)
    if secret and status == 200 and data.get("RotationRules"):
        secret["ScheduledFrom"] = time.time()
    if secret and status == 200 and not data.get("RotateImmediately", True):
        print(f"ROTATION of {secret['Name']} started", flush=True)
        threading.Thread(target=test, args=(secret, secret["RotationLambdaARN"]), daemon=True).start()
    return status, headers, body


def test(secret, function):
    """testSecret on a copy of the present value, under a version that is gone afterwards."""
    token, outcome = new_uuid(), "crashed"
    _, current = secretsmanager._find_stage_version(secret, "AWSCURRENT")
    secret["Versions"][token] = current | {"Stages": ["AWSPENDING"]}
    event = {"Step": "testSecret", "SecretId": secret["ARN"], "ClientRequestToken": token}
    try:
        answered = ministack_engine.invoker(function).invoke(FunctionName=function, Payload=json.dumps(event))
        answer = json.load(answered["Payload"])
        failed = f"testSecret: {answer.get('errorType')}: {answer.get('errorMessage')}"
        outcome = failed if "FunctionError" in answered else "tested"
    finally:
        del secret["Versions"][token]
        print(f"ROTATION of {secret['Name']} ended: {outcome}", flush=True)


def next_rotation(secret):
    days = (secret.get("RotationRules") or {}).get("AutomaticallyAfterDays")
    if not days or not secret.get("RotationEnabled") or secret.get("DeletedDate"):
        return None
    return max(secret.get("LastRotatedDate") or 0, secret.get("ScheduledFrom") or secret["CreatedDate"]) + days * DAY


def due():
    """The secrets whose time has come."""
    known = [(next_rotation(each), each) for each in list(secretsmanager._secrets._data.values())]
    return [secret for at, secret in known if at and at <= time.time()]


def rotate_what_is_due():
    while True:
        time.sleep(0.02)
        for secret in due():
            if not ministack_engine.unfinished(secret):
                token = ministack_engine.staged(secret, new_uuid())
                ministack_engine.run(secret, secret["RotationLambdaARN"], token)
            # One that failed is tried again at the schedule's next time.
            secret["ScheduledFrom"] = time.time()


def wait():
    """For the rotations that are due: the sweep of the same hour comes after them."""
    while due():
        time.sleep(0.02)


def with_next(shown):
    _, secret = secretsmanager._resolve(shown["ARN"])
    due = next_rotation(secret) if secret else None
    return shown | ({"NextRotationDate": due} if due else {})


def list_secrets(data):
    status, headers, body = listed(data)
    answer = json.loads(body)
    if status != 200:
        return status, headers, body
    return json_response(answer | {"SecretList": [with_next(each) for each in answer["SecretList"]]})


def describe_secret(data):
    status, headers, body = described(data)
    return json_response(with_next(json.loads(body))) if status == 200 else (status, headers, body)


secretsmanager._rotate_secret = rotate_secret
secretsmanager._list_secrets, secretsmanager._describe_secret = list_secrets, describe_secret
threading.Thread(target=rotate_what_is_due, daemon=True).start()
