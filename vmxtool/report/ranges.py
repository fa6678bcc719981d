"""Products in as few words as name them all: "Workstation 8 to 12", "ESXi 8.0 U2 to 9.1", "GSX 3"."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from vmxtool.knowledge.product import HARDWARE
from vmxtool.knowledge.products import products

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vmxtool.knowledge.product import Product

FAMILIES = {
    "workstation": "Workstation",
    "fusion": "Fusion",
    "player": "Player",
    "esx": "ESX(i)",
    "cloud": "VMware Cloud on AWS",
    "server": "Server",
    "gsx": "GSX",
    "ace": "ACE",
    "labmanager": "Lab Manager",
}
"""Families by what a person calls them, those first that VMs go to today."""

_FIRST_WORDS = re.compile(r"^(?:Workstation Player|Lab Manager|(?:VMware |GSX |ESX )?Server|ESX/ESXi|\w+) ")
_LISTED = 2  # of more, the first and the last are named


def product_ranges(chosen: Iterable[Product], *, and_older: bool = False) -> dict[str, str]:
    """Return the phrase for each family of the products, in their order; one of a single product has its name alone.

    Args:
        chosen: the products, none of them a bare hardware version.
        and_older: whether a range from the first of a family is told as "7.1 and older", and a whole one by its name.
    """
    given = list(chosen)
    ids, known = {product.id for product in given}, _members()
    told: dict[str, str] = {}
    for family in dict.fromkeys(product.family for product in given):
        members = known.get(family, [])
        runs = _runs(members, ids)
        whole = runs == [members]
        if runs and (len(members) == 1 or (whole and and_older)):
            told[family] = FAMILIES.get(family, family)
        elif runs:
            parts = [_range(run, older=and_older and run[0] is members[0]) for run in runs]
            told[family] = f"{_kind(family, [it for run in runs for it in run])} {', '.join(parts)}"
    return told


def family_name(family: str) -> str:
    """Return a family as it is said alone, not before a number."""
    return "ESX and ESXi" if family == "esx" else FAMILIES.get(family, family)


def number_of(product: Product) -> str:
    """Return a product's name without its family: "8.0 U2", "25H2", "2 with Virtual SMP"."""
    number = _FIRST_WORDS.sub("", product.name).replace(" Update ", " U")
    return re.sub(r"\.x\b", "", number)


def newest_number(product: Product) -> str:
    """Return the number of the newest release with a product's data: "7.0 U3" for 7.0 Update 2, and "17.6" for 17.5."""
    return number_of(alike(product)[-1])


def alike(product: Product) -> Sequence[Product]:
    """Return a product and the releases that differ from it in nothing but their name, the oldest first."""
    return _alike()[product.row]


@cache
def _alike() -> dict[str, list[Product]]:
    """Return by id of a product the releases that have its data, the oldest first."""
    found: dict[str, list[Product]] = {}
    for product in products().every():
        if not product.releases:
            found.setdefault(product.row, []).append(product)
    return found


def _range(run: Sequence[Product], *, older: bool) -> str:
    numbers = [number_of(it) for it in run]
    # Beside the release itself its edition needs no word of its own.
    numbers = [it for it in numbers if not any(it.startswith(f"{other} with ") for other in numbers)]
    first, last = numbers[0], numbers[-1]
    if older and len(numbers) > 1:
        return f"{last} and older"
    # Names by year and half say nothing about what lies between them and a number.
    if len(numbers) <= _LISTED or (len(numbers) == _LISTED + 1 and "H" in last):
        return ", ".join(numbers)
    # Updates of an ESX are asked for by their number; of the others the release is named alone.
    return f"{first} to {newest_number(run[-1]) if run[-1].family == 'esx' else last}"


def _kind(family: str, members: Sequence[Product]) -> str:
    """Return a family's name; of ESX and ESXi the one that these are called."""
    if family != "esx":
        return FAMILIES.get(family, family)
    heads = {"ESX(i)" if "/" in it.name else it.name.split()[0] for it in members}
    old = any(it.name.startswith("ESX Server") for it in members)
    if len(heads) == 1:
        return heads.pop()
    return "ESX(i)" if old or "ESX(i)" in heads else "ESXi"


def _runs(members: Sequence[Product], ids: set[str]) -> list[list[Product]]:
    runs: list[list[Product]] = []
    before = False
    for product in members:
        if product.id in ids:
            runs += [] if before else [[]]
            runs[-1].append(product)
        before = product.id in ids
    return runs


def _members() -> dict[str, list[Product]]:
    found: dict[str, list[Product]] = {}
    for product in products().values():
        if product.family != HARDWARE:
            found.setdefault(product.family, []).append(product)
    return found
