"""A user, a secret that holds its key, and the four steps played from outside.

For stand-ins without a rotation engine: what Secrets Manager does there is done here.
"""

import json
import uuid

from clients import Key

STEPS = ["createSecret", "setSecret", "testSecret", "finishSecret"]
USER = "ci-bot"
SECRET = "keys/ci-bot"
# Shaped like those of Secrets Manager, and never to be seen in a log.
ROTATION_TOKEN = "never-to-be-logged-" + "0123456789abcdef" * 2


class Scene:
    def __init__(self, aws):
        self.aws, self.manager = aws, aws.secretsmanager
        aws.iam.create_user(UserName=USER)
        key = aws.iam.create_access_key(UserName=USER)["AccessKey"]
        self.first = {
            "UserName": USER,
            "AccessKeyId": key["AccessKeyId"],
            "SecretAccessKey": key["SecretAccessKey"],
            "Bucket": "build-artifacts",
            "Limits": {"MaxUploads": 20},
        }
        tags = [{"Key": "iam-key-rotator:user", "Value": USER}]
        created = self.manager.create_secret(Name=SECRET, SecretString=json.dumps(self.first), Tags=tags)
        self.arn = created["ARN"]

    def value(self, **version):
        return json.loads(self.manager.get_secret_value(SecretId=self.arn, **version)["SecretString"])

    def key_in(self, value):
        return self.aws.under(Key(value["AccessKeyId"], value["SecretAccessKey"]))

    def statuses(self):
        listed = self.aws.iam.list_access_keys(UserName=USER)["AccessKeyMetadata"]
        return {key["AccessKeyId"]: key["Status"] for key in listed}

    def stages(self):
        return self.manager.describe_secret(SecretId=self.arn)["VersionIdsToStages"]

    def stage(self):
        """A version with AWSPENDING and without a value, as Secrets Manager makes it."""
        token = str(uuid.uuid4())
        self.manager.put_secret_value(SecretId=self.arn, ClientRequestToken=token, VersionStages=["AWSPENDING"])
        return token

    def event(self, step, token):
        return {
            "Step": step,
            "SecretId": self.arn,
            "ClientRequestToken": token,
            "RotationToken": ROTATION_TOKEN,
        }

    def run(self, function, token, steps=STEPS):
        """Each step in order; the first error ends it. Returns the outcomes."""
        outcomes = []
        for step in steps:
            outcomes.append(function.invoke(self.event(step, token))["outcome"])
            # IAM's limit, which a stand-in may not know.
            assert len(self.statuses()) <= 2
        return outcomes
