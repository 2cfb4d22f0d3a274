"""What a run may leave in IAM. IAM refuses to delete a user or a role before what belongs to it."""

from botocore.exceptions import ClientError

from kinds import Kind, pages, tagged
from names import PATH, ours


def users(place):
    client = place.client("iam")
    below = pages(client, "list_users", "Users", PathPrefix=PATH)
    named = [each["UserName"] for each in below if each["Path"] == PATH and ours(each["UserName"])]
    return [name for name in named if tagged(client.list_user_tags(UserName=name)["Tags"])]


def delete_user(place, name):
    client = place.client("iam")
    for key in pages(client, "list_access_keys", "AccessKeyMetadata", UserName=name):
        client.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    for policy in user_policies(place, name):
        client.delete_user_policy(UserName=name, PolicyName=policy)
    client.delete_user(UserName=name)


def user_policies(place, name):
    try:
        return pages(place.client("iam"), "list_user_policies", "PolicyNames", UserName=name)
    except ClientError as error:
        if place.lacks(error):
            return []
        raise


def roles(place):
    client = place.client("iam")
    named = [each["RoleName"] for each in pages(client, "list_roles", "Roles") if ours(each["RoleName"])]
    return [name for name in named if tagged(client.list_role_tags(RoleName=name)["Tags"])]


def delete_role(place, name):
    client = place.client("iam")
    for policy in pages(client, "list_role_policies", "PolicyNames", RoleName=name):
        client.delete_role_policy(RoleName=name, PolicyName=policy)
    client.delete_role(RoleName=name)


def whole_user(name):
    """The commands, for what belongs to a user must go first."""
    listed = f"aws iam list-access-keys --user-name {name} --query 'AccessKeyMetadata[].AccessKeyId' --output text"
    keys = f"for key in $({listed}); do aws iam delete-access-key --user-name {name} --access-key-id $key; done"
    policy = f"aws iam delete-user-policy --user-name {name} --policy-name only"
    return f"{keys}; {policy}; aws iam delete-user --user-name {name}"


def whole_role(name):
    listed = f"aws iam list-role-policies --role-name {name} --query PolicyNames --output text"
    delete = f"aws iam delete-role-policy --role-name {name} --policy-name"
    policies = f"for policy in $({listed}); do {delete} $policy; done"
    return f"{policies}; aws iam delete-role --role-name {name}"


IAM_KINDS = [Kind("user", users, delete_user, whole_user), Kind("role", roles, delete_role, whole_role)]
