"""The real functions under the synthesized roles, on stand-ins that enforce IAM.

ministack's CloudFormation deploys the stack, but for three kinds of resources that it cannot make (`deployment.py` says
which and why); two of them are made here by the calls that CloudFormation would make. It then runs the deployed
function and judges each call by the stack's own policies. Its RotateSecret is a stub, so the four steps are played by
`rotation_scene`.

moto is a second judge, of actions alone: it asks its policies about the resource `*`, and takes any condition for a
denial. So it gets the same policies without resources and conditions. Its own engine drives the steps.
"""

import functools
import json
import urllib.request
import uuid

import pytest
from botocore.exceptions import ClientError

from clients import Key, http
from deployment import ACCOUNT, BUCKET, REPOSITORY, Stack, enforcing_ministack, templates
from lambda_function import RotationFunction, environment
from processes import BINARIES
from rotation_scene import ROTATION_TOKEN, USER, Scene
from standins import moto


@functools.cache
def code():
    return {program: (BINARIES / program).read_bytes() for program in ("rotation", "sweep")}


def invoke(aws, function, event):
    """A deployed function, under its role."""
    answered = aws.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
    answer = json.load(answered["Payload"])
    if "FunctionError" in answered:
        raise AssertionError(answer)
    return answer


class Deployed(Scene):
    """The stack's own secret and function, where `Scene` makes some by itself."""

    first = {"UserName": USER}

    def __init__(self, aws, stack):
        self.aws, self.manager, self.stack = aws, aws.secretsmanager, stack
        self.function_arn = stack.outputs["RotationFunctionArn"]
        (secret,) = stack.of_type("AWS::SecretsManager::Secret").values()
        self.arn = self.manager.describe_secret(SecretId=secret["Properties"]["Name"])["ARN"]
        aws.iam.create_user(UserName=USER)
        aws.iam.tag_user(UserName=USER, Tags=[{"Key": "email", "Value": "ci-team@example.com"}])
        # The two resources that ministack cannot make.
        (policy,) = stack.of_type("AWS::SecretsManager::ResourcePolicy").values()
        document = json.dumps(policy["Properties"]["ResourcePolicy"])
        for logical_id in stack.template["Resources"]:
            if logical_id.startswith("RotatorRotationRole"):
                reference = json.dumps({"Fn::GetAtt": [logical_id, "Arn"]})
                document = document.replace(reference, json.dumps(stack.outputs["RotationRoleArn"]))
        self.manager.put_resource_policy(SecretId=self.arn, ResourcePolicy=document)
        (schedule,) = stack.of_type("AWS::SecretsManager::RotationSchedule").values()
        self.manager.rotate_secret(
            SecretId=self.arn,
            RotationLambdaARN=self.function_arn,
            RotationRules=schedule["Properties"]["RotationRules"],
        )

    def enroll(self):
        self.aws.iam.tag_user(UserName=USER, Tags=[{"Key": "iam-key-rotator:rotate", "Value": "true"}])

    def invoke(self, event):
        return invoke(self.aws, self.function_arn, event)

    def rotate(self):
        token = self.stage()
        return self.run(self, token)


@pytest.fixture
def deployed():
    with enforcing_ministack() as aws:
        aws.sesv2.create_email_identity(EmailIdentity="example.com")
        yield Deployed(aws, Stack.synthesized(aws, "standin", "StandIn", code()))


def test_the_deployed_function_rotates_three_times_under_the_synthesized_role(deployed):
    deployed.enroll()
    assert deployed.rotate() == ["done", "nothing-to-do", "done", "done"]
    first = deployed.value()
    assert deployed.key_in(first).sts.get_caller_identity()["Arn"].endswith(f":user/{USER}")
    assert deployed.rotate() == ["done", "nothing-to-do", "done", "done"]
    second = deployed.value()
    assert deployed.statuses() == {first["AccessKeyId"]: "Inactive", second["AccessKeyId"]: "Active"}
    assert deployed.rotate() == ["done", "nothing-to-do", "done", "done"]
    third = deployed.value()
    assert deployed.statuses() == {second["AccessKeyId"]: "Inactive", third["AccessKeyId"]: "Active"}
    # Nothing that the function tried was refused: alerts and mails would have failed in silence.
    assert deployed.aws.refusals() == []
    messages = json.dumps(http(f"{deployed.aws.endpoint}/_ministack/ses/messages"))
    assert "ci-team@example.com" in messages and third["AccessKeyId"] in messages
    assert third["SecretAccessKey"] not in messages + deployed.aws.log()
    assert ROTATION_TOKEN not in deployed.aws.log()


