"""The peer: IAM keys rotated as AWS's template for Secrets Manager has it, with boto3.

https://github.com/aws-samples/aws-secrets-manager-rotation-lambdas/blob/master/SecretsManagerRotationTemplate/lambda_function.py

The clients are made at import, which is what AWS recommends. What the template leaves open is filled
in with the safety that can be compared: the third key is never asked for, the new key is proved
before it is promoted, and the superseded key stays until the next rotation.
"""

import json
import logging
import time

import boto3
from botocore.exceptions import ClientError

logger = logging.getLogger()
logger.setLevel(logging.INFO)

# The template has one; rotating keys takes two, and a third under the new key.
secrets = boto3.client("secretsmanager")
iam = boto3.client("iam")

PROOFS = 3
PATIENCE_SECONDS = 60


def lambda_handler(event, context):
    arn, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    metadata = secrets.describe_secret(SecretId=arn)
    if not metadata.get("RotationEnabled"):
        raise ValueError(f"Secret {arn} is not enabled for rotation")
    versions = metadata["VersionIdsToStages"]
    if token not in versions:
        raise ValueError(f"Secret version {token} has no stage for rotation of secret {arn}")
    if "AWSCURRENT" in versions[token]:
        logger.info("Secret version %s already set as AWSCURRENT for secret %s", token, arn)
        return
    if "AWSPENDING" not in versions[token]:
        raise ValueError(f"Secret version {token} not set as AWSPENDING for rotation of secret {arn}")
    if step == "createSecret":
        create_secret(arn, token, event.get("RotationToken"))
    elif step == "setSecret":
        # IAM knows a key from its creation on.
        pass
    elif step == "testSecret":
        test_secret(arn, token)
    elif step == "finishSecret":
        finish_secret(arn, token)
    else:
        raise ValueError("Invalid step parameter")


def create_secret(arn, token, rotation_token):
    current = json.loads(secrets.get_secret_value(SecretId=arn, VersionStage="AWSCURRENT")["SecretString"])
    try:
        secrets.get_secret_value(SecretId=arn, VersionId=token, VersionStage="AWSPENDING")
        logger.info("createSecret: Successfully retrieved secret for %s.", arn)
        return
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
    user = current["UserName"]
    keys = iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
    for key in keys if len(keys) > 1 else ():
        if key["AccessKeyId"] != current["AccessKeyId"]:
            iam.delete_access_key(UserName=user, AccessKeyId=key["AccessKeyId"])
    made = iam.create_access_key(UserName=user)["AccessKey"]
    current |= {"AccessKeyId": made["AccessKeyId"], "SecretAccessKey": made["SecretAccessKey"]}
    more = {"RotationToken": rotation_token} if rotation_token else {}
    secrets.put_secret_value(
        SecretId=arn,
        ClientRequestToken=token,
        SecretString=json.dumps(current),
        VersionStages=["AWSPENDING"],
        **more,
    )


def test_secret(arn, token):
    pending = secrets.get_secret_value(SecretId=arn, VersionId=token, VersionStage="AWSPENDING")
    value = json.loads(pending["SecretString"])
    client = boto3.client(
        "sts", aws_access_key_id=value["AccessKeyId"], aws_secret_access_key=value["SecretAccessKey"]
    )
    deadline = time.monotonic() + PATIENCE_SECONDS
    proofs = 0
    while proofs < PROOFS:
        try:
            client.get_caller_identity()
            proofs += 1
        except ClientError as error:
            if error.response["Error"]["Code"] != "InvalidClientTokenId" or time.monotonic() > deadline:
                raise
            proofs = 0
            time.sleep(1)


def finish_secret(arn, token):
    metadata = secrets.describe_secret(SecretId=arn)
    current = None
    for version, stages in metadata["VersionIdsToStages"].items():
        if "AWSCURRENT" in stages:
            if version == token:
                return
            current = version
            break
    secrets.update_secret_version_stage(
        SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
    )
