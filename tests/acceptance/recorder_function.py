"""The rotation function that is deployed for the checks: rotates any value, and reports each event to a queue.

It does what AWS's template does, fails in the steps that FAILING names, and never reports a RotationToken or a value:
a token's length and a salted hash, so that two can be compared.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
"""

import hashlib
import json
import os
import time

import boto3
from botocore.exceptions import ClientError

QUEUE = boto3.client("sqs")


def manager(event):
    """Secrets Manager, in the account of the secret: another one's role is assumed."""
    if "MEMBER_ROLE" not in os.environ:
        return boto3.client("secretsmanager")
    assumed = boto3.client("sts").assume_role(RoleArn=os.environ["MEMBER_ROLE"], RoleSessionName="recorder")
    session = assumed["Credentials"]
    return boto3.client(
        "secretsmanager",
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
    )


def handler(event, context):
    report = {"at": time.time(), "Step": event["Step"], "SecretId": event["SecretId"]}
    report |= {"ClientRequestToken": event["ClientRequestToken"], "request": context.aws_request_id}
    rotation_token = event.get("RotationToken")
    if rotation_token is not None:
        report |= {"token_length": len(rotation_token), "token_hash": salted(rotation_token)}
    try:
        if event["Step"] == "probe":
            return versions(event)
        report |= looked(event)
        if event["Step"] in os.environ["FAILING"].split(","):
            raise RuntimeError("this step was told to fail")
        report |= STEPS[event["Step"]](event) or {}
    except Exception as error:
        report["failed"] = told(error)
        raise
    finally:
        QUEUE.send_message(QueueUrl=os.environ["QUEUE_URL"], MessageBody=json.dumps(report))


def told(error):
    """AWS's words; of another error its kind alone."""
    return str(error)[:200] if isinstance(error, ClientError) else type(error).__name__


def salted(text):
    return hashlib.sha256((os.environ["SALT"] + text).encode()).hexdigest()[:16]


def looked(event):
    """What is there of the version when the step begins."""
    labels = versions(event)
    version, stage = {"VersionId": event["ClientRequestToken"]}, {"VersionStage": "AWSPENDING"}
    return {
        "staged": "AWSPENDING" in labels.get(event["ClientRequestToken"], []),
        "value": value(event, **version, **stage),
        "by_version": value(event, **version),
        "by_stage": value(event, **stage),
        "current": value(event, VersionStage="AWSCURRENT"),
    }


def versions(event):
    return manager(event).describe_secret(SecretId=event["SecretId"])["VersionIdsToStages"]


def value(event, **which):
    """A hash of the value, or the refusal: code, status, message."""
    try:
        answer = manager(event).get_secret_value(SecretId=event["SecretId"], **which)
    except ClientError as error:
        told, status = error.response["Error"], error.response["ResponseMetadata"]["HTTPStatusCode"]
        return {"refused": [told["Code"], status, told["Message"]]}
    text = answer.get("SecretString")
    return {"empty": True} if text is None else {"hash": salted(text)}


def create(event):
    rotation_token = {name: event[name] for name in ("RotationToken",) if name in event}
    manager(event).put_secret_value(
        SecretId=event["SecretId"],
        ClientRequestToken=event["ClientRequestToken"],
        SecretString=event["ClientRequestToken"],
        VersionStages=["AWSPENDING"],
        **rotation_token,
    )


def finish(event):
    current = next(version for version, labels in versions(event).items() if "AWSCURRENT" in labels)
    if current == event["ClientRequestToken"]:
        return
    manager(event).update_secret_version_stage(
        SecretId=event["SecretId"],
        VersionStage="AWSCURRENT",
        MoveToVersionId=event["ClientRequestToken"],
        RemoveFromVersionId=current,
    )


def nothing(event):
    pass


STEPS = {"createSecret": create, "setSecret": nothing, "testSecret": nothing, "finishSecret": finish}
