"""docs/migrating.md, as its reader uses it: the settings to paste, the commands to type, the statements to rely on.

A system is named by a key of `SYSTEMS`; "all" is the part for every move.
"""

import ast
import re
from pathlib import Path

from processes import REPOSITORY

PAGE = (REPOSITORY / "docs" / "migrating.md").read_text()
# The systems that a replay moves from, with the end of their section's heading. `test_coming_from_KEY.py` is the replay.
SYSTEMS = {
    "rules": "three EventBridge rules for each user",
    "daily": "a daily check of every user",
    "function": "a Secrets Manager rotation function",
    "list": "a list of secrets",
    "organization": "a rotator for an AWS organization",
}
REPLAYS = [Path(__file__).with_name(f"test_coming_from_{system}.py") for system in SYSTEMS]
# The paragraphs whose every statement a replay shows, by how they begin.
SHOWN = ["What stays", "What you will see", "Who can read the secrets", "Check"]
# What the page has instead of a reader's own names, and what the replays put there (`Move.names`).
PLACEHOLDER = re.compile(r"(?<![\w$./{-])[A-Z]{3,}(?:-[A-Z]+)*(?![\w./-])")
# Words that look like placeholders.
NO_PLACEHOLDERS = {"AWSCURRENT", "AWSPREVIOUS"}
# The commands that nobody runs here: there is no Terraform.
NOT_RUN = ["terraform state rm"]


def sections():
    """The text of each section by its system's key."""
    found = {"all": PAGE.split("\n## Steps for every move\n")[1].split("\n## ")[0]}
    for system, heading in SYSTEMS.items():
        found[system] = PAGE.split(f"\n## Coming from {heading}\n")[1].split("\n## ")[0]
    return found


def settings(system, nth=0):
    """The settings in a section's block."""
    block = re.findall(r"^```env\n(.*?)^```", sections()[system], re.DOTALL | re.MULTILINE)[nth]
    return dict(line.split("=", 1) for line in block.splitlines())


def example(system):
    """The name of the CDK example that a section links to, and of the templates that are made from it."""
    (name,) = re.findall(r"\(\.\./cdk/examples/([\w-]+)\.config\.ts\)", sections()[system])
    return name


def commands(system):
    """Every command of a section, those of a console one by one, and those within a sentence."""
    text, found = sections()[system], []
    for indent, block in re.findall(r"^( *)```console\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE):
        for line in block.splitlines():
            line = line.removeprefix(indent)
            if line.startswith("$ "):
                found.append(line.removeprefix("$ "))
            else:
                found[-1] += f"\n{line.removeprefix('  ')}"
    prose = re.sub(r"^ *```.*?^ *```", "", text, flags=re.DOTALL | re.MULTILINE)
    return found + re.findall(r"`((?:aws|terraform) [^`]+)`", prose)


def command(system, beginning):
    """The one command of a section, or of the part for all, that begins so."""
    for part in (system, "all"):
        found = [each for each in commands(part) if each.startswith(beginning)]
        if found:
            assert len(found) == 1, f"{system}: {len(found)} commands begin with {beginning!r}"
            return found[0]
    raise AssertionError(f"docs/migrating.md has no command for {system} that begins with {beginning!r}")


def placeholders(text):
    return {word for word in PLACEHOLDER.findall(text) if word not in NO_PLACEHOLDERS}


def plain(text):
    return " ".join(text.split())


def sentences(system):
    """What the paragraphs of `SHOWN` state: their sentences, parts of sentences between semicolons, rows and points."""
    found, lines = [], iter(f"{sections()[system]}\n\n".split("\n\n"))
    for paragraph in lines:
        begun = next((name for name in SHOWN if paragraph.startswith(f"**{name}")), None)
        if begun is None:
            continue
        stated = paragraph.removeprefix(f"**{begun}").lstrip(".,*: ")
        found += parts(stated)
        if stated.rstrip().endswith(":"):
            # It introduces what follows.
            found.pop()
            listed = next(lines)
            rows = listed.splitlines()[2:] if listed.startswith("|") else re.split(r"^- ", listed, flags=re.MULTILINE)
            found += [plain(row.strip("| ")).rstrip(".") for row in rows if row.strip()]
    return found


def parts(stated):
    """Sentences, and what stands between semicolons; neither is sought within code or quotes."""
    kept = re.sub(r"`[^`]*`|\"[^\"]*\"", lambda quoted: quoted[0].translate(HIDDEN), stated)
    return [plain(each.translate(SEEN)).rstrip(".") for each in re.split(r";\s|\.\s|\.$", kept) if each.strip()]


HIDDEN = {ord(";"): "\ue000", ord("."): "\ue001"}
SEEN = {0xE000: ";", 0xE001: "."}


def literals(method, system):
    """The texts that a system's replay, or what all replays share, hands to a method."""
    found = []
    for path in (Path(__file__).with_name(f"test_coming_from_{system}.py"), Path(__file__).with_name("migrating_scene.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == method:
                found += [each.value for each in node.args if isinstance(each, ast.Constant)]
    return found


def shown_without_an_assertion():
    """Each `with … .shows(…)` of the replays in which nothing is asserted."""
    bare = []
    for path in REPLAYS:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.With) and ".shows(" in ast.unparse(node.items[0]):
                if not any(isinstance(each, ast.Assert) for each in ast.walk(node)):
                    bare.append(ast.unparse(node.items[0]))
    return bare
