"""Rotation engines under test: a function of ours behind each, that notes what it is asked."""

import re
from collections import defaultdict

from conformance import refusal
from lambda_function import RotationFunction
from localstack_scene import python_function
from processes import until
from python_function import PythonFunction

ROLE = "arn:aws:iam::123456789012:role/rotation"


class Seen:
    """One rotation as its function saw it."""

    def __init__(self):
        self.events = []
        # Of the version to be filled, when createSecret ran.
        self.staged = self.value = None


class Recorder:
    """The function: fills the version, promotes it, fails where it is told to."""

    def __init__(self, secretsmanager):
        self.manager, self.failing = secretsmanager, set()
        # By the secret's name: a refused RotateSecret starts the rotation before it once more, beside the next check.
        self.seen = defaultdict(Seen)

    def __call__(self, event):
        """The answer, or an error."""
        secret, token = event["SecretId"], event["ClientRequestToken"]
        # moto gives the name, AWS the ARN.
        seen = self.seen[re.sub(r"^arn:.*:secret:(.*)-\w{6}$", r"\1", secret)]
        seen.events.append(event)
        if event["Step"] in self.failing:
            raise RuntimeError("this step was told to fail")
        if event["Step"] == "createSecret":
            labels = self.manager.describe_secret(SecretId=secret)["VersionIdsToStages"]
            seen.staged = "AWSPENDING" in labels.get(token, [])
            asked = {"VersionId": token, "VersionStage": "AWSPENDING"}
            seen.value = refusal(self.manager.get_secret_value, SecretId=secret, **asked)
            rotation_token = {name: event[name] for name in ("RotationToken",) if name in event}
            self.manager.put_secret_value(
                SecretId=secret,
                ClientRequestToken=token,
                SecretString=token,
                VersionStages=["AWSPENDING"],
                **rotation_token,
            )
        if event["Step"] == "finishSecret":
            labels = self.manager.describe_secret(SecretId=secret)["VersionIdsToStages"]
            current = next(version for version, stages in labels.items() if "AWSCURRENT" in stages)
            self.manager.update_secret_version_stage(
                SecretId=secret,
                VersionStage="AWSCURRENT",
                MoveToVersionId=token,
                RemoveFromVersionId=current,
            )
        return {}


class Engine:
    """RotateSecret of a stand-in, and the wait for its end."""

    def __init__(self, aws, function_arn, recorder):
        self.manager, self.function_arn, self._recorder = aws.secretsmanager, function_arn, recorder

    @property
    def failing(self):
        return self._recorder.failing

    @failing.setter
    def failing(self, steps):
        self._recorder.failing = steps

    def rotate(self, name, **parameters):
        self._recorder.seen.pop(name, None)
        parameters = {"RotationLambdaARN": self.function_arn} | parameters
        given = {key: value for key, value in parameters.items() if value is not None}
        self._request(name, given)
        return self._recorder.seen[name]


class SimulatedEngine(Engine):
    """Answers at once; the rotation's report tells its end."""

    def __init__(self, aws):
        recorder = Recorder(aws.secretsmanager)
        super().__init__(aws, aws.function_arn, recorder)
        self._aws = aws

        class Function(PythonFunction):
            def _run(self, event):
                try:
                    return "response", recorder(event)
                except Exception as error:
                    return "error", {"errorType": type(error).__name__, "errorMessage": str(error)}

        Function(aws.runtime_api, None)

    def _request(self, name, parameters):
        arn = self.manager.describe_secret(SecretId=name)["ARN"]
        before = len(self._aws.rotations(arn))
        self.manager.rotate_secret(SecretId=name, **parameters)
        until(lambda: len(self._aws.rotations(arn)) > before, "the rotation ends")


class MotoEngine(Engine):
    """Answers when the last step has ended."""

    def __init__(self, aws, recorder):
        super().__init__(aws, "arn:aws:lambda:eu-west-1:123456789012:function:rotation", recorder)
        recorder.manager = aws.secretsmanager
        aws.iam.create_role(RoleName="rotation", AssumeRolePolicyDocument="{}")
        aws.client("lambda").create_function(
            FunctionName="rotation",
            Role=ROLE,
            Runtime="provided.al2023",
            Handler="bootstrap",
            # Never run.
            Code={"ZipFile": b"none"},
        )

    def _request(self, name, parameters):
        rules = {"RotationRules": {"AutomaticallyAfterDays": 30}}
        self.manager.rotate_secret(SecretId=name, **rules | parameters)


class RecorderByUrl(RotationFunction):
    """The recorder where moto looks for its function."""

    def __init__(self, recorder):
        super().__init__(None)
        self._recorder = recorder

    def _outcome(self, event):
        try:
            return {"failed": False, "answer": self._recorder(event)}
        except Exception as error:
            answer = {"errorType": type(error).__name__, "errorMessage": str(error)}
            return {"failed": True, "answer": answer}


# Passes each event on, and fails where the recorder does.
PASSED_ON = """
import json, os, urllib.request

def handler(event, context):
    with urllib.request.urlopen(os.environ["RECORDER"], json.dumps(event).encode()) as answered:
        outcome = json.load(answered)
    if outcome["failed"]:
        raise RuntimeError(outcome["answer"]["errorMessage"])
    return outcome["answer"]
"""


class LocalStackEngine(Engine):
    """Answers when the last step has ended. Its function is a process of LocalStack's, which asks the recorder here."""

    def __init__(self, aws, recorder, url):
        role = aws.iam.create_role(RoleName="rotation", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        environment = {"Variables": {"RECORDER": url}}
        arn = python_function(aws.client("lambda"), "rotation", role, PASSED_ON, Timeout=60, Environment=environment)
        super().__init__(aws, arn, recorder)
        recorder.manager = aws.secretsmanager

    def _request(self, name, parameters):
        rules = {"RotationRules": {"AutomaticallyAfterDays": 30}}
        self.manager.rotate_secret(SecretId=name, **rules | parameters)
