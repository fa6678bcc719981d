"""What a JSON Schema says of a value beyond its Python type; the types of the contract carry it as annotations."""

from __future__ import annotations

from vmxtool._record import Record


class Least(Record):
    """A number is at least this."""

    number: int


class Most(Record):
    """A number is at most this."""

    number: int


class Pattern(Record):
    """A text matches this regular expression."""

    expression: str


class OneOf:
    """A text is one of these words."""

    def __init__(self, *words: str) -> None:
        self.words = words
