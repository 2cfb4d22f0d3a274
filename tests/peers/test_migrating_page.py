"""docs/migrating.md states nothing that no replay runs or shows, and its commands work on secrets of every kind."""

import contextlib

import pytest

import migrating_page
from migrating_page import SYSTEMS
from migrating_engines import moved

# The list and the organization name them as the daily check does.
FIELDS = {"rules": ("AccessKey", "SecretKey"), "daily": ("AccessKeyId", "SecretAccessKey")}


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_replay_shows_each_statement_of_a_section(system):
    assert sorted(migrating_page.sentences(system)) == sorted(migrating_page.literals("shows", system))


def test_whatever_shows_a_statement_asserts_something():
    assert migrating_page.shown_without_an_assertion() == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_replay_runs_each_command_of_a_section(system):
    run = tuple([*migrating_page.literals("run", system), *migrating_page.NOT_RUN])
    assert [command for command in migrating_page.commands(system) if not command.startswith(run)] == []


def test_some_replay_runs_each_command_that_is_for_all():
    run = tuple(beginning for system in SYSTEMS for beginning in migrating_page.literals("run", system))
    assert [command for command in migrating_page.commands("all") if not command.startswith(run)] == []


def test_a_replay_runs_nothing_that_is_not_on_the_page():
    for system in SYSTEMS:
        for beginning in migrating_page.literals("run", system):
            assert migrating_page.command(system, beginning)


@pytest.fixture(scope="module")
def move(tmp_path_factory):
    with moved("simulator", "rules", tmp_path_factory.mktemp("labels")) as move:
        yield move


def value(fields, key):
    return dict(zip(fields, key, strict=True)) | {"note": "a \"quoted\"\nline"}


# The replays of the rules and of the organization label secrets with AWSPREVIOUS; those of the daily check and of the list
# label secrets without it.
@pytest.mark.parametrize(("system", "previous"), [("rules", False), ("daily", True)])
def test_the_versions_of_a_secret_are_labelled(move, system, previous):
    first, second = ("AKIAEXAMPLE0FIRST", "secret/one+"), ("AKIAEXAMPLE1SECOND", "secret/two=")
    name = f"of-{system}"
    move.old_secret(name, *[value(FIELDS[system], key) for key in ([first, second] if previous else [second])])
    move.label(name, FIELDS[system][0])
    assert move.labels(name) == {"AWSCURRENT": [second[0]]} | ({"AWSPREVIOUS": [first[0]]} if previous else {})


def test_the_key_of_both_versions_is_that_of_the_current_one(move):
    key = ("AKIAEXAMPLE0FIRST", "secret")
    move.old_secret("same", value(FIELDS["daily"], key), value(FIELDS["daily"], key) | {"note": "another"})
    move.label("same")
    assert move.labels("same") == {"AWSCURRENT": [key[0]], "AWSPREVIOUS": []}


def test_with_a_field_that_the_secret_does_not_have_nothing_is_labelled(move):
    move.old_secret("other-field", value(FIELDS["rules"], ("AKIAEXAMPLE0FIRST", "secret")))
    with contextlib.suppress(AssertionError):
        move.label("other-field")
    assert move.labels("other-field") == {"AWSCURRENT": []}
