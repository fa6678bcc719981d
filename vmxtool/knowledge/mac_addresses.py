"""Network addresses (MAC) that VMware has set aside, and for what."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from vmxtool.errors import KnowledgeError
from vmxtool.knowledge import _load
from vmxtool.knowledge.backing import Backed, read_backing

if TYPE_CHECKING:
    from datetime import date

    from vmxtool.knowledge.backing import Backing

FILE = "mac_addresses.toml"
_COLUMNS = "id first last use source checked"
_OPTIONAL: dict[str, object] = {"from": {}, "disputed": {}}
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
    """An address such as "00:0c:29:1f:4a:ab" as a number, or None where it is no address."""
    found = _ADDRESS.fullmatch(text.strip().lower())
    return int(re.sub("[:-]", "", found[0]), 16) if found is not None else None


def range_of(address: int) -> AddressRange | None:
    """The range of VMware's that an address is in, or None where it is somebody else's."""
    return next((it for it in address_ranges() if it.first <= address <= it.last), None)


@cache
def address_ranges() -> tuple[AddressRange, ...]:
    """All ranges.

    Raises:
        KnowledgeError: the data file is broken.
    """
    return read_ranges(_load.shipped(FILE))


def read_ranges(text: str) -> tuple[AddressRange, ...]:
    """The ranges that a text in the form of mac_addresses.toml holds.

    Raises:
        KnowledgeError: it is broken.
    """
    found: list[AddressRange] = []
    for table in _load.document(FILE, text).get("range", ()):
        row = _load.record(FILE, table, _COLUMNS, _OPTIONAL)
        first, last = (address_number(row.text(column)) for column in ("first", "last"))
        if first is None or last is None or first > last:
            raise row.broken("first", "two addresses are wanted, the lower one first")
        if any(first <= it.last and it.first <= last for it in found):
            raise row.broken("first", "it overlaps with another range")
        backing = read_backing(row, ("first", "last"))
        found.append(AddressRange(row.name, first, last, row.text("use"), backing, row.day("checked")))
    if not found:
        raise KnowledgeError(f"{FILE}: no range is in it")
    return tuple(found)
