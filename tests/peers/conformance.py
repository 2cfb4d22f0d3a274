"""What AWS does, each behaviour with its source and a check that any stand-in can be put to.

A check gets a `World`, makes users and secrets of its own in it, and fails by an AssertionError or an
error code it does not expect. `why` says whom we side with, and why, where the stand-ins disagree.
"""

import itertools
import json
import uuid
from typing import Callable, NamedTuple

from botocore.exceptions import ClientError

from clients import Key

IAM = "https://docs.aws.amazon.com/IAM/latest/APIReference/API_{}.html".format
IAM_QUOTAS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"
STS = "https://docs.aws.amazon.com/STS/latest/APIReference/API_{}.html".format
IAM_ERRORS = "https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html"
SECRETS = "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_{}.html".format
ROTATION = "https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html"
SECRETS_LIMITS = "https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html"
TEMPLATE = (
    "https://github.com/aws-samples/aws-secrets-manager-rotation-lambdas/blob/master/"
    "SecretsManagerRotationTemplate/lambda_function.py"
)
EXTERNAL_ID = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html"
SNS = "https://docs.aws.amazon.com/sns/latest/api/API_{}.html".format
SES = "https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_{}.html".format
MODELS = "https://github.com/boto/botocore/tree/develop/botocore/data"

STEPS = ["createSecret", "setSecret", "testSecret", "finishSecret"]


class Check(NamedTuple):
    id: str
    behaviour: str
    source: str
    run: Callable
    why: str


CHECKS = []


class Lacks(Exception):
    """The stand-in has nothing that could be put to the check."""


def check(behaviour, source, why=""):
    def note(run):
        CHECKS.append(Check(run.__name__, behaviour, source, run, why))
        return run

    return note


class World:
    """A stand-in or AWS itself, and what a check needs of it.

    What the checks make is named and tagged alike, so that whoever runs them in an account finds all of it; `note`
    hears of each thing before it is made.
    """

    # Where there is no engine: of no account.
    function_arn = "arn:aws:lambda:eu-west-1:000000000000:function:rotation"

    def __init__(self, name, aws, engine=None, prefix="", path="/", tags=(), note=lambda kind, name: None):
        self.name, self.aws, self.engine = name, aws, engine
        self.iam, self.sts, self.secrets = aws.iam, aws.sts, aws.secretsmanager
        self.path, self.tags = path, list(tags)
        self._prefix, self._note, self._numbers = prefix, note, itertools.count(1)

    def unused(self, kind):
        """A name that nothing has."""
        return f"{self._prefix}{kind}-{next(self._numbers)}"

    def _named(self, kind):
        """The same for something that is about to be made."""
        name = self.unused(kind)
        self._note(kind, name)
        return name

    def _tagged(self):
        """Not every stand-in takes an empty list."""
        return {"Tags": self.tags} if self.tags else {}

    def user(self):
        name = self._named("user")
        self.create_user(name)
        return name

    def create_user(self, name):
        self.iam.create_user(UserName=name, Path=self.path, **self._tagged())

    def key(self, user):
        return Key.of(self.iam.create_access_key(UserName=user)["AccessKey"])

    def role(self, trust):
        """The ARN of a role with this trust policy and no permissions."""
        name = self._named("role")
        given = {"AssumeRolePolicyDocument": json.dumps(trust), **self._tagged()}
        return self.iam.create_role(RoleName=name, **given)["Role"]["Arn"]

    def topic(self):
        return self.aws.sns.create_topic(Name=self._named("topic"), **self._tagged())["TopicArn"]

    def secret(self, value="one", tags=(), **parameters):
        """A secret's name and the id of its first version."""
        name = self._named("secret")
        if tags or self.tags:
            parameters["Tags"] = [*tags, *self.tags]
        created = self.secrets.create_secret(Name=name, SecretString=value, **parameters)
        return name, created["VersionId"]

    def stages(self, secret):
        return self.secrets.describe_secret(SecretId=secret)["VersionIdsToStages"]

    def value(self, secret, **version):
        return self.secrets.get_secret_value(SecretId=secret, **version)["SecretString"]

    def rotation(self, failing=(), **parameters):
        """A secret after one rotation: its name, and the events that the function got."""
        if self.engine is None:
            raise Lacks("a rotation engine")
        name, _ = self.secret()
        self.engine.failing = set(failing)
        return name, self.engine.rotate(name, **parameters)


