"""Read products.toml and engines.toml: a product has the facts of its engine, and that those of its kind."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from vmxtool._record import Record, replace
from vmxtool.errors import KnowledgeError
from vmxtool.knowledge import _load
from vmxtool.knowledge.backing import layered, read_backing
from vmxtool.knowledge.hardware import BUSES
from vmxtool.knowledge.product import ARRIVALS, ENGINES, FACTS, FILE, HARDWARE, Product, Refusal
from vmxtool.knowledge.rows import DataRow, Rows, record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from vmxtool.knowledge.backing import Backing
    from vmxtool.knowledge.hardware import HardwareVersion
    from vmxtool.knowledge.rows import Words

_FORMATS = ("hosted", "esx", "legacy")
_RUNS = r"(\d+)\.\.(\d+)((?: -\d+)*)"
_OF_RUNS = ("runs_min", "runs_max", "runs_except")
_DAY = r"\d{4}(?:-\d\d(?:-\d\d)?)?"
_COLUMNS = ("runs", *(it for it in FACTS if it not in {*_OF_RUNS, "released"}))
_BACKING: dict[str, object] = {"from": {}, "disputed": {}, "notes": ""}
_OF_A_KIND = ("id", "source", "checked")
_OF_AN_ENGINE = ("id", "kind", "since", "runs", "disk_buses", "source", "checked")
_OF_A_PRODUCT = ("id", "family", "name", "engine", "source", "checked")
_OWN: dict[str, object] = {"covers": "", "aliases": "", "also": {}, "released": ""}


class ReadProducts(Record):
    """All that the two files hold, proved.

    Attributes:
        products: the products by id, family by family, each oldest first, the bare hardware versions last.
        releases: by id, the releases that differ from a product in nothing but their name.
        groups: by id, the products that a name for several releases stands for as its oldest.
        words: the family that each word before a version means.
        refusals: the names that are no target.
    """

    products: Mapping[str, Product]
    releases: Mapping[str, Product]
    groups: Mapping[str, Product]
    words: Mapping[str, str]
    refusals: tuple[Refusal, ...]


class _Family(Record):
    """A family of products, with the words before a version that mean it."""

    id: str
    name: str
    words: Words


class _Group(Record):
    """A name for several releases, the oldest first."""

    id: str
    name: str
    releases: Words


class _Layer(Record):
    """The facts that a table has of its own, with what they rest on."""

    facts: dict[str, Any]
    backing: Backing


def read_products(engines: str, text: str, versions: Mapping[int, HardwareVersion]) -> ReadProducts:
    """Return the products that texts in the form of engines.toml and products.toml hold, proved against one another.

    Args:
        engines: the data file with kinds and engines.
        text: the data file with the products.
        versions: the hardware versions, from which the family hardware is made.

    Raises:
        KnowledgeError: one is broken.
    """
    data = _load.document(FILE, text)
    families = _families(data)
    layers = _read_engines(engines)
    found: dict[str, Product] = {}
    releases: dict[str, Product] = {}
    latest: dict[str, Product] = {}
    for table in data.get("product", ()):
        row = record(FILE, table, _OF_A_PRODUCT, _OWN | _BACKING | dict.fromkeys(_COLUMNS))
        product = _read(row, table, families, layers)
        for name, said in row.table("also").items():
            releases[name] = replace(product, id=name, name=said, covers="", aliases=(), released="")
            if name in found or name == product.id:
                raise row.broken("also", f"{name!r} stands twice")
        if product.id in found or product.id in releases:
            raise row.broken("id", "it stands twice")
        if product.family in latest:
            _prove_rising(latest[product.family], product)
        found[product.id] = latest[product.family] = product
    if not found:
        raise KnowledgeError(f"{FILE}: no product is in it")
    found |= {product.id: product for product in _bare_versions(versions, tuple(found.values()))}
    groups = dict(_groups(data, found | releases))
    words = {word: family for family, its in families.items() for word in its}
    return ReadProducts(
        MappingProxyType(found),
        MappingProxyType(releases),
        MappingProxyType(groups),
        MappingProxyType(words),
        tuple(refusal for _, refusal in _REFUSALS.read(FILE, data)),
    )


def _families(data: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for row, family in _FAMILIES.read(FILE, data):
        for words in found.values():
            for word in {*words} & {*family.words}:
                raise row.broken("words", f"{word!r} belongs to two families")
        found[family.id] = family.words
    return found


def _read_engines(text: str) -> dict[str, tuple[str, tuple[_Layer, ...]]]:
    """Return by engine the day it came, and its layers, the outermost first."""
    data = _load.document(ENGINES, text)
    optional = _BACKING | dict.fromkeys(_COLUMNS)
    kinds = {}
    for table in data.get("kind", ()):
        row = record(ENGINES, table, _OF_A_KIND, optional)
        kinds[row.name] = _layer(row, table)
    found: dict[str, tuple[str, tuple[_Layer, ...]]] = {}
    for table in data.get("engine", ()):
        row = record(ENGINES, table, _OF_AN_ENGINE, optional)
        if row.name in found:
            raise row.broken("id", "it stands twice")
        since = _day(row, "since")
        found[row.name] = (since, (kinds[row.choice("kind", kinds)], _layer(row, table, since)))
    return found


def _layer(row: DataRow, table: Mapping[str, Any], day: str = "") -> _Layer:
    row.day("checked")
    # What a range rests on is what each of its borders rests on, unless one has its own.
    for column in ("from", "disputed"):
        said = row.table(column)
        if "runs" in said:
            both = said.pop("runs")
            said |= {it: said.get(it, both) for it in _OF_RUNS}
    return _Layer({it: table[it] for it in (*_COLUMNS, "released") if it in table}, read_backing(row, FACTS, day))


def _read(
    row: DataRow,
    table: Mapping[str, Any],
    families: Mapping[str, tuple[str, ...]],
    engines: Mapping[str, tuple[str, tuple[_Layer, ...]]],
) -> Product:
    row.choice("family", families)
    since, outer = engines[row.choice("engine", engines)]
    released = _day(row, "released") if row.text("released") else since
    layers = (*outer, _layer(row, {"released": released, **table}, released))
    cells = {**row.cells, **dict.fromkeys(_COLUMNS, "-"), "snapshots": "none"}
    for layer in layers:
        cells |= layer.facts
    backing = layered(FACTS, [(it.backing, _fields(it.facts)) for it in layers])
    product = _PRODUCTS.fill(
        DataRow(FILE, row.name, cells | {"since": since, "released": released, "backing": backing})
    )
    _prove(row, product)
    return product


def _read_span(row: DataRow, column: str) -> tuple[int, int, frozenset[int]]:
    span = re.fullmatch(_RUNS, row.text(column))
    if span is None:
        raise row.broken(column, f'a range such as "3..7 -5" is wanted, not {row.text(column)!r}')
    return int(span[1]), int(span[2]), frozenset(-int(word) for word in span[3].split())


def _fields(facts: Iterable[str]) -> frozenset[str]:
    names = frozenset(facts)
    return names - {"runs"} | frozenset(_OF_RUNS) if "runs" in names else names


def _day(row: DataRow, column: str) -> str:
    if re.fullmatch(_DAY, row.text(column)) is None:
        raise row.broken(column, "a date such as 2007-10 is wanted")
    return row.text(column)


def _prove(row: DataRow, product: Product) -> None:
    row.prove(
        ("runs", product.runs_min <= product.runs_max, "the range is empty"),
        ("runs", all(product.runs_min < no < product.runs_max for no in product.runs_except), "-N lies outside"),
        ("creates", product.creates is None or product.runs(product.creates), "it does not run what it makes"),
        ("creates", (product.creates is not None) == product.creates_vms, "creates_vms says otherwise"),
        ("converts_to", all(map(product.runs, product.converts_to)), "it does not run what it converts to"),
        ("max_vcpus", product.max_vcpus is None or (product.max_vcpus > 1) == product.smp, "smp says otherwise"),
        ("native_formats", bool(product.native_formats), "it writes no disks at all"),
        ("readable_formats", product.native_formats <= product.readable_formats, "it does not read its own disks"),
        ("covers", re.fullmatch(r"(\d+(\.\d+)*)?", product.covers) is not None, "a version number is wanted"),
    )


def _bare_versions(versions: Mapping[int, HardwareVersion], others: tuple[Product, ...]) -> Iterator[Product]:
    for version in versions.values():
        # A number that itself is a guess, or that nobody offers, is no target.
        if not version.offered or not version.valid or "version" in version.unverified:
            continue
        vcpus = [most for most in (version.vcpus_hosted, version.vcpus_esx) if most is not None]
        name = f"hw{version.version}"
        since = min((other.since for other in others if other.creates == version.version), default="")
        yield Product(
            id=name,
            name=f"Hardware version {version.version}",
            family=HARDWARE,
            row=name,
            releases=(),
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
            max_passthrough=None,
            creates_vms=True,
            arrives_by="nothing",
            since=since,
            released=since,
            covers=str(version.version),
            backing=replace(version.backing, unverified=frozenset()),
            checked=version.checked,
            notes=version.notes,
            esx=_is_esx(version.offered),
        )


def _is_esx(formats: Iterable[str]) -> bool | None:
    kinds = {"hosted", "esx"} & set(formats)
    return None if len(kinds) > 1 else "esx" in kinds


def _groups(data: Mapping[str, Any], known: Mapping[str, Product]) -> Iterator[tuple[str, Product]]:
    for row, group in _GROUPS.read(FILE, data):
        if group.id in known and group.id != group.releases[0]:
            raise row.broken("id", "it stands twice")
        for name in group.releases:
            if name not in known:
                raise row.broken("releases", f"{name!r} is no release")
        oldest = known[group.releases[0]]
        yield (
            group.id,
            replace(oldest, id=group.id, name=group.name, releases=group.releases, covers="", aliases=(), released=""),
        )


_FAMILIES = Rows("family", _Family)
_GROUPS = Rows("group", _Group)
_REFUSALS = Rows("no-target", Refusal, absent={"versions": "", "hosts": "", "same": ""})
_PRODUCTS = Rows(
    "product",
    Product,
    among={
        "disk_buses": BUSES,
        "native_formats": _FORMATS,
        "readable_formats": _FORMATS,
        "arrives_by": ARRIVALS[1:],
    },
    cells={
        "row": ("id", DataRow.text),
        "releases": ("", lambda _: ()),
        "runs_min": ("runs", lambda row, column: _read_span(row, column)[0]),
        "runs_max": ("runs", lambda row, column: _read_span(row, column)[1]),
        "runs_except": ("runs", lambda row, column: _read_span(row, column)[2]),
        "backing": ("backing", lambda row, column: row.cells[column]),
        "esx": ("native_formats", lambda row, column: _is_esx(row.words(column))),
    },
)


def _prove_rising(older: Product, newer: Product) -> None:
    for column, holds in (
        ("runs", older.runs_max <= newer.runs_max),
        ("generation", (older.generation or 99) <= (newer.generation or 99)),
        ("released", older.released_order // 10000 <= newer.released_order // 10000),
    ):
        if not holds:
            raise KnowledgeError(f"{FILE}: row {newer.id}: column {column}: it lies before that of {older.id}")
