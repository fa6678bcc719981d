"""Which products can have made a VM of a hardware version, and the groups of them that an indicator can speak for."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from vmxtool._record import Record
from vmxtool.knowledge.features import features
from vmxtool.knowledge.hardware import generation_of, hardware
from vmxtool.knowledge.product import HARDWARE
from vmxtool.knowledge.products import products

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vmxtool.knowledge.product import Product

# Shares before anything but the hardware version is looked at; only their ratios count. A product gives new VMs its own
# version far more often than an older one, the more so the older that is, and hardly ever one that is far from its own.
# Workstation 5 creates legacy VMs of generation 4 besides (mpg, "Generation 5 to Generation 4").
_MAKES_NEW, _MAKES_LEGACY, _MAKES_OLDER = 1.0, 0.3, 0.05
_FARTHEST = 4
# ACE and Lab Manager took VMs of other products more often than they made their own.
_RARE = {"ace": 0.1, "labmanager": 0.05, "player": 0.5}

_HOSTED = frozenset({"workstation", "player", "fusion", "server", "gsx", "ace"})
_ON_WINDOWS = _HOSTED - {"fusion"}
_ON_LINUX = _HOSTED - {"fusion", "ace"}
_ESX = frozenset({"esx", "labmanager"})
_LAST_GENERATION = 6


class Candidate(Record):
    """A product that may have made a VM, and its share among them before any indicator."""

    product: Product
    share: float


def _early_esx(product: Product) -> bool:
    return product.family == "esx" and (product.generation or _LAST_GENERATION) <= 4


def _late_esx(product: Product) -> bool:
    return product.family in _ESX and not _early_esx(product)


def _esx3(product: Product) -> bool:
    return _late_esx(product) and not _does("writes-encoding", product)


def _does(feature: str, product: Product) -> bool:
    return features()[feature].holds(product)


# What an indicator can speak for, by the word that indicators.py uses.
_GROUPS: dict[str, Callable[[Product], bool]] = {
    "hosted": lambda product: product.family in _HOSTED,
    "on-windows": lambda product: product.family in _ON_WINDOWS,
    "on-linux": lambda product: product.family in _ON_LINUX,
    "on-mac": lambda product: product.family == "fusion",
    "on-linux-or-mac": lambda product: product.family in _ON_LINUX or product.family == "fusion",
    "esx": lambda product: product.family in _ESX,
    "esx-1-2": _early_esx,
    "esx-3": _esx3,
    "esx-3-up": _late_esx,
    "esx-4-up": lambda product: _late_esx(product) and not _esx3(product),
    # The service console of ESX up to version 3 is a Linux, and starts configs as programs as Linux hosts do.
    "linux-console": lambda product: product.family in _ON_LINUX or _early_esx(product) or _esx3(product),
    "mixed-booleans": partial(_does, "mixed-booleans"),
    "writes-encoding": partial(_does, "writes-encoding"),
    "generation-4": lambda product: product.generation == 4,
    "generation-4-hosted": lambda product: product.generation == 4 and product.family in _HOSTED,
    "after-generation-4": lambda product: (product.generation or _LAST_GENERATION) > 4,
    "before-generation-4": lambda product: (product.generation or _LAST_GENERATION) < 4,
    "ace": lambda product: product.family == "ace",
    "gsx-or-early-esx": lambda product: product.family == "gsx" or _early_esx(product),
    "teams": lambda product: product.family == "workstation",
    "partial-encryption": partial(_does, "opens-partial-encryption"),
    "many-snapshots": lambda product: product.snapshots == "many" or "snapshots" in product.unverified,
    "64-bit-guests": lambda product: product.guest_64bit or "guest_64bit" in product.unverified,
}


@cache
def group(word: str) -> frozenset[str]:
    """Return the ids of the products in a group.

    Raises:
        KeyError: there is no such group.
    """
    belongs = _GROUPS[word]
    return frozenset(told_as(product) for product in _real_products() if belongs(product))


@cache
def _together() -> Mapping[str, str]:
    """Return by id the name for several releases that no file tells apart: all of them make one hardware version."""
    found: dict[str, str] = {}
    for several in products().every():
        rows = {products()[name].row for name in several.releases}
        if len(rows) > 1 and len({products()[row].creates for row in rows}) == 1:
            found |= dict.fromkeys(rows, several.id)
    return found


def told_as(product: Product) -> str:
    """Return the id under which a product is a candidate: that of several releases where no file tells them apart."""
    return _together().get(product.row, product.row)


def _real_products() -> list[Product]:
    return [product for product in products().values() if product.family != HARDWARE]


@cache
def candidates(hw_version: int) -> Mapping[str, Candidate]:
    """Return the products that may have made a VM of a hardware version, by id, with their shares."""
    found: dict[str, Candidate] = {}
    known = hardware(hw_version)
    if known is None or not known.valid:
        return found
    for product in _real_products():
        share = _share(product, hw_version)
        if share:
            name = told_as(product)
            found[name] = Candidate(products()[name], share * _RARE.get(product.family, 1.0))
    return found


@cache
def offering_vcpus(count: int) -> tuple[frozenset[str], frozenset[str]]:
    """Return the products that offer so many virtual processors, and those of which no source denies it."""
    offers = {told_as(it) for it in _real_products() if (it.max_vcpus or (count if it.smp else 1)) >= count}
    unsure = {told_as(it) for it in _real_products() if not it.unverified.isdisjoint({"max_vcpus", "smp"})}
    return frozenset(offers), frozenset(unsure - offers)


@cache
def offering_disks_on(bus: str) -> frozenset[str]:
    """Return the products that offer a bus for hard disks, as far as no source denies it."""
    unsure = {"disk_buses", f"disk_buses.{bus}"}
    return frozenset(
        told_as(product)
        for product in products().values()
        if bus in product.disk_buses or not product.unverified.isdisjoint(unsure)
    )


def _share(product: Product, hw_version: int) -> float:
    if product.creates is None or not product.runs(hw_version):
        return 0.0
    if product.creates == hw_version:
        return _MAKES_NEW
    if product.family == "workstation" and product.generation == 5 and generation_of(hw_version) == 4:
        return _MAKES_LEGACY
    # Versions that it is not known to give a VM count as well: a number in a text file is soon changed.
    distance = abs(product.creates - hw_version)
    return _MAKES_OLDER / distance**2 if distance <= _FARTHEST else 0.0
