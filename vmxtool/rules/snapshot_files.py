"""SNP613: the disks that only a snapshot needs, which nothing opens before somebody goes back to it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from vmxtool._files import last_part
from vmxtool.evidence import Evidence
from vmxtool.findings import Severity
from vmxtool.rules.registry import About, Hit, manual, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.machine.model import Machine

_LOOKED_AT = 1000  # disks of snapshots; no VM has as many


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
    """The disks that the VM runs on, as their chains name them."""
    links = [link for drive in vm.disks if drive.chain is not None for link in drive.chain.links]
    return {link.file for link in links} | {link.parent_hint for link in links if link.parent_hint}
