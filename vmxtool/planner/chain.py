"""What a route is: a chain of hops, what each of them does, and what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool._record import Record, replace
from vmxtool.findings import Do
from vmxtool.knowledge.products import products
from vmxtool.knowledge.runs import Ternary, first_version, runs
from vmxtool.planner.hop import is_final

if TYPE_CHECKING:
    from vmxtool.knowledge.cells import Way
    from vmxtool.knowledge.tables import GuideEntry
    from vmxtool.planner.plan import Plan
    from vmxtool.rules.case import GuideAnswer


def is_printed(plan: Plan) -> bool:
    """Return whether the guide prints a way, of a cell or in its text, that hangs on nothing that no file shows."""
    return plan.printed is not None and not plan.when


class Hop(Record):
    """One move of a VM from a product to another, or its upgrade by the product that has it.

    Attributes:
        from_id: product that holds the VM before.
        to_id: product that holds it after.
        plan: what is done; its states are those of the VM that was asked about.
        guide: what the guide says of it.
        can_go_back: the VM can be moved back as it is then.
        one_way: a step cannot be taken back, or leaves hardware that no product takes back to where the VM has been.
    """

    from_id: str
    to_id: str
    plan: Plan
    guide: GuideAnswer
    can_go_back: bool
    one_way: bool

    @property
    def in_place(self) -> bool:
        """Whether the product that has the VM upgrades it where it is."""
        return self.from_id == self.to_id and self.plan.kinds == {Do.UPGRADE_HARDWARE}

    @property
    def cell(self) -> str | None:
        """Address of the guide's cell, or None where no cell covers the hop."""
        return self.guide.entry.cell if self.guide.entry is not None else None

    @property
    def verdict(self) -> str:
        """The guide's word; beyond the guide "ok" for a copy and else "special-steps"."""
        return self.guide.verdict or ("ok" if self.plan.only_carries else "special-steps")

    @property
    def others(self) -> tuple[Way, ...]:
        """The other printed ways between the same two products; one-way also where an upgrade is that by itself."""
        others = [way for way in self.guide.ways if way != self.plan.printed]
        final = is_final(self.before, first_version(products()[self.to_id]), self.from_id)
        return tuple(replace(it, one_way=it.one_way or (final and _upgrades(it))) for it in others)

    @property
    def before(self) -> int | None:
        """Hardware version before."""
        return self.plan.start.version

    @property
    def after(self) -> int | None:
        """Hardware version after."""
        return self.plan.end.version

    @property
    def conversions(self) -> int:
        """How many of its steps change disks or hardware."""
        return self.plan.conversions

    @property
    def sources(self) -> tuple[str, ...]:
        """What it rests on."""
        target = products()[self.to_id]
        return tuple(dict.fromkeys(self.guide.sources or target.sources))

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences of the guide about it."""
        return self.guide.notes

    @property
    def unverified(self) -> bool:
        """Whether no source confirms that the target runs the version, which is not the one that it makes itself."""
        target, version = products()[self.to_id], self.after
        if version is None or version == target.creates:
            return False
        edges = {"runs_min": target.runs_min, "runs_max": target.runs_max}
        at_edge = any(name in target.unverified and version == edge for name, edge in edges.items())
        return at_edge or runs(target, version) is Ternary.UNSURE

    def __repr__(self) -> str:
        return f"<hop {self.from_id} to {self.to_id}, version {self.before} to {self.after}>"


def _upgrades(way: Way) -> bool:
    return any(step.do == Do.UPGRADE_HARDWARE and not step.products for step in way.steps)


class Route(Record):
    """A chain of hops; each begins where the one before it ends."""

    hops: tuple[Hop, ...]

    @property
    def over(self) -> tuple[str, ...]:
        """The products in between."""
        return tuple(hop.to_id for hop in self.hops[:-1])

    @property
    def one_way_count(self) -> int:
        """How many of its hops cannot be taken back."""
        return sum(hop.one_way for hop in self.hops)

    @property
    def conversions(self) -> int:
        """How many of its steps change disks or hardware."""
        return sum(hop.conversions for hop in self.hops)

    @property
    def cost(self) -> tuple[int, int, int]:
        """What it takes: hops that are final, then conversions, then hops."""
        return self.one_way_count, self.conversions, len(self.hops)

    @property
    def is_printed(self) -> bool:
        """Whether it is the way that the guide prints for the pair itself, and hangs on nothing that no file shows."""
        return not self.over and is_printed(self.hops[0].plan)

    @property
    def rank(self) -> tuple[bool, tuple[int, int, int]]:
        """What routes are ranked by: the printed one first, which VMware vouches for as a whole, then by cost."""
        return not self.is_printed, self.cost

    def __repr__(self) -> str:
        return f"<route {' to '.join([self.hops[0].from_id, *(hop.to_id for hop in self.hops)])}>"


class Routes(Record):
    """What is known of the ways of a VM from one product to another.

    Attributes:
        path: the VM as it was named, or None where a product was asked about and no VM was seen.
        name: the VM's name.
        start: id of the product that holds the VM.
        version: version of its hardware.
        target: id of the product it is to run under.
        routes: the best, best first; empty where there is none.
        missing: where the products at hand give none, the smallest sets of further products that would.
        guide: what the guide says about the pair itself, or None where it is silent.
        named: whether the user named the product that holds it.
    """

    path: str | None
    name: str
    start: str
    version: int | None
    target: str
    routes: tuple[Route, ...]
    missing: tuple[tuple[str, ...], ...]
    guide: GuideEntry | None
    named: bool = False

    def __repr__(self) -> str:
        return f"<routes of {self.name[:40]} from {self.start} to {self.target}: {len(self.routes)}>"
