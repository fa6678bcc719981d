"""Which product made a VM: ranked candidates, each with what in the files speaks for it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from vmxtool.machine.model import OriginCandidate
from vmxtool.machine.origin.candidates import makers
from vmxtool.machine.origin.indicators import collect

if TYPE_CHECKING:
    from vmxtool.evidence import Evidence
    from vmxtool.machine.origin.indicators import Scene, Sign
    from vmxtool.vmx.document import Document

# However many signs speak for the same products, they are of one habit: beyond this they prove no more.
_MOST_ODDS = 1000.0
_SHOWN_AT_MOST = 6
_SHOWN_FROM = 0.03
_EVIDENCE_AT_MOST = 6


def read_origin(scene: Scene) -> tuple[OriginCandidate, ...]:
    """Rank the products that make or run VMs of this hardware version by the signs in the files; the best comes first.

    Confidence is a product's share of the odds, from 0 to 1, so products that write the same share it between them, and
    what is not listed has the rest. Without a hardware version that products are known for nothing is ranked.
    """
    if scene.hw_version is None:
        return ()
    scores = {name: maker.share for name, maker in makers(scene.hw_version).items()}
    if not scores:
        return ()
    # A sign that speaks for all of them, or for none, tells nothing.
    signs = [(told, sign) for sign in collect(scene) if (told := _told_apart(scene.hw_version, sign.products))]
    odds: dict[frozenset[str], float] = {}
    for told, sign in signs:
        odds[told] = min(odds.get(told, 1.0) * sign.odds, _MOST_ODDS)
    for told, factor in odds.items():
        for name in told:
            scores[name] *= factor
    total = sum(scores.values())
    ranked = sorted(scores.items(), key=_by_score)[:_SHOWN_AT_MOST]
    places: dict[str | Evidence, Evidence] = {}
    return tuple(
        [
            OriginCandidate(
                name, round(score / total, 2), _evidence(scene.document, _speaking_for(name, signs), places)
            )
            for name, score in ranked
            if score >= total * _SHOWN_FROM
        ]
    )


def _by_score(item: tuple[str, float]) -> float:
    return -item[1]


@cache
def _told_apart(hw_version: int, products: frozenset[str]) -> frozenset[str]:
    """Those of the products that can have made a VM of a version; none of them where that is all who can."""
    candidates = makers(hw_version).keys()
    told = frozenset(candidates & products)
    return told if len(told) < len(candidates) else frozenset()


def _speaking_for(name: str, signs: list[tuple[frozenset[str], Sign]]) -> list[str | Evidence]:
    ordered = sorted([(-sign.odds, at) for at, (told, sign) in enumerate(signs) if name in told])
    return ["virtualHW.version", *dict.fromkeys(signs[at][1].place for _, at in ordered)][: _EVIDENCE_AT_MOST + 1]


def _evidence(
    document: Document, wanted: list[str | Evidence], places: dict[str | Evidence, Evidence]
) -> tuple[Evidence, ...]:
    """The places; candidates share most of them, so `places` keeps those made before."""
    for place in wanted:
        if place not in places:
            places[place] = document.evidence(place) if isinstance(place, str) else place
    return tuple([places[place] for place in wanted])
