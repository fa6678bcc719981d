"""Mutators of disks: fields of binary headers, descriptors inside and outside of disks, and the sizes of both."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fuzz.names import any_name, as_value
from fuzz.texts import NUMBERS, add_noise, mutate_lines

from vmxtool.vmdk.headers.cowd import COWDISK_HEADER
from vmxtool.vmdk.headers.legacy_cowd import LEGACY_COWD_HEADER
from vmxtool.vmdk.headers.se_sparse import SESPARSE_CONST_HEADER
from vmxtool.vmdk.headers.sparse import SPARSE_EXTENT_HEADER

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from fuzz.texts import Vocabulary

    from vmxtool.vmdk.headers.layout import Layout

_SECTOR = 512
_MOST_BYTES = 2**21
_FIELDS = (0, 1, 2, 3, 7, 8, 16, 64, 127, 128, 512, 1024, 4096, 2**16, 2**20, 2**24, 2**31 - 1, 2**31, 2**32 - 1)
_WIDE = (2**32, 2**40, 2**53, 2**55, 2**62, 2**63 - 1, 2**63, 2**64 - 1)
_EXTENT_KINDS = (
    *(
        b"FLAT",
        b"SPARSE",
        b"ZERO",
        b"VMFS",
        b"VMFSSPARSE",
        b"SESPARSE",
        b"VMFSRDM",
        b"VMFSRAW",
        b"VSANSPARSE",
        b"XYZ",
        b"",
    ),
)
_CREATE_TYPES = (
    *(b"monolithicFlat", b"monolithicSparse", b"twoGbMaxExtentFlat", b"twoGbMaxExtentSparse", b"vmfs", b"vmfsSparse"),
    *(b"streamOptimized", b"custom", b"fullDevice", b"partitionedDevice", b"vmfsRDM", b"seSparse", b"\x1b", b""),
)


def layout_of(data: bytes) -> Layout | None:
    """Which header a file of a disk begins with; None where it begins with none."""
    if data[:4] in {b"KDMV", b"kdmv"}:
        return SPARSE_EXTENT_HEADER
    if data[:4] == b"COWD":
        return LEGACY_COWD_HEADER if data[4:5] in {b"\x02", b"\x03"} else COWDISK_HEADER
    return SESPARSE_CONST_HEADER if data[:4] == b"\xbe\xba\xfe\xca" else None


def mutate_disk(data: bytes, rng: Random, words: Vocabulary, donors: Sequence[bytes]) -> bytes:
    """One change of a file of a disk, whichever kind it is of."""
    kind = layout_of(data)
    if kind is None:
        return mutate_descriptor(data, rng, words, donors) if _is_text(data) else add_noise(data, rng)
    choice = rng.random()
    if choice < 0.5:
        return mutate_header(data, kind, rng)
    if choice < 0.8 and kind is SPARSE_EXTENT_HEADER:
        return _mutate_embedded(data, rng, words, donors)
    if choice < 0.9:
        return data[: rng.choice((0, 4, 100, 511, 512, 2047, 2048, 21 * _SECTOR, rng.randrange(len(data) + 1)))]
    return add_noise(data[:_SECTOR], rng) + data[_SECTOR:]


def mutate_header(data: bytes, kind: Layout, rng: Random) -> bytes:
    """Give a few fields of a header other values; the header keeps its length."""
    size = kind.size
    if len(data) < size:
        return data
    fields = kind.parse(data[:size], "seed")
    for name in rng.sample(sorted(fields), rng.choice((1, 1, 2, 4))):
        old = fields[name]
        if isinstance(old, int):
            fields[name] = rng.choice((*_FIELDS, *_WIDE, old + 1, max(old - 1, 0), old * 2))
        elif isinstance(old, bytes):
            fields[name] = rng.randbytes(len(old)) if rng.random() < 0.5 else bytes(len(old))
        elif "parentPath" in old or "parentFileName" in old:
            inner = next(key for key in old if key.startswith("parent") and isinstance(old[key], bytes))
            fields[name] = old | {inner: as_value(any_name(rng), rng)[:1024].ljust(1024, b"\0")}
        else:
            fields[name] = old | {key: rng.choice(_FIELDS) for key in ("cylinders", "heads", "sectors") if key in old}
    try:
        return kind.build(fields) + data[size:]
    except ValueError:  # a number that is too wide for its field
        return data


def _mutate_embedded(data: bytes, rng: Random, words: Vocabulary, donors: Sequence[bytes]) -> bytes:
    if len(data) < _SECTOR:
        return data
    fields = SPARSE_EXTENT_HEADER.parse(data[:_SECTOR], "seed")
    start, room = fields["descriptorOffset"] * _SECTOR, fields["descriptorSize"] * _SECTOR
    if not _SECTOR <= start < len(data) or not 0 < room <= _MOST_BYTES:
        return data
    text = data[start : start + room].partition(b"\0")[0]
    changed = mutate_descriptor(text, rng, words, donors)[:room].ljust(room, b"\0")
    return data[:start] + changed + data[start + room :]


def mutate_descriptor(data: bytes, rng: Random, words: Vocabulary, donors: Sequence[bytes]) -> bytes:
    """One change of a descriptor: of its extents, its head, or of any line."""
    choice = rng.random()
    if choice < 0.35:
        return _mutate_extents(data, rng)
    if choice < 0.6:
        return _mutate_head(data, rng)
    return mutate_lines(data, rng, words, donors)


def any_extent(rng: Random) -> bytes:
    """The line of an extent, sound or not."""
    access = rng.choice((b"RW", b"RW", b"RDONLY", b"NOACCESS", b"rw", b"X"))
    sectors = rng.choice((b"8", b"2048", b"8192", b"4192256", *NUMBERS))
    name = as_value(any_name(rng), rng)
    offset = rng.choice(
        (b"", b" 0", b" 0", b" 128", b" %s" % rng.choice(NUMBERS), b" 0 partition-uuid 0", b" 0 device x")
    )
    return access + b" " + sectors + b" " + rng.choice(_EXTENT_KINDS) + b' "' + name + b'"' + offset


def _mutate_extents(data: bytes, rng: Random) -> bytes:
    lines = data.split(b"\n")
    extents = [at for at, line in enumerate(lines) if re.match(rb"(?i)(RW|RDONLY|NOACCESS)\s", line)]
    if not extents or rng.random() < 0.4:
        at = extents[0] if extents else rng.randrange(len(lines))
        lines[at:at] = [any_extent(rng) for _ in range(rng.choice((1, 1, 3, 200, 1500)))]
        return b"\n".join(lines)[:_MOST_BYTES]
    at = rng.choice(extents)
    if rng.random() < 0.5:
        lines[at] = re.sub(rb'"[^"]*"', lambda _: b'"' + as_value(any_name(rng), rng) + b'"', lines[at], count=1)
    else:
        lines[at] = re.sub(rb"\d+", lambda _: rng.choice(NUMBERS), lines[at], count=1)
    return b"\n".join(lines)


def _mutate_head(data: bytes, rng: Random) -> bytes:
    key, values = rng.choice(
        (
            (b"CID", (b"12345678", b"fffffffe", b"0", b"ffffffff", b"xyz", b"123456789", b"")),
            (b"parentCID", (b"12345678", b"ffffffff", b"0", b"1", b"xyz", b"fffffffe")),
            (b"createType", tuple(b'"%s"' % kind for kind in _CREATE_TYPES)),
            (b"parentFileNameHint", (b'"%s"' % as_value(any_name(rng), rng),)),
            (b"version", NUMBERS),
            (b"encoding", (b'"UTF-8"', b'"GBK"', b'"klingon"', b'"windows-1252"', b'"utf-16"')),
            (b"changeTrackPath", (b'"%s"' % as_value(any_name(rng), rng),)),
            (b"ddb.adapterType", (b'"ide"', b'"lsilogic"', b'"buslogic"', b'"legacyESX"', b'"x"', b'""', b'"\x1b"')),
            (b"ddb.virtualHWVersion", tuple(b'"%s"' % number for number in NUMBERS)),
        )
    )
    line = key + rng.choice((b"=", b" = ")) + rng.choice(values)
    pattern = rb"(?m)^" + re.escape(key) + rb"\s*=.*$"
    if re.search(pattern, data) and rng.random() < 0.8:
        return re.sub(pattern, lambda _: line, data, count=1)
    return data.replace(b"\n", b"\n" + line + b"\n", 1)


def _is_text(data: bytes) -> bool:
    return b"\0" not in data[:1024]
