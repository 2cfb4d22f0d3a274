"""Removes what a run made, and shows that nothing is left.

What counts is what AWS lists and answers, not what a run remembers: it may have been killed. What was noted is asked
for by its name as well, for lists lag. A pass tries everything once. Some refusals pass by themselves (a role in use,
a stack that is being deleted), so passes follow one another until nothing is found for a while, or until time is up.
"""

import re
import time
from collections import defaultdict
from typing import NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from kinds import KINDS, SECRET, STACK, STACK_LOGS, SUBSCRIPTION, is_gone, living_secrets, logs_of_stack, stack_state
from kinds_bucket import BUCKET
from kinds_iam import ROLE, USER
from making import Failed
from names import run_of
from session import ended
from waiting import refusal_of, until

# Secrets go first: then AWS starts no rotation any more. Then the users, for their keys are what must not stay.
# Subscriptions go before their topic: lists show them long after it is gone. A stack takes what is in it along.
FIRST, REST = [SECRET, USER, SUBSCRIPTION, STACK], [*KINDS, BUCKET, ROLE]
CLEAN = 'make acceptance ARGS="--clean {}"'.format


class Left(NamedTuple):
    kind: str
    name: str
    why: str
    by_hand: str


class Ended(Exception):
    """The credentials are valid no longer: no call will do anything."""


