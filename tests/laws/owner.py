"""What a VM's owner does between check and rewrite, carried out on the files as VMware's products leave them."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

from build import adapter_for, make_disk

import vmxtool
from vmxtool._files import is_on_esx, last_part
from vmxtool.findings import Do
from vmxtool.knowledge.products import products

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from build import Kind

    from vmxtool.machine.model import Machine
    from vmxtool.planner.plan import Step
    from vmxtool.planner.verdict import Verdict

_LEFT_BY_SUSPENDING = ("*.vmss", "*.vmem", "*.std")


def carry_out(step: Step, verdict: Verdict, folder: Path) -> bool:
    """Do what a step asks of the owner; False where nothing here can."""
    if step.do is Do.PREPARE_GUEST:
        return True  # is done in the guest, and leaves nothing in the VM's files
    done = _DONE.get(step.do)
    if done is None:
        return False
    vm = vmxtool.inspect(verdict.path or folder)
    return done(vm, step, verdict)


def is_seen_in_files(step: Step) -> bool:
    """Whether the VM's files show afterwards that a step was taken."""
    return step.do is not Do.PREPARE_GUEST


def _shut_down(vm: Machine, step: Step, verdict: Verdict) -> bool:
    folder = vm.config.folder
    for pattern in (*_LEFT_BY_SUSPENDING, "*.lck", ".lck-*"):
        for path in folder.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    _set(vm, "checkpoint.vmState", None)
    _set(vm, "checkpoint.vmState.readOnly", None)
    if "cleanshutdown" in vm.config.document:
        _set(vm, "cleanShutdown", "TRUE")
    return True


def _remove_locks(vm: Machine, step: Step, verdict: Verdict) -> bool:
    for lock in vm.power.locks:
        if lock.is_left:
            shutil.rmtree(vm.config.folder / lock.place)
    return True


def _merge_snapshots(vm: Machine, step: Step, verdict: Verdict) -> bool:
    """Make one disk of each chain with the content that the guest sees, as deleting all snapshots does."""
    folder = vm.config.folder
    for drive in vm.disks:
        links = drive.chain.links if drive.chain is not None else ()
        if links and links[-1].is_child:
            return False  # the disk that it is based on is not in this folder, so no clone can be made here
        if len(links) > 1 and drive.file is not None:
            merged = folder / f"{links[-1].path.stem}-merged.vmdk"
            options = f"subformat=monolithicSparse,adapter_type={adapter_for(drive.bus)}"
            command = ["qemu-img", "convert", "-O", "vmdk", "-o", options, links[0].path.name, merged.name]
            if subprocess.run(command, cwd=folder, check=False, capture_output=True).returncode != 0:
                return False
            for link in links:
                link.path.unlink()
            _set(vm, f"{drive.id}.fileName", merged.name)
    for pattern in ("*.vmsd", "*.vmsn"):
        for path in folder.glob(pattern):
            path.unlink()
    return True


def _commit_redo_logs(vm: Machine, step: Step, verdict: Verdict) -> bool:
    """Keep what the disks held when the VM was last started, as the answer "discard" does."""
    for path in vm.config.folder.glob("*.REDO*"):
        path.unlink()
    for drive in vm.disks:
        _set(vm, f"{drive.id}.mode", "persistent")
        _set(vm, f"{drive.id}.redo", "")
    return True


def _change_settings(vm: Machine, step: Step, verdict: Verdict) -> bool:
    left = dict(pair for it in verdict.findings if it.code in step.cures for pair in it.leaves)
    if set(left) != {"vcpus"}:
        return False
    _set(vm, "numvcpus", str(left["vcpus"]))
    return True


def _bring_disks(vm: Machine, step: Step, verdict: Verdict) -> bool:
    """Put a disk where the config names one and none is."""
    absent = [drive for drive in vm.disks if drive.chain is None or not drive.chain.links]
    names = [(drive, last_part(drive.file)) for drive in absent if drive.file]
    if set(step.cures) != {"DSK203"} or not names:
        return False
    for drive, name in names:
        by_esx = bool(verdict.origin) and bool(products()[verdict.origin[0].product].esx)
        kind: Kind = "vmfs" if by_esx or is_on_esx(drive.file or "") else "flat"
        make_disk(vm.config.folder / name, kind, adapter=adapter_for(drive.bus))
        _set(vm, f"{drive.id}.fileName", name)
    return True


def _repair_config(vm: Machine, step: Step, verdict: Verdict) -> bool:
    """Give up a saved state that is not there, or add the one line that a config needs at least, as the step says."""
    if set(step.cures) == {"VMX018"}:
        _set(vm, "checkpoint.vmState", "")
        return True
    added = re.search(r'add the line config\.version = "(\d+)"', step.remedy or "")
    if set(step.cures) != {"PRD114"} or added is None:
        return False
    _set(vm, "config.version", added[1])
    return True


def _set(vm: Machine, key: str, value: str | None) -> None:
    """Change a line of the config as an editor would; add it where there is none."""
    raw = vm.config.path.read_bytes()
    line = rb"(?im)^[ \t]*" + re.escape(key.encode()) + rb"[ \t]*=[^\r\n]*"
    new = b"" if value is None else f'{key} = "{value}"'.encode()
    changed, count = re.subn(line, new, raw)
    if not count and value is not None:
        changed = raw.rstrip(b"\r\n") + b"\n" + new + b"\n"
    vm.config.path.write_bytes(changed)


_DONE: dict[Do, Callable[[Machine, Step, Verdict], bool]] = {
    Do.POWER_OFF: _shut_down,
    Do.REMOVE_LOCK: _remove_locks,
    Do.REMOVE_SNAPSHOTS: _merge_snapshots,
    Do.COMMIT_REDO_LOGS: _commit_redo_logs,
    Do.CHANGE_SETTINGS: _change_settings,
    Do.REPAIR_CONFIG: _repair_config,
    Do.REPAIR_DISK: _bring_disks,
}
