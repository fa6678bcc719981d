"""The rule behind what a product printed: found by its words, as names, numbers and punctuation differ."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from vmxtool.rules.registry import all_rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmxtool.rules.registry import Rule

FEWEST = 3
"""Words of a message that have to be there, in its order."""
_LIKE = 0.8  # of the words of the shorter of the two texts, more than that
_LONGEST = 2000  # characters of a text that is searched for
_OPEN = re.compile(r"<[^<>]*>")  # what differs from VM to VM
_NAME = re.compile(r"\S*(?:\d|[^\W_][.:/\\]+[^\W_])\S*")  # a number, a file, a path, an address
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")


def rules_that_print(text: str) -> tuple[Rule, ...]:
    """Return the rules that have a message like a text, or like a part of it; the likest alone, in their order."""
    wanted = words_of(text[:_LONGEST])
    if len(wanted) < FEWEST:
        return ()
    found: list[tuple[float, Rule]] = []
    for rule in all_rules():
        likeness = max((_likeness(wanted, _words(message)) for message, _ in rule.messages), default=0.0)
        if likeness > _LIKE:
            found.append((likeness, rule))
    best = max((likeness for likeness, _ in found), default=0.0)
    return tuple(rule for likeness, rule in found if likeness == best)


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a message in lower case, without numbers and without what differs from VM to VM."""
    return tuple(_WORD.findall(_NAME.sub(" ", _OPEN.sub(" ", text)).casefold()))


@cache
def _words(message: str) -> tuple[str, ...]:
    return words_of(message)


def _likeness(wanted: Sequence[str], known: Sequence[str]) -> float:
    """Return how much of the shorter text the other has in the same order, from 0 to 1."""
    if len(set(wanted) & set(known)) < FEWEST:
        return 0.0
    row = [0] * (len(known) + 1)
    for word in wanted:
        before = row
        row = [0]
        for at, other in enumerate(known):
            row.append(before[at] + 1 if word == other else max(before[at + 1], row[at]))
    return row[-1] / min(len(wanted), len(known)) if row[-1] >= FEWEST else 0.0
