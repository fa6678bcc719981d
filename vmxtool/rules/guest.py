"""GST5xx: the guest operating system and VMware Tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.findings import Do, Severity
from vmxtool.knowledge.features import features
from vmxtool.knowledge.guests import find_guest, guests, newest_kin
from vmxtool.knowledge.known_keys import nearest
from vmxtool.rules.guest_hosts import is_arm
from vmxtool.rules.registry import About, Hit, by_rewrite, manual, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.findings import Fix
    from vmxtool.knowledge.guests import Guest
    from vmxtool.machine.model import Machine
    from vmxtool.rules.case import Case

_BITS_64 = 64


@rule(
    "GST501",
    "guest-64-bit-not-offered",
    Severity.BLOCKER,
    about=About.TARGET,
    sources=("mpg:p17",),
    only_if=lambda vm: vm.guest.bits == _BITS_64,
    short="no 64-bit guests",
)
def guest_64_bit_not_offered(case: Case) -> Iterator[Hit]:
    """The guest is a 64-bit one and the target runs 32-bit guests alone.

    Workstation 5.0 and everything of generation 4 and before have no 64-bit guests. Nothing in a VM's files changes
    that; the target has to be another.
    """
    vm, to = case.vm, case.target
    if vm.guest.bits == _BITS_64 and not to.guest_64bit:
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
    short="name of the guest",
    messages=(("The guest operating system '<name>' is not supported.", "general"),),
)
def guest_name_too_new(case: Case) -> Iterator[Hit]:
    """The target, or the VM's hardware version there, does not know the guest by the name in the config.

    A product that meets an unknown `guestOS` refuses to power the VM on, saying that the guest operating system is not
    supported, or treats it as another system. ESX knows some names with newer hardware versions alone, so the VM's own
    version may be too old for the name though the host is new. The nearest older name of the same family
    serves; which one fits best is a judgement.
    """
    guest, to, version = case.guest, case.target, case.now.version
    if guest is None or guest.min_hw is None:
        return
    by_host = guest.min_hw > to.runs_max
    if not by_host and not (to.esx and version is not None and version < guest.min_hw):
        return
    older = _older(guest, to.runs_max if by_host or version is None else version)
    where = "" if by_host else f" with hardware version {version}"
    yield Hit(
        f"{to.name} may not know the guest name {case.now.guest}{where}, which came with hardware version "
        f"{guest.min_hw}",
        case.vm.guest.evidence if by_host else (*case.vm.guest.evidence, *case.vm.hardware.evidence),
        _rename(older),
        sources=guest.backing.of("min_hw"),
        unverified="min_hw" in guest.unverified or not to.esx,  # hosts of ESX were asked, and no other product
        cure=Do.CHANGE_SETTINGS if older is None else None,
    )


@rule(
    "GST503",
    "guest-name-unknown",
    Severity.UNKNOWN,
    about=About.FILES,
    sources=("open-vm-tools:guest_os_tables.h",),
    messages=(("The guest operating system '<name>' is not supported.", "general"),),
    short="name of the guest",
)
def guest_name_unknown(vm: Machine) -> Iterator[Hit]:
    """The guest's name is none that VMware's own table has, under any spelling.

    A product does not start a VM whose guest it does not know: "Guest operating system is not supported". What is said
    here of bits and family is read from the name alone. A name may have come after the table; one with a number above
    those of its kin there, such as that of a new macOS, did, and is only noted.
    """
    if vm.guest.id is None or is_arm(vm) or find_guest(vm.guest.id) is not None:
        return
    newest = newest_kin(vm.guest.id)
    if newest is not None:
        yield Hit(
            f"{vm.guest.id} is newer than the guest names that are known here, up to {newest}; which products know it, "
            "and what it brings, is open",
            vm.guest.evidence,
            manual(f"look whether the target lists that guest; {newest} is the nearest older name"),
            Severity.INFO,
        )
    else:
        names = {guest.id.lower(): guest.id for guest in guests().values()}
        meant = names.get(nearest(vm.guest.id.lower(), names) or "")
        general = "other-64" if vm.guest.bits == _BITS_64 else "other"
        yield Hit(
            f"is {vm.guest.id} a guest that the product knows? VMware's table has no such name, and a VM whose guest a "
            "product does not know does not start",
            vm.guest.evidence,
            manual(
                f'set guestOS = "{meant}", if that is meant'
                if meant is not None
                else f'choose the guest in the VM\'s settings, or set guestOS = "{general}", the general one'
            ),
            sources=("vmx-notes",),
        )


@rule(
    "GST504",
    "guest-name-missing",
    Severity.UNKNOWN,
    about=About.FILES,
    sources=("vmx-notes",),
    short="name of the guest",
)
def guest_name_missing(vm: Machine) -> Iterator[Hit]:
    """The config does not say which guest operating system the VM has.

    VMware requires `guestOS`, and a VM without it does not start. Nothing can be said of its 64 bits and drivers here.
    """
    if vm.guest.id is None and vm.encryption != "full":
        yield Hit(
            "which guest operating system has the VM? The config names none (guestOS), and without it the VM does not "
            "start",
            (),
            manual('add a line that names it, such as guestOS = "other" or guestOS = "other-64"'),
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

    A VM that is moved to another Workstation version, 5.0 or later, shows 3-D again once the Tools of that version are
    installed.
    """
    document, to = case.vm.config.document, case.target
    if features()["3d-of-workstation"].holds(to) and case.now.holder != to.id:
        yield Hit(
            f"3-D graphics are on; they need the VMware Tools of {to.name}",
            (document.evidence("mks.enable3d"),),
            manual(f"install the VMware Tools of {to.name} in the guest after the move"),
        )


def _rename(older: Guest | None) -> Fix:
    if older is None:
        return manual("choose a guest name that the target has")
    return by_rewrite(f'set guestOS = "{older.id}", where the rewrite is given --unsafe', unsafe=True)


def _older(guest: Guest, newest: int) -> Guest | None:
    """Return the nearest name of the family that is known at a hardware version."""
    at: Guest | None = guest
    while at is not None and at.min_hw is not None and at.min_hw > newest:
        at = find_guest(at.older) if at.older is not None else None
    return at
