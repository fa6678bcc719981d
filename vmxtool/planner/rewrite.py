"""What a rewrite is asked for comes to: vmxtool's own step of the best plan, and every reason why it cannot be made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool._record import Record
from vmxtool.changes.limits import adapters_over
from vmxtool.changes.model import Changes, Wanted
from vmxtool.changes.realise import realise
from vmxtool.errors import UsageError
from vmxtool.findings import LOWERING, Do, Severity
from vmxtool.knowledge import tables
from vmxtool.knowledge.features import features
from vmxtool.knowledge.hardware import generation_of
from vmxtool.knowledge.products import products
from vmxtool.knowledge.runs import OLDEST_WRITTEN
from vmxtool.machine.read import build_machine
from vmxtool.planner.guide import ask_guide, can_go_back
from vmxtool.planner.hop import likely_origins, plan_hop, start_of
from vmxtool.planner.moves import KINDS, VERSION_MOVES, Phase
from vmxtool.planner.notes import makers, notes, raises_for_good, state_notes
from vmxtool.planner.plan import step_kinds
from vmxtool.planner.told import read_as_told, refuse_for, refuse_gone
from vmxtool.planner.ways import offers_any
from vmxtool.rules import writing
from vmxtool.rules.case import has_bus
from vmxtool.rules.commands import option_words
from vmxtool.rules.judging import files_of
from vmxtool.rules.registry import code_of, findings_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vmxtool.findings import Finding, Fix
    from vmxtool.knowledge.product import Product
    from vmxtool.machine.model import Machine
    from vmxtool.planner.goal import Goal
    from vmxtool.planner.hop import Plans
    from vmxtool.planner.plan import Plan
    from vmxtool.rules.case import Files
    from vmxtool.rules.state import VmState

_NAMED = 3  # files that a note names


class Intended(Record):
    """A rewrite before any file is touched.

    Attributes:
        machine: the VM.
        changes: what would be changed; None where nothing is to be.
        wanted: what they are to reach.
        refused: why nothing can be done, all reasons at once.
        manual: what remains for the person.
        notes: what the person should know.
        words: the request as options of the command line.
        then: words of the vmxtool command that tells the steps after the rewrite; empty where no product was named.
        one_way: whether it raises the hardware version, and nothing takes it back once the VM has run.
    """

    machine: Machine
    changes: Changes | None = None
    wanted: Wanted | None = None
    refused: tuple[Finding, ...] = ()
    manual: tuple[Fix, ...] = ()
    notes: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    then: tuple[str, ...] = ()
    one_way: bool = False


def intend(files: Files, goal: Goal) -> Intended:
    """Work out what a request changes in a VM's files, or every reason why it is refused.

    Raises:
        UsageError: which product made the VM matters, and its files do not tell.
    """
    files = read_as_told(files, goal.told)
    machine = files.vm
    refuse_for(files, goal.told, goal.target)
    origins = likely_origins(machine, goal.origin)
    start = start_of(files, origins)
    if goal.target is None and goal.hwversion is None:
        return _only_moves(files, start, goal)
    target = goal.target if goal.target is not None else products()[f"hw{goal.hwversion}"]
    guide = ask_guide(origins, machine.hardware.version, target, named=goal.origin is not None, smp=machine.cpu.smp)
    named = goal.origin.id if goal.origin is not None else None
    found = plan_hop(files, start, target, guide, named, only=goal.hwversion)
    plan = _chosen(found, goal)
    return _without_plan(found, goal) if plan is None else _from_plan(found, plan, goal)


def _chosen(found: Plans, goal: Goal) -> Plan | None:
    """Return the best plan with a part for vmxtool and without Converter; of legacy mode only those that lead back."""
    plans = [plan for plan in found.plans if not plan.by_converter]
    if goal.legacy:
        plans = [
            it for it in plans if _stays_one_vm(it, found.hop.target) and _leads_back(it, found.hop.files.vm, goal)
        ]
        return plans[0] if plans else None
    return next((plan for plan in plans if plan.own is not None), None)


def _stays_one_vm(plan: Plan, target: Product) -> bool:
    """Return whether the VM comes to the target as itself, with its config, so that legacy mode means anything.

    ESX Server 1 and 2 import disks for a VM of their own, and no table has legacy mode beside it. What is lowered for
    the import first is a legacy VM all the same, and so is what has been lowered by then.
    """
    own = tables.generation_of(plan.start.holder or "")
    if own is not None and (generation_of(plan.start.version or 0) or own) < own:
        return True
    printed = {Do(step.do) for step in plan.printed.steps} if plan.printed is not None else set()
    imports = Do.IMPORT_DISKS in printed and features()["reads-disk-names-in-name"].holds(target)
    return not imports or not printed.isdisjoint({Do.RUN_LEGACY, *LOWERING})


def _leads_back(plan: Plan, vm: Machine, goal: Goal) -> bool:
    """Return whether the VM's own product runs it as it is after a plan.

    Raises:
        UsageError: which product made it matters, and its files do not tell.
    """
    version, at = plan.end.version, plan.end.holder or ""
    if version is None:
        return True
    answers = {not plan.one_way and can_go_back(origin.id, version, at) for origin in makers(vm, goal)}
    if len(answers) > 1:
        names = ", ".join(origin.id for origin in makers(vm, goal))
        raise UsageError(f"it matters which product made this VM ({names}); name it with --from")
    return answers.pop()


def _from_plan(found: Plans, plan: Plan, goal: Goal) -> Intended:
    """Return the changes of a plan, with what was asked for beside it and with what was not allowed."""
    files = found.hop.files
    wanted = plan.wanted or _as_it_is(plan.start, found.hop.target)
    moves = wanted.moves | _asked_moves(files, goal, wanted)
    wanted = wanted._replace(adapter=_adapter(goal), unsafe=goal.unsafe, moves=moves, told=goal.told)
    if plan.start.version is None:
        return Intended(files.vm, refused=_unique(_refusals(found, plan, Changes())), words=goal.words)
    own = plan.start.version
    if own < OLDEST_WRITTEN and plan.own is not None and plan.own.before.version != own:
        place = files.vm.hardware.evidence
        older = findings_of(writing.hardware_version_not_written, found.hop.target, place, OLDEST_WRITTEN, own)
        return Intended(files.vm, refused=tuple(older), words=goal.words)
    refuse_gone(goal.told, adapters_over(files, wanted, own))
    changes = realise(files, plan.start, wanted)
    stops = [it for it in _refusals(found, plan, changes) if it.of_files or not _is_lowered(it, found, changes, goal)]
    blocking = {it.code for it in found.hop.of_files if it.blocks}
    if not changes and plan.own is None and blocking.isdisjoint([it.code for it in stops]):
        stops = []  # nothing is written, so what only forbids that may stay
    refused = _unique([*stops, *changes.refused, *_not_asked(changes, goal, files.vm)])
    if refused:
        return Intended(files.vm, wanted=wanted, refused=refused, words=goal.words)
    told = found.hop.found_for(plan)
    later = [_with_commands(it.fix, it, plan) for it in told if _remains(it, plan) and it.fix is not None]
    return Intended(
        files.vm,
        changes,
        wanted,
        manual=tuple(dict.fromkeys((*changes.manual, *later))),
        notes=tuple(dict.fromkeys((*notes(found, plan, goal, changes), *changes.notes))),
        words=goal.words,
        then=goal.check_words,
        one_way=raises_for_good(found, plan, goal),
    )


def _is_lowered(finding: Finding, found: Plans, changes: Changes, goal: Goal) -> bool:
    """Return whether --limit does what a finding asks for: the VM that the changes make does not have it any more."""
    if not goal.told.limit or changes.refused:
        return False
    hop = found.hop
    after = files_of(build_machine(changes.apply_to(hop.files.vm.config.document), hop.files.vm.config.path))
    again = plan_hop(after, start_of(after, likely_origins(after.vm, goal.origin)), hop.target, hop.guide, None)
    return all(it.code != finding.code for it in again.hop.found)


def _remains(finding: Finding, plan: Plan) -> bool:
    """Return whether something is left for another step of the plan to cure."""
    own = plan.own_step
    return (
        finding.cure is not None and (own is None or finding.cure not in step_kinds(own)) and finding.cure in plan.kinds
    )


def _with_commands(fix: Fix, finding: Finding, plan: Plan) -> Fix:
    """Return what is left to do, with the commands of the step that does it."""
    step = next((it for it in plan.steps if it.do is finding.cure and it.commands), None)
    return fix if step is None or fix.commands else fix._replace(commands=step.commands, product=step.product)


def _only_moves(files: Files, start: VmState, goal: Goal) -> Intended:
    """Work out the move of disks to SCSI and nothing else, whatever the VM is to run on."""
    version = start.version
    if version is None:
        return Intended(files.vm, refused=tuple(_of_files(files)), words=goal.words)
    wanted = Wanted(version, fit=False, adapter=_adapter(goal))
    wanted = wanted._replace(moves=_asked_moves(files, goal, wanted))
    changes = realise(files, start, wanted)
    moved = frozenset(wanted.moves)
    refused = _unique([*_of_files(files, moved), *changes.refused, *_not_asked(changes, goal, files.vm)])
    if refused:
        return Intended(files.vm, wanted=wanted, refused=refused, words=goal.words)
    return Intended(
        files.vm,
        changes,
        wanted,
        manual=changes.manual,
        notes=(*state_notes(files.vm), *changes.notes),
        words=goal.words,
    )


def _asked_moves(files: Files, goal: Goal, wanted: Wanted) -> frozenset[str]:
    """Return the disks that the request itself moves to SCSI: IDE disks, and others on buses that the version lacks."""
    found = {drive.id for drive in files.vm.disks if goal.ide_to_scsi and drive.bus == "ide"}
    if goal.move_disks:
        found |= {
            drive.id
            for drive in files.vm.disks
            if drive.bus in {"sata", "nvme"} and not has_bus(drive.bus, wanted.version, wanted.esx)
        }
    return frozenset(found)


def _refusals(found: Plans, plan: Plan, changes: Changes) -> Iterator[Finding]:
    """Yield the findings that stop vmxtool's step of a plan: about the files, or to be cured by the owner before it."""
    moved = frozenset(drive for drive, place in changes.moved.items() if place.startswith(("scsi", "sata")))
    yield from _of_files(found.hop.files, moved)
    own = plan.own_step
    before = plan.steps if own is None else plan.steps[: plan.steps.index(own)]
    done_first = {code for step in before if step.do is not Do.PREPARE_GUEST for code in step.cures}
    for finding in (*found.hop.found_for(plan), *plan.met):
        if _is_of_owner(finding) and finding.blocks and not finding.of_files and finding.code in done_first:
            yield finding


