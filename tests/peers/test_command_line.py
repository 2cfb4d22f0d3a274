"""The operator's real binary on both stand-ins: what it reads, held against what boto3 reads, and nothing changed.

What the stand-ins lack, and these tests live with:
- moto dates every key of its credential report 2015 (test_sweep_on_moto.py): users that are exempt get a closer look;
- moto answers nothing to CloudTrail's LookupEvents, so that `doctor` does not know how the last rotation ended;
- neither knows who may invoke a function unless told, and here nobody tells.
"""

import csv
import io
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

import standins
from fleet_scene import DUE_USERS, FleetScene
from processes import BINARIES

# `status` looks at each of them: some ten in a second.
QUIET = 30
ACCOUNTS = {"ministack": "000000000000", "moto": "123456789012"}


@pytest.fixture(scope="module", params=ACCOUNTS)
def scene(request):
    with getattr(standins, request.param)() as aws:
        yield FleetScene(aws, f"arn:aws:lambda:eu-west-1:{ACCOUNTS[request.param]}:function:rotation", QUIET)


def told(scene, *arguments, ends):
    """What a command prints, after it has ended with this exit code and nothing on stderr but where it acts."""
    command = [BINARIES / "iam-key-rotator", *arguments]
    done = subprocess.run(command, env=scene.environment("audit"), capture_output=True, text=True)
    where = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith(f"Account {scene.rotation_arn.split(':')[4]} · ")]
    assert len(where) == 1, done.stdout + done.stderr
    assert (done.returncode, done.stderr.replace(f"{where[0]}\n", "")) == (ends, ""), done.stdout + done.stderr
    return done.stdout


def everything(scene):
    quiet = {f"quiet-{nth:03}": scene.keys(f"quiet-{nth:03}") for nth in range(0, QUIET, 10)}
    return scene.secrets(), scene.all_keys(), quiet


@pytest.fixture(scope="module")
def read(scene, tmp_path_factory):
    """What `status` and `report` read, at the same time: each limits its calls to IAM, which takes seconds."""
    page = tmp_path_factory.mktemp("report") / "keys.html"
    before = everything(scene)
    with ThreadPoolExecutor() as together:
        status = together.submit(told, scene, "status", "--csv", ends=0)
        report = together.submit(told, scene, "report", "--format", "html", "--output", page, ends=0)
    report.result()
    assert everything(scene) == before
    return {"status": list(csv.DictReader(io.StringIO(status.result()))), "report": page.read_text()}


def test_status_shows_every_user_with_the_keys_and_secrets_that_boto3_lists(scene, read):
    rows = read["status"]
    assert len(rows) == QUIET + len(DUE_USERS)
    listed = {
        user: scene.iam.list_access_keys(UserName=user)["AccessKeyMetadata"][0]["AccessKeyId"]
        for user in [*DUE_USERS, "quiet-000", f"quiet-{QUIET - 1:03}"]
    }
    shown = {row["user"]: row for row in rows}
    assert {user: shown[user]["key"] for user in listed} == listed
    assert {row["user"] for row in rows if row["urgency"] == "due"} == set(DUE_USERS)
    assert all(shown[user]["exempt"] for user in shown if user.startswith("quiet-"))
    # The scene's secrets are tagged with their users, and nobody enrolled them.
    assert not any(row["secret"] for row in rows) and len(scene.secrets()) == QUIET


def test_plan_names_whoever_is_due_and_changes_nothing(scene):
    before = everything(scene)
    plan = told(scene, "plan", ends=0)
    assert everything(scene) == before
    assert [line for line in plan.splitlines() if line.startswith("due-")] == DUE_USERS
    assert plan.count("enroll: create secret") == len(DUE_USERS)


def test_doctor_finds_a_secret_that_nothing_rotates_and_the_function_that_is_not_there(scene):
    before = everything(scene)
    finding = told(scene, "doctor", "quiet-007", ends=3)
    assert "error    secret: it has no rotation function" in finding
    assert "limit: 1 of 2 keys" in finding
    assert "error    function: the rotation function does not exist" in told(scene, "doctor", ends=3)
    assert everything(scene) == before


def test_the_report_has_every_key_and_no_secret(scene, read):
    written = read["report"]
    assert all(user in written for user in [*DUE_USERS, "quiet-000", f"quiet-{QUIET - 1:03}"])
    assert scene.value("quiet-000")["SecretAccessKey"] not in written
