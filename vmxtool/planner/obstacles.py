"""What stands in the way of moving a disk to another bus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool._files import last_part
from vmxtool.errors import InputError
from vmxtool.evidence import Evidence
from vmxtool.machine.locate import read_config
from vmxtool.planner.refusals import refusal
from vmxtool.vmx.document import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vmxtool.findings import Finding
    from vmxtool.machine.model import Drive, Machine
    from vmxtool.vmdk.chain import Link

_CONFIG_SUFFIXES = frozenset({".vmx", ".vmtx", ".cfg"})
_NAME_KEYS = (".filename", ".name")
_BROKEN = frozenset({"missing", "outside", "unreadable", "header-damaged", "unfinished", "loop", "too-deep"})
_DEVICE_TYPES = frozenset({"rawdisk", "scsi-passthru-rdm", "scsi-nonpassthru-rdm"})


def obstacles(vm: Machine, drives: Sequence[Drive]) -> Iterator[Finding]:
    """Every reason why disks of a VM cannot be moved to another bus, beyond those that forbid all writing."""
    others = other_configs(vm) if drives else {}
    for drive in drives:
        yield from _of_files(drive)
        for link in drive.chain.links if drive.chain is not None else ():
            yield from _of_link(link)
        other = owner_of(drive, others)
        if other is not None:
            message = f"{drive.file} is also a disk of {other}"
            yield refusal("DSK295", message, (Evidence(other),), "take the disk out of the other config first")
        twin = _twin(vm, drive)
        if twin is not None:
            message = f"{drive.id} and {twin.id} name the same disk, {drive.file}"
            places = (*drive.file_evidence, *twin.file_evidence)
            yield refusal("DSK297", message, places, "take one of the two drives out first")


def owner_of(drive: Drive, others: dict[str, str]) -> str | None:
    """The other config that has the same disk, or None; `others` is what `other_configs` found."""
    name = drive.found.path.name if drive.found is not None and drive.found.path is not None else drive.file or ""
    return others.get(name.lower())


def _of_files(drive: Drive) -> Iterator[Finding]:
    if drive.device_type in _DEVICE_TYPES:
        message = f"{drive.id} maps a device of its host"
        yield refusal("DSK211", message, drive.evidence, "clone the device into a virtual disk first")
    if drive.found is not None and drive.found.outside and drive.found.exists:
        message = f"{drive.id}: {drive.file} lies outside the VM's folder, where nothing is changed"
        yield refusal("DSK206", message, drive.file_evidence, "copy the disk into the VM's folder and correct the name")
    elif drive.chain is None or not drive.chain.links:
        message = f"{drive.id}: {drive.file or 'its file'} cannot be read here, so its adapter cannot be changed"
        yield refusal("DSK203", message, drive.evidence, "copy the disk into the VM's folder first")
    else:
        for problem in drive.chain.problems:
            if problem.kind in _BROKEN:
                yield refusal(
                    "DSK204", problem.message, problem.evidence, "mend the disk first, or take it from a backup"
                )


def _of_link(link: Link) -> Iterator[Finding]:
    place = (Evidence(link.file, None, "createType", link.create_type),)
    if link.format == "device":
        message = f"{link.file} maps a device of its host"
        yield refusal("DSK211", message, place, "clone the device into a virtual disk first")
    elif link.format == "legacy":
        message = f"{link.file} is a disk of Workstation 2 or 3, or of GSX Server 1 or 2"
        remedy = "open the VM in Workstation 4 or 5 first, which converts the disk"
        yield refusal("DSK294", message, (Evidence(link.file),), remedy)
    if link.encrypted:
        remedy = "remove the encryption in the product that made it"
        yield refusal("DSK298", f"{link.file} is encrypted", (Evidence(link.file, None, "encryptionKeys"),), remedy)


def _twin(vm: Machine, drive: Drive) -> Drive | None:
    """The next drive of the VM that names the same disk."""
    path = drive.found.path if drive.found is not None else None
    if path is None:
        return None
    same = [other for other in vm.disks if other.found is not None and other.found.path is not None]
    return next((other for other in same if other.id != drive.id and _is_same(other, drive)), None)


def _is_same(one: Drive, other: Drive) -> bool:
    first = one.found.path if one.found is not None else None
    second = other.found.path if other.found is not None else None
    return first is not None and second is not None and first.samefile(second)


def other_configs(vm: Machine) -> dict[str, str]:
    """The disks that other configs in the VM's folder name, in lower case and without folders, each with its config."""
    found: dict[str, str] = {}
    for path in sorted(vm.config.folder.iterdir()):
        if path == vm.config.path or path.suffix.lower() not in _CONFIG_SUFFIXES or path.name.startswith("."):
            continue
        try:
            document = read_config(path)
        except InputError:
            continue
        for key in document:
            if fold(key).endswith(_NAME_KEYS) and ":" in key:
                found.setdefault(last_part(document[key]).lower(), path.name)
    found.pop("", None)
    return found