def _is_of_owner(finding: Finding) -> bool:
    """Return whether only the VM's owner can cure a finding, before anything is changed."""
    return finding.cure is not None and KINDS[finding.cure].phase < Phase.PREPARE


def _of_files(files: Files, moved: frozenset[str] = frozenset()) -> Iterator[Finding]:
    for finding in files.findings:
        stopped = finding.stops & {Do.REWRITE}
        if Do.MOVE_DISKS in finding.stops and moved and (finding.subject is None or finding.subject in moved):
            stopped |= {Do.MOVE_DISKS}
        if stopped:
            yield finding._replace(severity=Severity.BLOCKER)


def _not_asked(changes: Changes, goal: Goal, vm: Machine) -> list[Finding]:
    """Return what the changes need and the request does not allow.

    Which controller suits the guest is not for us to guess.
    """
    missing = [option for option in changes.needs.options if not goal.allows(option)]
    unknown = [option for option in missing if option.startswith("adapter=")]
    told = [option for option in missing if option.startswith("encoding=")]
    asked = [option for option in missing if option not in (*unknown, *told)]
    words = [" ".join(option_words(option)) for option in asked]
    why = [(reason, place) for option, reason, place in changes.needs.reasons if option in asked]
    found: list[Finding] = []
    for option, reason, place in changes.needs.reasons:
        if option in told:
            found += findings_of(writing.encoding_not_told, " ".join(option_words(option)), reason, place)
    found += findings_of(writing.not_asked_for, words, why)
    return [*found, *(findings_of(writing.adapter_not_known, vm) if unknown else ())]


