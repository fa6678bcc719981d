"""NET3xx: network adapters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.findings import Severity
from vmxtool.rules._registry import Hit, target_rule
from vmxtool.rules._remedies import by_hand

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.knowledge.products import Product
    from vmxtool.machine.model import Machine


@target_rule("NET301", "too-many-nics", Severity.BLOCKER)
def too_many_nics(vm: Machine, to: Product) -> Iterator[Hit]:
    """The VM has more network adapters than the target gives a VM.

    Which of them the guest can do without is for its owner to say.
    """
    if to.max_nics is None or len(vm.nics) <= to.max_nics:
        return
    yield Hit(
        f"{len(vm.nics)} network adapters; {to.name} takes {to.max_nics}",
        tuple(nic.evidence[0] for nic in vm.nics[to.max_nics :] if nic.evidence),
        by_hand(f"remove network adapters until {to.max_nics} are left"),
        Severity.WARNING if "max_nics" in to.unverified else None,
        (to.source,),
    )
