"""Linux starts after a rewrite where it was prepared as vmxtool says, and not without.

The kernel is Debian's for clouds. Its initial RAM disk holds the drivers named here and no others, so what a guest
needs is shown from both sides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from boot.linux import ALIASES, DATA_MD5, make_guest, named_module, vm_of
from boot.programs import needs_linux
from boot.qemu import start
from boot.walk import rewritten, walk

if TYPE_CHECKING:
    from pathlib import Path

    from boot.linux import Kernel

pytestmark = [pytest.mark.boot, needs_linux]

PVSCSI = "driver.15ad:07c0"
BY_NAME = ("/dev/nvme0n1p2 / ext4", "/dev/nvme0n1p1 /boot vfat")


@pytest.mark.parametrize("adapter", ["buslogic", "pvscsi"])
def test_the_kernel_has_the_module_that_the_step_names_for_vmwares_controller(
    adapter: str, cloud_kernel: Kernel, tmp_path: Path
) -> None:
    assert named_module(tmp_path, adapter) == cloud_kernel.module_for(ALIASES[adapter])


def test_a_guest_with_the_module_that_the_step_names_starts_and_has_all_its_data(
    cloud_kernel: Kernel, tmp_path: Path
) -> None:
    module = named_module(tmp_path, "pvscsi")
    nic = 'ethernet0.present = "TRUE"\nethernet0.virtualDev = "vmxnet3"\n'
    nic += 'ethernet0.addressType = "static"\nethernet0.address = "00:50:56:12:34:56"'
    guest = make_guest(cloud_kernel, tmp_path / "guest", ["ata_piix", "vmxnet3", module])

    seen = walk(vm_of(tmp_path / "vm", guest, nic, kind="twoGbMaxExtentSparse"), ide_to_scsi=True, adapter="pvscsi")

    assert module == "vmw_pvscsi"
    assert seen.said("end") == ["off", "off", "off"]
    assert seen.said("data") == [DATA_MD5] * 3
    assert seen.said("driver.8086:7010")[0] == "ata_piix"
    assert seen.said(PVSCSI) == [None, "vmw_pvscsi", None]
    assert seen.said("disks") == ["sda sda1 sda2"] * 3
    assert seen.said("mac") == ["00:50:56:12:34:56"] * 3


def test_a_guest_without_that_module_does_not_find_its_root(cloud_kernel: Kernel, tmp_path: Path) -> None:
    # The driver of another SCSI controller of VMware's is no help.
    guest = make_guest(cloud_kernel, tmp_path / "guest", ["ata_piix", "BusLogic"])
    vm = vm_of(tmp_path / "vm", guest)
    before = start(vm)
    rewritten(vm, ide_to_scsi=True, adapter="pvscsi")
    after = start(vm)

    assert cloud_kernel.has("BusLogic")
    assert before.end == "off"
    assert (after.end, after.said[PVSCSI]) == ("no-root", "none")


def test_a_guest_that_goes_by_uuid_starts_where_its_disk_left_nvme(cloud_kernel: Kernel, tmp_path: Path) -> None:
    guest = make_guest(cloud_kernel, tmp_path / "guest", ["vmw_pvscsi"])
    vm = vm_of(tmp_path / "vm", guest, place="nvme0:0", hw=13)
    before = start(vm)
    rewritten(vm, hwversion=11, move_disks=True, adapter="pvscsi")
    after = start(vm)

    assert [(it.end, it.said["root"], it.said["data"]) for it in (before, after)] == [
        ("off", "/dev/nvme0n1p2", DATA_MD5),
        ("off", "/dev/sda2", DATA_MD5),
    ]


def test_a_guest_that_goes_by_nvme_names_does_not_find_its_root_on_scsi(cloud_kernel: Kernel, tmp_path: Path) -> None:
    guest = make_guest(cloud_kernel, tmp_path / "guest", ["vmw_pvscsi"], root="/dev/nvme0n1p2", fstab=BY_NAME)
    vm = vm_of(tmp_path / "vm", guest, place="nvme0:0", hw=13)
    before = start(vm)
    rewritten(vm, hwversion=11, move_disks=True, adapter="pvscsi")
    after = start(vm)

    assert before.end == "off"
    assert (after.end, after.said[PVSCSI], after.said["disks"]) == ("no-root", "vmw_pvscsi", "sda sda1 sda2")
