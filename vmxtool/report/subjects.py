"""What can be explained, by the word that a reader has for it: a rule, a place in the guide, a source, a product."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

from vmxtool._record import Record
from vmxtool.errors import KnowledgeError, UsageError
from vmxtool.knowledge import tables
from vmxtool.knowledge.cells import Cell
from vmxtool.knowledge.product import Product
from vmxtool.knowledge.product_names import find_target
from vmxtool.knowledge.sources import Source, source
from vmxtool.knowledge.transcript import Fact, Table
from vmxtool.report.glossary import meaning_of
from vmxtool.report.mentions import Mentions, mentions_of, near_words
from vmxtool.report.messages import rules_near, rules_that_print, words_of
from vmxtool.rules.registry import Rule, all_rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmxtool.knowledge.tables import GuideEntry


class RuleFamily(Record):
    """The rules whose codes begin alike.

    Attributes:
        letters: the beginning, such as "DSK2".
        about: what they are about.
        rules: the rules, in the order of their codes.
    """

    letters: str
    about: str
    rules: tuple[Rule, ...]


class Families(Record):
    """Some families of rules, or all."""

    families: tuple[RuleFamily, ...]


Subject = Rule | Cell | Table | Source | Product | Families | Mentions | tuple[Fact, ...]

_ABOUT = {
    "VMX": "the config file",
    "PRD": "products and hardware versions",
    "DSK": "disks and their controllers",
    "NET": "network adapters",
    "CPU": "processors and memory",
    "GST": "the guest operating system",
    "SNP": "snapshots, and VMs that run or are suspended",
    "DEV": "other devices",
    "SEC": "encryption and policies",
}
_FAMILY = re.compile(r"(?P<letters>[A-Z]{3})(?:\d(?:XX)?)?")
_MOST_WORDS = 6  # of one name, such as "VMware ESXi 6.7 Update 2"
_LONGEST = 80

_GUIDE = re.compile(r"mpg:(?:t(?P<table>\d{1,2})|p(?P<page>\d{1,2}))", re.ASCII)
_KINDS = "`vmxtool explain` lists the kinds of rules"
_ASK_FOR_A_WORD = f"ask for one telling word of it, such as the name of a device; {_KINDS}"
_SENTENCE = 4  # words; a text with more is no name of a product


def find_all(words: Sequence[str]) -> list[Subject]:
    """Find what words mean, one after the other; several words that are one name, such as "ESXi 6.7", are taken as one.

    Without a word it is all families of rules.

    Raises:
        UsageError: a word means nothing; the message names what is nearest.
    """
    if not words:
        return [Families(families())]
    # The quotes around a message are the shell's, and may have been left out.
    whole = " ".join(words)
    if len(words) > 1 and meaning_of(whole) is not None:
        return [find(whole)]
    if not any(map(_is_quoted, words)) and (printed := _printed(whole)):
        return [printed]
    found: list[Subject] = []
    rest = list(words)
    while rest:
        for length in range(min(len(rest), _MOST_WORDS), 0, -1):
            if length > 1 and any(map(_is_quoted, rest[:length])):
                continue
            try:
                subject = find(" ".join(rest[:length]))
            except UsageError:
                if length == 1 and len(words) > _SENTENCE and all(isinstance(it, Mentions) for it in found):
                    raise _unknown(whole) from None
                if length == 1:
                    raise
                continue
            found.append(subject)
            rest = rest[length:]
            break
    return found


def families() -> tuple[RuleFamily, ...]:
    """Return the families of rules, in the order of the rules."""
    return tuple(
        RuleFamily(letters, _ABOUT.get(letters[:3], ""), tuple(group))
        for letters, group in groupby(all_rules(), key=lambda rule: rule.code[:4])
    )


def find(code: str) -> Subject:
    """Find what a word means.

    It is a rule's code or name, the letters of a family of rules, a place in the guide, a source such as "kb:1003746",
    a product, what a product printed, or a word that some rule has.

    Raises:
        UsageError: it means nothing; the message names what is nearest.
    """
    wanted = code.strip()
    named = (it for it in all_rules() if wanted.upper() == it.code or wanted.lower() == it.name)
    told = next(named, None) or (mentions_of(wanted) if meaning_of(wanted) is not None else _printed(wanted))
    if told is not None:
        return told
    family = _FAMILY.fullmatch(wanted.upper())
    if family is not None and family["letters"] in _ABOUT:
        return Families(tuple(it for it in families() if it.letters.startswith(family["letters"])))
    if wanted.lower().startswith("mpg:"):
        return _find_in_guide(wanted.lower())
    try:
        return source(wanted)[0]
    except KnowledgeError:
        pass
    try:
        return find_target(wanted)
    except UsageError as error:
        mentioned = mentions_of(wanted)
        if mentioned is not None:
            return mentioned
        if error.candidates and len(words_of(wanted)) <= _SENTENCE:
            raise UsageError(
                f"no rule and no product is called {code[:_LONGEST]!r}", hint=error.hint, candidates=error.candidates
            ) from None
    raise _unknown(wanted)


def _unknown(wanted: str) -> UsageError:
    """Return the error for a text that means nothing; it names what is near only where something is."""
    rules = rules_near(wanted)
    near = [rule.code for rule in rules] or near_words(wanted)
    hint = f"the nearest are {', '.join(f'{rule.code} {rule.name}' for rule in rules) or ', '.join(near)}"
    return UsageError(
        f"{wanted[:_LONGEST]!r} is no rule, product or source, and no rule mentions it",
        hint=hint if near else _ASK_FOR_A_WORD if len(wanted.split()) > 1 else _KINDS,
        candidates=near,
    )


def pairs_of(cell: Cell) -> list[GuideEntry]:
    """Return the pairs of products that a cell answers for."""
    return [entry for entry in tables.entries() if entry.cell == cell.address]


def rules_on(cell: Cell) -> list[Rule]:
    """Return the rules whose sources name a cell, its table, the page of its section or a place its notes rest on."""
    places = {cell.address, f"mpg:t{cell.table:02d}", f"mpg:p{cell.page:02d}", *(note.source for note in cell.notes)}
    return [rule for rule in all_rules() if any(_without_topic(it) in places for it in rule.sources)]


def title_of(reference: str) -> str:
    """Return the title of the document that a reference names, with its publisher."""
    document, _ = source(reference)
    return ", ".join(filter(None, (document.title, document.publisher)))


def _find_in_guide(address: str) -> Subject:
    place = _GUIDE.fullmatch(address)
    if place is None:
        return tables.cell(address) if address.startswith("mpg:t") else (tables.fact(address),)
    if place["table"] is not None:
        return tables.table(int(place["table"]))
    found = tables.facts_on(address)
    if found:
        return found
    page = int(place["page"])
    pages = sorted({fact.page for fact in tables.text_facts()}, key=lambda it: abs(it - page))
    near = [f"mpg:p{it:02d}" for it in sorted(pages[:2])]
    problem = f"vmxtool holds nothing of page {page} of the guide"
    raise UsageError(problem, hint=f"the nearest are {', '.join(near)}", candidates=near)


def _without_topic(reference: str) -> str:
    """Return a reference without the topic that a fact has after its page."""
    page = re.match(r"mpg:p\d\d", reference)
    return page[0] if page is not None else reference


def _is_quoted(word: str) -> bool:
    return " " in word.strip()


def _printed(text: str) -> Rule | Mentions | None:
    """Return the rule behind what a product printed, or the rules where there are several."""
    found = rules_that_print(text)
    return found[0] if len(found) == 1 else Mentions(text, found, ()) if found else None
