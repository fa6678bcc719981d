"""VMware's products: what each runs, makes and offers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from vmxtool.errors import KnowledgeError
from vmxtool.knowledge import _kept, _load
from vmxtool.knowledge.hardware import (
    BUSES,
    HardwareVersion,
    SnapshotSupport,
    existed,
    hardware_versions,
    snapshot_support,
)
from vmxtool.knowledge.hardware import FILE as HARDWARE_FILE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

FILE = "products.toml"
HARDWARE = "hardware"
ARRIVALS = ("nothing", "copy", "register-vm", "create-vm", "import")
"""How a VM becomes a product's own; nothing for a bare hardware version, which is no place."""
_FORMATS = ("hosted", "esx", "legacy")
_COLUMNS = (
    "id name covers generation creates runs converts_to max_vcpus smp guest_64bit disk_buses native_formats "
    "readable_formats snapshots max_memory_mib max_nics creates_vms arrives_by released aliases source checked "
    "unverified notes"
)
_FIELDS = ("runs_min", "runs_max", "runs_except")
MADE_OF = (FILE, "products.py", HARDWARE_FILE, "hardware.py")

_RUNS = r"(\d+)\.\.(\d+)((?: -\d+)*)"
_RELEASED = r"\d{4}(?:-\d\d(?:-\d\d)?)?"


@dataclass(frozen=True, slots=True, eq=False)
class Product:
    """One product version. None means that no source gives the figure.

    Attributes:
        id: what vmxtool calls it, such as "ws5.5" or "esxi6.7u2".
        name: what VMware calls it.
        family: workstation, player, fusion, server, gsx, esx, ace, labmanager, or hardware for "any product that
            has just this hardware version".
        generation: the guide's generation (mpg:p10), or None where the guide is older than the product.
        aliases: other ids for it.
        runs_min, runs_max: lowest and highest hardware version that it runs.
        runs_except: hardware versions between them that it does not run.
        creates: hardware version of its new machines, or None where it makes none.
        converts_to: hardware versions that it can give a machine, rising.
        max_vcpus, max_memory_mib, max_nics: most virtual processors, MiB of memory and network adapters, where it has
            a limit of its own besides the hardware version's.
        smp: whether it offers more than one virtual processor (mpg:p10, mpg:p14).
        guest_64bit: whether it runs 64-bit guests (mpg:p17).
        disk_buses: buses it offers for hard disks at all; the hardware version limits them further.
        native_formats, readable_formats: disk formats that it writes, and that it can run or upgrade: "hosted",
            "esx", "legacy" (before Workstation 4).
        snapshots: how many a machine may have under it.
        creates_vms: whether it can make a machine at all.
        arrives_by: what makes a machine the product's own once its files are there: one of `ARRIVALS`.
        released: year, year and month, or day it came.
        covers: beginning of the version numbers that it may stand for, such as "6.7".
        sources: what the row rests on.
        checked: the day someone looked.
        unverified: names of the fields, or of parts such as "disk_buses.nvme", that may warn but never block.
        notes: what the fields do not say.
        esx: whether it keeps its machines as ESX does; None for a bare hardware version that both kinds offer.
    """

    id: str
    name: str
    family: str
    generation: int | None
    aliases: tuple[str, ...]
    runs_min: int
    runs_max: int
    runs_except: frozenset[int]
    creates: int | None
    converts_to: tuple[int, ...]
    max_vcpus: int | None
    smp: bool
    guest_64bit: bool
    disk_buses: frozenset[str]
    native_formats: frozenset[str]
    readable_formats: frozenset[str]
    snapshots: SnapshotSupport
    max_memory_mib: int | None
    max_nics: int | None
    creates_vms: bool
    arrives_by: str
    released: str
    covers: str
    sources: tuple[str, ...]
    checked: date
    unverified: frozenset[str]
    notes: str
    esx: bool | None

    @property
    def source(self) -> str:
        """The first of its sources."""
        return self.sources[0]

    @property
    def released_order(self) -> int:
        """The date of release as a number to sort by: 20071018, with zeros for what is not known."""
        return int(self.released.replace("-", "").ljust(8, "0"))

    def runs(self, version: int) -> bool:
        """Whether it runs machines of a hardware version, in legacy mode where that is older than its own.

        What no source confirms is taken for true here; `knowledge.runs` tells it apart.
        """
        return self.runs_min <= version <= self.runs_max and version not in self.runs_except and existed(version)


@cache
def products() -> Mapping[str, Product]:
    """All products by id: family by family, each oldest first, the bare hardware versions last.

    Raises:
        KnowledgeError: a data file is broken.
    """
    rows = _kept.recall(Product, MADE_OF, _read_shipped)
    return MappingProxyType({product.id: product for product in rows})


@cache
def is_smp_edition(product_id: str) -> bool:
    """Whether a product is the edition with Virtual SMP of one that also came without (pages 10 and 14)."""
    product = products()[product_id]
    plain = (it for it in products().values() if it.family == product.family and not it.smp)
    return product.smp and any(product.name.startswith(f"{it.name} ") for it in plain)


class Shelf(NamedTuple):
    """The products by id, and the family that each word before a version means."""

    products: Mapping[str, Product]
    words: Mapping[str, str]


def _read_shipped() -> Iterable[Product]:
    return shipped().products.values()


@cache
def shipped() -> Shelf:
    """The products and the words for their families as they are shipped, read and proved.

    Raises:
        KnowledgeError: a data file is broken.
    """
    return read_products(_load.shipped(FILE), hardware_versions())


