"""The terminal: one console with the right width and colours, and paragraphs that hang behind a mark.

In a pipe nothing is wrapped, so that a line can be searched for; what the encoding lacks has an ASCII form (`plain`).
"""

from __future__ import annotations

import sys
from itertools import pairwise
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from vmxtool._text import safe
from vmxtool.machine.locate import as_named
from vmxtool.report.text.plain import can_encode
from vmxtool.report.text.printable import shortened
from vmxtool.rules.commands import NOT_FOR_PASTING, can_be_pasted, line_end, quoted, shell

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import IO

    from vmxtool.machine.model import Machine

_STYLES = {
    "blocker": "bold red",
    "warning": "yellow",
    "info": "cyan",
    "unknown": "magenta",
    "ready": "bold green",
    "needs-steps": "bold yellow",
    "depends": "bold magenta",
    "not-supported": "bold red",
}
_MAX_WIDTH = 100
_MIN_WIDTH = 40
_UNWRAPPED = 1_000_000  # columns of a pipe: more than any text that is shown
_LONGEST = 1000  # characters of one text; a value of a megabyte is nothing that anyone reads
_NAME_LENGTH = 70
_HANG = 4
_NOT_SHOWN = "a name in it has characters that this terminal cannot show"


class _Console(Console):
    def on_broken_pipe(self) -> None:
        # Rich would end the program with 1; the command line decides that, in one place.
        raise BrokenPipeError


def console(stream: IO[str] | None = None) -> Console:
    """Make a console on a stream (standard output by default); NO_COLOR and the terminal decide on colour and width."""
    made = _Console(file=stream or sys.stdout, highlight=False, markup=False, emoji=False)
    made.width = max(min(made.width, _MAX_WIDTH), _MIN_WIDTH) if made.is_terminal else _UNWRAPPED
    made.height = made.height  # said once, or Rich asks the system for the size of the terminal at every line
    return made


def is_wide(out: Console) -> bool:
    """Return whether there is room for a column beside the text, as on a terminal of usual width and in a pipe."""
    return out.width >= _MIN_WIDTH + _MIN_WIDTH // 2


def safe_text(text: str, style: str = "") -> Text:
    """Return text from a VM's files, or messages that quote them, made safe and of a length that a person reads."""
    return Text(shortened(text, _LONGEST), style=style)


def style_of(word: str) -> str:
    """Return the colour of a severity or a verdict."""
    return _STYLES.get(word, "")


def vm_title(name: str, path: object) -> Text:
    """Say which VM it is: its name, and its path as the person typed it; the name alone where no VM was seen."""
    title = safe_text(shortened(name, _NAME_LENGTH), "bold")
    return title if path is None else title.append_text(safe_text(f" ({path})", "not bold"))


def vm_place(asked: Path | None, config: Path | None) -> str:
    """Return the path of a VM as a person named it, a folder with a slash; its config where that is the current folder.

    Args:
        asked: the path as it was given, or None.
        config: the config or folder that it stands for.
    """
    if asked is None or str(asked) == "." or not asked.is_dir():
        return str(config)
    named = str(asked)
    return named if named.endswith("/") else f"{named}/"


def title_of(vm: Machine) -> Text:
    """Say which VM it is: its name, and the path that the person gave it by."""
    return vm_title(vm.name, vm_place(vm.path, as_named(vm.path, vm.config.path)))


def print_title(out: Console, title: Text) -> None:
    """Print the first line of a result: its further lines, on a terminal, are set in."""
    head, *rest = title.wrap(out, out.width) or [Text()]
    if rest:
        # Wrapped anew, so that what is set in fits as well.
        tail = title[len(head) :]
        while tail.plain[:1] == " ":
            tail = tail[1:]
        rest = list(tail.wrap(out, out.width - _HANG))
    for number, line in enumerate((head, *rest)):
        line.rstrip()
        out.print(Text(" " * (_HANG * bool(number))) + line, soft_wrap=True)


def print_heading(out: Console, words: str) -> None:
    """Print an empty line and a heading."""
    out.print()
    print_hanging(out, "", Text(words, "bold"))


def print_hanging(out: Console, mark: Text | str, text: Text, indent: int = 0) -> None:
    """Print a paragraph behind a mark, its further lines set in as far, without blanks at line ends."""
    head = Text(" " * indent).append_text(mark if isinstance(mark, Text) else Text(mark))
    if head.cell_len > indent:
        head.append(" ")
    width = head.cell_len
    for number, line in enumerate(text.wrap(out, max(out.width - width, _MIN_WIDTH // 2))):
        line.rstrip()
        whole = (head if number == 0 else Text(" " * width)) + line
        whole.rstrip()
        out.print(whole, soft_wrap=True)


def print_columns(out: Console, rows: Sequence[Sequence[Text | str]], indent: int = 0) -> None:
    """Print rows of cells under one another, two blanks apart; the last cell of a row hangs behind the others.

    Args:
        out: where to.
        rows: as many cells in each.
        indent: columns to set them in.
    """
    cells = [[cell if isinstance(cell, Text) else Text(cell) for cell in row] for row in rows]
    widths = [max(row[place].cell_len for row in cells) for place in range(len(cells[0]) - 1)] if cells else []
    for row in cells:
        head = Text()
        for cell, width in zip(row, widths, strict=False):
            head.append_text(cell).append(" " * (width - cell.cell_len + 1))
        print_hanging(out, head, row[-1], indent)


def print_command(
    out: Console, argv: Sequence[str], indent: int, mark: Text | None = None, *, here: bool = True
) -> None:
    """Print a command that can be copied: quoted for a shell, and on a terminal broken as that shell allows.

    One with characters that a terminal would act on is shown with their codes, and marked, since it is another then.

    Args:
        out: where to.
        argv: the command.
        indent: columns to set it in.
        mark: what stands before it, in the columns that it is set in.
        here: whether it runs on this system, and not on an ESX host.
    """
    head = mark if mark is not None else Text(" " * indent)
    line = safe(shell(argv, here=here))
    pieces = [line] if indent + len(line) <= out.width else _pieces(argv, out.width - indent - 4, here=here)
    for number, piece in enumerate(pieces):
        lead = head if number == 0 else Text(" " * (indent + 2))
        end = "" if number == len(pieces) - 1 else f" {line_end(here=here)}"
        out.print(lead + Text(piece + end, "bold"), soft_wrap=True)
    if not can_be_pasted(argv):
        print_hanging(out, Text("!", "yellow"), Text(f"not to be pasted: {NOT_FOR_PASTING}"), indent)
    elif not can_encode(line, out.encoding):
        print_hanging(out, Text("!", "yellow"), Text(f"not to be pasted: {_NOT_SHOWN}"), indent)


def _pieces(argv: Sequence[str], room: int, *, here: bool) -> list[str]:
    """Return a command in lines of about `room` columns; no word is broken, and an option keeps its value."""
    groups = [[argv[0]]]
    for before, word in pairwise(argv):
        if before.startswith("-") and not word.startswith("-") and before != argv[0]:
            groups[-1].append(word)
        else:
            groups.append([word])
    lines: list[str] = []
    for group in groups:
        said = " ".join(safe(quoted(word, here=here)) for word in group)
        if lines and len(lines[-1]) + len(said) < room:
            lines[-1] += f" {said}"
        else:
            lines.append(said)
    return lines
