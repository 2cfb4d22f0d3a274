"""boto3 against the simulator: a client nobody here wrote, with AWS's own models of every answer."""

import json

import pytest
from botocore.exceptions import HTTPClientError

from clients import Key, refused

ACCOUNT = "111122223333"
OTHER_ACCOUNT = "444455556666"
OTHER_ROOT = Key(f"AKIAROOT{OTHER_ACCOUNT}", f"root/of/the/simulated/account/{OTHER_ACCOUNT}")
USER = "alice@example.com"
FOUR_HOURS = 4 * 3600
DAY = 24 * 3600


@pytest.fixture
def key(simulator):
    """An access key of a user."""
    simulator.iam.create_user(UserName=USER, Path="/dev/")
    return Key.of(simulator.iam.create_access_key(UserName=USER)["AccessKey"])


@pytest.fixture
def secret(simulator):
    return simulator.secretsmanager.create_secret(Name="alice", SecretString="one")


# Identities


def test_the_root_pair_is_the_accounts_root(simulator):
    identity = simulator.sts.get_caller_identity()
    assert identity["Arn"] == f"arn:aws:iam::{ACCOUNT}:root"


def test_a_user_is_created_with_path_and_tags_and_its_name_is_taken_whatever_the_case(simulator):
    created = simulator.iam.create_user(UserName=USER, Path="/dev/", Tags=[{"Key": "email", "Value": "a@b.c"}])
    assert created["User"]["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/dev/{USER}"
    assert simulator.iam.get_user(UserName=USER)["User"]["Tags"] == [{"Key": "email", "Value": "a@b.c"}]
    with refused("EntityAlreadyExists", 409):
        simulator.iam.create_user(UserName=USER.upper())
    with refused("NoSuchEntity", 404):
        simulator.iam.get_user(UserName="nobody")


def test_user_tags_come_and_go(simulator, key):
    simulator.iam.tag_user(UserName=USER, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    simulator.iam.untag_user(UserName=USER, TagKeys=["a"])
    assert simulator.iam.list_user_tags(UserName=USER)["Tags"] == [{"Key": "b", "Value": "2"}]


def test_a_key_is_its_users(simulator, key):
    identity = simulator.under(key).sts.get_caller_identity()
    user = simulator.iam.get_user(UserName=USER)["User"]
    assert (identity["Arn"], identity["UserId"]) == (user["Arn"], user["UserId"])


def test_a_third_key_exceeds_the_limit_even_when_the_others_are_inactive(simulator, key):
    second = simulator.iam.create_access_key(UserName=USER)["AccessKey"]
    for access_key in (key.id, second["AccessKeyId"]):
        simulator.iam.update_access_key(UserName=USER, AccessKeyId=access_key, Status="Inactive")
    with refused("LimitExceeded", 409) as refusal:
        simulator.iam.create_access_key(UserName=USER)
    assert "Cannot exceed quota for AccessKeysPerUser: 2" in str(refusal.value)
    listed = simulator.iam.list_access_keys(UserName=USER)["AccessKeyMetadata"]
    assert [(row["AccessKeyId"], row["Status"]) for row in listed] == [
        (key.id, "Inactive"),
        (second["AccessKeyId"], "Inactive"),
    ]


def test_an_unknown_key_and_a_wrong_secret_are_told_apart(simulator, key):
    unknown, wrong = simulator.under(Key("AKIAAAAAAAAAAAAAAAAA", "x")), simulator.under(Key(key.id, "x"))
    with refused("InvalidClientTokenId", 403):
        unknown.sts.get_caller_identity()
    with refused("SignatureDoesNotMatch", 403):
        wrong.sts.get_caller_identity()
    with refused("UnrecognizedClientException", 400):
        unknown.secretsmanager.list_secrets()
    with refused("InvalidSignatureException", 400):
        wrong.secretsmanager.list_secrets()


def test_an_inactive_key_is_refused_until_it_is_active_again_and_a_deleted_one_for_good(simulator, key):
    me = simulator.under(key)
    simulator.iam.update_access_key(UserName=USER, AccessKeyId=key.id, Status="Inactive")
    with refused("InvalidClientTokenId", 403):
        me.sts.get_caller_identity()
    simulator.iam.update_access_key(UserName=USER, AccessKeyId=key.id, Status="Active")
    me.sts.get_caller_identity()
    simulator.iam.delete_access_key(UserName=USER, AccessKeyId=key.id)
    with refused("InvalidClientTokenId", 403):
        me.sts.get_caller_identity()
    with refused("NoSuchEntity", 404):
        simulator.iam.delete_access_key(UserName=USER, AccessKeyId=key.id)


def test_a_user_without_permissions_may_do_nothing_but_ask_who_it_is(simulator, key):
    me = simulator.under(key)
    me.sts.get_caller_identity()
    with refused("AccessDenied", 403):
        me.iam.list_users()
    with refused("AccessDeniedException", 400):
        me.secretsmanager.list_secrets()
    with refused("AuthorizationError", 403):
        me.sns.list_topics()
    with refused("AccessDeniedException", 403):
        me.sesv2.get_account()


def test_the_last_use_of_a_key_shows_up_four_hours_later(simulator, key):
    def last_use():
        return simulator.iam.get_access_key_last_used(AccessKeyId=key.id)

    assert last_use()["UserName"] == USER
    simulator.under(key).sts.get_caller_identity()
    assert last_use()["AccessKeyLastUsed"] == {"Region": "N/A", "ServiceName": "N/A"}
    simulator.advance(FOUR_HOURS + 1)
    seen = last_use()["AccessKeyLastUsed"]
    assert (seen["ServiceName"], seen["Region"]) == ("sts", "eu-west-1")
    assert "LastUsedDate" in seen


def test_a_user_with_keys_cannot_be_deleted(simulator, key):
    with refused("DeleteConflict", 409):
        simulator.iam.delete_user(UserName=USER)
    simulator.iam.delete_access_key(UserName=USER, AccessKeyId=key.id)
    simulator.iam.delete_user(UserName=USER)
    with refused("NoSuchEntity", 404):
        simulator.iam.get_user(UserName=USER)


# Roles and accounts


@pytest.fixture
def member_role(simulator):
    """A role of another account that trusts ours, with an external id."""
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": ACCOUNT},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"sts:ExternalId": "agreed"}},
            }
        ],
    }
    iam = simulator.under(OTHER_ROOT).iam
    return iam.create_role(RoleName="member", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]


