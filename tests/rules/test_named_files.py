"""Files and folders other than disks that a config names, and what their absence means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from build import disk_lines, make_disk, write_config

import vmxtool
from vmxtool.findings import Severity

if TYPE_CHECKING:
    from pathlib import Path

DISK = disk_lines("ide0:0", "till.vmdk")
CODES = {"VMX008", "VMX015", "VMX016", "VMX017", "VMX018", "VMX019", "DEV726", "DEV727"}
FLOPPY = ('floppy0.present = "TRUE"', 'floppy0.fileType = "file"')
PORT = ('serial0.present = "TRUE"', 'serial0.fileType = "file"')


def told(folder: Path, *lines: str, disk: bool = True) -> list[tuple[str, Severity]]:
    if disk:
        make_disk(folder / "till.vmdk")
    write_config(folder, DISK, *lines, hw=11)
    return [(it.code, it.severity) for it in vmxtool.judge(folder) if it.code in CODES]


@pytest.mark.parametrize(
    ("lines", "code", "severity"),
    [
        (('bios440.filename = "oem.rom"',), "VMX015", Severity.BLOCKER),
        (('firmware = "efi"', 'efi64.filename = "oem.rom"'), "VMX015", Severity.WARNING),
        (('bios440.filename = "/opt/oem.rom"',), "VMX015", Severity.UNKNOWN),
        (('bios440.filename = "C:\\roms\\oem.rom"',), "VMX015", Severity.UNKNOWN),
        (('nx3bios.filename = "ipxe.rom"',), "VMX016", Severity.WARNING),
        (('firmware = "efi"', 'nvram = "till.nvram"'), "VMX017", Severity.WARNING),
        (('checkpoint.vmState = "till.vmss"',), "VMX018", Severity.BLOCKER),
        (('checkpoint.vmState = "/old/till.vmss"',), "VMX018", Severity.WARNING),
        (('redoLogDir = "logs"',), "VMX019", Severity.WARNING),
        ((*FLOPPY, 'floppy0.fileName = "a.flp"'), "DEV726", Severity.INFO),
        ((*PORT, 'serial0.fileName = "/tmp/com1"'), "DEV727", Severity.INFO),
    ],
)
def test_what_is_not_there_is_told_by_what_it_costs(
    tmp_path: Path, lines: tuple[str, ...], code: str, severity: Severity
) -> None:
    assert told(tmp_path, *lines) == [(code, severity)]


@pytest.mark.parametrize(
    "lines",
    [
        # Of the other firmware, or of a machine that loses settings alone.
        ('firmware = "efi"', 'bios440.filename = "oem.rom"'),
        ('efi64.filename = "oem.rom"',),
        ('nvram = "till.nvram"',),
        ('workingDir = "."',),
        # Made anew by the product.
        ('extendedConfigFile = "till.vmxf"', 'sched.swap.derivedName = "/vmfs/volumes/store1/till/till.vswp"'),
        (*FLOPPY, 'floppy0.fileName = "a.flp"', 'floppy0.startConnected = "FALSE"'),
        (*PORT, 'serial0.fileName = "com1.txt"'),
        (*PORT, 'serial0.fileName = "/tmp/com1"', 'serial0.startConnected = "FALSE"'),
    ],
)
def test_what_costs_nothing_is_not_told(tmp_path: Path, lines: tuple[str, ...]) -> None:
    assert told(tmp_path, *lines) == []


def test_a_config_by_itself_says_nothing_of_files_that_did_not_come_with_it(tmp_path: Path) -> None:
    lines = ('firmware = "efi"', 'nvram = "till.nvram"', *FLOPPY, 'floppy0.fileName = "a.flp"', 'workingDir = "w"')
    assert told(tmp_path, *lines, disk=False) == []


def test_a_vm_that_needs_a_file_of_its_host_is_never_ready(tmp_path: Path) -> None:
    told(tmp_path, 'bios440.filename = "/opt/oem.rom"')
    assert vmxtool.check(tmp_path, "ws17").verdict.value == "depends"
    told(tmp_path, 'bios440.filename = "oem.rom"')
    assert vmxtool.check(tmp_path, "ws17").verdict.value == "needs-steps"
    (tmp_path / "oem.rom").write_bytes(b"a BIOS")
    assert vmxtool.check(tmp_path, "ws17").verdict.value == "ready"


def test_a_folder_whose_name_is_longer_than_any_is_not_there(tmp_path: Path) -> None:
    assert ("VMX019", Severity.WARNING) in told(tmp_path, f'redoLogDir = "{"d" * 300}"')
