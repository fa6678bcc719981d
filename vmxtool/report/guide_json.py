"""The guide's tables, its text and the rules as plain values for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vmxtool.knowledge import tables
from vmxtool.knowledge.transcript import CONVERTER_TABLE, EFFORT_TABLE

if TYPE_CHECKING:
    from vmxtool.knowledge.cells import Cell, Note
    from vmxtool.knowledge.transcript import Fact, Table

Value = dict[str, Any]


def entry_values(number: int | None) -> list[Value]:
    """The entries of all tables, or of one; tables 1 and 2 treat no pairs of products and give their cells.

    Raises:
        UsageError: the guide has no such table.
    """
    if number is None:
        return [entry.as_json() for entry in tables.entries()]
    table = tables.table(number)
    if number in {CONVERTER_TABLE, EFFORT_TABLE}:
        return [cell_value(cell) for cell in table.cells()]
    return [entry.as_json() for entry in tables.entries() if entry.table == number]


def cell_value(cell: Cell) -> Value:
    """One printed cell, for all pairs of products that it covers."""
    return {
        "table": cell.table,
        "cell": cell.address,
        "row": cell.row_label,
        "column": cell.column_label,
        "verdict": cell.verdict,
        "ways": [way.as_json() for way in cell.ways],
        "notes": [note.says for note in cell.notes],
        "source": f"mpg:p{cell.page:02d}",
    }


def table_value(table: Table) -> Value:
    """One printed table with its cells and its notes."""
    return {
        "table": table.number,
        "title": table.title,
        "page": table.page,
        "columns": list(table.columns),
        "rows": [row.label for row in table.rows],
        "cells": [cell_value(cell) for cell in table.cells()],
        "notes": [note_value(note) for note in table.notes],
    }


def note_value(note: Note) -> Value:
    """One note with its place in the guide and the products it is about, none meaning all."""
    return {
        "id": note.id,
        "says": note.says,
        "source": note.source,
        "from": list(note.from_ids),
        "to": list(note.to_ids),
    }


def fact_value(fact: Fact) -> Value:
    """One fact of the running text."""
    return {
        "address": fact.address,
        "page": fact.page,
        "topic": fact.topic,
        "says": fact.says,
        "products": list(fact.products),
    }


def move_value(from_id: str, to_id: str) -> Value | None:
    """What the text says about a move that no table prints, shaped like an entry; None where it does not settle it."""
    for fact in tables.moves(from_id, to_id):
        if fact.verdict is not None:
            return {
                "table": None,
                "cell": None,
                "from": from_id,
                "to": to_id,
                "verdict": fact.verdict,
                "ways": [way.as_json() for way in fact.ways],
                "notes": [fact.says],
                "source": fact.address,
            }
    return None
