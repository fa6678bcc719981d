"""A file of the dictionary language as its lines: every byte kept, every value readable by name."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple, cast

from vmxtool import _files, _grammar
from vmxtool.evidence import Evidence
from vmxtool.vmx import encodings, intake, syntax, values
from vmxtool.vmx.encodings import Encoding

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["ENCODING_KEYS", "Document", "Encoding", "Kind", "Line", "fold", "split"]

Kind = Literal["BOM", "ASSIGNMENT", "COMMENT", "BLANK", "UNKNOWN"]

# The oldest products had a name of their own for each kind of file; VMware still takes them all for `.encoding`.
ENCODING_KEYS = (".encoding", "config.encoding", "preferences.encoding", "vmlist.encoding", "snapshot.encoding")

_PIECE = 2**14
_LINE_END = re.compile(r"\r\n|\n|\r")
_VALUE = re.compile(r'=[ \t]*+(?:"([^"]*+)"|([^\x00 \t#\r\n]*+))')


class Line(NamedTuple):
    """One line: its 1-based number, its kind, and its bytes with the line end."""

    number: int
    kind: Kind
    raw: bytes


class Document(Mapping[str, str]):
    """A case-insensitive, read-only mapping from keys to decoded values; `bytes(document)` is the file.

    Where a key stands twice the first one counts, as in VMware, which then refuses the file: see `duplicates`.
    The file is split into lines and unescaped as bytes and decoded last, because in Shift_JIS, GBK and Big5 half of a
    character may look like the escape sign.

    Attributes:
        name: how the file is called in messages.
        unknown: numbers of the lines at which VMware stops reading with a syntax error; see `complaint`.
        repeats: numbers of the lines with a key that an earlier line has; see `duplicates`.
    """

    __slots__ = (
        "_duplicates",
        "_encoding",
        "_foreign",
        "_guess",
        "_index",
        "_kinds",
        "_starts",
        "_text",
        "_values",
        "name",
        "repeats",
        "unknown",
    )

    def __init__(self, text: str, lines: Iterable[tuple[str, int]], name: str, guess: str | None = None) -> None:
        """Make a document of a Latin-1 view and its lines as (kind, length); use `parse` or `read` instead.

        `guess` is the codec to assume where the file names none that VMware knows.
        """
        self.name = name
        self._text = text
        self._kinds: list[str] = []
        self._starts = array("L")
        self._index: dict[str, int] = {}
        self._foreign: dict[str, int] | None = None
        self._duplicates: tuple[tuple[str, int, int], ...] | None = None
        self._values: dict[int, str] = {}
        self.repeats, self.unknown = self._take(lines)
        self._guess = guess
        self._encoding: Encoding | None = None

    @classmethod
    def parse(cls, data: bytes, name: str) -> Document:
        """Read the bytes of a file; every input is a document. `name` is how the file is called in messages."""
        text = data.decode("latin-1")
        return cls(text, split(text), name)

    @classmethod
    def read(cls, path: Path, name: str | None = None) -> Document:
        """Read a file.

        Raises:
            InputError: it cannot be opened, or is larger or has more or longer lines than any config.
        """
        data = _files.read_range(path, 0, intake.MAX_BYTES + 1)
        intake.refuse_oversize(data, path)
        text = data.decode("latin-1")
        del data
        return cls(text, split(text), path.name if name is None else name)

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

    # --- the file ---

    def __bytes__(self) -> bytes:
        return self._text.encode("latin-1")

    def line(self, number: int) -> Line:
        """The line with a 1-based number.

        Raises:
            IndexError: the file has no such line.
        """
        text = self._line_text(number)
        return Line(number, cast("Kind", self._kinds[number - 1]), text.encode("latin-1"))

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

    @property
    def duplicates(self) -> tuple[tuple[str, int, int], ...]:
        """(folded key, line of the first, line of the repetition) for every repeated key; VMware refuses the file.

        Left out are names that begin with a dot and the old names of `.encoding`: no variables, they may be repeated.
        """
        if self._duplicates is None:
            lines = [(fold(self._raw_key(line - 1)), line) for line in self.repeats]
            self._duplicates = tuple(
                (fold(self._spelling(line - 1)), self._index[raw] + 1, line)
                for raw, line in lines
                if not raw.startswith(".") and raw not in ENCODING_KEYS
            )
        return self._duplicates

    def complaint(self, number: int) -> str:
        """Why VMware stops at a line of `unknown`, by its 1-based number, as a clause without a full stop."""
        return syntax.complaint(self._line_text(number))

    @property
    def encoding(self) -> Encoding:
        """How values are decoded: by `.encoding`, which is believed before anything else; else by a guess."""
        if self._encoding is None:
            rows = self._encoding_rows()
            declared = [(row + 1, self._bytes(row).decode("ascii", "backslashreplace")) for row in rows]
            self._encoding = encodings.settle(declared, self._guess_codec)
        return self._encoding

    @property
    def undecodable(self) -> tuple[str, ...]:
        """Keys, folded, whose values are not valid in the file's encoding; VMware refuses a file that has one."""
        if self._text.isascii() and "|" not in self._text and not encodings.is_shifting(self.encoding.codec):
            return ()
        rows = self._index.values()
        return tuple(
            fold(self._spelling(row)) for row in rows if not encodings.is_valid(self._bytes(row), self.encoding.codec)
        )

    # --- the values ---

    def __getitem__(self, key: str) -> str:
        row = self._row(key)
        if row is None:
            raise KeyError(key)
        value = self._values.get(row)
        if value is None:
            value = self._value(row)
            # Other values take up to sixteen times their bytes in the file, so they are not held.
            if value.isascii():
                self._values[row] = value
        return value

    def __iter__(self) -> Iterator[str]:
        """Keys as they are spelt, in the order of the file."""
        return map(self._spelling, self._index.values())

    def __len__(self) -> int:
        return len(self._index)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self._row(key) is not None

    def folded(self) -> Iterable[str]:
        """Keys in lower case, in the order of the file."""
        return self._index.keys() if self._text.isascii() else [fold(key) for key in self]

    def spelling(self, key: str) -> str:
        """A key as the file spells it.

        Raises:
            KeyError: the file does not have it.
        """
        row = self._row(key)
        if row is None:
            raise KeyError(key)
        return self._spelling(row)

    def where(self, key: str) -> int | None:
        """The 1-based number of the line that has a key, or None."""
        row = self._row(key)
        return None if row is None else row + 1

    def evidence(self, key: str) -> Evidence:
        """The place of a key, with its value as it stands in the file; without a line where the key is absent."""
        row = self._row(key)
        if row is None:
            return Evidence(self.name, None, key, None)
        return Evidence(self.name, row + 1, self._spelling(row), self._show(self._raw(row)))

    def flag(self, key: str, default: bool) -> bool:
        """A boolean value as VMware reads it, or the default where the key is absent."""
        return values.as_bool(self[key]) if key in self else default

    def number(self, key: str) -> int | None:
        """An integer value as VMware reads it, or None where the key is absent."""
        return values.as_int(self[key]) if key in self else None

    # --- rows count from 0 ---

    def _row(self, key: str) -> int | None:
        folded = fold(key)
        if folded.isascii():
            row = self._index.get(folded)
            if row is not None or self._text.isascii():
                return row
        if self._foreign is None:
            # The index has names as bytes; readers ask for them as they are shown.
            rows = [row for raw, row in self._index.items() if not raw.isascii()]
            self._foreign = {fold(self._spelling(row)): row for row in reversed(rows)}
        return self._foreign.get(folded)

    def _line_text(self, number: int) -> str:
        if not 1 <= number <= len(self._kinds):
            raise IndexError(f"{self.name} has no line {number}")
        return self._text[self._starts[number - 1] : self._starts[number]]

    def _raw_key(self, row: int) -> str:
        start = self._starts[row]
        return self._text[start : self._text.index("=", start)].strip(" \t")

    def _spelling(self, row: int) -> str:
        return self._show(self._raw_key(row))

    def _raw(self, row: int) -> str:
        hit = cast("re.Match[str]", _VALUE.search(self._text, self._starts[row], self._starts[row + 1]))
        return cast("str", hit[1] if hit[1] is not None else hit[2])

    def _bytes(self, row: int) -> bytes:
        return values.unescape(self._raw(row).encode("latin-1"))

    def _value(self, row: int) -> str:
        raw = self._raw(row)
        codec = self.encoding.codec
        if raw.isascii() and "|" not in raw and not encodings.is_shifting(codec):
            return raw
        return encodings.decode(values.unescape(raw.encode("latin-1")), codec)

    def _show(self, raw: str) -> str:
        return raw if raw.isascii() else encodings.decode(raw.encode("latin-1"), self.encoding.codec)

    def _encoding_rows(self) -> list[int]:
        first = [row for key in ENCODING_KEYS if (row := self._index.get(key)) is not None]
        again = [line - 1 for line in self.repeats if fold(self._raw_key(line - 1)) in ENCODING_KEYS] if first else []
        return sorted(first + again)

    def _guess_codec(self) -> str:
        return encodings.guess_all(self._sample) if self._guess is None else self._guess

    def _sample(self) -> Iterator[bytes]:
        if not self._text.isascii() or "|" in self._text:
            yield from map(self._bytes, self._index.values())


def fold(key: str) -> str:
    """A key for comparing: ASCII letters in lower case, as VMware's strcasecmp sees it."""
    return key.lower() if key.isascii() else "".join([char.lower() if char.isascii() else char for char in key])


def split(text: str) -> Iterator[tuple[str, int]]:
    """The lines of a Latin-1 view as (kind, length), with the BOM first where there is one."""
    # Reading piece by piece, each cut after a line end, bounds the parser's memory whatever the file holds.
    start, rule = 0, "file"
    while start < len(text):
        end = len(text)
        if end - start > _PIECE:
            cut = _LINE_END.search(text, start + _PIECE)
            end = cut.end() if cut else end
        for kind, line in _grammar.tokens("vmx", text[start:end], rule):
            yield kind, len(line)
        start, rule = end, "lines"
