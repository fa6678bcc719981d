"""Disk controllers, hard disks, CD-ROM drives and floppy drives that a VM really has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vmxtool import _files
from vmxtool._record import Record
from vmxtool.evidence import Evidence
from vmxtool.machine.model import Controller, Drive
from vmxtool.vmdk.chain import Chain, Problem, read_chain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vmxtool.machine.folder import Folder
    from vmxtool.machine.model import Bus, DriveKind
    from vmxtool.machine.sections import Section, Sections, Units

# A descriptor has some hundred bytes, and some ten thousand where a disk is split in a thousand pieces.
_DESCRIPTOR_BYTES = 2**20

# What any system takes for a path, in characters, and what is kept of a longer name to show it by.
_LONGEST_NAME, _SHOWN = 4096, 100

# Names that stand for an empty drive, or for whatever the host has.
AUTOMATIC = frozenset({"", "auto detect", "emptybackingstring", "vmware-null-remote-floppy", "-1"})
"""What a drive or port that is found by itself, or is empty, has in place of a name; in lower case."""
# Devices of Linux, ESX and Windows hosts, and what the vSphere client calls drives of its own.
_DEVICE = r"(?i)/dev/|/vmfs/devices/|[a-z]:$|\\\\\.\\|(?:floppy|cd/dvd drive) [0-9]"
# What no hard disk is called.
_CD_NAME = re.compile(r".*\.iso$|auto detect$|[a-z]:$|/dev/(?:cd|dvd|scd|sr)|cd/dvd drive ", re.IGNORECASE | re.DOTALL)
_PLAIN_NAME = re.compile(r"[\w .()+-]*[\w()+-]", re.ASCII)  # no part of it is a folder, a drive or a store
_HOST_CD_TYPES = frozenset({"cdrom-raw", "atapi-cdrom"})


class Storage(Record):
    """Controllers and drives that are present, and places that say so where a controller does not."""

    controllers: tuple[Controller, ...]
    drives: tuple[Drive, ...]
    idle: tuple[Evidence, ...]


def read_storage(sections: Sections, units: Units, folder: Folder) -> Storage:
    """Read controllers and drives; the disks that lie in the VM's folder are opened.

    A drive is there if its own `present` is true and, on SCSI, SATA and NVMe, that of its controller too; IDE has no
    switch for the channel. All of these are false where they are absent.

    Args:
        sections: the config.
        units: the devices it has settings for.
        folder: the VM's folder.
    """
    present: dict[tuple[Bus, int], Section] = {}
    for bus, number in units.controllers:
        section = sections[f"{bus}{number}"]
        if section.flag("present", default=False):
            present[bus, number] = section
    drives: list[Drive] = []
    idle: list[Evidence] = []
    disks = _Disks(folder)
    for bus, number, unit in units.units:
        section = sections[f"{bus}{number}:{unit}"]
        if not section.flag("present", default=False):
            continue
        if bus == "ide":
            present.setdefault((bus, number), sections[f"ide{number}"])
        elif (bus, number) not in present:
            idle += section.evidence("present")
            continue
        drives.append(_drive(section, bus, unit, disks))
    drives += _floppies(sections, units)
    controllers = tuple([_controller(section, bus) for (bus, _), section in sorted(present.items(), key=_address)])
    return Storage(controllers, tuple(drives), tuple(idle))


class _Disks:
    """Reads the disks of one VM, each once, and no more of their descriptors than any real VM has."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self._chains: dict[Path, Chain] = {}
        self._bytes_left = _DESCRIPTOR_BYTES

    def read(self, path: Path, name: str) -> Chain:
        """Return the chain of a disk in the VM's folder."""
        if path not in self._chains:
            if self._bytes_left <= 0:
                why = f"{name} was not read: the descriptors of the disks before it are larger than any VM's"
                return Chain((), (Problem("unreadable", why, (Evidence(name),)),))
            chain = read_chain(path, folder=self.folder.path, name=name)
            self._bytes_left -= sum(len(link.descriptor.raw) for link in chain.links if link.descriptor is not None)
            self._chains[path] = chain
        return self._chains[path]


