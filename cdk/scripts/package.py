#!/usr/bin/env python3
"""Builds the functions and packs each into a zip for provided.al2023: the same source, the same bytes.

Writes target/lambda/<program>/bootstrap.zip (x86_64) and bootstrap-arm64.zip, and below
target/lambda/release/ everything that a release consists of, with its checksums.
"""

import argparse
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "target" / "lambda"
RELEASE = OUT / "release"
PROGRAMS = ("rotation", "sweep")
TARGETS = {"x86_64": "x86_64-unknown-linux-gnu", "arm64": "aarch64-unknown-linux-gnu"}
ZIPS = {"x86_64": "bootstrap.zip", "arm64": "bootstrap-arm64.zip"}
# What Amazon Linux 2023 has.
NEWEST_GLIBC = (2, 34)
# The oldest time a zip can name. Lambda does not care.
EPOCH = (1980, 1, 1, 0, 0, 0)


class Missing(Exception):
    """Something that a package needs is not on this machine."""


def native() -> str:
    return {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}[platform.machine().lower()]


def output(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, check=True, text=True, stdout=subprocess.PIPE).stdout.strip()


def metadata() -> dict:
    """Cargo's own account of the workspace: its binaries, and where it builds them."""
    return json.loads(output("cargo", "metadata", "--no-deps", "--format-version", "1", "--locked"))


def toolchain_for(architecture: str) -> list[str]:
    """The cargo command for an architecture. Nothing is installed, and rustup is never called."""
    target = TARGETS[architecture]
    library = Path(output("rustc", "--print", "target-libdir", "--target", target))
    if not any(library.glob("libstd-*")):
        raise Missing(
            f"the Rust standard library for {target} is not installed ({library} is not there); "
            f"build on a machine of that architecture, or add it to this toolchain"
        )
    if architecture == native():
        return ["cargo", "build", "--target", target]
    if shutil.which("cargo-zigbuild") is None:
        raise Missing("cargo-zigbuild and zig are not on the PATH; `pip install cargo-zigbuild ziglang` brings both")
    return ["cargo", "zigbuild", "--target", f"{target}.{NEWEST_GLIBC[0]}.{NEWEST_GLIBC[1]}"]


def build(architecture: str, programs: list[str]) -> Path:
    """Compiles, with this machine's paths taken out of what is compiled."""
    # What only the operator needs (profiles, SSO, tables) is behind a feature, and not in a zip.
    command = toolchain_for(architecture) + ["--release", "--locked", "--no-default-features", "--features", "aws"]
    for program in programs:
        command += ["--bin", program]
    cargo_home = os.environ.get("CARGO_HOME", str(Path.home() / ".cargo"))
    flags = [f"--remap-path-prefix={ROOT}=/source", f"--remap-path-prefix={cargo_home}=/cargo"]
    environment = {**os.environ, "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(flags), "SOURCE_DATE_EPOCH": "0"}
    subprocess.run(command, cwd=ROOT, check=True, env=environment)
    return Path(metadata()["target_directory"]) / TARGETS[architecture] / "release"


def check(binary: Path) -> None:
    """Refuses what would not start on Lambda, or what tells where it was built."""
    content = binary.read_bytes()
    versions = {tuple(map(int, found.split(b"."))) for found in re.findall(rb"GLIBC_(\d+\.\d+)", content)}
    if versions and max(versions) > NEWEST_GLIBC:
        newest = ".".join(map(str, max(versions)))
        raise Missing(f"{binary.name} needs glibc {newest}, and Lambda has 2.34: build on an older system, or with zig")
    for path in (str(ROOT), str(Path.home() / ".cargo")):
        if path.encode() in content:
            raise Missing(f"{binary.name} holds the path {path}, so another machine would build other bytes")


def pack(binary: Path, zip_path: Path) -> None:
    """One entry, executable, at a fixed time."""
    entry = zipfile.ZipInfo("bootstrap", EPOCH)
    entry.create_system = 3
    entry.external_attr = (0o100755) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    zip_path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(zip_path, "w") as archive:
        archive.writestr(entry, binary.read_bytes(), zipfile.ZIP_DEFLATED, compresslevel=9)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_checksums() -> None:
    files = sorted(path for path in RELEASE.iterdir() if path.name != "SHA256SUMS")
    lines = [f"{sha256(path)}  {path.name}\n" for path in files]
    (RELEASE / "SHA256SUMS").write_text("".join(lines))


def package(architecture: str, programs: list[str]) -> None:
    folder = build(architecture, programs)
    for program in programs:
        binary = folder / program
        check(binary)
        zip_path = OUT / program / ZIPS[architecture]
        pack(binary, zip_path)
        published = RELEASE / f"{program}-{architecture}.zip"
        shutil.copyfile(zip_path, published)
        size = zip_path.stat().st_size / 1e6
        print(
            f"{program} {architecture}: {binary.stat().st_size / 1e6:.1f} MB, zipped {size:.1f} MB, "
            f"sha256 {sha256(zip_path)}: {zip_path.relative_to(ROOT)}"
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arch", nargs="+", choices=TARGETS, help="default: both, as far as the toolchain allows")
    parser.add_argument("--program", nargs="+", choices=PROGRAMS, default=list(PROGRAMS))
    parser.add_argument("--sbom", type=Path, help="a CycloneDX file that goes with the release")
    arguments = parser.parse_args()
    there = {t["name"] for p in metadata()["packages"] for t in p["targets"] if "bin" in t["kind"]}
    lacking = [program for program in arguments.program if program not in there]
    if lacking:
        print(f"error: Cargo.toml has no binary {', '.join(lacking)}", file=sys.stderr)
        return 1
    shutil.rmtree(RELEASE, ignore_errors=True)
    RELEASE.mkdir(parents=True)
    for architecture in arguments.arch or sorted(TARGETS, key=lambda each: each != native()):
        try:
            package(architecture, arguments.program)
        except Missing as missing:
            # What was asked for must come; what was not is worth a word.
            print(f"{architecture}: not packaged: {missing}", file=sys.stderr)
            if arguments.arch or architecture == native():
                return 1
    for template in sorted((ROOT / "cdk" / "templates").glob("*.template.json")):
        shutil.copyfile(template, RELEASE / template.name)
    if arguments.sbom:
        shutil.copyfile(arguments.sbom, RELEASE / arguments.sbom.name)
    write_checksums()
    print(f"checksums: {(RELEASE / 'SHA256SUMS').relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
