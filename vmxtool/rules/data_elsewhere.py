"""Disks whose data is not in the VM's folder: on a device, on another host, in another folder, under another VM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool._files import is_absolute, is_on_esx, last_part
from vmxtool.findings import CONVERTING_DISKS, Do, Severity
from vmxtool.knowledge.products import products
from vmxtool.machine.peripherals import RAW_TYPES
from vmxtool.rules.case import disk_label, name_evidence, presence_evidence
from vmxtool.rules.commands import as_argument, converted_folder
from vmxtool.rules.registry import About, Hit, manual, rule
from vmxtool.vmdk import paths
from vmxtool.vmdk.paths import is_device

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.findings import Fix
    from vmxtool.machine.model import Drive, Machine
    from vmxtool.vmdk.chain import Link

READING_DISKS = CONVERTING_DISKS | {Do.MOVE_DISKS}
"""Moves that read a disk's data or change what its descriptor says."""

FULL_CLONE = (
    "make a full clone of the VM in its own product, where that finds the disk that the VM is based on, and ask again "
    "with the clone's folder"
)
"""What the owner of a linked clone does, which takes the place of bringing its base and of removing snapshots."""

# What maps a LUN, with the letter by which vmkfstools maps it again.
_MAPPINGS = {"vmfsrawdevicemap": "-r", "vmfsrdm": "-r", "vmfspassthroughrawdevicemap": "-z"}
_WHOLE_DEVICE = "fulldevice"
_CONVERTER = "let VMware Converter copy the system while it runs"


@rule(
    "DSK206",
    "disk-outside-folder",
    Severity.WARNING,
    about=About.FILES,
    cure=Do.REPAIR_DISK,
    stops=READING_DISKS | {Do.COPY, Do.MOVE_TO},
    short="a disk in another folder",
)
def disk_outside_folder(vm: Machine) -> Iterator[Hit]:
    """A disk lies outside the VM's folder.

    Copying the folder does not copy it. vmxtool looks only whether such a file exists and never opens it.
    """
    for drive in vm.disks:
        if drive.found is not None and drive.found.outside and drive.found.exists:
            last = last_part(drive.file or "").lower()
            is_taken = any(last_part(it.file or "").lower() == last for it in vm.disks if it is not drive)
            as_another = " under another name" * is_taken
            remedy = (
                f"copy {drive.file} into the VM's folder{as_another}, with all files that it is made of, and correct "
            )
            yield Hit(
                f"{disk_label(drive)}: outside the VM's folder, and not opened",
                name_evidence(drive),
                manual(f"{remedy}the name"),
                subject=drive.id,
                at_home=f"{disk_label(drive)}: outside the VM's folder, so a copy of that does not bring it along",
            )


@rule(
    "DSK211",
    "device-backed-disk",
    Severity.UNKNOWN,
    about=About.FILES,
    cure=Do.REPAIR_DISK,
    stops={Do.MOVE_DISKS},
    sources=("vmware-virtual-disk-format-5.0", "kb:1016210", "kb:1026256"),
    short="whether the new host has the same device",
    messages=(("Virtual Disk '<X>' is a mapped direct access LUN that is not accessible", "kb:1016210"),),
)
def device_backed_disk(vm: Machine) -> Iterator[Hit]:
    """A disk maps a device of its host: a raw device mapping (RDM), a physical disk or a partition.

    The data is not in the VM's folder, and another host need not have the device. On a host that reaches the same
    device the disk is mapped anew, on ESX with `vmkfstools -r`, or with `-z` where it was mapped for pass-through. For
    any other host the device has to be cloned into a virtual disk first, on the host that has it. Where a host of ESX
    does not reach the device, the VM does not power on.
    """
    for drive in vm.disks:
        links = drive.chain.links if drive.chain is not None else ()
        link = next((it for it in links if it.format == "device"), None)
        if link is None and drive.device_type not in RAW_TYPES and not is_device(drive.file or ""):
            continue
        kind = (link.create_type or "").lower() if link is not None else ""
        again = f"map it there with vmkfstools {_MAPPINGS[kind]}" if kind in _MAPPINGS else "map it there anew"
        yield Hit(
            f"{disk_label(drive)} maps a device of its host, which its folder does not hold: does the VM's new host "
            f"reach the same device? If it does, {again}; if not, clone the device into a virtual disk first",
            (*(link.evidence("createType") if link is not None else ()), *presence_evidence(drive)),
            _clone(vm, link, kind),
            subject=drive.id,
        )


