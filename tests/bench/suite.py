"""What a developer waits for: builds, cold and warm, and the Rust tests."""

import os
import shutil
import subprocess
import time

from world import OUT, ROOT

COLD = OUT / "cold-build"
# Touched, it makes everything of ours new, and nothing else.
SOURCE = ROOT / "src" / "lib.rs"


def timed(*command, **variables):
    begun = time.monotonic()
    subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **variables},
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return time.monotonic() - begun


def builds():
    figures = {}
    shutil.rmtree(COLD, ignore_errors=True)
    there = {"CARGO_TARGET_DIR": str(COLD)}
    build = ("cargo", "build", "--locked", "--bins")
    figures["debug build, cold"] = timed(*build, **there)
    SOURCE.touch()
    figures["debug build, warm"] = timed(*build, **there)
    figures["release build, cold"] = timed(*build, "--release", **there)
    shutil.rmtree(COLD)
    return figures


def tests():
    figures = {}
    command = ("cargo", "test", "--locked", "--workspace")
    subprocess.run((*command, "--no-run"), cwd=ROOT, check=True)
    SOURCE.touch()
    figures["test build, warm"] = timed(*command, "--no-run")
    figures["`cargo test`, built"] = timed(*command)
    return figures
