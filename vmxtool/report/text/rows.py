"""Rows of cells: columns where a terminal has room for them, further lines where it has not, bare cells in a pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rich.text import Text

from vmxtool._record import Record
from vmxtool.report.text.terminal import is_wide, print_hanging

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

_INDENT, _BELOW = 2, 4
_GAP = 2
_LEAST_ROOM = 20
_SHOWN = 100
"""So many rows of a kind are shown; JSON has them all."""


class Branch(NamedTuple):
    """A line of a tree: the sign that it hangs on, with what stands before that, and its text."""

    mark: str
    text: Text


class Row(Record):
    """One row.

    Attributes:
        head: what it is about, such as "scsi0:0".
        cells: what is said of it, safe to show.
        below: lines that belong to it, such as the disks that it is based on.
    """

    head: Text
    cells: Sequence[Text]
    below: Sequence[Branch] = ()


def print_tree(out: Console, branches: Sequence[Branch], indent: int = _INDENT) -> None:
    """Print the lines of a tree; what does not fit on one goes on under its own text."""
    for mark, text in branches:
        print_hanging(out, Text(mark, "dim"), text, indent)


def print_rows(out: Console, rows: Sequence[Row], *, right: int | None = None, lead: int = 0) -> None:
    """Print rows under each other, without blanks at line ends.

    Args:
        out: where to.
        rows: the rows; those beyond a hundred are counted.
        right: the column whose cells stand at its right side.
        lead: columns that the heads take at least, where there is room.
    """
    shown = rows[:_SHOWN]
    lead = max([lead if is_wide(out) else 0, *[row.head.cell_len for row in shown]])
    widths = _widths(shown)
    aligned = out.is_terminal and _INDENT + lead + sum(_GAP + width for width in widths) <= out.width
    for row in shown:
        if not out.is_terminal:
            _print_line(out, row, lead, row.cells)
        elif aligned:
            _print_line(out, row, lead, _padded(row.cells, widths, right))
        else:
            _print_flow(out, row, lead)
        print_tree(out, row.below, _BELOW)
    if len(rows) > len(shown):
        print_hanging(out, "", Text(f"and {len(rows) - len(shown)} more", "dim"), _INDENT)


def _widths(rows: Sequence[Row]) -> list[int]:
    columns = max((len(row.cells) for row in rows), default=0)
    return [max(row.cells[at].cell_len for row in rows if at < len(row.cells)) for at in range(columns)]


def _padded(cells: Sequence[Text], widths: Sequence[int], right: int | None) -> list[Text]:
    made = []
    for at, (cell, width) in enumerate(zip(cells, widths, strict=False)):
        blanks = " " * (width - cell.cell_len)
        made.append(Text(blanks).append_text(cell) if at == right else cell.copy().append(blanks))
    return made


def _print_line(out: Console, row: Row, lead: int, cells: Sequence[Text]) -> None:
    line = Text(" " * _INDENT).append_text(row.head).append(" " * (lead - row.head.cell_len))
    for cell in cells:
        line.append(" " * _GAP).append_text(cell)
    line.rstrip()
    out.print(line, soft_wrap=True)


def _print_flow(out: Console, row: Row, lead: int) -> None:
    """Print the cells on as many lines as they need, a cell on one of them where it fits there."""
    at = _INDENT + lead + _GAP
    room = out.width - at
    if room < _LEAST_ROOM:
        at, room = _BELOW, out.width - _BELOW
    lines = [Text()]
    for cell in row.cells:
        if lines[-1].cell_len and lines[-1].cell_len + _GAP + cell.cell_len <= room:
            lines[-1].append(" " * _GAP).append_text(cell)
        else:
            lines += cell.wrap(out, room)
    lines = [line for line in lines if line.plain.strip()]
    beside = at > _BELOW or not row.head.cell_len
    first = Text(" " * _INDENT).append_text(row.head)
    if not beside or not lines:
        out.print(first, soft_wrap=True)
    for number, line in enumerate(lines):
        start = first.copy().append(" " * (at - first.cell_len)) if number == 0 and beside else Text(" " * at)
        whole = start.append_text(line)
        whole.rstrip()
        out.print(whole, soft_wrap=True)
