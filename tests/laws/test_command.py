"""What check prints works: vmxtool's commands succeed behind the steps before them, and check goes on from there.

Steps that are not vmxtool's are carried out as far as a test can: a VM is shut down, its snapshots are merged, its
disks converted by qemu-img. Behind a step that nothing here can carry out, such as one in the guest's own settings, a
plan is followed no further; the summary of a run counts them.
"""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from build import disk_lines, make_disk, write_config
from laws.owner import carry_out, is_seen_in_files
from laws.vms import Source, every_vm
from peers import needs_qemu

import vmxtool
from vmxtool.cli.app import build
from vmxtool.findings import Do

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from laws.tally import Tally

    from vmxtool.planner.plan import Plan, Step
    from vmxtool.planner.verdict import Verdict

TARGETS = (
    *("esxi6.5", "esxi7.0u2", "esxi8.0", "esxi5.5", "ws17", "ws12", "ws6", "ws5.5"),
    *("ws4", "esx3", "esx2", "gsx3", "fusion13", "fusion5", "server2"),
)


def run(command: tuple[str, ...], folder: Path) -> tuple[int, str]:
    """Run a printed command where the reader would, and return its exit code and what it said."""
    said = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            build(list(command[1:]))(list(command[1:]), prog_name=command[0])
        except SystemExit as end:
            return int(end.code or 0), said.getvalue()
    return 0, said.getvalue()


def best_with_a_command(verdict: Verdict) -> Plan | None:
    return next((plan for plan in verdict.plans if any(step.is_ours and step.commands for step in plan.steps)), None)


def followed(found: Path, target: str, tally: Tally) -> Iterator[str]:
    """Follow the plan that has a command of vmxtool, and say what goes wrong on the way."""
    verdict = vmxtool.check(found, target)
    plan = best_with_a_command(verdict)
    if plan is None:
        yield from _broken_beside(verdict, found if found.is_dir() else found.parent)
        return
    folder = found if found.is_dir() else found.parent
    simulated = 0
    for number, step in enumerate(plan.steps):
        if step.is_ours and step.commands:
            tally.run(behind=simulated)
            yield from _broken_command(step, folder)
            wrong = list(_broken_after(plan, number, vmxtool.check(found, target)))
            if wrong and vmxtool.inspect(found).origin[0].product != plan.start.holder:
                # The files now tell of another product than the one that made the VM, which its owner knows.
                tally.name()
                wrong = list(_broken_after(plan, number, vmxtool.check(found, target, plan.start.holder)))
            yield from wrong
            return
        if not carry_out(step, verdict, folder):
            tally.skip(step.do.value)
            return
        simulated += step.do is not Do.PREPARE_GUEST
        if is_seen_in_files(step):
            again = vmxtool.check(found, target).plans
            if any(_is_same(it, step) for other in again[:1] for it in other.steps):
                yield f"{step.do.value} is done and printed again"


def _broken_beside(verdict: Verdict, folder: Path) -> Iterator[str]:
    """What is wrong with the commands that cure findings where no plan needs a rewrite."""
    for command in {argv for it in verdict.findings if it.fix is not None for argv in it.fix.commands}:
        if command[:2] == ("vmxtool", "rewrite"):
            code, said = run((*command, "--dry-run", "--format", "json"), folder)
            if code != 0 or not json.loads(said)["changes"]:
                yield f"{' '.join(command)} exits with {code}, or changes nothing: {said.strip()[-160:]}"


def _broken_command(step: Step, folder: Path) -> Iterator[str]:
    for command in step.commands:
        if any(word.isupper() for word in command):
            yield f"a placeholder in {' '.join(command)}"
        code, said = run(command, folder)
        if code != 0:
            yield f"{' '.join(command)} exits with {code}: {said.strip()[-160:]}"


def _broken_after(plan: Plan, number: int, again: Verdict) -> Iterator[str]:
    """What is wrong with the answer after vmxtool's step: blockers that it was to cure, or steps that are done."""
    done, left = plan.steps[: number + 1], [step.do for step in plan.steps[number + 1 :]]
    # A disk on an ESX host has a name beside the config now, where it still has to come to.
    left += [Do.REPAIR_DISK] * bool(again.unseen)
    rest = [it for it in again.plans if all(step.do in left for step in it.steps)]
    if not rest:
        best = [step.do.value for it in again.plans[:1] for step in it.steps]
        yield f"no way goes on with {left}; the best is now {best}"
    for step in (step for it in rest[:1] for step in it.steps):
        if any(_is_same(step, it) for it in done) or step.is_ours:
            yield f"{step.do.value} is done and printed again"
    cures = {code for step in done for code in step.cures}
    here = {it.code for it in again.findings if it.blocks and it.after is None}
    yield from (f"{code} is said again" for code in sorted(here & cures))


