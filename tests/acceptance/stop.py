"""Ctrl-C, SIGTERM and the end of the time: the first one ends the work, and none ends the removal."""

import signal

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM]


class Interrupted(BaseException):
    """Raised in the middle of whatever runs. No `except Exception` may swallow it."""


class Stop:
    def __init__(self, progress, seconds=0):
        """After so many seconds SIGALRM comes; 0: never."""
        self._progress, self._working, self.requested = progress, True, False
        for each in SIGNALS:
            signal.signal(each, self._heard)
        signal.setitimer(signal.ITIMER_REAL, seconds)

    def _heard(self, number, _):
        self.requested = True
        name = "time is up" if number == signal.SIGALRM else signal.Signals(number).name
        if self._working:
            self._working = False
            self._progress.step(f"{name}: stopping, and removing what was made")
            raise Interrupted(name)
        self._progress.step(f"{name}: what was made is being removed; this takes a while")

    def hold(self):
        """From here on signals are only answered."""
        self._working = False
        signal.setitimer(signal.ITIMER_REAL, 0)
