"""Rotations by AWS's own engine, as the recorder function saw them.

The function writes what it sees to a queue. A rotation is over when its last step has arrived there and nothing
follows.
"""

import json
import secrets
import time
import uuid
from collections import defaultdict
from pathlib import Path

from inbox import Inbox
from making import Failed, statement
from names import ours
from waiting import patiently, until

STEPS = ["createSecret", "setSecret", "testSecret", "finishSecret"]
# Turned on for the time of a run.
RULES = {"AutomaticallyAfterDays": 365}
SOURCE = Path(__file__).with_name("recorder_function.py")
# Seconds for a rotation to be noted as done after its last step.
SETTLED = 60


class Reports:
    """What the function wrote to its queue, by secret, in the order of time."""

    def __init__(self, place, queue_url):
        self._inbox, self._by_secret = Inbox(place, queue_url), defaultdict(list)

    def of(self, secret):
        """By the secret's name: some stand-ins give the function the name, AWS the ARN."""
        self._receive()
        return sorted(self._by_secret[secret], key=lambda report: report["at"])

    def _receive(self):
        for body in self._inbox.new():
            report = json.loads(body)
            self._by_secret[name_of(report["SecretId"])].append(report)

    def all(self):
        self._receive()
        return [report for reports in self._by_secret.values() for report in reports]


def name_of(secret_id):
    if not secret_id.startswith("arn:"):
        return secret_id
    name = secret_id.split(":", 6)[6]
    # AWS adds a hyphen and six characters.
    return name[:-7] if ours(name) else name


class Recorder:
    """The function for each set of steps that shall fail, made when it is first needed."""

    def __init__(self, maker):
        self._maker, self._functions = maker, {}
        self.salt = secrets.token_hex(8)
        self.queue_url, self._queue_arn = maker.queue("reports")
        self.reports = Reports(maker.place, self.queue_url)
        self.role, self._probed = self._made_role(), maker.secret("probe", "none")

    def function(self, failing=()):
        name = "-".join(["recorder", *sorted(failing)])
        if name not in self._functions:
            given = {"QUEUE_URL": self.queue_url, "SALT": self.salt, "FAILING": ",".join(failing)}
            function = self._maker.function(name, SOURCE, self.role, **given)
            self._functions[name] = self._ready(function, self._probed)
        return self._functions[name]

    def _ready(self, function, secret):
        """Invokes it until it may read a secret and report: what its role may do is not in force everywhere at once.

        The secret is there: AWS may refuse a role that is named a secret that is not.
        """
        place, patience = self._maker.place, self._maker.patience
        event = {"Step": "probe", "SecretId": secret, "ClientRequestToken": str(uuid.uuid4())}

        def failed():
            answer = place.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
            return json.loads(answer["Payload"].read()) if "FunctionError" in answer else None

        until(lambda: failed() is None, patience, place.poll())
        token = event["ClientRequestToken"]
        arrived = lambda: any(report["ClientRequestToken"] == token for report in self.reports.of(name_of(secret)))
        if not until(arrived, patience, place.poll()):
            told = failed() or {}
            raise Failed(f"the recorder function is not ready: {told.get('errorMessage', 'it does not report')}")
        return function

    def member_function(self, role, secret):
        """One that acts in another account, under the role there, once it may read this secret; its ARN."""
        given = {"QUEUE_URL": self.queue_url, "SALT": self.salt, "FAILING": "", "MEMBER_ROLE": role}
        return self._ready(self._maker.function("recorder-member", SOURCE, self.role, **given), secret)

    def _made_role(self):
        """It may rotate the secrets of this run, and report. It has no log."""
        place = self._maker.place
        rotate = ["DescribeSecret", "GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage"]
        secrets_of_run = place.arn("secretsmanager", f"secret:{place.names.prefix}*")
        return self._maker.role(
            "recorder",
            {"Service": "lambda.amazonaws.com"},
            statement([f"secretsmanager:{each}" for each in rotate], secrets_of_run),
            statement("sqs:SendMessage", self._queue_arn),
        )


class Seen:
    """One rotation, as the conformance checks want it."""

    def __init__(self, reports):
        self.reports = reports
        self.events = [event_of(report) for report in reports]
        created = next((report for report in reports if report["Step"] == "createSecret"), {})
        self.staged = created.get("staged")
        # Code and status of the refusal; none where there was a value.
        self.value = tuple(created.get("value", {}).get("refused", [])[:2]) or None


def event_of(report):
    event = {name: report[name] for name in ("Step", "SecretId", "ClientRequestToken")}
    if "token_length" in report:
        # Of the same length: the token itself never leaves the function.
        event["RotationToken"] = "*" * report["token_length"]
    return event


class RecordedEngine:
    """RotateSecret, and the wait for the end of the rotation."""

    def __init__(self, place, recorder, patience, pause=None):
        """`pause`: of a check that is repeated, after the end of the rotation."""
        self.failing = set()
        self._place, self._recorder, self._patience, self._pause = place, recorder, patience, pause
        self._manager = place.client("secretsmanager")

    @property
    def function_arn(self):
        return self._recorder.function()

    def rotate(self, name, **parameters):
        before, last = len(self._recorder.reports.of(name)), self._last_rotated(name)
        parameters = {"RotationLambdaARN": self._recorder.function(self.failing)} | parameters
        given = {key: value for key, value in parameters.items() if value is not None}
        if "RotationLambdaARN" in given:
            given = {"RotationRules": RULES} | given
        # A new function's permission is not known everywhere at once.
        rotate = lambda: self._manager.rotate_secret(SecretId=name, **given)
        patiently(rotate, ("AccessDeniedException",), self._patience, self._place.poll())
        reports = self._until_over(name, before, given)
        if reports and reports[-1]["Step"] == STEPS[-1]:
            self._settled(name, last)
        if self._pause:
            time.sleep(self._pause.seconds)
        return Seen(first_attempt(reports))

    def _last_rotated(self, name):
        return self._manager.describe_secret(SecretId=name).get("LastRotatedDate")

    def _settled(self, name, last):
        """Secrets Manager ends a rotation some time after the last step's answer. Stand-ins do it at once."""
        if self._place.real():
            until(lambda: self._last_rotated(name) != last, min(self._patience, SETTLED), self._place.poll())

    def _until_over(self, name, before, given):
        steps = STEPS if given.get("RotateImmediately", True) else ["testSecret"]
        last = next((step for step in steps if step in self.failing), steps[-1])
        deadline = time.monotonic() + self._patience
        while True:
            reports = self._recorder.reports.of(name)[before:]
            if any(report["Step"] == last for report in reports):
                # What must not come has a moment to come.
                time.sleep(self._place.poll())
                return self._recorder.reports.of(name)[before:]
            if time.monotonic() > deadline:
                return reports
            time.sleep(self._place.poll() / 4)


def first_attempt(reports):
    """AWS repeats a failed rotation from its first step; how, is a question of its own."""
    again = [index for index, report in enumerate(reports) if index and report["Step"] == "createSecret"]
    return reports[: again[0]] if again else reports
