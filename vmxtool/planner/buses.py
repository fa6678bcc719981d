"""Move disks to SCSI: units, controller, every setting of each disk, the descriptors, and what remains in the guest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from vmxtool._files import last_part
from vmxtool.errors import InputError
from vmxtool.evidence import Evidence
from vmxtool.findings import Fix, Safety
from vmxtool.knowledge.guests import find_guest
from vmxtool.machine.locate import read_config
from vmxtool.planner.changes import DescriptorChange, Proposal, SettingChange, refusal
from vmxtool.planner.hardware import known_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from vmxtool.findings import Finding
    from vmxtool.machine.model import Controller, Drive, Machine
    from vmxtool.planner.changes import Change

_SOURCE = "kb:1016192"
_WHY = "{old} becomes {new}: the disk moves to SCSI"
_CONTROLLERS, _UNITS, _OWN_UNIT = 4, 16, 7  # a controller takes 15 targets; unit 7 is the controller itself
_FALLBACK = "lsilogic"
# What a disk's descriptor can say: the later SCSI models are written as lsilogic (vmware-vdiskmanager's own help).
_DESCRIPTOR_WORDS = {"buslogic": "buslogic"}
_DISK_TYPES = {"ata-harddisk": "scsi-hardDisk"}
_ORDER_KEYS = ("bios.hddOrder", "bios.bootOrder", "efi.bootOrder")


class _Place(NamedTuple):
    controller: int
    unit: int

    @property
    def id(self) -> str:
        return f"scsi{self.controller}:{self.unit}"


def propose_move(vm: Machine, drives: Sequence[Drive], hw_version: int, adapter: str | None) -> Proposal:
    """Move disks to free SCSI units behind a controller that the guest can drive.

    Geometry is left as it is, as VMware's own instructions for this do. CD-ROM drives stay on IDE; one that is left
    alone as a slave becomes master.

    Args:
        vm: the VM.
        drives: the disks to move, none of them on SCSI.
        hw_version: the version that the VM will have; it decides which controllers exist.
        adapter: the controller model that the user asked for, or None.
    """
    if not drives:
        return Proposal()
    model, reasons = _model(vm, hw_version, adapter)
    reasons += [reason for drive in drives for reason in _obstacles(vm, drive)]
    controller = _controller(vm, model)
    places = _free_places(vm, controller, len(drives))
    if len(places) < len(drives):
        reasons.append(
            refusal("DSK221", "no-free-unit", "there are not enough free SCSI units for the disks", (), "remove a disk")
        )
    if reasons:
        return Proposal(refused=tuple(reasons))
    changes: list[Change] = list(_controller_settings(vm, places, model))
    renamed: dict[str, str] = {}
    for drive, place in zip(drives, places, strict=False):
        renamed[drive.id] = place.id
        changes += _disk_settings(vm, drive, place.id)
        changes += _descriptors(drive, model)
    lone = _lone_slave(vm, {drive.id for drive in drives})
    if lone is not None:
        master = lone.id[:-1] + "0"
        changes += _renames(vm, lone.id, master, f"{lone.id} is left alone on its channel and becomes master")
    changes += _boot_order(vm, renamed)
    return Proposal(tuple(changes), (), (_guest_work(vm, model),))


def propose_cdroms(vm: Machine, drives: Sequence[Drive], moving: set[str], hw_version: int) -> Proposal:
    """Move CD-ROM drives to free IDE places, from a bus that the hardware version does not have."""
    if not drives:
        return Proposal()
    taken = {drive.id for drive in vm.drives if drive.id not in moving}
    settings = {key.partition(".")[0] for key in vm.config.document.folded()}
    free = [place for place in ("ide1:0", "ide1:1", "ide0:0", "ide0:1") if place not in taken and place not in settings]
    if len(free) < len(drives):
        reason = refusal(
            "DSK221", "no-free-unit", "there are not enough free IDE places for the CD-ROM drives",
            drives[0].evidence, "remove a drive",
        )  # fmt: skip
        return Proposal(refused=(reason,))
    changes: list[Change] = []
    for drive, place in zip(drives, free, strict=False):
        why = f"hardware version {hw_version} has no {drive.bus.upper()}; the CD-ROM drive moves to {place}"
        changes += [
            SettingChange(change.key, change.after, change.why, change.source, Safety.SAFE, change.name)
            for change in _renames(vm, drive.id, place, why)
        ]
    return Proposal(tuple(changes))


def _model(vm: Machine, hw_version: int, adapter: str | None) -> tuple[str, list[Finding]]:
    guest = find_guest(vm.guest.id) if vm.guest.id else None
    model = adapter.lower() if adapter is not None else (guest.scsi_model if guest is not None else None)
    if model is None:
        return _FALLBACK, [
            refusal(
                "DSK220", "adapter-not-known", f"no SCSI controller is known to suit the guest {vm.guest.id}",
                vm.guest.evidence, "name one with --adapter that the guest has a driver for",
            )
        ]  # fmt: skip
    if adapter is None and not known_value("scsi0.virtualDev", model, hw_version):
        model = _FALLBACK
    reasons: list[Finding] = []
    if not known_value("scsi0.virtualDev", model, hw_version):
        reasons.append(
            refusal(
                "DEV701", "device-not-in-hardware-version", f"hardware version {hw_version} has no {model} controller",
                vm.hardware.evidence, "choose --adapter lsilogic or buslogic",
            )
        )  # fmt: skip
    if model == "buslogic" and vm.guest.bits == 64:
        reasons.append(
            refusal(
                "DSK222", "buslogic-64-bit", "no 64-bit guest has a driver for the BusLogic controller",
                vm.guest.evidence, "choose --adapter lsilogic",
            )
        )  # fmt: skip
    return model, reasons


def _obstacles(vm: Machine, drive: Drive) -> Iterator[Finding]:
    if drive.chain is None or not drive.chain.links:
        yield refusal(
            "DSK203", "disk-file-missing", f"{drive.id}: {drive.file or 'its file'} cannot be read here",
            drive.evidence, "copy the disk into the VM's folder first",
        )  # fmt: skip
        return
    for problem in drive.chain.problems:
        if problem.kind in {"missing", "outside", "unreadable", "header-damaged", "unfinished"}:
            yield refusal("DSK204", "chain-broken", problem.message, problem.evidence, "mend the disk first")
    for link in drive.chain.links:
        place = (Evidence(link.file, None, "createType", link.create_type),)
        mapped = link.format == "device" or (link.create_type or "").lower().endswith("devicemap")
        if mapped:
            yield refusal(
                "DSK211", "device-backed-disk", f"{link.file} maps a device of its host", place,
                "clone the device into a virtual disk first",
            )  # fmt: skip
        elif link.format == "legacy":
            yield refusal(
                "DSK223", "legacy-disk", f"{link.file} is a disk of Workstation 2 or 3, or GSX Server 1 or 2", place,
                "open the VM in Workstation 4 or 5 first, which upgrades the disk",
            )  # fmt: skip
    sharing = _shared_with(vm, drive)
    if sharing is not None:
        yield refusal(
            "DSK224", "disk-shared", f"{drive.file} is also a disk of {sharing}", (Evidence(sharing),),
            "take the disk out of the other config first",
        )  # fmt: skip


def _shared_with(vm: Machine, drive: Drive) -> str | None:
    if drive.found is None or drive.found.path is None:
        return None
    own = drive.found.path.name.lower()
    for other in sorted(vm.config.folder.glob("*.vm[xt]*")):
        if other.name == vm.config.path.name or other.suffix.lower() not in {".vmx", ".vmtx"}:
            continue
        try:
            document = read_config(other)
        except InputError:
            continue
        names = (document[key] for key in document if key.lower().endswith((".filename", ".name")))
        if any(last_part(name).lower() == own for name in names):
            return other.name
    return None


def _controller(vm: Machine, model: str) -> int:
    """The number of the controller to use: one of this model, or a free one, or one that has no disks yet."""
    present = [controller for controller in vm.controllers if controller.bus == "scsi"]
    for controller in present:
        if controller.shared_bus is None and (controller.model == model or _is_idle(vm, controller)):
            return int(controller.id[4:])
    taken = {int(controller.id[4:]) for controller in present}
    return next((number for number in range(_CONTROLLERS) if number not in taken), 0)


def _is_idle(vm: Machine, controller: Controller) -> bool:
    return not any(drive.id.startswith(f"{controller.id}:") for drive in vm.drives)


def _free_places(vm: Machine, first: int, wanted: int) -> list[_Place]:
    # A unit that has any setting, even one that says it is absent, is not free: its lines would become the disk's.
    taken = {key.partition(".")[0] for key in vm.config.document.folded()}
    others = [
        number
        for number in range(_CONTROLLERS)
        if number != first and not any(controller.id == f"scsi{number}" for controller in vm.controllers)
    ]
    places = [
        _Place(number, unit)
        for number in (first, *others)
        for unit in range(_UNITS)
        if unit != _OWN_UNIT and f"scsi{number}:{unit}" not in taken
    ]
    return places[:wanted]


def _controller_settings(vm: Machine, places: Iterable[_Place], model: str) -> Iterator[SettingChange]:
    document = vm.config.document
    for number in sorted({place.controller for place in places}):
        name = f"scsi{number}"
        if not document.flag(f"{name}.present", False):
            yield SettingChange(f"{name}.present", "TRUE", f"{name} is the disks' new controller", _SOURCE, Safety.UNSAFE)
        if document.get(f"{name}.virtualDev", "").lower() != model:
            why = f"{model} is the SCSI controller that suits the guest"
            yield SettingChange(f"{name}.virtualDev", model, why, _SOURCE, Safety.UNSAFE, beside=f"{name}.present")


def _disk_settings(vm: Machine, drive: Drive, new: str) -> Iterator[SettingChange]:
    why = _WHY.format(old=drive.id, new=new)
    yield from _renames(vm, drive.id, new, why)
    device_type = vm.config.document.get(f"{drive.id}.deviceType", "").lower()
    if device_type in _DISK_TYPES:
        why = "the disk is a SCSI disk now"
        yield SettingChange(f"{new}.deviceType", _DISK_TYPES[device_type], why, _SOURCE, Safety.UNSAFE)


def _renames(vm: Machine, old: str, new: str, why: str) -> Iterator[SettingChange]:
    # Settings of a disk begin with its name, or carry it after a word: `sched.ide0:0.shares`.
    pattern = re.compile(rf"(^|\.){re.escape(old)}(?=\.)", re.IGNORECASE)
    for key in vm.config.document:
        renamed = pattern.sub(lambda hit: hit[1] + new, key)
        if renamed != key:
            yield SettingChange(key, None, why, _SOURCE, Safety.UNSAFE, name=renamed)


def _descriptors(drive: Drive, model: str) -> Iterator[DescriptorChange]:
    word = _DESCRIPTOR_WORDS.get(model, "lsilogic")
    for link in drive.chain.links if drive.chain is not None else ():
        if link.adapter is not None and link.adapter.lower() != word:
            why = f"the descriptor names the adapter of the new bus; {model} is written as {word}"
            yield DescriptorChange(link, "ddb.adapterType", word, why, _SOURCE, Safety.UNSAFE)


def _lone_slave(vm: Machine, moved: set[str]) -> Drive | None:
    for channel in ("ide0", "ide1"):
        left = [drive for drive in vm.drives if drive.id.startswith(f"{channel}:") and drive.id not in moved]
        emptied = f"{channel}:0" in moved
        if emptied and len(left) == 1 and left[0].unit == 1:
            return left[0]
    return None


def _boot_order(vm: Machine, renamed: dict[str, str]) -> Iterator[SettingChange]:
    document = vm.config.document
    for key in _ORDER_KEYS:
        value = document.get(key, "")
        parts = [renamed.get(part.strip().lower(), part) for part in value.split(",")]
        if value and ",".join(parts) != value:
            why = "the boot order names the disk by its new place"
            yield SettingChange(document.spelling(key), ",".join(parts), why, _SOURCE, Safety.UNSAFE)


def _guest_work(vm: Machine, model: str) -> Fix:
    guest = find_guest(vm.guest.id) if vm.guest.id else None
    if guest is not None and guest.ide_to_scsi_note:
        return Fix(Safety.MANUAL, guest.ide_to_scsi_note)
    name = vm.guest.id or "the guest"
    return Fix(Safety.MANUAL, f"make sure that {name} has a driver for the {model} controller before it starts from it")
