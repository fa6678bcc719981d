"""Hard disks whose files lie beside a config that no drive of its VM uses."""

from __future__ import annotations

import os
import re
from itertools import islice
from typing import TYPE_CHECKING

from vmxtool._files import is_inside
from vmxtool._record import Record
from vmxtool.machine.folder import folder_of
from vmxtool.machine.neighbours import disks_of_others
from vmxtool.vmdk.chain import read_chain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.machine.model import Machine

_MOST = 20  # files looked into: a person who has more of them knows which is which
# The pieces of a disk, which its own file names.
_PIECE = r"(?i)-(?:flat|delta|ctk|rdmp?|sesparse|[sfp][0-9]{3,6})\.vmdk$"


class LooseDisk(Record):
    """A hard disk that no drive has: the file that a config would name, and the adapter it was made for, or None."""

    file: str
    adapter: str | None


def loose_disks(vm: Machine) -> tuple[LooseDisk, ...]:
    """Return the disks in a VM's folder that neither it nor another config there uses.

    They are worked out once for a machine.
    """
    found: tuple[LooseDisk, ...] | None = vm.memo.get("loose_disks")
    if found is None:
        found = vm.memo["loose_disks"] = tuple(_find(vm))
    return found


def _find(vm: Machine) -> Iterator[LooseDisk]:
    folder = vm.config.folder
    named = [name for name in folder_of(vm).names if name.lower().endswith(".vmdk") and not re.search(_PIECE, name)]
    if not named:
        return
    used = {*_used(vm), *disks_of_others(vm)}
    loose: list[LooseDisk] = []
    parents = set[str]()
    for name in islice((it for it in named if it.lower() not in used), _MOST):
        path = folder / name
        if not os.path.isfile(path) or not is_inside(folder, path):  # noqa: PTH113 a link to a long name does not raise
            continue
        chain = read_chain(path, folder=folder, name=name)
        if chain.top is not None and chain.top.format != "unknown":
            parents |= {link.file.lower() for link in chain.links[1:]}
            loose.append(LooseDisk(name, chain.adapter))
    yield from (disk for disk in loose if disk.file.lower() not in parents)


def _used(vm: Machine) -> Iterator[str]:
    for drive in vm.disks:
        if drive.found is not None and drive.found.path is not None:
            yield drive.found.path.name.lower()
        for link in drive.chain.links if drive.chain is not None else ():
            yield link.file.lower()
            yield from (extent.file.lower() for extent in link.extents if extent.file)
    for snapshot in vm.snapshots.tree:
        yield from (disk.file.lower() for disk in snapshot.disks if disk.file)
