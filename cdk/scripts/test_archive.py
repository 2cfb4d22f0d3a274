"""What `archive.py` promises of the command line's archive, and which compiler makes it, without a build."""

import os
import re
import struct
import tarfile
import tempfile
import tomllib
import unittest
from pathlib import Path
from unittest import mock

import archive
import build


class Compilers(unittest.TestCase):
    def command(self, target: str, cross: bool = True) -> list[str]:
        with tempfile.TemporaryDirectory() as folder:
            library = Path(folder)
            (library / "libstd-0.rlib").touch()
            if cross:
                (library / "cargo-zigbuild").touch()
            told = {"output": lambda *_: folder, "host": lambda: "x86_64-unknown-linux-gnu", "CROSS": library}
            with mock.patch.multiple(build, **told):
                return build.cargo_for(target)

    def test_zig_links_what_this_machine_does_not_and_against_lambdas_c_library(self) -> None:
        self.assertEqual(self.command("x86_64-unknown-linux-gnu")[1], "build")
        self.assertEqual(self.command("aarch64-apple-darwin")[1], "build")
        self.assertEqual(self.command("aarch64-unknown-linux-gnu")[1:], ["zigbuild", "--target", "aarch64-unknown-linux-gnu.2.34"])
        self.assertEqual(self.command("x86_64-unknown-linux-musl")[1:], ["zigbuild", "--target", "x86_64-unknown-linux-musl"])

    def test_without_it_the_command_that_installs_it_is_named(self) -> None:
        with self.assertRaisesRegex(build.Missing, "`make target/venv-cross/ready` brings both"):
            self.command("x86_64-unknown-linux-musl", cross=False)


class CommandLines(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.program = self.folder / "program"

    def elf(self, *headers: int) -> Path:
        """The beginning of a program with these program headers."""
        table, size = 64, 56
        head = bytearray(table + size * len(headers))
        head[:4] = b"\x7fELF"
        struct.pack_into("<Q", head, 32, table)
        struct.pack_into("<HH", head, 54, size, len(headers))
        for number, kind in enumerate(headers):
            struct.pack_into("<I", head, table + number * size, kind)
        self.program.write_bytes(head)
        return self.program

    def test_a_program_that_needs_a_loader_is_refused(self) -> None:
        archive.check_static(self.elf(1, 2))
        with self.assertRaisesRegex(build.Missing, "program is not static"):
            archive.check_static(self.elf(1, archive.PT_INTERP))
        # One of Apple's.
        self.program.write_bytes(b"\xcf\xfa\xed\xfe")
        archive.check_static(self.program)

    def test_the_same_program_gives_the_same_archive_whenever_and_whoever_packs_it(self) -> None:
        archives = set()
        for mode, time in ((0o755, 1), (0o600, 2_000_000_000)):
            self.elf(1)
            os.chmod(self.program, mode)
            os.utime(self.program, (time, time))
            archives.add(archive.pack(self.program, {"man/man1/x.1": b"page"}, "t", self.folder).read_bytes())
        self.assertEqual(len(archives), 1)

    def test_one_folder_has_the_program_its_pages_and_the_licences(self) -> None:
        path = archive.pack(self.elf(1), {"man/man1/x.1": b"page"}, "x86_64-unknown-linux-musl", self.folder)
        self.assertEqual(path.name, "iam-key-rotator-x86_64-unknown-linux-musl.tar.gz")
        with tarfile.open(path) as packed:
            modes = {entry.name: entry.mode for entry in packed.getmembers()}
        self.assertEqual(
            modes,
            {
                f"iam-key-rotator-x86_64-unknown-linux-musl/{name}": mode
                for name, mode in {
                    "LICENSE-APACHE": 0o644,
                    "LICENSE-MIT": 0o644,
                    "iam-key-rotator": 0o755,
                    "man/man1/x.1": 0o644,
                }.items()
            },
        )

    def test_cargo_binstall_finds_each_archive_and_the_program_in_it(self) -> None:
        known = build.product()
        with open(build.ROOT / "Cargo.toml", "rb") as manifest:
            binstall = tomllib.load(manifest)["package"]["metadata"]["binstall"]
        path = archive.pack(self.elf(1), {}, "T", self.folder)
        words = {"repo": known["repository"], "version": "1.2.3", "name": known["name"], "target": "T"}
        words |= {"bin": archive.NAME, "binary-ext": ""}

        def filled(template: str) -> str:
            return re.sub(r"\{ ([a-z-]+) \}", lambda found: words[found[1]], template)

        self.assertEqual(filled(binstall["pkg-url"]), f"{known['repository']}/releases/download/v1.2.3/{path.name}")
        with tarfile.open(path) as packed:
            self.assertIn(filled(binstall["bin-dir"]), packed.getnames())


if __name__ == "__main__":
    unittest.main()
