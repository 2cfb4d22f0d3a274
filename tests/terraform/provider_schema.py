"""The arguments of the AWS provider's resources that the module uses, read from the package that was generated from them.

No registry of providers is needed: `@cdktf/provider-aws` on npm has one folder for each resource, and in it which
arguments there are, of which types, and which are required. `provider_schema.py PACKAGE.tgz` writes aws_provider.json
beside this file.
"""

import base64
import hashlib
import json
import re
import sys
import tarfile
from pathlib import Path

#: The last release of the package, of version 6.25.0 of the provider, and what npm says of it.
PACKAGE = "@cdktf/provider-aws@21.22.1"
INTEGRITY = "sha512-BuSHeaQFUL9l33pBzIMRT7cTQ69AM2mLtijjteCPhVQRmvuhuj9Lvfymf7knAMhYqAT6+Lrls9jiGVW/Us3zrQ=="

SCHEMA = Path(__file__).with_name("aws_provider.json")

RESOURCES = [
    "aws_cloudwatch_dashboard",
    "aws_cloudwatch_event_rule",
    "aws_cloudwatch_event_target",
    "aws_cloudwatch_log_group",
    "aws_cloudwatch_metric_alarm",
    "aws_iam_access_key",
    "aws_iam_policy",
    "aws_iam_role",
    "aws_iam_role_policy",
    "aws_iam_user",
    "aws_kms_key",
    "aws_lambda_function",
    "aws_lambda_function_event_invoke_config",
    "aws_lambda_permission",
    "aws_scheduler_schedule",
    "aws_secretsmanager_secret",
    "aws_secretsmanager_secret_policy",
    "aws_secretsmanager_secret_rotation",
    "aws_secretsmanager_secret_version",
    "aws_sfn_state_machine",
    "aws_sns_topic",
    "aws_sns_topic_policy",
    "aws_sns_topic_subscription",
    "aws_sqs_queue",
    "aws_sqs_queue_policy",
]
DATA_SOURCES = ["aws_caller_identity", "aws_partition", "aws_region"]

ELEMENTS = {"string": "string", "number": "number", "boolean": "bool", "any": "dynamic"}
GETTERS = {
    "getStringAttribute": "string",
    "getNumberAttribute": "number",
    "getBooleanAttribute": "bool",
    "getListAttribute": ["list", "string"],
    "getStringMapAttribute": ["map", "string"],
}


class Source:
    """The generated code of one resource."""

    def __init__(self, text):
        self.text = text
        #: The body of each class, by its name.
        self.classes = {
            match[1]: match[2] for match in re.finditer(r"^class (\w+) extends [^{]*\{\n(.*?)^\}$", text, re.M | re.S)
        }

    def block(self, structure):
        """A nested block, by the name of what makes its HCL."""
        found = re.search(rf"^function {structure}\(struct\) \{{.*?const attrs = \{{\n(.*?)^    \}};$", self.text, re.M | re.S)
        return self.schema(found[1], self.classes[capital(structure.removesuffix("ToHclTerraform")) + "OutputReference"])

    def resource(self, base):
        """The whole resource or data source."""
        [body] = [body for name, body in self.classes.items() if f"class {name} extends cdktf.{base} " in self.text]
        found = re.search(r"synthesizeHclAttributes\(\) \{\n\s+const attrs = \{\n(.*?)^        \};$", body, re.M | re.S)
        return self.schema(found[1] if found else "", body)

    def schema(self, arguments, body):
        """Attributes and blocks of which `arguments` are configured; `body` knows which are required, or computed."""
        attributes, blocks = {}, {}
        entry = r"^\s+(\w+): \{\n\s+value: (.*),\n\s+isBlock: (true|false),\n\s+type: \"(\w+)\",\n\s+storageClassType: \"(\w+)\""
        for name, value, is_block, collection, element in re.findall(entry, arguments, re.M):
            optional = f" reset{capital(camel(name))}()" in body
            structure = re.search(r"(\w+ToHclTerraform)\b(?<!cdktf\.stringToHclTerraform)", value.replace("cdktf.", "cdktf "))
            if is_block == "true":
                many = "listMapperHcl" in value
                blocks[name] = {
                    "nesting": "set" if collection == "set" else "list",
                    "min": 0 if optional else 1,
                    "max": 0 if many else 1,
                    "block": self.block(structure[1]),
                }
            else:
                attributes[name] = {
                    "type": self.type_of(collection, element, structure),
                    "optional" if optional else "required": True,
                    # What the provider fills in where it is left out, the package does not say. Of these it is known.
                    **({"computed": True} if name in ("id", "region", "tags_all") and optional else {}),
                }
        for name, getter in re.findall(
            r"// (\w+) - computed: true, optional: false, required: false\n\s+get \w+\(\) \{\n\s+return this\.(\w+)\(", body
        ):
            attributes[name] = {"type": GETTERS[getter], "computed": True}
        return {"attributes": dict(sorted(attributes.items())), "blocks": dict(sorted(blocks.items()))}

    def type_of(self, collection, element, structure):
        kind = re.sub(r"(List|Map|Set)$", "", element)
        if kind in ELEMENTS:
            return ELEMENTS[kind] if collection == "simple" else [collection, ELEMENTS[kind]]
        fields = self.block(structure[1])["attributes"]
        return [collection, ["object", {name: field["type"] for name, field in fields.items()}]]


def camel(name):
    first, *rest = name.split("_")
    return first + "".join(map(capital, rest))


def capital(text):
    return text[:1].upper() + text[1:]


def extract(package):
    """The schemas of RESOURCES and DATA_SOURCES, from the bytes of the package."""
    digest = base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode()
    if f"sha512-{digest}" != INTEGRITY:
        sys.exit(f"{package} is not {PACKAGE}: its sha512 is {digest}")
    wanted = {
        **{folder(name): ("resources", name, "TerraformResource") for name in RESOURCES},
        **{f"data-{folder(name, True)}": ("data_sources", name, "TerraformDataSource") for name in DATA_SOURCES},
    }
    found = {"provider_version": "", "resources": {}, "data_sources": {}}
    with tarfile.open(package, "r|gz") as archive:
        for member in archive:
            name = member.name.removeprefix("package/")
            key = name.removeprefix("lib/").removesuffix("/index.js")
            if name == "package.json":
                found["provider_version"] = json.load(archive.extractfile(member))["cdktf"]["provider"]["version"]
            elif name == f"lib/{key}/index.js" and key in wanted:
                kind, resource, base = wanted.pop(key)
                found[kind][resource] = Source(archive.extractfile(member).read().decode()).resource(base)
    if wanted:
        sys.exit(f"{package} lacks {sorted(wanted)}")
    return {kind: dict(sorted(value.items())) if kind != "provider_version" else value for kind, value in found.items()}


def text(schemas):
    """The schemas as JSON, a line for each resource."""
    kinds = ",\n".join(
        f'"{kind}": {{\n' + ",\n".join(f'"{name}": {json.dumps(schema)}' for name, schema in schemas[kind].items()) + "\n}"
        for kind in ("resources", "data_sources")
    )
    return f'{{\n"provider_version": "{schemas["provider_version"]}",\n{kinds}\n}}\n'


def folder(resource, data=False):
    name = resource.replace("_", "-")
    return name if data else name.removeprefix("aws-")


if __name__ == "__main__":
    SCHEMA.write_text(text(extract(Path(sys.argv[1]))))
