"""What is measured in simulated time, by tests of the harness that print figures (tests/it/bench)."""

import os
import subprocess

from world import ROOT, told

USERS, ACCOUNTS = (100, 500, 1000, 5000), (1, 10, 100)
# More would take hours of a simulator that is one process on one machine.
MOST_KEYS = 10_000


def lines(harness, name, **settings):
    variables = {name.upper(): str(value) for name, value in settings.items()}
    done = subprocess.run(
        [harness, "--exact", f"bench::{name}::{name}", "--nocapture"],
        cwd=ROOT,
        env={**os.environ, **variables},
        check=True,
        text=True,
        stdout=subprocess.PIPE,
    )
    return [figures for figures in map(told, done.stdout.splitlines()) if figures is not None]


def propagation(harness):
    return lines(harness, "propagation")


def throughput(harness):
    return lines(harness, "throughput")


def sweeps(harness):
    sizes = [(users, accounts) for accounts in ACCOUNTS for users in USERS if users * accounts <= MOST_KEYS]
    return [
        figures
        for users, accounts in sizes
        for figures in lines(harness, "sweep", users=users, accounts=accounts)
    ]
