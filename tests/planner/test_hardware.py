"""What a change of hardware version, or of the kind of product, does to devices: both ways, and what it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from planner.small_vms import make_disk, make_vm

from vmxtool.findings import Safety
from vmxtool.knowledge.products import find_target
from vmxtool.planner.changes import Proposal, SettingChange
from vmxtool.planner.request import Request
from vmxtool.planner.rewrite import propose

if TYPE_CHECKING:
    from pathlib import Path

NIC = 'ethernet0.present = "TRUE"\nethernet0.virtualDev = "{}"'
SCSI = 'scsi0.present = "TRUE"\nscsi0.virtualDev = "{}"\nscsi0:0.present = "TRUE"\nscsi0:0.fileName = "disk.vmdk"'


def request(**wishes: Any) -> Request:
    for name in ("target", "origin"):
        if name in wishes:
            wishes[name] = find_target(wishes[name])
    return Request(**wishes)


def settings(proposal: Proposal) -> dict[str, str | None]:
    """New values by key; None where the setting goes, the new name after an arrow where it is renamed."""
    assert not proposal.refused, proposal.refused
    return {change.key: change.after if change.name is None else f"-> {change.name}" for change in proposal.settings}


def reasons(proposal: Proposal) -> list[tuple[str, str]]:
    return [(reason.name, reason.message) for reason in proposal.refused]


@pytest.mark.parametrize(
    ("lines", "guest", "hw", "wish", "key", "after"),
    [
        # network adapters: one that the guest has a driver for, where that is known
        (NIC.format("vmxnet3"), "rhel5-64", 7, 4, "ethernet0.virtualDev", "e1000"),
        (NIC.format("vmxnet3"), "winxppro", 7, 4, "ethernet0.virtualDev", "vlance"),
        (NIC.format("e1000e"), "windows8-64", 9, 7, "ethernet0.virtualDev", "e1000"),
        (NIC.format("e1000e"), "noSuchGuest", 9, 7, "ethernet0.virtualDev", "e1000"),
        (NIC.format("e1000"), "rhel4", 4, 3, "ethernet0.virtualDev", "vlance"),
        ('ethernet0.features = "15"', "rhel4", 4, 3, "ethernet0.features", None),
        # USB, sound, display
        ('usb_xhci.present = "TRUE"', "rhel5", 8, 7, "usb_xhci.present", None),
        ('usb_xhci:4.deviceType = "hid"', "rhel5", 8, 7, "usb_xhci:4.deviceType", None),
        ('ehci.present = "TRUE"', "rhel5", 6, 4, "ehci.present", None),
        ('sound.virtualDev = "hdaudio"', "rhel5", 8, 7, "sound.virtualDev", "es1371"),
        ('svga.vramSize = "536870912"', "rhel5", 9, 8, "svga.vramSize", "134217728"),
        # chipset
        ('vmci0.present = "TRUE"', "rhel5", 7, 6, "vmci0.present", None),
        ('hpet0.present = "TRUE"', "rhel5", 8, 6, "hpet0.present", None),
        ('pciBridge4.functions = "8"', "rhel5", 7, 6, "pciBridge4.functions", None),
        ('pciBridge0.present = "TRUE"', "rhel5", 6, 4, "pciBridge0.present", None),
        ('ethernet0.pciSlotNumber = "32"', "rhel5", 8, 7, "ethernet0.pciSlotNumber", None),
        ('ethernet0.pciSlotNumber = "32"', "rhel5", 7, 8, "ethernet0.pciSlotNumber", None),
        ('vmi.present = "TRUE"', "rhel5", 4, 3, "vmi.present", None),
        ('vmi.present = "TRUE"', "rhel5", 7, 8, "vmi.present", None),
        # processors and memory
        ('vcpu.hotadd = "TRUE"', "rhel5", 7, 6, "vcpu.hotadd", None),
        ('mem.hotadd = "TRUE"', "rhel5", 7, 6, "mem.hotadd", None),
        ('vhv.enable = "TRUE"', "rhel5", 9, 8, "vhv.enable", None),
        ('cpuid.coresPerSocket = "2"\nnumvcpus = "2"', "rhel5", 7, 6, "cpuid.coresPerSocket", None),
        ('cpuid.coresPerSocket = "128"\nnumvcpus = "128"', "rhel5", 20, 19, "cpuid.coresPerSocket", "64"),
        # disks
        ('ctkEnabled = "TRUE"', "rhel5", 7, 6, "ctkEnabled", None),
        (SCSI.format("lsilogic") + '\nscsi0:0.ctkEnabled = "TRUE"', "rhel5", 7, 6, "scsi0:0.ctkEnabled", None),
        (SCSI.format("vmxlsilogic"), "rhel4", 3, 4, "scsi0.virtualDev", "lsilogic"),
        # firmware and security
        ('uefi.secureBoot.enabled = "TRUE"', "rhel5", 13, 11, "uefi.secureBoot.enabled", None),
        ('managedVM.autoAddVTPM = "software"', "rhel5", 14, 13, "managedVM.autoAddVTPM", None),
        ('vtpm.present = "FALSE"', "rhel5", 14, 13, "vtpm.present", None),
        ('windows.vbs.enabled = "TRUE"', "rhel5", 14, 13, "windows.vbs.enabled", None),
        # the version itself
        ("", "rhel5", 6, 3, "virtualHW.version", "3"),
        ("", "rhel5", 6, 3, "config.version", "6"),
    ],
)
def test_a_device_follows_the_version(
    tmp_path: Path, lines: str, guest: str, hw: int, wish: int, key: str, after: str | None
) -> None:
    vm = make_vm(tmp_path, lines, hw=hw, guest=guest)
    found = settings(propose(vm, Request(hwversion=wish)))
    assert found[key] == after


@pytest.mark.parametrize(
    ("lines", "hw", "wish", "kept"),
    [
        ('firmware = "efi"', 22, 11, "firmware"),
        ('vhv.enable = "TRUE"', 11, 9, "vhv.enable"),
        ('usb.present = "TRUE"', 6, 4, "usb.present"),
        (NIC.format("vmxnet3"), 17, 7, "ethernet0.virtualDev"),
        ('sound.present = "TRUE"\nsound.virtualDev = "es1371"', 6, 4, "sound.virtualDev"),
        ('vmi.present = "TRUE"', 6, 7, "vmi.present"),
    ],
)
def test_what_the_version_knows_stays(tmp_path: Path, lines: str, hw: int, wish: int, kept: str) -> None:
    vm = make_vm(tmp_path, lines, hw=hw, guest="rhel6-64" if hw > 4 else "rhel4")
    assert kept not in settings(propose(vm, Request(hwversion=wish)))


@pytest.mark.parametrize("line", ['usb.present = "TRUE"', 'ehci.present = "TRUE"', 'sound.present = "TRUE"'])
def test_esx_takes_away_what_hosted_products_of_the_same_version_have(tmp_path: Path, line: str) -> None:
    vm = make_vm(tmp_path, line, hw=4, guest="rhel4")
    key = line.partition(" ")[0]
    assert settings(propose(vm, request(target="esx3")))[key] is None
    # USB 2.0 came to hosted products with version 6, so that there it goes as well.
    assert (key in settings(propose(vm, request(target="server1")))) == (key == "ehci.present")


@pytest.mark.parametrize(
    ("lines", "key", "after"),
    [
        (SCSI.format("lsisas1068"), "scsi0.virtualDev", "lsilogic"),
        (SCSI.format("pvscsi"), "scsi0.virtualDev", "lsilogic"),
        ('pciPassthru0.present = "TRUE"', "pciPassthru0.present", None),
        ('memsize = "16384"', "memsize", "8192"),
    ],
)
def test_what_the_guest_may_not_start_without_is_changed_only_when_asked(
    tmp_path: Path, lines: str, key: str, after: str | None
) -> None:
    vm = make_vm(tmp_path, lines, hw=7, guest="windows7-64")
    refused = propose(vm, Request(hwversion=6))
    assert [reason.name for reason in refused.refused] == ["device-not-in-hardware-version"]
    assert "--unsafe" in (refused.refused[0].fix.text if refused.refused[0].fix is not None else "")
    asked = propose(vm, Request(hwversion=6, unsafe=True))
    assert settings(asked)[key] == after
    assert next(change for change in asked.settings if change.key == key).safety is Safety.UNSAFE
    assert asked.manual


def test_everything_that_stands_against_a_version_is_said_at_once(tmp_path: Path) -> None:
    vm = make_vm(
        tmp_path,
        """
        firmware = "efi"
        numvcpus = "16"
        memsize = "131072"
        vtpm.present = "TRUE"
        nvme0.present = "TRUE"
        nvme0:0.present = "TRUE"
        nvme0:0.fileName = "disk.vmdk"
        ethernet7.present = "TRUE"
        """,
        hw=21,
        guest="windows11-64",
    )
    proposal = propose(vm, Request(hwversion=4))
    said = " / ".join(message for _, message in reasons(proposal))
    for word in ("EFI", "TPM", "16 virtual processors", "holds: 131072", "nvme0:0 cannot stay", "no ethernet7"):
        assert word in said, said


def test_unverified_figures_refuse_nothing_and_are_told(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, 'memsize = "8192"\nfirmware = "bios"', hw=6, guest="rhel4")
    proposal = propose(vm, Request(hwversion=3))
    assert not proposal.refused
    assert "memsize" not in settings(proposal)
    assert any("8192" in note and "unverified" in note for note in proposal.notes)


def test_memory_over_a_products_own_limit_shrinks_to_it_when_asked(tmp_path: Path) -> None:
    product = find_target("ws5.5")
    assert product.max_memory_mib is not None
    vm = make_vm(tmp_path, 'memsize = "4096"', hw=4, guest="rhel4")
    if "max_memory_mib" in product.unverified:
        assert not propose(vm, request(target="ws5.5")).refused
    else:
        assert propose(vm, request(target="ws5.5")).refused
        found = settings(propose(vm, request(target="ws5.5", unsafe=True)))
        assert found["memsize"] == str(product.max_memory_mib)


def test_raising_the_version_is_one_way_and_says_so(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, "", hw=4, guest="rhel4")
    proposal = propose(vm, Request(hwversion=7))
    assert settings(proposal) == {"virtualHW.version": "7"}
    assert any("one-way" in note for note in proposal.notes)
    assert any("VMware Tools" in fix.text for fix in proposal.manual)
    assert not any("one-way" in note for note in propose(vm, Request(hwversion=3)).notes)


def test_a_device_that_comes_to_life_with_a_newer_version_is_told(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, 'ethernet5.present = "TRUE"', hw=4, guest="rhel4")
    assert any("ethernet5" in note for note in propose(vm, Request(hwversion=7)).notes)


def test_disks_of_esx_server_2_get_the_name_that_other_products_read(tmp_path: Path) -> None:
    lines = 'scsi0.present = "TRUE"\nscsi0:0.present = "TRUE"\nscsi0:0.name = "vmhba0:0:0:5:disk.vmdk"'
    vm = make_vm(tmp_path, lines, hw=3, guest="rhel3", disks=False)
    assert settings(propose(vm, request(target="gsx3")))["scsi0:0.name"] == "-> scsi0:0.fileName"
    assert settings(propose(vm, Request(hwversion=4)))["scsi0:0.name"] == "-> scsi0:0.fileName"
    assert "scsi0:0.name" not in settings(propose(vm, request(target="esx3")))


def test_product_compatibility_with_esx_goes_on_a_hosted_product(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, 'virtualHW.productCompatibility = "esx"', hw=4, guest="rhel4")
    assert settings(propose(vm, request(target="ws6"))) == {"virtualHW.productCompatibility": "hosted"}
    assert settings(propose(vm, request(target="esx3"))) == {}


def test_a_guest_name_that_the_target_may_not_know_becomes_the_nearest_older_one_when_asked(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, "", hw=10, guest="windows9-64")
    plain = propose(vm, Request(hwversion=8))
    assert "guestOS" not in settings(plain)
    assert any("windows9-64" in note and "--unsafe" in note for note in plain.notes)
    asked = propose(vm, Request(hwversion=8, unsafe=True))
    assert settings(asked)["guestOS"] == "windows8-64"
    assert settings(propose(vm, Request(hwversion=7, unsafe=True)))["guestOS"] == "windows7-64"


def test_descriptors_follow_the_version_once_per_file_and_encrypted_ones_do_not(tmp_path: Path) -> None:
    make_disk(tmp_path / "plain.vmdk", "lsilogic", 6)
    make_disk(tmp_path / "secret.vmdk", "lsilogic", 6, head='encryptionKeys="vmware:key/list/()"')
    lines = 'scsi0.present = "TRUE"\nscsi0.virtualDev = "lsilogic"\n'
    for unit, name in enumerate(("plain", "secret", "plain")):
        lines += f'scsi0:{unit}.present = "TRUE"\nscsi0:{unit}.fileName = "{name}.vmdk"\n'
    proposal = propose(make_vm(tmp_path, lines, hw=6, guest="rhel4"), Request(hwversion=4))
    changed = [(change.link.file, change.key, change.after) for change in proposal.descriptors]
    assert changed == [("plain.vmdk", "ddb.virtualHWVersion", "4")]
    assert any("secret.vmdk is encrypted" in note for note in proposal.notes)


def test_a_disk_of_another_config_keeps_its_version(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, SCSI.format("lsilogic"), hw=6, guest="rhel4")
    (tmp_path / "twin.vmx").write_text('virtualHW.version = "6"\nscsi0:1.fileName = "disk.vmdk"\n')
    proposal = propose(vm, Request(hwversion=4))
    assert not proposal.refused
    assert proposal.descriptors == ()
    assert any("disk.vmdk is also a disk of twin.vmx" in note for note in proposal.notes)


def test_change_tracking_in_a_descriptor_is_told_below_the_version_that_brought_it(tmp_path: Path) -> None:
    make_disk(tmp_path / "disk.vmdk", "lsilogic", 7, head='changeTrackPath="disk-ctk.vmdk"')
    vm = make_vm(tmp_path, SCSI.format("lsilogic"), hw=8, guest="rhel4")
    assert any("disk-ctk.vmdk" in note for note in propose(vm, Request(hwversion=6)).notes)
    assert not any("disk-ctk.vmdk" in note for note in propose(vm, Request(hwversion=7)).notes)


def test_a_disk_that_is_not_here_does_not_stop_a_change_of_version_and_is_told(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, SCSI.format("lsilogic"), hw=6, guest="rhel4", disks=False)
    proposal = propose(vm, Request(hwversion=4))
    assert settings(proposal) == {"virtualHW.version": "4"}
    assert any("disk.vmdk is not here" in note for note in proposal.notes)


def test_a_setting_is_changed_once(tmp_path: Path) -> None:
    # Three rules speak of it: the bridge, the slot numbers, and for ESX the sound.
    lines = 'pciBridge4.pciSlotNumber = "21"\nsound.pciSlotNumber = "33"\nsound.virtualDev = "hdaudio"'
    proposal = propose(make_vm(tmp_path, lines, hw=10, guest="rhel4"), request(target="esx3"))
    keys = [change.key for change in proposal.changes if isinstance(change, SettingChange)]
    assert len(keys) == len(set(keys))
    assert settings(proposal)["sound.virtualDev"] is None