def test_a_role_is_assumed_only_with_its_external_id(simulator, member_role):
    with refused("AccessDenied", 403):
        simulator.sts.assume_role(RoleArn=member_role, RoleSessionName="audit")
    with refused("AccessDenied", 403):
        simulator.sts.assume_role(RoleArn=member_role, RoleSessionName="audit", ExternalId="guessed")
    answer = simulator.sts.assume_role(RoleArn=member_role, RoleSessionName="audit", ExternalId="agreed")
    identity = simulator.under(Key.of(answer["Credentials"])).sts.get_caller_identity()
    assert identity["Arn"] == f"arn:aws:sts::{OTHER_ACCOUNT}:assumed-role/member/audit"
    assert identity["UserId"] == answer["AssumedRoleUser"]["AssumedRoleId"]


def test_a_role_does_not_trust_an_account_it_does_not_name(simulator, member_role):
    stranger = "777788889999"
    other = simulator.under(Key(f"AKIAROOT{stranger}", f"root/of/the/simulated/account/{stranger}"))
    with refused("AccessDenied", 403):
        other.sts.assume_role(RoleArn=member_role, RoleSessionName="audit", ExternalId="agreed")


def test_a_session_is_refused_without_its_token_and_once_it_has_expired(simulator, member_role):
    answer = simulator.sts.assume_role(RoleArn=member_role, RoleSessionName="audit", ExternalId="agreed")
    session = Key.of(answer["Credentials"])
    with refused("InvalidClientTokenId", 403):
        simulator.under(session._replace(token=None)).sts.get_caller_identity()
    with refused("InvalidClientTokenId", 403):
        simulator.under(session._replace(token="another")).sts.get_caller_identity()
    simulator.advance(3601)
    with refused("ExpiredToken", 403):
        simulator.under(session).sts.get_caller_identity()


