class Unasked(Exception):
    """A question that this place cannot answer; says what is missing."""
