"""GST5xx: the guest operating system."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.findings import Severity
from vmxtool.knowledge.guests import find_guest
from vmxtool.rules._registry import Hit, file_rule, target_rule
from vmxtool.rules._remedies import by_hand

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.knowledge.products import Product
    from vmxtool.machine.model import Machine


@target_rule("GST501", "guest-64-bit-not-offered", Severity.BLOCKER, "mpg:p17")
def guest_64_bit_not_offered(vm: Machine, to: Product) -> Iterator[Hit]:
    """The guest is a 64-bit one and the target runs 32-bit guests alone.

    Workstation 5.0 and everything of generation 4 and before have no 64-bit guests.
    """
    if vm.guest.bits == 64 and not to.guest_64bit:
        yield Hit(
            f"the guest {vm.guest.id} is a 64-bit one; {to.name} has no 64-bit guests",
            vm.guest.evidence,
            None,
            Severity.WARNING if "guest_64bit" in to.unverified else None,
            (to.source,),
        )


@target_rule("GST502", "guest-name-too-new", Severity.WARNING, "govmomi:vim25/types/enum.go")
def guest_name_too_new(vm: Machine, to: Product) -> Iterator[Hit]:
    """The target does not know the guest by the name in the config.

    A product that meets an unknown `guestOS` refuses to power the VM on or treats it as another system. The nearest
    older name of the same family serves; which one fits best is a judgement.
    """
    guest = find_guest(vm.guest.id) if vm.guest.id else None
    if guest is None or guest.min_hw is None or to.runs_max is None or guest.min_hw <= to.runs_max:
        return
    older = f"; {guest.older} is the nearest older name" if guest.older else ""
    yield Hit(
        f"{to.name} may not know the guest name {vm.guest.id}, which came with hardware version {guest.min_hw}"
        f" (unverified){older}",
        vm.guest.evidence,
        by_hand(f'set guestOS = "{guest.older}"' if guest.older else "choose a guest name that the target has"),
        None,
        (guest.source,),
    )


@file_rule("GST503", "guest-name-unknown", Severity.INFO, "open-vm-tools:lib/include/guest_os_tables.h")
def guest_name_unknown(vm: Machine) -> Iterator[Hit]:
    """The guest's name is none that VMware's own table has, under any spelling.

    Products refuse a name they do not know. What is said here of bits and family is read from the name alone.
    """
    if vm.guest.id is not None and find_guest(vm.guest.id) is None:
        yield Hit(
            f"{vm.guest.id} is not a guest name that VMware is known to use",
            vm.guest.evidence,
            by_hand("choose the guest again in the VM's settings"),
        )
