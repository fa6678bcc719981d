"""The header of hosted sparse and stream-optimized files, and the footer that may count in its place.

Field names are those of Virtual Disk Format 5.0 (EN-000777).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vmxtool._record import Record
from vmxtool.vmdk.headers.layout import Layout, is_power_of_two
from vmxtool.vmdk.sectors import MAX_SECTORS, SECTOR

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vmxtool.vmdk.headers.layout import Fields, Read

# Bits of `flags`.
_NEWLINE_TEST = 1 << 0
_REDUNDANT_DIRECTORY = 1 << 1
_COMPRESSED = 1 << 16
_MARKERS = 1 << 17
# A reader has to refuse a file with a bit of these that it does not know.
_INCOMPATIBLE = 0xFFFF0000

# What `gdOffset` is where only the footer knows the grain directory.
_GD_AT_END = 0xFFFFFFFFFFFFFFFF
_FOOTER_MARKER = 3
# Footer marker, footer and end-of-stream marker are the last three sectors.
_FOOTER_SPAN = 3 * SECTOR

_MAX_DESCRIPTOR_SECTORS = 2048
_MAX_GRAIN = 2**21
_MAX_TABLE = 2**16
_MAX_DIRECTORY = 2**25
_NEWLINES = (b"\n", b" ", b"\r", b"\n")


def _declare_header() -> Any:
    from construct import Bytes, Int8ul, Int16ul, Int32ul, Int64ul, Struct

    return Struct(
        "magicNumber" / Bytes(4),
        "version" / Int32ul,
        "flags" / Int32ul,
        "capacity" / Int64ul,
        "grainSize" / Int64ul,
        "descriptorOffset" / Int64ul,
        "descriptorSize" / Int64ul,
        "numGTEsPerGT" / Int32ul,
        "rgdOffset" / Int64ul,
        "gdOffset" / Int64ul,
        "overHead" / Int64ul,
        "uncleanShutdown" / Int8ul,
        "singleEndLineChar" / Bytes(1),
        "nonEndLineChar" / Bytes(1),
        "doubleEndLineChar1" / Bytes(1),
        "doubleEndLineChar2" / Bytes(1),
        "compressAlgorithm" / Int16ul,
        "pad" / Bytes(433),
    )


def _declare_marker() -> Any:
    from construct import Bytes, Int32ul, Int64ul, Struct

    return Struct("val" / Int64ul, "size" / Int32ul, "type" / Int32ul, "pad" / Bytes(496))


SPARSE_EXTENT_HEADER = Layout("sparse", 512, _declare_header)
MARKER = Layout("marker", 512, _declare_marker)
"""Between the grains of a stream-optimized disk. Where `size` is not 0, compressed data begins in place of `type`."""


class SparseHeader(Record):
    """`SparseExtentHeader` of a hosted or stream-optimized sparse file. Offsets and sizes are in sectors.

    Attributes:
        descriptor_offset: where the descriptor's region begins, 0 for none.
        descriptor_size: sectors of that region.
        rgd_offset: the second grain directory, or None where the flags say that there is none.
        gd_offset: the grain directory; from the footer where the header leaves it to that.
        unclean_shutdown: the file was not closed.
        unfinished: the writer was not done with it (`kdmv`).
        from_footer: the fields are those of the footer.
        problems: what is wrong, as clauses; a header with any is not to be built upon.
    """

    version: int
    flags: int
    capacity: int
    grain_size: int
    descriptor_offset: int
    descriptor_size: int
    gtes_per_gt: int
    rgd_offset: int | None
    gd_offset: int
    overhead: int
    unclean_shutdown: bool
    unfinished: bool
    from_footer: bool
    problems: tuple[str, ...]

    @property
    def compressed(self) -> bool:
        """Whether grains are compressed, as in a stream-optimized disk, which cannot be written to."""
        return bool(self.flags & _COMPRESSED)


def read_sparse(head: bytes, size: int, read: Read, where: Path | str) -> SparseHeader:
    """Read the header of a sparse file, or its footer where the header leaves the grain directory to that.

    Args:
        head: the first 512 bytes of the file, or more.
        size: the file's size in bytes.
        read: gives up to so many bytes from an offset; called for the footer only.
        where: the file, for messages.

    Raises:
        InputError: the file ends within its header.
    """
    fields = SPARSE_EXTENT_HEADER.parse(head, where)
    problems = [*_form_problems(fields)]
    unclean, from_footer = bool(fields["uncleanShutdown"]), False
    if fields["gdOffset"] == _GD_AT_END:
        footer = _footer(size, read)
        if footer is None:
            problems.append("the grain directory should be named by a footer, and there is no footer")
        else:
            if any(footer[name] != fields[name] for name in ("capacity", "descriptorOffset", "descriptorSize")):
                problems.append("header and footer disagree")
            fields, from_footer = footer, True
            problems += _form_problems(fields)
    problems += _place_problems(fields, size)
    return SparseHeader(
        version=fields["version"],
        flags=fields["flags"],
        capacity=fields["capacity"],
        grain_size=fields["grainSize"],
        descriptor_offset=fields["descriptorOffset"],
        descriptor_size=fields["descriptorSize"],
        gtes_per_gt=fields["numGTEsPerGT"],
        rgd_offset=fields["rgdOffset"] if fields["flags"] & _REDUNDANT_DIRECTORY else None,
        gd_offset=fields["gdOffset"],
        overhead=fields["overHead"],
        unclean_shutdown=unclean or bool(fields["uncleanShutdown"]),
        unfinished=head[:4] == b"kdmv",
        from_footer=from_footer,
        problems=tuple(dict.fromkeys(problems)),
    )


def _footer(size: int, read: Read) -> Fields | None:
    tail = read(size - _FOOTER_SPAN, _FOOTER_SPAN) if size >= _FOOTER_SPAN else b""
    if len(tail) < _FOOTER_SPAN:
        return None
    marker = MARKER.parse(tail, "")
    footer = SPARSE_EXTENT_HEADER.parse(tail[SECTOR:], "")
    if marker["size"] != 0 or marker["type"] != _FOOTER_MARKER or footer["magicNumber"] != b"KDMV":
        return None
    return footer if footer["gdOffset"] != _GD_AT_END else None


def _form_problems(fields: Fields) -> Iterator[str]:
    """Yield what the header says that no file can bear out."""
    flags, grain, table = fields["flags"], fields["grainSize"], fields["numGTEsPerGT"]
    newlines = tuple(
        fields[name] for name in ("singleEndLineChar", "nonEndLineChar", "doubleEndLineChar1", "doubleEndLineChar2")
    )
    unknown = flags & _INCOMPATIBLE & ~(_COMPRESSED | _MARKERS)
    if not 1 <= fields["version"] <= 3:
        yield f"its version {fields['version']} is none of 1 to 3"
    if unknown:
        yield f"its flags 0x{unknown:x} ask for something unknown"
    if flags & _NEWLINE_TEST and newlines != _NEWLINES:
        yield "its line ends were converted, so it was copied as text"
    if flags & _MARKERS and not flags & _COMPRESSED:
        yield "it has markers without compressed grains"
    if flags & _COMPRESSED and fields["compressAlgorithm"] not in {0, 1}:
        yield f"its compression {fields['compressAlgorithm']} is unknown"
    if not is_power_of_two(grain, _MAX_GRAIN):
        yield f"it has a grain of {grain} sectors, which no disk has"
    if not is_power_of_two(table, _MAX_TABLE):
        yield f"it has grain tables of {table} entries, which no disk has"
    if not 0 < fields["capacity"] <= MAX_SECTORS:
        yield f"it has a capacity of {fields['capacity']} sectors, which no disk has"


def _place_problems(fields: Fields, size: int) -> Iterator[str]:
    """Yield what the header places outside its file."""
    grain, table, capacity = fields["grainSize"], fields["numGTEsPerGT"], fields["capacity"]
    if is_power_of_two(grain, _MAX_GRAIN) and is_power_of_two(table, _MAX_TABLE):
        entries = -(-capacity // (grain * table))
        if entries > _MAX_DIRECTORY:
            yield "its grain directory would be larger than any disk needs"
        for name, wanted in (("gdOffset", True), ("rgdOffset", fields["flags"] & _REDUNDANT_DIRECTORY)):
            place = fields[name]
            if wanted and place != _GD_AT_END and (place == 0 or place * SECTOR + 4 * entries > size):
                yield f"the grain directory at sector {place} ({name}) is outside the file"
    if fields["overHead"] * SECTOR > size:
        yield f"the file ends before its {fields['overHead']} sectors of metadata"
    if fields["descriptorOffset"]:
        if fields["descriptorSize"] > _MAX_DESCRIPTOR_SECTORS:
            yield f"it has a descriptor of {fields['descriptorSize']} sectors, which no disk has"
        elif (fields["descriptorOffset"] + fields["descriptorSize"]) * SECTOR > size:
            yield "the descriptor is outside the file"
