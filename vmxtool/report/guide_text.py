"""What the guide's running text has besides its tables: moves that no table prints, and where each fact is acted on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vmxtool._record import Record, replace
from vmxtool.knowledge import tables
from vmxtool.knowledge.guide_names import names
from vmxtool.knowledge.products import products
from vmxtool.knowledge.runs import first_version
from vmxtool.planner.guide import hop_guide
from vmxtool.report.words import listed

if TYPE_CHECKING:
    from vmxtool.knowledge.tables import GuideEntry
    from vmxtool.knowledge.transcript import Fact
    from vmxtool.rules.case import GuideAnswer

_PAGE_OF_ACE_AND_PLAYER = "mpg:p12"
_CODE = re.compile(r"[A-Z]{3}[0-9]{3}")
_TABLE = re.compile(r"t([0-9]{2})")
_OTHER_PLACES = {"route": "the routes", "generation": "the generations of products"}


class Unprinted(Record):
    """What the guide says about a pair of products that no table prints.

    Attributes:
        answer: as for a VM of the first product: the row of the product whose VMs are like it, or the text's own way.
        general: what the text says of ACE or Player on any move.
    """

    answer: GuideAnswer
    general: tuple[Fact, ...]

    @property
    def is_treated(self) -> bool:
        """Whether there is anything to say."""
        return bool(self.answer.verdict or self.answer.beside or self.general)


def unprinted(from_id: str, to_id: str) -> Unprinted:
    """Return what the guide says about a pair of product ids that no table prints.

    The plan of a plain VM rests on it too.
    """
    answer = hop_guide(from_id, first_version(products()[from_id]), to_id, from_id)
    of_time = {name for name in (from_id, to_id) if tables.generation_of(name) is not None}
    general = tuple(
        it
        for it in tables.facts_on(_PAGE_OF_ACE_AND_PLAYER)
        if not it.from_ids and len(of_time) > 1 and of_time & set(it.products)
    )
    return Unprinted(answer, general)


def all_about(from_id: str | None, to_id: str | None) -> list[GuideEntry]:
    """Return what the guide says about each move from or to a product.

    These are the cells, and for ACE and Player what it comes to.

    Args:
        from_id: id of the product that the VM comes from, or None for any.
        to_id: id of the one that it goes to, or None for any.
    """
    found = [it for it in tables.entries() if from_id in {None, it.from_id} and to_id in {None, it.to_id}]
    apart = [name for name in names().generation if not tables.has_rows_for(name)]
    for one in names().generation if from_id is None else (from_id,):
        for other in names().generation if to_id is None else (to_id,):
            if one != other and not {one, other}.isdisjoint(apart):
                entry = _as_entry(one, other)
                found += [entry] if entry is not None else []
    return found


def _as_entry(from_id: str, to_id: str) -> GuideEntry | None:
    answer = unprinted(from_id, to_id).answer
    if answer.entry is not None:
        return replace(answer.entry, from_id=from_id)
    if answer.fact is None or answer.fact.verdict is None:
        return None
    return tables.as_move(answer.fact, from_id, to_id)


def status_of(fact: Fact) -> str:
    """Say where vmxtool acts on a fact, such as "finding SNP603 and step power-off"; tests/guide holds it to that."""
    places: list[str] = []
    if fact.ways:
        places.append("a way of the plan")
    elif fact.verdict is not None:
        places.append("an answer of its own")
    if fact.adds is not None:
        places.append(f"step {fact.adds}")
    for act in fact.acts:
        table = _TABLE.fullmatch(act)
        if table is not None:
            places.append(f"Table {int(table[1])}")
        else:
            places.append(_OTHER_PLACES.get(act) or f"{'finding' if _CODE.fullmatch(act) else 'step'} {act}")
    told = "told with the move" if fact.is_remark and not fact.on else "told with the step" if fact.on else ""
    status = "; ".join(filter(None, (f"acted on: {listed(places)}" if places else "", told)))
    return f"{status} (a conclusion, not the page's own words)" if fact.concluded else status
