"""What a run will do, and the questions before it does anything."""

import os
import sys

from names import PATH, PREFIX
from place import credentials_of
from progress import span

# List prices of us-east-1 in US dollars, November 2026.
SECRETS, SECRET_MONTH, HOURS_OF_MONTH = 75, 0.40, 730
ALARM_METRICS, ALARM_MONTH = 12, 0.10
DASHBOARD_MONTH = 3.00
# Metrics of its own, which the product writes by its log.
METRICS, METRIC_MONTH = 20, 0.30
# What AWS Config records in an account where it is on: most things are made, changed and deleted once.
CONFIG_ITEMS, CONFIG_ITEM = 300, 0.003
PRICES = {
    "Secrets Manager": "https://aws.amazon.com/secrets-manager/pricing/",
    "CloudWatch": "https://aws.amazon.com/cloudwatch/pricing/",
    "Lambda": "https://aws.amazon.com/lambda/pricing/",
    "SQS": "https://aws.amazon.com/sqs/pricing/",
    "SNS": "https://aws.amazon.com/sns/pricing/",
    "S3": "https://aws.amazon.com/s3/pricing/",
    "EventBridge": "https://aws.amazon.com/eventbridge/pricing/",
    "Config": "https://aws.amazon.com/config/pricing/",
}
# Beside the watch, with all parts: checks, stack, rotations, samples.
USUAL_SECONDS, LONGEST_SECONDS = 30 * 60, 2 * 3600


class Refused(Exception):
    """Nobody agreed."""


def plan(options, place, environment=os.environ):
    """What will happen, in lines. Makes no call."""
    lines = [
        "Acceptance of iam-key-rotator",
        f"  region       {place.region}",
        f"  credentials  {credentials_of(options.profile, environment)}",
        f"  calls go to  {place.endpoint() or 'AWS'}",
        f"  parts        {', '.join(options.only)}",
        f"  names        {place.names.prefix}…, tag {PREFIX}={place.names.run}, users below {PATH}",
        "",
        "It creates, and later removes:",
        *[f"  {line}" for line in created(options)],
        "",
        *duration(options),
        *cost(options),
        "",
        *noticed(),
        "",
    ]
    return lines


def created(options):
    lines = []
    if "conformance" in options.only:
        lines.append("some 25 users with keys and 2 roles, all without permissions; 40 secrets, 2 topics (checks)")
    if {"conformance", "questions"} & set(options.only):
        lines.append("2 functions that record rotations, 1 role, 1 queue and 1 secret for them")
    if "rotation" in options.only:
        lines.append("1 user with keys, 1 secret that rotates")
    # Questions to the alert topic need the stack, too.
    if {"rotation", "questions"} & set(options.only):
        lines.append("1 queue that reads the alerts")
        lines += product_lines(options)
    if "questions" in options.only:
        lines.append("6 users with keys, two of whom may list access keys; 5 secrets")
    if options.member:
        lines.append(f"in the account of profile {options.member}: 1 secret, 1 role that the function assumes")
    return lines


def product_lines(options):
    if options.function:
        return [f"no stack: it uses the function {options.function}"]
    if options.stack:
        return [
            f"1 subscription to the alert topic of the stack {options.stack}, which is not changed otherwise; its readers",
            "get the alert of the rotation that fails, and of keys made outside the rotator",
        ]
    mails = f"mails to {options.email} only" if options.email else "no mails"
    return [
        "1 bucket with the functions' code; 1 stack of the released template, with some 40 resources, 4 roles among them:",
        f"mode audit, only users below {PATH}, {mails}",
    ]


def duration(options):
    watched = f", including {span(options.watch)} to watch a failed rotation (--watch)" if watched_for(options) else ""
    usual, most = span(watched_for(options) + USUAL_SECONDS), span(longest(options))
    return [
        f"It takes about {usual}{watched}.",
        f"It is stopped after {most}. Then it removes what it made: at most 20 minutes in an account.",
    ]


def watched_for(options):
    return options.watch if "questions" in options.only else 0


def longest(options):
    """The run ends then, wherever it is."""
    return watched_for(options) + LONGEST_SECONDS


def cost(options):
    hours = longest(options) / 3600 + 1
    metrics = ALARM_METRICS * ALARM_MONTH + METRICS * METRIC_MONTH
    secrets = SECRETS * SECRET_MONTH / HOURS_OF_MONTH * hours
    config = CONFIG_ITEMS * CONFIG_ITEM
    total = secrets + metrics * hours / HOURS_OF_MONTH + 0.01
    return [
        f"It costs at most ${total:.2f} at the list prices of us-east-1: secrets ${secrets:.2f}; alarms, metrics,",
        f"messages some cents. Where AWS Config records everything: ${config:.2f} more. If the account has three",
        "dashboards already, one more is up to $3 a month, also for an hour.",
        "Prices:",
        *[f"  {url}" for url in PRICES.values()],
    ]


def check_account(places, options):
    """--account names those in which it may go on; without it the number is typed."""
    named = options.account.split(",") if options.account else [place.account for place in places]
    for place in places:
        if place.account not in named:
            raise Refused(f"This is account {place.account}, and --account is {options.account}. Nothing was created.")


def noticed():
    """What others may see of it."""
    return [
        "It may be noticed: GuardDuty or a SIEM may report new users, keys and roles; a rotator that the account has",
        "already may mail ForeignKeyCreated for each key. Tell whoever watches the account.",
    ]


def ask(question, wanted, options):
    """Goes on if exactly this is typed."""
    if options.yes:
        return
    if not sys.stdin.isatty():
        raise Refused("There is no terminal to ask at. Run it in one, or give --yes. Nothing was called.")
    try:
        typed = input(f"{question} ").strip()
    except EOFError:
        typed = ""
    if typed != wanted:
        raise Refused("Not confirmed. Nothing was created.")
