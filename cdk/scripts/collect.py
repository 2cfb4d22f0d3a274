#!/usr/bin/env python3
"""Adds to a folder of packages what else a release has: templates, scripts, SBOMs, and the checksums of everything."""

import hashlib
import shutil
import sys
from pathlib import Path

from build import DIST, ROOT, product

RELEASE = ROOT / "cdk" / "release"
TEMPLATES = ROOT / "cdk" / "templates"
SBOMS = ROOT / "target" / "sbom"


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def add_scripts(folder: Path) -> None:
    """deploy.sh, and install.sh, which gets the place of this release."""
    shutil.copy(RELEASE / "deploy.sh", folder)
    package = product()
    place = f"{package['repository']}/releases/download/v{package['version']}"
    script = folder / "install.sh"
    shutil.copy(RELEASE / "install.sh", script)
    script.write_text(script.read_text().replace("@RELEASE@", place))


def write_checksums(folder: Path) -> None:
    files = sorted(path for path in folder.iterdir() if path.name != "SHA256SUMS")
    (folder / "SHA256SUMS").write_text("".join(f"{sha256(path)}  {path.name}\n" for path in files))


def collect(folder: Path) -> None:
    for path in [*TEMPLATES.glob("*.template.json"), *SBOMS.glob("*.cdx.json")]:
        shutil.copyfile(path, folder / path.name)
    add_scripts(folder)
    write_checksums(folder)


if __name__ == "__main__":
    collect(Path(sys.argv[1]) if len(sys.argv) > 1 else DIST)
