#!/usr/bin/env python3
"""Puts the zips of a release where `make package` puts them: `make deploy ZIPS=folder`, without a compiler."""

import argparse
import shutil
import sys
from pathlib import Path

from collect import sha256
from package import OUT, PROGRAMS, ZIPS


class Unfit(Exception):
    """The folder is no release, or not as it was published."""


def listed(folder: Path) -> dict[str, str]:
    sums = folder / "SHA256SUMS"
    if not sums.is_file():
        raise Unfit(f"{sums} is missing: give the folder with the files of a release, or target/dist of `make package`")
    return {name: digest for digest, name in (line.split() for line in sums.read_text().splitlines())}


def unpack(folder: Path, out: Path) -> list[str]:
    """Checks everything before it copies anything."""
    sums, copies = listed(folder), []
    for architecture, name in ZIPS.items():
        for program in PROGRAMS:
            zip_path = folder / f"{program}-{architecture}.zip"
            if zip_path.is_file():
                if sums.get(zip_path.name) != sha256(zip_path):
                    raise Unfit(f"{zip_path} does not have the checksum in SHA256SUMS. Download it again.")
                copies.append((zip_path, out / program / name))
    if not copies:
        raise Unfit(f"{folder} has no zips such as rotation-x86_64.zip")
    # Zips of an earlier build would be deployed beside these.
    shutil.rmtree(out, ignore_errors=True)
    for zip_path, to in copies:
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(zip_path, to)
    return [zip_path.name for zip_path, _ in copies]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    try:
        print("taken from the release:", ", ".join(unpack(parser.parse_args().folder, OUT)))
    except Unfit as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
