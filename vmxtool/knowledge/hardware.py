"""Virtual hardware versions: who offers them, and what a virtual machine of each may have."""

from __future__ import annotations

from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from vmxtool._record import Record
from vmxtool.errors import KnowledgeError
from vmxtool.knowledge import _kept, _load
from vmxtool.knowledge.backing import BACKED_BY, Backed, again, backed, plain
from vmxtool.knowledge.rows import Rows
from vmxtool.knowledge.sources import source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from vmxtool.knowledge.backing import Backing
    from vmxtool.knowledge.rows import DataRow

SnapshotSupport = Literal["none", "single", "many"]

FILE = "hardware.toml"
MADE_OF = (FILE, "hardware.py", *BACKED_BY)
BUSES = ("ide", "scsi", "sata", "nvme")
KINDS = ("hosted", "esx")
_BY_KIND = ("vcpus", "memory_mib", "nics")
_PLAIN = (
    "cores_per_socket",
    "pvscsi_units",
    "pci_slots",
    "pci_passthrough",
    "pvrdma_nics",
    "displays",
    "video_memory_mib",
    "graphics_memory_mib",
)
LIMITS = (*_BY_KIND, *_PLAIN, "disk_bytes")


class BusLimit(Record):
    """How many controllers of a bus a virtual machine may have, and how many devices fit on each."""

    controllers: int
    units: int


class Highest(Record):
    """The highest figure that a document gives which was read, where sources differ on one.

    Attributes:
        figure: the figure.
        source: the reference of the document.
    """

    figure: int
    source: str


class HardwareVersion(Backed):
    """One virtual hardware version (`virtualHW.version`). None means that no source gives the figure.

    Attributes:
        version: its number.
        generation: the guide's generation (mpg:p10), or None where the guide is older.
        offered: the kinds of product that have it, "hosted" and "esx"; empty where none is known.
        valid: whether it exists; 5 was never shipped.
        vcpus_hosted: most virtual processors under a hosted product; the product itself may allow fewer.
        vcpus_esx: most virtual processors under ESX.
        cores_per_socket: most cores in one virtual socket.
        memory_mib_hosted: most memory under a hosted product, in MiB; the product itself may allow less.
        memory_mib_esx: most memory under ESX, in MiB.
        nics_hosted: most network adapters under a hosted product.
        nics_esx: most network adapters under ESX.
        buses: controllers and units for "ide", "scsi", "sata" and "nvme"; a bus without a figure is left out.
        pvscsi_units: devices on one paravirtual SCSI controller.
        pci_slots: devices on the PCI bus, the video card among them, where bridges do not lift the limit.
        pci_passthrough: most devices of the host passed through.
        pvrdma_nics: most paravirtual RDMA adapters, which only ESX has.
        displays: most displays.
        video_memory_mib: most video memory (`svga.vramSize`), in MiB.
        graphics_memory_mib: most memory for 3D graphics (`svga.graphicsMemoryKB`), in MiB.
        disk_bytes: largest virtual disk, in bytes.
        config_version: the `config.version` that goes with it.
        guest_64bit: whether a 64-bit guest runs in it at all.
        snapshots: how many snapshots it can have.
        backing: what the row rests on.
        highest: by column, the highest figure of a read document where sources differ; nobody says that more is held.
        checked: the day someone looked.
        notes: what the figures do not say.
    """

    version: int
    generation: int | None
    offered: frozenset[str]
    valid: bool
    vcpus_hosted: int | None
    vcpus_esx: int | None
    cores_per_socket: int | None
    memory_mib_hosted: int | None
    memory_mib_esx: int | None
    nics_hosted: int | None
    nics_esx: int | None
    buses: Mapping[str, BusLimit]
    pvscsi_units: int | None
    pci_slots: int | None
    pci_passthrough: int | None
    pvrdma_nics: int | None
    displays: int | None
    video_memory_mib: int | None
    graphics_memory_mib: int | None
    disk_bytes: int | None
    config_version: int | None
    guest_64bit: bool | None
    snapshots: SnapshotSupport | None
    backing: Backing
    highest: Mapping[str, Highest]
    checked: date
    notes: str

    def limit(self, name: str, *, esx: bool | None) -> int | None:
        """Return one of `LIMITS`, or None where no source gives it.

        Args:
            name: the limit.
            esx: under ESX, under a hosted product, or (None) under whichever of them allows more.

        Raises:
            KeyError: there is no such limit.
        """
        value: int | None = getattr(self, self.limit_column(name, esx=esx))
        return value

    def limit_column(self, name: str, *, esx: bool | None) -> str:
        """Return the field that `limit` reads, as `unverified` would list it.

        Raises:
            KeyError: there is no such limit.
        """
        if name not in LIMITS:
            raise KeyError(name)
        if name not in _BY_KIND:
            return name
        if esx is None:
            esx = (getattr(self, f"{name}_esx") or 0) >= (getattr(self, f"{name}_hosted") or 0)
        return f"{name}_{'esx' if esx else 'hosted'}"

    def controllers(self, bus: str) -> int | None:
        """Return how many controllers of a bus it may have; None where no source says."""
        found = self.buses.get(bus)
        return None if found is None else found.controllers

    def units(self, bus: str) -> int | None:
        """Return how many devices fit on a controller of a bus; None where no source says."""
        found = self.buses.get(bus)
        return None if found is None else found.units


