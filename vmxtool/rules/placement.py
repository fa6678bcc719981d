"""DSK2xx and DEV7xx: where devices sit: one disk in two places, a controller's own unit, slots of the PCI bus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool._files import is_absolute
from vmxtool.findings import Do, Severity
from vmxtool.knowledge.features import features
from vmxtool.knowledge.traits import traits
from vmxtool.machine.sections import CONTROLLERS, NARROW_SCSI_UNITS, SCSI_CONTROLLER_UNIT
from vmxtool.rules.registry import About, Hit, manual, rule
from vmxtool.rules.state import is_off

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.machine.model import Drive, Machine

_SHOWN = 4
_OTHER_UNITS = (*range(SCSI_CONTROLLER_UNIT + 1, NARROW_SCSI_UNITS), *range(SCSI_CONTROLLER_UNIT))
_SLOT = ".pcislotnumber"


@rule(
    "DSK240",
    "disk-in-two-places",
    Severity.UNKNOWN,
    about=About.FILES,
    sources=("general",),
    short="a disk that stands twice",
)
def disk_in_two_places(vm: Machine) -> Iterator[Hit]:
    """One disk file is the disk of two drives of the VM.

    A product locks a disk when it opens it, so the second drive cannot have it; where both did, the guest would write
    over its own data. It happens where a drive was moved by hand and its old lines were left.
    """
    found: dict[str, list[Drive]] = {}
    for drive in vm.disks:
        if drive.file:
            # Of files of one name on two volumes of another host, one at most is the file beside the config.
            path = drive.found.path if drive.found is not None and not is_absolute(drive.file) else None
            found.setdefault(str(path or drive.file), []).append(drive)
    for drives in found.values():
        if len(drives) > 1:
            names = " and ".join(drive.id for drive in drives[:_SHOWN])
            yield Hit(
                f"which of {names} is the disk {drives[0].file}? Both name it; with one of them the VM can start, with "
                "both the second cannot be opened",
                tuple(place for drive in drives[:_SHOWN] for place in drive.file_evidence),
                manual(f"take the lines of the other out, or give it the disk that was meant: {names}"),
            )


@rule(
    "DSK241",
    "drive-on-unit-of-controller",
    Severity.BLOCKER,
    about=About.FILES,
    cure=Do.REPAIR_CONFIG,
    sources=("vsphere-scsi-docs", "libvirt:src/vmx/vmx.c"),
    short="a drive in the controller's place",
    messages=(("Device label '<device>' is invalid.", "govmomi-2539"),),
)
def drive_on_unit_of_controller(vm: Machine) -> Iterator[Hit]:
    """A drive has the number that a SCSI controller has for itself.

    Unit 7 of each SCSI controller is the controller, so no drive can be there; programs that count disks up from 0
    reach it with the eighth. Give the drive another number.
    """
    document = vm.config.document
    present = {controller.id for controller in vm.controllers}
    for number in range(CONTROLLERS["scsi"]):
        own = f"scsi{number}:{SCSI_CONTROLLER_UNIT}"
        if f"scsi{number}" not in present or not document.flag(f"{own}.present", False):
            continue
        taken = {drive.unit for drive in vm.drives if drive.id.startswith(f"scsi{number}:")}
        free = next((unit for unit in _OTHER_UNITS if unit not in taken), None)
        place = "a unit of another controller" if free is None else f"scsi{number}:{free}"
        keys = [key for key in (f"{own}.present", f"{own}.fileName") if key in document]
        yield Hit(
            f"{own}: unit {SCSI_CONTROLLER_UNIT} is the controller scsi{number} itself, so the drive there does not "
            "exist",
            tuple(document.evidence(key) for key in keys),
            manual(f"make it {place} in all of its lines"),
        )


@rule(
    "DEV712",
    "pci-slot-taken-twice",
    Severity.INFO,
    about=About.FILES,
    sources=("vsphere-json-api:VirtualDevicePciBusSlotInfo",),
)
def pci_slot_taken_twice(vm: Machine) -> Iterator[Hit]:
    """Two devices have one slot number on the PCI bus.

    It stops nothing: the product gives one of them another slot at the next start. A guest takes a network adapter in
    another slot for a new one, and may give it another name and no address.
    """
    document = vm.config.document
    found: dict[str, list[str]] = {}
    for key in document.folded():
        if key.endswith(_SLOT):
            number = document[key].strip()
            if number.isdecimal() and not is_off(document, key.removesuffix(_SLOT)):
                found.setdefault(number, []).append(key)
    for number, keys in found.items():
        if len(keys) > 1:
            names = [document.spelling(key).partition(".")[0] for key in keys[:_SHOWN]]
            yield Hit(
                f"{' and '.join(names)} have slot {number} of the PCI bus; the product gives one of them another",
                tuple(document.evidence(key) for key in keys[:_SHOWN]),
                manual(f"take {document.spelling(keys[-1])} out, so that the product chooses"),
            )


@rule(
    "DEV713",
    "no-bridge-for-pcie-device",
    Severity.WARNING,
    about=About.FILES,
    sources=("coreos-scripts-343",),
)
def no_bridge_for_pcie_device(vm: Machine) -> Iterator[Hit]:
    """A device needs a PCI Express slot, and the config has no bridge that has slots.

    vmxnet3 and paravirtual SCSI sit behind the bridges `pciBridge4` to `pciBridge7`. Products write these when they
    make a VM; a config that was written by hand or by a program may lack them, and the guest then does not find the
    device.
    """
    document, version = vm.config.document, vm.hardware.version
    if not features()["has-pcie-slots"].holds_of(version):
        return
    bridges = (key for key in document.folded() if key.startswith("pcibridge") and key.endswith(".present"))
    if any(document.flag(key, False) for key in bridges):
        return
    for trait in traits("pcie"):
        for key in trait.found_in(document.folded(), document):
            device = document.spelling(key).partition(".")[0]
            if not is_off(document, device.lower()):
                yield Hit(
                    f"{device}: {trait.says} needs a PCI Express slot, and the config has no PCI bridge; the guest may "
                    "not find it",
                    (document.evidence(key),),
                    manual(
                        "add the bridges as products write them: pciBridge0, and pciBridge4 to pciBridge7 as "
                        "pcieRootPort with 8 functions"
                    ),
                    sources=trait.sources,
                    unverified=True,
                )