def refusal(call, **parameters):
    """Code and status that the call is refused with; `None` if it is not."""
    try:
        call(**parameters)
    except ClientError as error:
        answer = error.response
        return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]
    return None


# IAM


@check(
    "A user has two access keys at most; a third is refused with LimitExceeded, 409.",
    IAM_QUOTAS,
    "AWS: the limit is what a rotator must live with. ministack has none.",
)
def third_key(world):
    user = world.user()
    world.key(user), world.key(user)
    assert refusal(world.iam.create_access_key, UserName=user) == ("LimitExceeded", 409)


@check(
    "Inactive keys count towards that limit.",
    IAM_QUOTAS,
    "AWS: as above.",
)
def inactive_keys_count(world):
    user = world.user()
    for key in (world.key(user), world.key(user)):
        world.iam.update_access_key(UserName=user, AccessKeyId=key.id, Status="Inactive")
    assert refusal(world.iam.create_access_key, UserName=user) == ("LimitExceeded", 409)


@check(
    "ListAccessKeys shows keys of either status, page by page where MaxItems asks for it.",
    IAM("ListAccessKeys"),
    "AWS: ministack and moto answer everything at once, whatever MaxItems says.",
)
def key_pages(world):
    user = world.user()
    keys = {world.key(user).id, world.key(user).id}
    first = world.iam.list_access_keys(UserName=user, MaxItems=1)
    assert len(first["AccessKeyMetadata"]) == 1 and first["IsTruncated"] and first["Marker"]
    second = world.iam.list_access_keys(UserName=user, MaxItems=1, Marker=first["Marker"])
    assert not second["IsTruncated"]
    rows = first["AccessKeyMetadata"] + second["AccessKeyMetadata"]
    assert {row["AccessKeyId"] for row in rows} == keys


@check(
    "ListUsers answers page by page.",
    IAM("ListUsers"),
    "AWS: ministack and moto show every user at once, so a client that forgets to page passes there.",
)
def user_pages(world):
    world.user(), world.user(), world.user()
    page = world.iam.list_users(MaxItems=2)
    assert len(page["Users"]) == 2 and page["IsTruncated"] and page["Marker"]


@check(
    "Reading or deleting what is not there is NoSuchEntity, 404.",
    IAM("DeleteAccessKey"),
    "AWS: ministack lists no keys for a user that is not there, which reads as an answer.",
)
def no_such_entity(world):
    user = world.user()
    missing = ("NoSuchEntity", 404)
    nobody = world.unused("user")
    assert refusal(world.iam.get_user, UserName=nobody) == missing
    assert refusal(world.iam.list_access_keys, UserName=nobody) == missing
    assert refusal(world.iam.delete_access_key, UserName=user, AccessKeyId="AKIAAAAAAAAAAAAAAAAA") == missing


@check(
    "User names are not distinguished by case.",
    IAM("CreateUser"),
    "AWS: ministack, moto and LocalStack tell names apart by case.",
)
def user_case(world):
    user = world.user()
    assert refusal(world.create_user, name=user.upper()) == ("EntityAlreadyExists", 409)


@check(
    "A user that has access keys cannot be deleted: DeleteConflict, 409.",
    IAM("DeleteUser"),
    "AWS: moto deletes the user with its keys.",
)
def delete_conflict(world):
    user = world.user()
    world.key(user)
    assert refusal(world.iam.delete_user, UserName=user) == ("DeleteConflict", 409)


@check(
    "A key that was never used has no LastUsedDate; its service and region are N/A.",
    "https://docs.aws.amazon.com/IAM/latest/APIReference/API_AccessKeyLastUsed.html",
)
def never_used(world):
    answer = world.iam.get_access_key_last_used(AccessKeyId=world.key(world.user()).id)
    used = answer["AccessKeyLastUsed"]
    assert "LastUsedDate" not in used and (used["ServiceName"], used["Region"]) == ("N/A", "N/A")


# STS


@check("GetCallerIdentity names the key's own user, and needs no permission.", STS("GetCallerIdentity"))
def identity(world):
    user = world.user()
    told = world.aws.under(world.key(user)).sts.get_caller_identity()
    assert told["Arn"] == world.iam.get_user(UserName=user)["User"]["Arn"]


@check(
    "A key that does not exist is InvalidClientTokenId, 403.",
    IAM_ERRORS,
    "AWS and ministack: moto and LocalStack take any key.",
)
def unknown_key(world):
    stranger = world.aws.under(Key("AKIAAAAAAAAAAAAAAAAA", "x" * 40))
    assert refusal(stranger.sts.get_caller_identity) == ("InvalidClientTokenId", 403)


