"""The two engines of a replay.

On ministack the page's CDK example is deployed, and every call is judged by its roles' policies; the clock moves, and schedules
fire (ministack_clock.py, ministack_schedules.py). On our simulator the real binaries run as processes, and the hourly sweep
and the rules of EventBridge, which it does not have, are played here.

The settings of both functions are the page's block, unchanged but for `ARNS`: the page says that its ARNs are examples.
"""

import contextlib
import json
import re
from datetime import UTC, datetime

import migrating_page
from attacks_scene import Account
from clients import SimulatedAws, http
from deployment import ACCOUNT, Stack, enforcing_ministack, templates
from lambda_function import environment
from migrating_scene import Move
from migrating_shim import EventsShim
from processes import BINARIES, Process, bare_environment, until

DAY = 24 * 3600
# The page's example of a member account.
MEMBER = "444455556666"
# Those of the page's blocks.
ARNS = {
    "topic": f"arn:aws:sns:eu-west-1:{ACCOUNT}:alerts",
    "function": f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:rotation",
    "role": f"arn:aws:iam::{ACCOUNT}:role/rotation-function",
    "key": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab",
}


def credentials(aws, **more):
    """Of the person who types, for the AWS CLI."""
    region = {"AWS_DEFAULT_REGION": aws.region, "AWS_REGION": aws.region}
    key = {"AWS_ACCESS_KEY_ID": aws.key.id, "AWS_SECRET_ACCESS_KEY": aws.key.secret}
    return {"AWS_ENDPOINT_URL": aws.endpoint} | region | key | more


class MinistackMove(Move, Account):
    judges_readers = True

    def __init__(self, system, aws, stack, folder):
        Move.__init__(self, system)
        Account.__init__(self, aws, stack)
        self.folder, self.day, self.stack = folder, 0, stack
        self.start = aws.advance(0)
        self.begin = datetime.fromtimestamp(self.start, UTC).replace(second=0, microsecond=0)
        self.credentials = credentials(aws)
        sweep = self.functions.get_function_configuration(FunctionName=self.sweep_name)
        self.names = {"SWEEP": self.sweep_name, "SWEEP-ARN": sweep["FunctionArn"], "ROTATION-ARN": self.rotation}
        stack_s = sweep["Environment"]["Variables"]
        self.arns = {
            ARNS["topic"]: stack_s["ROTATOR_ALERT_TOPIC_ARN"],
            ARNS["function"]: self.rotation,
            ARNS["role"]: self.rotation_role,
            ARNS["key"]: stack_s.get("ROTATOR_KMS_KEY_ID"),
        }

    def configure(self, block):
        for name in (self.sweep_name, self.rotation):
            # The CDK makes a member role for each function.
            suffix = "-rotation" if name == self.rotation else "-sweep"
            roles = {"ROTATOR_MEMBER_ROLE": f"{block['ROTATOR_MEMBER_ROLE']}{suffix}"} if "ROTATOR_MEMBER_ROLE" in block else {}
            self.functions.update_function_configuration(FunctionName=name, Environment={"Variables": block | roles})

    def to(self, day):
        """To the first hour of a day, when rules fire that began on the first day, and to the third, when keys are due that
        were made then. The rules come a little earlier each day, and the rest a little later: on AWS rules come when they
        always do, and what they made is some seconds younger than they are.
        """
        self.day = day
        for after in (3600 - 10 * day, 3 * 3600 + 60 * day):
            self._advance(round(self.start + day * DAY + after - self.aws.advance(0)))
        self.hear()

    def _advance(self, seconds):
        runs = len(self.scheduled())
        self.aws.advance(seconds)
        if self.sweeps:
            until(lambda: any("users" in each for each in self.scheduled()[runs:]), "the scheduled sweep ends")
        until(lambda: not self.overdue(self.aws.advance(0)), "what is due is rotated")
        until(lambda: self.aws.log().count("\nFIRES ") == len(self.scheduled()), "whatever was scheduled ends")
        self.settle()

    def without_sweeps(self):
        scheduler = self.aws.client("scheduler")
        for each in scheduler.list_schedules()["Schedules"]:
            scheduler.delete_schedule(Name=each["Name"], GroupName=each["GroupName"])
        self.sweeps = False

    def scheduled(self):
        """What functions answered that a schedule or a rule has invoked."""
        lines = self.aws.log().splitlines()
        return [json.loads(line.removeprefix("SCHEDULED ")) for line in lines if line.startswith("SCHEDULED ")]

    def hear(self):
        bodies = [json.loads(body) for body in self.alerts()]
        self.note(("alert", body["Subject"], body["Message"]) for body in bodies)
        held = http(f"{self.aws.endpoint}/_ministack/ses/messages")["messages"]
        mails = [mail for each in held.values() for mail in each]
        self.note((receiver, mail["Subject"], json.dumps(mail)) for mail in mails[self._messages :] for receiver in mail["To"])
        self._messages = len(mails)

    def add_rule(self, name, days):
        """A rule of the old system, which begins now; its target comes later."""
        rule = {"Name": name, "ScheduleExpression": f"rate({days} days)"}
        return self.aws.client("events").put_rule(**rule)["RuleArn"]

    def refusals(self):
        """What the policies refused to the functions."""
        return [line for line in self.aws.refusals() if ":assumed-role/" in line]


