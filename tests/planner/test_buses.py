"""Drives that change their bus: units, controllers, settings, descriptors, and what stands against it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from planner.small_vms import descriptor, make_disk, make_vm
from vmdk import disks

from vmxtool.findings import Safety
from vmxtool.knowledge.guests import guests
from vmxtool.knowledge.products import find_target
from vmxtool.planner.request import Request
from vmxtool.planner.rewrite import propose

if TYPE_CHECKING:
    from pathlib import Path

    from vmxtool.machine.model import Machine
    from vmxtool.planner.changes import Proposal

IDE = 'ide0:0.present = "TRUE"\nide0:0.fileName = "disk.vmdk"\n'
CD = '{0}.present = "TRUE"\n{0}.deviceType = "cdrom-raw"\n{0}.fileName = "auto detect"\n'


def move(vm: Machine, **wishes: Any) -> Proposal:
    return propose(vm, Request(ide_to_scsi=True, **wishes))


def names(proposal: Proposal) -> dict[str, str | None]:
    """New names by key, and new values of what keeps its name."""
    assert not proposal.refused, proposal.refused
    return {change.key: change.name or change.after for change in proposal.settings}


def reasons(proposal: Proposal) -> list[str]:
    return [reason.name for reason in proposal.refused]


# ---- units and controllers


def test_four_disks_take_the_units_around_those_that_are_taken_and_around_the_adapters_own(tmp_path: Path) -> None:
    lines = 'scsi0.present = "TRUE"\nscsi0.virtualDev = "lsilogic"\n'
    lines += "".join(
        f'scsi0:{unit}.present = "TRUE"\nscsi0:{unit}.fileName = "s{unit}.vmdk"\n' for unit in (0, 1, 2, 3, 4, 6)
    )
    for place in ("ide0:0", "ide0:1", "ide1:0", "ide1:1"):
        lines += f'{place}.present = "TRUE"\n{place}.fileName = "{place.replace(":", "-")}.vmdk"\n'
    found = names(move(make_vm(tmp_path, lines, guest="rhel4")))
    assert found["ide0:0.fileName"] == "scsi0:5.fileName"
    assert found["ide0:1.fileName"] == "scsi0:8.fileName"  # 7 is the adapter's own
    assert found["ide1:0.fileName"] == "scsi0:9.fileName"
    assert found["ide1:1.fileName"] == "scsi0:10.fileName"


def test_a_unit_with_settings_is_not_free_even_where_nothing_is_present(tmp_path: Path) -> None:
    lines = IDE + 'scsi0:0.present = "FALSE"\nsched.scsi0:1.shares = "normal"\n'
    assert names(move(make_vm(tmp_path, lines, guest="rhel4")))["ide0:0.present"] == "scsi0:2.present"


@pytest.mark.parametrize(
    ("controllers", "place", "settings"),
    [
        ("", "scsi0:0", {"scsi0.present": "TRUE", "scsi0.virtualDev": "lsilogic"}),
        # there without disks, as wizards leave it: it gets the model
        ('scsi0.present = "TRUE"', "scsi0:0", {"scsi0.virtualDev": "lsilogic"}),
        ('scsi0.present = "TRUE"\nscsi0.virtualDev = "buslogic"', "scsi0:0", {"scsi0.virtualDev": "lsilogic"}),
        ('scsi0.present = "FALSE"', "scsi0:0", {"scsi0.present": "TRUE", "scsi0.virtualDev": "lsilogic"}),
        # of the right model, with a disk
        ('scsi1.present = "TRUE"\nscsi1.virtualDev = "lsilogic"\nscsi1:0.present = "TRUE"', "scsi1:1", {}),
        # of another model, with a disk, and one that two VMs share
        (
            'scsi0.present = "TRUE"\nscsi0.virtualDev = "buslogic"\nscsi0:0.present = "TRUE"',
            "scsi1:0",
            {"scsi1.present": "TRUE", "scsi1.virtualDev": "lsilogic"},
        ),
        (
            'scsi0.present = "TRUE"\nscsi0.virtualDev = "lsilogic"\nscsi0.sharedBus = "virtual"',
            "scsi1:0",
            {"scsi1.present": "TRUE", "scsi1.virtualDev": "lsilogic"},
        ),
        # switched off, with a drive that would come to life
        ('scsi0:3.present = "TRUE"', "scsi1:0", {"scsi1.present": "TRUE", "scsi1.virtualDev": "lsilogic"}),
    ],
)
def test_a_controller_is_reused_or_made(tmp_path: Path, controllers: str, place: str, settings: dict[str, str]) -> None:
    found = names(move(make_vm(tmp_path, f"{IDE}{controllers}", guest="rhel4")))
    assert found.pop("ide0:0.present") == f"{place}.present"
    assert found.pop("ide0:0.fileName") == f"{place}.fileName"
    assert found == settings


@pytest.mark.parametrize(
    ("guest", "hw", "model"),
    [
        ("win2000Serv", 4, "buslogic"),
        ("winNT", 4, "buslogic"),
        ("winxppro", 4, "lsilogic"),
        ("winNetStandard-64", 4, "lsilogic"),
        ("rhel4", 4, "lsilogic"),
        ("windows7-64", 7, "lsisas1068"),
        ("windows7-64", 6, "lsilogic"),  # SAS came with version 7
    ],
)
def test_the_controller_suits_the_guest_and_the_version(tmp_path: Path, guest: str, hw: int, model: str) -> None:
    proposal = move(make_vm(tmp_path, IDE, hw=hw, guest=guest))
    assert names(proposal)["scsi0.virtualDev"] == model
    word = "buslogic" if model == "buslogic" else "lsilogic"
    assert [(change.key, change.after) for change in proposal.descriptors] == [("ddb.adapterType", word)]


def test_no_guest_of_64_bits_gets_a_buslogic_controller(tmp_path: Path) -> None:
    assert not [guest.id for guest in guests().values() if guest.bits == 64 and guest.scsi_model == "buslogic"]
    asked = move(make_vm(tmp_path, IDE, guest="rhel5-64"), adapter="buslogic")
    assert reasons(asked) == ["adapter-not-for-guest"]


@pytest.mark.parametrize("guest", ["win98", "noSuchGuest", ""])
def test_a_guest_without_a_known_controller_needs_one_named(tmp_path: Path, guest: str) -> None:
    vm = make_vm(tmp_path, IDE, guest=guest)
    assert reasons(move(vm)) == ["adapter-not-known"]
    assert names(move(vm, adapter="buslogic"))["scsi0.virtualDev"] == "buslogic"


def test_an_adapter_that_the_version_does_not_have_is_refused(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, IDE, hw=6, guest="rhel5")
    assert reasons(move(vm, adapter="pvscsi")) == ["device-not-in-hardware-version"]
    assert names(move(make_vm(tmp_path, IDE, hw=7, guest="rhel5"), adapter="PVSCSI"))["scsi0.virtualDev"] == "pvscsi"


def test_where_no_unit_is_left_the_move_is_refused(tmp_path: Path) -> None:
    shared = "".join(f'scsi{n}.present = "TRUE"\nscsi{n}.sharedBus = "virtual"\n' for n in range(4))
    assert reasons(move(make_vm(tmp_path, IDE + shared, guest="rhel4"))) == ["no-free-unit"]


def test_more_disks_than_one_controller_takes_go_to_a_second(tmp_path: Path) -> None:
    lines = 'sata0.present = "TRUE"\n'
    for unit in range(17):
        lines += f'sata0:{unit}.present = "TRUE"\nsata0:{unit}.fileName = "d{unit}.vmdk"\n'
        (tmp_path / f"d{unit}.vmdk").write_text(descriptor(extent=f"d{unit}.data"))
        (tmp_path / f"d{unit}.data").touch()
        os.truncate(tmp_path / f"d{unit}.data", 2048 * 512)
    vm = make_vm(tmp_path, lines, hw=10, guest="rhel6")
    found = names(propose(vm, Request(hwversion=9, move_disks=True)))
    assert found["sata0:14.fileName"] == "scsi0:15.fileName"
    assert found["sata0:16.fileName"] == "scsi1:1.fileName"
    assert (found["scsi1.present"], found["scsi1.virtualDev"]) == ("TRUE", "lsilogic")


# ---- settings


def test_every_setting_of_the_disk_goes_along(tmp_path: Path) -> None:
    lines = IDE + (
        'IDE0:0.Mode = "independent-persistent"\nide0:0.redo = ""\nide0:0.writeThrough = "TRUE"\n'
        'ide0:0.deviceType = "ata-hardDisk"\nsched.ide0:0.shares = "high"\nsched.ide0:0.throughputCap = "off"\n'
        'ide0:0.startConnected = "TRUE"\n'
    )
    proposal = move(make_vm(tmp_path, lines, guest="rhel4"))
    found = {change.key: (change.name, change.after) for change in proposal.settings if change.name is not None}
    assert found == {
        "ide0:0.present": ("scsi0:0.present", None),
        "ide0:0.fileName": ("scsi0:0.fileName", None),
        "IDE0:0.Mode": ("scsi0:0.Mode", None),
        "ide0:0.redo": ("scsi0:0.redo", None),
        "ide0:0.writeThrough": ("scsi0:0.writeThrough", None),
        "ide0:0.deviceType": ("scsi0:0.deviceType", "scsi-hardDisk"),
        "sched.ide0:0.shares": ("sched.scsi0:0.shares", None),
        "sched.ide0:0.throughputCap": ("sched.scsi0:0.throughputCap", None),
        "ide0:0.startConnected": ("scsi0:0.startConnected", None),
    }
    assert all(change.safety is Safety.UNSAFE for change in proposal.changes)


def test_boot_orders_follow(tmp_path: Path) -> None:
    lines = IDE + CD.format("ide0:1") + 'bios.hddOrder = "ide0:0,scsi1:0"\nbios.bootOrder = "cdrom,hdd,ide0:1"\n'
    found = names(move(make_vm(tmp_path, lines, guest="rhel4")))
    assert found["bios.hddOrder"] == "scsi0:0,scsi1:0"
    assert found["bios.bootOrder"] == "cdrom,hdd,ide0:0"


# ---- CD-ROM drives


def test_cdrom_drives_stay_on_ide_and_a_lone_slave_becomes_master(tmp_path: Path) -> None:
    lines = IDE + CD.format("ide0:1") + 'ide1:0.present = "TRUE"\nide1:0.fileName = "b.vmdk"\n' + CD.format("ide1:1")
    found = names(move(make_vm(tmp_path, lines, guest="rhel4")))
    assert found["ide0:1.deviceType"] == "ide0:0.deviceType"
    assert found["ide1:1.deviceType"] == "ide1:0.deviceType"


def test_a_slave_that_was_alone_before_stays(tmp_path: Path) -> None:
    found = names(move(make_vm(tmp_path, IDE + CD.format("ide1:1"), guest="rhel4")))
    assert not [key for key in found if key.startswith("ide1")]


def test_cdrom_drives_of_a_bus_that_goes_take_free_places_on_ide(tmp_path: Path) -> None:
    lines = 'sata0.present = "TRUE"\nsata0.pciSlotNumber = "33"\n' + CD.format("sata0:1") + CD.format("sata0:2")
    lines += 'ide1:0.present = "FALSE"\nide1:0.fileName = "old.iso"\nsata0:5.present = "FALSE"\n'
    proposal = propose(make_vm(tmp_path, lines, hw=12, guest="rhel4"), Request(hwversion=9))
    found = names(proposal)
    assert found["sata0:1.present"] == "ide0:0.present"
    # Behind a master and without leftovers of a drive that is not there, rather than alone or in the place of those.
    assert found["sata0:2.present"] == "ide0:1.present"
    assert not [key for key in found if key.startswith("ide1")]
    assert found["sata0.present"] is None
    assert found["sata0:5.present"] is None
    assert all(change.safety is Safety.SAFE for change in proposal.settings)


def test_leftovers_at_the_only_free_place_go(tmp_path: Path) -> None:
    taken = "".join(CD.format(place) for place in ("ide0:0", "ide0:1", "ide1:0"))
    lines = taken + 'sata0.present = "TRUE"\n' + CD.format("sata0:0") + 'ide1:1.present = "FALSE"\n'
    found = names(propose(make_vm(tmp_path, lines, hw=12, guest="rhel4"), Request(hwversion=9)))
    assert found["ide1:1.present"] is None
    assert found["sata0:0.present"] == "ide1:1.present"


def test_a_cdrom_drive_too_many_is_refused(tmp_path: Path) -> None:
    taken = "".join(CD.format(place) for place in ("ide0:0", "ide0:1", "ide1:0", "ide1:1"))
    lines = taken + 'sata0.present = "TRUE"\n' + CD.format("sata0:0")
    assert reasons(propose(make_vm(tmp_path, lines, hw=12), Request(hwversion=9))) == ["no-free-unit"]


# ---- buses that a version or a product lacks


def modern(folder: Path) -> Machine:
    lines = 'sata0.present = "TRUE"\nsata0:0.present = "TRUE"\nsata0:0.fileName = "a.vmdk"\nfirmware = "efi"\n'
    lines += 'nvme0.present = "TRUE"\nnvme0:0.present = "TRUE"\nnvme0:0.fileName = "b.vmdk"\n'
    return make_vm(folder, lines, hw=22, guest="rhel8-64")


def test_from_22_to_11_nvme_moves_and_sata_and_efi_stay(tmp_path: Path) -> None:
    vm = modern(tmp_path)
    assert reasons(propose(vm, Request(hwversion=11))) == ["disk-bus-not-offered"]
    found = names(propose(vm, Request(hwversion=11, move_disks=True)))
    assert found["nvme0:0.fileName"] == "scsi0:0.fileName"
    assert found["nvme0.present"] is None
    assert found["scsi0.virtualDev"] == "lsilogic"
    assert not [key for key in found if key.startswith("sata")]
    assert "firmware" not in found


def test_below_10_sata_moves_too_and_both_get_units_of_one_controller(tmp_path: Path) -> None:
    found = names(propose(modern(tmp_path), Request(hwversion=9, move_disks=True)))
    assert {found["sata0:0.fileName"], found["nvme0:0.fileName"]} == {"scsi0:0.fileName", "scsi0:1.fileName"}
    assert found["sata0.present"] is None


def test_esx_3_has_no_ide_disks_and_says_which_option_moves_them(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, IDE + CD.format("ide1:0"), hw=4, guest="rhel4")
    refused = propose(vm, Request(target=find_target("esx3")))
    assert reasons(refused) == ["disk-bus-not-offered"]
    assert refused.refused[0].fix is not None
    assert "--ide-to-scsi" in refused.refused[0].fix.text
    found = names(propose(vm, Request(target=find_target("esx3"), ide_to_scsi=True)))
    assert found["ide0:0.fileName"] == "scsi0:0.fileName"
    assert not [key for key in found if key.startswith("ide1")]


def test_what_no_source_confirms_drives_no_disk_out(tmp_path: Path) -> None:
    product = find_target("labmanager2")
    assert "disk_buses" in product.unverified
    proposal = propose(make_vm(tmp_path, IDE, hw=4, guest="rhel4"), Request(target=product))
    assert "disk-bus-not-offered" not in reasons(proposal) or "ide" in product.disk_buses
    assert any("unverified" in note for note in proposal.notes)


# ---- descriptors


def test_every_link_that_names_an_adapter_gets_the_new_one(tmp_path: Path) -> None:
    make_disk(tmp_path / "base.vmdk", "ide")
    child = descriptor("ide", extent="delta.vmdk").replace("ffffffff", "1234abcd")
    (tmp_path / "disk.vmdk").write_text(child.replace("RW", 'parentFileNameHint="base.vmdk"\nRW', 1))
    (tmp_path / "delta.vmdk").write_bytes(bytes(2048 * 512))
    vm = make_vm(tmp_path, IDE, guest="rhel4")
    changed = [(change.link.file, change.key, change.after) for change in move(vm).descriptors]
    assert changed == [(name, "ddb.adapterType", "lsilogic") for name in ("disk.vmdk", "base.vmdk")]


def test_geometry_is_left_alone(tmp_path: Path) -> None:
    proposal = move(make_vm(tmp_path, IDE, guest="rhel4"))
    assert [change.key for change in proposal.descriptors] == ["ddb.adapterType"]


# ---- refusals


@pytest.mark.parametrize(
    ("file", "name"),
    [
        (disks.legacy_cowd(), "legacy-disk"),
        (disks.text('RW 100 FLAT "/dev/sda" 0', create_type="fullDevice"), "device-backed-disk"),
        (disks.text('RW 100 VMFSRDM "rdm.vmdk"', create_type="vmfsRawDeviceMap"), "device-backed-disk"),
        (descriptor(head='encryptionKeys="vmware:key/list/()"').encode(), "disk-encrypted"),
        (b"this is no disk at all, only a few words", "chain-broken"),
    ],
)
def test_a_disk_that_cannot_move_is_refused_with_the_reason(tmp_path: Path, file: bytes, name: str) -> None:
    (tmp_path / "disk.vmdk").write_bytes(file)
    assert name in reasons(move(make_vm(tmp_path, IDE, guest="rhel4")))


def test_devices_of_the_host_do_not_move(tmp_path: Path) -> None:
    raw = IDE + 'ide0:0.deviceType = "rawDisk"\n'
    assert "device-backed-disk" in reasons(move(make_vm(tmp_path, raw, guest="rhel4")))
    lines = 'sata0.present = "TRUE"\nsata0:0.present = "TRUE"\nsata0:0.deviceType = "scsi-passthru"\n'
    assert "drive-not-movable" in reasons(propose(make_vm(tmp_path, lines, hw=10), Request(hwversion=9)))


def test_a_disk_that_is_missing_or_outside_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "vm"
    folder.mkdir()
    assert reasons(move(make_vm(folder, IDE, guest="rhel4", disks=False))) == ["disk-file-missing"]
    make_disk(tmp_path / "disk.vmdk")
    outside = IDE.replace("disk.vmdk", "../disk.vmdk")
    assert reasons(move(make_vm(folder, outside, guest="rhel4", disks=False))) == ["disk-outside-folder"]


def test_a_link_that_leads_out_of_the_folder_is_outside(tmp_path: Path) -> None:
    folder = tmp_path / "vm"
    folder.mkdir()
    make_disk(tmp_path / "disk.vmdk")
    (folder / "disk.vmdk").symlink_to(tmp_path / "disk.vmdk")
    assert reasons(move(make_vm(folder, IDE, guest="rhel4"))) == ["disk-outside-folder"]


@pytest.mark.parametrize("other", ["twin.vmx", "template.vmtx", "old.cfg"])
def test_a_disk_of_another_config_in_the_folder_is_refused(tmp_path: Path, other: str) -> None:
    vm = make_vm(tmp_path, IDE, guest="rhel4")
    assert not move(vm).refused
    (tmp_path / other).write_text('virtualHW.version = "4"\nscsi0:0.fileName = "./DISK.vmdk"\n')
    refused = move(vm).refused
    assert [reason.name for reason in refused] == ["disk-shared"]
    assert other in refused[0].message


def test_two_drives_on_one_file_are_refused(tmp_path: Path) -> None:
    lines = IDE + 'ide1:0.present = "TRUE"\nide1:0.fileName = "./disk.vmdk"\n'
    refused = move(make_vm(tmp_path, lines, guest="rhel4")).refused
    assert {reason.name for reason in refused} == {"disk-used-twice"}
    assert "ide1:0" in refused[0].message


def test_a_disk_in_a_folder_below_moves_like_any_other(tmp_path: Path) -> None:
    proposal = move(make_vm(tmp_path, IDE.replace("disk.vmdk", "disks/disk.vmdk"), guest="rhel4"))
    assert names(proposal)["ide0:0.fileName"] == "scsi0:0.fileName"
    assert [change.link.file for change in proposal.descriptors] == ["disks/disk.vmdk"]


# ---- the guest's part


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
    told = " ".join(fix.text for fix in move(make_vm(tmp_path, IDE, hw=4, guest=guest)).manual)
    for word in words:
        assert word in told


@pytest.mark.parametrize(("bus", "word"), [("nvme", "/dev/nvme"), ("sata", "initial RAM disk")])
def test_linux_is_told_the_names_of_the_bus_that_its_disk_leaves(tmp_path: Path, bus: str, word: str) -> None:
    lines = f'{bus}0.present = "TRUE"\n{bus}0:0.present = "TRUE"\n{bus}0:0.fileName = "disk.vmdk"\n'
    vm = make_vm(tmp_path, lines, hw=14, guest="rhel7-64")
    told = " ".join(fix.text for fix in propose(vm, Request(hwversion=9, move_disks=True)).manual)
    assert word in told
    assert "/dev/hd" not in told


def test_which_disk_the_vm_starts_from_is_asked_where_another_was_there_before(tmp_path: Path) -> None:
    lines = IDE + 'scsi0.present = "TRUE"\nscsi0.virtualDev = "lsilogic"\nscsi0:0.present = "TRUE"\n'
    lines += 'scsi0:0.fileName = "data.vmdk"\n'
    told = " ".join(fix.text for fix in move(make_vm(tmp_path, lines, guest="rhel4")).manual)
    assert "ide0:0 is scsi0:1 now" in told
    alone = " ".join(fix.text for fix in move(make_vm(tmp_path, IDE, guest="rhel4")).manual)
    assert "BIOS setup" not in alone
