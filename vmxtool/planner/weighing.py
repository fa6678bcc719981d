"""The findings of a check, weighed by the best plan, each with the step after which it arises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.findings import CHANGING_HARDWARE, CONVERTING_DISKS, Do, Safety, Severity, in_order
from vmxtool.knowledge.product import HARDWARE
from vmxtool.knowledge.products import products
from vmxtool.planner.moves import VERSION_MOVES, Phase, phase_of
from vmxtool.planner.plan import holds, identity, stops
from vmxtool.planner.ways import nearest_offered
from vmxtool.rules.case import Case
from vmxtool.rules.commands import vmxtool_command
from vmxtool.rules.judging import judge
from vmxtool.rules.state import TEXT_WRITTEN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vmxtool.findings import Finding, Fix
    from vmxtool.knowledge.product import Product
    from vmxtool.planner.goal import Goal
    from vmxtool.planner.hop import Plans
    from vmxtool.planner.plan import Plan, Step
    from vmxtool.planner.play import HopPlanner
    from vmxtool.rules.case import Files


def weigh(found: Plans, steps: Sequence[Step], way: int = 1) -> tuple[Finding, ...]:
    """Return all findings of a hop, blockers first.

    Args:
        found: the plans of the hop.
        steps: their steps, numbered.
        way: number of the way they are weighed by; one that is no plan of its own shares what the best one meets.
    """
    plan = found.plans[way - 1] if 0 < way <= len(found.plans) else found.best
    own = tuple(step for step in steps if step.way in {None, way})
    return in_order(list(_weighed(found, plan, own)))


def _weighed(found: Plans, best: Plan | None, own: Sequence[Step]) -> Iterator[Finding]:
    hop = found.hop
    states = (best.start, *best.states) if best is not None else ()
    cured = {it for made in best.made for it in made.move.cured} if best is not None else set()
    for finding in hop.of_files:
        if best is not None and finding.blocks and finding.while_format and finding not in cured:
            # The plan takes the disk from where it is, and nothing has to be done here.
            finding = finding._replace(severity=Severity.WARNING, fix=None)  # noqa: PLW2901
        stopped = any(stops(finding, step) and holds(finding, was) for step, was in zip(own, states, strict=False))
        if finding.severity is not Severity.UNKNOWN and stopped:
            finding = finding._replace(severity=Severity.BLOCKER)  # noqa: PLW2901
        yield _with_command(finding, own, found)
    told = hop.found if best is None else hop.found_for(best)
    seen = {identity(it) for it in (*hop.found, *told)}
    settled = best.end.settled if best is not None else frozenset()
    for finding in told:
        # What a rewrite or Converter does on the way of its own, and stops nobody, is not for the owner to think of.
        if finding.blocks or finding.cure is not Do.REWRITE or settled.isdisjoint(finding.keys):
            yield _with_command(finding, own, found)
    if best is None:
        for dead in found.dead[:1]:
            for finding in dead.reasons:
                if identity(finding) not in seen and not finding.of_files:
                    seen.add(identity(finding))
                    yield finding
        return
    for finding, after in _consequences(hop, best, own):
        if identity(finding) not in seen:
            seen.add(identity(finding))
            yield _with_command(finding._replace(after=after), own, found)


def _consequences(hop: HopPlanner, best: Plan, steps: Sequence[Step]) -> Iterator[tuple[Finding, int | None]]:
    """Yield what is met on the way of a plan, and the number of the step after which it is so."""
    previous = best.start
    for step, state in zip(steps, best.states, strict=False):
        if step.is_ours and step.before != step.after:
            # What the guest loses is seen while the new version still has the old devices.
            old_devices = previous._replace(version=state.version, nics=state.nics)
            yield from ((it, step.n) for it in judge(Case(hop.files, old_devices, hop.target, hop.guide)))
        previous = state
    changing = [step.n for step in steps if step.do in CHANGING_HARDWARE | CONVERTING_DISKS]
    # What the owner takes out before anything else is said of the VM as it is.
    early = {identity(it) for made in best.made if phase_of(made.move) < Phase.PREPARE for it in made.move.cured}
    for finding in best.met:
        yield finding, changing[-1] if changing and identity(finding) not in early else None


def _with_command(finding: Finding, steps: Sequence[Step], found: Plans) -> Finding:
    """Return a finding that a rewrite cures, with the command of our own step, or of a rewrite beside the plan."""
    fix = finding.fix
    if fix is None or fix.safety is Safety.MANUAL or finding.cure not in CHANGING_HARDWARE | {Do.MOVE_DISKS}:
        return finding
    step = next((it for it in steps if it.is_ours), None)
    if step is not None:
        return finding._replace(fix=fix._replace(commands=step.commands))
    if finding.blocks or found.best is None:
        return finding
    # Nothing has to be changed; what a rewrite for the target does all the same, it does if asked.
    return finding._replace(fix=_fix_beside(finding, fix, found))


def _fix_beside(finding: Finding, fix: Fix, found: Plans) -> Fix | None:
    """Return the fix with the command of a rewrite that no plan needs.

    It is None where the rewrite would be refused, or change nothing.
    """
    # Few VMs have one, and its plan takes what a rewrite loads.
    from vmxtool._record import replace
    from vmxtool.changes.model import NOTHING_TOLD
    from vmxtool.planner.goal import Goal
    from vmxtool.rules.character_set import beyond_ascii, likely_of_host

    hop, version = found.hop, None
    if finding.cure in VERSION_MOVES:
        version = nearest_offered(hop.target, hop.start.version) if hop.start.version is not None else None
        if version is None:
            return None
    target: Product | None = hop.target
    if hop.target.family == HARDWARE:
        target, version = None, hop.target.runs_max
    origin = products()[hop.named] if hop.named is not None else None
    told = NOTHING_TOLD
    if TEXT_WRITTEN in finding.keys:
        told = replace(told, encoding=likely_of_host(hop.files.vm.config.document, hop.files.once(beyond_ascii)))
    goal = Goal(version, target, origin, unsafe=fix.safety is Safety.UNSAFE, told=told)
    if not hop.files.once(_makes_changes, goal):
        return None
    return fix._replace(commands=(vmxtool_command(hop.files.vm, "rewrite", *goal.words),))


def _makes_changes(files: Files, goal: Goal) -> bool:
    from vmxtool.planner.rewrite import intend

    made = intend(files, goal)
    return not made.refused and bool(made.changes)