@cache
def hardware_versions() -> Mapping[int, HardwareVersion]:
    """Return all versions that a source knows, by number and rising, the invalid 5 among them.

    Raises:
        KnowledgeError: the data file is broken.
    """
    rows = _kept.recall(
        HardwareVersion,
        MADE_OF,
        _read_shipped,
        buses=(_pairs, _buses),
        highest=(_plain_highest, _highest),
        backing=(plain, again),
    )
    return MappingProxyType({row.version: row for row in rows})


def hardware(version: int) -> HardwareVersion | None:
    """Return one version, or None where no source knows it.

    Raises:
        KnowledgeError: the data file is broken.
    """
    return hardware_versions().get(version)


def existed(version: int) -> bool:
    """Return whether a product may ever have had a hardware version.

    Version 5 was left out, and one not known here may be newer.

    Raises:
        KnowledgeError: the data file is broken.
    """
    row = hardware(version)
    return row is None or row.valid


def generation_of(version: int | None) -> int | None:
    """Return the guide's generation of a hardware version (mpg:p10), or None where it has none.

    Raises:
        KnowledgeError: the data file is broken.
    """
    found = None if version is None else hardware(version)
    return None if found is None else found.generation


def newest_known() -> int:
    """Return the newest hardware version that a product is known to have.

    Raises:
        KnowledgeError: the data file is broken.
    """
    return max(number for number, version in hardware_versions().items() if version.offered)


def read_hardware(text: str) -> Mapping[int, HardwareVersion]:
    """Return the versions that a text in the form of hardware.toml holds, proved against one another.

    Raises:
        KnowledgeError: it is broken, or a newer version allows less than an older one without a reason.
    """
    data = _load.document(FILE, text)
    found: dict[int, HardwareVersion] = {}
    for row, version in _ROWS.read(FILE, data):
        if found and version.version <= max(found):
            raise row.broken("version", "the versions do not rise")
        found[version.version] = version
    _prove_rising(found, data.get("less", {}))
    return MappingProxyType(found)


def _read_shipped() -> Iterable[HardwareVersion]:
    return read_hardware(_load.shipped(FILE)).values()


def _pairs(buses: Mapping[str, BusLimit]) -> dict[str, tuple[int, ...]]:
    return {bus: (limit.controllers, limit.units) for bus, limit in buses.items()}


def _buses(pairs: Mapping[str, tuple[int, int]]) -> Mapping[str, BusLimit]:
    return MappingProxyType({bus: BusLimit(*pair) for bus, pair in pairs.items()})


def _read_buses(row: DataRow, *buses: str) -> Mapping[str, BusLimit]:
    return MappingProxyType({bus: _read_bus(row, bus) for bus in buses if row.is_given(bus)})


def _read_bus(row: DataRow, bus: str) -> BusLimit:
    text = row.text(bus)
    controllers, cross, units = text.partition("x")
    if not cross or not (controllers + units).isdigit() or not controllers or not units:
        raise row.broken(bus, f'controllers and units such as "4x15" are wanted, not {text!r}')
    return BusLimit(int(controllers), int(units))


def _plain_highest(highest: Mapping[str, Highest]) -> dict[str, tuple[int, str]]:
    return {column: (most.figure, most.source) for column, most in highest.items()}


def _highest(plain_ones: Mapping[str, tuple[int, str]]) -> Mapping[str, Highest]:
    return MappingProxyType({column: Highest(*most) for column, most in plain_ones.items()})


def _read_highest(row: DataRow, column: str, disputed: str) -> Mapping[str, Highest]:
    found: dict[str, Highest] = {}
    for field, text in row.table(column).items():
        figure, _, reference = text.partition(" ")
        if not figure.isdecimal() or not reference or not source(reference)[0].confirms():
            raise row.broken(column, f'{field}: a figure and a document that was read are wanted, not "{text}"')
        if field not in row.table(disputed) or int(figure) < row.number(field):
            raise row.broken(column, f"{field}: its own figure is not disputed, or is higher")
        found[field] = Highest(int(figure), reference)
    return MappingProxyType(found)


_ROWS = Rows(
    "version",
    HardwareVersion,
    among={"offered": KINDS},
    absent={"offered": "-", "valid": True, "highest": {}} | dict.fromkeys(BUSES, "-"),
    cells={
        "highest": ("highest disputed", _read_highest),
        "buses": (" ".join(BUSES), _read_buses),
        "backing": backed(
            *("version", "guest_64bit", "snapshots", *BUSES, *_PLAIN, "disk_bytes"),
            *(f"{it}_{kind}" for it in _BY_KIND for kind in KINDS),
        ),
    },
)


def _figures(version: HardwareVersion) -> Iterator[tuple[str, int]]:
    for name in LIMITS:
        for column in (f"{name}_hosted", f"{name}_esx") if name in _BY_KIND else (name,):
            value = getattr(version, column)
            # The PCI limit is lifted by later versions, not raised, and so has no figure there.
            if value is not None:
                yield column, value
    for bus, limit in version.buses.items():
        yield bus, limit.controllers
        yield f"{bus}.units", limit.units


def _prove_rising(versions: Mapping[int, HardwareVersion], less: Mapping[str, str]) -> None:
    most: dict[str, int] = {}
    excused: set[str] = set()
    for version in versions.values():
        for column, value in _figures(version):
            address = f"{version.version}.{column}"
            if value < most.get(column, 0):
                if address not in less:
                    raise KnowledgeError(
                        f"{FILE}: row {version.version}: column {column}: {value} is less than an older version has, "
                        f"and [less] gives no reason"
                    )
                excused.add(address)
            most[column] = value
    for address in less:
        if address not in excused:
            raise KnowledgeError(f"{FILE}: row {address}: column less: nothing is less there")
