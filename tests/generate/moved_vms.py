"""The VMs of docs/six-moves.md: each as its product has it, and as the steps of its owner leave it on the way.

What vmxtool does not do itself (an export on ESX, an upgrade in Workstation, a new VM) is done here to the files as the
product would: with the disks that it writes, and with the settings that it keeps.
"""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

from build import copy_vm, make_disk
from generate.consoles import ROOT
from vmdk.disks import legacy_cowd

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_SAMPLES = ROOT / "samples"


def _write(path: Path, text: str, end: str = "\n") -> None:
    path.write_bytes(dedent(text).lstrip("\n").replace("\n", end).encode())


def _exchange(path: Path, *pairs: tuple[str, str]) -> None:
    text = path.read_bytes().decode("latin-1")
    for old, new in pairs:
        assert old in text, (path.name, old)
        text = text.replace(old, new)
    path.write_bytes(text.encode("latin-1"))


def _drop(path: Path, *settings: str) -> None:
    lines = path.read_bytes().decode("latin-1").splitlines(keepends=True)
    path.write_bytes("".join(line for line in lines if not line.startswith(settings)).encode("latin-1"))


# --- Workstation 3 to ESX Server 1.5


def ws3(folder: Path) -> None:
    """Windows 2000 of Workstation 3 on a Windows host."""
    (folder / "SQL.vmdk").write_bytes(legacy_cowd(controller=b"buslogic"))
    _write(
        folder / "SQL.vmx",
        """
        config.version = "6"
        virtualHW.version = "2"
        scsi0.present = "TRUE"
        scsi0:0.present = "TRUE"
        scsi0:0.fileName = "SQL.vmdk"
        scsi0:0.mode = "persistent"
        memsize = "256"
        ide1:0.present = "TRUE"
        ide1:0.fileName = "D:"
        ide1:0.deviceType = "cdrom-raw"
        floppy0.fileName = "A:"
        ethernet0.present = "TRUE"
        displayName = "SQL"
        guestOS = "win2000Serv"
        """,
        "\r\n",
    )


def made_on_esx15(folder: Path) -> None:
    """The new VM of ESX Server 1.5 that has the imported disk: its config lies on the console, the disk on VMFS."""
    for path in folder.iterdir():
        path.unlink()
    _write(
        folder / "SQL.cfg",
        """
        #!/usr/bin/vmware
        config.version = "6"
        virtualHW.version = "2"
        displayName = "SQL"
        guestOS = "win2000Serv"
        memsize = "256"
        scsi0.present = "TRUE"
        scsi0:0.present = "TRUE"
        scsi0:0.name = "vmhba0:0:0:5:SQL.vmdk"
        scsi0:0.mode = "persistent"
        ethernet0.present = "TRUE"
        ethernet0.connectionType = "monitor_dev"
        ethernet0.devName = "vmnic0"
        """,
    )


# --- GSX Server 2 to ESX Server 3


def gsx2(folder: Path) -> None:
    """A Linux of GSX Server 2 on a Linux host."""
    (folder / "web.vmdk").write_bytes(legacy_cowd(controller=b"buslogic"))
    _write(
        folder / "web.cfg",
        """
        #!/usr/bin/vmware
        config.version = "6"
        virtualHW.version = "2"
        displayName = "web"
        guestOS = "linux"
        memsize = "128"
        scsi0.present = "TRUE"
        scsi0:0.present = "TRUE"
        scsi0:0.fileName = "web.vmdk"
        ide1:0.present = "TRUE"
        ide1:0.deviceType = "atapi-cdrom"
        ide1:0.fileName = "/dev/cdrom"
        ethernet0.present = "TRUE"
        ethernet0.connectionType = "bridged"
        """,
    )


def made_on_esx3(folder: Path) -> None:
    """The new VM of ESX Server 3 that has the imported disk."""
    for path in folder.iterdir():
        path.unlink()
    make_disk(folder / "web.vmdk", "vmfs", adapter="buslogic", hw=4, sectors=8064)
    _write(
        folder / "web.vmx",
        """
        #!/usr/bin/vmware
        config.version = "8"
        virtualHW.version = "4"
        scsi0.present = "true"
        scsi0.sharedBus = "none"
        scsi0.virtualDev = "buslogic"
        memsize = "128"
        scsi0:0.present = "true"
        scsi0:0.fileName = "web.vmdk"
        scsi0:0.deviceType = "scsi-hardDisk"
        ethernet0.present = "true"
        ethernet0.networkName = "VM Network"
        ethernet0.addressType = "vpx"
        ethernet0.generatedAddress = "00:50:56:9a:10:4c"
        displayName = "web"
        guestOS = "linux"
        """,
    )


# --- ESX Server 2.5 with two processors to Workstation 6


def esx2_smp(folder: Path) -> None:
    """The sample: its disks are on the host's VMFS."""
    copy_vm(_SAMPLES / "esx2-smp", folder)


def exported(folder: Path) -> None:
    """What was copied from the console: the config as it was, the disks as the export writes them."""
    for name in ("db01.vmdk", "db01_log.vmdk"):
        make_disk(folder / name, "sparse", adapter="lsilogic", hw=3, sectors=8064)


