"""The attacker may put values into a secret that the product rotates, or move its labels."""

import json

import pytest

from attacks_scene import ANY_SECRET, allow, found

PUT, LABEL = "secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage"


def writer(account, *actions):
    return account.attacker(allow(list(actions), f"{ANY_SECRET}keys/ci-bot-*"))


def put(by, secret, value):
    by.secretsmanager.put_secret_value(SecretId=secret, SecretString=json.dumps(value))


def move(by, secret, label, to=None, away_from=None):
    where = {"MoveToVersionId": to, "RemoveFromVersionId": away_from}
    given = {key: version for key, version in where.items() if version}
    by.secretsmanager.update_secret_version_stage(SecretId=secret, VersionStage=label, **given)


@pytest.mark.parametrize("tagged", [False, True], ids=["untagged", "tagged"])
def test_a_value_that_names_another_user_gets_that_user_no_key(account, tagged):
    admin, first = account.user("admin"), account.user("ci-bot")
    victims = account.enrolled("ci-bot", first, tagged=tagged)
    put(writer(account, PUT), victims, {"UserName": "admin"})
    assert "UserMismatch" in account.rotate(victims)
    assert account.keys("admin") == {admin["AccessKeyId"]: "Active"}
    assert account.keys("ci-bot") == {first["AccessKeyId"]: "Active"}
    assert "UserMismatch" in str(account.alerts())


def test_a_value_put_twice_still_gets_another_user_no_key(account):
    admin, first = account.user("admin"), account.user("ci-bot")
    victims = account.enrolled("ci-bot", first, tagged=False)
    mallory = writer(account, PUT)
    put(mallory, victims, {"UserName": "admin"})
    put(mallory, victims, {"UserName": "admin", "again": True})
    assert "UserMismatch" in account.rotate(victims)
    assert account.keys("admin") == {admin["AccessKeyId"]: "Active"}


def test_a_value_put_twice_with_the_label_taken_away_still_gets_another_user_no_key(account):
    admin, first = account.user("admin"), account.user("ci-bot")
    victims = account.enrolled("ci-bot", first, tagged=False)
    assert account.rotate(victims) == "done"
    mallory, second = writer(account, PUT, LABEL), account.value(victims)["AccessKeyId"]
    put(mallory, victims, {"UserName": "admin"})
    put(mallory, victims, {"UserName": "admin", "again": True})
    for key in (first["AccessKeyId"], second):
        move(mallory, victims, key, away_from=account.version(victims, key))
    outcome = account.rotate(victims)
    assert account.keys("admin") == {admin["AccessKeyId"]: "Active"}, outcome


def test_the_id_of_another_users_key_gets_that_user_no_key_once_the_victims_keys_are_gone(account):
    admin, first = account.user("admin"), account.user("ci-bot")
    victims = account.enrolled("ci-bot", first, tagged=False)
    account.iam.delete_access_key(UserName="ci-bot", AccessKeyId=first["AccessKeyId"])
    # A key's id is no secret; its secret half is.
    known = {"UserName": "admin", "AccessKeyId": admin["AccessKeyId"], "SecretAccessKey": "unknown"}
    put(writer(account, PUT), victims, known)
    outcome = account.rotate(victims)
    assert account.keys("admin") == {admin["AccessKeyId"]: "Active"}, outcome
    assert "UserMismatch" in outcome


def test_a_key_of_the_attacker_in_the_value_costs_the_victim_no_key(account):
    first = account.user("ci-bot")
    victims = account.enrolled("ci-bot", first)
    mallory = writer(account, PUT)
    own = {"UserName": "ci-bot", "AccessKeyId": mallory.key.id, "SecretAccessKey": mallory.key.secret}
    put(mallory, victims, own)
    assert "UserMismatch" in account.rotate(victims)
    assert account.keys("ci-bot") == {first["AccessKeyId"]: "Active"}
    assert set(account.keys("mallory")) == {mallory.key.id}


def test_what_remains_a_value_changes_what_consumers_read_and_stops_the_rotation(account):
    first = account.user("ci-bot")
    victims = account.enrolled("ci-bot", first)
    put(writer(account, PUT), victims, ["no", "key"])
    assert "SecretMalformed" in account.rotate(victims)
    assert account.keys("ci-bot") == {first["AccessKeyId"]: "Active"}
    assert "SecretMalformed" in str(account.alerts())


def test_a_forged_label_does_not_have_a_key_deactivated_that_the_secret_never_held(account):
    by_hand = account.user("ci-bot")["AccessKeyId"]
    victims = account.secret("keys/ci-bot", {"UserName": "ci-bot"}, {"iam-key-rotator:user": "ci-bot"})
    assert account.rotate(victims, RotationLambdaARN=account.rotation) == "done"
    move(writer(account, LABEL), victims, by_hand, to=account.version(victims, "AWSPREVIOUS"))
    account.sweep()
    assert account.keys("ci-bot")[by_hand] == "Active"


def test_awscurrent_moved_back_costs_the_victim_no_key(account):
    first = account.user("ci-bot")
    victims = account.enrolled("ci-bot", first)
    assert account.rotate(victims) == "done"
    second = account.value(victims)["AccessKeyId"]
    mallory, current = writer(account, LABEL), account.version(victims, "AWSCURRENT")
    move(mallory, victims, "AWSCURRENT", to=account.version(victims, "AWSPREVIOUS"), away_from=current)
    answer = account.sweep()
    assert account.keys("ci-bot") == {first["AccessKeyId"]: "Inactive", second: "Active"}
    assert found(answer, "CurrentKeyInactive")
    assert "CurrentKeyInactive" in str(account.alerts())


@pytest.mark.parametrize("recovery", ["0", "7d"])
def test_rotating_one_secret_retires_no_key_that_another_secret_holds(account, recovery):
    account.set_up(ROTATOR_OVERLAP="0", ROTATOR_RECOVERY=recovery)
    key = account.user("ci-bot")
    one, other = account.enrolled("ci-bot", key, "keys/ci-bot"), account.enrolled("ci-bot", key, "team/ci-bot")
    account.rotate(one)
    assert account.keys("ci-bot")[account.value(other)["AccessKeyId"]] == "Active"
    assert "SecretConflict" in str(account.alerts())


def test_the_sweep_retires_no_key_that_another_secret_holds(account):
    key = account.user("ci-bot")
    account.set_up(ROTATOR_OVERLAP="24h")
    one, other = account.enrolled("ci-bot", key, "keys/ci-bot"), account.enrolled("ci-bot", key, "team/ci-bot")
    account.rotate(one)
    account.set_up(ROTATOR_OVERLAP="0", ROTATOR_RECOVERY="0")
    answer = account.sweep()
    assert account.keys("ci-bot")[account.value(other)["AccessKeyId"]] == "Active"
    assert found(answer, "SecretConflict")
