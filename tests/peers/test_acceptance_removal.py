"""How `make acceptance` removes what it made, where AWS refuses, lags behind, or knows the credentials no longer."""

import sys

import pytest
from botocore.exceptions import ClientError

from acceptance_scene import PROGRAM

sys.path.append(str(PROGRAM))

import notes as notes_module  # noqa: E402
import removal  # noqa: E402
from kinds import Kind, Thing, marked  # noqa: E402
from notes import Notes  # noqa: E402
from place import Place  # noqa: E402
from progress import Progress  # noqa: E402

RUN, OTHER = "abcdef", "012345"
OURS, THEIRS = f"iam-key-rotator-acceptance-{RUN}-a", f"iam-key-rotator-acceptance-{OTHER}-a"


@pytest.fixture
def place(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    made = Place(RUN, region="eu-west-1")
    monkeypatch.setattr(made, "poll", lambda: 0.001)
    monkeypatch.setattr(made, "settling", lambda: 0.05)
    return made


class Noted:
    """What the run noted."""

    def __init__(self, *pairs):
        self.pairs, self.forgotten = list(pairs), False

    def note(self, kind, name):
        self.pairs.append((kind, name))

    def noted(self):
        return self.pairs

    def forget(self):
        self.forgotten = True


class Account:
    """Things of one kind. What is `refused` is not removed; what is `late` shows itself at a later look only."""

    def __init__(self, kind, *names, refused=None, late=0, stays_listed=False, region="eu-west-1"):
        self.kind, self.names, self.removed = kind, list(names), []
        self._refused, self._late, self._stays, self._region = refused, late, stays_listed, region

    def shown(self, place):
        run_of = removal.run_of
        return [Thing(name, run_of(name), self._region) for name in self.names if not self._late]

    def there(self, place, name):
        self._late = max(0, self._late - 1)
        return name in self.names and not self._late

    def remove(self, place, name):
        if self._refused:
            raise refusal(self._refused)
        if not self._stays:
            self.names.remove(name)
        self.removed.append(name)

    def as_kind(self):
        return Kind(self.kind, self.shown, self.there, self.remove, "aws {}".format)


def refusal(code):
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "Call")


def removed(place, monkeypatch, *accounts, noted=(), patience=60, every_run=False):
    monkeypatch.setattr(removal, "FIRST", [each.as_kind() for each in accounts])
    monkeypatch.setattr(removal, "REST", [])
    notes = Noted(*noted)
    return removal.Removal(place, notes, Progress(), patience, every_run).everything(), notes


def test_a_run_removes_its_own_things_alone(place, monkeypatch):
    account = Account("user", OURS, THEIRS)
    left, _ = removed(place, monkeypatch, account)
    assert (left, account.removed, account.names) == ([], [OURS], [THEIRS])


def test_clean_removes_what_every_run_left_in_this_region_alone(place, monkeypatch):
    here, elsewhere = Account("user", OURS, THEIRS), Account("role", THEIRS, region="us-east-1")
    left, _ = removed(place, monkeypatch, here, elsewhere, every_run=True)
    assert (left, here.names, elsewhere.names) == ([], [], [THEIRS])


def test_the_tag_must_name_the_run_of_the_name(place):
    tag = "iam-key-rotator-acceptance"
    for tags, ours in (({}, []), ({tag: OTHER}, []), ({tag: RUN}, [OURS])):
        assert [thing.name for thing in marked(place, [(OURS, None, lambda: tags)])] == ours


def test_what_vanishes_while_its_tags_are_read_is_not_there(place):
    for code in ("NoSuchEntity", "AWS.SimpleQueueService.NonExistentQueue", "ResourceNotFoundException", "NotFound"):

        def read():
            raise refusal(code)

        assert marked(place, [(OURS, None, read)]) == []
    with pytest.raises(ClientError):
        marked(place, [(OURS, None, lambda: (_ for _ in ()).throw(refusal("AccessDenied")))])


