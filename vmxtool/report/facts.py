"""What is known of a product or of a hardware version, fact by fact, with what each rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool._record import Record
from vmxtool.knowledge.hardware import BUSES, KINDS, LIMITS, hardware
from vmxtool.knowledge.product import FACTS, HARDWARE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.knowledge.backing import Backing
    from vmxtool.knowledge.hardware import HardwareVersion
    from vmxtool.knowledge.product import Product

_OF_A_VERSION = ("generation", "config_version", "guest_64bit", "snapshots", *BUSES)


class BackedFact(Record):
    """A fact with what it rests on.

    Attributes:
        name: which one, such as "runs_max".
        value: what it says.
        rests_on: the references, the best first.
        verified: whether it may block.
        disputed: what another source says, or None.
    """

    name: str
    value: str
    rests_on: tuple[str, ...]
    verified: bool
    disputed: str | None


def facts_of(product: Product) -> tuple[BackedFact, ...]:
    """Return the facts of a product that some source gives; of a bare hardware version its own."""
    version = hardware(product.runs_max) if product.family == HARDWARE else None
    return tuple(_of_product(product) if version is None else _of_version(version))


def _of_product(product: Product) -> Iterator[BackedFact]:
    for name in FACTS:
        value = getattr(product, name)
        if value not in (None, "", (), frozenset()):
            yield _fact(name, value, product.backing)


def _of_version(version: HardwareVersion) -> Iterator[BackedFact]:
    columns = [name for limit in LIMITS for name in (limit, *(f"{limit}_{kind}" for kind in KINDS))]
    for name in (*_OF_A_VERSION, *columns):
        most = version.buses.get(name)
        value = f"{most.controllers} x {most.units}" if most is not None else getattr(version, name, None)
        if value is not None:
            yield _fact(name, value, version.backing)


def _fact(name: str, value: object, backing: Backing) -> BackedFact:
    if isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, tuple | frozenset):
        text = " ".join(map(str, sorted(value)))
    else:
        text = f"{value:,}" if isinstance(value, int) else str(value)
    return BackedFact(name, text, backing.of(name), name not in backing.unverified, backing.disputed.get(name))
