"""Recorded runs on stand-ins: tests/acceptance/recorded, written by UPDATE_PAGES=1 and checked by the tests."""

import os

from acceptance_scene import PROGRAM

HOW = {
    "ministack": "with our rotation engine (tests/peers/ministack_engine.py), without alarms on expressions",
    "localstack": "with the released template as it is",
}


def check_transcript(standin, output):
    path = PROGRAM / "recorded" / f"{standin}.md"
    wanted = page(standin, output)
    if os.environ.get("UPDATE_PAGES") == "1":
        path.write_text(wanted)
    assert path.read_text() == wanted, f"{path.name} is out of date: UPDATE_PAGES=1 make test-peers"


def page(standin, output):
    return (
        f"# `make acceptance` on {standin}\n\n"
        f"Recorded by tests/peers/test_acceptance_on_{standin}.py, {HOW[standin]}. Run ids, ports and measured "
        "times are replaced.\n\n"
        f"```text\n{output}```\n"
    )
