"""Runs the product, and what it assumes about AWS, in a real account: `make acceptance`, docs/acceptance.md."""

import sys
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

# The checks that the stand-ins are put to as well.
sys.path.append(str(Path(__file__).parents[1] / "peers"))

import consent  # noqa: E402
import options as command_line  # noqa: E402
import record  # noqa: E402
import summary  # noqa: E402
from making import Failed  # noqa: E402
from names import new_run  # noqa: E402
from notes import Notes  # noqa: E402
from place import Place, Unusable  # noqa: E402
from product import architecture  # noqa: E402
from progress import Progress  # noqa: E402
from removal import Removal, everything_there, in_the_way, said  # noqa: E402
from run import Run  # noqa: E402
from stop import Interrupted, Stop  # noqa: E402

# A stack is deleted in some minutes, and a role is in use for a while after it.
REMOVAL_SECONDS = 1200


def main():
    options, progress = command_line.parser().parse_args(), Progress()
    try:
        place = Place(new_run(), options.profile, options.region)
        return clean(options, place, progress) if options.clean else accept(options, place, progress)
    except (Unusable, Failed, consent.Refused) as refused:
        print(f"error: {refused}", file=sys.stderr)
    except (ClientError, BotoCoreError) as error:
        print(f"error: {said(error)}", file=sys.stderr)
    return 1


def accept(options, place, progress):
    for line in consent.plan(options, place):
        progress.say(line)
    if not options.stack and not options.function and {"rotation", "questions"} & set(options.only):
        # Known before anything is made.
        architecture(options.code)
    identified(options, place, progress)
    others = in_the_way(place)
    if others:
        shown = "\n".join(f"  {kind} {name}" for kind, name in others)
        raise consent.Refused(f"This account has things of another run, or of one that was killed:\n{shown}\nRemove them by --clean.")
    consent.ask(f"Type the account's number to begin in {place.account}:", place.account, options)
    notes, stop = Notes(place), Stop(progress)
    run, removal = Run(place, notes, progress, options), Removal(place, notes, progress, REMOVAL_SECONDS)
    left = worked(run, stop, removal, progress)
    finish(options, place, progress, run, stop, left)
    return 1 if left or run.errors or stop.requested or any(outcome == "no" for _, outcome, _ in run.steps) else 0


def identified(options, place, progress):
    """The first call, which changes nothing."""
    consent.ask("Type yes to ask AWS whose credentials these are (sts:GetCallerIdentity):", "yes", options)
    place.identify()
    progress.say(f"Account {place.account}, as {place.caller}")


def worked(run, stop, removal, progress):
    """Runs, and removes whatever happens. A signal that comes between the two still leads to the removal."""
    try:
        try:
            run.everything()
        finally:
            stop.hold()
    except Interrupted:
        pass
    except BaseException:
        progress.step("the run failed; removing what was made")
        removal.everything()
        raise
    progress.step("-- removal")
    return removal.everything()


def finish(options, place, progress, run, stop, left):
    for line in summary.lines(run, left):
        progress.say(line)
    if options.record:
        record.write(options.record, record.of(run, place))
    if place.real() and not stop.requested:
        record.keep(run, place)
        progress.say("Written: tests/acceptance/recorded/aws.json and docs/simulator.md. Please commit both.")


def clean(options, place, progress):
    identified(options, place, progress)
    notes = Notes(place)
    there = dict.fromkeys([*everything_there(place), *notes.noted()])
    if not there:
        progress.say("Nothing of an earlier run is here.")
        return 0
    progress.say("To be removed, where it is still there:")
    for kind, name in there:
        progress.say(f"  {kind} {name}")
    consent.ask("Type yes to remove it:", "yes", options)
    Stop(progress).hold()
    left = Removal(place, notes, progress, REMOVAL_SECONDS).everything()
    for line in summary.remains(left):
        progress.say(line)
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
