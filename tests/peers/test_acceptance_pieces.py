"""What no stand-in shows of `make acceptance`: refusals that pass, things that stay, and what counts as AWS itself."""

import contextlib
import os
import sys
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from acceptance_scene import PROGRAM

sys.path.append(str(PROGRAM))

import consent  # noqa: E402
import record  # noqa: E402
import removal  # noqa: E402
import session  # noqa: E402
from kinds import Kind, Thing  # noqa: E402
from names import ours  # noqa: E402
from options import given, parser  # noqa: E402
from place import Place, credentials_of  # noqa: E402
from progress import Progress  # noqa: E402
from questions import QUESTIONS  # noqa: E402
from run import Run  # noqa: E402


@pytest.fixture
def place(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    return Place("abcdef", region="eu-west-1")


class NoNotes:
    """A run that noted nothing."""

    def __init__(self):
        self.forgotten = False

    def note(self, kind, name):
        raise AssertionError("nothing is made here")

    def noted(self):
        return []

    def forget(self):
        self.forgotten = True


def a_kind(there, refusals):
    """Things of which each is refused some times before it goes."""

    def remove(place, name):
        if refusals.get(name, 0):
            refusals[name] -= 1
            raise ClientError({"Error": {"Code": "DeleteConflict", "Message": "in use"}}, "DeleteRole")
        there.remove(name)

    listed = lambda place: [Thing(name, "abcdef", place.region) for name in there]
    is_there = lambda place, name: name in there
    return Kind("role", listed, is_there, remove, "aws iam delete-role --role-name {}".format)


def removed(place, monkeypatch, kind, patience):
    monkeypatch.setattr(removal, "FIRST", [kind])
    monkeypatch.setattr(removal, "REST", [])
    monkeypatch.setattr(place, "poll", lambda: 0.001)
    monkeypatch.setattr(place, "settling", lambda: 0)
    notes = NoNotes()
    return removal.Removal(place, notes, Progress(), patience).everything(), notes


def test_what_aws_refuses_for_a_moment_is_tried_again(place, monkeypatch):
    there = ["first", "second"]
    left, notes = removed(place, monkeypatch, a_kind(there, {"first": 3}), 60)
    assert (left, there, notes.forgotten) == ([], [], True)


def test_what_cannot_be_removed_is_reported_with_the_command_to_do_it_and_stays_noted(place, monkeypatch, capsys):
    left, notes = removed(place, monkeypatch, a_kind(["stuck"], {"stuck": 10**9}), 0.05)
    assert [(each.name, each.why) for each in left] == [("stuck", "DeleteRole: DeleteConflict: in use")]
    assert left[0].by_hand == "aws --region eu-west-1 iam delete-role --role-name stuck" and not notes.forgotten


def test_a_list_that_is_denied_is_not_an_empty_one(place, monkeypatch):
    def denied(place):
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not allowed"}}, "ListRoles")

    left, _ = removed(place, monkeypatch, Kind("role", denied, None, None, None), 0.05)
    assert "cannot be listed: ListRoles: AccessDenied" in left[0].why


@pytest.mark.parametrize(
    "endpoint, real",
    [(None, True), ("http://127.0.0.1:1", False), ("https://amazonaws.com.example.net", False)],
)
def test_only_the_endpoints_of_a_partition_count_as_aws(monkeypatch, place, endpoint, real):
    if endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    assert place.real() is real
    assert (place.endpoint() is None) is real


def test_the_endpoints_with_ipv6_are_aws_too(monkeypatch, place):
    monkeypatch.setenv("AWS_USE_DUALSTACK_ENDPOINT", "true")
    dual = Place("abcdef", region="eu-west-1")
    assert dual.client("sqs").meta.endpoint_url.endswith(".api.aws") and dual.real()


BOTH = {"AWS_PROFILE": "tests", "AWS_ACCESS_KEY_ID": "x"}
# Keys are named after their profile.
CONFIGURED = "[profile {0}]\naws_access_key_id = {0}\naws_secret_access_key = y\n".format


@pytest.mark.parametrize(
    "profile, environment, shown",
    [
        (None, BOTH, "the access key of the environment (AWS_ACCESS_KEY_ID)"),
        ("named", BOTH, "profile named"),
        (None, {"AWS_PROFILE": "tests"}, "profile tests"),
    ],
)
def test_the_plan_names_the_credentials_that_boto3_takes(profile, environment, shown, monkeypatch, tmp_path):
    assert credentials_of(profile, environment) == shown
    config = tmp_path / "config"
    config.write_text(CONFIGURED("tests") + CONFIGURED("named"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in (environment | {"AWS_SECRET_ACCESS_KEY": "y"}).items():
        monkeypatch.setenv(name, value)
    taken = Place("abcdef", profile, "eu-west-1").session.get_credentials().access_key
    assert taken == (shown.removeprefix("profile ") if shown.startswith("profile ") else "x")


def test_a_run_ends_before_its_session_does(monkeypatch, place):
    minute = 60
    assert session.seconds_for(place, 150 * minute, 20 * minute) == (150 * minute, None)
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    seconds, told = session.seconds_for(Place("abcdef", region="eu-west-1"), 150 * minute, 20 * minute)
    assert seconds == 150 * minute and told.startswith("WARNING: the session token is not renewed")
    for left, expected in ((180, 150), (60, 40)):
        seconds, told = session.seconds_for(ending(monkeypatch, left), 150 * minute, 20 * minute)
        assert expected - 1 < seconds / minute <= expected and bool(told) is (expected == 40)
    with pytest.raises(session.TooShort):
        session.seconds_for(ending(monkeypatch, 30), 150 * minute, 20 * minute)


def ending(monkeypatch, minutes):
    """A place whose session ends in so many minutes."""
    monkeypatch.setenv("AWS_CREDENTIAL_EXPIRATION", (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat())
    return Place("abcdef", region="eu-west-1")


def test_one_service_elsewhere_is_not_aws(monkeypatch, place):
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:1")
    place.client("sqs")
    assert place.real() is False


@pytest.mark.parametrize(
    "name",
    [
        "iam-key-rotator-acceptance",
        "iam-key-rotator-acceptance-old",
        "x-iam-key-rotator-acceptance-abcdef-a",
        "iam-key-rotator-acceptance-abcdef",
    ],
)
def test_a_name_without_a_run_is_not_ours(name):
    assert not ours(name)
    assert ours("iam-key-rotator-acceptance-abcdef-user") and ours("IAM-KEY-ROTATOR-ACCEPTANCE-ABCDEF-USER")


def test_the_plan_names_region_profile_things_time_and_cost_without_a_call(place):
    options = parser().parse_args(["--email", "a@example.org"])
    text = "\n".join(consent.plan(options, place, {"AWS_PROFILE": "tests"}))
    parts = ("eu-west-1", "profile tests", "calls go to  AWS", "mails to a@example.org only", "30 min", "at most $")
    assert [part for part in parts if part not in text] == []
    assert text.count("https://aws.amazon.com/") == len(consent.PRICES)


def answered(place, **answers):
    run = Run(place, NoNotes(), Progress(), parser().parse_args([]))
    run.answers, run.checks = answers, {"third_key": ("yes", "")}
    return run


def test_answers_of_aws_are_kept_beside_earlier_ones_and_shown_with_date_and_region(place, monkeypatch, tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"before\n{record.BEGIN}\nold\n{record.END}\nafter\n")
    monkeypatch.setattr(record, "RECORD", tmp_path / "recorded" / "aws.json")
    monkeypatch.setattr(record, "PAGE", page)
    record.keep(answered(place, retries="5 times | or so"), place)
    record.keep(answered(place, secret_lag="none"), place)
    found = record.recorded()
    assert set(found["questions"]) == {"retries", "secret_lag"} and found["checks"] == {"third_key": "yes"}
    assert (found["region"], len(found["date"])) == ("eu-west-1", 10)
    text = page.read_text()
    assert f"| 5 times \\| or so ({found['date']}, eu-west-1) |" in text and "\nold\n" not in text
    assert text.count("not asked yet") == len(QUESTIONS) - 2 and text.endswith("after\n")


def test_the_page_shows_the_open_questions():
    wanted = record.page(record.PAGE.read_text())
    if os.environ.get("UPDATE_PAGES") == "1":
        record.PAGE.write_text(wanted)
    assert record.PAGE.read_text() == wanted, "docs/simulator.md is out of date: UPDATE_PAGES=1 make test-peers"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--yes"],
        ["--clean", "--yes"],
        ["--watch", "soon"],
        ["--only", "all"],
        ["--stack", "a", "--function", "b"],
        ["--waits", "1s,x"],
    ],
)
def test_an_option_that_cannot_be_read_is_refused(arguments, capsys):
    with contextlib.suppress(SystemExit):
        given(arguments)
        pytest.fail("accepted")
    assert "error:" in capsys.readouterr().err


def test_a_reader_that_is_gone_does_not_keep_the_run_from_its_removal(monkeypatch):
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w") as gone:
        monkeypatch.setattr(sys, "stdout", gone)
        progress = Progress()
        progress.step("removed: 1 user")
        progress.say("Everything was removed.")
        with contextlib.suppress(BrokenPipeError):
            gone.close()


@pytest.mark.parametrize("parts", ["rotation", "questions"])
def test_the_plan_names_the_stack_whichever_part_needs_it(place, parts):
    shown = "\n".join(consent.plan(given(["--only", parts]), place))
    assert "1 stack of the released template" in shown
