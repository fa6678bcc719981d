"""What kinds of devices have in common, beside the hardware versions that know them."""

from __future__ import annotations

import re
from functools import cache, cached_property
from typing import TYPE_CHECKING

from vmxtool.knowledge import _load
from vmxtool.knowledge.backing import Backed, backed
from vmxtool.knowledge.rows import Rows
from vmxtool.vmx.values import as_bool

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from vmxtool.knowledge.backing import Backing

FILE = "traits.toml"
GROUPS = ("pcie", "not-on-arm")
_STAR = r"\\\*"


class Trait(Backed):
    """A kind of device that has something in common with others of its group.

    Attributes:
        id: what vmxtool calls it.
        group: what they have in common, one of `GROUPS`.
        keys: patterns of the keys that configure it, in lower case; a star stands for a number.
        values: the values that are meant, in lower case; empty where a key is a switch that is on.
        says: what it is, for a message.
        instead: what is there in its place, or None.
        becomes: the value that a rewrite may give it, or None.
        backing: what the row rests on.
        checked: the day someone looked.
    """

    id: str
    group: str
    keys: tuple[str, ...]
    values: tuple[str, ...]
    says: str
    instead: str | None
    becomes: str | None
    backing: Backing
    checked: date

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile("|".join(re.sub(_STAR, "[0-9]{1,3}", re.escape(key)) for key in self.keys))

    def found_in(self, keys: Iterable[str], values: Mapping[str, str]) -> list[str]:
        """Return those of folded keys that configure such a device; whether it is present at all is not looked at."""
        return [key for key in keys if self._pattern.fullmatch(key) is not None and self._takes(values[key])]

    def _takes(self, value: str) -> bool:
        return value.lower() in self.values if self.values else as_bool(value)


_ROWS = Rows(
    "trait", Trait, among={"group": GROUPS}, absent={"values": []}, cells={"backing": backed("keys", "values")}
)


@cache
def traits(group: str) -> tuple[Trait, ...]:
    """Return the kinds of devices of a group.

    Raises:
        KnowledgeError: the data file is broken.
    """
    return tuple(it for it in _shipped().values() if it.group == group)


@cache
def _shipped() -> Mapping[str, Trait]:
    return read_traits(_load.shipped(FILE))


def read_traits(text: str) -> Mapping[str, Trait]:
    """Return the kinds of devices that a text in the form of traits.toml holds.

    Raises:
        KnowledgeError: it is broken.
    """
    found: dict[str, Trait] = {}
    for row, trait in _ROWS.read(FILE, _load.document(FILE, text)):
        for column, values in (("keys", trait.keys), ("values", trait.values)):
            if any(it != it.lower() for it in values):
                raise row.broken(column, "it has capitals")
        found[trait.id] = trait
    return found