def _without_plan(found: Plans, goal: Goal) -> Intended:
    """Return why no plan has a part for vmxtool; nothing to change where the target takes the VM as it is."""
    files, best = found.hop.files, next((plan for plan in found.plans if not plan.by_converter), None)
    if found.plans and best is None:
        refused = findings_of(writing.left_to_converter, found.hop.target, found.hop.guide)
        return Intended(files.vm, refused=tuple(refused), words=goal.words)
    if goal.legacy and found.plans:
        maker, target = makers(files.vm, goal)[0], found.hop.target
        others = all(plan.by_converter or not _stays_one_vm(plan, target) for plan in found.plans)
        place, guide = files.vm.hardware.evidence, found.hop.guide
        refused = findings_of(writing.no_common_hardware_version, maker, target, place, guide if others else None)
        return Intended(files.vm, refused=tuple(refused), words=goal.words)
    if best is not None:
        return _from_plan(found, best, goal)
    refused = [it for dead in found.dead[:1] for it in dead.reasons if it in dead.fatal or _is_of_owner(it)]
    if any(it.code == code_of("move-ruled-out") for it in refused):
        refused = [it for it in refused if it.cure not in VERSION_MOVES]  # no version leads there
    elif not offers_any(found.hop.target):
        refused += findings_of(
            writing.hardware_version_not_written, found.hop.target, files.vm.hardware.evidence, OLDEST_WRITTEN
        )
    return Intended(files.vm, refused=_unique([*_of_files(files), *refused]), words=goal.words)


def _as_it_is(start: VmState, target: Product) -> Wanted:
    """Return what can be done for a target where nothing has to be.

    What it does not know goes, what the guest needs stays.
    """
    return Wanted(start.version or 0, product=target, optional=True, holder=start.holder)


def _adapter(goal: Goal) -> str | None:
    return goal.adapter.lower() if goal.adapter is not None else None


def _unique(reasons: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return each reason once."""
    found: dict[tuple[str, str], Finding] = {}
    for reason in reasons:
        found.setdefault((reason.code, reason.message), reason)
    return tuple(found.values())
