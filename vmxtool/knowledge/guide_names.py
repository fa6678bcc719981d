"""Which product, family and generation a name that the guide prints means."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from vmxtool import _resources
from vmxtool._record import Record
from vmxtool.knowledge import _kept
from vmxtool.knowledge._entry import Entry, parse

if TYPE_CHECKING:
    from collections.abc import Mapping

CONVERTER_TABLE, EFFORT_TABLE, LAST_TABLE = 1, 2, 19  # the first two have words of their own
FOLDER = "knowledge/guide"
NAMES_MADE_OF = ("guide/pairs.toml", "guide_names.py", "_entry.py")
_SOURCE = r"mpg:(?:p\d\d|t\d\d(?::r\d+c\d+)?)"


class RuledOut(Record):
    """Two generations between which only the text says that nothing moves: where it says so, and what does work."""

    source: str
    notes: tuple[str, ...]


class GuideNames(Record):
    """What the printed names mean.

    Attributes:
        generation: product id -> generation, 2 to 6.
        groups: a name that a step may use for several products -> their ids.
        families: a name for several products in the text -> their ids.
        labels: row or column head of tables 3 to 19 -> product ids.
        tables: generation left, generation reached -> number of the table that covers them.
        ruled_out: the same two, where only the text settles it.
    """

    generation: Mapping[str, int]
    groups: Mapping[str, tuple[str, ...]]
    families: Mapping[str, tuple[str, ...]]
    labels: Mapping[str, tuple[str, ...]]
    tables: Mapping[tuple[int, int], int]
    ruled_out: Mapping[tuple[int, int], RuledOut]


@cache
def names() -> GuideNames:
    """What the printed names mean; KnowledgeError where their file is missing or broken."""
    (found,) = _kept.recall(GuideNames, NAMES_MADE_OF, _read_shipped, ruled_out=(_as_plain, _as_rulings))
    return found


def _read_shipped() -> list[GuideNames]:
    return [read_names(_resources.text(FOLDER, "pairs.toml"), "pairs.toml")]


def read_names(text: str, name: str) -> GuideNames:
    """Read the content of the file that maps names; `name` is for messages.

    Raises:
        KnowledgeError: it is broken; the message names file and entry.
    """
    whole = parse(text, f"guide/{name}")
    whole.only("generations", "groups", "families", "labels", "tables", "ruled_out")
    members = whole.lists("generations")
    if not all(key.isdecimal() for key in members):
        raise whole.broken("generations has a key that is no number")
    generation = {product: int(key) for key, products in members.items() for product in products}
    named = {key: whole.lists(key) for key in ("groups", "families", "labels")}
    for key, lists in named.items():
        for label, products in lists.items():
            for product in products:
                if product not in generation:
                    raise whole.broken(f"{product!r} in {key}, {label} belongs to no generation")
    tables = {}
    for key, number in whole.table("tables").items():
        left, _, reached = key.partition("-")
        if not isinstance(number, int) or not EFFORT_TABLE < number <= LAST_TABLE or {left, reached} - members.keys():
            raise whole.broken(f"tables, {key} is not a pair of generations with the number of a table")
        tables[int(left), int(reached)] = number
    ruled_out = {}
    for _, entry in whole.entries("ruled_out"):
        pair = (entry.number("from"), entry.number("to"))
        if pair in tables or pair in ruled_out:
            raise entry.broken(f"generation {pair[0]} to {pair[1]} is already covered")
        ruled_out[pair] = RuledOut(place_in_guide(entry, "source"), entry.texts("notes"))
    return GuideNames(generation, named["groups"], named["families"], named["labels"], tables, ruled_out)


def place_in_guide(entry: Entry, field: str) -> str:
    """A field with a place in the guide, such as "mpg:p17"; KnowledgeError where it has none."""
    value = entry.text(field)
    if not re.fullmatch(_SOURCE, value):
        raise entry.broken(f"{field} {value!r} is no place in the guide")
    return value


def _as_plain(ruled_out: Mapping[tuple[int, int], RuledOut]) -> dict[tuple[int, int], tuple[object, ...]]:
    return {pair: (ruling.source, ruling.notes) for pair, ruling in ruled_out.items()}


def _as_rulings(plain: Mapping[tuple[int, int], tuple[Any, ...]]) -> dict[tuple[int, int], RuledOut]:
    return {pair: RuledOut(*values) for pair, values in plain.items()}
