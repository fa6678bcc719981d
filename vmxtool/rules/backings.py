"""What CD-ROM and floppy drives and ports are connected to on the old host, and whether another host can have it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from vmxtool._files import is_absolute
from vmxtool._record import Record
from vmxtool.knowledge.features import features
from vmxtool.machine.peripherals import peripherals_of
from vmxtool.rules.case import sections_of
from vmxtool.rules.old_host import is_of_another_kind, leads_nowhere

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.knowledge.product import Product
    from vmxtool.machine.model import Drive
    from vmxtool.machine.sections import Section
    from vmxtool.rules.case import Files

BackingKind = Literal["image", "drive", "client", "file", "pipe", "port"]

AUTOMATIC = frozenset({"", "auto detect", "-1", "emptybackingstring", "vmware-null-remote-floppy"})
"""What a drive or port that is found by itself, or is empty, has in place of a name; in lower case."""
_OF_WINDOWS = re.compile(r"[a-z]:\\?|com[0-9]{1,3}|lpt[0-9]{1,3}", re.IGNORECASE)
_DEVICE_FILE = "/dev/"


class Backing(Record):
    """What one drive or port is connected to.

    Attributes:
        id: the drive or port, such as "ide1:0" or "serial0".
        kind: an image, a drive of the host, one of the computer that looks at the VM ("client"); a file, a pipe or a
            port of the host.
        name: what the config calls it.
        connected: whether it is connected when the VM starts.
    """

    id: str
    kind: BackingKind
    name: str
    connected: bool


def backings_of(files: Files) -> tuple[Backing, ...]:
    """The backings of all CD-ROM and floppy drives and of all ports, but for those over the network."""
    return (*_of_drives(files), *_of_ports(files))


def is_lost_on(files: Files, backing: Backing, product: Product) -> bool:
    """Whether no host of a product can have what a drive or port is connected to.

    A drive letter is one of Windows, and a device file none of that; a full path counts where nothing is there now, and
    the product's hosts are of another kind than the VM's own. What another host of the same kind has nobody knows.
    """
    is_mac = features()["host-is-a-mac"].holds(product)
    if backing.kind == "client":
        return product.esx is False
    if backing.name.lower() in AUTOMATIC:
        return False
    if _OF_WINDOWS.fullmatch(backing.name) is not None:
        return product.esx is True or is_mac
    if backing.name.startswith(_DEVICE_FILE):
        return is_mac
    if not is_absolute(backing.name) or not leads_nowhere(files.vm, backing.name):
        return False
    return is_of_another_kind(files, backing.name, product)


def _of_drives(files: Files) -> Iterator[Backing]:
    sections = sections_of(files)
    for drive in files.vm.drives:
        if drive.kind in {"cdrom", "floppy"}:
            section = sections[drive.id]
            yield Backing(drive.id, _kind_of_drive(section, drive), _name(section), drive.connected)


def _kind_of_drive(section: Section, drive: Drive) -> BackingKind:
    if section.flag("clientdevice", default=False):
        return "client"
    return "drive" if drive.file is None else "image"


def _name(section: Section) -> str:
    """What a drive or port is connected to; a name that counts only where nothing is found does not count here."""
    return "" if section.flag("autodetect", default=False) else section.get("filename")


def _of_ports(files: Files) -> Iterator[Backing]:
    kinds: dict[str, BackingKind] = {"file": "file", "pipe": "pipe", "device": "port"}
    sections = sections_of(files)
    for port in peripherals_of(files.vm).ports:
        if port.backing in kinds:
            yield Backing(port.id, kinds[port.backing], _name(sections[port.id]), port.connected)
