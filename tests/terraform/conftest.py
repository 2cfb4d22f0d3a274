"""Workspaces with the module in them, and the provider that Terraform talks to."""

import pytest

import provider
from terraform import ALL, Workspace, module


@pytest.fixture(scope="session")
def served():
    """The environment in which Terraform finds the stand-in."""
    with provider.served() as environment:
        yield environment


@pytest.fixture(scope="session")
def prepared(served, tmp_path_factory):
    """A copy of the module in which Terraform knows every module that a test's configuration calls."""
    workspace = Workspace(tmp_path_factory.mktemp("prepared") / "module", served)
    workspace.write("".join(module(name, settings) for name, settings in ALL.items()))
    workspace.init()
    return workspace.root


@pytest.fixture
def workspace(served, prepared, tmp_path):
    """A copy of that. The test writes the configuration, or turns to one of the examples."""
    return Workspace(tmp_path / "module", served, prepared)