def test_accounts_and_regions_are_isolated(simulator, key, secret):
    other = simulator.under(OTHER_ROOT)
    assert other.iam.list_users()["Users"] == []
    assert other.secretsmanager.list_secrets()["SecretList"] == []
    with refused("NoSuchEntity", 404):
        other.iam.list_access_keys(UserName=USER)
    with refused("ResourceNotFoundException", 400):
        other.secretsmanager.get_secret_value(SecretId="alice")
    with refused("AccessDeniedException", 400):
        other.secretsmanager.get_secret_value(SecretId=secret["ARN"])
    with refused("ResourceNotFoundException", 400):
        simulator.in_region("us-east-1").secretsmanager.get_secret_value(SecretId="alice")


# Paging: more than a page of everything that can be listed


def walk(client, operation, field, **parameters):
    pages = list(client.get_paginator(operation).paginate(**parameters))
    return len(pages), [row for page in pages for row in page[field]]


def test_every_list_of_iam_is_walked_to_its_end(simulator, key):
    iam = simulator.iam
    names = [f"user-{number:03}" for number in range(120)]
    for name in names:
        iam.create_user(UserName=name)
    pages, users = walk(iam, "list_users", "Users")
    assert pages == 2 and [user["UserName"] for user in users] == [USER, *names]
    assert len(iam.list_users(MaxItems=7)["Users"]) == 7

    second = iam.create_access_key(UserName=USER)["AccessKey"]
    pages, keys = walk(iam, "list_access_keys", "AccessKeyMetadata", UserName=USER, PaginationConfig={"PageSize": 1})
    assert pages == 2 and [row["AccessKeyId"] for row in keys] == [key.id, second["AccessKeyId"]]

    iam.tag_user(UserName=USER, Tags=[{"Key": f"tag-{number}", "Value": ""} for number in range(50)])
    pages, tags = walk(iam, "list_user_tags", "Tags", UserName=USER, PaginationConfig={"PageSize": 20})
    assert pages == 3 and len({tag["Key"] for tag in tags}) == 50


def test_every_list_of_secrets_manager_is_walked_to_its_end(simulator):
    manager = simulator.secretsmanager
    names = [f"fleet/{number}" for number in range(120)]
    for name in names:
        manager.create_secret(Name=name, SecretString="x")
    pages, secrets = walk(manager, "list_secrets", "SecretList")
    assert pages == 2 and [secret["Name"] for secret in secrets] == names

    for number in range(10):
        manager.put_secret_value(SecretId="fleet/0", SecretString=str(number), VersionStages=[f"label-{number}"])
    first = manager.list_secret_version_ids(SecretId="fleet/0", MaxResults=4)
    found, token = first["Versions"], first.get("NextToken")
    while token:
        page = manager.list_secret_version_ids(SecretId="fleet/0", MaxResults=4, NextToken=token)
        found, token = found + page["Versions"], page.get("NextToken")
    assert len({version["VersionId"] for version in found}) == len(found) == 11


def test_every_list_of_sns_is_walked_to_its_end(simulator):
    made = {simulator.sns.create_topic(Name=f"topic-{number}")["TopicArn"] for number in range(120)}
    pages, topics = walk(simulator.sns, "list_topics", "Topics")
    assert pages == 2 and {topic["TopicArn"] for topic in topics} == made


