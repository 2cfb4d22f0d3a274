"""An account with the deployed product in it, and attackers who hold exactly the permissions that a test gives them.

ministack deploys the synthesized stack and judges every call: those of the attackers by their own policy, those of the
functions by the template's. Its RotateSecret runs the deployed function (`ministack_engine`). The settings of the
functions may differ from test to test; their roles are the template's.
"""

import contextlib
import functools
import json
import time
import uuid

from botocore.exceptions import ClientError

from clients import Key
from deployment import ACCOUNT, Stack, enforcing_ministack
from processes import BINARIES, until

REGION = "eu-west-1"
ANY_SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:"
IN_SCOPE = {"Key": "iam-key-rotator:rotate", "Value": "true"}
# The sweep creates secrets under this prefix, and for every user.
WHOLE_ACCOUNT = {"ROTATOR_SCOPE": "all", "ROTATOR_SECRET_NAME": "iam-key/{user}", "ROTATOR_ROTATE_AFTER": "1s"}
# A key is older than that: every key of a test is due.
DUE_AT_ONCE = {"ROTATOR_ROTATE_AFTER": "1s"}


def allow(actions, resource="*", **more):
    return {"Effect": "Allow", "Action": actions, "Resource": resource} | more


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@functools.cache
def code():
    return {program: (BINARIES / program).read_bytes() for program in ("rotation", "sweep")}


@contextlib.contextmanager
def attacked_account(configuration="standin", stack="StandIn"):
    with enforcing_ministack(ROTATION_ENGINE="1") as aws:
        yield Account(aws, Stack.synthesized(aws, configuration, stack, code()))


def made(stack, kind, part):
    """The physical id of the resource of a type whose logical id has this part."""
    return stack.physical_id(next(name for name in stack.of_type(kind) if part in name))


