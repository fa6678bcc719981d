"""Which of the products that may have made a VM the guide is asked about."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vmxtool.findings import Finding, Fix, Safety, Severity
from vmxtool.knowledge import tables
from vmxtool.machine.model import OriginCandidate

if TYPE_CHECKING:
    from vmxtool.knowledge.products import Product
    from vmxtool.knowledge.tables import GuideEntry
    from vmxtool.machine.model import Machine

_LIKELY = 0.1  # a candidate below this share of the odds does not make the answer uncertain


class GuideAnswer(NamedTuple):
    """The guide's entry for the likeliest origin, and a finding where likely origins disagree."""

    entry: GuideEntry | None
    doubt: Finding | None


def likely_origins(machine: Machine, named: Product | None) -> tuple[OriginCandidate, ...]:
    """The candidates for a VM's origin: the one that the user named, or those read from its files."""
    if named is not None:
        return (OriginCandidate(named.id, 1.0, ()),)
    return machine.origin


def ask_guide(machine: Machine, origins: tuple[OriginCandidate, ...], target: Product) -> GuideAnswer:
    """Look the move up for every likely origin that the guide knows.

    A VM belongs to the generation of its hardware version and not to that of the product that last ran it, so a
    candidate of another generation is not asked about, except where the user named it.
    """
    generation = machine.hardware.generation
    asked = [
        (candidate, entry)
        for candidate in origins
        if candidate.confidence >= _LIKELY
        and (len(origins) == 1 or tables.generation_of(candidate.product) == generation)
        and (entry := tables.lookup(candidate.product, target.id)) is not None
    ]
    if not asked:
        return GuideAnswer(None, None)
    first = asked[0][1]
    others = [entry for _, entry in asked[1:] if (entry.verdict, entry.ways) != (first.verdict, first.ways)]
    if not others:
        return GuideAnswer(first, None)
    listed = "; ".join(f"{entry.from_id}: {entry.verdict} ({entry.cell})" for entry in [first, *others])
    return GuideAnswer(
        first,
        Finding(
            "PRD105",
            "origin-uncertain",
            Severity.INFO,
            f"the guide answers differently for the products that may have made this VM: {listed}",
            tuple(item for candidate, _ in asked[:1] for item in candidate.evidence),
            tuple(dict.fromkeys(entry.cell for entry in [first, *others])),
            Fix(Safety.MANUAL, "say which product made it with --from"),
        ),
    )
