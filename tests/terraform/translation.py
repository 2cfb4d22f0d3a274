"""What a resource of CloudFormation is in Terraform: its arguments, by the names of the AWS provider.

A property that is not mentioned here is an error, unless the table in docs/terraform.md explains it.
"""

import json
import re


def translated(kind, properties, retained):
    """The arguments of one resource, or of a rule and its target."""
    rest = dict(properties)
    arguments = TYPES[kind](rest, retained)
    return arguments, [f"{kind}.{name}" for name in rest]


def block(value):
    """A block of the provider: a list of one."""
    return [value] if value is not None else None


def snake(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def snaked(properties):
    return {snake(name): value for name, value in properties.items()}


def document(policy):
    """A policy, where one value and a list of one are the same, and the order of lists is not."""
    if isinstance(policy, str):
        return document(json.loads(policy))
    if isinstance(policy, dict) and "Statement" in policy:
        return {**policy, "Statement": [plain(statement) for statement in policy["Statement"]]}
    return policy


def plain(value):
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        values = sorted({each for each in value if not covered(each, value)})
        return values[0] if len(values) == 1 else values
    return value


def covered(arn, arns):
    """Whether a shorter pattern takes what this one takes. CDK leaves it out where it knows the pattern."""
    pattern = arn.removesuffix("-??????")
    return pattern != arn and pattern.endswith("*") and pattern in arns


def _topic(rest, _):
    return {"display_name": rest.pop("DisplayName"), "kms_master_key_id": rest.pop("KmsMasterKeyId", None)}


def _topic_policy(rest, _):
    [topic] = rest.pop("Topics")
    return {"arn": topic, "policy": document(rest.pop("PolicyDocument"))}


def _subscription(rest, _):
    return {"endpoint": rest.pop("Endpoint"), "protocol": rest.pop("Protocol"), "topic_arn": rest.pop("TopicArn")}


def _log_group(rest, retained):
    return {"name": rest.pop("LogGroupName", None), "retention_in_days": int(rest.pop("RetentionInDays")), "skip_destroy": retained}


def _managed_policy(rest, _):
    return {"description": rest.pop("Description"), "path": path(rest), "policy": document(rest.pop("PolicyDocument"))}


def _role(rest, _):
    return {
        "assume_role_policy": document(rest.pop("AssumeRolePolicyDocument")),
        "description": rest.pop("Description", None),
        "max_session_duration": rest.pop("MaxSessionDuration", None),
        "name": rest.pop("RoleName", None),
        "path": path(rest),
        "permissions_boundary": rest.pop("PermissionsBoundary", None),
    }


def path(rest):
    found = rest.pop("Path", "/")
    return None if found == "/" else found


def _policy(rest, _):
    [role] = rest.pop("Roles")
    return {"role": role, "policy": document(rest.pop("PolicyDocument"))}


def _function(rest, _):
    code = rest.pop("Code")
    logging = rest.pop("LoggingConfig")
    vpc = rest.pop("VpcConfig", None)
    tracing = rest.pop("TracingConfig", None)
    # A variable that is empty is left out.
    variables = {name: value for name, value in rest.pop("Environment")["Variables"].items() if value != ""}
    reserved = rest.pop("ReservedConcurrentExecutions", None)
    return {
        "architectures": rest.pop("Architectures"),
        "description": rest.pop("Description"),
        "environment": block({"variables": variables}),
        "handler": rest.pop("Handler"),
        "logging_config": block(snaked(logging)),
        "memory_size": rest.pop("MemorySize"),
        "reserved_concurrent_executions": None if reserved is None else int(reserved),
        "role": rest.pop("Role"),
        "runtime": rest.pop("Runtime"),
        "s3_bucket": code["S3Bucket"],
        "s3_key": code["S3Key"],
        "timeout": rest.pop("Timeout"),
        "tracing_config": block(tracing and snaked(tracing)),
        "vpc_config": block(vpc and {name: sorted(ids) for name, ids in snaked(vpc).items()}),
    }


def _permission(rest, _):
    return {
        "action": rest.pop("Action"),
        "function_name": rest.pop("FunctionName").rpartition(":")[2],
        "principal": rest.pop("Principal"),
        "source_account": rest.pop("SourceAccount", None),
        "source_arn": rest.pop("SourceArn", None),
    }


def _invoke_config(rest, _):
    failed = rest.pop("DestinationConfig")["OnFailure"]["Destination"]
    return {
        "destination_config": block({"on_failure": block({"destination": failed})}),
        "function_name": rest.pop("FunctionName"),
        "maximum_event_age_in_seconds": rest.pop("MaximumEventAgeInSeconds"),
        "maximum_retry_attempts": rest.pop("MaximumRetryAttempts"),
        "qualifier": rest.pop("Qualifier"),
    }


def _queue(rest, _):
    return {
        "message_retention_seconds": rest.pop("MessageRetentionPeriod"),
        "sqs_managed_sse_enabled": rest.pop("SqsManagedSseEnabled"),
    }


def _queue_policy(rest, _):
    [queue] = rest.pop("Queues")
    return {"policy": document(rest.pop("PolicyDocument")), "queue_url": queue}


def _schedule(rest, _):
    target = rest.pop("Target")
    return {
        "description": rest.pop("Description"),
        "flexible_time_window": block(snaked(rest.pop("FlexibleTimeWindow"))),
        "schedule_expression": rest.pop("ScheduleExpression"),
        "schedule_expression_timezone": rest.pop("ScheduleExpressionTimezone"),
        "state": rest.pop("State"),
        "target": block(
            {
                **snaked({name: target[name] for name in ("Arn", "Input", "RoleArn")}),
                "dead_letter_config": block(snaked(target["DeadLetterConfig"])),
                "retry_policy": block(snaked(target["RetryPolicy"])),
            }
        ),
    }


def _alarm(rest, _):
    queries = [
        {
            **snaked({name: query[name] for name in ("Expression", "Id", "Label", "ReturnData") if name in query}),
            **({"metric": block(_metric(query["MetricStat"]))} if "MetricStat" in query else {}),
        }
        for query in rest.pop("Metrics", [])
    ]
    return {
        "alarm_actions": rest.pop("AlarmActions"),
        "alarm_description": rest.pop("AlarmDescription"),
        "comparison_operator": rest.pop("ComparisonOperator"),
        "dimensions": _dimensions(rest.pop("Dimensions")) if "Dimensions" in rest else None,
        "evaluation_periods": rest.pop("EvaluationPeriods"),
        "metric_name": rest.pop("MetricName", None),
        "metric_query": sorted(queries, key=lambda query: query["id"]) or None,
        "namespace": rest.pop("Namespace", None),
        "ok_actions": rest.pop("OKActions"),
        "period": rest.pop("Period", None),
        "statistic": rest.pop("Statistic", None),
        "threshold": rest.pop("Threshold"),
        "treat_missing_data": rest.pop("TreatMissingData"),
    }


def _metric(stat):
    metric = stat["Metric"]
    return {
        "dimensions": _dimensions(metric["Dimensions"]),
        "metric_name": metric["MetricName"],
        "namespace": metric["Namespace"],
        "period": stat["Period"],
        "stat": stat["Stat"],
    }


def _dimensions(dimensions):
    return {each["Name"]: each["Value"] for each in dimensions}


def _rule(rest, _):
    rest.pop("Targets")
    return {"description": rest.pop("Description"), "event_pattern": rest.pop("EventPattern")}


def _target(rest, _):
    """The one target of a rule, which the provider has as a resource of its own."""
    [target] = rest.pop("Targets")
    rest.clear()
    transformer = target.get("InputTransformer")
    undelivered = target.get("DeadLetterConfig")
    retries = target.get("RetryPolicy")
    return {
        "arn": target["Arn"],
        "dead_letter_config": block(undelivered and snaked(undelivered)),
        "input_transformer": block(
            transformer and {"input_paths": transformer["InputPathsMap"], "input_template": transformer["InputTemplate"]}
        ),
        "retry_policy": block(retries and snaked(retries)),
        "role_arn": target.get("RoleArn"),
        "target_id": target["Id"],
    }


def _dashboard(rest, _):
    return {"dashboard_body": json.loads(rest.pop("DashboardBody"))}


def _state_machine(rest, _):
    logging = rest.pop("LoggingConfiguration")
    [destination] = logging["Destinations"]
    return {
        "definition": json.loads(rest.pop("DefinitionString")),
        "logging_configuration": block(
            {
                "include_execution_data": logging.get("IncludeExecutionData", False),
                "level": logging["Level"],
                "log_destination": destination["CloudWatchLogsLogGroup"]["LogGroupArn"],
            }
        ),
        "role_arn": rest.pop("RoleArn"),
        "tracing_configuration": block(snaked(rest.pop("TracingConfiguration"))),
    }


def _secret(rest, _):
    return {
        "description": rest.pop("Description"),
        "kms_key_id": rest.pop("KmsKeyId", None),
        "name": rest.pop("Name"),
        "replica": [{"region": each["Region"]} for each in rest.pop("ReplicaRegions", [])] or None,
        "tags": {each["Key"]: each["Value"] for each in rest.pop("Tags")},
    }


def _secret_policy(rest, _):
    return {"policy": document(rest.pop("ResourcePolicy")), "secret_arn": rest.pop("SecretId")}


def _rotation(rest, _):
    return {
        "rotation_lambda_arn": rest.pop("RotationLambdaARN"),
        "rotation_rules": block(snaked(rest.pop("RotationRules"))),
        "secret_id": rest.pop("SecretId"),
    }


TYPES = {
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::CloudWatch::Dashboard": _dashboard,
    "AWS::Events::Rule": _rule,
    "AWS::Events::Rule target": _target,
    "AWS::IAM::ManagedPolicy": _managed_policy,
    "AWS::IAM::Policy": _policy,
    "AWS::IAM::Role": _role,
    "AWS::Lambda::EventInvokeConfig": _invoke_config,
    "AWS::Lambda::Function": _function,
    "AWS::Lambda::Permission": _permission,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::SNS::Subscription": _subscription,
    "AWS::SNS::Topic": _topic,
    "AWS::SNS::TopicPolicy": _topic_policy,
    "AWS::SQS::Queue": _queue,
    "AWS::SQS::QueuePolicy": _queue_policy,
    "AWS::Scheduler::Schedule": _schedule,
    "AWS::SecretsManager::ResourcePolicy": _secret_policy,
    "AWS::SecretsManager::RotationSchedule": _rotation,
    "AWS::SecretsManager::Secret": _secret,
    "AWS::StepFunctions::StateMachine": _state_machine,
}