@check(
    "A wrong secret is SignatureDoesNotMatch, 403.",
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html",
    "AWS and ministack: moto and LocalStack check no signature.",
)
def wrong_secret(world):
    wrong = world.aws.under(world.key(world.user())._replace(secret="x" * 40))
    assert refusal(wrong.sts.get_caller_identity) == ("SignatureDoesNotMatch", 403)


@check(
    "An inactive key is refused with InvalidClientTokenId, and works again once it is active.",
    IAM("UpdateAccessKey"),
    "AWS and ministack: moto and LocalStack take inactive keys, so no proof of a key proves anything there.",
)
def inactive_key(world):
    user = world.user()
    key = world.key(user)
    named = {"UserName": user, "AccessKeyId": key.id}
    world.iam.update_access_key(**named, Status="Inactive")
    assert refusal(world.aws.under(key).sts.get_caller_identity) == ("InvalidClientTokenId", 403)
    world.iam.update_access_key(**named, Status="Active")
    assert refusal(world.aws.under(key).sts.get_caller_identity) is None


@check(
    "A deleted key is refused with InvalidClientTokenId.",
    IAM("DeleteAccessKey"),
    "AWS and ministack: moto and LocalStack take deleted keys.",
)
def deleted_key(world):
    user = world.user()
    key = world.key(user)
    world.iam.delete_access_key(UserName=user, AccessKeyId=key.id)
    assert refusal(world.aws.under(key).sts.get_caller_identity) == ("InvalidClientTokenId", 403)


@check(
    "A user without policies may not list users: AccessDenied, 403.",
    IAM_ERRORS,
    "AWS and ministack: moto allows everything unless told otherwise, and LocalStack checks no permission.",
)
def no_permission(world):
    me = world.aws.under(world.key(world.user()))
    assert refusal(me.iam.list_users) == ("AccessDenied", 403)


