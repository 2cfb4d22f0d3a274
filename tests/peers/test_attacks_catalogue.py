"""docs/attacks.md names every attack of the suite, and no other."""

import re

from processes import REPOSITORY

PAGE = (REPOSITORY / "docs" / "attacks.md").read_text()
PYTHON = r"^def (test_\w+)"
RUST = r"#\[(?:tokio::)?test[^\]]*\]\s*(?:#\[[^\]]*\]\s*)*(?:async )?fn (\w+)"


def sources(folder, pattern):
    paths = [path for path in (REPOSITORY / folder).glob(pattern) if path.name != "test_attacks_catalogue.py"]
    return "\n".join(path.read_text() for path in paths)


def attacks():
    in_python = re.findall(PYTHON, sources("tests/peers", "test_attacks*.py"), re.MULTILINE)
    in_rust = re.findall(RUST, sources("tests/it", "attacks*.rs") + sources("tests/it/attacks", "*.rs"))
    return {*in_python, *(f"attacks::{name}" for name in in_rust)}


def test_the_catalogue_names_every_attack_of_the_suite_and_no_other():
    named = set(re.findall(r"`((?:test_|attacks::)\w+)`", PAGE)) - {"test_what_remains_"}
    assert named == attacks()
    assert len(named) > 30


def test_every_setting_and_name_in_backticks_exists():
    """Findings, errors and settings are renamed now and then."""
    known = sources("src", "**/*.rs") + sources("cdk/lib", "**/*.ts")
    names = re.findall(r"`([A-Z][a-z]+[A-Z]\w*|ROTATOR_\w+)(?:=\S+)?`", PAGE)
    assert names and [name for name in names if name not in known] == []


def test_every_link_of_the_catalogue_leads_to_a_page():
    for page in re.findall(r"\]\(([\w.-]+\.md)", PAGE):
        assert (REPOSITORY / "docs" / page).exists(), page
