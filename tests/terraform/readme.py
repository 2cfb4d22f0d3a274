"""The tables of inputs and outputs in the modules' READMEs, written from their files.

`readme.py` writes them; a test fails when they are not current.
"""

import re
from pathlib import Path

MODULE = Path(__file__).resolve().parents[2] / "cdk" / "terraform"
MARK = "<!-- made by tests/terraform/readme.py -->"


def with_tables(page, folder):
    """The page with the tables of today between its two marks."""
    before, _, after = page.split(MARK)
    return f"{before}{MARK}\n\n{tables(folder)}\n{MARK}{after}"


def tables(folder):
    inputs = [
        f"| `{name}` | {description} | `{kind}` | {default} |"
        for name, description, kind, default in variables_of(folder)
    ]
    outputs = [f"| `{name}` | {description} |" for name, description in outputs_of(folder)]
    return "\n".join(
        [
            "### Inputs", "", "| name | meaning | type | default |", "|---|---|---|---|", *inputs, "",
            "### Outputs", "", "| name | meaning |", "|---|---|", *outputs, "",
        ]
    )  # fmt: skip


def blocks(path, kind):
    """The blocks of a formatted file: a name, and the lines in between."""
    return re.findall(rf'^{kind} "(\w+)" \{{\n(.*?)^\}}$', path.read_text(), re.M | re.S)


def variables_of(folder):
    for name, body in blocks(folder / "variables.tf", "variable"):
        # What a validation says is not of the variable.
        own = re.sub(r"^  validation \{\n.*?^  \}$", "", body, flags=re.M | re.S)
        default = argument(own, "default")
        yield name, text(argument(own, "description")), argument(own, "type"), "required" if default is None else f"`{default}`"


def outputs_of(folder):
    for name, body in blocks(folder / "outputs.tf", "output"):
        yield name, text(argument(body, "description"))


def argument(body, name):
    """The expression of an argument, which may go over several lines."""
    found = re.search(rf"^  {name}\s+= (.*?)(?=^  \w|^  #|\Z)", body, re.M | re.S)
    if not found:
        return None
    first, *lines = [re.sub(r"\s+", " ", line.strip()) for line in found[1].strip().splitlines()]
    # An object has a line for each attribute.
    return f"{first} {', '.join(lines[:-1])} {lines[-1]}" if lines else first


def text(literal):
    return literal.strip('"').replace("|", "\\|")


def resource_types(module):
    """The types of resources of a module, its submodules and its examples."""
    return {kind for path in module.rglob("*.tf") for kind in re.findall(r'^resource "(\w+)"', path.read_text(), re.M)}


if __name__ == "__main__":
    for page in sorted(MODULE.rglob("README.md")):
        page.write_text(with_tables(page.read_text(), page.parent))
