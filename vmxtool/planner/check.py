"""Judge a VM against a target, or against every product there is: the plans of one hop, and one word for them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from vmxtool.findings import CARRYING, CHANGING_HARDWARE, CONVERTING_DISKS, Do, Safety, Severity, in_order
from vmxtool.knowledge.guests import find_guest
from vmxtool.knowledge.products import HARDWARE, products
from vmxtool.machine.model import OriginCandidate
from vmxtool.planner.guide import ask_guide
from vmxtool.planner.plan import Dead, Plan, identity, stops
from vmxtool.planner.play import HopPlanner
from vmxtool.planner.verdict import Answer, Effort, Verdict, WayLabel
from vmxtool.planner.ways import derived_ways, ways
from vmxtool.rules.case import Case, facts_of
from vmxtool.rules.commands import disk_name, vmxtool_command
from vmxtool.rules.registry import judge
from vmxtool.rules.state import VmState

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vmxtool.findings import Finding
    from vmxtool.knowledge.products import Product
    from vmxtool.machine.model import Machine
    from vmxtool.planner.plan import Step
    from vmxtool.planner.routes import Route
    from vmxtool.planner.ways import Way
    from vmxtool.rules.case import Files, GuideAnswer


@dataclass(frozen=True, slots=True)
class Plans:
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


def check(machine: Machine, target: Product, origin: Product | None = None) -> Verdict:
    """Whether a VM runs on a target, what stands in the way, and what to do about it, in order.

    Args:
        machine: the VM.
        target: where it is to run.
        origin: the product that made it, where the user knows; else the likeliest of `machine.origin` counts.
    """
    return _verdict(facts_of(machine), target, origin)


def check_all(machine: Machine, origin: Product | None = None, family: str | None = None) -> Iterator[Verdict]:
    """One verdict per known product, in the order of the products, without raw hardware versions."""
    files = facts_of(machine)
    start = start_of(files, likely_origins(machine, origin))
    for target in products().values():
        if target.family != HARDWARE and family in {None, target.family}:
            yield _verdict(files, target, origin, start=start)


def check_unseen(origin: Product, target: Product) -> Verdict:
    """What can be said of a VM of a product that nobody has seen: the plainest one's plans, and never that it is ready.

    Args:
        origin: the product that has it.
        target: where it is to run.
    """
    from vmxtool.planner.unseen import plain_vm

    files, _ = plain_vm(origin.id)
    verdict = _verdict(files, target, origin, seen=False)
    return replace(verdict, path=None)


def plan_hop(
    files: Files,
    start: VmState,
    target: Product,
    guide: GuideAnswer,
    named: str | None = None,
    *,
    only: int | None = None,
) -> Plans:
    """Play every way of one hop.

    Args:
        files: the VM's files.
        start: the state it is in.
        target: where it goes.
        guide: what the guide says of the move.
        named: id of the product that the user said made it, or None.
        only: the one hardware version that is asked for, or None; the guide's ways do not count then.
    """
    hop = HopPlanner(files, start, target, guide, named)
    guest = find_guest(start.guest) if start.guest else None
    reconfigures = guest is not None and guest.converter_reconfigures
    there_are: Sequence[Way]
    if only is None:
        there_are = ways(start, target, guide, reconfigures=reconfigures)
    else:
        there_are = list(derived_ways(start, target, only))
    results = [hop.complete(way, order) for order, way in enumerate(there_are)]
    plans = sorted((it for it in results if isinstance(it, Plan)), key=lambda plan: plan.cost)
    if not guide.ways:
        plans = plans[:1]  # beside the guide the versions are one question with one answer
    return Plans(hop, _different(plans), tuple(it for it in results if isinstance(it, Dead)))


def _different(plans: Sequence[Plan]) -> tuple[Plan, ...]:
    """Plans of which no two show the same steps; of two that do, the first."""
    if len(plans) < 2:
        return tuple(plans)
    first: dict[object, Plan] = {}
    for plan in plans:
        first.setdefault(_shown(plan), plan)
    return tuple(first.values())


def _shown(plan: Plan) -> object:
    return tuple(replace(step, source="") for step in plan.steps), plan.when


def likely_origins(machine: Machine, named: Product | None) -> tuple[OriginCandidate, ...]:
    """The candidates for a VM's origin: the one that the user named, or those read from its files."""
    return machine.origin if named is None else (OriginCandidate(named.id, 1.0, ()),)


