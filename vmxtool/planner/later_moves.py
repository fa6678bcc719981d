"""Moves that the guide is too old for: what the hardware versions and disk formats of two products allow.

A VM goes to a product that runs its hardware version, or one it can be changed to, and that reads its disks in a format
they can be brought into. The figures are those of products.toml and hardware.toml.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from vmxtool.knowledge.cells import Step, Way
from vmxtool.knowledge.hardware import hardware_versions
from vmxtool.knowledge.products import products
from vmxtool.planner.legs import Leg, State, same_product

if TYPE_CHECKING:
    from vmxtool.knowledge.products import Product

OLDEST_REWRITTEN = 3  # lowest version that `vmxtool rewrite` writes; of those below it no source tells the keys


def later_move(state: State, to_id: str) -> Leg | None:
    """The move of a VM to a product where one of the two is younger than the guide, or None where there is none."""
    start, to = products()[state.product], products()[to_id]
    if start is to:
        return same_product(state) if to.runs(state.version) else None
    leaves_esx = start.esx is True and to.esx is False
    enters_esx = start.esx is False and to.esx is True
    # Exported disks are hosted ones; of hosted disks only those since Workstation 4 can be imported.
    carried = frozenset({"hosted"}) if leaves_esx else start.native_formats
    wanted = frozenset({"hosted"}) if enters_esx else to.readable_formats
    change = _change(state.version, start, to)
    if change is None or not carried & wanted:
        return None
    first = [change.step] if change.step is not None and change.by_start else []
    then = [change.step] if change.step is not None and not change.by_start else []
    export, take = [Step("export-disks")] * leaves_esx, [Step("import-disks")] * enters_esx
    steps = tuple(first + export + then + take)
    return Leg(
        from_id=start.id,
        to_id=to.id,
        before=state.version,
        after=change.version,
        cell=None,
        verdict="special-steps" if steps else "ok",
        way=Way(steps or (Step("copy"),)),
        others=(),
        one_way=change.one_way,
        can_go_back=not change.one_way,
        sources=tuple(dict.fromkeys((*to.sources, *(start.sources if first else ())))),
        unverified=_unverified(change.version, to),
    )


class _Change(NamedTuple):
    """What becomes of the hardware version: the new one, the step that sets it and who does it, and if it is final."""

    version: int
    step: Step | None = None
    by_start: bool = False
    one_way: bool = False


def _change(version: int, start: Product, to: Product) -> _Change | None:
    """The nearest version that the target runs.

    Downwards a hosted product changes it where it can, and vmxtool otherwise, since no ESX lowers a version. Upwards
    only a product does, and only a hosted one can take that back.
    """
    if to.runs(version):
        return _Change(version)
    known = _runnable(to)
    lower = [no for no in known if OLDEST_REWRITTEN <= no < version]
    if lower:
        by_start = not start.esx and max(lower) in start.converts_to
        return _Change(max(lower), Step("downgrade-hardware", (start.id,) if by_start else ()), by_start)
    higher = [no for no in known if no > version and no in start.converts_to]
    if higher:
        returns = not start.esx and version in start.converts_to
        return _Change(min(higher), Step("upgrade-hardware", (start.id,)), by_start=True, one_way=not returns)
    return None


@cache
def _runnable(to: Product) -> tuple[int, ...]:
    return tuple(row.version for row in hardware_versions().values() if row.valid and to.runs(row.version))


def _unverified(version: int, to: Product) -> bool:
    """Whether the version lies on an end of the range that no source confirms."""
    ends = {"runs_min": to.runs_min, "runs_max": to.runs_max}
    return any(name in to.unverified and version == end for name, end in ends.items())
