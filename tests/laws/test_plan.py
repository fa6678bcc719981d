"""A plan is right because its end has arrived and nothing blocks there; and what is said of it follows from that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from laws.vms import Source, every_vm, is_place, kinds_of_product

import vmxtool
from vmxtool._record import replace
from vmxtool.findings import BY_CONVERTER, CARRYING, Do, Severity
from vmxtool.knowledge.products import products
from vmxtool.knowledge.runs import Ternary, runs
from vmxtool.planner.guide import ask_guide
from vmxtool.planner.hop import likely_origins, plan_hop, start_of
from vmxtool.planner.plan import holds, step_kinds
from vmxtool.planner.verdict import Answer
from vmxtool.rules.case import Case
from vmxtool.rules.judging import facts_of, judge

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from laws.conftest import CopiesOf

    from vmxtool.findings import Finding
    from vmxtool.knowledge.product import Product
    from vmxtool.machine.model import Machine
    from vmxtool.planner.plan import Plan, Step
    from vmxtool.planner.verdict import Verdict
    from vmxtool.rules.case import Files, GuideAnswer
    from vmxtool.rules.state import VmState

TAKEN_OVER_BY = {
    "copy": {Do.COPY},
    "register-vm": {Do.REGISTER_VM},
    "create-vm": {Do.CREATE_VM, Do.REGISTER_VM},
    "import": {Do.REGISTER_VM},
}
"""The moves one of which makes a VM a product's own, by how VMs arrive there; VMware Converter does it anywhere."""


# --- a plan


def broken_in_plan(plan: Plan, files: Files, target: Product, guide: GuideAnswer) -> Iterator[str]:
    """What is wrong with a plan, by its states and the judge alone."""
    end = plan.end
    yield from (f"blocks at the end: {it.code}" for it in judge(Case(files, end, target, guide)) if it.blocks)
    if not end.arrived:
        yield "the end has not arrived"
    if is_place(target) and end.holder != target.id:
        yield f"the end is held by {end.holder}"
    if is_place(target) and plan.kinds.isdisjoint(TAKEN_OVER_BY[target.arrives_by] | BY_CONVERTER):
        yield f"nothing makes it {target.id}'s own"
    if len(plan.states) != len(plan.steps):
        yield "not one state a step"
        return
    if (plan.states[-1] if plan.states else plan.start) != end:
        yield "the last state is not the end"
    versions = [(step.before, step.after) for step in plan.steps]
    if versions != [(a.version, b.version) for a, b in zip((plan.start, *plan.states), plan.states, strict=False)]:
        yield "a step says another hardware version than the state"
    # Files that do not tell one maker from another leave a question, which a plan does not settle.
    stays = plan.start.holder == target.id or any(it.product == target.id for it in files.vm.origin)
    yield from _unsettled(plan, [it.with_its_product() if stays else it for it in files.findings])


def _unsettled(plan: Plan, of_files: Sequence[Finding]) -> Iterator[str]:
    """What is wrong with the files and not settled: by the end, or by the step that it stops."""
    for finding in of_files:
        if finding.severity is Severity.UNKNOWN:
            continue
        if finding.blocks and not _is_settled(finding, plan.end) and plan.end.version == plan.start.version:
            yield f"never settled: {finding.code}"
        for step, before in zip(plan.steps, (plan.start, *plan.states), strict=False):
            if _stops(finding, step) and not _is_settled(finding, before):
                yield f"not settled before {step.do.value}: {finding.code}"


def _is_settled(finding: Finding, state: VmState) -> bool:
    return not state.settled.isdisjoint(finding.keys) or not holds(finding, state)


def _stops(finding: Finding, step: Step) -> bool:
    drives = {drive for drive, _ in step.drives}
    about_another = finding.subject is not None and drives and finding.subject not in drives
    return bool(finding.stops & step_kinds(step)) and not about_another


# --- a verdict


