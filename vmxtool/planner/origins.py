"""Which of the products that may have made a VM the guide is asked about, and what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vmxtool.knowledge import tables
from vmxtool.machine.model import OriginCandidate
from vmxtool.rules._registry import Asked

if TYPE_CHECKING:
    from vmxtool.knowledge.cells import Way
    from vmxtool.knowledge.products import Product
    from vmxtool.knowledge.tables import GuideEntry
    from vmxtool.knowledge.transcript import Fact
    from vmxtool.machine.model import Machine

_LIKELY = 0.1  # a candidate below this share of the odds does not make the answer uncertain


class Said(NamedTuple):
    """What the guide says about a move.

    Attributes:
        entry: the cell for origin and target, or None where no table has the pair.
        fact: what the text says instead, as of ACE and Player; None where there is a cell, or where it is silent too.
    """

    entry: GuideEntry | None = None
    fact: Fact | None = None

    @property
    def verdict(self) -> str | None:
        """The guide's word, or None where it is silent."""
        return self.entry.verdict if self.entry is not None else self.fact.verdict if self.fact is not None else None

    @property
    def ways(self) -> tuple[Way, ...]:
        """The ways in the printed order; empty where it is silent or supports none."""
        return self.entry.ways if self.entry is not None else self.fact.ways if self.fact is not None else ()

    @property
    def source(self) -> str | None:
        """The address of the cell or of the fact, or None where it is silent."""
        return self.entry.cell if self.entry is not None else self.fact.address if self.fact is not None else None

    @property
    def conditions(self) -> tuple[str, ...]:
        """What every way hangs on, though no file shows it; empty where one way is free of conditions."""
        if not all(way.when for way in self.ways):
            return ()
        return tuple(dict.fromkeys(word for way in self.ways for word in way.when))


def likely_origins(machine: Machine, named: Product | None) -> tuple[OriginCandidate, ...]:
    """The candidates for a VM's origin: the one that the user named, or those read from its files."""
    if named is not None:
        return (OriginCandidate(named.id, 1.0, ()),)
    return machine.origin


def ask_guide(
    machine: Machine, origins: tuple[OriginCandidate, ...], target: Product, *, named: bool
) -> tuple[Said, Asked]:
    """Look the move up for every likely origin that the guide knows.

    A VM belongs to the generation of its hardware version and not to that of the product that last ran it, so a
    candidate of another generation is not asked about, except where the user named it.
    """
    likely = [candidate.product for candidate in origins if candidate.confidence >= _LIKELY]
    generation = machine.hardware.generation
    asked = [name for name in likely if named or (generation is not None and tables.generation_of(name) == generation)]
    entries = tuple(entry for name in asked if (entry := tables.lookup(name, target.id)) is not None)
    facts = (fact for name in asked for fact in tables.moves(name, target.id) if fact.verdict is not None)
    said = Said(entries[0]) if entries else Said(fact=next(facts, None))
    return said, Asked(tuple(likely), entries, said.conditions)
