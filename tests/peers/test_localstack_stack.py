"""The default stack and the released template, deployed by LocalStack with nothing left out, and rotating.

LocalStack's CloudFormation makes every resource, updates and deletes the stacks, and its own RotateSecret drives the
deployed function through the four steps.

What this cannot show (LocalStack 2026.3.0; the last two tests show each):
- whether a key works: every key id passes, with any secret;
- permissions: none is checked, so a rotation that AWS would refuse works here;
- rotation by schedule or at deployment: a RotationSchedule sets no function and starts nothing, and RotateSecret turns
  rotation on for a number of days only, not for an expression;
- RotateImmediately=false: it is answered by an InternalError;
- the dashboard, whose type is unknown and counts as made; alarms on expressions, which are not evaluated; and the log
  groups that the template names, which get nothing;
- a template that joins a CommaDelimitedList: it can neither be updated nor deleted. Ours has none.

LocalStack has no SESv2, and its events have the secret's name as SecretId, and no RotationToken: test_conformance.py.
"""

import json

import pytest
from botocore.exceptions import ClientError

from clients import Key
from deployment import REPOSITORY, templates
from localstack_scene import IN_SCOPE, REGION, Account, Alerts, Stack, python_function
from processes import until
from standins import localstack

RELEASED = json.loads((REPOSITORY / "cdk" / "templates" / "iam-key-rotator.template.json").read_text())
EXPOSED = json.loads((REPOSITORY / "cdk" / "templates" / "iam-key-rotator-exposed-keys.template.json").read_text())
# The synthesized templates are of the first account.
SYNTHESIZED_ACCOUNT, RELEASED_ACCOUNT = "111122223333", "444455556666"


@pytest.fixture(scope="module")
def server():
    with localstack() as aws:
        yield aws


@pytest.fixture(scope="module")
def alerts(server):
    return Alerts(server)


@pytest.fixture(scope="module")
def released(server, alerts):
    account = Account(server, RELEASED_ACCOUNT)
    prefix, architecture = (RELEASED["Parameters"][name]["Default"] for name in ("CodePrefix", "Architecture"))
    account.put_code(prefix, f"-{architecture}")
    stack = Stack(account, "released", RELEASED, CodeBucket=account.bucket)
    alerts.subscribe(stack)
    return stack


@pytest.fixture(scope="module")
def synthesized(server, alerts):
    account = Account(server, SYNTHESIZED_ACCOUNT)
    account.put_code("", "")
    stack = Stack.synthesized(account, "IamKeyRotator", templates()["least.IamKeyRotator"])
    alerts.subscribe(stack)
    return stack


def rotated_three_times(stack, user, secret, earlier):
    """Each key is new and works, and the fields that are not the key's stay. Answers every value there was."""
    account, values = stack.account, [earlier]
    for _ in range(3):
        stack.rotate(secret)
        value, before = account.value(secret), values[-1]
        key_fields = {"AccessKeyId", "SecretAccessKey"}
        assert value.keys() - key_fields == before.keys() - key_fields
        assert all(value[name] == before[name] for name in before.keys() - key_fields)
        assert all(value[name] not in [each.get(name) for each in values] for name in key_fields)
        caller = account.aws.under(Key.of(value)).sts.get_caller_identity()
        assert caller["Arn"] == f"arn:aws:iam::{account.number}:user/{user}"
        held = [each["AccessKeyId"] for each in (before, value) if "AccessKeyId" in each]
        assert account.keys(user) == {key: "Active" for key in held}
        previous = ["AWSPREVIOUS"] if len(held) == 1 else [held[0], "AWSPREVIOUS"]
        assert account.labels(secret) == sorted([[held[-1], "AWSCURRENT"], previous])
        if len(held) == 2:
            # As an operator does who cannot wait for the overlap to end: the next rotation needs the place.
            account.iam.update_access_key(UserName=user, AccessKeyId=held[0], Status="Inactive")
        values.append(value)
    return values


