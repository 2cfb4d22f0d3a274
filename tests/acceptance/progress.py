"""What a run says while it runs: one line for each step, with the time since it began."""

import os
import sys
import time


class Progress:
    def __init__(self):
        self._began = time.monotonic()

    def say(self, text=""):
        """A line without a time: the plan, the summary."""
        write(text)

    def step(self, text):
        write(f"[{clock(time.monotonic() - self._began):>9}] {text}")


def write(text):
    """Where nobody reads any more, as after Ctrl-C in `… | tee log`, the run goes on to its removal in silence."""
    try:
        print(text, flush=True)
    except (OSError, ValueError):
        sys.stdout = open(os.devnull, "w")


def clock(seconds):
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def span(seconds):
    """A measured time, as a reader wants it."""
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    if seconds < 120:
        return f"{seconds:.1f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return " ".join([*([f"{hours} h"] if hours else []), *([f"{minutes} min"] if minutes or not hours else [])])
