"""How `make acceptance` asks: what it waits for, and what counts as evidence. Put to clients that answer as AWS may."""

import contextlib
import io
import json
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from acceptance_fakes import Maker, Place, answers, refused
import ask_engine
import ask_events
import ask_iam
import ask_lag
import recorder as recorders
import rotation_run
from alerts import matches
from ask_engine import EngineQuestions, invocations
from ask_events import EventQuestions
from inbox import Inbox
from making import Failed
from options import parser
from place import Place as place_of_run, Unusable
from product import Product, refuse_other_users
from progress import Progress
from unasked import Unsettled


# Queues and the recorder


def test_a_queue_is_read_until_it_is_empty_twice_and_each_message_once():
    def message(number):
        return {"MessageId": str(number), "Body": f"body {number}", "ReceiptHandle": "h"}

    receive = answers({"Messages": [message(1)]}, {}, {"Messages": [message(1), message(2)]}, {}, {})
    sqs = SimpleNamespace(receive_message=receive, delete_message=lambda **_: None)
    assert Inbox(Place(sqs=sqs), "url").new() == ["body 1", "body 2"]


def a_recorder(monkeypatch, invoke, reports=lambda name: []):
    recorder = recorders.Recorder(Maker(Place(**{"lambda": SimpleNamespace(invoke=invoke)})))
    monkeypatch.setattr(recorder.reports, "of", reports)
    return recorder


def invoked(error=None):
    payload = io.BytesIO(json.dumps({"errorMessage": error}).encode())
    return {"Payload": payload} | ({"FunctionError": "Unhandled"} if error else {})


def test_the_recorder_is_used_once_its_role_is_in_force(monkeypatch):
    events = []

    def invoke(FunctionName, Payload):
        events.append(json.loads(Payload))
        return invoked("AccessDenied" if len(events) < 3 else None)

    recorder = a_recorder(monkeypatch, invoke, lambda name: events[2:])
    assert recorder.function() == "arn:recorder" and len(events) == 3


def test_a_recorder_that_never_reports_is_no_recorder(monkeypatch):
    recorder = a_recorder(monkeypatch, lambda **_: invoked("not authorized to perform: sqs:SendMessage"))
    with pytest.raises(Failed, match="sqs:SendMessage"):
        recorder.function()


def test_a_rotation_begins_once_the_permission_to_invoke_is_known():
    rotate = answers(refused("AccessDeniedException"), refused("AccessDeniedException"), {})
    manager = SimpleNamespace(rotate_secret=rotate, describe_secret=lambda **_: {})
    reports = SimpleNamespace(of=lambda name: [])
    recorder = SimpleNamespace(reports=reports, function=lambda failing=(): "arn")
    assert recorders.RecordedEngine(Place(secretsmanager=manager), recorder, 0.2).rotate("s").events == []


def test_a_rotation_is_over_when_secrets_manager_says_so():
    described = answers({}, {}, {}, {"LastRotatedDate": 1}, AssertionError("asked once more"))
    manager = SimpleNamespace(rotate_secret=lambda **_: {}, describe_secret=described)
    reports = SimpleNamespace(of=answered_in_turn([], [reported("finishSecret", 0) | {"SecretId": "s"}]))
    recorder = SimpleNamespace(reports=reports, function=lambda failing=(): "arn")
    seen = recorders.RecordedEngine(Place(secretsmanager=manager), recorder, 5).rotate("s")
    assert [event["Step"] for event in seen.events] == ["finishSecret"]
    with pytest.raises(AssertionError, match="asked once more"):
        described()


def answered_in_turn(*given):
    call = answers(*given)
    return lambda name: call()


# The engine's questions


def reported(step, at, request="a", token="t"):
    return {"Step": step, "at": at, "request": request, "ClientRequestToken": token, "token_hash": "h"}


def test_a_single_step_that_is_repeated_is_seen_and_so_is_whether_lambda_did_it():
    begun = [reported("createSecret", 0), reported("setSecret", 1, "b"), reported("testSecret", 2, "c")]
    reports = [*begun, reported("testSecret", 62, "c"), reported("testSecret", 182, "d")]
    assert [len(each) for each in ask_engine.attempts(reports)] == [3, 1, 1]
    assert invocations(reports).endswith("testSecret after 60.0 s, the same request, testSecret after 2 min")


def end_states(*labels):
    """The answer when these labels of the version are read one after another."""
    states = [{"VersionIdsToStages": {} if each is None else {"t": each}} for each in labels]
    manager = SimpleNamespace(describe_secret=answers(*states))
    seen = SimpleNamespace(events=[{"Step": "finishSecret", "ClientRequestToken": "t"}])
    engine, maker = SimpleNamespace(rotate=lambda name: seen), SimpleNamespace(secret=lambda *_: None)
    place = Place(secretsmanager=manager)
    questions = EngineQuestions(place, maker, SimpleNamespace(), engine, parser().parse_args([]))
    questions._settle = 0.05
    return questions.pending_after_success()


