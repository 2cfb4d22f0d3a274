"""The attacker may tag secrets, and do nothing else. The attacks forge the product's tags on secrets of others."""

import json
import time

import pytest

from attacks_scene import (
    ANY_SECRET,
    DUE_AT_ONCE,
    a_second_passes,
    allow,
    can_read,
    document,
    found,
    new_token,
    read_by,
    tag,
)

DAY = 24 * 60 * 60


def tagger(account, secret="*"):
    return account.attacker(allow("secretsmanager:TagResource", f"{ANY_SECRET}{secret}"))


def test_a_forged_binding_opens_no_secret_of_others_to_the_attacker(account):
    account.set_up(**DUE_AT_ONCE)
    mallory = tagger(account, "prod/db-*")
    (key,) = account.keys("mallory")
    database = account.database()
    tag(mallory, database, user="mallory", notices=f"{key}:a")
    a_second_passes()
    before = account.state(database)
    answer = account.sweep()
    assert account.state(database) == before
    assert not can_read(mallory, database)
    assert "prod/db" in str(found(answer, "NotEnrolled"))
    assert "prod/db" in str(account.alerts())


def test_a_forged_binding_locks_nobody_out_of_a_secret_of_others(account):
    account.set_up(ROTATOR_ROTATION_ROLE_ARN=account.rotation_role, **DUE_AT_ONCE)
    application = account.attacker(allow("secretsmanager:GetSecretValue", f"{ANY_SECRET}prod/db-*"), name="app")
    mallory = tagger(account, "prod/db-*")
    (key,) = account.keys("mallory")
    database = account.database(policy=document(read_by("app")))
    tag(mallory, database, user="mallory", notices=f"{key}:a")
    a_second_passes()
    before = account.state(database)
    account.sweep()
    assert account.state(database) == before
    assert can_read(application, database) and not can_read(mallory, database)


def test_a_forged_binding_to_a_victim_does_not_stop_the_victims_rotation(account):
    account.set_up(**DUE_AT_ONCE)
    first = account.user("ci-bot")
    victims, database = account.enrolled("ci-bot", first), account.database()
    tag(tagger(account, "prod/db-*"), database, user="ci-bot")
    a_second_passes()
    before = account.state(database)
    answer = account.sweep()
    assert account.state(database) == before
    assert account.value(victims)["AccessKeyId"] != first["AccessKeyId"]
    assert "prod/db" in str(found(answer, "NotEnrolled"))


def test_a_forged_binding_to_a_victim_with_two_keys_does_not_stop_the_victims_rotation(account):
    first = account.user("ci-bot")
    victims, database = account.enrolled("ci-bot", first), account.database()
    assert account.rotate(victims) == "done"
    second = account.value(victims)["AccessKeyId"]
    tag(tagger(account, "prod/db-*"), database, user="ci-bot")
    assert account.rotate(victims) == "done"
    assert account.keys("ci-bot")[second] == "Inactive" and first["AccessKeyId"] not in account.keys("ci-bot")


@pytest.mark.parametrize("value", ["with the user's name", "without a user's name"])
def test_another_users_name_in_the_tag_gets_that_user_no_key(account, value):
    admin, first = account.user("admin"), account.user("ci-bot")
    victims = account.enrolled("ci-bot", first)
    if value == "without a user's name":
        bare = {"AccessKeyId": first["AccessKeyId"], "SecretAccessKey": first["SecretAccessKey"]}
        account.manager.put_secret_value(SecretId=victims, SecretString=json.dumps(bare))
    tag(tagger(account, "keys/*"), victims, user="admin")
    before = account.value(victims)
    assert "UserMismatch" in account.rotate(victims)
    assert account.keys("admin") == {admin["AccessKeyId"]: "Active"}
    assert account.keys("ci-bot") == {first["AccessKeyId"]: "Active"}
    assert account.value(victims) == before
    assert "UserMismatch" in str(account.alerts())


@pytest.mark.parametrize("since", [1, "8 days ago", "in a year"])
def test_a_forged_date_does_not_end_the_recovery_window_of_a_key(account, since):
    key = account.user("ci-bot")
    victims, first = account.enrolled("ci-bot", key), key["AccessKeyId"]
    assert account.rotate(victims) == "done"
    date = {"8 days ago": int(time.time()) - 8 * DAY, "in a year": int(time.time()) + 365 * DAY}.get(since, since)
    tag(tagger(account, "keys/*"), victims, notices=f"{first}:@{date}")
    answer = account.sweep()
    assert account.keys("ci-bot")[first] == "Inactive"
    assert found(answer, "NotesDropped")


