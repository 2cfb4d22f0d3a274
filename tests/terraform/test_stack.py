"""What the module makes is what the CDK's stack has: every resource, every argument, every policy."""

import json

import pytest

from cloudformation import Template
from comparison import ACCOUNT, EXPOSED_FORWARDER, FORWARDER, MEMBER, ORGANIZATION, Comparison, explained, key_of
from provider import ACCOUNT as OWN_ACCOUNT
from terraform import ROOT, member, module, rotator

RELEASED = ROOT / "cdk" / "templates"
SYNTHESIZED = ROOT / "target" / "cdk" / "deployed"

CODE = 'code_bucket = "zips"'
# The architecture of the CDK's own stacks.
X86 = f'{CODE}\narchitecture = "x86_64"'

#: What other modules and resources give: the module must plan with what is not known before an apply.
KEYS = """
resource "aws_kms_key" "secrets" {
  description = "secrets"
}
resource "aws_kms_key" "alerts" {
  description = "alerts"
}
"""
OWN_KEY = """
resource "aws_kms_key" "own" {
  description = "own"
}
resource "aws_iam_user" "ci" {
  name = "ci-bot"
  path = "/service/"
}
"""
KEY_UNDER_IT = module(
    "ci",
    """
  rotator         = module.rotator
  user            = aws_iam_user.ci
  kms_key         = aws_kms_key.own
  replica_regions = ["eu-central-1"]
  schedule        = "rate(79 days)"
""",
)

#: What was seen to differ, in any of the tests below.
SEEN = {}


def applied(workspace, text, region="eu-west-1"):
    """The resources that a configuration makes, and its outputs; the next plan has no changes."""
    workspace.write(text, region)
    workspace.plan()
    made, outputs = workspace.apply()
    workspace.plans_nothing()
    return made, outputs


def within(module, pairs):
    return {name: f"module.{module}.{address}" for name, address in pairs.items()}


def check(template, made, pairs, outside=None):
    """Every difference is explained."""
    known = explained()
    found = Comparison(template, made, pairs, outside, defaults()).differences()
    SEEN.update({name: text for name, text in found})
    unexplained = [f"{name}: {text}" for name, text in found if name not in known]
    if unexplained:
        pytest.fail("\n".join(unexplained), pytrace=False)


def released(parameters, region="eu-west-1"):
    text = (RELEASED / "iam-key-rotator.template.json").read_text()
    return Template(text, {"region": region, "account": OWN_ACCOUNT}, {"CodeBucket": "zips", **parameters})


def defaults():
    """The variables that have a value in the released template as it comes, but for what depends on the deployment."""
    template = released({})
    return {
        name: {
            variable: template.filled(value, None)
            for variable, value in each["Properties"]["Environment"]["Variables"].items()
            if not variable.endswith("_ARN")
        }
        for (name, kind), each in template.resources().items()
        if kind == "AWS::Lambda::Function"
    }


def synthesized(name, region="eu-west-1", parameters=None):
    """A template of the CDK. What it has of the bucket for assets is the caller's bucket here."""
    template = Template((SYNTHESIZED / f"{name}.template.json").read_text(), {"region": region, "account": OWN_ACCOUNT}, parameters)
    for each in template.template["Resources"].values():
        if each["Type"] == "AWS::Lambda::Function" and each["Properties"]["Runtime"] == "provided.al2023":
            program = "rotation" if "rotates" in each["Properties"]["Description"] else "sweep"
            [architecture] = each["Properties"]["Architectures"]
            each["Properties"]["Code"] = {"S3Bucket": "zips", "S3Key": f"{prefix()}{program}-{architecture}.zip"}
    return template


def prefix():
    """Where the template expects the zips, which names the version."""
    return released({}).template["Parameters"]["CodePrefix"]["Default"]


def test_the_default_is_the_default_stack(workspace):
    made, _ = applied(workspace, rotator(CODE))
    check(released({}), made, within("rotator", ACCOUNT))


