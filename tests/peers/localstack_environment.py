"""Installs LocalStack into an environment of its own, if this machine has a Python that it runs under.

LocalStack 2026.3.0 imports what is new in Python 3.13, while the other packages here are pinned with 3.11. Where there is
no 3.13, nothing is made, and the tests with LocalStack are skipped. LOCALSTACK_PYTHON names one elsewhere.
"""

import os
import subprocess
import sys
from pathlib import Path

CHECK = "import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, 13))"


def candidates():
    if "LOCALSTACK_PYTHON" in os.environ:
        return [os.environ["LOCALSTACK_PYTHON"]]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    return ["python3.13", *sorted(pyenv.glob("3.13*/bin/python3.13"))]


def runs(python):
    """Asked by running it: pyenv's `python3.13` on PATH may be a script that only says which version to choose."""
    try:
        return subprocess.run([python, "-c", CHECK], capture_output=True).returncode == 0
    except OSError:
        return False


def install(python, folder, requirements):
    subprocess.run([python, "-m", "venv", folder], check=True)
    quietly = ["--quiet", "--disable-pip-version-check", "--no-deps", "--no-compile"]
    subprocess.run([folder / "bin" / "pip", "install", *quietly, "--requirement", requirements], check=True)


if __name__ == "__main__":
    folder, requirements = (Path(argument) for argument in sys.argv[1:])
    found = next((python for python in candidates() if runs(python)), None)
    if found:
        install(found, folder, requirements)
        (folder / "ready").touch()
    else:
        named = os.environ.get("LOCALSTACK_PYTHON")
        problem = f"LOCALSTACK_PYTHON={named} is not Python 3.13 with venv and ensurepip" if named else "no Python 3.13 was found"
        print(f"LocalStack: {problem}. The tests with LocalStack will be skipped.")
