"""Whether a growing disk still has all the data that its tables tell of: a copy that was cut short has not."""

from __future__ import annotations

import sys
from array import array
from typing import TYPE_CHECKING

from vmxtool._record import Record
from vmxtool.vmdk.sectors import SECTOR

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vmxtool.vmdk.headers.layout import Read
    from vmxtool.vmdk.headers.sparse import SparseHeader

_ENTRY = 4  # bytes of an entry of a directory or table; it is the sector where a table or a grain begins
# Of more than any disk needs nothing is read, and of a very large disk only some tables, spread over it.
_MOST_ENTRIES = 2**18
_MOST_OF_A_TABLE = 2**12


class Looked(Record):
    """What was found: the byte at which a grain should begin that the file does not have, or None; tables looked at."""

    lost: int | None
    tables: int


def look_for_lost(header: SparseHeader, size: int, read: Read, tables: int) -> Looked:
    """Look whether a grain should begin behind the end of a file.

    Args:
        header: the file's header, without problems.
        size: the file's size in bytes.
        read: gives up to so many bytes from an offset.
        tables: of how many grain tables to look at the entries at most.

    Raises:
        InputError: the file cannot be read.
    """
    entries = -(-header.capacity // (header.grain_size * header.gtes_per_gt))
    if not 0 < entries <= _MOST_ENTRIES or header.gtes_per_gt > _MOST_OF_A_TABLE:
        return Looked(None, 0)
    used = sorted({sector for sector in _numbers(read(header.gd_offset * SECTOR, entries * _ENTRY)) if sector})
    last = used[-1] if used else 0
    # Entries 0 and 1 stand for grains without data.
    some = used[:: max(1, -(-len(used) // tables))]
    for sector, length in _runs(some, header.gtes_per_gt * _ENTRY):
        last = max((last, *_numbers(read(sector * SECTOR, length)))) if sector * SECTOR < size else last
    return Looked(last * SECTOR if last * SECTOR >= size else None, len(some))


def _runs(sectors: Sequence[int], length: int) -> Iterator[tuple[int, int]]:
    """Yield the sectors where tables of so many bytes begin as runs to be read at once: sector and bytes of each."""
    start = end = -1
    for sector in sectors:
        if sector * SECTOR != end:
            if start >= 0:
                yield start, end - start * SECTOR
            start, end = sector, sector * SECTOR
        end += length
    if start >= 0:
        yield start, end - start * SECTOR


def _numbers(data: bytes) -> array[int]:
    found = array("I")
    found.frombytes(data[: len(data) - len(data) % _ENTRY])
    if sys.byteorder == "big":
        found.byteswap()
    return found
