"""When a VM must not be written to at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.evidence import Evidence
from vmxtool.findings import Severity
from vmxtool.planner.refusals import refusal
from vmxtool.rules._registry import judge_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.findings import Finding
    from vmxtool.machine.model import Machine

# Findings about the files after which nothing is sure: VMware itself refuses such a config or disk.
_UNSURE = frozenset({"unknown-line", "duplicate-key", "unknown-encoding", "rewrite-unfinished", "chain-broken"})
# Problems of a disk after which nobody knows what its descriptor would have said.
_BROKEN_DISKS = frozenset({"header-damaged", "unfinished", "unreadable"})


def refusals(vm: Machine) -> tuple[Finding, ...]:
    """Every reason not to write to a VM, whatever the change; empty where it is at rest and whole.

    Running or locked, suspended, encrypted, on a snapshot or with a redo log open, with a disk that was not closed
    or is damaged, with an earlier rewrite unfinished, with files that VMware would refuse or that cannot be read.
    """
    found = [item for item in judge_files(vm) if item.name in _UNSURE and item.severity is Severity.BLOCKER]
    return (*found, *_state(vm), *_disks(vm), *_unread(vm))


def _state(vm: Machine) -> Iterator[Finding]:
    if vm.power.state == "running":
        remedy = "shut the guest down; if nothing runs it any more, delete the lock"
        yield refusal("SNP604", "the VM is running or locked", vm.power.evidence, remedy)
    if vm.power.state == "suspended":
        remedy = "resume the VM in its own product and shut the guest down"
        yield refusal("SNP603", "the VM is suspended", vm.power.evidence, remedy, "mpg:p08")
    if vm.encryption == "full":
        message = "the config is encrypted, so its devices cannot be seen"
        yield refusal("SEC801", message, vm.encryption_evidence, "remove the encryption in the product that made it")
    if vm.snapshots.present:
        message = "the VM has snapshots or runs on a delta disk"
        remedy = "remove the snapshots in the VM's own product"
        yield refusal("SNP601", message, vm.snapshots.signs, remedy, "mpg:p08")
    if vm.snapshots.redo_signs:
        message = "a disk keeps what the guest writes in a redo log"
        remedy = "commit or discard the redo log in the VM's own product"
        yield refusal("SNP602", message, vm.snapshots.redo_signs, remedy, "mpg:p08")


def _unread(vm: Machine) -> Iterator[Finding]:
    for place in vm.unread:
        message = (
            f"{place.file} could not be looked into ({place.value}), so that snapshots and locks may be hidden in it"
        )
        yield refusal("VMX009", message, (place,), "run vmxtool as a user who may read it")


def warnings(vm: Machine) -> tuple[str, ...]:
    """What does not forbid writing, and what its owner should know before the VM is started again."""
    if vm.power.state == "off" and vm.power.evidence:
        note = (
            "the VM was not shut down, or ran while it was copied (cleanShutdown): if it is still running on another "
            "host, what is written here does not reach it"
        )
        return (note,)
    return ()


def _disks(vm: Machine) -> Iterator[Finding]:
    for drive in vm.disks:
        for link in drive.chain.links if drive.chain is not None else ():
            if link.unclean_shutdown:
                place = Evidence(link.file, None, "uncleanShutdown", "1")
                remedy = "start the VM in its own product and power it off"
                yield refusal("DSK208", f"{link.file} was not closed by its product", (place,), remedy)
        for problem in drive.chain.problems if drive.chain is not None else ():
            if problem.kind in _BROKEN_DISKS:
                yield refusal(
                    "DSK207", problem.message.rstrip("."), problem.evidence, "copy the disk again, or check it"
                )
