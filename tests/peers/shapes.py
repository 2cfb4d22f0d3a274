"""Answers held against AWS's own service models, which botocore ships.

botocore itself reads leniently: it drops members it does not know, misses none, and takes a number for
a text. So the bytes are walked here, beside the shape that the model gives the operation's output.
"""

import base64
import binascii
import json
import re
from xml.etree import ElementTree

ISO_8601 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def watch(client, found):
    """Adds to `found` whatever is wrong with an answer this client gets."""

    def after_call(http_response, model, **_):
        if http_response.status_code < 300:
            found.extend(f"{model.name}: {problem}" for problem in problems(model, http_response.content))

    client.meta.events.register("after-call", after_call)


def problems(operation, body):
    shape = operation.output_shape
    if operation.service_model.protocol == "query":
        root = ElementTree.fromstring(body)
        yield from query(operation, shape, root)
    elif shape is not None:
        yield from of_json(shape, json.loads(body or b"{}"), "answer")


def query(operation, shape, root):
    if local(root) != f"{operation.name}Response":
        yield f"the root is {local(root)}"
    children = {local(child): child for child in root}
    if "ResponseMetadata" not in children:
        yield "no ResponseMetadata"
    if shape is None:
        return
    wrapper = shape.serialization.get("resultWrapper", f"{operation.name}Result")
    if wrapper not in children:
        yield f"no {wrapper}"
    else:
        yield from of_xml(shape, children[wrapper], "answer")


def members(shape):
    """The members of a structure by their names on the wire."""
    return {member.serialization.get("name", name): (name, member) for name, member in shape.members.items()}


def missing(shape, present):
    named = members(shape)
    for wire, (name, _) in named.items():
        if name in shape.required_members and wire not in present:
            yield wire


def of_json(shape, value, path):
    if value is None:
        yield f"{path} is null instead of absent"
    elif shape.type_name == "structure":
        if not isinstance(value, dict):
            yield f"{path} is no object"
            return
        named = members(shape)
        yield from (f"{path}.{name} is missing" for name in missing(shape, value))
        for name, inner in value.items():
            if name in named:
                yield from of_json(named[name][1], inner, f"{path}.{name}")
            else:
                yield f"{path}.{name} is in no model"
    elif shape.type_name == "list":
        if not isinstance(value, list):
            yield f"{path} is no list"
            return
        for inner in value:
            yield from of_json(shape.member, inner, f"{path}[]")
    elif shape.type_name == "map":
        if not isinstance(value, dict):
            yield f"{path} is no map"
            return
        for key, inner in value.items():
            yield from of_text(shape.key, key, f"{path} key")
            yield from of_json(shape.value, inner, f"{path}{{}}")
    else:
        yield from of_json_leaf(shape, value, path)


def of_json_leaf(shape, value, path):
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    expected = {
        "string": isinstance(value, str),
        "character": isinstance(value, str),
        "blob": isinstance(value, str) and is_base64(value),
        "boolean": isinstance(value, bool),
        "integer": number and isinstance(value, int),
        "long": number and isinstance(value, int),
        "float": number,
        "double": number,
        "timestamp": number,
    }
    if not expected[shape.type_name]:
        yield f"{path} is no {shape.type_name}"
    elif shape.type_name == "string":
        yield from of_text(shape, value, path)


def of_text(shape, text, path):
    low, high = shape.metadata.get("min", 0), shape.metadata.get("max", float("inf"))
    if not low <= len(text) <= high:
        yield f"{path} has a length that the model refuses"
    # Only the shape of a string knows of such; a blob is a text on the wire as well.
    enum = getattr(shape, "enum", None)
    if enum and text not in enum:
        yield f"{path} is none of {', '.join(enum)}"


def is_base64(text):
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error:
        return False
    return True


def local(element):
    return element.tag.rsplit("}", 1)[-1]


def of_xml(shape, element, path):
    if shape.type_name == "structure":
        named = members(shape)
        yield from (f"{path}.{name} is missing" for name in missing(shape, {local(child) for child in element}))
        seen = set()
        for child in element:
            name = local(child)
            if name not in named:
                yield f"{path}.{name} is in no model"
                continue
            if name in seen:
                yield f"{path}.{name} is there twice"
            seen.add(name)
            yield from of_xml(named[name][1], child, f"{path}.{name}")
    elif shape.type_name == "list":
        name = shape.member.serialization.get("name", "member")
        for child in element:
            if local(child) != name:
                yield f"{path} holds {local(child)} instead of {name}"
            else:
                yield from of_xml(shape.member, child, f"{path}[]")
    else:
        yield from of_xml_leaf(shape, element.text or "", path)


def of_xml_leaf(shape, text, path):
    patterns = {
        "boolean": re.compile("true|false"),
        "integer": re.compile(r"-?\d+"),
        "long": re.compile(r"-?\d+"),
        "timestamp": ISO_8601,
    }
    pattern = patterns.get(shape.type_name)
    if pattern is not None:
        if not pattern.fullmatch(text):
            yield f"{path} is no {shape.type_name}"
    else:
        yield from of_text(shape, text, path)
