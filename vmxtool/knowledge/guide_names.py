"""Which product, family and generation a name that the guide prints means."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from vmxtool import _resources
from vmxtool._record import Record
from vmxtool.knowledge import _kept, _load
from vmxtool.knowledge.rows import DataRow, Rows

if TYPE_CHECKING:
    from collections.abc import Mapping

CONVERTER_TABLE, EFFORT_TABLE, LAST_TABLE = 1, 2, 19  # the first two have words of their own
FOLDER = "knowledge/guide"
NAMES_MADE_OF = ("guide/pairs.toml", "guide_names.py")
_SOURCE = r"mpg:(?:p\d\d|t\d\d(?::r\d+c\d+)?)"


class RuledOut(Record):
    """Two generations between which only the text says that nothing moves: where it says so, and what does work."""

    source: str
    notes: tuple[str, ...]


class _Ruling(Record):
    """What the text says of two generations, as the file has it."""

    from_generation: int
    to_generation: int
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
    """Return what the printed names mean; KnowledgeError where their file is missing or broken."""
    (found,) = _kept.recall(GuideNames, NAMES_MADE_OF, _read_shipped, ruled_out=(_as_plain, _as_rulings))
    return found


def _read_shipped() -> list[GuideNames]:
    return [read_names(_resources.text(FOLDER, "pairs.toml"), "pairs.toml")]


def read_names(text: str, name: str) -> GuideNames:
    """Read the content of the file that maps names; `name` is for messages.

    Raises:
        KnowledgeError: it is broken; the message names file and place.
    """
    file = f"guide/{name}"
    whole, found = _NAMES.whole(file, _load.document(file, text))
    for key, lists in (("groups", found.groups), ("families", found.families), ("labels", found.labels)):
        for label, products in lists.items():
            for product in products:
                if product not in found.generation:
                    raise whole.broken(key, f"{label}: {product!r} belongs to no generation")
    return found


def place_in_guide(row: DataRow, column: str) -> str:
    """Return a cell with a place in the guide, such as "mpg:p17"; KnowledgeError where it has none."""
    value = row.text(column)
    if not re.fullmatch(_SOURCE, value):
        raise row.broken(column, f"{value!r} is no place in the guide")
    return value


def _read_generations(whole: DataRow, column: str) -> dict[str, int]:
    members = whole.lists(column)
    if not all(key.isdecimal() for key in members):
        raise whole.broken(column, "a key is no number")
    return {product: int(key) for key, products in members.items() for product in products}


def _read_tables(whole: DataRow, column: str, generations: str) -> dict[tuple[int, int], int]:
    known = whole.lists(generations)
    tables = {}
    for key, number in whole.cells[column].items():
        left, _, reached = key.partition("-")
        if not isinstance(number, int) or not EFFORT_TABLE < number <= LAST_TABLE or {left, reached} - known.keys():
            raise whole.broken(column, f"{key} is not a pair of generations with the number of a table")
        tables[int(left), int(reached)] = number
    return tables


def _read_rulings(whole: DataRow, _: str, *of_tables: str) -> dict[tuple[int, int], RuledOut]:
    covered = set(_read_tables(whole, *of_tables))
    found = {}
    for row, ruling in _RULINGS.read(whole.file, whole.cells):
        pair = (ruling.from_generation, ruling.to_generation)
        if pair in covered:
            raise row.broken("to", f"generation {pair[0]} to {pair[1]} is already covered")
        covered.add(pair)
        found[pair] = RuledOut(ruling.source, ruling.notes)
    return found


_RULINGS = Rows(
    "ruled_out",
    _Ruling,
    cells={
        "from_generation": ("from", DataRow.number),
        "to_generation": ("to", DataRow.number),
        "source": ("source", place_in_guide),
    },
)
_NAMES = Rows(
    "",
    GuideNames,
    cells={
        "generation": ("generations", _read_generations),
        "tables": ("tables generations", _read_tables),
        "ruled_out": ("ruled_out tables generations", _read_rulings),
    },
)


def _as_plain(ruled_out: Mapping[tuple[int, int], RuledOut]) -> dict[tuple[int, int], tuple[object, ...]]:
    return {pair: (ruling.source, ruling.notes) for pair, ruling in ruled_out.items()}


def _as_rulings(plain: Mapping[tuple[int, int], tuple[Any, ...]]) -> dict[tuple[int, int], RuledOut]:
    return {pair: RuledOut(*values) for pair, values in plain.items()}
