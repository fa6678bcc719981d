"""The search for candidates of routes: a graph of products, hardware versions and disk formats, cheapest first.

An edge is the hop of the plainest VM from one product to another, played as every hop is; its plans are kept from one
search to the next. Candidates are only that: each is then played with the VM itself. Cost is counted in this order:
hops without a way back, conversions of disks or hardware, hops. Before all cost the way that the guide prints for the
pair itself comes, which VMware vouches for as a whole, unless it hangs on a condition that no file shows.
"""

from __future__ import annotations

from functools import lru_cache
from heapq import heappop, heappush
from itertools import count, pairwise
from typing import TYPE_CHECKING, NamedTuple

from vmxtool.knowledge import tables
from vmxtool.knowledge.features import features
from vmxtool.knowledge.hardware import generation_of
from vmxtool.knowledge.product import HARDWARE
from vmxtool.knowledge.products import is_smp_edition, products
from vmxtool.planner.chain import is_printed
from vmxtool.planner.guide import hop_guide, maker_after, upgrade_guide
from vmxtool.planner.hop import plan_hop, plan_upgrade
from vmxtool.planner.moves import is_one_way
from vmxtool.planner.unseen import native_format, plain_vm

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from vmxtool.knowledge.product import Product
    from vmxtool.machine.model import Machine
    from vmxtool.rules.state import DiskFormat, VmState

Cost = tuple[int, int, int]
Path = tuple[tuple[str, int | None], ...]
"""Products in order, each with the hardware version that the VM has there."""

_MOST_HOPS = 5
_MOST_EDGES = 400  # of one search; past it, what has been found is the answer
_ONLY_AT_HAND = frozenset({"ace", "player", "labmanager", HARDWARE})  # no products that one would get for a move
_OVER_WORKSTATION = "mpg:p15:fusion-over-workstation"
_STAGED = "mpg:p20:generation-2-to-5"


class _Node(NamedTuple):
    """Where a VM is on its way."""

    product: str
    version: int
    form: DiskFormat | None


class _Partial(NamedTuple):
    """A route begun; sorts by whether it is the printed one, by cost, then by what a reader would sooner follow."""

    unprinted: bool
    cost: Cost
    taste: tuple[int, ...]
    serial: int
    nodes: tuple[_Node, ...]


class _Edge(NamedTuple):
    """A hop of the plainest VM: where it leads, what it costs, and whether the guide prints it without conditions."""

    node: _Node
    cost: Cost
    taste: tuple[int, ...]
    printed: bool


class _Bounds:
    """What a route may cost at the most, by what has been found."""

    def __init__(self, target: Product) -> None:
        self._target = target
        self._direct: Cost | None = None
        self._most: Cost | None = None

    def note_direct(self, cost: Cost) -> None:
        self._direct = cost if self._direct is None else min(self._direct, cost)

    def note_route(self, cost: Cost) -> None:
        self._most = self._most or (cost[0] + 1, cost[1] + 1, cost[2] + 1)

    def may_lead(self, partial: _Partial, to_id: str) -> bool:
        """Return whether a route begun may lead on over a product and still be cheaper than what is found."""
        at, over, to = partial.nodes[-1], products()[to_id], self._target
        here = products()[at.product].esx
        crossed = _cross(here, over.esx) + _cross(over.esx, to.esx)
        changed = not over.runs(at.version) or not to.runs(at.version)
        work = max(crossed, changed) if generation_of(at.version) is not None else crossed + changed
        return self._is_cheap((partial.cost[0], partial.cost[1] + work, partial.cost[2] + 2), hops=2)

    def may_win(self, partial: _Partial) -> bool:
        """Return whether a route begun so is worth a step: cheaper than the direct hop, no dearer than one found."""
        at, to = partial.nodes[-1], self._target
        if len(partial.nodes) > 1 and at.product == to.id:
            return self._is_cheap(partial.cost, partial.cost[2])
        crossed, changed = _cross(products()[at.product].esx, to.esx), not to.runs(at.version)
        # For hardware of the guide one step may do both: VMware Converter.
        work = max(crossed, changed) if generation_of(at.version) is not None else crossed + changed
        return self._is_cheap((partial.cost[0], partial.cost[1] + work, partial.cost[2] + 1), partial.cost[2] + 1)

    def _is_cheap(self, least: Cost, hops: int) -> bool:
        if self._direct is not None and hops > 1 and least >= self._direct:
            return False
        return self._most is None or all(one <= most for one, most in zip(least, self._most, strict=True))


