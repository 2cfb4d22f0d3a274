"""Cargo may build elsewhere than in ./target: what runs its binaries asks it where."""

import subprocess

import pytest

from processes import REPOSITORY, cargo_target


@pytest.mark.parametrize("setting", ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR"])
def test_tests_and_make_use_the_directory_that_cargo_builds_in(setting, monkeypatch, tmp_path):
    for name in ("CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(setting, str(tmp_path))
    assert cargo_target() == tmp_path
    for target, used in {
        "demo": f"{tmp_path}/debug/demo",
        "look-report": f"{tmp_path}/tmp/report/7.html",
        "look-mails": f"{tmp_path}/tmp/mails",
    }.items():
        recipe = subprocess.run(["make", "--dry-run", target], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
        assert used in recipe.stdout, target
