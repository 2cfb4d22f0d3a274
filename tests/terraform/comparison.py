"""Holds what Terraform made against a synthesized template, one resource after the other."""

import json
import re

from provider import SCHEMA
from terraform import ROOT
from translation import document, translated

PAGE = ROOT / "docs" / "terraform.md"

#: What `Ref` gives of a resource, as an attribute of the provider's. ARNs are the rule.
REFERENCES = {
    "aws_cloudwatch_event_rule": "name",
    "aws_cloudwatch_log_group": "name",
    "aws_iam_role": "name",
    "aws_lambda_function": "function_name",
    "aws_sqs_queue": "url",
}
#: What `Fn::GetAtt` gives.
ATTRIBUTES = {"Arn": "arn", "QueueName": "name"}
#: Arguments that hold a document.
DOCUMENTS = {"assume_role_policy", "policy", "definition", "dashboard_body", "event_pattern"}

#: The addresses of what CDK makes, by logical id. A type is added where two resources have the same id.
ACCOUNT = {
    "RotatorAlertsTopic": "aws_sns_topic.alerts[0]",
    "RotatorAlertsTopicPolicy": "aws_sns_topic_policy.alerts[0]",
    "RotatorRotationLogs": "aws_cloudwatch_log_group.rotation",
    "RotatorRotationBoundary": 'aws_iam_policy.boundary["rotation"]',
    "RotatorRotationRole": "aws_iam_role.rotation",
    "RotatorRotationFunction": "aws_lambda_function.rotation",
    "RotatorRotationFunctionSecretsManager": "aws_lambda_permission.secrets_manager",
    "RotatorRotationExecutionPolicy": 'aws_iam_role_policy.rotation["execution"]',
    "RotatorRotationNetworkPolicy": 'aws_iam_role_policy.rotation["vpc"]',
    "RotatorRotationRotationPolicy": 'aws_iam_role_policy.rotation["rotation"]',
    "RotatorRotationAlertsPolicy": 'aws_iam_role_policy.rotation["alerts"]',
    "RotatorRotationMailsPolicy": 'aws_iam_role_policy.rotation["mails"]',
    "RotatorRotationMembersPolicy": 'aws_iam_role_policy.rotation["members"]',
    "RotatorRotationKey1Policy": 'aws_iam_role_policy.rotation["secrets-key"]',
    "RotatorRotationRoleDefaultPolicy": 'aws_iam_role_policy.rotation["tracing"]',
    "RotatorSweepLogs": "aws_cloudwatch_log_group.sweep",
    "RotatorSweepBoundary": 'aws_iam_policy.boundary["sweep"]',
    "RotatorSweepRole": "aws_iam_role.sweep",
    "RotatorSweepFunction": "aws_lambda_function.sweep",
    "RotatorSweepFunctionEventInvokeConfig": "aws_lambda_function_event_invoke_config.sweep",
    "RotatorSweepDeadLetters": "aws_sqs_queue.dead_letters",
    "RotatorSweepDeadLettersPolicy AWS::SQS::QueuePolicy": "aws_sqs_queue_policy.dead_letters",
    "RotatorSweepDeadLettersPolicy AWS::IAM::Policy": 'aws_iam_role_policy.sweep["dead-letters"]',
    "RotatorSweepExecutionPolicy": 'aws_iam_role_policy.sweep["execution"]',
    "RotatorSweepNetworkPolicy": 'aws_iam_role_policy.sweep["vpc"]',
    "RotatorSweepAuditPolicy": 'aws_iam_role_policy.sweep["audit"]',
    "RotatorSweepRetirePolicy": 'aws_iam_role_policy.sweep["retire"]',
    "RotatorSweepEnforcePolicy": 'aws_iam_role_policy.sweep["enforce"]',
    # The same statements in retire, where a successor for an exposed key is the one rotation.
    "RotatorSweepExposedPolicy": 'aws_iam_role_policy.sweep["enforce"]',
    "RotatorSweepCreatePolicy": 'aws_iam_role_policy.sweep["create"]',
    "RotatorSweepReplicasPolicy": 'aws_iam_role_policy.sweep["replicas"]',
    "RotatorSweepAlertsPolicy": 'aws_iam_role_policy.sweep["alerts"]',
    "RotatorSweepMailsPolicy": 'aws_iam_role_policy.sweep["mails"]',
    "RotatorSweepMembersPolicy": 'aws_iam_role_policy.sweep["members"]',
    "RotatorSweepOrganizationPolicy": 'aws_iam_role_policy.sweep["organization"]',
    "RotatorSweepKey2Policy": 'aws_iam_role_policy.sweep["secrets-key"]',
    "RotatorSweepRoleDefaultPolicy": 'aws_iam_role_policy.sweep["tracing"]',
    "RotatorSchedule": "aws_scheduler_schedule.sweep[0]",
    "SchedulerRoleForTarget784cd9": "aws_iam_role.scheduler",
    "SchedulerRoleForTarget784cd9DefaultPolicy": "aws_iam_role_policy.scheduler",
    **{
        f"RotatorExposedKeys{name}{suffix}": f'{kind}.exposed_keys["{name.lower()}"]'
        for name in ("Health", "GuardDuty")
        for suffix, kind in (
            ("", "aws_cloudwatch_event_rule"),
            (" target", "aws_cloudwatch_event_target"),
            ("Invokes", "aws_lambda_permission"),
        )
    },
    "RotatorKeyCreationRule": "aws_cloudwatch_event_rule.key_creation[0]",
    "RotatorKeyCreationRule target": "aws_cloudwatch_event_target.key_creation[0]",
    "RotatorKeyCreationRole": "aws_iam_role.key_creation[0]",
    "RotatorKeyCreationAlertsPolicy": "aws_iam_role_policy.key_creation[0]",
    "RotatorKeyCreationUndelivered": "aws_sqs_queue.undelivered[0]",
    "RotatorKeyCreationUndeliveredPolicy": "aws_sqs_queue_policy.undelivered[0]",
    "RotatorOverviewDashboard": "aws_cloudwatch_dashboard.this",
    **{
        f"RotatorAlarms{name}": f'aws_cloudwatch_metric_alarm.this["{name}"]'
        for name in (
            "RotationFailed", "SweepFailed", "KeysOverdue", "StuckRotations", "DeadLetters", "SweepMissing",
            "AlertUndelivered", "OrganizationSweepMissing", "OrganizationSweepFailed",
        )
    },
}  # fmt: skip
ORGANIZATION = {
    "OrganizationLogs": "aws_cloudwatch_log_group.organization[0]",
    "OrganizationStateMachine": "aws_sfn_state_machine.organization[0]",
    "OrganizationStateMachineRole": "aws_iam_role.organization[0]",
    "OrganizationStateMachineRoleDefaultPolicy": 'aws_iam_role_policy.organization["run"]',
    "OrganizationStateMachineDistributedMapPolicy": 'aws_iam_role_policy.organization["map"]',
    "OrganizationSchedule": "aws_scheduler_schedule.organization[0]",
    "SchedulerRoleForTarget5d396b": "aws_iam_role.scheduler",
    "SchedulerRoleForTarget5d396bDefaultPolicy": "aws_iam_role_policy.scheduler",
}
MEMBER = {
    "MemberRotationBoundary": 'aws_iam_policy.boundary["rotation"]',
    "MemberRotation": 'aws_iam_role.this["rotation"]',
    "MemberRotationPolicy": 'aws_iam_role_policy.this["rotation"]',
    "MemberSweepBoundary": 'aws_iam_policy.boundary["sweep"]',
    "MemberSweep": 'aws_iam_role.this["sweep"]',
    "MemberSweepPolicy": 'aws_iam_role_policy.this["audit"]',
    "MemberSweepRetirePolicy": 'aws_iam_role_policy.this["retire"]',
}
FORWARDER = {
    "ForwarderRule": "aws_cloudwatch_event_rule.this",
    "ForwarderRule target": "aws_cloudwatch_event_target.this",
    "ForwarderRuleEventsRole": "aws_iam_role.this",
    "ForwarderRuleEventsRoleDefaultPolicy": "aws_iam_role_policy.this",
}
EXPOSED_FORWARDER = {
    "ForwarderHealth": 'aws_cloudwatch_event_rule.this["health"]',
    "ForwarderHealth target": 'aws_cloudwatch_event_target.this["health"]',
    "ForwarderGuardDuty": 'aws_cloudwatch_event_rule.this["guardduty"]',
    "ForwarderGuardDuty target": 'aws_cloudwatch_event_target.this["guardduty"]',
    "ForwarderRole": "aws_iam_role.this",
    "ForwarderRoleDefaultPolicy": "aws_iam_role_policy.this",
}


