"""Disks that cannot change their bus, each with the reason, and what is left to do in the guest where they can."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from build import IDE_DISK, SCSI_DISK, descriptor, disk_lines, make_disk, make_vm, write_config
from changes.told import entries, manual, reasons, settings
from vmdk.disks import legacy_cowd

from vmxtool import inspect, plan_rewrite

if TYPE_CHECKING:
    from pathlib import Path

    from vmxtool import Machine, Rewrite


def move(vm: Machine, **wishes: Any) -> Rewrite:
    return plan_rewrite(vm, ide_to_scsi=True, **wishes)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        (legacy_cowd(), "legacy-disk"),
        (descriptor('RW 100 FLAT "/dev/sda" 0', create_type="fullDevice"), "device-backed-disk"),
        (descriptor('RW 100 VMFSRDM "rdm.vmdk"', create_type="vmfsRawDeviceMap"), "device-backed-disk"),
        (descriptor(head='encryptionKeys="vmware:key/list/()"'), "disk-encrypted"),
        (b"this is no disk at all, only a few words", "chain-broken"),
    ],
)
def test_a_disk_that_cannot_move_is_refused_with_the_reason(tmp_path: Path, file: bytes, name: str) -> None:
    (tmp_path / "disk.vmdk").write_bytes(file)
    assert name in reasons(move(make_vm(tmp_path, IDE_DISK, guest="rhel4")))


def test_devices_of_the_host_do_not_move(tmp_path: Path) -> None:
    raw = make_vm(tmp_path, IDE_DISK + 'ide0:0.deviceType = "rawDisk"\n', guest="rhel4")
    assert "device-backed-disk" in reasons(move(raw))
    through = 'sata0.present = "TRUE"\nsata0:0.present = "TRUE"\nsata0:0.deviceType = "scsi-passthru"\n'
    assert "drive-not-movable" in reasons(plan_rewrite(make_vm(tmp_path, through, hw=10), hwversion=9))


def test_a_disk_that_is_missing_or_outside_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "vm"
    assert reasons(move(make_vm(folder, IDE_DISK, guest="rhel4", disks=False))) == ["disk-file-missing"]
    make_disk(tmp_path / "disk.vmdk")
    outside = disk_lines("ide0:0", "../disk.vmdk")
    assert reasons(move(make_vm(folder, outside, guest="rhel4", disks=False))) == ["disk-outside-folder"]


def test_a_link_that_leads_out_of_the_folder_is_outside(tmp_path: Path) -> None:
    folder = tmp_path / "vm"
    folder.mkdir()
    make_disk(tmp_path / "disk.vmdk")
    (folder / "disk.vmdk").symlink_to(tmp_path / "disk.vmdk")
    assert reasons(move(make_vm(folder, IDE_DISK, guest="rhel4"))) == ["disk-outside-folder"]


def test_a_missing_disk_that_does_not_move_refuses_nothing(tmp_path: Path) -> None:
    make_vm(tmp_path, IDE_DISK + disk_lines("scsi0:0", "data.vmdk"), guest="rhel4")
    (tmp_path / "data.vmdk").unlink()
    assert settings(move(inspect(tmp_path)))["ide0:0.fileName"] == "scsi1:0.fileName"


@pytest.mark.parametrize("other", ["twin.vmx", "template.vmtx", "old.cfg"])
def test_a_disk_of_another_config_in_the_folder_is_refused(tmp_path: Path, other: str) -> None:
    vm = make_vm(tmp_path, IDE_DISK, guest="rhel4")
    assert not move(vm).refused
    write_config(tmp_path, disk_lines("scsi0:0", "./DISK.vmdk"), name=other)
    refused = move(vm).refused
    assert [reason.name for reason in refused] == ["disk-shared"]
    assert other in refused[0].message


def test_more_configs_than_are_read_may_have_the_disk_and_one_under_many_names_is_read_once(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, IDE_DISK, guest="rhel4")
    (tmp_path / "0.vmx").write_text("# a comment\n" * 50_000)
    for number in range(1, 40):
        (tmp_path / f"{number}.vmx").hardlink_to(tmp_path / "0.vmx")
    assert not move(vm).refused
    for number in range(1, 40):
        (tmp_path / f"{number}.vmx").unlink()
        (tmp_path / f"{number}.vmx").write_text("# a comment\n" * 50_000)
    assert [(reason.name, "was not read" in reason.message) for reason in move(vm).refused] == [("disk-shared", True)]


def test_two_drives_on_one_file_are_refused(tmp_path: Path) -> None:
    refused = move(make_vm(tmp_path, IDE_DISK + disk_lines("ide1:0", "./disk.vmdk"), guest="rhel4")).refused
    assert {reason.name for reason in refused} == {"disk-used-twice"}
    assert "ide1:0" in refused[0].message


def test_what_keeps_a_disk_from_moving_does_not_keep_its_vm_from_another_version(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, SCSI_DISK + 'scsi0.virtualDev = "lsilogic"', hw=6, guest="rhel4")
    write_config(tmp_path, disk_lines("scsi0:1"), name="twin.vmx")
    made = plan_rewrite(vm, hwversion=4)
    assert entries(made) == []
    assert any("disk.vmdk is also a disk of twin.vmx" in note for note in made.notes)


# --- the guest's part


@pytest.mark.parametrize(
    ("guest", "words"),
    [
        ("winNT", ("Windows NT 4", "BusLogic", "Converter 3")),
        ("win2000Pro", ("Windows 2000", "BusLogic", "Converter 3")),
        ("winxppro", ("Windows XP", "symmpi", "0x7B", "Converter 3")),
        ("winNetStandard", ("Windows Server 2003", "LSI Logic", "Converter 3")),
        ("rhel4", ("Red Hat Enterprise Linux 4", "/etc/fstab", "boot loader", "initial RAM disk", "mptspi")),
        ("freebsd", ("FreeBSD", "/etc/fstab")),
    ],
)
def test_the_guests_of_the_guide_are_told_what_to_do(tmp_path: Path, guest: str, words: tuple[str, ...]) -> None:
    told = manual(move(make_vm(tmp_path, IDE_DISK, hw=4, guest=guest)))
    for word in words:
        assert word in told


@pytest.mark.parametrize(("bus", "word"), [("nvme", "/dev/nvme"), ("sata", "initial RAM disk")])
def test_linux_is_told_the_names_of_the_bus_that_its_disk_leaves(tmp_path: Path, bus: str, word: str) -> None:
    vm = make_vm(tmp_path, disk_lines(f"{bus}0:0"), hw=14, guest="rhel7-64")
    told = manual(plan_rewrite(vm, hwversion=9, move_disks=True))
    assert word in told
    assert "/dev/hd" not in told


@pytest.mark.parametrize("guest", ["win31", "win95", "win98", "winMe"])
def test_a_windows_that_is_not_of_the_nt_line_is_told_of_no_stop_code(tmp_path: Path, guest: str) -> None:
    told = manual(move(make_vm(tmp_path, IDE_DISK, hw=4, guest=guest), adapter="lsilogic"))
    assert "Windows" in told
    assert "0x7B" not in told


@pytest.mark.parametrize("bus", ["ide", "sata", "nvme"])
@pytest.mark.parametrize("guest", ["debian10-64", "redhat-of-another-name"])
def test_linux_is_told_of_the_names_that_hold_on_every_bus(tmp_path: Path, bus: str, guest: str) -> None:
    vm = make_vm(tmp_path, disk_lines(f"{bus}0:0"), hw=14, guest=guest)
    told = manual(plan_rewrite(vm, hwversion=9, move_disks=True, ide_to_scsi=True, adapter="lsilogic"))
    assert "by UUID or LABEL instead of" in told
    assert "to /dev/sd" not in told


DATA = 'scsi0.virtualDev = "lsilogic"\n' + disk_lines("scsi0:0", "data.vmdk")


def test_the_boot_order_is_a_matter_where_another_disk_is_there_before(tmp_path: Path) -> None:
    told = manual(move(make_vm(tmp_path, IDE_DISK + DATA, guest="rhel4")))
    assert "ide0:0 is scsi0:1 now, and the BIOS may start scsi0:0 before it" in told


@pytest.mark.parametrize(
    "lines",
    [
        IDE_DISK,
        IDE_DISK + DATA.replace("scsi0:0", "scsi0:1"),
        IDE_DISK + disk_lines("sata0:0", "data.vmdk"),
        IDE_DISK + DATA + 'firmware = "efi"\n',
        IDE_DISK + DATA + 'bios.hddOrder = "ide0:0"\n',
    ],
    ids=["alone", "comes first", "on another bus", "EFI", "order set"],
)
def test_the_boot_order_is_no_matter_otherwise(tmp_path: Path, lines: str) -> None:
    assert "BIOS setup" not in manual(move(make_vm(tmp_path, lines, hw=10, guest="rhel4")))


@pytest.mark.parametrize(
    ("guest", "words"),
    [
        ("debian6-64", ("scsi0: put the driver into the initial RAM disk", "kernel module mptspi")),
        ("windows7-64", ("scsi0: a Windows without the driver", "0x7B", "old controller")),
    ],
)
def test_a_controller_that_is_replaced_asks_for_its_driver(tmp_path: Path, guest: str, words: tuple[str, ...]) -> None:
    pvscsi = 'scsi0.virtualDev = "pvscsi"\n'
    told, bare = (
        manual(plan_rewrite(make_vm(tmp_path / name, pvscsi + lines, hw=7, guest=guest), hwversion=4, unsafe=True))
        for name, lines in (("disk", SCSI_DISK), ("none", IDE_DISK + 'scsi0.present = "TRUE"\n'))
    )
    assert "parallel LSI Logic" in bare
    for word in words:
        assert word in told
        assert word not in bare
