"""A synthesized template with its parameters and references filled in, as CloudFormation would."""

import json
import re

NO_VALUE = object()


class Template:
    """One template. `attributes` gives the values of what resources are asked for, by logical id and attribute."""

    def __init__(self, text, place, parameters=None):
        self.template = json.loads(text)
        self.parameters = {
            **{name: each.get("Default", "") for name, each in self.template.get("Parameters", {}).items()},
            **(parameters or {}),
        }
        self.pseudo = {
            "AWS::Partition": "aws",
            "AWS::Region": place["region"],
            "AWS::AccountId": place["account"],
            "AWS::NoValue": NO_VALUE,
        }

    def resources(self):
        """The resources whose conditions hold, by logical id without CDK's hash and by type."""
        return {
            (without_hash(name), each["Type"]): each
            for name, each in self.template["Resources"].items()
            if "Condition" not in each or self.holds({"Condition": each["Condition"]})
        }

    def outputs(self):
        return {name: each["Value"] for name, each in self.template.get("Outputs", {}).items()}

    def holds(self, condition):
        [[name, argument]] = condition.items()
        match name:
            case "Condition":
                return self.holds(self.template["Conditions"][argument])
            case "Fn::Not":
                return not self.holds(argument[0])
            case "Fn::And":
                return all(map(self.holds, argument))
            case "Fn::Or":
                return any(map(self.holds, argument))
            case "Fn::Equals":
                return str(self.filled(argument[0], None)) == str(self.filled(argument[1], None))
        raise ValueError(f"no such condition: {name}")

    def filled(self, value, attributes):
        """A value of the template, with what it refers to."""
        if isinstance(value, list):
            return [self.filled(each, attributes) for each in value]
        if not isinstance(value, dict):
            return value
        [[name, argument], *more] = value.items() or [[None, None]]
        if not more and (name == "Ref" or str(name).startswith("Fn::")):
            return self.intrinsic(name, argument, attributes)
        filled = {key: self.filled(each, attributes) for key, each in value.items()}
        return {key: each for key, each in filled.items() if each is not NO_VALUE}

    def intrinsic(self, name, argument, attributes):
        match name:
            case "Ref":
                return self.reference(argument, attributes)
            case "Fn::GetAtt":
                return attributes(without_hash(argument[0]), argument[1])
            case "Fn::Sub":
                text, parts = (argument, {}) if isinstance(argument, str) else argument
                named = self.filled(parts, attributes)
                return re.sub(
                    r"\$\{(!?)([^}]*)\}",
                    lambda match: (
                        f"${{{match[2]}}}" if match[1] else str(named.get(match[2]) or self.substituted(match[2], attributes))
                    ),
                    text,
                )
            case "Fn::Join":
                return argument[0].join(map(str, self.filled(argument[1], attributes)))
            case "Fn::Split":
                return self.filled(argument[1], attributes).split(argument[0])
            case "Fn::Select":
                return self.filled(argument[1], attributes)[int(argument[0])]
            case "Fn::If":
                return self.filled(argument[1 if self.holds({"Condition": argument[0]}) else 2], attributes)
        raise ValueError(f"no such function: {name}")

    def substituted(self, name, attributes):
        resource, _, attribute = name.partition(".")
        return attributes(without_hash(resource), attribute) if attribute else self.reference(name, attributes)

    def reference(self, name, attributes):
        for known in (self.parameters, self.pseudo):
            if name in known:
                return known[name]
        return attributes(without_hash(name), None)


def without_hash(name):
    return re.sub(r"[0-9A-F]{8}$", "", name)
