"""Whether a secret of one account rotates by a function of another: `--member PROFILE`."""

from unasked import Unasked


class MemberQuestions:
    def __init__(self, place, maker, recorder, options, progress):
        self._place, self._maker, self._recorder = place, maker, recorder
        self._profile = options.member

    def across_accounts(self):
        raise Unasked("no second account is given (--member PROFILE)")