class Account:
    def __init__(self, aws, stack):
        self.aws, self.iam, self.manager = aws, aws.iam, aws.secretsmanager
        self.functions = aws.client("lambda")
        rotation = self._deployed(made(stack, "AWS::Lambda::Function", "RotationFunction"))
        self.rotation, self.rotation_role = rotation["FunctionArn"], rotation["Role"]
        self.sweep_name = made(stack, "AWS::Lambda::Function", "SweepFunction")
        aws.sesv2.create_email_identity(EmailIdentity="example.com")
        self._alerts = self._subscribe(made(stack, "AWS::SNS::Topic", "AlertsTopic"))
        deployed = {name: self._deployed(name) for name in (self.rotation, self.sweep_name)}
        self._settings = {name: each["Environment"]["Variables"] for name, each in deployed.items()}
        self._timeouts = {name: each["Timeout"] for name, each in deployed.items()}
        self._as_deployed = True

    def _deployed(self, function):
        return self.functions.get_function_configuration(FunctionName=function)

    def _subscribe(self, topic):
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:reader"
        policy = document(allow("sqs:SendMessage", arn, Principal="*"))
        queue = self.aws.client("sqs").create_queue(QueueName="reader", Attributes={"Policy": policy})["QueueUrl"]
        self.aws.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        return queue

    def clean(self):
        """As it was deployed: no users, no secrets, the template's settings."""
        for secret in self.manager.list_secrets()["SecretList"]:
            self.manager.delete_secret(SecretId=secret["ARN"], ForceDeleteWithoutRecovery=True)
        for user in self.iam.list_users()["Users"]:
            self.delete_user(user["UserName"])
        self._forget_reports()
        if not self._as_deployed:
            self.set_up()
            self._as_deployed = True
        self.alerts()

    def _forget_reports(self):
        """The sweep remembers on its own function what it has reported, and does not report it again."""
        function = self._deployed(self.sweep_name)["FunctionArn"]
        remembered = [key for key in self.functions.list_tags(Resource=function)["Tags"] if ":digests-" in key]
        if remembered:
            self.functions.untag_resource(Resource=function, TagKeys=remembered)

    def delete_user(self, name, iam=None):
        iam = iam or self.iam
        for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
            iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
        for policy in iam.list_user_policies(UserName=name)["PolicyNames"]:
            iam.delete_user_policy(UserName=name, PolicyName=policy)
        for group in iam.list_groups_for_user(UserName=name)["Groups"]:
            iam.remove_user_from_group(UserName=name, GroupName=group["GroupName"])
        iam.delete_user(UserName=name)

    def set_up(self, timeout=None, **settings):
        """Other settings than the template's, for each function those that it knows; the seconds that each may run."""
        own = {"ROTATOR_MODE", "ROTATOR_SCOPE", "ROTATOR_ROTATE_AFTER", "ROTATOR_ROTATION_ROLE_ARN", "ROTATOR_MAX_AGE"}
        for name, before in self._settings.items():
            known = {key: value for key, value in settings.items() if name == self.sweep_name or key not in own}
            self._configure(name, before | known, timeout or self._timeouts[name])

    def _configure(self, function, variables, timeout):
        given = {"Environment": {"Variables": variables}, "Timeout": timeout}
        self.functions.update_function_configuration(FunctionName=function, **given)
        self._as_deployed = False

    def attacker(self, *statements, name="mallory", exempt=False):
        """A user who may do what the statements allow, and nothing else; `exempt`: not due even where all users are."""
        tags = [{"Key": "iam-key-rotator:exempt", "Value": "the attacker"}] if exempt else []
        self.iam.create_user(UserName=name, Tags=tags)
        self.iam.put_user_policy(UserName=name, PolicyName="only", PolicyDocument=document(*statements))
        return self.aws.under(Key.of(self.iam.create_access_key(UserName=name)["AccessKey"]))

    def user(self, name="ci-bot", in_scope=True):
        """An IAM user with a key; answers the key."""
        self.iam.create_user(UserName=name, Tags=[IN_SCOPE] if in_scope else [])
        return self.key(name)

    def key(self, user):
        return self.iam.create_access_key(UserName=user)["AccessKey"]

    def secret(self, name, value, tags=None, policy=None):
        tags = [{"Key": key, "Value": value} for key, value in (tags or {}).items()]
        made = self.manager.create_secret(Name=name, SecretString=json.dumps(value), Tags=tags)
        if policy:
            self.manager.put_resource_policy(SecretId=made["ARN"], ResourcePolicy=policy)
        return made["ARN"]

    def database(self, name="prod/db", policy=None):
        """A secret that has nothing to do with the product."""
        return self.secret(name, {"username": "app", "password": "of the database"}, policy=policy)

    def enrolled(self, user, key, name=None, tagged=True):
        """A secret that holds the user's key and rotates with the deployed function, as `enroll` leaves one."""
        value = {"UserName": user, "AccessKeyId": key["AccessKeyId"], "SecretAccessKey": key["SecretAccessKey"]}
        tags = {"iam-key-rotator:user": user} if tagged else {}
        arn = self.secret(name or f"keys/{user}", value, tags, document(read_by(user)))
        self.manager.rotate_secret(SecretId=arn, RotationLambdaARN=self.rotation, RotateImmediately=False)
        self.label(arn, key["AccessKeyId"])
        return arn

    def label(self, secret, key):
        self.manager.update_secret_version_stage(
            SecretId=secret, VersionStage=key, MoveToVersionId=self.version(secret, "AWSCURRENT")
        )

    def version(self, secret, label):
        stages = self.manager.describe_secret(SecretId=secret)["VersionIdsToStages"]
        return next(version for version, labels in stages.items() if label in labels)

    def sweep(self, event=None, by=None):
        """The deployed sweep's answer, when the rotations that it asked for have ended."""
        function = (by or self.aws).client("lambda")
        answered = function.invoke(FunctionName=self.sweep_name, Payload=json.dumps(event or {}))
        answer = json.load(answered["Payload"])
        assert "FunctionError" not in answered, answer
        self.settle()
        return answer

    def invoke_rotation(self, event, by=None):
        """The answer of the rotation function, or its error."""
        answered = (by or self.aws).client("lambda").invoke(FunctionName=self.rotation, Payload=json.dumps(event))
        return json.load(answered["Payload"])

    def rotate(self, secret, by=None, **parameters):
        """`done`, or the step that failed and its error, as the rotation of a secret ended."""
        (by or self.aws).secretsmanager.rotate_secret(SecretId=secret, **parameters)
        return self.settle()

    def settle(self):
        """How the last rotation ended, when all have."""
        lines = lambda: [line for line in self.aws.log().splitlines() if line.startswith("ROTATION of ")]
        until(lambda: len(started(lines())) == len(ended(lines())), "every rotation has ended")
        return next(iter(ended(lines())[-1:]), None)

    def value(self, secret, **which):
        return json.loads(self.manager.get_secret_value(SecretId=secret, **which)["SecretString"])

    def keys(self, user):
        """The statuses of a user's keys, by id."""
        listed = self.iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
        return {key["AccessKeyId"]: key["Status"] for key in listed}

    def state(self, secret):
        """All that an attack could change about a secret."""
        described = self.manager.describe_secret(SecretId=secret)
        return {
            "value": self.value(secret),
            "policy": self.manager.get_resource_policy(SecretId=secret).get("ResourcePolicy"),
            "function": described.get("RotationLambdaARN"),
            "labels": {version: sorted(labels) for version, labels in described["VersionIdsToStages"].items()},
            "tags": sorted((tag["Key"], tag["Value"]) for tag in described.get("Tags", [])),
        }

    def metric(self, name):
        """The value that a function last gave a metric."""
        values = [json.loads(line) for line in self.aws.log().splitlines() if f'"{name}":' in line and "_aws" in line]
        return values[-1][name]

    def tags(self, secret):
        return {tag["Key"]: tag["Value"] for tag in self.manager.describe_secret(SecretId=secret).get("Tags", [])}

    def alerts(self):
        """The alerts since the last call."""
        queue, bodies = self.aws.client("sqs"), []
        while messages := queue.receive_message(QueueUrl=self._alerts, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                bodies.append(message["Body"])
                queue.delete_message(QueueUrl=self._alerts, ReceiptHandle=message["ReceiptHandle"])
        return bodies


def started(lines):
    return [line for line in lines if line.endswith(" started")]


def ended(lines):
    return [line.partition(" ended: ")[2] for line in lines if " ended: " in line]


def read_by(user):
    """A statement that lets a user read a secret."""
    principal = {"AWS": f"arn:aws:iam::{ACCOUNT}:user/{user}"}
    return allow("secretsmanager:GetSecretValue", "*", Principal=principal)


def tag(by, secret, **tags):
    """Tags whose keys are the product's: `user`, `notices`, `intent`."""
    tags = [{"Key": f"iam-key-rotator:{key}", "Value": value} for key, value in tags.items()]
    by.secretsmanager.tag_resource(SecretId=secret, Tags=tags)


def can_read(by, secret):
    try:
        return bool(by.secretsmanager.get_secret_value(SecretId=secret)["SecretString"])
    except ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDeniedException", error
        return False


def found(answer, kind):
    """The findings of a kind that a sweep answers, without their kind."""
    return [line for line in answer["found"] if f"{kind}" in line]


def a_second_passes():
    """However fast the machine: a key is a second old."""
    time.sleep(1.1)


def new_token():
    return str(uuid.uuid4())
