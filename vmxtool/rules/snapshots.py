"""SNP6xx: snapshots, redo logs and power state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.findings import Severity
from vmxtool.rules._registry import Hit, file_rule, target_rule
from vmxtool.rules._remedies import by_hand

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.knowledge.products import Product
    from vmxtool.machine.model import Machine


def formats_change(vm: Machine, to: Product) -> bool:
    """Whether a disk has to be converted for the target, which leaves no chain of deltas as it is."""
    return any(
        link.format != "unknown" and link.format not in to.native_formats
        for drive in vm.disks
        if drive.chain is not None
        for link in drive.chain.links[:1]
    )


@target_rule("SNP601", "snapshot-present", Severity.BLOCKER, "mpg:p08")
def snapshot_present(vm: Machine, to: Product) -> Iterator[Hit]:
    """The VM has a snapshot that the move does not keep.

    A snapshot has to be removed before disks are imported to ESX Server, and products before Workstation 5 keep one
    snapshot at most. Remove snapshots in the VM's own product, after going to the state that is to be kept.
    """
    if not vm.snapshots.present:
        return
    too_many = to.snapshots == "none" or (to.snapshots == "single" and len(vm.snapshots.tree) != 1)
    if not (too_many or formats_change(vm, to)):
        return
    count = len(vm.snapshots.tree)
    what = f"{count} snapshot{'s' if count != 1 else ''}" if count else "a snapshot or delta disk"
    why = "does not keep them" if too_many else "takes disks by conversion, which keeps none"
    yield Hit(
        f"the VM has {what}; {to.name} {why}",
        vm.snapshots.signs,
        by_hand("go to the state you want to keep, then remove the snapshots in the VM's own product"),
    )


@target_rule("SNP602", "redo-log-open", Severity.BLOCKER, "mpg:p08")
def redo_log_open(vm: Machine, to: Product) -> Iterator[Hit]:  # noqa: ARG001 every move asks for it
    """A disk has a redo log, or a mode that keeps one: undoable, append, nonpersistent.

    What the guest wrote last is in the redo log and not in the disk. Power the VM off in its own product and commit
    or discard the log, then make the disk persistent.
    """
    if vm.snapshots.redo_signs:
        yield Hit(
            "a disk keeps what the guest writes in a redo log",
            vm.snapshots.redo_signs,
            by_hand("power off, commit or discard the redo log, and make the disk persistent, in the VM's own product"),
        )


@target_rule("SNP603", "suspended", Severity.BLOCKER, "mpg:p08")
def suspended(vm: Machine, to: Product) -> Iterator[Hit]:  # noqa: ARG001 every move asks for it
    """The VM is suspended.

    A suspended state belongs to the product and version that wrote it, and a suspended VM cannot be imported.
    Resume the VM there and shut it down.
    """
    if vm.power.state == "suspended":
        yield Hit(
            "the VM is suspended",
            vm.power.evidence,
            by_hand("resume the VM in its own product and shut the guest down"),
        )


@target_rule("SNP604", "running", Severity.BLOCKER, "mpg:p08", "workstation-docs:locks")
def running(vm: Machine, to: Product) -> Iterator[Hit]:  # noqa: ARG001 every move asks for it
    """The VM is running, or locked by a product that was cut short.

    Files of a running VM change while they are copied. Where no product runs it any more, delete the lock.
    """
    if vm.power.state == "running":
        yield Hit(
            "the VM is running or locked",
            vm.power.evidence,
            by_hand("shut the guest down; if nothing runs it any more, delete the lock"),
        )


@file_rule("SNP605", "consolidation-needed", Severity.WARNING, "broadcom-kb:337269")
def consolidation_needed(vm: Machine) -> Iterator[Hit]:
    """Disks run on deltas that no snapshot of the database accounts for.

    It happens after a removal that was cut short. Copying the base disk alone loses what the guest wrote since.
    """
    if vm.snapshots.needs_consolidation:
        yield Hit(
            "disks are on deltas that no snapshot accounts for",
            vm.snapshots.signs,
            by_hand("consolidate the disks, or take a snapshot and remove all, in the VM's own product"),
        )
