"""What an account is like, before anything is made in it: somebody may be signed in to another one than they think."""

from botocore.exceptions import BotoCoreError, ClientError

from kinds import pages
from names import PATH, ours

# More than a test account has.
MANY_USERS = 50


def shown(place):
    """Lines about it. What may not be read is left out: the number of the account is asked for all the same."""
    parts = [alias(place), *rotators(place), *many_users(place)]
    return [f"  {part}" for part in parts if part]


def alias(place):
    found = readable(lambda: place.client("iam").list_account_aliases()["AccountAliases"])
    return f"alias {found[0]}" if found else ""


def rotators(place):
    stacks = readable(lambda: pages(place.client("cloudformation"), "describe_stacks", "Stacks"))
    named = [each["StackName"] for each in stacks if is_rotator(each) and not ours(each["StackName"])]
    return [f"WARNING: the stack {name} is a rotator. Is this an account for tests?" for name in named]


def is_rotator(stack):
    outputs = {output["OutputKey"] for output in stack.get("Outputs", [])}
    return "RotationFunctionArn" in outputs and stack["StackStatus"] != "DELETE_COMPLETE"


def many_users(place):
    """One page is enough to tell."""
    users = readable(lambda: place.client("iam").list_users(MaxItems=MANY_USERS + 1)["Users"])
    others = [user for user in users if user["Path"] != PATH]
    if len(others) < MANY_USERS:
        return []
    return [f"WARNING: the account has {MANY_USERS} users or more. Is it one for tests?"]


def readable(read):
    try:
        return read()
    except (ClientError, BotoCoreError):
        return []