def made_on_ws6(folder: Path) -> None:
    """The new VM of Workstation 6, with the hardware of Workstation 4 and the exported disks."""
    config = folder / "db01.vmx"
    _exchange(
        config,
        ('config.version = "6"', 'config.version = "8"'),
        ("vmxlsilogic", "lsilogic"),
        ('scsi0:0.name = "vmhba0:0:0:5:', 'scsi0:0.fileName = "'),
        ('scsi0:1.name = "vmhba0:0:0:5:', 'scsi0:1.fileName = "'),
        ('connectionType = "monitor_dev"', 'connectionType = "bridged"'),
    )
    _drop(config, "ethernet0.devName", "suspend.directory", "sched.", "nvram")


# --- Workstation 2 to Fusion 1


def ws2(folder: Path) -> None:
    """Windows 98 of Workstation 2 on an IDE disk."""
    (folder / "win98.vmdk").write_bytes(legacy_cowd(virtualHWVersion=1))
    _write(
        folder / "win98.vmx",
        """
        config.version = "4"
        virtualHW.version = "1"
        displayName = "win98"
        guestOS = "win98"
        memsize = "64"
        ide0:0.present = "TRUE"
        ide0:0.fileName = "win98.vmdk"
        ide1:0.present = "TRUE"
        ide1:0.fileName = "D:"
        ide1:0.deviceType = "cdrom-raw"
        ethernet0.present = "TRUE"
        """,
        "\r\n",
    )


def upgraded_by_ws4(folder: Path) -> None:
    """As Workstation 4 leaves it: its hardware, and the disk in its format."""
    (folder / "win98.vmdk").unlink()
    make_disk(folder / "win98.vmdk", "sparse", adapter="ide", hw=3, sectors=8064)
    _exchange(
        folder / "win98.vmx",
        ('config.version = "4"', 'config.version = "7"'),
        ('virtualHW.version = "1"', 'virtualHW.version = "3"'),
    )


def upgraded_by_fusion(folder: Path) -> None:
    """As Fusion 1 leaves it."""
    _exchange(
        folder / "win98.vmx",
        ('config.version = "7"', 'config.version = "8"'),
        ('virtualHW.version = "3"', 'virtualHW.version = "6"'),
        ('"D:"', '"auto detect"'),
    )
    _exchange(folder / "win98.vmdk", ('ddb.virtualHWVersion = "3"', 'ddb.virtualHWVersion = "6"'))


# --- Workstation 4 with an undoable disk to Workstation 6


def ws4_undoable(folder: Path) -> None:
    """The sample: what the guest wrote since the last start lies in a redo log."""
    copy_vm(_SAMPLES / "ws4-undoable", folder)


def discarded(folder: Path) -> None:
    """As Workstation 4 leaves it when the redo log is discarded and the disk made persistent."""
    for path in folder.glob("*.REDO_*"):
        path.unlink()
    _exchange(folder / "Win98.vmx", ('ide0:0.mode = "undoable"', 'ide0:0.mode = "persistent"'))
    _exchange(folder / "Win98.vmx", ('ide0:0.redo = ".\\Win98.vmdk.REDO_a03600"', 'ide0:0.redo = ""'))


# --- ACE 1 to Workstation 6


def ace1(folder: Path) -> None:
    """Windows XP in a project of VMware ACE, with its policies beside it."""
    make_disk(folder / "Sales.vmdk", "sparse", adapter="lsilogic", hw=3, sectors=16384)
    (folder / "Sales.vmpl").write_bytes(b"policies")
    _write(
        folder / "Sales.vmx",
        """
        config.version = "7"
        virtualHW.version = "3"
        scsi0.present = "TRUE"
        scsi0.virtualDev = "lsilogic"
        memsize = "256"
        scsi0:0.present = "TRUE"
        scsi0:0.fileName = "Sales.vmdk"
        ide1:0.present = "TRUE"
        ide1:0.fileName = "auto detect"
        ide1:0.deviceType = "cdrom-raw"
        ethernet0.present = "TRUE"
        ethernet0.connectionType = "nat"
        usb.present = "TRUE"
        sound.present = "TRUE"
        sound.virtualDev = "es1371"
        displayName = "Sales"
        guestOS = "winxppro"
        uuid.location = "56 4d 0b 7d 33 1e 6f 9c-5a 8e 21 c4 b0 3a 51 0e"
        uuid.bios = "56 4d 0b 7d 33 1e 6f 9c-5a 8e 21 c4 b0 3a 51 0e"
        ethernet0.addressType = "generated"
        ethernet0.generatedAddress = "00:0c:29:3a:51:0e"
        ethernet0.generatedAddressOffset = "0"
        """,
        "\r\n",
    )


def without_policies(folder: Path) -> None:
    """As it leaves ACE: its policies were removed, and it is in no package."""
    (folder / "Sales.vmpl").unlink()


STATES: dict[str, Callable[[Path], None]] = {
    "ws3": ws3,
    "made-on-esx1.5": made_on_esx15,
    "gsx2": gsx2,
    "made-on-esx3": made_on_esx3,
    "esx2-smp": esx2_smp,
    "exported": exported,
    "made-on-ws6": made_on_ws6,
    "ws2": ws2,
    "upgraded-by-ws4": upgraded_by_ws4,
    "upgraded-by-fusion": upgraded_by_fusion,
    "ws4-undoable": ws4_undoable,
    "discarded": discarded,
    "ace1": ace1,
    "without-policies": without_policies,
}


def on_its_way(folder: Path, words: list[str]) -> Path:
    """Make the VM that a block names first, and do to it what the other words say; the folder that it lies in."""
    vm = folder / words[0]
    vm.mkdir()
    for word in words:
        STATES[word](vm)
    return vm
