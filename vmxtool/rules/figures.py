"""The figures that a target or a hardware version sets, and the one that an amount is over."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from vmxtool._record import Record
from vmxtool.knowledge.hardware import hardware

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.knowledge.product import Product

# The fields of a product that limit it beside the hardware version, by the names of hardware.toml's limits.
_OWN = {"vcpus": "max_vcpus", "memory_mib": "max_memory_mib", "nics": "max_nics"}


class Limit(Record):
    """One figure.

    Attributes:
        figure: the most, in the unit that the limit's name says.
        verified: whether a source confirms it; one that none does may warn, never block.
        version: the hardware version it belongs to; None where the product itself sets it.
        source: what it rests on.
    """

    figure: int
    verified: bool
    version: int | None
    source: str


def exceeded(target: Product, name: str, amount: int, version: int | None, *, kept: bool) -> Limit | None:
    """Return the limit that an amount is over on a target, a confirmed one before one that is not.

    Where sources differ on a figure, what is over the highest of theirs is over a confirmed one.
    It is None where no limit is. A VM that keeps its hardware version may have come with it from a product of another
    kind, whose figure for the version is another; so it is held to the higher of the two, which no product made it
    with. One whose version changes is held to both.

    Args:
        target: where the VM is to run.
        name: "vcpus", "memory_mib" or "nics".
        amount: what the VM has.
        version: the hardware version it has there.
        kept: whether that is the version of its files.
    """
    found: Limit | None = None
    for limit in _limits(target, name, version, kept):  # asked by every rule about a figure: mostly none is over
        if limit.figure < amount and (found is None or _counts_before(limit, found)):
            found = limit
    return found


def _counts_before(one: Limit, other: Limit) -> bool:
    return (not one.verified, one.figure) < (not other.verified, other.figure)


@lru_cache(maxsize=8192)
def _limits(target: Product, name: str, version: int | None, kept: bool) -> tuple[Limit, ...]:
    return tuple(_find_limits(target, name, version, kept=kept))


def _find_limits(target: Product, name: str, version: int | None, *, kept: bool) -> Iterator[Limit]:
    own: int | None = getattr(target, _OWN[name])
    if own is not None:
        yield Limit(own, _OWN[name] not in target.unverified, None, target.source_of(_OWN[name]))
    if kept and version is not None and not target.runs(version):
        return  # it gets another there, whose figures count then
    row = None if version is None else hardware(version)
    if row is None:
        return
    # What is over the higher of the two figures is so for a VM that is lowered to the version, too.
    for kind in (None,) if kept else dict.fromkeys((target.esx, None)):
        figure = row.limit(name, esx=kind)
        if figure is not None:
            column = row.limit_column(name, esx=kind)
            yield Limit(figure, column not in row.unverified, row.version, row.backing.of(column)[0])
            most = row.highest.get(column)
            if most is not None:
                yield Limit(most.figure, True, row.version, most.source)
