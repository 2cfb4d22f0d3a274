#!/usr/bin/env python3
"""Prepares a release and publishes nothing: the version everywhere, the changelog, the message of the tag.

It changes files and makes no commit. docs/releasing.md says what comes before and after.
"""

import argparse
import re
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

from build import ROOT

MESSAGE = Path("target") / "tag-message.txt"
UNRELEASED = "## Unreleased\n"
# Where the version stands, and how often. Everything else reads it from one of these.
PLACES = (
    ("Cargo.toml", '[workspace.package]\nversion = "{}"\n', 1),
    ("Cargo.lock", 'name = "iam-key-rotator"\nversion = "{}"\n', 1),
    ("Cargo.lock", 'name = "simulator"\nversion = "{}"\n', 1),
    ("cdk/package.json", '"name": "iam-key-rotator-cdk",\n  "version": "{}",\n', 1),
    ("cdk/package-lock.json", '{{\n  "name": "iam-key-rotator-cdk",\n  "version": "{}",\n', 1),
    ("cdk/package-lock.json", '      "name": "iam-key-rotator-cdk",\n      "version": "{}",\n', 1),
    ("cdk/templates/iam-key-rotator.template.json", '"iam-key-rotator/{}/"', 1),
    ("cdk/terraform/variables.tf", '"iam-key-rotator/{}/"', 1),
    ("cdk/terraform/README.md", '"iam-key-rotator/{}/"', 1),
    ("docs/report.md", '"tool": "{}",', 1),
)


class Refused(Exception):
    """Nothing was changed."""


def parsed(version: str) -> tuple[int, ...]:
    if not re.fullmatch(r"(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}", version):
        raise Refused(f'"{version}" is not a version such as 1.2.3: make release VERSION=1.2.3')
    return tuple(map(int, version.split(".")))


def check_clean(root: Path) -> None:
    command = ["git", "status", "--porcelain"]
    changed = subprocess.run(command, cwd=root, check=True, text=True, stdout=subprocess.PIPE).stdout
    if changed:
        raise Refused(f"there are changes that are not committed:\n{changed.rstrip()}")


def check_greater(version: str, current: str, changelog: str) -> None:
    """Than every release. The version in Cargo.toml may be one that was never released."""
    released = [parsed(each) for each in re.findall(r"^## (\d+\.\d+\.\d+)\b", changelog, re.MULTILINE)]
    newest = max(released, default=(-1,))
    if parsed(version) <= newest:
        raise Refused(f"{version} is not greater than {'.'.join(map(str, newest))}, which CHANGELOG.md has already")
    if parsed(version) < parsed(current):
        raise Refused(f"{version} is less than {current}, the version in Cargo.toml")


def changes(changelog: str) -> str:
    """What is to be released."""
    _, found, rest = changelog.partition(UNRELEASED)
    text = re.split(r"^## ", rest, maxsplit=1, flags=re.MULTILINE)[0].strip()
    if not found or not text:
        raise Refused("CHANGELOG.md has nothing under Unreleased")
    return text


def with_version(root: Path, current: str, version: str) -> dict[str, str]:
    """The files with the new version in them."""
    texts = {}
    for path, place, count in PLACES:
        text = texts.get(path) or (root / path).read_text()
        if text.count(place.format(current)) != count:
            raise Refused(f"{path} does not have the version {current} where it is expected: {place.format(current)!r}")
        texts[path] = text.replace(place.format(current), place.format(version))
    return texts


def prepare(root: Path, version: str) -> None:
    parsed(version)
    check_clean(root)
    manifest, changelog = (root / "Cargo.toml").read_text(), (root / "CHANGELOG.md").read_text()
    (current,) = re.findall(r'^\[workspace\.package\]\nversion = "(.*)"$', manifest, re.MULTILINE)
    check_greater(version, current, changelog)
    text = changes(changelog)
    # Everything is known before anything is written.
    texts = with_version(root, current, version)
    heading = f"{UNRELEASED}\n## {version} ({datetime.now(timezone.utc):%Y-%m-%d})\n"
    texts["CHANGELOG.md"] = changelog.replace(UNRELEASED, heading, 1)
    for path, content in texts.items():
        (root / path).write_text(content)
    (root / MESSAGE).parent.mkdir(exist_ok=True)
    (root / MESSAGE).write_text(f"iam-key-rotator {version}\n\n{text}\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("version", nargs="?", default="")
    version = parser.parse_args().version
    try:
        prepare(ROOT, version)
    except Refused as refused:
        print(f"error: {refused}\nNothing was changed.", file=sys.stderr)
        return 1
    print(
        f"Prepared {version}; nothing is published. Read the difference, run make check, then:\n"
        f"  git commit --all --message 'Release {version}'\n"
        f"  git tag --annotate v{version} --cleanup=whitespace --file {MESSAGE}\n"
        f"  git push origin HEAD v{version}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
