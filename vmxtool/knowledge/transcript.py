"""The files in `guide/` as values: tables as printed, and facts of the text."""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING

from vmxtool import _resources
from vmxtool._record import Record, replace
from vmxtool.errors import KnowledgeError
from vmxtool.knowledge import _kept
from vmxtool.knowledge._entry import Entry, parse
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

if TYPE_CHECKING:
    from collections.abc import Iterator

_MADE_OF = ("guide/text.toml", "transcript.py", "cells.py", *NAMES_MADE_OF)
_FACT_ADDRESS = r"mpg:p(\d\d):[a-z0-9.-]+"


class Row(Record):
    """One printed row: its head, its cells from left to right, and in table 1 the heading it stands under."""

    label: str
    cells: tuple[Cell, ...]
    group: str = ""


class Reading(Record):
    """Who read the printed table, and when."""

    on: datetime.date
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
    rows: tuple[Row, ...]
    notes: tuple[Note, ...]
    read: tuple[Reading, ...]
    hosts: tuple[str, ...] = ()

    def cells(self) -> Iterator[Cell]:
        """Every cell, row by row."""
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
    """Table `number` as it ships; KnowledgeError where its file is missing or broken."""
    name = f"t{number:02d}.toml"
    found = read_table(_resources.text(FOLDER, name), name)
    if found.number != number:
        raise KnowledgeError(f"guide/{name}: it says that it is table {found.number}")
    return found


def load_text() -> tuple[Fact, ...]:
    """The facts of the text as they ship; KnowledgeError where their file is missing or broken."""
    return tuple(
        _kept.recall(Fact, _MADE_OF, lambda: read_text(_resources.text(FOLDER, "text.toml"), "text.toml"), ways=WAYS)
    )


def read_table(text: str, name: str) -> Table:
    """Read the content of a table file; `name` is for messages.

    Raises:
        KnowledgeError: it is broken; the message names file, row and column.
    """
    whole = parse(text, f"guide/{name}")
    whole.only("table", "title", "page", "size", "read", "columns", "hosts", "rows", "notes")
    blank = Table(
        whole.number("table"),
        whole.text("title"),
        whole.number("page"),
        whole.texts("columns"),
        (),
        tuple(_read_note(mark, entry) for mark, entry in whole.named("notes").items()),
        tuple(_read_reading(entry) for _, entry in whole.entries("read")),
        whole.texts("hosts", optional=True),
    )
    rows = tuple(_read_row(blank, place, row) for place, row in whole.entries("rows"))
    if whole.values.get("size") != [len(rows), len(blank.columns)]:
        raise whole.broken(
            f"size is not the [{len(rows)}, {len(blank.columns)}] of the rows and columns that are there"
        )
    unused = {note.id for note in blank.notes} - {note.id for row in rows for cell in row.cells for note in cell.notes}
    if unused:
        raise whole.broken(f"no cell uses the note {', '.join(sorted(unused))}")
    return replace(blank, rows=rows)


def read_text(text: str, name: str) -> tuple[Fact, ...]:
    """Read the content of the file with the facts of the text; `name` is for messages.

    Raises:
        KnowledgeError: it is broken; the message names file and entry.
    """
    whole = parse(text, f"guide/{name}")
    whole.only("facts")
    facts = tuple(_read_fact(entry) for _, entry in whole.entries("facts"))
    addresses = [fact.address for fact in facts]
    for address in addresses:
        if addresses.count(address) > 1:
            raise whole.broken(f"{address} stands there twice")
    return facts


def _read_row(table: Table, place: int, entry: Entry) -> Row:
    entry.only("label", "cells", "group")
    label = entry.text("label")
    written = entry.texts("cells")
    if len(written) != len(table.columns):
        raise KnowledgeError(f"{entry.where} ({label}): {len(written)} cells for {len(table.columns)} columns")
    verdicts = {CONVERTER_TABLE: CONVERTER_VERDICTS, EFFORT_TABLE: EFFORT_VERDICTS}.get(table.number, VERDICTS)
    cells = []
    for column, (text, head) in enumerate(zip(written, table.columns, strict=True), start=1):
        where = f"{entry.where} ({label}), column {column} ({head})"
        read = read_cell(text, where, _step_products(), verdicts)
        leaves_none = table.number == EFFORT_TABLE or read.verdict in WITHOUT_WAYS
        if leaves_none == bool(read.ways):
            raise KnowledgeError(f"{where}: {read.verdict!r} needs {'no' if leaves_none else 'at least one'} way")
        address = f"mpg:t{table.number:02d}:r{place}c{column}"
        notes = tuple(_note(mark, table.notes, where) for mark in read.marks)
        cells.append(Cell(table.number, address, label, head, read.verdict, read.ways, notes, table.page))
    return Row(label, tuple(cells), entry.text("group", default=""))


def _note(mark: str, notes: tuple[Note, ...], where: str) -> Note:
    if mark.startswith("p"):
        return Note(mark, f"Page {int(mark[1:])} has the details.", f"mpg:{mark}")
    for note in notes:
        if note.id == mark:
            return note
    raise KnowledgeError(f"{where}: there is no note {mark}")


def _step_products() -> frozenset[str]:
    return frozenset(names().generation) | frozenset(names().groups)


def _read_note(mark: str, entry: Entry) -> Note:
    entry.only("says", "source", "from", "to")
    says, source = entry.text("says"), place_in_guide(entry, "source")
    return Note(mark, says, source, _products(entry, "from"), _products(entry, "to"))


def _read_reading(entry: Entry) -> Reading:
    entry.only("on", "by")
    day = entry.values.get("on")
    if not isinstance(day, datetime.date):
        raise entry.broken("on is no date")
    return Reading(day, entry.text("by"))


def _read_fact(entry: Entry) -> Fact:
    entry.only("address", "topic", "says", "products", "from", "to", "move", "adds", "on", "acts", "only", "concluded")
    address = entry.text("address")
    match = re.fullmatch(_FACT_ADDRESS, address)
    if match is None:
        raise entry.broken(f"{address!r} is no address such as mpg:p17:topic")
    from_ids, to_ids = _products(entry, "from"), _products(entry, "to")
    move = entry.text("move", default="")
    adds = entry.text("adds", default="") or None
    if bool(from_ids) != bool(to_ids) or (not from_ids and (move or adds)) or (move and adds):
        raise entry.broken("from and to come together, with move or adds or neither")
    on, acts, only = (
        entry.texts("on", optional=True),
        entry.texts("acts", optional=True),
        entry.text("only", default=""),
    )
    if not (from_ids or on or acts):
        raise entry.broken("nothing acts on it: it needs from and to, on, or acts")
    if only not in {"", "ide", "ide-reconfigured", "ide-left"}:
        raise entry.broken(f"only {only!r} says no kind of VM")
    read = read_cell(move, f"{entry.where}, move", _step_products()) if move else None
    return Fact(
        address,
        int(match[1]),
        entry.text("topic"),
        entry.text("says"),
        _products(entry, "products"),
        from_ids,
        to_ids,
        read.verdict if read else None,
        read.ways if read else (),
        adds,
        on,
        acts,
        only or None,
        entry.values.get("concluded") is True,
    )


def _products(entry: Entry, field: str) -> tuple[str, ...]:
    """Product ids, with the families written out; none where the field is absent."""
    found: list[str] = []
    for name in entry.texts(field, optional=True):
        if name not in names().generation and name not in names().families:
            raise entry.broken(f"{name!r} in {field} is no product of the guide")
        found += names().families.get(name, (name,))
    return tuple(dict.fromkeys(found))
