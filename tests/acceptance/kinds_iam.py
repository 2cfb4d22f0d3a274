"""What a run may leave in IAM, in every region. IAM refuses to delete a user or a role before what belongs to it."""

from botocore.exceptions import ClientError

from kinds import Kind, asking, is_gone, marked, pages
from names import PATH

# What may belong to a user besides keys and inline policies, all of it put there by others: an organization's
# automation, say. How it is listed, what names each item, and how it is taken away.
OF_USER = [
    ("list_attached_user_policies", "AttachedPolicies", "PolicyArn", "detach_user_policy"),
    ("list_groups_for_user", "Groups", "GroupName", "remove_user_from_group"),
    ("list_mfa_devices", "MFADevices", "SerialNumber", "deactivate_mfa_device"),
    (
        "list_service_specific_credentials",
        "ServiceSpecificCredentials",
        "ServiceSpecificCredentialId",
        "delete_service_specific_credential",
    ),
    ("list_ssh_public_keys", "SSHPublicKeys", "SSHPublicKeyId", "delete_ssh_public_key"),
    ("list_signing_certificates", "Certificates", "CertificateId", "delete_signing_certificate"),
]
ATTACHED = "AttachedPolicies[].PolicyArn"
OF_ROLE = [
    ("list_attached_role_policies", "AttachedPolicies", "PolicyArn", "detach_role_policy"),
    ("list_instance_profiles_for_role", "InstanceProfiles", "InstanceProfileName", "remove_role_from_instance_profile"),
]


def users(place):
    client = place.client("iam")
    tags = lambda name: lambda: client.list_user_tags(UserName=name)["Tags"]
    below = [each for each in pages(client, "list_users", "Users", PathPrefix=PATH) if each["Path"] == PATH]
    return marked(place, [(each["UserName"], each["CreateDate"], tags(each["UserName"])) for each in below], True)


def delete_user(place, name):
    client, user = place.client("iam"), {"UserName": name}
    for key in pages(client, "list_access_keys", "AccessKeyMetadata", **user):
        client.delete_access_key(AccessKeyId=key["AccessKeyId"], **user)
    for policy in listed(place, "list_user_policies", "PolicyNames", user):
        client.delete_user_policy(PolicyName=policy, **user)
    try:
        client.delete_user(**user)
    except client.exceptions.DeleteConflictException:
        take_away(place, OF_USER, user)
        without_password(place, user)
        client.delete_user(**user)


def without_password(place, user):
    try:
        place.client("iam").delete_login_profile(**user)
    except ClientError as error:
        if not is_gone(error) and not place.lacks(error):
            raise


def roles(place):
    client = place.client("iam")
    tags = lambda name: lambda: client.list_role_tags(RoleName=name)["Tags"]
    every = pages(client, "list_roles", "Roles")
    return marked(place, [(each["RoleName"], each["CreateDate"], tags(each["RoleName"])) for each in every], True)


def delete_role(place, name):
    client, role = place.client("iam"), {"RoleName": name}
    for policy in pages(client, "list_role_policies", "PolicyNames", **role):
        client.delete_role_policy(PolicyName=policy, **role)
    try:
        client.delete_role(**role)
    except client.exceptions.DeleteConflictException:
        take_away(place, OF_ROLE, role)
        client.delete_role(**role)


def take_away(place, belongings, owner):
    for operation, key, name, remove in belongings:
        for item in listed(place, operation, key, owner):
            getattr(place.client("iam"), remove)(**owner, **{name: item[name]})


def listed(place, operation, key, owner):
    """Nothing where a stand-in has no such list."""
    try:
        return pages(place.client("iam"), operation, key, **owner)
    except ClientError as error:
        if place.lacks(error):
            return []
        raise


def each_of(owner, listing, query, delete, option):
    """A command for each item of a list."""
    listed = f"aws iam {listing} {owner} --query '{query}' --output text"
    return f"for each in $({listed}); do aws iam {delete} {owner} {option} $each; done"


def whole_user(name):
    """The commands, for what belongs to a user must go first."""
    owner = f"--user-name {name}"
    commands = [
        each_of(owner, "list-access-keys", "AccessKeyMetadata[].AccessKeyId", "delete-access-key", "--access-key-id"),
        each_of(owner, "list-user-policies", "PolicyNames", "delete-user-policy", "--policy-name"),
        each_of(owner, "list-attached-user-policies", ATTACHED, "detach-user-policy", "--policy-arn"),
        each_of(owner, "list-groups-for-user", "Groups[].GroupName", "remove-user-from-group", "--group-name"),
        f"aws iam delete-user {owner}",
    ]
    return "; ".join(commands)


def whole_role(name):
    owner = f"--role-name {name}"
    commands = [
        each_of(owner, "list-role-policies", "PolicyNames", "delete-role-policy", "--policy-name"),
        each_of(owner, "list-attached-role-policies", ATTACHED, "detach-role-policy", "--policy-arn"),
        f"aws iam delete-role {owner}",
    ]
    return "; ".join(commands)


USER = Kind("user", users, asking("iam", "get_user", "UserName"), delete_user, whole_user)
ROLE = Kind("role", roles, asking("iam", "get_role", "RoleName"), delete_role, whole_role)
