"""What a run may leave in an account outside IAM: how it is listed, removed, and removed by hand.

Only names with our prefix are listed, and where AWS has tags for the kind, only what carries our tag.
"""

from typing import Callable, NamedTuple

from names import PREFIX, TAG, ours, tag_keys

LAMBDA_LOGS = "/aws/lambda/"


class Kind(NamedTuple):
    name: str
    # The names of ours that are there.
    listed: Callable
    remove: Callable
    # A command of the AWS CLI, by name.
    by_hand: Callable


def pages(client, operation, key, **given):
    """Every item of every page."""
    if client.can_paginate(operation):
        return [item for page in client.get_paginator(operation).paginate(**given) for item in page.get(key, [])]
    return getattr(client, operation)(**given).get(key, [])


def tagged(tags):
    return TAG in tag_keys(tags)


def stacks(place):
    return [each["StackName"] for each in described_stacks(place)]


def described_stacks(place):
    every = pages(place.client("cloudformation"), "describe_stacks", "Stacks")
    return [each for each in every if ours(each["StackName"]) and tagged(each.get("Tags", [])) and not gone(each)]


def gone(stack):
    return stack["StackStatus"] == "DELETE_COMPLETE"


def delete_stack(place, name):
    place.client("cloudformation").delete_stack(StackName=name)


def secrets(place):
    """Those that wait for their deletion too: a check marks one. Not those that this run has deleted for good."""
    every = described_secrets(place, IncludePlannedDeletion=True)
    return [each["Name"] for each in every if not ("DeletedDate" in each and each["Name"] in place.deleted_secrets)]


def living_secrets(place):
    """AWS lists a deleted one for a while; that keeps no run from beginning."""
    return [each["Name"] for each in described_secrets(place)]


def described_secrets(place, **more):
    given = {"Filters": [{"Key": "name", "Values": [PREFIX]}]} | more
    every = pages(place.client("secretsmanager"), "list_secrets", "SecretList", **given)
    return [each for each in every if ours(each["Name"]) and tagged(each.get("Tags", []))]


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
    named = [each for each in pages(client, "list_functions", "Functions") if ours(each["FunctionName"])]
    return [each["FunctionName"] for each in named if tagged(client.list_tags(Resource=each["FunctionArn"])["Tags"])]


def delete_function(place, name):
    place.client("lambda").delete_function(FunctionName=name)


def subscriptions(place):
    """Those of our queues; a topic of an existing stack outlives the run."""
    every = pages(place.client("sns"), "list_subscriptions", "Subscriptions")
    return [each["SubscriptionArn"] for each in every if ours(each["Endpoint"].rsplit(":", 1)[-1])]


def unsubscribe(place, arn):
    place.client("sns").unsubscribe(SubscriptionArn=arn)


def topics(place):
    client = place.client("sns")
    named = [each["TopicArn"] for each in pages(client, "list_topics", "Topics") if ours(last(each["TopicArn"]))]
    return [last(arn) for arn in named if tagged(client.list_tags_for_resource(ResourceArn=arn)["Tags"])]


def last(arn):
    return arn.rsplit(":", 1)[-1]


def delete_topic(place, name):
    place.client("sns").delete_topic(TopicArn=place.arn("sns", name))


def queues(place):
    client = place.client("sqs")
    named = [url for url in pages(client, "list_queues", "QueueUrls", QueueNamePrefix=PREFIX) if ours(queue_name(url))]
    return [queue_name(url) for url in named if tagged(client.list_queue_tags(QueueUrl=url).get("Tags", {}))]


def queue_name(url):
    return url.rsplit("/", 1)[-1]


def delete_queue(place, name):
    client = place.client("sqs")
    client.delete_queue(QueueUrl=client.get_queue_url(QueueName=name)["QueueUrl"])


def buckets(place):
    named = [each["Name"] for each in place.client("s3").list_buckets()["Buckets"] if ours(each["Name"])]
    return [name for name in named if tagged(bucket_tags(place, name))]


def bucket_tags(place, name):
    client = place.client("s3")
    try:
        return client.get_bucket_tagging(Bucket=name)["TagSet"]
    except client.exceptions.ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchTagSet", "NoSuchBucket"):
            return []
        raise


def delete_bucket(place, name):
    client = place.client("s3")
    for item in pages(client, "list_objects_v2", "Contents", Bucket=name):
        client.delete_object(Bucket=name, Key=item["Key"])
    client.delete_bucket(Bucket=name)


def log_groups(place):
    """Of functions. The role of ours may not write logs, but stand-ins make a group all the same."""
    client = place.client("logs")
    every = pages(client, "describe_log_groups", "logGroups", logGroupNamePrefix=LAMBDA_LOGS + PREFIX)
    return [each["logGroupName"] for each in every if ours(each["logGroupName"].removeprefix(LAMBDA_LOGS))]


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
STACK = Kind("stack", stacks, delete_stack, "aws cloudformation delete-stack --stack-name {}".format)
SECRET = Kind(
    "secret",
    secrets,
    delete_secret,
    "aws secretsmanager delete-secret --force-delete-without-recovery --secret-id {}".format,
)
SUBSCRIPTION = Kind("subscription", subscriptions, unsubscribe, "aws sns unsubscribe --subscription-arn {}".format)
# Noted when the stack goes: nothing in a name or a tag says whose they are.
STACK_LOGS = Kind("kept log group", lambda place: [], delete_log_group, LOGS_BY_HAND)
# In the order in which they go.
KINDS = [
    Kind("function", functions, delete_function, "aws lambda delete-function --function-name {}".format),
    Kind("topic", topics, delete_topic, TOPIC_BY_HAND),
    Kind("queue", queues, delete_queue, QUEUE_BY_HAND),
    Kind("bucket", buckets, delete_bucket, "aws s3 rb --force s3://{}".format),
    Kind("log group", log_groups, delete_log_group, LOGS_BY_HAND),
    STACK_LOGS,
]
