"""What an operator waits for: `status` and `plan` of an account, from lists and user by user."""

import subprocess
import time

from world import World

LARGE, SMALL = 5000, 500
# What is run, and over how many users: one by one, 5,000 take a quarter of an hour.
COMMANDS = (
    ("status", LARGE, ("status", "--json")),
    ("plan", LARGE, ("plan", "--mode", "enforce", "--json")),
    ("status --fresh", SMALL, ("status", "--fresh", "--json")),
)


def measure(programs, tls):
    """Seconds from the start of the process to its end, at 20 ms a call; every user's key is due."""
    figures = []
    for name, users, command in COMMANDS:
        with World(programs.harness, tls, latency_ms=20, users=users, age=100) as world:
            world.reset()
            begun = time.monotonic()
            subprocess.run(
                [programs.cli, *command], env=world.environment("sweep"), check=True, stdout=subprocess.DEVNULL
            )
            seconds = time.monotonic() - begun
            figures.append({"command": name, "users": users, "seconds": seconds})
    return figures
