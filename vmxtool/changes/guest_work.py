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
}
_SCSI_NAMES = "/dev/sd"
_NAMES = {"ide": "/dev/hd", "sata": _SCSI_NAMES, "nvme": "/dev/nvme"}
# The generations whose VMs VMware Converter 3 takes from hosted products to ESX Server (guide, page 10).
_CONVERTER_GENERATIONS = frozenset({4, 5})
_CONTROLLERS = {
    "buslogic": "BusLogic",
    "lsilogic": "LSI Logic",
    "lsisas1068": "LSI Logic SAS",
    "pvscsi": "paravirtual SCSI",
}


def guest_work(vm: Machine, model: str, moved: Mapping[str, str]) -> tuple[Fix, ...]:
    """What the owner does in the guest and with it, for disks that move behind a SCSI controller of this model.

    Args:
        vm: the VM as it is.
        model: the controller.
        moved: the new place of every disk, by its old one.
    """
    return tuple(Fix(Safety.MANUAL, text) for text in _texts(vm, model, moved))


def _texts(vm: Machine, model: str, moved: Mapping[str, str]) -> Iterator[str]:
    guest = find_guest(vm.guest.id) if vm.guest.id else None
    name = guest.name if guest is not None else vm.guest.id or "the guest"
    family = guest.family if guest is not None else vm.guest.family
    buses = {unit.partition(":")[0].rstrip("0123456789") for unit in moved}
    note = guest.ide_to_scsi_note.rstrip(".") if guest is not None and buses == {"ide"} else None
    if family == "linux":
        yield from _of_linux(name, model, buses, note)
    elif guest is not None and note is not None and guest.scsi_model in {model, None}:
        yield f"{name}: {_as_clause(note)}"
    elif family == "windows":
        yield (
            f"{name}: the driver of the {_CONTROLLERS[model]} controller has to be installed and enabled before the "
            f"disk moves, for instance by a small second disk behind such a controller"
        )
    else:
        yield f"{name}: make sure that it has a driver for the {_CONTROLLERS[model]} controller"
    if family == "windows":
        yield (
            "a Windows without the driver stops with error 0x7B (INACCESSIBLE_BOOT_DEVICE): an undo gives the "
            "disk its old place back, so that the guest can be prepared there"
        )
    if guest is not None and guest.converter_reconfigures and vm.hardware.generation in _CONVERTER_GENERATIONS:
        yield f"instead of that, VMware Converter 3 can move the VM to ESX Server and prepares {name} itself"
    yield from _of_boot_order(vm, moved)


def _of_linux(name: str, model: str, buses: set[str], note: str | None) -> Iterator[str]:
    names = " and ".join(_NAMES[bus] for bus in sorted(buses) if _NAMES[bus] != _SCSI_NAMES)
    if note is not None:
        yield f"{name}: {_as_clause(note)}"
    elif names:
        yield (
            f"{name}: put the driver into the initial RAM disk, and change names in {names} to names in {_SCSI_NAMES} "
            f"in /etc/fstab and in the boot loader, before the disk moves"
        )
    else:
        yield f"{name}: put the driver into the initial RAM disk before the disk moves; the disk's name may stay"
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
