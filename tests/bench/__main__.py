"""Measures, and writes docs/performance.md from the figures. `make bench`, or `python tests/bench`.

Figures of earlier runs stay in target/bench/figures.json until they are measured again: `--only cold`
measures one part, `--report` none.
"""

import argparse
import json
import os
import platform
import time

import cold
import emulated
import inprocess
import operators
import programs
import report
import rotations
import suite
import variants
from world import OUT, certificates

FIGURES = OUT / "figures.json"
READY_TIMES = 5
MEMORY_SIZES = ((100, "none"), (1000, "none"), (5000, "none"), (1000, "all"))


def parts(built, rounds):
    """What there is to measure: a name, and what measures it."""
    tls = certificates()
    return {
        "sizes": built.zips,
        "cold": lambda: cold.measure(built, tls, rounds),
        "ready": lambda: cold.ready(built, tls, rounds * READY_TIMES),
        "emulated": lambda: emulated.measure(built, tls, rounds),
        "rotation": lambda: rotations.measure(built, tls, rounds),
        "propagation": lambda: inprocess.propagation(built.harness),
        "sweep": lambda: inprocess.sweeps(built.harness),
        "memory": lambda: rotations.sweep_memory(built, tls, MEMORY_SIZES),
        "operator": lambda: operators.measure(built, tls),
        "throughput": lambda: inprocess.throughput(built.harness),
        "variants": lambda: variants.measure(built, tls, rounds),
        "tests": suite.tests,
        "builds": suite.builds,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", help="parts to measure, all by default")
    parser.add_argument("--rounds", type=int, default=20, help="samples of each program")
    parser.add_argument("--built", action="store_true", help="measure what was built before")
    parser.add_argument("--report", action="store_true", help="write the page from the last figures")
    arguments = parser.parse_args()
    figures = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    if not arguments.report:
        built = programs.there() if arguments.built else programs.build()
        for name, measure in parts(built, arguments.rounds).items():
            if arguments.only and name not in arguments.only:
                continue
            print(f"measuring: {name}", flush=True)
            begun = os.getloadavg()[0]
            figures[name] = measure()
            figures.setdefault("runs", {})[name] = {
                "day": time.strftime("%Y-%m-%d"),
                "load": [begun, os.getloadavg()[0]],
                "rounds": arguments.rounds,
                "machine": f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}",
            }
            FIGURES.write_text(json.dumps(figures, indent=1))
    report.write(figures)


main()
