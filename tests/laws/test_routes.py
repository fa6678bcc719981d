"""A route is a chain of plans: each hop begins where the one before it ended, and none is one that a table denies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from build import plainest_vm
from laws.test_plan import broken_in_plan
from laws.vms import Source, every_vm, is_place

import vmxtool
from vmxtool.errors import UsageError
from vmxtool.knowledge import tables
from vmxtool.knowledge.hardware import generation_of
from vmxtool.knowledge.products import products
from vmxtool.planner.unseen import plain_vm
from vmxtool.planner.verdict import Answer
from vmxtool.rules.judging import facts_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from laws.conftest import CopiesOf

    from vmxtool.machine.model import Machine
    from vmxtool.planner.chain import Hop, Route, Routes
    from vmxtool.rules.case import Files

PLACES = [product.id for product in products().values() if is_place(product)]
OF_GUIDE = [name for name in PLACES if tables.generation_of(name) is not None]
IN_TABLES = {entry.from_id for entry in tables.entries()}
# Younger products, one for each way in which such a product takes a VM.
YOUNGER = ["esx4.0", "esxi6.7", "ws7", "ws17", "fusion13"]


# --- a route


def broken_in_routes(found: Routes, files: Files) -> Iterator[str]:
    """What is wrong with the routes of one question, by their hops and the guide's tables alone."""
    ranks = [(not is_printed_way(route), route.cost) for route in found.routes]
    if ranks != sorted(ranks):
        yield "a dearer route comes before a cheaper one that is no detour round a printed way"
    if len({route.over for route in found.routes}) != len(found.routes):
        yield "two routes go over the same products"
    for route in found.routes:
        words = " to ".join([route.hops[0].from_id, *(hop.to_id for hop in route.hops)])
        yield from (f"{words}: {it}" for it in _broken_in_route(route, found, files))


def is_printed_way(route: Route) -> bool:
    """Whether it is one hop that the guide prints for the pair, under no condition."""
    (plan, *others) = [hop.plan for hop in route.hops]
    return not others and plan.printed is not None and not plan.printed.when


def _broken_in_route(route: Route, found: Routes, files: Files) -> Iterator[str]:
    first, last = route.hops[0], route.hops[-1]
    if (first.from_id, last.to_id) != (found.start, found.target):
        yield "it does not lead from the one product to the other"
    if first.before != found.version:
        yield "it begins with another hardware version"
    if any(hop.in_place for hop in route.hops[1:]):
        yield "it is upgraded by a product that it did not begin with"
    crossed = [found.start, *(hop.to_id for hop in route.hops if not hop.in_place)]
    if len(set(crossed[1:])) != len(crossed) - 1 or found.start in crossed[1:-1]:
        yield "it goes over a product twice"
    for one, other in zip(route.hops, route.hops[1:], strict=False):
        if one.to_id != other.from_id or one.plan.end != other.plan.start:
            yield f"the hop to {other.to_id} does not begin where the one to {one.to_id} ended"
    for hop in route.hops:
        yield from (f"hop to {hop.to_id}: {it}" for it in _broken_in_hop(hop, files))


def _broken_in_hop(hop: Hop, files: Files) -> Iterator[str]:
    yield from broken_in_plan(hop.plan, files, products()[hop.to_id], hop.guide)
    if is_denied(hop):
        yield f"a table denies it to a VM of hardware version {hop.before}"
    if hop.can_go_back and hop.plan.one_way:
        yield "it is one-way, and one can go back"


def is_denied(hop: Hop) -> bool:
    """Whether the guide rules a hop out: for the two products, or for all that make VMs like this one.

    In legacy mode a VM goes back to the products of its own generation, whatever is said of the product that it is in.
    """
    own = generation_of(hop.before) if hop.before is not None else None
    if own is None or tables.generation_of(hop.to_id) is None or tables.generation_of(hop.from_id) is None:
        return False
    entry = tables.lookup(hop.from_id, hop.to_id)
    denied = entry is not None and entry.verdict == "not-supported"
    if denied and tables.generation_of(hop.to_id) != own:
        return True
    holder = products()[hop.from_id]
    like = [name for name in IN_TABLES if tables.generation_of(name) == own and products()[name].esx == holder.esx]
    answers = [it for name in like if (it := tables.lookup(name, hop.to_id)) is not None]
    return bool(answers) and all(it.verdict == "not-supported" for it in answers)


# --- VMs


def broken(vm: Machine, targets: list[str]) -> Iterator[str]:
    files = facts_of(vm)
    for name in targets:
        try:
            found = vmxtool.route(vm, name)
        except UsageError:
            return  # nothing tells which product has the VM
        yield from (f"{name}: {it}" for it in broken_in_routes(found, files))
        verdict = vmxtool.check(vm, name)
        direct = [route.hops[0].plan for route in found.routes if len(route.hops) == 1]
        if direct and not verdict.plans:
            yield f"{name}: {verdict.verdict.value}, and one hop leads there"
        elif direct and direct[0].steps != verdict.plans[0].steps:
            yield f"{name}: the route of one hop is not the best plan of a check"
        if verdict.plans and not found.routes:
            yield f"{name}: {verdict.verdict.value}, and no route leads there"
        if verdict.verdict is Answer.READY and not direct:
            yield f"{name}: ready, and the route goes over others"


@pytest.mark.parametrize("source", every_vm())
def test_a_route_of_a_vm_is_a_chain_of_plans_and_one_hop_is_the_best_plan_of_a_check(
    source: Source, copies_of: CopiesOf
) -> None:
    """Held against a few products of every kind; more pairs of products are gone through without a VM."""
    assert list(broken(copies_of(source).vm, ["gsx3", "ws5.5", "esx3", *YOUNGER])) == []


# --- products


def broken_unseen(from_id: str, targets: list[str]) -> Iterator[str]:
    files, _ = plain_vm(from_id)
    for name in targets:
        found = vmxtool.route(None, name, from_id)
        yield from (f"{name}: {it}" for it in broken_in_routes(found, files))
        verdict = vmxtool.check(None, name, from_id)
        direct = [route.hops[0].plan for route in found.routes if len(route.hops) == 1]
        if bool(direct) != bool(verdict.plans) and not found.routes:
            yield f"{name}: {verdict.verdict.value}, and no route leads there"
        if direct and (not verdict.plans or direct[0].steps != verdict.plans[0].steps):
            yield f"{name}: the route of one hop is not the best plan of a check"


@pytest.mark.parametrize("from_id", OF_GUIDE)
def test_a_route_of_a_vm_that_nobody_has_seen_is_a_chain_of_plans(from_id: str) -> None:
    """Held against every product of the guide and a few younger ones: all pairs take ten times as long."""
    assert list(broken_unseen(from_id, [*OF_GUIDE, *YOUNGER])) == []


# --- a VM's own needs


def test_the_route_of_a_vm_begins_with_its_own_hardware_version(tmp_path: Path) -> None:
    vm = plainest_vm(tmp_path, "ws4")
    (hop,) = vmxtool.route(vm, "esx2", "ws5.5").routes[0].hops
    assert (hop.before, hop.after) == (3, 3)
    assert hop.cell == "mpg:t13:r3c2"  # in legacy mode it moves like a VM of its own generation (page 19)
