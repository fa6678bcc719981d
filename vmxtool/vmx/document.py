"""A file of the dictionary language as its lines: every byte kept, every value readable by name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from vmxtool import _files, _grammar
from vmxtool.errors import InputError
from vmxtool.evidence import Evidence
from vmxtool.vmx import encodings, values

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Kind = Literal["BOM", "ASSIGNMENT", "COMMENT", "BLANK", "UNKNOWN"]

# VMware's reader has no limits of its own. The largest real configs are below 300 kB, their longest lines below 6 kB.
MAX_BYTES = 32 * 2**20
MAX_LINE_BYTES = 2**20
_PIECE = 2**16
_LINE_END = re.compile(r"\r\n|\n|\r")
_VALUE = re.compile(r'=[ \t]*(?:"([^"]*)"|([^\x00 \t#\r\n]*))')
_ENCODING_KEYS = (".encoding", "config.encoding", "preferences.encoding", "vmlist.encoding", "snapshot.encoding")


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its 1-based number, its kind, and its bytes with the line end."""

    number: int
    kind: Kind
    raw: bytes


@dataclass(frozen=True, slots=True)
class Encoding:
    """How the values of a file are decoded.

    Attributes:
        codec: the Python codec in use.
        declared: the name in the file (`.encoding`), or None.
        known: False where the declared name is one that VMware does not know; `codec` is then a guess.
    """

    codec: str
    declared: str | None
    known: bool

    @property
    def name(self) -> str:
        """The name for a reader: as declared, else that of the codec in use."""
        return self.declared if self.declared is not None else self.codec.upper()


