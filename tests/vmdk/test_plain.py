"""Plain disks of Workstation 2 and 3 are read in every spelling that is known, and no input is an error."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vmxtool.vmdk.plain_disk import is_plain_disk, parse_plain_disk

WORKSTATION_3 = (
    b"# Plain Disk\r\n#vm|TOOLSVERSION 1025\r\n#vm|VERSION 2\r\nDRIVETYPE\tscsi\r\nCYLINDERS 4\r\nHEADS 64\r\n"
    b'SECTORS 32\r\nACCESS "my disk1.dat" 0 4096\r\nRDONLY disk2.dat 4096 4096\r\n'
)


def test_a_plain_disk_of_workstation_3() -> None:
    disk = parse_plain_disk(WORKSTATION_3)
    assert (disk.drive_type, disk.cylinders, disk.heads, disk.sectors) == ("scsi", 4, 64, 32)
    assert (disk.version, disk.tools_version, disk.capacity, disk.unknown) == (2, 1025, 8192, ())
    first, second = disk.extents
    assert (first.access, first.sectors, first.file, first.line) == ("RW", 4096, "my disk1.dat", 8)
    assert (second.access, second.file, second.problem) == ("RDONLY", "disk2.dat", "")


def test_words_stand_in_any_case() -> None:
    disk = parse_plain_disk(b'drivetype IDE\naccess "x" 0 9\n')
    assert (disk.drive_type, disk.capacity) == ("ide", 9)


def test_a_gap_between_data_files_is_odd() -> None:
    (_, second) = parse_plain_disk(b'ACCESS "a" 0 10\nACCESS "b" 11 10\n').extents
    assert "does not begin" in second.problem


def test_lines_that_are_none_are_told_and_do_no_harm() -> None:
    disk = parse_plain_disk(b'DRIVETYPE nvme\nACCESS "x"\nACCESS "x" 0 0\nwhat\n\n# note\nHEADS many\n')
    assert [(it.line, it.text) for it in disk.unknown] == [
        (2, 'ACCESS "x"'),
        (3, 'ACCESS "x" 0 0'),
        (4, "what"),
    ]
    assert (disk.drive_type, disk.heads, disk.extents) == (None, None, ())


def test_what_is_a_plain_disk() -> None:
    assert is_plain_disk(WORKSTATION_3)
    assert is_plain_disk(b'#vm|VERSION 1\nACCESS "x" 0 1')
    assert not is_plain_disk(b"version=1\n")
    assert not is_plain_disk(b"\x00DRIVETYPE ide\n")


@given(st.one_of(st.binary(), st.text('ACES "x01#vm|\t\n', max_size=60).map(str.encode)))
def test_every_input_is_a_plain_disk(data: bytes) -> None:
    disk = parse_plain_disk(data)
    assert disk.capacity == sum(extent.sectors for extent in disk.extents)
