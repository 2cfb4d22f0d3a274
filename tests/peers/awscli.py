"""The real AWS CLI, with the very environment that a server tells its users to export."""

import json
import re
import subprocess
import sys
from pathlib import Path

from processes import PATIENCE_SECONDS, bare_environment

PROGRAM = Path(sys.executable).with_name("aws")


def exported(output):
    """The variables in the lines `export NAME=value …` of a server's output."""
    lines = re.findall(r"^\s*export (.*)$", output, re.MULTILINE)
    return dict(re.findall(r"(AWS_\w+)=(\S+)", " ".join(lines)))


class AwsCli:
    def __init__(self, variables):
        self._variables = variables

    def under(self, key):
        pair = {"AWS_ACCESS_KEY_ID": key.id, "AWS_SECRET_ACCESS_KEY": key.secret}
        return AwsCli(self._variables | pair)

    def __call__(self, *arguments):
        """What the command prints, read as JSON."""
        ran = self._run(arguments)
        assert ran.returncode == 0, f"aws {' '.join(arguments)}: {ran.stderr}"
        return json.loads(ran.stdout) if ran.stdout.strip() else None

    def refused(self, code, *arguments):
        """The command fails, and says this error code."""
        ran = self._run(arguments)
        assert ran.returncode != 0, f"aws {' '.join(arguments)} was not refused: {ran.stdout}"
        assert f"({code})" in ran.stderr, ran.stderr

    def _run(self, arguments):
        return subprocess.run(
            [PROGRAM, *arguments, "--output", "json"],
            env=bare_environment(NO_PROXY="127.0.0.1", **self._variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
        )
