"""Network addresses (MAC) that VMware has set aside, and for what."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from vmxtool.knowledge import _load
from vmxtool.knowledge.backing import Backed, backed
from vmxtool.knowledge.rows import Rows

if TYPE_CHECKING:
    from datetime import date

    from vmxtool.knowledge.backing import Backing
    from vmxtool.knowledge.rows import DataRow

FILE = "mac_addresses.toml"
_ADDRESS = re.compile(r"[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}")
_MANUAL = "manual"


class AddressRange(Backed):
    """Addresses that VMware uses for one thing.

    Attributes:
        id: what vmxtool calls it.
        first: the first of them, as a number.
        last: the last of them.
        use: what for, as a clause; "manual" for those that a person gives an adapter.
        backing: what the row rests on.
        checked: the day someone looked.
    """

    id: str
    first: int
    last: int
    use: str
    backing: Backing
    checked: date

    @property
    def is_manual(self) -> bool:
        """Whether a person may give an adapter such an address."""
        return self.use == _MANUAL


def address_number(text: str) -> int | None:
    """Return an address such as "00:0c:29:1f:4a:ab" as a number, or None where it is no address."""
    found = _ADDRESS.fullmatch(text.strip().lower())
    return int(re.sub("[:-]", "", found[0]), 16) if found is not None else None


def range_of(address: int) -> AddressRange | None:
    """Return the range of VMware's that an address is in, or None where it is somebody else's."""
    return next((it for it in address_ranges() if it.first <= address <= it.last), None)


@cache
def address_ranges() -> tuple[AddressRange, ...]:
    """Return all ranges.

    Raises:
        KnowledgeError: the data file is broken.
    """
    return read_ranges(_load.shipped(FILE))


def read_ranges(text: str) -> tuple[AddressRange, ...]:
    """Return the ranges that a text in the form of mac_addresses.toml holds.

    Raises:
        KnowledgeError: it is broken.
    """
    found: list[AddressRange] = []
    for row, it in _ROWS.read(FILE, _load.document(FILE, text)):
        if it.first > it.last:
            raise row.broken("first", "the lower address comes first")
        if any(it.first <= other.last and other.first <= it.last for other in found):
            raise row.broken("first", "it overlaps with another range")
        found.append(it)
    return tuple(found)


def _read_address(row: DataRow, column: str) -> int:
    number = address_number(row.text(column))
    if number is None:
        raise row.broken(column, f'an address such as "00:0c:29:1f:4a:ab" is wanted, not {row.text(column)!r}')
    return number


_ROWS = Rows(
    "range",
    AddressRange,
    cells={"first": ("first", _read_address), "last": ("last", _read_address), "backing": backed("first", "last")},
)
