"""The last lines of a run."""

from collections import Counter

from questions import QUESTIONS


def lines(run, left):
    return [*checks(run.checks), *steps(run.steps), *answers(run), *errors(run.errors), *remains(left)]


def checks(found):
    if not found:
        return []
    counts = Counter(agrees for agrees, _ in found.values())
    failed = f" {counts['failed']} could not be made." if counts["failed"] else ""
    told = f"Checks: {counts['yes']} yes, {counts['no']} no, {counts['lacks']} lacking.{failed}"
    return ["", told, *[f"  {name:<24} {agrees}: {why}" for name, (agrees, why) in found.items() if agrees != "yes"]]


def steps(found):
    return ["", "End to end:", *[f"  {outcome:<9} {what}" for what, outcome, _ in found]] if found else []


def answers(found):
    told_of = found.unanswered | found.answers
    asked = [question for question in QUESTIONS if question.id in told_of]
    told = [line for each in asked for line in (f"  {each.question}", f"    {told_of[each.id]}")]
    return ["", "Questions:", *told] if asked else []


def errors(found):
    return ["", "Failed:", *[f"  {each}" for each in found]] if found else []


def remains(left):
    if not left:
        return ["", "Everything was removed: a listing of this account and region shows nothing of the run."]
    rows = [line for each in left for line in (f"  {each.kind} {each.name}: {each.why}", f"    {each.by_hand}")]
    return ["", "Not removed. `make acceptance ARGS=--clean` tries again; by hand:", *rows]
