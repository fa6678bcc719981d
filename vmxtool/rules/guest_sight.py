"""GST515 and DSK230: what the guest sees of the product and of its disks, by settings that every product knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.findings import Severity
from vmxtool.rules.case import top
from vmxtool.rules.disks import is_foreign
from vmxtool.rules.registry import About, Hit, manual, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.machine.model import Machine
    from vmxtool.rules.case import Case

_BACKDOOR = "monitor_control.restrict_backdoor"
_DISK_IDENTITY = "disk.EnableUUID"


def _is_on(key: str, vm: Machine) -> bool:
    return vm.config.document.flag(key, False)


@rule(
    "GST515",
    "guest-cut-off-from-product",
    Severity.INFO,
    about=About.TARGET,
    sources=("vmware-hardened-loader:issue-19",),
    only_if=lambda vm: _is_on(_BACKDOOR, vm),
)
def guest_cut_off_from_product(case: Case) -> Iterator[Hit]:
    """The guest's programs are kept from asking the product anything.

    The setting hides from a guest that it is virtual, and VMware Tools need what it closes: shared folders were seen
    to stop, and with them may go the clipboard and the clock. A move changes nothing about it, but new Tools are often
    put in after one, and then it is the first thing to look at. That it stops more than shared folders is unverified.
    """
    if not case.is_place:
        return
    yield Hit(
        f"{_BACKDOOR}: the guest cannot ask {case.target.name} anything, so VMware Tools may not work there",
        (case.vm.config.document.evidence(_BACKDOOR),),
        manual(f'set {_BACKDOOR} = "FALSE" if shared folders or VMware Tools are missed'),
        unverified=True,
    )


@rule(
    "DSK230",
    "disk-identity-may-change",
    Severity.INFO,
    about=About.TARGET,
    sources=("gist-disk-uuid",),
    only_if=lambda vm: bool(vm.disks) and _is_on(_DISK_IDENTITY, vm),
)
def disk_identity_may_change(case: Case) -> Iterator[Hit]:
    """The guest sees an identity of each disk, and a disk that is converted may get another one.

    With the setting a guest has a number for each disk that it can find it by, such as a name in `/dev/disk/by-id`. The
    number comes from the disk's own files, and whether a conversion keeps it is unverified.
    """
    changed = [drive for drive, disk in case.disks if case.is_place and is_foreign(disk, top(drive), case.target)]
    if not changed:
        return
    yield Hit(
        f"{_DISK_IDENTITY}: the guest sees an identity of each disk; {', '.join(it.id for it in changed)} may have "
        "another after the conversion",
        (case.vm.config.document.evidence(_DISK_IDENTITY),),
        manual(
            "see that the guest finds no disk by a name such as /dev/disk/by-id/wwn-..., before the disks are converted"
        ),
        unverified=True,
    )
