"""qemu-img reads the disks of the samples, and refuses those that are damaged on purpose."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(shutil.which("qemu-img") is None, reason="qemu-img is not installed"),
]

SAMPLES = Path(__file__).parents[2] / "samples"
MIB = 1 << 20

# disk: bytes for the guest, createType, number of links
SOUND = {
    "encrypted/Payroll.vmdk": (200 * MIB, "twoGbMaxExtentSparse", 1),
    "esx3-vmfs/web01.vmdk": (65536, "vmfs", 1),
    "esxi67/build01.vmdk": (65536, "vmfs", 1),
    "Budget.vmwarevm/Budget.vmdk": (300 * MIB, "monolithicSparse", 1),
    "gsx3-linux/intranet.vmdk": (300 * MIB, "twoGbMaxExtentSparse", 1),
    "suspended/Ubuntu.vmdk": (400 * MIB, "monolithicSparse", 1),
    "Ubuntu 64-bit/Ubuntu 64-bit.vmdk": (20480 * MIB, "twoGbMaxExtentSparse", 1),
    "Ubuntu 64-bit/Ubuntu 64-bit-data.vmdk": (5120 * MIB, "monolithicSparse", 1),
    "ws17-modern/Atelier.vmdk": (400 * MIB, "monolithicSparse", 1),
    "ws4-undoable/Win98.vmdk": (200 * MIB, "monolithicSparse", 1),
    "ws4-undoable/Win98.vmdk.REDO_a03600": (200 * MIB, "monolithicSparse", 2),
    "ws5-snapshots/Build Host.vmdk": (256 * MIB, "monolithicSparse", 1),
    "ws5-snapshots/Build Host-000001.vmdk": (256 * MIB, "monolithicSparse", 2),
    "ws5-snapshots/Build Host-000003.vmdk": (256 * MIB, "monolithicSparse", 3),
    "ws6-scsi-smp/Windows Server 2003 x64.vmdk": (65536, "monolithicFlat", 1),
    "ws6-windows-ide/Windows XP Professional.vmdk": (400 * MIB, "monolithicSparse", 1),
}


def qemu_img(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["qemu-img", *arguments], capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("name", SOUND)
def test_a_disk_is_what_qemu_img_reads(name: str) -> None:
    size, create_type, links = SOUND[name]
    disk = str(SAMPLES / name)
    info = qemu_img("info", "--output=json", "--backing-chain", disk)
    assert info.returncode == 0, info.stderr
    chain: list[dict[str, Any]] = json.loads(info.stdout)
    assert len(chain) == links
    assert {link["virtual-size"] for link in chain} == {size}
    assert chain[0]["format-specific"]["data"]["create-type"] == create_type
    check = qemu_img("check", disk)
    assert "No errors were found" in check.stdout, check.stderr


@pytest.mark.parametrize("name", ["ws6-windows-ide/Windows XP Professional.vmdk", "gsx3-linux/intranet.vmdk"])
def test_the_guest_sees_a_partition_table(name: str, tmp_path: Path) -> None:
    raw = tmp_path / "disk.raw"
    assert qemu_img("convert", "-O", "raw", str(SAMPLES / name), str(raw)).returncode == 0
    with raw.open("rb") as disk:
        sector = disk.read(512)
    assert sector[510:] == b"\x55\xaa"
    assert sector[446] == 0x80


@pytest.mark.parametrize(
    ("base", "newest"),
    [
        ("ws5-snapshots/Build Host.vmdk", "ws5-snapshots/Build Host-000003.vmdk"),
        ("ws4-undoable/Win98.vmdk", "ws4-undoable/Win98.vmdk.REDO_a03600"),
    ],
)
def test_a_chain_holds_more_than_its_base(base: str, newest: str) -> None:
    same = qemu_img("compare", str(SAMPLES / newest), str(SAMPLES / newest))
    assert same.returncode == 0, same.stderr
    assert qemu_img("compare", str(SAMPLES / base), str(SAMPLES / newest)).returncode == 1


def test_the_disk_without_its_second_file_cannot_be_opened() -> None:
    info = qemu_img("info", str(SAMPLES / "damaged/archive.vmdk"))
    assert info.returncode != 0
    assert "archive-s002.vmdk" in info.stderr


def test_the_delta_with_the_wrong_parent_cannot_be_read(tmp_path: Path) -> None:
    disk = str(SAMPLES / "damaged/system-000001.vmdk")
    assert qemu_img("info", disk).returncode == 0
    read = qemu_img("dd", f"if={disk}", f"of={tmp_path / 'disk.raw'}", "bs=64k", "count=1")
    assert read.returncode != 0


def test_the_linked_clone_cannot_be_read_without_its_parent(tmp_path: Path) -> None:
    disk = str(SAMPLES / "linked-clone/Windows 10 x64-cl1.vmdk")
    assert qemu_img("convert", "-O", "raw", disk, str(tmp_path / "disk.raw")).returncode != 0
