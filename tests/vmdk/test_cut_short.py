"""A disk of which a copy was cut short: every file that ends before its data does is found, and no whole one is."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from peers import SUBFORMATS, needs_qemu, qemu_convert, qemu_create, qemu_write
from vmdk import disks

from vmxtool.vmdk.chain import Chain, read_chain
from vmxtool.vmdk.grains import look_for_lost
from vmxtool.vmdk.headers.read import read_header
from vmxtool.vmdk.headers.sparse import SparseHeader

if TYPE_CHECKING:
    from pathlib import Path

    from peers import Subformat

MIB = 2**20
GRAIN = 65536


def read(path: Path) -> Chain:
    return read_chain(path, folder=path.parent)


def data_file(disk: Path) -> Path:
    """The file with the data of a disk of one piece."""
    extent = read(disk).links[0].extents[0].path
    assert extent is not None
    return extent


@pytest.mark.peer
@needs_qemu
@pytest.mark.parametrize(
    ("subformat", "kept"),
    [
        *((subformat, kept) for subformat in SUBFORMATS[:4] for kept in (0.3, 0.6, 0.95)),
        ("streamOptimized", 0.3),
        ("streamOptimized", 0.5),  # qemu-img pads the last grain, which is half of so small a file
    ],
)
def test_a_disk_of_qemu_that_is_cut_short(subformat: Subformat, kept: float, tmp_path: Path) -> None:
    raw = tmp_path / "raw.vmdk"
    qemu_create(raw, 40 * MIB, "monolithicSparse")
    for at in range(0, 40 * MIB, 2 * MIB):
        qemu_write(raw, at, GRAIN, 1 + at // (2 * MIB))
    disk = qemu_convert(raw, tmp_path / "disk.vmdk", subformat)
    assert read(disk).problems == ()
    data = data_file(disk)
    with data.open("r+b") as file:
        file.truncate(int(data.stat().st_size * kept))
    chain = read(disk)
    assert chain.incomplete == (data.name,)
    assert {problem.kind for problem in chain.problems} <= {"extent-short", "header-damaged"}


def growing(grains: int, *, tables: int = 3, order: int = 0) -> tuple[bytes, int]:
    """A sparse file whose grains lie in the order in which they were written, and where its data begins."""
    capacity, metadata = tables * 512 * 128, 128 * 512
    places = list(range(tables * 512))
    Random(order).shuffle(places)
    entries = [0] * (tables * 512)
    for number in range(grains):
        entries[places[number]] = (metadata + number * GRAIN) // 512
    head = disks.extent_file(capacity, overHead=128)
    directory = b"".join((20 + 4 * number).to_bytes(4, "little") for number in range(tables))
    table = b"".join(entry.to_bytes(4, "little") for entry in entries)
    body = bytearray(head.ljust(metadata, b"\x00"))
    for start in (1, 6):
        body[start * 512 : start * 512 + len(directory)] = directory
    body[20 * 512 : 20 * 512 + len(table)] = table
    return bytes(body) + b"\x01" * (grains * GRAIN), metadata


def lost(data: bytes, tables: int = 64) -> int | None:
    header = read_header(data[:2048], len(data), lambda at, n: data[at : at + n], "x.vmdk")
    assert not getattr(header, "problems", None)
    assert isinstance(header, SparseHeader)
    return look_for_lost(header, len(data), lambda at, n: data[at : at + n], tables).lost


@given(st.integers(0, 40), st.integers(0, 10**6), st.floats(0, 1))
def test_a_whole_file_is_whole_and_one_without_its_last_grain_is_not(grains: int, order: int, part: float) -> None:
    whole, start = growing(grains, order=order)
    assert lost(whole) is None
    if grains:
        kept = start + int(part * (len(whole) - GRAIN - start))
        assert lost(whole[:kept]) == len(whole) - GRAIN


def test_a_cut_within_the_last_grain_is_not_judged(tmp_path: Path) -> None:
    # Some writers leave out the zeros at the end of the last grain.
    whole, _ = growing(4)
    assert lost(whole[:-100]) is None


def test_of_a_large_disk_some_tables_are_looked_at() -> None:
    whole, _ = growing(1000)
    assert lost(whole[: len(whole) // 2], tables=1) is not None


@pytest.mark.peer
@needs_qemu
def test_the_last_piece_of_a_disk_in_many_is_looked_at_too(tmp_path: Path) -> None:
    disk = qemu_create(tmp_path / "disk.vmdk", 40 * 2**30, "twoGbMaxExtentSparse")
    qemu_write(disk, 28 * 2**30, 4 * MIB, 7)
    assert read(disk).problems == ()
    with (tmp_path / "disk-s015.vmdk").open("r+b") as file:
        file.truncate(2 * MIB)
    assert read(disk).incomplete == ("disk-s015.vmdk",)


def test_a_table_behind_the_end_is_lost_too() -> None:
    whole, _ = growing(2)
    moved = bytearray(whole)
    for start in (1, 6):
        moved[start * 512 : start * 512 + 4] = (10**6).to_bytes(4, "little")
    assert lost(bytes(moved)) == 10**6 * 512
