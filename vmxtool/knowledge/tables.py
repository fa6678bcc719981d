"""What the Virtual Machine Mobility Planning Guide of 2007 says, by table, by address and by pair of products.

The source is VMware's guide VM-ENG-Q407-056, revision 20071018, called "mpg" in addresses. The files in `guide/` repeat
it as printed; where its text adds something or disagrees with a table, a note says so and the printed cell stays.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import product
from typing import TYPE_CHECKING

from vmxtool._record import Record
from vmxtool.errors import KnowledgeError, UsageError
from vmxtool.knowledge.guide_names import CONVERTER_TABLE, EFFORT_TABLE, LAST_TABLE, names
from vmxtool.knowledge.products import products
from vmxtool.knowledge.transcript import Fact, Table, load_table, load_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.knowledge.cells import Cell, Way

_CELL_ADDRESS = r"mpg:t(\d{1,2}):r(\d{1,2})c(\d{1,2})"
_PAGE_ADDRESS = r"mpg:p(\d{1,2})"


class GuideEntry(Record):
    """What the guide says about one pair of products.

    Attributes:
        table: number of the table.
        cell: address of the printed cell.
        from_id: product id the VM comes from.
        to_id: product id it goes to.
        verdict: one of `cells.VERDICTS`.
        ways: in the printed order; empty where the move is not supported.
        notes: short sentences.
        source: the page whose section the answer rests on, such as "mpg:p16".
    """

    table: int
    cell: str
    from_id: str
    to_id: str
    verdict: str
    ways: tuple[Way, ...]
    notes: tuple[str, ...]
    source: str


@cache
def table(number: int) -> Table:
    """Return table `number` of the guide.

    Raises:
        UsageError: the guide has no such table.
        KnowledgeError: its file is broken.
    """
    if not 1 <= number <= LAST_TABLE:
        raise UsageError(f"the guide has tables 1 to {LAST_TABLE}, not {number}")
    return load_table(number)


def tables() -> tuple[Table, ...]:
    """Return all tables, in their order."""
    return tuple(table(number) for number in range(1, LAST_TABLE + 1))


def cell(address: str) -> Cell:
    """Return the cell at an address such as "mpg:t07:r1c3".

    Raises:
        UsageError: there is no such cell; the message names the nearest one.
    """
    match = re.fullmatch(_CELL_ADDRESS, address.strip().lower())
    if match is None:
        raise UsageError(f"{address!r} is no cell of the guide; an address looks like mpg:t07:r1c3")
    number, row, column = (int(part) for part in match.groups())
    found = table(_within(number, LAST_TABLE))
    nearest_row, nearest_column = _within(row, len(found.rows)), _within(column, len(found.columns))
    nearest = found.rows[nearest_row - 1].cells[nearest_column - 1]
    if (found.number, nearest_row, nearest_column) != (number, row, column):
        near = nearest.address
        raise UsageError(f"the guide has no cell {address!r}", hint=f"the nearest is {near}", candidates=(near,))
    return nearest


def lookup(from_id: str, to_id: str) -> GuideEntry | None:
    """Return what the guide says about a pair of product ids, or None where no table and no ruling covers it."""
    left, reached = generation_of(from_id), generation_of(to_id)
    if left is None or reached is None:
        return None
    return _between(left, reached).get((from_id, to_id))


@cache
def entries() -> tuple[GuideEntry, ...]:
    """Return one entry per pair of product ids: tables 3 to 19 as printed, then what only the text rules out."""
    generations = (*names().tables, *names().ruled_out)
    return tuple(entry for left, reached in generations for entry in _between(left, reached).values())


def generation_of(product_id: str) -> int | None:
    """Return the generation of a product, 2 to 6; None for a product that the guide does not know."""
    return names().generation.get(product_id)


@cache
def has_rows_for(product_id: str) -> bool:
    """Return whether tables 3 to 19 treat a product; ACE and Player stand in the text alone."""
    return any(product_id in ids for ids in names().labels.values())


@cache
def text_facts() -> tuple[Fact, ...]:
    """Return everything that only the running text says, page by page."""
    return load_text()


@cache
def fact(address: str) -> Fact:
    """Return the fact at an address such as "mpg:p17:ws5.0-limits"; a page alone, "mpg:p17", gives the first one on it.

    Raises:
        UsageError: there is no such fact; the message names the nearest ones.
    """
    wanted = address.strip().lower()
    found = next(iter(facts_on(wanted)), None) or next((it for it in text_facts() if it.address == wanted), None)
    if found is not None:
        return found
    from difflib import get_close_matches

    near = get_close_matches(wanted, [it.address for it in text_facts()], n=3, cutoff=0)
    hint = f"the nearest are {', '.join(near)}"
    raise UsageError(f"the guide's text has no fact {address!r}", hint=hint, candidates=near)


def facts_on(page: str) -> tuple[Fact, ...]:
    """Return the facts on a page, given as "mpg:p17"; empty where the text has none there."""
    match = re.fullmatch(_PAGE_ADDRESS, page.strip().lower())
    return tuple(found for found in text_facts() if match is not None and found.page == int(match[1]))


def moves(from_id: str, to_id: str) -> tuple[Fact, ...]:
    """Return the facts with ways of a move: of one that no table prints, as into ACE and Player, or beside its cell."""
    return tuple(found for found in _about(from_id, to_id) if not found.is_remark)


def as_move(found: Fact, from_id: str, to_id: str) -> GuideEntry:
    """Return a fact that settles a move, as an entry of no table: its number is 0, its cell the fact's address."""
    return GuideEntry(0, found.address, from_id, to_id, found.verdict or "", found.ways, (found.says,), found.address)


