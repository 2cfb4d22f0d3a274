"""The checks of tests/peers/conformance.py, put to the account.

AWS shows a write late, so a check that fails is made again with a pause after each writing call, then with a longer
one. A botocore hook makes the pauses: the checks are the ones that the stand-ins are put to.
"""

import time
import traceback

from botocore.exceptions import BotoCoreError, ClientError

import shapes
from conformance import CHECKS, Lacks, World
from names import PATH
from place import ONCE
from recorder import RecordedEngine
from waiting import UNANSWERED, refusal_of

READING = ("Get", "List", "Describe", "Assume", "Publish", "Send")
# ListSecrets may lack the changes of the last five minutes:
# https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecrets.html
LATE_LIST, LATE_SECONDS, LONG_PAUSE = "ListSecrets", 300, 10


class Pause:
    """Seconds to wait after each call that changes something; and which calls were refused without an answer."""

    def __init__(self, late=0):
        """`late`: seconds before a list that lags, when a check is made for the last time."""
        self.seconds, self.unanswered, self._late = 0, [], late

    def watch(self, client):
        client.meta.events.register("before-call", self._before)
        client.meta.events.register("after-call", self._after)

    def _before(self, model, **_):
        if model.name == LATE_LIST and self.seconds >= LONG_PAUSE:
            time.sleep(self._late)

    def _after(self, model, parsed, **_):
        code = parsed.get("Error", {}).get("Code", "")
        if UNANSWERED.search(code):
            self.unanswered.append(f"{model.name}: {code}")
        if self.seconds and not model.name.startswith(READING):
            time.sleep(self.seconds)


class NoNews(list):
    """Without members that AWS has added since this botocore was made: no client minds them."""

    def extend(self, problems):
        super().extend(each for each in problems if not each.endswith("is in no model"))


class WatchedAws:
    """Clients as attributes, as the checks use them; every answer is held against AWS's own model of it."""

    def __init__(self, place, pause, key=None, problems=None):
        self._place, self._pause, self._key = place, pause, key
        self.problems = [] if problems is None else problems

    def __getattr__(self, service):
        # botocore would repeat a LimitExceededException, which some checks expect.
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
    """What each check found: `yes`, `no`, `lacks` or `failed`, and in one line why not yes."""
    pause = Pause(LATE_SECONDS if place.real() else 0)
    aws = WatchedAws(place, pause, problems=NoNews() if place.real() else [])
    engine = RecordedEngine(place, recorder, options.patience, pause) if recorder else None
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
        pause.unanswered.clear()
        found = outcome(check, world)
        if found[0] in ("yes", "lacks"):
            break
        if pause.unanswered:
            found = "failed", f"{', '.join(dict.fromkeys(pause.unanswered))}; {found[1]}"
    pause.seconds = 0
    return found


def outcome(check, world):
    try:
        check.run(world)
    except Lacks as lacking:
        return "lacks", str(lacking)
    except ClientError as error:
        return "no", refusal_of(error)
    except BotoCoreError as error:
        # No connection, no such endpoint: nothing was answered.
        return "failed", str(error)[:200]
    except AssertionError as failed:
        # What the check expected, as its line says; some have words of their own.
        return "no", str(failed)[:200] or traceback.extract_tb(failed.__traceback__)[-1].line
    except Exception as error:
        return "no", f"{type(error).__name__} at {traceback.extract_tb(error.__traceback__)[-1].line}"
    return "yes", ""
