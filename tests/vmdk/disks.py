"""Build the files of virtual disks, byte by byte, in good and in bad health."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from vmxtool.vmdk.headers.cowd import COWDISK_HEADER
from vmxtool.vmdk.headers.legacy_cowd import LEGACY_COWD_HEADER
from vmxtool.vmdk.headers.se_sparse import SESPARSE_CONST_HEADER, SESPARSE_VOLATILE_HEADER
from vmxtool.vmdk.headers.sparse import MARKER, SPARSE_EXTENT_HEADER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vmxtool.vmdk.headers.layout import Fields

SECTOR = 512
GD_AT_END = 0xFFFFFFFFFFFFFFFF


def sparse_header(**changes: Any) -> bytes:
    """A sparse header of 8192 sectors with room for a descriptor, or one that differs in some fields."""
    fields: Fields = {
        "magicNumber": b"KDMV",
        "version": 1,
        "flags": 3,
        "capacity": 8192,
        "grainSize": 128,
        "descriptorOffset": 1,
        "descriptorSize": 20,
        "numGTEsPerGT": 512,
        "rgdOffset": 21,
        "gdOffset": 26,
        "overHead": 128,
        "uncleanShutdown": 0,
        "singleEndLineChar": b"\n",
        "nonEndLineChar": b" ",
        "doubleEndLineChar1": b"\r",
        "doubleEndLineChar2": b"\n",
        "compressAlgorithm": 0,
        "pad": bytes(433),
    }
    return SPARSE_EXTENT_HEADER.build(fields | changes)


def sparse_disk(descriptor: bytes = b"", **changes: Any) -> bytes:
    """A sparse file with its metadata and no grain."""
    head = sparse_header(**changes) + descriptor
    return head + bytes(128 * SECTOR - len(head))


def extent_file(sectors: int, **changes: Any) -> bytes:
    """A sparse file as VMware makes for a piece of a split disk: without a descriptor."""
    places = {"descriptorOffset": 0, "descriptorSize": 0, "rgdOffset": 1, "gdOffset": 6}
    return sparse_disk(**{"capacity": sectors} | places | changes)


def streamed(descriptor: bytes, footer: bytes | None = None, **changes: Any) -> bytes:
    """A stream-optimized disk whose grain directory only the footer names; `footer` replaces the footer's sector."""
    stream = {"version": 3, "flags": 0x30001, "rgdOffset": 0, "compressAlgorithm": 1} | changes
    marker = {"val": 1, "size": 0, "type": 3, "pad": bytes(496)}
    end = {"val": 0, "size": 0, "type": 0, "pad": bytes(496)}
    tail = footer if footer is not None else sparse_header(**stream | {"gdOffset": 130})
    return (
        sparse_disk(descriptor, **stream | {"gdOffset": GD_AT_END})
        + bytes(8 * SECTOR)
        + MARKER.build(marker)
        + tail
        + MARKER.build(end)
    )


def cowd(**changes: Any) -> bytes:
    """A delta as ESX makes it, for a base of 4,194,304 sectors, with room for its directory."""
    fields: Fields = {
        "magicNumber": b"COWD",
        "version": 1,
        "flags": 3,
        "numSectors": 4194304,
        "grainSize": 1,
        "gdOffset": 4,
        "numGDEntries": 1024,
        "freeSector": 12,
        "u": {"cylinders": 261, "heads": 255, "sectors": 63, "unused": bytes(1016)},
        "generation": 1,
        "name": bytes(60),
        "description": bytes(512),
        "savedGeneration": 1,
        "reserved": bytes(8),
        "uncleanShutdown": 0,
        "padding": bytes(396),
    }
    return COWDISK_HEADER.build(fields | changes) + bytes(8 * SECTOR)


def legacy_cowd(**changes: Any) -> bytes:
    """A root disk as Workstation 3 makes it: IDE, 8064 sectors, one file."""
    fields: Fields = {
        "magic": b"COWD",
        "version": 3,
        "flags": 0x13,
        "capacity": 8064,
        "granularity": 128,
        "mapOffset": 4,
        "mapEntries": 1,
        "endOfFile": 5,
        "u": {"cylinders": 8, "heads": 16, "sectors": 63, "unused": bytes(1012)},
        "parentTimestamp": 0,
        "timestamp": 0x3D000001,
        "nodeName": bytes(60),
        "description": bytes(512),
        "savedTimestamp": 0x3D000001,
        "controller": b"ide".ljust(8, b"\x00"),
        "fileOrdinal": 0,
        "filesPerDisk": 1,
        "cylinders": 8,
        "heads": 16,
        "sectors": 63,
        "diskCapacity": 8064,
        "sequence": 0,
        "fileCapacity": 8064,
        "virtualHWVersion": 2,
        "toolsFlags": 0x0401,
        "padding": bytes(360),
    }
    return LEGACY_COWD_HEADER.build(fields | changes) + bytes(SECTOR)


def legacy_child(parent: bytes, **changes: Any) -> bytes:
    """A redo log as Workstation 3 makes it, over the disk at a path."""
    return legacy_cowd(**{"flags": 0x12, "u": {"parentPath": parent.ljust(1024, b"\x00")}} | changes)


def sesparse(volatile: dict[str, Any] | None = None, **changes: Any) -> bytes:
    """A space-efficient delta of 8192 sectors with its first two sectors and a directory."""
    names = ("volatileHeader", "journalHeader", "journal", "grainDir", "grainTables", "freeBitmap", "backmap", "grains")
    fields: Fields = {
        "magic": 0xCAFEBABE,
        "version": 0x0000000200000001,
        "capacity": 8192,
        "grainSize": 8,
        "grainTableSize": 64,
        "flags": 0,
        **{f"reserved{number}": 0 for number in range(1, 5)},
        **{f"{name}Offset": place for place, name in enumerate(names, 1)},
        **{f"{name}Size": 1 for name in names},
        "pad": bytes(304),
    }
    second: Fields = {
        "magic": 0xCAFECAFE,
        "freeGTNumber": 0,
        "nextTxnSeqNumber": 0,
        "replayJournal": 0,
        "pad": bytes(480),
    }
    first = SESPARSE_CONST_HEADER.build(fields | changes)
    return first + SESPARSE_VOLATILE_HEADER.build(second | (volatile or {})) + bytes(14 * SECTOR)


def put(folder: Path, **files: bytes) -> Path:
    """Write files, `a_vmdk=...` as `a.vmdk`, into a folder and return it."""
    for name, data in files.items():
        (folder / name.replace("__", "-").replace("_", ".")).write_bytes(data)
    return folder


_LISTENERS: list[list[str]] = []


@contextmanager
def opened_files() -> Iterator[list[str]]:
    """Every file that Python opens within the block, heard by an audit hook, which nothing can bypass."""
    _hear()
    names: list[str] = []
    _LISTENERS.append(names)
    try:
        yield names
    finally:
        _LISTENERS.remove(names)


@cache
def _hear() -> None:
    # A hook stays for the life of the process, so it is set once.
    sys.addaudithook(_listen)


def _listen(event: str, arguments: tuple[Any, ...]) -> None:
    # A descriptor that is already open comes as its number.
    if event == "open" and not isinstance(arguments[0], int):
        for names in _LISTENERS:
            names.append(os.fsdecode(arguments[0]))
