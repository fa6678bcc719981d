"""What remains to be done inside the guest when its disks change the controller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool._text import as_clause
from vmxtool.findings import Fix, Safety
from vmxtool.knowledge.features import features
from vmxtool.knowledge.guests import find_guest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vmxtool.machine.model import Machine

# The kernel modules for the controllers, as they have been called since Linux 2.6.
_MODULES = {
    "buslogic": "BusLogic",
    "lsilogic": "mptspi, before Linux 2.6 mptbase and mptscsih",
    "lsisas1068": "mptsas",
    "pvscsi": "vmw_pvscsi",
    "sata": "ahci",
}
ORDER_KEYS = ("bios.hddorder", "bios.bootorder", "efi.bootorder")
"""Settings that say which drive a VM starts from."""

_CONTROLLERS = {
    "buslogic": "BusLogic",
    "lsilogic": "LSI Logic",
    "lsisas1068": "LSI Logic SAS",
    "pvscsi": "paravirtual SCSI",
    "sata": "SATA (AHCI)",
}


_INTO_RAM_DISK = "put the driver into the initial RAM disk"
_BY_UUID = "let /etc/fstab and the boot loader name file systems by UUID or LABEL instead of names such as {}"
_NAMES = {"ide": "/dev/hda1 and /dev/sda1", "sata": "/dev/sda1", "nvme": "/dev/nvme0n1p1"}
# For a Linux whose name is not known; as guests.toml has it for those that are.
_NOTES = {
    bus: f"{_INTO_RAM_DISK}, and {_BY_UUID.format(names)}, before the disk moves" for bus, names in _NAMES.items()
}


def guest_work(vm: Machine, model: str, moved: Mapping[str, str]) -> tuple[Fix, ...]:
    """Return what the owner does in the guest and with it, for disks that move behind a controller of this model.

    Args:
        vm: the VM as it is.
        model: the controller: a SCSI model, or "sata".
        moved: the new place of every disk that moves there, by its old one.
    """
    return tuple(Fix(Safety.MANUAL, text) for text in _texts(vm, model, moved))


def boot_order(vm: Machine, moved: Mapping[str, str]) -> tuple[Fix, ...]:
    """Return what the owner does when a VM starts for the first time after its disks moved.

    That is nothing where the order stays. A BIOS starts the first disk that it meets on a bus, and goes on to no other
    one; EFI looks for a loader on each.

    Args:
        vm: the VM as it is.
        moved: the new place of every disk that moves, by its old one.
    """
    orders = [vm.config.document.get(key, "").lower() for key in ORDER_KEYS]
    if vm.firmware == "efi" or any(old in order for old in moved for order in orders):
        return ()
    first = {
        _bus(new): min(map(_place, (it for it in moved.values() if _bus(it) == _bus(new)))) for new in moved.values()
    }
    before = [it.id for it in vm.disks if it.id not in moved and it.bus in first and _place(it.id) < first[it.bus]]
    if not before:
        return ()
    listed = ", ".join(f"{old} is {new} now" for old, new in moved.items())
    text = f"choose the disk to start from in the VM's BIOS setup at its first start: {listed}, and the BIOS may start "
    return (Fix(Safety.MANUAL, f"{text}{', '.join(before)} before it"),)


def controller_work(vm: Machine, name: str, model: str | None) -> tuple[Fix, ...]:
    """Return what the owner does in the guest where another controller takes the place of one that has disks.

    Args:
        vm: the VM as it is.
        name: the device that changes: the controller, such as "scsi0", or one without work for the guest.
        model: the SCSI model that it becomes.
    """
    guest = find_guest(vm.guest.id) if vm.guest.id else None
    family = guest.family if guest is not None else vm.guest.family
    if model not in _MODULES or not any(disk.id.startswith(f"{name}:") for disk in vm.disks):
        return ()
    texts = []
    if family == "linux":
        texts.append(f"{name}: {_INTO_RAM_DISK} before the VM starts with the other controller; {_module(model)}")
    if guest is not None and guest.stops_with is not None:
        texts.append(
            f"{name}: a Windows without the driver stops with {guest.stops_with}: an undo gives the VM its old "
            "controller back, so that the guest can be prepared there"
        )
    return tuple(Fix(Safety.MANUAL, text) for text in texts)


def _texts(vm: Machine, model: str, moved: Mapping[str, str]) -> Iterator[str]:
    guest = find_guest(vm.guest.id) if vm.guest.id else None
    name = guest.name if guest is not None else vm.guest.id or "the guest"
    family = guest.family if guest is not None else vm.guest.family
    buses = {_bus(unit) for unit in moved}
    notes = [guest.notes[bus] for bus in sorted(buses)] if guest is not None else []
    if family == "linux":
        yield from _of_linux(name, model, buses, notes)
    elif notes and buses == {"ide"} and guest is not None and guest.scsi_model in {model, None}:
        yield f"{name}: {as_clause(notes[0])}"
    elif guest is not None and model in guest.brings and family == "windows":
        yield (
            f"{name}: it brings the driver of the {_CONTROLLERS[model]} controller, which has to be enabled before the "
            f"disk moves, for instance by a small second disk behind such a controller"
        )
    elif family == "windows":
        yield (
            f"{name}: the driver of the {_CONTROLLERS[model]} controller has to be installed and enabled before the "
            f"disk moves, for instance by a small second disk behind such a controller"
        )
    else:
        yield f"{name}: make sure that it has a driver for the {_CONTROLLERS[model]} controller"
    if guest is not None and guest.stops_with is not None:
        yield (
            f"a Windows without the driver stops with {guest.stops_with}: an undo gives the disk its old place back, "
            "so that the guest can be prepared there"
        )
    if (
        guest is not None
        and guest.converter_reconfigures
        and features()["simpler-by-converter"].holds_of(vm.hardware.version)
    ):
        yield f"instead of that, VMware Converter 3 can move the VM to ESX Server and prepares {name} itself"


def _of_linux(name: str, model: str, buses: set[str], notes: list[str]) -> Iterator[str]:
    for note in dict.fromkeys(notes or [_NOTES[bus] for bus in sorted(buses)]):
        yield f"{name}: {as_clause(note)}"
    yield _module(model)


def _module(model: str) -> str:
    return f"the driver for the {_CONTROLLERS[model]} controller is the kernel module {_MODULES[model]}"


def _bus(place: str) -> str:
    return place.partition(":")[0].rstrip("0123456789")


def _place(drive: str) -> tuple[int, int]:
    """Return the numbers of a drive's controller and unit, in which a BIOS meets the drives of one bus."""
    controller, _, unit = drive.partition(":")
    return int(controller.removeprefix(_bus(drive))), int(unit)
