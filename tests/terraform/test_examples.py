"""The examples, each applied: the plans are Terraform's own, with the stand-in for the provider."""

import json
import re
import zipfile

import pytest

from terraform import ROOT


@pytest.fixture
def zips(tmp_path):
    for program in ("rotation", "sweep"):
        with zipfile.ZipFile(tmp_path / f"{program}-arm64.zip", "w") as archive:
            archive.writestr("bootstrap", program)
    return tmp_path


def applied(workspace, example, *variables):
    workspace.turn_to(f"examples/{example}")
    workspace.init()
    arguments = [f"-var={each}" for each in variables]
    plan = workspace.plan(*arguments)
    made, outputs = workspace.apply()
    workspace.plans_nothing(*arguments)
    return plan, made, outputs


def test_one_user_gets_a_secret_without_a_value(workspace, zips):
    _, made, outputs = applied(workspace, "one-user", f"code_path={zips}")
    secret = made["module.ci_key.aws_secretsmanager_secret.this"]
    assert secret["name"] == made["aws_iam_user.ci"]["tags"]["iam-key-rotator:secret"] == "iam-key/ci-bot"
    assert secret["tags"] == {"iam-key-rotator:user": "ci-bot"}
    assert outputs["secret_arn"]["value"] == secret["arn"]
    assert [address for address in made if "secret_version" in address] == []
    function = made["module.iam_key_rotator.aws_lambda_function.rotation"]
    assert function["filename"] == f"{zips}/rotation-arm64.zip" and function["source_code_hash"]


def test_a_whole_account_is_audited_first_and_enforced_then(workspace):
    _, made, _ = applied(workspace, "whole-account", "code_bucket=zips")
    policies = {address.split('"')[1] for address in made if ".aws_iam_role_policy.sweep[" in address}
    assert policies == {"execution", "dead-letters", "audit", "alerts"}
    plan = workspace.plan("-var=code_bucket=zips", "-var=mode=enforce")
    changes = {each["address"]: each["change"]["actions"] for each in plan["resource_changes"]}
    added = {address.split('"')[1] for address, actions in changes.items() if actions == ["create"]}
    assert added == {"retire", "enforce", "create"}
    assert all("delete" not in actions for actions in changes.values())


def test_exposed_keys_are_answered_and_reported_from_three_regions(workspace):
    plan, made, _ = applied(workspace, "exposed-keys", "code_bucket=zips")
    targets = {address: values["arn"] for address, values in made.items() if "aws_cloudwatch_event_target" in address and "key_creation" not in address}
    sweep = made["module.iam_key_rotator.aws_lambda_function.sweep"]
    assert len(targets) == 6
    assert {arn for address, arn in targets.items() if "iam_key_rotator" in address} == {sweep["arn"]}
    assert {arn for address, arn in targets.items() if "iam_key_rotator" not in address} == {
        "arn:aws:events:eu-west-1:111122223333:event-bus/default"
    }
    assert sweep["environment"][0]["variables"]["ROTATOR_EXPOSED"] == "alert"
    # Roles are of no region: two of one name would be refused.
    roles = [values["name"] for address, values in made.items() if ".aws_iam_role." in address]
    assert len(roles) == len(set(roles)) == 7
    plan = workspace.plan("-var=code_bucket=zips", "-var=exposed=rotate")
    changes = {each["address"]: each["change"]["actions"] for each in plan["resource_changes"] if each["change"]["actions"] != ["no-op"]}
    assert changes == {
        'module.iam_key_rotator.aws_iam_role_policy.sweep["enforce"]': ["create"],
        "module.iam_key_rotator.aws_lambda_function.sweep": ["update"],
    }


def test_an_organizations_members_trust_the_two_roles_alone(workspace):
    _, made, _ = applied(workspace, "organization", "code_bucket=zips", "external_id=a-word")
    for program in ("rotation", "sweep"):
        own = made[f"module.iam_key_rotator.aws_iam_role.{program}"]["arn"]
        member = made[f'module.workload.aws_iam_role.this["{program}"]']
        [statement] = json.loads(member["assume_role_policy"])["Statement"]
        assert statement["Principal"] == {"AWS": own}
        assert statement["Condition"] == {"StringEquals": {"sts:ExternalId": "a-word"}}
        policy = json.loads(made[f'module.iam_key_rotator.aws_iam_role_policy.{program}["members"]']["policy"])
        assert policy["Statement"][0]["Resource"].endswith(f":role/{member['name']}")


