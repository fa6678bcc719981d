"""Every fact that `inspect` tells, on the sample VMs, as their README describes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from machine import vms

from vmxtool.machine.read import read_machine

if TYPE_CHECKING:
    from vmxtool.machine.model import Machine

CDROM = ("cdrom", None)
FLOPPY = {"floppy0": ("floppy", None)}

# hardware version and generation, guest and its bits, processors and cores, MiB; then controllers, drives, adapters.
FACTS: dict[str, dict[str, Any]] = {
    "damaged": {
        "hardware": (9, None), "guest": ("debian6-64", 64, "linux"), "cpu": (1, 1), "memory": 1024,
        "controllers": {"ide1": None, "scsi0": "lsilogic"},
        "drives": {"ide1:0": CDROM, "scsi0:0": ("disk", "system-000001.vmdk"), "scsi0:1": ("disk", "archive.vmdk")},
        "nics": [("e1000", "00:0c:29:4b:fe:04", "bridged")],
    },
    "encrypted": {
        "hardware": (None, None), "guest": (None, None, None), "cpu": (1, 1), "memory": 32,
        "controllers": {}, "drives": {}, "nics": [],
    },
    "esx2-smp": {
        "hardware": (3, 4), "guest": ("winNetEnterprise", 32, "windows"), "cpu": (2, 1), "memory": 2048,
        "controllers": {"ide1": None, "scsi0": "vmxlsilogic"},
        "drives": {"ide1:0": CDROM, "scsi0:0": ("disk", "vmhba0:0:0:5:db01.vmdk"),
                   "scsi0:1": ("disk", "vmhba0:0:0:5:db01_log.vmdk"), **FLOPPY},
        "nics": [("vmxnet", "00:50:56:01:20:0a", "monitor_dev")],
    },
    "esx3-vmfs": {
        "hardware": (4, 5), "guest": ("rhel4", 32, "linux"), "cpu": (1, 1), "memory": 1024,
        "controllers": {"ide0": None, "scsi0": "lsilogic"},
        "drives": {"ide0:0": CDROM, "scsi0:0": ("disk", "web01.vmdk"), **FLOPPY},
        "nics": [(None, "00:0c:29:96:20:85", "network")],
    },
    "esxi67": {
        "hardware": (14, None), "guest": ("centos7-64", 64, "linux"), "cpu": (4, 2), "memory": 4096,
        "controllers": {"sata0": None, "scsi0": "pvscsi"},
        "drives": {"sata0:0": CDROM, "scsi0:0": ("disk", "build01.vmdk")},
        "nics": [("vmxnet3", "00:0c:29:5f:72:d8", "network"), ("vmxnet3", "00:50:56:1a:04:c7", "network")],
    },
    "Budget.vmwarevm": {
        "hardware": (6, 6), "guest": ("winxphome", 32, "windows"), "cpu": (1, 1), "memory": 512,
        "controllers": {"ide0": None, "ide1": None},
        "drives": {"ide0:0": ("disk", "Budget.vmdk"), "ide1:0": CDROM},
        "nics": [(None, "00:0c:29:30:7a:62", "nat")],
    },
    "gsx3-linux": {
        "hardware": (3, 4), "guest": ("redhat", 32, "linux"), "cpu": (1, 1), "memory": 384,
        "controllers": {"ide1": None, "scsi0": "buslogic"},
        "drives": {"ide1:0": CDROM, "scsi0:0": ("disk", "intranet.vmdk"), **FLOPPY},
        "nics": [(None, "00:0c:29:43:5f:93", "custom"), (None, "00:0c:29:43:5f:9d", "hostonly")],
    },
    "linked-clone": {
        "hardware": (12, None), "guest": ("windows9-64", 64, "windows"), "cpu": (2, 2), "memory": 2048,
        "controllers": {"sata0": None, "scsi0": "lsisas1068"},
        "drives": {"sata0:1": CDROM, "scsi0:0": ("disk", "Windows 10 x64-cl1.vmdk")},
        "nics": [("e1000e", "00:0c:29:cb:30:7f", "nat")],
    },
    "suspended": {
        "hardware": (7, None), "guest": ("ubuntu", 32, "linux"), "cpu": (1, 1), "memory": 1024,
        "controllers": {"ide1": None, "scsi0": "lsilogic"},
        "drives": {"ide1:0": ("cdrom", "/home/vm/iso/ubuntu-10.04-server-i386.iso"),
                   "scsi0:0": ("disk", "Ubuntu.vmdk")},
        "nics": [(None, "00:0c:29:c2:8a:53", "nat")],
    },
    "Ubuntu 64-bit": {
        "hardware": (21, None), "guest": ("ubuntu-64", 64, "linux"), "cpu": (4, 2), "memory": 8192,
        "controllers": {"nvme0": None, "sata0": None},
        "drives": {"nvme0:0": ("disk", "Ubuntu 64-bit.vmdk"), "sata0:0": ("disk", "Ubuntu 64-bit-data.vmdk"),
                   "sata0:1": ("cdrom", "/home/user/iso/ubuntu-24.04-desktop-amd64.iso")},
        "nics": [("vmxnet3", "00:0c:29:34:56:78", "nat")],
    },
    "ws17-modern": {
        "hardware": (21, None), "guest": ("windows11-64", 64, "windows"), "cpu": (4, 4), "memory": 8192,
        "controllers": {"nvme0": None, "sata0": None},
        "drives": {"nvme0:0": ("disk", "Atelier.vmdk"), "sata0:1": ("cdrom", r"E:\ISO\Win11_24H2.iso")},
        "nics": [("e1000e", "00:0c:29:32:ff:34", "nat"), ("vmxnet3", "00:0c:29:32:ff:3e", "custom")],
    },
    "ws4-undoable": {
        "hardware": (3, 4), "guest": ("win98", 32, "windows"), "cpu": (1, 1), "memory": 128,
        "controllers": {"ide0": None, "ide1": None},
        "drives": {"ide0:0": ("disk", "Win98.vmdk"), "ide1:0": CDROM, **FLOPPY},
        "nics": [(None, "00:0c:29:c5:f3:06", "bridged")],
    },
    "ws5-snapshots": {
        "hardware": (4, 5), "guest": ("other26xlinux", 32, "linux"), "cpu": (1, 1), "memory": 256,
        "controllers": {"ide1": None, "scsi0": "lsilogic"},
        "drives": {"ide1:0": CDROM, "scsi0:0": ("disk", "Build Host-000003.vmdk"), **FLOPPY},
        "nics": [(None, "00:0c:29:b7:e1:1e", "bridged")],
    },
    "ws6-scsi-smp": {
        "hardware": (6, 6), "guest": ("winNetEnterprise-64", 64, "windows"), "cpu": (2, 1), "memory": 2048,
        "controllers": {"ide1": None, "scsi0": "lsilogic"},
        "drives": {"ide1:0": CDROM, "scsi0:0": ("disk", "Windows Server 2003 x64.vmdk")},
        "nics": [("e1000", "00:0c:29:ed:d4:1b", "nat"), ("e1000", "00:0c:29:ed:d4:25", "custom")],
    },
    "ws6-windows-ide": {
        "hardware": (6, 6), "guest": ("winxppro", 32, "windows"), "cpu": (1, 1), "memory": 512,
        "controllers": {"ide0": None, "ide1": None, "scsi0": None},
        "drives": {"ide0:0": ("disk", "Windows XP Professional.vmdk"), "ide1:0": CDROM, **FLOPPY},
        "nics": [(None, "00:0c:29:07:78:57", "nat")],
    },
}  # fmt: skip


def facts_of(vm: Machine) -> dict[str, Any]:
    return {
        "hardware": (vm.hardware.version, vm.hardware.generation),
        "guest": (vm.guest.id, vm.guest.bits, vm.guest.family),
        "cpu": (vm.cpu.count, vm.cpu.cores_per_socket),
        "memory": vm.memory_mib,
        "controllers": {one.id: one.model for one in vm.controllers},
        "drives": {one.id: (one.kind, one.file) for one in vm.drives},
        "nics": [(one.model, one.mac, one.connection) for one in vm.nics],
    }


@pytest.mark.parametrize("name", FACTS)
def test_the_facts_of_a_sample(name: str) -> None:
    assert facts_of(read_machine(vms.SAMPLES / name)) == FACTS[name]


def test_no_sample_is_left_out() -> None:
    assert {folder.name for folder in vms.SAMPLES.iterdir() if folder.is_dir()} == FACTS.keys()


# What differs from the rest: name, power, encryption, snapshots, redo logs, firmware.
NAMES = {
    "Budget.vmwarevm": "Budget für Zoë – 予算",
    "linked-clone": "Kursraum 07",
    "ws17-modern": "Atelier d’été",
    "ws6-windows-ide": "Buchhaltung Zürich – alt",
}
SUSPENDED, PARTIAL, FULL = {"suspended"}, {"ws17-modern"}, {"encrypted"}
SNAPSHOTS, REDO = {"damaged", "linked-clone", "ws5-snapshots"}, {"ws4-undoable"}
EFI = {"Ubuntu 64-bit": ("efi", True, False), "ws17-modern": ("efi", True, True)}


@pytest.mark.parametrize("name", FACTS)
def test_the_state_of_a_sample(name: str) -> None:
    vm = read_machine(vms.SAMPLES / name)
    assert vm.power.state == ("suspended" if name in SUSPENDED else "off")
    assert vm.encryption == ("full" if name in FULL else "partial" if name in PARTIAL else "none")
    assert vm.snapshots.present == (name in SNAPSHOTS)
    assert bool(vm.snapshots.redo_signs) == (name in REDO)
    assert (vm.firmware, vm.secure_boot, vm.tpm) == EFI.get(name, ("bios", False, False))
    assert (vm.idle_devices, vm.devices_beyond_version, vm.unfinished_rewrite) == ((), (), None)
    assert not vm.snapshots.needs_consolidation


@pytest.mark.parametrize("name", NAMES)
def test_a_name_in_any_encoding(name: str) -> None:
    assert read_machine(vms.SAMPLES / name).name == NAMES[name]


def test_the_fusion_bundle_is_its_folder() -> None:
    bundle = vms.SAMPLES / "Budget.vmwarevm"
    vm = read_machine(bundle)
    assert vm.path == bundle
    assert vm.config.folder == bundle.resolve()
    assert vm.config.file == "Budget.vmx"


# The samples whose disks lie with them: links from the config's disk down, and the format of the base.
CHAINS = {
    "damaged": ["system-000001.vmdk", "system.vmdk"],
    "esx3-vmfs": ["web01.vmdk"],
    "esxi67": ["build01.vmdk"],
    "linked-clone": ["Windows 10 x64-cl1.vmdk"],
    "ws5-snapshots": ["Build Host-000003.vmdk", "Build Host-000002.vmdk", "Build Host.vmdk"],
    "ws6-windows-ide": ["Windows XP Professional.vmdk"],
}


@pytest.mark.parametrize("name", CHAINS)
def test_the_chain_of_the_first_disk(name: str) -> None:
    disk = read_machine(vms.SAMPLES / name).disks[0]
    assert disk.chain is not None
    assert [link.file for link in disk.chain.links] == CHAINS[name]


@pytest.mark.parametrize("name", FACTS)
def test_reading_twice_gives_the_same(name: str) -> None:
    first, second = read_machine(vms.SAMPLES / name), read_machine(vms.SAMPLES / name)
    assert (first.drives, first.origin, first.snapshots) == (second.drives, second.origin, second.snapshots)
