"""The many ways people write the names of products, and which product each of them means."""

from __future__ import annotations

import re
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from vmxtool._record import Record
from vmxtool.errors import KnowledgeError, UsageError
from vmxtool.knowledge import _kept
from vmxtool.knowledge._spelling import Spelling, spell, squeeze
from vmxtool.knowledge.product import FILE, Refusal
from vmxtool.knowledge.products import MADE_OF, products, shipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vmxtool.knowledge.product import Product
    from vmxtool.knowledge.product_rows import ReadProducts

_NEAREST = 4
_PARTS = 4


def find_target(text: str) -> Product:
    """Return the product that a reader's word for it means: an id, an alias, or a spelling such as "ESXi 6.7 Update 2".

    Numbers behind those of a release are its patches: "ws17.5.2" is 17.5, "esxi-7.0.3" is 7.0 Update 3. A release that
    the data does not have is none, also where an older one is known.

    Raises:
        UsageError: it means none; the message names the nearest ids.
        KnowledgeError: a data file is broken.
    """
    names = _names()
    spelling = spell(text, names.words)
    refusal = _refusal_of(text, names)
    if refusal is not None:
        meant = spell(text, dict.fromkeys(refusal.words, refusal.hosts))
        spelling = meant if meant is not None and any(_begins(meant, number) for number in refusal.same) else None
    named = _unnumbered(text, names) if spelling is None else names.exact.get(spelling.exact)
    if named is not None:
        return products().named(named)
    found = None if spelling is None else _release_of(spelling, names)
    if found is not None:
        return products()[found]
    shown = f"unknown target {text[:80]!r}"
    if refusal is not None:
        near = _of_that_number(text, refusal, names)
        hint = f"the nearest are {', '.join(near)}" if near else "`vmxtool targets` lists what there is"
        raise UsageError(f"{shown}: {refusal.says}", hint=hint, candidates=near)
    near = _near(text, spelling, names)
    hint = f"the nearest are {', '.join(near)}" if near else "`vmxtool targets` lists them all"
    raise UsageError(shown, hint=hint, candidates=near)


class Release(Record):
    """A product by its number.

    Attributes:
        family: its family.
        covers: the beginning of the version numbers that are its.
        variant: "smp", or empty.
        id: its id.
    """

    family: str
    covers: tuple[int, ...]
    variant: str
    id: str


class Names(Record):
    """The ways to find a product.

    Attributes:
        words: the family that each word before a version means.
        exact: ids by exact name, of a service without versions by its family.
        releases: the products by number.
        refusals: the names that are no target.
    """

    words: Mapping[str, str]
    exact: Mapping[str, str]
    releases: tuple[Release, ...]
    refusals: tuple[Refusal, ...]


@cache
def _names() -> Names:
    (found,) = _kept.recall(
        Names,
        (*MADE_OF, "product_names.py", "_spelling.py"),
        _read_shipped,
        words=(dict, MappingProxyType),
        exact=(dict, MappingProxyType),
        releases=_kept.each(Release),
        refusals=_kept.each(Refusal),
    )
    return found


def _read_shipped() -> list[Names]:
    return [read_names(shipped().words, products().every(), shipped().refusals)]


def names_of(read: ReadProducts) -> Names:
    """Return the ways to find the products that were read.

    Raises:
        KnowledgeError: a name is none of its family, or means two products.
    """
    every = (*read.products.values(), *read.releases.values(), *read.groups.values())
    return read_names(read.words, every, read.refusals)


def read_names(words: Mapping[str, str], every: Iterable[Product], refusals: tuple[Refusal, ...] = ()) -> Names:
    """Return the ids and aliases of products, each for one product alone.

    Raises:
        KnowledgeError: a name is none of its family, or means two products.
    """
    exact: dict[str, str] = {}
    releases = []
    for product in every:
        own = spell(product.id, words)
        if own is None and words.get(product.id) == product.family:
            # A service has no versions that anybody could name.
            exact[product.family] = product.id
            continue
        for name in (product.id, *product.aliases):
            spelling = spell(name, words)
            if spelling is None or spelling.family != product.family:
                raise KnowledgeError(f"{FILE}: row {product.id}: column aliases: {name!r} is no name for it")
            if exact.setdefault(spelling.exact, product.id) != product.id:
                raise KnowledgeError(f"{FILE}: row {product.id}: column aliases: {name!r} means another row too")
        if own is not None and not product.releases:
            covers = tuple(map(int, product.covers.split("."))) if product.covers else own.written
            releases.append(Release(product.family, covers, own.variant, product.id))
    return Names(words, MappingProxyType(exact), tuple(releases), refusals)


