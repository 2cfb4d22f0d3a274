"""The attacker may create secrets, and read what is in them."""

import hashlib
import json
import subprocess

import pytest

from attacks_scene import (
    ACCOUNT,
    ANY_SECRET,
    DUE_AT_ONCE,
    WHOLE_ACCOUNT,
    a_second_passes,
    allow,
    attacked_account,
    document,
    found,
    read_by,
)
from lambda_function import environment
from processes import BINARIES

OWN = ["CreateSecret", "TagResource", "GetSecretValue", "PutResourcePolicy"]


def creator(account, names):
    return account.attacker(allow([f"secretsmanager:{action}" for action in OWN], [f"{ANY_SECRET}{names}"]), exempt=True)


def create(by, name, user=None, policy=None, **more):
    tags = [{"Key": "iam-key-rotator:user", "Value": user}] if user else []
    made = by.secretsmanager.create_secret(Name=name, SecretString=json.dumps({"UserName": user}), Tags=tags, **more)
    if policy:
        by.secretsmanager.put_resource_policy(SecretId=made["ARN"], ResourcePolicy=policy)
    return made["ARN"]


def reads(by, secret):
    return json.loads(by.secretsmanager.get_secret_value(SecretId=secret)["SecretString"])


@pytest.mark.parametrize("settings", [DUE_AT_ONCE, WHOLE_ACCOUNT], ids=["enrolled", "all"])
def test_a_secret_of_the_attacker_tagged_with_a_victim_gets_no_key(account, settings):
    account.set_up(**settings)
    first = account.user("ci-bot")
    mallory = creator(account, "mallory/*")
    trap = create(mallory, "mallory/trap", "ci-bot")
    a_second_passes()
    before = account.state(trap)
    answer = account.sweep()
    assert account.state(trap) == before
    assert "AccessKeyId" not in reads(mallory, trap)
    assert "mallory/trap" in str(found(answer, "NotEnrolled"))
    assert account.keys("ci-bot") == {first["AccessKeyId"]: "Active"}
    assert "mallory/trap" in str(account.alerts())


@pytest.mark.parametrize("tagged", [True, False], ids=["tagged", "untagged"])
def test_a_secret_that_takes_the_name_beforehand_gets_no_key_and_raises_an_alert(account, tagged):
    account.set_up(**WHOLE_ACCOUNT)
    first = account.user("ci-bot")
    mallory = creator(account, "iam-key/*")
    squatted = create(mallory, "iam-key/ci-bot", "ci-bot" if tagged else None)
    a_second_passes()
    before = account.state(squatted)
    account.sweep()
    assert account.state(squatted) == before
    assert account.keys("ci-bot") == {first["AccessKeyId"]: "Active"}
    assert "iam-key/ci-bot" in str(account.alerts())


def enrollment_token(name):
    """That of the sweep's own CreateSecret (src/sweep/execute.rs); anybody can compute it."""
    return hashlib.sha256(f"iam-key-rotator enrolment of {name} in {ACCOUNT}".encode()).hexdigest()[:32]


def test_a_secret_with_the_sweeps_token_and_a_policy_of_the_attacker_gets_no_key(account):
    account.set_up(**WHOLE_ACCOUNT)
    first = account.user("ci-bot")
    mallory = creator(account, "iam-key/*")
    token = enrollment_token("iam-key/ci-bot")
    policy = document(read_by("mallory"))
    squatted = create(mallory, "iam-key/ci-bot", "ci-bot", policy, ClientRequestToken=token)
    a_second_passes()
    before = account.state(squatted)
    account.sweep()
    assert account.state(squatted) == before
    assert account.keys("ci-bot") == {first["AccessKeyId"]: "Active"}


