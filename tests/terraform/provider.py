"""A stand-in for the AWS provider: it knows the provider's arguments (aws_provider.json), and calls nobody.

Terraform talks to it as to any provider, so `validate`, `plan` and `apply` are Terraform's own. While it plans, what AWS
would decide is unknown, as with the real provider; an apply fills it in, with ARNs such as AWS makes. What it cannot
know is which values AWS takes.
"""

import contextlib
import json
import os
from concurrent import futures
from pathlib import Path

import grpc
import msgpack

from protocol import CLASSES, METHODS, PACKAGE

SCHEMA = json.loads(Path(__file__).with_name("aws_provider.json").read_text())
ACCOUNT = "111122223333"
REGION = "eu-west-1"

#: How Terraform writes a value that is not known yet.
UNKNOWN = msgpack.ExtType(0, b"\0")

NESTING = {"list": 2, "set": 3}

#: The end of an ARN, by the resource and its arguments.
ARNS = {
    "aws_cloudwatch_dashboard": "cloudwatch::{account}:dashboard/{dashboard_name}",
    "aws_cloudwatch_event_rule": "events:{region}:{account}:rule/{name}",
    "aws_cloudwatch_log_group": "logs:{region}:{account}:log-group:{name}",
    "aws_cloudwatch_metric_alarm": "cloudwatch:{region}:{account}:alarm:{alarm_name}",
    "aws_iam_policy": "iam::{account}:policy{path}{name}",
    "aws_iam_role": "iam::{account}:role{path}{name}",
    "aws_iam_user": "iam::{account}:user{path}{name}",
    # A key has no name, so tests tell keys apart by what they are for.
    "aws_kms_key": "kms:{region}:{account}:key/{description}",
    "aws_lambda_function": "lambda:{region}:{account}:function:{function_name}",
    "aws_scheduler_schedule": "scheduler:{region}:{account}:schedule/default/{name}",
    "aws_secretsmanager_secret": "secretsmanager:{region}:{account}:secret:{name}-AbCdEf",
    "aws_sfn_state_machine": "states:{region}:{account}:stateMachine:{name}",
    "aws_sns_topic": "sns:{region}:{account}:{name}",
    "aws_sns_topic_subscription": "sns:{region}:{account}:subscription/{endpoint}",
    "aws_sqs_queue": "sqs:{region}:{account}:{name}",
}
#: Resources whose id is another attribute.
IDS = {
    "arn": ["aws_iam_policy", "aws_secretsmanager_secret", "aws_sfn_state_machine", "aws_sns_topic"],
    "url": ["aws_sqs_queue"],
    "secret_arn": ["aws_secretsmanager_secret_policy"],
}


class Provider:
    """What each method of the protocol answers."""

    def __init__(self):
        #: Each configuration of the provider has a connection of its own, and a region.
        self.regions = {}

    def GetSchema(self, *_):
        answer = CLASSES["Schemas"]()
        add_block(answer.provider.block, {"attributes": {"region": {"type": "string", "optional": True}}, "blocks": {}})
        for name, block in SCHEMA["resources"].items():
            add_block(answer.resource_schemas[name].block, block)
        for name, block in SCHEMA["data_sources"].items():
            add_block(answer.data_source_schemas[name].block, block)
        return answer

    def PrepareProviderConfig(self, request, _):
        return CLASSES["PrepareResponse"](prepared_config=request.config)

    def Configure(self, request, context):
        configured = load(request.config).get("region")
        self.regions[context.peer()] = configured if isinstance(configured, str) else REGION
        return CLASSES["Diagnosed"]()

    def ValidateResourceTypeConfig(self, *_):
        return CLASSES["Diagnosed"]()

    ValidateDataSourceConfig = ValidateResourceTypeConfig

    def UpgradeResourceState(self, request, _):
        return CLASSES["UpgradeResponse"](upgraded_state={"json": request.raw_state.json})

    def ReadResource(self, request, _):
        return CLASSES["ReadResponse"](new_state=request.current_state)

    def PlanResourceChange(self, request, _):
        proposed = load(request.proposed_new_state)
        if proposed is not None and load(request.prior_state) is None:
            proposed = {**proposed, **{name: UNKNOWN for name in computed(request.type_name) if proposed[name] is None}}
        return CLASSES["PlanResponse"](planned_state=dump(proposed))

    def ApplyResourceChange(self, request, context):
        planned = load(request.planned_state)
        region = self.regions[context.peer()]
        return CLASSES["ApplyResponse"](new_state=dump(planned and filled_in(request.type_name, planned, region)))

    def ReadDataSource(self, request, context):
        region = self.regions[context.peer()]
        known = {
            "account_id": ACCOUNT, "region": region, "name": region, "partition": "aws",
            "dns_suffix": "amazonaws.com", "arn": f"arn:aws:iam::{ACCOUNT}:user/tester",
            "id": region if request.type_name == "aws_region" else ACCOUNT,
        }
        asked = load(request.config)
        return CLASSES["DataResponse"](state=dump({name: asked[name] or known.get(name) for name in asked}))

    def Stop(self, *_):
        return CLASSES["Nothing"]()


