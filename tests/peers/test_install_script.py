"""install.sh, from a server on loopback and from a folder. The program that it installs is a script here."""

import http.server
import os
import stat
import threading

import pytest

from release_scene import archive, collect, run

PROGRAM = b"#!/bin/sh\necho iam-key-rotator 1.2.3\n"


class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def folder(tmp_path):
    """A release, with an archive for this machine."""
    folder, program = tmp_path / "release", tmp_path / "program"
    folder.mkdir()
    program.write_bytes(PROGRAM)
    archive.pack(program, {}, archive.own_target(), folder)
    collect.add_scripts(folder)
    collect.write_checksums(folder)
    return folder


@pytest.fixture
def address(folder):
    handler = lambda *arguments: Handler(*arguments, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{web.server_port}"
        web.shutdown()


def install(folder, home, address, **variables):
    ran = run("/bin/sh", str(folder / "install.sh"), HOME=str(home), IAM_KEY_ROTATOR_RELEASE=address, **variables)
    return ran.returncode, ran.stdout


def test_it_installs_the_program_into_the_home_directory_and_replaces_an_earlier_one(folder, address, tmp_path):
    program = tmp_path / ".local" / "bin" / "iam-key-rotator"
    for _ in range(2):
        code, said = install(folder, tmp_path, address)
        assert (code, said) == (0, f"Installed iam-key-rotator 1.2.3: {program}\nAdd {program.parent} to your PATH.\n")
        assert program.read_bytes() == PROGRAM and program.stat().st_mode & stat.S_IXUSR
    assert [path.name for path in program.parent.iterdir()] == ["iam-key-rotator"]


def test_it_installs_from_a_folder_as_well_and_knows_a_path_that_has_it(folder, tmp_path):
    path = f"{tmp_path}/.local/bin{os.pathsep}{os.environ['PATH']}"
    code, said = install(folder, tmp_path, folder.as_uri(), PATH=path)
    assert (code, said) == (0, f"Installed iam-key-rotator 1.2.3: {tmp_path}/.local/bin/iam-key-rotator\n")


def change_archive(folder):
    (path,) = folder.glob("*.tar.gz")
    path.write_bytes(path.read_bytes() + b"\0")


def drop_archive(folder):
    (path,) = folder.glob("*.tar.gz")
    path.unlink()


def drop_from_list(folder):
    sums = folder / "SHA256SUMS"
    sums.write_text("".join(line for line in sums.read_text().splitlines(True) if ".tar.gz" not in line))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (change_archive, "{archive} does not have the checksum in SHA256SUMS."),
        (drop_archive, "{address}/{archive} cannot be downloaded."),
        (drop_from_list, "SHA256SUMS does not list {archive}."),
    ],
)
def test_what_is_not_as_it_was_published_is_not_installed(folder, address, tmp_path, change, reason):
    change(folder)
    code, said = install(folder, tmp_path, address)
    name = f"iam-key-rotator-{archive.own_target()}.tar.gz"
    assert code == 1
    assert said.endswith(f"error: {reason.format(archive=name, address=address)}\nNothing was installed.\n"), said
    assert not (tmp_path / ".local").exists()


def test_a_program_that_does_not_start_here_is_not_installed(folder, address, tmp_path):
    broken = tmp_path / "broken"
    broken.write_bytes(b"#!/bin/sh\nexit 1\n")
    archive.pack(broken, {}, archive.own_target(), folder)
    collect.write_checksums(folder)
    code, said = install(folder, tmp_path, address)
    assert (code, said) == (1, "error: The program does not start on this machine.\nNothing was installed.\n")
    assert not (tmp_path / ".local").exists()


def test_the_script_of_a_release_knows_its_release_and_that_of_the_repository_has_none(folder, tmp_path):
    package = collect.product()
    place = f"{package['repository']}/releases/download/v{package['version']}"
    assert f"{{IAM_KEY_ROTATOR_RELEASE:-{place}}}" in (folder / "install.sh").read_text()
    ran = run("/bin/sh", str(collect.RELEASE / "install.sh"), HOME=str(tmp_path))
    assert (ran.returncode, ran.stdout.splitlines()[0]) == (
        1,
        "error: This copy of install.sh is not of a release. Set IAM_KEY_ROTATOR_RELEASE to the address of one.",
    )


def test_an_unknown_machine_is_told_how_to_build(folder, address, tmp_path):
    """As uname says it there."""
    (tmp_path / "uname").write_text("#!/bin/sh\necho Plan9\n")
    (tmp_path / "uname").chmod(0o755)
    code, said = install(folder, tmp_path, address, PATH=f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert code == 1 and "There is no program for Plan9 on Plan9. Build it from source" in said
