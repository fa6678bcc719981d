"""Where a word occurs: in rules, and in what came with a hardware version."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from vmxtool._record import Record
from vmxtool.report.glossary import meaning_of, words
from vmxtool.report.hardware_page import Novelty, novelties
from vmxtool.rules.registry import Rule, all_rules

if TYPE_CHECKING:
    from collections.abc import Sequence

_LONGEST = 80
_MOST_WORDS = 4  # of a search whose words may stand apart
_ALIKE = 0.75
_ALIKE_CODES = 0.6
_NEAREST = 3
_BEGINNING = 4  # letters that a code or a name is known by


class Mentions(Record):
    """Where a word occurs.

    Attributes:
        word: the word.
        rules: the rules that it occurs in, first those whose name begins with it, then by name, title and text.
        news: what came with a hardware version, where the word occurs in it.
        says: what the word means, or empty.
    """

    word: str
    rules: tuple[Rule, ...]
    news: tuple[Novelty, ...]
    says: str = ""


def mentions_of(word: str) -> Mentions | None:
    """Return where a word of at least two letters occurs, in the singular or the plural, and what it means.

    Several words may stand apart in a name or a title. None where the word does not occur and has no meaning here.
    """
    meaning = meaning_of(word) or meaning_of(word.partition(":")[0])  # a file may stand behind the colon
    if meaning is None and not (2 <= len(word) <= _LONGEST and any(it.isalpha() for it in word)):
        return None
    whole = _pattern(word)
    others = [_pattern(it) for it in meaning.seek] if meaning is not None else []
    apart = [_pattern(it) for it in word.split()] if 1 < len(word.split()) <= _MOST_WORDS else []
    ranked = [(_rank(rule, whole, others, apart), rule) for rule in all_rules()]
    found = sorted([it for it in ranked if it[0] is not None], key=lambda it: it[0] or 0)
    news = tuple(it for it in novelties() if whole.search(it.says))
    if not found and not news and meaning is None:
        return None
    return Mentions(word, tuple(rule for _, rule in found), news, meaning.says if meaning is not None else "")


def near_words(wanted: str) -> list[str]:
    """Return codes and names of rules, and words with a meaning, that are written almost as a word that is unknown."""
    known = {it.upper(): it for rule in all_rules() for it in (rule.code, rule.name)}
    known |= {it.upper(): it for it in words()}
    cutoff = _ALIKE_CODES if any(map(str.isdecimal, wanted)) else _ALIKE
    begun = [it for it in known if it.startswith(wanted.upper())] if len(wanted) >= _BEGINNING else []
    return [known[it] for it in begun[:_NEAREST] or get_close_matches(wanted.upper(), known, n=_NEAREST, cutoff=cutoff)]


def _pattern(word: str) -> re.Pattern[str]:
    stem = re.escape(word.lower().removesuffix("s")).replace(r"\-", "[- ]")
    return re.compile(rf"(?<![a-z0-9]){stem}s?(?![a-z0-9])", re.IGNORECASE)


def _rank(
    rule: Rule, whole: re.Pattern[str], others: Sequence[re.Pattern[str]], apart: Sequence[re.Pattern[str]]
) -> int | None:
    """Return how far down a list a rule belongs, or None where it does not belong there."""
    name, title = rule.name.replace("-", " "), " ".join(rule.title.split())
    ranks = (
        any(pattern.search(text) for pattern in others for text in (name, title)),
        whole.match(name),
        whole.search(name),
        whole.search(title),
        apart and all(pattern.search(f"{name} {title}") for pattern in apart),
        any(whole.search(text) for text, _ in rule.messages),
        whole.search(" ".join(rule.text.split())),
    )
    return next((rank for rank, there in enumerate(ranks) if there), None)