def test_lists_of_secrets_are_filtered(simulator):
    for name, value in (("alice", "1"), ("bob", "2"), ("alistair", "2")):
        simulator.secretsmanager.create_secret(Name=name, SecretString="x", Tags=[{"Key": "team", "Value": value}])

    def names(*filters):
        filters = [{"Key": key, "Values": [value]} for key, value in filters]
        return [row["Name"] for row in simulator.secretsmanager.list_secrets(Filters=filters)["SecretList"]]

    assert names(("name", "ali")) == ["alice", "alistair"]
    assert names(("name", "ali"), ("tag-value", "2")) == ["alistair"]
    assert names(("tag-key", "other")) == []


# Secrets and their versions


def test_a_secret_is_found_by_name_arn_and_arn_without_suffix(simulator, secret):
    for secret_id in ("alice", secret["ARN"], secret["ARN"][:-7]):
        described = simulator.secretsmanager.describe_secret(SecretId=secret_id)
        assert described["ARN"] == secret["ARN"]
        assert described["VersionIdsToStages"] == {secret["VersionId"]: ["AWSCURRENT"]}
        assert "RotationEnabled" not in described
    with refused("ResourceNotFoundException", 400):
        simulator.secretsmanager.describe_secret(SecretId="nobody")


def test_a_name_is_taken_unless_the_same_creation_is_repeated(simulator, secret):
    create = simulator.secretsmanager.create_secret
    with refused("ResourceExistsException", 400):
        create(Name="alice", SecretString="other")
    repeated = create(Name="alice", SecretString="one", ClientRequestToken=secret["VersionId"])
    assert (repeated["ARN"], repeated["VersionId"]) == (secret["ARN"], secret["VersionId"])


def test_a_used_token_takes_the_same_content_again_and_refuses_other_content(simulator, secret):
    put, token = simulator.secretsmanager.put_secret_value, secret["VersionId"]
    assert put(SecretId="alice", SecretString="one", ClientRequestToken=token)["VersionId"] == token
    with refused("ResourceExistsException", 400):
        put(SecretId="alice", SecretString="two", ClientRequestToken=token)
    assert simulator.secretsmanager.get_secret_value(SecretId="alice")["SecretString"] == "one"


def test_a_new_value_is_current_and_the_old_one_previous(simulator, secret):
    manager = simulator.secretsmanager
    new = manager.put_secret_value(SecretId="alice", SecretBinary=b"\x00two")["VersionId"]
    assert manager.get_secret_value(SecretId="alice")["SecretBinary"] == b"\x00two"
    assert manager.get_secret_value(SecretId="alice", VersionStage="AWSPREVIOUS")["SecretString"] == "one"
    assert manager.describe_secret(SecretId="alice")["VersionIdsToStages"] == {
        secret["VersionId"]: ["AWSPREVIOUS"],
        new: ["AWSCURRENT"],
    }


def test_a_version_that_is_not_there_is_not_found(simulator, secret):
    get = simulator.secretsmanager.get_secret_value
    with refused("ResourceNotFoundException", 400) as refusal:
        get(SecretId="alice", VersionStage="AWSPENDING")
    assert "staging label: AWSPENDING" in str(refusal.value)
    with refused("ResourceNotFoundException", 400):
        get(SecretId="alice", VersionId="11111111-2222-3333-4444-555555555555")
    with refused("InvalidRequestException", 400):
        get(SecretId="alice", VersionId=secret["VersionId"], VersionStage="AWSPREVIOUS")


def test_awscurrent_moves_only_away_from_the_version_that_has_it(simulator, secret):
    manager, first = simulator.secretsmanager, secret["VersionId"]
    second = manager.put_secret_value(SecretId="alice", SecretString="two")["VersionId"]

    def move(**ends):
        manager.update_secret_version_stage(SecretId="alice", VersionStage="AWSCURRENT", **ends)

    for ends in ({"MoveToVersionId": first}, {"MoveToVersionId": first, "RemoveFromVersionId": first}):
        with refused("InvalidParameterException", 400):
            move(**ends)
    with refused("InvalidParameterException", 400):
        move(RemoveFromVersionId=second)
    move(MoveToVersionId=first, RemoveFromVersionId=second)
    assert manager.describe_secret(SecretId="alice")["VersionIdsToStages"] == {
        first: ["AWSCURRENT"],
        second: ["AWSPREVIOUS"],
    }


