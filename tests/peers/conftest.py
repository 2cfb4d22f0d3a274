"""Servers for the tests: each on a free loopback port, stopped in the end, its log shown on failure."""

import shlex

import pytest

import standins
from attacks_scene import attacked_account
from processes import Process, bare_environment


@pytest.fixture(autouse=True)
def nothing_of_this_machine(monkeypatch):
    """boto3 in this process sees no settings but those of the test."""
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_EC2_METADATA_DISABLED"):
        monkeypatch.setenv(name, bare_environment()[name])
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def simulator():
    """A simulated AWS of one's own, all of whose answers fit AWS's models."""
    with standins.simulator() as aws:
        yield aws
        assert aws.problems == []


@pytest.fixture(scope="module")
def deployed():
    """The deployed product, one for all attacks of a file."""
    with attacked_account() as account:
        yield account


@pytest.fixture
def account(deployed):
    """The same without users and secrets, and with the template's settings."""
    deployed.clean()
    return deployed


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for process in Process.running:
            report.sections.append((f"log of {process.name}", process.output()[-20_000:]))


def pytest_terminal_summary(terminalreporter):
    """The command that runs a failed test alone."""
    failed = [report.nodeid for kind in ("failed", "error") for report in terminalreporter.stats.get(kind, [])]
    if failed:
        terminalreporter.section("each failed test alone")
    for test in dict.fromkeys(failed):
        terminalreporter.line(f"  target/venv/bin/pytest {shlex.quote(f'tests/peers/{test}')}")
