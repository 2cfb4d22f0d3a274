"""boto3 and a function written after AWS's template against the simulator's rotation engine."""

import pytest

from clients import refused
from processes import until
from python_function import PythonFunction

DAY = 24 * 3600
ALL_STEPS = ["createSecret", "setSecret", "testSecret", "finishSecret"]
NOT_COMPLETE = "A previous rotation isn't complete. That rotation will be reattempted."


class Rotated:
    """A secret with rotation configured, and the function that rotates it."""

    def __init__(self, simulator):
        self.simulator, self.manager = simulator, simulator.secretsmanager
        self.arn = self.manager.create_secret(Name="alice", SecretString="old")["ARN"]
        self.function = PythonFunction(simulator.runtime_api, simulator.secretsmanager)

    def rotate(self, **parameters):
        parameters = {"RotationLambdaARN": self.simulator.function_arn} | parameters
        return self.manager.rotate_secret(SecretId="alice", **parameters)["VersionId"]

    def report(self, number):
        """The report of the secret's so-and-so-manieth rotation, once it has ended."""

        def ended():
            reports = self.simulator.rotations(self.arn)
            return reports[number - 1] if len(reports) >= number else None

        return until(ended, f"rotation {number} ended")

    def kinds(self):
        return [event["kind"] for event in self.simulator.control(f"rotations?secret={self.arn}")["events"]]

    def stages(self):
        return self.manager.describe_secret(SecretId="alice")["VersionIdsToStages"]


@pytest.fixture
def rotated(simulator):
    return Rotated(simulator)


def test_a_rotation_runs_the_four_steps_with_one_token_and_ends_with_a_new_current_version(rotated):
    token = rotated.rotate(RotationRules={"AutomaticallyAfterDays": 30})
    assert rotated.report(1)["succeeded"]
    assert rotated.function.steps() == ALL_STEPS
    assert {event["ClientRequestToken"] for event in rotated.function.events} == {token}
    assert {event["SecretId"] for event in rotated.function.events} == {rotated.arn}
    assert len({event["RotationToken"] for event in rotated.function.events}) == 1
    assert rotated.manager.get_secret_value(SecretId="alice")["SecretString"] == token
    assert set(rotated.stages()[token]) == {"AWSCURRENT", "AWSPENDING", "AKIAEXAMPLE"}
    described = rotated.manager.describe_secret(SecretId="alice")
    assert described["RotationEnabled"] and described["LastRotatedDate"] and described["NextRotationDate"]
    assert rotated.kinds() == ["Started", "Succeeded"]


def test_the_staged_version_has_no_value_and_takes_one_only_with_the_rotation_token(rotated):
    rotated.rotate()
    rotated.report(1)
    assert rotated.function.refusals == ["ResourceNotFoundException", "InvalidRequestException"]


def test_the_same_token_again_rotates_nothing(rotated):
    token = rotated.rotate()
    rotated.report(1)
    assert rotated.rotate(ClientRequestToken=token) == token
    assert rotated.function.steps() == ALL_STEPS


def test_rotation_needs_a_function_that_may_be_invoked(rotated):
    with refused("InvalidRequestException", 400):
        rotated.manager.rotate_secret(SecretId="alice")
    with refused("AccessDeniedException", 400):
        rotated.rotate(RotationLambdaARN=rotated.simulator.function_arn + "-2")


def test_a_failed_step_stops_the_rotation_and_the_next_request_tries_the_same_token_again(rotated):
    rotated.function.failing = {"testSecret"}
    token = rotated.rotate()
    report = rotated.report(1)
    assert not report["succeeded"]
    assert rotated.function.steps() == ALL_STEPS[:3]
    assert report["steps"][-1]["result"]["Err"]["error_type"] == "RuntimeError"
    assert "AWSPENDING" in rotated.stages()[token] and "AWSCURRENT" not in rotated.stages()[token]

    rotated.function.failing = set()
    with refused("InvalidRequestException", 400) as refusal:
        rotated.rotate()
    assert NOT_COMPLETE in str(refusal.value)
    assert rotated.report(2)["succeeded"]
    assert {event["ClientRequestToken"] for event in rotated.function.events} == {token}
    assert "AWSCURRENT" in rotated.stages()[token]


def test_a_value_put_by_somebody_else_abandons_the_rotation(rotated):
    rotated.function.failing = {"testSecret"}
    token = rotated.rotate()
    rotated.report(1)
    rotated.manager.put_secret_value(SecretId="alice", SecretString="by hand")
    assert "AWSPENDING" not in rotated.stages().get(token, [])
    assert rotated.kinds() == ["Started", "Failed", "Abandoned"]


def test_not_rotating_immediately_runs_only_the_test_on_the_present_value(rotated):
    before = rotated.stages()
    rotated.rotate(RotateImmediately=False)
    report = rotated.report(1)
    assert report["test_only"] and report["succeeded"]
    assert rotated.function.steps() == ["testSecret"]
    assert rotated.stages() == before


def test_a_schedule_rotates_by_itself_until_rotation_is_cancelled(rotated):
    rotated.rotate(RotationRules={"AutomaticallyAfterDays": 30})
    rotated.report(1)
    rotated.simulator.advance(31 * DAY)
    assert rotated.report(2)["succeeded"]
    rotated.manager.cancel_rotate_secret(SecretId="alice")
    assert rotated.manager.describe_secret(SecretId="alice")["RotationEnabled"] is False


def test_schedules_that_aws_refuses_are_refused(rotated):
    for rules in (
        {"AutomaticallyAfterDays": 1, "ScheduleExpression": "rate(1 day)"},
        {"ScheduleExpression": "rate(3 hours)"},
        {"ScheduleExpression": "sometimes"},
    ):
        with refused("InvalidParameterException", 400):
            rotated.rotate(RotationRules=rules)


def test_a_function_that_is_killed_after_its_effect_leaves_the_effect(rotated):
    fault = {"operation": "PutSecretValue", "nth": 2, "kind": "KillAfter"}
    rotated.simulator.control("faults", fault)
    token = rotated.rotate()
    report = rotated.report(1)
    assert report["steps"][0]["result"]["Err"]["kind"] == "Killed"
    assert set(rotated.stages()[token]) == {"AWSPENDING", "AKIAEXAMPLE"}
