"""What a thousand keys cost a year, from the measured figures and list prices."""

import prices

KEYS = 1000
ROTATE_AFTER_DAYS = 90
MEMORY_GB = 0.125
STEPS = 4
SECRETS_MANAGER = ("Secret", "TagResource")


def of(rotation, sweep):
    """`rotation`: one in a new process, every call 20 ms. `sweep`: a thousand users, none due."""
    rotations = KEYS * 365 / ROTATE_AFTER_DAYS
    stored = sum(any(part in call for part in SECRETS_MANAGER) for call in rotation["operations"])
    lists = sum(n for call, n in sweep["calls"].items() if "Secret" in call)
    seconds = rotations * rotation["first"]["seconds"] + 365 * sweep["seconds"]
    requests = rotations * STEPS + 365
    return [
        ("Secrets Manager: secrets", KEYS * 12 * prices.SECRET_MONTH),
        ("Secrets Manager: calls of rotations", rotations * stored * prices.SECRETS_MANAGER_CALL),
        ("Secrets Manager: calls of a sweep a day", 365 * lists * prices.SECRETS_MANAGER_CALL),
        ("Lambda: time at 128 MB", seconds * MEMORY_GB * prices.LAMBDA_GB_SECOND),
        ("Lambda: requests", requests * prices.LAMBDA_REQUEST),
        ("SES: a mail a rotation", rotations * prices.SES_MAIL),
        ("SNS: a message a day", 365 * prices.SNS_REQUEST),
    ]


def vault():
    return 365 * 24 * prices.VAULT_HOUR
