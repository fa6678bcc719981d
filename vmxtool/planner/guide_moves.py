"""Moves between the products of the guide: what the cells of its tables, and its text for ACE and Player, allow.

A VM counts as one of the generation of its hardware. Run in legacy mode under a younger product it moves like a VM of
the older ones, and can go back to them (pages 19, 23, 24 and 27).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from vmxtool.knowledge import tables
from vmxtool.knowledge.cells import Step, Way
from vmxtool.knowledge.hardware import hardware
from vmxtool.knowledge.products import products
from vmxtool.knowledge.transcript import names
from vmxtool.planner.legs import Leg, State, first_version, same_product

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.knowledge.products import Product

_OWN_TOOLS = frozenset({"import-wizard", "create-legacy-vm"})  # only the product of the cell's row has them
_SETTLES_HARDWARE = frozenset({"upgrade-hardware", "downgrade-hardware", "run-legacy", "converter", "import-wizard"})
_ACE_OUT = "mpg:p12:ace-out"
_STAGES = {2: "mpg:p20:generation-2-to-5", 3: "mpg:p15:generation-3-one-way"}
_SKIPPED = "mpg:p11:skipped-generation"


def guide_moves(state: State, to_id: str, made_by: str) -> tuple[Leg, ...]:
    """The moves of a VM to a product, one per hardware version that it can have there, the least work first.

    Args:
        state: where the VM is; its product and the target are products of the guide.
        to_id: where it is to go.
        made_by: the product that it set out from; where several older products stand for it, that one does.
    """
    best: dict[int, Leg] = {}
    for leg in _moves(state, to_id, made_by):
        known = best.get(leg.after)
        if known is None or _burden(leg) < _burden(known):
            best[leg.after] = leg
    return tuple(sorted(best.values(), key=_burden))


def vm_generation(version: int) -> int | None:
    """The generation that a VM belongs to by its hardware version; None where the guide is older."""
    row = hardware(version)
    return row.generation if row is not None else None


def _burden(leg: Leg) -> tuple[int, int, int]:
    return int(leg.one_way), leg.conversions, len(leg.way.when)


def _moves(state: State, to_id: str, made_by: str) -> Iterator[Leg]:
    said = _said(state, to_id, made_by)
    if said is None:
        if state.product == to_id:
            yield same_product(state)
        return
    to = products()[to_id]
    ways = [way for way in said.ways if _at_hand(way, state.product, to_id, said.like)]
    for way in ways:
        leg = _leg(state, said, way, to, *(other for other in ways if other is not way))
        yield leg
        # Where the cell only carries disks or files over, the text has the hardware upgraded there (pages 15 and 20).
        if leg.after < first_version(to) and to.creates_vms and not any(s.do in _SETTLES_HARDWARE for s in way.steps):
            source = _STAGES.get(vm_generation(leg.after) or 0, _SKIPPED)
            more = Way((*way.steps, Step("upgrade-hardware")), way.when)
            yield _leg(state, said._replace(sources=(*said.sources, source)), more, to)


class _Said(NamedTuple):
    """What the guide says about a pair, and the product of the guide that the VM is like."""

    like: str
    cell: str | None
    verdict: str
    ways: tuple[Way, ...]
    sources: tuple[str, ...]
    notes: tuple[str, ...]


def _said(state: State, to_id: str, made_by: str) -> _Said | None:
    """What the guide says about the move, or None where it rules it out or is silent."""
    like = _like(state, made_by)
    for name in dict.fromkeys(filter(None, (state.product, like))):
        if tables.generation_of(name) == vm_generation(state.version):
            for fact in tables.moves(name, to_id):
                if fact.verdict is not None and fact.verdict != "not-supported":
                    return _Said(name, None, fact.verdict, fact.ways, (fact.address,), (fact.says,))
    entry = tables.lookup(like, to_id) if like is not None else None
    if like is None or entry is None or entry.verdict == "not-supported":
        return None
    out = tables.fact(_ACE_OUT)
    leaves_ace = state.product in out.products
    return _Said(
        like,
        entry.cell,
        entry.verdict,
        entry.ways,
        (entry.cell, *([out.address] if leaves_ace else [])),
        (*entry.notes, *([out.says] if leaves_ace else [])),
    )


@cache
def _like(state: State, made_by: str) -> str | None:
    """The product of the tables whose VMs are like this one: of its hardware's generation, hosted or not as it is."""
    holder = products()[state.product]
    ids = dict.fromkeys(name for label in names().labels.values() for name in label)
    alike = [
        name
        for name in ids
        if tables.generation_of(name) == vm_generation(state.version) and products()[name].esx == holder.esx
    ]
    for name in (state.product, made_by):
        if name in alike:
            return name

    def strangeness(name: str) -> tuple[bool, bool, int]:
        product = products()[name]
        return product.family != holder.family, product.smp != holder.smp, -product.released_order

    return min(alike, key=strangeness, default=None)


def _at_hand(way: Way, holder: str, to_id: str, like: str) -> bool:
    """Whether the two products of a move can go the way alone; a way over a third is a route, not a move."""
    third = {name for step in way.steps for name in step.products} - {holder, to_id}
    return not third and (holder == like or not any(step.do in _OWN_TOOLS for step in way.steps))


def _after(way: Way, version: int, to: Product) -> int:
    """The hardware version that a way leads to."""
    given = {"upgrade-hardware", "downgrade-hardware", "converter"} & {step.do for step in way.steps}
    return version if to.runs(version) and not given else first_version(to)


def _leg(state: State, said: _Said, way: Way, to: Product, *others: Way) -> Leg:
    after = _after(way, state.version, to)
    like = products()[said.like]
    back = _said(State(to.id, after), like.id, to.id)
    # Most cells print where there is no way back, not all do: table 17 leaves it to page 27.
    one_way = way.one_way or (after > state.version and not like.runs(after) and back is None)
    return Leg(
        from_id=state.product,
        to_id=to.id,
        before=state.version,
        after=after,
        cell=said.cell,
        verdict=said.verdict,
        way=way,
        others=others,
        one_way=one_way,
        can_go_back=not one_way and (back is not None or state.product == to.id),
        sources=said.sources,
        notes=said.notes,
    )
