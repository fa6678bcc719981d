"""The header of a COWD file of Workstation 2 and 3 or GSX Server 1 and 2, whose disks have no descriptor.

No specification was published; this follows Ken Kato's VDK. Magic and size are those of the COWD header of ESX.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vmxtool._record import Record
from vmxtool.vmdk.headers.cowd import CLEAN, MAX_GRAIN, ROOT, decode_name
from vmxtool.vmdk.headers.layout import Layout, is_power_of_two
from vmxtool.vmdk.sectors import SECTOR

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vmxtool.vmdk.headers.layout import Fields

# Bits of `flags` beside `ROOT` and `CLEAN`.
_MULTI_FILE = 1 << 3
_HARDWARE_SET = 1 << 4

_CONTROLLERS = {b"ide": "ide", b"scsi": "scsi"}


def _declare() -> Any:
    from construct import Bytes, IfThenElse, Int32ul, Struct, this

    return Struct(
        "magic" / Bytes(4),
        "version" / Int32ul,
        "flags" / Int32ul,
        "capacity" / Int32ul,
        "granularity" / Int32ul,
        "mapOffset" / Int32ul,
        "mapEntries" / Int32ul,
        "endOfFile" / Int32ul,
        "u"
        / IfThenElse(
            this.flags & 1,
            Struct("cylinders" / Int32ul, "heads" / Int32ul, "sectors" / Int32ul, "unused" / Bytes(1012)),
            Struct("parentPath" / Bytes(1024)),
        ),
        "parentTimestamp" / Int32ul,
        "timestamp" / Int32ul,
        "nodeName" / Bytes(60),
        "description" / Bytes(512),
        "savedTimestamp" / Int32ul,
        "controller" / Bytes(8),
        "fileOrdinal" / Int32ul,
        "filesPerDisk" / Int32ul,
        "cylinders" / Int32ul,
        "heads" / Int32ul,
        "sectors" / Int32ul,
        "diskCapacity" / Int32ul,
        "sequence" / Int32ul,
        "fileCapacity" / Int32ul,
        "virtualHWVersion" / Int32ul,
        "toolsFlags" / Int32ul,
        "padding" / Bytes(360),
    )


LEGACY_COWD_HEADER = Layout("legacy-cowd", 2048, _declare)


class LegacyCowdHeader(Record):
    """Header of a disk of Workstation 2 and 3 or GSX Server 1 and 2.

    Attributes:
        version: 1 from Workstation 2, 3 from Workstation 3.
        capacity: sectors of the whole disk.
        file_sectors: sectors that this file holds; less than `capacity` where there are several files.
        root: whether it has no parent.
        parent: path of the parent as written in a child, or None.
        controller: "ide" or "scsi", or None.
        file_ordinal: number of this file, from 0.
        files_per_disk: how many files the disk has.
        hw_version: virtual hardware version 1 to 3, or None where it is not set.
        parent_timestamp: time stamp of the parent when this link was made; the chain check of that time.
        timestamp: time stamp of this file.
        problems: what is wrong, as clauses.
    """

    version: int
    capacity: int
    file_sectors: int
    grain_size: int
    root: bool
    parent: str | None
    controller: str | None
    file_ordinal: int
    files_per_disk: int
    hw_version: int | None
    parent_timestamp: int
    timestamp: int
    unclean_shutdown: bool
    problems: tuple[str, ...]


def read_legacy_cowd(head: bytes, size: int, where: Path | str) -> LegacyCowdHeader | None:
    """Read the header of a COWD file; None where it is one of ESX.

    Args:
        head: the first 2048 bytes of the file, or more.
        size: the file's size in bytes.
        where: the file, for messages.

    Raises:
        InputError: the file ends within its header.
    """
    fields = LEGACY_COWD_HEADER.parse(head, where)
    root, newer = bool(fields["flags"] & ROOT), fields["version"] == 3
    # Both eras have the same magic and size. What ESX keeps reserved is the controller's name in the older one.
    controller = _CONTROLLERS.get(fields["controller"].partition(b"\x00")[0])
    if not newer and not fields["flags"] & _HARDWARE_SET and controller is None:
        return None
    several = newer and bool(fields["flags"] & _MULTI_FILE)
    return LegacyCowdHeader(
        version=fields["version"],
        capacity=(fields["diskCapacity"] if newer else 0) or fields["capacity"],
        file_sectors=(fields["fileCapacity"] if newer else 0) or fields["capacity"],
        grain_size=fields["granularity"],
        root=root,
        parent=None if root else decode_name(fields["u"]["parentPath"]),
        controller=controller,
        file_ordinal=fields["fileOrdinal"] if several else 0,
        files_per_disk=max(fields["filesPerDisk"], 1) if several else 1,
        hw_version=(fields["virtualHWVersion"] or None) if newer and fields["flags"] & _HARDWARE_SET else None,
        parent_timestamp=fields["parentTimestamp"],
        timestamp=fields["timestamp"],
        unclean_shutdown=not fields["flags"] & CLEAN,
        problems=tuple(_problems(fields, size)),
    )


def _problems(fields: Fields, size: int) -> Iterator[str]:
    if fields["version"] not in {1, 3}:
        yield f"its version {fields['version']} is neither 1 nor 3"
    if fields["flags"] & ~(ROOT | CLEAN | _MULTI_FILE | _HARDWARE_SET):
        yield f"its flags 0x{fields['flags']:x} ask for something unknown"
    if not is_power_of_two(fields["granularity"], MAX_GRAIN):
        yield f"it has a grain of {fields['granularity']} sectors, which no disk has"
    if fields["mapOffset"] * SECTOR + 4 * fields["mapEntries"] > size:
        yield "the grain directory is outside the file"
    if fields["endOfFile"] * SECTOR > size:
        yield f"the file ends before sector {fields['endOfFile']}, up to which it was written"