class SimulatedMove(Move):
    # The functions act as root, and so does whoever reads.
    judges_readers = False

    def __init__(self, system, aws, shim, folder):
        super().__init__(system)
        self.aws, self.iam, self.manager, self.folder = aws, aws.iam, aws.secretsmanager, folder
        self.day, self._moved, self._alerts, self._running, self._answers, self._shim = 0, 0, 0, [], [], shim
        self.rotation, sweep = (f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:{name}" for name in ("rotation", "sweep"))
        self.begin = datetime.fromtimestamp(self.now(), UTC).replace(second=0, microsecond=0)
        self.names = {"SWEEP": "sweep", "SWEEP-ARN": sweep, "ROTATION-ARN": self.rotation}
        # It has no settings of functions to read: the command line gets them as variables. Nor has it members of an
        # organization for the AWS CLI.
        self.names |= {"--function SWEEP": "", MEMBER: ACCOUNT}
        self.arns = {}
        self.credentials = credentials(aws, AWS_ENDPOINT_URL_EVENTBRIDGE=shim.url, AWS_ENDPOINT_URL_LAMBDA=shim.url)
        aws.sns.create_topic(Name="alerts")
        aws.sesv2.create_email_identity(EmailIdentity="example.com")
        runtimes = re.findall(r"AWS_LAMBDA_RUNTIME_API=(\S+) # \S+:(\w+)$", aws.greeting, re.MULTILINE)
        self._runtimes = {name: address for address, name in runtimes}

    def configure(self, block):
        """The functions act as root here, so that no secret may be closed to all but a role."""
        self.stop()
        block = {name: value for name, value in block.items() if name != "ROTATOR_ROTATION_ROLE_ARN"}
        self.credentials |= block
        for name, address in sorted(self._runtimes.items(), reverse=True):
            lambda_s_own = {"AWS_LAMBDA_RUNTIME_API": address, "AWS_LAMBDA_FUNCTION_NAME": name}
            self._running.append(Process([BINARIES / name], environment(self.aws.endpoint, **block) | lambda_s_own))

    def stop(self):
        while self._running:
            self._running.pop().stop()

    def to(self, day):
        """What Secrets Manager's schedules, the rules and the hourly sweep do on that day, one after the other."""
        self.day = day
        self.aws.advance(day * DAY + 3600 - self._moved)
        self._moved = day * DAY + 3600
        self.settle()
        for event in self._shim.due(day):
            self.sweep(event)
        if self.sweeps:
            self.sweep()
        self.settle()
        self.hear()

    def without_sweeps(self):
        self.sweeps = False

    def sweep(self, event=None):
        answered = self.aws.client("lambda").invoke(FunctionName="sweep", Payload=json.dumps(event or {}))
        answer = json.load(answered["Payload"])
        assert "FunctionError" not in answered, answer
        self.settle()
        self._answers.append(answer)
        return answer

    def scheduled(self):
        return self._answers

    def settle(self):
        """Waits until no version of any secret is in the making."""

        def quiet():
            listed = self.manager.list_secrets()["SecretList"]
            versions = [labels for each in listed for labels in each["SecretVersionsToStages"].values()]
            pending = [labels for labels in versions if "AWSPENDING" in labels and "AWSCURRENT" not in labels]
            return not pending and not self.overdue(self.now())

        until(quiet, "every rotation has ended")
        reports = [report for secret in self.manager.list_secrets()["SecretList"] for report in self.aws.rotations(secret["ARN"])]
        if not reports:
            return None
        last = max(reports, key=lambda report: (report["ended"]["secs_since_epoch"], report["ended"]["nanos_since_epoch"]))
        if not last["succeeded"]:
            return str(last["steps"][-1])
        return "tested" if last["test_only"] else "done"

    def now(self):
        return datetime.fromisoformat(self.aws.control("clock")["now"]).timestamp()

    def hear(self):
        alerts = [("alert", each["subject"], each["message"]) for each in self.aws.control("alerts")]
        mails = [(to, each["subject"], each["text"]) for each in self.aws.control("mails") for to in each["to"]]
        self.note(alerts[self._alerts :] + mails[self._messages :])
        self._alerts, self._messages = len(alerts), len(mails)

    def add_rule(self, name, days):
        return self._shim.add_rule(name, days)

    def refusals(self):
        return []


@contextlib.contextmanager
def moved(engine, system, folder):
    with ENGINES[engine](system, folder) as move:
        yield move


@contextlib.contextmanager
def on_ministack(system, folder):
    code = {program: (BINARIES / program).read_bytes() for program in ("rotation", "sweep")}
    with enforcing_ministack(ROTATION_ENGINE="1", ROTATION_SCHEDULES="1", MOVABLE_CLOCK="1", SECRETS_KEYS="1") as aws:
        yield MinistackMove(system, aws, Stack(aws, "IamKeyRotator", prepared(aws, system), code), folder)


def prepared(aws, system):
    """The template of the page's example; that of an organization for ministack's own."""
    template = templates()[f"{migrating_page.example(system)}.IamKeyRotator"]
    if system != "organization":
        return template
    organization = aws.client("organizations").describe_organization()["Organization"]["Id"]
    return json.loads(json.dumps(template).replace("o-exampleorgid", organization))


@contextlib.contextmanager
def on_the_simulator(system, folder):
    functions = [f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:{name}" for name in ("rotation", "sweep")]
    command = [BINARIES / "simulator", "--port", "0", *(part for arn in functions for part in ("--function", arn))]
    with Process(command, bare_environment()) as server:
        aws = SimulatedAws(server.says(r"AWS_ENDPOINT_URL=(\S+)")[1])
        server.says(rf"AWS_LAMBDA_RUNTIME_API=\S+ # {functions[-1]}")
        aws.greeting = server.output()
        with EventsShim(aws.endpoint) as shim:
            move = SimulatedMove(system, aws, shim, folder)
            try:
                yield move
            finally:
                move.stop()
        assert aws.problems == []


ENGINES = {"ministack": on_ministack, "simulator": on_the_simulator}
