"""ministack's server, told what AWS knows of secrets, keys and mails when it judges a request.

Run by the stand-ins' own Python. Identity policies, boundaries, resource policies, tags and conditions are evaluated
by ministack itself. What it does not know is looked up here and handed to it: Secrets Manager's condition keys, the
sender of a mail and its domain, the unit whose accounts are listed, the organization of an account, whose access key
GetAccessKeyLastUsed asks about, that the aws:PrincipalArn of a session is its role's, and the aws:PrincipalOrgID of a
member account. Plain HTTP on loopback passes for TLS. Each refusal is printed, so that a test can say that there was none.

RotateSecret also needs lambda:InvokeFunction on the rotation function, as on AWS. CreateSecret gives the first version the
ClientRequestToken as its id, and the lists show which function rotates a secret and when it last did; ministack does neither.
A secret of another account is reached by its ARN, where both accounts allow it; ministack knows those of one's own account.
ListSecrets compares the beginnings of names and tags. With SECRETS_KEYS, whoever reads or writes a value also needs the secret's
key: a customer key as its policy says, through Secrets Manager; the account's default key serves that account's own principals,
and no others.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples_cross.html
https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Filter.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsimpleemailservicev2.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
"""

import json
import os
import re
import urllib.parse

from ministack.app import main
from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_account_id, json_response, request_scope
from ministack.services import iam, kms, organizations, secretsmanager

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
# What a request also does with the secret's key.
KEY_ACTIONS = {
    "secretsmanager:CreateSecret": ["kms:GenerateDataKey", "kms:Decrypt"],
    "secretsmanager:GetSecretValue": ["kms:Decrypt"],
    "secretsmanager:PutSecretValue": ["kms:GenerateDataKey", "kms:Decrypt"],
}


def fields():
    """Of the request's JSON."""
    request = iam_evaluator._signed_request.get()
    try:
        body = json.loads(request.body)
    except (AttributeError, ValueError):
        return {}
    return body if isinstance(body, dict) else {}


def scope_of(arn):
    """The account and the region of a secret."""
    _, _, _, region, account, *_ = arn.split(":")
    return request_scope(account, region)


def secret_of(arn):
    if ":secret:" not in arn:
        return None
    with scope_of(arn):
        return secretsmanager._resolve(arn)[1]


def secret_context(arn):
    said = fields()
    context = {key: said[field] for field, key in OF_THE_REQUEST.items() if field in said}
    secret = secret_of(arn)
    if secret and secret.get("RotationLambdaARN"):
        context["secretsmanager:resource/AllowRotationLambdaArn"] = secret["RotationLambdaARN"]
    return {key: str(value).lower() if isinstance(value, bool) else value for key, value in context.items()}


def rotation_function(arn):
    """The function that RotateSecret would have invoked."""
    return fields().get("RotationLambdaARN") or (secret_of(arn) or {}).get("RotationLambdaARN")


def organization_of(arn):
    """ministack expands no policy variables: an account of the caller's own organization is told by the variable."""
    ours = arn.split(":")[4] in organizations._accounts
    return {"aws:ResourceOrgID": "${aws:PrincipalOrgID}"} if ours else {}


def external_id():
    request = iam_evaluator._signed_request.get()
    form = urllib.parse.parse_qs(request.body.decode()) if request else {}
    return {"sts:ExternalId": form["ExternalId"][0]} if "ExternalId" in form else {}


def sender():
    """The address alone."""
    return fields().get("FromEmailAddress", "").rpartition("<")[2].rstrip(">")


def enforce(access_key_id, action, service, region, resource_arn="*", service_context=None):
    context = dict(service_context or {})
    if service == "secretsmanager":
        context |= secret_context(resource_arn)
    if action == "sts:AssumeRole":
        context |= organization_of(resource_arn) | external_id()
    if action == "ses:SendEmail":
        context["ses:FromAddress"] = sender()
    address, _ = iam_evaluator._request_origin.get()
    iam_evaluator.pin_request_origin(address, True)
    function = rotation_function(resource_arn) if action == "secretsmanager:RotateSecret" else None
    signed = iam_evaluator._signed_request.get()
    refusal = judge(access_key_id, action, service, region, resource_arn=resource_arn, service_context=context)
    if refusal is None and function:
        # Judging an action empties the request.
        iam_evaluator._signed_request.set(signed)
        # https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html
        action, resource_arn = "lambda:InvokeFunction", function
        refusal = judge(access_key_id, action, "lambda", region, resource_arn=function, service_context={})
    for key_action in KEY_ACTIONS.get(action, []) if "SECRETS_KEYS" in os.environ and refusal is None else []:
        iam_evaluator._signed_request.set(signed)
        refusal = refusal or use_of_key(access_key_id, key_action, region, resource_arn)
    if refusal is not None:
        print(f"REFUSED {action} on {resource_arn} with {context}: {refusal}", flush=True)
    return refusal


def use_of_key(access_key_id, action, region, secret_arn):
    """The refusal, if any, to use the key of a secret through Secrets Manager."""
    key = fields().get("KmsKeyId") or (secret_of(secret_arn) or {}).get("KmsKeyId")
    if not key:
        if secret_arn.split(":")[4] == get_account_id():
            return None
        print(f"DEFAULT KEY of {secret_arn} does not serve account {get_account_id()}", flush=True)
        return iam_evaluator.EvalResult("ImplicitDeny", reason="Access to KMS is not allowed")
    if not key.startswith("arn:"):
        key = kms._resolve_key(key)["Arn"]
    context = {"kms:ViaService": f"secretsmanager.{region}.amazonaws.com", "kms:EncryptionContext:SecretARN": secret_arn}
    refusal = judge(access_key_id, action, "kms", region, resource_arn=key, service_context=context)
    if refusal is not None:
        print(f"REFUSED {action} on {key} with {context}: {refusal}", flush=True)
    return refusal