ALL = {
    "CodePrefix": "zips/",
    "Architecture": "arm64",
    "UserTagValue": "yes",
    "UserPath": "/service/",
    "Overlap": "2d",
    "Recovery": "14d",
    "InUse": "deactivate",
    "UnknownKeys": "refuse",
    "TestRegions": "eu-west-1,us-east-1",
    "PropagationTimeout": "90s",
    "SecretName": "{account}/keys/{user}",
    "SecretShape": "user_name,access_key_id,secret_access_key",
    "EmailFrom": "keys@example.com",
    "EmailIdentity": "example.com",
    "EmailDomain": "example.org",
    "EmailTag": "owner",
    "AdminEmail": "admin@example.com",
    "Contact": "the platform team, #aws-keys",
    "EmailTemplate": "rotated",
    "Mode": "enforce",
    "Exposed": "rotate",
    "Scope": "all",
    "RotateAfter": "80d",
    "WarnBefore": "3d",
    "MaxAge": "180d",
    "ExemptUsers": "break-glass,vendor-*",
    "ExemptGroup": "Exempt",
    "ExemptTag": "keep",
    "ReplicaRegions": "eu-central-1,eu-north-1",
    "Schedule": "cron(0 8-17 ? * MON-FRI *)",
    "ReservedConcurrency": "0",
    "LogRetentionDays": "30",
}  # fmt: skip
LISTS = {"TestRegions", "SecretShape", "ExemptUsers", "ReplicaRegions"}
NUMBERS = {"ReservedConcurrency", "LogRetentionDays"}


def as_variable(name, value):
    """A parameter of the template as an argument of the module."""
    variable = "".join(f"_{each.lower()}" if each.isupper() else each for each in name).lstrip("_")
    return f"{variable} = {value if name in NUMBERS else json.dumps(value.split(',') if name in LISTS else value)}"


@pytest.mark.parametrize("mode", ["audit", "retire", "enforce"])
def test_every_parameter_of_the_stack_is_a_variable(workspace, mode):
    parameters = {**ALL, "Mode": mode}
    settings = [as_variable(name, value) for name, value in parameters.items()]
    made, _ = applied(workspace, rotator("\n".join([CODE, 'alert_emails = ["ops@example.com"]', *settings])))
    pairs = within("rotator", ACCOUNT | {"RotatorAlertsTopicTokenSubscription1": 'aws_sns_topic_subscription.alerts["ops@example.com"]'})
    check(released({**parameters, "AlertEmail": "ops@example.com"}), made, pairs)


def test_a_list_of_secrets_is_the_stack_with_that_list(workspace):
    settings = """
      mode                 = "enforce"
      scope_secrets        = ["ci", "smtp/relay"]
      reserved_concurrency = 0
      email_from           = "keys@example.com"
      email_identity       = "example.com"
      watch_key_creation   = false
    """
    made, _ = applied(workspace, rotator(X86 + settings))
    check(synthesized("listed.Listed"), made, within("rotator", ACCOUNT))


def test_keys_paths_and_tracing_are_the_stack_that_has_everything(workspace):
    settings = """
      architecture        = "arm64"
      overlap             = "10d"
      recovery            = "10d"
      in_use              = "deactivate"
      unknown_keys        = "refuse"
      test_regions        = ["eu-west-1", "us-east-1"]
      propagation_timeout = "90s"
      secret_name         = "/access-key/{user}"
      secret_shape        = ["user_name", "access_key_id", "secret_access_key"]
      email_from          = "Key rotation <keys@example.com>"
      email_identity      = "keys@example.com"
      email_domain        = "example.com"
      email_tag           = "owner"
      admin_email         = "ops@example.com"
      contact             = "the platform team"
      email_template      = "rotated"
      mode                = "enforce"
      scope               = "all"
      rotate_after        = "79d"
      warn_before         = "5d"
      max_age             = "90d"
      exempt_users        = ["break-glass*"]
      exempt_group        = "Exempt"
      exempt_tag          = "exempt"
      replica_regions     = ["eu-central-1"]
      users               = "under-path"
      user_path           = "/service/"
      alert_emails        = ["ops@example.com"]
      alert_key           = aws_kms_key.alerts
      created_secrets_key = aws_kms_key.secrets
      tracing             = true
    """
    made, _ = applied(workspace, KEYS + rotator(CODE + settings) + OWN_KEY + KEY_UNDER_IT)
    outside = {
        "SecretsKey.Arn": made["aws_kms_key.secrets"]["arn"],
        "AlertKey.Arn": made["aws_kms_key.alerts"]["arn"],
        "OwnKey.Arn": made["aws_kms_key.own"]["arn"],
        "User": "ci-bot",
        "User.Arn": made["aws_iam_user.ci"]["arn"],
        # Recipients of the sandbox are identities of their own, which the module has no part in.
        "RotatorMailSender": "keys@example.com",
        "RotatorMailRecipientopsexamplecom": "keys@example.com",
    }
    pairs = within("rotator", ACCOUNT | {"RotatorAlertsTopicopsexamplecom": 'aws_sns_topic_subscription.alerts["ops@example.com"]'})
    key = {"KeySecret": "secret.this", "KeySecretPolicy": "secret_policy.this", "KeyRotation": "secret_rotation.this"}
    pairs |= {name: f"module.ci.aws_secretsmanager_{address}" for name, address in key.items()}
    pairs |= {"RotatorRotationKey3Policy": "module.ci.aws_iam_role_policy.key[0]"}
    modules = {address: values for address, values in made.items() if address.startswith("module.")}
    check(synthesized("everything.Everything"), modules, pairs, outside)