def role(world):
    _, partition, _, _, account, _ = world.sts.get_caller_identity()["Arn"].split(":")
    condition = {"StringEquals": {"sts:ExternalId": "agreed"}}
    principal = {"AWS": f"arn:{partition}:iam::{account}:root"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", "Condition": condition}
    return world.role({"Version": "2012-10-17", "Statement": [statement]})


@check(
    "A role whose trust policy asks for an external id is not assumed without it: AccessDenied, 403.",
    EXTERNAL_ID,
    "AWS and ministack: moto and LocalStack read no trust policy.",
)
def external_id(world):
    arn = role(world)
    assume = world.sts.assume_role
    assert refusal(assume, RoleArn=arn, RoleSessionName="audit") == ("AccessDenied", 403)
    assert refusal(assume, RoleArn=arn, RoleSessionName="audit", ExternalId="guess") == ("AccessDenied", 403)
    assert refusal(assume, RoleArn=arn, RoleSessionName="audit", ExternalId="agreed") is None


@check(
    "Temporary credentials are refused without their session token.",
    STS("AssumeRole"),
    "AWS and ministack: moto and LocalStack look at no token.",
)
def session_token(world):
    answer = world.sts.assume_role(RoleArn=role(world), RoleSessionName="audit", ExternalId="agreed")
    session = Key.of(answer["Credentials"])
    assert world.aws.under(session).sts.get_caller_identity()["Arn"].endswith("/audit")
    assert refusal(world.aws.under(session._replace(token=None)).sts.get_caller_identity) is not None


# Secrets Manager: secrets and versions


@check("A secret's name is taken once: ResourceExistsException, 400.", SECRETS("CreateSecret"))
def name_taken(world):
    name, _ = world.secret()
    assert refusal(world.secrets.create_secret, Name=name, SecretString="two") == ("ResourceExistsException", 400)


@check(
    "CreateSecret repeated with the same token and value answers as before.",
    SECRETS("CreateSecret"),
    "AWS and moto: ministack and LocalStack refuse the repetition, which an SDK's retry would meet.",
)
def repeated_creation(world):
    token = str(uuid.uuid4())
    name, version = world.secret(ClientRequestToken=token)
    again = world.secrets.create_secret(Name=name, SecretString="one", ClientRequestToken=token)
    assert version == token and again["ARN"] == world.secrets.describe_secret(SecretId=name)["ARN"]


@check("PutSecretValue repeated with the same token and value changes nothing.", SECRETS("PutSecretValue"))
def repeated_put(world):
    name, first = world.secret()
    world.secrets.put_secret_value(SecretId=name, SecretString="one", ClientRequestToken=first)
    assert world.stages(name) == {first: ["AWSCURRENT"]} and world.value(name) == "one"


@check(
    "A used token with another value is ResourceExistsException, and nothing changes.",
    SECRETS("PutSecretValue"),
    "AWS and moto: ministack overwrites a version, which on AWS never changes.",
)
def used_token(world):
    name, first = world.secret()
    put = {"SecretId": name, "SecretString": "two", "ClientRequestToken": first}
    assert refusal(world.secrets.put_secret_value, **put) == ("ResourceExistsException", 400)
    assert world.value(name) == "one"


@check("A value without VersionStages becomes AWSCURRENT, the one before AWSPREVIOUS.", SECRETS("PutSecretValue"))
def put_moves_current(world):
    name, first = world.secret()
    second = world.secrets.put_secret_value(SecretId=name, SecretString="two")["VersionId"]
    assert world.stages(name) == {first: ["AWSPREVIOUS"], second: ["AWSCURRENT"]}


@check(
    "A label that PutSecretValue names moves to the new version: it is on one version only.",
    SECRETS("PutSecretValue"),
    "AWS: ministack and moto leave the label on both versions.",
)
def label_moves(world):
    name, _ = world.secret()
    old = world.secrets.put_secret_value(SecretId=name, SecretString="two", VersionStages=["mine"])["VersionId"]
    new = world.secrets.put_secret_value(SecretId=name, SecretString="three", VersionStages=["mine"])["VersionId"]
    stages = world.stages(name)
    assert stages[new] == ["mine"] and old not in stages


@check(
    "A secret has 20 staging labels at most: LimitExceededException, 400.",
    SECRETS_LIMITS,
    "AWS: our labels are key ids and count towards it. ministack, moto and LocalStack know no limit.",
)
def twenty_labels(world):
    name, _ = world.secret()
    labels = [f"label-{number}" for number in range(19)]
    world.secrets.put_secret_value(SecretId=name, SecretString="two", VersionStages=labels)
    one_more = {"SecretId": name, "SecretString": "three", "VersionStages": ["one-more"]}
    assert refusal(world.secrets.put_secret_value, **one_more) == ("LimitExceededException", 400)


@check("A secret is found by its name, its ARN and its ARN without the last six characters.", SECRETS("DescribeSecret"))
def partial_arn(world):
    name, _ = world.secret()
    arn = world.secrets.describe_secret(SecretId=name)["ARN"]
    for secret_id in (arn, arn[:-7]):
        assert world.secrets.describe_secret(SecretId=secret_id)["Name"] == name


@check(
    "A secret, version or label that is not there is ResourceNotFoundException, 400.",
    SECRETS("GetSecretValue"),
    "AWS and ministack: moto answers 404 for a secret that is not there, AWS's documents say 400.",
)
def not_found(world):
    name, _ = world.secret()
    get, missing = world.secrets.get_secret_value, ("ResourceNotFoundException", 400)
    assert refusal(get, SecretId=world.unused("secret")) == missing
    assert refusal(get, SecretId=name, VersionId=str(uuid.uuid4())) == missing
    assert refusal(get, SecretId=name, VersionStage="AWSPENDING") == missing


@check(
    "VersionId and VersionStage that name different versions are refused.",
    SECRETS("GetSecretValue"),
    "AWS and moto: ministack answers the version and ignores the label.",
)
def version_and_stage(world):
    name, first = world.secret()
    world.secrets.put_secret_value(SecretId=name, SecretString="two")
    asked = {"SecretId": name, "VersionId": first, "VersionStage": "AWSCURRENT"}
    assert refusal(world.secrets.get_secret_value, **asked) is not None


def two_versions(world):
    name, first = world.secret()
    second = world.secrets.put_secret_value(SecretId=name, SecretString="two")["VersionId"]
    return {"SecretId": name, "VersionStage": "AWSCURRENT"}, first, second


@check(
    "AWSCURRENT moves only if RemoveFromVersionId names the version that has it; else InvalidParameterException.",
    SECRETS("UpdateSecretVersionStage"),
)
def remove_from(world):
    named, first, _ = two_versions(world)
    move, refused = world.secrets.update_secret_version_stage, ("InvalidParameterException", 400)
    assert refusal(move, **named, MoveToVersionId=first) == refused
    assert refusal(move, **named, MoveToVersionId=first, RemoveFromVersionId=first) == refused


@check("AWSPREVIOUS follows by itself when AWSCURRENT moves.", SECRETS("UpdateSecretVersionStage"))
def previous_follows(world):
    named, first, second = two_versions(world)
    world.secrets.update_secret_version_stage(**named, MoveToVersionId=first, RemoveFromVersionId=second)
    assert world.stages(named["SecretId"]) == {first: ["AWSCURRENT"], second: ["AWSPREVIOUS"]}


@check(
    "AWSCURRENT is never taken away without a version to go to (not documented; the strict side).",
    SECRETS("UpdateSecretVersionStage"),
    "AWS: a secret without AWSCURRENT has no value for anybody. ministack, moto and LocalStack take it away.",
)
def current_stays(world):
    named, _, second = two_versions(world)
    refused = refusal(world.secrets.update_secret_version_stage, **named, RemoveFromVersionId=second)
    assert refused is not None
    assert "AWSCURRENT" in world.stages(named["SecretId"])[second]


@check("A secret marked for deletion answers InvalidRequestException until it is restored.", SECRETS("DeleteSecret"))
def marked_for_deletion(world):
    name, _ = world.secret()
    world.secrets.delete_secret(SecretId=name)
    assert refusal(world.secrets.get_secret_value, SecretId=name) == ("InvalidRequestException", 400)
    world.secrets.restore_secret(SecretId=name)
    assert world.value(name) == "one"


@check("ListSecrets answers page by page, with the tags and the labels of every version.", SECRETS("ListSecrets"))
def secret_pages(world):
    tags = [{"Key": "iam-key-rotator:user", "Value": "alice"}]
    name, version = world.secret(tags=tags)
    world.secret(), world.secret()
    assert world.secrets.list_secrets(MaxResults=2)["NextToken"]
    (row,) = world.secrets.list_secrets(Filters=[{"Key": "name", "Values": [name]}], MaxResults=1)["SecretList"]
    assert [tag for tag in row["Tags"] if tag not in world.tags] == tags
    assert row["SecretVersionsToStages"] == {version: ["AWSCURRENT"]}


# Secrets Manager: rotation


@check(
    "RotateSecret needs a function: InvalidRequestException, 400.",
    SECRETS("RotateSecret"),
    "AWS: without a function ministack promotes a copy, and moto a version without a value.",
)
def no_function(world):
    name, _ = world.secret()
    assert refusal(world.secrets.rotate_secret, SecretId=name) == ("InvalidRequestException", 400)
    assert world.value(name) == "one"


@check(
    "RotateSecret is refused while AWSPENDING is on another version than AWSCURRENT.",
    SECRETS("RotateSecret"),
    "AWS: this is how a stuck rotation shows. ministack and moto begin another one, LocalStack resumes the one before and reports success.",
)
def previous_rotation(world):
    name, _ = world.secret()
    world.secrets.put_secret_value(SecretId=name, SecretString="two", VersionStages=["AWSPENDING"])
    arn = world.engine.function_arn if world.engine else world.function_arn
    rotate = {"SecretId": name, "RotationLambdaARN": arn, "RotationRules": {"AutomaticallyAfterDays": 365}}
    assert refusal(world.secrets.rotate_secret, **rotate) == ("InvalidRequestException", 400)


@check(
    "A rotation invokes the function with four steps in order, under one ClientRequestToken.",
    ROTATION,
    "AWS and moto: ministack's RotateSecret invokes nothing.",
)
def four_steps(world):
    name, seen = world.rotation()
    assert [event["Step"] for event in seen.events] == STEPS
    assert len({event["ClientRequestToken"] for event in seen.events}) == 1
    assert "AWSCURRENT" in world.stages(name)[seen.events[0]["ClientRequestToken"]]


@check(
    "The event's SecretId is the secret's ARN.",
    ROTATION,
    "AWS: moto and LocalStack send the name. The function takes both.",
)
def secret_id_is_arn(world):
    name, seen = world.rotation()
    arn = world.secrets.describe_secret(SecretId=name)["ARN"]
    assert {event["SecretId"] for event in seen.events} == {arn}


@check(
    "The event carries a RotationToken of 36 to 256 characters.",
    ROTATION,
    "AWS: moto and LocalStack send none. The function takes both.",
)
def rotation_token(world):
    _, seen = world.rotation()
    assert all(36 <= len(event.get("RotationToken", "")) <= 256 for event in seen.events)


@check(
    "When createSecret runs, the token's version is labelled AWSPENDING and has no value to get.",
    TEMPLATE,
    "AWS's template: moto answers 200 without a value. The function reads both as absent.",
)
def staged_without_value(world):
    _, seen = world.rotation()
    assert (seen.staged, seen.value) == (True, ("ResourceNotFoundException", 400))


@check(
    "A rotation may end with AWSPENDING on the version that AWSCURRENT moved to; the next one runs.",
    SECRETS("RotateSecret"),
    "AWS: moto takes this for a rotation in progress, the one state of which AWS says that it is none.",
)
def pending_on_current(world):
    name, _ = world.rotation()
    again = world.engine.rotate(name)
    assert [event["Step"] for event in again.events] == STEPS


@check(
    "A failed step ends the rotation: no further step runs, and AWSCURRENT stays.",
    ROTATION,
    "AWS: moto goes on with the next step.",
)
def failed_step(world):
    name, seen = world.rotation(failing=["testSecret"])
    assert [event["Step"] for event in seen.events] == STEPS[:3]
    assert world.value(name) == "one"


@check(
    "RotateImmediately=false runs testSecret alone, and leaves no AWSPENDING behind.",
    SECRETS("RotateSecret"),
    "AWS: moto leaves the test's version behind, LocalStack answers InternalError.",
)
def test_only(world):
    name, seen = world.rotation(RotateImmediately=False)
    assert [event["Step"] for event in seen.events] == ["testSecret"]
    assert not any("AWSPENDING" in labels for labels in world.stages(name).values())


@check(
    "RotateSecret without a function's ARN keeps the one configured before.",
    SECRETS("RotateSecret"),
    "AWS: moto forgets the function.",
)
def function_is_kept(world):
    name, seen = world.rotation()
    before = world.secrets.describe_secret(SecretId=name)["RotationLambdaARN"]
    token = seen.events[0]["ClientRequestToken"]
    if "AWSPENDING" in world.stages(name)[token]:
        # That the next rotation may run all the same is another check.
        world.secrets.update_secret_version_stage(
            SecretId=name, VersionStage="AWSPENDING", RemoveFromVersionId=token
        )
    world.engine.rotate(name, RotationLambdaARN=None)
    assert world.secrets.describe_secret(SecretId=name)["RotationLambdaARN"] == before


@check(
    "CancelRotateSecret turns rotation off.",
    SECRETS("CancelRotateSecret"),
    "AWS and moto: ministack has no such operation, and LocalStack shows no RotationEnabled afterwards.",
)
def cancel(world):
    name, _ = world.rotation()
    world.secrets.cancel_rotate_secret(SecretId=name)
    assert world.secrets.describe_secret(SecretId=name)["RotationEnabled"] is False


# SNS and SES


@check("Publishing to a topic that is not there is NotFound, 404.", SNS("Publish"))
def no_topic(world):
    topic = world.topic()
    assert refusal(world.aws.sns.publish, TopicArn=topic + "x", Message="m") == ("NotFound", 404)


@check(
    "A subject of more than 100 characters is InvalidParameter, 400.",
    SNS("Publish"),
    "AWS and moto: ministack and LocalStack take any subject.",
)
def long_subject(world):
    topic = world.topic()
    publish = {"TopicArn": topic, "Message": "m", "Subject": "x" * 101}
    assert refusal(world.aws.sns.publish, **publish) == ("InvalidParameter", 400)


@check(
    "A mail from a sender that is not verified is MessageRejected, 400.",
    SES("SendEmail"),
    "AWS, ministack and moto: LocalStack has no SESv2.",
)
def unverified_sender(world):
    mail = {
        "FromEmailAddress": "robot@example.net",
        "Destination": {"ToAddresses": ["alice@example.org"]},
        "Content": {"Simple": {"Subject": {"Data": "S"}, "Body": {"Text": {"Data": "T"}}}},
    }
    assert refusal(world.aws.sesv2.send_email, **mail) == ("MessageRejected", 400)


# Last: what all the answers above had in common.


@check(
    "Every answer fits the service's model: required members, no others, right types.",
    MODELS,
    "The models: ministack and moto send null for what is absent, and moto members that belong to other operations. botocore does not mind.",
)
def answers_fit_models(world):
    assert world.aws.problems == [], "; ".join(sorted(set(world.aws.problems)))
