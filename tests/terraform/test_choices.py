"""Settings that no template of the CDK's examples has: what the caller brings, and what has other names."""

import json

from terraform import module, rotator

CODE = 'code_bucket = "zips"'
TOPIC = 'resource "aws_sns_topic" "own" {\n  name = "own"\n}\n'


def applied(workspace, text):
    workspace.write(text)
    workspace.plan()
    made, _ = workspace.apply()
    return {address.removeprefix("module.rotator."): values for address, values in made.items()}


def policies(made):
    """The policies of roles, by address."""
    return {address: json.loads(values["policy"]) for address, values in made.items() if "aws_iam_role_policy" in address}


def test_a_topic_of_the_callers_gets_every_alert(workspace):
    """Its ARN is unknown while Terraform plans."""
    made = applied(workspace, TOPIC + rotator(f"{CODE}\nalert_topic = aws_sns_topic.own\nalert_emails = [\"ops@example.com\"]"))
    own = made["aws_sns_topic.own"]["arn"]
    assert [address for address in made if address.startswith("aws_sns_topic_policy") or address == "aws_sns_topic.alerts[0]"] == []
    alarms = [values for address, values in made.items() if address.startswith("aws_cloudwatch_metric_alarm")]
    assert len(alarms) == 7 and all(each["alarm_actions"] == each["ok_actions"] == [own] for each in alarms)
    assert made["aws_cloudwatch_event_target.key_creation[0]"]["arn"] == own
    assert made['aws_sns_topic_subscription.alerts["ops@example.com"]']["topic_arn"] == own
    published = [
        statement["Resource"]
        for policy in policies(made).values()
        for statement in policy["Statement"]
        if statement["Action"] == "sns:Publish"
    ]
    assert published == [own] * 3
    for program in ("rotation", "sweep"):
        [environment] = made[f"aws_lambda_function.{program}"]["environment"]
        assert environment["variables"]["ROTATOR_ALERT_TOPIC_ARN"] == own


def test_a_boundary_of_the_callers_is_on_every_role_and_no_other_is_made(workspace):
    boundary = "arn:aws:iam::111122223333:policy/organization"
    organization = 'members = { external_id = "a-word" }\norganization = {}\nreserved_concurrency = 0'
    made = applied(workspace, rotator(f'{CODE}\n{organization}\npermissions_boundary_arn = "{boundary}"'))
    roles = {address: values["permissions_boundary"] for address, values in made.items() if address.startswith("aws_iam_role.")}
    assert set(roles.values()) == {boundary} and len(roles) == 5
    assert [address for address in made if address.startswith("aws_iam_policy.")] == []


def test_keys_of_another_rotator_raise_no_alert(workspace):
    other = "arn:aws:iam::111122223333:role/other-rotation"
    made = applied(workspace, rotator(f'{CODE}\nkey_creators = ["{other}"]'))
    pattern = json.loads(made["aws_cloudwatch_event_rule.key_creation[0]"]["event_pattern"])
    [_, issuer] = pattern["detail"]["$or"]
    own = made["aws_iam_role.rotation"]["arn"]
    assert issuer["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"] == [{"anything-but": [own, other]}]


def test_secrets_that_the_sweep_makes_are_closed_to_others_on_request(workspace):
    made = applied(workspace, rotator(f"{CODE}\nrefuse_others = true"))
    [environment] = made["aws_lambda_function.sweep"]["environment"]
    assert environment["variables"]["ROTATOR_ROTATION_ROLE_ARN"] == made["aws_iam_role.rotation"]["arn"]


def test_sizes_times_and_the_log_level_are_the_callers(workspace):
    settings = 'rotation_memory = 128\nrotation_timeout = 120\nsweep_memory = 1024\nsweep_timeout = 600\nlog_level = "DEBUG"'
    made = applied(workspace, rotator(f"{CODE}\n{settings}"))
    functions = {program: made[f"aws_lambda_function.{program}"] for program in ("rotation", "sweep")}
    assert [(each["memory_size"], each["timeout"]) for each in functions.values()] == [(128, 120), (1024, 600)]
    assert {each["logging_config"][0]["application_log_level"] for each in functions.values()} == {"DEBUG"}


def test_two_rotators_of_an_account_share_no_name(workspace):
    workspace.write(rotator(CODE))
    first = names(workspace.plan())
    workspace.write(rotator(f'{CODE}\nname = "second"'))
    second = names(workspace.plan())
    assert len(first) > 20 and first & second == set()


def names(plan):
    """Every name that AWS would refuse to give twice. The names of a role's policies are the role's own."""
    attributes = ("name", "function_name", "alarm_name", "dashboard_name")
    return {
        (each["type"], each["change"]["after"][attribute])
        for each in plan["resource_changes"]
        if each["mode"] == "managed" and each["type"] != "aws_iam_role_policy"
        for attribute in attributes
        if isinstance(each["change"]["after"].get(attribute), str) and not each["type"].startswith("aws_lambda_function_")
    }


def test_reports_of_exposed_keys_go_to_the_account_of_the_rotator(workspace):
    workspace.write(module("exposed", 'rotator_region = "eu-west-1"\nrotator_account = "444455556666"'), "us-east-1")
    workspace.plan()
    made, _ = workspace.apply()
    bus = "arn:aws:events:eu-west-1:444455556666:event-bus/default"
    assert {values["arn"] for address, values in made.items() if "aws_cloudwatch_event_target" in address} == {bus}
    [statement] = json.loads(made["module.exposed.aws_iam_role_policy.this"]["policy"])["Statement"]
    assert statement["Resource"] == bus


def test_a_member_accounts_roles_may_have_a_path(workspace):
    settings = 'external_id = "a-word"\nrole_name = "/security/keys"\nrotation_role_arn = "arn:aws:iam::1:role/a"\nsweep_role_arn = "arn:aws:iam::1:role/b"'
    workspace.write(module("member", settings) + rotator(f'{CODE}\nmembers = {{ external_id = "a-word", role_name = "/security/keys" }}'))
    workspace.plan()
    made, _ = workspace.apply()
    member = made['module.member.aws_iam_role.this["sweep"]']
    assert (member["path"], member["name"]) == ("/security/", "keys-sweep")
    policy = json.loads(made['module.rotator.aws_iam_role_policy.sweep["members"]']["policy"])
    assert policy["Statement"][0]["Resource"] == "arn:aws:iam::*:role/security/keys-sweep"
    [environment] = made["module.rotator.aws_lambda_function.sweep"]["environment"]
    assert environment["variables"]["ROTATOR_MEMBER_ROLE"] == "/security/keys-sweep"
