"""`make acceptance` as its users run it, against a stand-in: the command line, its output, and what it leaves."""

import contextlib
import functools
import json
import os
import re
import subprocess
import sys

from deployment import enforcing_ministack, left_out, zipped
from processes import BINARIES, REPOSITORY, TARGET, Process, bare_environment

PROGRAM = REPOSITORY / "tests" / "acceptance"
RELEASED = REPOSITORY / "cdk" / "templates" / "iam-key-rotator.template.json"
# Those of the stand-ins.
ACCOUNTS = "111122223333,222233334444,000000000000"
# A stand-in shows every write at once, and repeats no rotation.
QUICK = ["--waits", "0s", "--watch", "1s", "--patience", "10s"]
# What every run of a stand-in says differently.
VARIABLE = [
    (r"iam-key-rotator-acceptance(-|=)[0-9a-f]{6}", r"iam-key-rotator-acceptance\1RUN"),
    (r"^\[ *(\d+ min )?\d+ s\] ", ""),
    (r"http://127\.0\.0\.1:\d+", "http://127.0.0.1:PORT"),
    (r"(median|longest|after) \d+(\.\d)? m?s\b", r"\1 TIME"),
    (r"topic-[0-9a-f]{8}|(Topic[0-9A-F]{8})-[0-9A-F]+", r"\1-ID"),
]
# An access key id, and what has the form of a secret access key.
KEYS = re.compile(r"\b[AL]KIA[A-Z0-9]{16}\b|(?<![\w/+.-])[A-Za-z0-9/+]{40}(?![\w/+.-])")


@functools.cache
def packages():
    """The functions' code as `make package` leaves it, of debug binaries."""
    folder = TARGET / "acceptance-packages"
    folder.mkdir(exist_ok=True)
    for program in ("rotation", "sweep"):
        put(folder / f"{program}-x86_64.zip", zipped((BINARIES / program).read_bytes()))
    return folder


def put(path, content):
    """At once: another process of the tests may read it."""
    beside = path.with_suffix(f".{os.getpid()}")
    beside.write_bytes(content)
    beside.replace(path)


@functools.cache
def adapted():
    """The released template without what ministack cannot make (deployment.py)."""
    template = json.loads(RELEASED.read_text())
    template.pop("Rules", None)
    resources = template["Resources"]
    template["Resources"] = {name: each for name, each in resources.items() if not left_out(each)}
    path = packages() / "adapted.template.json"
    put(path, json.dumps(template).encode())
    return path


@contextlib.contextmanager
def enforcing():
    """ministack with all that the program asks of it."""
    with enforcing_ministack(ROTATION_ENGINE="1", ROTATION_TESTS="1") as aws:
        yield aws


def variables(aws):
    """The usual ones, as a user sets them."""
    return bare_environment(
        AWS_ENDPOINT_URL=aws.endpoint,
        AWS_REGION=aws.region,
        AWS_ACCESS_KEY_ID=aws.key.id,
        AWS_SECRET_ACCESS_KEY=aws.key.secret,
    )


def command(*arguments):
    """Whoever does not ask names the account."""
    named = ["--account", ACCOUNTS] if "--yes" in arguments and "--account" not in arguments else []
    return [sys.executable, PROGRAM, *arguments, *named]


def run(aws, *arguments, environment=None):
    """The exit code and everything that was printed, when the program has ended."""
    ended = subprocess.run(
        [str(part) for part in command(*arguments)],
        env=environment or variables(aws),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    return ended.returncode, ended.stdout


@contextlib.contextmanager
def started(aws, *arguments):
    with Process(command(*arguments), variables(aws)) as process:
        yield process


def send(process, number):
    os.kill(process.session(), number)


def listing(aws):
    """Everything in the account that a run could have made, by kind."""
    lists = {
        "users": (aws.iam.list_users, "Users", "UserName"),
        "roles": (aws.iam.list_roles, "Roles", "RoleName"),
        "policies": (functools.partial(aws.iam.list_policies, Scope="Local"), "Policies", "PolicyName"),
        "secrets": (aws.secretsmanager.list_secrets, "SecretList", "Name"),
        "functions": (aws.client("lambda").list_functions, "Functions", "FunctionName"),
        "topics": (aws.sns.list_topics, "Topics", "TopicArn"),
        "subscriptions": (aws.sns.list_subscriptions, "Subscriptions", "SubscriptionArn"),
        "queues": (aws.client("sqs").list_queues, "QueueUrls", None),
        "buckets": (aws.client("s3").list_buckets, "Buckets", "Name"),
        "stacks": (aws.client("cloudformation").describe_stacks, "Stacks", "StackName"),
        "rules": (aws.client("events").list_rules, "Rules", "Name"),
        "alarms": (aws.client("cloudwatch").describe_alarms, "MetricAlarms", "AlarmName"),
        "log groups": (aws.client("logs").describe_log_groups, "logGroups", "logGroupName"),
        "schedules": (aws.client("scheduler").list_schedules, "Schedules", "Name"),
    }
    return {kind: names(call().get(key, []), name) for kind, (call, key, name) in lists.items()}


def names(items, name):
    """Without stacks that were deleted, which some stand-ins go on listing."""
    return sorted(item[name] if name else item for item in items if "DELETE_COMPLETE" not in str(item))


def normalized(text):
    for pattern, replacement in VARIABLE:
        text = re.sub(pattern, replacement, text, flags=re.MULTILINE)
    return text


def changed(before, after):
    """What came and what vanished between two listings, by kind."""
    differing = {kind: sorted(set(before[kind]) ^ set(after[kind])) for kind in after}
    return {kind: things for kind, things in differing.items() if things}
