"""The checks of tests/peers/conformance.py, put to the account.

AWS shows a write late, so a check that fails is made again with a pause after each writing call, then with a longer
one. A botocore hook makes the pauses: the checks are the ones that the stand-ins are put to.
"""

import time
import traceback

from botocore.config import Config
from botocore.exceptions import ClientError

import shapes
from conformance import CHECKS, Lacks, World
from names import PATH
from recorder import RecordedEngine
from waiting import refusal_of

# botocore would repeat a LimitExceededException, which some checks expect. What passes by itself is tried with pauses.
ONCE = Config(retries={"total_max_attempts": 1}, connect_timeout=10, read_timeout=70)
READING = ("Get", "List", "Describe", "Assume", "Publish", "Send")


class Pause:
    """Seconds to wait after each call that changes something."""

    def __init__(self):
        self.seconds = 0

    def watch(self, client):
        client.meta.events.register("after-call", self._after)

    def _after(self, model, **_):
        if self.seconds and not model.name.startswith(READING):
            time.sleep(self.seconds)


class WatchedAws:
    """Clients as attributes, as the checks use them; every answer is held against AWS's own model of it."""

    def __init__(self, place, pause, key=None, problems=None):
        self._place, self._pause, self._key = place, pause, key
        self.problems = [] if problems is None else problems

    def __getattr__(self, service):
        client = self._place.session.client(service, config=ONCE, **self._credentials())
        shapes.watch(client, self.problems)
        self._pause.watch(client)
        setattr(self, service, client)
        return client

    def _credentials(self):
        """Those of the run unless a check asks for others."""
        if self._key is None:
            return {}
        return {
            "aws_access_key_id": self._key.id,
            "aws_secret_access_key": self._key.secret,
            "aws_session_token": self._key.token,
        }

    def under(self, key):
        return WatchedAws(self._place, self._pause, key, self.problems)


def run(place, notes, progress, recorder, options):
    """What each check found: `yes`, `no` or `lacks`, and in one line why not yes."""
    pause = Pause()
    aws = WatchedAws(place, pause)
    engine = RecordedEngine(place, recorder, options.patience) if recorder else None
    named = {"prefix": place.names.of("check-"), "path": PATH, "tags": place.names.tags(), "note": notes.note}
    world = World("AWS" if place.real() else "stand-in", aws, engine, **named)
    world.function_arn = options.function or world.function_arn
    outcomes = {}
    for check in CHECKS:
        outcomes[check.id] = repeated(check, world, pause, options.waits)
        agrees, why = outcomes[check.id]
        progress.step(f"check {check.id}: {agrees}{': ' + why if why else ''}")
    return outcomes


def repeated(check, world, pause, waits):
    for pause.seconds in (0, *waits):
        found = outcome(check, world)
        if found[0] != "no":
            break
    pause.seconds = 0
    return found


def outcome(check, world):
    try:
        check.run(world)
    except Lacks as lacking:
        return "lacks", str(lacking)
    except ClientError as error:
        return "no", refusal_of(error)
    except AssertionError as failed:
        # What the check expected, as its line says; some have words of their own.
        return "no", str(failed)[:200] or traceback.extract_tb(failed.__traceback__)[-1].line
    except Exception as error:
        return "no", f"{type(error).__name__} at {traceback.extract_tb(error.__traceback__)[-1].line}"
    return "yes", ""
