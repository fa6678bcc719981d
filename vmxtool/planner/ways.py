"""The few ways to a target: those of the guide's cell or of its text, or one for each hardware version that fits.

A step of the guide that this VM does not need is left out: no export of disks that are in the target's format, no
change of a hardware version that the target runs. Whether a way leads there is not said here; it is played.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from vmxtool._record import Record
from vmxtool.findings import BY_CONVERTER, LOWERING, Do
from vmxtool.knowledge import tables
from vmxtool.knowledge.devices import devices
from vmxtool.knowledge.guide_names import names
from vmxtool.knowledge.hardware import existed, generation_of, newest_known
from vmxtool.knowledge.product import HARDWARE
from vmxtool.knowledge.products import products
from vmxtool.knowledge.runs import OLDEST_WRITTEN, Ternary, first_version, is_written, runs
from vmxtool.planner.moves import Move, member
from vmxtool.rules.case import controllers_of_disks, has_bus, unknown_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vmxtool.knowledge.cells import Step as GuideStep
    from vmxtool.knowledge.cells import Way as PrintedWay
    from vmxtool.knowledge.product import Product
    from vmxtool.knowledge.transcript import Fact
    from vmxtool.rules.case import GuideAnswer
    from vmxtool.rules.state import VmState

_CARRIES_DISKS = frozenset({"export-disks", "import-disks"})
_ONLY_CARRIES = frozenset({Do.COPY, Do.EXPORT_DISKS, Do.IMPORT_DISKS, Do.CREATE_VM})
_STAGES = {2: "mpg:p20:generation-2-to-5", 3: "mpg:p15:generation-3-one-way"}
_SKIPPED = "mpg:p11:skipped-generation"


class _Hardware(NamedTuple):
    """What a VM cannot do without: the buses of its disks, and rows of devices.toml, as about their controllers."""

    buses: tuple[str, ...]
    rows: frozenset[str]

    def fits(self, version: int, target: Product) -> bool:
        """Return whether a hardware version has it, as far as the target has it at all."""
        offered = {bus for bus in self.buses if bus in target.disk_buses}
        has_all = all(has_bus(bus, version, target.esx) for bus in offered)
        return has_all and self.rows.isdisjoint(unknown_rows(version, target.esx))


class Way(Record):
    """One way, before it is played.

    Attributes:
        moves: what it is made of, in its own order.
        when: conditions that no file shows, in the guide's words.
        one_way: the guide prints that the VM cannot go back.
        source: the cell or the fact of the guide, or None where it is silent.
        printed: the way as the guide has it, or None.
    """

    moves: tuple[Move, ...] = ()
    when: tuple[str, ...] = ()
    one_way: bool = False
    source: str | None = None
    printed: PrintedWay | None = None


def ways(
    start: VmState, target: Product, guide: GuideAnswer, *, reconfigures: bool, have: frozenset[str] | None = None
) -> list[Way]:
    """Return the ways there are, in the guide's order where it has some.

    Args:
        start: the VM as it is now.
        target: where it is to run.
        guide: what the guide says of the move.
        reconfigures: whether VMware Converter gives this guest SCSI disks by itself.
        have: the only products that may do a step, or None for all.
    """
    if not guide.ways:
        return list(derived_ways(start, target))
    found: dict[tuple[object, ...], Way] = {}
    for way, source in guide.sourced_ways:
        moves = tuple(_guide_moves(way, start, target, guide.beside, reconfigures=reconfigures))
        if not _is_for_converter(moves, start, target):
            continue
        if have is not None:
            moves = tuple(_narrowed(move, have) for move in moves)
            if any(move.products and not members(move, have) for move in moves):
                continue
        found.setdefault((moves, way.when, way.one_way), Way(moves, way.when, way.one_way, source, way))
    return list(found.values())


def _added(beside: Sequence[Fact], target: Product) -> tuple[list[Move], list[Move]]:
    """Return what only the text has after an export: a new VM that gets the disks, and in the end an upgrade.

    Such an upgrade is that of a move over two generations, which is final (page 11).
    """
    added = {Do(fact.adds): fact.address for fact in reversed(beside) if fact.adds is not None}
    upgrade = added.pop(Do.UPGRADE_HARDWARE, None)
    last = Move(Do.UPGRADE_HARDWARE, version=first_version(target), one_way=True, source=upgrade)
    return [Move(do, source=source) for do, source in added.items()], [last] if upgrade is not None else []


def _is_for_converter(moves: Sequence[Move], start: VmState, target: Product) -> bool:
    """Return whether VMware Converter 3 and its wizard take the VM, where a way has them: only what table 1 lists."""
    holder, version = products().get(start.holder or ""), start.version
    readable, writable = tables.converter_takes()
    for move in moves:
        to = products()[member(move.products[0])] if move.products else target
        if move.do in BY_CONVERTER and version is not None and holder is not None and holder.esx is not None:
            ends = (generation_of(version), holder.esx), (tables.generation_of(to.id), bool(to.esx))
            if ends[0] not in readable or ends[1] not in writable:
                return False
        if move.do in {Do.MOVE_TO, Do.CONVERTER, Do.UPGRADE_HARDWARE} and move.products:
            holder = to
        version = move.version or version
    return True


def stages(found: Sequence[Way], start: VmState, target: Product, *, far: bool) -> list[Way]:
    """Return the ways that only carry the VM over, with an upgrade on arrival.

    Each is a stage to a younger product yet (pages 15 and 20).

    Args:
        found: the ways of the guide.
        start: the VM as it is now.
        target: the product of the stage.
        far: whether the way leads on to generation 5 or later; the text then has every product upgrade the hardware.
    """
    if start.version is None or not target.creates_vms or start.version >= first_version(target):
        return []
    if not far and first_version(target) not in target.converts_to:
        return []  # of ESX Server 1.5 nothing else says that it upgrades anything
    source = _STAGES.get(generation_of(start.version) or 0, _SKIPPED)
    upgrade = Move(Do.UPGRADE_HARDWARE, (), first_version(target), source=source)
    carrying = (way for way in found if way.source is not None and way.moves)
    return [
        Way((*way.moves, upgrade), way.when, way.one_way, way.source, way.printed)
        for way in carrying
        if all(move.do in _ONLY_CARRIES for move in way.moves)
    ]


def members(move: Move, have: frozenset[str]) -> list[str]:
    """Return the products that a move names, by themselves or in a group, and that are at hand."""
    groups = names().groups
    return [name for group in move.products for name in groups.get(group, (group,)) if name in have]


def _narrowed(move: Move, have: frozenset[str]) -> Move:
    """Return a move by those of its products that are at hand, and to the version that the first of them makes."""
    at_hand = tuple(members(move, have))
    if not at_hand or at_hand == move.products:
        return move
    version = first_version(products()[at_hand[0]]) if move.do is Do.UPGRADE_HARDWARE else move.version
    return move._replace(products=at_hand, version=version)


def derived_ways(start: VmState, target: Product, only: int | None = None) -> tuple[Way, ...]:
    """Return one way for each hardware version that the VM may have on the target: its own, one below, one above.

    Args:
        start: the VM as it is now.
        target: where it is to run.
        only: the one version that is asked for, or None.
    """
    needed = start.devices & (kept_rows() | controllers_of_disks() if start.disks else kept_rows())
    return _derived(start.version, _Hardware(tuple([disk.bus for disk in start.disks]), needed), target, only)


@cache
def kept_rows() -> frozenset[str]:
    """Return ids of the rows of devices.toml that stay with a VM whatever is done, which its version has to know.

    EFI firmware is one: a guest that was installed with it starts with no other.
    """
    return frozenset(it.id for it in devices().values() if it.below == "refuse" and it.guest_loses is None)


@lru_cache(maxsize=8192)
def _derived(own: int | None, hardware: _Hardware, target: Product, only: int | None) -> tuple[Way, ...]:
    return tuple(_find_derived(own, hardware, target, only))


def _find_derived(own: int | None, hardware: _Hardware, target: Product, only: int | None) -> Iterator[Way]:
    if own is None:
        yield Way()
        return
    candidates = (only,) if only is not None else tuple(_candidates(own, hardware, target))
    leads = False
    for version in candidates:
        leads = True
        if version == own:
            # A hardware version that is asked for is a gate: the VM is to fit it in all, with no product to judge by.
            yield Way((Move(Do.REWRITE, version=own),)) if target.family == HARDWARE else Way()
        elif own >= OLDEST_WRITTEN or version < own:
            yield Way((Move(Do.REWRITE, version=version),))
        else:
            # Of configs older than that none has been seen; a product that runs both versions makes the step.
            raising = upgrades(own, version)
            leads = bool(raising)
            if raising:
                yield Way(raising)
    if not leads:
        yield Way()  # it leads nowhere, and what is found says why


def _candidates(own: int, hardware: _Hardware, target: Product) -> Iterator[int]:
    """Yield the VM's own version, the nearest below and above; above also the first that has what all disks need.

    A version that no product ever had lies between two generations of the guide, and the VM goes to the younger. One
    that vmxtool does not write is raised by a product first, so the versions are those of what it becomes.
    """
    if own < OLDEST_WRITTEN and runs(target, own) is Ternary.NO:
        yield from _candidates(OLDEST_WRITTEN, hardware, target)
        return
    answer, lower = runs(target, own), nearest_below(target, own)
    homeless = not hardware.fits(own, target)
    if answer is not Ternary.NO:
        yield own
        if not homeless:
            return
    higher = [it for it in range(max(own + 1, OLDEST_WRITTEN), newest_known() + 1) if _offers(target, it)]
    housed = next((it for it in higher if hardware.fits(it, target)), None)
    above = [*(higher[:1] if answer is Ternary.NO else []), *([housed] if housed is not None else [])]
    below = [lower] if answer is Ternary.NO and lower is not None else []
    yield from dict.fromkeys([*below, *above] if existed(own) else [*above, *below])


def _offers(target: Product, version: int) -> bool:
    return runs(target, version) is Ternary.YES and is_written(version)


@lru_cache(maxsize=256)
def offers_any(target: Product) -> bool:
    """Return whether a product surely runs a hardware version that vmxtool writes."""
    return any(_offers(target, version) for version in range(OLDEST_WRITTEN, newest_known() + 1))


@lru_cache(maxsize=64)
def upgrades(own: int, version: int) -> tuple[Move, ...]:
    """Return the oldest product that raises a hardware version to another, or as far as vmxtool can take over."""
    able = sorted(
        (it for it in products().values() if it.family != HARDWARE and it.esx is False and it.runs(own)),
        key=lambda it: it.released_order,
    )
    for maker in able:
        if version in maker.converts_to:
            return Move(Do.MOVE_TO, (maker.id,)), Move(Do.UPGRADE_HARDWARE, (maker.id,), version, one_way=True)
    for maker in able:
        halfway = max((it for it in maker.converts_to if OLDEST_WRITTEN <= it < version), default=None)
        if halfway is not None:
            upgrade = Move(Do.UPGRADE_HARDWARE, (maker.id,), halfway, one_way=True)
            return Move(Do.MOVE_TO, (maker.id,)), upgrade, Move(Do.REWRITE, version=version)
    return ()


def nearest_below(target: Product, version: int) -> int | None:
    """Return the newest hardware version below one that a product runs and vmxtool writes; None where there is none."""
    # A config may name a version of ten digits; none above the newest known one is offered anywhere.
    newest = min(version - 1, newest_known())
    return next((it for it in range(newest, OLDEST_WRITTEN - 1, -1) if _offers(target, it)), None)


def nearest_offered(target: Product, version: int) -> int | None:
    """Return the hardware version nearest to one that a product surely runs, below before above; None without any."""
    above = (it for it in range(max(version + 1, OLDEST_WRITTEN), newest_known() + 1) if _offers(target, it))
    below = nearest_below(target, version)
    return next(above, None) if below is None else below


def _guide_moves(
    way: PrintedWay, start: VmState, target: Product, beside: Sequence[Fact], *, reconfigures: bool
) -> Iterator[Move]:
    """Yield the steps of a way that this VM needs.

    It goes to another product only for one of them that this product does. What the text has after an export is done
    with exported disks, whether they still have to be exported or have been.
    """
    needed = [step for step in way.steps if _is_needed(step, start, target)]
    tools = {name for step in needed if step.do != "move-to" for name in step.products}
    first_upgrade = next((step for step in needed if step.do == "upgrade-hardware"), None)
    exports = bool(start.disks) and any(step.do == "export-disks" for step in way.steps)
    exported, last = _added(beside, target) if exports else ([], [])
    for step in way.steps:
        if step in needed and (step.do != "move-to" or tools & set(step.products)):
            do = Do(step.do)
            version: int | None = None
            if do is Do.UPGRADE_HARDWARE:
                version = first_version(products()[member(step.products[0])] if step.products else target)
            elif step.do in LOWERING:
                version = nearest_below(target, start.version) if start.version is not None else None
            final = way.one_way and step is first_upgrade
            fits = reconfigures if do in BY_CONVERTER else True
            yield Move(do, step.products, version, one_way=final, fits=fits)
        if step.do == "export-disks":
            yield from exported
    yield from last


def _is_needed(step: GuideStep, start: VmState, target: Product) -> bool:
    version = start.version
    if step.do in _CARRIES_DISKS:
        return any(it.format == "unseen" or it.format not in target.readable_formats for it in start.disks)
    if step.do in LOWERING:
        return version is None or runs(target, version) is Ternary.NO
    if step.do == "upgrade-hardware":
        return version is None or version < (target.creates or target.runs_max)
    return True