def test_a_vpc_is_the_stack_in_a_vpc(workspace):
    settings = 'vpc = { subnet_ids = ["subnet-1", "subnet-2"], security_group_ids = ["sg-1"] }'
    made, _ = applied(workspace, rotator(f"{X86}\n{settings}"))
    outside = {
        "VpcfunctionsSubnet1Subnet": "subnet-1",
        "VpcfunctionsSubnet2Subnet": "subnet-2",
        "RotatorNetworkFunctions.GroupId": "sg-1",
    }
    check(of_the_rotator(synthesized("network.Network")), made, within("rotator", ACCOUNT), outside)


def of_the_rotator(template):
    """Without the VPC itself, which is the caller's."""
    kept = {
        name: each
        for name, each in template.template["Resources"].items()
        if name.startswith(("Rotator", "Scheduler")) and not name.startswith("RotatorNetwork")
    }
    template.template["Resources"] = kept
    return template


ORGANIZATION_SETTINGS = """
  mode                 = "enforce"
  members              = { external_id = "iam-key-rotator-example" }
  reserved_concurrency = 11
"""


def test_an_organization_is_the_stack_of_an_organization(workspace):
    settings = f'{X86}\n{ORGANIZATION_SETTINGS}\norganization = {{ unit = "ou-ab12-cdefgh34" }}\nname = "Organization"'
    made, _ = applied(workspace, rotator(settings))
    check(synthesized("organization.Organization"), made, within("rotator", ACCOUNT | ORGANIZATION))


def test_an_organizations_accounts_by_number_are_swept_as_the_stack_sweeps_them(workspace):
    accounts = 'organization = { accounts = ["444455556666"], max_concurrency = 2 }'
    made, _ = applied(workspace, rotator(f"{X86}\n{ORGANIZATION_SETTINGS}\n{accounts}"), "us-east-1")
    template = synthesized("members.Members", "us-east-1")
    pairs = within("rotator", ACCOUNT | ORGANIZATION)
    found = Comparison(template, made, pairs).differences()
    machine = "module.rotator.aws_sfn_state_machine.organization[0]: definition"
    assert [text for _, text in found if text.startswith(machine)] == []
    policy = json.loads(made['module.rotator.aws_iam_role_policy.sweep["organization"]']["policy"])
    assert [each["Sid"] for each in policy["Statement"]] == ["ListAccounts"]


MEMBER_PARAMETERS = {
    "RotationRoleArn": "arn:aws:iam::111122223333:role/rotation",
    "SweepRoleArn": "arn:aws:iam::111122223333:role/sweep",
}


@pytest.mark.parametrize("mode", ["audit", "retire", "enforce"])
def test_a_member_account_is_the_released_template_of_one(workspace, mode):
    made, _ = applied(workspace, member(f'external_id = "a-word"\nmode = "{mode}"'))
    parameters = {**MEMBER_PARAMETERS, "ExternalId": "a-word", "Mode": mode}
    text = (RELEASED / "iam-key-rotator-member.template.json").read_text()
    template = Template(text, {"region": "eu-west-1", "account": OWN_ACCOUNT}, parameters)
    check(template, made, within("member", MEMBER))


