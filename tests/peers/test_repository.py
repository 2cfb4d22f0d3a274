"""The address of the repository stands in Cargo.toml. Where a page or a package names it, it is the same.

`UPDATE_PAGES=1` writes it there.
"""

import os
import re
import subprocess
import tomllib

from processes import REPOSITORY

NAMED = re.compile(r"(https://github\.com/|--repo |repo create )([\w.-]+/iam-key-rotator)\b(?!-)")


def tracked():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, check=True, text=True, stdout=subprocess.PIPE).stdout
    return [REPOSITORY / name for name in listed.split("\0") if name]


def texts():
    for path in tracked():
        if path.is_file():
            try:
                yield path, path.read_text()
            except UnicodeDecodeError:
                continue


def test_the_address_of_the_repository_is_everywhere_that_of_cargo_toml():
    manifest = tomllib.loads((REPOSITORY / "Cargo.toml").read_text())
    place = manifest["workspace"]["package"]["repository"].removeprefix("https://github.com/")
    named = {path: text for path, text in texts() if NAMED.search(text)}
    assert {REPOSITORY / "Cargo.toml", REPOSITORY / "README.md", REPOSITORY / "docs" / "releasing.md"} <= named.keys()
    for path, text in named.items():
        written = NAMED.sub(rf"\g<1>{place}", text)
        if written != text and os.environ.get("UPDATE_PAGES") == "1":
            path.write_text(written)
        else:
            name = path.relative_to(REPOSITORY)
            assert written == text, f"{name} names another repository: set it in Cargo.toml, then UPDATE_PAGES=1 make test-peers"
