"""`make release`, in a copy of the files that it reads."""

import json
import os
import re
import shutil
import subprocess
import tomllib

import pytest

import release_scene  # noqa: F401  It makes the scripts known.
import release
from processes import REPOSITORY

CHANGES = "- **The default of X is Y.** Set X to keep it.\n- Another change."


def git(folder, *arguments):
    identity = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.com"]
    ran = subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, text=True, stdout=subprocess.PIPE)
    return ran.stdout


@pytest.fixture
def copy(tmp_path):
    paths = {path for path, _, _ in release.PLACES} | {"Makefile", ".gitignore"}
    scripts = {str(path.relative_to(REPOSITORY)) for path in (REPOSITORY / "cdk" / "scripts").glob("*.py")}
    for path in paths | scripts:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / path, tmp_path / path)
    (tmp_path / "CHANGELOG.md").write_text(f"# Changes\n\n## Unreleased\n\n{CHANGES}\n\n## 0.0.9 (2026-01-02)\n\n- The first.\n")
    git(tmp_path, "init", "--quiet")
    commit(tmp_path)
    return tmp_path


def commit(folder):
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "all")


def make_release(folder, version):
    command = ["make", "--no-print-directory", "release", f"VERSION={version}"]
    # As from a shell: the make that runs the tests is another's parent.
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    ran = subprocess.run(command, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return ran.returncode == 0, ran.stdout


def test_the_version_is_the_same_everywhere_and_the_changelog_and_the_tag_say_what_changed(copy):
    done, said = make_release(copy, "12.34.56")
    assert done, said
    manifest, lock = (tomllib.loads((copy / name).read_text()) for name in ("Cargo.toml", "Cargo.lock"))
    assert manifest["workspace"]["package"]["version"] == "12.34.56"
    assert {each["version"] for each in lock["package"] if "source" not in each} == {"12.34.56"}
    package, locked = (json.loads((copy / "cdk" / name).read_text()) for name in ("package.json", "package-lock.json"))
    assert [package["version"], locked["version"], locked["packages"][""]["version"]] == ["12.34.56"] * 3
    template = json.loads((copy / "cdk" / "templates" / "iam-key-rotator.template.json").read_text())
    assert template["Parameters"]["CodePrefix"]["Default"] == "iam-key-rotator/12.34.56/"
    assert re.fullmatch(
        rf"# Changes\n\n## Unreleased\n\n## 12\.34\.56 \(\d{{4}}-\d\d-\d\d\)\n\n{re.escape(CHANGES)}\n\n## 0\.0\.9 .*",
        (copy / "CHANGELOG.md").read_text(),
        re.DOTALL,
    )
    # The commands that it names make the tag, whose message is the changelog's text.
    commands = [line.strip() for line in said.splitlines() if line.startswith("  git ")]
    assert len(commands) == 3
    for line in commands[:2]:
        subprocess.run(line.replace("git ", "git -c user.name=n -c user.email=n@example.com ", 1), cwd=copy, shell=True, check=True)
    assert git(copy, "tag", "--list", "--format=%(contents)") == f"iam-key-rotator 12.34.56\n\n{CHANGES}\n\n"
    assert git(copy, "status", "--porcelain") == ""
    # Nothing is to be released after that.
    assert make_release(copy, "12.34.57") == (False, refusal("CHANGELOG.md has nothing under Unreleased"))


def refusal(reason):
    return f"error: {reason}\nNothing was changed.\nmake: *** [Makefile:{line_of_release()}: release] Error 1\n"


def line_of_release():
    lines = (REPOSITORY / "Makefile").read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if "cdk/scripts/release.py" in line)


@pytest.mark.parametrize(
    ("version", "reason"),
    [
        ("", '"" is not a version such as 1.2.3: make release VERSION=1.2.3'),
        ("v1.2.3", '"v1.2.3" is not a version such as 1.2.3: make release VERSION=1.2.3'),
        ("1.2", '"1.2" is not a version such as 1.2.3: make release VERSION=1.2.3'),
        ("0.0.9", "0.0.9 is not greater than 0.0.9, which CHANGELOG.md has already"),
        ("0.0.10", "0.0.10 is less than {current}, the version in Cargo.toml"),
    ],
)
def test_a_version_that_cannot_follow_is_refused(copy, version, reason):
    current = tomllib.loads((copy / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    assert make_release(copy, version) == (False, refusal(reason.format(current=current)))
    assert git(copy, "status", "--porcelain") == ""


def test_changes_that_are_not_committed_are_refused(copy):
    (copy / "left-over.txt").touch()
    assert make_release(copy, "12.34.56") == (False, refusal("there are changes that are not committed:\n?? left-over.txt"))


def test_a_place_that_lost_the_version_is_refused_before_anything_is_written(copy):
    path = copy / "cdk" / "package.json"
    path.write_text(path.read_text().replace('"version": "', '"version": "9', 1))
    commit(copy)
    done, said = make_release(copy, "12.34.56")
    assert not done and "error: cdk/package.json does not have the version" in said
    assert git(copy, "status", "--porcelain") == ""
