"""The questions that no public source settles: what the simulator and the product assume, and why it matters."""

from typing import NamedTuple


class Question(NamedTuple):
    id: str
    question: str
    assumed: str
    why: str


QUESTIONS = [
    Question(
        "pending_after_success",
        "Does AWSPENDING stay on the version that a rotation promoted?",
        "it may stay; the product removes it in finishSecret",
        "Where it stays, a value that an administrator puts later leaves it on a version that is not current, and the "
        "next rotation is refused.",
    ),
    Question(
        "valueless_error",
        "What does GetSecretValue answer for the version that has no value yet?",
        "ResourceNotFoundException, 400",
        "createSecret must tell a value that is absent from one that it may not read.",
    ),
    Question(
        "test_only_value",
        "What does the version of RotateImmediately=false hold when testSecret runs?",
        "AWSPENDING on a temporary version with the current value",
        "testSecret must pass there and change nothing.",
    ),
    Question(
        "retries",
        "How often and how fast is a failed rotation tried again, and does the RotationToken change?",
        "again from createSecret with the same ClientRequestToken; how often is not assumed",
        "A failure that passes by itself ends without an operator only if a retry comes.",
    ),
    Question(
        "refused_rotation",
        "What does RotateSecret do while AWSPENDING is on a version that is not current?",
        "it is refused with InvalidRequestException, and the earlier rotation is tried again",
        "This is how an operator repeats a failed rotation.",
    ),
    Question(
        "trail_record",
        "What does CloudTrail's record of a failed rotation name?",
        "no resources; the UUID in requestID is not the version's",
        "`iam-key-rotator doctor` reads the cause of a failure from it.",
    ),
    Question(
        "last_used_unknown",
        "What does GetAccessKeyLastUsed answer for a key that never existed, and for one just deleted?",
        "AccessDenied, as for a key of another account",
        "A key that is unknown must not read as a key that was never used.",
    ),
    Question(
        "last_used_condition",
        "Does a policy that allows GetAccessKeyLastUsed by the user's tag allow it?",
        "no: the request carries no user name, so the roles may call it without a condition",
        "If it does, the sweep's role can be made smaller.",
    ),
    Question(
        "secret_lag",
        "How long do reads of a secret lag behind a write?",
        "up to 3 seconds in the searches, 5 in `late`; an older state may come back",
        "A read that is late must not look like a value that is not there.",
    ),
    Question(
        "iam_lag",
        "How long do IAM's lists and tags lag behind a write?",
        "a few seconds",
        "A list that is late must not lead to a second key.",
    ),
    Question(
        "key_lag",
        "How long until STS accepts a new key, and refuses one that was deactivated?",
        "2 seconds in the demo, up to a minute tolerated",
        "It is what testSecret waits for (`ROTATOR_PROPAGATION_TIMEOUT`).",
    ),
    Question(
        "skewed_clock",
        "How far may the date of a signature be off?",
        "5 minutes",
        "A clock that is wrong must not look like a key that does not work.",
    ),
    Question(
        "event_to_topic",
        "Does EventBridge deliver to the alert topic under the rule's role?",
        "yes; what is not delivered waits in a queue and raises AlertUndelivered",
        "Keys made outside the rotator are reported this way.",
    ),
    Question(
        "across_accounts",
        "Does RotateSecret work for a secret in a member account and a function in another?",
        "unproven: `members.secretsIn: 'member'` is experimental",
        "Whose permission to invoke the function counts is documented nowhere.",
    ),
]
