#!/usr/bin/env python3
"""Builds the command line and packs it with its manual pages and completions: the same source, the same bytes.

Writes target/dist/iam-key-rotator-<target>.tar.gz. On Linux the program is static, so that it runs on every one.
"""

import argparse
import gzip
import io
import re
import struct
import subprocess
import sys
import tarfile
from pathlib import Path

from build import DIST, ROOT, Missing, build, check_paths, host

NAME = "iam-key-rotator"
TARGETS = (
    "x86_64-unknown-linux-musl",
    "aarch64-unknown-linux-musl",
    "x86_64-apple-darwin",
    "aarch64-apple-darwin",
)
# Where the shells look for the file of a command.
COMPLETIONS = {"bash": NAME, "zsh": f"_{NAME}", "fish": f"{NAME}.fish"}
LICENCES = ("LICENSE-APACHE", "LICENSE-MIT")
# The type of the program header that names the loader of shared libraries.
PT_INTERP = 3


def own_target() -> str:
    """The target of a release that runs on this machine."""
    return host().replace("-gnu", "-musl")


def check_static(binary: Path) -> None:
    """Refuses a program for Linux that needs a loader, and with it a C library of this or that version."""
    content = binary.read_bytes()
    if not content.startswith(b"\x7fELF"):
        return
    (start,) = struct.unpack_from("<Q", content, 32)
    size, count = struct.unpack_from("<HH", content, 54)
    if PT_INTERP in {struct.unpack_from("<I", content, start + number * size)[0] for number in range(count)}:
        raise Missing(f"{binary.name} is not static: it needs the C library of the machine that built it")


def pages(program: Path) -> dict[str, bytes]:
    """Manual pages and completions, which a program that runs here prints. They are the same for every target."""

    def printed(*arguments: str) -> bytes:
        return subprocess.run([program, *arguments], check=True, stdout=subprocess.PIPE).stdout

    listed = printed("--help").decode().partition("\nCommands:\n")[2].partition("\n\n")[0]
    commands = [name for name in re.findall(r"^  ([a-z]+) ", listed, re.MULTILINE) if name != "help"]
    made = {f"completions/{name}": printed("completions", shell) for shell, name in COMPLETIONS.items()}
    made[f"man/man1/{NAME}.1"] = printed("man")
    return made | {f"man/man1/{NAME}-{command}.1": printed("man", command) for command in commands}


def pack(program: Path, printed: dict[str, bytes], target: str, folder: Path, level: int = 9) -> Path:
    """One folder, in the order of names, without times and owners."""
    files = {NAME: program.read_bytes()} | printed | {name: (ROOT / name).read_bytes() for name in LICENCES}
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(f"{NAME}-{target}/{name}")
            entry.size, entry.mode = len(content), 0o755 if name == NAME else 0o644
            archive.addfile(entry, io.BytesIO(content))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{NAME}-{target}.tar.gz"
    path.write_bytes(gzip.compress(raw.getvalue(), level, mtime=0))
    return path


def archive(target: str, printed: dict[str, bytes] | None) -> dict[str, bytes]:
    """Builds and packs, and returns the pages for the next target."""
    program = build(target, [NAME], []) / NAME
    check_static(program)
    check_paths(program)
    printed = pages(program) if target == own_target() else printed
    if printed is None:
        raise Missing(f"its pages are printed by the program of this machine: build {own_target()} as well")
    path = pack(program, printed, target, DIST)
    print(f"{target}: {program.stat().st_size / 1e6:.1f} MB, packed {path.stat().st_size / 1e6:.1f} MB: {path.relative_to(ROOT)}")
    return printed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", choices=TARGETS, help="default: each that this toolchain can build")
    asked, printed, missed = parser.parse_args().target, None, []
    for target in [asked] if asked else sorted(TARGETS, key=lambda each: each != own_target()):
        try:
            printed = archive(target, printed)
        except Missing as missing:
            print(f"{target}: not built: {missing}", file=sys.stderr)
            missed.append(target)
    return 1 if asked and missed else 0


if __name__ == "__main__":
    sys.exit(main())
