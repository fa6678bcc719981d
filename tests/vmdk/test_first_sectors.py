"""Which firmware starts a guest from a disk, by the first sectors of flat, split and growing disks."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest
from build import descriptor, make_disk, sparse_descriptor
from hypothesis import given
from hypothesis import strategies as st
from vmdk.disks import SECTOR, extent_file, sparse_disk

from vmxtool.vmdk.chain import read_chain
from vmxtool.vmdk.first_sectors import started_by

if TYPE_CHECKING:
    from pathlib import Path

SECTORS = 8192
ESP = bytes.fromhex("28732ac11ff8d211ba4b00a0c93ec93b")  # C12A7328-F81F-11D2-BA4B-00A0C93EC93B
BIOS_BOOT = b"Hah!IdontNeedEFI"


def boot_record(kind: int = 7, active: int = 0x80, code: bytes = b"\xeb\x63", signature: bytes = b"\x55\xaa") -> bytes:
    entry = bytes([active, 0, 0, 0, kind]) + bytes(11)
    return code.ljust(446, b"\0") + entry + bytes(48) + signature


def gpt(*kinds: bytes, magic: bytes = b"EFI PART") -> bytes:
    entries = b"".join(kind.ljust(128, b"\0") for kind in kinds)
    return boot_record(0xEE, 0) + magic.ljust(SECTOR, b"\0") + entries


def growing(first: bytes) -> bytes:
    """A growing disk whose first grain lies behind its tables."""
    data = bytearray(sparse_disk(sparse_descriptor(SECTORS)))
    data[26 * SECTOR : 26 * SECTOR + 4] = struct.pack("<I", 30)
    data[30 * SECTOR : 30 * SECTOR + 4] = struct.pack("<I", 128)
    return bytes(data) + first.ljust(128 * SECTOR, b"\0")


def flat(folder: Path, first: bytes) -> str | None:
    text = descriptor(f'RW {SECTORS} FLAT "disk-flat.vmdk" 0')
    (folder / "disk.vmdk").write_bytes(text)
    (folder / "disk-flat.vmdk").write_bytes(first.ljust(SECTORS * SECTOR, b"\0"))
    return started_by(read_chain(folder / "disk.vmdk", folder=folder))


@pytest.mark.parametrize(
    ("first", "firmware"),
    [
        (boot_record(), "bios"),
        (boot_record(active=0), None),  # nothing to start
        (boot_record(code=b""), None),  # a data disk
        (boot_record(kind=0xEF), None),  # EFI starts from it too
        (boot_record(signature=b"\0\0"), None),
        (gpt(ESP), "efi"),
        (gpt(b"x" * 16, ESP), "efi"),
        (gpt(BIOS_BOOT, ESP), None),  # either starts from it
        (gpt(b"x" * 16), None),
        (gpt(ESP, magic=b"none"), None),
        (b"", None),
    ],
)
def test_the_partitions_tell_the_firmware(tmp_path: Path, first: bytes, firmware: str | None) -> None:
    assert flat(tmp_path, first) == firmware
    (tmp_path / "disk.vmdk").write_bytes(growing(first))
    assert started_by(read_chain(tmp_path / "disk.vmdk", folder=tmp_path)) == firmware


def test_the_first_piece_of_a_split_disk_is_looked_into(tmp_path: Path) -> None:
    text = descriptor(f'RW {SECTORS} SPARSE "disk-s001.vmdk"', create_type="twoGbMaxExtentSparse")
    piece = bytearray(extent_file(SECTORS))
    piece[6 * SECTOR : 6 * SECTOR + 4] = struct.pack("<I", 30)
    piece[30 * SECTOR : 30 * SECTOR + 4] = struct.pack("<I", 128)
    (tmp_path / "disk.vmdk").write_bytes(text)
    (tmp_path / "disk-s001.vmdk").write_bytes(bytes(piece) + gpt(ESP).ljust(128 * SECTOR, b"\0"))
    assert started_by(read_chain(tmp_path / "disk.vmdk", folder=tmp_path)) == "efi"


def test_what_is_compressed_missing_or_no_disk_tells_nothing(tmp_path: Path) -> None:
    make_disk(tmp_path / "disk.vmdk", "streamOptimized")
    assert started_by(read_chain(tmp_path / "disk.vmdk", folder=tmp_path)) is None
    (tmp_path / "disk.vmdk").write_bytes(descriptor(f'RW {SECTORS} FLAT "gone.vmdk" 0'))
    assert started_by(read_chain(tmp_path / "disk.vmdk", folder=tmp_path)) is None
    (tmp_path / "gone.vmdk").mkdir()
    assert started_by(read_chain(tmp_path / "disk.vmdk", folder=tmp_path)) is None


@given(first=st.binary(max_size=3 * SECTOR), table=st.integers(0, 2**32 - 1), grain=st.integers(0, 2**32 - 1))
def test_no_bytes_of_a_disk_make_it_fail(
    tmp_path_factory: pytest.TempPathFactory, first: bytes, table: int, grain: int
) -> None:
    folder = tmp_path_factory.mktemp("disk")
    data = bytearray(growing(first))
    data[26 * SECTOR : 26 * SECTOR + 4] = struct.pack("<I", table)
    data[30 * SECTOR : 30 * SECTOR + 4] = struct.pack("<I", grain)
    (folder / "disk.vmdk").write_bytes(bytes(data))
    assert started_by(read_chain(folder / "disk.vmdk", folder=folder)) in {None, "bios", "efi"}
