"""What `package.py` promises of a zip, without a build."""

import contextlib
import io
import os
import tempfile
import unittest
import zipfile
from pathlib import Path
from unittest import mock

import build
import collect
import package


class Zips(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def binary(self, content: bytes = b"\x7fELF program") -> Path:
        path = self.folder / "rotation"
        path.write_bytes(content)
        return path

    def test_the_same_binary_gives_the_same_bytes_whenever_and_whoever_packs_it(self) -> None:
        binary = self.binary()
        hashes = set()
        for mode, time in ((0o755, 1), (0o600, 2_000_000_000)):
            os.chmod(binary, mode)
            os.utime(binary, (time, time))
            package.pack(binary, self.folder / "bootstrap.zip")
            hashes.add(collect.sha256(self.folder / "bootstrap.zip"))
        self.assertEqual(len(hashes), 1)

    def test_the_only_entry_is_an_executable_bootstrap(self) -> None:
        package.pack(self.binary(), self.folder / "bootstrap.zip")
        with zipfile.ZipFile(self.folder / "bootstrap.zip") as archive:
            (entry,) = archive.infolist()
        self.assertEqual(entry.filename, "bootstrap")
        self.assertEqual(entry.external_attr >> 16, 0o100755)
        self.assertEqual(entry.date_time, (1980, 1, 1, 0, 0, 0))

    def test_a_binary_that_lambda_could_not_start_is_refused(self) -> None:
        package.check(self.binary(b"GLIBC_2.34 GLIBC_2.2.5"))
        with self.assertRaisesRegex(package.Missing, "needs glibc 2.35, and Lambda has 2.34"):
            package.check(self.binary(b"GLIBC_2.4 GLIBC_2.35"))

    def test_binaries_are_taken_from_where_cargo_builds(self) -> None:
        told = {"output": lambda *_: '{"target_directory": "/elsewhere"}', "cargo_for": lambda _: ["cargo"]}
        with mock.patch.multiple(build, **told), mock.patch("subprocess.run"):
            folder = build.build("aarch64-unknown-linux-gnu", ["rotation"], [])
        self.assertEqual(folder, Path("/elsewhere/aarch64-unknown-linux-gnu/release"))

    def test_a_binary_that_tells_where_it_was_built_is_refused(self) -> None:
        with self.assertRaisesRegex(package.Missing, "another machine would build other bytes"):
            package.check(self.binary(f"{build.ROOT}/src/lib.rs".encode()))


class Builds(unittest.TestCase):
    """What is built, with programs that are there already in place of cargo."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        root = self.root = Path(folder.name)
        for program in package.PROGRAMS:
            (root / program).write_bytes(b"\x7fELF " + program.encode())
        self.patch(package, ROOT=root, OUT=root / "out", DIST=root / "dist", build=lambda *_: root)

    def patch(self, module, **values) -> None:
        patched = mock.patch.multiple(module, **values)
        patched.start()
        self.addCleanup(patched.stop)

    def run_main(self, *arguments: str) -> tuple[int, str]:
        said = io.StringIO()
        with contextlib.ExitStack() as stack:
            stack.enter_context(mock.patch("sys.argv", ["package.py", *arguments]))
            stack.enter_context(contextlib.redirect_stdout(said))
            stack.enter_context(contextlib.redirect_stderr(said))
            return package.main(), said.getvalue()

    def test_the_zips_are_where_the_cdk_looks_and_among_the_released_files(self) -> None:
        code, said = self.run_main("--arch", "arm64")
        self.assertEqual(code, 0, said)
        self.assertRegex(said, r"rotation arm64: .* zipped .* sha256 [0-9a-f]{64}")
        for program in package.PROGRAMS:
            zips = self.root / "out" / program / "bootstrap-arm64.zip", self.root / "dist" / f"{program}-arm64.zip"
            self.assertEqual(*(path.read_bytes() for path in zips))

    def test_an_architecture_that_was_asked_for_and_cannot_be_built_fails_and_says_what_is_missing(self) -> None:
        self.patch(package, build=build.build)
        self.patch(build, output=lambda *_: str(self.root / "no-such-library"))
        code, said = self.run_main("--arch", "arm64")
        self.assertEqual(code, 1)
        self.assertIn("the Rust standard library for aarch64-unknown-linux-gnu is not installed", said)

    def test_the_other_architecture_is_left_out_with_a_word_where_nobody_asked_for_it(self) -> None:
        def native_alone(target: str, *_) -> Path:
            if target != package.TARGETS[package.native()]:
                raise package.Missing("no compiler")
            return self.root

        self.patch(package, build=native_alone)
        code, said = self.run_main()
        self.assertEqual(code, 0)
        self.assertIn("not packaged: no compiler", said)


if __name__ == "__main__":
    unittest.main()
