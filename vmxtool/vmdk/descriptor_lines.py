"""The lines of a disk descriptor: settings and extents, split as bytes and decoded last."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from vmxtool import _grammar
from vmxtool._record import Record
from vmxtool.vmdk.sectors import MAX_SECTORS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PIECE = 2**16

# Types whose file VMware opens at a sector that the line gives; Virtual Disk Format 5.0 asks for it after FLAT.
_WITH_OFFSET = frozenset({"FLAT"})
_WITHOUT_FILE = frozenset({"ZERO"})

_FIELDS = re.compile(rb"[ \t]*+([A-Za-z]++)[ \t]++([0-9]++)[ \t]++([A-Za-z0-9]++)")
_OFFSET = re.compile(rb"[ \t]*+([0-9]{1,19})(?=[ \t]|\Z)")
# The closing quote is the first one that an offset or nothing follows, so that a quote may stand in a name.
_QUOTES = (b'"', b"'")
_THEN = rb"(?=[ \t]++[0-9]++(?:[ \t]|\Z)|[ \t]*+\Z)"


class Setting(NamedTuple):
    """One `key = value` line.

    Attributes:
        line: 1-based line number in the descriptor.
        key: the key as it is spelt.
        raw: the value's bytes, without its quotes.
        start: offset of the first byte of the value in the descriptor.
        quoted: whether the value stands in double quotes.
    """

    line: int
    key: str
    raw: bytes
    start: int
    quoted: bool


class Extent(NamedTuple):
    """One extent line.

    Attributes:
        access: "RW", "RDONLY" or "NOACCESS", in upper case.
        sectors: size in sectors of 512 bytes.
        type: "FLAT", "SPARSE", "ZERO", "VMFS", "VMFSSPARSE", "SESPARSE" and so on, in upper case.
        file: file or device name as the line has it, decoded, or None where it names none.
        offset: sector in the file at which the extent begins, or None where the line does not say.
        extra: what follows, such as a partition's identity, decoded and otherwise as it stands; "" for nothing.
        line: 1-based line number in the descriptor.
        problem: what VMware's own tools would not have written, as a clause; "" for nothing.
    """

    access: str
    sectors: int
    type: str
    file: str | None
    offset: int | None
    extra: str
    line: int
    problem: str = ""

    def __str__(self) -> str:
        return f"{self.access} {self.sectors} {self.type}" + (f' "{self.file}"' if self.file is not None else "")


class LineProblem(NamedTuple):
    """What a reader of VMware disks would not expect: its line, if it has one, its text, what is wrong as a clause."""

    line: int | None
    text: str
    problem: str


class Lines(Record):
    """The lines of a descriptor by their kinds, in order.

    Which codec is the right one stands in a setting, so no other line is read before all are split.

    Attributes:
        settings: the settings, read.
        extents: (Latin-1 text, line number) of each extent.
        unknown: the same of each line that is none of a descriptor's.
        bom: whether a UTF-8 byte order mark comes before them.
    """

    settings: tuple[Setting, ...]
    extents: tuple[tuple[str, int], ...]
    unknown: tuple[tuple[str, int], ...]
    bom: bool


def split_lines(data: bytes) -> Lines:
    """Sort the lines of a descriptor by their kinds; comments, empty lines and padding are left out."""
    settings: list[Setting] = []
    extents: list[tuple[str, int]] = []
    unknown: list[tuple[str, int]] = []
    start = line = 0
    bom = False
    for kind, text in tokens(data):
        if kind == "BOM":
            bom = True
            start += len(text)
            continue
        line += 1
        if kind == "ASSIGNMENT":
            settings.append(parse_setting(text, line, start))
        elif kind == "EXTENT":
            extents.append((text, line))
        elif kind == "UNKNOWN":
            unknown.append((text, line))
        start += len(text)
    return Lines(tuple(settings), tuple(extents), tuple(unknown), bom)


def tokens(data: bytes) -> Iterator[tuple[str, str]]:
    """Yield the (kind, Latin-1 text) pairs of a descriptor; the texts joined are the data."""
    # Cut after a line end, and never inside the padding, which is one token: so the parser's memory is bounded
    # whatever the file holds.
    text = data.decode("latin-1")
    nul = text.find("\x00")
    stop = len(text) if nul < 0 else nul
    start, rule = 0, "descriptor"
    while start < len(text):
        cut = text.find("\n", start + _PIECE, stop) + 1
        end = cut or len(text)
        yield from _grammar.tokens("vmdk_descriptor", text[start:end], rule)
        start, rule = end, "lines"


def parse_setting(text: str, line: int, start: int) -> Setting:
    """Read a line that the grammar took for a setting; `start` is the offset of its first byte in the descriptor."""
    key, _, rest = text.partition("=")
    value = rest.strip(" \t\r\n")
    at = start + len(key) + 1 + len(rest) - len(rest.lstrip(" \t"))
    quoted = value.startswith('"')
    if quoted:
        value, at = value[1:-1], at + 1
    return Setting(line, key.strip(" \t"), value.encode("latin-1"), at, quoted)


def parse_extent(text: str, line: int, decode: Callable[[bytes], str]) -> Extent:
    """Read a line that the grammar took for an extent.

    Raises:
        ValueError: it is none.
    """
    raw = text.rstrip("\r\n").encode("latin-1")
    fields = _FIELDS.match(raw)
    if fields is None:
        raise ValueError(f"line {line} is not an extent line")
    access, sectors, kind = fields[1].decode("ascii").upper(), int(fields[2]), fields[3].decode("ascii").upper()
    file, rest, problem = _split_name(raw[fields.end() :].strip(b" \t"))
    offset = None
    if (hit := _OFFSET.match(rest)) is not None:
        offset, rest = int(hit[1]), rest[hit.end() :]
    if not 0 < sectors <= MAX_SECTORS or (offset or 0) > MAX_SECTORS:
        problem = "an extent of 0 sectors" if sectors == 0 else "more sectors than a file can hold"
    elif file is None and kind not in _WITHOUT_FILE:
        problem = problem or "an extent that names no file"
    elif offset is None and kind in _WITH_OFFSET:
        problem = problem or "a flat extent without its offset"
    return Extent(
        access=access,
        sectors=sectors,
        type=kind,
        file=None if file is None else decode(file),
        offset=offset,
        extra=decode(rest.strip(b" \t")),
        line=line,
        problem=problem,
    )


def _split_name(rest: bytes) -> tuple[bytes | None, bytes, str]:
    """Return the file name, what follows it, and what is wrong with it."""
    quote = rest[:1]
    if quote in _QUOTES:
        closing = re.compile(quote + _THEN).search(rest, 1)
        end = closing.start() if closing else rest.rfind(quote)
        if end > 0:
            problem = "" if quote == b'"' else "a file name in single quotes"
            return rest[1:end] or None, rest[end + 1 :], problem
        return None, rest, "a file name without its closing quote"
    if not rest or _OFFSET.match(rest):
        return None, rest, ""
    name = re.split(rb"[ \t]", rest, maxsplit=1)
    return name[0], name[1] if len(name) > 1 else b"", "a file name without quotes"
