"""What a JSON Schema says of a value beyond its Python type; the types of the contract carry it as annotations."""

from __future__ import annotations

from typing import NamedTuple


class Least(NamedTuple):
    """A number is at least this."""

    number: int


class Most(NamedTuple):
    """A number is at most this."""

    number: int


class Pattern(NamedTuple):
    """A text matches this regular expression."""

    expression: str


class OneOf:
    """A text is one of these words."""

    def __init__(self, *words: str) -> None:
        self.words = words
