#!/usr/bin/env python3
"""Builds the functions and packs each into a zip for provided.al2023: the same source, the same bytes.

Writes target/lambda/<program>/bootstrap.zip (x86_64) and bootstrap-arm64.zip, where the CDK looks, and the same zips
under their released names to target/dist.
"""

import argparse
import re
import shutil
import sys
import zipfile
from pathlib import Path

from build import DIST, NEWEST_GLIBC, ROOT, Missing, build, check_paths, native
from collect import sha256

OUT = ROOT / "target" / "lambda"
PROGRAMS = ("rotation", "sweep")
TARGETS = {"x86_64": "x86_64-unknown-linux-gnu", "arm64": "aarch64-unknown-linux-gnu"}
ZIPS = {"x86_64": "bootstrap.zip", "arm64": "bootstrap-arm64.zip"}
# What only the operator needs (profiles, SSO, tables) is behind a feature, and not in a zip.
FEATURES = ["--no-default-features", "--features", "aws"]
# The oldest time a zip can name. Lambda does not care.
EPOCH = (1980, 1, 1, 0, 0, 0)


def check(binary: Path) -> None:
    """Refuses what would not start on Lambda, or what tells where it was built."""
    versions = {tuple(map(int, found.split(b"."))) for found in re.findall(rb"GLIBC_(\d+\.\d+)", binary.read_bytes())}
    if versions and max(versions) > NEWEST_GLIBC:
        newest = ".".join(map(str, max(versions)))
        raise Missing(f"{binary.name} needs glibc {newest}, and Lambda has 2.34: build on an older system, or with zig")
    check_paths(binary)


def pack(binary: Path, zip_path: Path) -> None:
    """One entry, executable, at a fixed time."""
    entry = zipfile.ZipInfo("bootstrap", EPOCH)
    entry.create_system = 3
    entry.external_attr = (0o100755) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    zip_path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(zip_path, "w") as archive:
        archive.writestr(entry, binary.read_bytes(), zipfile.ZIP_DEFLATED, compresslevel=9)


def package(architecture: str) -> None:
    folder = build(TARGETS[architecture], list(PROGRAMS), FEATURES)
    DIST.mkdir(parents=True, exist_ok=True)
    for program in PROGRAMS:
        binary = folder / program
        check(binary)
        zip_path = OUT / program / ZIPS[architecture]
        pack(binary, zip_path)
        shutil.copyfile(zip_path, DIST / f"{program}-{architecture}.zip")
        size = zip_path.stat().st_size / 1e6
        print(
            f"{program} {architecture}: {binary.stat().st_size / 1e6:.1f} MB, zipped {size:.1f} MB, "
            f"sha256 {sha256(zip_path)}: {zip_path.relative_to(ROOT)}"
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arch", choices=TARGETS, help="default: both, as far as the toolchain allows")
    asked = parser.parse_args().arch
    for architecture in [asked] if asked else sorted(TARGETS, key=lambda each: each != native()):
        try:
            package(architecture)
        except Missing as missing:
            # What was asked for must come; what was not is worth a word.
            print(f"{architecture}: not packaged: {missing}", file=sys.stderr)
            if asked or architecture == native():
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
