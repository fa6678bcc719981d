"""Which product made a VM: ranked candidates, each with what in the files speaks for it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from vmxtool.machine.model import OriginCandidate
from vmxtool.machine.origin.candidates import candidates
from vmxtool.machine.origin.indicators import collect

if TYPE_CHECKING:
    from vmxtool.evidence import Evidence
    from vmxtool.machine.origin.indicators import Indicator, VmFacts
    from vmxtool.vmx.document import Document

# However many indicators speak for the same products, they are of one habit: beyond this they prove no more.
_MOST_ODDS = 1000.0
_SHOWN_AT_MOST = 6
_SHOWN_FROM = 0.03
_EVIDENCE_AT_MOST = 6


def read_origin(facts: VmFacts) -> tuple[OriginCandidate, ...]:
    """Rank the products that make or run VMs of this hardware version by the indicators in the files, the best first.

    Confidence is a product's share of the odds, from 0 to 1, so products that write the same share it between them, and
    what is not listed has the rest. Without a hardware version that products are known for nothing is ranked.
    """
    if facts.hw_version is None:
        return ()
    scores = {name: candidate.share for name, candidate in candidates(facts.hw_version).items()}
    if not scores:
        return ()
    # An indicator that speaks for all of them, or for none, tells nothing.
    indicators = [
        (told, indicator)
        for indicator in collect(facts)
        if (told := _distinguishing(facts.hw_version, indicator.products))
    ]
    odds: dict[frozenset[str], float] = {}
    for told, indicator in indicators:
        odds[told] = min(odds.get(told, 1.0) * indicator.odds, _MOST_ODDS)
    for told, factor in odds.items():
        for name in told:
            scores[name] *= factor
    total = sum(scores.values())
    ranked = sorted(scores.items(), key=_by_score)[:_SHOWN_AT_MOST]
    places: dict[str | Evidence, Evidence] = {}
    return tuple(
        [
            OriginCandidate(
                name, round(score / total, 2), _evidence(facts.document, _speaking_for(name, indicators), places)
            )
            for name, score in ranked
            if score >= total * _SHOWN_FROM
        ]
    )


def _by_score(item: tuple[str, float]) -> float:
    return -item[1]


@cache
def _distinguishing(hw_version: int, products: frozenset[str]) -> frozenset[str]:
    """Return those of the products that can have made a VM of a version; none where that is all who can."""
    able = candidates(hw_version).keys()
    told = frozenset(able & products)
    return told if len(told) < len(able) else frozenset()


def _speaking_for(name: str, indicators: list[tuple[frozenset[str], Indicator]]) -> list[str | Evidence]:
    ordered = sorted([(-indicator.odds, at) for at, (told, indicator) in enumerate(indicators) if name in told])
    return ["virtualHW.version", *dict.fromkeys(indicators[at][1].place for _, at in ordered)][: _EVIDENCE_AT_MOST + 1]


def _evidence(
    document: Document, wanted: list[str | Evidence], places: dict[str | Evidence, Evidence]
) -> tuple[Evidence, ...]:
    """Return the places; candidates share most of them, so `places` keeps those made before."""
    for place in wanted:
        if place not in places:
            places[place] = document.evidence(place) if isinstance(place, str) else place
    return tuple([places[place] for place in wanted])
