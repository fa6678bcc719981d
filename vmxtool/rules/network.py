"""NET3xx: network adapters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.findings import Severity
from vmxtool.rules._limits import exceeded
from vmxtool.rules._registry import Hit, target_rule
from vmxtool.rules._remedies import by_hand
from vmxtool.rules._rewrites import version_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.knowledge.products import Product
    from vmxtool.machine.model import Machine


@target_rule("NET301", "too-many-nics", Severity.BLOCKER)
def too_many_nics(vm: Machine, to: Product) -> Iterator[Hit]:
    """The VM has more network adapters than the target gives a VM.

    The limit is the product's own or that of the hardware version the VM has there, whichever is lower. Which of the
    adapters the guest can do without is for its owner to say.
    """
    most = exceeded(vm, to, "nics", len(vm.nics), version_on(vm, to))
    if most is None:
        return
    kept = most.version is None or most.version == to.runs_max
    holder = to.name if kept else f"{to.name} with hardware version {most.version}"
    yield Hit(
        f"{len(vm.nics)} network adapters; {holder} takes {most.figure}",
        tuple(nic.evidence[0] for nic in vm.nics[most.figure :] if nic.evidence),
        by_hand(f"remove network adapters until {most.figure} are left"),
        sources=(most.source,),
        unverified=not most.verified,
    )
