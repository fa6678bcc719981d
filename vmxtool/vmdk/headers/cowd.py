"""The header of a COWD file of ESX: a snapshot's delta or a redo log.

Field names are those of Virtual Disk Format 5.0 (EN-000777).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vmxtool._record import Record
from vmxtool.vmdk.headers.layout import Layout, is_power_of_two
from vmxtool.vmdk.sectors import SECTOR
from vmxtool.vmx import encodings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vmxtool.vmdk.headers.layout import Fields

# Bits of `flags`, in the header of Workstation 2 and 3 too.
ROOT = 1 << 0
CLEAN = 1 << 1

MAX_GRAIN = 2048
"""Sectors of the largest grain."""
_GRAINS_OF_A_TABLE = 4096


def _declare() -> Any:
    from construct import Bytes, IfThenElse, Int32ul, Struct, this

    return Struct(
        "magicNumber" / Bytes(4),
        "version" / Int32ul,
        "flags" / Int32ul,
        "numSectors" / Int32ul,
        "grainSize" / Int32ul,
        "gdOffset" / Int32ul,
        "numGDEntries" / Int32ul,
        "freeSector" / Int32ul,
        "u"
        / IfThenElse(
            this.flags & 1,
            Struct("cylinders" / Int32ul, "heads" / Int32ul, "sectors" / Int32ul, "unused" / Bytes(1016)),
            Struct("parentFileName" / Bytes(1024), "parentGeneration" / Int32ul),
        ),
        "generation" / Int32ul,
        "name" / Bytes(60),
        "description" / Bytes(512),
        "savedGeneration" / Int32ul,
        "reserved" / Bytes(8),
        "uncleanShutdown" / Int32ul,
        "padding" / Bytes(396),
    )


COWDISK_HEADER = Layout("cowd", 2048, _declare)


class CowdHeader(Record):
    """`COWDisk_Header` of ESX. Offsets and sizes are in sectors.

    Attributes:
        parent: path of the parent, or None where a descriptor has the chain.
        problems: what is wrong, as clauses.
    """

    capacity: int
    grain_size: int
    gd_offset: int
    gd_entries: int
    free_sector: int
    parent: str | None
    unclean_shutdown: bool
    problems: tuple[str, ...]


def read_cowd(head: bytes, size: int, where: Path | str) -> CowdHeader:
    """Read the header of a COWD file that is not of Workstation 2 and 3.

    Args:
        head: the first 2048 bytes of the file, or more.
        size: the file's size in bytes.
        where: the file, for messages.

    Raises:
        InputError: the file ends within its header.
    """
    fields = COWDISK_HEADER.parse(head, where)
    return CowdHeader(
        capacity=fields["numSectors"],
        grain_size=fields["grainSize"],
        gd_offset=fields["gdOffset"],
        gd_entries=fields["numGDEntries"],
        free_sector=fields["freeSector"],
        parent=decode_name(fields["u"].get("parentFileName", b"")),
        unclean_shutdown=bool(fields["uncleanShutdown"]),
        problems=tuple(_problems(fields, size)),
    )


def decode_name(raw: bytes) -> str | None:
    """Return the text before the first NUL of a field, or None where it is empty."""
    name = raw.partition(b"\x00")[0]
    return encodings.decode(name, encodings.guess(name)) if name else None


def _problems(fields: Fields, size: int) -> Iterator[str]:
    grain, entries = fields["grainSize"], fields["numGDEntries"]
    if fields["version"] != 1:
        yield f"its version {fields['version']} is not 1"
    if fields["flags"] & ~(ROOT | CLEAN):
        yield f"its flags 0x{fields['flags']:x} ask for something unknown"
    if not is_power_of_two(grain, MAX_GRAIN):
        yield f"it has a grain of {grain} sectors, which no disk has"
    elif entries != -(-fields["numSectors"] // (_GRAINS_OF_A_TABLE * grain)):
        yield f"its grain directory of {entries} entries does not fit its capacity"
    elif fields["gdOffset"] * SECTOR + 4 * entries > size:
        yield "the grain directory is outside the file"
    if fields["freeSector"] * SECTOR > size:
        yield f"the file ends before sector {fields['freeSector']}, up to which it was written"