def test_a_label_is_on_one_version_and_a_version_without_labels_is_deleted_after_a_day(simulator, secret):
    manager = simulator.secretsmanager
    old = manager.put_secret_value(SecretId="alice", SecretString="2", VersionStages=["mine"])["VersionId"]
    manager.put_secret_value(SecretId="alice", SecretString="3", VersionStages=["mine"])
    assert old not in manager.describe_secret(SecretId="alice")["VersionIdsToStages"]
    listed = manager.list_secret_version_ids(SecretId="alice", IncludeDeprecated=True)["Versions"]
    assert old in [version["VersionId"] for version in listed]
    assert manager.get_secret_value(SecretId="alice", VersionId=old)["SecretString"] == "2"
    simulator.advance(DAY)
    with refused("ResourceNotFoundException", 400):
        manager.get_secret_value(SecretId="alice", VersionId=old)


def test_tags_of_a_secret_take_only_what_aws_takes(simulator, secret):
    manager = simulator.secretsmanager
    manager.tag_resource(SecretId="alice", Tags=[{"Key": "iam-key-rotator:user", "Value": "alice"}])
    manager.tag_resource(SecretId="alice", Tags=[{"Key": "gone", "Value": ""}])
    manager.untag_resource(SecretId="alice", TagKeys=["gone"])
    tags = manager.describe_secret(SecretId="alice")["Tags"]
    assert tags == [{"Key": "iam-key-rotator:user", "Value": "alice"}]
    with refused("InvalidParameterException", 400):
        manager.tag_resource(SecretId="alice", Tags=[{"Key": "a", "Value": "{}"}])


def test_a_resource_policy_must_be_json(simulator, secret):
    manager, policy = simulator.secretsmanager, '{"Version":"2012-10-17","Statement":[]}'
    manager.put_resource_policy(SecretId="alice", ResourcePolicy=policy)
    assert manager.get_resource_policy(SecretId="alice")["ResourcePolicy"] == policy
    with refused("MalformedPolicyDocumentException", 400):
        manager.put_resource_policy(SecretId="alice", ResourcePolicy="x")
    manager.delete_resource_policy(SecretId="alice")
    assert "ResourcePolicy" not in manager.get_resource_policy(SecretId="alice")


def test_a_deleted_secret_can_be_restored_until_it_is_gone(simulator, secret):
    manager = simulator.secretsmanager
    manager.delete_secret(SecretId="alice")
    with refused("InvalidRequestException", 400):
        manager.get_secret_value(SecretId="alice")
    with refused("InvalidRequestException", 400):
        manager.create_secret(Name="alice", SecretString="x")
    manager.restore_secret(SecretId="alice")
    assert manager.get_secret_value(SecretId="alice")["SecretString"] == "one"
    manager.delete_secret(SecretId="alice", ForceDeleteWithoutRecovery=True)
    with refused("ResourceNotFoundException", 400):
        manager.describe_secret(SecretId="alice")


# Messages


def test_what_is_published_to_a_topic_is_read_back(simulator):
    topic = simulator.sns.create_topic(Name="alerts")["TopicArn"]
    attributes = {"step": {"DataType": "String", "StringValue": "createSecret"}}
    simulator.sns.publish(TopicArn=topic, Subject="S", Message="M & <x>", MessageAttributes=attributes)
    (alert,) = simulator.control("alerts")
    assert (alert["topic"], alert["subject"], alert["message"]) == (topic, "S", "M & <x>")
    assert alert["attributes"] == {"step": "createSecret"}
    with refused("NotFound", 404):
        simulator.sns.publish(TopicArn=topic + "x", Message="m")
    for subject in ("x" * 101, "two\nlines", "ünicode"):
        with refused("InvalidParameter", 400):
            simulator.sns.publish(TopicArn=topic, Message="m", Subject=subject)


