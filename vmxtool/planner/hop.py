"""The plans of one hop: every way from where a VM is to a product, played."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool import _files
from vmxtool._record import Record, replace
from vmxtool.findings import Do
from vmxtool.knowledge import tables
from vmxtool.knowledge.guests import find_guest
from vmxtool.knowledge.hardware import generation_of
from vmxtool.knowledge.products import products
from vmxtool.machine.model import OriginCandidate
from vmxtool.planner.moves import is_one_way
from vmxtool.planner.plan import Dead, Plan
from vmxtool.planner.play import HopPlanner
from vmxtool.planner.ways import derived_ways, members, stages, ways
from vmxtool.rules.commands import disk_name
from vmxtool.rules.no_disks import is_of_unknown_format
from vmxtool.rules.state import VmState, is_hidden
from vmxtool.vmdk.model import UNREACHED
from vmxtool.vmdk.paths import descriptor_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vmxtool.knowledge.product import Product
    from vmxtool.machine.model import Machine
    from vmxtool.planner.ways import Way
    from vmxtool.rules.case import Files, GuideAnswer


class Plans(Record):
    """What the ways of one hop come to.

    Attributes:
        hop: the VM, where it is and where it goes.
        plans: the ways that lead there, best first.
        dead: the ways that do not.
    """

    hop: HopPlanner
    plans: tuple[Plan, ...]
    dead: tuple[Dead, ...]

    @property
    def best(self) -> Plan | None:
        """The best plan, or None."""
        return self.plans[0] if self.plans else None


def likely_origins(machine: Machine, named: Product | None) -> tuple[OriginCandidate, ...]:
    """Return the candidates for a VM's origin: the one that the user named, or those read from its files."""
    return machine.origin if named is None else (OriginCandidate(named.id, 1.0, ()),)


def start_of(files: Files, origins: Sequence[OriginCandidate]) -> VmState:
    """Return the state that a VM's files show, held by the likeliest product."""
    holder = origins[0].product if origins else None
    return VmState.of(files.vm, holder, files.settings)


def plan_hop(
    files: Files,
    start: VmState,
    target: Product,
    guide: GuideAnswer,
    named: str | None = None,
    *,
    only: int | None = None,
    have: frozenset[str] | None = None,
    staged: bool = False,
    far: bool = False,
) -> Plans:
    """Play every way of one hop.

    Args:
        files: the VM's files.
        start: the state it is in.
        target: where it goes.
        guide: what the guide says of the move.
        named: id of the product that the user said made it, or None.
        only: the one hardware version that is asked for, or None; the guide's ways do not count then.
        have: the only products that may do a step, or None for all.
        staged: whether the hop may be a stage of a route, where the text has the hardware upgraded on arrival.
        far: whether that route leads to generation 5 or later.
    """
    hop = HopPlanner(files, start, target, guide, named)
    guest = find_guest(start.guest) if start.guest and guide.ways else None
    reconfigures = guest is not None and guest.converter_reconfigures
    there_are: list[Way]
    if only is None:
        there_are = ways(start, target, guide, reconfigures=reconfigures, have=have)
        there_are += stages(_staying(there_are), start, target, far=far) if staged else []
    else:
        there_are = list(derived_ways(start, target, only))
    results = [hop.complete(_with_mark(way, start), order) for order, way in enumerate(there_are)]
    plans = [it for it in results if isinstance(it, Plan) and (have is None or _is_at_hand(it, have))]
    if len(plans) > 1:
        plans.sort(key=lambda plan: plan.cost)
    if not guide.ways:
        plans = plans[:1]  # beside the guide the versions are one question with one answer
    return Plans(hop, _different(plans), tuple(it for it in results if isinstance(it, Dead)))


def plan_upgrade(files: Files, start: VmState, guide: GuideAnswer, named: str | None = None) -> Plan | None:
    """Play the upgrade of a VM by the product that has it, where it lies; None where the guide has no such.

    Args:
        files: the VM's files.
        start: the state it is in.
        guide: what the guide says of it.
        named: id of the product that the user said made it, or None.
    """
    holder = products()[start.holder or ""]
    hop = HopPlanner(files, start, holder, guide, named)
    for order, way in enumerate(ways(start, holder, guide, reconfigures=False) if guide.ways else ()):
        if [(move.do, move.products) for move in way.moves] != [(Do.UPGRADE_HARDWARE, ())]:
            continue
        played = hop.complete(_with_mark(way, start), order)
        if isinstance(played, Plan):
            stays = tuple(made for made in played.made if made.move.do not in {Do.COPY, Do.REGISTER_VM})
            return replace(played, made=stays)
    return None