def backdoor(account):
    """A secret after a rotation and a sweep, and a key that somebody then made by hand."""
    first = account.user("ci-bot")
    victims = account.enrolled("ci-bot", first)
    assert account.rotate(victims) == "done"
    account.iam.delete_access_key(UserName="ci-bot", AccessKeyId=first["AccessKeyId"])
    account.sweep()
    account.alerts()
    return victims, account.key("ci-bot")["AccessKeyId"]


# As the sweep notes it, but for the day, counted from 1970: none, a month ago, to come, and out of bounds.
@pytest.mark.parametrize("day", ["", -31, 31, "-9223372036854775808"])
def test_a_forged_notice_does_not_silence_the_finding_of_an_unknown_key(account, day):
    victims, key = backdoor(account)
    told = f"/{int(time.time()) // DAY + day}" if isinstance(day, int) else day and f"/{day}"
    tag(tagger(account, "keys/*"), victims, notices=f"{key}:s{told}")
    answer = account.sweep()
    assert key in str(found(answer, "UnknownKey"))
    assert key in str(account.alerts())


def test_what_remains_a_notice_of_today_silences_an_alert_for_30_days_and_no_metric(account):
    victims, key = backdoor(account)
    tag(tagger(account, "keys/*"), victims, notices=f"{key}:s/{int(time.time()) // DAY}")
    account.sweep()
    assert key not in str(account.alerts())
    assert account.metric("UnknownKeys") == 1


@pytest.mark.parametrize("since", ["now", "in a year", "two years ago"])
def test_what_remains_a_forged_memory_silences_the_alert_of_a_refusal_and_not_the_refusal(account, since):
    first = account.user("ci-bot")
    victims = account.enrolled("ci-bot", first)
    account.iam.tag_user(UserName="ci-bot", Tags=[{"Key": "iam-key-rotator:exempt", "Value": "by hand"}])
    years = {"now": 0, "in a year": 1, "two years ago": -2}[since]
    tag(tagger(account, "keys/*"), victims, refused=f"UserExempt {int(time.time()) + years * 365 * DAY}")
    assert "UserExempt" in account.rotate(victims)
    assert account.keys("ci-bot") == {first["AccessKeyId"]: "Active"}
    assert ("UserExempt" in str(account.alerts())) == (since != "now")


@pytest.mark.parametrize("token", ["of no rotation", "of the rotation before"])
def test_a_forged_intent_does_not_have_an_administrators_new_key_deleted(account, token):
    first = account.user("ci-bot")
    victims = account.enrolled("ci-bot", first)
    assert account.rotate(victims) == "done"
    account.iam.delete_access_key(UserName="ci-bot", AccessKeyId=first["AccessKeyId"])
    named = new_token() if token == "of no rotation" else account.version(victims, "AWSCURRENT")
    by_hand, now = account.key("ci-bot")["AccessKeyId"], int(time.time())
    tag(tagger(account, "keys/*"), victims, intent=f"{named} {now}/{now}/{now}")
    outcome = account.rotate(victims)
    assert account.keys("ci-bot")[by_hand] == "Active", outcome
    assert "KeyLimit" in outcome


def test_what_remains_a_tag_on_an_enrolled_secret_sets_its_overlap(account):
    account.set_up(ROTATOR_OVERLAP="24h")
    first = account.user("ci-bot")
    victims = account.enrolled("ci-bot", first)
    tag(tagger(account, "keys/*"), victims, overlap="0", recovery="0")
    assert account.rotate(victims) == "done"
    assert first["AccessKeyId"] not in account.keys("ci-bot")
    # Consumers that read the secret have a working key.
    (second,) = account.keys("ci-bot")
    assert account.value(victims)["AccessKeyId"] == second


def test_what_remains_an_unreadable_setting_stops_the_rotation_and_raises_an_alert(account):
    first = account.user("ci-bot")
    victims = account.enrolled("ci-bot", first)
    tag(tagger(account, "keys/*"), victims, overlap="soon")
    assert "InvalidConfig" in account.rotate(victims)
    assert account.keys("ci-bot") == {first["AccessKeyId"]: "Active"}
    assert "iam-key-rotator:overlap" in str(account.alerts())