def test_the_released_template_is_deployed_whole_and_rotates_three_times(released, alerts):
    assert released.status == "CREATE_COMPLETE"
    made = released.resources()
    assert {each["ResourceStatus"] for each in made.values()} == {"CREATE_COMPLETE"}
    # By default nothing is mailed, enforced, created or replicated.
    absent = {each.get("Condition") for name, each in RELEASED["Resources"].items() if name not in made}
    assert absent == {"HasAlertEmail", "HasEmailFrom", "Rotates", "Creates", "Replicates"}
    key = released.account.user("alice", IN_SCOPE)
    secret = released.account.secret(key)
    values = rotated_three_times(released, "alice", secret, released.account.value(secret))
    assert alerts.new() == []
    assert not [value["SecretAccessKey"] for value in values if value["SecretAccessKey"] in released.account.log()]


def test_the_default_stack_is_deployed_whole_and_rotates_its_own_secret_three_times(synthesized, alerts):
    assert synthesized.status == "CREATE_COMPLETE"
    made = synthesized.resources()
    assert {each["ResourceStatus"] for each in made.values()} == {"CREATE_COMPLETE"}
    assert made.keys() == synthesized.template["Resources"].keys()
    # A user without a key: the first rotation makes one.
    synthesized.account.iam.create_user(UserName="ci-bot", Tags=[IN_SCOPE])
    values = rotated_three_times(synthesized, "ci-bot", "iam-key/ci-bot", {"UserName": "ci-bot"})
    assert alerts.new() == []
    assert not [each for each in values[1:] if each["SecretAccessKey"] in synthesized.account.log()]


def test_a_rotation_that_fails_changes_nothing_and_alerts_and_the_next_one_resumes_it(released, alerts):
    account = released.account
    old = account.user("bob", IN_SCOPE)
    secret = account.secret(old)
    released.rotate(secret)
    before = account.value(secret), account.keys("bob")
    # The overlap has not ended: the old key's place is not free.
    released.rotate(secret)
    assert (account.value(secret), account.keys("bob")) == before
    ((subject, text),) = alerts.new()
    assert subject == "Key rotation failed: KeyLimit in createSecret"
    assert old["AccessKeyId"] in text and "Nothing was touched" in text
    account.iam.update_access_key(UserName="bob", AccessKeyId=old["AccessKeyId"], Status="Inactive")
    released.rotate(secret)
    new = account.value(secret)["AccessKeyId"]
    assert account.keys("bob") == {before[0]["AccessKeyId"]: "Active", new: "Active"}
    assert account.labels(secret) == sorted([[new, "AWSCURRENT"], [before[0]["AccessKeyId"], "AWSPREVIOUS"]])
    assert alerts.new() == []


def test_the_deployed_sweep_retires_by_its_schedules_event_what_a_rotation_superseded(released, alerts):
    account = released.account
    waiting, over = account.user("carol", IN_SCOPE), account.user("dave", IN_SCOPE)
    still = account.secret(waiting)
    # Nobody waits for a day here: the rotation deactivates this key, and the sweep may delete it a second later.
    ended = account.secret(over, overlap="0", recovery="1s")
    released.rotate(still), released.rotate(ended)
    new = {user: account.value(secret)["AccessKeyId"] for user, secret in (("carol", still), ("dave", ended))}
    assert account.keys("dave") == {over["AccessKeyId"]: "Inactive", new["dave"]: "Active"}
    answers = []

    def deleted():
        answers.append(released.sweep())
        return account.keys("dave") == {new["dave"]: "Active"}

    until(deleted, "the superseded key is deleted")
    assert account.keys("carol") == {waiting["AccessKeyId"]: "Active", new["carol"]: "Active"}
    assert {(each["mode"], each["outcome"], each["failures"]) for each in answers} == {("retire", "done", 0)}
    assert [each["actions"] for each in answers if each["actions"]] == [{"delete": 1, "remove-label": 1}]
    told = dict(alerts.new())
    assert all(subject.startswith(f"Key sweep of account {account.number}: ") for subject in told)
    done = told[f"Key sweep of account {account.number}: 2 actions, 0 findings"]
    assert f"dave: delete key {over['AccessKeyId']}" in done
    assert waiting["AccessKeyId"] not in str(told)


