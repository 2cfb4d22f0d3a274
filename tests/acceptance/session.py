"""How long the credentials last: a run whose session ends leaves everything behind that it made."""

import datetime
import os

from botocore.exceptions import (
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    SSOError,
    TokenRetrievalError,
)

from waiting import code_of

ENDED = (
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "InvalidAccessKeyId",
    "TokenRefreshRequired",
)


def ended(error):
    """Whether a call was refused, or not made, for want of valid credentials: repeating it is in vain."""
    if isinstance(error, ClientError):
        return code_of(error) in ENDED
    # What botocore raises where it reads the end of a token from the environment.
    late = isinstance(error, RuntimeError) and "expired" in str(error)
    return late or isinstance(error, (CredentialRetrievalError, NoCredentialsError, SSOError, TokenRetrievalError))


class TooShort(Exception):
    """The credentials are known to end before the run does."""


def warning(place, seconds, environment=os.environ):
    """That they may end before a run of so many seconds does; none if boto3 renews them, or they last."""
    credentials = place.session.get_credentials()
    if credentials is None or not credentials.get_frozen_credentials().token:
        return None
    if credentials.method not in ("env", "shared-credentials-file", "config-file", "explicit"):
        # boto3 renews those of a role, of IAM Identity Center and of a process.
        return None
    until = environment.get("AWS_CREDENTIAL_EXPIRATION") if credentials.method == "env" else None
    remedy = "Use a profile that boto3 renews (a role, IAM Identity Center), a longer session, or one part at a time (--only)."
    longest = f"The run and its removal may take {seconds / 60:.0f} minutes."
    if until is None:
        stays = "If the session ends before, everything stays until --clean removes it, live access keys too."
        return f"WARNING: the session token is not renewed, and when it ends is not known here. {longest} {stays} {remedy}"
    left = datetime.datetime.fromisoformat(until) - datetime.datetime.now(datetime.timezone.utc)
    if left.total_seconds() < seconds:
        raise TooShort(f"The session token ends at {until}. {longest} {remedy}")
    return None
