"""Removes everything that carries our names, and shows that nothing is left.

What counts is what AWS lists, not what a run remembers: it may have been killed. What was noted is asked for as well,
for lists lag. A pass tries everything once. Some refusals pass by themselves (a role in use, a stack that is being
deleted), so passes follow one another until two find nothing, or until time is up.
"""

import re
import time
from collections import defaultdict
from typing import NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from kinds import KINDS, SECRET, STACK, STACK_LOGS, SUBSCRIPTION, described_stacks, living_secrets, logs_of_stack
from kinds_iam import IAM_KINDS
from names import ours
from waiting import code_of, refusal_of

# Secrets go first: then AWS starts no rotation any more. Subscriptions go before their topic: lists show them
# long after it is gone. A stack takes what is in it along.
FIRST, REST = [SECRET, SUBSCRIPTION, STACK], [*KINDS, *IAM_KINDS]
GONE = re.compile("NoSuchEntity|NotFound|NonExistent|NoSuchBucket|QueueDoesNotExist")


class Left(NamedTuple):
    kind: str
    name: str
    why: str
    by_hand: str


class Removal:
    def __init__(self, place, notes, progress, patience):
        self._place, self._notes, self._progress, self._patience = place, notes, progress, patience
        # What was removed, and what was noted and is not there.
        self._gone, self._missing = set(), set()
        # Stacks that were being deleted when they were looked at last.
        self._going = set()
        # What a stand-in cannot remove, by kind.
        self._staying = defaultdict(set)
        self._found = False

    def everything(self):
        """What could not be removed."""
        deadline, empty = time.monotonic() + self._patience, 0
        while True:
            self._found = False
            left = self._pass()
            empty = empty + 1 if not self._found else 0
            if empty == 2:
                self._notes.forget()
                self._say_staying()
                return []
            if time.monotonic() > deadline:
                return left
            time.sleep(self._place.poll())

    def _pass(self):
        left = self._of(FIRST)
        # The stack's own things go with it; its roles would be refused one by one.
        if any(each.kind == STACK.name and "FAILED" not in each.why for each in left):
            return left
        return left + self._of(REST)

    def _of(self, kinds):
        return [each for kind in kinds for each in self._kind(kind)]

    def _kind(self, kind):
        try:
            listed = kind.listed(self._place)
        except (ClientError, BotoCoreError) as error:
            if not self._place.lacks(error):
                self._found = True
                return [Left(kind.name, "", f"cannot be listed: {said(error)}", "make acceptance ARGS=--clean")]
            listed = []
        noted = [name for noted, name in self._notes.noted() if noted == kind.name]
        known = [name for name in dict.fromkeys(noted) if ours(name) or kind is STACK_LOGS]
        done = self._gone | self._missing
        unlisted = [name for name in known if name not in listed and (kind.name, name) not in done]
        before = len(self._gone)
        tried = [self._remove(kind, name) for name in [*listed, *unlisted]]
        self._say(kind, len(self._gone) - before)
        return [each for each in tried if each]

    def _say(self, kind, count):
        if count:
            self._progress.step(f"removed: {count} {kind.name}{'s' if count > 1 else ''}")

    def _remove(self, kind, name):
        try:
            if kind is STACK:
                self._note_logs(name)
            kind.remove(self._place, name)
        except (ClientError, BotoCoreError) as error:
            if isinstance(error, ClientError) and (GONE.search(code_of(error)) or "does not exist" in str(error)):
                (self._gone if name in self._going else self._missing).add((kind.name, name))
                return None
            if self._place.lacks(error):
                self._staying[kind.name].add(name)
                self._missing.add((kind.name, name))
                return None
            self._found = True
            return Left(kind.name, name, said(error), kind.by_hand(name))
        return self._stack(name) if kind is STACK else self._removed(kind, name)

    def _removed(self, kind, name):
        """A list may go on showing it; then it is removed once more."""
        self._found = True
        self._gone.add((kind.name, name))
        return None

    def _note_logs(self, stack):
        """CloudFormation keeps the logs; here nobody wants them."""
        known = self._notes.noted()
        for name in logs_of_stack(self._place, stack):
            if (STACK_LOGS.name, name) not in known:
                self._notes.note(STACK_LOGS.name, name)

    def _say_staying(self):
        for kind, names in self._staying.items():
            self._progress.step(f"{kind}: {len(names)} that were noted cannot be removed here, for want of such a call")

    def _stack(self, name):
        """Deleting one takes minutes, and says only then whether it worked."""
        states = [each for each in described_stacks(self._place) if each["StackName"] == name]
        if not states:
            return self._removed(STACK, name)
        self._found = True
        self._going.add(name)
        why = f"{states[0]['StackStatus']} {states[0].get('StackStatusReason', '')}".strip()
        return Left(STACK.name, name, why, STACK.by_hand(name))


def said(error):
    return refusal_of(error) if isinstance(error, ClientError) else str(error)


def in_the_way(place):
    """(kind, name) of what another run has, or left."""
    return there(place, [SECRET._replace(listed=living_secrets), SUBSCRIPTION, STACK, *REST])


def everything_there(place):
    """(kind, name) of all that carries our names."""
    return there(place, [*FIRST, *REST])


def there(place, kinds):
    found = []
    for kind in kinds:
        try:
            found += [(kind.name, name) for name in kind.listed(place)]
        except ClientError as error:
            if not place.lacks(error):
                raise
    return found
