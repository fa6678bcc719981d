"""When a VM must not be written to at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.evidence import Evidence
from vmxtool.findings import Severity
from vmxtool.planner.changes import refusal
from vmxtool.rules._registry import judge_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.findings import Finding
    from vmxtool.machine.model import Machine

# Findings about the files after which nothing is sure: VMware itself refuses such a config or disk.
_UNSURE = frozenset({"unknown-line", "duplicate-key", "unknown-encoding", "rewrite-unfinished", "chain-broken"})


def refusals(vm: Machine) -> tuple[Finding, ...]:
    """Every reason not to write to a VM, whatever the change; empty where it is at rest and whole.

    Running or locked, suspended, encrypted, on a snapshot or with a redo log open, with a disk that was not closed, or
    with files that VMware would refuse.
    """
    on_files = [
        finding for finding in judge_files(vm) if finding.name in _UNSURE and finding.severity is Severity.BLOCKER
    ]
    return (*on_files, *_state(vm), *_disks(vm))


def _state(vm: Machine) -> Iterator[Finding]:
    if vm.power.state == "running":
        yield refusal(
            "SNP604", "running", "the VM is running or locked", vm.power.evidence,
            "shut the guest down; if nothing runs it any more, delete the lock",
        )  # fmt: skip
    if vm.power.state == "suspended":
        yield refusal(
            "SNP603", "suspended", "the VM is suspended", vm.power.evidence,
            "resume the VM in its own product and shut the guest down", "mpg:p08",
        )  # fmt: skip
    if vm.encryption == "full":
        yield refusal(
            "SEC801", "encrypted", "the config is encrypted, so its devices cannot be seen", vm.encryption_evidence,
            "remove the encryption in the product that made it",
        )  # fmt: skip
    if vm.snapshots.present:
        yield refusal(
            "SNP601", "snapshot-present", "the VM has snapshots or runs on a delta disk", vm.snapshots.signs,
            "remove the snapshots in the VM's own product", "mpg:p08",
        )  # fmt: skip
    if vm.snapshots.redo_signs:
        yield refusal(
            "SNP602", "redo-log-open", "a disk keeps what the guest writes in a redo log", vm.snapshots.redo_signs,
            "commit or discard the redo log in the VM's own product", "mpg:p08",
        )  # fmt: skip


def _disks(vm: Machine) -> Iterator[Finding]:
    for drive in vm.disks:
        for link in drive.chain.links if drive.chain is not None else ():
            if link.unclean_shutdown:
                yield refusal(
                    "DSK208", "disk-not-closed", f"{link.file} was not closed by its product",
                    (Evidence(link.file, None, "uncleanShutdown", "1"),),
                    "start the VM in its own product and power it off",
                )  # fmt: skip
