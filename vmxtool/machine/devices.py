"""Controllers, drives and network adapters: what a config's device settings add up to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, cast

from vmxtool import _files
from vmxtool.machine.model import Controller, Drive, Nic
from vmxtool.vmdk.chain import read_chain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vmxtool.evidence import Evidence
    from vmxtool.machine.model import Bus, DriveKind
    from vmxtool.vmx.document import Document

_HEAD = re.compile(r"(ide|scsi|sata|nvme|floppy|ethernet)(\d{1,2})(?::(\d{1,2}))?")

# How many controllers of a bus a VM can have and how many units they carry in any product (libvirt's key map; vSphere
# configuration maximums). What lies beyond, VMware does not look at.
_CONTROLLERS = {"ide": 2, "scsi": 4, "sata": 4, "nvme": 4}
_UNITS = {"ide": 2, "scsi": 64, "sata": 30, "nvme": 64}
_ADAPTER_UNIT = 7  # of a SCSI controller itself

# File names that stand for a device or for nothing.
_NO_FILE = frozenset({"", "auto detect", "emptybackingstring", "vmware-null-remote-floppy", "none", "-1"})
_DEVICE_NAME = re.compile(r"/dev/|/vmfs/devices/|[a-z]:$|\\\\\.\\|floppy \d|cd/dvd drive \d", re.IGNORECASE)


class Slots(NamedTuple):
    """The device names that a config has settings for, by kind, in numeric order."""

    controllers: tuple[tuple[str, int], ...]
    units: tuple[tuple[str, int, int], ...]
    floppies: tuple[int, ...]
    nics: tuple[int, ...]


class Storage(NamedTuple):
    """What `read_storage` finds; `idle` are drives whose own controller is not present."""

    controllers: tuple[Controller, ...]
    drives: tuple[Drive, ...]
    idle: tuple[Evidence, ...]


def find_slots(document: Document) -> Slots:
    """Collect device names from the keys, such as `scsi0:1.filename` and `ethernet0.present`."""
    controllers: set[tuple[str, int]] = set()
    units: set[tuple[str, int, int]] = set()
    floppies: set[int] = set()
    nics: set[int] = set()
    for head in {key.partition(".")[0] for key in document.folded()}:
        hit = _HEAD.fullmatch(head)
        if hit is None:
            continue
        bus, number, unit = hit[1], int(hit[2]), hit[3]
        if bus == "floppy" and unit is None:
            floppies.add(number)
        elif bus == "ethernet" and unit is None:
            nics.add(number)
        elif bus in _UNITS and number < _CONTROLLERS[bus]:
            if unit is None:
                controllers.add((bus, number))
            elif int(unit) < _UNITS[bus] and not (bus == "scsi" and int(unit) == _ADAPTER_UNIT):
                units.add((bus, number, int(unit)))
    return Slots(tuple(sorted(controllers)), tuple(sorted(units)), tuple(sorted(floppies)), tuple(sorted(nics)))


def read_storage(document: Document, folder: Path, slots: Slots) -> Storage:
    """Controllers and drives that are really present.

    A drive counts if its own `present` is true and, on SCSI, SATA and NVMe, that of its controller too; IDE has no
    switch for the controller. All of these are false where they are absent.
    """
    present = {(bus, n) for bus, n in slots.controllers if bus != "ide" and document.flag(f"{bus}{n}.present", False)}
    drives: list[Drive] = []
    idle: list[Evidence] = []
    for bus, number, unit in slots.units:
        identity = f"{bus}{number}:{unit}"
        if not document.flag(f"{identity}.present", False):
            continue
        if bus != "ide" and (bus, number) not in present:
            idle.append(document.evidence(f"{identity}.present"))
            continue
        drives.append(_drive(document, folder, cast("Bus", bus), identity, unit))
    drives.extend(
        _floppy(document, number) for number in slots.floppies if document.flag(f"floppy{number}.present", False)
    )
    used_ide = {("ide", int(drive.id[3])) for drive in drives if drive.bus == "ide"}
    controllers = tuple(_controller(document, bus, number) for bus, number in sorted(present | used_ide))
    return Storage(controllers, tuple(drives), tuple(idle))


def read_nics(document: Document, slots: Slots) -> tuple[Nic, ...]:
    """Network adapters that are present."""
    return tuple(_nic(document, f"ethernet{n}") for n in slots.nics if document.flag(f"ethernet{n}.present", False))


def _controller(document: Document, bus: str, number: int) -> Controller:
    identity = f"{bus}{number}"
    model = document.get(f"{identity}.virtualDev")
    shared = document.get(f"{identity}.sharedBus", "none").lower()
    return Controller(
        id=identity,
        bus=cast("Bus", bus),
        model=model.lower() if model else None,
        shared_bus=None if shared in {"none", ""} else shared,
        evidence=tuple(_present_keys(document, identity, ("present", "virtualDev", "sharedBus"))),
    )


def _drive(document: Document, folder: Path, bus: Bus, identity: str, unit: int) -> Drive:
    device_type = document.get(f"{identity}.deviceType", "").lower()
    # ESX Server 1 and 2 write `name` where every other product writes `fileName`.
    name_key = f"{identity}.fileName" if f"{identity}.fileName" in document else f"{identity}.name"
    name = document.get(name_key, "")
    kind = _kind(device_type, name)
    redo = document.get(f"{identity}.redo", "")
    file = name if kind == "disk" and name else _medium(document, identity, device_type, name)
    found = chain = None
    if kind == "disk" and file is not None:
        found = _files.resolve(folder, file)
        if found.path is not None:
            chain = read_chain(found.path, folder=folder, name=found.path.name if found.moved else file)
    return Drive(
        id=identity,
        bus=bus,
        unit=unit,
        kind=kind,
        file=file,
        mode=document.get(f"{identity}.mode", "").lower() or "persistent",
        connected=document.flag(f"{identity}.startConnected", True),
        redo=redo or None,
        device_type=device_type or None,
        found=found,
        chain=chain,
        evidence=tuple(
            _present_keys(document, identity, ("present", name_key.rpartition(".")[2], "deviceType", "mode", "redo"))
        ),
    )


def _kind(device_type: str, name: str) -> DriveKind:
    if "cdrom" in device_type:
        return "cdrom"
    if device_type == "scsi-passthru":
        return "passthrough"
    if device_type:
        return "disk"
    # Without a type VMware assumes a disk; a name that only a CD-ROM drive has speaks against it.
    lower = name.lower()
    return "cdrom" if (lower and lower in _NO_FILE) or lower.endswith(".iso") else "disk"


def _medium(document: Document, identity: str, device_type: str, name: str) -> str | None:
    is_device = (
        name.lower() in _NO_FILE
        or _DEVICE_NAME.match(name) is not None
        or device_type in {"cdrom-raw", "atapi-cdrom", "scsi-passthru"}
        or document.flag(f"{identity}.clientDevice", False)
    )
    return None if is_device else name


def _floppy(document: Document, number: int) -> Drive:
    identity = f"floppy{number}"
    file_type = document.get(f"{identity}.fileType", "device").lower()
    name = document.get(f"{identity}.fileName", "")
    return Drive(
        id=identity,
        bus="floppy",
        unit=number,
        kind="floppy",
        file=_medium(document, identity, "", name) if file_type == "file" else None,
        mode="persistent",
        connected=document.flag(f"{identity}.startConnected", True),
        evidence=tuple(_present_keys(document, identity, ("present", "fileName"))),
    )


def _nic(document: Document, identity: str) -> Nic:
    model = document.get(f"{identity}.virtualDev", "").lower()
    # The enhanced vmxnet of ESX 3.5 is told from the plain one by this setting alone (libvirt's key map).
    if model == "vmxnet" and document.get(f"{identity}.features") == "15":
        model = "vmxnet2"
    network = next(
        (
            value
            for key in ("networkName", "vnet", "dvs.switchId", "opaqueNetwork.id")
            if (value := document.get(f"{identity}.{key}"))
        ),
        None,
    )
    connection = document.get(f"{identity}.connectionType", "").lower()
    return Nic(
        id=identity,
        model=model or None,
        mac=_mac(document, identity),
        connection=connection or ("network" if network else "bridged"),
        network=network,
        connected=document.flag(f"{identity}.startConnected", True),
        evidence=tuple(
            _present_keys(document, identity, ("present", "virtualDev", "addressType", "address", "generatedAddress"))
        ),
    )


def _mac(document: Document, identity: str) -> str | None:
    # A generated address stays in the file after the user has set a static one; the type says which counts.
    generated = document.get(f"{identity}.generatedAddress")
    if document.get(f"{identity}.addressType", "").lower() == "static":
        return document.get(f"{identity}.address") or None
    return generated or None


def _present_keys(document: Document, identity: str, names: tuple[str, ...]) -> Iterator[Evidence]:
    for name in names:
        key = f"{identity}.{name}"
        if key in document:
            yield document.evidence(key)
