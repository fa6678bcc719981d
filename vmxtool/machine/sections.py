"""The settings of a config by what they belong to: one section for each device, and one for every other first word."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from vmxtool._record import Record
from vmxtool.vmx import values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from vmxtool.evidence import Evidence
    from vmxtool.machine.model import Bus
    from vmxtool.vmx.document import Document

# VMware makes up the names of devices from their numbers, so "scsi00:1" is the name of none.
_DEVICE = re.compile(r"(ide|scsi|sata|nvme|floppy|ethernet)(0|[1-9][0-9]{0,2})(?::(0|[1-9][0-9]{0,2}))?")
_SINGLE = frozenset({"floppy", "ethernet"})

# How many controllers of a bus VMware looks at, and how many units on each (libvirt's key map; vSphere's configuration
# maximums). The figures of the bus or hardware version that has the most count; what a version lacks is for the rules.
CONTROLLERS = {"ide": 2, "scsi": 4, "sata": 4, "nvme": 4}
"""Most controllers of a bus."""
UNITS = {"ide": 2, "scsi": 65, "sata": 30, "nvme": 64}
"""Most units of a controller, that of a SCSI controller itself included."""
NARROW_SCSI_UNITS = 16
"""Units of every SCSI controller but the wide paravirtual one, the controller's own included."""
FEW_NVME_UNITS = 15
"""Units of an NVMe controller before hardware version 21 (recorded answers of the vSphere API)."""
SCSI_CONTROLLER_UNIT = 7
"""The unit that a SCSI controller has for itself (libvirt's key map; vSphere documentation)."""
# libvirt looks for the units of the wide controller from this version on.
_WIDE_SCSI_FROM = 13
_WIDE_SCSI_MODEL = "pvscsi"
MANY_NVME_UNITS_FROM = 21
"""Products do not look at a sixteenth unit of an NVMe controller of an older VM."""
_FLOPPIES = 2
# Ten from Workstation 6.0 on, whose machines have version 6 (Workstation 7 manual, page 286); libvirt says from 7 on.
_NICS, _FEW_NICS = 10, 4
MANY_NICS_FROM = 6
"""Products do not look at a fifth network adapter of an older VM."""
_NEW = max(_WIDE_SCSI_FROM, MANY_NICS_FROM, MANY_NVME_UNITS_FROM)
_SWITCHED: tuple[Bus, ...] = ("nvme", "sata", "scsi")  # buses whose controllers have a switch of their own


def numbers_alike(one: int | None, other: int | None) -> bool:
    """Return whether two hardware versions look at devices of the same numbers."""
    borders = (MANY_NICS_FROM, _WIDE_SCSI_FROM, MANY_NVME_UNITS_FROM)
    first, second = (_NEW if version is None else version for version in (one, other))
    return all((first >= border) == (second >= border) for border in borders)


class Section:
    """The settings whose names begin with one word, such as "scsi0:1"; the rest of a name is asked in lower case."""

    __slots__ = ("_document", "_keys", "id")

    def __init__(self, identity: str, keys: Mapping[str, str], document: Document) -> None:
        """Keep a section's settings; `keys` are whole names by what follows the first dot, all in lower case."""
        self.id = identity
        self._keys = keys
        self._document = document

    def __contains__(self, name: str) -> bool:
        return name in self._keys

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def key(self, name: str) -> str:
        """Return the whole name of a setting that the config has, in lower case.

        Raises:
            KeyError: the config does not have it.
        """
        return self._keys[name]

    def get(self, name: str) -> str:
        """Return a value; the empty text where the config does not have it, which VMware takes for the same."""
        key = self._keys.get(name)
        return "" if key is None else self._document[key]

    def word(self, name: str) -> str:
        """Return a value in lower case, as words of a fixed list are compared here."""
        return self.get(name).lower()

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a boolean as VMware reads it."""
        key = self._keys.get(name)
        return default if key is None else values.as_bool(self._document[key])

    def evidence(self, *names: str) -> tuple[Evidence, ...]:
        """Return the places of those of the settings that the config has."""
        keys = self._keys
        return tuple([self._document.evidence(keys[name]) for name in names if name in keys])


class Units(Record):
    """The devices a config has settings for, present or not, in the order of their numbers.

    `beyond_version` are those of numbers that the hardware version does not have, in the order of the file.
    """

    controllers: tuple[tuple[Bus, int], ...]
    units: tuple[tuple[Bus, int, int], ...]
    floppies: tuple[int, ...]
    nics: tuple[int, ...]
    beyond_version: tuple[str, ...]


class Sections:
    """All settings of a config, each in its section."""

    __slots__ = ("_by_word", "_sections", "document")

    def __init__(self, document: Document) -> None:
        """Gather the settings of a config."""
        self.document = document
        by_word: dict[str, dict[str, str]] = {}
        for key in document.folded():
            word, _, name = key.partition(".")
            if word in by_word:
                by_word[word][name] = key
            else:
                by_word[word] = {name: key}
        self._by_word = by_word
        self._sections: dict[str, Section] = {}

    def __contains__(self, word: str) -> bool:
        return word in self._by_word

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_word)

    def __getitem__(self, word: str) -> Section:
        """Return the section of a word, which is empty where the config has none."""
        section = self._sections.get(word)
        if section is None:
            section = self._sections[word] = Section(word, self._by_word.get(word, {}), self.document)
        return section

    def keys_of(self, word: str) -> Iterable[str]:
        """Return the folded keys of a word's settings."""
        return self._by_word.get(word, {}).values()

    def units(self, hw_version: int | None) -> Units:
        """Return the devices by number, with those apart that lie beyond what a hardware version has.

        So `ethernet4` is not looked at below hardware version 7. An unknown version counts as a new one.
        """
        version = _NEW if hw_version is None else hw_version
        most = CONTROLLERS | {"floppy": _FLOPPIES, "ethernet": _NICS if version >= MANY_NICS_FROM else _FEW_NICS}
        most_units = UNITS | {"nvme": UNITS["nvme"] if version >= MANY_NVME_UNITS_FROM else FEW_NVME_UNITS}
        numbers: dict[str, list[int]] = {kind: [] for kind in most}
        units: list[tuple[Bus, int, int]] = []
        beyond_version: list[str] = []
        for word in self._by_word:
            hit = _DEVICE.fullmatch(word) if word[-1:].isdecimal() else None
            if hit is None:
                continue
            kind, number, unit = hit[1], int(hit[2]), None if hit[3] is None else int(hit[3])
            if (kind in _SINGLE) if unit is not None else (kind == "ide"):
                continue
            room = self._scsi_units(number, version) if kind == "scsi" else most_units.get(kind, 0)
            if number >= most[kind] or (unit is not None and unit >= room):
                beyond_version.append(word)
            elif unit is None:
                numbers[kind].append(number)
            elif not (kind == "scsi" and unit == SCSI_CONTROLLER_UNIT):
                units.append((cast("Bus", kind), number, unit))
        return Units(
            tuple([(bus, number) for bus in _SWITCHED for number in sorted(numbers[bus])]),
            tuple(sorted(units)),
            tuple(sorted(numbers["floppy"])),
            tuple(sorted(numbers["ethernet"])),
            tuple(beyond_version),
        )

    def _scsi_units(self, controller: int, version: int) -> int:
        """Return how many units of a SCSI controller products look at."""
        wide = version >= _WIDE_SCSI_FROM and self[f"scsi{controller}"].word("virtualdev") == _WIDE_SCSI_MODEL
        return UNITS["scsi"] if wide else NARROW_SCSI_UNITS
