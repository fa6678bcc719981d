"""DSK29x: what keeps a hard disk on the bus that it is on, whatever the rewrite that is to move it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.evidence import Evidence
from vmxtool.findings import Do, Severity
from vmxtool.machine.neighbours import UNREAD, disks_of_others, owner_of, twin_of
from vmxtool.rules.case import name_evidence
from vmxtool.rules.registry import About, Hit, manual, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.machine.model import Machine

_MOVING = frozenset({Do.MOVE_DISKS})


@rule(
    "DSK294",
    "legacy-disk",
    Severity.INFO,
    about=About.FILES,
    cure=Do.REPAIR_DISK,
    stops=_MOVING,
    short="a disk of the oldest format",
)
def legacy_disk(vm: Machine) -> Iterator[Hit]:
    """A disk is of Workstation 2 or 3, or of GSX Server 1 or 2, and cannot be moved to another bus.

    Its adapter stands in a binary header that newer products do not write. They convert such a disk when they upgrade
    the VM.
    """
    for drive in vm.disks:
        for link in drive.chain.links if drive.chain is not None else ():
            if link.format == "legacy":
                yield Hit(
                    f"{link.file} is a disk of Workstation 2 or 3, or of GSX Server 1 or 2",
                    (Evidence(link.file),),
                    manual(
                        f"for a hosted product since Workstation 4, open the VM in Workstation 4 or 5, which converts "
                        f"{link.file}"
                    ),
                    subject=drive.id,
                    while_format=("legacy",),
                )


@rule(
    "DSK295",
    "disk-shared",
    Severity.INFO,
    about=About.FILES,
    cure=Do.REPAIR_CONFIG,
    stops=_MOVING,
    short="a disk that another VM has",
)
def disk_shared(vm: Machine) -> Iterator[Hit]:
    """Another config in the folder names the same disk.

    A disk has one adapter. Moved to another bus for this VM, the other one would find its disk made for a controller
    that it does not have.
    """
    if not any(drive.chain is not None and drive.chain.links for drive in vm.disks):
        return
    others = disks_of_others(vm)
    for drive in vm.disks if others else ():
        other = owner_of(drive, others)
        if other is not None:
            fix = manual(f"take {drive.file} out of {other} first")
            said = f"{drive.file} is also a disk of {other}"
            if other == others.get(UNREAD):
                fix = manual("move the VM into a folder of its own first")
                said = f"{drive.file} may be a disk of {other}; so many configs lie here that this one was not read"
            yield Hit(said, (Evidence(other),), fix, subject=drive.id)


@rule(
    "DSK297",
    "disk-used-twice",
    Severity.WARNING,
    about=About.FILES,
    cure=Do.REPAIR_CONFIG,
    stops=_MOVING,
    short="a disk that is there twice",
)
def disk_used_twice(vm: Machine) -> Iterator[Hit]:
    """Two drives of the VM name the same disk.

    Products open a disk once. Which of the drives is meant is not for vmxtool to guess.
    """
    seen: set[str] = set()
    for drive in vm.disks:
        twin = twin_of(vm, drive) if drive.id not in seen else None
        if twin is not None:
            seen |= {drive.id, twin.id}
            yield Hit(
                f"{drive.id} and {twin.id} name the same disk, {drive.file}",
                (*name_evidence(drive), *name_evidence(twin)),
                manual(f"take {drive.id} or {twin.id} out first"),
                subject=drive.id,
            )


@rule(
    "DSK298",
    "disk-encrypted",
    Severity.INFO,
    about=About.FILES,
    cure=Do.DECRYPT,
    stops=_MOVING,
    short="an encrypted disk",
)
def disk_encrypted(vm: Machine) -> Iterator[Hit]:
    """A disk is encrypted.

    What its descriptor says in the open is only part of it, so it is not changed, and what it holds is not seen.
    """
    for drive in vm.disks:
        for link in drive.chain.links if drive.chain is not None else ():
            if link.encrypted:
                fix = manual("remove the encryption in the product that made it")
                place = (Evidence(link.file, None, "encryptionKeys"),)
                yield Hit(f"{link.file} is encrypted", place, fix, subject=drive.id)


# --- what a rewrite meets while it is worked out ---