def mail(simulator, sender="Robot <robot@example.com>", **content):
    content = content or {
        "Simple": {"Subject": {"Data": "S"}, "Body": {"Text": {"Data": "T"}, "Html": {"Data": "<b>T</b>"}}}
    }
    simulator.sesv2.send_email(
        FromEmailAddress=sender, Destination={"ToAddresses": ["alice@example.org"]}, Content=content
    )


def test_a_mail_goes_out_only_from_a_verified_sender_and_is_read_back(simulator):
    with refused("MessageRejected", 400):
        mail(simulator)
    simulator.sesv2.create_email_identity(EmailIdentity="example.com")
    mail(simulator)
    (sent,) = simulator.control("mails")
    assert (sent["from"], sent["to"]) == ("Robot <robot@example.com>", ["alice@example.org"])
    assert (sent["subject"], sent["text"], sent["html"]) == ("S", "T", "<b>T</b>")
    assert simulator.sesv2.get_email_identity(EmailIdentity="example.com")["VerifiedForSendingStatus"]
    with refused("NotFoundException", 404):
        simulator.sesv2.get_email_identity(EmailIdentity="example.org")


def test_a_template_is_filled_with_its_data(simulator):
    simulator.sesv2.create_email_identity(EmailIdentity="example.com")
    content = {"Subject": "Hi {{user}}", "Text": "{{user}}!"}
    simulator.sesv2.create_email_template(TemplateName="rotated", TemplateContent=content)
    mail(simulator, Template={"TemplateName": "rotated", "TemplateData": '{"user":"Alice"}'})
    (sent,) = simulator.control("mails")
    assert (sent["subject"], sent["text"], sent["template"]) == ("Hi Alice", "Alice!", "rotated")


# Faults, and what is not there


def test_a_lost_answer_to_create_access_key_still_leaves_a_key(simulator):
    simulator.iam.create_user(UserName=USER)
    simulator.control("faults", {"operation": "CreateAccessKey", "kind": "ResponseLost"})
    with pytest.raises(HTTPClientError):
        simulator.iam.create_access_key(UserName=USER)
    assert len(simulator.iam.list_access_keys(UserName=USER)["AccessKeyMetadata"]) == 1


@pytest.mark.parametrize(
    ("kind", "code", "status"),
    [
        ("Throttle", "ThrottlingException", 400),
        ("Error5xx", "InternalServiceError", 500),
        ("Denied", "AccessDeniedException", 400),
        ({"ErrorCode": ["DecryptionFailure", 400]}, "DecryptionFailure", 400),
    ],
)
def test_a_fault_hits_the_call_it_names_and_no_other(simulator, secret, kind, code, status):
    simulator.control("faults", {"operation": "DescribeSecret", "nth": 2, "kind": kind})
    simulator.secretsmanager.get_secret_value(SecretId="alice")
    simulator.secretsmanager.describe_secret(SecretId="alice")
    with refused(code, status):
        simulator.secretsmanager.describe_secret(SecretId="alice")
    simulator.secretsmanager.describe_secret(SecretId="alice")


def test_an_operation_that_is_not_simulated_is_an_error_and_every_call_is_in_the_journal(simulator):
    with refused("InvalidAction", 400):
        simulator.iam.list_groups()
    last = simulator.control("journal")[-1]
    assert (last["operation"], last["outcome"]) == ("ListGroups", {"Error": "InvalidAction"})
    assert last["caller"] == f"arn:aws:iam::{ACCOUNT}:root"


def test_requests_that_nobody_signed_are_refused(simulator):
    from botocore import UNSIGNED
    from botocore.config import Config

    from clients import SESSION

    config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}, proxies={})
    iam = SESSION.client("iam", endpoint_url=simulator.endpoint, region_name="eu-west-1", config=config)
    with refused("MissingAuthenticationToken", 403):
        iam.list_users()
