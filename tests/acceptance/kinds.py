"""What a run may leave in an account outside IAM: how it is listed, looked at, removed, and removed by hand.

Only names with our prefix are listed, and where AWS has tags for the kind, only what carries the tag of the same run.
"""

import re
from typing import Callable, NamedTuple

from botocore.exceptions import ClientError

from names import PREFIX, REGION_TAG, TAG, ours, run_of, values_of
from waiting import code_of

LAMBDA_LOGS = "/aws/lambda/"
# How AWS says that something is not there.
GONE = re.compile("NoSuchEntity|NotFound|NonExistent|NoSuchBucket|NoSuchTagSet|QueueDoesNotExist")


class Thing(NamedTuple):
    name: str
    run: str
    region: str
    # When it was made, where the list says so.
    created: str = ""


class Kind(NamedTuple):
    name: str
    # The things of ours that are there.
    listed: Callable
    # Whether one is there, asked by its name: lists lag behind.
    there: Callable
    remove: Callable
    # A command of the AWS CLI, by name.
    by_hand: Callable


def pages(client, operation, key, **given):
    """Every item of every page."""
    if client.can_paginate(operation):
        return [item for page in client.get_paginator(operation).paginate(**given) for item in page.get(key, [])]
    return getattr(client, operation)(**given).get(key, [])


def marked(place, found, everywhere=False):
    """Those of (name, when it was made, how its tags are read) whose tag names the run of the name.

    `everywhere`: the list is that of every region, so a tag tells the region.
    """
    things = []
    for name, created, read in found:
        tags = tags_of(read) if ours(name) else {}
        if TAG in tags and tags[TAG] == run_of(name):
            region = tags.get(REGION_TAG, "") if everywhere else place.region
            things.append(Thing(name, run_of(name), region, day(created)))
    return things


def tags_of(read):
    """Lists show for a while what is gone; it has no tags."""
    try:
        return values_of(read())
    except ClientError as error:
        if is_gone(error):
            return {}
        raise


def is_gone(error):
    """CloudFormation says so of a stack in words only."""
    if not isinstance(error, ClientError):
        return False
    return bool(GONE.search(code_of(error))) or (code_of(error) == "ValidationError" and "does not exist" in str(error))


def day(created):
    return f"{created:%Y-%m-%d %H:%M}" if hasattr(created, "strftime") else str(created or "")[:16]


def asking(service, operation, parameter):
    """Whether a thing is there, by a call that reads it."""

    def there(place, name):
        return answered(lambda: getattr(place.client(service), operation)(**{parameter: name}))

    return there


def answered(call):
    """Whether AWS answers; no if it says that the thing is not there."""
    try:
        call()
    except ClientError as error:
        if is_gone(error):
            return False
        raise
    return True


def stacks(place):
    every = pages(place.client("cloudformation"), "describe_stacks", "Stacks")
    living = [each for each in every if each["StackStatus"] != "DELETE_COMPLETE"]
    tags = lambda each: lambda: each.get("Tags", [])
    return marked(place, [(each["StackName"], each.get("CreationTime"), tags(each)) for each in living])


def stack_state(place, name):
    """Its status and the reason; none if it is gone."""
    try:
        found = place.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if is_gone(error):
            return None
        raise
    living = [each for each in found if each["StackStatus"] != "DELETE_COMPLETE"]
    return f"{living[0]['StackStatus']} {living[0].get('StackStatusReason', '')}".strip() if living else None


def delete_stack(place, name):
    place.client("cloudformation").delete_stack(StackName=name)


def secrets(place):
    """Those that wait for their deletion too: a check marks one. Not those that this run has deleted for good."""
    every = described_secrets(place, IncludePlannedDeletion=True)
    return [each for each in every if each.name not in place.deleted_secrets]


def living_secrets(place):
    """AWS lists a deleted one for a while; that keeps no run from beginning."""
    return described_secrets(place)


def described_secrets(place, **more):
    given = {"Filters": [{"Key": "name", "Values": [PREFIX]}]} | more
    every = pages(place.client("secretsmanager"), "list_secrets", "SecretList", **given)
    tags = lambda each: lambda: each.get("Tags", [])
    return marked(place, [(each["Name"], each.get("CreatedDate"), tags(each)) for each in every])


def secret_there(place, name):
    """A deletion for good is accepted for a secret that does not exist as well: only this tells."""
    client = place.client("secretsmanager")
    try:
        found = client.describe_secret(SecretId=name)
    except client.exceptions.ResourceNotFoundException:
        return False
    return not ("DeletedDate" in found and name in place.deleted_secrets)


def delete_secret(place, name):
    client = place.client("secretsmanager")
    try:
        client.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    except client.exceptions.InvalidRequestException:
        # It waits for its deletion.
        client.restore_secret(SecretId=name)
        client.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    place.deleted_secrets.add(name)


def functions(place):
    client = place.client("lambda")
    tags = lambda each: lambda: client.list_tags(Resource=each["FunctionArn"])["Tags"]
    every = pages(client, "list_functions", "Functions")
    return marked(place, [(each["FunctionName"], each.get("LastModified"), tags(each)) for each in every])


