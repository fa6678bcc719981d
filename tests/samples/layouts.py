"""The files of disks and of states as VMware lays them out, for `make_disks.py`.

The layouts are those of VMware's "Virtual Disk Format 5.0": a hosted sparse extent is a header, the embedded
descriptor, a redundant and a primary grain directory, each followed by its grain tables, and then the grains.
Sizes are in sectors of 512 bytes unless a name says so.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SECTOR = 512
GRAIN = 128
TABLE_ENTRIES = 512
TABLE_SECTORS = TABLE_ENTRIES * 4 // SECTOR
DESCRIPTOR_START = 1
DESCRIPTOR_SECTORS = 20
NO_PARENT = "ffffffff"
CHECKPOINT_MAGIC = 0xBED2BED2

_HEADER = struct.Struct("<4sIIQQQQIQQQB4sH433x")
_NEWLINE_TEST_AND_REDUNDANT_DIRECTORY = 3


@dataclass(frozen=True, slots=True)
class Geometry:
    """Cylinders, heads and sectors as the descriptor gives them."""

    cylinders: int
    heads: int
    sectors: int


def geometry_ide(capacity: int) -> Geometry:
    """16 heads and 63 sectors, as VMware writes for IDE disks."""
    return Geometry(capacity // (16 * 63), 16, 63)


def geometry_scsi(capacity: int) -> Geometry:
    """64 heads and 32 sectors below 1 GiB and 255 and 63 above 2 GiB, as VMware writes for disks that are not IDE."""
    heads, sectors = (64, 32) if capacity < 1 << 21 else (255, 63)
    return Geometry(capacity // (heads * sectors), heads, sectors)


def database(hardware: int, adapter: str, geometry: Geometry, tools: str = "0") -> list[tuple[str, str]]:
    """The disk database of a product before Workstation 6.5, in its order."""
    return [
        ("virtualHWVersion", str(hardware)),
        ("geometry.cylinders", str(geometry.cylinders)),
        ("geometry.heads", str(geometry.heads)),
        ("geometry.sectors", str(geometry.sectors)),
        ("adapterType", adapter),
        ("toolsVersion", tools),
    ]


def database_sorted(hardware: int, adapter: str, geometry: Geometry, **others: str) -> list[tuple[str, str]]:
    """The disk database of a newer product: sorted by name, with whatever `others` it keeps."""
    return sorted([*database(hardware, adapter, geometry, others.pop("toolsVersion", "0")), *others.items()])


def descriptor(
    create_type: str,
    cid: str,
    extents: Sequence[str],
    ddb: Sequence[tuple[str, str]],
    *,
    version: int = 1,
    encoding: str | None = None,
    parent: tuple[str, str] | None = None,
    native: bool = False,
    keys: str | None = None,
    change_track: str | None = None,
) -> bytes:
    """A descriptor as VMware writes it, with the blank after "Base".

    Args:
        create_type: `createType`.
        cid: content id, eight hexadecimal digits.
        extents: the extent lines.
        ddb: names without their "ddb." and values, in the order to write.
        version: 2 on an encrypted disk, 3 on one whose changed blocks are tracked.
        encoding: the line that newer products put before the content id.
        parent: content id and file name of the parent link.
        native: whether to write `isNativeSnapshot`, as Workstation 9 to 12 and ESXi 5 do.
        keys: `encryptionKeys`.
        change_track: `changeTrackPath`.
    """
    lines = ["# Disk DescriptorFile", f"version={version}"]
    if encoding:
        lines.append(f'encoding="{encoding}"')
    lines += [f"CID={cid}", f"parentCID={parent[0] if parent else NO_PARENT}"]
    if native:
        lines.append('isNativeSnapshot="no"')
    lines.append(f'createType="{create_type}"')
    if parent:
        lines.append(f'parentFileNameHint="{parent[1]}"')
    if keys:
        lines.append(f'encryptionKeys="{keys}"')
    lines += ["", "# Extent description", *extents, ""]
    if change_track:
        lines += ["# Change Tracking File", f'changeTrackPath="{change_track}"', ""]
    lines += ["# The Disk Data Base ", "#DDB", ""]
    lines += [f'ddb.{name} = "{value}"' for name, value in ddb]
    return ("\n".join(lines) + "\n").encode("ascii")


def sparse(capacity: int, text: bytes | None = None, grains: Mapping[int, bytes] | None = None) -> bytes:
    """A hosted sparse extent with all its grain tables.

    Args:
        capacity: what the guest sees, a multiple of the grain of 128 sectors.
        text: the descriptor to embed; without it the extent is a piece of a split disk.
        grains: number of a grain and its 65,536 bytes; all others are unallocated.
    """
    grains = grains or {}
    tables = -(-capacity // (GRAIN * TABLE_ENTRIES))
    directory_sectors = -(-tables * 4 // SECTOR)
    redundant = DESCRIPTOR_START + (DESCRIPTOR_SECTORS if text is not None else 0)
    primary = redundant + directory_sectors + tables * TABLE_SECTORS
    metadata_end = primary + directory_sectors + tables * TABLE_SECTORS
    overhead = -(-metadata_end // GRAIN) * GRAIN

    entries = [0] * (tables * TABLE_ENTRIES)
    for position, number in enumerate(sorted(grains)):
        entries[number] = overhead + position * GRAIN
    table_bytes = struct.pack(f"<{len(entries)}I", *entries)

    image = bytearray(overhead * SECTOR)
    image[:SECTOR] = _HEADER.pack(
        b"KDMV",
        1,
        _NEWLINE_TEST_AND_REDUNDANT_DIRECTORY,
        capacity,
        GRAIN,
        DESCRIPTOR_START if text is not None else 0,
        DESCRIPTOR_SECTORS if text is not None else 0,
        TABLE_ENTRIES,
        redundant,
        primary,
        overhead,
        0,
        b"\n \r\n",
        0,
    )
    if text is not None:
        image[SECTOR : SECTOR + len(text)] = text
    for start in (redundant, primary):
        first = start + directory_sectors
        directory = struct.pack(f"<{tables}I", *(first + table * TABLE_SECTORS for table in range(tables)))
        image[start * SECTOR : start * SECTOR + len(directory)] = directory
        image[first * SECTOR : first * SECTOR + len(table_bytes)] = table_bytes
    for number in sorted(grains):
        image += grains[number].ljust(GRAIN * SECTOR, b"\0")
    return bytes(image)


def boot_grain(label: str, capacity: int, partition_type: int) -> bytes:
    """The first grain of a disk: a partition table with one active partition, and a label in the sector behind it."""
    sector = bytearray(SECTOR)
    start = 63
    # Bytes FE FF FF are the customary cylinder, head and sector of a place that only its sector number gives.
    struct.pack_into(
        "<B3sB3sII", sector, 446, 0x80, b"\1\1\0", partition_type, b"\xfe\xff\xff", start, capacity - start
    )
    sector[510:] = b"\x55\xaa"
    return bytes(sector) + f"vmxtool sample: {label}\n".encode("ascii").ljust(SECTOR, b"\0")


def note_grain(text: str) -> bytes:
    """A grain that holds one line of text, so that content can be compared."""
    return f"vmxtool sample: {text}\n".encode("ascii")


def noise(label: str, length: int) -> bytes:
    """Bytes that look like cipher text and are the same on every run."""
    return hashlib.shake_256(label.encode("ascii")).digest(length)


def checkpoint() -> bytes:
    """The head of a suspended or snapshot state: magic, version, number of groups. There is no state behind it."""
    return struct.pack("<III", CHECKPOINT_MAGIC, 0, 0)


def change_tracking() -> bytes:
    """The known fields at the head of a change tracking file."""
    image = bytearray(SECTOR)
    struct.pack_into("<4sII", image, 0, b"\xa2\x72\x19\xf6", 1, 0)
    struct.pack_into("<I", image, 12, 0x200)
    image[44:60] = noise("change tracking", 16)
    return bytes(image)
