"""What is measured, and what builds it."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

from world import OUT, ROOT

TRIPLE = "x86_64-unknown-linux-gnu"
BUILT = OUT / "built.json"
EMULATOR = ROOT / "target" / "emulator" / "aws-lambda-rie"


class Programs:
    """The functions: ours, the limit, the peer; and the command line."""

    def __init__(self, harness, folder, cli):
        self.harness, self.folder, self.cli = harness, folder, cli
        self.rotation, self.sweep = folder / "rotation", folder / "sweep"
        self.limit = folder / "limit"
        self.peer = [sys.executable, "-m", "awslambdaric", "lambda_function.lambda_handler"]

    def commands(self):
        return {"ours": [self.rotation], "limit": [self.limit], "peer": self.peer}

    def zips(self):
        """Bytes of each program, and of it in a zip as the packager packs it."""
        return {
            program.name: {"bytes": program.stat().st_size, "zip": packed_size(program)}
            for program in (self.rotation, self.sweep, self.limit)
        }


def packed_size(program):
    """Bytes of a zip of it, made as the packager makes one."""
    packed = OUT / "packed.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.write(program, "bootstrap")
    return packed.stat().st_size


def there():
    """What an earlier `build` made."""
    return Programs(*map(Path, json.loads(BUILT.read_text())))


def build():
    """Release builds of the functions, the limit and the command line, and the test harness that plays AWS."""
    # As they are packaged: without the command line's features.
    release = ("build", "--release", "--target", TRIPLE, "--no-default-features", "--features", "bench", "--bins")
    # Of the whole workspace, with whose features `cargo test` builds what both depend on.
    harness = ("test", "--workspace", "--test", "it", "--features", "bench", "--no-run")
    folder = Path(executables(*release)["rotation"]).parent
    cli = executables("build", "--release", "--bin", "iam-key-rotator")["iam-key-rotator"]
    BUILT.parent.mkdir(parents=True, exist_ok=True)
    BUILT.write_text(json.dumps([executables(*harness)["it"], str(folder), cli]))
    return there()


def executables(*arguments):
    """What cargo built, by name: it alone knows where."""
    command = ["cargo", *arguments, "--locked", "--message-format=json-render-diagnostics"]
    told = subprocess.run(command, cwd=ROOT, check=True, text=True, stdout=subprocess.PIPE).stdout
    built = [json.loads(line) for line in told.splitlines() if '"executable":"' in line]
    return {each["target"]["name"]: each["executable"] for each in built}
