"""What a VM has besides disks, network adapters and processors: ports, sound, USB, shared folders, host devices, TPM.

Worked out when it is asked for, since most answers about a VM do without. The settings are those of libvirt's key map
and of real configs; how many of a kind a product looks at bounds what is read here, so that no config costs much.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Literal

from vmxtool._record import Record
from vmxtool.machine.sections import Sections

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.machine.model import Drive, Machine
    from vmxtool.machine.sections import Section

PortKind = Literal["serial", "parallel"]
UsbKind = Literal["controller", "device"]
TpmState = Literal["none", "asked-for", "there"]

# From hardware version 11 on a VM has 32 serial ports, before that 4; parallel ports are 3 (answers of ESX).
_PORTS: tuple[tuple[PortKind, int], ...] = (("serial", 32), ("parallel", 3))
_USB = {"usb": "uhci", "ehci": "ehci", "usb_xhci": "xhci"}
_USB_DEVICE = re.compile(r"(?:usb|ehci|usb_xhci):[0-9]{1,3}")
_AUTO_CONNECT = re.compile(r"autoconnect\.device[0-9]{1,3}")
# The pointer, and the hub that other devices of the VM's own sit on.
_BUILT_IN = frozenset({"", "hub", "hid", "mouse"})
_SHARED_FOLDER = re.compile(r"sharedfolder([0-9]{1,6})")
_MOST = 1000  # USB devices, shared folders: more than anybody has
_PASSED_THROUGH = 128  # from hardware version 20 on (answers of ESX)
RAW_TYPES = frozenset({"rawdisk", "scsi-passthru-rdm", "scsi-nonpassthru-rdm"})
"""Types of drives, in lower case, that map a device of the host: a physical disk, or a LUN (RDM)."""


class Port(Record):
    """A serial or parallel port that is present.

    Attributes:
        id: "serial0".
        kind: serial or parallel.
        backing: what is behind it, as the config says: file, pipe, device, network, thinprint (the virtual printer of
            Workstation); "device" where it does not say.
        path: the file, pipe, device, address or concentrator (vSPC), or None where the config names none.
        connected: `startConnected`.
    """

    id: str
    kind: PortKind
    backing: str
    path: str | None
    connected: bool


class UsbPart(Record):
    """A USB controller, or a device that the config connects to one.

    Attributes:
        id: the word or setting that names it, such as "usb_xhci" or "usb.autoconnect.device0".
        kind: controller or device.
        model: uhci, ehci or xhci: the controller, or the one that the device is on.
        device: what the config says of a device; None for a controller.
    """

    id: str
    kind: UsbKind
    model: str
    device: str | None = None


class SharedFolder(Record):
    """A folder of the host that the guest sees; one that is not enabled stands in the config all the same."""

    name: str
    host_path: str
    enabled: bool
    writable: bool


class PassedThrough(Record):
    """A device of the host that the VM has: its id here, and what the config says of the device there."""

    id: str
    device: str | None


class Security(Record):
    """What protects the guest; None where the config is encrypted and nothing can be seen.

    Attributes:
        tpm: "there" where the VM has a virtual TPM with its certificate; "asked-for" where a setting asks the product
            for one, and no product has made it yet.
        secure_boot: whether the firmware starts what is signed only.
        vbs: whether virtualization-based security of Windows is switched on.
    """

    tpm: TpmState | None
    secure_boot: bool | None
    vbs: bool | None


class Peripherals(Record):
    """All of them; `sound` is the model, "default" where the config leaves it to the product, None without a card."""

    ports: tuple[Port, ...]
    sound: str | None
    usb: tuple[UsbPart, ...]
    shared_folders: tuple[SharedFolder, ...]
    passthrough: tuple[PassedThrough, ...]
    security: Security


def peripherals_of(vm: Machine) -> Peripherals:
    """Return what a VM has besides disks, network adapters and processors; worked out once for a machine."""
    found = vm.memo.get("peripherals")
    if not isinstance(found, Peripherals):
        sections = Sections(vm.config.document)
        found = vm.memo["peripherals"] = Peripherals(
            ports=tuple(_ports(sections)),
            sound=_sound(sections["sound"]),
            usb=tuple(_usb(sections)),
            shared_folders=tuple(_shared_folders(sections)),
            passthrough=tuple(_passed_through(sections, vm.drives)),
            security=security_of(vm),
        )
    return found


def _ports(sections: Sections) -> Iterator[Port]:
    for kind, most in _PORTS:
        for section in (sections[word] for number in range(most) if (word := f"{kind}{number}") in sections):
            if section.flag("present", default=False):
                yield Port(
                    id=section.id,
                    kind=kind,
                    backing=section.word("filetype") or "device",
                    # Of a port behind a concentrator the file name is a word for that alone.
                    path=section.get("vspc") or section.get("filename") or None,
                    connected=section.flag("startconnected", default=True),
                )


def _sound(section: Section) -> str | None:
    return (section.word("virtualdev") or "default") if section.flag("present", default=False) else None


def _usb(sections: Sections) -> Iterator[UsbPart]:
    for word, model in _USB.items():
        if sections[word].flag("present", default=False):
            yield UsbPart(word, "controller", model)
    yield from islice(_usb_devices(sections), _MOST)


def _usb_devices(sections: Sections) -> Iterator[UsbPart]:
    for word, model in _USB.items():
        for name in sections[word]:
            if _AUTO_CONNECT.fullmatch(name) and sections[word].get(name):
                yield UsbPart(f"{word}.{name}", "device", model, sections[word].get(name))
    for word in sections:
        if _USB_DEVICE.fullmatch(word):
            section = sections[word]
            kind = section.word("devicetype")
            if kind not in _BUILT_IN and section.flag("present", default=False):
                yield UsbPart(word, "device", _USB[word.partition(":")[0]], kind)


def _shared_folders(sections: Sections) -> Iterator[SharedFolder]:
    every = sections["sharedfolder"]
    # Products look at no more than they count there.
    most = sections.document.number(every.key("maxnum")) if "maxnum" in every else None
    numbers = sorted(int(hit[1]) for word in sections if (hit := _SHARED_FOLDER.fullmatch(word)) is not None)
    for number in islice((it for it in dict.fromkeys(numbers) if most is None or it < most), _MOST):
        section = sections[f"sharedfolder{number}"]
        if section.flag("present", default=False):
            yield SharedFolder(
                name=section.get("guestname"),
                host_path=section.get("hostpath"),
                enabled=section.flag("enabled", default=False),
                writable=section.flag("writeaccess", default=False),
            )


def _passed_through(sections: Sections, drives: tuple[Drive, ...]) -> Iterator[PassedThrough]:
    for number in range(_PASSED_THROUGH):
        word = f"pcipassthru{number}"
        if word in sections and sections[word].flag("present", default=False):
            yield PassedThrough(word, _pci_device(sections[word]))
    for drive in drives:
        if drive.kind == "passthrough" or drive.device_type in RAW_TYPES:
            yield PassedThrough(drive.id, sections[drive.id].get("filename") or drive.file)


def _pci_device(section: Section) -> str | None:
    if section.get("vgpu"):
        return section.get("vgpu")
    device = ":".join(filter(None, (section.get("vendorid"), section.get("deviceid"))))
    return " ".join(filter(None, (section.get("id"), device))) or section.get("alloweddevices") or None


def security_of(vm: Machine) -> Security:
    """Return what protects the guest of a VM."""
    if vm.encryption == "full":
        return Security(None, None, None)
    document = vm.config.document
    asked = document.flag("vtpm.present", False) or bool(document.get("managedVM.autoAddVTPM"))
    # A product writes the certificate and the request for it when it makes the TPM; a line by hand makes none.
    made = bool(document.get("vtpm.ekCSR") or document.get("vtpm.ekCRT")) and document.flag("vtpm.present", True)
    return Security(
        tpm="there" if made else "asked-for" if asked else "none",
        secure_boot=vm.secure_boot,
        vbs=document.flag("windows.vbs.enabled", False) or document.flag("vbs.enabled", False),
    )
