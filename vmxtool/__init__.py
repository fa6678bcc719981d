"""Says what a VMware virtual machine is, whether it runs on another VMware product, and makes the changes it needs.

The public names are few and load what they need when they are first used::

    machine = vmxtool.inspect("vm.vmx")
    findings = vmxtool.judge(machine)
    verdict = vmxtool.check(machine, "esx3")
    rewrite = vmxtool.plan_rewrite(machine, hwversion=4)
    rewrite.apply()
    vmxtool.undo("vm.vmx")

Every function that takes a VM takes a folder, a config file, or the `Machine` that `inspect` gave.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from vmxtool.errors import InputError, KnowledgeError, UsageError, VmxtoolError, WriteError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from os import PathLike

    from vmxtool.findings import Do, Finding, Safety, Severity
    from vmxtool.knowledge.product import Product
    from vmxtool.machine.model import Machine
    from vmxtool.planner.chain import Routes
    from vmxtool.planner.plan import Plan, Step
    from vmxtool.planner.verdict import Answer, Verdict
    from vmxtool.rewriter.journal.history import UndoResult
    from vmxtool.rewriter.journal.store import JournalInfo
    from vmxtool.rewriter.rewrite import Rewrite
    from vmxtool.vmx.document import Document

    Vm = Machine | str | PathLike[str]

__version__ = "0.1.0"
__all__ = [
    "Answer",
    "Do",
    "Finding",
    "InputError",
    "KnowledgeError",
    "Machine",
    "Plan",
    "Rewrite",
    "Safety",
    "Severity",
    "Step",
    "UsageError",
    "Verdict",
    "VmxtoolError",
    "WriteError",
    "bytes_before",
    "check",
    "check_all",
    "inspect",
    "judge",
    "open_config",
    "plan_rewrite",
    "rewrites",
    "route",
    "undo",
]

_HOMES = {
    "Answer": "vmxtool.planner.verdict",
    "Do": "vmxtool.findings",
    "Finding": "vmxtool.findings",
    "Machine": "vmxtool.machine.model",
    "Plan": "vmxtool.planner.plan",
    "Rewrite": "vmxtool.rewriter.rewrite",
    "Safety": "vmxtool.findings",
    "Severity": "vmxtool.findings",
    "Step": "vmxtool.planner.plan",
    "Verdict": "vmxtool.planner.verdict",
}


def __getattr__(name: str) -> Any:
    """Load a public type when it is first named."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def open_config(path: str | PathLike[str]) -> Document:
    """Open a config file as a case-insensitive mapping of its values; `bytes(document)` is the file.

    Raises:
        InputError: it cannot be read.
    """
    from vmxtool.vmx.document import Document

    return Document.read(Path(path))


def inspect(vm: Vm) -> Machine:
    """Read the VM that a path names: a config file, a VM's folder or a Fusion bundle.

    Raises:
        UsageError: no config is there, or several are.
        InputError: the config cannot be read as one.
    """
    from vmxtool.machine.model import Machine

    if isinstance(vm, Machine):
        return vm
    from vmxtool.machine.read import read_machine

    return read_machine(Path(vm))


def judge(vm: Vm, target: str | None = None) -> tuple[Finding, ...]:
    """Return the findings about a VM's files, blockers first; with a target, all that `check` finds.

    Raises:
        UsageError: no VM is there, or no product is called that.
        InputError: the config cannot be read as one.
    """
    if target is not None:
        return check(vm, target).findings
    from vmxtool.findings import in_order
    from vmxtool.rules.registry import judge_files

    return in_order(judge_files(inspect(vm)))


def check(vm: Vm | None, target: str, origin: str | None = None) -> Verdict:
    """Return whether a VM runs on a target, such as "esx3", and what has to happen first.

    Args:
        vm: the VM; None for one of `origin` that nobody has seen.
        target: where it is to run.
        origin: the product that made it, instead of the likeliest one.

    Raises:
        UsageError: no product is called that; the message names the nearest. Or no VM is there.
        InputError: the config cannot be read as one.
    """
    from vmxtool.planner.check import check as judge_on
    from vmxtool.planner.check import check_unseen

    product, made_by = _product(target), _product(origin)
    assert product is not None
    if vm is not None:
        return judge_on(inspect(vm), product, made_by)
    if made_by is None:
        raise UsageError("name the product that has the VM with --from")
    return check_unseen(made_by, product)


def check_all(vm: Vm | None, origin: str | None = None, family: str | None = None) -> Iterator[Verdict]:
    """Return one verdict per known product, in the order of the products; of one family alone if it is named.

    Args:
        vm: the VM; None for one of `origin` that nobody has seen.
        origin: the product that made it, instead of the likeliest one.
        family: the family of products.

    Raises:
        UsageError: no VM is there, or no product is called that.
        InputError: the config cannot be read as one.
    """
    from vmxtool.planner.check import check_all as judge_all

    made_by = _product(origin)
    if vm is None and made_by is None:
        raise UsageError("name the product that has the VM with --from")
    return judge_all(inspect(vm) if vm is not None else None, made_by, family)


