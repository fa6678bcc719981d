"""What VMware's option tables say of a guest: what it is offered and recommended, and how far it is supported."""

from __future__ import annotations

import re
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from vmxtool.knowledge import _kept, _load
from vmxtool.knowledge.backing import BACKED_BY, Backed, again, plain, read_backing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from vmxtool.knowledge.backing import Backing

FILE = "guest_options.toml"
MADE_OF = (FILE, "guest_options.py")
CONTROLLERS = ("ide", "buslogic", "lsilogic", "lsisas1068", "pvscsi", "sata", "nvme")
NICS = ("vlance", "vmxnet", "vmxnet2", "e1000", "e1000e", "vmxnet3", "sriov", "pvrdma")
LEVELS = ("supported", "techPreview", "legacy", "deprecated", "unsupported", "terminated")
_FIRMWARE = ("bios", "efi")
_WANTED = "id first controllers nics scsi disk nic firmware vcpus memory_mib level"
_OPTIONAL: dict[str, object] = {"first_firmware": "", "creates": True} | dict.fromkeys(
    ("secure_boot", "tpm", "apple_host"), False
)
_SHARED = ("source", "from", "checked")
_FIRST = r"(\.\.)?(\d+)"
_MEMORY = r"(\d+)\.\.(\d+)"


class GuestOptions(Backed):
    """What ESX offers and recommends for one guest.

    Attributes:
        id: the value of `guestOS`.
        first: first hardware version with which it is offered; None where that is not known exactly.
        known_at: the lowest hardware version that is recorded for it; `first` where that is known.
        controllers: disk controllers that are offered for it, of `CONTROLLERS`.
        nics: network adapters that are offered for it, of `NICS`.
        scsi, disk, nic: the SCSI controller, the controller for its disk and the network adapter that are recommended.
        firmware: the firmware that it can have: "bios", "efi" or both.
        first_firmware: the one that is recommended.
        secure_boot: whether it can have Secure Boot.
        tpm: whether it can have a TPM 2.0.
        apple_host: whether the host has to be a machine of Apple's.
        max_vcpus: most virtual processors.
        min_memory_mib, max_memory_mib: least memory that is recommended, and most, in MiB.
        level: how far ESX 9 supports it, one of `LEVELS`.
        creates: whether ESX 9 makes a new VM with it.
        backing: what the row rests on.
        checked: the day someone looked.
    """

    id: str
    first: int | None
    known_at: int
    controllers: tuple[str, ...]
    nics: tuple[str, ...]
    scsi: str
    disk: str
    nic: str
    firmware: tuple[str, ...]
    first_firmware: str
    secure_boot: bool
    tpm: bool
    apple_host: bool
    max_vcpus: int
    min_memory_mib: int
    max_memory_mib: int
    level: str
    creates: bool
    backing: Backing
    checked: date

    @property
    def sources(self) -> tuple[str, ...]:
        """What all its facts but `first` rest on."""
        return self.backing.row


@cache
def guest_options() -> Mapping[str, GuestOptions]:
    """The options of all guests that were asked for, by the value of `guestOS` as VMware writes it.

    Raises:
        KnowledgeError: the data file is broken.
    """
    rows = _kept.recall(GuestOptions, (*MADE_OF, *BACKED_BY), _read_shipped, backing=(plain, again))
    return MappingProxyType({row.id: row for row in rows})


def _read_shipped() -> Iterable[GuestOptions]:
    return read_guest_options(_load.shipped(FILE)).values()


def read_guest_options(text: str) -> Mapping[str, GuestOptions]:
    """The options that a text in the form of guest_options.toml holds, proved against one another.

    Raises:
        KnowledgeError: it is broken.
    """
    data = _load.document(FILE, text)
    shared = {key: data[key] for key in _SHARED if key in data} | {"disputed": {}}
    found: dict[str, GuestOptions] = {}
    for table in data.get("guest", ()):
        row = _load.record(FILE, table, _WANTED, _OPTIONAL | shared)
        if row.name in found:
            raise row.broken("id", "it stands twice")
        found[row.name] = _read(row)
    return MappingProxyType(found)


def _read(row: _load.Row) -> GuestOptions:
    first, known_at = _first(row)
    least, most = _memory(row)
    firmware = row.words("firmware", _FIRMWARE)
    options = GuestOptions(
        id=row.name,
        first=first,
        known_at=known_at,
        controllers=row.words("controllers", CONTROLLERS),
        nics=row.words("nics", NICS),
        scsi=row.choice("scsi", CONTROLLERS),
        disk=row.choice("disk", CONTROLLERS),
        nic=row.choice("nic", NICS),
        firmware=firmware,
        first_firmware=row.text("first_firmware") or " ".join(firmware),
        secure_boot=row.flag("secure_boot"),
        tpm=row.flag("tpm"),
        apple_host=row.flag("apple_host"),
        max_vcpus=row.number("vcpus"),
        min_memory_mib=least,
        max_memory_mib=most,
        level=row.choice("level", LEVELS),
        creates=row.flag("creates"),
        backing=read_backing(row, ()),
        checked=row.day("checked"),
    )
    for column, holds, problem in (
        ("scsi", options.scsi in options.controllers, "it is not among the controllers"),
        ("disk", options.disk in options.controllers, "it is not among the controllers"),
        ("nic", options.nic in options.nics, "it is not among the adapters"),
        ("first_firmware", options.first_firmware in options.firmware, "it is not among the firmware"),
        ("memory_mib", least <= most, "the most is below the least"),
    ):
        if not holds:
            raise row.broken(column, problem)
    return options


def _first(row: _load.Row) -> tuple[int | None, int]:
    """The first version where it is known exactly, and the lowest that is recorded."""
    hit = re.fullmatch(_FIRST, row.text("first"))
    if hit is None:
        raise row.broken("first", f'a version such as "14" or "..10" is wanted, not {row.text("first")!r}')
    version = int(hit[2])
    return None if hit[1] else version, version


def _memory(row: _load.Row) -> tuple[int, int]:
    """The least memory that is recommended, and the most, in MiB."""
    hit = re.fullmatch(_MEMORY, row.text("memory_mib"))
    if hit is None:
        raise row.broken("memory_mib", f'a range such as "512..4096" is wanted, not {row.text("memory_mib")!r}')
    return int(hit[1]), int(hit[2])