def is_final(before: int | None, after: int | None, holder: str | None) -> bool:
    """Return whether a VM cannot go back to the products of its own generation after an upgrade (page 27).

    That a product runs the new hardware counts for one that made the VM, and not for one that has it in legacy mode.

    Args:
        before: the hardware version before.
        after: the hardware version after.
        holder: id of the product that has the VM before, or None.
    """
    made_it = holder is not None and generation_of(before) == tables.generation_of(holder)
    return is_one_way(before, after, holder if made_it else None)


def _with_mark(way: Way, start: VmState) -> Way:
    """Return a way whose first upgrade is marked where it is final, printed so or not."""
    at = next((n for n, move in enumerate(way.moves) if move.do is Do.UPGRADE_HARDWARE), None)
    if at is None or way.moves[at].one_way or not is_final(start.version, way.moves[at].version, start.holder):
        return way
    return replace(way, moves=(*way.moves[:at], way.moves[at]._replace(one_way=True), *way.moves[at + 1 :]))


def _staying(found: Sequence[Way]) -> list[Way]:
    """Return the ways that may upgrade hardware on arrival though they print no upgrade: those that import no disks.

    Where a VM whose disks are imported into ESX Server is upgraded there, its cell prints that too (tables 9 and 10).
    Table 14 prints the import alone, and page 23 keeps generation 3 from ESX Server with Virtual SMP.
    """
    return [way for way in found if all(move.do is not Do.IMPORT_DISKS for move in way.moves)]


def _is_at_hand(plan: Plan, have: frozenset[str]) -> bool:
    """Return whether the products that may do steps do all that others than the target do on the way."""
    return all(not made.move.products or members(made.move, have) for made in plan.made)


def _different(plans: Sequence[Plan]) -> tuple[Plan, ...]:
    """Return plans of which no two show the same steps; of two that do, the first."""
    if len(plans) < 2:
        return tuple(plans)
    first: dict[object, Plan] = {}
    for plan in plans:
        first.setdefault(_shown(plan), plan)
    return tuple(first.values())


def _shown(plan: Plan) -> object:
    return tuple(replace(step, source="") for step in plan.steps), plan.when


def unseen_files(files: Files) -> tuple[str, ...]:
    """Return what has to be there before more can be said: the files of disks that are not, and what is encrypted."""
    return files.once(_unseen)


def _unseen(files: Files) -> tuple[str, ...]:
    return tuple(_find_unseen(files))


def _find_unseen(files: Files) -> Iterator[str]:
    vm = files.vm
    for drive in vm.disks:
        if drive.redo and not _files.resolve(vm.config.folder, drive.redo).exists:
            yield drive.redo  # what the guest has written since is there alone
        if is_of_unknown_format(drive):
            continue  # which is a question of its own
        chain = drive.chain
        if chain is None or not chain.links:
            unread = chain is not None and any(it.kind == "unreadable" for it in chain.problems)
            yield f"{'the right to read ' if unread else ''}{drive.file or drive.id}"
            continue
        # Of a device a rule asks.
        extents = [extent for link in chain.links if link.format != "device" for extent in link.extents]
        gone = [extent.file for extent in extents if not extent.exists and extent.file]
        parents = [link.parent_hint for link in chain.links[-1:] if link.is_child and link.parent_hint]
        missing = any(it.kind in UNREACHED for it in chain.problems)
        yield from dict.fromkeys([*gone, *(parents if missing else [])])
        yield from (f"a whole {name}" for name in chain.incomplete)
        seen_in_part = chain.incomplete or gone or (missing and parents)
        if not seen_in_part and chain.links[0].format != "device" and is_hidden(drive):
            yield descriptor_of(disk_name(drive)) or disk_name(drive)
    yield from (place.file for place in vm.unread)
    if vm.encryption == "partial" and "encryption.data" in vm.config.document:
        yield f"the encrypted part of {vm.config.file}"
