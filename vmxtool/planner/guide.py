"""Which of the products that may have made a VM the guide is asked about, and what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.knowledge import tables
from vmxtool.knowledge.hardware import generation_of
from vmxtool.rules.case import GuideAnswer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmxtool.knowledge.products import Product
    from vmxtool.machine.model import OriginCandidate

LIKELY = 0.1
"""A candidate below this share of the odds does not make an answer uncertain."""


def ask_guide(origins: Sequence[OriginCandidate], version: int | None, target: Product, *, named: bool) -> GuideAnswer:
    """Look the move up for every likely origin that the guide knows.

    A VM belongs to the generation of its hardware version and not to that of the product that last ran it, so a
    candidate of another generation is not asked about, except where the user named it.
    """
    likely = tuple(candidate.product for candidate in origins if candidate.confidence >= LIKELY)
    if tables.generation_of(target.id) is None:
        return GuideAnswer(origins=likely)
    generation = generation_of(version) if version is not None else None
    asked = [name for name in likely if named or (generation is not None and tables.generation_of(name) == generation)]
    entries = [entry for name in asked if (entry := tables.lookup(name, target.id)) is not None]
    if entries:
        return GuideAnswer(entries[0], None, likely, tuple(entries[1:]))
    facts = (fact for name in asked for fact in tables.moves(name, target.id) if fact.verdict is not None)
    return GuideAnswer(None, next(facts, None), likely)