def filled_in(kind, planned, region):
    """The values that AWS decides, as far as anything refers to them."""
    region = planned.get("region") if isinstance(planned.get("region"), str) else region
    known = {name: value for name, value in planned.items() if value != UNKNOWN and value is not None}
    made = {"region": region, "tags_all": known.get("tags", {})}
    if kind in ARNS:
        made["arn"] = "arn:aws:" + ARNS[kind].format(**{"path": "/", "region": region, "account": ACCOUNT, **known})
    if kind == "aws_sqs_queue":
        made["url"] = f"https://sqs.{region}.amazonaws.com/{ACCOUNT}/{known['name']}"
    of_id = next((attribute for attribute, kinds in IDS.items() if kind in kinds), None)
    made["id"] = {**known, **made}[of_id] if of_id else next((known[name] for name in known if name.endswith("name")), kind)
    types = SCHEMA["resources"][kind]["attributes"]
    nothing = {"string": f"{kind}-made", "number": 0, "bool": False}
    return {
        name: made.get(name, nothing.get(str(types[name]["type"]))) if value == UNKNOWN else value
        for name, value in planned.items()
    }


def computed(kind):
    return [name for name, attribute in SCHEMA["resources"][kind]["attributes"].items() if attribute.get("computed")]


def add_block(block, schema):
    for name, attribute in schema["attributes"].items():
        block.attributes.add(
            name=name,
            type=json.dumps(attribute["type"]).encode(),
            **{flag: True for flag in ("required", "optional", "computed") if attribute.get(flag)},
        )
    for name, nested in schema["blocks"].items():
        made = block.block_types.add(
            type_name=name, nesting=NESTING[nested["nesting"]], min_items=nested["min"], max_items=nested["max"]
        )
        add_block(made.block, nested["block"])


def load(value):
    if value.json:
        return json.loads(value.json)
    return msgpack.unpackb(value.msgpack, ext_hook=lambda *_: UNKNOWN, strict_map_key=False)


def dump(value):
    return {"msgpack": msgpack.packb(value)}


@contextlib.contextmanager
def served():
    """Serves the provider on loopback. Gives the environment in which Terraform takes it for hashicorp/aws."""
    provider = Provider()
    handlers = {
        name: grpc.unary_unary_rpc_method_handler(
            getattr(provider, name),
            request_deserializer=CLASSES[asked].FromString,
            response_serializer=CLASSES[answered].SerializeToString,
        )
        for name, (asked, answered) in METHODS.items()
    }
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(f"{PACKAGE}.Provider", handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    attached = {
        "Protocol": "grpc",
        "ProtocolVersion": 5,
        "Pid": os.getpid(),
        # Terraform leaves a provider of a test running when it ends.
        "Test": True,
        "Addr": {"Network": "tcp", "String": f"127.0.0.1:{port}"},
    }
    try:
        yield {"TF_REATTACH_PROVIDERS": json.dumps({"registry.terraform.io/hashicorp/aws": attached})}
    finally:
        server.stop(None)
