"""The terminal: one console with the right width and colours."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from vmxtool.report.printable import safe

if TYPE_CHECKING:
    from typing import IO

_STYLES = {"blocker": "bold red", "warning": "yellow", "info": "cyan", "unknown": "magenta"}
_ANSWER_STYLES = {"ready": "bold green", "needs-steps": "bold yellow", "depends": "bold magenta", "not-supported": "bold red"}
_MAX_WIDTH = 100


def console(stream: IO[str] | None = None) -> Console:
    """A console on a stream (standard output by default); NO_COLOR and the terminal decide on colour and width."""
    made = Console(file=stream or sys.stdout, highlight=False, markup=False, emoji=False)
    made.width = min(made.width, _MAX_WIDTH)
    return made


def plain(text: str, style: str = "") -> Text:
    """Text from a VM's files, or messages that quote them, made safe."""
    return Text(safe(text), style=style)


def style_of(word: str) -> str:
    """The colour of a severity or a verdict."""
    return _STYLES.get(word) or _ANSWER_STYLES.get(word, "")
