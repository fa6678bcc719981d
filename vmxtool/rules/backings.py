"""What CD-ROM and floppy drives and ports are connected to on the old host, and whether another host can have it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from vmxtool._files import is_absolute, last_part, size_of
from vmxtool._record import Record
from vmxtool.knowledge.features import features
from vmxtool.machine.folder import CONFIG_ENDINGS, OLD_CONFIG_ENDING, folder_of
from vmxtool.machine.peripherals import peripherals_of
from vmxtool.machine.storage import AUTOMATIC
from vmxtool.rules.case import sections_of
from vmxtool.rules.old_host import is_of_another_kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.knowledge.product import Product
    from vmxtool.machine.model import Drive
    from vmxtool.machine.sections import Section
    from vmxtool.rules.case import Files

BackingKind = Literal["image", "drive", "client", "scsi", "file", "pipe", "port"]

_OF_WINDOWS = r"(?i)[a-z]:\\?|(?:com|lpt)[0-9]{1,3}:?|scsi[0-9]:[0-9]{1,3}"
_OF_ESX = r"(?is)/dev/char/.*|(?:cd/dvd drive|floppy) [0-9]{1,3}"
_OF_MAC = r"(?s)/dev/(?:cu\.|tty\.|r?disk[0-9]).*"
_OF_UNIX = r"(?s)/dev/.*"


class Backing(Record):
    """What one drive or port is connected to.

    Attributes:
        id: the drive or port, such as "ide1:0" or "serial0".
        kind: an image, a drive of the host, one of the computer that looks at the VM ("client"), a SCSI device that is
            passed through; a file, a pipe or a port of the host.
        name: what the config calls it; empty for a device that is found by itself, whatever the config calls it.
        connected: whether it is connected when the VM starts.
    """

    id: str
    kind: BackingKind
    name: str
    connected: bool


def backings_of(files: Files) -> tuple[Backing, ...]:
    """Return the backings of all CD-ROM and floppy drives, SCSI devices and ports, but for those over the network."""
    return (*_of_drives(files), *_of_ports(files))


def is_lost_on(files: Files, backing: Backing, product: Product, holder: str | None) -> bool:
    """Return whether no host of a product can have what a drive or port is connected to.

    A drive letter is one of Windows, and a device file none of that; a full path is judged by the kind of the VM's own
    host. What another host of the same kind has nobody knows.

    Args:
        files: the VM's files.
        backing: what the drive or port is connected to.
        product: the product.
        holder: id of the product that has the VM, or None.
    """
    is_mac = features()["host-is-a-mac"].holds(product)
    if backing.kind == "client":
        return product.esx is False
    if backing.name.lower() in AUTOMATIC:
        return False
    lost_by_name = (
        (_OF_WINDOWS, product.esx is True or is_mac),
        (_OF_ESX, product.esx is False),
        (_OF_MAC, not is_mac),
        (_OF_UNIX, is_mac),
    )
    for names, is_lost in lost_by_name:
        if re.fullmatch(names, backing.name) is not None:
            return is_lost
    return is_absolute(backing.name) and is_of_another_kind(files, backing.name, product, holder)


def image_beside(files: Files, backing: Backing) -> str | None:
    """Return the file in the VM's folder that an image's full path ends in, as it is spelt there, or None."""
    if backing.kind != "image":
        return None
    name, folder = folder_of(files.vm).find(last_part(backing.name)), files.vm.config.folder
    is_image = name is not None and not name.lower().endswith((*CONFIG_ENDINGS, OLD_CONFIG_ENDING))
    return name if is_image and name is not None and size_of(folder / name) is not None else None


def _of_drives(files: Files) -> Iterator[Backing]:
    sections = sections_of(files)
    for drive in files.vm.drives:
        if drive.kind != "disk":
            section = sections[drive.id]
            kind = _kind_of_drive(section, drive)
            name = section.get("filename") if kind == "image" else _device(section)
            yield Backing(drive.id, kind, name, drive.connected)


def _kind_of_drive(section: Section, drive: Drive) -> BackingKind:
    if drive.kind == "passthrough":
        return "scsi"
    if section.flag("clientdevice", default=False):
        return "client"
    return "drive" if drive.file is None else "image"


def _device(section: Section) -> str:
    """Return what a drive or port of the host is called, where it is not just any."""
    return "" if section.flag("autodetect", default=False) else section.get("filename")


def _of_ports(files: Files) -> Iterator[Backing]:
    kinds: dict[str, BackingKind] = {"file": "file", "pipe": "pipe", "device": "port"}
    sections = sections_of(files)
    for port in peripherals_of(files.vm).ports:
        if port.backing in kinds:
            name = _device(sections[port.id]) if port.backing == "device" else port.path or ""
            yield Backing(port.id, kinds[port.backing], name, port.connected)
