"""Whether a product runs a hardware version, where a figure that no source confirms may be wrong."""

from __future__ import annotations

from enum import StrEnum
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from vmxtool.knowledge.hardware import existed, hardware
from vmxtool.knowledge.product import HARDWARE
from vmxtool.knowledge.products import products

if TYPE_CHECKING:
    from vmxtool.knowledge.product import Product

OLDEST_WRITTEN = 3
"""No config of an older hardware version has been seen, so vmxtool writes none."""


class Ternary(StrEnum):
    """An answer that may be open: what no source confirms may warn, and never blocks."""

    YES = "yes"
    NO = "no"
    UNSURE = "unsure"


@lru_cache(maxsize=8192)
def runs(product: Product, version: int) -> Ternary:
    """Return whether a product runs VMs of a hardware version, in legacy mode where that is older than its own.

    A version beyond a border that no source confirms is `UNSURE`, unless something else settles it: a version that came
    in a later year than the product, or one below what a predecessor is known to need.
    """
    if not existed(version):
        return Ternary.NO
    if version > product.runs_max:
        doubtful = "runs_max" in product.unverified and not _came_later(version, product)
    elif version < product.runs_min:
        doubtful = "runs_min" in product.unverified and version >= _proven_least(product)
    elif version in product.runs_except:
        doubtful = "runs_except" in product.unverified
    else:
        return Ternary.YES
    return Ternary.UNSURE if doubtful else Ternary.NO


@lru_cache(maxsize=256)
def is_written(version: int) -> bool:
    """Return whether it is a hardware version that vmxtool gives a VM: one that a product has, and not older than 3."""
    row = hardware(version)
    return version >= OLDEST_WRITTEN and row is not None and row.valid and bool(row.offered)


@lru_cache(maxsize=1024)
def can_return(later: int, earlier: int) -> bool:
    """Return whether some product runs a hardware version and can take a VM from it down to an earlier one."""
    return any(it.family != HARDWARE and earlier in it.converts_to and it.runs(later) for it in products().values())


def first_version(product: Product) -> int:
    """Return the hardware version that a product's VMs have by default, also where it makes none itself (Player)."""
    if product.creates is not None:
        return product.creates
    from vmxtool.knowledge.hardware import hardware_versions

    rows = hardware_versions().values()
    of_its_time = (row.version for row in rows if row.generation is not None and row.generation == product.generation)
    return next(of_its_time, product.runs_max)


def _came_later(version: int, product: Product) -> bool:
    """Return whether a version first came in a year after the product.

    Versions are counted up, so one above is later too. Which version products before Workstation 4 gave their VMs no
    source confirms, so of those no year is known.
    """
    if version < OLDEST_WRITTEN:
        return False
    year = product.released_order // 10_000
    return any(made <= version and first > year for made, first in _first_years().items())


@cache
def _first_years() -> dict[int, int]:
    """Return the year in which each hardware version first came with a product."""
    years: dict[int, int] = {}
    for product in products().values():
        if product.creates is not None and product.family != HARDWARE:
            year = product.released_order // 10_000
            years[product.creates] = min(years.get(product.creates, year), year)
    return years


@lru_cache(maxsize=256)
def _proven_least(product: Product) -> int:
    """Return the lowest version that the product may need: what no source confirms is bounded by its predecessors."""
    kin = [it for it in products().values() if it.family == product.family]
    names = [it.id for it in kin]
    older = kin[: names.index(product.row) + 1] if product.row in names else [product]
    return max((it.runs_min for it in older if "runs_min" not in it.unverified), default=0)
