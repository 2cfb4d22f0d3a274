"""`make acceptance` on the simulator, which has neither CloudFormation nor SQS: the function is there already."""

import json

import pytest

from acceptance_scene import KEYS, QUICK, packages, run
from lambda_function import environment
from processes import BINARIES, Process
from standins import simulator


@pytest.fixture(scope="module")
def whole():
    with simulator() as aws:
        variables = environment(aws.endpoint) | {"AWS_LAMBDA_RUNTIME_API": aws.runtime_api}
        with Process([BINARIES / "rotation"], variables):
            record = packages() / "simulator.json"
            code, output = run(aws, "--yes", "--function", aws.function_arn, "--record", record, *QUICK)
        yield aws, code, output, json.loads(record.read_text())


def test_the_function_that_is_there_rotates_fails_and_retires(whole):
    _, code, output, record = whole
    assert code == 0, output
    assert list(record["rotation"].values()).count("yes") == 4
    assert record["rotation"]["its alert arrives"] == "not asked"


def test_what_the_simulator_does_is_what_its_page_says(whole):
    checks = whole[3]["checks"]
    assert set(checks.values()) == {"yes", "lacks"} and list(checks.values()).count("lacks") == 9


def test_a_question_that_cannot_be_asked_says_why(whole):
    record = whole[3]
    answers = {name: each["answer"] for name, each in record["questions"].items()}
    assert (len(answers), len(record["unanswered"])) == (5, 9)
    assert record["unanswered"]["retries"] == "cannot be asked here: no function of ours can be deployed"
    assert answers["last_used_unknown"].count("AccessDenied, 403") == 3
    assert answers["skewed_clock"].startswith("4 minutes late: accepted; 6 minutes late: SignatureDoesNotMatch, 403")


def test_users_keys_and_secrets_are_removed_and_nothing_secret_is_said(whole):
    aws, _, output, record = whole
    assert aws.iam.list_users()["Users"] == [] and aws.secretsmanager.list_secrets()["SecretList"] == []
    assert KEYS.search(output + json.dumps(record)) is None
