"""Lines that nothing reads: which of them lose a disk, and where that belongs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from build import make_disk, write_config

import vmxtool
from vmxtool.findings import Severity

if TYPE_CHECKING:
    from pathlib import Path

    from vmxtool.findings import Finding

SCSI = ('scsi0.present = "TRUE"', 'scsi0.virtualDev = "lsilogic"')
CODES = {"VMX011", "VMX012", "DSK210", "DEV703"}


def told(folder: Path, *lines: str, hw: int = 4) -> list[Finding]:
    write_config(folder, *lines, hw=hw)
    return [it for it in vmxtool.judge(folder) if it.code in CODES]


def drive(word: str, file: str = "till.vmdk") -> tuple[str, ...]:
    return f'{word}.present = "TRUE"', f'{word}.fileName = "{file}"'


@pytest.mark.parametrize(
    ("word", "adapter", "code", "place"),
    [
        ("sda0:0", "ide", "VMX011", "ide0:0"),
        ("hda0:1", "ide", "VMX011", "ide0:1"),
        ("scis0:2", "lsilogic", "VMX011", "scsi0:2"),
        ("scsi00:1", "lsilogic", "VMX011", "scsi0:0"),
        ("vda0:0", "lsilogic", "VMX011", "scsi0:0"),
        ("ide0", "ide", "VMX011", "ide0:0"),
        ("ide2:0", "ide", "DEV703", "ide0:0"),
        ("scsi0:16", "lsilogic", "DEV703", "scsi0:0"),
        ("scsi1:0", "lsilogic", "DSK210", "scsi1"),
    ],
)
def test_a_disk_on_a_line_that_is_not_read_blocks(
    tmp_path: Path, word: str, adapter: str, code: str, place: str
) -> None:
    make_disk(tmp_path / "till.vmdk", adapter=adapter)
    (found,) = told(tmp_path, *SCSI, *drive(word))
    assert (found.code, found.severity) == (code, Severity.BLOCKER)
    assert found.fix is not None
    assert place in found.fix.text
    for target in ("ws5", "ws17", "server1"):
        assert vmxtool.check(tmp_path, target).verdict.value != "ready"


@pytest.mark.parametrize("word", ["sda0:0", "ide2:0", "scsi1:0"])
def test_a_line_that_was_left_behind_does_not_block(tmp_path: Path, word: str) -> None:
    make_disk(tmp_path / "till.vmdk")
    for file in ("till.vmdk", "gone.vmdk"):
        (found,) = told(tmp_path, *SCSI, *drive("ide0:0"), *drive(word, file))
        assert found.severity is Severity.WARNING


@pytest.mark.parametrize(
    "lines",
    [
        drive("ide0:0"),
        # Put aside on purpose, in the ways that people have.
        (*drive("ide0:0"), 'sda0:0.present = "FALSE"', 'sda0:0.fileName = "spare.vmdk"'),
        (*drive("ide0:0"), 'ide0:1.present = "FALSE"', 'ide0:1.fileName = "spare.vmdk"'),
        (*drive("ide0:0"), '_ide0:1.present = "TRUE"', '_ide0:1.fileName = "spare.vmdk"'),
        # No drives, whatever they name.
        (*drive("ide0:0"), 'replay.filename = "spare.vmdk"', 'floppy0.fileName = "spare.vmdk"'),
        (*drive("ide0:0"), 'guestinfo.disk = "spare.vmdk"', 'annotation = "spare.vmdk"'),
    ],
)
def test_what_is_no_disk_of_the_vm_is_not_told(tmp_path: Path, lines: tuple[str, ...]) -> None:
    make_disk(tmp_path / "till.vmdk")
    make_disk(tmp_path / "spare.vmdk")
    assert told(tmp_path, *lines) == []


def test_a_vm_without_a_disk_beside_one_is_asked_about(tmp_path: Path) -> None:
    cdrom = ('ide1:0.present = "TRUE"', 'ide1:0.deviceType = "cdrom-raw"')
    assert told(tmp_path, *cdrom) == []
    make_disk(tmp_path / "till.vmdk", adapter="lsilogic")
    (found,) = told(tmp_path, *cdrom)
    assert (found.code, found.severity) == ("VMX012", Severity.UNKNOWN)
    assert vmxtool.check(tmp_path, "ws5").verdict.value == "depends"


def test_of_very_many_lines_that_lose_disks_twenty_are_told_and_the_rest_counted(tmp_path: Path) -> None:
    lines = (f'sda{number % 100}:{number}.fileName = "d{number}.vmdk"' for number in range(300))
    found = [it for it in told(tmp_path, *lines) if it.code == "VMX011"]
    assert len(found) == 21
    assert "280 more lines" in found[-1].message


def test_a_link_to_a_name_longer_than_any_is_no_loose_disk(tmp_path: Path) -> None:
    (tmp_path / "link.vmdk").symlink_to("/".join(["e" * 250] * 3))
    assert told(tmp_path) == []
