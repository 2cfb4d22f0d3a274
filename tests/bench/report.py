"""docs/performance.md and its plots, from the figures."""

import string
from pathlib import Path

import cost
import goals
import plot
import prices
import tables
from cold import medians
from rotations import PLACES, bound_seconds
from world import ROOT

PAGE = Path(__file__).with_name("page.md")
DOCS = ROOT / "docs"
NOT_MEASURED = "*Not measured in this run.*"


def write(figures):
    plots(figures)
    page = string.Template(PAGE.read_text())
    text = page.substitute({name: fill(figures) for name, fill in FILL.items()})
    (DOCS / "performance.md").write_text(text)
    print("docs/performance.md")


def plots(figures):
    images = DOCS / "images"
    if "cold" in figures:
        middle = {name: medians(each) for name, each in figures["cold"]["samples"].items()}
        rows = [(f"{name}: ready", each["ready"] * 1000, name) for name, each in middle.items()]
        answered = [name for name in middle if "first_answer" in middle[name]]
        rows += [(f"{name}: first answer", middle[name]["first_answer"] * 1000, name) for name in answered]
        title = "Process start to ready, and to the first answer of AWS"
        (images / "perf-cold.svg").write_text(plot.bars(title, rows, "ms"))
    if "rotation" in figures:
        rows = []
        for place in PLACES:
            near = "IAM far: " if "IAM" in place else ""
            rows.append((f"{near}bound", bound_seconds(place), "limit"))
            rows += [
                (near + name, figures["rotation"][place][name]["seconds"], name)
                for name in ("ours", "peer")
            ]
        title = "A rotation, 20 ms a call; below, with 200 ms to IAM"
        (images / "perf-rotation.svg").write_text(plot.bars(title, rows, "s"))
    if "propagation" in figures:
        pairs = [(each["delay"], each["lost"]) for each in figures["propagation"]]
        drawn = plot.points("Time lost after the key worked", pairs, "the key's delay, s", "lost, s")
        (images / "perf-propagation.svg").write_text(drawn)


def part(name, make):
    """What fills a place of the page, or that there is nothing to fill it with."""
    return lambda figures: make(figures[name]) if figures.get(name) else NOT_MEASURED


def machine(figures):
    runs = figures.get("runs", {})
    days = ", ".join(sorted({run["day"] for run in runs.values()}))
    machines = ", ".join(sorted({run["machine"] for run in runs.values()}))
    loads = [load for run in runs.values() for load in run["load"]]
    if not loads:
        return NOT_MEASURED
    return (
        f"Measured {days} on {machines}, whose load was between {min(loads):.1f} and {max(loads):.1f}: "
        "beyond the number of cores, absolute times are those of a busy machine."
    )


def rounds(figures):
    return str(min((run["rounds"] for run in figures.get("runs", {}).values()), default=0))


def operations(whose):
    def fill(rotation):
        return ", ".join(next(iter(rotation.values()))[whose]["operations"])

    return fill


def costs(figures):
    idle = [
        e for e in figures.get("sweep", []) if (e["users"], e["accounts"], e["due"]) == (1000, 1, "none")
    ]
    if not idle or "rotation" not in figures:
        return NOT_MEASURED
    rows = cost.of(figures["rotation"][goals.ROTATION_NEAR]["ours"], idle[0])
    total = sum(dollars for _, dollars in rows)
    own = total - rows[0][1]
    lines = tables.markdown(
        ("what", "dollars a year"),
        [(what, f"{dollars:,.2f}" if dollars >= 1 else f"{dollars:.4f}") for what, dollars in rows]
        + [("**together**", f"**{total:,.2f}**")],
    )
    return lines + (
        f"\n\nStoring the secrets is {100 * rows[0][1] / total:.2f} % of it; to rotate them, "
        f"{own:,.2f} dollars. HCP Vault Dedicated, for comparison: {cost.vault():,.0f} dollars a year "
        f"for the smallest production cluster, whatever it holds, if an hour is {prices.VAULT_HOUR} dollars "
        "(not confirmed), without "
        "clients or whoever runs it. Vault can issue short-lived keys instead of keeping long-lived "
        "ones, which is better where programs can use them."
    )


def suite(figures):
    times = figures.get("tests", {}) | figures.get("builds", {})
    return tables.suite(times) if times else NOT_MEASURED


FILL = {
    "machine": machine,
    "rounds": rounds,
    "due": lambda _: str(cost.ROTATE_AFTER_DAYS),
    "noted": lambda _: prices.NOTED,
    "goals": lambda figures: tables.markdown(("goal", "asked for", "measured", ""), goals.table(figures)),
    "why": goals.why,
    "cold": part("cold", tables.cold),
    "ready": part("ready", tables.ready),
    "ready_times": lambda figures: str(len(figures.get("ready", {}).get("ours", []))),
    "emulated": part("emulated", tables.emulated),
    "sizes": part("sizes", tables.sizes),
    "variants": part("variants", tables.variants),
    "rotation": part("rotation", tables.rotation),
    "ours_calls": part("rotation", operations("ours")),
    "peer_calls": part("rotation", operations("peer")),
    "propagation": part("propagation", tables.propagation),
    "sweep": part("sweep", tables.sweep),
    "memory": part("memory", tables.memory),
    "operator": part("operator", tables.operator),
    "throughput": part("throughput", tables.throughput),
    "suite": suite,
    "cost": costs,
}
