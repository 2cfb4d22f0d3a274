"""When deploy.sh refuses, and what it says then. Where AWS's answer matters, a script answers in the AWS CLI's words.

test_release_on_localstack.py and test_release_on_ministack.py deploy with the real one.
"""

import os

import pytest

from awscli import PROGRAM
from release_scene import REGION, TEMPLATE, change_template, functions_alone, run

BUCKET = f"iam-key-rotator-111122223333-{REGION}"
# Any other call than these succeeds, and is written down like them.
AWS = r"""#!/bin/sh
echo "$*" | tr '\n' ' ' >> "$(dirname "$0")/calls"
echo >> "$(dirname "$0")/calls"
case "$*" in
*get-caller-identity*) printf '111122223333\tarn:aws-us-gov:iam::111122223333:user/me\n' ;;
*StackStatus*) {stack} ;;
*describe-stack-events*) printf 'Topic\tName is taken\n' ;;
*head-bucket*) {bucket} ;;
*put-bucket-policy*) {policy} ;;
esac
"""
NO_STACK = 'echo "An error occurred (ValidationError): Stack with id iam-key-rotator does not exist" >&2; exit 254'
NO_BUCKET = 'echo "An error occurred (404) when calling the HeadBucket operation: Not Found" >&2; exit 254'
NOT_OURS = 'echo "An error occurred (403) when calling the HeadBucket operation: Forbidden" >&2; exit 254'


@pytest.fixture
def folder(tmp_path):
    return functions_alone(tmp_path)


def deploy(folder, *arguments, stack=NO_STACK, bucket=NO_BUCKET, policy="true"):
    """What it says, and the calls that change something."""
    programs = folder / "programs"
    programs.mkdir()
    (programs / "aws").write_text(AWS.format(stack=stack, bucket=bucket, policy=policy))
    (programs / "aws").chmod(0o755)
    arguments = arguments or (REGION, "ops@example.com")
    ran = run(folder / "deploy.sh", *arguments, PATH=f"{programs}{os.pathsep}{os.environ['PATH']}")
    calls = (programs / "calls").read_text().splitlines() if (programs / "calls").exists() else []
    reads = ("get-caller-identity", "describe-", "head-bucket", "list-")
    return ran.returncode, ran.stdout, [call.strip() for call in calls if not any(each in call for each in reads)]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--delete",), "--delete needs the region, and nothing else."),
        (("--delete", REGION, "now"), "--delete needs the region, and nothing else."),
        ((REGION,), "The region and an e-mail address are missing."),
        (("Ireland", "ops@example.com"), '"Ireland" is not a region such as eu-west-1.'),
        ((REGION, "ops"), '"ops" is not an e-mail address.'),
        ((REGION, "ops@example.com", "--profile"), '"--profile" is not PARAMETER=VALUE.'),
    ],
)
def test_wrong_usage_is_named_before_the_usage(folder, arguments, reason):
    code, said, changes = deploy(folder, *arguments)
    assert (code, changes) == (2, [])
    assert said.startswith(f"error: {reason}\n\nUsage:\n  deploy.sh REGION EMAIL")


def change_zip(folder):
    (path,) = folder.glob("rotation-*.zip")
    path.write_bytes(path.read_bytes() + b"\0")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (change_zip, "rotation-*.zip does not have the checksum in SHA256SUMS. Nothing was changed."),
        (lambda folder: (folder / TEMPLATE).write_text("{}"), f"{TEMPLATE} does not have the checksum in SHA256SUMS."),
        (lambda folder: (folder / TEMPLATE).unlink(), f"{TEMPLATE} is missing. Nothing was changed."),
        (lambda folder: (folder / "SHA256SUMS").unlink(), "SHA256SUMS is missing. Nothing was changed."),
        (lambda folder: next(folder.glob("sweep-*.zip")).unlink(), "sweep-*.zip is missing. Nothing was changed."),
    ],
)
def test_a_folder_that_is_not_as_it_was_published_is_refused(folder, change, reason):
    change(folder)
    code, said, changes = deploy(folder)
    (zip_path,) = folder.glob("rotation-*.zip")
    assert (code, changes) == (1, [])
    assert reason.replace("rotation-*.zip", zip_path.name) in said


def test_no_credentials(folder):
    path = f"{PROGRAM.parent}{os.pathsep}{os.environ['PATH']}"
    ran = run(folder / "deploy.sh", REGION, "ops@example.com", PATH=path)
    assert ran.returncode == 1
    assert "Unable to locate credentials" in ran.stdout
    assert "Nothing was changed.\nSet AWS_PROFILE or log in (aws login, aws sso login)" in ran.stdout


