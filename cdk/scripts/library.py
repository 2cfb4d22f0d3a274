"""Makes this folder ready to be packed: the library as jsii compiles it, the licences, and the functions' zips if there are any."""

import shutil
import subprocess
import sys
from pathlib import Path

CDK = Path(__file__).resolve().parent.parent
ZIPS = CDK.parent / "target" / "lambda"
# The oldest aws-cdk-lib that is taken is tested by cdk/consumers. `mail.from` is `from_` in Python.
SILENCED = ["metadata/missing-dev-dependency", "language-compatibility/reserved-word"]


def main():
    for name in ("LICENSE-APACHE", "LICENSE-MIT"):
        shutil.copy(CDK.parent / name, CDK)
    shutil.rmtree(CDK / "lambda", ignore_errors=True)
    for zipped in ZIPS.glob("*/bootstrap*.zip"):
        packed = CDK / "lambda" / zipped.parent.name
        packed.mkdir(parents=True, exist_ok=True)
        shutil.copy(zipped, packed)
    # What was removed from the sources must not stay in the package.
    shutil.rmtree(CDK / "library", ignore_errors=True)
    jsii = ["node", CDK / "jsii" / "node_modules" / "jsii" / "bin" / "jsii", "--generate-tsconfig", "tsconfig.jsii.json"]
    silenced = [option for name in SILENCED for option in ("--silence-warnings", name)]
    return subprocess.run([*jsii, "--fail-on-warnings", *silenced], cwd=CDK).returncode


if __name__ == "__main__":
    sys.exit(main())
