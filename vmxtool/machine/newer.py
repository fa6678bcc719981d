"""Disks beside those of a VM that were made later and rest on them, so that the VM starts from an older state."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from vmxtool.machine.snapshot_model import NewerDisk
from vmxtool.vmdk import places
from vmxtool.vmdk.parents import stated_parent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from vmxtool.machine.folder import Folder
    from vmxtool.machine.model import Drive
    from vmxtool.vmdk.chain import Link
    from vmxtool.vmdk.parents import StatedParent

    # Every disk that says what it rests on, by the identity of that: its own name, its own identity, and what it says.
    Children = Mapping[tuple[int, int], Sequence[tuple[str, tuple[int, int], StatedParent]]]

# Files that hold data and no description: pieces of disks, devices, records of changed blocks.
_DATA = re.compile(r"-(?:[sf][0-9]{3}|flat|delta|sesparse|ctk|rdmp?)\.vmdk$", re.IGNORECASE)
# A VM has a few dozen disks and deltas at most; a folder of many VMs some hundred.
_LOOKED_AT = 1000


def read_newer(folder: Folder, drives: Sequence[Drive]) -> tuple[NewerDisk, ...]:
    """The disks beside those that a VM starts from which rest on them.

    A product that takes a snapshot lets the VM go on with a new disk over the old one, so a disk that a VM starts from
    is nobody's parent. One that is, was put back by hand: what the guest writes to it spoils all that rests on it.

    Args:
        folder: the VM's folder.
        drives: its drives.
    """
    tops = [(drive, drive.chain.links) for drive in drives if drive.chain is not None and drive.chain.links]
    known = {link.path for _, links in tops for link in links}
    known |= {it.path for _, links in tops for link in links for it in link.extents if it.path is not None}
    here = {links[0].path.parent for _, links in tops}
    disks = [path for place in sorted(here) for path in _disks_in(place, folder) if path not in known]
    if not disks:
        return ()
    children = _by_parent(disks[:_LOOKED_AT], folder.path)
    return tuple(found for drive, links in tops for found in _over(drive, links[0], children))


def _disks_in(place: Path, folder: Folder) -> Iterator[Path]:
    names: Sequence[str] = folder.names
    if place != folder.path:
        names = ()
        with suppress(OSError):
            names = sorted(os.listdir(place))  # noqa: PTH208 names alone are wanted
    for name in names:
        if name.lower().endswith(".vmdk") and not name.startswith(".") and not _DATA.search(name):
            yield place / name


def _by_parent(disks: Sequence[Path], folder: Path) -> Children:
    found: dict[tuple[int, int], list[tuple[str, tuple[int, int], StatedParent]]] = {}
    for path in disks:
        own = places.identity_of(path)
        if own is None or not places.is_inside(path, folder):
            continue
        name = places.shown(path, folder)
        stated = stated_parent(path, name)
        place = places.locate(stated.hint, path.parent, folder) if stated is not None else None
        parent = places.identity_of(place.path) if place is not None and place.path is not None else None
        if stated is not None and parent is not None:
            found.setdefault(parent, []).append((name, own, stated))
    return found


def _over(drive: Drive, top: Link, children: Children) -> Iterator[NewerDisk]:
    """What rests on a disk, directly: with the disks at the end of all that rests on it, the newest by their names."""
    start = places.identity_of(top.path)
    for name, own, stated in children.get(start, ()) if start is not None else ():
        fits = stated.cid is None or top.cid is None or stated.cid == top.cid
        yield NewerDisk(drive.id, name, tuple(_ends(name, own, children)), fits, stated.evidence)


def _ends(name: str, own: tuple[int, int], children: Children) -> Iterator[str]:
    seen, waiting = {own}, [(name, own)]
    while waiting:
        file, identity = waiting.pop()
        over = [(child, it) for child, it, _ in children.get(identity, ()) if it not in seen]
        seen.update(it for _, it in over)
        waiting += reversed(over)
        if not over:
            yield file