class Removal:
    def __init__(self, place, notes, progress, patience, every_run=False):
        """Of this run alone, or, for `--clean`, of every run in this account and region."""
        self._place, self._notes, self._progress, self._patience = place, notes, progress, patience
        self._every_run = every_run
        # What was removed, and what was noted and is not there: looked for again until the end.
        self._gone, self._missing = set(), set()
        # What a stand-in cannot remove, by kind.
        self._staying = defaultdict(set)
        self._found = False

    def everything(self):
        """What could not be removed."""
        self._deadline = time.monotonic() + self._patience
        try:
            left = self._passes()
        except Ended as ended:
            return self._without_credentials(ended)
        if not left:
            self._notes.forget()
            self._say_staying()
        return left

    def _passes(self):
        """Until two find nothing: on AWS what was made last may show itself only after a minute."""
        quiet_since, pause, left = None, self._place.poll(), []
        while True:
            self._found = False
            # A refusal is tried again; everything is listed again only when none is left.
            left = self._pass({each.kind for each in left})
            now = time.monotonic()
            if self._found:
                quiet_since = None
            elif quiet_since is None:
                quiet_since = now
            elif now - quiet_since >= self._place.settling():
                return []
            if now > self._deadline:
                return left or self._still_listed()
            time.sleep(pause)
            pause = min(2 * pause, 8 * self._place.poll())

    def _pass(self, kinds):
        """Through these kinds, or through all if none is named."""
        chosen = lambda every: [kind for kind in every if not kinds or kind.name in kinds]
        left = [self._awaited(each) for each in self._of(chosen(FIRST))]
        return [each for each in left if each] + self._of(chosen(REST))

    def _awaited(self, left):
        """A stack that is being deleted: what is in it would be refused one by one until it is gone."""
        if left.kind != STACK.name or not left.why.startswith("DELETE_IN_PROGRESS"):
            return left
        over = lambda: not (self._state(left.name) or "").startswith("DELETE_IN_PROGRESS")
        until(over, self._deadline - time.monotonic(), 5 * self._place.poll())
        still = self._stack(left.name)
        if still is None:
            self._say(STACK, 1)
        return still

    def _state(self, name):
        """What cannot be read is as good as not being deleted: the rest is tried."""
        try:
            return stack_state(self._place, name)
        except Exception as error:
            self._check(error)
            return f"cannot be read: {said(error)}"

    def _of(self, kinds):
        return [each for kind in kinds for each in self._kind(kind)]

    def _kind(self, kind):
        try:
            listed = [thing.name for thing in kind.listed(self._place) if self._own(thing)]
        except Exception as error:
            self._check(error)
            if not self._place.lacks(error):
                self._found = True
                return [Left(kind.name, "", f"cannot be listed: {said(error)}", CLEAN(self._place.given()))]
            listed = []
        noted = self._noted(kind)
        before = len(self._gone)
        tried = [self._remove(kind, name, name in listed) for name in dict.fromkeys([*listed, *noted])]
        self._say(kind, len(self._gone) - before)
        return [each for each in tried if each]

    def _own(self, thing):
        return thing.region == self._place.region and (self._every_run or thing.run == self._place.names.run)

    def _noted(self, kind):
        """Those that were not there to be removed yet: the call that makes one may have been under way."""
        names = [name for noted, name in self._notes.noted() if noted == kind.name]
        if kind is STACK_LOGS:
            # Lambda makes one again for a rotation that was under way.
            return names
        return [name for name in names if run_of(name) and (kind.name, name) not in self._gone]

    def _say(self, kind, count):
        if count:
            self._progress.step(f"removed: {count} {kind.name}{'s' if count > 1 else ''}")

    def _remove(self, kind, name, listed):
        try:
            # A list shows for a while what is gone, and hides what is new. Only a question by name tells.
            known = (kind.name, name) in self._gone | self._missing
            if (known or not listed) and not kind.there(self._place, name):
                self._missing.add((kind.name, name))
                return None
            if kind is STACK:
                self._note_logs(name)
            kind.remove(self._place, name)
        except Ended:
            raise
        except Exception as error:
            return self._refused(kind, name, error)
        return self._stack(name) if kind is STACK else self._removed(kind, name)

    def _refused(self, kind, name, error):
        self._check(error)
        if is_gone(error):
            # It, or something of it: it is looked for once more.
            self._found = True
            self._missing.add((kind.name, name))
            return None
        if self._place.lacks(error):
            self._staying[kind.name].add(name)
            self._missing.add((kind.name, name))
            return None
        self._found = True
        return Left(kind.name, name, said(error), self._by_hand(kind, name))

    def _removed(self, kind, name):
        """It is looked for once more."""
        self._found = True
        self._gone.add((kind.name, name))
        return None

    def _by_hand(self, kind, name):
        return re.sub(r"(^|[ (])aws (?=[a-z])", rf"\1aws {self._place.given()} ", kind.by_hand(name))

    def _check(self, error):
        if ended(error):
            raise Ended(said(error)) from error

    def _without_credentials(self, ended):
        """What was noted and is not known to be gone, for the run after the next sign-in."""
        clean = CLEAN(self._place.given())
        done = self._gone | self._missing
        noted = [pair for pair in dict.fromkeys(self._notes.noted()) if pair not in done]
        why = f"the credentials are valid no longer ({ended}). Sign in again, then:"
        every = [Left(*pair, "was noted before it was made", clean) for pair in noted]
        return [Left("everything", "", why, clean), *every]

    def _still_listed(self):
        """Time is up, and no removal was refused."""
        left = []
        for kind in (*FIRST, *REST):
            try:
                names = [thing.name for thing in kind.listed(self._place) if self._own(thing)]
                left += [
                    Left(kind.name, name, "AWS still shows it", self._by_hand(kind, name))
                    for name in names
                    if kind.there(self._place, name)
                ]
            except Exception as error:
                self._check(error)
                if not self._place.lacks(error):
                    left.append(Left(kind.name, "", f"cannot be listed: {said(error)}", CLEAN(self._place.given())))
        return left or [Left("everything", "", "time was up before a second look", CLEAN(self._place.given()))]

    def _note_logs(self, stack):
        """CloudFormation keeps the logs; here nobody wants them. They cost little, so a refusal delays nothing."""
        known = self._notes.noted()
        try:
            names = logs_of_stack(self._place, stack)
        except Exception as error:
            self._check(error)
            return
        for name in names:
            if (STACK_LOGS.name, name) not in known:
                self._notes.note(STACK_LOGS.name, name)

    def _say_staying(self):
        for kind, names in self._staying.items():
            self._progress.step(f"{kind}: {len(names)} that were noted cannot be removed here, for want of such a call")

    def _stack(self, name):
        """Deleting one takes minutes, and says only then whether it worked."""
        state = self._state(name)
        if state is None:
            return self._removed(STACK, name)
        self._found = True
        return Left(STACK.name, name, state, self._by_hand(STACK, name))


def said(error):
    """Of an error that is not AWS's the kind alone: its words may hold a value."""
    if isinstance(error, ClientError):
        return refusal_of(error)
    return str(error) if isinstance(error, (BotoCoreError, Failed)) else type(error).__name__


def in_the_way(place):
    """(kind, thing) of what another run has, or left, in any region."""
    return there(place, [SECRET._replace(listed=living_secrets), *FIRST[1:], *REST])


def everything_there(place):
    """(kind, thing) of all that carries our names."""
    return there(place, [*FIRST, *REST])


def there(place, kinds):
    found = []
    for kind in kinds:
        try:
            found += [(kind.name, thing) for thing in kind.listed(place)]
        except ClientError as error:
            if not place.lacks(error):
                raise
    return found
