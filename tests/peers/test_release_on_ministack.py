"""deploy.sh with the real AWS CLI on ministack, which enforces signatures and policies: update, and removal.

ministack's CloudFormation lacks some types (deployment.py): the template is deployed without them.
"""

import pytest

import clients
import deployment
from clients import REGION
from deployment import ACCOUNT, enforcing_ministack
from release_scene import Deployer, change_template, functions_alone

BUCKET = f"iam-key-rotator-{ACCOUNT}-{REGION}"


@pytest.fixture(scope="module")
def aws():
    with enforcing_ministack() as aws:
        yield aws


def without_what_ministack_lacks(template):
    template.pop("Rules", None)
    resources = template["Resources"]
    for name in [name for name, resource in resources.items() if deployment.left_out(resource)]:
        del resources[name]


def settings_of(aws, program):
    """Settings and code of a deployed function."""
    functions = aws.client("lambda").list_functions()["Functions"]
    (found,) = [each for each in functions if program.capitalize() in each["FunctionName"]]
    return found["Environment"]["Variables"], found["CodeSha256"]


def test_an_update_keeps_parameters_takes_new_code_and_a_deletion_keeps_secrets(aws, tmp_path):
    deployer = Deployer(functions_alone(tmp_path), aws)
    change_template(tmp_path, without_what_ministack_lacks)
    deployer.deploy("Overlap=48h")
    variables, code = settings_of(aws, "rotation")
    assert variables["ROTATOR_OVERLAP"] == "48h" and variables["ROTATOR_MODE"] == "retire"

    functions_alone(tmp_path, lambda name: f"#!/bin/sh\necho {name} of the next release\n".encode())
    change_template(tmp_path, without_what_ministack_lacks)
    deployer.deploy("Mode=audit")
    updated, new_code = settings_of(aws, "rotation")
    assert updated == variables | {"ROTATOR_MODE": "audit"} and new_code != code

    aws.secretsmanager.create_secret(Name="iam-key/ci-bot", SecretString="{}")
    assert "Removed." in deployer.delete()
    assert aws.client("lambda").list_functions()["Functions"] == []
    assert aws.client("s3").list_buckets()["Buckets"] == []
    assert aws.secretsmanager.describe_secret(SecretId="iam-key/ci-bot").get("DeletedDate") is None


def test_a_bucket_in_which_something_else_lies_is_not_deleted(aws, tmp_path):
    store = aws.client("s3")
    store.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    store.put_object(Bucket=BUCKET, Key="of-somebody-else", Body=b"")
    said = Deployer(functions_alone(tmp_path), aws).delete(succeeds=False)
    assert f"error: The bucket {BUCKET} was not deleted" in said
    assert [each["Key"] for each in store.list_objects_v2(Bucket=BUCKET)["Contents"]] == ["of-somebody-else"]


def test_credentials_that_aws_does_not_accept_end_it_before_anything_is_made(aws, tmp_path):
    wrong = aws.under(clients.Key("AKIAIOSFODNN7EXAMPLE", "x" * 40))
    said = Deployer(functions_alone(tmp_path), wrong).deploy(succeeds=False)
    assert f"error: AWS did not accept these credentials in {REGION} (see above). Nothing was changed." in said
