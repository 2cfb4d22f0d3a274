"""Takes the AWS Lambda runtime interface emulator out of the wheel of aws-sam-cli.

usage: unpack_emulator.py WHEEL TARGET
"""

import platform
import sys
import zipfile
from pathlib import Path

ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


def main(wheel, target):
    name = f"samcli/local/rapid/aws-lambda-rie-{ARCHITECTURES[platform.machine()]}"
    with zipfile.ZipFile(wheel) as archive:
        target.write_bytes(archive.read(name))
    target.chmod(0o755)


main(Path(sys.argv[1]), Path(sys.argv[2]))
