"""All of VMware's products by their ids."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from vmxtool.knowledge import _kept, _load
from vmxtool.knowledge.backing import again, plain
from vmxtool.knowledge.hardware import MADE_OF as HARDWARE_MADE_OF
from vmxtool.knowledge.hardware import hardware_versions
from vmxtool.knowledge.product import ENGINES, FILE, Product

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vmxtool.knowledge.product_rows import ReadProducts

MADE_OF = (FILE, ENGINES, "product.py", "products.py", "product_rows.py", *HARDWARE_MADE_OF)


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
        """Return what a reader means who writes an id: several releases, where it is the name of several."""
        return self._several.get(name) or self._all[name]

    def every(self) -> list[Product]:
        """Return all, family by family: each product before the releases that are like it, names for several last."""
        order = list(self._rows)
        families = list(dict.fromkeys(product.family for product in self._rows.values()))

        def place(product: Product) -> tuple[int, bool, int]:
            return families.index(product.family), bool(product.releases), order.index(product.row)

        ones = (product for product in self._all.values() if not product.releases)
        return sorted((*ones, *self._several.values()), key=place)


@cache
def products() -> ProductTable:
    """Return all products by id: family by family, each oldest first, the bare hardware versions last.

    Raises:
        KnowledgeError: a data file is broken.
    """
    return ProductTable(_kept.recall(Product, MADE_OF, _read_shipped, backing=(plain, again)))


@cache
def is_smp_edition(product_id: str) -> bool:
    """Return whether a product is the edition with Virtual SMP of one that also came without (pages 10 and 14)."""
    product = products()[product_id]
    plain_ones = (it for it in products().values() if it.family == product.family and not it.smp)
    return product.smp and any(product.name.startswith(f"{it.name} ") for it in plain_ones)


def _read_shipped() -> Iterable[Product]:
    read = shipped()
    return (*read.products.values(), *read.releases.values(), *read.groups.values())


@cache
def shipped() -> ReadProducts:
    """Return the products as they are shipped, read and proved.

    Raises:
        KnowledgeError: a data file is broken.
    """
    from vmxtool.knowledge.product_rows import read_products

    return read_products(_load.shipped(ENGINES), _load.shipped(FILE), hardware_versions())
