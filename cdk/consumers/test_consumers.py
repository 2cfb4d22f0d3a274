"""The construct library as its users get it: what is packed, and an app in each language that installs it.

`make consumers` compiles the library before, and says where the Python environment is.
"""

import json
import os
import shutil
import subprocess
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
CDK = HERE.parent
QUIET = ("--ignore-scripts", "--no-audit", "--no-fund", "--silent")
TARGET = CDK.parent / "target" / "consumers"
PACKAGE = json.loads((CDK / "package.json").read_text())
# jsii warns at length of a Node.js that gets no more fixes.
ENVIRONMENT = {**os.environ, "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20", "NODE_OPTIONS": ""}


def run(*command, cwd=CDK, **more):
    done = subprocess.run(command, cwd=cwd, env={**ENVIRONMENT, **more}, capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))} failed:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
    return done.stdout


def fresh(name):
    folder = TARGET / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def tool(name):
    return str(CDK / "jsii" / "node_modules" / name / "bin" / name)


def block(language):
    return (CDK / "README.md").read_text().split(f"```{language}\n")[1].split("```")[0]


def version(modules):
    return json.loads((modules / "aws-cdk-lib" / "package.json").read_text())["version"]


def pack(folder):
    """The tarball, and the names in it."""
    # `make` has compiled the library; `prepack` would do it again.
    (packed,) = json.loads(run("npm", "pack", "--ignore-scripts", "--json", "--pack-destination", folder))
    return folder / packed["filename"], {file["path"] for file in packed["files"]}


class Packed(unittest.TestCase):
    def test_the_package_holds_the_library_alone(self):
        _, names = pack(fresh("packed"))
        sources = {str(path.relative_to(CDK / "lib").with_suffix("")) for path in (CDK / "lib").rglob("*.ts")}
        library = {name for name in sources if not name.startswith("app/")}
        expected = {f"library/{name}{end}" for name in library for end in (".js", ".d.ts")}
        expected |= {".jsii", "API.md", "README.md", "LICENSE-APACHE", "LICENSE-MIT", "package.json"}
        expected |= {"placeholder-run-make-package-first/bootstrap"}
        zips = {name for name in names if name.startswith("lambda/")}
        self.assertEqual(names - zips, expected)
        self.assertTrue(all(name.endswith(".zip") for name in zips), zips)


class Documentation(unittest.TestCase):
    def test_the_reference_is_that_of_the_library(self):
        written = fresh("reference") / "API.md"
        run("node", tool("jsii-docgen"), "--output", written.with_suffix(""))
        self.assertEqual(written.read_text(), (CDK / "API.md").read_text(), "npm --prefix cdk run reference writes it anew")

    def test_the_examples_of_the_page_are_the_apps_that_run_here(self):
        self.assertEqual(block("ts"), (HERE / "typescript" / "app.ts").read_text())
        self.assertEqual(block("python"), (HERE / "python" / "app.py").read_text())


class Consumers(unittest.TestCase):
    maxDiff = None

    def check(self, assembly):
        """The user is bound to its secret, which rotates."""
        template = json.loads((assembly / "Keys.template.json").read_text())
        kinds = {}
        for resource in template["Resources"].values():
            kinds.setdefault(resource["Type"], []).append(resource.get("Properties", {}))
        (user,) = kinds["AWS::IAM::User"]
        self.assertEqual(
            user["Tags"],
            [
                {"Key": "iam-key-rotator:rotate", "Value": "true"},
                {"Key": "iam-key-rotator:secret", "Value": "iam-key/smtp-relay"},
            ],
        )
        (rotation,) = kinds["AWS::SecretsManager::RotationSchedule"]
        self.assertEqual(rotation["RotationRules"], {"ScheduleExpression": "rate(90 days)"})
        functions = [each["Environment"]["Variables"] for each in kinds["AWS::Lambda::Function"]]
        self.assertEqual([(each["ROTATOR_OVERLAP"], each["ROTATOR_MODE"]) for each in functions], [("2d", "enforce")] * 2)

    @classmethod
    def setUpClass(cls):
        cls.base = fresh("base")
        for file in ("app.ts", "package.json", "package-lock.json", "tsconfig.json"):
            shutil.copy(HERE / "typescript" / file, cls.base)
        run("npm", "ci", *QUIET, cwd=cls.base)

    def installed(self, name, *what):
        folder = fresh(name)
        # Hard links: npm replaces files, and changes none.
        run("cp", "--archive", "--link", f"{self.base}/.", folder)
        run("npm", "install", "--no-save", *QUIET, *what, cwd=folder)
        return folder

    def replace(self, modules, name):
        """With a copy of the version that the library is developed with."""
        shutil.rmtree(modules / name)
        run("cp", "--archive", "--link", CDK / "node_modules" / name, modules)

    def runs(self, folder, *options):
        run("node", CDK / "node_modules" / "typescript" / "bin" / "tsc", "--project", ".", *options, cwd=folder)
        run("node", "app.js", cwd=folder, CDK_OUTDIR=str(folder / "cdk.out"))
        self.check(folder / "cdk.out")

    def test_the_apps_dependencies_are_the_oldest_that_the_package_takes(self):
        asked = json.loads((HERE / "typescript" / "package.json").read_text())["dependencies"]
        self.assertEqual({name: f"^{version}" for name, version in asked.items()}, PACKAGE["peerDependencies"])

    def test_a_typescript_app_installs_the_package(self):
        folder = self.installed("tarball", pack(fresh("packed"))[0])
        self.runs(folder)
        # One copy of aws-cdk-lib: the app's.
        self.assertEqual(list(folder.glob("node_modules/iam-key-rotator-cdk/node_modules")), [])

    def test_a_typescript_app_installs_the_folder_beside_another_copy_of_aws_cdk_lib(self):
        folder = self.installed("path", CDK)
        modules = folder / "node_modules"
        self.assertTrue((modules / "iam-key-rotator-cdk").is_symlink())
        self.replace(modules, "constructs")
        # TypeScript takes the classes of two versions for different ones, so nothing but the run is checked.
        self.assertNotEqual(version(modules), version(CDK / "node_modules"))
        self.runs(folder, "--noCheck")
        self.replace(modules, "aws-cdk-lib")
        self.runs(folder)

    def test_a_python_app_installs_the_package_that_jsii_makes(self):
        folder = fresh("python")
        run("node", tool("jsii-pacmak"), "--code-only", "--target", "python", "--outdir", folder / "dist", CDK)
        python = TARGET / "venv" / "bin" / "python"
        run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--force-reinstall", folder / "dist" / "python")
        run(python, HERE / "python" / "app.py", cwd=folder, CDK_OUTDIR=str(folder / "cdk.out"))
        self.check(folder / "cdk.out")


if __name__ == "__main__":
    unittest.main()
