"""Workspaces with the module in them, and the provider that Terraform talks to."""

import pytest

import provider
from terraform import Workspace


@pytest.fixture(scope="session")
def served():
    """The environment in which Terraform finds the stand-in."""
    with provider.served() as environment:
        yield environment


@pytest.fixture
def workspace(served, tmp_path):
    """A copy of the module. The test writes the configuration, or turns to one of the examples."""
    return Workspace(tmp_path / "module", served, "configuration")
