"""The search for routes: from state to state, cheapest first.

A state is the product that holds the VM and the version of its hardware. Cost is counted in this order: moves without a
way back, conversions of disks or hardware, moves. Guide and later knowledge give edges of the same kind, so a route may
cross from one to the other.
"""

from __future__ import annotations

from functools import cache
from heapq import heapify, heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from vmxtool.knowledge import tables
from vmxtool.knowledge.products import HARDWARE, products
from vmxtool.planner.guide_moves import guide_moves, vm_generation
from vmxtool.planner.later_moves import OLDEST_REWRITTEN, later_move
from vmxtool.planner.legs import Leg, State

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from vmxtool.knowledge.products import Product
    from vmxtool.machine.model import Machine

Cost = tuple[int, int, int]
_Kind = tuple[int | None, int | None, bool | None]

_MOST_MOVES = 5
_ONLY_AT_HAND = frozenset({"ace", "player", "labmanager", HARDWARE})  # no products that one would get for a move
_SMP = "-smp"  # ends the id of a product with Virtual SMP where one without it has the same version
_OVER_WORKSTATION = "mpg:p15:fusion-over-workstation"


class _Trip(NamedTuple):
    """A way begun; sorts by cost, then by what a reader would sooner follow."""

    cost: Cost
    taste: tuple[int, ...]
    serial: int
    legs: tuple[Leg, ...]
    kinds: frozenset[_Kind]


class _Fence:
    """What keeps a search small: what is too dear, and what leads to the same place no better."""

    def __init__(self, direct: Cost | None) -> None:
        self._direct = direct
        self._most: Cost | None = None
        self._known: dict[tuple[State, bool], list[_Trip]] = {}

    def found(self, cost: Cost) -> None:
        """Take note of a route: one that is dearer by more than one in any respect is no alternative to it."""
        self._most = self._most or (cost[0] + 1, cost[1] + 1, cost[2] + 1)

    def admits(self, least: Cost) -> bool:
        """Whether a trip of at least this cost is worth a step."""
        # A detour that is no cheaper than the direct move would be left out in the end.
        if self._direct is not None and least[2] > 1 and least >= self._direct:
            return False
        return self._most is None or all(one <= most for one, most in zip(least, self._most, strict=True))

    def is_new(self, place: tuple[State, bool], trip: _Trip) -> bool:
        """Whether no trip known yet leads there over fewer kinds of product for as little."""
        rivals = self._known.setdefault(place, [])
        if any(rival.cost <= trip.cost and rival.kinds <= trip.kinds for rival in rivals):
            return False
        rivals.append(trip)
        return True


