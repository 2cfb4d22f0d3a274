"""The parts of a run. One that fails does not keep the next from being tried."""

import traceback
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

import conformance_run
import product
from alerts import Alerts
from ask_engine import EngineQuestions
from ask_events import EventQuestions
from ask_iam import IamQuestions
from ask_lag import LagQuestions
from ask_members import MemberQuestions
from making import Failed, Maker
from questions import QUESTIONS
from recorder import RecordedEngine, Recorder
from removal import said
from rotation_run import EndToEnd
from unasked import Unasked, Unsettled

# Asked last: they wait for what the watched rotation does.
LATE = ["retries", "refused_rotation", "trail_record"]


class Run:
    def __init__(self, place, notes, progress, options, member=None):
        """`member`: the place of a second account, and its notes."""
        self._place, self._notes, self._progress, self._options = place, notes, progress, options
        self._maker = Maker(place, notes, progress, options.patience)
        self._member = Maker(*member, progress, options.patience) if member else None
        self._recorder = self._product = self._alerts = None
        # By id: yes, no or lacks; and why.
        self.checks = {}
        # What was tried end to end: what, yes or no or not asked, what was found.
        self.steps = []
        # Answers by the question's id.
        self.answers = {}
        # Why there is none, by the question's id. It is no answer, and takes no answer's place.
        self.unanswered = {}
        # What kept a part or a question from being done.
        self.errors = []

    def everything(self):
        only = self._options.only
        if {"conformance", "questions"} & set(only):
            self._part("the recorder function", self._deploy_recorder)
        if "conformance" in only:
            self._part("conformance", self._conformance)
        # Questions to the alert topic need the stack, too.
        if {"rotation", "questions"} & set(only):
            self._part("the product", self._deploy_product)
        if "rotation" in only and self._product:
            self._part("rotation", self._rotation)
        if "questions" in only:
            self._part("questions", self._questions)

    def failed(self):
        """Whether the product did something else than it says, or something could not be asked although it should."""
        unmade = any(outcome == "failed" for outcome, _ in self.checks.values())
        return bool(self.errors) or unmade or any(each[1] not in ("yes", "not asked") for each in self.steps)

    def _part(self, name, run):
        self._progress.step(f"-- {name}")
        try:
            run()
        except Exception as error:
            self._failed(name, error)

    def _failed(self, name, error):
        if self._place.lacks(error):
            self._progress.step(f"{name}: not available here")
            return
        self.errors.append(f"{name}: {what(error)}")
        self._progress.step(f"{name} failed: {what(error)}")

    def _deploy_recorder(self):
        recorder = Recorder(self._maker)
        recorder.function()
        self._recorder = recorder

    def _deploy_product(self):
        self._product = product.given(self._options, self._place, self._maker)
        self._alerts = Alerts(self._place, self._maker, self._product.topic)

    def _conformance(self):
        self.checks = conformance_run.run(self._place, self._notes, self._progress, self._recorder, self._options)

    def _rotation(self):
        end_to_end = EndToEnd(self._place, self._maker, self._product, self._alerts, self._progress, self._options)
        self.steps = end_to_end.steps
        end_to_end.run()

    def _questions(self):
        asked = self._asked()
        asked["retries"].__self__.begin_watch()
        first = [question.id for question in QUESTIONS if question.id not in LATE]
        for question in [*first, *LATE]:
            self._ask(question, asked[question])

    def _ask(self, question, ask):
        try:
            self.answers[question] = ask()
        except Unasked as unasked:
            self.unanswered[question] = f"cannot be asked here: {unasked}"
        except Unsettled as unsettled:
            self.unanswered[question] = f"not settled: {unsettled}"
        except Exception as error:
            if self._place.real() or not isinstance(error, ClientError):
                self._failed(question, error)
                self.unanswered[question] = f"failed: {what(error)}"
                return
            missing = "no such call" if self._place.lacks(error) else said(error)
            self.unanswered[question] = f"cannot be asked here: {missing}"
        self._progress.step(f"{question}: {self.answers.get(question) or self.unanswered[question]}")

    def _asked(self):
        """What answers each question."""
        place, maker, options = self._place, self._maker, self._options
        engine = RecordedEngine(place, self._recorder, options.patience) if self._recorder else None
        of_engine = EngineQuestions(place, maker, self._recorder, engine, options)
        of_iam, of_lag = IamQuestions(place, maker, options.patience), LagQuestions(
            place, maker, self._recorder, options.patience
        )
        of_events = EventQuestions(place, self._product, self._alerts, options.patience)
        of_members = MemberQuestions(place, self._member, self._recorder, options.patience)
        found = {}
        for asker in (of_engine, of_iam, of_lag, of_events, of_members):
            found |= {question.id: getattr(asker, question.id) for question in QUESTIONS if hasattr(asker, question.id)}
        return found


def what(error):
    """A refusal in AWS's words. Of an error of the program its kind and place: its words may hold a value."""
    if isinstance(error, (ClientError, BotoCoreError, Failed)):
        return said(error)
    words = f" ({error})" if isinstance(error, OSError) else ""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(last.filename).name}, line {last.lineno}: {last.line}{words}"
