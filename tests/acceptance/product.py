"""The product under test: the released template in a stack of its own, a stack that exists, or a function alone."""

from pathlib import Path
from typing import NamedTuple

from making import Failed
from names import PATH

REPOSITORY = Path(__file__).parents[2]
TEMPLATE = REPOSITORY / "cdk" / "templates" / "iam-key-rotator.template.json"
PACKAGES = REPOSITORY / "target" / "dist"
PROGRAMS = ("rotation", "sweep")
ARCHITECTURES = ("x86_64", "arm64")
IN_SCOPE = "iam-key-rotator:rotate"
# What keeps a user from being rotated, unless a stack has another tag.
EXEMPT = "iam-key-rotator:exempt"


class Product(NamedTuple):
    # What secrets rotate with.
    function: str
    # The value of the tag that puts a user in scope.
    tag_value: str
    topic: str | None = None
    # The name of the stack that this run made.
    stack: str | None = None


def architecture(folder):
    """That of the packages in a folder."""
    for each in ARCHITECTURES:
        if all((folder / f"{program}-{each}.zip").exists() for program in PROGRAMS):
            return each
    raise Failed(
        f"{folder} has no rotation-x86_64.zip and sweep-x86_64.zip. Run `make package`, or name a folder with the zips "
        "of a release by --code."
    )


def given(options, place, maker):
    """The product as the options name it."""
    if options.function:
        return Product(options.function, "true")
    if options.stack:
        return existing(options.stack, place)
    return deployed(options, place, maker)


def existing(name, place):
    stack = place.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
    parameters = {each["ParameterKey"]: each["ParameterValue"] for each in stack.get("Parameters", [])}
    if "RotationFunctionArn" not in outputs:
        raise Failed(f"stack {name} has no output RotationFunctionArn: is it one of iam-key-rotator?")
    refuse_other_users(name, parameters)
    return Product(outputs["RotationFunctionArn"], parameters.get("UserTagValue", "true"), outputs.get("AlertTopicArn"))


def refuse_other_users(name, parameters):
    """A stack that may not rotate this run's users would fail for a reason that is none of AWS's."""
    path, tag = parameters.get("UserPath", "/"), parameters.get("ExemptTag", EXEMPT)
    if not PATH.startswith(path):
        raise Failed(f"stack {name} rotates users below {path} only (UserPath), and the run's are below {PATH}")
    if tag != EXEMPT:
        raise Failed(f"stack {name} exempts users by the tag {tag} (ExemptTag); the run knows {EXEMPT} only")


def deployed(options, place, maker):
    bucket, built = maker.bucket("code"), architecture(options.code)
    for program in PROGRAMS:
        package = options.code / f"{program}-{built}.zip"
        place.client("s3").put_object(Bucket=bucket, Key=f"code/{package.name}", Body=package.read_bytes())
    parameters = settings(place, bucket, built, options.email)
    name, outputs = maker.stack("stack", bucket, options.template.read_text(), **parameters)
    return Product(outputs["RotationFunctionArn"], place.names.prefix, outputs["AlertTopicArn"], name)


def identity(place, email):
    """The identity of SES that sends as this address: the address itself, or its domain."""
    client = place.client("sesv2")
    try:
        client.get_email_identity(EmailIdentity=email)
    except client.exceptions.NotFoundException:
        return email.partition("@")[2]
    return email


def settings(place, bucket, built, email):
    """Nothing but this run's users is in scope, the sweep changes nothing, and nobody gets a mail unless asked."""
    mails = {"EmailFrom": email, "EmailIdentity": identity(place, email)} if email else {}
    return {
        "CodeBucket": bucket,
        "CodePrefix": "code/",
        "Architecture": built,
        "UserPath": PATH,
        "UserTagValue": place.names.prefix,
        "SecretName": place.names.of("{user}"),
        "Mode": "audit",
        # No sweep. A rate would begin with one at once:
        # https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#rate-based
        "Schedule": "cron(0 0 1 1 ? 2099)",
        "ReservedConcurrency": "0",
        "LogRetentionDays": "1",
        **mails,
    }
