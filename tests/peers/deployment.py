"""Synthesized stacks, deployed by ministack's CloudFormation, and judged by their own policies from then on.

Functions then run as Lambda would run them: a `bootstrap`, with the environment of the template, under a session of the
template's role, every call judged by the template's policies: actions, resources, conditions, permissions boundary, and
the policies of secrets, topics and queues. What `cdk deploy` does beside the template, putting the code into a bucket,
is done here.
"""

import contextlib
import copy
import fcntl
import functools
import io
import json
import subprocess
import tempfile
import zipfile
from pathlib import Path

from clients import Aws, Key, http
from processes import REPOSITORY, TARGET, Process, bare_environment, until
from standins import PROGRAMS, free_port

# That of the templates. A number as key id is the root user of that account to ministack.
ACCOUNT = "111122223333"
ROOT = Key(ACCOUNT, "test")
BUCKET = "deployed-code"

# What ministack 1.5.33 cannot make, and what is done instead.
LEFT_OUT = {
    "AWS::SecretsManager::RotationSchedule": "its type is unknown: RotateSecret is called with its properties",
    "AWS::SecretsManager::ResourcePolicy": "its type is unknown: PutResourcePolicy is called with its document",
}


def left_out(resource):
    """Also alarms on expressions: ministack makes alarms on single metrics only."""
    on_expression = resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]
    return resource["Type"] in LEFT_OUT or on_expression


@functools.cache
def templates():
    """Every tested configuration, synthesized from the app's sources as they are now, by configuration and stack."""
    folder = Path("target") / "cdk" / "deployed"
    # Two processes of the tests may ask at once.
    with open(TARGET / "templates.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run(["make", "--silent", folder / "ready"], cwd=REPOSITORY, check=True)
    return {path.name.removesuffix(".template.json"): json.loads(path.read_text()) for path in REPOSITORY.glob(f"{folder}/*.json")}


@contextlib.contextmanager
def enforcing_ministack(**more):
    """More variables, such as ROTATION_ENGINE (ministack_engine.py) and MOVABLE_CLOCK (ministack_clock.py)."""
    # ministack keeps the code of each function in a folder of its own, which nobody else removes.
    with tempfile.TemporaryDirectory(dir=TARGET, ignore_cleanup_errors=True) as folder:
        yield from served(TMPDIR=folder, **more)


def served(**more):
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    variables = bare_environment(
        AUTH="true",
        BIND_HOST="127.0.0.1",
        GATEWAY_PORT=str(port),
        AWS_ENDPOINT_URL=endpoint,
        MINISTACK_REGION="eu-west-1",
        IOT_MTLS_ENABLED="0",
        SFTP_ENABLED="0",
        **more,
    )
    with Process([PROGRAMS / "python", Path(__file__).with_name("ministack_server.py")], variables) as server:

        def healthy():
            assert not server.exited(), server.output()
            with contextlib.suppress(OSError):
                return http(f"{endpoint}/_ministack/health")

        until(healthy, "ministack answers")
        aws = Aws(endpoint, ROOT)
        aws.refusals = lambda: [line for line in server.output().splitlines() if line.startswith("REFUSED")]
        aws.log = server.output
        if "MOVABLE_CLOCK" in more:
            clock = server.says(r"CLOCK=(\S+)")[1]
            aws.advance = lambda seconds: http(clock, str(seconds).encode())
        yield aws


@functools.cache
def zipped(bootstrap):
    """Once for each program: a debug build is large."""
    entry = zipfile.ZipInfo("bootstrap")
    entry.external_attr = 0o100755 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        # The archive's own level is not that of an entry with information of its own.
        archive.writestr(entry, bootstrap, compresslevel=1)
    return packed.getvalue()


class Stack:
    """A template, deployed by CloudFormation, with its outputs."""

    def __init__(self, aws, name, template, code, **parameters):
        self.aws, self.name, self.template = aws, name, template
        deployable = copy.deepcopy(template)
        # CDK's own check that the account was bootstrapped.
        deployable.pop("Rules", None)
        deployable.get("Parameters", {}).pop("BootstrapVersion", None)
        resources = deployable["Resources"]
        for logical_id in [each for each, resource in resources.items() if left_out(resource)]:
            del resources[logical_id]
        for logical_id, resource in resources.items():
            if resource["Type"] == "AWS::Lambda::Function":
                program = "rotation" if "Rotation" in logical_id else "sweep"
                resource["Properties"]["Code"] = self._put(program, code.get(program, b"#!/bin/sh\nexit 1\n"))
        self._made = aws.client("cloudformation")
        self._made.create_stack(
            StackName=name,
            TemplateBody=json.dumps(deployable),
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        )
        until(lambda: self._described()["StackStatus"] != "CREATE_IN_PROGRESS", f"{name} is deployed")
        assert self._described()["StackStatus"] == "CREATE_COMPLETE", self._failures()
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in self._described()["Outputs"]}

    @classmethod
    def synthesized(cls, aws, configuration, name, code):
        return cls(aws, name, templates()[f"{configuration}.{name}"], code)

    def _put(self, program, bootstrap):
        store = self.aws.client("s3")
        with contextlib.suppress(store.exceptions.BucketAlreadyOwnedByYou):
            # S3's first region is not a constraint.
            elsewhere = {"CreateBucketConfiguration": {"LocationConstraint": self.aws.region}}
            store.create_bucket(Bucket=BUCKET, **({} if self.aws.region == "us-east-1" else elsewhere))
        store.put_object(Bucket=BUCKET, Key=f"{program}.zip", Body=zipped(bootstrap))
        return {"S3Bucket": BUCKET, "S3Key": f"{program}.zip"}

    def _described(self):
        return self._made.describe_stacks(StackName=self.name)["Stacks"][0]

    def _failures(self):
        events = self._made.describe_stack_events(StackName=self.name)["StackEvents"]
        return [event.get("ResourceStatusReason") for event in events if "FAILED" in event["ResourceStatus"]]

    def of_type(self, kind):
        """The resources of a type as the template has them, by logical id."""
        return {name: each for name, each in self.template["Resources"].items() if each["Type"] == kind}

    def physical_id(self, logical_id):
        described = self._made.describe_stack_resource(StackName=self.name, LogicalResourceId=logical_id)
        return described["StackResourceDetail"]["PhysicalResourceId"]
