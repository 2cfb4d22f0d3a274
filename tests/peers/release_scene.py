"""A folder with the files of a release and nothing else, made by the scripts that make a release.

The programs are those of a debug build: what differs is the compiler's effort, and how long the tests take.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from awscli import PROGRAM
from deployment import zipped
from processes import BINARIES, REPOSITORY, bare_environment

sys.path.append(str(REPOSITORY / "cdk" / "scripts"))

import archive  # noqa: E402
import build  # noqa: E402
import collect  # noqa: E402

REGION = "eu-west-1"
TEMPLATE = "iam-key-rotator.template.json"
# Far more than a deployment takes here.
DEPLOY_SECONDS = 180


def whole(folder):
    """A release for this machine, with what it consists of."""
    program = BINARIES / "iam-key-rotator"
    # A debug build is large.
    archive.pack(program, archive.pages(program), archive.own_target(), folder, level=1)
    return functions_alone(folder, lambda name: (BINARIES / name).read_bytes())


def functions_alone(folder, code=lambda _: b"#!/bin/sh\nexit 1\n"):
    """A release without the command line; by default of functions that nobody invokes."""
    for program in ("rotation", "sweep"):
        (folder / f"{program}-{build.native()}.zip").write_bytes(zipped(code(program)))
    collect.collect(folder)
    return folder


def change_template(folder, change):
    """As a later release would, whose template differs."""
    path = folder / TEMPLATE
    template = json.loads(path.read_text())
    change(template)
    # The AWS CLI passes 51,200 bytes at most.
    path.write_text(json.dumps(template, separators=(",", ":")))
    collect.write_checksums(folder)


def run(script, *arguments, **variables):
    """A script of a release, with the AWS CLI on its PATH. What it prints is one text, as a terminal shows it."""
    path = f"{PROGRAM.parent}{os.pathsep}{os.environ['PATH']}"
    variables = bare_environment(NO_PROXY="127.0.0.1") | {"PATH": path} | variables
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.run([script, *arguments], env=variables, timeout=DEPLOY_SECONDS, **streams)


class Deployer:
    """deploy.sh of a folder, under an account's root credentials."""

    def __init__(self, folder: Path, aws, region=REGION):
        self._folder, self._aws, self._region = folder, aws, region

    def __call__(self, *arguments, succeeds=True):
        key = {"AWS_ACCESS_KEY_ID": self._aws.key.id, "AWS_SECRET_ACCESS_KEY": self._aws.key.secret}
        ran = run(self._folder / "deploy.sh", *arguments, AWS_ENDPOINT_URL=self._aws.endpoint, **key)
        assert (ran.returncode == 0) == succeeds, ran.stdout
        return ran.stdout

    def deploy(self, *parameters, **more):
        return self(self._region, "ops@example.com", *parameters, **more)

    def delete(self, **more):
        return self("--delete", self._region, **more)
