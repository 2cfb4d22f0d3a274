"""The module's files: formatted, valid by themselves, and as current as what they were made from."""

import json
import os
from pathlib import Path

import pytest

import provider_schema
import readme
from terraform import MODULE, terraform

FOLDERS = sorted(str(path.parent.relative_to(MODULE)) for path in MODULE.rglob("main.tf")) + ["."]
MODULES = [".", "modules/exposed-key-forwarder", "modules/key-creation-forwarder", "modules/member-account", "modules/rotated-key"]


def test_the_module_is_formatted(tmp_path):
    assert terraform(MODULE, "fmt", "-check", "-recursive", "-diff", ".") == ""


@pytest.mark.parametrize("folder", FOLDERS)
def test_terraform_finds_the_configuration_valid(workspace, folder):
    workspace.turn_to(folder)
    workspace.init()
    assert workspace.validate()["diagnostics"] == []


def test_an_argument_that_the_provider_does_not_have_is_found(workspace):
    """That is: the two tests above could fail."""
    workspace.write('resource "aws_sns_topic" "a" {\n  nmae = "x"\n}\n')
    [problem] = workspace.validate()["diagnostics"]
    assert "nmae" in problem["detail"]


def test_the_arguments_are_those_of_the_providers_package():
    package = Path(os.environ["PROVIDER_PACKAGE"])
    assert provider_schema.text(provider_schema.extract(package)) == provider_schema.SCHEMA.read_text()


def test_every_resource_of_the_module_is_one_whose_arguments_are_known():
    schema = json.loads(provider_schema.SCHEMA.read_text())
    used = readme.resource_types(MODULE)
    # A key is what the tests give to the module.
    assert used == set(schema["resources"]) - {"aws_kms_key"}


@pytest.mark.parametrize("folder", MODULES)
def test_the_readme_lists_the_inputs_and_outputs_of_today(folder):
    page = MODULE / folder / "README.md"
    assert page.read_text() == readme.with_tables(page.read_text(), MODULE / folder)
