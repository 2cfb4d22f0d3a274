"""Makes the things of a run: each is noted first, named and tagged as ours, and used only once AWS knows it."""

import io
import json
import uuid
import zipfile
from pathlib import Path

from names import PATH
from waiting import patiently, until

# AWS knows a role, and what it may do, some seconds after it was made.
NEW_ROLE = ("InvalidParameterValueException", "InvalidParameterValue", "AccessDenied", "AccessDeniedException")


# What was made a moment ago is not known everywhere yet.
NEW_USER, NEW_BUCKET = ("NoSuchEntity", "NoSuchEntityException"), ("NoSuchBucket",)
# A stack of 40 resources takes some three minutes on AWS.
STACK_SECONDS = 900
TEMPLATE_KEY = "template.json"


class Failed(Exception):
    """Something that the run needs did not come about."""


class Maker:
    def __init__(self, place, notes, progress, patience):
        self.place, self.progress, self.patience = place, progress, patience
        self._note = notes.note

    def _noted(self, kind, what):
        name = self.place.names.of(what)
        self._note(kind, name)
        self.progress.step(f"creating {kind} {name}")
        return name

    def user(self, what, tags=()):
        name = self._noted("user", what)
        made = {"UserName": name, "Path": PATH, "Tags": [*self.place.names.tags(), *tags]}
        self.place.client("iam").create_user(**made)
        return name

    def key(self, user):
        client = self.place.once("iam")
        create = lambda: client.create_access_key(UserName=user)["AccessKey"]
        return patiently(create, NEW_USER, self.patience, self.place.poll())

    def secret(self, what, value, tags=()):
        name = self._noted("secret", what)
        tags = [*self.place.names.tags(), *tags]
        return self.place.client("secretsmanager").create_secret(Name=name, SecretString=value, Tags=tags)["ARN"]

    def role(self, what, principal, *statements):
        """With an inline policy."""
        name, client = self._noted("role", what), self.place.client("iam")
        trust = statement("sts:AssumeRole", None, Principal=principal)
        made = {"RoleName": name, "AssumeRolePolicyDocument": document(trust), "Tags": self.place.names.tags()}
        # The principal may be as new.
        create = lambda: client.create_role(**made)["Role"]["Arn"]
        arn = patiently(create, ("MalformedPolicyDocument",), self.patience, self.place.poll())
        policy = {"RoleName": name, "PolicyName": "only", "PolicyDocument": document(*statements)}
        patiently(lambda: client.put_role_policy(**policy), NEW_USER, self.patience, self.place.poll())
        return arn

    def queue(self, what, *statements):
        """Its URL and ARN. The statements say who else may send to it."""
        name, client = self._noted("queue", what), self.place.client("sqs")
        arn = self.place.arn("sqs", name)
        filled = [each | {"Resource": arn} for each in statements]
        attributes = {"Policy": document(*filled)} if filled else {}
        url = client.create_queue(QueueName=name, Attributes=attributes, tags=self.place.names.tag_map())["QueueUrl"]
        return url, arn

    def subscription(self, topic, queue_arn):
        # Known by the queue's name, so it needs no name of its own.
        self.progress.step(f"subscribing the queue to {topic.rsplit(':', 1)[-1]}")
        given = {"Protocol": "sqs", "Endpoint": queue_arn, "ReturnSubscriptionArn": True}
        return self.place.client("sns").subscribe(TopicArn=topic, **given)["SubscriptionArn"]

    def function(self, what, source, role, **variables):
        """A Python function that Secrets Manager may invoke, once it is active."""
        name, client = self._noted("function", what), self.place.client("lambda")
        made = dict(
            FunctionName=name,
            Role=role,
            Runtime="python3.13",
            Handler=f"{source.stem}.handler",
            Code={"ZipFile": zipped(source)},
            Timeout=60,
            Environment={"Variables": variables},
            Tags=self.place.names.tag_map(),
        )
        wait = self.patience, self.place.poll()
        arn = patiently(lambda: client.create_function(**made), NEW_ROLE, *wait)["FunctionArn"]
        self._await_function(name)
        self._allow_secrets_manager(name)
        return arn

    def _await_function(self, name):
        # A function that is a moment old may not be found.
        read = lambda: self.place.client("lambda").get_function_configuration(FunctionName=name)
        asked = lambda: patiently(read, ("ResourceNotFoundException",), self.patience, self.place.poll())
        found = until(lambda: settled(asked()), self.patience, self.place.poll())
        if not found or found.get("State", "Active") != "Active":
            why = (found or {}).get("StateReason", "it does not become active")
            raise Failed(f"the function {name} cannot be used: {why}")

    def _allow_secrets_manager(self, name):
        client = self.place.client("lambda")
        try:
            client.add_permission(
                FunctionName=name,
                StatementId="secretsmanager",
                Action="lambda:InvokeFunction",
                Principal="secretsmanager.amazonaws.com",
                SourceAccount=self.place.account,
            )
        except client.exceptions.ResourceConflictException:
            # A call whose answer was lost is made again.
            pass

    def bucket(self, what):
        name, client = self._noted("bucket", f"{what}-{self.place.account}"), self.place.client("s3")
        # S3's first region is not a constraint.
        elsewhere = {"CreateBucketConfiguration": {"LocationConstraint": self.place.region}}
        client.create_bucket(Bucket=name, **({} if self.place.region == "us-east-1" else elsewhere))
        tagging = {"TagSet": self.place.names.tags()}
        tag = lambda: client.put_bucket_tagging(Bucket=name, Tagging=tagging)
        patiently(tag, NEW_BUCKET, self.patience, self.place.poll())
        return name

    def stack(self, what, bucket, template, **parameters):
        """The outputs of a stack that is complete; an error with the first failure otherwise."""
        # A template in the call itself may have 51,200 bytes at most:
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
        storage = self.place.client("s3")
        storage.put_object(Bucket=bucket, Key=TEMPLATE_KEY, Body=template.encode())
        name, client = self._noted("stack", what), self.place.client("cloudformation")
        client.create_stack(
            StackName=name,
            TemplateURL=f"{storage.meta.endpoint_url}/{bucket}/{TEMPLATE_KEY}",
            Capabilities=["CAPABILITY_IAM"],
            OnFailure="DO_NOTHING",
            Tags=self.place.names.tags(),
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            ClientRequestToken=str(uuid.uuid4()),
        )
        described = lambda: client.describe_stacks(StackName=name)["Stacks"][0]
        until(lambda: described()["StackStatus"] != "CREATE_IN_PROGRESS", STACK_SECONDS, self.place.poll())
        made = described()
        if made["StackStatus"] != "CREATE_COMPLETE":
            raise Failed(f"the stack is {made['StackStatus']}: {first_failure(client, name)}")
        return name, {output["OutputKey"]: output["OutputValue"] for output in made.get("Outputs", [])}


def settled(function):
    """It, unless it is still being made."""
    return None if function.get("State") == "Pending" else function


def first_failure(client, name):
    events = client.describe_stack_events(StackName=name)["StackEvents"]
    failed = [each for each in events if each["ResourceStatus"].endswith("_FAILED")]
    reasons = [f"{each['LogicalResourceId']}: {each.get('ResourceStatusReason')}" for each in failed]
    # The newest event comes first.
    return reasons[-1] if reasons else "no reason given"


def statement(actions, resource, **more):
    given = {"Effect": "Allow", "Action": actions} | more
    return given if resource is None else given | {"Resource": resource}


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def zipped(source: Path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        # Lambda runs it as another user than the one who packed it.
        entry = zipfile.ZipInfo(source.name)
        entry.external_attr = 0o100644 << 16
        archive.writestr(entry, source.read_text())
    return packed.getvalue()
