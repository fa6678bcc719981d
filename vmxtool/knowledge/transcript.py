"""The files in `guide/` as values: tables as printed, and facts of the text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vmxtool import _resources
from vmxtool._record import Record, replace
from vmxtool.errors import KnowledgeError
from vmxtool.knowledge import _kept, _load
from vmxtool.knowledge.cells import (
    CONVERTER_VERDICTS,
    EFFORT_VERDICTS,
    VERDICTS,
    WAYS,
    WITHOUT_WAYS,
    Cell,
    Note,
    Way,
    read_cell,
)
from vmxtool.knowledge.guide_names import (
    CONVERTER_TABLE,
    EFFORT_TABLE,
    FOLDER,
    NAMES_MADE_OF,
    names,
    place_in_guide,
)
from vmxtool.knowledge.rows import DataRow, Rows, record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from vmxtool.knowledge.cells import ParsedCell

_MADE_OF = ("guide/text.toml", "transcript.py", "cells.py", *NAMES_MADE_OF)
_FACT_ADDRESS = r"mpg:p(\d\d):[a-z0-9.-]+"


class PrintedRow(Record):
    """One printed row: its head, its cells from left to right, and in table 1 the heading it stands under."""

    label: str
    cells: tuple[Cell, ...]
    group: str = ""


class _Line(Record):
    """A printed row as the file has it."""

    label: str
    cells: tuple[str, ...]
    group: str


class Reading(Record):
    """Who read the printed table, and when."""

    on: date
    by: str


class Table(Record):
    """One printed table.

    Attributes:
        number: 1 to 19.
        title: what it is about, in our words.
        page: page of the guide on which its section begins.
        columns: heads as printed, from left to right.
        rows: from top to bottom.
        notes: all notes of its cells, without the references to pages.
        read: its readings.
        hosts: the systems VMware Converter 3 runs on, beside table 1; empty elsewhere.
    """

    number: int
    title: str
    page: int
    columns: tuple[str, ...]
    rows: tuple[PrintedRow, ...]
    notes: tuple[Note, ...]
    read: tuple[Reading, ...]
    hosts: tuple[str, ...] = ()

    def cells(self) -> Iterator[Cell]:
        """Yield every cell, row by row."""
        for row in self.rows:
            yield from row.cells


class Fact(Record):
    """One fact of the guide's running text.

    Attributes:
        address: such as "mpg:p17:ws5.0-limits".
        page: page it stands on.
        topic: a few words.
        says: one or two sentences.
        products: ids of the products it is about; empty where it is about none in particular.
        from_ids: origins, where the fact settles a move that no table prints, or gives a way that its cell leaves out.
        to_ids: targets of that move.
        verdict: of that move, one of `cells.VERDICTS`; None where the fact is not about one move.
        ways: of that move.
        adds: a step that the text has after the export of a move between these products, or None.
        on: kinds of step that the fact is a remark on.
        acts: where vmxtool acts on it elsewhere: codes of findings, kinds of step, tables ("t07"), "route", or
            "generation" for the data of the products.
        only: of which VMs it is a remark: those with IDE disks ("ide"), whose guest Converter moves to SCSI
            ("ide-reconfigured"), or does not ("ide-left"); None where of all.
        concluded: whether it follows from the page and a table, and the page does not say it in so many words.
    """

    address: str
    page: int
    topic: str
    says: str
    products: tuple[str, ...]
    from_ids: tuple[str, ...] = ()
    to_ids: tuple[str, ...] = ()
    verdict: str | None = None
    ways: tuple[Way, ...] = ()
    adds: str | None = None
    on: tuple[str, ...] = ()
    acts: tuple[str, ...] = ()
    only: str | None = None
    concluded: bool = False

    @property
    def is_remark(self) -> bool:
        """Whether it is a remark on the moves between some products, which have their ways elsewhere."""
        return bool(self.from_ids) and self.verdict is None


def load_table(number: int) -> Table:
    """Return table `number` as it ships; KnowledgeError where its file is missing or broken."""
    name = f"t{number:02d}.toml"
    found = read_table(_resources.text(FOLDER, name), name)
    if found.number != number:
        raise KnowledgeError(f"guide/{name}: it says that it is table {found.number}")
    return found


def load_text() -> tuple[Fact, ...]:
    """Return the facts of the text as they ship; KnowledgeError where their file is missing or broken."""
    return tuple(
        _kept.recall(Fact, _MADE_OF, lambda: read_text(_resources.text(FOLDER, "text.toml"), "text.toml"), ways=WAYS)
    )


def read_table(text: str, name: str) -> Table:
    """Read the content of a table file; `name` is for messages.

    Raises:
        KnowledgeError: it is broken; the message names file, row and column.
    """
    file = f"guide/{name}"
    whole, blank = _TABLES.whole(file, _load.document(file, text))
    rows = tuple(_read_row(blank, file, at, it) for at, it in enumerate(_LINES.inside(whole), start=1))
    size = [len(rows), len(blank.columns)]
    if whole.cells["size"] != size:
        raise whole.broken("size", f"it is not the {size} of the rows and columns that are there")
    unused = {note.id for note in blank.notes} - {note.id for row in rows for cell in row.cells for note in cell.notes}
    if unused:
        raise whole.broken("notes", f"no cell uses the note {', '.join(sorted(unused))}")
    return replace(blank, rows=rows)


def read_text(text: str, name: str) -> tuple[Fact, ...]:
    """Read the content of the file with the facts of the text; `name` is for messages.

    Raises:
        KnowledgeError: it is broken; the message names file and fact.
    """
    file = f"guide/{name}"
    facts = []
    for row, fact in _FACTS.read(file, record(file, _load.document(file, text), ["facts"], {}).cells):
        _prove(row, fact)
        facts.append(fact)
    return tuple(facts)


def _read_row(table: Table, file: str, place: int, line: _Line) -> PrintedRow:
    at = f"{file}, row {place} ({line.label})"
    if len(line.cells) != len(table.columns):
        raise KnowledgeError(f"{at}: {len(line.cells)} cells for {len(table.columns)} columns")
    verdicts = {CONVERTER_TABLE: CONVERTER_VERDICTS, EFFORT_TABLE: EFFORT_VERDICTS}.get(table.number, VERDICTS)
    cells = []
    for column, (text, head) in enumerate(zip(line.cells, table.columns, strict=True), start=1):
        where = f"{at}, column {column} ({head})"
        read = read_cell(text, where, _step_products(), verdicts)
        leaves_none = table.number == EFFORT_TABLE or read.verdict in WITHOUT_WAYS
        if leaves_none == bool(read.ways):
            raise KnowledgeError(f"{where}: {read.verdict!r} needs {'no' if leaves_none else 'at least one'} way")
        address = f"mpg:t{table.number:02d}:r{place}c{column}"
        notes = tuple(_note(mark, table.notes, where) for mark in read.marks)
        cells.append(Cell(table.number, address, line.label, head, read.verdict, read.ways, notes, table.page))
    return PrintedRow(line.label, tuple(cells), line.group)


def _note(mark: str, notes: tuple[Note, ...], where: str) -> Note:
    if mark.startswith("p"):
        return Note(mark, f"Page {int(mark[1:])} has the details.", f"mpg:{mark}")
    for note in notes:
        if note.id == mark:
            return note
    raise KnowledgeError(f"{where}: there is no note {mark}")


def _step_products() -> frozenset[str]:
    return frozenset(names().generation) | frozenset(names().groups)


def _read_notes(row: DataRow, column: str) -> tuple[Note, ...]:
    notes = row.cells[column]
    if not isinstance(notes, dict):
        raise row.broken(column, f"a table is wanted, not {notes!r}")
    tables = [{"id": mark, **note} for mark, note in notes.items()]
    return _NOTES.inside(DataRow(row.file, "", {column: tables})) if tables else ()


def _prove(row: DataRow, fact: Fact) -> None:
    row.prove(
        ("from", bool(fact.from_ids) == bool(fact.to_ids), "from and to come together"),
        ("from", bool(fact.from_ids) or not (fact.verdict or fact.adds), "move and adds need from and to"),
        ("adds", not (fact.verdict and fact.adds), "move says it already"),
        ("acts", bool(fact.from_ids or fact.on or fact.acts), "nothing acts on it: it needs from and to, on, or acts"),
    )


def _read_page(row: DataRow, column: str) -> int:
    match = re.fullmatch(_FACT_ADDRESS, row.text(column))
    if match is None:
        raise row.broken(column, f"{row.text(column)!r} is no address such as mpg:p17:topic")
    return int(match[1])


def _read_move(row: DataRow, column: str) -> ParsedCell | None:
    where = f"{row.file}: row {row.name}: column {column}"
    return read_cell(row.text(column), where, _step_products()) if row.text(column) else None


def _read_verdict(row: DataRow, column: str) -> str | None:
    move = _read_move(row, column)
    return None if move is None else move.verdict


def _read_ways(row: DataRow, column: str) -> tuple[Way, ...]:
    move = _read_move(row, column)
    return () if move is None else move.ways


def _read_products(row: DataRow, column: str) -> tuple[str, ...]:
    """Return product ids, with the families written out."""
    found: list[str] = []
    for name in row.texts(column):
        if name not in names().generation and name not in names().families:
            raise row.broken(column, f"{name!r} is no product of the guide")
        found += names().families.get(name, (name,))
    return tuple(dict.fromkeys(found))


_FROM_AND_TO = {"from_ids": ("from", _read_products), "to_ids": ("to", _read_products)}
_NOTES = Rows(
    "notes", Note, absent={"from": [], "to": []}, cells={"source": ("source", place_in_guide), **_FROM_AND_TO}
)
_LINES = Rows("rows", _Line, absent={"group": ""}, cells={"cells": ("cells", DataRow.repeated)})
_TABLES = Rows(
    "",
    Table,
    absent={"hosts": [], "notes": {}},
    cells={
        "number": ("table", DataRow.number),
        "rows": ("rows size", lambda *_: ()),  # which need the rest of the table
        "notes": ("notes", _read_notes),
        "read": ("read", Rows("read", Reading).inside),
    },
)
_FACTS = Rows(
    "facts",
    Fact,
    among={"only": ("ide", "ide-reconfigured", "ide-left")},
    absent={"products": [], "from": [], "to": [], "move": "", "on": [], "acts": [], "concluded": False},
    cells={
        "page": ("address", _read_page),
        "products": ("products", _read_products),
        "verdict": ("move", _read_verdict),
        "ways": ("move", _read_ways),
        **_FROM_AND_TO,
    },
)
