"""One move, replayed: an old system's account, docs/migrating.md typed by a person with the real AWS CLI, and days that pass.

Two engines. On ministack the page's CDK example is deployed, and every call is judged by its roles' policies; the clock moves,
and schedules fire (ministack_clock.py, ministack_schedules.py). On our simulator the real binaries run as processes, and
the hourly sweep and the rules of EventBridge, which it does not have, are played here.

The settings of both functions are the page's block, unchanged but for `ARNS`: the page says that its ARNs are examples.
"""

import contextlib
import json
import os
import pty
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from botocore.exceptions import ClientError

import migrating_page
from attacks_scene import Account, allow, document
from clients import Key, SimulatedAws, http
from deployment import ACCOUNT, Stack, enforcing_ministack, templates
from lambda_function import environment
from migrating_shim import EventsShim
from processes import BINARIES, REPOSITORY, Process, bare_environment, until

DAY = 24 * 3600
MEMBER = "444455556666"
PROGRAMS = Path(sys.executable).parent
# The ARNs of the page's blocks, by the name that the stack's own have here.
ARNS = {
    f"arn:aws:sns:eu-west-1:{ACCOUNT}:alerts": "topic",
    f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:rotation": "rotation",
    f"arn:aws:iam::{ACCOUNT}:role/rotation-function": "rotation_role",
    f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab": "key",
}


