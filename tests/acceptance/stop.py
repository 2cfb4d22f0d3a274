"""Ctrl-C and SIGTERM: the first one ends the work, and none ends the removal."""

import signal

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


class Interrupted(BaseException):
    """Raised in the middle of whatever runs. No `except Exception` may swallow it."""


class Stop:
    def __init__(self, progress):
        self._progress, self._working, self.requested = progress, True, False
        for each in SIGNALS:
            signal.signal(each, self._heard)

    def _heard(self, number, _):
        self.requested = True
        name = signal.Signals(number).name
        if self._working:
            self._working = False
            self._progress.step(f"{name}: stopping, and removing what was made")
            raise Interrupted(name)
        self._progress.step(f"{name}: what was made is being removed; this takes a while")

    def hold(self):
        """From here on signals are only answered."""
        self._working = False