def test_the_secret_is_read_by_its_own_user_and_by_no_administrator(deployed):
    deployed.enroll()
    deployed.rotate()
    value = deployed.value()
    assert deployed.key_in(value).secretsmanager.get_secret_value(SecretId=deployed.arn)["SecretString"]
    iam = deployed.aws.iam
    iam.create_user(UserName="admin")
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_user_policy(UserName="admin", PolicyName="everything", PolicyDocument=json.dumps(everything))
    admin = deployed.aws.under(Key.of(iam.create_access_key(UserName="admin")["AccessKey"]))
    assert admin.iam.list_users()["Users"]
    with pytest.raises(ClientError, match="explicit deny in a resource-based policy"):
        admin.secretsmanager.get_secret_value(SecretId=deployed.arn)


def test_a_user_without_the_tag_is_refused_by_iam_and_the_alert_says_so(deployed):
    arn = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:reader"
    policy = {"Policy": document(["sqs:SendMessage"], Principal="*", Resource=arn)}
    queue = deployed.aws.client("sqs").create_queue(QueueName="reader", Attributes=policy)["QueueUrl"]
    deployed.aws.sns.subscribe(TopicArn=deployed.stack.outputs["AlertTopicArn"], Protocol="sqs", Endpoint=arn)
    with pytest.raises(AssertionError, match="Access to iam:ListAccessKeys was denied"):
        deployed.rotate()
    assert deployed.value() == deployed.first and deployed.statuses() == {}
    refused = deployed.aws.refusals()
    assert any(line.startswith(f"REFUSED iam:ListAccessKeys on arn:aws:iam::{ACCOUNT}:user/{USER}") for line in refused)
    assert all(line.startswith("REFUSED iam:List") for line in refused)
    (message,) = deployed.aws.client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"]
    assert "AccessDenied" in message["Body"] and "iam:ListAccessKeys" in message["Body"]


