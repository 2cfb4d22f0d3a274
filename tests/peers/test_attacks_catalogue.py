"""docs/attacks.md names every attack of the suite, and no other."""

import re

from processes import REPOSITORY

PAGE = (REPOSITORY / "docs" / "attacks.md").read_text()
PYTHON = r"^def (test_\w+)"
RUST = r"#\[tokio::test[^\]]*\]\s*(?:#\[[^\]]*\]\s*)*async fn (\w+)|#\[test\]\s*fn (\w+)"
OWN = "test_attacks_catalogue.py"


def sources(folder, pattern):
    return {path: path.read_text() for path in (REPOSITORY / folder).glob(pattern) if path.name != OWN}


def attacks():
    """Of Python by their names, of Rust by their paths."""
    for text in sources("tests/peers", "test_attacks*.py").values():
        yield from re.findall(PYTHON, text, re.MULTILINE)
    for path, text in sources("tests/it/attacks", "*.rs").items():
        module = "attacks" if path.stem == "mod" else f"attacks::{path.stem}"
        yield from (f"{module}::{one or other}" for one, other in re.findall(RUST, text))


def test_the_catalogue_names_every_attack_of_the_suite_and_no_other():
    named = set(re.findall(r"`(test_\w+|attacks::[\w:]+)`", PAGE))
    assert named == set(attacks())
    assert len(named) > 60


def test_every_setting_and_name_in_backticks_exists():
    """Findings, errors and settings are renamed now and then."""
    known = "".join(sources("src", "**/*.rs").values())
    names = re.findall(r"`([A-Z][a-z]+[A-Z]\w*|ROTATOR_\w+)(?:=\S+)?`", PAGE)
    assert names and [name for name in names if name not in known] == []


def test_every_link_of_the_catalogue_leads_to_a_page():
    for page in re.findall(r"\]\(([\w.-]+\.md)", PAGE):
        assert (REPOSITORY / "docs" / page).exists(), page
