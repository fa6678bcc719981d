"""Linux with Debian's whole kernel: every controller that QEMU has, EFI, network adapters, names, initramfs-tools.

By hand: `pytest -m boot_full tests/boot`, some minutes. What is shown by each pair is shown from both sides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from boot.disks import make_disk
from boot.linux import (
    ALIASES,
    BY_UUID,
    DATA_MD5,
    UUID_FSTAB,
    fetch_kernel,
    make_guest,
    modules_named,
    named_module,
    vm_of,
)
from boot.linux_full import make_debian_initrd, make_efi_guest
from boot.programs import needs_efi, needs_linux
from boot.qemu import start
from boot.walk import rewritten, walk
from build import disk_lines
from peers import SUBFORMATS

if TYPE_CHECKING:
    from pathlib import Path

    from boot.linux import Kernel

pytestmark = [pytest.mark.boot_full, needs_linux]

DRIVERS = {"lsisas1068": "driver.1000:0054", "pvscsi": "driver.15ad:07c0"}
"""How a guest tells of the driver of each controller that QEMU has."""
OTHER = {"lsisas1068": "vmw_pvscsi", "pvscsi": "mptsas"}
ALL = ["ata_piix", "ahci", "nvme", "mptsas", "vmw_pvscsi"]


@pytest.fixture(scope="session")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Kernel:
    """Debian's whole kernel."""
    return fetch_kernel("amd64", tmp_path_factory.mktemp("full"))


@pytest.mark.parametrize("adapter", ["lsilogic", "lsisas1068", "pvscsi"])
def test_the_kernel_has_the_module_that_the_step_names_for_vmwares_controller(
    adapter: str, kernel: Kernel, tmp_path: Path
) -> None:
    assert named_module(tmp_path, adapter) == kernel.module_for(ALIASES[adapter])


@pytest.mark.parametrize("adapter", DRIVERS)
def test_a_guest_with_the_module_that_the_step_names_starts(adapter: str, kernel: Kernel, tmp_path: Path) -> None:
    module = named_module(tmp_path, adapter)
    guest = make_guest(kernel, tmp_path / "guest", ["ata_piix", module])

    seen = walk(vm_of(tmp_path / "vm", guest), ide_to_scsi=True, adapter=adapter)

    assert seen.said("data") == [DATA_MD5] * 3
    assert seen.said(DRIVERS[adapter]) == [None, module, None]


@pytest.mark.parametrize("other", ["none", "another"])
@pytest.mark.parametrize("adapter", DRIVERS)
def test_a_guest_without_that_module_does_not_find_its_root(
    adapter: str, other: str, kernel: Kernel, tmp_path: Path
) -> None:
    guest = make_guest(kernel, tmp_path / "guest", ["ata_piix", *([OTHER[adapter]] if other == "another" else [])])

    seen = walk(vm_of(tmp_path / "vm", guest), ide_to_scsi=True, adapter=adapter)

    assert seen.said("end") == ["off", "no-root", "off"]
    assert seen.after.said[DRIVERS[adapter]] == "none"


@pytest.mark.parametrize("kind", [*SUBFORMATS, "vmfs"])
def test_every_byte_is_there_on_every_kind_of_disk(kind: str, kernel: Kernel, tmp_path: Path) -> None:
    vm = vm_of(tmp_path / "vm", make_guest(kernel, tmp_path / "guest", ["mptsas"]), kind=kind)
    rewritten(vm, ide_to_scsi=True, adapter="lsisas1068")

    assert start(vm).said["data"] == DATA_MD5


@pytest.mark.parametrize("prepared", [True, False])
def test_a_disk_that_leaves_sata_asks_for_the_driver_of_scsi(prepared: bool, kernel: Kernel, tmp_path: Path) -> None:
    guest = make_guest(kernel, tmp_path / "guest", ["ahci", *(["vmw_pvscsi"] if prepared else [])])
    vm = vm_of(tmp_path / "vm", guest, place="sata0:0", hw=10)

    seen = walk(vm, hwversion=9, move_disks=True, adapter="pvscsi")

    assert modules_named(seen.rewrite) == ["vmw_pvscsi"]
    assert seen.said("end") == ["off", "off" if prepared else "no-root", "off"]


@pytest.mark.parametrize("prepared", [True, False])
def test_a_disk_that_leaves_nvme_for_sata_asks_for_its_driver(prepared: bool, kernel: Kernel, tmp_path: Path) -> None:
    guest = make_guest(kernel, tmp_path / "guest", ["nvme", *(["ahci"] if prepared else [])])
    vm = vm_of(tmp_path / "vm", guest, place="nvme0:0", hw=13)

    seen = walk(vm, hwversion=11, move_disks=True, adapter="sata")

    assert modules_named(seen.rewrite) == ["ahci"]
    assert seen.said("end") == ["off", "off" if prepared else "no-root", "off"]


@pytest.mark.parametrize("prepared", [True, False])
def test_a_controller_that_is_replaced_asks_for_its_driver(prepared: bool, kernel: Kernel, tmp_path: Path) -> None:
    # QEMU has no lsilogic; the stand-in asks for mptsas where VMware's asks for mptspi.
    guest = make_guest(kernel, tmp_path / "guest", ["vmw_pvscsi", *(["mptsas"] if prepared else [])])
    vm = vm_of(tmp_path / "vm", guest, 'scsi0.virtualDev = "pvscsi"', place="scsi0:0")

    seen = walk(vm, hwversion=4, unsafe=True)

    assert modules_named(seen.rewrite) == [kernel.module_for(ALIASES["lsilogic"])]
    assert seen.said("end") == ["off", "off" if prepared else "no-root", "off"]


