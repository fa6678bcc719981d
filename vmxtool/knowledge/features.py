"""What products of a family do from some version on."""

from __future__ import annotations

from functools import cache
from itertools import dropwhile
from types import MappingProxyType
from typing import TYPE_CHECKING

from vmxtool.knowledge import _kept, _load
from vmxtool.knowledge.backing import Backed, again, backed, plain
from vmxtool.knowledge.hardware import newest_known
from vmxtool.knowledge.products import MADE_OF, products
from vmxtool.knowledge.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from vmxtool.knowledge.backing import Backing
    from vmxtool.knowledge.product import Product

FILE = "features.toml"


class Feature(Backed):
    """One thing that a product does or no longer does.

    Attributes:
        id: what vmxtool calls it.
        since: id of the first product of each family that does.
        until: id of the first product of each family that does no more.
        says: one sentence.
        backing: what the row rests on.
        checked: the day someone looked.
        shown_by: of what a product lacks, the settings that show its use while they are on: patterns of devices.toml.
        unless: settings that switch it off, with their values.
        loses: what is different there then; empty for every other feature.
    """

    id: str
    since: tuple[str, ...]
    until: tuple[str, ...]
    says: str
    backing: Backing
    checked: date
    shown_by: tuple[str, ...] = ()
    unless: Mapping[str, str] = MappingProxyType({})
    loses: str = ""

    def holds(self, product: Product) -> bool:
        """Return whether a product is one of those, or a later one of the same family."""
        return product.row in _from_on(self.since) and product.row not in _from_on(self.until)

    def holds_of(self, version: int | None) -> bool:
        """Return whether a hardware version is one of those; one newer than all that are known is like the newest."""
        row = None if version is None else products().get(f"hw{min(version, newest_known())}")
        return row is not None and self.holds(row)


_ROWS = Rows(
    "feature",
    Feature,
    absent={"until": [], "shown_by": [], "unless": {}, "loses": ""},
    cells={"backing": backed("since", "until")},
)


@cache
def _from_on(since: tuple[str, ...]) -> frozenset[str]:
    """Return ids of the products from the first of each family on."""
    return frozenset(name for first in since for name in dropwhile(first.__ne__, _of_family(products()[first].family)))


@cache
def _of_family(family: str) -> tuple[str, ...]:
    return tuple(name for name, product in products().items() if product.family == family)


@cache
def features() -> Mapping[str, Feature]:
    """Return all features by id.

    Raises:
        KnowledgeError: the data file is broken.
    """
    files = (FILE, "features.py", *MADE_OF)
    rows = _kept.recall(Feature, files, lambda: read_features(_load.shipped(FILE)).values(), backing=(plain, again))
    return {row.id: row for row in rows}


def read_features(text: str) -> Mapping[str, Feature]:
    """Return the features that a text in the form of features.toml holds.

    Raises:
        KnowledgeError: it is broken.
    """
    found: dict[str, Feature] = {}
    for row, feature in _ROWS.read(FILE, _load.document(FILE, text)):
        named = (*feature.since, *feature.until)
        unknown = [name for name in named if name not in products() or products()[name].row != name]
        if unknown:
            raise row.broken("since", f"{unknown[0]!r} is no product with facts of its own")
        if len({products()[name].family for name in feature.since}) < len(feature.since):
            raise row.broken("since", "a family stands twice")
        if bool(feature.shown_by) is not bool(feature.loses):
            raise row.broken("loses", "what is lost and what shows it belong together")
        found[feature.id] = feature
    return found
