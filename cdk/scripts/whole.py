#!/usr/bin/env python3
"""Fails unless a folder has every file of a release, and no other."""

import sys
from pathlib import Path

import archive
import package
from collect import TEMPLATES

SCRIPTS = ("deploy.sh", "install.sh")
SBOMS = ("iam-key-rotator-cli.cdx.json", "iam-key-rotator-functions.cdx.json")


def expected() -> set[str]:
    zips = {f"{program}-{architecture}.zip" for program in package.PROGRAMS for architecture in package.TARGETS}
    archives = {f"{archive.NAME}-{target}.tar.gz" for target in archive.TARGETS}
    templates = {path.name for path in TEMPLATES.glob("*.template.json")}
    return zips | archives | templates | {*SCRIPTS, *SBOMS, "SHA256SUMS"}


def differences(folder: Path) -> list[str]:
    there = {path.name for path in folder.iterdir()}
    return [f"missing: {name}" for name in sorted(expected() - there)] + [
        f"not of a release: {name}" for name in sorted(there - expected())
    ]


if __name__ == "__main__":
    found = differences(Path(sys.argv[1]))
    print("\n".join(found) or "whole")
    sys.exit(1 if found else 0)
