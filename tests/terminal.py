"""A program on a real terminal of a width, as a person has it: what it prints, without colour."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

COLOUR_SWITCHES = {"FORCE_COLOR", "PY_COLORS", "GITHUB_ACTIONS", "COLUMNS", "LINES", "TTY_COMPATIBLE"}
PLAIN = {"TERM": "xterm", "NO_COLOR": "1", "PYTHONUTF8": "1", "LC_ALL": "C.UTF-8"}
COLOURED = {"NO_COLOR": "", "TERM": "xterm-256color"}
_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07")


def on_a_terminal(
    argv: Sequence[str],
    *,
    columns: int = 80,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    colour: bool = False,
) -> str:
    """What a program prints, errors too, on a terminal of so many columns; trailing blanks stay.

    Args:
        argv: the program with its arguments.
        columns: of the terminal.
        folder: where it is run.
        environment: variables beside or instead of those of this process.
        colour: whether it may use colour; its codes then stay.
    """
    screen, inner = pty.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    inherited = {key: value for key, value in os.environ.items() if key not in COLOUR_SWITCHES}
    run = subprocess.Popen(
        argv,
        cwd=folder,
        env={**inherited, **({**PLAIN, **COLOURED} if colour else PLAIN), **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=inner,
        stderr=inner,
    )
    os.close(inner)
    shown = b""
    while True:
        try:
            piece = os.read(screen, 2**16)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        shown += piece
    os.close(screen)
    run.wait()
    text = shown.decode("utf-8", "replace").replace("\r\n", "\n")
    return text if colour else _CODES.sub("", text)
