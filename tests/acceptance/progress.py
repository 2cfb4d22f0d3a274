"""What a run says while it runs: one line for each step, with the time since it began."""

import time


class Progress:
    def __init__(self):
        self._began = time.monotonic()

    def say(self, text=""):
        """A line without a time: the plan, the summary."""
        print(text, flush=True)

    def step(self, text):
        print(f"[{clock(time.monotonic() - self._began):>9}] {text}", flush=True)


def clock(seconds):
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def span(seconds):
    """A measured time, as a reader wants it."""
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.1f} min"