@pytest.mark.parametrize("function", [None, f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:another"])
def test_a_secret_that_does_not_name_the_function_is_closed_to_it_whatever_its_tag_says(deployed, function):
    deployed.enroll()
    tags = [{"Key": "iam-key-rotator:user", "Value": USER}]
    other = deployed.manager.create_secret(Name="database", SecretString="{}", Tags=tags)["ARN"]
    if function:
        deployed.manager.rotate_secret(
            SecretId=other, RotationLambdaARN=function, RotationRules={"AutomaticallyAfterDays": 30}
        )
    event = deployed.event("createSecret", str(uuid.uuid4())) | {"SecretId": other}
    with pytest.raises(AssertionError, match="Access to secretsmanager:[A-Za-z]+ was denied"):
        deployed.invoke(event)
    assert deployed.statuses() == {}


def test_the_deployed_sweep_enrolls_a_user_under_its_role_and_is_refused_nothing(deployed):
    iam, manager = deployed.aws.iam, deployed.manager
    iam.create_user(UserName="legacy")
    key = iam.create_access_key(UserName="legacy")["AccessKey"]["AccessKeyId"]
    name = deployed.stack.outputs["SweepFunctionName"]
    swept = invoke(deployed.aws, name, {})
    assert (swept["mode"], swept["outcome"], swept["failures"], swept["users"]["total"]) == ("enforce", "done", 0, 2)
    assert invoke(deployed.aws, name, {"action": "create", "username": "legacy"})["outcome"] == "done"
    made = manager.describe_secret(SecretId="iam-key/legacy")
    assert {"Key": "iam-key-rotator:user", "Value": "legacy"} in made["Tags"]
    (labels,) = made["VersionIdsToStages"].values()
    assert {"AWSCURRENT", key} == set(labels)
    policy = manager.get_resource_policy(SecretId="iam-key/legacy")["ResourcePolicy"]
    assert f"arn:aws:iam::{ACCOUNT}:user/legacy" in policy
    assert deployed.aws.refusals() == []


def test_the_released_template_deploys_with_its_defaults_and_the_functions_can_read_every_one_of_them():
    released = json.loads((REPOSITORY / "cdk" / "templates" / "iam-key-rotator.template.json").read_text())
    with enforcing_ministack() as aws:
        stack = Stack(aws, "iam-key-rotator", released, code(), CodeBucket=BUCKET)
        # A setting that a function could not read would be named before it looked at the event.
        with pytest.raises(AssertionError, match="InvalidEvent"):
            invoke(aws, stack.outputs["RotationFunctionArn"], {})
        assert invoke(aws, stack.outputs["SweepFunctionName"], {})["mode"] == "retire"
        assert aws.refusals() == []


def switch_moto(aws, unchecked):
    """From now on that many calls pass without being judged."""
    url = f"{aws.endpoint}/moto-api/reset-auth"
    request = urllib.request.Request(url, str(unchecked).encode(), {"content-type": "text/plain"})
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60).read()


def actions_of(template, role):
    """What the policies of a role allow, by policy, without resources and conditions, which moto cannot judge by."""
    allowed = {}
    for logical_id, resource in template["Resources"].items():
        if resource["Type"] == "AWS::IAM::Policy" and resource["Properties"]["Roles"][0]["Ref"].startswith(role):
            statements = resource["Properties"]["PolicyDocument"]["Statement"]
            allowed[logical_id] = [statement["Action"] for statement in statements if statement["Effect"] == "Allow"]
    return allowed


def document(actions, **who):
    statements = [{"Effect": "Allow", "Action": action, "Resource": "*"} | who for action in actions]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


class EndedByFailure(RotationFunction):
    """AWS ends a rotation when a step fails. moto calls the other steps too, and each would wait 15 seconds for a key."""

    def _outcome(self, event):
        failed = self.outcomes and self.outcomes[-1]["failed"]
        return self.outcomes[-1] if failed else super()._outcome(event)


@pytest.mark.parametrize("lacking", [None, "iam:CreateAccessKey", "secretsmanager:PutSecretValue"])
def test_moto_too_finds_every_action_of_a_rotation_in_the_synthesized_role(lacking):
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:rotation"
    with EndedByFailure(arn) as function, moto(function.url) as aws:
        scene = Scene(aws)
        role = aws.iam.create_role(RoleName="rotation", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        for name, actions in actions_of(templates()["standin.StandIn"], "RotatorRotationRole").items():
            granted = [action for each in actions for action in ([each] if isinstance(each, str) else each)]
            kept = [action for action in granted if action != lacking]
            aws.iam.put_role_policy(RoleName="rotation", PolicyName=name, PolicyDocument=document(kept))
        code = {"Runtime": "provided.al2023", "Handler": "bootstrap", "Code": {"ZipFile": b"none"}}
        aws.client("lambda").create_function(FunctionName="rotation", Role=role, **code)
        session = aws.sts.assume_role(RoleArn=role, RoleSessionName="rotation")["Credentials"]
        settings = {
            "ROTATOR_OVERLAP": "0",
            "ROTATOR_ALERT_TOPIC_ARN": aws.sns.create_topic(Name="alerts")["TopicArn"],
            "ROTATOR_EMAIL_FROM": "keys@example.com",
            "ROTATOR_ADMIN_EMAIL": "ops@example.com",
        }
        aws.sesv2.create_email_identity(EmailIdentity="keys@example.com")
        function.start(environment(aws.endpoint, Key.of(session), **settings))
        # The call that starts the rotation is ours, and passes; what follows within it is the function's.
        switch_moto(aws, unchecked=1)
        scene.manager.rotate_secret(
            SecretId=scene.arn, RotationLambdaARN=arn, RotationRules={"AutomaticallyAfterDays": 30}
        )
        switch_moto(aws, unchecked="inf")
        failed = [outcome["answer"]["errorMessage"] for outcome in function.outcomes if outcome["failed"]]
        if lacking:
            # moto words its refusal in XML that is not IAM's, so it is not known for one; the action is. That moto
            # then goes on with the steps, and moves labels, is a fault of its own.
            assert failed[0].startswith(f"{lacking} failed")
        else:
            assert failed == [] and '"level":"ERROR"' not in function.log()
            assert scene.value()["AccessKeyId"] != scene.first["AccessKeyId"]