def test_a_member_account_where_everyone_is_in_scope_is_the_stack_of_one(workspace):
    made, _ = applied(workspace, member('external_id = "choose-a-word-of-your-own"\nusers = "everyone"\nrole_name = "key-rotation"'))
    template = synthesized("coming-from-organization.IamKeyRotator-Member", parameters=MEMBER_PARAMETERS)
    check(template, made, within("member", MEMBER))


def test_the_forwarder_is_the_stack_of_the_forwarder(workspace):
    made, _ = applied(workspace, module("forwarder", 'rotator_region = "eu-west-1"'), "us-east-1")
    check(synthesized("least.IamKeyRotator-Forwarder", "us-east-1"), made, within("forwarder", FORWARDER))


def test_reports_of_exposed_keys_reach_the_sweep_as_in_the_stack(workspace):
    settings = 'exposed = "revoke"\nwatch_exposed_keys = true\nwatch_key_creation = false'
    made, _ = applied(workspace, rotator(f"{X86}\n{settings}"))
    check(synthesized("exposed.Leaks"), made, within("rotator", ACCOUNT))


@pytest.mark.parametrize("region", ["us-east-1", "us-west-2"])
def test_the_forwarder_of_exposed_keys_is_the_stack_of_it(workspace, region):
    made, _ = applied(workspace, module("exposed", 'rotator_region = "eu-west-1"'), region)
    check(synthesized(f"exposed.Leaks-Exposed-{region}", region), made, within("exposed", EXPOSED_FORWARDER))


USERS = """
resource "aws_iam_user" "ci" {
  name = "ci-bot"
}
resource "aws_iam_user" "smtp" {
  name = "smtp"
}
"""
ROTATED = module("ci", "rotator = module.rotator\nuser = aws_iam_user.ci") + module(
    "smtp",
    """
  rotator       = module.rotator
  user          = aws_iam_user.smtp
  schedule      = "rate(30 days)"
  readers       = ["arn:aws:iam::111122223333:role/Deploy"]
  refuse_others = true
""",
)


def test_rotated_users_are_those_of_the_stack(workspace):
    made, _ = applied(workspace, rotator(X86) + USERS + ROTATED)
    pairs = within("rotator", ACCOUNT) | within("ci", key_of("ci-bot")) | within("smtp", key_of("smtp"))
    modules = {address: values for address, values in made.items() if address.startswith("module.")}
    check(synthesized("least.IamKeyRotator"), modules, pairs)


GUARDED = [
    ("organization.Organization", ""),
    ("everything.Everything", 'users = "under-path"\nuser_path = "/service/"\nexempt_tag = "exempt"'),
    ("coming-from-organization.IamKeyRotator", 'users = "everyone"'),
]


@pytest.mark.parametrize(("name", "settings"), GUARDED)
def test_the_tags_are_guarded_as_in_the_stack(workspace, name, settings):
    """Of the roles that may set them, those of the CDK's deployments are not Terraform's."""
    operator = "arn:aws:iam::111122223333:role/people/KeyOperator"
    output = 'output "policy" {\n  value = module.rotator.service_control_policy\n}\n'
    made, outputs = applied(workspace, rotator(f'{CODE}\nenrollment_roles = ["{operator}"]\n{settings}') + output)
    own = [made[f"module.rotator.aws_iam_role.{program}"]["arn"] for program in ("rotation", "sweep")]
    template = synthesized(name)
    expected = json.loads(template.filled(template.outputs()["ServiceControlPolicy"], lambda *_: "arn:of:a:role"))
    for statement in expected["Statement"]:
        statement["Condition"]["ArnNotEquals"]["aws:PrincipalArn"] = [*own, operator]
    assert json.loads(outputs["policy"]["value"]) == expected


def test_every_explained_difference_was_seen(request):
    """After the others: a row that explains nothing is out of date."""
    ran = {item.originalname for item in request.session.items if item.module.__name__ == __name__}
    if ran != {name for name in globals() if name.startswith("test_")}:
        pytest.skip("needs every test of this file")
    assert sorted(set(explained()) - set(SEEN)) == []