@pytest.mark.parametrize("arguments", [(), ("--delete", REGION)])
def test_a_bucket_of_another_account_is_left_alone(folder, arguments):
    code, said, changes = deploy(folder, *arguments, bucket=NOT_OURS)
    assert (code, changes) == (1, [])
    assert f"error: The bucket {BUCKET} belongs to another account, or these credentials may not use it." in said


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        ("ROLLBACK_COMPLETE", f"deploy.sh --delete {REGION}"),
        ("DELETE_FAILED", f"deploy.sh --delete {REGION}"),
        ("UPDATE_ROLLBACK_FAILED", "aws cloudformation continue-update-rollback --region eu-west-1 --stack-name iam-key-rotator"),
        ("UPDATE_IN_PROGRESS", "Run deploy.sh again when it has ended."),
    ],
)
def test_a_stack_that_cannot_be_updated_is_named_with_the_way_out(folder, status, advice):
    code, said, changes = deploy(folder, stack=f"echo {status}")
    assert (code, changes) == (1, [])
    assert f"error: The stack iam-key-rotator is in {status}" in said and said.endswith(f"{advice}\n")
    assert ("Topic\tName is taken" in said) == ("IN_PROGRESS" not in status)


def test_a_stack_that_cannot_be_read_is_not_taken_for_none(folder):
    code, said, changes = deploy(folder, stack='echo "An error occurred (AccessDenied)" >&2; exit 254')
    assert (code, changes) == (1, []) and "cannot be read. Nothing was changed: An error occurred (AccessDenied)" in said


def test_a_run_that_ended_before_the_bucket_was_private_is_finished_before_anything_is_uploaded(folder):
    code, said, changes = deploy(folder, bucket="true", policy="exit 254")
    assert code != 0
    assert [call.split(" s3api ")[1].split()[0] for call in changes] == [
        "put-public-access-block",
        "put-bucket-ownership-controls",
        "put-bucket-encryption",
        "put-bucket-policy",
    ]


def test_every_call_on_the_bucket_names_its_owner_and_its_policy_the_partition(folder):
    code, said, changes = deploy(folder, stack="echo REVIEW_IN_PROGRESS")
    assert code == 0, said
    on_bucket = [call for call in changes if " s3api " in call and " create-bucket " not in call]
    assert len(on_bucket) == 6
    assert all(f"--bucket {BUCKET} --expected-bucket-owner 111122223333" in call for call in on_bucket)
    (policy,) = [call for call in changes if "put-bucket-policy" in call]
    assert f"arn:aws-us-gov:s3:::{BUCKET}/*" in policy


@pytest.mark.parametrize(("region", "named"), [("us-east-1", False), ("us-gov-west-1", True)])
def test_the_first_region_of_s3_is_no_constraint(folder, region, named):
    code, said, changes = deploy(folder, region, "ops@example.com")
    assert code == 0, said
    (made,) = [call for call in changes if " create-bucket " in call]
    assert (f"LocationConstraint={region}" in made) == named


def test_the_architecture_is_that_of_the_zips_where_there_is_one_only(folder):
    (zip_path,) = folder.glob("rotation-*.zip")
    architecture = zip_path.stem.removeprefix("rotation-")
    _, _, changes = deploy(folder, REGION, "ops@example.com", "Mode=audit")
    (deployed,) = [call for call in changes if " cloudformation deploy " in call]
    assert deployed.endswith(f"AlertEmail=ops@example.com Architecture={architecture} Mode=audit")


def test_with_both_the_template_decides(folder):
    for name in ("rotation", "sweep"):
        for architecture in ("x86_64", "arm64"):
            (folder / f"{name}-{architecture}.zip").write_bytes(b"zip")
    change_template(folder, lambda template: None)
    code, said, changes = deploy(folder)
    assert code == 0, said
    (deployed,) = [call for call in changes if " cloudformation deploy " in call]
    assert "Architecture=" not in deployed
    assert [call for call in changes if "put-object" in call and "arm64" in call]


def test_a_stack_without_a_function_has_no_rotations_to_turn_off(folder):
    code, said, changes = deploy(folder, "--delete", REGION, stack="echo ROLLBACK_COMPLETE")
    assert code == 0, said
    assert [call.split(" text ")[1].split(" --")[0] for call in changes if "bucket" not in call] == [
        "cloudformation delete-stack",
        "cloudformation wait stack-delete-complete",
    ]