def start_of(files: Files, origins: Sequence[OriginCandidate]) -> VmState:
    """The state that a VM's files show, held by the likeliest product."""
    holder = origins[0].product if origins else None
    return VmState.of(files.vm, holder, files.settings)


def _verdict(
    files: Files, target: Product, origin: Product | None, *, start: VmState | None = None, seen: bool = True
) -> Verdict:
    origins = likely_origins(files.vm, origin)
    named = origin.id if origin is not None else None
    guide = ask_guide(origins, files.vm.hardware.version, target, named=origin is not None)
    if start is None:
        start = start_of(files, origins) if seen else _plain_state(origins[0].product)
    found = plan_hop(files, start, target, guide, named)
    steps, labels = number_steps(found.plans)
    findings = in_order(list(_told(found, steps)))
    unseen = _unseen_once(files) if seen else ("the VM's own files",)
    answer = _answer(found, findings, unseen)
    hopeless = answer is Answer.NOT_SUPPORTED
    routes = None
    if answer is not Answer.READY and origins and files.vm.hardware.version is not None and not named_hardware(target):
        routes = partial(_routes, files, origins[0].product, target)
    return Verdict(
        path=str(files.vm.path),
        name=files.vm.name,
        target=target,
        origin=origins,
        verdict=answer,
        effort=_effort(found.best) if answer in {Answer.READY, Answer.NEEDS_STEPS} else None,
        guide=guide.entry,
        findings=findings,
        plans=() if hopeless else found.plans,
        steps=() if hopeless else steps,
        ways=() if hopeless else labels,
        unseen=unseen,
        find_routes=routes,
    )


def _plain_state(product_id: str) -> VmState:
    from vmxtool.planner.unseen import plain_vm

    return plain_vm(product_id)[1]


def named_hardware(target: Product) -> bool:
    """Whether a target is a bare hardware version, which is no place to go to."""
    return target.family == HARDWARE


def _routes(files: Files, origin_id: str, target: Product) -> tuple[Route, ...]:
    from vmxtool.planner.routes import routes_over

    return routes_over(files, origin_id, target)


def number_steps(plans: Sequence[Plan]) -> tuple[tuple[Step, ...], tuple[WayLabel, ...]]:
    """The steps of all plans in one list, numbered: first those that all share, then each plan's own."""
    if not plans:
        return (), ()
    if len(plans) == 1:
        return tuple(replace(step, n=n) for n, step in enumerate(plans[0].steps, 1)), ()
    shared = 0
    while all(len(plan.steps) > shared and plan.steps[shared] == plans[0].steps[shared] for plan in plans):
        shared += 1
    numbered: list[Step] = [replace(step, n=n) for n, step in enumerate(plans[0].steps[:shared], 1)]
    for way, plan in enumerate(plans, 1):
        for step in plan.steps[shared:]:
            numbered.append(replace(step, n=len(numbered) + 1, way=way))
    labels = tuple(WayLabel(way, plan.when, plan.one_way) for way, plan in enumerate(plans, 1))
    return tuple(numbered), labels


def _told(found: Plans, steps: Sequence[Step]) -> Iterator[Finding]:
    """The findings as the reader gets them: weighed by the best plan, and each with the step after which it arises."""
    hop, best = found.hop, found.best
    own = tuple(step for step in steps if step.way in {None, 1})
    for finding in hop.files.findings:
        if finding.severity is not Severity.UNKNOWN and any(stops(finding, step) for step in own):
            finding = replace(finding, severity=Severity.BLOCKER)  # noqa: PLW2901
        yield _with_command(finding, own, found)
    seen = {identity(it) for it in hop.found}
    for finding in hop.found:
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
            yield _with_command(replace(finding, after=after), own, found)


def _consequences(hop: HopPlanner, best: Plan, steps: Sequence[Step]) -> Iterator[tuple[Finding, int | None]]:
    """What is met on the way of a plan, and the number of the step after which it is so."""
    for step, state in zip(steps, best.states, strict=False):
        if step.is_ours and step.before != step.after:
            # What the guest loses is seen while the new version still has the old devices.
            before = replace(best.start, version=state.version, settled=state.settled | best.start.settled)
            yield from ((it, step.n) for it in judge(Case(hop.files, before, hop.target, hop.guide)))
    changing = [step.n for step in steps if step.do in CHANGING_HARDWARE | CONVERTING_DISKS]
    yield from ((it, changing[-1] if changing else None) for it in best.met)