def route(
    vm: Vm | None, target: str, origin: str | None = None, have: Iterable[str] | None = None, *, limit: int = 3
) -> Routes:
    """Return the best ways of a VM to a target, over other products where they are better.

    Args:
        vm: the VM; None for one of `origin` that nobody has seen.
        target: where it is to run.
        origin: the product that has it, instead of the likeliest one.
        have: the only products to go over; None for all that could be got.
        limit: most routes to return.

    Raises:
        UsageError: no product is called that, no VM is there, or nothing tells which product has it.
        InputError: the config cannot be read as one.
    """
    from vmxtool.knowledge.product_names import find_target
    from vmxtool.knowledge.products import products
    from vmxtool.planner.routes import find_routes

    # A name for several releases means the oldest, as in a check.
    at_hand = None if have is None else {find_target(word).row for word in have}
    machine = inspect(vm) if vm is not None else None
    return find_routes(machine, products()[find_target(target).row], _product(origin), at_hand, limit=limit)


def plan_rewrite(
    vm: Vm,
    *,
    hwversion: int | None = None,
    target: str | None = None,
    origin: str | None = None,
    legacy: bool = False,
    ide_to_scsi: bool = False,
    move_disks: bool = False,
    adapter: str | None = None,
    unsafe: bool = False,
    vmfs_path: str | None = None,
    networks: Iterable[str] = (),
    encoding: str | None = None,
    limit: bool = False,
) -> Rewrite:
    """Plan the changes to a VM's files; nothing is written until `apply()`.

    Args:
        vm: the VM.
        hwversion: the hardware version to end at.
        target: the product that it is to run on.
        origin: the product that made it.
        legacy: a version that its own product runs too.
        ide_to_scsi: IDE disks go to SCSI.
        move_disks: SATA and NVMe disks go to SCSI, or from NVMe to SATA.
        adapter: the controller of disks that move.
        unsafe: changes that may need work in the guest are made too.
        vmfs_path: for ESX Server 2, the volume that its disks will lie on.
        networks: networks of the new host, such as "ethernet0=VM Network".
        encoding: for products before 2007, the character set of the new host.
        limit: memory and network adapters beyond what the target holds go.

    Raises:
        UsageError: the request contradicts itself, or names what does not exist; or no VM is there.
        InputError: the config cannot be read as one.
        WriteError: the proof of what would be written failed.
    """
    from vmxtool.planner.goal import Goal
    from vmxtool.planner.rewrite import intend
    from vmxtool.planner.told import told
    from vmxtool.rewriter.rewrite import make_rewrite
    from vmxtool.rules.judging import facts_now

    goal = Goal(
        hwversion=hwversion,
        target=_product(target),
        origin=_product(origin),
        legacy=legacy,
        ide_to_scsi=ide_to_scsi,
        move_disks=move_disks,
        adapter=adapter,
        unsafe=unsafe,
        told=told(vmfs_path, tuple(networks), encoding, limit=limit),
    )
    found = intend(facts_now(inspect(vm)), goal)
    return make_rewrite(
        found.machine,
        found.changes,
        found.wanted,
        refused=found.refused,
        manual=found.manual,
        notes=found.notes,
        words=found.words,
        then=found.then,
        one_way=found.one_way,
    )


def undo(vm: Vm, only: Iterable[str] = ()) -> UndoResult:
    """Put back the bytes from before the last rewrite, or settle one that was cut short.

    Files that have their bytes from before already are taken as they are.

    Args:
        vm: the VM.
        only: the files to put back, by their names relative to the VM's folder, with forward slashes; all that the
            rewrite changed where none is named. The rewrite stays done until the others have their bytes from before.

    Raises:
        UsageError: no VM is there, or the rewrite did not change a file that is named.
        WriteError: there is nothing to undo, or a file was changed since: then its `details` say what was, and which
            files can be undone alone.
    """
    from vmxtool.rewriter.journal.history import undo_last

    return undo_last(_journal_folder(vm), tuple(only))


def bytes_before(vm: Vm, file: str) -> bytes:
    """Return the content that a file had before the last rewrite, which `undo` would put back; nothing is changed.

    Args:
        vm: the VM.
        file: its name relative to the VM's folder, with forward slashes.

    Raises:
        UsageError: no VM is there, the rewrite did not change the file, or it is a disk that was changed in place.
        WriteError: there is nothing to undo, or the journal cannot be read.
    """
    from vmxtool.rewriter.journal.history import old_bytes

    return old_bytes(_journal_folder(vm), file)


def rewrites(vm: Vm) -> tuple[JournalInfo, ...]:
    """Return the rewrites of a VM that are known beside it, oldest first.

    Raises:
        UsageError: no VM is there.
    """
    from vmxtool.rewriter.journal.history import rewrites as list_rewrites

    return list_rewrites(_journal_folder(vm))


def _journal_folder(vm: Vm) -> Any:
    from vmxtool.machine.model import Machine
    from vmxtool.rewriter.journal.history import find_vm_folder

    return find_vm_folder(vm.path if isinstance(vm, Machine) else Path(vm))


def _product(name: str | None) -> Product | None:
    if name is None:
        return None
    from vmxtool.knowledge.product_names import find_target

    return find_target(name)
