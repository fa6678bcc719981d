"""Drives on buses that a VM is not to have, or that somebody wants on SCSI: new places, settings, descriptors."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from vmxtool.changes.arm_devices import is_without_ide
from vmxtool.changes.controllers import FALLBACK, MOVE_SOURCE, be_model, be_present, choose_scsi, spelling_of
from vmxtool.changes.descriptors import name_adapter
from vmxtool.changes.guest_work import ORDER_KEYS, boot_order, guest_work
from vmxtool.changes.limits import adapters_gone
from vmxtool.changes.model import (
    BOOT_ORDER,
    CDROM_MOVE,
    DISK_MOVE,
    LEFTOVER,
    SLAVE_MOVE,
    Changes,
    Needs,
    SettingChange,
    Topic,
)
from vmxtool.changes.units import UnitMap, renamed
from vmxtool.findings import Safety
from vmxtool.rules import writing
from vmxtool.rules.buses import takes_sata
from vmxtool.rules.case import has_bus, scsi_model
from vmxtool.rules.registry import findings_of
from vmxtool.rules.state import rows_for
from vmxtool.vmx.lines import fold

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence

    from vmxtool.changes.model import DescriptorChange, Wanted
    from vmxtool.evidence import Evidence
    from vmxtool.findings import Finding, Fix
    from vmxtool.knowledge.devices import DeviceRule
    from vmxtool.machine.model import Drive, Machine
    from vmxtool.rules.case import Files

SATA = "sata"
ADAPTERS = ("buslogic", "lsilogic", "lsisas1068", "pvscsi", SATA)
"""What disks can move behind: SCSI controller models that a config can name (libvirt's key map), and SATA."""

_TYPE_SOURCE = "libvirt:src/vmx/vmx.c"
_DISK_TYPES = {"ata-harddisk": "scsi-hardDisk"}
_BUS_NAMES = {"ide": "IDE", "sata": "SATA", "nvme": "NVMe"}


def move_drives(files: Files, wanted: Wanted, changed: Sequence[SettingChange]) -> Changes:
    """Move hard disks to SCSI or SATA, and CD-ROM drives off buses that the VM is not to have.

    Disks go to free SCSI units behind a controller that the guest can drive; those that leave NVMe go to SATA instead
    where that was asked for, or no SCSI controller is known to suit the guest. A disk's geometry is left as it is, as
    VMware's own instructions for this do. CD-ROM drives go to IDE or stay there, and one that is left alone as a slave
    becomes master.

    Args:
        files: the VM's files.
        wanted: where it is taken, and which disks move.
        changed: changes of settings that are made already; those are left alone here.
    """
    vm = files.vm
    disks = [drive for drive in vm.disks if drive.id in wanted.moves and drive.bus != "scsi"]
    homeless = [drive for drive in vm.drives if wanted.fit and _lacks_bus(wanted, drive.bus) and drive.bus != "ide"]
    to_sata = [drive for drive in disks if _goes_to_sata(vm, wanted, drive)]
    moves = _Moves(files, wanted, changed)
    moves.to_sata(to_sata)
    moves.to_scsi([drive for drive in disks if drive not in to_sata])
    for drive in homeless:
        if drive.kind == "passthrough":
            moves.refused += findings_of(writing.drive_not_movable, drive, _BUS_NAMES[drive.bus], wanted.name)
    moves.make_lone_slaves_master({drive.id for drive in disks})
    moves.to_ide([drive for drive in homeless if drive.kind == "cdrom"])
    moves.cdroms_to_sata([drive for drive in vm.drives if wanted.unsafe and is_without_ide(files, wanted, drive)])
    moves.add(*_boot_orders(vm, moves.places, adapters_gone(changed), Safety.UNSAFE if moves.moved else Safety.SAFE))
    if wanted.fit and not any(_lacks_bus(wanted, it.bus) and it.id not in moves.moved for it in vm.disks):
        moves.add(*_bus_leftovers(files, wanted))
    return moves.finish()


class _Moves:
    """The moves decided on so far; each takes a place on a bus and leaves one, so they share the map of places."""

    def __init__(self, files: Files, wanted: Wanted, changed: Sequence[SettingChange]) -> None:
        self.files, self.vm, self.wanted = files, files.vm, wanted
        self.document = files.vm.config.document
        self.changes: dict[str, SettingChange] = {}
        self.descriptors: list[DescriptorChange] = []
        self.refused: list[Finding] = []
        self.options: list[str] = []
        self.reasons: list[tuple[str, str, Evidence]] = []
        self.places: dict[str, str] = {}
        self.moved: dict[str, str] = {}
        self.model = FALLBACK
        self._made_already = changed

    @cached_property
    def _changed(self) -> Mapping[str, SettingChange]:
        return {fold(change.key): change for change in self._made_already}

    @cached_property
    def units(self) -> UnitMap:
        """The places on the buses; most rewrites move nothing and never ask."""
        return UnitMap(self.files, self._changed)

    def add(self, *changes: SettingChange) -> None:
        """Note changes, but none of a setting that changes already."""
        for change in changes:
            key = fold(change.key)
            if key not in self._changed:
                self.changes.setdefault(key, change)

    def to_sata(self, drives: Sequence[Drive]) -> None:
        """Give disks that leave NVMe places on SATA."""
        if not drives:
            return
        for drive in drives:
            self.options.append("move-disks")
            places = drive.file_evidence or drive.evidence
            self.reasons.append(("move-disks", f"{drive.id} moves from NVMe to SATA", places[0]))
        if self.wanted.adapter is not None:
            self.options.append(f"adapter={SATA}")
        units = [unit for unit, _ in zip(self.units.sata_places(), drives, strict=False)]
        self.refused += findings_of(writing.no_free_unit, drives, len(units), "SATA")
        self._switch_on_sata(units, drives[0])
        for drive, unit in zip(drives, units, strict=False):
            # What a descriptor says of the adapter fits SATA as it fitted NVMe, so it stays.
            why = f"{drive.id} becomes {unit}: the disk moves to SATA"
            self._rename(Topic(DISK_MOVE, drive.id, unit), why, Safety.UNSAFE)
            self.moved[drive.id] = unit

    def _switch_on_sata(self, units: Sequence[str], beside: Drive) -> None:
        anchor = spelling_of(self.document, f"{beside.id}.present")
        for name in sorted({unit.partition(":")[0] for unit in units}):
            self.add(*be_present(self.document, name, "drives", anchor))

    def cdroms_to_sata(self, drives: Sequence[Drive]) -> None:
        """Give CD-ROM drives places on SATA, where a guest for ARM finds no IDE."""
        units = [unit for unit, _ in zip(self.units.sata_places(), drives, strict=False)]
        self.refused += findings_of(writing.no_free_unit, drives, len(units), "SATA")
        if drives:
            self._switch_on_sata(units, drives[0])
        for drive, unit in zip(drives, units, strict=False):
            why = f"{self.wanted.name} has no IDE for a guest for ARM (unverified); the CD-ROM drive moves to {unit}"
            self._rename(Topic(CDROM_MOVE, drive.id, unit), why, Safety.UNSAFE)

    def to_scsi(self, drives: Sequence[Drive]) -> None:
        if not drives:
            return
        if self.wanted.adapter == SATA:
            evidence = self.vm.hardware.evidence
            self.refused += findings_of(writing.adapter_not_offered, self.wanted.name, SATA, evidence)
        else:
            choice = choose_scsi(self.vm, self.wanted)
            self.model = choice.model
            self.options += choice.options
            self.refused += choice.refused
        for drive in drives:
            option = "ide-to-scsi" if drive.bus == "ide" else "move-disks"
            places = drive.file_evidence or drive.evidence
            self.options.append(option)
            self.reasons.append((option, f"{drive.id} moves from {_BUS_NAMES[drive.bus]} to SCSI", places[0]))
        units = [unit for unit, _ in zip(self.units.scsi_places(self.model), drives, strict=False)]
        self.refused += findings_of(writing.no_free_unit, drives, len(units), "SCSI")
        anchor = spelling_of(self.document, f"{drives[0].id}.present")
        for number in sorted({unit.controller for unit in units}):
            name = f"scsi{number}"
            self.add(*be_present(self.document, name, "disks", anchor))
            pending = self._changed.get(f"{name}.virtualdev")
            have = pending.after if pending is not None else self.document.get(f"{name}.virtualDev")
            self.add(*be_model(self.document, name, self.model, have, asked=self.wanted.adapter is not None))
        for drive, unit in zip(drives, units, strict=False):
            why = f"{drive.id} becomes {unit.id}: the disk moves to SCSI"
            self._rename(Topic(DISK_MOVE, drive.id, unit.id), why, Safety.UNSAFE)
            self.descriptors += name_adapter(drive, self.model)
            self.moved[drive.id] = unit.id

    def make_lone_slaves_master(self, left: set[str]) -> None:
        if not left:
            return
        for slave, master in list(self.units.slaves_without_master(left)):
            why = f"{slave} is left alone on its channel and becomes master"
            self._rename(Topic(SLAVE_MOVE, slave, master), why, Safety.UNSAFE)

    def to_ide(self, drives: Sequence[Drive]) -> None:
        for drive in drives:
            place = self.units.ide_place()
            if place is None:
                self.refused += findings_of(writing.no_free_unit, [drive], 0, "IDE")
                continue
            for key in self.units.of(place):
                why = f"nothing is at {place}, and {drive.id} needs the place"
                self.add(SettingChange(key, None, why, MOVE_SOURCE, topic=Topic(LEFTOVER, place)))
            self.units.clear(place)
            why = f"{self.wanted.name} has no {_BUS_NAMES[drive.bus]}; the CD-ROM drive moves to {place}"
            self._rename(Topic(CDROM_MOVE, drive.id, place), why, Safety.SAFE, _bus_sources(drive.bus)[0])

    def finish(self) -> Changes:
        manual: list[Fix] = []
        for model in (SATA, self.model):
            moved = {old: new for old, new in self.moved.items() if new.startswith(SATA) == (model == SATA)}
            manual += guest_work(self.vm, model, moved) if moved else ()
        at_start = boot_order(self.vm, self.moved)
        return Changes(
            tuple(self.changes.values()),
            tuple(self.descriptors),
            tuple(self.refused),
            Needs(tuple(dict.fromkeys(self.options)), tuple(self.reasons)),
            tuple(dict.fromkeys([*manual, *at_start])),
            at_start,
            moved=self.places,
        )

    def _rename(self, topic: Topic, why: str, safety: Safety, source: str = MOVE_SOURCE) -> None:
        """Move every setting of a drive that stays at all to another place, as the topic has them."""
        old, new = topic.subject, topic.to
        for key in self.units.of(old):
            name = renamed(key, old, new)
            kind = self.document[key].lower() if fold(key) == f"{old}.devicetype" else ""
            after = _DISK_TYPES.get(kind) if new.startswith("scsi") else None
            rests_on = _TYPE_SOURCE if after is not None else source
            self.add(SettingChange(key, after, why, rests_on, safety, name, topic=topic))
        self.units.move(old, new)
        self.places[old] = new


def _lacks_bus(wanted: Wanted, bus: str) -> bool:
    """Return whether the version has no bus of this kind, for CD-ROM drives either."""
    return bus in _BUS_NAMES and not has_bus(bus, wanted.version, wanted.esx)


def _goes_to_sata(vm: Machine, wanted: Wanted, drive: Drive) -> bool:
    """Return whether a disk that moves goes to SATA; SCSI suits more guests, and comes first where nobody chose."""
    if wanted.adapter not in {None, SATA} or drive.bus != "nvme":
        return False
    able = takes_sata(vm, drive, wanted.version, wanted.product)
    asked = wanted.adapter == SATA and not _lacks_sata(wanted)
    return asked or (able and wanted.adapter is None and scsi_model(vm) is None)


def _lacks_sata(wanted: Wanted) -> bool:
    product = wanted.product
    return _lacks_bus(wanted, "sata") or (product is not None and "sata" not in product.disk_buses)


def _boot_orders(
    vm: Machine, places: Mapping[str, str], gone: Container[str], safety: Safety
) -> Iterator[SettingChange]:
    """Let boot orders name drives by their new places, and no network adapter that goes."""
    document = vm.config.document
    for folded in ORDER_KEYS if places or gone else ():
        if folded not in document:
            continue
        key, entries = document.spelling(folded), document[folded].split(",")
        left = [entry for entry in entries if fold(entry.strip()) not in gone]
        after = [places.get(fold(entry.strip()), entry) for entry in left]
        if after != entries:
            lost = ", ".join(fold(entry.strip()) for entry in entries if entry not in left)
            why = f"the boot order names {lost}, which goes" if lost else "the boot order names drives by their places"
            topic = Topic(BOOT_ORDER, lost)
            yield SettingChange(key, ",".join(after) or None, why, MOVE_SOURCE, safety, topic=topic)


def _bus_leftovers(files: Files, wanted: Wanted) -> Iterator[SettingChange]:
    """Take out what is left of buses that the VM is not to have: controllers, and drives that are switched off."""
    # IDE has no controllers to take out, and is there for CD-ROM drives where it is not for disks.
    if removals := files.once(_removals_of_buses):
        lost = {row.id for bus in ("sata", "nvme") for row in _unknown_rows(bus, wanted.version, wanted.esx)}
        yield from (removal for removal in removals if removal.topic.kind in lost)


def _removals_of_buses(files: Files) -> list[SettingChange]:
    """Return what takes out each setting of a bus that some versions lack; the topic is the row that says so."""
    document = files.vm.config.document
    return [
        SettingChange(document.spelling(key), None, row.reason.rstrip("."), row.source, topic=Topic(row.id))
        for key in document.folded()
        for row in rows_for(key)
        if row.below == "move-disks"
    ]


def _bus_rows(bus: str) -> Iterator[DeviceRule]:
    return (row for row in rows_for(f"{bus}0:0.present") if row.below == "move-disks")


@lru_cache(maxsize=1024)
def _unknown_rows(bus: str, version: int, esx: bool | None) -> tuple[DeviceRule, ...]:
    """Return the rows of devices.toml by which a hardware version has no such bus."""
    return tuple(row for row in _bus_rows(bus) if not row.known(version, esx=esx))


def _bus_sources(bus: str) -> tuple[str, ...]:
    return tuple(source for row in _bus_rows(bus) for source in row.sources)
