"""The folder of a release: how it is filled, and how `make deploy ZIPS=folder` takes from it."""

import subprocess
import tempfile
import unittest
from pathlib import Path

import collect
import package
import unpack
import whole


class Releases(unittest.TestCase):
    def test_a_folder_has_templates_scripts_and_checksums_that_hold(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "rotation-arm64.zip").write_bytes(b"zip")
            collect.collect(folder)
            subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=folder, check=True)
            there = {path.name for path in folder.iterdir()}
            lines = (folder / "SHA256SUMS").read_text().splitlines()
            self.assertEqual({line.split()[1] for line in lines}, there - {"SHA256SUMS"})
            # What is not built here is missing, and nothing is there that is not of a release.
            templates = {f"iam-key-rotator{each}.template.json" for each in ("", "-member", "-exposed-keys")}
            wanted = {"deploy.sh", "install.sh", *templates}
            self.assertLessEqual(wanted, there)
            found = whole.differences(folder)
            self.assertIn("missing: iam-key-rotator-aarch64-apple-darwin.tar.gz", found)
            self.assertEqual([line for line in found if not line.startswith("missing: ")], [])
            (folder / "notes.txt").touch()
            self.assertIn("not of a release: notes.txt", whole.differences(folder))


class Unpacking(unittest.TestCase):
    """`make deploy ZIPS=folder`."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.release, self.out = Path(folder.name) / "release", Path(folder.name) / "out"
        self.release.mkdir()
        for program in package.PROGRAMS:
            (self.release / f"{program}-arm64.zip").write_bytes(program.encode())
        collect.write_checksums(self.release)

    def test_the_zips_of_a_release_take_the_place_of_a_build(self) -> None:
        (self.out / "sweep").mkdir(parents=True)
        (self.out / "sweep" / "bootstrap.zip").touch()
        unpack.unpack(self.release, self.out)
        there = {str(path.relative_to(self.out)): path.read_bytes() for path in self.out.rglob("*.zip")}
        self.assertEqual(there, {"rotation/bootstrap-arm64.zip": b"rotation", "sweep/bootstrap-arm64.zip": b"sweep"})

    def test_a_zip_that_is_not_as_it_was_published_is_refused_before_anything_is_replaced(self) -> None:
        self.out.mkdir()
        (self.release / "sweep-arm64.zip").write_bytes(b"other")
        with self.assertRaisesRegex(unpack.Unfit, "sweep-arm64.zip does not have the checksum"):
            unpack.unpack(self.release, self.out)
        self.assertTrue(self.out.exists() and not any(self.out.iterdir()))

    def test_a_folder_that_is_no_release_is_refused(self) -> None:
        (self.release / "SHA256SUMS").unlink()
        with self.assertRaisesRegex(unpack.Unfit, "SHA256SUMS is missing"):
            unpack.unpack(self.release, self.out)


if __name__ == "__main__":
    unittest.main()