@pytest.mark.parametrize(
    ("model", "wish", "drivers"),
    [
        ("vmxnet3", {"hwversion": 4, "unsafe": True}, ("vmxnet3", "e1000")),
        ("e1000e", {"hwversion": 7, "unsafe": True}, ("e1000e", "e1000")),
        ("e1000", {"hwversion": 13}, ("e1000", "e1000")),
    ],
)
def test_a_network_adapter_that_is_replaced_keeps_its_address(
    model: str, wish: dict[str, object], drivers: tuple[str, str], kernel: Kernel, tmp_path: Path
) -> None:
    nic = f'ethernet0.present = "TRUE"\nethernet0.virtualDev = "{model}"\n'
    nic += 'ethernet0.addressType = "static"\nethernet0.address = "00:50:56:12:34:56"'
    guest = make_guest(kernel, tmp_path / "guest", ["ata_piix", "vmxnet3", "e1000", "e1000e"])

    seen = walk(vm_of(tmp_path / "vm", guest, nic, hw=8), **wish)

    found = [[value for key, value in it.said.items() if value in drivers] for it in seen.consoles]
    assert found == [[drivers[0]], [drivers[1]], [drivers[0]]]
    assert seen.said("mac") == ["00:50:56:12:34:56"] * 3


@needs_efi
@pytest.mark.parametrize(
    ("place", "hw", "wish"),
    [
        ("nvme0:0", 21, {"hwversion": 13}),
        ("sata0:0", 11, {"hwversion": 21}),
        ("nvme0:0", 13, {"hwversion": 11, "move_disks": True, "adapter": "sata"}),
    ],
)
def test_efi_is_kept(place: str, hw: int, wish: dict[str, object], kernel: Kernel, tmp_path: Path) -> None:
    guest = make_efi_guest(kernel, tmp_path / "guest", ALL)
    vm = vm_of(tmp_path / "vm", guest, 'firmware = "efi"', place=place, hw=hw, memory=512)

    seen = walk(vm, **wish)

    assert seen.said("firmware") == ["efi"] * 3
    assert seen.said("data") == [DATA_MD5] * 3


@pytest.mark.parametrize(
    ("root", "fstab", "ends"),
    [
        ("/dev/hda2", ("/dev/hda2 / ext4", "/dev/hda1 /boot vfat"), ["off", "no-root", "off"]),
        ("/dev/sda2", ("/dev/sda2 / ext4", "/dev/sda1 /boot vfat"), ["no-root", "off", "no-root"]),
        (None, ("/dev/hda2 / ext4", "/dev/hda1 /boot vfat"), ["off", "emergency", "off"]),
        (None, UUID_FSTAB, ["off", "off", "off"]),
    ],
    ids=["hd", "sd", "fstab", "UUID"],
)
def test_of_the_names_of_an_old_linux_uuid_alone_holds_before_after_and_undone(
    root: str | None, fstab: tuple[str, ...], ends: list[str], kernel: Kernel, tmp_path: Path
) -> None:
    guest = make_guest(kernel, tmp_path / "guest", ALL, root=root or BY_UUID, fstab=fstab, words="hdnames")

    assert walk(vm_of(tmp_path / "vm", guest), ide_to_scsi=True, adapter="pvscsi").said("end") == ends


def test_sd_names_may_change_where_another_disk_is_on_the_same_controller(kernel: Kernel, tmp_path: Path) -> None:
    fstab = ("/dev/sda2 / ext4", "/dev/sda1 /boot vfat")
    guest = make_guest(kernel, tmp_path / "guest", ALL, root="/dev/sda2", fstab=fstab)
    data = 'scsi0.virtualDev = "pvscsi"\n' + disk_lines("scsi0:0", "data.vmdk") + 'bios.hddOrder = "ide0:0"'
    vm = vm_of(tmp_path / "vm", guest, data)
    empty = tmp_path / "empty.raw"
    empty.write_bytes(bytes(20 * 2**20))
    make_disk(empty, vm.with_name("data.vmdk"), place="scsi0:0")

    seen = walk(vm, ide_to_scsi=True, adapter="pvscsi")

    # Linux looks at the disks of a controller at once, and the first that answers is sda.
    assert seen.said("end")[1] == ("no-root" if "sdb2" in seen.after.said["disks"] else "off")


@pytest.mark.parametrize(
    ("which", "modules", "starts"),
    [
        ("list", ("ata_piix", "sd_mod"), False),
        ("list", ("ata_piix", "sd_mod", "vmw_pvscsi"), True),
        ("most", (), True),
    ],
    ids=["not prepared", "prepared", "Debian's default"],
)
def test_a_guest_that_debians_own_tools_prepared_starts(
    which: str, modules: tuple[str, ...], starts: bool, kernel: Kernel, tmp_path: Path
) -> None:
    # This system has no modules of its own, so those of its file systems are loaded before it starts.
    initrd = make_debian_initrd(kernel, tmp_path, which, ("ext4", "vfat", "nls_cp437", "nls_ascii", *modules))
    guest = make_guest(kernel, tmp_path / "guest", (), initrd=initrd, words="rootdelay=5")
    vm = vm_of(tmp_path / "vm", guest, memory=512)
    before = start(vm)
    rewritten(vm, ide_to_scsi=True, adapter="pvscsi")
    after = start(vm)

    assert before.said.get("data") == DATA_MD5
    assert after.said.get("data") == (DATA_MD5 if starts else None)
    assert ("does not exist" in after.text) is not starts
