"""The goals, and whether the figures reach them."""

import statistics

from cold import medians
from rotations import PLACES, bound_seconds

ROTATION_TIMES, ROTATION_NEAR = 1.15, "20 ms a call"


def row(goal, limit, value, unit, most=True, digits=2):
    reached = value <= limit if most else value >= limit
    sign = "≤" if most else "≥"
    return (
        goal,
        f"{sign} {limit:g}{unit}",
        f"{value:.{digits}f}{unit}",
        "reached" if reached else "not reached",
    )


def table(figures):
    """(goal, asked for, measured, verdict) of every goal that something was measured for."""
    rows = []
    if "ready" in figures:
        ours, limit = (statistics.median(figures["ready"][name]) for name in ("ours", "limit"))
        rows.append(row("start to ready, against the limit", 1.5, ours / limit, "×"))
    if "cold" in figures:
        ours, peer = (medians(figures["cold"]["samples"][name]) for name in ("ours", "peer"))
        faster = peer["first_answer"] / ours["first_answer"]
        rows.append(row("start to the first answer of AWS, peer against ours", 25, faster, "×", False, 1))
        rows.append(row("peak memory over a rotation", 12, ours["rss"] / 1e6, " MB", digits=1))
    if "sizes" in figures:
        rows.append(row("zip of `rotation`", 3.5, figures["sizes"]["rotation"]["zip"] / 1e6, " MB"))
    if "rotation" in figures:
        for place, each in figures["rotation"].items():
            times = each["ours"]["seconds"] / bound_seconds(place)
            rows.append(row(f"a rotation against the bound, {place}", ROTATION_TIMES, times, "×"))
            times = each["ours"]["seconds"] / each["ours"]["at_aws"]
            rows.append(row(f"a rotation against its time at AWS, {place}", ROTATION_TIMES, times, "×"))
        near = figures["rotation"][ROTATION_NEAR]
        fewer = near["peer"]["sequential"] / near["ours"]["sequential"]
        rows.append(row("sequential calls, peer against ours", 2, fewer, "×", False))
    if "propagation" in figures:
        lost = [each["lost"] for each in figures["propagation"]]
        rows.append(row("time lost after propagation, median", 0.5, statistics.median(lost), " s"))
        rows.append(row("time lost after propagation, most", 1.5, max(lost), " s"))
    if "sweep" in figures:
        large = [each for each in figures["sweep"] if each["users"] == 5000 and each["accounts"] == 1]
        idle = next((each for each in large if each["due"] == "none"), None)
        if idle:
            rows.append(row("a sweep of 5,000 users of whom none is due", 2, idle["seconds"], " s"))
    for each in figures.get("operator", ()):
        if each["users"] == 5000:
            rows.append(row(f"`{each['command']}` of 5,000 users", 60, each["seconds"], " s", digits=1))
    if "memory" in figures:
        first, *_, last = (each for each in figures["memory"] if each["due"] == "none")
        times = last["rss"] / first["rss"]
        rows.append(
            row(f"a sweep's memory, {last['users']:,} users against {first['users']}", 1.5, times, "×")
        )
    return rows


# What is known about goals that are hard to reach, for when they are not.
WHY = {
    "start to ready, against the limit": (
        "the limit knows no TLS. Most of what ours does before it is ready is to read the system's root "
        "certificates (*few roots* shows what is left without); the rest is two clients with their "
        "endpoint rules. It could be put off until the first call, which would bring no answer sooner "
        "([decision 30](decisions/0030-built-for-size.md))."
    ),
    **{
        f"a rotation against {what}, {place}": (
            "what is lost is processor time, of which most is not the function's: the front that ends TLS, "
            "written in Python, and the simulator share this machine's two cores with it. It grows as the "
            "machine slows down; the peer's lines show how far."
        )
        for what in ("the bound", "its time at AWS")
        for place in PLACES
    },
    "a sweep's memory, 5,000 users against 100": (
        "the asked-for *flat* was taken as this. The sweep joins three lists of all users before it decides, "
        "which takes a kilobyte a user; the function's 128 MB are far away."
    ),
    "sequential calls, peer against ours": (
        "the peer is written with care: it looks at the secret once a step and proves the key as often. "
        "It leaves out what makes ours safe to interrupt: the intent before the key, and the look at the "
        "keys before one is promoted; with these it would make two calls more. What is left to overlap is "
        "what does not depend on anything (see the bound)."
    ),
}


def why(figures):
    """A sentence for each goal that was not reached."""
    missed = [goal for goal, _, _, verdict in table(figures) if verdict != "reached"]
    return "\n".join(f"- *{goal}*: {WHY.get(goal, 'not looked into yet.')}" for goal in missed)
