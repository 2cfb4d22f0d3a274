"""Programs under test: started, watched, stopped; what they said is shown when a test fails."""

import json
import os
import re
import signal
import subprocess
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
# What make installs and writes is here wherever cargo builds (Makefile).
TARGET = REPOSITORY / "target"


def cargo_target():
    """Where cargo builds: CARGO_TARGET_DIR, `build.target-dir` or ./target."""
    command = ["cargo", "metadata", "--format-version", "1", "--no-deps", "--locked"]
    described = subprocess.run(command, cwd=REPOSITORY, check=True, stdout=subprocess.PIPE).stdout
    return Path(json.loads(described)["target_directory"])


BINARIES = cargo_target() / "debug"

# Far more than anything here takes: a slow machine must not fail a test.
PATIENCE_SECONDS = 60
POLL_SECONDS = 0.05


def until(found, what):
    """Asks again and again, and returns the first true answer."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        answer = found()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {PATIENCE_SECONDS} s: {what}")
        time.sleep(POLL_SECONDS)


def bare_environment(**variables):
    """What a program needs to run, and nothing of whoever runs the tests: no AWS settings, no proxy."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {
        **kept,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
        **variables,
    }


class Process:
    """A running program. Its output goes to a file without a name, which vanishes with it."""

    running = []

    def __init__(self, command, environment):
        command = [str(part) for part in command]
        if not Path(command[0]).exists():
            raise AssertionError(f"{command[0]} is missing; run the tests by `make test-peers`")
        self.name = Path(command[0]).name
        self._output = tempfile.TemporaryFile()
        self._child = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            # A group of its own, so that what it starts ends with it.
            start_new_session=True,
        )
        Process.running.append(self)

    def output(self):
        size = os.fstat(self._output.fileno()).st_size
        return os.pread(self._output.fileno(), size, 0).decode(errors="replace")

    def session(self):
        """The id of the session that it and what it starts belong to."""
        return self._child.pid

    def ends(self):
        """Its exit code, when it has ended."""
        return self._child.wait(timeout=PATIENCE_SECONDS)

    def exited(self):
        return self._child.poll() is not None

    def says(self, pattern):
        """Waits for a line, and returns the first match of the pattern in it."""

        def found():
            match = re.search(pattern, self.output())
            if match is None and self.exited():
                raise AssertionError(f"{self.name} ended before it said {pattern!r}:\n{self.output()}")
            return match

        return until(found, f"{self.name} says {pattern!r}")

    def stop(self):
        for how in (signal.SIGINT, signal.SIGKILL):
            try:
                os.killpg(self._child.pid, how)
            except ProcessLookupError:
                pass
            try:
                self._child.wait(timeout=10)
                break
            except subprocess.TimeoutExpired:
                continue
        # Whatever it left behind in its group.
        try:
            os.killpg(self._child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._child.wait()
        self._output.close()
        Process.running.remove(self)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