class Search:
    """The search for one VM and one target."""

    def __init__(self, machine: Machine, start: VmState, target: Product) -> None:
        """Begin where a VM is."""
        self.machine, self.start, self.target = machine, start, target
        holder = start.holder or ""
        formats = {disk.format for disk in start.disks} - {"unseen", "device", "transport"}
        self._form: DiskFormat | None = None
        if start.disks:
            self._form = formats.pop() if len(formats) == 1 else native_format(holder)
        self._serial = count()
        self._bounds = _Bounds(target)
        self._guided = False
        self._edges = 0
        self._have: frozenset[str] | None = None
        self._at_home = {products()[holder].family, target.family}
        self._smp_only = is_smp_edition(holder)
        self._far = is_far(holder, target)
        over_workstation = features()["reached-over-workstation"]
        named = tables.fact(_OVER_WORKSTATION).products
        self._early = {tables.generation_of(name) for name in named if not over_workstation.holds(products()[name])}

    def default_products(self) -> list[str]:
        """Return the products that one would think of going over, hosted or ESX as one of the ends is.

        Of the products younger than the guide one of each kind is enough, and between two of the guide there are none.
        """
        ends = (products()[self.start.holder or ""], self.target)
        like_ends = {product.esx for product in ends}
        within = all(tables.generation_of(product.id) is not None for product in ends)
        chosen: dict[object, Product] = {}
        for product in products().values():
            if product.family in _ONLY_AT_HAND or not (product.esx in like_ends or None in like_ends):
                continue
            if tables.generation_of(product.id) is not None:
                chosen[product.id] = product
            elif not within and product.converts_to:
                known = chosen.setdefault(_kind(product.id), product)
                if known.family not in self._at_home and product.family in self._at_home:
                    chosen[_kind(product.id)] = product
        return [product.id for product in chosen.values()]

    def kinds_of(self, path: Path) -> frozenset[object]:
        """Return the kinds of product that a path goes over."""
        return frozenset(_kind(name) for name, _ in path[:-1])

    def note_route(self, cost: Cost) -> None:
        """Take note of a detour: one that is dearer by more than one in any respect is no alternative to it."""
        self._bounds.note_route(cost)

    def candidates(self, over: Collection[str], have: Collection[str] | None = None) -> Iterator[Path]:
        """Yield paths to the target over some products, the cheapest first.

        Args:
            over: the products in between.
            have: the only products that may do a step, or None for all.
        """
        self._have = None if have is None else frozenset(have)
        start = self.start
        if start.version is None:
            return
        self._bounds, self._guided, self._edges = _Bounds(self.target), False, 0
        first = _Node(start.holder or "", start.version, self._form)
        at_hand = frozenset(over) - {first.product, self.target.id}
        between = [name for name in products() if name in at_hand and self._runs_it(name)]
        if self._smp_only and not self.target.smp:
            between = []  # the guide's own cell leads there or nothing does (page 14)
        heap = [_Partial(False, (0, 0, 0), (), next(self._serial), (first,))]
        known: dict[_Node, list[tuple[Cost, frozenset[object]]]] = {}
        while heap:
            partial = heappop(heap)
            if len(partial.nodes) > 1 and partial.nodes[-1].product == self.target.id:
                yield tuple((node.product, node.version) for node in partial.nodes[1:])
            elif len(partial.nodes) <= _MOST_HOPS:
                for longer in self._continued(partial, between):
                    if self._bounds.may_win(longer) and _is_new(known, longer):
                        heappush(heap, longer)

    def _continued(self, partial: _Partial, between: Iterable[str]) -> Iterator[_Partial]:
        """Yield a route begun with each hop that may follow, the target's own first."""
        at = partial.nodes[-1]
        visited = {node.product for node in partial.nodes}
        upgraded = self._upgraded() if len(partial.nodes) == 1 and at.product != self.target.id else None
        if upgraded is not None:
            yield self._longer(partial, upgraded)
        for to_id in (self.target.id, *between):
            is_last = to_id == self.target.id
            if to_id in visited and not (is_last and len(partial.nodes) == 1):
                continue
            if (not is_last and not self._bounds.may_lead(partial, to_id)) or self._lacks_workstation(partial, to_id):
                continue
            self._edges += 1
            if self._edges > _MOST_EDGES:
                return
            for edge in _edges(at, to_id, _maker(partial.nodes), self._have, self._far):
                if upgraded is not None and not is_last and _is_upgrade_like(upgraded.node, edge.node, at.version):
                    continue  # the product that has the VM makes it itself
                longer = self._longer(partial, edge)
                if is_last and len(longer.nodes) == 2:
                    self._guided = self._guided or not edge.taste[1]
                    self._bounds.note_direct(longer.cost)
                if not (self._guided and edge.taste[1] and _is_of_guide(at.product, to_id)):
                    yield longer  # what the guide does not say is no way round what it does

    def _upgraded(self) -> _Edge | None:
        """Return the upgrade of a VM in legacy mode by the product that has it."""
        holder, version = self.start.holder or "", self.start.version
        files, state = plain_vm(holder, version, self._form, has_disk=self._form is not None)
        plan = plan_upgrade(files, state, upgrade_guide(holder, version))
        if plan is None:
            return None
        form = plan.end.disks[0].format if plan.end.disks else None
        return _Edge(
            _Node(holder, plan.end.version or 0, form), (int(plan.one_way), plan.conversions, 1), (0, 0), False
        )

    def _lacks_workstation(self, partial: _Partial, to_id: str) -> bool:
        """Return whether a VM of generation 3 has been made younger, and by no Workstation, before Fusion 1."""
        generations = [generation_of(node.version) for node in partial.nodes]
        was_early = not self._early.isdisjoint(generations[:-1]) and generations[-1] not in self._early
        if not (was_early and _is_of_guide(to_id) and features()["reached-over-workstation"].holds(products()[to_id])):
            return False
        return not any(features()["leads-to-fusion"].holds(products()[node.product]) for node in partial.nodes)

    def _longer(self, partial: _Partial, edge: _Edge) -> _Partial:
        before, after = partial.nodes[-1].version, edge.node.version
        final = edge.cost[0] or any(is_one_way(before, after, node.product) for node in partial.nodes)
        cost = (partial.cost[0] + int(final), partial.cost[1] + edge.cost[1], partial.cost[2] + 1)
        strange = (*edge.taste, products()[edge.node.product].family not in self._at_home)
        taste = tuple(a + b for a, b in zip(partial.taste, strange, strict=True)) if partial.taste else strange
        unprinted = len(partial.nodes) > 1 or edge.node.product != self.target.id or not edge.printed
        return _Partial(unprinted, cost, taste, next(self._serial), (*partial.nodes, edge.node))

    def _runs_it(self, product_id: str) -> bool:
        """Return whether a product runs this very VM, as far as its processors and guest tell."""
        product = products()[product_id]
        smp_only = self._smp_only  # goes to products with Virtual SMP (page 14)
        if product.family == HARDWARE or (smp_only and not product.smp):
            return False
        vcpus = self.start.vcpus
        fits = vcpus == 1 or (product.smp and vcpus <= (product.max_vcpus or vcpus))
        return fits and (product.guest_64bit or self.machine.guest.bits != 64)


