"""Says what a VMware virtual machine is, whether it runs on another VMware product, and makes the changes it needs.

The public names are few and load what they need when they are first used::

    machine = vmxtool.inspect("vm.vmx")
    verdict = vmxtool.check(machine, "esx3")
    plan = vmxtool.plan_rewrite(machine, hwversion=4)
    plan.apply()
    vmxtool.undo("vm.vmx")
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vmxtool.errors import InputError, KnowledgeError, UsageError, VmxtoolError, WriteError

if TYPE_CHECKING:
    from os import PathLike

    from vmxtool.machine.model import Machine
    from vmxtool.planner.verdict import Verdict
    from vmxtool.rewriter.journal.undo import RestoredFiles
    from vmxtool.rewriter.plan import Plan
    from vmxtool.vmx.document import Document

__version__ = "0.1.0"
__all__ = [
    "InputError",
    "KnowledgeError",
    "UsageError",
    "VmxtoolError",
    "WriteError",
    "check",
    "inspect",
    "open_config",
    "plan_rewrite",
    "undo",
]


def open_config(path: str | PathLike[str]) -> Document:
    """Open a config file as a case-insensitive mapping of its values; `bytes(document)` is the file.

    Raises:
        InputError: it cannot be read.
    """
    from vmxtool.vmx.document import Document

    return Document.read(Path(path))


def inspect(path: str | PathLike[str]) -> Machine:
    """Read the VM that a path names: a config file, a VM's folder or a Fusion bundle.

    Raises:
        UsageError: no config is there, or several are.
        InputError: the config cannot be read as one.
    """
    from vmxtool.machine.read import read_machine

    return read_machine(Path(path))


def check(machine: Machine, target: str, origin: str | None = None) -> Verdict:
    """Whether a VM runs on a target, such as "esx3", and what has to happen first.

    Raises:
        UsageError: no product is called that; the message names the nearest.
    """
    from vmxtool.knowledge.products import find_target
    from vmxtool.planner.check import check as judge

    return judge(machine, find_target(target), find_target(origin) if origin is not None else None)


def plan_rewrite(
    machine: Machine,
    *,
    hwversion: int | None = None,
    target: str | None = None,
    origin: str | None = None,
    legacy: bool = False,
    ide_to_scsi: bool = False,
    move_disks: bool = False,
    adapter: str | None = None,
    unsafe: bool = False,
) -> Plan:
    """Plan the changes to a VM's files; nothing is written until `plan.apply()`.

    Raises:
        UsageError: the request contradicts itself, or names what does not exist.
    """
    from vmxtool.knowledge.products import find_target
    from vmxtool.planner.request import Request
    from vmxtool.rewriter.plan import plan

    request = Request(
        hwversion=hwversion,
        target=find_target(target) if target is not None else None,
        origin=find_target(origin) if origin is not None else None,
        legacy=legacy,
        ide_to_scsi=ide_to_scsi,
        move_disks=move_disks,
        adapter=adapter,
        unsafe=unsafe,
    )
    return plan(machine, request)


def undo(path: str | PathLike[str]) -> RestoredFiles:
    """Put back the bytes from before the last rewrite, or settle one that was cut short.

    Raises:
        UsageError: no VM is there.
        WriteError: there is nothing to undo, or a file was changed since.
    """
    from vmxtool.rewriter.journal.history import find_vm_folder, undo_last

    return undo_last(find_vm_folder(Path(path))).undone
