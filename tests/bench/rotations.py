"""A whole rotation where every call takes time: calls, how many wait for one another, bytes, seconds."""

import os
import signal
import statistics
import subprocess

from inprocess import AGES
from world import World

# What each call takes, and what each call to IAM takes: nearby, and IAM as seen from Sydney.
PLACES = {"20 ms a call": (20, 20), "20 ms a call, 200 ms to IAM": (20, 200)}
# The calls of the steady state of which each needs the one before: docs/performance.md works it out.
# As (calls to IAM, other calls).
BOUND = (3, 7)


def bound_seconds(place):
    latency, iam = PLACES[place]
    return (BOUND[0] * iam + BOUND[1] * latency) / 1000


def measure(programs, tls, rounds):
    figures = {}
    for place, (latency, iam) in PLACES.items():
        settings = {"latency_ms": latency, "iam_latency_ms": iam}
        worlds = {name: World(programs.harness, tls, **settings) for name in ("ours", "peer")}
        children = {name: start(world, programs.commands()[name]) for name, world in worlds.items()}
        samples = {name: [] for name in worlds}
        for _ in range(rounds + 1):
            for name, world in worlds.items():
                samples[name].append(rotation(world))
        for name, world in worlds.items():
            children[name].send_signal(signal.SIGKILL)
            children[name].wait()
            world.__exit__()
        figures[place] = {name: summary(each) for name, each in samples.items()}
    return figures


def start(world, command):
    return subprocess.Popen(
        command, env=world.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def rotation(world):
    world.reset()
    world.ask("rotate")
    report = world.answer()
    if not report["succeeded"]:
        raise RuntimeError(report)
    front = world.aws
    return {
        "calls": report["calls"],
        "sequential": report["sequential"],
        "at_aws": report["at_aws"],
        "seconds": sum(step["seconds"] for step in report["steps"]),
        "sent": front.sent,
        "received": front.received,
        "connections": front.connections,
    }


def summary(samples):
    """The first one is in a new process; medians of the others."""
    first, *warm = samples
    names = ("sequential", "at_aws", "seconds", "sent", "received", "connections")
    middle = {name: statistics.median(sample[name] for sample in warm) for name in names}
    return {
        **middle,
        "calls": statistics.median(len(sample["calls"]) for sample in warm),
        "operations": warm[0]["calls"],
        "first": {name: first[name] for name in names},
        "samples": [sample["seconds"] for sample in warm],
    }


def sweep_memory(programs, tls, sizes):
    """The sweep's process after a sweep of so many users, at 20 ms a call."""
    figures = []
    for users, due in sizes:
        with World(programs.harness, tls, latency_ms=20, users=users, age=AGES[due]) as world:
            variables = world.environment(
                "sweep",
                ROTATOR_MODE="enforce",
                ROTATOR_ROTATION_FUNCTION_ARN="arn:aws:lambda:eu-west-1:111122223333:function:rotation",
                ROTATOR_ALERT_TOPIC_ARN="arn:aws:sns:eu-west-1:111122223333:alerts",
            )
            child = subprocess.Popen(
                [programs.sweep], env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            world.ask("sweep")
            answer = world.answer()
            with open(f"/proc/{child.pid}/status") as status:
                peak = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))
            child.send_signal(signal.SIGKILL)
            os.waitpid(child.pid, 0)
            child.returncode = 0
            if "Err" in answer["answer"]:
                raise RuntimeError(answer)
            figures.append(
                {
                    "users": users,
                    "due": due,
                    "rss": peak,
                    "seconds": answer["seconds"],
                    "calls": answer["calls"],
                }
            )
    return figures