def test_a_key_of_terraforms_leaves_it_without_being_deleted(workspace):
    _, before, _ = applied(workspace, "from-access-key/before")
    secret_half = before["aws_iam_access_key.ci"]["secret"]
    assert secret_half in workspace.state_file.read_text()

    plan, made, _ = applied(workspace, "from-access-key", "code_bucket=zips")

    changes = {each["address"]: each for each in plan["resource_changes"]}
    assert changes["aws_iam_access_key.ci"]["change"]["actions"] == ["forget"]
    assert changes["aws_secretsmanager_secret_version.ci"]["change"]["actions"] == ["forget"]
    secret = changes["module.ci_key.aws_secretsmanager_secret.this"]
    assert secret["previous_address"] == "aws_secretsmanager_secret.ci" and secret["change"]["actions"] == ["update"]
    assert [address for address, each in changes.items() if "delete" in each["change"]["actions"]] == []
    # The consumers' secret is the one that rotates, and the state has the old key no longer.
    rotation = made["module.ci_key.aws_secretsmanager_secret_rotation.this"]
    assert rotation["secret_id"] == before["aws_secretsmanager_secret.ci"]["arn"]
    assert secret_half not in workspace.state_file.read_text()


def test_a_rotated_secret_is_not_destroyed_with_the_module(workspace, zips):
    """It holds the only copy of a working key."""
    applied(workspace, "one-user", f"code_path={zips}")
    with pytest.raises(Exception, match="Instance cannot be destroyed"):
        workspace.plan("-destroy", f"-var=code_path={zips}")


def test_the_quick_start_of_the_page_applies(workspace, zips):
    [quick, *_] = re.findall(r"^```hcl\n(.*?)^```$", (ROOT / "docs" / "terraform.md").read_text(), re.M | re.S)
    here = re.sub(r'"git::[^"]*//cdk/terraform(/modules/[\w-]+)?\?ref=VERSION"', lambda match: f'"..{match[1] or "/"}"', quick)
    workspace.write(here.replace("target/dist", str(zips)))
    workspace.init()
    workspace.plan()
    made, _ = workspace.apply()
    assert made["module.ci_key.aws_secretsmanager_secret.this"]["name"] == "iam-key/ci-bot"


def test_a_removed_key_stays_in_aws(workspace, zips):
    """As the page says: a removed block in the place of the module."""
    applied(workspace, "one-user", f"code_path={zips}")
    configuration = workspace.folder / "main.tf"
    kept, _, _ = configuration.read_text().partition('module "ci_key" {')
    [removal] = re.findall(r"^removed \{\n.*?^\}$", (ROOT / "docs" / "terraform.md").read_text(), re.M | re.S)
    configuration.write_text(kept + removal)
    workspace.init()
    plan = workspace.plan(f"-var=code_path={zips}")
    changes = {each["address"]: each["change"]["actions"] for each in plan["resource_changes"]}
    left = {address for address, actions in changes.items() if actions == ["forget"]}
    assert left == {address for address in changes if address.startswith("module.ci_key.")} and len(left) == 3
    assert all(actions in (["no-op"], ["forget"]) for actions in changes.values())


def test_tags_that_the_rotator_sets_are_left_alone(workspace, zips):
    applied(workspace, "one-user", f"code_path={zips}")
    state = json.loads(workspace.state_file.read_text())
    for resource in state["resources"]:
        if resource["type"] == "aws_secretsmanager_secret":
            for instance in resource["instances"]:
                instance["attributes"]["tags"]["iam-key-rotator:intent"] = "1"
                instance["attributes"]["tags_all"] = instance["attributes"]["tags"]
    workspace.state_file.write_text(json.dumps(state))
    workspace.plans_nothing(f"-var=code_path={zips}")
