"""Waiting for AWS: until an answer is there, or until a refusal that passes by itself has passed."""

import re
import time

from botocore.exceptions import ClientError

# A refusal that is about the moment, the service or the session, and never about what was asked.
PASSING = re.compile(
    "Throttl|TooManyRequests|RequestLimitExceeded|SlowDown|ServiceUnavailable|Internal|Expired|OptInRequired"
    "|SubscriptionRequired"
)
# A call refused so was not answered where nobody asked about permissions.
UNANSWERED = re.compile(f"{PASSING.pattern}|AccessDenied|UnauthorizedOperation|AuthorizationError")

def until(found, seconds, poll):
    """Asks until the answer is true; the last answer where it never is."""
    deadline = time.monotonic() + seconds
    while True:
        answer = found()
        if answer or time.monotonic() > deadline:
            return answer
        time.sleep(poll)


def patiently(call, passing, seconds, poll):
    """Makes a call again while it is refused with one of these codes: what is new is not known everywhere yet."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return call()
        except ClientError as error:
            if code_of(error) not in passing or time.monotonic() > deadline:
                raise
        time.sleep(poll)


def code_of(error):
    return error.response.get("Error", {}).get("Code", "")


def answer_of(error, unanswered=PASSING):
    """The code and status of a refusal that is an answer. What is none is raised again."""
    if unanswered.search(code_of(error)):
        raise error
    return f"{code_of(error)}, {error.response['ResponseMetadata']['HTTPStatusCode']}"


def refusal_of(error):
    """One line about a refused call: which, why, and what to do where that is plain."""
    code, message = code_of(error), error.response.get("Error", {}).get("Message") or ""
    # Behind the first line of SignatureDoesNotMatch AWS repeats the request, with its session token.
    line = f"{error.operation_name}: {code}: {''.join(message.splitlines()[:1])[:300]}"
    if code in ("AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation"):
        line += f" Allow the caller {error.operation_name} (the policy is in docs/acceptance.md)."
    if code in ("ExpiredToken", "ExpiredTokenException", "RequestExpired"):
        line += " The session has ended: sign in again, then run with --clean."
    return line
