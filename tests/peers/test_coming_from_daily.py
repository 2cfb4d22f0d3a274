"""The move from a daily check of every user. `batch` has a secret of the old system; `app` is about to get its first one."""

import json

import pytest

from attacks_scene import allow, document
from deployment import ACCOUNT
from migrating_engines import moved

EXEMPT = ["break-glass", "vendor-x"]
POLICY = document(allow("secretsmanager:GetSecretValue", "*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:user/batch"}))


@pytest.fixture(params=["ministack", "simulator"])
def move(request, tmp_path):
    with moved(request.param, "daily", tmp_path) as move:
        move.deploy("audit")
        app = move.old_user("app")
        assert move.works((app["AccessKeyId"], app["SecretAccessKey"]))
        move.old_user("bare")
        move.iam.delete_access_key(UserName="bare", AccessKeyId=move.ids("bare")[0])
        idle = move.old_user("idle")
        move.iam.update_access_key(UserName="idle", AccessKeyId=idle["AccessKeyId"], Status="Inactive")
        move.to(20)
        for name in EXEMPT:
            move.old_user(name)
        batch = move.old_user("batch")
        value = {field: batch[field] for field in ("AccessKeyId", "SecretAccessKey")} | {"region": "eu-west-1"}
        move.old_secret("batch_credentials", value)
        move.manager.put_resource_policy(SecretId="batch_credentials", ResourcePolicy=POLICY)
        move.old_secret("database", {"password": "of the database"})
        move.to(25)
        yield move


def test_coming_from_a_daily_check_of_every_user(move):
    at = move.messages
    move.label("batch_credentials")
    move.run("(echo user,secret;")
    assert (move.folder / "users.csv").read_text() == "user,secret\nbatch,batch_credentials\n"
    move.run("iam-key-rotator --function SWEEP enroll", typed="yes")
    assert move.settle() == "tested"
    assert at() == []
    # The audit of the day on which the first user is due.
    move.to(90)
    audited = move.answer(move.run("aws lambda invoke --function-name SWEEP --payload fileb:///dev/stdin /dev/stdout <<<'{}"))
    assert (audited["mode"], audited["actions"]) == ("audit", {"enroll": 1, "request-rotation": 1})
    assert at("90") == [f"90 alert: Key audit of account {ACCOUNT}: 2 actions would be done, 0 findings"]
    assert move.names_of_secrets() == ["batch_credentials", "database"]
    (old,) = move.ids("app")
    move.deploy()
    done = move.answer(move.run("aws lambda invoke --function-name SWEEP --payload fileb:///dev/stdin /dev/stdout <<<'{}"))
    move.settle(), move.hear()
    with move.shows("The digest has the same numbers as the audit"):
        assert done["actions"] == audited["actions"] and done["plan"] == audited["plan"]
    with move.shows(
        '90 | The digest "Key sweep of account …: 2 actions, 0 findings", whose lines name the user: a secret is created and '
        "rotated"
    ):
        assert at("90")[1:] == [f"90 alert: Key sweep of account {ACCOUNT}: 2 actions, 0 findings"]
        assert all(line.startswith("app: ") for line in done["plan"])
    with move.shows("The secret `{user}_credentials`"):
        assert move.names_of_secrets() == ["app_credentials", "batch_credentials", "database"]
    assert move.statuses() == ["Inactive", "Active"]
    first = move.pair("app_credentials")
    move.to(91)
    with move.shows('91 | The digest reports "1 rotated"'):
        assert at("91") == [f"91 alert: Key sweep of account {ACCOUNT}: 1 rotated, 0 actions, 0 findings"]
    move.days(105, 106)
    with move.shows("106 | The old key is deleted"):
        assert move.ids() == [first[0]] and old != first[0]
    # A secret that the old system created is rotated like one that the sweep created.
    move.to(110)
    assert move.value("batch_credentials")["region"] == "eu-west-1" and move.works(move.pair("batch_credentials"))
    assert move.statuses("batch") == ["Inactive", "Active"]
    who_can_read(move, first)
    move.to(111), move.to(126)
    move.to(180)
    with move.shows("180 | The secret's own schedule rotates it, and the digest names the user"):
        assert move.pair("app_credentials") != first and move.statuses() == ["Inactive", "Active"]
        assert len(at("180")) == 1 and "1 rotated" in at("180")[0]
        assert not any("app: rotate" in line for each in move.scheduled()[-2:] for line in each["plan"])
    with move.shows("The SNS digest"):
        assert all(" alert: Key sweep of account" in line for line in at() if not line.startswith("90"))
    with move.shows("The list of exempt names, which may now contain `*`"):
        assert all(move.statuses(user) == ["Active"] for user in EXEMPT)
        assert not any(f"{user}_credentials" in move.names_of_secrets() for user in EXEMPT)
    with move.shows("Users without an active key are skipped, and users without any key get none"):
        assert (move.statuses("idle"), move.statuses("bare")) == (["Inactive"], [])
    assert move.refusals() == []


def who_can_read(move, pair):
    printed = json.loads(move.run("aws secretsmanager get-resource-policy --secret-id app_credentials"))
    statements = json.loads(printed["ResourcePolicy"])["Statement"]
    named = {principal for each in statements if each["Effect"] == "Allow" for principal in each["Principal"].values()}
    user = f"arn:aws:iam::{ACCOUNT}:user/app"
    if not move.judges_readers:
        assert named == {user}
        return
    administrator = move.administrator()
    with move.shows("Who can read the secret"):
        assert move.reads(pair, "app_credentials") and not move.reads(administrator, "app_credentials")
        assert move.reads(move.pair("batch_credentials"), "batch_credentials")
    with move.shows(
        "`aws secretsmanager get-resource-policy --secret-id app_credentials` names the user and nobody else. For a secret "
        "that the sweep created it also names the rotation function's role"
    ):
        assert named == {user, move.rotation_role}
