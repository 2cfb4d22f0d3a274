"""What is measured in simulated time, by tests of the harness that print figures (tests/it/bench)."""

import itertools
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

from world import ROOT, told

USERS, ACCOUNTS = (100, 500, 1000, 5000), (1, 10, 100)
# Days by which nobody is due, and everybody.
AGES = {"none": 30, "all": 90}
# Two million calls and more, each kept to be counted, in a simulator that is one thread.
TOO_MANY = {(5000, 100, "all")}


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
    """Several at once: simulated time does not depend on what the machine does."""
    sizes = set(itertools.product(USERS, ACCOUNTS, AGES)) - TOO_MANY
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        # The longest first, so that none is alone at the end.
        largest_first = sorted(sizes, key=lambda size: (size[2] == "all", size[0] * size[1]), reverse=True)
        return list(pool.map(lambda size: swept(harness, *size), largest_first))


def swept(harness, users, accounts, due):
    (figures,) = lines(harness, "sweep", users=users, accounts=accounts, age=AGES[due])
    return {**figures, "due": due}
