"""The proof sheet: all tables of the guide on one HTML page that needs nothing besides itself."""

from __future__ import annotations

from html import escape
from itertools import groupby
from string import Template
from typing import TYPE_CHECKING

from vmxtool import _resources
from vmxtool.knowledge import tables
from vmxtool.knowledge.guide_names import CONVERTER_TABLE
from vmxtool.report.text.guide import cell_words
from vmxtool.report.words import CONDITIONS, GUIDE_VERDICTS, cell_step_words, short_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vmxtool.knowledge.cells import Cell, Note, Way
    from vmxtool.knowledge.transcript import Fact, PrintedRow, Table


def guide_page() -> str:
    """Return the page.

    Raises:
        KnowledgeError: its template or a data file of the guide is missing or broken.
    """
    all_tables = tables.tables()
    cells = sum(len(row.cells) for table in all_tables for row in table.rows)
    days = sorted({reading.on.isoformat() for table in all_tables for reading in table.read})
    return Template(_resources.text("report", "guide_page.html")).substitute(
        legend="".join(f"<li>{_verdict(word)}</li>" for word in GUIDE_VERDICTS if word not in {"supported", "blank"}),
        index="\n".join(_index_line(table) for table in all_tables),
        tables="\n".join(_table(table) for table in all_tables),
        facts="\n".join(_facts(page, found) for page, found in groupby(tables.text_facts(), lambda fact: fact.page)),
        footer=f"{len(all_tables)} tables, {cells} cells, {len(tables.text_facts())} facts of the text. "
        f"Read on {' and '.join(days)}.",
    )


def _index_line(table: Table) -> str:
    link = f'<a href="#t{table.number:02d}">{escape(table.title)}</a>'
    return f'<li><b>{table.number}</b>{link}<span class="soft">p. {table.page}</span></li>'


def _table(table: Table) -> str:
    heads = "".join(
        f'<th scope="col"><span class="no">c{number}</span>{escape(head)}</th>'
        for number, head in enumerate(table.columns, 1)
    )
    rows: list[str] = []
    group = ""
    for number, row in enumerate(table.rows, 1):
        if row.group != group:
            group = row.group
            span = len(table.columns) + 1
            rows.append(f'<tr class="group"><th scope="colgroup" colspan="{span}">{escape(group)}</th></tr>')
        rows.append(_row(number, row))
    title = f"<h2>Table {table.number}. {escape(table.title)}</h2>"
    page = f'<span class="soft">page {table.page}</span>'
    grid = f"<thead><tr><th></th>{heads}</tr></thead>\n<tbody>\n" + "\n".join(rows) + "\n</tbody>"
    return (
        f'<section id="t{table.number:02d}">\n<header>{title}{page}</header>\n'
        f'<div class="frame"><table>\n{grid}\n</table></div>\n{_notes(table)}</section>'
    )


def _row(number: int, row: PrintedRow) -> str:
    head = f'<th scope="row"><span class="no">r{number}</span>{escape(row.label)}</th>'
    return f"<tr>{head}{''.join(map(_cell, row.cells))}</tr>"


def _cell(cell: Cell) -> str:
    place = cell.address.removeprefix("mpg:").replace(":", "-")
    marks = "".join(f"<sup>{_mark(cell, note)}</sup>" for note in cell.notes)
    address = f'<a class="no" href="#{place}">{cell.address}</a>'
    return f'<td id="{place}">{address}<div class="top">{_verdict(cell.verdict)}{marks}</div>{_ways(cell)}</td>'


def _mark(cell: Cell, note: Note) -> str:
    if note.id.startswith("p"):
        return f'<a href="#{note.id}">{escape(note.id)}</a>'
    return f'<a href="#t{cell.table:02d}-{note.id}">{escape(note.id)}</a>'


def _ways(cell: Cell) -> str:
    if cell.table == CONVERTER_TABLE:
        _, words = cell_words(cell)
        return f'<ol class="ways"><li>{escape(words)}</li></ol>' if words else ""
    lines = [_way(way) for way in cell.ways]
    return f'<ol class="ways">{"".join(f"<li>{line}</li>" for line in lines)}</ol>' if lines else ""


def _way(way: Way) -> str:
    words = [" → ".join(escape(cell_step_words(step)) for step in way.steps)]
    words += [f'<span class="when">{escape(CONDITIONS[condition])}</span>' for condition in way.when]
    words += ['<span class="once">one-way</span>'] if way.one_way else []
    return ", ".join(words)


def _verdict(word: str) -> str:
    return f'<span class="v {word}">{escape(GUIDE_VERDICTS[word])}</span>'


def _notes(table: Table) -> str:
    lines = [_note(table, note) for note in table.notes]
    if table.hosts:
        hosts = "; ".join(table.hosts)
        lines.append(f"<dt>·</dt><dd>VMware Converter 3 runs on {escape(hosts)}.</dd>")
    return f"<dl>{''.join(lines)}</dl>\n" if lines else ""


def _note(table: Table, note: Note) -> str:
    only = [
        *(f"from {short_name(name)}" for name in note.from_ids),
        *(f"to {short_name(name)}" for name in note.to_ids),
    ]
    limits = f" ({', '.join(only)} only)" if only else ""
    place = f'<code class="soft">{escape(note.source)}</code>'
    return f'<dt id="t{table.number:02d}-{note.id}">{note.id}</dt><dd>{escape(note.says + limits)} {place}</dd>'


def _facts(page: int, facts: Iterable[Fact]) -> str:
    lines = [
        f'<dd><b>{escape(fact.topic)}.</b> {escape(fact.says)} <code class="soft">{escape(fact.address)}</code></dd>'
        for fact in facts
    ]
    # One number for the page, the facts under one another beside it.
    return f'<dl id="p{page:02d}"><dt>p. {page}</dt>{"<dt></dt>".join(lines)}</dl>'
