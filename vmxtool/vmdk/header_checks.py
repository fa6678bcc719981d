"""What is wrong in a binary header: numbers that no disk has, and places outside its file.

No number of a header is believed before it is compared with the file's size and the limits here, and none is ever
used to allocate. The checks are those of open-vmdk, qemu, libvmdk and VirtualBox taken together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.vmdk.header import COMPRESSED, MARKERS, NEWLINE_TEST, REDUNDANT_DIRECTORY
from vmxtool.vmdk.sectors import MAX_SECTORS, SECTOR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.vmdk.layout import Fields

# What the header's last field but one says where only a footer knows the grain directory.
GD_AT_END = 0xFFFFFFFFFFFFFFFF

# Bits of a COWD header's flags.
ROOT = 1 << 0
CLEAN = 1 << 1
MULTI_FILE = 1 << 3
HARDWARE_SET = 1 << 4

SESPARSE_VOLATILE_MAGIC = 0xCAFECAFE

_MAX_DESCRIPTOR_SECTORS = 2048
_MAX_GRAIN = 2**21
_MAX_TABLE = 2**16
_MAX_DIRECTORY = 2**25
_MAX_COWD_GRAIN = 2048
_MAX_SESPARSE_DIRECTORY_SECTORS = 2**15
_INCOMPATIBLE = 0xFFFF0000
_NEWLINES = (b"\n", b" ", b"\r", b"\n")
_SESPARSE_VERSION = 0x0000000200000001


def sparse_form(fields: Fields) -> Iterator[str]:
    """What a sparse header says that no file can bear out."""
    flags, grain, table = fields["flags"], fields["grainSize"], fields["numGTEsPerGT"]
    newlines = tuple(
        fields[name] for name in ("singleEndLineChar", "nonEndLineChar", "doubleEndLineChar1", "doubleEndLineChar2")
    )
    unknown = flags & _INCOMPATIBLE & ~(COMPRESSED | MARKERS)
    if not 1 <= fields["version"] <= 3:
        yield f"its version {fields['version']} is none of 1 to 3"
    if unknown:
        yield f"its flags 0x{unknown:x} ask for something unknown"
    if flags & NEWLINE_TEST and newlines != _NEWLINES:
        yield "its line ends were converted, so it was copied as text"
    if flags & MARKERS and not flags & COMPRESSED:
        yield "it has markers without compressed grains"
    if flags & COMPRESSED and fields["compressAlgorithm"] not in {0, 1}:
        yield f"its compression {fields['compressAlgorithm']} is unknown"
    if not _is_power_of_two(grain, _MAX_GRAIN):
        yield f"it has a grain of {grain} sectors, which no disk has"
    if not _is_power_of_two(table, _MAX_TABLE):
        yield f"it has grain tables of {table} entries, which no disk has"
    if not 0 < fields["capacity"] <= MAX_SECTORS:
        yield f"it has a capacity of {fields['capacity']} sectors, which no disk has"


def sparse_places(fields: Fields, size: int) -> Iterator[str]:
    """What a sparse header places outside its file."""
    grain, table, capacity = fields["grainSize"], fields["numGTEsPerGT"], fields["capacity"]
    if _is_power_of_two(grain, _MAX_GRAIN) and _is_power_of_two(table, _MAX_TABLE):
        entries = -(-capacity // (grain * table))
        if entries > _MAX_DIRECTORY:
            yield "its grain directory would be larger than any disk needs"
        for name, wanted in (("gdOffset", True), ("rgdOffset", fields["flags"] & REDUNDANT_DIRECTORY)):
            place = fields[name]
            if wanted and place != GD_AT_END and (place == 0 or place * SECTOR + 4 * entries > size):
                yield f"the grain directory at sector {place} ({name}) is outside the file"
    if fields["overHead"] * SECTOR > size:
        yield f"the file ends before its {fields['overHead']} sectors of metadata"
    if fields["descriptorOffset"]:
        if fields["descriptorSize"] > _MAX_DESCRIPTOR_SECTORS:
            yield f"it has a descriptor of {fields['descriptorSize']} sectors, which no disk has"
        elif (fields["descriptorOffset"] + fields["descriptorSize"]) * SECTOR > size:
            yield "the descriptor is outside the file"


def cowd_damage(fields: Fields, size: int) -> Iterator[str]:
    """What is wrong in a COWD header of ESX."""
    grain, entries = fields["grainSize"], fields["numGDEntries"]
    if fields["version"] != 1:
        yield f"its version {fields['version']} is not 1"
    if fields["flags"] & ~(ROOT | CLEAN):
        yield f"its flags 0x{fields['flags']:x} ask for something unknown"
    if not _is_power_of_two(grain, _MAX_COWD_GRAIN):
        yield f"it has a grain of {grain} sectors, which no disk has"
    elif entries != -(-fields["numSectors"] // (4096 * grain)):
        yield f"its grain directory of {entries} entries does not fit its capacity"
    elif fields["gdOffset"] * SECTOR + 4 * entries > size:
        yield "the grain directory is outside the file"
    if fields["freeSector"] * SECTOR > size:
        yield f"the file ends before sector {fields['freeSector']}, up to which it was written"


def legacy_cowd_damage(fields: Fields, size: int) -> Iterator[str]:
    """What is wrong in a COWD header of Workstation 2 and 3."""
    if fields["version"] not in {1, 3}:
        yield f"its version {fields['version']} is neither 1 nor 3"
    if fields["flags"] & ~(ROOT | CLEAN | MULTI_FILE | HARDWARE_SET):
        yield f"its flags 0x{fields['flags']:x} ask for something unknown"
    if not _is_power_of_two(fields["granularity"], _MAX_COWD_GRAIN):
        yield f"it has a grain of {fields['granularity']} sectors, which no disk has"
    if fields["mapOffset"] * SECTOR + 4 * fields["mapEntries"] > size:
        yield "the grain directory is outside the file"
    if fields["endOfFile"] * SECTOR > size:
        yield f"the file ends before sector {fields['endOfFile']}, up to which it was written"


def sesparse_damage(fields: Fields, size: int) -> Iterator[str]:
    """What is wrong in the constant header of an SESparse file."""
    for name, expected in (
        ("version", _SESPARSE_VERSION),
        ("grainSize", 8),
        ("grainTableSize", 64),
        ("flags", 0),
        ("reserved1", 0),
        ("reserved2", 0),
        ("reserved3", 0),
        ("reserved4", 0),
    ):
        if fields[name] != expected:
            yield f"{name} is 0x{fields[name]:x}, not 0x{expected:x}"
    if not 0 < fields["capacity"] <= MAX_SECTORS:
        yield f"it has a capacity of {fields['capacity']} sectors, which no disk has"
    if fields["grainDirSize"] > _MAX_SESPARSE_DIRECTORY_SECTORS:
        yield "its grain directory would be larger than any disk needs"
    elif (fields["grainDirOffset"] + fields["grainDirSize"]) * SECTOR > size:
        yield "the grain directory is outside the file"


def _is_power_of_two(number: int, limit: int) -> bool:
    return 0 < number <= limit and number & (number - 1) == 0
