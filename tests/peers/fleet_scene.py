"""An account large enough that its lists have several pages, and the sweep of it.

Most of its users have a secret and are exempt by name, so that a sweep passes them by; a few have a key
and no secret, which is due: a key here is as old as the test, and counts as old after a second.
"""

import json
import time
from concurrent.futures import ThreadPoolExecutor

from clients import Key
from lambda_function import environment

# More secrets than a page of them holds.
QUIET, DUE = 110, 10
DUE_USERS = [f"due-{nth:02}" for nth in range(DUE)]


def secret_of(user):
    """The name of a secret that the sweep creates, by default."""
    return f"iam-key/{user}"


SETTINGS = {
    "ROTATOR_SCOPE": "all",
    "ROTATOR_ROTATE_AFTER": "1s",
    "ROTATOR_EXEMPT_USERS": "quiet-*",
}


class FleetScene:
    def __init__(self, aws, rotation_arn, quiet=QUIET):
        self.aws, self.rotation_arn = aws, rotation_arn
        # Clients are made by attribute access, once, before threads share them.
        self.iam, self.manager = aws.iam, aws.secretsmanager
        self.topic = aws.sns.create_topic(Name="alerts")["TopicArn"]
        aws.sesv2.create_email_identity(EmailIdentity="example.com")
        with ThreadPoolExecutor(8) as together:
            list(together.map(self._quiet, (f"quiet-{nth:03}" for nth in range(quiet))))
            list(together.map(self._user, DUE_USERS))
        self.a_second_passes()

    @staticmethod
    def a_second_passes():
        """However fast the machine: what these settings call old, is."""
        time.sleep(1.1)

    def _user(self, name):
        self.iam.create_user(UserName=name)
        return self.iam.create_access_key(UserName=name)["AccessKey"]

    def _quiet(self, name):
        key = self._user(name)
        value = {field: key[field] for field in ("UserName", "AccessKeyId", "SecretAccessKey")}
        tags = [{"Key": "iam-key-rotator:user", "Value": name}]
        made = self.manager.create_secret(Name=name, SecretString=json.dumps(value), Tags=tags)
        labelled = {"VersionStage": key["AccessKeyId"], "MoveToVersionId": made["VersionId"]}
        self.manager.update_secret_version_stage(SecretId=name, **labelled)

    def environment(self, mode, **others):
        wired = {"ROTATOR_ROTATION_FUNCTION_ARN": self.rotation_arn, "ROTATOR_ALERT_TOPIC_ARN": self.topic}
        return environment(self.aws.endpoint, self.aws.key, ROTATOR_MODE=mode, **SETTINGS | wired | others)

    def secrets(self):
        """Every secret by its name, all pages."""
        pages = self.manager.get_paginator("list_secrets").paginate()
        return {secret["Name"]: secret for page in pages for secret in page["SecretList"]}

    def keys(self, user):
        """The statuses of a user's keys, the oldest first."""
        listed = self.iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
        return [key["Status"] for key in sorted(listed, key=lambda key: key["CreateDate"])]

    def all_keys(self):
        return {user: self.keys(user) for user in DUE_USERS}

    def value(self, secret):
        return json.loads(self.manager.get_secret_value(SecretId=secret)["SecretString"])

    def identity(self, value):
        key = Key(value["AccessKeyId"], value["SecretAccessKey"])
        return self.aws.under(key).sts.get_caller_identity()["Arn"]
