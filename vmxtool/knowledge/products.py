"""VMware's products: what each runs, makes and offers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from vmxtool.knowledge import _kept, _load
from vmxtool.knowledge.backing import Backed, again, plain
from vmxtool.knowledge.hardware import MADE_OF as HARDWARE_MADE_OF
from vmxtool.knowledge.hardware import SnapshotSupport, existed, hardware_versions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from vmxtool.knowledge.backing import Backing
    from vmxtool.knowledge.product_rows import ReadProducts
    from vmxtool.knowledge.rows import Words

FILE = "products.toml"
ENGINES = "engines.toml"
HARDWARE = "hardware"
ARRIVALS = ("nothing", "copy", "register-vm", "create-vm", "import")
"""How a VM becomes a product's own; nothing for a bare hardware version, which is no place."""
FACTS = (
    *("generation", "runs_min", "runs_max", "runs_except", "creates", "converts_to", "max_vcpus", "max_memory_mib"),
    *("max_nics", "max_passthrough", "smp", "guest_64bit", "disk_buses", "native_formats", "readable_formats"),
    *("snapshots", "creates_vms", "arrives_by", "released"),
)
"""The fields that say what a product does and what it can do, each of which has sources of its own."""
MADE_OF = (FILE, ENGINES, "products.py", "product_rows.py", *HARDWARE_MADE_OF)


class Product(Backed):
    """One product version. None means that no source gives the figure.

    Attributes:
        id: what vmxtool calls it, such as "ws5.5" or "esxi6.7u2".
        name: what VMware calls it.
        family: workstation, player, fusion, server, gsx, esx, ace, labmanager, cloud, or hardware for "any product
            that has just this hardware version".
        row: id of the product whose data it has: its own, or that of one that it differs from in its name alone.
        releases: ids of the releases that it stands for, the oldest first; nothing where it is one itself.
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
        max_passthrough: most devices of the host passed through, where it has a limit of its own.
        creates_vms: whether it can make a machine at all.
        arrives_by: what makes a machine the product's own once its files are there: one of `ARRIVALS`.
        since: year, year and month, or day on which the first product with its data came.
        released: year, year and month, or day it came itself; empty where that is not known.
        covers: beginning of the version numbers that it may stand for, such as "6.7"; empty for its own number.
        backing: what its facts rest on.
        checked: the day someone looked.
        notes: what the fields do not say.
        esx: whether it keeps its machines as ESX does; None for a bare hardware version that both kinds offer.
    """

    id: str
    name: str
    family: str
    row: str
    releases: tuple[str, ...]
    generation: int | None
    aliases: Words
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
    max_passthrough: int | None
    creates_vms: bool
    arrives_by: str
    since: str
    released: str
    covers: str
    backing: Backing
    checked: date
    notes: str
    esx: bool | None

    @property
    def sources(self) -> tuple[str, ...]:
        """What its facts rest on, those of its engine first."""
        return tuple(dict.fromkeys((*self.backing.of("runs_max"), *self.backing.every)))

    def source_of(self, field: str) -> str:
        """The best source of one of its fields."""
        return self.backing.of(field)[0]

    @property
    def released_order(self) -> int:
        """The date of release as a number to sort by: 20071018, with zeros for what is not known."""
        return int((self.released or self.since).replace("-", "").ljust(8, "0"))

    def runs(self, version: int) -> bool:
        """Whether it runs machines of a hardware version, in legacy mode where that is older than its own.

        What no source confirms is taken for true here; `knowledge.runs` tells it apart.
        """
        return self.runs_min <= version <= self.runs_max and version not in self.runs_except and existed(version)


class ProductTable(Mapping[str, Product]):
    """The products by id: those that differ in what vmxtool knows, family by family, each oldest first.

    A lookup finds besides them the releases that differ in nothing but their name, and names for several releases.
    Where the oldest of several has their name, too, it is what a lookup finds.
    """

    def __init__(self, rows: Iterable[Product]) -> None:
        given = list(rows)
        self._several = {product.id: product for product in given if product.releases}
        ones = {product.id: product for product in given if not product.releases}
        self._all = ones | {name: product for name, product in self._several.items() if name not in ones}
        self._rows = {name: product for name, product in self._all.items() if product.row == name}

    def __getitem__(self, name: str) -> Product:
        return self._all[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, name: object) -> bool:
        return name in self._all

    def named(self, name: str) -> Product:
        """What a reader means who writes an id: several releases, where it is the name of several."""
        return self._several.get(name) or self._all[name]

    def every(self) -> list[Product]:
        """All of them, family by family: each product before the releases that are like it, names for several last."""
        order = list(self._rows)
        families = list(dict.fromkeys(product.family for product in self._rows.values()))

        def place(product: Product) -> tuple[int, bool, int]:
            return families.index(product.family), bool(product.releases), order.index(product.row)

        ones = (product for product in self._all.values() if not product.releases)
        return sorted((*ones, *self._several.values()), key=place)


@cache
def products() -> ProductTable:
    """All products by id: family by family, each oldest first, the bare hardware versions last.

    Raises:
        KnowledgeError: a data file is broken.
    """
    return ProductTable(_kept.recall(Product, MADE_OF, _read_shipped, backing=(plain, again)))


@cache
def is_smp_edition(product_id: str) -> bool:
    """Whether a product is the edition with Virtual SMP of one that also came without (pages 10 and 14)."""
    product = products()[product_id]
    plain_ones = (it for it in products().values() if it.family == product.family and not it.smp)
    return product.smp and any(product.name.startswith(f"{it.name} ") for it in plain_ones)


def _read_shipped() -> Iterable[Product]:
    read = shipped()
    return (*read.products.values(), *read.releases.values(), *read.groups.values())


@cache
def shipped() -> ReadProducts:
    """The products as they are shipped, read and proved.

    Raises:
        KnowledgeError: a data file is broken.
    """
    from vmxtool.knowledge.product_rows import read_products

    return read_products(_load.shipped(ENGINES), _load.shipped(FILE), hardware_versions())
