"""The laws of every screen, asked of its text: nothing cut, padded, said twice, or wider than the terminal."""

from __future__ import annotations

import io
import re
import shlex
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

import pytest

from vmxtool.knowledge.sources import sources
from vmxtool.report.text.plain import ascii_form

if TYPE_CHECKING:
    from collections.abc import Callable

PROGRAMS = ("vmxtool", "vmkfstools", "qemu-img", "esxcli", "vim-cmd", "cp", "cd", "mkdir", "ovftool")
TARGETS = [
    "esxi6.7",
    "esxi8.0u2",
    "esxi6.0",
    "ws17.5",
    "ws16",
    "ws6",
    "ws4",
    "esx3",
    "esx2",
    "gsx3",
    "fusion13.5",
    "server2",
]
PIPE = None
WIDTHS = (40, 80, 200, PIPE)
_NAMES_A_VM = ("inspect", "check", "rewrite", "undo", "route")
_SAID = 24  # characters from which a line says something of its own


class Terminal(io.StringIO):
    """A terminal as far as a program can ask."""

    def isatty(self) -> bool:
        return True


def shown(write: Callable[[io.StringIO], object], columns: int | None = 80) -> str:
    """What is printed on a terminal of so many columns, or (None) in a pipe, without colour."""
    stream = io.StringIO() if columns is None else Terminal()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_COLOR", "1")
        patch.setenv("TERM", "xterm")
        patch.delenv("FORCE_COLOR", raising=False)
        # Where it is a pipe, what a shell says of its own width counts for nothing.
        patch.setenv("COLUMNS", str(columns or 40))
        write(stream)
    return re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue())


def flat(text: str) -> str:
    """A text as one line: on a terminal paragraphs are wrapped anywhere."""
    return " ".join(text.split())


def joined(text: str) -> list[str]:
    """The lines of a screen, a command that goes on behind a backslash as one."""
    return re.sub(r" \\\n +", " ", text).splitlines()


def is_command(line: str) -> bool:
    """Whether a line is a command, perhaps behind a number and a place."""
    return re.match(rf"\W*(?:\d+ )?.*?\b(?:{'|'.join(map(re.escape, PROGRAMS))}) ", line) is not None


def commands_in(text: str) -> list[list[str]]:
    """The commands of vmxtool about a VM that a screen prints on lines of their own, as a shell reads them."""
    found = re.findall(
        rf"(?m)^(?:next|undo)? *(vmxtool (?:{'|'.join(_NAMES_A_VM)})\b.*?)(?:   .*)?$", "\n".join(joined(text))
    )
    return [shlex.split(command) for command in found]


@cache
def _source_names() -> re.Pattern[str]:
    named = "|".join(re.escape(it) for it in sources() if ":" in it or "-" in it)
    return re.compile(rf"\b(?:{named})(?!\w)|\bmpg:[tp]\d|\bkb:\d|\S+:(?:lib|src)/")


def assert_laws(text: str, columns: int | None, vm: str | None = None, *, sources_too: bool = False) -> None:
    """Assert the laws of screens.md of a screen.

    Args:
        text: the screen.
        columns: of the terminal, or None for a pipe.
        vm: the VM as the person named it; every command then has it.
        sources_too: whether ids of sources may stand in it (`--why`).
    """
    lines = text.splitlines()
    assert [line for line in lines if line != line.rstrip()] == []
    assert [line for line in lines if re.search(r"(…|\.\.\.)\)?$", line)] == []
    if not sources_too:
        assert [line for line in lines if _source_names().search(line)] == []
    own = Counter(line.strip() for line in lines if len(line.strip()) > _SAID and not is_command(line))
    if not sources_too and (columns is None or columns >= 80):
        assert [line for line, times in own.items() if times > 1] == []
    if columns is not None:
        broken = False
        for line in lines:
            goes_on, broken = broken, line.endswith("\\")
            whole = " " not in line.strip()[:columns]
            assert goes_on or len(line) <= columns or is_command(line) or whole, line
    for words in commands_in(text):
        assert vm is None or vm in words, words
    assert ascii_form(text).isascii()
