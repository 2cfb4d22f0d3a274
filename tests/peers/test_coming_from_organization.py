"""The move from a rotator for an organization. `app` has a secret of the old system; `fresh` is about to get its first one.

On ministack the users are in a member account, and each account has an administrator; on the simulator, whose organizations the
AWS CLI does not reach, they are in the central account.
"""

import json
from datetime import datetime

import pytest

import migrating_page
from attacks_scene import allow, document
from clients import Key
from deployment import ACCOUNT, Stack, templates
from migrating_engines import ARNS, MEMBER, moved
from test_organization_machine import make_account

FIELDS = ["UserName", "AccessKeyId", "SecretAccessKey", "Status", "CreateDate"]
GROUP = "IAMKeyRotationExemptionGroup"
TO, HOLDER, ADMIN = "owner@example.com", "holder@example.com", "admin@example.com"


@pytest.fixture(params=["ministack", "simulator"])
def move(request, tmp_path):
    with moved(request.param, "organization", tmp_path) as move:
        move.without_sweeps()
        move.account, move.there = ACCOUNT, move.aws
        if request.param == "ministack":
            organization = move.aws.client("organizations")
            root = organization.list_roots()["Roots"][0]["Id"]
            unit = organization.create_organizational_unit(ParentId=root, Name="Members")["OrganizationalUnit"]["Id"]
            move.account = make_account(organization, "build", root, unit)
            move.there = move.aws.under(Key(move.account, "test"))
            roles = {name: move.stack.outputs[name] for name in ("RotationRoleArn", "SweepRoleArn")}
            Stack(move.there, "Member", templates()[f"{migrating_page.example('organization')}.IamKeyRotator-Member"], {}, **roles)
        move.names[MEMBER] = move.account
        move.users = move.there.iam
        as_the_old_system_leaves_it(move)
        move.to(5)
        yield move


def as_the_old_system_leaves_it(move):
    first = move.old_user("app", move.users)
    second = move.users.create_access_key(UserName="app")["AccessKey"]
    move.old_secret(name_of(move, "app"), value(first), value(second))
    move.users.delete_access_key(UserName="app", AccessKeyId=first["AccessKeyId"])
    fresh = move.old_user("fresh", move.users, email=HOLDER)
    for key in (second, fresh):
        assert move.works((key["AccessKeyId"], key["SecretAccessKey"]))
    move.users.create_group(GroupName=GROUP)
    move.old_user("vip", move.users)
    move.users.add_user_to_group(GroupName=GROUP, UserName="vip")


def name_of(move, user):
    return f"Account_{move.account}_User_{user}_AccessKey"


def value(key):
    fixed = {"Status": "Active", "CreateDate": key["CreateDate"].date().isoformat()}
    return {field: key[field] for field in FIELDS[:3]} | fixed


def sweep(move, **more):
    """The old system's event for the account."""
    return move.sweep({"account": move.account, "name": "Build", "email": TO} | more)


def test_coming_from_a_rotator_for_an_organization(move):
    at = move.messages
    move.deploy("audit")
    move.label(name_of(move, "app"))
    move.run("aws secretsmanager tag-resource --secret-id Account_", **{"owner@example.com": HOLDER})
    move.run("aws secretsmanager rotate-secret --secret-id Account_")
    assert move.settle() == "tested"
    audited = sweep(move)
    with move.shows("You audit first"):
        assert audited["mode"] == "audit"
        assert move.statuses("app", move.users) == move.statuses("fresh", move.users) == ["Active"]
        assert move.names_of_secrets() == [name_of(move, "app")]
    move.deploy()
    states = {}
    for day in (82, 83, 90, 93, 100, 103, 110):
        move.to(day)
        sweep(move)
        move.hear()
        states[day] = move.statuses("app", move.users)
        assert states[day] == move.statuses("fresh", move.users)
    both, later, one = ["Active", "Active"], ["Inactive", "Active"], ["Active"]
    assert states == {82: one, 83: one, 90: both, 93: both, 100: later, 103: later, 110: one}
    table(move)
    with move.shows("Owner and administrator get a digest for every day on which an action was taken or announced"):
        digests = [line for line in at() if "Key sweep of account" in line]
        assert {line.split()[0] for line in digests} == {"82", "83", "90", "93", "100", "103", "110"}
        assert len([line for line in digests if TO in line]) == len([line for line in digests if ADMIN in line]) == 7
    with move.shows("The secret's name and its five fields"):
        assert move.names_of_secrets() == [name_of(move, user) for user in ("app", "fresh")]
        assert all(list(move.value(name)) == FIELDS for name in move.names_of_secrets())
    with move.shows("The secrets in the central account"):
        assert all(secret["ARN"].split(":")[4] == ACCOUNT for secret in move.manager.list_secrets()["SecretList"])
    with move.shows("The exempt group"):
        assert move.statuses("vip", move.users) == ["Active"] and name_of(move, "vip") not in move.names_of_secrets()
    with move.shows('The digest of an account lists the users that you expect under "Exempt"'):
        digest = [text for line, text in zip(move.told, move.texts, strict=True) if "Key sweep of account" in line][-1]
        assert "vip" in digest.partition("Exempt")[2]
    forced(move)
    if move.judges_readers:
        with move.shows(
            "The inventory names your accounts: `aws lambda invoke --function-name SWEEP --payload fileb:///dev/stdin "
            "/dev/stdout <<<'{\"action\":\"accounts\"}'`"
        ):
            inventory = move.run("aws lambda invoke --function-name SWEEP --payload fileb:///dev/stdin /dev/stdout <<<'{\"action")
            assert move.account in {each["account"] for each in move.answer(inventory)["accounts"]}
        who_can_read(move)
    assert move.refusals() == []