def _is_same(one: Step, other: Step) -> bool:
    return one.do is other.do and not set(one.cures).isdisjoint(other.cures)


@needs_qemu
@pytest.mark.parametrize("source", every_vm())
def test_the_commands_of_a_plan_work_and_check_goes_on_from_there(source: Source, tmp_path: Path, tally: Tally) -> None:
    faults: list[str] = []
    for target in TARGETS:
        copy = tmp_path / target
        faults += [f"{target}: {it}" for it in followed(source.set_up(copy), target, tally)]
        shutil.rmtree(copy)
    assert faults == []


@needs_qemu
@pytest.mark.parametrize("target", ["ws4", "esx3", "esxi6.7"])
def test_a_lock_that_is_gone_lets_the_rewrite_be_made(target: str, tmp_path: Path, tally: Tally) -> None:
    make_disk(tmp_path / "disk.vmdk")
    config = write_config(tmp_path, disk_lines(), hw=6)
    (tmp_path / "vm.vmx.lck").mkdir()
    (tmp_path / "vm.vmx.lck" / "M12345.lck").write_bytes(b"host=elsewhere")
    assert vmxtool.check(config, target).steps[0].do is Do.POWER_OFF
    assert list(followed(config, target, tally)) == []


@needs_qemu
@pytest.mark.parametrize("target", ["ws4", "esx3", "esxi6.7"])
def test_a_lock_that_was_left_behind_is_removed_and_the_rewrite_made(target: str, tmp_path: Path, tally: Tally) -> None:
    make_disk(tmp_path / "disk.vmdk")
    config = write_config(tmp_path, disk_lines(), hw=6)
    (tmp_path / "disk.vmdk.lck").mkdir()
    assert vmxtool.check(config, target).steps[0].do is Do.REMOVE_LOCK
    assert list(followed(config, target, tally)) == []


@needs_qemu
def test_disks_that_qemu_img_converts_are_not_converted_again(tmp_path: Path) -> None:
    make_disk(tmp_path / "disk.vmdk", "streamOptimized", adapter="lsilogic")
    config = write_config(tmp_path, disk_lines("scsi0:0"), hw=8)
    (step,) = [step for step in vmxtool.check(config, "ws8").steps if step.do is Do.CONVERT_DISKS]
    for command in step.commands:
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    verdict = vmxtool.check(tmp_path / "converted", "ws8")
    assert verdict.verdict == "ready"
    assert [it.do for it in verdict.steps] == [Do.COPY]


@needs_qemu
def test_what_is_not_converted_goes_along_into_the_new_folder(tmp_path: Path) -> None:
    for name, kind in {"one": "streamOptimized", "two": "vmfs", "deep/three": "flat"}.items():
        make_disk(tmp_path / f"{name}.vmdk", kind, adapter="lsilogic")  # type: ignore[arg-type]
    disks = [disk_lines(f"scsi0:{n}", name) for n, name in enumerate(("one.vmdk", "two.vmdk", "deep/three.vmdk"))]
    image = 'ide1:0.present = "TRUE"\nide1:0.deviceType = "cdrom-image"\nide1:0.fileName = "tools.iso"\n'
    beside = f'nvram = "vm.nvram"\nscsi0.virtualDev = "lsilogic"\n{image}'
    lines = "\n".join(line for line in "".join(disks).splitlines() if "scsi0.present" not in line)
    for name in ("vm.nvram", "tools.iso"):
        (tmp_path / name).write_bytes(name.encode())
    config = write_config(tmp_path, 'scsi0.present = "TRUE"', lines, beside, hw=8)
    verdict = vmxtool.check(config, "ws8")
    assert [it.do for it in verdict.steps] == [Do.CONVERT_DISKS, Do.COPY]  # qemu-img reads the disk of ESX as well
    for command in verdict.steps[0].commands:
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    again = vmxtool.check(tmp_path / "converted", "ws8")
    assert again.verdict == "ready"
    assert {drive.id for drive in vmxtool.inspect(again.path or "").disks} == {"scsi0:0", "scsi0:1", "scsi0:2"}
    assert (tmp_path / "converted" / "tools.iso").read_bytes() == b"tools.iso"
    assert (tmp_path / "converted" / "vm.nvram").read_bytes() == b"vm.nvram"
