"""The two headers of a space-efficient sparse (SESparse) delta of ESX.

The layout follows qemu (`block/vmdk.c`), which calls it undocumented.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vmxtool._record import Record
from vmxtool.vmdk.headers.layout import Layout
from vmxtool.vmdk.sectors import MAX_SECTORS, SECTOR

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vmxtool.vmdk.headers.layout import Fields, Read

_VERSION = 0x0000000200000001
_VOLATILE_MAGIC = 0xCAFECAFE
_MAX_DIRECTORY_SECTORS = 2**15


def _declare_const() -> Any:
    from construct import Bytes, Int64ul, Struct

    return Struct(
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


def _declare_volatile() -> Any:
    from construct import Bytes, Int64ul, Struct

    return Struct(
        "magic" / Int64ul,
        "freeGTNumber" / Int64ul,
        "nextTxnSeqNumber" / Int64ul,
        "replayJournal" / Int64ul,
        "pad" / Bytes(480),
    )


SESPARSE_CONST_HEADER = Layout("sesparse", 512, _declare_const)
SESPARSE_VOLATILE_HEADER = Layout("sesparse-volatile", 512, _declare_volatile)


class SeSparseHeader(Record):
    """Constant and volatile header of a space-efficient sparse delta. Sizes are in sectors.

    Attributes:
        unclean_shutdown: a journal waits to be replayed.
        problems: what is wrong, as clauses.
    """

    capacity: int
    grain_size: int
    unclean_shutdown: bool
    problems: tuple[str, ...]


def read_se_sparse(head: bytes, size: int, read: Read, where: Path | str) -> SeSparseHeader:
    """Read both headers of an SESparse file.

    Args:
        head: the first 512 bytes of the file, or more.
        size: the file's size in bytes.
        read: gives up to so many bytes from an offset; called for the volatile header only.
        where: the file, for messages.

    Raises:
        InputError: the file ends within its header.
    """
    fields = SESPARSE_CONST_HEADER.parse(head, where)
    problems = list(_problems(fields, size))
    journal = False
    place = fields["volatileHeaderOffset"]
    data = read(place * SECTOR, SECTOR) if 0 < place < size // SECTOR else b""
    if len(data) < SECTOR:
        problems.append("the volatile header is outside the file")
    else:
        volatile = SESPARSE_VOLATILE_HEADER.parse(data, where)
        journal = volatile["replayJournal"] != 0
        if volatile["magic"] != _VOLATILE_MAGIC or volatile["pad"].strip(b"\x00"):
            problems.append("the volatile header is none")
    return SeSparseHeader(
        capacity=fields["capacity"],
        grain_size=fields["grainSize"],
        unclean_shutdown=journal,
        problems=tuple(problems),
    )


def _problems(fields: Fields, size: int) -> Iterator[str]:
    for name, expected in (
        ("version", _VERSION),
        ("grainSize", 8),
        ("grainTableSize", 64),
        ("flags", 0),
        ("reserved1", 0),
        ("reserved2", 0),
        ("reserved3", 0),
        ("reserved4", 0),
    ):
        if fields[name] != expected:
            yield f"{name} is 0x{fields[name]:x}, not 0x{expected:x}"
    if not 0 < fields["capacity"] <= MAX_SECTORS:
        yield f"it has a capacity of {fields['capacity']} sectors, which no disk has"
    if fields["grainDirSize"] > _MAX_DIRECTORY_SECTORS:
        yield "its grain directory would be larger than any disk needs"
    elif (fields["grainDirOffset"] + fields["grainDirSize"]) * SECTOR > size:
        yield "the grain directory is outside the file"