def table(move):
    """The rows of the page: each day's mail, and the day that it announces."""
    told = {int(line.split()[0]): line for line in move.messages() if HOLDER in line and "of app: " in line}
    times = {day: line.split(" on ")[1].split(" (")[0].replace(" UTC", "+00:00") for day, line in told.items() if " on " in line}
    announced = {day: (datetime.fromisoformat(time) - move.begin).days for day, time in times.items()}
    with move.shows("83 | Access key of app: rotation on (day 90)"):
        assert f"83 {HOLDER}: Access key of app: rotation on" in told[83] and announced[83] == 90
    with move.shows("90 | New access key for app: AKIA…"):
        assert f"90 {HOLDER}: New access key for app: AKIA…" in move.messages()
    with move.shows("93 | Access key of app: deactivation on (day 100)"):
        assert f"93 {HOLDER}: Access key of app: deactivation on" in told[93] and announced[93] == 100
    with move.shows("100 | Access key of app: deactivated"):
        assert told[100] == f"100 {HOLDER}: Access key of app: deactivated"
    with move.shows("103 | Access key of app: deletion on (day 110)"):
        assert f"103 {HOLDER}: Access key of app: deletion on" in told[103] and announced[103] == 110
    with move.shows("110 | Access key of app: deleted"):
        assert told[110] == f"110 {HOLDER}: Access key of app: deleted"
    assert sorted(told) == [83, 93, 100, 103, 110]


def forced(move):
    """A key of twenty days, and the same event once more."""
    before = move.pair(name_of(move, "app"))
    answers = []
    for _ in range(2):
        printed = move.run("aws lambda invoke --function-name SWEEP --payload fileb:///dev/stdin /dev/stdout <<<'\n")
        answers.append(move.answer(printed))
        assert move.settle() == "done"
    with move.shows(
        'The event for an account, `{"account","name","email"}` with `ForceRotate`, which may still come from'
        " your own inventory"
    ):
        assert [each["actions"] for each in answers] == [{"request-rotation": 1}, {}]
        assert move.pair(name_of(move, "app")) != before and len(move.ids("app", move.users)) == 2


def who_can_read(move):
    """Under enforced policies. `fresh` has a secret that the sweep has made, as the block says."""
    name = name_of(move, "fresh")
    arn = move.manager.describe_secret(SecretId=name)["ARN"]
    administrator = move.administrator()
    under = move.credentials
    with move.shows(
        "An administrator of the central account can read all of them by name, as before: `aws secretsmanager "
        "get-secret-value --secret-id Account_444455556666_User_app_AccessKey`. So can every principal to whom the policies "
        "of that account grant it"
    ):
        move.credentials = under | {"AWS_ACCESS_KEY_ID": administrator[0], "AWS_SECRET_ACCESS_KEY": administrator[1]}
        for user in ("app", "fresh"):
            filled = {f"Account_{MEMBER}_User_app_AccessKey": name_of(move, user)}
            read = json.loads(move.run("aws secretsmanager get-secret-value", **filled))
            assert json.loads(read["SecretString"])["UserName"] == user
    move.credentials = under
    user = move.pair(name)
    for other in ("plain", "closed"):
        move.old_user(other, move.users)
    # A key is not rotated in its first hour.
    move.to(111)
    assert not move.reads(user, arn)
    allow_to_read(move, "fresh", arn)
    with move.shows(
        "A member's user can read its own secret by its ARN, if a policy of the member account allows "
        "`secretsmanager:GetSecretValue` on the secret and `kms:Decrypt` on its key"
    ):
        assert move.reads(user, arn)
    with move.shows("A member's secrets are readable by their users"):
        assert move.reads(user, arn)
    with move.shows("No other principal in a member account can read it, administrators included"):
        assert not move.reads(move.administrator("local-admin", move.users), arn)
        allow_to_read(move, "app", arn)
        assert not move.reads(move.pair(name_of(move, "app")), arn)
    with move.shows("Without a customer key (`ROTATOR_KMS_KEY_ID`), a member's user cannot read it"):
        plain = made_with(move, "plain", ROTATOR_KMS_KEY_ID=None)
        assert not move.reads(move.pair(plain), plain) and move.reads(administrator, plain)
    with move.shows(
        "With `ROTATOR_ROTATION_ROLE_ARN` (in the CDK `refuseOthers: true`), an administrator of the central "
        "account cannot read it"
    ):
        closed = made_with(move, "closed", ROTATOR_ROTATION_ROLE_ARN=move.rotation_role)
        assert not move.reads(administrator, closed) and move.reads(move.pair(closed), closed)


def allow_to_read(move, user, arn):
    policy = document(allow("secretsmanager:GetSecretValue", arn), allow("kms:Decrypt", move.arns[ARNS["key"]]))
    move.users.put_user_policy(UserName=user, PolicyName="reads", PolicyDocument=policy)


def made_with(move, user, **settings):
    """The ARN of a secret that the sweep makes under other settings, and that its user may read as far as its account decides."""
    move.deploy(**settings)
    answer = sweep(move, ForceRotate=user)
    assert answer["actions"] == {"enroll": 1, "request-rotation": 1} and move.settle() == "done", answer
    arn = move.manager.describe_secret(SecretId=name_of(move, user))["ARN"]
    allow_to_read(move, user, arn)
    return arn
