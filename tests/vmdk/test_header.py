"""Headers become facts, and everything that no disk has is a problem, never an exception."""

from __future__ import annotations

from typing import Any

import pytest
from build import sparse_descriptor
from hypothesis import given
from hypothesis import strategies as st
from vmdk import disks

from vmxtool.errors import InputError
from vmxtool.vmdk.headers.cowd import CowdHeader
from vmxtool.vmdk.headers.legacy_cowd import LegacyCowdHeader
from vmxtool.vmdk.headers.read import Header, kind_of, read_header
from vmxtool.vmdk.headers.se_sparse import SeSparseHeader
from vmxtool.vmdk.headers.sparse import SparseHeader

HUGE = 2**62


def read(data: bytes, size: int | None = None) -> Header:
    def read_range(start: int, length: int) -> bytes:
        assert start >= 0
        assert length <= 3 * 512
        return data[start : start + length]

    return read_header(data[:2048], len(data) if size is None else size, read_range, "x.vmdk")


def sparse(**changes: Any) -> SparseHeader:
    header = read(disks.sparse_disk(**changes))
    assert isinstance(header, SparseHeader)
    return header


def test_a_sound_sparse_header() -> None:
    header = sparse(uncleanShutdown=1)
    assert header.problems == ()
    assert (header.capacity, header.grain_size, header.descriptor_offset, header.descriptor_size) == (8192, 128, 1, 20)
    assert (header.gd_offset, header.rgd_offset, header.overhead) == (26, 21, 128)
    assert header.unclean_shutdown
    assert not header.unfinished
    assert not header.compressed


def test_the_second_directory_counts_only_where_the_flags_say_so() -> None:
    assert sparse(flags=1, rgdOffset=HUGE).rgd_offset is None
    assert sparse(flags=1, rgdOffset=HUGE).problems == ()
    assert sparse(flags=3, rgdOffset=HUGE).problems != ()


def test_the_magic_of_a_file_that_was_still_being_written() -> None:
    assert sparse(magicNumber=b"kdmv").unfinished


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"version": 0}, "version 0"),
        ({"version": 4}, "version 4"),
        ({"flags": 0x40003}, "flags 0x40000"),
        ({"nonEndLineChar": b"\n"}, "line ends were converted"),
        ({"flags": 0x20003}, "markers without compressed grains"),
        ({"flags": 0x10003, "compressAlgorithm": 7}, "compression 7"),
        ({"grainSize": 0}, "grain of 0 sectors"),
        ({"grainSize": 3}, "grain of 3 sectors"),
        ({"grainSize": 2**22}, "grain of 4194304 sectors"),
        ({"numGTEsPerGT": 0}, "grain tables of 0 entries"),
        ({"numGTEsPerGT": 2**17}, "grain tables of 131072 entries"),
        ({"capacity": 0}, "capacity of 0 sectors"),
        ({"capacity": HUGE}, f"capacity of {HUGE} sectors"),
        ({"capacity": 2**45}, "grain directory would be larger"),
        ({"gdOffset": 0}, "(gdOffset) is outside"),
        ({"gdOffset": 200}, "(gdOffset) is outside"),
        ({"gdOffset": 2**60}, "(gdOffset) is outside"),
        ({"rgdOffset": 200}, "(rgdOffset) is outside"),
        ({"overHead": 129}, "the file ends before"),
        ({"descriptorSize": 2**32}, "a descriptor of 4294967296 sectors"),
        ({"descriptorOffset": 2**63}, "the descriptor is outside"),
        ({"descriptorOffset": 120}, "the descriptor is outside"),
        ({"gdOffset": disks.GD_AT_END}, "there is no footer"),
    ],
)
def test_damage_of_a_sparse_header(changes: dict[str, Any], said: str) -> None:
    problems = sparse(**changes).problems
    assert [text for text in problems if said in text], problems


