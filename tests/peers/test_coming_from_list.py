"""The move from a list of secrets, daily. Administrators have touched the keys of both users by hand."""

import json

import pytest

import migrating_page
from migrating_engines import moved

SECRETS = {"app": "prod/app", "batch": "prod/batch"}


@pytest.fixture(params=["ministack", "simulator"])
def move(request, tmp_path):
    with moved(request.param, "list", tmp_path) as move:
        for user, secret in SECRETS.items():
            older = move.old_user(user)
            younger = move.iam.create_access_key(UserName=user)["AccessKey"]
            # Of one user the key in the secret is inactive, and a second one active; of the other it is the other way round.
            spare = older if user == "app" else younger
            move.iam.update_access_key(UserName=user, AccessKeyId=spare["AccessKeyId"], Status="Inactive")
            held = {field: older[field] for field in ("UserName", "AccessKeyId", "SecretAccessKey")}
            move.old_secret(secret, held | {"host": "db.example.com"})
        move.deploy("audit")
        move.to(3)
        yield move


def test_coming_from_a_list_of_secrets(move):
    before = {user: move.ids(user) for user in SECRETS}
    for user, secret in SECRETS.items():
        move.run("aws iam tag-user --user-name app", **{"--user-name app": f"--user-name {user}"})
        move.label(secret)
    move.run("for secret in prod/app prod/batch")
    audited = move.answer(move.run("aws lambda invoke --function-name SWEEP --payload fileb:///dev/stdin /dev/stdout <<<'{}"))
    assert audited["mode"] == "audit" and audited["actions"]["request-rotation"] == 2, audited
    assert {user: move.ids(user) for user in SECRETS} == before
    move.deploy()
    first = move.messages()
    move.to(4)
    assert all("Secrets without a user" in text for text in move.texts[: len(first)])
    digest = next(text for line, text in zip(move.told, move.texts, strict=True) if "Key sweep of account" in line)
    with move.shows("The list, in the same spelling"):
        assert migrating_page.settings("list")["ROTATOR_SCOPE"] == "prod/app;prod/batch;"
        assert all(move.works(move.pair(secret)) for secret in SECRETS.values())
    with move.shows("The value with `UserName`, `AccessKeyId`, `SecretAccessKey` and all its other fields"):
        held = {user: move.value(secret) for user, secret in SECRETS.items()}
        assert all(list(value) == ["UserName", "AccessKeyId", "SecretAccessKey", "host"] for value in held.values())
        assert all(value["UserName"] == user and value["host"] == "db.example.com" for user, value in held.items())
    with move.shows('The first digest has no "Secrets without a user"'):
        assert "Secrets without a user" not in digest
    with move.shows("Each user has one active key: `aws iam list-access-keys --user-name app`"):
        for user, secret in SECRETS.items():
            filled = {"--user-name app": f"--user-name {user}"}
            listed = json.loads(move.run("aws iam list-access-keys --user-name app", **filled))["AccessKeyMetadata"]
            assert [key["AccessKeyId"] for key in listed if key["Status"] == "Active"] == [move.pair(secret)[0]]
    # A new key every day, by each secret's own schedule.
    made = {move.pair("prod/app")[0]}
    for day in (5, 6):
        move.to(day)
        made.add(move.pair("prod/app")[0])
        assert move.statuses() == ["Active"] and move.works(move.pair("prod/app"))
    assert len(made) == 3 and made.isdisjoint(before["app"])
    assert move.refusals() == []
