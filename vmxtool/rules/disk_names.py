"""DSK2xx: the names of disks in the config, and whether the target finds the disks by them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool._files import is_absolute, is_on_esx, last_part
from vmxtool.findings import BY_CONVERTER, LEAVING, Do, Severity
from vmxtool.knowledge.features import features
from vmxtool.knowledge.runs import OLDEST_WRITTEN
from vmxtool.rules.case import disk_paths_of_host, settings_of_esx_host
from vmxtool.rules.registry import About, Hit, by_rewrite, manual, rule
from vmxtool.rules.state import DISKS_NAMED
from vmxtool.vmdk.paths import is_device

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.findings import Fix
    from vmxtool.machine.model import Drive, Machine
    from vmxtool.rules.case import Case

_SHOWN = 2


def _is_name(key: str | None) -> bool:
    return key is not None and key.lower().endswith(".name")


@rule(
    "DSK220",
    "disk-name-not-read",
    Severity.BLOCKER,
    about=About.TARGET,
    cure=Do.REWRITE,
    sources=("libvirt:src/vmx/vmx.c",),
    only_if=lambda vm: any(
        is_absolute(drive.file or "") or any(_is_name(place.key) for place in drive.evidence) for drive in vm.disks
    ),
    short="paths of the disks",
)
def disk_name_not_read(case: Case) -> Iterator[Hit]:
    """The config names a disk where the target does not look.

    ESX Server 1 and 2 keep the name of a SCSI disk's file in `scsiN:M.name`. Products since read `scsiN:M.fileName`
    alone, and hosted products find nothing at a path of VMFS or of a datastore. A full path of the host that the VM is
    on leads nowhere on another one, and on the same host to the old disk, which then has two VMs.
    """
    if DISKS_NAMED in case.now.settled or not case.is_place:
        return
    to = case.target
    named = () if features()["reads-disk-names-in-name"].holds(to) else case.files.named_as_esx2
    paths = case.files.once(disk_paths_of_host)
    keys = (*named, *paths)
    if not keys:
        return
    document, own = case.vm.config.document, case.vm.hardware.version
    if named:
        says = f"{to.name} does not read a disk's name there, and finds no disk"
    elif not to.esx and any(is_on_esx(document[key]) for key in paths):
        says = f"{to.name} does not look for a disk at such a path, and finds no disk"
    else:
        says = "a full path, at which a copy of the VM does not find its disk"
    fix = by_rewrite("the rewrite names it in fileName, beside the config")
    # No rewrite touches a VM with snapshots, and a name alone is no reason to remove them.
    kept = not named and (case.vm.snapshots.present or any(map(_has_parent, case.vm.disks)))
    if kept or (own is not None and own < OLDEST_WRITTEN):
        fix = _by_hand(case, keys)
    yield Hit(f"{', '.join(keys)}: {says}", tuple(document.evidence(key) for key in keys), fix)


def _has_parent(drive: Drive) -> bool:
    return drive.chain is not None and len(drive.chain.links) > 1


def _by_hand(case: Case, keys: tuple[str, ...]) -> Fix:
    """What its owner writes, since no rewrite changes it and the product that upgrades it has to find its disks."""
    document = case.vm.config.document
    lines = [f'{key.rpartition(".")[0]}.fileName = "{last_part(document[key])}"' for key in keys]
    if len({line.partition(" = ")[2].lower() for line in lines}) < len(lines):
        lines = [f"{line.partition(' = ')[0]} = the name that its file has now" for line in lines]
    shown = " and ".join(lines[:_SHOWN]) + (", and so on," if len(lines) > _SHOWN else "")
    instead = " and ".join(keys[:_SHOWN]) + (", and so on" if len(keys) > _SHOWN else "")
    gone = case.files.once(settings_of_esx_host)
    too = f", and take out {', '.join(gone)}" if gone else ""
    return manual(f"write {shown} in the config in place of {instead}{too}")


ONE_OF_TWO = manual("give one of the two disks another name, its file where it lies and the line of the config")
"""What the owner of two disks of one name does."""


@rule(
    "DSK242",
    "disks-of-one-name-on-two-volumes",
    Severity.WARNING,
    about=About.FILES,
    cure=Do.CHANGE_SETTINGS,
    stops=(LEAVING - BY_CONVERTER) | {Do.REWRITE},
    sources=("mpg:p07",),
    short="two disks of one name",
)
def disks_of_one_name_on_two_volumes(vm: Machine) -> Iterator[Hit]:
    """Two disks of the VM lie on two volumes or in two folders of their host, in files of one name.

    Exported or copied, both would come to lie in one folder, and the second take the place of the first. Give one of
    them another name first, on the host that has them.
    """
    found: dict[str, list[Drive]] = {}
    for drive in vm.disks:
        if drive.file and is_absolute(drive.file) and not is_device(drive.file):
            found.setdefault(last_part(drive.file).lower(), []).append(drive)
    for drives in found.values():
        if len({drive.file for drive in drives}) > 1:
            names = " and ".join(drive.id for drive in drives[:_SHOWN])
            yield Hit(
                f"{names} are two disks, in files of one name ({last_part(drives[0].file or '')}); where they come to "
                "lie together only one can have it",
                tuple(place for drive in drives for place in drive.file_evidence),
                ONE_OF_TWO,
            )