def test_newlines_are_tested_only_where_the_flags_ask_for_it() -> None:
    assert sparse(flags=2, nonEndLineChar=b"\n").problems == ()


def test_a_footer_overrides_its_header() -> None:
    header = read(disks.streamed(sparse_descriptor(8192, "x.vmdk")))
    assert isinstance(header, SparseHeader)
    assert (header.from_footer, header.gd_offset, header.compressed, header.problems) == (True, 130, True, ())


def test_a_footer_that_is_none_or_contradicts() -> None:
    def problems(footer: bytes) -> tuple[str, ...]:
        return read(disks.streamed(b"", footer)).problems

    stream = {"version": 3, "flags": 0x30001, "compressAlgorithm": 1}
    assert "there is no footer" in problems(bytes(512))[0]
    assert "there is no footer" in problems(disks.sparse_header(**stream, gdOffset=disks.GD_AT_END))[0]
    assert problems(disks.sparse_header(**stream, gdOffset=130, descriptorSize=19)) == ("header and footer disagree",)
    assert "grain of 0" in problems(disks.sparse_header(**stream, gdOffset=130, grainSize=0))[0]


def test_either_of_header_and_footer_shows_that_a_file_was_not_closed() -> None:
    sound = disks.sparse_header(version=3, flags=0x30001, compressAlgorithm=1, gdOffset=130)
    header = read(disks.streamed(b"", sound, uncleanShutdown=1))
    assert (header.problems, header.unclean_shutdown) == ((), True)
    header = read(disks.streamed(b"", sound[:72] + b"\x01" + sound[73:]))
    assert (header.problems, header.unclean_shutdown) == ((), True)


def test_a_footer_that_the_file_ends_before() -> None:
    head = disks.sparse_header(gdOffset=disks.GD_AT_END)
    assert "there is no footer" in "; ".join(read(head).problems)
    assert "there is no footer" in "; ".join(read(head, size=2**40).problems)


def test_a_delta_of_esx() -> None:
    header = read(disks.cowd(uncleanShutdown=1))
    assert isinstance(header, CowdHeader)
    assert (header.capacity, header.grain_size, header.parent, header.problems) == (4194304, 1, None, ())
    assert header.unclean_shutdown


def test_a_delta_of_esx_may_name_its_parent() -> None:
    named = {"parentFileName": b"base.vmdk".ljust(1024, b"\x00"), "parentGeneration": 1}
    header = read(disks.cowd(flags=2, u=named))
    assert isinstance(header, CowdHeader)
    assert header.parent == "base.vmdk"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"version": 2}, "version 2"),
        ({"flags": 7}, "flags 0x7"),
        ({"grainSize": 0}, "grain of 0"),
        ({"numGDEntries": 2**32 - 1}, "directory of 4294967295 entries"),
        ({"gdOffset": 2**31}, "outside the file"),
        ({"freeSector": 13}, "ends before sector 13"),
    ],
)
def test_damage_of_a_delta_of_esx(changes: dict[str, Any], said: str) -> None:
    header = read(disks.cowd(**changes))
    assert isinstance(header, CowdHeader)
    assert said in "; ".join(header.problems)


def test_a_disk_of_workstation_3() -> None:
    header = read(disks.legacy_cowd())
    assert isinstance(header, LegacyCowdHeader)
    assert (header.version, header.capacity, header.controller, header.hw_version) == (3, 8064, "ide", 2)
    assert (header.root, header.parent, header.files_per_disk, header.unclean_shutdown) == (True, None, 1, False)
    assert header.problems == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 3, "flags": 3, "controller": bytes(8)},
        {"version": 1, "flags": 0x13, "controller": bytes(8)},
        {"version": 1, "flags": 3, "controller": b"scsi\x00\x00\x00\x00"},
    ],
)
def test_each_sign_of_the_older_era_is_enough(changes: dict[str, Any]) -> None:
    assert isinstance(read(disks.legacy_cowd(**changes)), LegacyCowdHeader)