def remarks(from_id: str, to_id: str) -> tuple[Fact, ...]:
    """Return the facts that the text adds to a move whose ways stand elsewhere."""
    return tuple(found for found in _about(from_id, to_id) if found.is_remark)


def remarks_on(step: str) -> tuple[Fact, ...]:
    """Return the facts that the text adds to every step of a kind, such as "converter", whatever the move."""
    return tuple(found for found in text_facts() if step in found.on and not found.from_ids)


@cache
def converter_takes() -> tuple[frozenset[tuple[int, bool]], frozenset[tuple[int, bool]]]:
    """Return what VMware Converter 3 reads and writes (table 1).

    Each is the generation of the hardware, and whether it is one of ESX.
    """
    read, written = set[tuple[int, bool]](), set[tuple[int, bool]]()
    for row in table(CONVERTER_TABLE).rows:
        for cell_, ends in zip(row.cells, (read, written), strict=True):
            named = [name for way in cell_.ways for step in way.steps for name in step.products]
            # Of what a format is compatible with, the format itself is named first.
            ends |= {(names().generation[name], bool(products()[name].esx)) for name in named}
    return frozenset(read), frozenset(written)


def _about(from_id: str, to_id: str) -> Iterator[Fact]:
    return (found for found in text_facts() if from_id in found.from_ids and to_id in found.to_ids)


@cache
def _between(left: int, reached: int) -> dict[tuple[str, str], GuideEntry]:
    number = names().tables.get((left, reached))
    found: dict[tuple[str, str], GuideEntry] = {}
    for entry in _ruled_out(left, reached) if number is None else _printed(table(number)):
        if found.setdefault((entry.from_id, entry.to_id), entry) is not entry:
            raise KnowledgeError(f"guide/t{entry.table:02d}.toml: {entry.from_id} to {entry.to_id} stands there twice")
    return found


def _printed(source: Table) -> Iterator[GuideEntry]:
    for printed in source.cells():
        for from_id, to_id in product(
            *(_products(printed, head) for head in (printed.row_label, printed.column_label))
        ):
            notes = tuple(note.says for note in printed.notes if note.concerns(from_id, to_id))
            page = f"mpg:p{printed.page:02d}"
            yield GuideEntry(printed.table, printed.address, from_id, to_id, printed.verdict, printed.ways, notes, page)


def _products(printed: Cell, label: str) -> tuple[str, ...]:
    if label not in names().labels:
        raise KnowledgeError(f"guide/t{printed.table:02d}.toml: pairs.toml has no product for {label!r}")
    return names().labels[label]


def _ruled_out(left: int, reached: int) -> Iterator[GuideEntry]:
    ruling = names().ruled_out.get((left, reached))
    if ruling is None:
        return
    heads = (f"Generation {left}", f"Generation {reached}")
    addresses = [
        found.address for found in table(EFFORT_TABLE).cells() if (found.row_label, found.column_label) == heads
    ]
    if len(addresses) != 1:
        raise KnowledgeError(f"guide/t{EFFORT_TABLE:02d}.toml: not one cell leads from {heads[0]} to {heads[1]}")
    # ACE and Player stand in no table, and the text has rules of its own for them.
    in_tables = dict.fromkeys(product_id for ids in names().labels.values() for product_id in ids)
    sides = ([product_id for product_id in in_tables if generation_of(product_id) == side] for side in (left, reached))
    for from_id, to_id in product(*sides):
        yield GuideEntry(EFFORT_TABLE, addresses[0], from_id, to_id, "not-supported", (), ruling.notes, ruling.source)


def _within(value: int, last: int) -> int:
    return min(max(value, 1), last)
