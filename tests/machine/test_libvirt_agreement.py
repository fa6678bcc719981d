"""Read beside libvirt's own VMX reader, a VM has the same processors, memory, drives, controllers and adapters.

Where the two differ, VMware's reading counts, and the case is named here with its reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from xml.etree import ElementTree as ET

import pytest
from machine import vms
from peers import CORPUS, PeerRefused, needs_corpus, needs_virsh, virsh_domxml

from vmxtool._files import last_part
from vmxtool.machine.read import read_machine

if TYPE_CHECKING:
    from pathlib import Path

    from vmxtool.machine.model import Drive, Machine

LIBVIRT = CORPUS / "libvirt"
READ_BY_LIBVIRT = sorted(path.with_suffix(".vmx").name for path in LIBVIRT.glob("*.xml"))
SAMPLE_CONFIGS = sorted(str(path.relative_to(vms.SAMPLES)) for path in vms.SAMPLES.rglob("*.vmx"))

_MODELS = {"vmpvscsi": "pvscsi"}  # libvirt's word: VMware's
_BUSES = {"fdc": "floppy"}
# libvirt calls a device of the host a "lun", by the type that the config gives it.
_LUN_TYPES = {"cdrom-raw", "scsi-passthru"}


class Reading(NamedTuple):
    """What is compared. A drive is (id, kind, last part of its file name); an adapter (MAC, model)."""

    vcpus: int | None
    memory_mib: int | None
    drives: frozenset[tuple[str, str, str | None]]
    scsi_models: dict[str, str | None]
    adapters: list[tuple[str, str | None]]


# --- differences, by config ---

# libvirt leaves out a drive of the remote client that shows no image; the VM has the drive, with nothing in it until a
# client connects a disc.
CLIENT = "a drive of the client"
# libvirt's reader takes a `floppy0.present` that is absent for false, its writer for true. Products write configs for
# which only true makes sense: they switch the drive off in words, and set up an absent one for their installer.
FLOPPY = "floppy0.present is true where it is absent"
# libvirt's reader knows no NVMe controllers and passes over their disks.
NVME = "a disk on NVMe"
# The recorded reading is that of libvirt's ESX driver, which drops an image whose datastore it does not know; the
# driver that reads live keeps it.
NO_DATASTORE = "an image on a datastore that the ESX driver does not know"

Drives = dict[tuple[str, str, str | None], str]
ONLY_HERE: dict[str, Drives] = {
    "case-insensitive-1.vmx": {("ide0:0", "lun", None): CLIENT},
    "case-insensitive-2.vmx": {("ide0:0", "lun", None): CLIENT},
    "esx-in-the-wild-4.vmx": {("ide0:0", "lun", None): CLIENT},
    "esx-in-the-wild-7.vmx": {("ide1:0", "lun", None): CLIENT, ("floppy0", "floppy", None): CLIENT},
    "esx-in-the-wild-9.vmx": {("sata0:0", "cdrom", None): CLIENT, ("floppy0", "floppy", None): FLOPPY},
    "fusion-in-the-wild-1.vmx": {("floppy0", "floppy", None): FLOPPY},
    "esx3-vmfs/web01.vmx": {("ide0:0", "lun", None): CLIENT, ("floppy0", "floppy", None): CLIENT},
    "esxi67/build01.vmx": {("sata0:0", "cdrom", None): CLIENT},
    "Ubuntu 64-bit/Ubuntu 64-bit.vmx": {("nvme0:0", "disk", "Ubuntu 64-bit.vmdk"): NVME},
    "ws6-windows-ide/Windows XP Professional.vmx": {("floppy0", "floppy", None): FLOPPY},
}
RECORDED_HERE: dict[str, Drives] = {
    "cdrom-ide-file-missing-datastore.vmx": {("ide0:0", "cdrom", "cdrom.iso"): NO_DATASTORE},
}
RECORDED_THERE: dict[str, Drives] = {
    "cdrom-ide-file-missing-datastore.vmx": {("ide0:0", "cdrom", None): NO_DATASTORE},
}

# Samples that libvirt does not read at all, and what it says; VMware reads them.
REFUSED = {
    "damaged/Mail Relay.vmx": "Missing essential config entry 'ethernet0.networkName'",
    "encrypted/Payroll.vmx": "Missing essential config entry 'config.version'",
    "esx2-smp/db01.vmx": "Expecting VMX entry 'config.version' to be 8 but found 6",
    "gsx3-linux/intranet.vmx": "Expecting VMX entry 'config.version' to be 8 but found 6",
    "linked-clone/Windows 10 x64.vmx": "'serial0.fileType' to be 'device', 'file' or 'pipe' or 'network' but found 'th",
    "ws17-modern/Atelier.vmx": "Missing essential config entry 'ethernet1.networkName'",
    "ws4-undoable/Win98.vmx": "Expecting VMX entry 'config.version' to be 8 but found 7",
    "ws5-snapshots/Build Host.vmx": "Missing essential config entry 'ethernet0.networkName'",
}


# --- the two readings ---


def here(vm: Machine) -> Reading:
    """What vmxtool reads."""
    used = {drive.id.partition(":")[0] for drive in vm.drives}
    return Reading(
        vm.cpu.count,
        vm.memory_mib,
        frozenset(
            (drive.id, _kind(drive), None if drive.file is None else last_part(drive.file)) for drive in vm.drives
        ),
        {one.id: one.model for one in vm.controllers if one.bus == "scsi" and one.id in used},
        [((nic.mac or "").lower(), nic.model) for nic in vm.nics],
    )


def _kind(drive: Drive) -> str:
    return "lun" if drive.device_type in _LUN_TYPES else drive.kind


def there(domain: ET.Element) -> Reading:
    """What libvirt reads."""
    memory = domain.find("memory")
    assert memory is not None
    assert memory.get("unit") == "KiB"
    return Reading(
        int(domain.findtext("vcpu", "0")),
        int(memory.text or "0") // 1024,
        frozenset(_drive(disk) for disk in domain.iterfind("devices/disk")),
        {
            f"scsi{one.get('index')}": _MODELS.get(one.get("model", ""), one.get("model"))
            for one in domain.iterfind("devices/controller[@type='scsi']")
        },
        [_adapter(one) for one in domain.iterfind("devices/interface")],
    )


def _drive(disk: ET.Element) -> tuple[str, str, str | None]:
    address, target, source = disk.find("address"), disk.find("target"), disk.find("source")
    assert address is not None
    assert target is not None
    bus = _BUSES.get(target.get("bus", ""), target.get("bus", ""))
    controller, channel, unit = (int(address.get(name, "0")) for name in ("controller", "bus", "unit"))
    identity = (
        f"ide{channel}:{unit}" if bus == "ide" else f"floppy{unit}" if bus == "floppy" else f"{bus}{controller}:{unit}"
    )
    file = source.get("file") if source is not None and disk.get("type") == "file" else None
    return identity, disk.get("device", "disk"), None if file is None else last_part(file)


def _adapter(interface: ET.Element) -> tuple[str, str | None]:
    mac, model = interface.find("mac"), interface.find("model")
    return "" if mac is None else mac.get("address", "").lower(), None if model is None else model.get("type")


def compare(config: Path, domain: ET.Element, only_here: Drives, only_there: Drives) -> None:
    ours, theirs = here(read_machine(config)), there(domain)
    assert ours.drives - theirs.drives == only_here.keys()
    assert theirs.drives - ours.drives == only_there.keys()
    assert ours._replace(drives=theirs.drives) == theirs


# --- the comparisons ---


@pytest.mark.corpus
@needs_corpus
@pytest.mark.parametrize("name", READ_BY_LIBVIRT)
def test_libvirts_own_reading_of_its_test_configs(name: str) -> None:
    only_here = ONLY_HERE.get(name, {}) | RECORDED_HERE.get(name, {})
    domain = ET.parse((LIBVIRT / name).with_suffix(".xml")).getroot()
    compare(LIBVIRT / name, domain, only_here, RECORDED_THERE.get(name, {}))


@pytest.mark.corpus
@pytest.mark.peer
@needs_corpus
@needs_virsh
@pytest.mark.parametrize("name", READ_BY_LIBVIRT)
def test_the_libvirt_of_this_machine_on_its_test_configs(name: str, tmp_path: Path) -> None:
    compare(LIBVIRT / name, virsh_domxml(LIBVIRT / name, tmp_path), ONLY_HERE.get(name, {}), {})


@pytest.mark.peer
@needs_virsh
@pytest.mark.parametrize("name", SAMPLE_CONFIGS)
def test_the_libvirt_of_this_machine_on_the_samples(name: str, tmp_path: Path) -> None:
    if name in REFUSED:
        with pytest.raises(PeerRefused) as refusal:
            virsh_domxml(vms.SAMPLES / name, tmp_path)
        assert REFUSED[name] in str(refusal.value)
        assert read_machine(vms.SAMPLES / name).config.file == (vms.SAMPLES / name).name
    else:
        config = vms.SAMPLES / name
        compare(config, virsh_domxml(config, tmp_path), ONLY_HERE.get(name, {}), {})
