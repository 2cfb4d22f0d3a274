"""Compiles for a target, with this machine's paths taken out. Nothing is installed, and rustup is never called."""

import json
import os
import platform
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Everything that a release consists of, with its checksums.
DIST = ROOT / "target" / "dist"
# What Amazon Linux 2023 has.
NEWEST_GLIBC = (2, 34)
# Where `make` installs cargo-zigbuild, which links for other machines and C libraries than this one's.
CROSS = ROOT / "target" / "venv-cross" / "bin"


class Missing(Exception):
    """Something that a build needs is not on this machine, or its result would be of no use elsewhere."""


def native() -> str:
    return {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}[platform.machine().lower()]


def output(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, check=True, text=True, stdout=subprocess.PIPE).stdout.strip()


def metadata() -> dict:
    """Cargo's own account of the workspace: its packages, and where it builds them."""
    return json.loads(output("cargo", "metadata", "--no-deps", "--format-version", "1", "--locked"))


def product() -> dict:
    """The product's own package."""
    return next(package for package in metadata()["packages"] if package["name"] == "iam-key-rotator")


def host() -> str:
    """The target of this machine's toolchain."""
    return next(line.split()[1] for line in output("rustc", "--version", "--verbose").splitlines() if line.startswith("host"))


def cargo_for(target: str) -> list[str]:
    """The cargo command for a target."""
    library = Path(output("rustc", "--print", "target-libdir", "--target", target))
    if not any(library.glob("libstd-*")):
        raise Missing(
            f"the Rust standard library for {target} is not installed ({library} is not there); "
            f"build on such a machine, or add it to this toolchain"
        )
    # Apple's own linker serves both of its architectures.
    if target == host() or target.endswith("-apple-darwin"):
        return ["cargo", "build", "--target", target]
    if not (CROSS / "cargo-zigbuild").exists():
        raise Missing("cargo-zigbuild and zig are not installed; `make target/venv-cross/ready` brings both")
    newest = ".".join(map(str, NEWEST_GLIBC))
    return ["cargo", "zigbuild", "--target", f"{target}.{newest}" if target.endswith("-gnu") else target]


def build(target: str, programs: list[str], features: list[str]) -> Path:
    """Compiles, and returns the folder with the programs."""
    command = cargo_for(target) + ["--release", "--locked", *features]
    for program in programs:
        command += ["--bin", program]
    cargo_home = os.environ.get("CARGO_HOME", str(Path.home() / ".cargo"))
    flags = [f"--remap-path-prefix={ROOT}=/source", f"--remap-path-prefix={cargo_home}=/cargo"]
    environment = {
        **os.environ,
        "PATH": f"{CROSS}{os.pathsep}{os.environ['PATH']}",
        "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(flags),
        "SOURCE_DATE_EPOCH": "0",
    }
    subprocess.run(command, cwd=ROOT, check=True, env=environment)
    return Path(metadata()["target_directory"]) / target / "release"


def check_paths(binary: Path) -> None:
    """Refuses what tells where it was built."""
    content = binary.read_bytes()
    for path in (str(ROOT), str(Path.home() / ".cargo")):
        if path.encode() in content:
            raise Missing(f"{binary.name} holds the path {path}, so another machine would build other bytes")