class Move:
    """What both engines have. A day is counted from the beginning of the replay."""

    def __init__(self, system):
        self.system, self.told, self.texts, self._messages, self.sweeps = system, [], [], 0, True
        # What the page leaves to its reader, and what stands there instead.
        self.names = {}

    def deploy(self, mode=None, nth=0, **more):
        """Both functions get the settings of the section's block, changed only as the page has its reader change them."""
        block = {name: self.arns.get(value, value) for name, value in migrating_page.settings(self.system, nth).items()}
        changed = block | ({"ROTATOR_MODE": mode} if mode else {}) | more
        self.configure({name: value for name, value in changed.items() if value is not None})

    def run(self, *beginnings, typed=None, **filled):
        """The page's commands that begin so, in one shell, with the names filled in; answers what they print."""
        script = "\n".join(migrating_page.command(self.system, beginning) for beginning in beginnings)
        names = self.names | filled
        assert all(name in script for name in filled), f"{script!r} does not have {filled}"
        missing = migrating_page.placeholders(script) - set(names)
        assert not missing, f"what stands for {missing} in {script!r}?"
        for name in sorted(names, key=len, reverse=True):
            whole = re.escape(name) if name.isdigit() else rf"(?<![\w-]){re.escape(name)}(?![\w-])"
            script = re.sub(whole, names[name].replace("\\", r"\\"), script)
        return self.shell(script, typed)

    def shell(self, script, typed=None):
        """As on a terminal, where what is typed answers the commands' questions. A command that fails ends it."""
        person, terminal = pty.openpty()
        os.write(person, f"{typed or ''}\n".encode())
        path = os.pathsep.join([str(PROGRAMS), str(BINARIES), os.environ["PATH"]])
        ran = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", script],
            env=bare_environment(NO_PROXY="127.0.0.1", PATH=path, **self.credentials),
            cwd=self.folder,
            stdin=terminal,
            capture_output=True,
            text=True,
            timeout=60,
        )
        os.close(person), os.close(terminal)
        assert ran.returncode == 0, f"{script}\n{ran.stdout}{ran.stderr}"
        return ran.stdout

    @staticmethod
    def answer(printed):
        """What a function answered to `aws lambda invoke … /dev/stdout`, which prints its own answer after it."""
        return json.JSONDecoder().raw_decode(printed)[0]

    @contextlib.contextmanager
    def shows(self, sentence):
        """The assertions of the block show this sentence of the page."""
        assert sentence in migrating_page.sentences(self.system), f"{sentence!r} is not on the page"
        yield

    def label(self, secret, field="AccessKeyId"):
        """The page's commands that label the versions of a secret, with the line that the reader changes."""
        line = {"secret=app field=AccessKeyId current=": f"secret={secret} field={field} current="}
        return self.run("secret=app field=AccessKeyId current=", "for stage in AWSCURRENT", **line)

    def labels(self, secret):
        """Which key each of a secret's labelled versions holds, by AWS's labels."""
        stages = self.manager.describe_secret(SecretId=secret)["VersionIdsToStages"].values()
        return {label: [each for each in labels if each.startswith("AKIA")] for labels in stages for label in labels if label.startswith("AWS")}

    def statuses(self, user="app", iam=None):
        """The user's keys, the oldest first."""
        listed = (iam or self.iam).list_access_keys(UserName=user)["AccessKeyMetadata"]
        return [key["Status"] for key in sorted(listed, key=lambda key: key["CreateDate"])]

    def ids(self, user="app", iam=None):
        listed = (iam or self.iam).list_access_keys(UserName=user)["AccessKeyMetadata"]
        return [key["AccessKeyId"] for key in sorted(listed, key=lambda key: key["CreateDate"])]

    def value(self, secret, **which):
        return json.loads(self.manager.get_secret_value(SecretId=secret, **which)["SecretString"])

    def pair(self, secret, fields=("AccessKeyId", "SecretAccessKey"), **which):
        """The key in a secret."""
        held = self.value(secret, **which)
        return tuple(held[field] for field in fields)

    def names_of_secrets(self):
        return sorted(secret["Name"] for secret in self.manager.list_secrets()["SecretList"])

    def overdue(self, now):
        """Secrets whose schedule's time has passed."""
        listed = self.manager.list_secrets()["SecretList"]
        return [each["Name"] for each in listed if "NextRotationDate" in each and each["NextRotationDate"].timestamp() < now]

    def reads(self, pair, secret, aws=None):
        """Whether the holder of a key gets the value."""
        try:
            return bool((aws or self.aws).under(Key(*pair)).secretsmanager.get_secret_value(SecretId=secret)["SecretString"])
        except ClientError as error:
            assert error.response["Error"]["Code"] == "AccessDeniedException", error
            return False

    def administrator(self, name="admin", iam=None):
        """The key of a user who may do anything, and whom the product leaves alone."""
        key = self.old_user(name, iam, **{"iam-key-rotator:exempt": "the administrator"})
        (iam or self.iam).put_user_policy(UserName=name, PolicyName="everything", PolicyDocument=document(allow("*")))
        return key["AccessKeyId"], key["SecretAccessKey"]

    def old_user(self, name="app", iam=None, **tags):
        """A user as the old system has it; answers its key."""
        iam = iam or self.iam
        iam.create_user(UserName=name, Tags=[{"Key": key, "Value": value} for key, value in tags.items()])
        return iam.create_access_key(UserName=name)["AccessKey"]

    def old_secret(self, name, *values):
        """A secret as the old system wrote it, value after value."""
        made = self.manager.create_secret(Name=name, SecretString=json.dumps(values[0]))
        for value in values[1:]:
            self.manager.put_secret_value(SecretId=name, SecretString=json.dumps(value))
        return made["ARN"]

    def works(self, key):
        """Whether AWS accepts a pair of id and secret. To ask is to use the key: one that is to be retired stays for it."""
        try:
            return bool(self.aws.under(Key(*key)).sts.get_caller_identity()["Arn"])
        except ClientError as error:
            assert error.response["Error"]["Code"] in ("InvalidClientTokenId", "UnrecognizedClientException"), error
            return False

    def messages(self, *beginnings):
        """What people were told, a line a message: day, receiver, subject; those that begin so, or all."""
        return [line for line in self.told if not beginnings or line.startswith(beginnings)]

    def note(self, new):
        """New messages: receiver, subject and text, on the day that it is. Ids of keys are not told apart."""
        for receiver, subject, text in new:
            self.texts.append(text)
            self.told.append(f"{self.day} {receiver}: {re.sub(r'AKIA[A-Z0-9]{12,}', 'AKIA…', subject)}")

    def days(self, first, last):
        for day in range(first, last + 1):
            self.to(day)