def delete_function(place, name):
    place.client("lambda").delete_function(FunctionName=name)


def subscriptions(place):
    """Those of our queues; a topic of an existing stack outlives the run. What is not confirmed or gone has no ARN."""
    every, queue = pages(place.client("sns"), "list_subscriptions", "Subscriptions"), place.arn("sqs", "")
    confirmed = [each for each in every if each["SubscriptionArn"].startswith("arn:")]
    of_queues = [each for each in confirmed if each["Endpoint"].startswith(queue)]
    named = [(each["SubscriptionArn"], last(each["Endpoint"])) for each in of_queues]
    return [Thing(arn, run_of(name), place.region) for arn, name in named if ours(name)]


def unsubscribe(place, arn):
    place.client("sns").unsubscribe(SubscriptionArn=arn)


def topics(place):
    client = place.client("sns")
    tags = lambda arn: lambda: client.list_tags_for_resource(ResourceArn=arn)["Tags"]
    every = [each["TopicArn"] for each in pages(client, "list_topics", "Topics")]
    return marked(place, [(last(arn), None, tags(arn)) for arn in every])


def last(arn):
    return arn.rsplit(":", 1)[-1]


def topic_there(place, name):
    return answered(lambda: place.client("sns").get_topic_attributes(TopicArn=place.arn("sns", name)))


def delete_topic(place, name):
    place.client("sns").delete_topic(TopicArn=place.arn("sns", name))


def queues(place):
    client = place.client("sqs")
    tags = lambda url: lambda: client.list_queue_tags(QueueUrl=url).get("Tags", {})
    every = pages(client, "list_queues", "QueueUrls", QueueNamePrefix=PREFIX)
    return marked(place, [(url.rsplit("/", 1)[-1], None, tags(url)) for url in every])


def delete_queue(place, name):
    client = place.client("sqs")
    client.delete_queue(QueueUrl=client.get_queue_url(QueueName=name)["QueueUrl"])


def log_groups(place):
    """Of functions. The role of ours may not write logs, but stand-ins make a group all the same."""
    every = pages(place.client("logs"), "describe_log_groups", "logGroups", logGroupNamePrefix=LAMBDA_LOGS + PREFIX)
    named = [(each["logGroupName"], run_of(each["logGroupName"].removeprefix(LAMBDA_LOGS))) for each in every]
    return [Thing(name, run, place.region) for name, run in named if run]


def log_group_there(place, name):
    every = pages(place.client("logs"), "describe_log_groups", "logGroups", logGroupNamePrefix=name)
    return any(each["logGroupName"] == name for each in every)


def logs_of_stack(place, stack):
    """The log groups that outlive a stack. Their names may begin with a part of its name only."""
    listed = place.client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
    named = [(each["ResourceType"], each.get("PhysicalResourceId")) for each in listed]
    groups = [name for kind, name in named if kind == "AWS::Logs::LogGroup"]
    of_functions = [LAMBDA_LOGS + name for kind, name in named if kind == "AWS::Lambda::Function" and name]
    return [*filter(None, groups), *of_functions]


def delete_log_group(place, name):
    place.client("logs").delete_log_group(logGroupName=name)


TOPIC_BY_HAND = (
    "aws sns delete-topic --topic-arn "
    "$(aws sns list-topics --output text --query \"Topics[?ends_with(TopicArn, ':{}')].TopicArn\")"
).format
QUEUE_BY_HAND = "aws sqs delete-queue --queue-url $(aws sqs get-queue-url --output text --queue-name {})".format
LOGS_BY_HAND = "aws logs delete-log-group --log-group-name {}".format
STACK = Kind(
    "stack",
    stacks,
    lambda place, name: stack_state(place, name) is not None,
    delete_stack,
    "aws cloudformation delete-stack --stack-name {}".format,
)
SECRET = Kind(
    "secret",
    secrets,
    secret_there,
    delete_secret,
    "aws secretsmanager delete-secret --force-delete-without-recovery --secret-id {}".format,
)
SUBSCRIPTION = Kind(
    "subscription",
    subscriptions,
    asking("sns", "get_subscription_attributes", "SubscriptionArn"),
    unsubscribe,
    "aws sns unsubscribe --subscription-arn {}".format,
)
# Noted when the stack goes: nothing in a name or a tag says whose they are.
STACK_LOGS = Kind("kept log group", lambda place: [], log_group_there, delete_log_group, LOGS_BY_HAND)
# In the order in which they go.
KINDS = [
    Kind(
        "function",
        functions,
        asking("lambda", "get_function_configuration", "FunctionName"),
        delete_function,
        "aws lambda delete-function --function-name {}".format,
    ),
    Kind("topic", topics, topic_there, delete_topic, TOPIC_BY_HAND),
    Kind("queue", queues, asking("sqs", "get_queue_url", "QueueName"), delete_queue, QUEUE_BY_HAND),
    Kind("log group", log_groups, log_group_there, delete_log_group, LOGS_BY_HAND),
    STACK_LOGS,
]
