"""The attacker may tag IAM users, and do nothing else."""

from attacks_scene import (
    ACCOUNT,
    ANY_SECRET,
    DUE_AT_ONCE,
    WHOLE_ACCOUNT,
    a_second_passes,
    allow,
    can_read,
    found,
)


def tagger(account, user="*"):
    return account.attacker(allow("iam:TagUser", f"arn:aws:iam::{ACCOUNT}:user/{user}"), exempt=True)


def tag_user(by, user, **tags):
    tags = [{"Key": f"iam-key-rotator:{key}", "Value": value} for key, value in tags.items()]
    by.iam.tag_user(UserName=user, Tags=tags)


def test_putting_a_user_in_scope_opens_no_secret_to_the_attacker(account):
    account.set_up(**WHOLE_ACCOUNT)
    account.user("admin", in_scope=False)
    mallory = tagger(account)
    tag_user(mallory, "admin", rotate="true")
    a_second_passes()
    account.sweep()
    assert account.value("iam-key/admin")["UserName"] == "admin"
    assert not can_read(mallory, "iam-key/admin")


def test_putting_an_administrator_in_scope_stores_no_key_in_the_attackers_secret(account):
    account.set_up(**DUE_AT_ONCE)
    key = account.user("admin", in_scope=False)
    mallory = account.attacker(
        allow("iam:TagUser"),
        allow(["secretsmanager:CreateSecret", "secretsmanager:TagResource", "secretsmanager:GetSecretValue"], f"{ANY_SECRET}mallory/*"),
    )
    trap = mallory.secretsmanager.create_secret(
        Name="mallory/trap", SecretString="{}", Tags=[{"Key": "iam-key-rotator:user", "Value": "admin"}]
    )["ARN"]
    tag_user(mallory, "admin", rotate="true", secret="mallory/trap")
    a_second_passes()
    before = account.state(trap)
    answer = account.sweep()
    assert account.state(trap) == before
    assert account.keys("admin") == {key["AccessKeyId"]: "Active"}
    assert "mallory/trap" in str(found(answer, "NotEnrolled"))


def test_what_remains_a_tag_on_a_user_stops_its_rotation_and_raises_an_alert(account):
    first = account.user("ci-bot")
    victims = account.enrolled("ci-bot", first)
    tag_user(tagger(account), "ci-bot", secret="mallory/trap")
    assert "UserMismatch" in account.rotate(victims)
    assert account.keys("ci-bot") == {first["AccessKeyId"]: "Active"}
    assert "UserMismatch" in str(account.alerts())


def test_what_remains_an_exemption_stops_the_rotation_and_the_old_key_is_a_finding(account):
    account.set_up(**DUE_AT_ONCE, ROTATOR_MAX_AGE="1s")
    first = account.user("ci-bot")
    victims = account.enrolled("ci-bot", first)
    tag_user(tagger(account), "ci-bot", exempt="forged")
    # More than a second, by a clock that counts whole ones.
    a_second_passes()
    a_second_passes()
    answer = account.sweep()
    assert first["AccessKeyId"] in str(found(answer, "ExemptButOld"))
    assert "UserExempt" in account.rotate(victims)
    assert account.keys("ci-bot") == {first["AccessKeyId"]: "Active"}
    assert "UserExempt" in str(account.alerts())