class Document(Mapping[str, str]):
    """A case-insensitive, read-only mapping from keys to decoded values; `bytes(document)` is the file.

    Where a key stands twice the first one counts, as in VMware, which then refuses the file: see `duplicates`.
    The file is split into lines and unescaped as bytes and decoded last, because in Shift_JIS, GBK and Big5 half of a
    character may look like the escape sign.
    """

    __slots__ = ("_bom", "_encoding", "_index", "_lines", "duplicates", "name", "unknown")

    def __init__(self, lines: Iterable[tuple[str, str]], name: str) -> None:
        """Make a document of (kind, Latin-1 text) pairs; use `parse` or `read` instead."""
        kept = list(lines)
        self._bom = kept[0][1] if kept and kept[0][0] == "BOM" else ""
        self._lines = kept[1:] if self._bom else kept
        self.name = name
        self._encoding: Encoding | None = None
        index: dict[str, int] = {}
        duplicates: list[tuple[str, int, int]] = []
        unknown: list[int] = []
        for number, (kind, text) in enumerate(self._lines):
            if kind == "ASSIGNMENT":
                key = fold(text.partition("=")[0].strip(" \t"))
                if index.setdefault(key, number) != number:
                    duplicates.append((key, index[key] + 1, number + 1))
            elif kind == "UNKNOWN":
                unknown.append(number + 1)
        self._index = index
        self.duplicates = tuple(duplicates)
        """(folded key, line of the first, line of the repetition) for every repeated key."""
        self.unknown = tuple(unknown)
        """Numbers of the lines at which VMware stops reading with a syntax error."""

    @classmethod
    def parse(cls, data: bytes, name: str) -> Document:
        """Read the bytes of a file; every input is a document. `name` is how the file is called in messages."""
        return cls(_tokens(data), name)

    @classmethod
    def read(cls, path: Path, name: str | None = None) -> Document:
        """Read a file.

        Raises:
            InputError: it cannot be opened, or is larger or has a longer line than any config.
        """
        data = _files.read_range(path, 0, MAX_BYTES + 1)
        _refuse_oversize(data, path)
        return cls.parse(data, path.name if name is None else name)

    # --- the file ---

    def __bytes__(self) -> bytes:
        return (self._bom + "".join([text for _, text in self._lines])).encode("latin-1")

    def line(self, number: int) -> Line:
        """The line with a 1-based number."""
        kind, text = self._lines[number - 1]
        return Line(number, kind, text.encode("latin-1"))  # type: ignore[arg-type]

    @property
    def lines(self) -> int:
        """How many lines the file has, blank ones and comments included."""
        return len(self._lines)

    @property
    def tokens(self) -> list[tuple[str, str]]:
        """The (kind, Latin-1 text) pairs of the lines, without a BOM; a copy."""
        return list(self._lines)

    @property
    def bom(self) -> bool:
        """Whether the file begins with a UTF-8 byte order mark."""
        return bool(self._bom)

    @property
    def line_ending(self) -> str:
        """"LF", "CRLF", "CR", "mixed", or "none" for a file without a line end."""
        ends = {text[-2:] if text.endswith("\r\n") else text[-1:] for _, text in self._lines}
        names = {{"\n": "LF", "\r\n": "CRLF", "\r": "CR"}[end] for end in ends if end in {"\n", "\r\n", "\r"}}
        return names.pop() if len(names) == 1 else "mixed" if names else "none"

    @property
    def encoding(self) -> Encoding:
        """How values are decoded: by `.encoding`, which is believed before anything else; else by BOM; else guessed."""
        if self._encoding is None:
            self._encoding = self._find_encoding()
        return self._encoding

    def _find_encoding(self) -> Encoding:
        declared = next((raw for key in _ENCODING_KEYS if (raw := self._raw(key)) is not None), None)
        if declared is None:
            return Encoding("utf-8" if self._bom else encodings.guess(bytes(self)), None, known=True)
        name = values.unescape(declared.encode("latin-1")).decode("ascii", "backslashreplace")
        codec = encodings.codec(name)
        return Encoding(codec or encodings.guess(bytes(self)), name, known=codec is not None)

    # --- the values ---

    def __getitem__(self, key: str) -> str:
        raw = self._raw(fold(key))
        if raw is None:
            raise KeyError(key)
        if raw.isascii() and "|" not in raw and "\x00" not in raw and self._ascii_is_plain():
            return raw
        return encodings.decode(values.unescape(raw.encode("latin-1")), self.encoding.codec)

    def __iter__(self) -> Iterator[str]:
        """Keys as they are spelt, in the order of the file."""
        return (self.spelling(key) for key in self._index)

    def __len__(self) -> int:
        return len(self._index)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and fold(key) in self._index

    def folded(self) -> Iterable[str]:
        """Keys in lower case, in the order of the file."""
        return self._index.keys()

    def spelling(self, key: str) -> str:
        """A key as the file spells it.

        Raises:
            KeyError: the file does not have it.
        """
        text = self._lines[self._index[fold(key)]][1].partition("=")[0].strip(" \t")
        return text if text.isascii() else encodings.decode(text.encode("latin-1"), self.encoding.codec)

    def where(self, key: str) -> int | None:
        """The 1-based number of the line that has a key, or None."""
        number = self._index.get(fold(key))
        return None if number is None else number + 1

    def evidence(self, key: str) -> Evidence:
        """The place of a key, with its value as it stands in the file; without a line where the key is absent."""
        raw = self._raw(fold(key))
        if raw is None:
            return Evidence(self.name, None, key, None)
        text = raw if raw.isascii() else encodings.decode(raw.encode("latin-1"), self.encoding.codec)
        return Evidence(self.name, self.where(key), self.spelling(key), text)

    def flag(self, key: str, default: bool) -> bool:
        """A boolean value as VMware reads it, or the default where the key is absent."""
        value = self.get(key)
        return default if value is None else values.as_bool(value)

    def number(self, key: str) -> int | None:
        """An integer value as VMware reads it, or None where the key is absent."""
        value = self.get(key)
        return None if value is None else values.as_int(value)

    def _raw(self, folded_key: str) -> str | None:
        number = self._index.get(folded_key)
        if number is None:
            return None
        hit = _VALUE.search(self._lines[number][1])
        if hit is None:
            return None
        return hit[1] if hit[1] is not None else hit[2]

    def _ascii_is_plain(self) -> bool:
        return not encodings.is_shifting(self.encoding.codec)


def fold(key: str) -> str:
    """A key for comparing: ASCII letters in lower case, as VMware's strcasecmp sees it."""
    return key.lower() if key.isascii() else "".join([char.lower() if char.isascii() else char for char in key])


def _tokens(data: bytes) -> Iterator[tuple[str, str]]:
    # Reading piece by piece, each cut after a line end, bounds the parser's memory whatever the file holds.
    text = data.decode("latin-1")
    start, rule = 0, "file"
    while start < len(text):
        end = len(text)
        if end - start > _PIECE:
            cut = _LINE_END.search(text, start + _PIECE)
            end = cut.end() if cut else end
        yield from _grammar.tokens("vmx", text[start:end], rule)
        start, rule = end, "lines"


def _refuse_oversize(data: bytes, path: Path) -> None:
    if len(data) > MAX_BYTES:
        line = len(_LINE_END.findall(data.decode("latin-1")))
        raise InputError(path, f"larger than {MAX_BYTES >> 20} MiB, so not a VM's config", "name the .vmx file", line + 1)
    if len(data) <= MAX_LINE_BYTES:
        return
    start = 0
    for number, hit in enumerate(re.finditer(rb"\r\n|\n|\r|\Z", data), 1):
        if hit.start() - start > MAX_LINE_BYTES:
            problem = f"a line longer than {MAX_LINE_BYTES >> 20} MiB, so not a VM's config"
            raise InputError(path, problem, "name the .vmx file", number)
        start = hit.end()