def _unnumbered(text: str, names: Names) -> str | None:
    return names.exact.get(names.words.get(squeeze(text), ""))


def _release_of(wanted: Spelling, names: Names) -> str | None:
    """Return the release with the longest number that the wanted one begins with."""
    fitting = [
        it
        for it in names.releases
        if (it.family, it.variant) == (wanted.family, wanted.variant)
        and wanted.version[: len(it.covers)] == it.covers[:_PARTS]
    ]
    return max(fitting, key=lambda it: len(it.covers)).id if fitting else None


def _refusal_of(text: str, names: Names) -> Refusal | None:
    if not squeeze(text)[:1].isalpha():
        return None
    for refusal in names.refusals:
        spelling = spell(text, dict.fromkeys(refusal.words, "any"))
        bare = squeeze(text) in refusal.words and not refusal.versions
        if bare or (
            spelling is not None
            and (not refusal.versions or any(_begins(spelling, number) for number in refusal.versions))
        ):
            return refusal
    return None


def _begins(spelling: Spelling, number: str) -> bool:
    parts = tuple(map(int, number.split(".")))
    return spelling.version[: len(parts)] == parts


def _of_that_number(text: str, refusal: Refusal, names: Names) -> list[str]:
    if not refusal.hosts or refusal.same:
        return []
    spelling = spell(text, dict.fromkeys(refusal.words, refusal.hosts))
    if spelling is None:
        return []
    exact = _release_of(spelling, names)
    same = [it.id for it in names.releases if it.family == refusal.hosts and it.covers[:1] == spelling.version[:1]]
    return list(dict.fromkeys(([exact] if exact is not None else []) + same))


def _near(text: str, spelling: Spelling | None, names: Names) -> list[str]:
    from difflib import get_close_matches

    squeezed = squeeze(text[:80])
    if squeezed in names.words:
        # A family without a version: what people have of it today.
        return [it.id for it in names.releases if it.family == names.words[squeezed]][:-_NEAREST:-1]
    word = squeezed.rstrip("0123456789.hux")
    if spelling is None and any(it.isdigit() for it in squeezed):
        meant = get_close_matches(word, names.words, n=1, cutoff=0.7)
        spelling = spell(meant[0] + squeezed.removeprefix(word), names.words) if meant else None
    if spelling is None and not word:
        return [it.id for it in names.releases if _digits(it.covers) == _digits(_numbers(squeezed))][:_NEAREST]
    if spelling is None:
        known = {name: name for name in (product.id for product in products().every())}
        return get_close_matches(squeezed, known, n=_NEAREST, cutoff=0.75)
    exact = names.exact.get(spelling.exact)
    if exact is not None:
        return [exact]
    kin = [it for it in names.releases if it.family == spelling.family]
    order = [it.id for it in kin]
    run_together = [it.id for it in kin if _digits(it.covers) == _digits(spelling.written)]
    if run_together:
        # "esxi67" is written for 6.7.
        return run_together[:_NEAREST]
    kin = [it for it in kin if it.covers[0] == spelling.version[0]] or kin
    nearest = sorted(kin, key=lambda it: _distance(it.covers, spelling.version))[:_NEAREST]
    return sorted((it.id for it in nearest), key=order.index)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"[0-9]{1,9}", text))


def _digits(version: tuple[int, ...]) -> str:
    return "".join(map(str, version)).rstrip("0") or "0"


def _distance(ours: tuple[int, ...], theirs: tuple[int, ...]) -> list[int]:
    filled = (*ours, *([0] * (_PARTS - len(ours))))
    return [abs(mine - other) for mine, other in zip(filled, theirs, strict=False)]
