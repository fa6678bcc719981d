"""DSK2xx: the names of disks in the config, and whether the target finds the disks by them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool._files import is_absolute, is_on_esx, last_part
from vmxtool.findings import BY_CONVERTER, LEAVING, Do, Severity
from vmxtool.knowledge.features import features
from vmxtool.knowledge.hardware import hardware
from vmxtool.knowledge.runs import OLDEST_WRITTEN
from vmxtool.rules.names_of_host import disk_paths_of_host, named_alike, settings_of_esx_host
from vmxtool.rules.old_host import controllers_of_esx2, disks_with_backslash, has_other_separator, plain_controller
from vmxtool.rules.registry import About, Hit, by_rewrite, manual, rule
from vmxtool.rules.state import DISKS_NAMED, format_of
from vmxtool.vmdk.paths import is_device

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.findings import Fix
    from vmxtool.knowledge.features import Feature
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
    reads, made_by = features()["reads-disk-names-in-name"], case.made_by
    both_by_name = reads.holds(to) and made_by is not None and reads.holds(made_by)
    paths = () if both_by_name else case.files.once(disk_paths_of_host)
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


@rule(
    "DSK245",
    "disk-name-of-windows",
    Severity.WARNING,
    about=About.TARGET,
    cure=Do.REWRITE,
    sources=("general",),
    only_if=lambda vm: any("\\" in (drive.file or "") for drive in vm.disks),
    only_on=has_other_separator,
    short="a folder before the disk's name",
)
def disk_name_of_windows(case: Case) -> Iterator[Hit]:
    r"""The config names a disk in a folder as hosts with Windows do, `disks\data.vmdk`.

    Hosts of ESX and of Fusion take the backslash for a part of the name, and may not find the disk; a rewrite writes
    `disks/data.vmdk`. Where a file of just that name lies here, it is that file.
    """
    keys = () if DISKS_NAMED in case.now.settled or not case.is_place else case.files.once(disks_with_backslash)
    if keys:
        document = case.vm.config.document
        yield Hit(
            f"{', '.join(keys)}: {case.target.name} may not find a disk whose folder is named with a backslash",
            tuple(document.evidence(key) for key in keys),
            by_rewrite("a rewrite names it with / instead"),
            unverified=True,
        )


def _has_parent(drive: Drive) -> bool:
    return drive.chain is not None and len(drive.chain.links) > 1


def _by_hand(case: Case, keys: tuple[str, ...]) -> Fix:
    """Say what its owner writes, as no rewrite changes it and the product that upgrades it has to find its disks."""
    document = case.vm.config.document
    lines = [f'{key.rpartition(".")[0]}.fileName = "{last_part(document[key])}"' for key in keys]
    if len({line.partition(" = ")[2].lower() for line in lines}) < len(lines):
        lines = [f"{line.partition(' = ')[0]} = the name that its file has now" for line in lines]
    shown = " and ".join(lines[:_SHOWN]) + (", and so on," if len(lines) > _SHOWN else "")
    instead = " and ".join(keys[:_SHOWN]) + (", and so on" if len(keys) > _SHOWN else "")
    controllers = case.files.once(controllers_of_esx2)
    names = [f'{key} = "{plain_controller(document[key], case.vm.hardware.version)}"' for key in controllers]
    named = f", and {' and '.join(names)}" * (not features()["reads-disk-names-in-name"].holds(case.target))
    gone = case.files.once(settings_of_esx_host)
    too = f"; take out {', '.join(gone)}" if gone else ""
    return manual(f"write {shown} in the config in place of {instead}{named if names else ''}{too}")


def _is_written_by(case: Case, reads: Feature) -> bool:
    """Return whether a product that reads names there has the VM.

    Nothing may show that another wrote its config since.
    """
    holder, row = case.made_by, hardware(case.target.creates or 0)
    newest = row.config_version if row is not None else None
    return (
        holder is not None
        and reads.holds(holder)
        and (newest is None or (case.vm.config.config_version or 0) <= newest)
    )


@rule(
    "DSK243",
    "disk-named-in-filename",
    Severity.BLOCKER,
    about=About.TARGET,
    cure=Do.CREATE_VM,
    sources=("libvirt:src/vmx/vmx.c",),
    only_on=features()["reads-disk-names-in-name"].holds,
    short="names of the disks",
)
def disk_named_in_filename(case: Case) -> Iterator[Hit]:
    """The VM comes from a later ESX, and its config names its disks where ESX Server 1 and 2 do not look.

    They read a SCSI disk's place in `scsiN:M.name`, with the volume that it lies on. A new VM there is given the disks;
    or a rewrite with `--vmfs-path` writes their names so, and the config goes along.
    """
    reads = features()["reads-disk-names-in-name"]
    if DISKS_NAMED in case.now.settled or not case.is_place or _is_written_by(case, reads):
        return
    document = case.vm.config.document
    on_vmfs = {it.id for it in case.vm.disks if format_of(it) in {"esx", "unseen"}}  # others get a new VM anyway
    found = [disk for disk in case.now.disks if disk.bus == "scsi" and disk.format == "esx" and disk.drive in on_vmfs]
    keys = [f"{disk.drive}.filename" for disk in found]
    named = [document.spelling(key) for key in keys if key in document and not is_device(document[key])]
    if named:
        yield Hit(
            f"{', '.join(named)}: {case.target.name} reads a disk's place in name, with its volume, and finds no disk",
            tuple(document.evidence(key) for key in named),
            manual("make a new VM there with the disks, or give --vmfs-path to a rewrite, which names them so"),
        )


@rule(
    "DSK244",
    "two-names-of-a-disk",
    Severity.UNKNOWN,
    about=About.TARGET,
    sources=("libvirt:src/vmx/vmx.c",),
    only_if=lambda vm: bool(_of_two_names(vm)),
    short="which disk it is",
)
def two_names_of_a_disk(case: Case) -> Iterator[Hit]:
    """A disk has one name for ESX Server 1 and 2 and another for products since, and they are those of two files.

    ESX Server 1 and 2 read `scsiN:M.name`, products since `scsiN:M.fileName` alone. A config that has been with both
    may have kept the name of an earlier disk, and the VM then starts with the wrong one.
    """
    if not case.is_place or features()["reads-disk-names-in-name"].holds(case.target):
        return
    document = case.vm.config.document
    for drive in _of_two_names(case.vm):
        keys = f"{drive.id}.name", f"{drive.id}.filename"
        old, file = document[keys[0]], last_part(document[keys[1]])
        yield Hit(
            f"is {file} the disk of {drive.id}? ESX Server 1 and 2 read {document.spelling(keys[0])}, which names "
            f"{old}. If it is, the VM starts with it; if not, it starts with another disk than on its host",
            tuple(document.evidence(key) for key in keys),
            manual(f"take out the line of {drive.id} that is not true any more"),
            subject=drive.id,
        )


def _of_two_names(vm: Machine) -> list[Drive]:
    """Return the disks whose two names are those of two files."""
    document, found = vm.config.document, []
    for drive in vm.disks:
        name, file = document.get(f"{drive.id}.name", ""), document.get(f"{drive.id}.filename", "")
        if name and file and last_part(name).lower() != last_part(file).lower():
            found.append(drive)
    return found


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
    for drives in named_alike(vm):
        names = " and ".join(drive.id for drive in drives[:_SHOWN])
        yield Hit(
            f"{names} are two disks, in files of one name ({last_part(drives[0].file or '')}); where they come to "
            "lie together only one can have it",
            tuple(place for drive in drives for place in drive.file_evidence),
            ONE_OF_TWO,
        )
