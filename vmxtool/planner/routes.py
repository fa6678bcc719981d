"""Routes of a VM to a product over others: chains of hops, each played with the VM as the hop before left it."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from vmxtool.errors import UsageError
from vmxtool.knowledge.products import products
from vmxtool.knowledge.runs import Ternary, runs
from vmxtool.planner.chain import Hop, Route, Routes
from vmxtool.planner.guide import ask_guide, can_go_back, hop_guide, maker_after, upgrade_guide
from vmxtool.planner.hop import likely_origins, plan_hop, plan_upgrade, start_of
from vmxtool.planner.moves import is_one_way
from vmxtool.planner.search import Search, is_far
from vmxtool.planner.unseen import plain_vm
from vmxtool.rules.judging import facts_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from vmxtool.knowledge.product import Product
    from vmxtool.machine.model import Machine, OriginCandidate
    from vmxtool.planner.search import Path as Candidate
    from vmxtool.rules.case import Files, GuideAnswer
    from vmxtool.rules.state import VmState


def find_routes(
    machine: Machine | None,
    target: Product,
    origin: Product | None = None,
    have: Collection[str] | None = None,
    *,
    limit: int = 3,
) -> Routes:
    """Return the best routes of a VM to a product.

    Routes differ in the kinds of product they go over, a kind being those of one generation, hosted or not. One that
    goes over all kinds of a cheaper one, and more, is left out, as is one that is dearer by more than one of anything.

    Args:
        machine: the VM, or None for the plainest one of `origin`.
        target: the product it is to run under.
        origin: the product that holds it, where the user knows; else the likeliest one.
        have: ids of the only products to go over; None for all that could be got.
        limit: most routes to return.

    Raises:
        UsageError: nothing tells which product holds the VM, or the one that is named does not run it.
    """
    if machine is None:
        if origin is None:
            raise UsageError("name the product that has the VM with --from")
        files, start = plain_vm(origin.id)
    else:
        files = facts_of(machine)
        start = start_of(files, likely_origins(machine, origin))
    holder = _holder(start)
    if start.version is None:
        raise UsageError(f"{files.vm.config.file} does not say the VM's hardware version (virtualHW.version)")
    origins = likely_origins(files.vm, origin)
    question = _Question(files, start, Search(files.vm, start, target), origins, origin is not None)
    found, missing = _search(question, have, limit)
    return Routes(
        path=str(machine.path) if machine is not None else None,
        name=files.vm.name,
        start=holder.id,
        version=start.version,
        target=target.id,
        routes=found,
        missing=missing,
        guide=question.ask_guide(target.id).entry,
        named=origin is not None,
    )


def routes_over(
    files: Files, origins: tuple[OriginCandidate, ...], target: Product, *, named: bool
) -> tuple[Route, ...]:
    """Return the best routes of a VM over products in between; empty where the direct hop is as good.

    Args:
        files: the VM's files.
        origins: the products that may have made it, the likeliest first; that one holds it.
        target: the product it is to run under.
        named: whether the user named the one origin.
    """
    start = start_of(files, origins)
    if start.version is None or runs(products()[origins[0].product], start.version) is Ternary.NO:
        return ()
    found, _ = _search(_Question(files, start, Search(files.vm, start, target), origins, named), None, 3)
    return tuple(route for route in found if route.over)


def _holder(start: VmState) -> Product:
    if start.holder is None:
        raise UsageError("nothing tells which product made this VM; name it with --from")
    holder = products()[start.holder]
    if start.version is not None and runs(holder, start.version) is Ternary.NO:
        raise UsageError(
            f"the VM has hardware version {start.version}, which {holder.name} does not run; name another product with "
            "--from"
        )
    return holder


class _Question(NamedTuple):
    """Whose routes are looked for: the VM, the state it begins in, who may have made it, and the search."""

    files: Files
    start: VmState
    search: Search
    origins: tuple[OriginCandidate, ...]
    named: bool

    def ask_guide(self, to_id: str) -> GuideAnswer:
        """Return what the guide says of a move from where the VM is: what a check of it says."""
        smp = self.start.vcpus > 1
        return ask_guide(self.origins, self.start.version, products()[to_id], named=self.named, smp=smp)


def _search(
    question: _Question, have: Collection[str] | None, limit: int
) -> tuple[tuple[Route, ...], tuple[tuple[str, ...], ...]]:
    over = question.search.default_products() if have is None else list(have)
    found = _best(_played(question, over, have, limit))
    if found or have is None:
        return found, ()
    return (), tuple(_missing(question, frozenset(have)))


def _best(found: Iterable[Route]) -> tuple[Route, ...]:
    """Return routes by what they cost this VM, without detours that a direct hop equals.

    The cost may be else than that of the plainest VM.
    """
    routes = sorted(found, key=lambda route: route.rank)
    direct = min((route.cost for route in routes if not route.over), default=None)
    return tuple(it for it in routes if not it.over or direct is None or it.cost < direct)


def _played(question: _Question, over: Collection[str], have: Collection[str] | None, limit: int) -> Iterator[Route]:
    """Yield the first candidates that survive being played with the VM itself."""
    search = question.search
    found: list[Route] = []
    kinds: list[frozenset[object]] = []
    for candidate in search.candidates(over, have):
        if len(found) >= limit:
            return
        crossed = search.kinds_of(candidate)
        if any(known <= crossed for known in kinds) or (not crossed and found and not found[0].over):
            continue
        route = _play(question, candidate, have)
        if route is None:
            continue
        found.append(route)
        if not route.is_printed:  # after which what comes is cheaper, and no longer way round it
            kinds.append(crossed)
            search.note_route(route.cost)
        yield route


def _play(question: _Question, candidate: Candidate, have: Collection[str] | None) -> Route | None:
    """Play a candidate as hops, each with the state that the hop before has left; None where one leads nowhere."""
    start, search = question.start, question.search
    state, hops, made_by = start, list[Hop](), start.holder or ""  # the product that it is like
    far, staged = is_far(start.holder or "", search.target), len(candidate) > 1
    for number, (to_id, version) in enumerate(candidate):
        holder = state.holder or made_by
        named = holder if question.named and number == 0 else None
        if to_id == holder and staged:
            guide = upgrade_guide(holder, state.version)
            plan = plan_upgrade(question.files, state, guide, named)
        else:
            guide = hop_guide(holder, state.version, to_id, made_by) if hops else question.ask_guide(to_id)
            at_hand = None if have is None else frozenset({*have, holder, to_id})
            target = products()[to_id]
            plans = plan_hop(question.files, state, target, guide, named, have=at_hand, staged=staged, far=far).plans
            wanted = (it for it in plans if it.end.version == version or not staged)  # one hop alone is the best
            plan = next(wanted, plans[0] if plans else None)
        if plan is None:
            return None
        end = plan.end._replace(holder=to_id, arrived=True)
        been = (*(hop.from_id for hop in hops), holder)
        final = plan.one_way or any(is_one_way(state.version, end.version, name) for name in been)
        back = not final and state.version is not None and can_go_back(holder, end.version, to_id)
        hops.append(Hop(holder, to_id, plan, guide, back, one_way=final))
        made_by = maker_after(made_by, holder, to_id, state.version, end.version)
        state = end
    return Route(tuple(hops))


def _missing(question: _Question, have: frozenset[str]) -> Iterator[tuple[str, ...]]:
    """Yield the smallest sets of one or two products that give a route together with those at hand."""
    search = question.search
    ends = (question.start.holder, search.target.id)
    others = [name for name in search.default_products() if name not in {*have, *ends}]

    def leads(*more: str) -> bool:
        over = {*have, *more}
        # Whether a path goes over them if any product could do a step is known from the other sets, and settles most.
        return any(search.candidates(over)) and any(True for _ in _played(question, over, over, 1))

    if not leads(*others):
        return  # no two of them do what all together do not
    single = [name for name in others if leads(name)]
    yield from ((name,) for name in single)
    pairs = combinations([name for name in others if name not in single], 2)
    yield from (pair for pair in pairs if leads(*pair))