def broken_in_verdict(verdict: Verdict) -> Iterator[str]:
    """What is wrong with an answer, by its plans and findings alone."""
    plans, answer = verdict.plans, verdict.verdict
    open_ = [it for it in verdict.findings if it.severity is Severity.UNKNOWN]
    blockers = [it for it in verdict.findings if it.blocks]
    if not plans:
        if answer not in {Answer.NOT_SUPPORTED, Answer.DEPENDS}:
            yield f"{answer.value} without a plan"
        if not (blockers or open_ or verdict.unseen):
            yield f"{answer.value} without a plan, and no finding says why"
    elif answer is Answer.NOT_SUPPORTED:
        yield "not-supported with a plan"
    if answer is Answer.NOT_SUPPORTED and all(it.of_files for it in blockers):
        yield "not-supported, and no finding against the target says why"
    if plans:
        yield from _broken_beside_plans(verdict, open_=bool(open_))
    yield from _broken_in_steps(verdict)


def _broken_beside_plans(verdict: Verdict, *, open_: bool) -> Iterator[str]:
    best, answer = verdict.plans[0], verdict.verdict
    carries = all(step.do in CARRYING for step in best.steps)
    sure = not (best.when or verdict.unseen)
    if answer is Answer.READY:
        if not carries:
            yield "ready, with steps that do more than carry"
        if not sure:
            yield "ready, with conditions or files unseen"
        if any(it.blocks for it in verdict.findings):
            yield f"ready, with blockers: {', '.join(it.code for it in verdict.findings if it.blocks)}"
    elif carries and sure and not open_:
        yield f"{answer.value}, though every step only carries and nothing is open"
    if answer is Answer.DEPENDS and sure and not open_:
        yield "depends, and nothing is open"
    if answer is not Answer.DEPENDS and any(
        it.severity is Severity.UNKNOWN and not it.stops for it in verdict.findings
    ):
        yield f"{answer.value}, with a question open"
    if answer is Answer.NEEDS_STEPS and not sure:
        yield "needs-steps, with conditions or files unseen"


def _broken_in_steps(verdict: Verdict) -> Iterator[str]:
    if [step.n for step in verdict.steps] != list(range(1, len(verdict.steps) + 1)):
        yield "the steps are not numbered 1, 2, 3"
    for number, plan in enumerate(verdict.plans, 1):
        own = [step.do for step in verdict.steps if step.way in {None, number}]
        if own != [step.do for step in plan.steps]:
            yield f"the steps of way {number} are not those of its plan"
    told = {it.after for it in verdict.findings if it.after is not None}
    if not told <= {step.n for step in verdict.steps if step.way in {None, 1}}:
        yield "a finding arises after a step that the best way does not have"


# --- every VM on every product


def broken(vm: Machine, targets: list[Product]) -> Iterator[str]:
    files = facts_of(vm)
    origins = likely_origins(vm, None)
    for target in targets:
        verdict = vmxtool.check(vm, target.id)
        guide = ask_guide(origins, vm.hardware.version, target, named=False, smp=vm.cpu.smp)
        wrong = [*broken_in_verdict(verdict)]
        for plan in verdict.plans:
            wrong += broken_in_plan(plan, files, target, guide)
        if not verdict.plans:
            # What is wrong with the VM's own files says nothing against the target, and nothing for it.
            mended = replace(files, findings=())
            hopeless = not plan_hop(mended, start_of(files, origins), target, guide).plans
            if hopeless != (verdict.verdict is Answer.NOT_SUPPORTED):
                wrong.append(
                    f"{verdict.verdict.value}, though with sound files {'no' if hopeless else 'a'} way leads there"
                )
        yield from (f"{target.id}: {it}" for it in wrong)


@pytest.mark.parametrize("source", every_vm())
def test_every_plan_of_a_vm_leads_to_its_target_and_every_answer_follows_from_the_plans(
    source: Source, copies_of: CopiesOf
) -> None:
    assert list(broken(copies_of(source).vm, list(products().values()))) == []


@pytest.mark.parametrize("source", every_vm())
def test_a_vm_whose_disks_nobody_has_seen_is_never_ready(source: Source, copies_of: CopiesOf) -> None:
    """Held against a product of each kind that runs its hardware; the others of a kind take VMs just alike."""
    vm = copies_of(source).bare
    version = vm.hardware.version
    if not vm.disks or version is None:
        return
    for target in kinds_of_product():
        if runs(target, version) is not Ternary.NO:
            verdict = vmxtool.check(vm, target.id)
            assert verdict.verdict is not Answer.READY
            assert list(broken_in_verdict(verdict)) == []
