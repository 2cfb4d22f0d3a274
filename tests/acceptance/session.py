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
    """The credentials end before there would be time for anything."""


BETTER = "a profile that boto3 renews (a role, IAM Identity Center) or a longer session"
# Less is no use: the recorder function and a stack take some minutes.
LEAST_SECONDS = 15 * 60


def seconds_for(place, longest, removal, environment=os.environ):
    """How long a run may take so that its removal ends before the credentials do; and what to say about that."""
    credentials = place.session.get_credentials()
    static = credentials is not None and credentials.method in ("env", "shared-credentials-file", "config-file")
    # Those of a role, of IAM Identity Center and of a process are renewed by boto3; access keys do not end.
    if not static or not credentials.get_frozen_credentials().token:
        return longest, None
    end = environment.get("AWS_CREDENTIAL_EXPIRATION") if credentials.method == "env" else None
    if end is None:
        return longest, (
            "WARNING: the session token is not renewed, and when it ends is not known here. If it ends before "
            f"the removal, everything stays until --clean removes it, live access keys too. Better: {BETTER}."
        )
    left = datetime.datetime.fromisoformat(end) - datetime.datetime.now(datetime.timezone.utc)
    seconds = left.total_seconds() - removal
    if seconds < LEAST_SECONDS:
        raise TooShort(f"The session token ends at {end}, too soon for a run and its removal. Use {BETTER}.")
    if seconds >= longest:
        return longest, None
    return seconds, f"The session token ends at {end}: the run is stopped {removal / 60:.0f} minutes before."
