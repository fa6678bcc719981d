"""SNP6xx: redo logs, and files that only a snapshot or a suspended state needs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from vmxtool._files import last_part
from vmxtool.evidence import Evidence
from vmxtool.findings import LEAVING, Do, Severity
from vmxtool.knowledge.features import features
from vmxtool.machine.locks import some
from vmxtool.machine.snapshots import REDO_MODES
from vmxtool.rules.registry import About, Hit, manual, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.machine.model import Machine

_LOOKED_AT = 1000  # disks of snapshots; no VM has as many


@rule(
    "SNP602",
    "redo-log-open",
    Severity.BLOCKER,
    about=About.FILES,
    cure=Do.COMMIT_REDO_LOGS,
    stops=LEAVING,
    sources=("mpg:p08", "ws4-help"),
    short="an open redo log",
)
def redo_log_open(vm: Machine) -> Iterator[Hit]:
    """A disk has a redo log, or a mode that keeps one until it is committed: undoable, append.

    What the guest wrote last is in the redo log and not in the disk. Power the VM off in its own product and commit
    or discard the log, then make the disk persistent. The log of a nonpersistent disk is gone once the VM is off.
    """
    # The log of a snapshot of Workstation 4 or GSX Server 3 goes with the snapshot.
    asked_for = any(drive.mode in REDO_MODES for drive in vm.disks)
    if vm.snapshots.redo_signs and (asked_for or not vm.snapshots.present):
        yield Hit(
            "a disk keeps what the guest writes in a redo log",
            vm.snapshots.redo_signs,
            manual("power off, commit or discard the redo log, and make the disk persistent, in the VM's own product"),
            at_home="a disk keeps what the guest writes in a redo log, which has to come along",
        )
        return
    dropping = [drive for drive in vm.disks if drive.mode == "nonpersistent"]
    if dropping:
        places = tuple(it for drive in dropping for it in drive.evidence if (it.key or "").lower().endswith(".mode"))
        yield Hit(
            f"{', '.join(drive.id for drive in dropping)}: nonpersistent, so what the guest writes is gone once it is "
            "off; products since Workstation 4 offer that as independent-nonpersistent",
            places,
            severity=Severity.INFO,
            stops=frozenset(),
        )


@rule(
    "SNP613",
    "snapshot-disk-missing",
    Severity.WARNING,
    about=About.FILES,
    sources=("kb:337269",),
    short="a missing disk of a snapshot",
)
def snapshot_disk_missing(vm: Machine) -> Iterator[Hit]:
    """A disk that a snapshot names is not in the VM's folder, and the VM runs without it.

    The VM starts from its present state. Going back to that snapshot, or removing it, needs the disk; a copy of the
    folder that is to keep its snapshots is not whole without it.
    """
    folder, told = vm.config.folder, _in_chains(vm)
    gone: dict[str, list[str]] = {}
    named = [(snapshot, disk.file) for snapshot in vm.snapshots.tree for disk in snapshot.disks]
    for snapshot, file in named[:_LOOKED_AT]:
        # Nothing outside the folder is looked at, and what the running disks need has a finding of its own.
        if file and last_part(file) == file and file not in told and not os.path.lexists(folder / file):
            gone.setdefault(file, []).append(snapshot.name or f"snapshot {snapshot.id}")
    for file, snapshots in gone.items():
        yield Hit(
            f'{file}: not here; the snapshot "{snapshots[0][:60]}" needs it',
            (Evidence(file),),
            manual(f"copy {file} to the VM's folder, if that state may still be wanted"),
        )


def _in_chains(vm: Machine) -> set[str]:
    """Return the disks that the VM runs on, as their chains name them."""
    links = [link for drive in vm.disks if drive.chain is not None for link in drive.chain.links]
    return {link.file for link in links} | {link.parent_hint for link in links if link.parent_hint}


@rule(
    "SNP614",
    "saved-state-beside",
    Severity.WARNING,
    about=About.FILES,
    sources=("mpg:p08", "general"),
    short="a saved state beside it",
)
def saved_state_beside(vm: Machine) -> Iterator[Hit]:
    """The saved state of a suspended VM lies beside the config, which does not name it.

    Workstation 3 and GSX Server 2 write .std, later products .vmss. It may be left over from an earlier time, or the
    config was taken from before the VM was suspended; then what the guest had not yet written is in that file alone.
    No other sign is known of VMs up to hardware version 2, so of those it is a question.
    """
    if vm.power.state != "off" or not vm.saved_states:
        return
    files = some([it.file for it in vm.saved_states])
    cure = manual("start the VM once in its own product and shut the guest down, unless you know that it is old")
    version = vm.hardware.version
    old = version is not None and not features()["names-saved-state"].holds_of(version)
    if old and any(it.file.lower().endswith(".std") for it in vm.saved_states):
        message = (
            f"is the VM suspended? Configs of its time name no saved state, and {files} lies here; if it is, it has to "
            "be shut down in its own product first; if not, the file is left over"
        )
        yield Hit(message, vm.saved_states, cure, Severity.UNKNOWN)
        return
    message = f"{files} lies here, though the config names no saved state; the VM may be suspended"
    yield Hit(message, vm.saved_states, cure)
