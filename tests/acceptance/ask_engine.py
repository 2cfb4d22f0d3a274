"""Questions to Secrets Manager's rotation engine, asked by the recorder function's reports."""

import datetime
import json
import time

from botocore.exceptions import ClientError

from progress import span
from recorder import STEPS
from unasked import Unasked, Unsettled
from waiting import PASSING, UNANSWERED, answer_of, refusal_of, until

# Invocations that an answer lists.
SHOWN = 16


class EngineQuestions:
    def __init__(self, place, maker, recorder, engine, options):
        self._place, self._maker, self._recorder, self._engine = place, maker, recorder, engine
        self._patience, self._watch = options.patience, options.watch
        self._manager = place.client("secretsmanager")
        # Of this run, whatever the two clocks say.
        self._started = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=3)
        # Seconds for which an end state is looked at.
        self._settle = 60 if place.real() else 0

    def _rotated(self, what, **parameters):
        """A new secret after one rotation: its name, and what the function saw."""
        name = self._secret(what)
        self._engine.failing = set()
        return name, self._engine.rotate(name, **parameters)

    def _secret(self, what):
        if self._recorder is None:
            raise Unasked("no function of ours can be deployed")
        self._maker.secret(what, "one")
        return self._place.names.of(what)

    def pending_after_success(self):
        name, seen = self._rotated("asked-pending")
        if not seen.events or seen.events[-1]["Step"] != "finishSecret":
            raise Unsettled(f"the rotation did not end within {span(self._patience)}")
        token = seen.events[0]["ClientRequestToken"]
        states = self._over_time(lambda: self._labels(name, token))
        if states[-1][1] is None:
            raise Unsettled("DescribeSecret does not list the version")
        return f"{'yes' if 'AWSPENDING' in states[-1][1] else 'no'}: the version {told(states)}"

    def _labels(self, name, token):
        """None where the version is not listed: that is no version without labels."""
        return self._stages(name).get(token)

    def _stages(self, name):
        return self._manager.describe_secret(SecretId=name)["VersionIdsToStages"]

    def _over_time(self, state):
        """Each state that was seen, with the seconds until it was: reads are late, and the engine has work to do."""
        began, states = time.monotonic(), []
        while True:
            found, passed = state(), time.monotonic() - began
            if not states or states[-1][1] != found:
                states.append((passed, found))
            if passed > self._settle:
                return states
            time.sleep(self._place.poll())

    def valueless_error(self):
        _, seen = self._rotated("asked-valueless")
        created = next((each for each in seen.reports if each["Step"] == "createSecret"), None)
        if created is None:
            raise Unsettled(f"createSecret did not run within {span(self._patience)}")
        readable(created)
        ways = {"by version and label": "value", "by version": "by_version", "by label": "by_stage"}
        return "; ".join(f"{way}: {read(created[field], created['current'])}" for way, field in ways.items())

    def test_only_value(self):
        name, seen = self._rotated("asked-test-only", RotateImmediately=False)
        if not seen.reports:
            raise Unsettled(f"the function was not invoked within {span(self._patience)}")
        first = readable(seen.reports[0])
        steps = ", ".join(each["Step"] for each in seen.reports)
        label = "AWSPENDING" if first["staged"] else "no AWSPENDING"
        after = told(self._over_time(lambda: self._labels(name, first["ClientRequestToken"])))
        return f"runs {steps}; {label}; holds {read(first['value'], first['current'])}; afterwards the version {after}"

    def begin_watch(self):
        """Begins a rotation that fails in testSecret; what becomes of it is asked at the end of the run.

        What keeps it from beginning is the answer then: the other questions do not need it.
        """
        self._watched = None
        try:
            name = self._secret("asked-retries")
            self._engine.failing = {"testSecret"}
            self._began = time.monotonic()
            self._engine.rotate(name)
            self._watched = name
        except Exception as error:
            self._unwatched = error
        finally:
            if self._engine:
                self._engine.failing = set()

    def _the_watched(self):
        if self._watched is None:
            raise self._unwatched
        return self._watched

    def retries(self):
        watched = self._the_watched()
        rest = self._began + self._watch - time.monotonic()
        if rest > 0:
            time.sleep(rest)
        reports = self._recorder.reports.of(watched)
        if not reports:
            raise Unsettled(f"the function was not invoked within {span(self._watch)}")
        again = len(attempts(reports)) - 1
        times = f"{again or 'never'}{' times' if again else ''} within {span(self._watch)}"
        return f"again {times}; {invocations(reports)}; {tokens(reports)}; AWSPENDING {self._pending()}"

    def _pending(self):
        stages = self._stages(self._watched).values()
        return "stays" if any("AWSPENDING" in labels for labels in stages) else "is gone"

    def refused_rotation(self):
        watched = self._the_watched()
        before = self._recorder.reports.of(watched)
        try:
            self._manager.rotate_secret(SecretId=watched)
            answered = "accepted"
        except ClientError as error:
            answer_of(error, UNANSWERED)
            answered = refusal_of(error)
        more = lambda: self._recorder.reports.of(watched)[len(before) :]
        reports = until(more, self._patience, self._place.poll())
        if not reports:
            return f"{answered}; the function is not invoked within {span(self._patience)}"
        alone = "" if len(attempts(before)) < 2 else " (or AWS was repeating it anyway: it had done so before)"
        same = bool(before) and reports[0]["ClientRequestToken"] == before[-1]["ClientRequestToken"]
        token = "the same" if same else "another"
        return f"{answered}; the function runs {reports[0]['Step']} with {token} ClientRequestToken{alone}"

    def trail_record(self):
        """Of any rotation of this run that failed: the end-to-end part has one, too."""
        record = until(self._trail, min(self._watch, 900), self._place.poll())
        if record is None:
            raise Unsettled(f"no record within {span(min(self._watch, 900))}")
        told = json.loads(record["CloudTrailEvent"])
        secret = (told.get("additionalEventData") or {}).get("SecretId", "")
        versions = self._stages(secret) if secret else {}
        ends_with_version = any((told.get("requestID") or "").endswith(version) for version in versions)
        resources = "no resources" if not record.get("Resources") else "resources"
        return (
            f"{resources}; errorMessage {'is there' if told.get('errorMessage') else 'is missing'}; "
            f"requestID {'ends' if ends_with_version else 'does not end'} with the version's id"
        )

    def _trail(self):
        asked = {
            "LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "RotationFailed"}],
            "StartTime": self._started,
        }
        pages = self._place.client("cloudtrail").get_paginator("lookup_events").paginate(**asked)
        events = (each for page in pages for each in page["Events"])
        return next((each for each in events if self._place.names.prefix in each["CloudTrailEvent"]), None)


