"""`make acceptance` on LocalStack, with the released template as it is.

What it cannot show: LocalStack lets every key in, so STS accepts a key that is inactive; its RotateSecret fails where
RotateImmediately is false; it has no CloudTrail. The checks are put to it by test_conformance.py alone, to save time.
"""

import json

import pytest

from acceptance_scene import KEYS, QUICK, changed, listing, normalized, packages, run
from acceptance_transcripts import check_transcript
from standins import localstack


@pytest.fixture(scope="module")
def whole():
    with localstack() as aws:
        record = packages() / "localstack.json"
        before = listing(aws)
        given = ["--yes", "--only", "rotation,questions", "--code", packages(), "--record", record, *QUICK]
        code, output = run(aws, *given)
        yield code, output, json.loads(record.read_text()), before, listing(aws)


def test_the_product_rotates_fails_alerts_and_retires(whole):
    _, output, record, *_ = whole
    failed = {what for what, outcome in record["rotation"].items() if outcome != "yes"}
    assert failed == {"RotateImmediately=false changes nothing"}, output
    assert len(record["rotation"]) == 5


def test_every_question_is_answered_but_what_it_lacks(whole):
    answers = {name: each["answer"] for name, each in whole[2]["questions"].items()}
    assert len(answers) == 11
    assert set(whole[2]["unanswered"]) == {"test_only_value", "trail_record", "across_accounts"}
    assert answers["valueless_error"].startswith("by version and label: ResourceNotFoundException, 400")


def test_everything_is_removed_and_nothing_secret_is_said(whole):
    _, output, record, before, after = whole
    assert changed(before, after) == {}
    assert KEYS.search(output + json.dumps(record)) is None


def test_the_recorded_run_is_up_to_date(whole):
    check_transcript("localstack", normalized(whole[1]))
