"""One of VMware's products: what it runs, makes and offers; and names that are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool._record import Record
from vmxtool.knowledge.backing import Backed
from vmxtool.knowledge.hardware import SnapshotSupport, existed

if TYPE_CHECKING:
    from datetime import date

    from vmxtool.knowledge.backing import Backing
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
        """Return the best source of one of its fields."""
        return self.backing.of(field)[0]

    @property
    def released_order(self) -> int:
        """The date of release as a number to sort by: 20071018, with zeros for what is not known."""
        return int((self.released or self.since).replace("-", "").ljust(8, "0"))

    def runs(self, version: int) -> bool:
        """Return whether it runs machines of a hardware version, in legacy mode where that is older than its own.

        What no source confirms is taken for true here; `knowledge.runs` tells it apart.
        """
        return self.runs_min <= version <= self.runs_max and version not in self.runs_except and existed(version)


class Refusal(Record):
    """A name that people use and that is no target.

    Attributes:
        words: the words before the version.
        versions: beginnings of the version numbers that are meant; empty for all.
        says: why it is none, as a clause.
        hosts: the family whose product of the same number may be meant, or empty.
        same: beginnings of the numbers of which just that product is meant.
    """

    words: Words
    versions: Words
    says: str
    hosts: str
    same: Words
