"""Guests without a kernel start after every rewrite: they reach their disk by the BIOS, or by one driver they have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from boot.disks import digests, make_disk, make_vm
from boot.programs import needs_grub, needs_qemu, run
from boot.qemu import start
from boot.walk import rewritten, walk
from boot.wiring import Drive, read_wiring, settings_of
from build import disk_lines
from peers import SUBFORMATS

import vmxtool

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.boot, needs_qemu]

KINDS = (*SUBFORMATS, "vmfs")
ADAPTERS = ("buslogic", "lsilogic", "lsisas1068", "pvscsi")
OK = {"heads": "10", "sectors": "3f", "result": "ok", "starts": "01", "end": "off"}
"""What the boot sector says of a disk with 16 heads and 63 sectors, at its first start."""
CDROM = 'ide0:1.present = "TRUE"\nide0:1.deviceType = "cdrom-raw"\nide0:1.fileName = "auto detect"'


@pytest.fixture
def no_guest(tmp_path: Path) -> Path:
    """The raw image of a disk without anything on it."""
    image = tmp_path / "data.raw"
    image.write_bytes(bytes(20 * 2**20))
    return image


@pytest.fixture
def vm_with_data(sector_guest: Path, no_guest: Path, tmp_path: Path) -> Path:
    """A VM that starts from IDE and has a disk without a guest at scsi0:0."""
    lines = ('scsi0.virtualDev = "lsilogic"', disk_lines("scsi0:0", "data.vmdk"))
    vm = make_vm(tmp_path / "vm", sector_guest, *lines, guest="dos")
    make_disk(no_guest, vm.with_name("data.vmdk"), place="scsi0:0")
    return vm


def append(config: Path, line: str) -> None:
    with config.open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_guest_that_goes_by_the_bios_starts_behind_every_controller(
    adapter: str, sector_guest: Path, tmp_path: Path
) -> None:
    vm = make_vm(tmp_path / "vm", sector_guest, guest="dos")

    seen = walk(vm, ide_to_scsi=True, adapter=adapter)

    assert [it.said for it in seen.consoles] == [OK, OK, OK]


@pytest.mark.parametrize("kind", KINDS)
def test_a_guest_starts_from_every_kind_of_disk(kind: str, sector_guest: Path, tmp_path: Path) -> None:
    vm = make_vm(tmp_path / "vm", sector_guest, guest="dos", subformat=kind)

    seen = walk(vm, ide_to_scsi=True, adapter="lsilogic")

    assert [it.said for it in seen.consoles] == [OK, OK, OK]


@pytest.mark.parametrize(("hw", "version"), [(4, 13), (13, 4), (7, 21), (21, 7)])
def test_a_guest_starts_on_a_newer_and_an_older_hardware_version(
    hw: int, version: int, sector_guest: Path, tmp_path: Path
) -> None:
    vm = make_vm(tmp_path / "vm", sector_guest, hw=hw, guest="dos")

    seen = walk(vm, hwversion=version)

    assert seen.settings["virtualhw.version"] == str(version)
    assert [it.said for it in seen.consoles] == [OK, OK, OK]


@needs_grub
@pytest.mark.parametrize(("place", "hw", "version"), [("sata0:0", 10, 9), ("nvme0:0", 13, 11)])
def test_a_guest_starts_where_its_disk_left_a_bus_that_the_version_lacks(
    place: str, hw: int, version: int, bios_guest: Path, tmp_path: Path
) -> None:
    vm = make_vm(tmp_path / "vm", bios_guest, place=place, hw=hw, guest="otherlinux")

    seen = walk(vm, hwversion=version, move_disks=True, adapter="pvscsi")

    assert (seen.settings["scsi0:0.filename"], seen.settings.get(f"{place}.present")) == ("disk.vmdk", None)
    assert seen.said("disk") == ["ok", "ok", "ok"]


def test_a_vm_in_legacy_mode_starts_and_keeps_a_version_that_both_products_run(
    sector_guest: Path, tmp_path: Path
) -> None:
    vm = make_vm(tmp_path / "vm", sector_guest, hw=6, guest="dos")

    seen = walk(vm, legacy=True, target="ws5.5", origin="ws6")

    assert [it.said for it in seen.consoles] == [OK, OK, OK]
    assert seen.settings["virtualhw.version"] == "4"


@needs_grub
def test_a_guest_with_a_driver_for_ide_alone_does_not_find_its_disk_on_scsi(ide_guest: Path, tmp_path: Path) -> None:
    vm = make_vm(tmp_path / "vm", ide_guest, guest="win98")

    seen = walk(vm, ide_to_scsi=True, adapter="lsilogic")

    assert seen.said("loader") == ["grub", "grub", "grub"]
    assert seen.said("disk") == ["ok", None, "ok"]


def test_a_disk_whose_descriptor_says_another_geometry_is_read_at_wrong_sectors(
    sector_guest: Path, tmp_path: Path
) -> None:
    vm = make_vm(tmp_path / "vm", sector_guest, guest="dos", subformat="monolithicFlat")
    rewritten(vm, ide_to_scsi=True, adapter="buslogic")
    disk = vm.with_name("disk.vmdk")
    disk.write_bytes(
        disk.read_bytes().replace(b'heads = "16"', b'heads = "64"').replace(b'sectors = "63"', b'sectors = "32"')
    )

    assert start(vm).said == {"heads": "40", "sectors": "20", "result": "wrong-sector", "end": "off"}


def test_a_vm_with_a_snapshot_starts_and_is_not_rewritten_until_the_snapshot_is_gone(
    sector_guest: Path, tmp_path: Path
) -> None:
    vm = make_vm(tmp_path / "vm", sector_guest, guest="dos")
    folder = vm.parent
    vm.write_text(vm.read_text().replace("disk.vmdk", "disk-000001.vmdk"))
    run("qemu-img", "create", "-q", "-f", "vmdk", "-b", "disk.vmdk", "-F", "vmdk", "disk-000001.vmdk", cwd=folder)
    first = start(vm, keep=True)
    second = start(vm)
    found = digests(folder)
    refused = vmxtool.plan_rewrite(vm, ide_to_scsi=True, adapter="lsilogic").refused
    assert [finding.code for finding in refused] == ["SNP601"]
    assert digests(folder) == found
    run("qemu-img", "commit", "-q", "-f", "vmdk", "disk-000001.vmdk", cwd=folder)
    vm.with_name("disk-000001.vmdk").unlink()
    vm.write_text(vm.read_text().replace("disk-000001.vmdk", "disk.vmdk"))

    seen = walk(vm, ide_to_scsi=True, adapter="lsilogic")

    assert [first.said, second.said] == [OK, {**OK, "starts": "02"}]
    assert seen.said("starts") == ["02", "02", "02"]


def test_the_bios_starts_a_data_disk_on_scsi_until_the_boot_order_is_set(vm_with_data: Path) -> None:
    before = start(vm_with_data)
    rewritten(vm_with_data, ide_to_scsi=True, adapter="lsilogic")
    after = start(vm_with_data)
    append(vm_with_data, 'bios.hddOrder = "scsi0:1"')

    assert [before.said, after.said, start(vm_with_data).said] == [OK, {}, OK]
    assert "not a bootable disk" in after.firmware


def test_a_boot_order_that_was_set_goes_with_the_disk(vm_with_data: Path) -> None:
    append(vm_with_data, 'bios.hddOrder = "ide0:0"')

    seen = walk(vm_with_data, ide_to_scsi=True, adapter="lsilogic")

    assert [it.said for it in seen.consoles] == [OK, OK, OK]


def test_two_disks_keep_their_order(sector_guest: Path, no_guest: Path, tmp_path: Path) -> None:
    vm = make_vm(tmp_path / "vm", sector_guest, disk_lines("ide0:1", "data.vmdk"), guest="dos")
    make_disk(no_guest, vm.with_name("data.vmdk"))

    seen = walk(vm, ide_to_scsi=True, adapter="pvscsi")

    assert [it.said for it in seen.consoles] == [OK, OK, OK]


def test_a_cdrom_drive_that_was_left_alone_is_master_and_the_guest_starts(sector_guest: Path, tmp_path: Path) -> None:
    vm = make_vm(tmp_path / "vm", sector_guest, CDROM, guest="dos")
    before = start(vm)
    rewritten(vm, ide_to_scsi=True, adapter="lsilogic")

    assert [before.said, start(vm).said] == [OK, OK]
    assert read_wiring(vm).drives == (Drive("ide0:0", "cdrom", None), Drive("scsi0:0", "disk", "disk.vmdk"))


def test_after_a_start_that_wrote_the_config_alone_goes_back_and_the_guest_starts_with_what_it_wrote(
    sector_guest: Path, tmp_path: Path
) -> None:
    vm = make_vm(tmp_path / "vm", sector_guest, guest="dos")
    rewritten(vm, ide_to_scsi=True, adapter="lsilogic")
    start(vm, keep=True)

    with pytest.raises(vmxtool.WriteError, match="changed since") as refused:
        vmxtool.undo(vm)
    assert "vmxtool undo --only vm.vmx" in str(refused.value)
    vmxtool.undo(vm, ["vm.vmx"])

    assert settings_of(vm)["ide0:0.present"] == "TRUE"
    assert start(vm).said == {**OK, "starts": "02"}
