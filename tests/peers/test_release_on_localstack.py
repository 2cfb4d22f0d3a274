"""From the files of a release to a first rotated key: no toolchain, no clone, only a folder and the AWS CLI.

deploy.sh runs with the real AWS CLI. LocalStack makes the stack as the template says, and its own RotateSecret runs the
deployed functions. It checks no permission (test_localstack_stack.py), so what deploy.sh needs is not shown here.
"""

import functools
import http.server
import json
import subprocess
import threading

import pytest
from botocore.exceptions import ClientError

from clients import Aws, Key
from localstack_scene import IN_SCOPE
from processes import bare_environment, until
from release_scene import REGION, Deployer, change_template, functions_alone, run, whole
from standins import localstack

ACCOUNT, OTHER_ACCOUNT, BROKEN_ACCOUNT = "111122223333", "444455556666", "777788889999"


@pytest.fixture(scope="module")
def server():
    with localstack() as aws:
        yield aws


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return whole(tmp_path_factory.mktemp("release"))


@pytest.fixture(scope="module")
def address(folder):
    """Where the release can be downloaded."""
    handler = functools.partial(Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{web.server_port}"
        web.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def account(server, number):
    return Aws(server.endpoint, Key(number, "test"))


def bucket_of(number):
    return f"iam-key-rotator-{number}-{REGION}"


def keys(aws, user):
    return {key["AccessKeyId"]: key["Status"] for key in aws.iam.list_access_keys(UserName=user)["AccessKeyMetadata"]}


def test_from_the_files_of_a_release_to_rotated_keys_and_back(server, folder, address, tmp_path):
    aws = account(server, ACCOUNT)
    deployer = Deployer(folder, aws)
    said = deployer.deploy()
    assert "Creating the bucket" in said and "ops@example.com" in said
    check_private(aws.client("s3"), bucket_of(ACCOUNT))

    installed = run(folder / "install.sh", HOME=str(tmp_path), IAM_KEY_ROTATOR_RELEASE=address)
    assert installed.returncode == 0, installed.stdout
    # The command that deploy.sh names as the next one.
    (line,) = [line.split() for line in said.splitlines() if " enroll USER" in line]
    program = tmp_path / ".local" / "bin" / line[0]
    aws.iam.create_user(UserName="ci-bot", Tags=[IN_SCOPE])
    first = aws.iam.create_access_key(UserName="ci-bot")["AccessKey"]["AccessKeyId"]
    enrolled = command(aws, program, *line[1:-1], "ci-bot", "--yes")
    assert "AWSCURRENT moved to it" in enrolled
    second = value(aws)["AccessKeyId"]
    assert keys(aws, "ci-bot") == {first: "Active", second: "Active"}
    # As an operator does who cannot wait for the overlap to end.
    aws.iam.delete_access_key(UserName="ci-bot", AccessKeyId=first)
    command(aws, program, *line[1:-2], "rotate", "ci-bot", "--wait", "--yes")
    third = value(aws)["AccessKeyId"]
    assert keys(aws, "ci-bot") == {second: "Active", third: "Active"}

    again = deployer.deploy()
    assert "No changes to deploy" in again and "Creating" not in again
    deleted = deployer.delete()
    assert "Turning off the rotation of arn:aws:secretsmanager" in deleted
    assert stacks(aws) == [] and buckets(aws) == []
    # What is not the stack's stays.
    assert value(aws)["AccessKeyId"] == third and keys(aws, "ci-bot") == {second: "Active", third: "Active"}
    assert not aws.secretsmanager.describe_secret(SecretId="iam-key/ci-bot").get("RotationEnabled")
    nothing = deployer.delete()
    assert "There is no stack" in nothing and "There is no bucket" in nothing


def command(aws, program, *arguments):
    key = {"AWS_ACCESS_KEY_ID": aws.key.id, "AWS_SECRET_ACCESS_KEY": aws.key.secret}
    variables = bare_environment(AWS_ENDPOINT_URL=aws.endpoint, **key)
    ran = subprocess.run([program, *arguments], env=variables, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def value(aws):
    return json.loads(aws.secretsmanager.get_secret_value(SecretId="iam-key/ci-bot")["SecretString"])


def stacks(aws):
    listed = aws.client("cloudformation").describe_stacks()["Stacks"]
    # Unlike AWS, LocalStack goes on listing deleted ones.
    return [stack for stack in listed if stack["StackStatus"] != "DELETE_COMPLETE"]


def buckets(aws):
    return aws.client("s3").list_buckets()["Buckets"]


def check_private(store, bucket):
    blocked = store.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert len(blocked) == 4 and all(blocked.values())
    (encryption,) = store.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert encryption["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    (ownership,) = store.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert ownership["ObjectOwnership"] == "BucketOwnerEnforced"
    (statement,) = json.loads(store.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    assert statement["Effect"] == "Deny" and statement["Principal"] == "*" and statement["Action"] == "s3:*"
    assert statement["Resource"] == [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_a_bucket_of_that_name_in_another_account_gets_nothing(server, tmp_path):
    squatter, aws = account(server, "000000000000").client("s3"), account(server, OTHER_ACCOUNT)
    bucket = bucket_of(OTHER_ACCOUNT)
    squatter.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    # To AWS the first call is refused already: test_release_scripts.py.
    assert "AccessDenied" in Deployer(functions_alone(tmp_path), aws).deploy(succeeds=False)
    assert "Contents" not in squatter.list_objects_v2(Bucket=bucket) and stacks(aws) == []


def test_a_stack_that_could_not_be_created_is_named_with_its_reason_and_the_way_out(server, tmp_path):
    aws = account(server, BROKEN_ACCOUNT)
    deployer = Deployer(functions_alone(tmp_path), aws)
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "no such name"}}
    change_template(tmp_path, lambda template: template["Resources"].update(Broken=queue))
    said = deployer.deploy(succeeds=False)
    reason = "Broken\tResource provider operation failed: An error occurred (InvalidParameterValue)"
    assert "error: CloudFormation did not deploy the stack" in said and reason in said
    said = deployer.deploy(succeeds=False)
    assert "error: The stack iam-key-rotator is in ROLLBACK_COMPLETE and cannot be updated" in said and reason in said
    assert f"deploy.sh --delete {REGION}" in said
    assert "Removed." in deployer.delete()
    assert stacks(aws) == [] and buckets(aws) == []
