"""`make acceptance` that is stopped in the middle: it removes what it made, or `--clean` does. Other things stay."""

import contextlib
import json
import os
import pty
import re
import signal
import subprocess

import pytest

from acceptance_scene import QUICK, RELEASED, adapted, changed, command, enforcing, listing, packages
from acceptance_scene import run, send, started, variables
from attacks_scene import code
from clients import http
from deployment import BUCKET, Stack
from processes import until

PREFIX = "iam-key-rotator-acceptance"


@pytest.fixture(scope="module")
def account():
    with enforcing() as aws:
        make_similar(aws)
        yield aws


def make_similar(aws):
    """A prefix without a run, a run without our tag or path, and a name with ours in the middle."""
    for name in (PREFIX, f"{PREFIX}-old-things", f"{PREFIX}-abcdef-by-hand", f"my-{PREFIX}-abcdef-things"):
        aws.iam.create_user(UserName=name)
        aws.iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")
        aws.secretsmanager.create_secret(Name=name, SecretString="theirs")
        aws.client("sqs").create_queue(QueueName=name)
        aws.sns.create_topic(Name=name)
        aws.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": aws.region})


@pytest.fixture
def before(account):
    return listing(account)


def given(part):
    return ["--yes", "--only", part, "--code", packages(), "--template", adapted(), *QUICK]


@pytest.mark.parametrize(
    "number, part, point",
    [
        (signal.SIGINT, "conformance", "creating function"),
        (signal.SIGTERM, "rotation", "creating stack"),
        (signal.SIGHUP, "conformance", "check delete_conflict"),
    ],
)
def test_a_run_that_is_told_to_stop_removes_what_it_made(account, before, number, part, point):
    with started(account, *given(part)) as program:
        program.says(point)
        send(program, number)
        assert program.ends() == 1
        output = program.output()
    assert "stopping, and removing what was made" in output and "Everything was removed" in output
    assert changed(before, listing(account)) == {}


def test_a_second_signal_does_not_end_the_removal(account, before):
    with started(account, *given("rotation")) as program:
        program.says("a rotation makes a new key")
        send(program, signal.SIGINT)
        program.says("-- removal")
        send(program, signal.SIGINT)
        send(program, signal.SIGTERM)
        assert program.ends() == 1
        assert "what was made is being removed" in program.output()
    assert changed(before, listing(account)) == {}


@pytest.mark.parametrize(
    "part, point",
    [
        ("rotation", "creating stack"),
        ("rotation", "a rotation makes a new key"),
    ],
)
def test_what_a_killed_run_left_is_removed_by_clean(account, before, part, point):
    killed(account, part, point)
    assert changed(before, listing(account)) != {}
    code, output = run(account, "--clean", "--yes")
    assert code == 0, output
    assert changed(before, listing(account)) == {}


def killed(account, part, point):
    with started(account, *given(part)) as program:
        program.says(point)
        send(program, signal.SIGKILL)
        program.ends()


def test_beside_what_a_killed_run_left_no_run_begins(account, before):
    killed(account, "conformance", "check delete_conflict")
    left = listing(account)
    code, output = run(account, *given("rotation"))
    assert code == 1 and "or remove them: --clean --region eu-west-1." in output
    assert re.search(rf"user {PREFIX}-[0-9a-f]{{6}}-check-\S+ \(run [0-9a-f]{{6}}, eu-west-1, made 20", output)
    assert changed(left, listing(account)) == {}
    assert run(account, "--clean", "--yes")[0] == 0
    assert changed(before, listing(account)) == {}


def test_a_run_leaves_what_another_one_makes_beside_it(account, before):
    """Two may begin at once, before either has made anything."""
    with started(account, *given("conformance")) as program:
        program.says("creating function")
        make_as_another_run(account, "abcdef", account.region)
        send(program, signal.SIGINT)
        assert program.ends() == 1
        assert "Everything was removed" in program.output()
    left = changed(before, listing(account))
    assert {"users", "roles", "secrets", "buckets", "queues", "topics"} == set(left)
    assert all("abcdef" in name for names in left.values() for name in names), left
    assert run(account, "--clean", "--yes")[0] == 0
    assert changed(before, listing(account)) == {}


def make_as_another_run(account, run, region):
    name = f"{PREFIX}-{run}-other"
    tags = {PREFIX: run, f"{PREFIX}-region": region}
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    account.iam.create_user(UserName=name, Path=f"/{PREFIX}/", Tags=listed)
    account.iam.create_access_key(UserName=name)
    account.iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}", Tags=listed)
    storage, here = account.client("s3"), {"LocationConstraint": account.region}
    storage.create_bucket(Bucket=f"{name}-111122223333", CreateBucketConfiguration=here)
    storage.put_bucket_tagging(Bucket=f"{name}-111122223333", Tagging={"TagSet": listed})
    if region == account.region:
        account.secretsmanager.create_secret(Name=name, SecretString="theirs", Tags=listed)
        account.client("sqs").create_queue(QueueName=name, tags=tags)
        account.sns.create_topic(Name=name, Tags=listed)


