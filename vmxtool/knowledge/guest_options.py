"""What VMware's option tables say of a guest: what it is offered and recommended, and how far it is supported."""

from __future__ import annotations

import re
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from vmxtool.knowledge import _kept, _load
from vmxtool.knowledge.backing import BACKED_BY, Backed, again, backed, plain
from vmxtool.knowledge.rows import DataRow, Rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from vmxtool.knowledge.backing import Backing
    from vmxtool.knowledge.rows import Words

FILE = "guest_options.toml"
MADE_OF = (FILE, "guest_options.py")
CONTROLLERS = ("ide", "buslogic", "lsilogic", "lsisas1068", "pvscsi", "sata", "nvme")
NICS = ("vlance", "vmxnet", "vmxnet2", "e1000", "e1000e", "vmxnet3", "sriov", "pvrdma")
LEVELS = ("supported", "techPreview", "legacy", "deprecated", "unsupported", "terminated")
_FIRMWARE = ("bios", "efi")
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
    controllers: Words
    nics: Words
    scsi: str
    disk: str
    nic: str
    firmware: Words
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
    """Return the options of all guests that were asked for, by the value of `guestOS` as VMware writes it.

    Raises:
        KnowledgeError: the data file is broken.
    """
    rows = _kept.recall(GuestOptions, (*MADE_OF, *BACKED_BY), _read_shipped, backing=(plain, again))
    return MappingProxyType({row.id: row for row in rows})


def _read_shipped() -> Iterable[GuestOptions]:
    return read_guest_options(_load.shipped(FILE)).values()


def read_guest_options(text: str) -> Mapping[str, GuestOptions]:
    """Return the options that a text in the form of guest_options.toml holds, proved against one another.

    Raises:
        KnowledgeError: it is broken.
    """
    data = _load.document(FILE, text)
    # What the head of the file says holds for every guest.
    shared = {key: data[key] for key in _SHARED if key in data}
    data["guest"] = [shared | table for table in data.get("guest", ())]
    found: dict[str, GuestOptions] = {}
    for row, options in _ROWS.read(FILE, data):
        _prove(row, options)
        found[options.id] = options
    return MappingProxyType(found)


def _prove(row: DataRow, options: GuestOptions) -> None:
    row.prove(
        ("scsi", options.scsi in options.controllers, "it is not among the controllers"),
        ("disk", options.disk in options.controllers, "it is not among the controllers"),
        ("nic", options.nic in options.nics, "it is not among the adapters"),
        ("first_firmware", options.first_firmware in options.firmware, "it is not among the firmware"),
        ("memory_mib", options.min_memory_mib <= options.max_memory_mib, "the most is below the least"),
    )


def _first(row: DataRow, column: str) -> tuple[int | None, int]:
    """Return the first version where it is known exactly, and the lowest that is recorded."""
    hit = re.fullmatch(_FIRST, row.text(column))
    if hit is None:
        raise row.broken(column, f'a version such as "14" or "..10" is wanted, not {row.text(column)!r}')
    version = int(hit[2])
    return None if hit[1] else version, version


def _memory(row: DataRow, column: str) -> tuple[int, int]:
    """Return the least memory that is recommended, and the most, in MiB."""
    hit = re.fullmatch(_MEMORY, row.text(column))
    if hit is None:
        raise row.broken(column, f'a range such as "512..4096" is wanted, not {row.text(column)!r}')
    return int(hit[1]), int(hit[2])


_ROWS = Rows(
    "guest",
    GuestOptions,
    among={
        "controllers": CONTROLLERS,
        "nics": NICS,
        "scsi": CONTROLLERS,
        "disk": CONTROLLERS,
        "nic": NICS,
        "firmware": _FIRMWARE,
        "level": LEVELS,
    },
    absent={"first_firmware": "", "secure_boot": False, "tpm": False, "apple_host": False, "creates": True},
    cells={
        "first": ("first", lambda row, column: _first(row, column)[0]),
        "known_at": ("first", lambda row, column: _first(row, column)[1]),
        "first_firmware": ("first_firmware firmware", lambda row, first, every: row.text(first) or row.text(every)),
        "max_vcpus": ("vcpus", DataRow.number),
        "min_memory_mib": ("memory_mib", lambda row, column: _memory(row, column)[0]),
        "max_memory_mib": ("memory_mib", lambda row, column: _memory(row, column)[1]),
        "backing": backed(),
    },
)
