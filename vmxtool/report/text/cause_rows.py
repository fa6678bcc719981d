"""Rows of a list: a mark, a verb, a thing, what becomes of it, and on the right how much and by which rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from vmxtool._record import Record
from vmxtool._text import safe
from vmxtool.report.text.terminal import is_wide, print_hanging, safe_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

_VERB = 6
_LONGEST_WHAT = 24
_LEAST = 24  # columns that a sentence needs to be read


class Cells(Record):
    """One row; `below` are paragraphs that explain it.

    Attributes:
        mark: one sign before it, or a blank.
        verb: one word.
        what: what it is about.
        effect: what becomes of it.
        amount: how much, such as "4 lines", or nothing.
        code: the code of a rule, or nothing.
        below: paragraphs under it.
    """

    mark: Text
    verb: str
    what: str
    effect: str
    amount: str = ""
    code: str = ""
    below: tuple[Text, ...] = ()


def print_rows(out: Console, rows: Sequence[Cells]) -> None:
    """Print rows in columns where the terminal is wide enough, and each as one paragraph where it is not.

    In a pipe nothing is padded: two blanks stand between cells.
    """
    what = min(max((len(row.what) for row in rows), default=0), _LONGEST_WHAT)
    amount = max((len(row.amount) for row in rows), default=0)
    code = max((len(row.code) for row in rows), default=0)
    left = 2 + _VERB + 2 + what + 2
    right = (amount + 2 if amount else 0) + (code + 2 if code else 0)
    in_columns = out.is_terminal and is_wide(out) and out.width - left - right >= _LEAST
    for row in rows:
        if not out.is_terminal:
            cells = [row.verb, row.what, row.effect, row.amount, row.code]
            out.print(Text.assemble(row.mark, " ", safe_text("  ".join(filter(None, cells)))), soft_wrap=True)
        elif not in_columns:
            end = ", ".join(filter(None, (row.amount, row.code)))
            said = f"{row.verb} {row.what}" + (f": {row.effect}" if row.effect else "") + (f" ({end})" if end else "")
            print_hanging(out, row.mark, safe_text(said))
        else:
            end = f"{row.amount:>{amount}}" + (f"  {row.code:<{code}}" if code else "")
            head = Text.assemble(row.mark, f" {row.verb:{_VERB}}  ", (f"{safe(row.what):{what}}", "bold"), "  ")
            _print_in_columns(out, head, safe_text(row.effect), end if right else "", right)
        for text in row.below:
            print_hanging(out, "", text, indent=4)


def _print_in_columns(out: Console, head: Text, text: Text, end: str, right: int) -> None:
    """Print a paragraph in the columns between a head and an end, which stand in its first line."""
    room = out.width - head.cell_len - right
    for number, line in enumerate(text.wrap(out, room) or [Text()]):
        line.rstrip()
        whole = (head if number == 0 else Text(" " * head.cell_len)) + line
        if number == 0 and end.strip():
            whole.pad_right(max(out.width - whole.cell_len - len(end), 0))
            whole.append(end, "dim")
        whole.rstrip()
        out.print(whole, soft_wrap=True)