def readable(report):
    """A report of a function that could read the secret: otherwise its refusals are about the function alone."""
    codes = [found["refused"][0] for found in report.values() if isinstance(found, dict) and "refused" in found]
    if "hash" not in report.get("current", {}) or any(PASSING.search(code) for code in codes):
        raise Unsettled(f"the recorder function could not read the secret: {report.get('failed', 'no reason given')}")
    return report


def read(found, current):
    """A value that the function read, in words."""
    if "refused" in found:
        code, status, message = found["refused"]
        return f"{code}, {status} (\"{message}\")"
    if "empty" in found:
        return "an answer without a value"
    return "the current value" if found == current else "another value"


def told(states):
    """The states of a version, in the order in which they were seen."""
    later = [f"then {of_version(labels)} ({span(passed)} later)" for passed, labels in states[1:]]
    return "; ".join([of_version(states[0][1]), *later])


def of_version(labels):
    return "is not listed" if labels is None else f"has {', '.join(sorted(labels)) or 'no label'}"


def attempts(reports):
    """The reports of each attempt: a new one begins where a step does not follow the one before."""
    tried = []
    for report in reports:
        follows = tried and STEPS.index(report["Step"]) > STEPS.index(tried[-1][-1]["Step"])
        if not follows:
            tried.append([])
        tried[-1].append(report)
    return tried


def invocations(reports):
    """Every invocation: its step, the time since the one before, and whether Lambda repeated an event by itself."""
    shown = [reports[0]["Step"]]
    for earlier, later in zip(reports, reports[1:]):
        by_lambda = ", the same request" if later["request"] == earlier["request"] else ""
        shown.append(f"{later['Step']} after {span(later['at'] - earlier['at'])}{by_lambda}")
    more = f", and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
    return f"invoked: {', '.join(shown[:SHOWN])}{more}"


def tokens(reports):
    requests = counted({report["ClientRequestToken"] for report in reports})
    hashes = [[report.get("token_hash") for report in attempt] for attempt in attempts(reports)]
    if not all(all(attempt) for attempt in hashes):
        return f"{requests} ClientRequestToken, no RotationToken"
    within = "one" if all(len(set(attempt)) == 1 for attempt in hashes) else "more than one"
    among = counted({one for attempt in hashes for one in attempt})
    return f"{requests} ClientRequestToken; {within} RotationToken in an attempt, {among} in all"


def counted(items):
    return "one" if len(items) == 1 else str(len(items))
