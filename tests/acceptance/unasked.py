class Unasked(Exception):
    """A question that this place cannot answer; says what is missing."""


class Unsettled(Exception):
    """A question that was asked and got no answer that could be believed; says what was seen."""
