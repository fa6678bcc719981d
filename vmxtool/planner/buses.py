"""Drives on buses that a VM's goal does not have, or that the user wants on SCSI: new places, settings, descriptors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.findings import Safety
from vmxtool.knowledge.devices import rules_for
from vmxtool.knowledge.guests import find_guest
from vmxtool.planner.changes import DescriptorChange, Proposal, SettingChange
from vmxtool.planner.guest_work import guest_work
from vmxtool.planner.hardware import knows
from vmxtool.planner.obstacles import obstacles
from vmxtool.planner.refusals import refusal
from vmxtool.planner.units import Board, renamed
from vmxtool.vmx.document import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vmxtool.findings import Finding
    from vmxtool.knowledge.devices import DeviceRule
    from vmxtool.machine.model import Drive, Machine
    from vmxtool.planner.changes import Change
    from vmxtool.planner.hardware import Goal
    from vmxtool.planner.request import Request

_SOURCE = "kb:1016192"
_FALLBACK = "lsilogic"
_TYPE_SOURCE = "libvirt:src/vmx/vmx.c"
# What a disk's descriptor can say: the later SCSI models are written as lsilogic (vmware-vdiskmanager's own help).
_DESCRIPTOR_WORDS = {"buslogic": "buslogic"}
_DISK_TYPES = {"ata-harddisk": "scsi-hardDisk"}
_BUS_NAMES = {"ide": "IDE", "sata": "SATA", "nvme": "NVMe"}
_ORDER_KEYS = frozenset({"bios.hddorder", "bios.bootorder", "efi.bootorder"})


def propose_moves(vm: Machine, goal: Goal, request: Request, changed: Mapping[str, SettingChange]) -> Proposal:
    """Move the drives that cannot stay, and the IDE disks if that was asked for.

    Disks go to free SCSI units behind a controller that the guest can drive; a disk's geometry is left as it is, as
    VMware's own instructions for this do. CD-ROM drives go to IDE or stay there, and one that is left alone as a slave
    becomes master.

    Args:
        vm: the VM.
        goal: where it is taken.
        request: which moves were asked for.
        changed: settings that change already, by their folded names; they are left alone here.
    """
    moves = _Moves(vm, goal, request, changed)
    clearing = goal.fit or request.move_disks
    candidates = vm.drives if clearing else ()
    homeless = [drive for drive in candidates if drive.bus not in {"scsi", "floppy"} and moves.is_homeless(drive)]
    wanted = [drive for drive in vm.disks if drive.bus == "ide" and request.ide_to_scsi]
    wanted += [drive for drive in homeless if drive.kind == "disk" and drive.bus != "ide" and request.move_disks]
    moves.to_scsi(wanted)
    for drive in homeless:
        if drive.kind == "disk" and drive not in wanted:
            moves.refuse_unasked(drive)
        elif drive.kind == "passthrough":
            moves.refuse_passthrough(drive)
    moves.promote_slaves({drive.id for drive in wanted})
    moves.to_ide([drive for drive in homeless if drive.kind == "cdrom"])
    moves.reorder()
    if clearing:
        moves.clear_buses()
    return moves.finish()


class _Moves:
    """The moves decided on so far, and what they come to."""

    def __init__(self, vm: Machine, goal: Goal, request: Request, changed: Mapping[str, SettingChange]) -> None:
        self.vm, self.goal, self.request = vm, goal, request
        self.document = vm.config.document
        self.board = Board(vm, changed)
        self.changes: dict[str, SettingChange] = {}
        self.descriptors: list[Change] = []
        self.refused: list[Finding] = []
        self.places: dict[str, str] = {}
        self.moved: dict[str, str] = {}
        self.model = _FALLBACK
        self.notes: list[str] = []
        self._changed = changed

    def is_homeless(self, drive: Drive) -> bool:
        """Whether a drive cannot stay on its bus; what no source confirms does not drive it out."""
        product = self.goal.product
        if product is not None and drive.kind == "disk" and drive.bus not in product.disk_buses:
            if product.unverified.isdisjoint({"disk_buses", f"disk_buses.{drive.bus}"}):
                return True
            self._note(
                f"{product.name} may have no {_BUS_NAMES[drive.bus]} disks (unverified), so {drive.id} stays there"
            )
            return False
        return self._lacks_bus(drive.bus) and (drive.kind == "disk" or drive.bus != "ide")

    def to_scsi(self, drives: Sequence[Drive]) -> None:
        if not drives:
            return
        self.refused += obstacles(self.vm, drives)
        self._choose_model()
        places = [place for place, _ in zip(self.board.scsi_places(self.model), drives, strict=False)]
        if len(places) < len(drives):
            message = f"{len(drives)} disks are to move and {len(places)} SCSI units are free"
            evidence = [item for drive in drives for item in drive.evidence[:1]]
            self.refused.append(refusal("DSK292", message, evidence, "take out a disk or a controller first"))
        anchor = self._spelling(f"{drives[0].id}.present")
        for number in sorted({place.controller for place in places}):
            self._set_controller(f"scsi{number}", anchor)
        for drive, place in zip(drives, places, strict=False):
            self._rename(drive.id, place.id, f"{drive.id} becomes {place.id}: the disk moves to SCSI", Safety.UNSAFE)
            self._set_descriptors(drive)
            self.moved[drive.id] = place.id

    def refuse_unasked(self, drive: Drive) -> None:
        option = "--ide-to-scsi" if drive.bus == "ide" else "--move-disks"
        message = f"{drive.id} cannot stay on {_BUS_NAMES[drive.bus]}: {self.goal.name} has no such disks"
        remedy = f"prepare the guest for SCSI and say {option}; with --dry-run it tells what the guest needs"
        sources = (
            ["mpg:p09"] if drive.bus == "ide" else [source for rule in _bus_rules(drive.bus) for source in rule.sources]
        )
        self.refused.append(refusal("DSK201", message, drive.evidence, remedy, *sources))

    def refuse_passthrough(self, drive: Drive) -> None:
        message = f"{drive.id} is a drive of the host on {_BUS_NAMES[drive.bus]}, which {self.goal.name} does not have"
        self.refused.append(refusal("DSK299", message, drive.evidence, "take it out in the VM's own product"))

    def promote_slaves(self, left: set[str]) -> None:
        for slave, master in list(self.board.lone_slaves(left)):
            why = f"{slave} is left alone on its channel and becomes master"
            self._rename(slave, master, why, Safety.UNSAFE)

    def to_ide(self, drives: Sequence[Drive]) -> None:
        for drive in drives:
            place = self.board.ide_place()
            if place is None:
                message = f"no IDE place is free for the CD-ROM drive {drive.id}"
                self.refused.append(
                    refusal("DSK292", message, drive.evidence, "take out a drive first", *_bus_sources(drive.bus))
                )
                continue
            for key in self.board.of(place):
                self._add(SettingChange(key, None, f"nothing is at {place}, and {drive.id} needs the place", _SOURCE))
            self.board.clear(place)
            why = f"{self.goal.name} has no {_BUS_NAMES[drive.bus]}; the CD-ROM drive moves to {place}"
            self._rename(drive.id, place, why, Safety.SAFE, _bus_sources(drive.bus)[0])

    def reorder(self) -> None:
        """Let boot orders name drives by their new places."""
        for key in self.document:
            if fold(key) not in _ORDER_KEYS:
                continue
            value = self.document[key]
            after = ",".join(self.places.get(fold(part.strip()), part) for part in value.split(","))
            if after != value:
                safety = Safety.UNSAFE if self.moved else Safety.SAFE
                self._add(SettingChange(key, after, "the boot order names drives by their places", _SOURCE, safety))

    def clear_buses(self) -> None:
        """Take out what is left of buses that the goal does not have: controllers, and drives that are switched off."""
        # IDE has no controllers to take out, and is there for CD-ROM drives where it is not for disks.
        lost = [rule for bus in ("sata", "nvme") for rule in _bus_rules(bus) if self._unknown(rule)]
        if not lost:
            return
        for key in self.document:
            rule = next((rule for rule in lost if rule.matches(key)), None)
            if rule is not None and fold(key) not in self.changes:
                self._add(SettingChange(key, None, rule.reason.rstrip("."), rule.source))

    def finish(self) -> Proposal:
        manual = guest_work(self.vm, self.model, self.moved) if self.moved else ()
        changes = (*self.changes.values(), *self.descriptors)
        return Proposal(changes, tuple(self.refused), manual, tuple(self.notes))

    def _add(self, change: SettingChange) -> None:
        if fold(change.key) not in self._changed:
            self.changes.setdefault(fold(change.key), change)

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)

    def _spelling(self, key: str) -> str | None:
        return self.document.spelling(key) if key in self.document else None

    def _lacks_bus(self, bus: str) -> bool:
        return any(self._unknown(rule) for rule in _bus_rules(bus))

    def _unknown(self, rule: DeviceRule) -> bool:
        return not rule.known(self.goal.version, esx=self.goal.esx)

    def _choose_model(self) -> None:
        vm, version = self.vm, self.goal.version
        guest = find_guest(vm.guest.id) if vm.guest.id else None
        asked = self.request.adapter.lower() if self.request.adapter is not None else None
        model = asked or (guest.scsi_model if guest is not None else None)
        if model is None:
            name = guest.name if guest is not None else vm.guest.id or "the guest, which the config does not name"
            remedy = "name one with --adapter that the guest has a driver for"
            if guest is not None:
                remedy = f"{guest.ide_to_scsi_note.rstrip('.')}; or {remedy}"
            message = f"no SCSI controller is known to suit {name}"
            self.refused.append(
                refusal("DSK291", message, vm.guest.evidence, remedy, *(guest.sources if guest else ()))
            )
            return
        if not knows("scsi0.virtualDev", model, version, self.goal.esx):
            if asked is not None:
                message = f"{self.goal.name} has no {model} controller"
                self.refused.append(
                    refusal("DEV701", message, vm.hardware.evidence, "choose --adapter lsilogic or buslogic")
                )
            model = _FALLBACK
        if model == "buslogic" and vm.guest.bits == 64:
            message = f"{vm.guest.id} is a 64-bit guest, and none has a driver for the BusLogic controller"
            self.refused.append(refusal("DSK293", message, vm.guest.evidence, "choose --adapter lsilogic"))
        self.model = model

    def _set_controller(self, name: str, anchor: str | None) -> None:
        if not self.document.flag(f"{name}.present", False):
            why = f"{name} is the controller that the disks move to"
            key = self._spelling(f"{name}.present") or f"{name}.present"
            self._add(SettingChange(key, "TRUE", why, _SOURCE, Safety.UNSAFE, beside=anchor))
        key = f"{name}.virtualDev"
        pending = self._changed.get(fold(key))
        have = pending.after if pending is not None else self.document.get(key)
        if (have or "").lower() != self.model:
            why = f"{self.model} is the SCSI controller that "
            why += "was asked for" if self.request.adapter is not None else "suits the guest"
            beside = f"{name}.present"
            self._add(SettingChange(self._spelling(key) or key, self.model, why, _SOURCE, Safety.UNSAFE, beside=beside))

    def _rename(self, old: str, new: str, why: str, safety: Safety, source: str = _SOURCE) -> None:
        """Move every setting of a drive that stays at all to another place."""
        for key in self.board.of(old):
            name = renamed(key, old, new)
            kind = self.document[key].lower() if fold(key) == f"{old}.devicetype" else ""
            after = _DISK_TYPES.get(kind) if new.startswith("scsi") else None
            self._add(SettingChange(key, after, why, _TYPE_SOURCE if after is not None else source, safety, name))
        self.board.move(old, new)
        self.places[old] = new

    def _set_descriptors(self, drive: Drive) -> None:
        word = _DESCRIPTOR_WORDS.get(self.model, "lsilogic")
        for link in drive.chain.links if drive.chain is not None else ():
            if link.descriptor is not None and link.adapter is not None and link.adapter.lower() != word:
                why = f"the descriptor names the adapter: {self.model}"
                why += f", which is written as {word}" if word != self.model else ""
                self.descriptors.append(DescriptorChange(link, "ddb.adapterType", word, why, _SOURCE, Safety.UNSAFE))


def _bus_rules(bus: str) -> Iterator[DeviceRule]:
    return (rule for rule in rules_for(f"{bus}0:0.present") if rule.below == "move-disks")


def _bus_sources(bus: str) -> tuple[str, ...]:
    return tuple(source for rule in _bus_rules(bus) for source in rule.sources)
