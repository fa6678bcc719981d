"""Settings with names that only the VM's old host has: paths of its disks and folders, its volumes, its adapters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vmxtool._files import is_absolute, is_on_esx, last_part
from vmxtool.machine.folder import folder_of
from vmxtool.vmdk.paths import is_device

if TYPE_CHECKING:
    from vmxtool.machine.model import Drive, Machine
    from vmxtool.rules.case import Files
    from vmxtool.vmx.document import Document

_NIC_KEY = r"ethernet[0-9]\.(?:devname|connectiontype)"
_FOLDERS_OF_HOST = frozenset(
    {"suspend.directory", "redologdir", "workingdir", "sched.swap.dir", "sched.swap.derivedname"}
)
_NAME_KEY = r"(?i)scsi\d:\d{1,2}\.name"


def disk_name_keys(document: Document) -> list[str]:
    """Return the settings that name a disk as ESX Server 1 and 2 do, `scsiN:M.name`, where no `fileName` stands beside.

    A device of the host that a disk maps is no file, and has no name elsewhere.
    """
    found = [key for key in document.folded() if key.endswith(".name") and re.fullmatch(_NAME_KEY, key)]
    return [
        document.spelling(key)
        for key in found
        if not document.get(f"{key.rpartition('.')[0]}.filename") and not is_device(document[key])
    ]


def disk_paths_of_host(files: Files) -> tuple[str, ...]:
    """Return the settings that name a disk by a path that a new host has not.

    It is full although the disk lies beside the config, or one of VMFS, from where the disk is fetched or exported.
    """
    document = files.vm.config.document
    found = [f"{it.id}.filename" for it in files.vm.disks if _is_beside(it) or is_on_esx(it.file or "")]
    return tuple(
        document.spelling(key)
        for key in found
        # On Linux and on a Mac a name may have a colon, and lie here.
        if document.get(key) and not is_device(document[key]) and document[key] not in folder_of(files.vm).names
    )


def _is_beside(drive: Drive) -> bool:
    found = drive.found
    return found is not None and found.exists and not found.outside and is_absolute(drive.file or "")


def named_alike(vm: Machine) -> list[list[Drive]]:
    """Return disks that lie in two places of their host, in files of one name: those of each such name."""
    found: dict[str, list[Drive]] = {}
    for drive in vm.disks:
        if drive.file and not is_device(drive.file):
            found.setdefault(last_part(drive.file).lower(), []).append(drive)
    return [
        drives
        for drives in found.values()
        if len({drive.file for drive in drives}) > 1 and any(map(_is_from_elsewhere, drives))
    ]


def _is_from_elsewhere(drive: Drive) -> bool:
    """Return whether a disk is named by a full path of its host; one in another folder here is copied first."""
    is_here = drive.found is not None and drive.found.outside and drive.found.exists
    return is_absolute(drive.file or "") and not is_here


def settings_of_esx_host(files: Files) -> tuple[str, ...]:
    """Return the settings that name a network adapter of a host of ESX Server 1 or 2, or a folder on its VMFS."""
    document = files.vm.config.document
    return tuple(document.spelling(key) for key in document.folded() if _is_of_esx_host(key, document[key]))


def _is_of_esx_host(key: str, value: str) -> bool:
    if key in _FOLDERS_OF_HOST:
        return is_on_esx(value)
    return bool(re.fullmatch(_NIC_KEY, key)) and (key.endswith(".devname") or value.lower() == "monitor_dev")
