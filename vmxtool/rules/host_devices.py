"""DEV7xx: drives, shared folders, USB and passed-through devices of the host that a VM leaves or needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool import _files
from vmxtool._files import is_absolute
from vmxtool.findings import Severity
from vmxtool.knowledge.features import features
from vmxtool.knowledge.host_needs import lacks_driver
from vmxtool.machine.peripherals import peripherals_of
from vmxtool.machine.storage import AUTOMATIC
from vmxtool.rules.backings import backings_of, image_beside
from vmxtool.rules.case import sections_of
from vmxtool.rules.guest_options import listed
from vmxtool.rules.new_host import first_words, has_new_host, spelled
from vmxtool.rules.registry import About, Hit, manual, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.knowledge.product import Product
    from vmxtool.machine.model import Machine
    from vmxtool.rules.backings import Backing
    from vmxtool.rules.case import Case, Files

_PCI, _XHCI = "pcipassthru", "usb_xhci"


@rule(
    "DEV706",
    "drive-of-old-host",
    Severity.INFO,
    about=About.TARGET,
    sources=("vim-api:CannotAccessVmDevice",),
    only_if=lambda vm: any(it.kind != "disk" for it in vm.drives),
    messages=(
        (
            "Cannot connect the virtual device <drive> because no corresponding device is available on the host.",
            "general",
        ),
    ),
)
def drive_of_old_host(case: Case) -> Iterator[Hit]:
    """A CD-ROM or floppy drive is connected to a drive of the old host by its name there, or to an image by its path.

    Where the new host has none of that name, the drive starts disconnected. One that is found by itself ("auto detect")
    is left alone here. A rewrite for hosts that cannot have the name takes it out.
    """
    if case.is_place:
        yield from case.files.once(_drives_left)


def _drives_left(files: Files) -> list[Hit]:
    kinds = {
        "drive": "a drive of the old host; without one of that name on the new host",
        "image": "an image on the old host; without one at that path on the new host",
        "scsi": "a SCSI device of the old host, passed through; without one of that name on the new host",
    }
    hits, sections = [], sections_of(files)
    for kind, what in kinds.items():
        found = [it for it in files.once(backings_of) if it.kind == kind and it.connected and _is_left(files, it)]
        if found:
            named = listed(f"{it.id} ({it.name})" for it in found)
            starts = "it starts" if len(found) == 1 else "each starts"
            drives = listed(it.id for it in found)
            remedy = manual(f"connect {drives} there to a drive of the new host, or to an image")
            places = tuple(place for it in found for place in sections[it.id].evidence("filename"))
            hits.append(Hit(f"{named}: {what} {starts} disconnected", places, remedy))
    return hits


def _is_left(files: Files, backing: Backing) -> bool:
    """Return whether the old host keeps what a drive is connected to."""
    if backing.kind == "image":
        gone = is_absolute(backing.name) or not _files.resolve(files.vm.config.folder, backing.name).exists
        return gone and image_beside(files, backing) is None
    return backing.name.lower() not in AUTOMATIC


def _shares(target: Product) -> bool:
    return not features()["no-shared-folders"].holds(target)


@rule(
    "DEV707",
    "shared-folder-of-old-host",
    Severity.INFO,
    about=About.TARGET,
    only_if=lambda vm: any(word.startswith("sharedfolder") for word in first_words(vm)),
    only_on=_shares,
)
def shared_folder_of_old_host(case: Case) -> Iterator[Hit]:
    """A shared folder is a folder of the old host.

    The guest finds it empty or not at all where the new host has no such folder. Nothing of it is copied with the VM.
    """
    if not case.is_place:
        return
    folders = [it for it in peripherals_of(case.vm).shared_folders if it.enabled and it.host_path]
    if folders:
        document = case.vm.config.document
        keys = [key for key in document.folded() if key.startswith("sharedfolder") and key.endswith(".hostpath")]
        paths = {it.host_path for it in folders}
        named = listed(it.host_path for it in folders)
        yield Hit(
            f"{named}: a folder of the old host, shared with the guest; it stays there",
            tuple(document.evidence(key) for key in keys if document[key] in paths),
            manual("copy what the guest needs of it, and share a folder of the new host"),
            sources=features()["no-shared-folders"].sources,
        )


@rule(
    "DEV708",
    "usb-device-of-old-host",
    Severity.INFO,
    about=About.TARGET,
    sources=("vsphere-usb-docs",),
    only_if=lambda vm: any(it.kind == "device" for it in peripherals_of(vm).usb),
)
def usb_device_of_old_host(case: Case) -> Iterator[Hit]:
    """The VM takes a USB device that is plugged into the old host.

    A device is found by its place or its numbers. It has to be plugged into the new host, and ESX has to be told anew
    which one it is; a dongle that a licence hangs on is easily forgotten.
    """
    if not case.is_place:
        return
    devices = [it for it in peripherals_of(case.vm).usb if it.kind == "device"]
    if devices:
        document = case.vm.config.document
        # A setting names the device, or says that there is one.
        places = [document.evidence(it.id if it.id in document else f"{it.id}.present") for it in devices]
        yield Hit(
            f"{listed(place.key or '' for place in places)}: a USB device that is plugged into the old host",
            tuple(places),
            manual("plug it into the new host, and connect it to the VM there"),
        )


@rule(
    "DEV709",
    "usb-3-without-other-controller",
    Severity.INFO,
    about=About.FILES,
    sources=("vsphere-usb-docs",),
)
def usb_3_without_other_controller(vm: Machine) -> Iterator[Hit]:
    """The VM has the USB 3 controller alone, and its guest may have no driver for it.

    Windows has one from Windows 8 and Windows Server 2012 on, Linux from kernel 2.6.35 on. An older guest sees no USB
    device, until it is given a driver or the VM an EHCI controller beside.
    """
    if f"{_XHCI}.present" not in vm.config.document:
        return
    controllers = {it.id for it in peripherals_of(vm).usb if it.kind == "controller"}
    if controllers == {_XHCI} and vm.guest.id is not None and lacks_driver(_XHCI, vm.guest.id):
        yield Hit(
            f"USB 3 controller alone, for which {vm.guest.id} has no driver of its own",
            (vm.config.document.evidence(f"{_XHCI}.present"),),
            manual("give the guest a driver for it, or the VM a USB 2 controller (usb.present, ehci.present)"),
        )


@rule(
    "DEV704",
    "host-device-passed-through",
    Severity.UNKNOWN,
    about=About.TARGET,
    sources=("vsphere-6.7-docs", "sanbarrow:vmx-syntax"),
    only_if=lambda vm: any(word.startswith(_PCI) for word in first_words(vm)),
    short="a device of the host",
    messages=(
        ("Device <place> is not a passthrough device.", "kb-passthrough-hpe"),
        ("Module 'DevicePowerOn' power on failed.", "kb-passthrough-hpe"),
    ),
)
def host_device_passed_through(case: Case) -> Iterator[Hit]:
    """The VM has a PCI device, a vGPU or a virtual function of the old host, and the new one needs such a device.

    The host needs the device itself, VT-d or an IOMMU switched on in its firmware, and the device marked for
    passthrough; for a vGPU a card and a driver that offer the profile. Without it the VM is not powered on. Hosted
    products have no such devices.
    """
    if not case.is_place:
        return
    devices = [it for it in peripherals_of(case.vm).passthrough if it.id.startswith(_PCI)]
    if not devices:
        return
    document = case.vm.config.document
    places = tuple(document.evidence(f"{it.id}.present") for it in devices)
    profiles = [document.get(f"{it.id}.vgpu", "") for it in devices]
    ids = [spelled(document, f"{it.id}.present") for it in devices]
    named = listed(f"{it} (vGPU {vgpu})" if vgpu else it for it, vgpu in zip(ids, profiles, strict=True))
    if not case.target.esx:
        yield Hit(
            f"{named}: a device of the old host; {case.target.name} passes none through",
            places,
            manual("take it out, and let the guest do without"),
            Severity.WARNING,
            unverified=True,
        )
        return
    look = "look for it under the host's PCI devices, marked for passthrough; else take it out of the VM"
    if not has_new_host(case):
        yield Hit(
            f"{named}: a device of the host; on another host, choose it there", places, manual(look), Severity.INFO
        )
        return
    yield Hit(
        f"has the host of {case.target.name} a device for {named}? If it has, choose it there in the end; if not, the "
        "VM does not start",
        places,
        manual(look),
    )
