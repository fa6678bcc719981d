"""Files that a config takes for a disk and that VMware has made for something else, or another program has made."""

from __future__ import annotations

import os
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

from vmxtool import _files
from vmxtool._files import is_on_esx
from vmxtool.findings import CONVERTING_DISKS, Do, Severity
from vmxtool.rules.case import disk_label, name_evidence
from vmxtool.rules.commands import disk_file, disk_name, file_argument
from vmxtool.rules.registry import About, Hit, manual, rule
from vmxtool.vmdk.paths import DATA_ENDINGS, descriptor_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.findings import Fix
    from vmxtool.machine.model import Drive, Machine
    from vmxtool.vmdk.chain import Problem

_ENDING = ".vmdk"
# What qemu-img calls the formats of other programs whose files have a name of their own.
_FORMATS = {".vhd": "vpc", ".vhdx": "vhdx", ".vdi": "vdi", ".qcow2": "qcow2", ".img": "raw", ".raw": "raw"}


def data_of_missing(drive: Drive, vm: Machine) -> str | None:
    """Return the name of the data beside which a disk's descriptor is missing; None where that is not here either."""
    name = drive.file or ""
    stem, ending = name[: len(name) - len(_ENDING)], name[len(name) - len(_ENDING) :]
    if ending.lower() != _ENDING:
        return None
    found = (_files.resolve(vm.config.folder, f"{stem}{kind}{ending}") for kind in DATA_ENDINGS)
    return next((it.name for it in found if it.exists and not it.outside), None)


def no_disk(drive: Drive, vm: Machine, problem: Problem, leaving: frozenset[Do]) -> Hit:
    """Return the hit for a file that was read and is no disk.

    The file of a disk on VMFS is exported from there, whatever was copied.

    Args:
        drive: the disk that the config takes it for.
        vm: the VM.
        problem: what is wrong with it.
        leaving: the moves that leave a disk behind that has to be exported on its host.
    """
    name, on_esx = problem.file or disk_name(drive), is_on_esx(drive.file or "")
    descriptor = descriptor_of(name)
    cure = manual(f"copy {name} again from where it was whole{', as its host exports it' * on_esx}")
    if descriptor is not None:
        cure = manual(f"name {descriptor} in the config, the disk's descriptor, and bring that file along too")
    elif Path(name).suffix.lower() in _FORMATS and not on_esx:
        cure = _converted(drive, vm, name)
    return Hit(
        problem.message.rstrip("."),
        problem.evidence,
        cure,
        stops=leaving if on_esx else None,
        subject=drive.id,
        while_format=("esx", "unseen"),
        at_home=f"{name} has no descriptor, as files of disks on VMFS of ESX Server 1 and 2; it is taken as it is"
        if on_esx
        else None,
    )


def _converted(drive: Drive, vm: Machine, name: str) -> Fix:
    """Return how a file that qemu-img reads becomes a disk of VMware's beside it, which the config then names."""
    folder, stem = vm.config.folder, name[: len(name) - len(Path(name).suffix)]
    # Another disk of the VM may be named so, and not be here, or become one of that name as well.
    others = {(it.file or "").lower() for it in vm.disks}
    alike = [it for it in vm.disks if (it.file or "").lower().startswith(f"{stem.lower()}.")]
    first = f"{stem}.vmdk" if len(alike) < 2 else f"{stem}-{drive.id.replace(':', '-')}.vmdk"
    names = chain([first], (f"{first.removesuffix('.vmdk')}-{number}.vmdk" for number in count(2)))
    new = next(it for it in names if not os.path.lexists(folder / it) and it.lower() not in others)
    options = f"subformat=monolithicSparse,adapter_type={disk_file(drive).adapter}"
    form = _FORMATS[Path(name).suffix.lower()]
    files = file_argument(vm, name), file_argument(vm, new)
    return manual(
        f"convert it into a disk of VMware's, and name {new} in the config",
        ("qemu-img", "convert", "-f", form, "-O", "vmdk", "-o", options, *files),
        product="qemu-img",
    )


def is_of_unknown_format(drive: Drive) -> bool:
    """Return whether a disk's file was read, and is in no format that vmxtool knows, though nothing speaks against it.

    VMware has used names such as `disk.raw` for files of its own, of which no description is known.
    """
    links = drive.chain.links if drive.chain is not None else ()
    unread = drive.chain is not None and any(it.kind == "unreadable" for it in drive.chain.problems)
    return bool(links) and not unread and links[0].location == "raw" and links[0].format == "unknown"


@rule(
    "DSK246",
    "disk-of-unknown-format",
    Severity.UNKNOWN,
    about=About.FILES,
    cure=Do.REPAIR_DISK,
    stops=CONVERTING_DISKS,
    sources=("field-observations",),
    short="whether a file is a disk",
)
def disk_of_unknown_format(vm: Machine) -> Iterator[Hit]:
    """A disk is a file that has neither a descriptor nor a header of VMware's, under a name that VMware has used.

    Old products called the description of a device `.raw` and a disk `.dsk`; today such a file is mostly one of another
    program: bytes of a disk as they are, or a `.vhd`. VMware products open no such file. qemu-img converts it.
    """
    for drive in vm.disks:
        if is_of_unknown_format(drive):
            name = disk_name(drive)
            known = Path(name).suffix.lower() in _FORMATS
            other = manual("convert it with the program that wrote it, and name the new file in the config")
            yield Hit(
                f"{disk_label(drive)}: is it a disk that VMware wrote? It has neither a descriptor nor a header that "
                "vmxtool knows. If VMware did, it stays as it is; if not, no VMware product opens it",
                name_evidence(drive),
                _converted(drive, vm, name) if known else other,
                subject=drive.id,
            )