def key_policy(arn):
    """In the account of the key."""
    with scope_of(arn):
        return key_policy_of(arn)


def extract_resource_arn(service, method, path, headers, body, params, region, account):
    if service == "iam" and iam_actions._query_param(params, "Action") == "GetAccessKeyLastUsed":
        key = iam._access_keys.get(iam_actions._query_param(params, "AccessKeyId"), {})
        return f"arn:aws:iam::{account}:user/{key.get('UserName', '')}"
    if service == "organizations" and "ParentId" in fields():
        own = organizations._orgs.get("self", {})
        return f"arn:aws:organizations::{account}:ou/{own.get('Id')}/{fields()['ParentId']}"
    if service == "ses" and sender():
        return f"arn:aws:ses:{region}:{account}:identity/{sender().partition('@')[2]}"
    return with_path(resource_of(service, method, path, headers, body, params, region, account))


def with_path(arn):
    """ministack leaves the path out of the ARN of a user that a request names."""
    name = arn.partition(":user/")[2]
    user = iam._users.get(name) if name else None
    return user["Arn"] if user else arn


def condition_value(key, context):
    session = re.fullmatch(r"(arn:[^:]*):sts::(\d+):assumed-role/([^/]+)/.*", context.principal_arn)
    if key.lower() == "aws:principalarn" and session:
        partition, account, role = session.groups()
        return f"{partition}:iam::{account}:role/{role}"
    if key.lower() == "aws:principalorgid":
        return organization_with(context.principal_account)
    return value_of(key, context)


def organization_with(account):
    """The id of the organization that has made the account, or whose management account it is."""
    makers = [maker for maker, made in organizations._accounts._data if made == account]
    for manager in [*makers, account]:
        if organization := organizations._orgs._data.get((manager, "self")):
            return organization["Id"]
    return None


def secret_policy(arn):
    with scope_of(arn):
        return policy_of(arn)


async def answer_secrets(method, path, headers, body, query_params):
    """In the account of the secret that the request names by its ARN."""
    named = json.loads(body or b"{}").get("SecretId", "")
    if not re.match(r"arn:[^:]*:secretsmanager:", named) or named.split(":")[4] == get_account_id():
        return await answered(method, path, headers, body, query_params)
    with scope_of(named):
        return await answered(method, path, headers, body, query_params)


def create_secret(data):
    """The id of the first version is the ClientRequestToken, and the same request again answers as before."""
    token, existing = data.get("ClientRequestToken"), secretsmanager._secrets.get(data.get("Name"))
    first = (existing or {}).get("Versions", {}).get(token)
    if first and first["SecretString"] == data.get("SecretString"):
        return json_response({"ARN": existing["ARN"], "Name": existing["Name"], "VersionId": token})
    status, headers, body = created(data)
    answer = json.loads(body)
    if token and status == 200:
        versions = secretsmanager._secrets[data["Name"]]["Versions"]
        versions[token] = versions.pop(answer["VersionId"])
        return json_response(answer | {"VersionId": token})
    return status, headers, body


def with_rotation(secret):
    """What ListSecrets and DescribeSecret show of a secret's rotation."""
    _, known = secretsmanager._resolve(secret["ARN"])
    shown = {name: (known or {}).get(name) for name in ("RotationLambdaARN", "RotationRules", "LastRotatedDate")}
    return secret | {name: value for name, value in shown.items() if value is not None}


def list_secrets(data):
    status, headers, body = listed(data)
    answer = json.loads(body)
    if status != 200:
        return status, headers, body
    return json_response(answer | {"SecretList": [with_rotation(each) for each in answer["SecretList"]]})


def describe_secret(data):
    status, headers, body = described(data)
    return json_response(with_rotation(json.loads(body))) if status == 200 else (status, headers, body)


def filter_secret_names(names, filters):
    beginnings = {
        "name": lambda secret: [secret["Name"]],
        "tag-key": lambda secret: [tag["Key"] for tag in secret.get("Tags", [])],
        "tag-value": lambda secret: [tag["Value"] for tag in secret.get("Tags", [])],
    }
    for each in filters:
        if texts := beginnings.get(each["Key"]):
            values = tuple(each["Values"])
            names = [name for name in names if any(text.startswith(values) for text in texts(secretsmanager._secrets[name]))]
    return filtered(names, [each for each in filters if each["Key"] not in beginnings])


policy_of, answered = secretsmanager.secret_policy_for_arn, secretsmanager.handle_request
secretsmanager.secret_policy_for_arn, secretsmanager.handle_request = secret_policy, answer_secrets
created, listed, described = secretsmanager._create_secret, secretsmanager._list_secrets, secretsmanager._describe_secret
key_policy_of, kms.key_policy_for_arn = kms.key_policy_for_arn, key_policy
filtered, secretsmanager._filter_secret_names = secretsmanager._filter_secret_names, filter_secret_names
secretsmanager._create_secret = create_secret
secretsmanager._list_secrets = list_secrets
secretsmanager._describe_secret = describe_secret
if "ROTATION_ENGINE" in os.environ:
    import ministack_engine  # noqa: F401
if "ROTATION_SCHEDULES" in os.environ:
    import ministack_schedules  # noqa: F401
if "MOVABLE_CLOCK" in os.environ:
    import ministack_clock  # noqa: F401
iam_evaluator.enforce = enforce
iam_evaluator._resolve_condition_key = condition_value
iam_actions.extract_resource_arn = extract_resource_arn
main()
