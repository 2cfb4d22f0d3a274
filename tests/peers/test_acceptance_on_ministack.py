"""`make acceptance` on ministack: every question is answered, everything is removed, nothing secret is said."""

import json

import pytest

from acceptance_scene import KEYS, QUICK, adapted, changed, enforcing, listing, normalized, packages, run, variables
from acceptance_transcripts import check_transcript
from clients import Key

# A second account, by its number.
MEMBER = Key("222233334444", "test")


@pytest.fixture(scope="module")
def whole():
    """A run of all parts in two accounts: its exit code, output and record, and the accounts before and after."""
    with enforcing() as aws:
        record, both = packages() / "ministack.json", (aws, aws.under(MEMBER))
        profiles = packages() / "ministack.config"
        keys = f"aws_access_key_id = {MEMBER.id}\naws_secret_access_key = {MEMBER.secret}"
        profiles.write_text(f"[profile member]\n{keys}\n")
        before = [listing(each) for each in both]
        given = ["--yes", "--member", "member", "--code", packages(), "--template", adapted(), "--record", record]
        code, output = run(aws, *given, *QUICK, environment=variables(aws) | {"AWS_CONFIG_FILE": str(profiles)})
        yield code, output, json.loads(record.read_text()), before, [listing(each) for each in both], aws.log()


def test_every_step_of_the_product_does_as_it_should(whole):
    code, output, record, *_ = whole
    assert code == 0, output
    assert len(record["rotation"]) == 5 and set(record["rotation"].values()) == {"yes"}
    assert "other keys: none; the function's log has testSecret" in output


def test_every_question_is_answered(whole):
    _, output, record, *_ = whole
    answers = {name: each["answer"] for name, each in record["questions"].items()}
    assert len(answers) == 13
    assert record["unanswered"] == {"trail_record": "not settled: no record within 1.0 s"}, output
    held = "runs testSecret; AWSPENDING; holds the current value; afterwards the version is not listed"
    assert answers["test_only_value"] == held
    assert answers["refused_rotation"].endswith("the function runs createSecret with the same ClientRequestToken")
    assert "one ClientRequestToken; one RotationToken in an attempt" in answers["retries"]
    assert answers["event_to_topic"].startswith("yes")
    assert answers["across_accounts"].startswith("yes; the function's policy allows secretsmanager.amazonaws.com")


def test_the_checks_find_what_they_find_by_themselves(whole):
    """Names, tags and the recorder in place of the tests' own function make no difference."""
    checks = whole[2]["checks"]
    assert len(checks) == 46 and "lacks" not in checks.values()
    expected = {"third_key": "no", "deleted_key": "yes", "four_steps": "yes", "failed_step": "yes", "cancel": "no"}
    assert expected.items() <= checks.items()


def test_everything_is_removed(whole):
    _, output, _, before, after, _ = whole
    assert [changed(*each) for each in zip(before, after)] == [{}, {}]
    assert "Everything was removed" in output


def test_nothing_secret_is_said(whole):
    _, output, record, _, _, log = whole
    assert "ROTATION of" in log
    for text in (output, json.dumps(record)):
        assert "never-to-be-logged" not in text
        assert KEYS.search(text) is None, KEYS.search(text)


def test_the_recorded_run_is_up_to_date(whole):
    check_transcript("ministack", normalized(whole[1]))
