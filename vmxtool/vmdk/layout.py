"""Binary layouts of virtual disk headers, declared once: bytes to fields and fields to the same bytes.

Field names are those of Virtual Disk Format 5.0 (EN-000777) for the first three layouts. The disks of Workstation 2
and 3 follow Ken Kato's VDK, SESparse follows qemu (`block/vmdk.c`), which calls it undocumented. Numbers are little
endian; offsets and sizes are in sectors of 512 bytes. Importing this module loads Construct, which takes longer than
reading a text descriptor does, so it is imported where a binary header has been met.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import construct
from construct import Bytes, IfThenElse, Int8ul, Int16ul, Int32ul, Int64ul, Struct, this

from vmxtool.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

Name = Literal["sparse", "marker", "cowd", "legacy-cowd", "sesparse", "sesparse-volatile"]
Fields = dict[str, Any]

SPARSE_EXTENT_HEADER = Struct(
    "magicNumber" / Bytes(4),
    "version" / Int32ul,
    "flags" / Int32ul,
    "capacity" / Int64ul,
    "grainSize" / Int64ul,
    "descriptorOffset" / Int64ul,
    "descriptorSize" / Int64ul,
    "numGTEsPerGT" / Int32ul,
    "rgdOffset" / Int64ul,
    "gdOffset" / Int64ul,
    "overHead" / Int64ul,
    "uncleanShutdown" / Int8ul,
    "singleEndLineChar" / Bytes(1),
    "nonEndLineChar" / Bytes(1),
    "doubleEndLineChar1" / Bytes(1),
    "doubleEndLineChar2" / Bytes(1),
    "compressAlgorithm" / Int16ul,
    "pad" / Bytes(433),
)

# Between the grains of a stream-optimized disk. Where `size` is not 0, compressed data begins in place of `type`.
MARKER = Struct(
    "val" / Int64ul,
    "size" / Int32ul,
    "type" / Int32ul,
    "pad" / Bytes(496),
)

COWDISK_HEADER = Struct(
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

LEGACY_COWD_HEADER = Struct(
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

SESPARSE_CONST_HEADER = Struct(
    "magic" / Int64ul,
    "version" / Int64ul,
    "capacity" / Int64ul,
    "grainSize" / Int64ul,
    "grainTableSize" / Int64ul,
    "flags" / Int64ul,
    "reserved1" / Int64ul,
    "reserved2" / Int64ul,
    "reserved3" / Int64ul,
    "reserved4" / Int64ul,
    "volatileHeaderOffset" / Int64ul,
    "volatileHeaderSize" / Int64ul,
    "journalHeaderOffset" / Int64ul,
    "journalHeaderSize" / Int64ul,
    "journalOffset" / Int64ul,
    "journalSize" / Int64ul,
    "grainDirOffset" / Int64ul,
    "grainDirSize" / Int64ul,
    "grainTablesOffset" / Int64ul,
    "grainTablesSize" / Int64ul,
    "freeBitmapOffset" / Int64ul,
    "freeBitmapSize" / Int64ul,
    "backmapOffset" / Int64ul,
    "backmapSize" / Int64ul,
    "grainsOffset" / Int64ul,
    "grainsSize" / Int64ul,
    "pad" / Bytes(304),
)

SESPARSE_VOLATILE_HEADER = Struct(
    "magic" / Int64ul,
    "freeGTNumber" / Int64ul,
    "nextTxnSeqNumber" / Int64ul,
    "replayJournal" / Int64ul,
    "pad" / Bytes(480),
)

_LAYOUTS: dict[Name, Any] = {
    "sparse": SPARSE_EXTENT_HEADER,
    "marker": MARKER,
    "cowd": COWDISK_HEADER,
    "legacy-cowd": LEGACY_COWD_HEADER,
    "sesparse": SESPARSE_CONST_HEADER,
    "sesparse-volatile": SESPARSE_VOLATILE_HEADER,
}


def size_of(layout: Name) -> int:
    """Size of a layout in bytes: 2048 for the two COWD headers, 512 for the others."""
    return 2048 if "cowd" in layout else 512


def parse(layout: Name, data: bytes, where: Path | str) -> Fields:
    """The fields of a header as plain numbers, bytes and, for the union `u`, a dictionary; data behind it is ignored.

    Raises:
        InputError: the data is shorter than the header; `where` is the file to name.
    """
    try:
        return _plain(_LAYOUTS[layout].parse(data))
    except construct.ConstructError:
        problem = f"ends within its header, at byte {len(data)} of {size_of(layout)}"
        raise InputError(where, problem, "copy the file again") from None


def build(layout: Name, fields: Fields) -> bytes:
    """The header with these fields; `build` of what `parse` gave is the same bytes.

    Raises:
        ValueError: a field is missing or does not fit.
    """
    try:
        built: bytes = _LAYOUTS[layout].build(fields)
    except (construct.ConstructError, KeyError) as error:
        raise ValueError(f"{layout} header: {str(error).splitlines()[0]}") from None
    return built


def _plain(container: Any) -> Fields:
    return {
        name: _plain(value) if isinstance(value, dict) else value
        for name, value in container.items()
        if not name.startswith("_")
    }
