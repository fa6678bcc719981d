"""What the person should know of a rewrite beside its changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.changes.model import DISK_NAMES
from vmxtool.errors import UsageError
from vmxtool.findings import BY_CONVERTER, Do, Severity
from vmxtool.knowledge.products import products
from vmxtool.planner.guide import LIKELY
from vmxtool.planner.hop import unseen_files
from vmxtool.planner.moves import VERSION_MOVES
from vmxtool.planner.ways import nearest_offered
from vmxtool.rules.registry import code_of
from vmxtool.rules.state import TEXT_WRITTEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.changes.model import Changes
    from vmxtool.knowledge.cells import Way
    from vmxtool.knowledge.product import Product
    from vmxtool.machine.model import Machine
    from vmxtool.planner.goal import Goal
    from vmxtool.planner.hop import Plans
    from vmxtool.planner.plan import Plan

_NAMED = 3  # files that a note names


def notes(found: Plans, plan: Plan, goal: Goal, changes: Changes) -> Iterator[str]:
    """Yield sentences on what was not seen, is assumed or open, stays, or cannot be taken back.

    Raises:
        UsageError: which product made the VM matters, and its files do not tell.
    """
    files = found.hop.files
    unseen = unseen_files(files)
    if unseen:
        listed = ", ".join(unseen[:_NAMED]) + (f" and {len(unseen) - _NAMED} more" if len(unseen) > _NAMED else "")
        yield f"not seen: {listed}; before that is there, nothing can be said of whether the VM starts"
    yield from state_notes(files.vm)
    before, end = plan.start.version, plan.end.version
    after = before if plan.own is None else plan.own.after.version
    for finding in found.hop.found:
        answered = finding.code == TEXT_WRITTEN and goal.told.encoding is not None
        if finding.severity is Severity.UNKNOWN and not finding.stops and not answered:
            yield f"{finding.message.partition('? ')[0].rstrip('?')}? vmxtool check has what follows from the answer"
        if finding.code == code_of("move-not-in-guide"):
            yield finding.message
    yield from _about_the_guide(found, plan, goal)
    if goal.legacy and goal.target is not None:
        maker = makers(files.vm, goal)[0]
        renamed = any(change.topic.kind == DISK_NAMES for change in changes.settings)
        undone = " once an undo has given its disks their old names" if renamed else ""
        yield f"{maker.name} and {goal.target.name} both run hardware version {end}, so the VM can go back{undone}"
    for finding in found.hop.found:
        if before is None or {after, end} != {before} or finding.blocks or finding.cure not in VERSION_MOVES:
            continue
        other = nearest_offered(found.hop.target, before)
        if other is not None:
            yield f"{finding.message}, so it stays as it is; --hwversion {other} changes it"
    if before is not None and after is not None and after > before:
        if raises_for_good(found, plan, goal):
            yield (
                f"raising the hardware version from {before} to {after} is one-way: once the VM has run, nothing takes "
                "it back; an undo takes it back as long as the VM has not been started since"
            )
        else:
            yield (
                f"an undo takes the hardware version back from {after} to {before} as long as the VM has not been "
                "started since"
            )


def raises_for_good(found: Plans, plan: Plan, goal: Goal) -> bool:
    """Return whether a plan raises the hardware version and nothing takes that back once the VM has run.

    The plan tells; a version that was asked for by its number has none of the guide's ways, and is raised for good
    where the guide says so of the upgrade on one of them.
    """
    before, own = plan.start.version, plan.own
    if before is None or own is None or (own.after.version or 0) <= before:
        return False
    ways = found.hop.guide.ways if goal.hwversion is not None else ()
    return own.one_way or any(way.one_way and _has_upgrade(way) for way in ways)


def _about_the_guide(found: Plans, plan: Plan, goal: Goal) -> Iterator[str]:
    guide = found.hop.guide
    if goal.hwversion is not None and guide.ways and all(_is_by_converter(way) for way in guide.ways):
        yield (
            f"the guide has no such way to {found.hop.target.name}: VMware Converter alone takes the VM there, and "
            "makes its hardware anew"
        )
    if guide.entry is not None and guide.unlike:
        others = " or ".join(products()[it.from_id].name for it in guide.unlike)
        yield (
            f"{products()[guide.entry.from_id].name} is assumed to have made the VM; if it was {others}, "
            "the guide has other steps: say so with --from"
        )
    if plan.beside_cell:
        yield "this is a way of the guide's text; its table has another for the two products, which vmxtool check shows"


def _has_upgrade(way: Way) -> bool:
    return any(Do(step.do) is Do.UPGRADE_HARDWARE for step in way.steps)


def _is_by_converter(way: Way) -> bool:
    return any(Do(step.do) in BY_CONVERTER for step in way.steps)


def state_notes(vm: Machine) -> Iterator[str]:
    """Yield a sentence where the VM may be running elsewhere."""
    if vm.power.state == "off" and vm.power.evidence:
        yield (
            "the VM was not shut down, or ran while it was copied (cleanShutdown): if it is still running on another "
            "host, what is written here does not reach it"
        )


def makers(vm: Machine, goal: Goal) -> list[Product]:
    """Return the products that may well have made a VM, or the one that the user named.

    Raises:
        UsageError: nothing tells.
    """
    if goal.origin is not None:
        return [goal.origin]
    known = products()
    likely = [known[it.product] for it in vm.origin if it.confidence >= LIKELY and it.product in known]
    if not likely:
        raise UsageError("nothing in its files tells which product made this VM; name it with --from")
    return likely
