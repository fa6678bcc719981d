"""GST5xx: the guest operating system and VMware Tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.findings import Do, Severity
from vmxtool.knowledge.guests import find_guest
from vmxtool.rules.registry import About, Hit, by_rewrite, manual, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.findings import Fix
    from vmxtool.knowledge.guests import Guest
    from vmxtool.knowledge.products import Product
    from vmxtool.machine.model import Machine
    from vmxtool.rules.case import Case

_ARM = "arm-"
_TOOLS_FOR_3D = "mpg:p17:3d-tools"


def _is_arm(vm: Machine) -> bool:
    return vm.guest.id is not None and vm.guest.id.lower().startswith(_ARM)


@rule(
    "GST501",
    "guest-64-bit-not-offered",
    Severity.BLOCKER,
    about=About.TARGET,
    sources=("mpg:p17",),
    only_if=lambda vm: vm.guest.bits == 64,
)
def guest_64_bit_not_offered(case: Case) -> Iterator[Hit]:
    """The guest is a 64-bit one and the target runs 32-bit guests alone.

    Workstation 5.0 and everything of generation 4 and before have no 64-bit guests. Nothing in a VM's files changes
    that; the target has to be another.
    """
    vm, to = case.vm, case.target
    if vm.guest.bits == 64 and not to.guest_64bit:
        yield Hit(
            f"the guest {vm.guest.id} is a 64-bit one; {to.name} has no 64-bit guests",
            vm.guest.evidence,
            None,
            sources=(to.source,),
            unverified="guest_64bit" in to.unverified,
        )


@rule(
    "GST502",
    "guest-name-too-new",
    Severity.WARNING,
    about=About.TARGET,
    cure=Do.REWRITE,
    sources=("govmomi:vim25/types/enum.go",),
)
def guest_name_too_new(case: Case) -> Iterator[Hit]:
    """The target does not know the guest by the name in the config.

    A product that meets an unknown `guestOS` refuses to power the VM on, saying that the guest operating system is not
    supported, or treats it as another system. The nearest older name of the same family serves; which one fits best is
    a judgement, and from which version on a name is known is mostly unverified.
    """
    guest, to = case.guest, case.target
    if guest is None or guest.min_hw is None or guest.min_hw <= to.runs_max:
        return
    older = _older(guest, to)
    yield Hit(
        f"{to.name} may not know the guest name {case.now.guest}, which came with hardware version {guest.min_hw}",
        case.vm.guest.evidence,
        _rename(older),
        sources=(guest.source,),
        unverified="min_hw" in guest.unverified,
        cure=Do.CHANGE_SETTINGS if older is None else None,
    )


@rule(
    "GST503",
    "guest-name-unknown",
    Severity.INFO,
    about=About.FILES,
    sources=("open-vm-tools:guest_os_tables.h",),
)
def guest_name_unknown(vm: Machine) -> Iterator[Hit]:
    """The guest's name is none that VMware's own table has, under any spelling.

    Products refuse a name they do not know. What is said here of bits and family is read from the name alone.
    """
    if vm.guest.id is not None and not _is_arm(vm) and find_guest(vm.guest.id) is None:
        yield Hit(
            f"{vm.guest.id} is not a guest name that VMware is known to use",
            vm.guest.evidence,
            manual("choose the guest again in the VM's settings"),
        )


@rule("GST504", "guest-name-missing", Severity.WARNING, about=About.FILES, sources=("vmx-notes",))
def guest_name_missing(vm: Machine) -> Iterator[Hit]:
    """The config does not say which guest operating system the VM has.

    Workstation requires `guestOS`. Without it nothing can be said about 64 bits, drivers and names here.
    """
    if vm.guest.id is None and vm.encryption != "full":
        yield Hit(
            "the config names no guest operating system (guestOS)",
            (),
            manual('set guestOS, for instance to "other"'),
        )


@rule(
    "GST505",
    "tools-for-3d",
    Severity.INFO,
    about=About.TARGET,
    sources=("mpg:p17",),
    only_if=lambda vm: vm.config.document.flag("mks.enable3d", False),
)
def tools_for_3d(case: Case) -> Iterator[Hit]:
    """3-D graphics are on, which need the VMware Tools of the Workstation version that runs the VM.

    A VM that is moved to another Workstation version shows 3-D again once the Tools of that version are installed.
    """
    from vmxtool.knowledge import tables

    document, to = case.vm.config.document, case.target
    if to.id in tables.fact(_TOOLS_FOR_3D).products:
        yield Hit(
            f"3-D graphics are on; they need the VMware Tools of {to.name}",
            (document.evidence("mks.enable3d"),),
            manual(f"install the VMware Tools of {to.name} in the guest after the move"),
        )


@rule(
    "GST506",
    "guest-for-arm",
    Severity.UNKNOWN,
    about=About.TARGET,
    sources=("field-observations",),
    only_if=_is_arm,
)
def guest_for_arm(case: Case) -> Iterator[Hit]:
    """The guest is one for ARM processors, which run on hosts with such a processor only.

    VMware says that a VM requires another machine architecture where the host's processor differs. Which processor the
    new host has no file of the VM shows.
    """
    vm, to = case.vm, case.target
    if _is_arm(vm) and case.is_place:
        yield Hit(
            f"has the host of {to.name} an ARM processor? {vm.guest.id} runs on one; it does not run on x86",
            vm.guest.evidence,
            manual("look which processor the host has"),
        )


def _rename(older: Guest | None) -> Fix:
    if older is None:
        return manual("choose a guest name that the target has")
    return by_rewrite(f'set guestOS = "{older.id}", where the rewrite is given --unsafe', unsafe=True)


def _older(guest: Guest, to: Product) -> Guest | None:
    """The nearest name of the family that the target knows."""
    at: Guest | None = guest
    while at is not None and at.min_hw is not None and at.min_hw > to.runs_max:
        at = find_guest(at.older) if at.older is not None else None
    return at
