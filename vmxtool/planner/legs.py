"""One move of a VM from a product to another: where it starts, what is done, and what it leads to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from vmxtool.knowledge.cells import Step, Way
from vmxtool.knowledge.hardware import hardware_versions

if TYPE_CHECKING:
    from vmxtool.knowledge.products import Product

# What changes disks or hardware, or makes the VM anew. Copying files, and running them as they are, does not.
CONVERSIONS = frozenset(
    {
        "export-disks",
        "import-disks",
        "upgrade-hardware",
        "downgrade-hardware",
        "create-legacy-vm",
        "converter",
        "import-wizard",
    }
)


class State(NamedTuple):
    """Where a VM is on its way: the product that holds it, and the version of its hardware."""

    product: str
    version: int


@dataclass(frozen=True, slots=True)
class Leg:
    """One move.

    Attributes:
        from_id: product that holds the VM before.
        to_id: product that holds it after.
        before: hardware version before.
        after: hardware version after.
        cell: address of the guide's cell, or None where no cell covers the move.
        verdict: the cell's, or that of the guide's text; beyond the guide "ok" for a copy and else "special-steps".
        way: what to do. `downgrade-hardware` without a product is `vmxtool rewrite --hwversion`.
        others: other printed ways between the same two products.
        one_way: the product before, and those like it, never run the VM again.
        can_go_back: the VM can be moved back as it is then.
        sources: what all this rests on.
        notes: sentences of the guide about it.
        unverified: a figure behind it is confirmed by no source.
    """

    from_id: str
    to_id: str
    before: int
    after: int
    cell: str | None
    verdict: str
    way: Way
    others: tuple[Way, ...]
    one_way: bool
    can_go_back: bool
    sources: tuple[str, ...]
    notes: tuple[str, ...] = ()
    unverified: bool = False

    @property
    def conversions(self) -> int:
        """How many of its steps change disks or hardware."""
        return sum(step.do in CONVERSIONS for step in self.way.steps)

    def as_json(self) -> dict[str, object]:
        """The leg as plain values."""
        return {
            "from": self.from_id,
            "to": self.to_id,
            "cell": self.cell,
            "verdict": self.verdict,
            "way": self.way.as_json(),
            "others": [way.as_json() for way in self.others],
            "hardware": {"before": self.before, "after": self.after},
            "one_way": self.one_way,
            "can_go_back": self.can_go_back,
            "sources": list(self.sources),
            "notes": list(self.notes),
            "unverified": self.unverified,
        }


def first_version(product: Product) -> int:
    """The hardware version that a product's VMs have by default, also where it makes none itself (Player)."""
    if product.creates is not None:
        return product.creates
    versions = hardware_versions().values()
    return next(
        (row.version for row in versions if row.generation is not None and row.generation == product.generation),
        product.runs_max,
    )


def same_product(state: State) -> Leg:
    """The move to another host with the same product."""
    copy = Way((Step("copy"),))
    sources = ("mpg:p10:same-product",)
    return Leg(*2 * (state.product,), *2 * (state.version,), None, "ok", copy, (), False, True, sources)