def _with_command(finding: Finding, steps: Sequence[Step], found: Plans) -> Finding:
    """A finding that a rewrite cures, with its command: that of our own step, or one that may be made beside the plan."""
    fix = finding.fix
    if fix is None or fix.safety is Safety.MANUAL or finding.cure not in CHANGING_HARDWARE | {Do.MOVE_DISKS}:
        return finding
    step = next((it for it in steps if it.is_ours), None)
    if step is not None:
        return replace(finding, fix=replace(fix, commands=step.commands))
    if finding.blocks or found.best is None:
        return finding
    # Nothing has to be changed; what a rewrite for the target does all the same, it does if asked.
    words = ["--target", found.hop.target.id, *(("--from", found.hop.named) if found.hop.named is not None else ())]
    if found.hop.target.family == HARDWARE:
        words = ["--hwversion", str(found.hop.target.runs_max)]
    words += ["--unsafe"] if fix.safety is Safety.UNSAFE else []
    return replace(finding, fix=replace(fix, commands=(vmxtool_command(found.hop.files.vm, "rewrite", *words),)))


def _unseen_once(files: Files) -> tuple[str, ...]:
    found = files.memo.get(_unseen)
    if not isinstance(found, tuple):
        found = files.memo[_unseen] = tuple(_unseen(files))
    return found


def _unseen(files: Files) -> Iterator[str]:
    """What has to be there before anything can be said of it: the files of disks that are not, and what is encrypted."""
    vm = files.vm
    for drive in vm.disks:
        chain = drive.chain
        if chain is None or not chain.links:
            yield drive.file or drive.id
            continue
        gone = [extent.file for link in chain.links for extent in link.extents if not extent.exists and extent.file]
        parents = [link.parent_hint for link in chain.links[-1:] if link.is_child and link.parent_hint]
        missing = any(it.kind in {"missing", "outside"} for it in chain.problems)
        yield from dict.fromkeys([*gone, *(parents if missing else [])])
        if not gone and not (missing and parents) and _is_hidden(files, drive.id):
            yield disk_name(drive)
    yield from (place.file for place in vm.unread)


def _is_hidden(files: Files, drive: str) -> bool:
    from vmxtool.rules.state import format_of

    return any(it.id == drive and format_of(it) == "unseen" for it in files.vm.disks)


def _answer(found: Plans, findings: Sequence[Finding], unseen: Sequence[str]) -> Answer:
    """One word for the plans: what cannot be is not supported, whatever else is open; then what is open; then steps."""
    best = found.best
    if best is None:
        # What is wrong with the VM's own files says nothing against the target.
        return Answer.DEPENDS if any(dead.by_files for dead in found.dead) else Answer.NOT_SUPPORTED
    if best.when or unseen or _is_open(found, findings):
        return Answer.DEPENDS
    return Answer.READY if best.only_carries else Answer.NEEDS_STEPS


def _is_open(found: Plans, findings: Sequence[Finding]) -> bool:
    """Whether an answer to a question would change the verdict or the steps."""
    best = found.best
    return any(
        it.severity is Severity.UNKNOWN
        and (it.of_files or not it.stops or (best is not None and it.stops & best.kinds))
        for it in findings
    )


def _effort(plan: Plan | None) -> Effort | None:
    if plan is None:
        return None
    most = Effort.NONE
    order = list(Effort)
    for step in plan.steps:
        if step.do in CARRYING:
            one = Effort.NONE
        elif step.is_ours or step.do is Do.PREPARE_GUEST:
            one = Effort.REWRITE
        elif step.do in CONVERTING_DISKS | {Do.CREATE_VM}:
            one = Effort.CONVERSION
        elif step.do is Do.UPGRADE_HARDWARE and step.by == plan.end.holder:
            one = Effort.PRODUCT_UPGRADE
        else:
            one = Effort.STEPS
        most = max(most, one, key=order.index)
    return most
