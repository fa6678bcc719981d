"""Binary layouts read and write the same bytes, and stand at the offsets of the specification."""

from __future__ import annotations

import struct
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmxtool.errors import InputError
from vmxtool.vmdk import layout

NAMES: tuple[layout.Name, ...] = ("sparse", "marker", "cowd", "legacy-cowd", "sesparse", "sesparse-volatile")


@pytest.mark.parametrize("name", NAMES)
@given(data=st.binary(min_size=2048, max_size=2048))
def test_building_what_was_parsed_gives_the_same_bytes(name: layout.Name, data: bytes) -> None:
    header = data[: layout.size_of(name)]
    assert layout.build(name, layout.parse(name, header, "x.vmdk")) == header


@pytest.mark.parametrize("name", NAMES)
def test_a_header_cut_short_names_the_file_and_the_byte(name: layout.Name) -> None:
    short = bytes(layout.size_of(name) - 1)
    with pytest.raises(InputError, match=rf"x\.vmdk: ends within its header, at byte {len(short)} of"):
        layout.parse(name, short, "x.vmdk")


@pytest.mark.parametrize("name", NAMES)
def test_what_follows_a_header_is_not_looked_at(name: layout.Name) -> None:
    header = bytes(layout.size_of(name))
    assert layout.parse(name, header + b"more", "x") == layout.parse(name, header, "x")


def test_a_field_that_is_missing_or_too_large_is_refused() -> None:
    fields = layout.parse("marker", bytes(512), "x")
    with pytest.raises(ValueError, match="marker header"):
        layout.build("marker", fields | {"size": 2**32})
    del fields["val"]
    with pytest.raises(ValueError, match="marker header"):
        layout.build("marker", fields)


def test_sparse_fields_stand_where_the_specification_has_them() -> None:
    packed = struct.pack("<4sIIQQQQIQQQB4sH", b"KDMV", *range(1, 12), b"\n \r\n", 12) + bytes(433)
    fields = layout.parse("sparse", packed, "x")
    assert (fields["version"], fields["flags"], fields["capacity"], fields["grainSize"]) == (1, 2, 3, 4)
    assert (fields["descriptorOffset"], fields["descriptorSize"], fields["numGTEsPerGT"]) == (5, 6, 7)
    assert (fields["rgdOffset"], fields["gdOffset"], fields["overHead"]) == (8, 9, 10)
    assert (fields["uncleanShutdown"], fields["compressAlgorithm"]) == (11, 12)


@pytest.mark.parametrize(
    ("name", "field", "offset"),
    [
        ("cowd", "freeSector", 28),
        ("cowd", "generation", 1060),
        ("cowd", "savedGeneration", 1636),
        ("cowd", "uncleanShutdown", 1648),
        ("legacy-cowd", "endOfFile", 0x1C),
        ("legacy-cowd", "parentTimestamp", 0x420),
        ("legacy-cowd", "timestamp", 0x424),
        ("legacy-cowd", "savedTimestamp", 0x664),
        ("legacy-cowd", "fileOrdinal", 0x670),
        ("legacy-cowd", "virtualHWVersion", 0x690),
        ("legacy-cowd", "toolsFlags", 0x694),
        ("sesparse", "volatileHeaderOffset", 80),
        ("sesparse", "grainDirOffset", 128),
        ("sesparse", "grainsSize", 200),
        ("sesparse-volatile", "replayJournal", 24),
    ],
)
def test_a_field_stands_at_its_offset(name: layout.Name, field: str, offset: int) -> None:
    data = bytearray(layout.size_of(name))
    data[offset] = 77
    assert layout.parse(name, bytes(data), "x")[field] == 77


def test_the_union_of_a_cowd_header_follows_its_root_flag() -> None:
    data = bytearray(2048)
    data[0x20] = 9
    assert layout.parse("cowd", bytes(data), "x")["u"]["parentFileName"][0] == 9
    data[8] = 1
    assert layout.parse("cowd", bytes(data), "x")["u"]["cylinders"] == 9


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
