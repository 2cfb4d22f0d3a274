"""What `package.py` promises of a zip, without a build."""

import os
import tempfile
import unittest
import zipfile
from pathlib import Path

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
            hashes.add(package.sha256(self.folder / "bootstrap.zip"))
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

    def test_a_binary_that_tells_where_it_was_built_is_refused(self) -> None:
        with self.assertRaisesRegex(package.Missing, "another machine would build other bytes"):
            package.check(self.binary(f"{package.ROOT}/src/lib.rs".encode()))


if __name__ == "__main__":
    unittest.main()
