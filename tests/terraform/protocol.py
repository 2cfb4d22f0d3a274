"""The messages of Terraform's plugin protocol 5 that a provider answers, built without a compiler of protobuf's own language.

https://developer.hashicorp.com/terraform/plugin/terraform-plugin-protocol has the protocol. Each field below is its
number, its type and its name; `*` is a repeated field, `{}` a map from a text.
"""

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "tfplugin5"

MESSAGES = {
    "DynamicValue": ["1 bytes msgpack", "2 bytes json"],
    "Diagnostic": ["1 int64 severity", "2 string summary", "3 string detail"],
    "RawState": ["1 bytes json"],
    "Attribute": [
        "1 string name", "2 bytes type", "4 bool required", "5 bool optional", "6 bool computed",
    ],
    "NestedBlock": [
        "1 string type_name", "2 Block block", "3 int64 nesting", "4 int64 min_items", "5 int64 max_items",
    ],
    "Block": ["1 int64 version", "2 *Attribute attributes", "3 *NestedBlock block_types"],
    "Schema": ["1 int64 version", "2 Block block"],
    "Nothing": [],
    "Schemas": [
        "1 Schema provider", "2 {}Schema resource_schemas", "3 {}Schema data_source_schemas",
        "4 *Diagnostic diagnostics",
    ],
    "PrepareRequest": ["1 DynamicValue config"],
    "PrepareResponse": ["1 DynamicValue prepared_config", "2 *Diagnostic diagnostics"],
    "ConfigureRequest": ["1 string terraform_version", "2 DynamicValue config"],
    "Diagnosed": ["1 *Diagnostic diagnostics"],
    "ValidateRequest": ["1 string type_name", "2 DynamicValue config"],
    "UpgradeRequest": ["1 string type_name", "2 int64 version", "3 RawState raw_state"],
    "UpgradeResponse": ["1 DynamicValue upgraded_state", "2 *Diagnostic diagnostics"],
    "ReadRequest": ["1 string type_name", "2 DynamicValue current_state", "3 bytes private"],
    "ReadResponse": ["1 DynamicValue new_state", "2 *Diagnostic diagnostics", "3 bytes private"],
    "PlanRequest": [
        "1 string type_name", "2 DynamicValue prior_state", "3 DynamicValue proposed_new_state", "4 DynamicValue config",
        "5 bytes prior_private",
    ],
    "PlanResponse": ["1 DynamicValue planned_state", "3 bytes planned_private", "4 *Diagnostic diagnostics"],
    "ApplyRequest": [
        "1 string type_name", "2 DynamicValue prior_state", "3 DynamicValue planned_state", "4 DynamicValue config",
        "5 bytes planned_private",
    ],
    "ApplyResponse": ["1 DynamicValue new_state", "2 bytes private", "3 *Diagnostic diagnostics"],
    "DataRequest": ["1 string type_name", "2 DynamicValue config"],
    "DataResponse": ["1 DynamicValue state", "2 *Diagnostic diagnostics"],
}

#: What Terraform calls, with the message it sends and the one it expects.
METHODS = {
    "GetSchema": ("Nothing", "Schemas"),
    "PrepareProviderConfig": ("PrepareRequest", "PrepareResponse"),
    "Configure": ("ConfigureRequest", "Diagnosed"),
    "ValidateResourceTypeConfig": ("ValidateRequest", "Diagnosed"),
    "ValidateDataSourceConfig": ("ValidateRequest", "Diagnosed"),
    "UpgradeResourceState": ("UpgradeRequest", "UpgradeResponse"),
    "ReadResource": ("ReadRequest", "ReadResponse"),
    "PlanResourceChange": ("PlanRequest", "PlanResponse"),
    "ApplyResourceChange": ("ApplyRequest", "ApplyResponse"),
    "ReadDataSource": ("DataRequest", "DataResponse"),
    "Stop": ("Nothing", "Nothing"),
}

_FIELD = descriptor_pb2.FieldDescriptorProto
_SCALARS = {
    "string": _FIELD.TYPE_STRING,
    "bytes": _FIELD.TYPE_BYTES,
    "bool": _FIELD.TYPE_BOOL,
    "int64": _FIELD.TYPE_INT64,
}


def _messages():
    file = descriptor_pb2.FileDescriptorProto(name="provider.proto", package=PACKAGE, syntax="proto3")
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field in fields:
            _add_field(message, *field.split())
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{name}")) for name in MESSAGES
    }


def _add_field(message, number, kind, name):
    label = _FIELD.LABEL_REPEATED if kind[0] in "*{" else _FIELD.LABEL_OPTIONAL
    if kind.startswith("{}"):
        # A map is a list of entries, each a key and a value.
        entry = message.nested_type.add(name=f"{name.title().replace('_', '')}Entry")
        entry.options.map_entry = True
        _add_field(entry, "1", "string", "key")
        _add_field(entry, "2", kind[2:], "value")
        kind = f"{message.name}.{entry.name}"
    kind = kind.lstrip("*")
    field = message.field.add(name=name, number=int(number), label=label)
    if kind in _SCALARS:
        field.type = _SCALARS[kind]
    else:
        field.type = _FIELD.TYPE_MESSAGE
        field.type_name = f".{PACKAGE}.{kind}"


#: The classes of the messages, by name.
CLASSES = _messages()
