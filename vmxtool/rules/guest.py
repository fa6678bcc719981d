"""GST5xx: the guest operating system and VMware Tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.findings import Fix, Severity
from vmxtool.knowledge.guests import find_guest
from vmxtool.rules._registry import Hit, file_rule, target_rule
from vmxtool.rules._remedies import by_hand
from vmxtool.rules._rewrites import rewrite_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.knowledge.guests import Guest
    from vmxtool.knowledge.products import Product
    from vmxtool.machine.model import Machine

_ARM = "arm-"
_TOOLS_FOR_3D = "mpg:p17:3d-tools"


@target_rule("GST501", "guest-64-bit-not-offered", Severity.BLOCKER, "mpg:p17")
def guest_64_bit_not_offered(vm: Machine, to: Product) -> Iterator[Hit]:
    """The guest is a 64-bit one and the target runs 32-bit guests alone.

    Workstation 5.0 and everything of generation 4 and before have no 64-bit guests. Nothing in a VM's files changes
    that; the target has to be another.
    """
    if vm.guest.bits == 64 and not to.guest_64bit:
        yield Hit(
            f"the guest {vm.guest.id} is a 64-bit one; {to.name} has no 64-bit guests",
            vm.guest.evidence,
            None,
            sources=(to.source,),
            unverified="guest_64bit" in to.unverified,
        )


@target_rule("GST502", "guest-name-too-new", Severity.WARNING, "govmomi:vim25/types/enum.go")
def guest_name_too_new(vm: Machine, to: Product) -> Iterator[Hit]:
    """The target does not know the guest by the name in the config.

    A product that meets an unknown `guestOS` refuses to power the VM on, saying that the guest operating system is not
    supported, or treats it as another system. The nearest older name of the same family serves; which one fits best is
    a judgement, and from which version on a name is known is mostly unverified.
    """
    guest = find_guest(vm.guest.id) if vm.guest.id else None
    if guest is None or guest.min_hw is None or guest.min_hw <= to.runs_max:
        return
    older = _older(guest, to)
    yield Hit(
        f"{to.name} may not know the guest name {vm.guest.id}, which came with hardware version {guest.min_hw}",
        vm.guest.evidence,
        _rename(vm, to, older),
        sources=(guest.source,),
        unverified="min_hw" in guest.unverified,
    )


@file_rule("GST503", "guest-name-unknown", Severity.INFO, "open-vm-tools:guest_os_tables.h")
def guest_name_unknown(vm: Machine) -> Iterator[Hit]:
    """The guest's name is none that VMware's own table has, under any spelling.

    Products refuse a name they do not know. What is said here of bits and family is read from the name alone.
    """
    if vm.guest.id is not None and not _is_arm(vm) and find_guest(vm.guest.id) is None:
        yield Hit(
            f"{vm.guest.id} is not a guest name that VMware is known to use",
            vm.guest.evidence,
            by_hand("choose the guest again in the VM's settings"),
        )


@file_rule("GST504", "guest-name-missing", Severity.WARNING, "vmx-notes")
def guest_name_missing(vm: Machine) -> Iterator[Hit]:
    """The config does not say which guest operating system the VM has.

    Workstation requires `guestOS`. Without it nothing can be said about 64 bits, drivers and names here.
    """
    if vm.guest.id is None and vm.encryption != "full":
        yield Hit(
            "the config names no guest operating system (guestOS)",
            (),
            by_hand('set guestOS, for instance to "other"'),
        )


@target_rule("GST505", "tools-for-3d", Severity.INFO, "mpg:p17")
def tools_for_3d(vm: Machine, to: Product) -> Iterator[Hit]:
    """3-D graphics are on, which need the VMware Tools of the Workstation version that runs the VM.

    A VM that is moved to another Workstation version shows 3-D again once the Tools of that version are installed.
    """
    document = vm.config.document
    from vmxtool.knowledge import tables

    if to.id in tables.fact(_TOOLS_FOR_3D).products and document.flag("mks.enable3d", False):
        yield Hit(
            f"3-D graphics are on; they need the VMware Tools of {to.name}",
            (document.evidence("mks.enable3d"),),
            by_hand(f"install the VMware Tools of {to.name} in the guest after the move"),
        )


@target_rule("GST506", "guest-for-arm", Severity.UNKNOWN, "field-observations")
def guest_for_arm(vm: Machine, to: Product) -> Iterator[Hit]:
    """The guest is one for ARM processors, which run on hosts with such a processor only.

    VMware says that a VM requires another machine architecture where the host's processor differs. Which processor the
    new host has no file of the VM shows.
    """
    if _is_arm(vm):
        yield Hit(
            f"has the host of {to.name} an ARM processor? {vm.guest.id} runs on one; it does not run on x86",
            vm.guest.evidence,
            by_hand("look which processor the host has"),
        )


def _is_arm(vm: Machine) -> bool:
    return vm.guest.id is not None and vm.guest.id.lower().startswith(_ARM)


def _rename(vm: Machine, to: Product, older: Guest | None) -> Fix:
    if older is None:
        return by_hand("choose a guest name that the target has")
    return rewrite_for(vm, to, f'set guestOS = "{older.id}"', unsafe=True)


def _older(guest: Guest, to: Product) -> Guest | None:
    """The nearest name of the family that the target knows."""
    at: Guest | None = guest
    while at is not None and at.min_hw is not None and at.min_hw > to.runs_max:
        at = find_guest(at.older) if at.older is not None else None
    return at
