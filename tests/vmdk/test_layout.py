"""Binary layouts read and write the same bytes, and stand at the offsets of the specification."""

from __future__ import annotations

import struct
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmxtool.errors import InputError
from vmxtool.vmdk.headers.cowd import COWDISK_HEADER
from vmxtool.vmdk.headers.legacy_cowd import LEGACY_COWD_HEADER
from vmxtool.vmdk.headers.se_sparse import SESPARSE_CONST_HEADER, SESPARSE_VOLATILE_HEADER
from vmxtool.vmdk.headers.sparse import MARKER, SPARSE_EXTENT_HEADER

if TYPE_CHECKING:
    from vmxtool.vmdk.headers.layout import Layout

LAYOUTS = (
    SPARSE_EXTENT_HEADER,
    MARKER,
    COWDISK_HEADER,
    LEGACY_COWD_HEADER,
    SESPARSE_CONST_HEADER,
    SESPARSE_VOLATILE_HEADER,
)


@pytest.mark.parametrize("layout", LAYOUTS, ids=repr)
@given(data=st.binary(min_size=2048, max_size=2048))
def test_building_what_was_parsed_gives_the_same_bytes(layout: Layout, data: bytes) -> None:
    header = data[: layout.size]
    assert layout.build(layout.parse(header, "x.vmdk")) == header


@pytest.mark.parametrize("layout", LAYOUTS, ids=repr)
def test_a_header_cut_short_names_the_file_and_the_byte(layout: Layout) -> None:
    short = bytes(layout.size - 1)
    with pytest.raises(InputError, match=rf"x\.vmdk: ends within its header, at byte {len(short)} of"):
        layout.parse(short, "x.vmdk")


@pytest.mark.parametrize("layout", LAYOUTS, ids=repr)
def test_what_follows_a_header_is_not_looked_at(layout: Layout) -> None:
    header = bytes(layout.size)
    assert layout.parse(header + b"more", "x") == layout.parse(header, "x")


def test_a_field_that_is_missing_or_too_large_is_refused() -> None:
    fields = MARKER.parse(bytes(512), "x")
    with pytest.raises(ValueError, match="marker header"):
        MARKER.build(fields | {"size": 2**32})
    del fields["val"]
    with pytest.raises(ValueError, match="marker header"):
        MARKER.build(fields)


def test_sparse_fields_stand_where_the_specification_has_them() -> None:
    packed = struct.pack("<4sIIQQQQIQQQB4sH", b"KDMV", *range(1, 12), b"\n \r\n", 12) + bytes(433)
    fields = SPARSE_EXTENT_HEADER.parse(packed, "x")
    assert (fields["version"], fields["flags"], fields["capacity"], fields["grainSize"]) == (1, 2, 3, 4)
    assert (fields["descriptorOffset"], fields["descriptorSize"], fields["numGTEsPerGT"]) == (5, 6, 7)
    assert (fields["rgdOffset"], fields["gdOffset"], fields["overHead"]) == (8, 9, 10)
    assert (fields["uncleanShutdown"], fields["compressAlgorithm"]) == (11, 12)


@pytest.mark.parametrize(
    ("layout", "field", "offset"),
    [
        (COWDISK_HEADER, "freeSector", 28),
        (COWDISK_HEADER, "generation", 1060),
        (COWDISK_HEADER, "savedGeneration", 1636),
        (COWDISK_HEADER, "uncleanShutdown", 1648),
        (LEGACY_COWD_HEADER, "endOfFile", 0x1C),
        (LEGACY_COWD_HEADER, "parentTimestamp", 0x420),
        (LEGACY_COWD_HEADER, "timestamp", 0x424),
        (LEGACY_COWD_HEADER, "savedTimestamp", 0x664),
        (LEGACY_COWD_HEADER, "fileOrdinal", 0x670),
        (LEGACY_COWD_HEADER, "virtualHWVersion", 0x690),
        (LEGACY_COWD_HEADER, "toolsFlags", 0x694),
        (SESPARSE_CONST_HEADER, "volatileHeaderOffset", 80),
        (SESPARSE_CONST_HEADER, "grainDirOffset", 128),
        (SESPARSE_CONST_HEADER, "grainsSize", 200),
        (SESPARSE_VOLATILE_HEADER, "replayJournal", 24),
    ],
)
def test_a_field_stands_at_its_offset(layout: Layout, field: str, offset: int) -> None:
    data = bytearray(layout.size)
    data[offset] = 77
    assert layout.parse(bytes(data), "x")[field] == 77


def test_the_union_of_a_cowd_header_follows_its_root_flag() -> None:
    data = bytearray(2048)
    data[0x20] = 9
    assert COWDISK_HEADER.parse(bytes(data), "x")["u"]["parentFileName"][0] == 9
    data[8] = 1
    assert COWDISK_HEADER.parse(bytes(data), "x")["u"]["cylinders"] == 9


def test_reading_a_text_descriptor_loads_no_construct() -> None:
    program = (
        "import sys, pathlib, tempfile\n"
        "from vmxtool.vmdk.chain import read_chain\n"
        "folder = pathlib.Path(tempfile.mkdtemp())\n"
        "disk = folder / 'a.vmdk'\n"
        "disk.write_text('# Disk DescriptorFile\\nversion=1\\nCID=1\\nparentCID=ffffffff\\nRW 1 FLAT \"f\" 0\\n')\n"
        "(folder / 'f').write_bytes(bytes(512))\n"
        "chain = read_chain(disk, folder=folder)\n"
        "assert chain.capacity_sectors == 1 and not chain.problems, chain\n"
        "print('construct' in sys.modules)\n"
        "disk.write_bytes(b'KDMV' + bytes(508))\n"
        "read_chain(disk, folder=folder)\n"
        "print('construct' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