def key_of(user):
    """The resources of one rotated user."""
    name = user.replace("-", "")
    return {
        f"Key{name}Secret": "aws_secretsmanager_secret.this",
        f"Key{name}SecretPolicy": "aws_secretsmanager_secret_policy.this",
        f"Key{name}Rotation": "aws_secretsmanager_secret_rotation.this",
    }


class Comparison:
    """One template and what Terraform made of the same settings."""

    def __init__(self, template, made, pairs, outside=None, defaults=None):
        """`pairs` has full addresses. `outside` are values of resources that the module has no part in."""
        self.defaults = defaults or {}
        self.template = template
        self.made = made
        self.pairs = pairs
        self.outside = outside or {}

    def differences(self):
        """Every difference, as `AWS::Type` and its property or as the provider's resource and its argument."""
        found, seen = [], set()
        for (name, kind), resource in self.template.resources().items():
            for part, suffix in ((kind, ""), *((f"{kind} target", " target"),) * (kind == "AWS::Events::Rule")):
                address = self.pairs.get(f"{name}{suffix}") or self.pairs.get(f"{name} {kind}")
                if address is None or address not in self.made:
                    found.append((kind, f"{name} is not in the module"))
                    continue
                seen.add(address)
                found += self.of_one(name, part, resource, address)
        return found + [(kind_of(address), f"{address} is not in the template") for address in self.made.keys() - seen]

    def of_one(self, logical_id, kind, resource, address):
        properties = self.template.filled(resource["Properties"], self.attribute)
        retained = True if resource.get("DeletionPolicy") == "Retain" else None
        if kind == "AWS::Lambda::Function":
            properties = self.with_defaults(logical_id, properties)
        expected, unknown = translated(kind, properties, retained)
        expected = {name: value for name, value in expected.items() if value is not None}
        if kind.endswith(" target"):
            expected["rule"] = self.attribute(logical_id, None)
        actual = configured(kind_of(address), self.made[address])
        yield from ((name, f"{address} has no such argument") for name in unknown)
        for name in sorted(expected.keys() | actual.keys()):
            if expected.get(name) != actual.get(name):
                # What both have, and have otherwise, is explained for one resource alone.
                both = name in expected and name in actual
                resource = address[address.index("aws_") :] if both else kind_of(address)
                yield (
                    f"{resource}.{name}",
                    f"{address}: {name} is {json.dumps(actual.get(name))}, and in the template {json.dumps(expected.get(name))}",
                )

    def with_defaults(self, function, properties):
        """A function of the CDK has the variables that were set. The module sets all, as the released template does."""
        standard = self.defaults.get(function, {})
        variables = {**standard, **properties["Environment"]["Variables"]}
        return {**properties, "Environment": {"Variables": variables}}

    def attribute(self, name, attribute):
        given = f"{name}.{attribute}" if attribute else name
        if given in self.outside:
            return self.outside[given]
        address = self.pairs[name]
        kind = kind_of(address)
        value = self.made[address][ATTRIBUTES[attribute] if attribute else REFERENCES.get(kind, "arn")]
        # Of a log group's ARN the provider leaves out the end.
        return f"{value}:*" if (kind, attribute) == ("aws_cloudwatch_log_group", "Arn") else value


def configured(kind, values):
    """The arguments that the module sets, with documents as what they say."""
    schema = SCHEMA["resources"][kind]
    given = {
        name: value
        for name, value in values.items()
        if value not in (None, [], {}) and (name, value) != ("path", "/") and not schema["attributes"].get(name, {}).get("computed")
    }
    return {name: document(json.loads(value)) if name in DOCUMENTS else bare(value) for name, value in given.items()}


def bare(value):
    """A block without what is not set in it, and sets in one order."""
    if isinstance(value, dict):
        return {name: bare(each) for name, each in value.items() if each not in (None, [], {}, "")}
    if isinstance(value, list):
        inner = [bare(each) for each in value]
        return sorted(inner, key=lambda each: json.dumps(each.get("id") if isinstance(each, dict) else each))
    return value


def kind_of(address):
    return re.search(r"(aws_\w+)\.", address)[1]


def explained():
    """The rows of the table of differences: what differs, and why."""
    table = PAGE.read_text().split("<!-- differences -->")[1]
    return dict(re.findall(r"^\| `([^`]+)` \| (.+) \|$", table, re.M))
