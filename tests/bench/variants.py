"""The release profile, and what other settings of it would give: `rotation` built with each."""

import os
import shutil
import statistics
import subprocess
from concurrent.futures import ThreadPoolExecutor

from cold import Cold, count
from programs import TRIPLE, packed_size
from world import OUT, ROOT, World

FOLDER = OUT / "variants"
# What differs from [profile.release] in Cargo.toml.
VARIANTS = {
    "opt-level = 3": {"OPT_LEVEL": "3"},
    'opt-level = "z"': {"OPT_LEVEL": "z"},
    "lto = false, codegen-units = 16": {"LTO": "false", "CODEGEN_UNITS": "16"},
    'panic = "abort"': {"PANIC": "abort"},
}


def build(name):
    """The binary."""
    kept = FOLDER / str(list(VARIANTS).index(name))
    target = kept / "target"
    shutil.rmtree(kept, ignore_errors=True)
    profile = {f"CARGO_PROFILE_RELEASE_{option}": value for option, value in VARIANTS[name].items()}
    command = ["cargo", "build", "--locked", "--release", "--no-default-features", "--features", "aws"]
    subprocess.run(
        [*command, "--target", TRIPLE, "--bin", "rotation"],
        cwd=ROOT,
        env={**os.environ, **profile, "CARGO_TARGET_DIR": str(target)},
        check=True,
    )
    shutil.copy(target / TRIPLE / "release" / "rotation", kept)
    shutil.rmtree(target)
    return kept / "rotation"


def measure(programs, tls, rounds):
    # Two at once: half of a build is one thread that links.
    with ThreadPoolExecutor(2) as pool:
        built = {"as released": programs.rotation, **dict(zip(VARIANTS, pool.map(build, VARIANTS)))}
    samples = {name: [] for name in built}
    figures = {}
    with World(programs.harness, tls) as world:
        for nth in range(rounds + 1):
            for name, binary in built.items():
                started = Cold(world, [binary], True).figures
                # The first one fills the page cache.
                if nth > 0:
                    samples[name].append(started)
        for name, binary in built.items():
            middle = {
                what: statistics.median(each[what] for each in samples[name])
                for what in ("first_answer", "cpu", "rss")
            }
            figures[name] = {
                **middle,
                "bytes": binary.stat().st_size,
                "zip": packed_size(binary),
                "ready_instructions": count(world, [binary], False),
                "rotation_instructions": count(world, [binary], True),
            }
    return figures
