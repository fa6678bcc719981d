"""Places on the disk buses: which are taken, which are free, and behind which controllers disks can go."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vmxtool._record import Record
from vmxtool.machine.sections import CONTROLLERS, NARROW_SCSI_UNITS, SCSI_CONTROLLER_UNIT, UNITS
from vmxtool.vmx.lines import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vmxtool.changes.model import SettingChange
    from vmxtool.machine.model import Controller
    from vmxtool.rules.case import Files

_IDE = ("ide1:0", "ide0:0", "ide1:1", "ide0:1")


class ScsiUnit(Record):
    """A unit behind a SCSI controller."""

    controller: int
    unit: int

    @property
    def id(self) -> str:
        """As settings begin: "scsi0:1"."""
        return f"scsi{self.controller}:{self.unit}"


class UnitMap:
    """The units that have drives or settings, kept up to date while drives are given other places.

    A unit that has settings is taken even where they say that nothing is there: its lines would become the drive's.
    """

    def __init__(self, files: Files, changed: Mapping[str, SettingChange]) -> None:
        """Gather the units of a VM's drives and settings.

        `changed` are settings that change already, by their folded names; a controller may get another model so.
        """
        self._vm = vm = files.vm
        self._models = {key: change.after for key, change in changed.items()}
        self.drives = {drive.id for drive in vm.drives}
        self.settings = dict(files.once(_settings_by_unit))

    def of(self, unit: str) -> list[str]:
        """Return a unit's settings as the file spells them; some begin with another word, as `sched.ide0:0.shares`."""
        return list(self.settings.get(unit, ()))

    def move(self, old: str, new: str) -> None:
        """Give a drive another place."""
        self.settings[new] = self.settings.pop(old, ())
        self.drives.discard(old)
        self.drives.add(new)

    def clear(self, unit: str) -> None:
        """Take the settings of a unit away."""
        self.settings.pop(unit, None)

    def scsi_places(self, model: str) -> Iterator[ScsiUnit]:
        """Yield free SCSI units behind controllers that are, or can be made, of this model; the best come first."""
        for number in self._controllers(model):
            for unit in range(NARROW_SCSI_UNITS):
                place = ScsiUnit(number, unit)
                if unit != SCSI_CONTROLLER_UNIT and place.id not in self.settings:
                    yield place

    def sata_places(self) -> Iterator[str]:
        """Yield free SATA units, those behind controllers that are there first."""
        present = {int(item.id[4:]) for item in self._vm.controllers if item.bus == "sata"}
        waiting = {fold(item.key or "").partition(":")[0] for item in self._vm.idle_devices}
        absent = [n for n in range(CONTROLLERS["sata"]) if n not in present and f"sata{n}" not in waiting]
        for number in (*sorted(present), *absent):
            places = [f"sata{number}:{unit}" for unit in range(UNITS["sata"])]
            yield from (place for place in places if place not in self.settings)

    def ide_place(self) -> str | None:
        """Return the best free place on IDE, or None; it may have settings of a drive that is not there."""
        free = [place for place in _IDE if place not in self.drives]
        # Some guests do not find a slave without a master; after that, a place without leftovers is the better one.
        return min(free, key=lambda place: (self._is_lonely(place), place in self.settings), default=None)

    def _is_lonely(self, place: str) -> bool:
        return place.endswith(":1") and f"{place[:-1]}0" not in self.drives

    def slaves_without_master(self, left: set[str]) -> Iterator[tuple[str, str]]:
        """Yield slaves whose masters have left, each with the master's place."""
        for channel in ("ide0", "ide1"):
            master, slave = f"{channel}:0", f"{channel}:1"
            if master in left and master not in self.drives and slave in self.drives:
                yield slave, master

    def _controllers(self, model: str) -> list[int]:
        present = {
            int(item.id[4:]): item for item in self._vm.controllers if item.bus == "scsi" and item.shared_bus is None
        }
        shared = {
            int(item.id[4:]) for item in self._vm.controllers if item.bus == "scsi" and item.shared_bus is not None
        }
        suits = [number for number, item in present.items() if self._model(item) == model]
        empty = [number for number in present if number not in suits and not self._has_drives(number)]
        # Switching on a controller would bring to life drives that wait behind it.
        waiting = {fold(item.key or "").partition(":")[0] for item in self._vm.idle_devices}
        absent = [n for n in range(CONTROLLERS["scsi"]) if n not in {*present, *shared} and f"scsi{n}" not in waiting]
        return [*suits, *empty, *absent]

    def _model(self, controller: Controller) -> str | None:
        return self._models.get(f"{controller.id}.virtualdev", controller.model)

    def _has_drives(self, number: int) -> bool:
        return any(drive.id.startswith(f"scsi{number}:") for drive in self._vm.drives)


_UNIT = re.compile(r"(?:^|\.)((?:ide|scsi|sata|nvme)\d{1,3}:\d{1,3})(?=\.)", re.IGNORECASE)


def _settings_by_unit(files: Files) -> dict[str, tuple[str, ...]]:
    """Return the settings of each unit as the file spells them."""
    document, gathered = files.vm.config.document, dict[str, list[str]]()
    for key in document.folded():
        for unit in _units_in(key):
            gathered.setdefault(unit, []).append(document.spelling(key))
    return {unit: tuple(keys) for unit, keys in gathered.items()}


def _units_in(key: str) -> Iterator[str]:
    if ":" in key:
        for hit in _UNIT.finditer(key):
            yield fold(hit[1])


def renamed(key: str, old: str, new: str) -> str:
    """Return a setting's name with one unit put in the place of another, at its beginning or after a dot."""
    return re.sub(rf"(^|\.){re.escape(old)}(?=\.)", lambda hit: hit[1] + new, key, flags=re.IGNORECASE)
