"""Plain disks (`.pln`) of Workstation 2 and 3 and GSX Server 1 and 2: text that names preallocated data files."""

from __future__ import annotations

import re

from vmxtool._record import Record
from vmxtool.vmdk.descriptor_lines import Extent, LineProblem
from vmxtool.vmdk.sectors import MAX_SECTORS
from vmxtool.vmx import encodings

# The format is known from Ken Kato's VDK and a sample in the help of Workstation 3.1; no specification was published.
# Words stand in any case, between blanks or tabs; Workstation 3 keeps two numbers in comments that begin with "#vm|".
_WORD = re.compile(rb"[ \t]*+(#vm\|[a-z]++|[a-z]++)[ \t]++([^\r\n]*+)", re.IGNORECASE)
_FILE = re.compile(rb'(?:"([^"]*+)"|([^ \t"]++))[ \t]++([0-9]{1,18})[ \t]++([0-9]{1,18})[ \t]*+\Z')
_NUMBER = re.compile(rb"[0-9]{1,9}")
_MARK = re.compile(rb"(?:\A|\n)[ \t]*+(?:drivetype[ \t]++[a-z]|access[ \t]++[^\r\n]*[0-9])", re.IGNORECASE)


class PlainDisk(Record):
    """A plain disk as its text file has it.

    Attributes:
        drive_type: "ide" or "scsi" in lower case, or None.
        cylinders: geometry, as the other two, or None.
        extents: the data files in order; `offset` is None, because each is used from its beginning.
        version: `#vm|VERSION`, 1 to 3, or None.
        tools_version: `#vm|TOOLSVERSION`, or None.
        unknown: lines that are none of a plain disk's.
    """

    drive_type: str | None
    cylinders: int | None
    heads: int | None
    sectors: int | None
    extents: tuple[Extent, ...]
    version: int | None
    tools_version: int | None
    unknown: tuple[LineProblem, ...]

    @property
    def capacity(self) -> int:
        """Capacity in sectors: that of the data files together."""
        return sum(extent.sectors for extent in self.extents)


def is_plain_disk(head: bytes) -> bool:
    """Return whether the first bytes of a file are text that belongs to a plain disk."""
    return _MARK.search(head.partition(b"\x00")[0]) is not None


def parse_plain_disk(data: bytes) -> PlainDisk:
    """Read a plain disk; every input is one, and what is not understood is in `unknown`."""
    codec = encodings.guess(data)
    words: dict[bytes, bytes] = {}
    extents: list[Extent] = []
    unknown: list[LineProblem] = []
    begin = 0
    for number, line in enumerate(data.split(b"\n"), 1):
        hit = _WORD.match(line)
        word = hit[1].lower() if hit else b""
        value = hit[2].strip(b" \t") if hit else b""
        if word in {b"access", b"rdonly"} and (extent := _extent(word, value, number, codec, begin)) is not None:
            extents.append(extent)
            begin += extent.sectors
        elif word in {b"drivetype", b"cylinders", b"heads", b"sectors"} or word.startswith(b"#vm|"):
            words.setdefault(word, value)
        elif line.strip(b" \t\r") and not line.lstrip(b" \t").startswith(b"#"):
            text = encodings.decode(line.rstrip(b"\r"), codec)
            unknown.append(LineProblem(number, text, "not a line of a plain disk"))
    drive_type = words.get(b"drivetype", b"").strip(b'"').lower()
    return PlainDisk(
        drive_type=drive_type.decode("ascii") if drive_type in {b"ide", b"scsi"} else None,
        cylinders=_number(words.get(b"cylinders")),
        heads=_number(words.get(b"heads")),
        sectors=_number(words.get(b"sectors")),
        extents=tuple(extents),
        version=_number(words.get(b"#vm|version")),
        tools_version=_number(words.get(b"#vm|toolsversion")),
        unknown=tuple(unknown),
    )


def _extent(word: bytes, value: bytes, line: int, codec: str, begin: int) -> Extent | None:
    hit = _FILE.match(value)
    if hit is None or not 0 < int(hit[4]) <= MAX_SECTORS:
        return None
    name = encodings.decode(hit[1] if hit[1] is not None else hit[2], codec)
    problem = "" if int(hit[3]) == begin else "a data file that does not begin where the one before it ends"
    access = "RW" if word == b"access" else "RDONLY"
    return Extent(access, int(hit[4]), "FLAT", name or None, None, "", line, problem)


def _number(value: bytes | None) -> int | None:
    return int(value) if value is not None and _NUMBER.fullmatch(value) else None