def test_a_redo_log_of_workstation_3_names_its_parent() -> None:
    header = read(disks.legacy_child(b"C:\\VMs\\w.vmdk"))
    assert isinstance(header, LegacyCowdHeader)
    assert (header.root, header.parent) == (False, "C:\\VMs\\w.vmdk")


def test_fields_of_workstation_3_are_not_read_from_workstation_2() -> None:
    header = read(disks.legacy_cowd(version=1, capacity=7560, granularity=32, filesPerDisk=9, flags=0x1B))
    assert isinstance(header, LegacyCowdHeader)
    assert (header.capacity, header.files_per_disk, header.hw_version) == (7560, 1, None)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"version": 9}, "version 9"),
        ({"flags": 0x33}, "flags 0x33"),
        ({"granularity": 0}, "grain of 0"),
        ({"mapEntries": 2**32 - 1}, "outside the file"),
        ({"endOfFile": 6}, "ends before sector 6"),
    ],
)
def test_damage_of_a_disk_of_workstation_3(changes: dict[str, Any], said: str) -> None:
    assert said in "; ".join(read(disks.legacy_cowd(**changes)).problems)


def test_a_space_efficient_delta() -> None:
    header = read(disks.sesparse())
    assert isinstance(header, SeSparseHeader)
    assert (header.capacity, header.grain_size, header.unclean_shutdown, header.problems) == (8192, 8, False, ())


def test_a_journal_that_waits_means_that_the_file_was_not_closed() -> None:
    assert read(disks.sesparse({"replayJournal": 1})).unclean_shutdown


@pytest.mark.parametrize(
    ("volatile", "changes", "said"),
    [
        ({}, {"version": 1}, "version is"),
        ({}, {"flags": 1}, "flags is"),
        ({}, {"reserved3": 1}, "reserved3 is"),
        ({}, {"grainSize": 16}, "grainSize is"),
        ({}, {"grainTableSize": 0}, "grainTableSize is"),
        ({}, {"capacity": 0}, "capacity of 0"),
        ({}, {"volatileHeaderOffset": 2**60}, "volatile header is outside"),
        ({}, {"volatileHeaderOffset": 0}, "volatile header is outside"),
        ({}, {"grainDirSize": 2**50}, "would be larger"),
        ({}, {"grainDirOffset": 2**50}, "outside the file"),
        ({"magic": 1}, {}, "volatile header is none"),
        ({"pad": b"\x01" + bytes(479)}, {}, "volatile header is none"),
    ],
)
def test_damage_of_a_space_efficient_delta(volatile: dict[str, Any], changes: dict[str, Any], said: str) -> None:
    assert said in "; ".join(read(disks.sesparse(volatile, **changes)).problems)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"KDMV", "sparse"),
        (b"kdmv", "sparse"),
        (b"COWD", "cowd"),
        (b"\xbe\xba\xfe\xca", "sesparse"),
        (b"\xa2\x72\x19\xf6\x01\x00", "change-tracking"),
        (b"# Disk DescriptorFile", None),
        (b"KDM", None),
        (b"", None),
    ],
)
def test_magic_numbers(data: bytes, kind: str | None) -> None:
    assert kind_of(data) == kind


@pytest.mark.parametrize("magic", [b"KDMV", b"COWD", b"\xbe\xba\xfe\xca"])
@given(rest=st.binary(max_size=4096), size=st.integers(0, 2**63))
def test_no_bytes_behind_a_magic_number_are_an_error_of_ours(magic: bytes, rest: bytes, size: int) -> None:
    try:
        header = read_header(magic + rest, size, lambda start, length: (magic + rest)[start : start + length], "x")
    except InputError:
        assert len(rest) < 2048
    else:
        assert isinstance(header.problems, tuple)


def test_what_is_no_disk_is_refused() -> None:
    with pytest.raises(ValueError, match="no header"):
        read(b"\xa2\x72\x19\xf6" + bytes(2048))