@pytest.mark.parametrize("bound", [False, True], ids=["without the user's tag", "with the user's tag"])
def test_what_remains_creating_secrets_under_the_prefix_gets_the_next_key(account, bound):
    account.set_up(**WHOLE_ACCOUNT)
    first = account.user("ci-bot")
    if bound:
        tags = [{"Key": "iam-key-rotator:secret", "Value": f"{ANY_SECRET}keys/ci-bot-AbCdEf"}]
        account.iam.tag_user(UserName="ci-bot", Tags=tags)
    mallory = creator(account, "iam-key/*")
    token = enrollment_token("iam-key/ci-bot")
    (key,) = account.keys("ci-bot")
    squatted = create(mallory, "iam-key/ci-bot", "ci-bot", ClientRequestToken=token)
    forged = [{"Key": "iam-key-rotator:notices", "Value": f"{key}:a"}]
    mallory.secretsmanager.tag_resource(SecretId=squatted, Tags=forged)
    a_second_passes()
    account.sweep()
    if bound:
        assert account.keys("ci-bot") == {first["AccessKeyId"]: "Active"}
        assert "AccessKeyId" not in reads(mallory, squatted)
    else:
        assert reads(mallory, squatted)["AccessKeyId"] in account.keys("ci-bot")


@pytest.fixture(scope="module")
def listed():
    """The scope is a list of secrets, `ci` and `smtp/relay`."""
    with attacked_account("listed", "Listed") as account:
        yield account


def test_deleting_a_listed_secret_does_not_stop_the_sweep_of_the_others(listed):
    listed.clean()
    listed.set_up(**DUE_AT_ONCE)
    first = listed.user("ci-bot")
    victims = listed.enrolled("ci-bot", first, "ci")
    other = listed.secret("smtp/relay", {})
    mallory = listed.attacker(allow("secretsmanager:DeleteSecret", other))
    mallory.secretsmanager.delete_secret(SecretId=other, ForceDeleteWithoutRecovery=True)
    a_second_passes()
    listed.sweep()
    assert listed.value(victims)["AccessKeyId"] != first["AccessKeyId"]


@pytest.mark.parametrize("bound", [False, True], ids=["without the user's tag", "with the user's tag"])
def test_what_remains_creating_a_listed_secret_that_is_missing_gets_a_key(listed, bound):
    listed.clean()
    listed.set_up(**DUE_AT_ONCE)
    first = listed.user("ci-bot")
    if bound:
        tags = [{"Key": "iam-key-rotator:secret", "Value": "keys/ci-bot"}]
        listed.iam.tag_user(UserName="ci-bot", Tags=tags)
    listed.secret("smtp/relay", {})
    mallory = creator(listed, "ci*")
    created = create(mallory, "ci", "ci-bot")
    a_second_passes()
    listed.sweep()
    if bound:
        assert listed.keys("ci-bot") == {first["AccessKeyId"]: "Active"}
        assert "AccessKeyId" not in reads(mallory, created)
    else:
        assert reads(mallory, created)["AccessKeyId"] in listed.keys("ci-bot")


def enroll(account, *arguments):
    """The CLI of an administrator."""
    settings = {"ROTATOR_ROTATION_FUNCTION_ARN": account.rotation, **WHOLE_ACCOUNT}
    variables = environment(account.aws.endpoint, account.aws.key, **settings)
    command = [BINARIES / "iam-key-rotator", "enroll", *arguments]
    return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("tagged", [True, False], ids=["tagged", "untagged"])
def test_enroll_does_not_adopt_a_secret_that_the_attacker_created_beforehand(account, tagged):
    first = account.user("ci-bot")
    mallory = creator(account, "iam-key/*")
    squatted = create(mallory, "iam-key/ci-bot", "ci-bot" if tagged else None, document(read_by("mallory")))
    before = account.state(squatted)
    done = enroll(account, "ci-bot", "--yes")
    assert account.state(squatted) == before, done.stdout
    assert account.keys("ci-bot") == {first["AccessKeyId"]: "Active"}
    assert done.returncode != 0 and "--secret" in done.stdout + done.stderr


@pytest.mark.parametrize("tagged", [True, False], ids=["tagged", "untagged"])
def test_enroll_all_does_not_adopt_a_secret_that_the_attacker_created_beforehand(account, tagged):
    first = account.user("ci-bot")
    mallory = creator(account, "iam-key/*")
    squatted = create(mallory, "iam-key/ci-bot", "ci-bot" if tagged else None, document(read_by("mallory")))
    before = account.state(squatted)
    done = enroll(account, "--all", "--yes")
    assert account.state(squatted) == before, done.stdout
    assert account.keys("ci-bot") == {first["AccessKeyId"]: "Active"}