def sample(name, key, user):
    text = (REPOSITORY / "docs" / "samples" / f"exposed-key-{name}.json").read_text()
    for example, real in {"AKIAIOSFODNN7EXAMPLE": key, '"ci-bot"': f'"{user}"', "111122223333": RELEASED_ACCOUNT}.items():
        text = text.replace(example, real)
    return json.loads(text)


def test_reports_of_exposed_keys_reach_the_sweep_by_the_rules_of_their_own_template(released, alerts):
    account = released.account
    events = account.aws.client("events")
    sweep = released.outputs["SweepFunctionName"]
    rules = Stack(account, "exposed", EXPOSED, HomeRegion=REGION, SweepFunctionName=sweep)
    assert rules.status == "CREATE_COMPLETE"
    secret = account.secret(account.user("olga", IN_SCOPE))
    released.rotate(secret)
    keys, key = account.keys("olga"), account.value(secret)
    others = [
        {"Source": "eve", "DetailType": "AWS Health Event", "Detail": "{}"},
        {"Source": "aws.health", "DetailType": "AWS Health Event", "Detail": json.dumps({"eventTypeCode": "AWS_EC2_ISSUE"})},
        {"Source": "aws.guardduty", "DetailType": "GuardDuty Finding", "Detail": json.dumps({"severity": 8, "type": "Recon:EC2/Portscan"})},
    ]
    reports = [sample(name, key["AccessKeyId"], "olga") for name in ("health", "guardduty", "attack-sequence")]
    # What PutEvents of AWS would refuse: its sources are AWS's own.
    put = [{"Source": each["source"], "DetailType": each["detail-type"], "Detail": json.dumps(each["detail"])} for each in reports]
    assert events.put_events(Entries=others)["FailedEntryCount"] == 0
    published = lambda: account.log().count("AWS sns.Publish => 200")
    for each, source in zip(put, ("AWS Health: AWS_RISK_CREDENTIALS_EXPOSED", "GuardDuty: CredentialAccess:", "GuardDuty: AttackSequence:")):
        before = published()
        assert events.put_events(Entries=[each])["FailedEntryCount"] == 0
        until(lambda: published() > before, "the sweep alerts")
        ((subject, text),) = alerts.new()
        assert subject == "Exposed access key STILL ACTIVE, act now: olga"
        assert source in text and key["AccessKeyId"] in text
    assert account.keys("olga") == keys
    rules.delete()
    assert rules.status == "DELETE_COMPLETE"


def test_an_update_takes_the_overlap_away_and_a_deletion_leaves_what_belongs_to_others(released):
    """Last of the released template's: it deletes the stack."""
    account = released.account
    none = {"Overlap": "0", "Recovery": "0"}
    updated = Stack(account, "released", RELEASED, CodeBucket=account.bucket, **none)
    assert (updated.status, updated.outputs) == ("UPDATE_COMPLETE", released.outputs)
    secret = account.secret(account.user("erin", IN_SCOPE))
    updated.rotate(secret)
    # The superseded key is gone at once.
    kept = {account.value(secret)["AccessKeyId"]: "Active"}
    assert account.keys("erin") == kept
    logs = updated.made("AWS::Logs::LogGroup")
    updated.delete()
    assert updated.status == "DELETE_COMPLETE"
    assert remaining(account) == []
    # The two that the template retains, and those that LocalStack made by itself.
    groups = {group["logGroupName"] for group in account.aws.client("logs").describe_log_groups()["logGroups"]}
    assert {name for name in groups if not name.startswith("/aws/lambda/")} == set(logs)
    assert account.keys("erin") == kept and account.value(secret)["Bucket"] == "builds"


