"""Runs the product, and what it assumes about AWS, in a real account: `make acceptance`, docs/acceptance.md."""

import sys
import traceback
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

# The checks that the stand-ins are put to as well.
sys.path.append(str(Path(__file__).parents[1] / "peers"))

import account  # noqa: E402
import consent  # noqa: E402
import options as command_line  # noqa: E402
import record  # noqa: E402
import session  # noqa: E402
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
    options, progress = command_line.given(), Progress()
    try:
        run = new_run()
        profiles = [options.profile, *([options.member] if options.member else [])]
        places = [Place(run, profile, options.region) for profile in profiles]
        return (clean if options.clean else accept)(options, places, progress)
    except (Unusable, Failed, consent.Refused, session.TooShort) as refused:
        print(f"error: {refused}", file=sys.stderr)
    except (ClientError, BotoCoreError) as error:
        print(f"error: {said(error)}", file=sys.stderr)
    return 1


def accept(options, places, progress):
    """In the first place; the second one, if any, is another account."""
    place = places[0]
    for line in consent.plan(options, place):
        progress.say(line)
    if not options.stack and not options.function and {"rotation", "questions"} & set(options.only):
        # Known before anything is made.
        architecture(options.code)
    identified(options, places, progress)
    refuse_beside_others(places)
    longest = seconds_for(places, options, progress)
    consent.ask(f"Type the account's number to begin in {place.account}:", place.account, options)
    notes, stop = [Notes(each) for each in places], Stop(progress, longest)
    run = Run(place, notes[0], progress, options, (places[1], notes[1]) if options.member else None)
    left = worked(run, stop, removal_of(places, notes, progress), progress)
    finish(options, place, progress, run, stop, left)
    return 1 if left or stop.requested or run.failed() else 0


def identified(options, places, progress):
    """The first calls, which change nothing."""
    consent.ask("Type yes to ask AWS whose credentials these are (sts:GetCallerIdentity):", "yes", options)
    for place in places:
        place.identify()
        progress.say(f"Account {place.account}, as {place.caller}")
        consent.check_account([place], options)
        for line in account.shown(place):
            progress.say(line)
    if len({place.account for place in places}) < len(places):
        raise Unusable(f"Profile {options.member} is of the same account. Give --member a profile of another one.")


def seconds_for(places, options, progress):
    """How long the work may take: as long as the credentials of each account last, with the removal."""
    longest = consent.longest(options)
    for place in places:
        longest, told = session.seconds_for(place, longest, REMOVAL_SECONDS * len(places))
        if told:
            progress.say(told)
    return longest


def refuse_beside_others(places):
    """A run removes its own things alone. But the checks list users, and read what other runs made."""
    others = [(place, kind, thing) for place in places for kind, thing in in_the_way(place)]
    if others:
        shown = "\n".join(f"  {place.account}: {described(kind, thing)}" for place, kind, thing in others)
        regions = ", ".join(sorted({f"--clean --region {thing.region or 'REGION'}" for _, _, thing in others}))
        what = "There are things of another run, which may still be going on, or of one that was killed"
        raise consent.Refused(f"{what}:\n{shown}\nWait for its end, or remove them: {regions}.")


def described(kind, thing):
    made = f", made {thing.created}" if thing.created else ""
    return f"{kind} {thing.name} (run {thing.run}, {thing.region or 'region not known'}{made})"


def removal_of(places, notes, progress, every_run=False):
    """Removes everything of the run, and returns what is left."""
    removals = [Removal(*each, progress, REMOVAL_SECONDS, every_run) for each in zip(places, notes)]
    # The function's account last: the other one's secrets rotate with it.
    return lambda: [left for removal in reversed(removals) for left in removal.everything()]


def worked(run, stop, remove, progress):
    """Runs, and removes whatever happens. A signal that comes between the two still leads to the removal."""
    try:
        try:
            run.everything()
        finally:
            stop.hold()
    except Interrupted:
        pass
    except Exception as error:
        # Lines of the program, without values: one may be secret.
        run.errors.append(f"{type(error).__name__}\n{''.join(traceback.format_tb(error.__traceback__))}")
    progress.step("-- removal")
    return remove()


def finish(options, place, progress, run, stop, left):
    for line in summary.lines(run, left):
        progress.say(line)
    if options.record:
        record.write(options.record, record.of(run, place))
    if place.real() and not stop.requested:
        record.keep(run, place)
        progress.say("Written: tests/acceptance/recorded/aws.json, and the open questions in docs/simulator.md.")
        progress.say("UPDATE_PAGES=1 make test-peers writes the column AWS of the behaviours. Please commit both files.")


def clean(options, places, progress):
    identified(options, places, progress)
    notes = [Notes(place, every_run=True) for place in places]
    there = [line for place, noted in zip(places, notes) for line in to_be_removed(place, noted, progress)]
    if not there:
        progress.say("Nothing of an earlier run is here.")
        return 0
    progress.say("To be removed, where it is still there (a run that is going on loses what it made):")
    for line in there:
        progress.say(f"  {line}")
    consent.ask("Type yes to remove it:", "yes", options)
    Stop(progress).hold()
    left = removal_of(places, notes, progress, every_run=True)()
    for line in summary.remains(left):
        progress.say(line)
    return 1 if left else 0


def to_be_removed(place, notes, progress):
    """Lines about what is there in this region, and what was noted. IAM and S3 show the other regions' things, too."""
    found = everything_there(place)
    for region in sorted({thing.region for _, thing in found} - {place.region}):
        progress.say(f"Things of runs in {region or 'no known region'} stay: --clean --region {region or 'REGION'}")
    here = [(kind, thing) for kind, thing in found if thing.region == place.region]
    listed = {(kind, thing.name) for kind, thing in here}
    noted = [each for each in dict.fromkeys(notes.noted()) if each not in listed]
    return [described(*each) for each in here] + [f"{kind} {name} (noted before it was made)" for kind, name in noted]


if __name__ == "__main__":
    sys.exit(main())