def test_an_end_state_is_looked_at_until_it_stays():
    answer = end_states(["AWSCURRENT", "AWSPENDING"], ["AWSCURRENT"])
    assert answer.startswith("no: the version has AWSCURRENT, AWSPENDING; then has AWSCURRENT (")


def test_a_version_that_is_not_listed_is_not_one_without_a_label():
    with pytest.raises(Unsettled, match="does not list the version"):
        end_states(None)


# Events and alerts


def events_of(put, metrics, monkeypatch):
    rule = {"Name": "rule", "EventPattern": '{"source": ["aws.iam"]}'}
    kept = []
    events = SimpleNamespace(
        describe_rule=lambda **_: rule, put_rule=lambda **given: kept.append(given), put_events=lambda **_: put
    )
    counted = [{"Datapoints": [{"Sum": each}] if each else []} for each in metrics]
    watch = SimpleNamespace(get_metric_statistics=answers(*counted))
    resources = {"StackResources": [
        {"ResourceType": "AWS::Events::Rule", "PhysicalResourceId": "rule", "LogicalResourceId": "r"},
        {"ResourceType": "AWS::SQS::Queue", "PhysicalResourceId": "url", "LogicalResourceId": "Undelivered"},
    ]}
    stacks = SimpleNamespace(describe_stack_resources=lambda **_: resources)
    sqs = SimpleNamespace(receive_message=lambda **_: {})
    place = Place(events=events, cloudwatch=watch, cloudformation=stacks, sqs=sqs)
    alerts = SimpleNamespace(missing=None, with_text=lambda *_: None)
    questions = EventQuestions(place, Product("f", "true", stack="stack"), alerts, 0.05)
    monkeypatch.setattr(ask_events, "until", lambda found, seconds, poll: found())
    try:
        return questions.event_to_topic()
    finally:
        assert json.loads(kept[-1]["EventPattern"]) == {"source": ["aws.iam"]}


def test_an_event_that_was_not_taken_or_not_matched_is_no_no(monkeypatch):
    with pytest.raises(Unsettled, match="took no event"):
        events_of({"FailedEntryCount": 1}, [0], monkeypatch)
    with pytest.raises(Unsettled, match="no metric shows"):
        events_of({"FailedEntryCount": 0}, [0, 0], monkeypatch)
    answer = events_of({"FailedEntryCount": 0}, [2, 2], monkeypatch)
    assert answer.startswith("no") and "MatchedEvents 2, FailedInvocations 2" in answer


def test_an_alert_of_another_kind_is_not_the_alert_of_the_failure():
    foreign = {"Message": '"ForeignKeyCreated: an IAM access key was made"\n"User: alice"'}
    failed = {"Subject": "Key rotation failed: UserExempt in createSecret", "Message": '{"user": "alice"}'}
    assert [matches(each, rotation_run.FAILED, "alice") for each in (foreign, failed)] == [False, True]
    assert [matches(each, ask_events.HEADLINE, "alice") for each in (foreign, failed)] == [True, False]
    assert not matches(failed, rotation_run.FAILED, "bob")


# End to end


def end_to_end(place, alerts=None):
    options = parser().parse_args(["--patience", "0.2s"])
    product = Product("arn:function", "true")
    tried = rotation_run.EndToEnd(place, None, product, alerts, Progress(), options)
    tried._secret, tried._user, tried._hold = "arn:secret", "user", 0.1
    return tried


def test_an_awspending_that_goes_is_a_rotation_under_way_and_not_a_failed_one():
    under_way = [{"VersionIdsToStages": {"t": ["AWSPENDING"]}}, {"VersionIdsToStages": {"t": ["AWSCURRENT"]}}]
    manager = SimpleNamespace(
        describe_secret=answers(*under_way), get_secret_value=lambda **_: {"SecretString": '{"AccessKeyId": "k"}'}
    )
    iam = SimpleNamespace(list_access_keys=lambda **_: {"AccessKeyMetadata": []})
    with pytest.raises(rotation_run.Broken, match="did not stay"):
        end_to_end(Place(secretsmanager=manager, iam=iam))._wait_for_pending()


def test_rotate_secret_is_asked_again_where_an_accepted_one_did_not_move_the_value():
    asked = []
    manager = SimpleNamespace(
        rotate_secret=lambda **_: asked.append(1),
        get_secret_value=lambda **_: {"SecretString": json.dumps({"AccessKeyId": "new" if len(asked) > 1 else "old"})},
    )
    tried = end_to_end(Place(secretsmanager=manager))
    tried._again, tried._patience = 0.05, 5
    tried._rotate("old")
    assert len(asked) == 2