def _address(item: tuple[tuple[Bus, int], Section]) -> tuple[Bus, int]:
    return item[0]


def _controller(section: Section, bus: Bus) -> Controller:
    sharing = section.word("sharedbus")
    return Controller(
        id=section.id,
        bus=bus,
        model=section.word("virtualdev") or None,
        shared_bus=None if sharing == "none" else sharing or None,
        evidence=section.evidence("present", "virtualdev", "sharedbus"),
    )


def _drive(section: Section, bus: Bus, unit: int, disks: _Disks) -> Drive:
    device_type = section.word("devicetype")
    # ESX Server 1 and 2, whose disks are SCSI, write `name` where every other product writes `fileName`.
    name_key = "name" if bus == "scsi" and "name" in section and not section.get("filename") else "filename"
    name = section.get(name_key)
    kind = _kind(device_type, name)
    file = _medium(section, device_type, name) if kind != "disk" else name if name.lower() not in AUTOMATIC else None
    found = chain = None
    if file is not None and len(file) > _LONGEST_NAME:
        file, found = f"{file[:_SHOWN]}…", _files.Named(file[:_SHOWN], None, outside=False, exists=False)
    elif kind == "disk" and file is not None:
        found = _find(disks.folder, file)
        if found.path is not None:
            chain = disks.read(found.path, found.path.name if found.moved else file)
    return Drive(
        id=section.id,
        bus=bus,
        unit=unit,
        kind=kind,
        file=file,
        mode=section.word("mode") or "persistent",
        connected=section.flag("startconnected", default=True),
        redo=section.get("redo") or None,
        device_type=device_type or None,
        found=found,
        chain=chain,
        evidence=section.evidence("present", name_key, "devicetype", "mode", "redo"),
    )


def _find(folder: Folder, file: str) -> _files.Named:
    if _PLAIN_NAME.fullmatch(file) and folder.problem is None and folder.find(file) is None:
        # The listing answers for such names, in whatever case a file system takes them.
        return _files.Named(file, None, outside=False, exists=False)
    return _files.resolve(folder.path, file)


def _kind(device_type: str, name: str) -> DriveKind:
    if "cdrom" in device_type:
        return "cdrom"
    if device_type == "scsi-passthru":
        return "passthrough"
    # Without a type VMware takes a drive for a disk, unless its name is one that no disk has.
    return "cdrom" if not device_type and _CD_NAME.match(name) else "disk"


def _medium(section: Section, device_type: str, name: str) -> str | None:
    """Return the image in a drive for exchangeable media.

    It is None where the drive is empty or shows a drive of the host or client.
    """
    is_image = (
        name.lower() not in AUTOMATIC
        and device_type not in _HOST_CD_TYPES
        and device_type != "scsi-passthru"
        and not re.match(_DEVICE, name)
        and not section.flag("clientdevice", default=False)
    )
    return name if is_image else None


def _floppies(sections: Sections, units: Units) -> Iterator[Drive]:
    for number in units.floppies:
        section = sections[f"floppy{number}"]
        # The first floppy drive is there unless the config says no: products write it off with `present = "FALSE"`,
        # and leave `present` out for the diskette with which they install a guest (seen in real configs of
        # Workstation 12 to 17). One that the config does not mention at all is not shown, since nothing shows it.
        if section.flag("present", default=number == 0):
            image = section.word("filetype") == "file"
            yield Drive(
                id=section.id,
                bus="floppy",
                unit=number,
                kind="floppy",
                file=_medium(section, "", section.get("filename")) if image else None,
                mode="persistent",
                connected=section.flag("startconnected", default=True),
                evidence=section.evidence("present", "filename", "filetype", "startconnected"),
            )