class Search:
    """The search for one VM and one target; moves once worked out are kept for further searches."""

    def __init__(self, start: State, target: str, machine: Machine | None = None) -> None:
        self.start = start
        self.target = products()[target]
        self._moves: dict[tuple[State, str], tuple[Leg, ...]] = {}
        self._machine = machine
        self._at_home = {products()[start.product].family, self.target.family}
        self._serial = count()
        self._smp_only = start.product.endswith(_SMP)  # goes to products with Virtual SMP (page 14)
        staged, generation = tables.fact(_OVER_WORKSTATION), vm_generation(start.version)
        early = generation is not None and generation <= 3
        self._over_workstation = {name for name in staged.products if early and tables.generation_of(name) == 6}

    def usual(self) -> list[str]:
        """The products that one would think of going over, hosted or ESX as one of the ends is.

        Of the products younger than the guide one of each kind is enough, and between two of the guide there are none.
        """
        ends = (products()[self.start.product], self.target)
        like_ends = {product.esx for product in ends}
        within = all(tables.generation_of(product.id) is not None for product in ends)
        chosen: dict[_Kind | str, Product] = {}
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

    def best(self, over: Collection[str], limit: int) -> Iterator[tuple[Leg, ...]]:
        """The moves of routes over some products, the cheapest route first."""
        at_hand = frozenset(over) - {self.start.product, self.target.id}
        between = [name for name in products() if name in at_hand and self._runs_it(name)]
        if self._smp_only and not self.target.smp:
            between = []  # the guide's own cell leads there or nothing does
        setting_out = _Trip((0, 0, 0), (), next(self._serial), (), frozenset())
        heap = [self._trip(setting_out, leg) for leg in self._legs(self.start, self.target.id)]
        heapify(heap)
        fence = _Fence(heap[0].cost if heap else None)
        for trip in self._onward(setting_out, between, fence):
            heappush(heap, trip)
        found: list[frozenset[_Kind]] = []
        while heap and len(found) < limit:
            trip = heappop(heap)
            if any(known <= trip.kinds for known in found) or not fence.admits(trip.cost):
                continue
            if trip.legs[-1].to_id == self.target.id:
                found.append(trip.kinds)
                fence.found(trip.cost)
                yield trip.legs
            elif len(trip.legs) < _MOST_MOVES:
                for longer in self._onward(trip, [*between, self.target.id], fence):
                    heappush(heap, longer)

    def _onward(self, trip: _Trip, to_ids: Collection[str], fence: _Fence) -> Iterator[_Trip]:
        at = State(trip.legs[-1].to_id, trip.legs[-1].after) if trip.legs else self.start
        visited = {leg.from_id for leg in trip.legs} | {at.product}
        by_workstation = any(map(_is_workstation, visited))
        for to_id in to_ids:
            # A VM of generation 3 or earlier reaches Fusion 1 over a Workstation only (page 15).
            if to_id in visited or (to_id in self._over_workstation and not by_workstation):
                continue
            for leg in self._legs(at, to_id):
                end = State(to_id, leg.after)
                longer = self._trip(trip, leg)
                least = self._least(longer.cost, end)
                if least is not None and fence.admits(least):
                    place = (end, by_workstation or _is_workstation(to_id))
                    if fence.is_new(place, longer):
                        yield longer

    def _least(self, cost: Cost, at: State) -> Cost | None:
        """What a trip costs at least when it is at the target, or None where it never gets there."""
        if at.product == self.target.id:
            return cost
        runs = self.target.runs(at.version)
        if not runs and self.target.runs_max < min(at.version, OLDEST_REWRITTEN):
            return None
        holder = products()[at.product].esx
        carried = None not in {holder, self.target.esx} and holder != self.target.esx
        # For hardware of the guide one step may do both: VMware Converter.
        work = max(carried, not runs) if vm_generation(at.version) is not None else carried + (not runs)
        return cost[0], cost[1] + work, cost[2] + 1

    def _trip(self, before: _Trip, leg: Leg) -> _Trip:
        cost = (before.cost[0] + leg.one_way, before.cost[1] + leg.conversions, before.cost[2] + 1)
        kinds = before.kinds | {_kind(leg.from_id)} if before.legs else before.kinds
        # Between routes of one cost: conditions, doubts, moves that the guide does not print, strange families, age.
        here = (len(leg.way.when), leg.unverified, leg.cell is None, products()[leg.to_id].family not in self._at_home)
        taste = tuple(a + b for a, b in zip(before.taste, here, strict=False)) if before.taste else here
        return _Trip(cost, taste, next(self._serial), (*before.legs, leg), kinds)

    def _legs(self, at: State, to_id: str) -> tuple[Leg, ...]:
        known = self._moves.get((at, to_id))
        if known is None:
            if tables.generation_of(at.product) is None or tables.generation_of(to_id) is None:
                move = later_move(at, to_id)
                known = (move,) if move is not None else ()
            else:
                known = guide_moves(at, to_id, self.start.product)
            self._moves[at, to_id] = known
        return known

    def _runs_it(self, product_id: str) -> bool:
        """Whether a product runs this very VM, as far as its processors and guest tell."""
        product = products()[product_id]
        if product.family == HARDWARE or (self._smp_only and not product.smp):
            return False
        if self._machine is None:
            return True
        vcpus = self._machine.cpu.count
        fits = vcpus == 1 or (product.smp and vcpus <= (product.max_vcpus or vcpus))
        return fits and (product.guest_64bit or self._machine.guest.bits != 64)


@cache
def _kind(product_id: str) -> _Kind:
    """What products have in common that can stand for one another on a way."""
    product = products()[product_id]
    return product.generation, product.creates, product.esx


@cache
def _is_workstation(product_id: str) -> bool:
    return products()[product_id].family == "workstation" and (products()[product_id].generation or 9) > 3
