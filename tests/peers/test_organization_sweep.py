"""The real sweep in the organization's real state machine, on ministack, under the synthesized roles.

The definition and the policies are those of the app, deployed by CloudFormation. Of three accounts that are listed one
has the member roles, one has none, and one is suspended. `test_organization_machine` plays the sweep instead, and so
sees every event; here it is shown that the two fit together.

What is changed of the template: the accounts it names, since ministack gives accounts numbers of its own choice.
"""

import json

from clients import Key
from deployment import ACCOUNT, Stack, enforcing_ministack, templates
from processes import BINARIES, until

MEMBER = "444455556666"
ROLES = "/security/"
EXTERNAL_ID = "iam-key-rotator-example"


def account(aws, name):
    """A new account of the organization: its number."""
    made = aws.client("organizations").create_account(Email=f"{name}@example.com", AccountName=name)
    return made["CreateAccountStatus"]["AccountId"]


def renamed(part, open_, listed):
    """The template, with other accounts in the definition's list, and another one in the policies."""
    if isinstance(part, dict):
        return {key: renamed(inner, open_, listed) for key, inner in part.items()}
    if isinstance(part, list):
        return [renamed(inner, open_, listed) for inner in part]
    if not isinstance(part, str):
        return part
    asked = f'"accounts":{json.dumps([MEMBER])}'
    part = part.replace(asked, f'"accounts":{json.dumps(listed)}').replace(MEMBER, open_)
    # An ARN has one slash before a role's path.
    return part.replace(":role//", ":role/")


def let_in(aws, number, sweep_role):
    """What the member account's StackSet makes: the sweep's role. And a user with a key that is not due."""
    iam = aws.under(Key(number, "test")).client("iam")
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": sweep_role},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}},
            }
        ],
    }
    iam.create_role(RoleName="keys-sweep", Path=ROLES, AssumeRolePolicyDocument=json.dumps(trust))
    reads = ["iam:Generate*", "iam:Get*", "iam:List*", "secretsmanager:ListSecrets"]
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": reads, "Resource": "*"}]}
    iam.put_role_policy(RoleName="keys-sweep", PolicyName="reads", PolicyDocument=json.dumps(policy))
    iam.create_user(UserName="ci-bot")
    iam.create_access_key(UserName="ci-bot")


def test_the_real_sweep_answers_what_the_definition_asks_and_a_closed_account_is_in_the_conclusion():
    with enforcing_ministack() as aws:
        open_, closed, suspended = (account(aws, name) for name in ("build", "shop", "former"))
        aws.client("organizations").close_account(AccountId=suspended)
        template = renamed(templates()["members.Members"], open_, [open_, closed, suspended])
        stack = Stack(aws, "Members", template, {"sweep": (BINARIES / "sweep").read_bytes()})
        let_in(aws, open_, stack.outputs["SweepRoleArn"])
        (machine,) = stack.of_type("AWS::StepFunctions::StateMachine")
        states = aws.client("stepfunctions")
        run = states.start_execution(stateMachineArn=stack.physical_id(machine), input="{}")["executionArn"]
        until(lambda: states.describe_execution(executionArn=run)["status"] != "RUNNING", "the sweep ends")
        ended = states.describe_execution(executionArn=run)
        assert ended["status"] == "SUCCEEDED", ended
        results = {result["account"]: result for result in json.loads(ended["output"])["results"]}
        assert set(results) == {open_, closed}
        assert (results[open_]["outcome"], results[open_]["users"]["total"]) == ("done", 1)
        assert results[closed]["error"] == "AccessDenied"
        assert "sts:AssumeRole" in results[closed]["cause"]
        assert ACCOUNT not in results
