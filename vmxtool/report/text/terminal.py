"""The terminal: one console with the right width and colours, and paragraphs that hang behind a mark."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from vmxtool._text import safe
from vmxtool.report.text.printable import shortened
from vmxtool.rules.commands import NOT_FOR_PASTING, can_be_pasted, shell

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO

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
_LONGEST = 1000  # characters of one text; a value of a megabyte is nothing that anyone reads
_NAME_LENGTH = 70


class _Console(Console):
    def on_broken_pipe(self) -> None:
        # Rich would end the program with 1; the command line decides that, in one place.
        raise BrokenPipeError


def console(stream: IO[str] | None = None) -> Console:
    """A console on a stream (standard output by default); NO_COLOR and the terminal decide on colour and width."""
    made = _Console(file=stream or sys.stdout, highlight=False, markup=False, emoji=False)
    made.width = max(min(made.width, _MAX_WIDTH), _MIN_WIDTH)
    return made


def safe_text(text: str, style: str = "") -> Text:
    """Text from a VM's files, or messages that quote them, made safe and of a length that a person reads."""
    return Text(shortened(text, _LONGEST), style=style)


def style_of(word: str) -> str:
    """The colour of a severity or a verdict."""
    return _STYLES.get(word, "")


def vm_title(name: str, path: object) -> Text:
    """Which VM it is: its name, and its path as the person typed it; the name alone where no VM was seen."""
    title = safe_text(shortened(name, _NAME_LENGTH), "bold")
    return title if path is None else title.append_text(safe_text(f" ({path})", "not bold"))


def print_title(out: Console, title: Text) -> None:
    """Print the first line of a result: one line, however long, so that it can be searched for."""
    out.print(title, soft_wrap=True)


def print_heading(out: Console, words: str) -> None:
    """Print an empty line and a heading."""
    out.print()
    out.print(Text(words, "bold"))


def print_hanging(out: Console, mark: Text | str, text: Text, indent: int = 0) -> None:
    """Print a paragraph behind a mark, its further lines set in as far, without blanks at line ends."""
    head = Text(" " * indent).append_text(mark if isinstance(mark, Text) else Text(mark)).append(" ")
    width = head.cell_len
    for number, line in enumerate(text.wrap(out, max(out.width - width, _MIN_WIDTH // 2))):
        line.rstrip()
        out.print((head if number == 0 else Text(" " * width)) + line, soft_wrap=True)


def print_command(out: Console, argv: Sequence[str], indent: int) -> None:
    """Print a command that can be copied: quoted for a shell, alone on its line however long that is.

    One with characters that a terminal would act on is shown with their codes, and marked, since it is another then.
    """
    out.print(Text(" " * indent).append(safe(shell(argv)), "bold"), soft_wrap=True)
    if not can_be_pasted(argv):
        print_hanging(out, Text("!", "yellow"), Text(f"not to be pasted: {NOT_FOR_PASTING}"), indent)
