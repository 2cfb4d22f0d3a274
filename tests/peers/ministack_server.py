"""ministack's server, told what AWS knows of secrets, keys and mails when it judges a request.

Run by the stand-ins' own Python. Identity policies, boundaries, resource policies, tags and conditions are evaluated
by ministack itself. What it does not know is looked up here and handed to it: Secrets Manager's condition keys, the
ExternalId that AssumeRole carries, the sender of a mail and its domain, whose access key GetAccessKeyLastUsed asks about, and that the aws:PrincipalArn of a
session is its role's. Plain HTTP on loopback passes for TLS. Each refusal is printed, so that a test can say that there
was none.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsimpleemailservicev2.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
"""

import json
import re
from urllib.parse import parse_qs

from ministack.app import main
from ministack.core import iam_actions, iam_evaluator
from ministack.services import iam, secretsmanager

judge = iam_evaluator.enforce
resource_of = iam_actions.extract_resource_arn
value_of = iam_evaluator._resolve_condition_key

# Condition keys of a Secrets Manager request, by the field they come from.
OF_THE_REQUEST = {
    "BlockPublicPolicy": "secretsmanager:BlockPublicPolicy",
    "RotationLambdaARN": "secretsmanager:RotationLambdaARN",
    "VersionId": "secretsmanager:VersionId",
    "VersionStage": "secretsmanager:VersionStage",
}


def fields():
    """Of the request's JSON."""
    request = iam_evaluator._signed_request.get()
    try:
        body = json.loads(request.body)
    except (AttributeError, ValueError):
        return {}
    return body if isinstance(body, dict) else {}


def external_id():
    """Of the request's form; none is an empty list."""
    request = iam_evaluator._signed_request.get()
    body = request.body if isinstance(request.body, str) else bytes(request.body or b"").decode()
    return parse_qs(body).get("ExternalId", [])


def secret_context(arn):
    said = fields()
    context = {key: said[field] for field, key in OF_THE_REQUEST.items() if field in said}
    _, secret = secretsmanager._resolve(arn) if ":secret:" in arn else (None, None)
    if secret and secret.get("RotationLambdaARN"):
        context["secretsmanager:resource/AllowRotationLambdaArn"] = secret["RotationLambdaARN"]
    return {key: str(value).lower() if isinstance(value, bool) else value for key, value in context.items()}


def sender():
    """The address alone."""
    return fields().get("FromEmailAddress", "").rpartition("<")[2].rstrip(">")


def enforce(access_key_id, action, service, region, resource_arn="*", service_context=None):
    context = dict(service_context or {})
    if service == "secretsmanager":
        context |= secret_context(resource_arn)
    if action == "sts:AssumeRole":
        context |= {"sts:ExternalId": given for given in external_id()}
    if action == "ses:SendEmail":
        context["ses:FromAddress"] = sender()
    address, _ = iam_evaluator._request_origin.get()
    iam_evaluator.pin_request_origin(address, True)
    refusal = judge(access_key_id, action, service, region, resource_arn=resource_arn, service_context=context)
    if refusal is not None:
        print(f"REFUSED {action} on {resource_arn} with {context}: {refusal}", flush=True)
    return refusal


def extract_resource_arn(service, method, path, headers, body, params, region, account):
    if service == "iam" and iam_actions._query_param(params, "Action") == "GetAccessKeyLastUsed":
        key = iam._access_keys.get(iam_actions._query_param(params, "AccessKeyId"), {})
        return f"arn:aws:iam::{account}:user/{key.get('UserName', '')}"
    if service == "ses" and sender():
        return f"arn:aws:ses:{region}:{account}:identity/{sender().partition('@')[2]}"
    return resource_of(service, method, path, headers, body, params, region, account)


def condition_value(key, context):
    session = re.fullmatch(r"(arn:[^:]*):sts::(\d+):assumed-role/([^/]+)/.*", context.principal_arn)
    if key.lower() == "aws:principalarn" and session:
        partition, account, role = session.groups()
        return f"{partition}:iam::{account}:role/{role}"
    return value_of(key, context)


iam_evaluator.enforce = enforce
iam_evaluator._resolve_condition_key = condition_value
iam_actions.extract_resource_arn = extract_resource_arn
main()
