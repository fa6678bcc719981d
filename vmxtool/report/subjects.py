"""What can be explained, by the word that a reader has for it: a rule, a place in the guide, a source, a product."""

from __future__ import annotations

import re
from difflib import get_close_matches
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
from vmxtool.report.hardware_page import Novelty, novelties
from vmxtool.report.messages import rules_that_print
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


class Mentions(Record):
    """Where a word occurs.

    Attributes:
        word: the word.
        rules: the rules that it occurs in, first those that have it in their name or title.
        news: what came with a hardware version, where the word occurs in it.
    """

    word: str
    rules: tuple[Rule, ...]
    news: tuple[Novelty, ...]


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
_NEAREST = 3


def find_all(words: Sequence[str]) -> list[Subject]:
    """Find what words mean, one after the other; several words that are one name, such as "ESXi 6.7", are taken as one.

    Without a word it is all families of rules.

    Raises:
        UsageError: a word means nothing; the message names what is nearest.
    """
    if not words:
        return [Families(families())]
    # The quotes around a message are the shell's, and may have been left out.
    if not any(map(_is_quoted, words)) and (printed := _printed(" ".join(words))):
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
    told = next(named, None) or _printed(wanted)
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
        mentioned = _mentions(wanted)
        if mentioned is not None:
            return mentioned
        if error.candidates:
            raise UsageError(
                f"no rule and no product is called {code[:_LONGEST]!r}", hint=error.hint, candidates=error.candidates
            ) from None
    near = _near_rules(wanted)
    said = ", ".join(f"{rule.code} {rule.name}" for rule in near)
    raise UsageError(
        f"{code[:_LONGEST]!r} is no rule, product or source, and no rule mentions it",
        hint=f"the nearest are {said}",
        candidates=[rule.code for rule in near],
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


def _near_rules(wanted: str) -> list[Rule]:
    known = {name: rule for rule in all_rules() for name in (rule.code, rule.name)}
    near = get_close_matches(wanted.upper(), known, n=_NEAREST, cutoff=0.6)
    near = near or get_close_matches(wanted.lower(), known, n=_NEAREST, cutoff=0)
    return list({known[name].code: known[name] for name in near}.values())


def _is_quoted(word: str) -> bool:
    return " " in word.strip()


def _printed(text: str) -> Rule | Mentions | None:
    """Return the rule behind what a product printed, or the rules where there are several."""
    found = rules_that_print(text)
    return found[0] if len(found) == 1 else Mentions(text, found, ()) if found else None


def _mentions(word: str) -> Mentions | None:
    """Return where a word of at least two letters occurs, in the singular or the plural; None where it does not."""
    stem = word.lower().removesuffix("s")
    if not 2 <= len(stem) <= _LONGEST or not any(it.isalpha() for it in stem):
        return None
    whole = re.compile(rf"(?<![a-z0-9]){re.escape(stem)}s?(?![a-z0-9])", re.IGNORECASE)

    def shown(rule: Rule) -> bool:
        return any(map(whole.search, (rule.name, rule.name.replace("-", " "), rule.title)))

    def printed(rule: Rule) -> bool:
        return any(whole.search(text) for text, _ in rule.messages)

    said = [it for it in all_rules() if shown(it) or printed(it) or whole.search(" ".join(it.text.split()))]
    news = tuple(it for it in novelties() if whole.search(it.says))
    if not said and not news:
        return None
    return Mentions(word, tuple(sorted(said, key=lambda rule: not shown(rule))), news)