def remaining(account):
    """What there is in the account of what a stack makes, but logs."""
    client = account.aws.client
    return [
        *account.functions.list_functions()["Functions"],
        *account.iam.list_roles()["Roles"],
        *account.iam.list_policies(Scope="Local")["Policies"],
        *account.aws.sns.list_topics()["Topics"],
        *client("scheduler").list_schedules()["Schedules"],
        *client("events").list_rules()["Rules"],
        *client("cloudwatch").describe_alarms()["MetricAlarms"],
        *client("sqs").list_queues().get("QueueUrls", []),
    ]


TROUBLE = """
import os, time

def handler(event, context):
    print("asked for", event["do"])
    if event["do"] == "crash":
        os._exit(3)
    if event["do"] == "hang":
        time.sleep(600)
    return os.getpid()
"""


def test_a_function_that_crashes_or_hangs_fails_its_invocation_and_the_next_one_gets_a_new_process(synthesized):
    functions = synthesized.account.functions
    python_function(functions, "trouble", synthesized.outputs["RotationRoleArn"], TROUBLE, Timeout=1)

    def invoked(do):
        answered = functions.invoke(FunctionName="trouble", Payload=json.dumps({"do": do}))
        answer = json.load(answered["Payload"])
        return answer["errorType"] if "FunctionError" in answered else answer

    first = invoked("nothing")
    assert invoked("nothing") == first
    assert invoked("crash") == "Runtime.ExitError"
    second = invoked("nothing")
    assert invoked("hang") == "Sandbox.Timedout"
    assert len({first, second, invoked("nothing")}) == 3
    assert "[trouble] asked for hang" in synthesized.account.log()


def test_what_localstack_cannot_show(synthesized):
    account = synthesized.account
    # Another secret than that of the key, and a key that is not there.
    key = account.user("frank")
    for wrong in (Key(key["AccessKeyId"], "x" * 40), Key("AKIAAAAAAAAAAAAAAAAA", "x" * 40)):
        assert account.aws.under(wrong).sts.get_caller_identity()["Arn"]
    # The role's policy asks for a tag that this user has not.
    secret = account.secret(key)
    synthesized.rotate(secret)
    assert account.value(secret)["AccessKeyId"] != key["AccessKeyId"]
    # A secret with a RotationSchedule, and a user without a key.
    assert "RotationLambdaARN" not in account.manager.describe_secret(SecretId="iam-key/smtp")
    function, rules = synthesized.outputs["RotationFunctionArn"], {"ScheduleExpression": "rate(90 days)"}
    rotate = {"SecretId": "iam-key/smtp", "RotationLambdaARN": function, "RotationRules": rules}
    with pytest.raises(ClientError, match="InternalError"):
        account.manager.rotate_secret(**rotate, RotateImmediately=False)
    assert "RotationEnabled" not in account.manager.describe_secret(SecretId="iam-key/smtp")
    assert account.value("iam-key/smtp") == {"UserName": "smtp"}
    reasons = {each["ResourceType"]: each.get("ResourceStatusReason") for each in synthesized.resources().values()}
    assert [kind for kind, reason in reasons.items() if reason] == ["AWS::CloudWatch::Dashboard"]
    assert "alarm state will not be evaluated" in account.log()
    logs, own = account.aws.client("logs"), f"/aws/lambda/{function.rsplit(':', 1)[1]}"
    groups = lambda: [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    until(lambda: own in groups(), "what the function printed is logged")
    events = [logs.filter_log_events(logGroupName=name)["events"] for name in synthesized.made("AWS::Logs::LogGroup")]
    assert events == [[], []]


def test_a_stack_that_joins_a_list_parameter_can_be_created_and_neither_updated_nor_deleted(synthesized):
    name = {"Fn::Join": ["-", {"Ref": "Parts"}]}
    template = {
        "Parameters": {"Parts": {"Type": "CommaDelimitedList", "Default": "a,b"}},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": name}}},
    }
    joining = Stack(synthesized.account, "joining", template)
    assert joining.status == "CREATE_COMPLETE"
    with pytest.raises(ClientError, match="InternalError"):
        Stack(synthesized.account, "joining", template, Parts="a,c")
    with pytest.raises(ClientError, match="InternalError"):
        joining.delete()