def test_clean_leaves_what_a_run_in_another_region_made_and_says_how_to_remove_it(account, before):
    """Users, roles and buckets are the same in every region: its secrets and its stack would be all that stays."""
    make_as_another_run(account, "fedcba", "eu-central-1")
    theirs = changed(before, listing(account))
    code, output = run(account, *given("rotation"))
    assert code == 1 and "run fedcba, eu-central-1" in output and "--clean --region eu-central-1." in output
    make_as_another_run(account, "abcdef", account.region)
    with belongings(account, f"{PREFIX}-abcdef-other"):
        code, output = run(account, "--clean", "--yes")
    assert code == 0 and "eu-central-1 stay: --clean --region eu-central-1" in output, output
    assert changed(before, listing(account)) == theirs
    code, output = run(account, "--clean", "--yes", "--region", "eu-central-1")
    assert code == 0, output
    assert changed(before, listing(account)) == {}


@contextlib.contextmanager
def belongings(account, name):
    """What others attached to a user and a role, and a bucket with versions that its run could not tag any more."""
    client, storage = account.iam, account.client("s3")
    denied = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [denied]})
    policy = client.create_policy(PolicyName="attached", PolicyDocument=document)["Policy"]["Arn"]
    client.attach_user_policy(UserName=name, PolicyArn=policy)
    client.attach_role_policy(RoleName=name, PolicyArn=policy)
    client.create_group(GroupName="theirs")
    client.add_user_to_group(GroupName="theirs", UserName=name)
    bucket = f"{PREFIX}-abcdef-untagged-111122223333"
    storage.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": account.region})
    storage.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    storage.put_object(Bucket=bucket, Key="one", Body=b"1")
    storage.delete_object(Bucket=bucket, Key="one")
    storage.create_multipart_upload(Bucket=bucket, Key="two")
    yield
    client.delete_policy(PolicyArn=policy)
    client.delete_group(GroupName="theirs")


def test_what_has_a_similar_name_is_nothing_to_clean(account, before):
    """No other test here may remove it, either."""
    assert all(f"{PREFIX}-abcdef-by-hand" in str(before[kind]) for kind in ("users", "roles", "secrets", "buckets"))
    code, output = run(account, "--clean", "--yes")
    assert code == 0 and output.endswith("\nNothing of an earlier run is here.\n")
    assert changed(before, listing(account)) == {}


def test_a_stack_that_exists_is_used_and_left_as_it_was(account):
    Stack(account, "existing", json.loads(RELEASED.read_text()), code(), CodeBucket=BUCKET)
    before = listing(account)
    ended, output = run(account, *given("rotation"), "--stack", "existing")
    assert ended == 0 and "creating stack" not in output and "its alert arrives: yes" in output, output
    assert "WARNING: the stack existing is a rotator" in output and mails(account) == []
    assert changed(before, listing(account)) == {}


def test_mails_are_sent_to_the_address_that_is_given_alone(account):
    account.sesv2.create_email_identity(EmailIdentity="example.com")
    ended, output = run(account, *given("rotation"), "--email", "keys@example.com")
    assert ended == 0 and "mails to keys@example.com only" in output, output
    sent = mails(account)
    assert sent and all(mail["To"] == ["keys@example.com"] for mail in sent), sent


def mails(aws):
    held = http(f"{aws.endpoint}/_ministack/ses/messages")["messages"]
    return [mail for sent in held.values() for mail in sent]


def test_without_a_terminal_and_without_yes_nothing_is_called(account, before):
    requests = account.log().count("\n")
    for arguments in (["--only", "conformance"], ["--clean"]):
        code, output = run(account, *arguments)
        assert code == 1 and "There is no terminal to ask at" in output
    assert account.log().count("\n") == requests and changed(before, listing(account)) == {}


def test_in_another_account_than_the_named_one_nothing_is_made(account, before):
    code, output = run(account, *given("conformance"), "--account", "999999999999")
    assert code == 1 and "This is account 111122223333, and --account is 999999999999" in output
    assert changed(before, listing(account)) == {}


@pytest.mark.parametrize(
    "typed",
    [["no"], ["yes", "yes"]],
    ids=["not_yes", "not_the_account"],
)
def test_at_a_terminal_it_shows_what_it_will_do_and_asks_twice(account, before, typed):
    output = at_terminal(account, typed, "--only", "conformance")
    shown = [output.index(part) for part in ("It creates, and later removes", "It costs at most $", "Type yes")]
    assert shown == sorted(shown)
    assert "Not confirmed. Nothing was created" in output
    assert changed(before, listing(account)) == {}


def at_terminal(aws, typed, *arguments):
    """Everything that is printed while these lines are typed, each when it is asked for."""
    ours, theirs = pty.openpty()
    os.set_blocking(ours, False)
    streams = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
    program = subprocess.Popen([str(part) for part in command(*arguments)], env=variables(aws), **streams)
    os.close(theirs)
    seen = []

    def shown():
        # Nothing to read yet, and the end, are errors to a terminal.
        with contextlib.suppress(OSError):
            while piece := os.read(ours, 65536):
                seen.append(piece)
        return b"".join(seen).decode(errors="replace")

    for number, line in enumerate(typed, 1):
        until(lambda: shown().count("Type ") >= number, "it asks")
        os.write(ours, f"{line}\n".encode())
    program.wait(timeout=60)
    text = shown()
    os.close(ours)
    return text
