"""What a hardware version brought, and which products run it."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from vmxtool.knowledge.devices import devices
from vmxtool.knowledge.hardware import HardwareVersion, hardware, hardware_versions
from vmxtool.knowledge.product import HARDWARE
from vmxtool.knowledge.products import products

if TYPE_CHECKING:
    from vmxtool.knowledge.product import Product

_NEWEST_FIRST = ("workstation", "fusion", "player", "esx", "cloud", "server", "gsx", "ace", "labmanager")


class Novelty(NamedTuple):
    """Something that came with a hardware version.

    Attributes:
        version: the hardware version.
        says: one sentence.
    """

    version: int
    says: str


class Raised(NamedTuple):
    """A limit that a hardware version has higher than the one before.

    Attributes:
        name: which one, as `HardwareVersion` calls it.
        before: the figure of the version before, or None where it had no such thing.
        now: the figure of this one.
    """

    name: str
    before: str | None
    now: str


def novelties() -> list[Novelty]:
    """Return what came with which hardware version, the oldest first, each said once."""
    said: dict[tuple[int, str], None] = {}
    for rule in devices().values():
        for version in (rule.first_hardware, rule.first_hardware_esx):
            if version is not None and hardware(version) is not None and version > 1 and not rule.limit:
                said[version, rule.reason] = None
    every = sorted(said, key=lambda it: it[0])
    return [
        Novelty(version, text)
        for version, text in every
        if not any(other != text and other.startswith(text.rstrip(".")) for _, other in every)
    ]


def raised_in(version: int, names: tuple[str, ...]) -> list[Raised]:
    """Return the limits among `names` that a version has higher than the valid one before it."""
    now = hardware(version)
    before = max((it for it in hardware_versions().values() if it.valid and it.version < version), default=None,
                 key=lambda it: it.version)  # fmt: skip
    if now is None or before is None:
        return []
    pairs = ((name, _figure(before, name), _figure(now, name)) for name in names)
    return [
        Raised(name, None if _is_none(old) else _words(old), _words(new))
        for name, old, new in pairs
        if old is not None and new is not None and new > old
    ]


def runners(version: int) -> list[str]:
    """Return the products that run a hardware version, family by family: "Workstation 17.5 and newer"."""
    told = []
    for family in _NEWEST_FIRST:
        kin = [it for it in products().every() if it.family == family and not it.releases]
        for runs, group in groupby(kin, key=lambda it: it.runs(version)):
            if runs:
                told.append(_span(list(group), kin[-1]))
    return told


def makers(version: int) -> list[str]:
    """Return the products whose new machines have a hardware version."""
    return [it.name for it in products().every() if it.creates == version and it.family != HARDWARE and not it.releases]


def _span(some: list[Product], newest: Product) -> str:
    first, last = some[0], some[-1]
    if first is last:
        return first.name
    return f"{first.name} and newer" if last is newest else f"{first.name} to {last.name}"


def _figure(version: HardwareVersion, name: str) -> tuple[int, ...] | None:
    most = version.buses.get(name)
    if most is not None:
        return (most.controllers * most.units, most.controllers, most.units)
    value = getattr(version, name, None)
    return None if value is None else (int(value),)


def _is_none(figure: tuple[int, ...]) -> bool:
    return figure[0] == 0


def _words(figure: tuple[int, ...]) -> str:
    return f"{figure[1]} x {figure[2]}" if len(figure) > 1 else f"{figure[0]:,}"
