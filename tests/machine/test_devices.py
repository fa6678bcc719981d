"""Only what is really present is a device of the VM, and it is what VMware takes it for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from build import IDE_DISK, make_disk
from hypothesis import given
from hypothesis import strategies as st
from machine import vms

from vmxtool.knowledge.hardware import hardware_versions
from vmxtool.machine.read import build_machine
from vmxtool.machine.sections import (
    CONTROLLERS,
    FEW_NVME_UNITS,
    MANY_NICS_FROM,
    MANY_NVME_UNITS_FROM,
    NARROW_SCSI_UNITS,
    UNITS,
    Sections,
)
from vmxtool.vmx.document import Document

if TYPE_CHECKING:
    from pathlib import Path


def ids(devices: object) -> list[str]:
    return [device.id for device in devices]  # type: ignore[attr-defined]


# --- numbers ---


def test_devices_are_looked_at_up_to_the_most_that_any_hardware_version_has() -> None:
    versions = [version for version in hardware_versions().values() if version.valid]
    for bus, most in CONTROLLERS.items():
        assert most == max(version.buses[bus].controllers for version in versions if bus in version.buses)
    for bus in ("ide", "sata", "nvme"):
        assert UNITS[bus] == max(version.buses[bus].units for version in versions if bus in version.buses)
    # The data does not count the unit of a plain SCSI controller itself.
    assert max(version.buses["scsi"].units for version in versions if "scsi" in version.buses) + 1 == NARROW_SCSI_UNITS
    assert UNITS["scsi"] - 1 == max(version.pvscsi_units or 0 for version in versions)


def test_the_versions_from_which_on_more_numbers_count_are_those_of_the_data() -> None:
    for number, version in hardware_versions().items():
        nvme = version.units("nvme")
        if nvme:
            assert nvme == (UNITS["nvme"] if number >= MANY_NVME_UNITS_FROM else FEW_NVME_UNITS)
        nics = version.limit("nics", esx=None)
        if nics is not None:
            assert nics == (10 if number >= MANY_NICS_FROM else 4)


# --- present ---


@pytest.mark.parametrize("present", ["TRUE", "true", "1", "yes", "On", "t", "Y", ""])
def test_what_vmware_reads_as_true_is_present(tmp_path: Path, present: str) -> None:
    assert vms.only(vms.read(tmp_path, f'ide0:0.present = "{present}"')).id == "ide0:0"


@pytest.mark.parametrize("present", ["FALSE", "false", "0", "no", "off", "perhaps", "TRUE "])
def test_what_vmware_reads_as_false_is_not(tmp_path: Path, present: str) -> None:
    assert vms.read(tmp_path, f'ide0:0.present = "{present}"').drives == ()


def test_a_device_without_present_is_not_there(tmp_path: Path) -> None:
    vm = vms.read(
        tmp_path,
        'scsi0.present = "TRUE"',
        'scsi0:0.fileName = "a.vmdk"',
        'ide1:0.deviceType = "cdrom-raw"',
        'floppy1.fileName = "b.flp"',
        'ethernet0.virtualDev = "e1000"',
        'sata0.virtualDev = "ahci"',
    )
    assert (vm.drives, vm.nics, ids(vm.controllers)) == ((), (), ["scsi0"])


@pytest.mark.parametrize("bus", ["scsi", "sata", "nvme"])
@pytest.mark.parametrize("controller", [None, "FALSE"])
def test_a_drive_needs_its_controller(tmp_path: Path, bus: str, controller: str | None) -> None:
    lines = [f'{bus}0:1.present = "TRUE"', f'{bus}0:1.fileName = "a.vmdk"']
    if controller is not None:
        lines.append(f'{bus}0.present = "{controller}"')
    vm = vms.read(tmp_path, *lines, hw=14)
    assert (vm.drives, vm.controllers) == ((), ())
    assert vms.places(vm.idle_devices) == [f'vm.vmx:3: {bus}0:1.present = "TRUE"']


@pytest.mark.parametrize("channel", [(), ('ide0.present = "FALSE"',)])
def test_an_ide_channel_has_no_switch(tmp_path: Path, channel: tuple[str, ...]) -> None:
    vm = vms.read(tmp_path, IDE_DISK, *channel)
    assert (vms.only(vm).id, ids(vm.controllers)) == ("ide0:0", ["ide0"])


def test_a_drive_that_is_off_does_not_make_its_channel(tmp_path: Path) -> None:
    assert vms.read(tmp_path, 'ide0:0.present = "FALSE"', 'ide0:0.fileName = "a.vmdk"').controllers == ()


def test_controllers_without_drives_are_there(tmp_path: Path) -> None:
    vm = vms.read(tmp_path, 'scsi1.present = "TRUE"', 'sata0.present = "TRUE"', hw=10)
    assert ids(vm.controllers) == ["sata0", "scsi1"]


# --- numbers ---


def test_units_that_vmware_does_not_look_at_are_no_drives(tmp_path: Path) -> None:
    beyond = ["ide2:0", "ide0:2", "scsi4:0", "scsi0:16", "sata4:0", "sata0:30", "nvme4:0", "nvme0:64", "floppy2"]
    never = ["scsi0:7", "scsi00:1", "scsi0:01", "ide0", "scsi0:1:0", "xscsi0:0", "scsi0x:0", "floppy01", "scsi٠:0"]
    there = ["ide1:1", "scsi0:15", "sata0:29", "nvme0:63", "floppy1"]
    controllers = [f'{bus}{n}.present = "TRUE"' for bus in ("scsi", "sata", "nvme") for n in range(5)]
    lines = [f'{device}.present = "TRUE"' for device in (*beyond, *never, *there)]
    vm = vms.read(tmp_path, *controllers, *lines, hw=21)
    assert sorted(ids(vm.drives)) == sorted(there)
    beyond_version = [place.key for place in vm.devices_beyond_version]
    assert beyond_version == [f"{device}.present" for device in ["scsi4", "sata4", "nvme4", *beyond]]


def test_a_wide_scsi_controller_has_units_above_15(tmp_path: Path) -> None:
    wide = 'scsi0.virtualDev = "pvscsi"'
    lines = ['scsi0.present = "TRUE"', *(f'scsi0:{unit}.present = "TRUE"' for unit in (20, 64, 65))]
    assert ids(vms.read(tmp_path, wide, *lines, hw=13).drives) == ["scsi0:20", "scsi0:64"]
    assert ids(vms.read(tmp_path, wide, *lines, hw=None).drives) == ["scsi0:20", "scsi0:64"]
    assert ids(vms.read(tmp_path, *lines, hw=None).drives) == []


@pytest.mark.parametrize(
    ("hw", "there"), [(20, ["nvme0:14"]), (21, ["nvme0:14", "nvme0:15"]), (None, ["nvme0:14", "nvme0:15"])]
)
def test_an_nvme_controller_has_more_units_from_version_21_on(tmp_path: Path, hw: int | None, there: list[str]) -> None:
    lines = ('nvme0.present = "TRUE"', 'nvme0:14.present = "TRUE"', 'nvme0:15.present = "TRUE"')
    assert ids(vms.read(tmp_path, *lines, hw=hw).drives) == there


@pytest.mark.parametrize(("hw", "most"), [(3, 4), (4, 4), (6, 10), (7, 10), (21, 10)])
def test_a_hardware_version_has_so_many_adapters(tmp_path: Path, hw: int, most: int) -> None:
    vm = vms.read(tmp_path, *(f'ethernet{n}.present = "TRUE"' for n in range(12)), hw=hw)
    assert ids(vm.nics) == [f"ethernet{n}" for n in range(most)]
    assert [place.key for place in vm.devices_beyond_version] == [f"ethernet{n}.present" for n in range(most, 12)]


def test_devices_beyond_the_version_that_are_off_are_nothing(tmp_path: Path) -> None:
    assert vms.read(tmp_path, 'ethernet11.present = "FALSE"', 'scsi9.sharedBus = "none"').devices_beyond_version == ()


def test_devices_stand_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    units = ["scsi0:10", "scsi0:2", "ide1:0", "scsi1:0", "ide0:1"]
    lines = ['scsi0.present = "1"', 'scsi1.present = "1"', *(f'{unit}.present = "1"' for unit in units)]
    assert ids(vms.read(tmp_path, *lines).drives) == ["ide0:1", "ide1:0", "scsi0:2", "scsi0:10", "scsi1:0"]


# --- what a drive is ---


@pytest.mark.parametrize(
    ("device_type", "name", "kind", "file"),
    [
        (None, "a.vmdk", "disk", "a.vmdk"),
        ("disk", "a.raw", "disk", "a.raw"),
        ("scsi-hardDisk", "a.vmdk", "disk", "a.vmdk"),
        ("ata-hardDisk", "sub/a.vmdk", "disk", "sub/a.vmdk"),
        ("plainDisk", "a.pln", "disk", "a.pln"),
        ("rawDisk", "/dev/sdb", "disk", "/dev/sdb"),
        ("scsi-passThru-rdm", "a.vmdk", "disk", "a.vmdk"),
        ("scsi-nonpassThru-rdm", "a.vmdk", "disk", "a.vmdk"),
        (None, "", "disk", None),
        ("disk", "emptyBackingString", "disk", None),
        ("scsi-passthru", "/dev/sg0", "passthrough", None),
        ("cdrom-image", "a.iso", "cdrom", "a.iso"),
        ("CDROM-IMAGE", r"D:\iso\a.iso", "cdrom", r"D:\iso\a.iso"),
        ("cdrom-image", "emptyBackingString", "cdrom", None),
        ("cdrom-raw", "auto detect", "cdrom", None),
        ("cdrom-raw", "/dev/cdrom", "cdrom", None),
        ("cdrom-raw", "E:", "cdrom", None),
        ("atapi-cdrom", "CD/DVD drive 0", "cdrom", None),
        ("atapi-cdrom", "/vmfs/devices/cdrom/mpx.vmhba0:C0:T0:L0", "cdrom", None),
        (None, "a.iso", "cdrom", "a.iso"),
        (None, "auto detect", "cdrom", None),
        (None, "/dev/scd0", "cdrom", None),
    ],
)
def test_a_drive_is_what_its_type_and_name_make_it(
    tmp_path: Path, device_type: str | None, name: str, kind: str, file: str | None
) -> None:
    lines = ['ide1:0.present = "TRUE"', f'ide1:0.fileName = "{name}"']
    if device_type is not None:
        lines.append(f'ide1:0.deviceType = "{device_type}"')
    drive = vms.only(vms.read(tmp_path, *lines))
    assert (drive.kind, drive.file) == (kind, file)
    assert drive.device_type == (None if device_type is None else device_type.lower())


def test_a_drive_of_the_client_has_no_file(tmp_path: Path) -> None:
    cdrom = ('ide0:0.present = "TRUE"', 'ide0:0.deviceType = "cdrom-image"', 'ide0:0.fileName = "a.iso"')
    assert vms.only(vms.read(tmp_path, *cdrom)).file == "a.iso"
    assert vms.only(vms.read(tmp_path, *cdrom, 'ide0:0.clientDevice = "TRUE"')).file is None


def test_modes_connection_and_redo_log(tmp_path: Path) -> None:
    plain = vms.only(vms.read(tmp_path, IDE_DISK))
    assert (plain.mode, plain.connected, plain.redo) == ("persistent", True, None)
    other = vms.only(
        vms.read(
            tmp_path,
            IDE_DISK,
            'ide0:0.mode = "Independent-Nonpersistent"',
            'ide0:0.startConnected = "FALSE"',
            r'ide0:0.redo = ".\disk.vmdk.REDO_a1b2c3"',
        )
    )
    assert (other.mode, other.connected) == ("independent-nonpersistent", False)
    assert other.redo == r".\disk.vmdk.REDO_a1b2c3"


def test_esx_2_names_a_disk_by_name(tmp_path: Path) -> None:
    lines = ('scsi0.present = "TRUE"', 'scsi0:0.present = "TRUE"', 'scsi0:0.name = "vmhba0:0:0:5:db.vmdk"')
    make_disk(tmp_path / "db.vmdk", "vmfs")
    drive = vms.only(vms.read(tmp_path, *lines, hw=3))
    assert drive.file == "vmhba0:0:0:5:db.vmdk"
    assert drive.found is not None
    assert drive.found.moved
    assert drive.chain is not None
    assert [link.file for link in drive.chain.links] == ["db.vmdk"]
    assert vms.places(drive.file_evidence) == ['vm.vmx:5: scsi0:0.name = "vmhba0:0:0:5:db.vmdk"']


def test_only_a_scsi_disk_is_named_by_name(tmp_path: Path) -> None:
    drive = vms.only(vms.read(tmp_path, 'ide0:0.present = "TRUE"', 'ide0:0.name = "disk.vmdk"'))
    assert (drive.file, drive.chain) == (None, None)


def test_file_name_goes_before_name(tmp_path: Path) -> None:
    drive = vms.only(vms.read(tmp_path, IDE_DISK, 'ide0:0.name = "other.vmdk"'))
    assert drive.file == "disk.vmdk"


@pytest.mark.parametrize(
    ("lines", "file", "connected"),
    [
        (('floppy0.present = "TRUE"',), None, True),
        (('floppy0.present = "TRUE"', 'floppy0.fileName = "A:"'), None, True),
        (('floppy0.fileName = "A:"', 'floppy0.startConnected = "FALSE"'), None, False),
        (('floppy0.fileType = "file"', 'floppy0.fileName = "autoinst.flp"'), "autoinst.flp", True),
        (('floppy0.fileType = "device"', 'floppy0.fileName = "b.flp"'), None, True),
    ],
)
def test_the_first_floppy_drive_is_there_unless_it_is_switched_off(
    tmp_path: Path, lines: tuple[str, ...], file: str | None, connected: bool
) -> None:
    drive = vms.only(vms.read(tmp_path, *lines))
    assert (drive.id, drive.bus, drive.kind, drive.file, drive.connected) == (
        "floppy0", "floppy", "floppy", file, connected
    )  # fmt: skip
    assert drive.evidence
    assert vms.read(tmp_path / "off", *lines[1:], 'floppy0.present = "FALSE"').drives == ()


def test_a_floppy_drive_that_nothing_mentions_is_not_shown(tmp_path: Path) -> None:
    assert vms.read(tmp_path, 'memsize = "64"').drives == ()


# --- controllers ---


@pytest.mark.parametrize(
    ("model", "shown"), [("LsiLogic", "lsilogic"), ("pvscsi", "pvscsi"), ("vmxbuslogic", "vmxbuslogic"), ("", None)]
)
def test_the_model_of_a_controller(tmp_path: Path, model: str, shown: str | None) -> None:
    (controller,) = vms.read(tmp_path, 'scsi0.present = "TRUE"', f'scsi0.virtualDev = "{model}"').controllers
    assert (controller.id, controller.bus, controller.model) == ("scsi0", "scsi", shown)


@pytest.mark.parametrize(("sharing", "shown"), [("none", None), ("NONE", None), ("", None), ("Virtual", "virtual")])
def test_the_sharing_of_a_controller(tmp_path: Path, sharing: str, shown: str | None) -> None:
    (controller,) = vms.read(tmp_path, 'scsi0.present = "TRUE"', f'scsi0.sharedBus = "{sharing}"').controllers
    assert controller.shared_bus == shown


# --- network adapters ---

MAC, STALE = "00:50:56:00:00:01", "00:0c:29:00:00:02"


@pytest.mark.parametrize(
    ("lines", "mac"),
    [
        (("static", MAC, STALE), MAC),
        (("Static", MAC, STALE), MAC),
        (("static", None, STALE), None),
        (("generated", MAC, STALE), STALE),
        (("vpx", None, STALE), STALE),
        ((None, None, STALE), STALE),
        ((None, MAC, None), MAC),
        (("generated", MAC, None), None),
        ((None, None, None), None),
    ],
)
def test_the_address_that_counts(tmp_path: Path, lines: tuple[str | None, ...], mac: str | None) -> None:
    keys = ("addressType", "address", "generatedAddress")
    given = [f'ethernet0.{key} = "{value}"' for key, value in zip(keys, lines, strict=True) if value is not None]
    (nic,) = vms.read(tmp_path, 'ethernet0.present = "TRUE"', *given).nics
    assert nic.mac == mac


@pytest.mark.parametrize(
    ("lines", "connection", "network"),
    [
        ((), "bridged", None),
        (("connectionType = NAT",), "nat", None),
        (("networkName = LAN",), "network", "LAN"),
        (("connectionType = custom", "vnet = VMnet2"), "custom", "VMnet2"),
        (("connectionType = bridged", "networkName = LAN"), "bridged", "LAN"),
        (("networkName =", "vnet = VMnet3"), "network", "VMnet3"),
        (("dvs.switchId = 50-1a",), "network", "50-1a"),
        (("opaqueNetwork.id = 7b",), "network", "7b"),
    ],
)
def test_what_an_adapter_is_connected_to(
    tmp_path: Path, lines: tuple[str, ...], connection: str, network: str | None
) -> None:
    (nic,) = vms.read(tmp_path, 'ethernet0.present = "TRUE"', *(f"ethernet0.{line}" for line in lines)).nics
    assert (nic.connection, nic.network) == (connection, network)


@pytest.mark.parametrize(
    ("lines", "model"),
    [
        ((), None),
        (('ethernet0.virtualDev = "E1000e"',), "e1000e"),
        (('ethernet0.virtualDev = "vmxnet"',), "vmxnet"),
        (('ethernet0.virtualDev = "vmxnet"', 'ethernet0.features = "15"'), "vmxnet2"),
        (('ethernet0.virtualDev = "e1000"', 'ethernet0.features = "15"'), "e1000"),
    ],
)
def test_the_model_of_an_adapter(tmp_path: Path, lines: tuple[str, ...], model: str | None) -> None:
    (nic,) = vms.read(tmp_path, 'Ethernet0.present = "TRUE"', *lines).nics
    assert (nic.id, nic.model, nic.connected) == ("ethernet0", model, True)


# --- the rest of a config ---


def test_what_vmware_takes_where_a_config_says_nothing(tmp_path: Path) -> None:
    vm = vms.read(tmp_path, name="My VM.vmx")
    assert (vm.name, vm.memory_mib, vm.cpu.count, vm.cpu.cores_per_socket) == ("My VM", 32, 1, 1)
    assert (vm.firmware, vm.secure_boot, vm.tpm, vm.guest.id, vm.guest.bits) == ("bios", False, False, None, None)


def test_what_a_config_says(tmp_path: Path) -> None:
    vm = vms.read(
        tmp_path,
        'displayName = "say |22x|22"',
        'MEMSIZE = "0x1000"',
        'numvcpus = "6"',
        'cpuid.coresPerSocket = "2"',
        "firmware = EFI",
        'uefi.secureBoot.enabled = "TRUE"',
        'managedvm.autoAddVTPM = "software"',
        'guestOS = "arm-windows11-64"',
        hw=20,
    )
    assert (vm.name, vm.memory_mib, vm.cpu.count, vm.cpu.cores_per_socket) == ('say "x"', 4096, 6, 2)
    assert (vm.firmware, vm.secure_boot, vm.tpm) == ("efi", True, True)
    assert (vm.guest.bits, vm.guest.family, vm.cpu.smp) == (64, "windows", True)


@pytest.mark.parametrize(("text", "version"), [("9", 9), ("0x15", 21), ("", None), ("vmx-19", None), ("-4", None)])
def test_a_hardware_version_that_is_no_number_is_none(tmp_path: Path, text: str, version: int | None) -> None:
    vm = vms.read(tmp_path, f'virtualHW.version = "{text}"', hw=None)
    assert vm.hardware.version == version
    assert [place.value for place in vm.hardware.evidence] == [text]


@pytest.mark.parametrize(("version", "generation"), [(3, 4), (4, 5), (6, 6), (7, None), (21, None), (99, None)])
def test_the_generation_of_a_hardware_version(tmp_path: Path, version: int, generation: int | None) -> None:
    assert vms.read(tmp_path, hw=version).hardware.generation == generation


def test_a_config_that_other_readers_misread(tmp_path: Path) -> None:
    path = vms.write(tmp_path, hw=None)
    path.write_bytes(
        b'.encoding = "windows-1252"\r\nconfig.version = "7"\r\nvirtualhw.version = "3"\r\n'
        b'displayname = "caf\xe9 |22prod|22"\r\nmemsize = "255"\r\n'
        b'ide0:0.present="true"\r\nide0:0.filename="a.vmdk"\r\n'
        b'ide0:1.present = "FALSE"\r\nide0:1.fileName = "ghost.vmdk"\r\n'
        b'scsi0.present = "TRUE"\r\nscsi0:8.present = "TRUE"   # the eighth\r\nscsi0:8.fileName = "b.vmdk"\r\n'
        b'ethernet0.present = "true"\r\nethernet0.addressType = "static"\r\n'
        b'ethernet0.address = "00:50:56:00:00:01"\r\nethernet0.generatedAddress = "00:0c:29:00:00:02"\r\n'
        b'guestOS = "winxppro"\r\nfloppy0.present = FALSE\r\nfirmware = "bios"\r\n'
    )
    vm = build_machine(Document.read(path), path)
    assert (vm.name, vm.memory_mib, vm.hardware.version) == ('café "prod"', 255, 3)
    assert [(drive.id, drive.file) for drive in vm.drives] == [("ide0:0", "a.vmdk"), ("scsi0:8", "b.vmdk")]
    assert vm.nics[0].mac == "00:50:56:00:00:01"


# --- sections ---

WORDS = st.sampled_from(["scsi0", "scsi0:0", "SCSI0", "a", "é", "Ä", ".encoding", "x.y", "guestOS", "guestos.detailed"])


@given(st.lists(st.tuples(WORDS, st.sampled_from(["", ".present", ".a.b", ".É"])), max_size=12))
def test_sections_hold_every_setting_once(names: list[tuple[str, str]]) -> None:
    text = "".join(f'{word}{rest} = "{number}"\n' for number, (word, rest) in enumerate(names))
    document = Document.parse(text.encode(), "vm.vmx")
    sections = Sections(document)
    held = {sections[word].key(name): sections[word].get(name) for word in sections for name in sections[word]}
    assert held == {key: document[key] for key in document.folded()}


def test_a_section_that_is_not_there_is_empty() -> None:
    section = Sections(Document.parse(b"", "vm.vmx"))["scsi0"]
    assert (list(section), section.get("present"), section.flag("present", default=True)) == ([], "", True)
    assert section.evidence("present") == ()