def read_products(text: str, versions: Mapping[int, HardwareVersion]) -> Shelf:
    """The products that a text in the form of products.toml holds, proved against one another.

    Args:
        text: the data file.
        versions: the hardware versions, from which the family hardware is made.

    Raises:
        KnowledgeError: it is broken.
    """
    found: dict[str, Product] = {}
    words: dict[str, str] = {}
    data = _load.document(FILE, text)
    for family in data.get("family", ()):
        name = family.get("id", "without an id")
        for word in str(family.get("words", "")).split():
            if words.setdefault(word, name) != name:
                raise KnowledgeError(f"{FILE}: row {word}: column words: it belongs to two families")
        if name == HARDWARE:
            found |= {product.id: product for product in _bare_versions(versions, tuple(found.values()))}
            continue
        older: Product | None = None
        for row in _load.rows(FILE, data, _COLUMNS, family):
            product = _read(row, name)
            if product.id in found:
                raise row.broken("id", "it stands twice")
            if older is not None:
                _prove_rising(older, product)
            found[product.id] = older = product
    return Shelf(MappingProxyType(found), MappingProxyType(words))


def _read(row: _load.Row, family: str) -> Product:
    span = re.fullmatch(_RUNS, row.text("runs"))
    if span is None:
        raise row.broken("runs", f'a range such as "3..7 -5" is wanted, not {row.text("runs")!r}')
    product = Product(
        id=row.name,
        name=row.text("name"),
        family=family,
        generation=row.maybe_number("generation"),
        aliases=row.words("aliases"),
        runs_min=int(span[1]),
        runs_max=int(span[2]),
        runs_except=frozenset(-int(word) for word in span[3].split()),
        creates=row.maybe_number("creates"),
        converts_to=row.numbers("converts_to"),
        max_vcpus=row.maybe_number("max_vcpus"),
        smp=row.flag("smp"),
        guest_64bit=row.flag("guest_64bit"),
        disk_buses=frozenset(row.words("disk_buses", BUSES)),
        native_formats=frozenset(row.words("native_formats", _FORMATS)),
        readable_formats=frozenset(row.words("readable_formats", _FORMATS)),
        snapshots=snapshot_support(row) or "none",
        max_memory_mib=row.maybe_number("max_memory_mib"),
        max_nics=row.maybe_number("max_nics"),
        creates_vms=row.flag("creates_vms"),
        arrives_by=row.choice("arrives_by", ARRIVALS[1:]),
        released=row.text("released"),
        covers=row.text("covers"),
        sources=row.sources(),
        checked=row.day("checked"),
        unverified=row.unverified(_FIELDS),
        notes=row.text("notes"),
        esx=_is_esx(row.words("native_formats", _FORMATS)),
    )
    for column, holds, problem in (
        ("runs", product.runs_min <= product.runs_max, "the range is empty"),
        ("runs", all(product.runs_min < no < product.runs_max for no in product.runs_except), "-N lies outside"),
        ("creates", product.creates is None or product.runs(product.creates), "it does not run what it makes"),
        ("creates", (product.creates is not None) == product.creates_vms, "creates_vms says otherwise"),
        ("converts_to", all(map(product.runs, product.converts_to)), "it does not run what it converts to"),
        ("max_vcpus", product.max_vcpus is None or (product.max_vcpus > 1) == product.smp, "smp says otherwise"),
        ("native_formats", bool(product.native_formats), "it writes no disks at all"),
        ("readable_formats", product.native_formats <= product.readable_formats, "it does not read its own disks"),
        ("released", re.fullmatch(_RELEASED, product.released) is not None, "a date such as 2007-10 is wanted"),
        ("covers", re.fullmatch(r"\d+(\.\d+)*", product.covers) is not None, "a version number is wanted"),
    ):
        if not holds:
            raise row.broken(column, problem)
    return product


def _bare_versions(versions: Mapping[int, HardwareVersion], others: tuple[Product, ...]) -> Iterator[Product]:
    for version in versions.values():
        # A number that itself is a guess, or that nobody offers, is no target.
        if not version.offered or not version.valid or "version" in version.unverified:
            continue
        vcpus = [most for most in (version.vcpus_hosted, version.vcpus_esx) if most is not None]
        released = min((other.released for other in others if other.creates == version.version), default="")
        yield Product(
            id=f"hw{version.version}",
            name=f"Hardware version {version.version}",
            family=HARDWARE,
            generation=version.generation,
            aliases=(f"vmx-{version.version}",),
            runs_min=version.version,
            runs_max=version.version,
            runs_except=frozenset(),
            creates=version.version,
            converts_to=(version.version,),
            max_vcpus=None,
            smp=max(vcpus, default=1) > 1,
            guest_64bit=bool(version.guest_64bit),
            disk_buses=frozenset(bus for bus in BUSES if version.controllers(bus)),
            native_formats=version.offered,
            readable_formats=version.offered,
            snapshots=version.snapshots or "none",
            max_memory_mib=None,
            max_nics=None,
            creates_vms=True,
            arrives_by="nothing",
            released=released,
            covers=str(version.version),
            sources=version.sources,
            checked=version.checked,
            unverified=frozenset(),
            notes=version.notes,
            esx=_is_esx(version.offered),
        )


def _is_esx(formats: Iterable[str]) -> bool | None:
    kinds = {"hosted", "esx"} & set(formats)
    return None if len(kinds) > 1 else "esx" in kinds


def _prove_rising(older: Product, newer: Product) -> None:
    for column, holds in (
        ("runs", older.runs_max <= newer.runs_max),
        ("generation", (older.generation or 99) <= (newer.generation or 99)),
        ("released", older.released_order // 10000 <= newer.released_order // 10000),
    ):
        if not holds:
            raise KnowledgeError(f"{FILE}: row {newer.id}: column {column}: it lies before that of {older.id}")
