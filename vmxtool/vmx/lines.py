"""A file of the dictionary language as its lines: where each begins, what it is, and every byte of it."""

from __future__ import annotations

import re
from array import array
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple, cast

from vmxtool import _grammar
from vmxtool.vmx import syntax, values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Kind = Literal["BOM", "ASSIGNMENT", "COMMENT", "BLANK", "UNKNOWN"]

_PIECE = 2**14
_LINE_END = r"\r\n|\n|\r"
_VALUE = re.compile(r'=[ \t]*+(?:"([^"]*+)"|([^\x00 \t#\r\n]*+))')


class Line(NamedTuple):
    """One line: its 1-based number, its kind, and its bytes with the line end."""

    number: int
    kind: Kind
    raw: bytes


class Lines:
    """The lines of a file; `bytes(lines)` is the file. Rows count from 0 inside, and line numbers from 1 outside.

    Attributes:
        name: how the file is called in messages.
        unknown: numbers of the lines at which VMware stops reading with a syntax error; see `problem_of_line`.
        repeats: numbers of the lines with a key that an earlier line has.
    """

    __slots__ = ("_index", "_kinds", "_starts", "_text", "name", "repeats", "unknown")

    def __init__(self, text: str, lines: Iterable[tuple[str, int]], name: str) -> None:
        """Take a Latin-1 view of the file and its lines as (kind, length)."""
        self.name = name
        self._text = text
        self._kinds: list[str] = []
        self._starts = array("L")
        self._index: dict[str, int] = {}
        self.repeats, self.unknown = self._take(lines)

    def _take(self, lines: Iterable[tuple[str, int]]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Note where lines begin and where keys are; the numbers of the lines that repeat a key, and of the unknown."""
        text, index = self._text, self._index
        repeats, unknown = [], []
        start = row = 0
        for kind, length in lines:
            if kind == "ASSIGNMENT":
                key = text[start : text.index("=", start)].strip(" \t")
                # Names are compared as bytes, as VMware does; it decodes values alone.
                if index.setdefault(fold(key), row) != row:
                    repeats.append(row + 1)
            elif kind == "UNKNOWN":
                unknown.append(row + 1)
            elif kind == "BOM":
                start += length
                continue
            self._kinds.append(kind)
            self._starts.append(start)
            start += length
            row += 1
        self._starts.append(start)
        return tuple(repeats), tuple(unknown)

    def __bytes__(self) -> bytes:
        return self._text.encode("latin-1")

    def line(self, number: int) -> Line:
        """Return the line with a 1-based number.

        Raises:
            IndexError: the file has no such line.
        """
        text = self._line_text(number)
        return Line(number, cast("Kind", self._kinds[number - 1]), text.encode("latin-1"))

    @property
    def size(self) -> int:
        """How many bytes the file has."""
        return len(self._text)

    @property
    def lines(self) -> int:
        """How many lines the file has, blank ones and comments included."""
        return len(self._kinds)

    @property
    def tokens(self) -> list[tuple[str, str]]:
        """The (kind, Latin-1 text) pairs of the lines, without a BOM; a copy."""
        places = zip(self._kinds, pairwise(self._starts), strict=True)
        return [(kind, self._text[start:end]) for kind, (start, end) in places]

    @property
    def bom(self) -> bool:
        """Whether the file begins with a UTF-8 byte order mark."""
        return self._starts[0] > 0

    @property
    def line_ending(self) -> str:
        """How lines end: "LF", "CRLF", "CR", "mixed", or "none" for a file without a line end."""
        pairs = self._text.count("\r\n")
        counts = {"LF": self._text.count("\n") - pairs, "CRLF": pairs, "CR": self._text.count("\r") - pairs}
        found = [name for name, count in counts.items() if count]
        return found[0] if len(found) == 1 else "mixed" if found else "none"

    def problem_of_line(self, number: int) -> str:
        """Return why VMware stops at a line of `unknown`, by its 1-based number, as a clause without a full stop."""
        return syntax.problem_of_line(self._line_text(number))

    def _line_text(self, number: int) -> str:
        if not 1 <= number <= len(self._kinds):
            raise IndexError(f"{self.name} has no line {number}")
        return self._text[self._starts[number - 1] : self._starts[number]]

    def _raw_key(self, row: int) -> str:
        start = self._starts[row]
        return self._text[start : self._text.index("=", start)].strip(" \t")

    def _raw(self, row: int) -> str:
        hit = cast("re.Match[str]", _VALUE.search(self._text, self._starts[row], self._starts[row + 1]))
        return cast("str", hit[1] if hit[1] is not None else hit[2])

    def _bytes(self, row: int) -> bytes:
        return values.unescape(self._raw(row).encode("latin-1"))


def fold(key: str) -> str:
    """Return a key for comparing: ASCII letters in lower case, as VMware's strcasecmp sees it."""
    return key.lower() if key.isascii() else "".join([char.lower() if char.isascii() else char for char in key])


def split(text: str) -> Iterator[tuple[str, int]]:
    """Yield the lines of a Latin-1 view as (kind, length), with the BOM first where there is one."""
    # Reading piece by piece, each cut after a line end, bounds the parser's memory whatever the file holds.
    start, rule = 0, "file"
    while start < len(text):
        end = len(text)
        if end - start > _PIECE:
            cut = re.compile(_LINE_END).search(text, start + _PIECE)
            end = cut.end() if cut else end
        for kind, line in _grammar.tokens("vmx", text[start:end], rule):
            yield kind, len(line)
        start, rule = end, "lines"
