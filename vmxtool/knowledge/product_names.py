"""The many ways people write the names of products, and which product each of them means."""

from __future__ import annotations

from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from vmxtool.errors import KnowledgeError, UsageError
from vmxtool.knowledge import _kept
from vmxtool.knowledge._spelling import Spelling, spell, squeeze
from vmxtool.knowledge.products import FILE, MADE_OF, Shelf, products, shipped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vmxtool.knowledge.products import Product

_NEAREST = 4


def find_target(text: str) -> Product:
    """The product that a reader's word for it means: an id, an alias, or a spelling such as "ESXi 6.7 Update 2".

    A version between two rows belongs to the older of them: "esxi-7.0.3" to the row of 7.0 Update 2 and 3.

    Raises:
        UsageError: it means none; the message names the nearest ids.
        KnowledgeError: a data file is broken.
    """
    catalogue = _catalogue()
    spelling = spell(text, _shelf().words)
    if spelling is not None:
        found = catalogue.exact.get(spelling.exact) or _newest_not_after(spelling, catalogue)
        if found is not None:
            return found
    near = _near(text, spelling, catalogue)
    hint = f"the nearest are {', '.join(near)}" if near else "`vmxtool targets` lists them all"
    raise UsageError(f"unknown target {text[:80]!r}", hint=hint, candidates=near)


class Word(NamedTuple):
    """A word that people write before a version, and the family that it means."""

    word: str
    family: str


class Catalogue(NamedTuple):
    """The ways to find a product: by its exact name, or by the version and by whether the name is its own id."""

    exact: Mapping[str, Product]
    versions: tuple[tuple[Spelling, Product, bool], ...]


@cache
def _shelf() -> Shelf:
    words = _kept.recall(Word, MADE_OF, lambda: [Word(*pair) for pair in shipped().words.items()])
    return Shelf(products(), MappingProxyType(dict(words)))


@cache
def _catalogue() -> Catalogue:
    return read_names(_shelf())


def read_names(shelf: Shelf) -> Catalogue:
    """The ids and aliases of products, each for one product alone.

    Raises:
        KnowledgeError: a name is none of its family, or means two products.
    """
    exact: dict[str, Product] = {}
    entries: list[tuple[Spelling, Product, bool]] = []
    for product in shelf.products.values():
        for name in (product.id, *product.aliases):
            spelling = spell(name, shelf.words)
            if spelling is None or spelling.family != product.family or not _covers(product, spelling):
                raise KnowledgeError(f"{FILE}: row {product.id}: column aliases: {name!r} is no name for it")
            if exact.setdefault(spelling.exact, product) is not product:
                raise KnowledgeError(f"{FILE}: row {product.id}: column aliases: {name!r} means another row too")
            entries.append((spelling, product, name == product.id))
    return Catalogue(MappingProxyType(exact), tuple(entries))


def _covers(product: Product, spelling: Spelling) -> bool:
    scope = tuple(int(part) for part in product.covers.split("."))
    return product.family == spelling.family and spelling.version[: len(scope)] == scope


def _newest_not_after(wanted: Spelling, catalogue: Catalogue) -> Product | None:
    best: tuple[tuple[int, ...], bool] = ((), False)
    found = None
    for entry, product, own in catalogue.versions:
        # An alias may name a lower version than its product has ("ws5" is 5.5): the id of a row goes before it.
        rank = (entry.version, own)
        fits = entry.variant == wanted.variant and entry.version <= wanted.version and _covers(product, wanted)
        if fits and rank > best:
            best, found = rank, product
    return found


def _near(text: str, spelling: Spelling | None, catalogue: Catalogue) -> list[str]:
    from difflib import get_close_matches

    shelf = _shelf()
    squeezed = squeeze(text[:80])
    if spelling is None:
        word = squeezed.rstrip("0123456789.hux")
        meant = get_close_matches(word, shelf.words, n=1, cutoff=0.7)
        spelling = spell(meant[0] + squeezed.removeprefix(word), shelf.words) if meant else None
    if spelling is None:
        names = {name: product.id for product in shelf.products.values() for name in (product.id, *product.aliases)}
        return list(dict.fromkeys(names[name] for name in get_close_matches(squeezed, names, n=_NEAREST, cutoff=0.5)))
    kin = [
        ([abs(ours - theirs) for ours, theirs in zip(entry.version, spelling.version, strict=False)], product.id)
        for entry, product, own in catalogue.versions
        if own and entry.family == spelling.family
    ]
    nearest = {name for _, name in sorted(kin)[:_NEAREST]}
    return [name for name in shelf.products if name in nearest]