@rule(
    "DSK231",
    "disk-on-another-host",
    Severity.UNKNOWN,
    about=About.FILES,
    cure=Do.REPAIR_DISK,
    stops=READING_DISKS,
    sources=("libvirt:src/vmx/vmx.c",),
    short="whether a disk is where its path says",
)
def disk_on_another_host(vm: Machine) -> Iterator[Hit]:
    """The config names a disk by a full path of another host, and no file of that name is beside it.

    The disk may well be where the path says. It could not be looked at, and copying the VM's folder leaves it behind. A
    disk on a datastore of ESX, which is exported from there, is told by DSK203.
    """
    for drive in vm.disks:
        if is_elsewhere(drive) and not is_on_esx(drive.file or ""):
            yield Hit(
                f"{disk_label(drive)} lies on another host and was not looked at: does the VM stay where that path "
                "leads to the disk? If it does, the disk is found there; if not, bring it along and name it without a "
                "folder",
                name_evidence(drive),
                manual("copy the disk, with all files that it is made of, into the VM's folder, and ask again"),
                subject=drive.id,
            )


@rule(
    "DSK213",
    "parent-outside-folder",
    Severity.WARNING,
    about=About.FILES,
    cure=Do.REPAIR_DISK,
    stops={Do.COPY, Do.MOVE_TO},
    sources=("vmware-virtual-disk-format-5.0",),
)
def parent_outside_folder(vm: Machine) -> Iterator[Hit]:
    """A disk rests on a parent in another folder, as that of a linked clone does.

    Copying the VM's folder leaves the parent behind, and with it most of the data. Make a full clone in the product
    that has the VM, or copy the parent to the same place beside the new folder.
    """
    for drive in vm.disks:
        link = parent_elsewhere(drive, vm)
        if link is not None:
            yield Hit(
                f"{link.file} is based on {link.parent_hint}, outside the VM's folder, which was not opened",
                link.evidence("parentFileNameHint"),
                manual(FULL_CLONE),
                cure=Do.REMOVE_SNAPSHOTS,
                subject=drive.id,
                at_home=f"{link.file} is based on {link.parent_hint}, which has to come along to the same place beside",
            )


def is_elsewhere(drive: Drive) -> bool:
    """Return whether a disk is named by a full path of some host that leads nowhere here."""
    found = drive.found
    return found is not None and found.outside and not found.exists and is_absolute(drive.file or "")


def parent_elsewhere(drive: Drive, vm: Machine) -> Link | None:
    """Return the last link of a chain, where its parent exists outside the VM's folder."""
    links = drive.chain.links if drive.chain is not None else ()
    if not links or links[-1].parent_hint is None:
        return None
    place = paths.locate(links[-1].parent_hint, links[-1].path.parent, vm.config.folder)
    return links[-1] if place.outside and place.exists else None


def _clone(vm: Machine, link: Link | None, kind: str) -> Fix:
    """Return how the device behind a disk becomes a virtual disk, on the host that has it."""
    host = next((it.product for it in vm.origin if products()[it.product].esx), None)
    if link is not None and host is not None and _MAPPINGS.get(kind) == "-r":
        new = f"{converted_folder(vm)}/{last_part(link.file)}"
        return manual(
            "clone it on the ESX host that has it",
            ("mkdir", converted_folder(vm)),
            ("vmkfstools", "-i", as_argument(link.file), new),
            product=host,
        )
    devices = [it.file for it in link.extents if it.file and it.path is None] if link is not None else []
    # A disk that is more than one device, such as one with a boot sector of its own, is no copy of the device.
    if link is not None and kind == _WHOLE_DEVICE and len(link.extents) == 1 and len(devices) == 1:
        new = f"{converted_folder(vm)}/{last_part(link.file)}"
        return manual(
            "clone it on the host that has it, while the VM is off",
            ("mkdir", converted_folder(vm)),
            ("qemu-img", "convert", "-O", "vmdk", as_argument(devices[0]), new),
            product="qemu-img",
        )
    return manual(f"clone it with the product that has the VM, or {_CONVERTER}")
