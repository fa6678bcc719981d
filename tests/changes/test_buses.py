"""Drives that change their bus: units, controllers, settings, descriptors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from build import IDE_DISK, SCSI_DISK, disk_lines, make_disk, make_vm
from changes.told import entries, lines, missing_options, reasons, settings

from vmxtool import UsageError, check, plan_rewrite
from vmxtool.changes.buses import ADAPTERS
from vmxtool.changes.model import Wanted
from vmxtool.changes.realise import realise
from vmxtool.findings import Do
from vmxtool.knowledge.guests import guests
from vmxtool.knowledge.product_names import find_target
from vmxtool.report.step_words import step_text
from vmxtool.rules.judging import facts_of
from vmxtool.rules.state import VmState

if TYPE_CHECKING:
    from pathlib import Path

    from vmxtool import Machine, Rewrite

CD = '{0}.present = "TRUE"\n{0}.deviceType = "cdrom-raw"\n{0}.fileName = "auto detect"\n'
SCSI = 'scsi{0}.present = "TRUE"\nscsi{0}.virtualDev = "{1}"\n'
OTHER = SCSI + 'scsi{0}:0.present = "TRUE"\nscsi{0}:0.fileName = "other.vmdk"\n'
IDE_PLACES = ("ide0:0", "ide0:1", "ide1:0", "ide1:1")


def move(vm: Machine, **wishes: Any) -> Rewrite:
    return plan_rewrite(vm, ide_to_scsi=True, **wishes)


# --- units and controllers


def test_four_disks_take_the_units_around_those_that_are_taken_and_around_the_adapters_own(tmp_path: Path) -> None:
    taken = SCSI.format(0, "lsilogic") + "".join(
        disk_lines(f"scsi0:{unit}", f"s{unit}.vmdk") for unit in (0, 1, 2, 3, 4, 6)
    ).replace('scsi0.present = "TRUE"\n', "")
    disks = "".join(disk_lines(place, f"{place.replace(':', '-')}.vmdk") for place in IDE_PLACES)
    found = settings(move(make_vm(tmp_path, taken + disks, guest="rhel4")))
    # 7 is the adapter's own
    assert [found[f"{place}.fileName"] for place in IDE_PLACES] == [f"scsi0:{unit}.fileName" for unit in (5, 8, 9, 10)]


def test_a_unit_with_settings_is_not_free_even_where_nothing_is_present(tmp_path: Path) -> None:
    left = 'scsi0:0.present = "FALSE"\nsched.scsi0:1.shares = "normal"\n'
    assert settings(move(make_vm(tmp_path, IDE_DISK + left, guest="rhel4")))["ide0:0.present"] == "scsi0:2.present"


@pytest.mark.parametrize(
    ("controllers", "place", "wanted"),
    [
        ("", "scsi0:0", {"scsi0.present": "TRUE", "scsi0.virtualDev": "lsilogic"}),
        # there without disks, as wizards leave it: it gets the model
        ('scsi0.present = "TRUE"', "scsi0:0", {"scsi0.virtualDev": "lsilogic"}),
        (SCSI.format(0, "buslogic"), "scsi0:0", {"scsi0.virtualDev": "lsilogic"}),
        ('scsi0.present = "FALSE"', "scsi0:0", {"scsi0.present": "TRUE", "scsi0.virtualDev": "lsilogic"}),
        # of the right model, with a disk
        (OTHER.format(1, "lsilogic"), "scsi1:1", {}),
        # of another model, with a disk, and one that two VMs share
        (
            OTHER.format(0, "buslogic"),
            "scsi1:0",
            {"scsi1.present": "TRUE", "scsi1.virtualDev": "lsilogic"},
        ),
        (
            SCSI.format(0, "lsilogic") + 'scsi0.sharedBus = "virtual"',
            "scsi1:0",
            {"scsi1.present": "TRUE", "scsi1.virtualDev": "lsilogic"},
        ),
        # switched off, with a drive that would come to life
        ('scsi0:3.present = "TRUE"', "scsi1:0", {"scsi1.present": "TRUE", "scsi1.virtualDev": "lsilogic"}),
    ],
)
def test_a_controller_is_reused_or_made(tmp_path: Path, controllers: str, place: str, wanted: dict[str, str]) -> None:
    found = settings(move(make_vm(tmp_path, IDE_DISK + controllers, guest="rhel4")))
    assert found.pop("ide0:0.present") == f"{place}.present"
    assert found.pop("ide0:0.fileName") == f"{place}.fileName"
    assert found == wanted


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
    made = move(make_vm(tmp_path, IDE_DISK, hw=hw, guest=guest))
    assert settings(made)["scsi0.virtualDev"] == model
    word = "buslogic" if model == "buslogic" else "lsilogic"
    assert entries(made) == [("disk.vmdk", "ddb.adapterType", f'ddb.adapterType = "{word}"')]


def test_no_guest_of_64_bits_gets_a_buslogic_controller(tmp_path: Path) -> None:
    assert not [guest.id for guest in guests().values() if guest.bits == 64 and guest.scsi_model == "buslogic"]
    asked = move(make_vm(tmp_path, IDE_DISK, guest="rhel5-64"), adapter="buslogic")
    assert reasons(asked) == ["adapter-not-for-guest"]


@pytest.mark.parametrize("guest", ["win98", "noSuchGuest", ""])
def test_a_guest_without_a_known_controller_needs_one_named(tmp_path: Path, guest: str) -> None:
    vm = make_vm(tmp_path, IDE_DISK, guest=guest)
    (reason,) = move(vm).refused
    assert (reason.code, reason.name) == ("DSK291", "adapter-not-known")
    assert "no SCSI controller is known to suit" in reason.message
    # Which one the guest has a driver for is for its owner to say, and no model is proposed.
    assert reason.fix is not None
    assert "--adapter" in reason.fix.text
    assert not [model for model in ADAPTERS if model in reason.fix.text]
    assert settings(move(vm, adapter="buslogic"))["scsi0.virtualDev"] == "buslogic"


def test_an_adapter_that_the_version_does_not_have_is_refused(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, IDE_DISK, hw=6, guest="rhel5")
    assert reasons(move(vm, adapter="pvscsi")) == ["adapter-not-offered"]
    newer = make_vm(tmp_path, IDE_DISK, hw=7, guest="rhel5")
    assert settings(move(newer, adapter="PVSCSI"))["scsi0.virtualDev"] == "pvscsi"


def test_where_no_unit_is_left_the_move_is_refused(tmp_path: Path) -> None:
    shared = "".join(f'scsi{n}.present = "TRUE"\nscsi{n}.sharedBus = "virtual"\n' for n in range(4))
    assert reasons(move(make_vm(tmp_path, IDE_DISK + shared, guest="rhel4"))) == ["no-free-unit"]


def test_more_disks_than_one_controller_takes_go_to_a_second(tmp_path: Path) -> None:
    text = 'sata0.present = "TRUE"\n'
    for unit in range(17):
        text += f'sata0:{unit}.present = "TRUE"\nsata0:{unit}.fileName = "d{unit}.vmdk"\n'
    vm = make_vm(tmp_path, text, hw=10, guest="rhel6")
    found = settings(plan_rewrite(vm, hwversion=9, move_disks=True))
    assert found["sata0:14.fileName"] == "scsi0:15.fileName"
    assert found["sata0:16.fileName"] == "scsi1:1.fileName"
    assert (found["scsi1.present"], found["scsi1.virtualDev"]) == ("TRUE", "lsilogic")


# --- settings


def test_every_setting_of_the_disk_goes_along(tmp_path: Path) -> None:
    more = (
        'IDE0:0.Mode = "independent-persistent"\nide0:0.redo = ""\nide0:0.writeThrough = "TRUE"\n'
        'ide0:0.deviceType = "ata-hardDisk"\nsched.ide0:0.shares = "high"\nsched.ide0:0.throughputCap = "off"\n'
        'ide0:0.startConnected = "TRUE"\n'
    )
    made = move(make_vm(tmp_path, IDE_DISK + more, guest="rhel4"))
    assert lines(made) == {
        "ide0:0.present": 'scsi0:0.present = "TRUE"',
        "ide0:0.fileName": 'scsi0:0.fileName = "disk.vmdk"',
        "IDE0:0.Mode": 'scsi0:0.Mode = "independent-persistent"',
        "ide0:0.redo": 'scsi0:0.redo = ""',
        "ide0:0.writeThrough": 'scsi0:0.writeThrough = "TRUE"',
        "ide0:0.deviceType": 'scsi0:0.deviceType = "scsi-hardDisk"',
        "sched.ide0:0.shares": 'sched.scsi0:0.shares = "high"',
        "sched.ide0:0.throughputCap": 'sched.scsi0:0.throughputCap = "off"',
        "ide0:0.startConnected": 'scsi0:0.startConnected = "TRUE"',
        "scsi0.present": 'scsi0.present = "TRUE"',
        "scsi0.virtualDev": 'scsi0.virtualDev = "lsilogic"',
    }
    assert {change.safety for change in made.changes} == {"unsafe"}


def test_boot_orders_follow(tmp_path: Path) -> None:
    orders = 'bios.hddOrder = "ide0:0,scsi1:0"\nbios.bootOrder = "cdrom,hdd,ide0:1"\n'
    found = settings(move(make_vm(tmp_path, IDE_DISK + CD.format("ide0:1") + orders, guest="rhel4")))
    assert found["bios.hddOrder"] == "scsi0:0,scsi1:0"
    assert found["bios.bootOrder"] == "cdrom,hdd,ide0:0"


# Someone lowered the version by hand, and left devices that it does not know.
LEFT = 'vmci0.present = "TRUE"\nsata0.present = "TRUE"\n' + CD.format("sata0:1")


def test_only_what_was_asked_for_is_changed(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, IDE_DISK + LEFT, hw=4, guest="rhel4")
    assert {key.partition(".")[0] for key in settings(move(vm))} == {"scsi0", "ide0:0"}


@pytest.mark.parametrize("wishes", [{"hwversion": 4}, {"target": "ws5.5"}])
def test_devices_that_the_version_does_not_know_go_though_it_stays(tmp_path: Path, wishes: dict[str, Any]) -> None:
    vm = make_vm(tmp_path, IDE_DISK + LEFT, hw=4, guest="rhel4")
    whole = settings(plan_rewrite(vm, **wishes))
    assert {key.partition(".")[0] for key in whole} == {"vmci0", "sata0", "sata0:1"}


# --- CD-ROM drives


def test_cdrom_drives_stay_on_ide_and_a_lone_slave_becomes_master(tmp_path: Path) -> None:
    text = IDE_DISK + CD.format("ide0:1") + disk_lines("ide1:0", "b.vmdk") + CD.format("ide1:1")
    found = settings(move(make_vm(tmp_path, text, guest="rhel4")))
    assert found["ide0:1.deviceType"] == "ide0:0.deviceType"
    assert found["ide1:1.deviceType"] == "ide1:0.deviceType"


def test_a_slave_that_was_alone_before_stays(tmp_path: Path) -> None:
    found = settings(move(make_vm(tmp_path, IDE_DISK + CD.format("ide1:1"), guest="rhel4")))
    assert not [key for key in found if key.startswith("ide1")]


def test_cdrom_drives_of_a_bus_that_goes_take_free_places_on_ide(tmp_path: Path) -> None:
    text = 'sata0.present = "TRUE"\nsata0.pciSlotNumber = "33"\n' + CD.format("sata0:1") + CD.format("sata0:2")
    text += 'ide1:0.present = "FALSE"\nide1:0.fileName = "old.iso"\nsata0:5.present = "FALSE"\n'
    made = plan_rewrite(make_vm(tmp_path, text, hw=12, guest="rhel4"), hwversion=9)
    found = settings(made)
    assert found["sata0:1.present"] == "ide0:0.present"
    # Behind a master and without leftovers of a drive that is not there, rather than alone or in the place of those.
    assert found["sata0:2.present"] == "ide0:1.present"
    assert not [key for key in found if key.startswith("ide1")]
    assert found["sata0.present"] is None
    assert found["sata0:5.present"] is None
    assert {change.safety for change in made.changes} == {"safe"}


def test_leftovers_at_the_only_free_place_go(tmp_path: Path) -> None:
    taken = "".join(CD.format(place) for place in IDE_PLACES[:3])
    text = taken + 'sata0.present = "TRUE"\n' + CD.format("sata0:0") + 'ide1:1.present = "FALSE"\n'
    found = settings(plan_rewrite(make_vm(tmp_path, text, hw=12, guest="rhel4"), hwversion=9))
    assert found["ide1:1.present"] is None
    assert found["sata0:0.present"] == "ide1:1.present"


def test_a_cdrom_drive_too_many_is_refused(tmp_path: Path) -> None:
    text = "".join(CD.format(place) for place in IDE_PLACES) + 'sata0.present = "TRUE"\n' + CD.format("sata0:0")
    assert reasons(plan_rewrite(make_vm(tmp_path, text, hw=12), hwversion=9)) == ["no-free-unit"]


# --- buses that a version or a product lacks


def modern(folder: Path) -> Machine:
    text = disk_lines("sata0:0", "a.vmdk") + disk_lines("nvme0:0", "b.vmdk") + 'firmware = "efi"\n'
    return make_vm(folder, text, hw=22, guest="rhel8-64")


def test_from_22_to_11_nvme_moves_and_sata_and_efi_stay(tmp_path: Path) -> None:
    vm = modern(tmp_path)
    assert missing_options(plan_rewrite(vm, hwversion=11)) == "--move-disks"
    found = settings(plan_rewrite(vm, hwversion=11, move_disks=True))
    assert found["nvme0:0.fileName"] == "scsi0:0.fileName"
    assert found["nvme0.present"] is None
    assert found["scsi0.virtualDev"] == "pvscsi"
    assert not [key for key in found if key.startswith("sata")]
    assert "firmware" not in found


def test_below_10_sata_moves_too_and_both_get_units_of_one_controller(tmp_path: Path) -> None:
    found = settings(plan_rewrite(modern(tmp_path), hwversion=9, move_disks=True))
    assert {found["sata0:0.fileName"], found["nvme0:0.fileName"]} == {"scsi0:0.fileName", "scsi0:1.fileName"}
    assert found["sata0.present"] is None


def test_esx_3_has_no_ide_disks_and_says_which_option_moves_them(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, IDE_DISK + CD.format("ide1:0"), hw=4, guest="rhel4")
    assert missing_options(plan_rewrite(vm, target="esx3")) == "--ide-to-scsi"
    found = settings(plan_rewrite(vm, target="esx3", ide_to_scsi=True))
    assert found["ide0:0.fileName"] == "scsi0:0.fileName"
    assert not [key for key in found if key.startswith("ide1")]


def test_what_no_source_confirms_drives_no_disk_out(tmp_path: Path) -> None:
    product = find_target("labmanager2")
    assert "disk_buses" in product.unverified
    made = plan_rewrite(make_vm(tmp_path, IDE_DISK, hw=4, guest="rhel4"), target=product.id)
    assert "ide0:0.fileName" not in settings(made)


# --- from NVMe to SATA

TO_SATA: dict[str, Any] = {"hwversion": 11, "move_disks": True, "adapter": "sata"}
NVME = disk_lines("nvme0:0", "a.vmdk") + 'firmware = "efi"\n'


def told(made: Rewrite) -> str:
    return "\n".join(fix.text for fix in made.manual)


@pytest.mark.parametrize("wishes", [{"hwversion": 11}, {"target": "esxi6.0"}])
def test_a_disk_that_leaves_nvme_goes_to_sata_where_that_is_asked_for(tmp_path: Path, wishes: dict[str, Any]) -> None:
    vm = make_vm(tmp_path, NVME, hw=17, guest="debian10-64")
    found = settings(plan_rewrite(vm, move_disks=True, adapter="sata", **wishes))
    assert found["nvme0:0.fileName"] == "sata0:0.fileName"
    assert (found["sata0.present"], found["nvme0.present"]) == ("TRUE", None)
    assert not [key for key in found if key.startswith("scsi")]
    # Nobody chose it, and SCSI suits the guest too.
    assert settings(plan_rewrite(vm, move_disks=True, **wishes))["nvme0:0.fileName"] == "scsi0:0.fileName"


def test_a_disk_goes_to_a_sata_controller_that_is_there(tmp_path: Path) -> None:
    text = NVME + disk_lines("sata1:0", "b.vmdk") + CD.format("sata1:1")
    found = settings(plan_rewrite(make_vm(tmp_path, text, hw=17, guest="debian10-64"), **TO_SATA))
    assert found["nvme0:0.fileName"] == "sata1:2.fileName"
    assert not [key for key in found if key.endswith(".present") and key.startswith("sata")]


def test_a_guest_for_which_no_scsi_controller_is_known_goes_to_sata_by_itself(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, NVME, hw=17, guest="darwin19-64")
    made = plan_rewrite(vm, target="esxi6.0", move_disks=True)
    assert not made.refused
    assert settings(made)["nvme0:0.fileName"] == "sata0:0.fileName"
    assert "DSK228" not in {item.code for item in check(vm, "esxi6.0").findings}


def test_where_there_is_no_sata_it_is_refused_and_a_disk_of_another_bus_does_not_go_there(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, NVME, hw=17, guest="debian10-64")
    assert reasons(plan_rewrite(vm, hwversion=9, move_disks=True, adapter="sata")) == ["adapter-not-offered"]
    with pytest.raises(UsageError, match="leave NVMe"):
        plan_rewrite(vm, ide_to_scsi=True, adapter="sata")


def test_more_disks_than_sata_takes_are_refused(tmp_path: Path) -> None:
    text = NVME + "".join(f'sata{n}:{unit}.present = "FALSE"\n' for n in range(4) for unit in range(30))
    assert reasons(plan_rewrite(make_vm(tmp_path, text, hw=17, guest="debian10-64"), **TO_SATA)) == ["no-free-unit"]


def test_who_leaves_nvme_is_told_of_its_names_and_not_of_those_of_ide(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, NVME, hw=17, guest="debian10-64")
    for made, module in (
        (plan_rewrite(vm, **TO_SATA), "ahci"),
        (plan_rewrite(vm, hwversion=11, move_disks=True), "mptspi"),
    ):
        assert "/dev/nvme0n1p1" in told(made)
        assert f"kernel module {module}" in told(made)
        assert "/dev/hd" not in told(made)


@pytest.mark.parametrize("guest", ["debian10-64", "redhat-of-another-name"])
def test_who_leaves_sata_keeps_its_names(tmp_path: Path, guest: str) -> None:
    vm = make_vm(tmp_path, disk_lines("sata0:0", "a.vmdk"), hw=12, guest=guest)
    made = plan_rewrite(vm, hwversion=9, move_disks=True, adapter="lsilogic")
    assert "names such as /dev/sda1" in told(made)
    assert "/dev/hd" not in told(made)
    assert "/dev/nvme" not in told(made)


def test_a_check_tells_of_the_names_that_the_disk_has(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, NVME, hw=17, guest="debian10-64")
    (step,) = (step for step in check(vm, "esxi6.0").steps if step.do is Do.PREPARE_GUEST)
    text = step_text(step, vm)
    assert "/dev/nvme0n1p1" in text
    assert "/dev/hd" not in text


def test_a_check_offers_sata_beside_scsi_where_it_is_there(tmp_path: Path) -> None:
    def says(guest: str, target: str) -> str:
        vm = make_vm(tmp_path, NVME, hw=17, guest=guest)
        return " ".join(step_text(step, vm) for step in check(vm, target).steps)

    assert "move nvme0:0 to SCSI, or with --adapter sata to SATA" in says("debian10-64", "esxi6.0")
    assert "move nvme0:0 to SATA" in says("darwin19-64", "esxi6.0")
    assert "SATA" not in says("debian10-64", "esxi5.0")
    assert "SATA" not in says("rhel4", "esxi6.0")


def test_windows_is_told_whether_it_brings_the_driver(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, NVME, hw=17, guest="windows9-64")
    assert "it brings the driver of the SATA (AHCI) controller" in told(plan_rewrite(vm, **TO_SATA))
    other = plan_rewrite(vm, hwversion=11, move_disks=True, adapter="lsilogic")
    assert "has to be installed and enabled" in told(other)


def test_a_guest_without_a_driver_for_what_an_old_version_has_needs_one_named(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, IDE_DISK, hw=6, guest="rhel8-64")
    assert reasons(move(vm)) == ["adapter-not-known"]
    assert settings(move(vm, adapter="lsilogic"))["scsi0.virtualDev"] == "lsilogic"
    assert settings(move(make_vm(tmp_path, IDE_DISK, hw=7, guest="rhel8-64")))["scsi0.virtualDev"] == "pvscsi"


# --- descriptors


def test_every_link_that_names_an_adapter_gets_the_new_one(tmp_path: Path) -> None:
    # A VM with a delta is not rewritten before its owner has merged it; what would change is worked out all the same.
    base = make_disk(tmp_path / "base.vmdk")
    make_disk(tmp_path / "disk.vmdk", "sparse", parent=base)
    vm = make_vm(tmp_path, IDE_DISK, guest="rhel4")
    assert reasons(move(vm)) == ["snapshot-present"]
    changes = realise(facts_of(vm), VmState.of(vm), Wanted(6, fit=False, moves=frozenset({"ide0:0"})))
    changed = [(change.link.file, change.key, change.after) for change in changes.descriptors]
    assert changed == [(name, "ddb.adapterType", "lsilogic") for name in ("disk.vmdk", "base.vmdk")]


def test_geometry_is_left_alone(tmp_path: Path) -> None:
    made = move(make_vm(tmp_path, IDE_DISK, guest="rhel4"))
    assert [key for _, key, _ in entries(made)] == ["ddb.adapterType"]


def test_a_disk_in_a_folder_below_moves_like_any_other(tmp_path: Path) -> None:
    made = move(make_vm(tmp_path, disk_lines("ide0:0", "disks/disk.vmdk"), guest="rhel4"))
    assert settings(made)["ide0:0.fileName"] == "scsi0:0.fileName"
    assert [file for file, _, _ in entries(made)] == ["disks/disk.vmdk"]


def test_a_disk_on_scsi_already_stays_where_it_is(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, SCSI_DISK + 'scsi0.virtualDev = "lsilogic"', hw=4, guest="rhel4")
    made = plan_rewrite(vm, target="esx3")
    assert (made.changes, made.refused) == ((), ())
