"""Whether a growing disk still has all the data that its tables tell of: a copy that was cut short has not."""

from __future__ import annotations

import sys
from array import array
from typing import TYPE_CHECKING

from vmxtool.vmdk.header import SECTOR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from vmxtool.vmdk.header import SparseHeader

    Read = Callable[[int, int], bytes]

_ENTRY = 4  # bytes of an entry of a directory or table; it is the sector where a table or a grain begins
# Of more than any disk needs nothing is read, and of a large disk only some tables, spread over the disk. Grains are
# given out in the order in which the guest wrote, so every part of a disk has some of its last ones.
_MOST_ENTRIES = 2**18
_MOST_OF_A_TABLE = 2**12


def first_lost(header: SparseHeader, size: int, read: Read, tables: int) -> int | None:
    """The byte at which a grain should begin that lies behind the end of the file; None where none was found.

    Args:
        header: the file's header, without damage.
        size: the file's size in bytes.
        read: gives up to so many bytes from an offset.
        tables: of how many grain tables to look at the entries.

    Raises:
        InputError: the file cannot be read.
    """
    entries = -(-header.capacity // (header.grain_size * header.gtes_per_gt))
    if not 0 < entries <= _MOST_ENTRIES or header.gtes_per_gt > _MOST_OF_A_TABLE:
        return None
    used = sorted({sector for sector in _numbers(read(header.gd_offset * SECTOR, entries * _ENTRY)) if sector})
    last = used[-1] if used else 0
    # Entries 0 and 1 stand for grains without data.
    for sector, length in _runs(used[:: max(1, -(-len(used) // tables))], header.gtes_per_gt * _ENTRY):
        last = max((last, *_numbers(read(sector * SECTOR, length)))) if sector * SECTOR < size else last
    return last * SECTOR if last * SECTOR >= size else None


def _runs(sectors: Sequence[int], length: int) -> Iterator[tuple[int, int]]:
    """The sectors where tables of so many bytes begin as runs to be read at once: sector and bytes of each."""
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