def test_a_state_that_did_not_change_does_not_show_that_the_test_ran():
    def logs(*lines):
        page = {"events": [{"message": line} for line in lines]}
        return SimpleNamespace(get_paginator=lambda _: SimpleNamespace(paginate=lambda **_: [page]))

    functions = SimpleNamespace(get_function_configuration=lambda **_: {"FunctionName": "f"})
    told = end_to_end(Place(logs=logs('{"step":"testSecret","secretArn":"arn:secret"}'), **{"lambda": functions}))
    assert told._tested(0) == "the function's log has testSecret"
    for silent in (logs(), logs('{"step":"testSecret","secretArn":"arn:another"}')):
        with pytest.raises(Unsettled, match="does not show"):
            end_to_end(Place(logs=silent, **{"lambda": functions}))._tested(0)


def test_a_step_whose_call_was_not_answered_is_no_step_that_did_wrong():
    tried = end_to_end(Place())
    for code in ("ThrottlingException", "InvalidParameterException"):
        tried._step(code, lambda code=code: answers(refused(code))())
    assert [outcome for _, outcome, _ in tried.steps] == ["failed", "no"]


def test_a_stack_that_rotates_other_users_is_not_used():
    refuse_other_users("theirs", {"UserPath": "/", "ExemptTag": "iam-key-rotator:exempt"})
    for parameters in ({"UserPath": "/robots/"}, {"ExemptTag": "leave-alone"}):
        with pytest.raises(Failed, match="stack theirs"):
            refuse_other_users("theirs", parameters)


# STS


def test_without_a_right_date_that_is_accepted_nothing_is_said_about_wrong_ones(monkeypatch):
    sts = SimpleNamespace(get_caller_identity=lambda: {"ResponseMetadata": {"HTTPHeaders": {}}})
    questions = ask_iam.IamQuestions(Place(sts=sts), None, 0.1)
    monkeypatch.setattr(questions, "_signed_ago", lambda minutes, ahead: "InvalidClientTokenId, 403")
    with pytest.raises(Unsettled, match="not accepted"):
        questions.skewed_clock()


def test_root_credentials_are_refused_on_aws_alone(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    root = {"Account": "111122223333", "Arn": "arn:aws:iam::111122223333:root"}
    for real in (True, False):
        place = place_of_run("abcdef", region="eu-west-1")
        monkeypatch.setattr(place, "client", lambda _: SimpleNamespace(get_caller_identity=lambda: root))
        monkeypatch.setattr(place, "real", lambda real=real: real)
        with pytest.raises(Unusable, match="root") if real else contextlib.nullcontext():
            place.identify()


def last_used(*given):
    iam = SimpleNamespace(get_access_key_last_used=answers(*given), delete_access_key=lambda **_: None)
    maker = SimpleNamespace(user=lambda *_: "user", key=lambda _: {"AccessKeyId": "k"})
    questions = ask_iam.IamQuestions(Place(iam=iam), maker, 0.1)
    questions._later = 0
    return questions.last_used_unknown()


def test_a_caller_who_may_not_ask_is_not_told_apart_from_a_key_that_is_not_there():
    used, denied = {"UserName": "user", "AccessKeyLastUsed": {}}, refused("AccessDenied")
    assert last_used(used, denied).count("AccessDenied, 400") == 3
    with pytest.raises(Unsettled, match="for a key that is there, too"):
        last_used(denied)
    with pytest.raises(ClientError, match="Throttling"):
        last_used(used, refused("Throttling"))


def test_a_function_that_cannot_read_the_secret_says_nothing_about_the_version():
    report = {"value": {"refused": ["ResourceNotFoundException", 400, ""]}, "current": {"hash": "h"}}
    assert ask_engine.readable(report) == report
    for field in ("value", "current"):
        for code in ("AccessDeniedException", "ThrottlingException"):
            if (field, code) != ("value", "AccessDeniedException"):
                with pytest.raises(Unsettled, match="could not read"):
                    ask_engine.readable(report | {field: {"refused": [code, 400, ""]}})


def test_a_throttled_read_is_no_late_one():
    lag = ask_lag.LagQuestions(Place(), None, None, 0.2)
    lag._later_apart = 0
    assert lag._shown(answers(refused("ThrottlingException"), refused("ResourceNotFoundException"), True)) is not None
    assert lag._older(answers(refused("ThrottlingException"))) is False and lag._throttled == 2
    assert lag._older(answers(False)) is True
