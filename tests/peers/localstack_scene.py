"""Templates that LocalStack deploys as they are, and secrets that its own RotateSecret rotates."""

import copy
import functools
import io
import json
import zipfile

from clients import Aws, Key
from deployment import zipped
from processes import BINARIES, until

REGION = "eu-west-1"
IN_SCOPE = {"Key": "iam-key-rotator:rotate", "Value": "true"}
# What `cdk deploy` reads to learn that the account was bootstrapped.
BOOTSTRAPPED = {"Name": "/cdk-bootstrap/hnb659fds/version", "Value": "30", "Type": "String"}


@functools.cache
def packed(program):
    return zipped((BINARIES / program).read_bytes())


def python_function(functions, name, role, source, **more):
    """The ARN of a function that LocalStack runs: the source's `handler`."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("function.py", source)
    made = functions.create_function(
        FunctionName=name,
        Role=role,
        Runtime="python3.13",
        Handler="function.handler",
        Code={"ZipFile": code.getvalue()},
        **more,
    )
    state = lambda: functions.get_function_configuration(FunctionName=name)["State"]
    until(lambda: state() == "Active", f"{name} can be invoked")
    return made["FunctionArn"]


class Account:
    """An account of LocalStack, where a bucket holds the code of both functions."""

    def __init__(self, server, number):
        self.number = number
        # To LocalStack, twelve digits as key id are the root user of that account.
        self.aws = Aws(server.endpoint, Key(number, "test"))
        self.log = server.log
        self.iam, self.manager, self.stacks = self.aws.iam, self.aws.secretsmanager, self.aws.client("cloudformation")
        self.functions, self.store = self.aws.client("lambda"), self.aws.client("s3")
        # Where CDK looks for code; the released template takes any bucket.
        self.bucket = f"cdk-hnb659fds-assets-{number}-{REGION}"
        self.store.create_bucket(Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.aws.client("ssm").put_parameter(**BOOTSTRAPPED)

    def put_code(self, prefix, suffix):
        for program in ("rotation", "sweep"):
            self.store.put_object(Bucket=self.bucket, Key=f"{prefix}{program}{suffix}.zip", Body=packed(program))

    def user(self, name, *tags):
        """A user with a key."""
        self.iam.create_user(UserName=name, Tags=list(tags))
        return self.iam.create_access_key(UserName=name)["AccessKey"]

    def secret(self, key, **tags):
        """A secret with a user's key, and a field that is none of the rotator's business."""
        value = {name: key[name] for name in ("UserName", "AccessKeyId", "SecretAccessKey")} | {"Bucket": "builds"}
        tags = {"user": key["UserName"]} | tags
        made = self.manager.create_secret(
            Name=f"keys/{key['UserName']}",
            SecretString=json.dumps(value),
            Tags=[{"Key": f"iam-key-rotator:{name}", "Value": tag} for name, tag in tags.items()],
        )
        return made["ARN"]

    def value(self, secret):
        return json.loads(self.manager.get_secret_value(SecretId=secret)["SecretString"])

    def labels(self, secret):
        """Those of every version, sorted."""
        described = self.manager.describe_secret(SecretId=secret)
        return sorted(sorted(labels) for labels in described["VersionIdsToStages"].values())

    def keys(self, user):
        """The statuses of a user's keys, by id."""
        listed = self.iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
        return {key["AccessKeyId"]: key["Status"] for key in listed}


class Alerts:
    """Reads alert topics by a queue."""

    def __init__(self, server):
        self._log, self._received = server.log, 0
        self._queues, self._topics = server.client("sqs"), server.client("sns")
        self._queue = self._queues.create_queue(QueueName="reader")["QueueUrl"]
        described = self._queues.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])
        self._arn = described["Attributes"]["QueueArn"]

    def subscribe(self, stack):
        self._topics.subscribe(TopicArn=stack.outputs["AlertTopicArn"], Protocol="sqs", Endpoint=self._arn)

    def new(self):
        """Subjects and texts since the last call. LocalStack delivers some time after Publish has answered."""
        found, published = [], self._log().count("AWS sns.Publish => 200")

        def all_delivered():
            received = self._queues.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10)
            for message in received.get("Messages", []):
                alert = json.loads(message["Body"])
                # Alarms come to the same topic, by another way than Publish.
                if not alert["Subject"].startswith(("ALARM: ", "OK: ")):
                    found.append((alert["Subject"], alert["Message"]))
                self._queues.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
            return self._received + len(found) == published

        until(all_delivered, "every alert is delivered")
        self._received = published
        return found


class Stack:
    """A template, deployed. A stack of the same name is updated."""

    def __init__(self, account, name, template, **parameters):
        self.account, self.name, self.template = account, name, template
        # As everybody does whose template has more than 51,200 bytes.
        account.store.put_object(Bucket=account.bucket, Key=f"{name}.json", Body=json.dumps(template))
        existing = [stack["StackName"] for stack in account.stacks.describe_stacks()["Stacks"]]
        put = account.stacks.update_stack if name in existing else account.stacks.create_stack
        self.id = put(
            StackName=name,
            TemplateURL=f"{account.aws.endpoint}/{account.bucket}/{name}.json",
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        )["StackId"]
        self.status = self._settled()
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in self._described().get("Outputs", [])}

    @classmethod
    def synthesized(cls, account, name, template):
        """Both functions have the same placeholder as code, which is replaced."""
        template = copy.deepcopy(template)
        for logical_id, resource in template["Resources"].items():
            if resource["Type"] == "AWS::Lambda::Function":
                resource["Properties"]["Code"]["S3Key"] = f"{'rotation' if 'Rotation' in logical_id else 'sweep'}.zip"
        return cls(account, name, template)

    def _described(self):
        return self.account.stacks.describe_stacks(StackName=self.id)["Stacks"][0]

    def _settled(self):
        until(lambda: not self._described()["StackStatus"].endswith("IN_PROGRESS"), f"{self.name} is deployed")
        return self._described()["StackStatus"]

    def delete(self):
        self.account.stacks.delete_stack(StackName=self.name)
        self.status = self._settled()

    def resources(self):
        """By logical id."""
        listed = self.account.stacks.describe_stack_resources(StackName=self.name)["StackResources"]
        return {resource["LogicalResourceId"]: resource for resource in listed}

    def made(self, kind):
        """The physical ids of the resources of a type."""
        return [each["PhysicalResourceId"] for each in self.resources().values() if each["ResourceType"] == kind]

    def rotate(self, secret):
        """RotateSecret answers when the last step has ended, and does not say whether one failed."""
        # LocalStack turns rotation on for rules in days only.
        rules = {"AutomaticallyAfterDays": 90}
        function = self.outputs["RotationFunctionArn"]
        self.account.manager.rotate_secret(SecretId=secret, RotationLambdaARN=function, RotationRules=rules)

    def sweep(self):
        """The answer of the deployed sweep to the event of its schedule."""
        (schedule,) = self.made("AWS::Scheduler::Schedule")
        target = self.account.aws.client("scheduler").get_schedule(Name=schedule)["Target"]
        answered = self.account.functions.invoke(FunctionName=target["Arn"], Payload=target["Input"])
        answer = json.load(answered["Payload"])
        assert "FunctionError" not in answered, answer
        return answer
