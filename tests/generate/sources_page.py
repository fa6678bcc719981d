"""Writes docs/sources.md from the data: `python tests/generate/sources_page.py`."""

from __future__ import annotations

import sys
from collections import Counter
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from vmxtool.knowledge.devices import NEVER, devices
from vmxtool.knowledge.guests import guests
from vmxtool.knowledge.hardware import BUSES, KINDS, LIMITS, hardware_versions
from vmxtool.knowledge.product import HARDWARE
from vmxtool.knowledge.products import products
from vmxtool.knowledge.sources import source, sources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.knowledge.backing import Backing

PAGE = Path(__file__).parents[2] / "docs" / "sources.md"
_HEAD = """# What the answers rest on

Every fact that can stop a VM, with what it is based on. A fact **blocks** where a document gives it that somebody read
for vmxtool, that may stand alone and that is not older than what the fact is about, and where no other source says
otherwise. Everything else is **unverified**: it warns, and never blocks. Nobody marks a fact as verified: that is
worked out from the sources in `vmxtool/knowledge/*.toml`. `vmxtool explain ID` shows a document.

This page is made from the data by `python tests/generate/sources_page.py`; a test keeps it current.
"""


class Fact(NamedTuple):
    """A fact that can stop a VM.

    Attributes:
        part: which part of the data it is of.
        subject: what it is about, such as "ws17.5".
        name: which fact it is, such as "runs_max".
        value: what it says.
        rests_on: the references, the best first.
        verified: whether it blocks.
        disputed: what another source says, or empty.
    """

    part: str
    subject: str
    name: str
    value: str
    rests_on: tuple[str, ...]
    verified: bool
    disputed: str


def facts() -> list[Fact]:
    """Return all facts that can stop a VM, in the order of the data."""
    return [*_of_products(), *_of_hardware(), *_of_devices(), *_of_guests()]


def _fact(part: str, subject: str, name: str, value: object, backing: Backing) -> Fact:
    text = " ".join(map(str, sorted(value))) if isinstance(value, frozenset) else str(value)
    disputed = backing.disputed.get(name, "")
    return Fact(part, subject, name, text, backing.of(name), name not in backing.unverified, disputed)


def _of_products() -> Iterator[Fact]:
    for product in products().values():
        if product.family == HARDWARE:
            continue
        for name, blocks in (
            ("runs_min", product.runs_min > 1),
            ("runs_max", True),
            ("runs_except", bool(product.runs_except)),
            ("max_vcpus", product.max_vcpus is not None),
            ("max_memory_mib", product.max_memory_mib is not None),
            ("max_nics", product.max_nics is not None),
            ("max_passthrough", product.max_passthrough is not None),
            ("smp", not product.smp),
            ("guest_64bit", not product.guest_64bit),
            ("disk_buses", product.disk_buses != {*BUSES}),
            ("readable_formats", True),
            ("snapshots", product.snapshots != "many"),
        ):
            if blocks:
                yield _fact("Products", product.id, name, getattr(product, name), product.backing)


def _of_hardware() -> Iterator[Fact]:
    columns = [name for it in LIMITS for name in (it, *(f"{it}_{kind}" for kind in KINDS))]
    for version in hardware_versions().values():
        for name in columns:
            value = getattr(version, name, None)
            if value is not None:
                yield _fact("Hardware versions", f"hw{version.version}", name, value, version.backing)
        for bus, most in version.buses.items():
            text = f"{most.controllers} x {most.units}"
            yield _fact("Hardware versions", f"hw{version.version}", bus, text, version.backing)


def _of_devices() -> Iterator[Fact]:
    for row in devices().values():
        for name in ("first_hardware", "first_hardware_esx", "last_hardware", "limit"):
            value = getattr(row, name)
            if value is not None and (name != "first_hardware" or value > 1):
                told = "never" if value == NEVER else value
                yield _fact("Devices and settings", row.id, name, told, row.backing)


def _of_guests() -> Iterator[Fact]:
    for guest in guests().values():
        if guest.min_hw is not None:
            yield _fact("Guest systems", guest.id, "min_hw", guest.min_hw, guest.backing)


def page() -> str:
    """Return the page as the data are now."""
    return "\n".join([_HEAD, *_summary(), *_documents(), *_tables()])


def _summary() -> Iterator[str]:
    yield "| part | facts that can stop a VM | of these block | unverified | of these disputed |"
    yield "|---|---|---|---|---|"
    every = facts()
    for part, found in (*((it, [one for one in every if one.part == it]) for it in _parts(every)), ("all", every)):
        verified = sum(it.verified for it in found)
        disputed = sum(bool(it.disputed) for it in found)
        yield f"| {part} | {len(found)} | {verified} | {len(found) - verified} | {disputed} |"
    yield ""


def _parts(every: list[Fact]) -> list[str]:
    return list(dict.fromkeys(it.part for it in every))


def _documents() -> Iterator[str]:
    resting = Counter(source(it.rests_on[0])[0].id for it in facts() if it.verified)
    yield "## Documents\n"
    yield "| id | document | speaks of the time to | read | blocking facts on it | |"
    yield "|---|---|---|---|---|---|"
    for one in sources().values():
        title = f"[{one.title}]({one.address})" if one.address else one.title
        read = "nobody read it" if one.read is None else str(one.read)
        alone = "" if one.stands_alone else "blocks nothing; "
        yield f"| `{one.id}` | {title} | {one.until} | {read} | {resting[one.id] or ''} | {alone}{one.remark} |"
    yield ""


def _tables() -> Iterator[str]:
    every = facts()
    for part in _parts(every):
        yield f"## {part}\n"
        yield "| | fact | value | | based on |"
        yield "|---|---|---|---|---|"
        for subject, found in groupby((it for it in every if it.part == part), key=lambda it: it.subject):
            for number, it in enumerate(found):
                weight = "" if it.verified else f"disputed: {it.disputed}" if it.disputed else "unverified"
                name = subject if number == 0 else ""
                yield f"| {name} | {it.name} | {it.value} | {weight} | {' '.join(it.rests_on)} |"
        yield ""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