def test_a_refusal_about_the_stack_does_not_keep_the_users(place, monkeypatch):
    """Neither those before it, nor what comes after."""
    monkeypatch.setattr(removal, "STACK", Account("stack", OURS, refused="AccessDenied").as_kind())
    monkeypatch.setattr(removal.Removal, "_note_logs", lambda self, name: None)
    user, role = Account("user", OURS), Account("role", OURS)
    monkeypatch.setattr(removal, "FIRST", [user.as_kind(), removal.STACK])
    monkeypatch.setattr(removal, "REST", [role.as_kind()])
    left = removal.Removal(place, Noted(), Progress(), 0.05).everything()
    assert (user.names, role.names, [each.kind for each in left]) == ([], [], ["stack"])


def test_secrets_and_users_go_before_the_stack():
    names = [kind.name for kind in removal.FIRST]
    assert names.index("secret") < names.index("user") < names.index("stack")


def test_what_was_noted_and_shows_itself_late_is_removed(place, monkeypatch):
    account = Account("user", OURS, late=3)
    left, notes = removed(place, monkeypatch, account, noted=[("user", OURS)])
    assert (left, account.removed, notes.forgotten) == ([], [OURS], True)


def test_what_a_list_shows_after_its_end_holds_nothing_up(place, monkeypatch):
    account = Account("user", OURS)
    account.shown = lambda _: [Thing(OURS, RUN, "eu-west-1")]
    left, _ = removed(place, monkeypatch, account)
    assert (left, account.removed) == ([], [OURS])


def test_what_stays_though_its_removal_was_accepted_is_reported(place, monkeypatch):
    account = Account("topic", OURS, stays_listed=True)
    left, notes = removed(place, monkeypatch, account, patience=0.05)
    assert [(each.name, each.why) for each in left] == [(OURS, "AWS still shows it")] and not notes.forgotten


def test_what_is_there_is_not_gone_because_its_removal_says_so(place, monkeypatch):
    account = Account("user", OURS, refused="NoSuchEntity")
    left, notes = removed(place, monkeypatch, account, patience=0.05)
    assert [(each.name, each.why) for each in left] == [(OURS, "AWS still shows it")] and not notes.forgotten


def test_credentials_that_have_ended_end_the_removal_at_once(place, monkeypatch):
    account, noted = Account("user", OURS, refused="ExpiredToken"), [("user", OURS), ("secret", OURS)]
    left, notes = removed(place, monkeypatch, account, noted=noted)
    assert [(each.kind, each.name) for each in left] == [("everything", ""), *noted] and not notes.forgotten
    assert "Sign in again" in left[0].why
    assert left[0].by_hand == 'make acceptance ARGS="--clean --region eu-west-1"'


def test_an_error_that_nobody_expected_is_one_thing_left(place, monkeypatch):
    first, second = Account("user", OURS), Account("role", OURS)

    def broken(place, name):
        raise KeyError("a value that may be secret")

    first.remove = broken
    left, _ = removed(place, monkeypatch, first, second, patience=0.05)
    assert [(each.kind, each.why) for each in left] == [("user", "KeyError")] and second.names == []


def test_half_a_line_of_a_run_that_was_killed_is_passed_over(place, monkeypatch, tmp_path):
    monkeypatch.setattr(notes_module, "FOLDER", tmp_path)
    Notes(place).note("user", OURS)
    with (tmp_path / f"{RUN}.notes").open("a") as file:
        file.write('{"account": null, "reg')
    for every_run in (False, True):
        assert Notes(place, every_run).noted() == [("user", OURS)]
    Notes(place, every_run=True).forget()
    assert list(tmp_path.iterdir()) == []


def test_a_run_forgets_its_own_notes_alone(place, monkeypatch, tmp_path):
    monkeypatch.setattr(notes_module, "FOLDER", tmp_path)
    other = Place(OTHER, region="eu-west-1")
    Notes(place).note("user", OURS)
    Notes(other).note("user", THEIRS)
    Notes(place).forget()
    assert Notes(place).noted() == [] and Notes(other).noted() == [("user", THEIRS)]
    assert Notes(place, every_run=True).noted() == [("user", THEIRS)]
