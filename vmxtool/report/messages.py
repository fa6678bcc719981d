"""The rule behind what a product printed: found by its words, as names, numbers and punctuation differ."""

from __future__ import annotations

import re
from functools import cache
from math import log
from typing import TYPE_CHECKING

from vmxtool.rules.registry import all_rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmxtool.rules.registry import Rule

FEWEST = 3
"""Words of a message that have to be there, in its order."""
_LIKE = 0.8  # of the words of the shorter of the two texts, more than that
_LONGEST = 2000  # characters of a text that is searched for
_NEAR = 0.6  # of what the words of a text weigh
_FEWEST_NEAR = 2  # telling words that a near message shares
_TELLING = 0.4  # of what a word weighs that no rule has
_NEAREST = 3
_OPEN = re.compile(r"<[^<>]*>")  # what differs from VM to VM
_NAME = re.compile(r"\S*(?:\d|[^\W_][.:/\\]+[^\W_])\S*")  # a number, a file, a path, an address
_CODE = re.compile(r"\b0x0*([1-9a-f][0-9a-f]+)\b", re.IGNORECASE)  # a stop code, which tells more than any word
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")


def rules_that_print(text: str) -> tuple[Rule, ...]:
    """Return the rules that have a message like a text, or like a part of it; the likest alone, in their order."""
    wanted = words_of(text[:_LONGEST])
    if len(wanted) < FEWEST:
        return _with_codes(text[:_LONGEST])
    found: list[tuple[float, Rule]] = []
    for rule in all_rules():
        likeness = max((_likeness(wanted, _words(message)) for message, _ in rule.messages), default=0.0)
        if likeness > _LIKE:
            found.append((likeness, rule))
    best = max((likeness for likeness, _ in found), default=0.0)
    return tuple(rule for likeness, rule in found if likeness == best) or _with_codes(text[:_LONGEST])


def rules_near(text: str) -> tuple[Rule, ...]:
    """Return the rules that have most of what is telling in a text in a message or title; words of many rules are not.

    None where a text has fewer words than a message has to share.
    """
    wanted = set(words_of(text[:_LONGEST]))
    if len(wanted) < FEWEST:
        return ()
    weights, most = _weights()
    telling = {word for word in wanted if weights.get(word, most) > _TELLING * most}
    whole = sum(weights.get(word, most) for word in wanted)
    found: list[tuple[float, Rule]] = []
    for rule in all_rules():
        shared = max(
            (wanted & words for words in _texts(rule) if len(telling & words) >= _FEWEST_NEAR),
            default=set(),
            key=lambda some: sum(weights[word] for word in some),
        )
        if sum(weights[word] for word in shared) >= _NEAR * whole:
            found.append((sum(weights[word] for word in shared), rule))
    return tuple(rule for _, rule in sorted(found, key=lambda it: -it[0])[:_NEAREST])


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a message in lower case, without numbers and without what differs from VM to VM."""
    return tuple(_WORD.findall(_NAME.sub(" ", _OPEN.sub(" ", text)).casefold()))


def _with_codes(text: str) -> tuple[Rule, ...]:
    """Return the rules that have a message with a stop code of a text."""
    wanted = {code.lower() for code in _CODE.findall(text)}
    return tuple(
        rule
        for rule in (all_rules() if wanted else ())
        if any(code.lower() in wanted for message, _ in rule.messages for code in _CODE.findall(message))
    )


def _texts(rule: Rule) -> list[frozenset[str]]:
    """Return the words of each of a rule's messages, and those of its title with its name."""
    texts = [*(message for message, _ in rule.messages), f"{rule.name.replace('-', ' ')} {rule.title}"]
    return [frozenset(_words(text)) for text in texts]


def _weights() -> tuple[dict[str, float], float]:
    """Return how telling each word of the rules is, the rarer the more, and how telling one is that no rule has."""
    rules = all_rules()
    count: dict[str, int] = {}
    for rule in rules:
        for word in frozenset().union(*_texts(rule)):
            count[word] = count.get(word, 0) + 1
    return {word: log((len(rules) + 1) / number) for word, number in count.items()}, log(len(rules) + 1)


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
