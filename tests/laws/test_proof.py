"""What a rewrite leaves on disk is what its plan predicted, and an undo gives back every byte.

Each write waits for the disk, so not all products are gone through: the guide's, and one for every other hardware
version or two. Of the targets that ask for the same changes to a VM, the first stands for all.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from laws.vms import Source, every_vm

import vmxtool
from vmxtool.findings import Do
from vmxtool.knowledge.products import products
from vmxtool.rules.state import VmState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vmxtool.changes.model import Changes
    from vmxtool.machine.model import Machine
    from vmxtool.planner.plan import Plan
    from vmxtool.rewriter.rewrite import Rewrite

TARGETS = (
    *("ws4", "gsx3", "esx2", "ws5.5", "server1", "esx3", "ws6", "fusion1"),
    *("esx4.1", "ws8", "esxi5.5", "esxi6.7", "ws17", "hw3", "hw12", "hw22"),
)
FACTS = ("version", "vcpus", "memory_mib", "nics", "guest", "devices")
JOURNAL = ".vmxtool"


def rewriting_plans(vm: Machine) -> Iterator[tuple[str, Plan]]:
    """Targets, each with its best plan that has a rewrite and no converter; of those with the same changes one."""
    seen: set[object] = set()
    for name in TARGETS:
        plans = vmxtool.check(vm, name).plans
        plan = next((it for it in plans if it.own_step is not None and not it.by_converter), None)
        if plan is not None and plan.changes is not None and (what := essence(plan.changes)) not in seen:
            seen.add(what)
            yield name, plan


def essence(changes: Changes) -> object:
    settings = tuple((it.key, it.after, it.name) for it in changes.settings)
    return settings, tuple((it.link.path, it.key, it.after) for it in changes.descriptors), changes.needs.options


def rewrite_of(vm: Machine, name: str, plan: Plan) -> Rewrite:
    """The rewrite that the plan's own step asks for, with the consents that it needs and no others."""
    own = plan.own_step
    assert own is not None
    adapter = next((word.partition("=")[2] for word in own.needs if word.startswith("adapter=")), None)
    encoding = next((word.partition("=")[2] for word in own.needs if word.startswith("encoding=")), None)
    consents = {"ide_to_scsi": "ide-to-scsi", "move_disks": "move-disks", "unsafe": "unsafe", "limit": "limit"}
    given = {option: word in own.needs for option, word in consents.items()}
    # A target that is a bare hardware version is asked for by its number.
    goal = {"hwversion": own.after} if products()[name].family == "hardware" else {"target": name}
    return vmxtool.plan_rewrite(vm, adapter=adapter, encoding=encoding, **given, **goal)  # type: ignore[arg-type]


def settled_before(plan: Plan) -> set[str]:
    """The codes of what the owner has to settle before vmxtool's step."""
    own = plan.own_step
    assert own is not None
    earlier = plan.steps[: plan.steps.index(own)]
    older = {"PRD191"} if own.before != plan.start.version else set()  # until a product has upgraded the VM
    return older | {code for step in earlier if step.do is not Do.PREPARE_GUEST for code in step.cures}


def broken(vm: Machine) -> Iterator[str]:
    """What is wrong with the rewrites of a VM that may be written to; it is as before afterwards."""
    before = contents(vm.config.folder)
    for name, plan in rewriting_plans(vm):
        rewrite = rewrite_of(vm, name, plan)
        if rewrite.refused:
            codes = {it.code for it in rewrite.refused} - settled_before(plan)
            yield from (f"{name}: refused for {code}, which no step before it settles" for code in sorted(codes))
            continue
        yield from (f"{name}: {it}" for it in _broken_on_disk(vm, name, plan, rewrite))
        if contents(vm.config.folder) != before:
            yield f"{name}: an undo does not give back every byte"
            return
        shutil.rmtree(vm.config.folder / JOURNAL)


def _broken_on_disk(vm: Machine, name: str, plan: Plan, rewrite: Rewrite) -> Iterator[str]:
    if not all(patch.path.is_relative_to(vm.config.folder) for patch in rewrite.patches):
        yield "it writes outside the VM's folder"
        return
    rewrite.apply()
    rewritten = vmxtool.inspect(vm.config.path)
    yield from _unlike(plan, rewritten)
    again = vmxtool.check(rewritten, name, plan.start.holder).plans
    if not again:
        yield "no way leads to the target afterwards"
    if any(it.own_step is not None and not it.by_converter for it in again):
        yield "a way asks for a rewrite again"
    vmxtool.undo(vm.config.path)


def _unlike(plan: Plan, vm: Machine) -> Iterator[str]:
    own, changes = plan.own_step, plan.changes
    assert own is not None
    assert changes is not None
    predicted, seen = plan.states[plan.steps.index(own)], VmState.of(vm)
    for fact in FACTS:
        if getattr(predicted, fact) != getattr(seen, fact):
            yield f"{fact} is {getattr(seen, fact)!r}, and {getattr(predicted, fact)!r} was predicted"
    buses = {changes.moved.get(disk.drive, disk.drive): disk.bus for disk in predicted.disks}
    if buses != {disk.drive: disk.bus for disk in seen.disks}:
        yield f"the disks are {seen.disks}, and {buses} was predicted"


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and JOURNAL not in path.parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.mark.parametrize("source", every_vm())
def test_a_rewritten_vm_is_as_its_plan_predicted_and_an_undo_gives_it_back(source: Source, tmp_path: Path) -> None:
    assert list(broken(vmxtool.inspect(source.set_up(tmp_path / "vm")))) == []
