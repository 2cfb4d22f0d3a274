"""The command line."""

import argparse
import re
from pathlib import Path

from names import PREFIX
from product import PACKAGES, TEMPLATE

PARTS = ("conformance", "rotation", "questions")
UNITS = {"s": 1, "m": 60, "h": 3600}

EPILOG = f"""\
examples:
  make package && make acceptance ARGS="--profile test-account --region eu-west-1"
  make acceptance ARGS="--profile test-account --region eu-west-1 --only conformance"
  make acceptance ARGS="--stack IamKeyRotator --only rotation"
  make acceptance ARGS="--clean --profile test-account --region eu-west-1"

Use an account for tests, with the rights of docs/acceptance.md. Everything that is created is named
{PREFIX}-… and removed in the end, also after Ctrl-C. After a kill or a lost
connection, --clean removes what is left.

exit codes: 0 no step or call failed and nothing is left; 1 something failed, was declined, stopped or is left;
2 wrong options
"""


def seconds(text):
    parsed = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", text)
    if parsed is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 30s, 5m or 1h")
    return float(parsed[1]) * UNITS[parsed[2]]


def times(text):
    return [seconds(part) for part in text.split(",")]


def parts(text):
    named = text.split(",")
    unknown = [part for part in named if part not in PARTS]
    if unknown:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(PARTS)}")
    return named


def given(arguments=None):
    """As they were typed."""
    reading = parser()
    options = reading.parse_args(arguments)
    if options.yes and not options.account:
        reading.error("--yes needs --account NUMBER: nobody sees which account it would be")
    return options


def parser():
    said = "Runs the rotator and its assumptions about AWS against a real account, and removes everything again."
    layout = argparse.RawDescriptionHelpFormatter
    options = argparse.ArgumentParser("make acceptance", description=said, epilog=EPILOG, formatter_class=layout)
    add = options.add_argument
    add("--profile", help="profile of ~/.aws/config; otherwise boto3's default chain")
    add("--region", help="region to run in; otherwise AWS_REGION or the profile's")
    add("--only", type=parts, default=list(PARTS), metavar="PARTS", help=f"some of {','.join(PARTS)}; default: all")
    product = options.add_mutually_exclusive_group()
    product.add_argument("--stack", metavar="NAME", help="use this stack of the rotator instead of a throwaway one")
    product.add_argument("--function", metavar="ARN", help="use this rotation function, where there is no CloudFormation")
    add(
        "--code", type=Path, default=PACKAGES, metavar="DIR",
        help="the zips of both functions; default: what make package writes",
    )
    add("--template", type=Path, default=TEMPLATE, metavar="FILE", help="another template than the released one")
    add("--email", metavar="ADDRESS", help="let the function mail this address of SES; default: no mails")
    add("--member", metavar="PROFILE", help="profile of a second account: does a rotation across accounts work?")
    add(
        "--watch", type=seconds, default=1800, metavar="TIME",
        help="how long a failed rotation is watched; default: 30m",
    )
    add("--patience", type=seconds, default=180, metavar="TIME", help="how long to wait for one thing; default: 3m")
    add(
        "--waits", type=times, default=[2, 15], metavar="TIMES",
        help="pauses of checks that are repeated; default: 2s,15s",
    )
    add("--record", type=Path, metavar="FILE", help="also write the results to this file, as JSON")
    add("--account", metavar="NUMBERS", help="go on in this account only; with --member two, separated by a comma")
    add("--yes", action="store_true", help="do not ask, for scripts and tests; needs --account")
    add("--clean", action="store_true", help="remove what earlier runs left, and nothing else")
    return options
