"""The best routes of a VM to a product, over other products where no move leads there at once."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from vmxtool.knowledge import tables
from vmxtool.knowledge.products import products
from vmxtool.planner.guide_moves import vm_generation
from vmxtool.planner.legs import Leg, State, first_version
from vmxtool.planner.search import Cost, Search

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from vmxtool.knowledge.products import Product
    from vmxtool.knowledge.tables import GuideEntry
    from vmxtool.machine.model import Machine


@dataclass(frozen=True, slots=True)
class Route:
    """A chain of moves; each begins where the one before it ends."""

    legs: tuple[Leg, ...]

    @property
    def over(self) -> tuple[str, ...]:
        """The products in between."""
        return tuple(leg.to_id for leg in self.legs[:-1])

    @property
    def one_way_count(self) -> int:
        """How many of its moves cannot be taken back."""
        return sum(leg.one_way for leg in self.legs)

    @property
    def conversions(self) -> int:
        """How many of its steps change disks or hardware."""
        return sum(leg.conversions for leg in self.legs)

    @property
    def moves(self) -> int:
        """How many moves it has."""
        return len(self.legs)

    @property
    def cost(self) -> Cost:
        """What routes are ranked by: one-way moves, then conversions, then moves."""
        return self.one_way_count, self.conversions, self.moves

    def as_json(self) -> dict[str, object]:
        """The route as plain values."""
        return {
            "over": list(self.over),
            "one_way": self.one_way_count,
            "conversions": self.conversions,
            "moves": self.moves,
            "legs": [leg.as_json() for leg in self.legs],
        }


@dataclass(frozen=True, slots=True)
class Routes:
    """What is known of the ways from one product to another.

    Attributes:
        start: product that holds the VM.
        version: version of its hardware.
        target: product it is to run under.
        routes: the best, the cheapest first; empty where there is none.
        missing: where the products at hand give none, the smallest sets of further products that would.
        guide: what the guide says about the pair itself, or None where it is silent.
    """

    start: str
    version: int
    target: str
    routes: tuple[Route, ...]
    missing: tuple[tuple[str, ...], ...]
    guide: GuideEntry | None

    def as_json(self) -> dict[str, object]:
        """The `route` contract, "vmxtool.route/1"."""
        return {
            "schema": "vmxtool.route/1",
            "from": _named(self.start),
            "target": _named(self.target),
            "hardware": {"version": self.version, "generation": vm_generation(self.version)},
            "guide": self.guide.as_json() if self.guide is not None else None,
            "routes": [route.as_json() for route in self.routes],
            "missing": [list(found) for found in self.missing],
        }


def find_routes(
    start: str,
    version: int | None,
    target: str,
    have: Collection[str] | None = None,
    *,
    limit: int = 3,
    machine: Machine | None = None,
) -> Routes:
    """The best routes from a product to another.

    Routes differ in the kinds of product they go over, a kind being those of one generation, hosted or not. One that
    goes over all kinds of a cheaper one, and more, is left out, as is one that is dearer by more than one of anything.

    Args:
        start: id of the product that holds the VM.
        version: version of the VM's hardware; None for that of the product's new VMs.
        target: id of the product it is to run under.
        have: ids of the only products to go over; None for all that could be got.
        limit: most routes to return.
        machine: the VM itself, where there is one; products that cannot run it are not gone over.
    """
    if version is None:
        version = first_version(products()[start])
    search = Search(State(start, version), target, machine)
    found = tuple(map(Route, search.best(search.usual() if have is None else have, limit)))
    missing = () if found or have is None else tuple(_missing(search, frozenset(have)))
    return Routes(start, version, target, found, missing, tables.lookup(start, target))


def routes_for(machine: Machine, origin_id: str, target: Product) -> tuple[Route, ...]:
    """The best routes of a VM, over products that run it.

    Args:
        machine: the VM.
        origin_id: id of the product that holds it.
        target: product it is to run under.
    """
    return find_routes(origin_id, machine.hardware.version, target.id, machine=machine).routes


def _named(product_id: str) -> dict[str, object]:
    product = products()[product_id]
    return {"id": product.id, "name": product.name, "generation": product.generation}


def _missing(search: Search, have: frozenset[str]) -> Iterator[tuple[str, ...]]:
    """The smallest sets of one or two products that give a route together with those at hand."""
    ends = (search.start.product, search.target.id)
    others = [name for name in search.usual() if name not in {*have, *ends}]
    single = [name for name in others if any(search.best({*have, name}, 1))]
    yield from ((name,) for name in single)
    pairs = combinations([name for name in others if name not in single], 2)
    yield from (pair for pair in pairs if any(search.best({*have, *pair}, 1)))
