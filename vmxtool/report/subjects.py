"""What can be explained: a rule, a place in the guide, a source or a product, by the word that a reader has for it."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from vmxtool.errors import KnowledgeError, UsageError
from vmxtool.knowledge import tables
from vmxtool.knowledge.cells import Cell
from vmxtool.knowledge.product_names import find_target
from vmxtool.knowledge.products import Product
from vmxtool.knowledge.sources import Source, source
from vmxtool.knowledge.transcript import Fact, Table
from vmxtool.rules.registry import Rule, all_rules

if TYPE_CHECKING:
    from vmxtool.knowledge.tables import GuideEntry

Subject = Rule | Cell | Table | Source | Product | tuple[Fact, ...]

_GUIDE = re.compile(r"mpg:(?:t(?P<table>\d{1,2})|p(?P<page>\d{1,2}))", re.ASCII)
_NEAREST = 3


def find(code: str) -> Subject:
    """Find what a word means: a rule's code or name, a place in the guide, a source such as "kb:1003746", or a product.

    Raises:
        UsageError: it means nothing; the message names what is nearest.
    """
    wanted = code.strip()
    for rule in all_rules():
        if wanted.upper() == rule.code or wanted.lower() == rule.name:
            return rule
    if wanted.lower().startswith("mpg:"):
        return _find_in_guide(wanted.lower())
    try:
        return source(wanted)[0]
    except KnowledgeError:
        pass
    try:
        return find_target(wanted)
    except UsageError as error:
        if error.candidates:
            raise UsageError(
                f"there is no rule and no product {code[:80]!r}", hint=error.hint, candidates=error.candidates
            ) from None
    near = _near_rules(wanted)
    said = ", ".join(f"{rule.code} {rule.name}" for rule in near)
    raise UsageError(
        f"there is no rule {code!r}", hint=f"the nearest are {said}", candidates=[rule.code for rule in near]
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
    """A reference without the topic that a fact has after its page."""
    page = re.match(r"mpg:p\d\d", reference)
    return page[0] if page is not None else reference


def _near_rules(wanted: str) -> list[Rule]:
    known = {name: rule for rule in all_rules() for name in (rule.code, rule.name)}
    near = get_close_matches(wanted.upper(), known, n=_NEAREST, cutoff=0.6)
    near = near or get_close_matches(wanted.lower(), known, n=_NEAREST, cutoff=0)
    return list({known[name].code: known[name] for name in near}.values())
