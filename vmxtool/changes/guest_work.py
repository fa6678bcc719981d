"""What remains to be done inside the guest when its disks change the controller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.findings import Fix, Safety
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
# The generations whose VMs VMware Converter 3 takes from hosted products to ESX Server (guide, page 10).
_CONVERTER_GENERATIONS = frozenset({4, 5})
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


def guest_work(vm: Machine, model: str, moved: Mapping[str, str], every: Mapping[str, str]) -> tuple[Fix, ...]:
    """What the owner does in the guest and with it, for disks that move behind a controller of this model.

    Args:
        vm: the VM as it is.
        model: the controller: a SCSI model, or "sata".
        moved: the new place of every disk that moves there, by its old one.
        every: those of all disks that move.
    """
    return tuple(Fix(Safety.MANUAL, text) for text in (*_texts(vm, model, moved), *_of_boot_order(vm, every)))


def _texts(vm: Machine, model: str, moved: Mapping[str, str]) -> Iterator[str]:
    guest = find_guest(vm.guest.id) if vm.guest.id else None
    name = guest.name if guest is not None else vm.guest.id or "the guest"
    family = guest.family if guest is not None else vm.guest.family
    buses = {unit.partition(":")[0].rstrip("0123456789") for unit in moved}
    notes = [guest.notes[bus].rstrip(".") for bus in sorted(buses)] if guest is not None else []
    if family == "linux":
        yield from _of_linux(name, model, buses, notes)
    elif notes and buses == {"ide"} and guest is not None and guest.scsi_model in {model, None}:
        yield f"{name}: {_as_clause(notes[0])}"
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
    if guest is not None and guest.converter_reconfigures and vm.hardware.generation in _CONVERTER_GENERATIONS:
        yield f"instead of that, VMware Converter 3 can move the VM to ESX Server and prepares {name} itself"


def _of_linux(name: str, model: str, buses: set[str], notes: list[str]) -> Iterator[str]:
    for note in dict.fromkeys(notes or [_NOTES[bus] for bus in sorted(buses)]):
        yield f"{name}: {_as_clause(note)}"
    yield f"the driver for the {_CONTROLLERS[model]} controller is the kernel module {_MODULES[model]}"


def _of_boot_order(vm: Machine, moved: Mapping[str, str]) -> Iterator[str]:
    stayed = [drive.id for drive in vm.disks if drive.id not in moved]
    if stayed:
        listed = ", ".join(f"{old} is {new} now" for old, new in moved.items())
        yield (
            f"if the VM does not start, choose the disk to start from in its BIOS setup: {listed}, and the BIOS may "
            f"prefer {', '.join(stayed)}"
        )


def _as_clause(sentence: str) -> str:
    """A sentence without its capital letter, unless that begins a name."""
    first = sentence.split(" ", 1)[0]
    return sentence if first.isupper() else sentence[0].lower() + sentence[1:]
