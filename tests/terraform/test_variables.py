"""What cannot work is refused before anything is planned, with a message that says what to write instead."""

import re

import pytest

from terraform import MODULE, Failed, Workspace, member, module, rotator

CODE = 'code_bucket = "zips"'

REFUSED = [
    ("", "the zips come from one place"),
    ('code_bucket = "b"\ncode_path = "p"', "the zips come from one place"),
    ('name = "9lives"', "name begins with a letter"),
    ('architecture = "arm"', "architecture is arm64 or x86_64"),
    ('users = "all"', "users is tagged, under-path or everyone"),
    ('user_tag_value = "a\\"b"', "user_tag_value is the value of a tag"),
    ('user_path = "service"', "user_path begins and ends with a slash"),
    ('users = "under-path"', "name a path such as /service/"),
    ('users = "everyone"\nuser_path = "/service/"', "users is everyone, which has no path"),
    ('users = "everyone"\nexempt_tag = "keep"', "leave exempt_tag out"),
    ('enrollment_roles = ["arn:aws:iam::111122223333:role/*"]', "without wildcards"),
    ('overlap = "1w"', "overlap is a duration"),
    ('recovery = "soon"', "recovery is a duration"),
    ('in_use = "ignore"', "in_use is wait or deactivate"),
    ('unknown_keys = "delete"', "unknown_keys is refuse"),
    ('test_regions = ["Ireland"]', "test_regions are regions"),
    ('propagation_timeout = "1 min"', "propagation_timeout is a duration"),
    ('secret_name = "{user}/{user}"', "secret_name holds {user} once"),
    ('secret_name = "keys/*/{user}"', "secret_name holds {user} once"),
    ('secret_name = "{user}"\nmode = "enforce"\nscope = "all"', "needs text before or after {user}"),
    ('email_from = "somebody"', "email_from is an address"),
    ('contact = "a\\nb"', "contact is a name, an address or a URL"),
    ('email_from = "keys@example.com"', "name it in email_identity"),
    ('mode = "report"', "mode is audit, retire or enforce"),
    ('exposed = "delete"', "exposed is alert, rotate or revoke"),
    ('scope = "some"', "scope is enrolled or all"),
    ('scope_secrets = ["a;b"]', "names of single secrets"),
    ('rotate_after = "0d"', "longer than 0"),
    ('warn_before = "-1d"', "warn_before is a duration"),
    ('max_age = "old"', "max_age is a duration"),
    ('exempt_group = "a/b"', "name of an IAM group"),
    ('exempt_tag = ""', "exempt_tag is the key of a tag"),
    ('replica_regions = ["eu"]', "replica_regions are regions"),
    ('created_secrets_key = { arn = "arn:x" }', "mode creates no secret"),
    ('schedule = "hourly"', "schedule is rate"),
    ("reserved_concurrency = -1", "0 or more"),
    ('members = { external_id = "abcd" }\norganization = {}', "max_concurrency is more than reserved_concurrency"),
    ("organization = {}\nreserved_concurrency = 0", "members is not"),
    ('members = { external_id = "x" }', "at least 2 letters"),
    (
        'members = { external_id = "abcd" }\norganization = { unit = "ou-ab12-cdefgh34", accounts = [] }\nreserved_concurrency = 0',
        "name a unit or a list of accounts",
    ),
    ('members = { external_id = "abcd" }\norganization = { unit = "root" }\nreserved_concurrency = 0', "id of a unit"),
    ('members = { external_id = "abcd" }\norganization = { accounts = ["1"] }\nreserved_concurrency = 0', "twelve digits"),
    (
        'members = { external_id = "abcd" }\norganization = { max_concurrency = 0 }\nreserved_concurrency = 0',
        "max_concurrency is 1 or more",
    ),
    ("rotation_timeout = 901", "rotation_timeout is at most 900"),
    ("sweep_timeout = 5", "sweep_timeout is between"),
    ('log_level = "WARN"', "log_level is DEBUG or INFO"),
    ("log_retention_days = 2", "log_retention_days is one of"),
]
#: Settings that are fine each for itself.
TOGETHER = [
    ('overlap = "90d"', "overlap (90d) is not shorter than rotate_after (90d)"),
    ('max_age = "90d"', "In mode retire a key reaches 2185 hours"),
    ('max_age = "179d"\nmode = "audit"', "In mode audit a key reaches 4320 hours"),
    ('max_age = "89d"\noverlap = "0"', "a key reaches 2160 hours"),
    ('max_age = "91d"\noverlap = "1h"\nrotate_after = "2182h"', "a key reaches 2187 hours"),
    ('propagation_timeout = "151s"', "testSecret needs 30 seconds beside its wait"),
]
MEMBER_REFUSED = [
    ('external_id = "x"', "at least 2 letters"),
    ('external_id = "abcd"\nrole_name = "a/b"', "a path and a name"),
    ('external_id = "abcd"\nmode = "report"', "mode is audit, retire or enforce"),
    ('external_id = "abcd"\nusers = "all"', "users is tagged"),
    ('external_id = "abcd"\nusers = "under-path"', "name a path"),
    ('external_id = "abcd"\nexempt_group = "a/b"', "name of an IAM group"),
]
EXPOSED_REFUSED = [
    ('rotator_region = "Ireland"', "rotator_region is a region"),
    ('rotator_region = "eu-west-1"\nrotator_account = "12"', "rotator_account is an account's twelve digits"),
]


@pytest.fixture(scope="module")
def workspace(served, prepared, tmp_path_factory):
    """One for all: nothing is ever applied."""
    return Workspace(tmp_path_factory.mktemp("refused") / "module", served, prepared)


def message_of(workspace, text):
    workspace.write(text)
    with pytest.raises(Failed) as refused:
        workspace.plan()
    return " ".join(str(refused.value).split())


@pytest.mark.parametrize(("settings", "message"), REFUSED + TOGETHER)
def test_the_rotator_refuses(workspace, settings, message):
    code = "" if "zips" in message else CODE
    assert message in message_of(workspace, rotator(f"{code}\n{settings}"))


@pytest.mark.parametrize(("settings", "message"), MEMBER_REFUSED)
def test_a_member_account_refuses(workspace, settings, message):
    assert message in message_of(workspace, member(settings))


@pytest.mark.parametrize(("settings", "message"), EXPOSED_REFUSED)
def test_the_forwarder_of_exposed_keys_refuses(workspace, settings, message):
    assert message in message_of(workspace, module("exposed", settings))


@pytest.mark.parametrize(
    "settings",
    ['max_age = "2185h"', 'max_age = "180d"\nmode = "audit"', 'max_age = "90d"\noverlap = "0"', 'propagation_timeout = "150s"'],
)
def test_ages_that_a_key_can_keep_to_are_taken(workspace, settings):
    workspace.write(rotator(f"{CODE}\n{settings}"))
    workspace.plan()


def test_every_validation_of_the_rotator_is_tried():
    """Each message is one that a test above has seen."""
    messages = re.findall(r'error_message = "(.*)"$', (MODULE / "variables.tf").read_text(), re.M)
    tried = [message for _, message in REFUSED]
    assert [each for each in messages if not any(message in each for message in tried)] == []
