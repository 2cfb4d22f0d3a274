"""What `make acceptance` takes for an answer, and what never: errors, refusals that answer nothing, private words."""

import json
import re
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from acceptance_fakes import Place, refused
import conformance_run
import record
from ask_engine import EngineQuestions
from options import parser
from progress import Progress
from run import Run
from unasked import Unasked


def a_run(place=None):
    return Run(place or Place(), SimpleNamespace(note=None), Progress(), parser().parse_args([]))


# The run


def test_any_error_is_kept_to_its_part_and_says_where_it_was_without_a_value():
    run = a_run()
    run._part("the stack", lambda: {"a": 1}["never to be shown"])
    run._ask("retries", lambda: next(iter([])))
    assert [error.split(",")[0] for error in run.errors] == [
        "the stack: KeyError in test_acceptance_answers.py", "retries: StopIteration in test_acceptance_answers.py",
    ]
    assert run.answers == {} and run.failed() and "retries" in run.unanswered


def test_without_a_product_and_a_recorder_every_other_question_is_still_asked(monkeypatch):
    run, asked = a_run(), []
    monkeypatch.setattr(Run, "_ask", lambda self, question, ask: asked.append((question, ask)))
    run._questions()
    assert len(asked) == 14
    for question, ask in asked:
        if question in ("event_to_topic", "retries", "refused_rotation", "across_accounts", "pending_after_success"):
            with pytest.raises(Unasked):
                ask()


def test_what_keeps_the_watch_from_beginning_is_the_late_questions_answer_alone():
    def rotate(name):
        raise refused("AccessDeniedException")

    engine = SimpleNamespace(failing=set(), rotate=rotate)
    maker = SimpleNamespace(secret=lambda *_: None)
    questions = EngineQuestions(Place(), maker, SimpleNamespace(), engine, parser().parse_args([]))
    questions.begin_watch()
    with pytest.raises(ClientError, match="AccessDenied"):
        questions.retries()
    assert engine.failing == set()


# The record


def test_what_was_not_answered_takes_no_answers_place(monkeypatch, tmp_path):
    monkeypatch.setattr(record, "RECORD", tmp_path / "aws.json")
    monkeypatch.setattr(record, "PAGE", tmp_path / "page.md")
    record.PAGE.write_text(f"{record.BEGIN}{record.END}")
    first, second = a_run(), a_run()
    first.checks, first.answers, first.steps = {"cancel": ("yes", "")}, {"retries": "never"}, [("a step", "yes", "")]
    record.keep(first, Place())
    second.checks = {"cancel": ("failed", "Throttling"), "third_key": ("lacks", ""), "no_topic": ("no", "because")}
    second.unanswered, second.steps = {"retries": "not settled: nothing came"}, [("a step", "not asked", "")]
    record.keep(second, Place())
    found = record.recorded()
    assert found["checks"] == {"cancel": "yes", "no_topic": "no"} and found["reasons"] == {"no_topic": "because"}
    assert found["questions"]["retries"]["answer"] == "never" and found["rotation"] == {"a step": "yes"}


def test_no_account_arn_key_or_address_gets_into_the_record():
    run = a_run()
    message = (
        "User: arn:aws:sts::111122223333:assumed-role/admin/me@example.org is not authorized in 111122223333 "
        "with AKIAIOSFODNN7EXAMPLE for me@example.org"
    )
    run.answers, run.unanswered, run.checks = {"retries": message}, {"iam_lag": message}, {"cancel": ("no", message)}
    text = json.dumps(record.of(run, Place()))
    assert not re.search(r"111122223333|assumed-role|AKIA|example\.org", text) and "is not authorized" in text


# Checks


def check_that(call, waits=()):
    pause = conformance_run.Pause()
    check = SimpleNamespace(run=lambda world: call(pause))
    return conformance_run.repeated(check, None, pause, waits)[0]


def compared(code):
    """A check that expects another code than the one that comes."""

    def call(pause):
        pause._after(SimpleNamespace(name="DescribeSecret"), {"Error": {"Code": code}})
        raise AssertionError

    return call


@pytest.mark.parametrize("code", ["ThrottlingException", "AccessDenied", "InternalFailure", "ExpiredToken"])
def test_a_check_whose_call_was_not_answered_says_nothing_about_aws(code):
    assert check_that(compared(code)) == "failed"
    assert check_that(compared("ResourceNotFoundException")) == "no"


def test_a_service_that_is_not_reached_is_no_no():
    def unreached(pause):
        raise EndpointConnectionError(endpoint_url="https://email.eu-west-9.amazonaws.com")

    assert check_that(unreached) == "failed"


def test_a_refusal_that_passes_by_itself_leaves_a_yes():
    tried = []

    def later(pause):
        tried.append(1)
        if len(tried) == 1:
            compared("ThrottlingException")(pause)

    assert check_that(later, waits=[0]) == "yes"


def test_members_newer_than_the_models_are_not_held_against_aws():
    found = conformance_run.NoNews()
    found.extend(["GetUser: answer.User.New is in no model", "GetUser: answer.User.Arn is missing"])
    assert found == ["GetUser: answer.User.Arn is missing"]


def test_the_last_try_of_a_check_waits_for_the_list_that_lags_by_minutes(monkeypatch):
    slept, pause = [], conformance_run.Pause(conformance_run.LATE_SECONDS)
    monkeypatch.setattr(conformance_run.time, "sleep", slept.append)
    for pause.seconds in (0, 2, 15):
        for name in ("CreateSecret", "ListSecrets"):
            pause._before(SimpleNamespace(name=name))
            pause._after(SimpleNamespace(name=name), {})
    assert slept == [2, 15, 300]