def is_far(holder: str, target: Product) -> bool:
    """Return whether only stages reach a product: of generation 5 or later (pages 15 and 20), or denied directly."""
    generation, entry = tables.generation_of(target.id), tables.lookup(holder, target.id)
    denied = entry is not None and entry.verdict == "not-supported"
    first = max(tables.generation_of(name) or 0 for name in tables.fact(_STAGED).products)
    return generation is None or generation >= first or denied


def _maker(nodes: Sequence[_Node]) -> str:
    """Return the product that the VM is like at the end of a path."""
    made_by = nodes[0].product
    for was, now in pairwise(nodes):
        made_by = maker_after(made_by, was.product, now.product, was.version, now.version)
    return made_by


def _is_upgrade_like(known: _Node, node: _Node, before: int) -> bool:
    """Return whether another product of the same kind gives a VM what one has given it: hardware of that generation."""
    alike = products()[known.product].esx == products()[node.product].esx
    return alike and node.version > before and generation_of(node.version) == generation_of(known.version)


def _is_of_guide(*ids: str) -> bool:
    return all(tables.generation_of(name) is not None for name in ids)


def _is_new(known: dict[_Node, list[tuple[Cost, frozenset[object]]]], partial: _Partial) -> bool:
    """Return whether no route begun leads there over fewer kinds of product for as little."""
    crossed = frozenset(_kind(node.product) for node in partial.nodes[1:-1])
    rivals = known.setdefault(partial.nodes[-1], [])
    if any(cost <= partial.cost and kinds <= crossed for cost, kinds in rivals):
        return False
    rivals.append((partial.cost, crossed))
    return True


@lru_cache(maxsize=16384)
def _edges(at: _Node, to_id: str, made_by: str, have: frozenset[str] | None, far: bool) -> tuple[_Edge, ...]:
    """Return the plainest VM's hops from a node to a product, one for each hardware version that it can have there."""
    files, state = plain_vm(at.product, at.version, at.form, has_disk=at.form is not None)
    target = products()[to_id]
    if not target.runs(at.version) and target.runs_max < min(at.version, 3):
        return ()
    guide = hop_guide(at.product, at.version, to_id, made_by)
    at_hand = None if have is None else have | {at.product, to_id}
    best: dict[_Node, _Edge] = {}
    plans = plan_hop(files, state, target, guide, have=at_hand, staged=True, far=far).plans
    printed = any(is_printed(plan) for plan in plans)
    for plan in plans:
        form = plan.end.disks[0].format if plan.end.disks else None
        node = _Node(to_id, plan.end.version or 0, form)
        edge = _Edge(
            node, (int(plan.one_way), plan.conversions, 1), (len(plan.when), int(guide.verdict is None)), printed
        )
        known = best.get(node)
        if known is None or (edge.cost, edge.taste) < (known.cost, known.taste):
            best[node] = edge
    return tuple(best.values())


def _cross(one: bool | None, other: bool | None) -> int:
    """Return whether a VM goes from a hosted product to ESX or back, where its disks are converted."""
    return int(None not in {one, other} and one != other)


@lru_cache(maxsize=256)
def _kind(product_id: str) -> object:
    """Return what products have in common that can stand for one another on a way."""
    product = products()[product_id]
    return product.generation, product.creates, product.esx