class MinistackMove(Move, Account):
    judges_readers = True

    def __init__(self, system, aws, stack, folder):
        Move.__init__(self, system)
        Account.__init__(self, aws, stack)
        self.folder, self.day, self.stack = folder, 0, stack
        self.start = aws.advance(0)
        self.begin = datetime.fromtimestamp(self.start, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        region, key = {"AWS_DEFAULT_REGION": aws.region, "AWS_REGION": aws.region}, aws.key
        self.credentials = region | {"AWS_ENDPOINT_URL": aws.endpoint, "AWS_ACCESS_KEY_ID": key.id, "AWS_SECRET_ACCESS_KEY": key.secret}
        sweep = self.functions.get_function_configuration(FunctionName=self.sweep_name)
        self.names = {"SWEEP": self.sweep_name, "SWEEP-ARN": sweep["FunctionArn"], "ROTATION-ARN": self.rotation}
        topic = sweep["Environment"]["Variables"]["ROTATOR_ALERT_TOPIC_ARN"]
        ours = {"topic": topic, "rotation": self.rotation, "rotation_role": self.rotation_role}
        ours["key"] = sweep["Environment"]["Variables"].get("ROTATOR_KMS_KEY_ID")
        self.arns = {theirs: ours[name] for theirs, name in ARNS.items()}

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
        for after in (3600 - 10 * day, 3 * 3600 + 10 * day):
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
        self.day, self._moved, self._alerts, self._running, self._shim = 0, 0, 0, [], shim
        self.rotation, self.sweep_arn = (f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:{name}" for name in ("rotation", "sweep"))
        self.begin = datetime.fromtimestamp(self.now(), UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        self.names = {"SWEEP": "sweep", "SWEEP-ARN": self.sweep_arn, "ROTATION-ARN": self.rotation}
        # It has no settings of functions to read: the command line gets them as variables. Nor has it members of an
        # organization for the AWS CLI.
        self.names |= {"--function SWEEP": "", MEMBER: ACCOUNT}
        self.arns = {}
        self.credentials = {
            "AWS_ENDPOINT_URL": aws.endpoint, "AWS_REGION": aws.region, "AWS_DEFAULT_REGION": aws.region,
            "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_ENDPOINT_URL_EVENTBRIDGE": shim.url, "AWS_ENDPOINT_URL_LAMBDA": shim.url,
        }
        aws.sns.create_topic(Name="alerts")
        aws.sesv2.create_email_identity(EmailIdentity="example.com")
        # A clock on which every new key has been seen everywhere.
        self._runtimes = dict(re.findall(r"AWS_LAMBDA_RUNTIME_API=(\S+) # \S+:(\w+)$", aws.greeting, re.MULTILINE))
        self._runtimes = {name: address for address, name in self._runtimes.items()}

    def configure(self, block):
        """The functions act as root here, so that no secret may be closed to all but a role."""
        self.stop()
        block = {name: value for name, value in block.items() if name != "ROTATOR_ROTATION_ROLE_ARN"}
        self.credentials |= {name: value for name, value in block.items()}
        for name, address in sorted(self._runtimes.items(), reverse=True):
            variables = environment(self.aws.endpoint, **block) | {"AWS_LAMBDA_RUNTIME_API": address, "AWS_LAMBDA_FUNCTION_NAME": name}
            self._running.append(Process([BINARIES / name], variables))

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
        self.answers = [*getattr(self, "answers", []), answer]
        return answer

    def scheduled(self):
        return getattr(self, "answers", [])

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
    with enforcing_ministack(ROTATION_ENGINE="1", ROTATION_SCHEDULES="1", MOVABLE_CLOCK="1") as aws:
        yield MinistackMove(system, aws, Stack(aws, "IamKeyRotator", prepared(aws, system), code), folder)


def prepared(aws, system):
    """The template of the page's example; that of E for ministack's organization."""
    template = templates()[f"coming-from-{system.lower()}.IamKeyRotator"]
    if system != "E":
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
