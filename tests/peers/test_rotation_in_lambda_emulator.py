"""The real function in the AWS Lambda runtime interface emulator, which is what AWS's own images hold.

The chain is whole: the simulator's rotation engine hands each event to the emulator, the emulator
runs the binary, the binary calls the simulator.
"""

import json
import os
import signal
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from clients import Key
from lambda_function import environment
from processes import BINARIES, TARGET, Process, until
from python_function import PythonFunction
from standins import free_port

EMULATOR = TARGET / "emulator" / "aws-lambda-rie"
BINARY = BINARIES / "rotation"
STEPS = ["createSecret", "setSecret", "testSecret", "finishSecret"]
TIMEOUT_SECONDS = 6


class Emulator:
    """The emulator with the binary in it; `invoke` is Lambda's Invoke."""

    def __init__(self, simulator):
        invoked, runtime = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
        command = [EMULATOR]
        # Both, always: the default addresses are open to the network.
        command += ["--runtime-interface-emulator-address", invoked, "--runtime-api-address", runtime]
        variables = environment(simulator.endpoint, ROTATOR_OVERLAP="0")
        variables["AWS_LAMBDA_FUNCTION_TIMEOUT"] = str(TIMEOUT_SECONDS)
        self.process = Process([*command, BINARY], variables)
        self._url = f"http://{invoked}/2015-03-31/functions/function/invocations"
        self.process.says("exec")

    def invoke(self, event):
        """What Lambda answers: JSON, or a line of text when it ended the function."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

        def answered():
            try:
                with opener.open(self._url, json.dumps(event).encode(), timeout=60) as answer:
                    return answer.read().decode()
            except ConnectionRefusedError:
                return None
            except urllib.error.URLError as error:
                # It says that it runs a moment before it listens.
                if isinstance(error.reason, ConnectionRefusedError):
                    return None
                raise

        body = until(answered, "the emulator answers")
        return json.loads(body) if body.startswith("{") else body

    def binary(self):
        """The process id of the function."""
        for process in Path("/proc").glob("[0-9]*"):
            try:
                ours = os.getsid(int(process.name)) == self.process.session()
                if ours and process.joinpath("exe").resolve() == BINARY:
                    return int(process.name)
            except OSError:
                # It ended meanwhile.
                continue
        return None


class Relay(PythonFunction):
    """Hands the engine's events to the emulator instead of running them."""

    def __init__(self, runtime_api, emulator):
        self.answers, self._emulator = [], emulator
        super().__init__(runtime_api, None)

    def _run(self, event):
        self.events.append(event)
        answer = self._emulator.invoke(event)
        self.answers.append(answer)
        if isinstance(answer, str):
            return "error", {"errorType": "Sandbox.Timedout", "errorMessage": answer}
        return ("error" if "errorType" in answer else "response"), answer


class Play:
    def __init__(self, simulator):
        self.aws, self.manager = simulator, simulator.secretsmanager
        self.aws.iam.create_user(UserName="ci-bot")
        value = {"UserName": "ci-bot", "Bucket": "build-artifacts"}
        self.arn = self.manager.create_secret(Name="ci-bot", SecretString=json.dumps(value))["ARN"]
        self.emulator = Emulator(simulator)
        self.relay = Relay(simulator.runtime_api, self.emulator)

    def rotate(self):
        self.manager.rotate_secret(SecretId="ci-bot", RotationLambdaARN=self.aws.function_arn)
        return self.report(1)

    def report(self, number):
        def ended():
            reports = self.aws.rotations(self.arn)
            return reports[number - 1] if len(reports) >= number else None

        return until(ended, f"rotation {number} ended")

    def value(self):
        return json.loads(self.manager.get_secret_value(SecretId="ci-bot")["SecretString"])


@pytest.fixture
def play(simulator):
    play = Play(simulator)
    with play.emulator.process:
        yield play


def test_lambda_starts_the_binary_and_it_answers_each_of_the_four_steps(play):
    assert play.rotate()["succeeded"]
    assert play.relay.steps() == STEPS
    assert [(answer["step"], answer["outcome"]) for answer in play.relay.answers] == [
        ("createSecret", "done"),
        ("setSecret", "nothing-to-do"),
        ("testSecret", "done"),
        ("finishSecret", "done"),
    ]
    value = play.value()
    assert list(value) == ["UserName", "Bucket", "AccessKeyId", "SecretAccessKey"]
    key = Key(value["AccessKeyId"], value["SecretAccessKey"])
    assert play.aws.under(key).sts.get_caller_identity()["Arn"].endswith(":user/ci-bot")
    log = play.emulator.process.output()
    assert value["SecretAccessKey"] not in log
    assert play.relay.events[0]["RotationToken"] not in log


def test_an_error_reaches_lambda_with_its_type_and_a_message(play):
    answer = play.emulator.invoke({"Step": "rotateSecret"})
    assert answer["errorType"] == "InvalidEvent"
    assert "`Step`" in answer["errorMessage"]


def test_a_failed_step_ends_the_rotation_with_the_functions_error_type(play):
    play.aws.control("faults", {"operation": "ListAccessKeys", "kind": "Denied"})
    report = play.rotate()
    assert [step["result"].get("Err", {}).get("error_type") for step in report["steps"]] == ["AccessDenied"]
    assert "AccessKeyId" not in play.value()


def test_an_aws_that_never_answers_is_told_of_before_lambda_ends_the_function(play):
    play.aws.control("faults", {"operation": "DescribeSecret", "kind": "Hang"})
    for _ in range(3):
        # Each retry of the call meets one.
        play.aws.control("faults", {"operation": "DescribeSecret", "kind": "Hang"})
    report = play.rotate()
    assert report["steps"][0]["result"]["Err"]["error_type"] == "DeadlineTooShort"


def test_a_function_that_lambda_ends_at_its_timeout_is_started_anew_and_the_rotation_goes_on(play):
    play.emulator.invoke({"Step": "the first event starts the binary"})
    before = play.emulator.binary()
    os.kill(before, signal.SIGSTOP)
    assert not play.rotate()["succeeded"]
    assert f"Task timed out after {TIMEOUT_SECONDS}" in play.relay.answers[0]

    with pytest.raises(play.manager.exceptions.InvalidRequestException):
        play.manager.rotate_secret(SecretId="ci-bot")
    assert play.report(2)["succeeded"]
    assert play.emulator.binary() != before
    assert len({event["ClientRequestToken"] for event in play.relay.events}) == 1
    assert len(play.aws.iam.list_access_keys(UserName="ci-bot")["AccessKeyMetadata"]) == 1
