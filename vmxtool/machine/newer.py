"""Disks beside those of a VM that were made later and rest on them, so that the VM starts from an older state."""

from __future__ import annotations

import os
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING

from vmxtool import _files
from vmxtool._record import Record
from vmxtool.evidence import Evidence
from vmxtool.machine.snapshot_model import NewerDisk
from vmxtool.vmdk import paths
from vmxtool.vmdk.parents import StatedParent, stated_parent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from vmxtool.machine.folder import Folder
    from vmxtool.machine.model import Drive
    from vmxtool.vmdk.chain import Link
    from vmxtool.vmx.document import Document

    Identity = tuple[int, int]

# A VM has a few dozen disks and deltas at most; a folder of many VMs some hundred.
_LOOKED_AT = 1000


class _Child(Record):
    """A disk that says what it rests on: its name, its own identity, and what it says."""

    name: str
    own: Identity
    stated: StatedParent


def read_newer(document: Document, folder: Folder, drives: Sequence[Drive]) -> tuple[NewerDisk, ...]:
    """Return the disks beside those that a VM starts from which rest on them.

    A product that takes a snapshot lets the VM go on with a new disk over the old one, so a disk that a VM starts from
    is nobody's parent. One that is, was put back by hand: what the guest writes to it spoils all that rests on it.

    Args:
        document: the config, which may name a folder for snapshots (`workingDir`).
        folder: the VM's folder.
        drives: its drives.
    """
    chains = [(drive, drive.chain.links) for drive in drives if drive.chain is not None and drive.chain.links]
    if not chains:
        return ()
    links = [link for _, found in chains for link in found]
    known = {link.path for link in links} | {it.path for link in links for it in link.extents if it.path is not None}
    disks = [path for path in _disks_in(_folders(document, folder, links), folder) if path not in known]
    children: dict[Identity, list[_Child]] = {}
    for parent, child in _children(disks[:_LOOKED_AT], folder.path, links):
        _add(children, parent, child)
    for _, found in chains:
        for upper, lower in pairwise(found):
            _add(children, paths.identity_of(lower.path), _of_link(upper))
    if not children:
        return ()
    return tuple(newer for drive, found in chains for newer in _over(drive, found[0], children))


def _folders(document: Document, folder: Folder, links: Iterable[Link]) -> list[Path]:
    """Return where disks over those of a VM may lie: beside the config, in its snapshots' folder, beside its disks."""
    found = [folder.path]
    named = document.get("workingDir")
    if named and named != ".":
        place = _files.resolve(folder.path, named).path
        found += [place] if place is not None else []
    for link in links:
        found += [link.path.parent, _files.real_path(link.path, folder.path).parent]
    return [place for place in dict.fromkeys(found) if place == folder.path or _files.is_inside(folder.path, place)]


def _disks_in(folders: Iterable[Path], folder: Folder) -> Iterator[Path]:
    for place in folders:
        names: Sequence[str] = folder.names if place == folder.path else ()
        if place != folder.path:
            with suppress(OSError):
                names = sorted(os.listdir(place))  # noqa: PTH208 names alone are wanted
        yield from (place / name for name in names if name.lower().endswith(".vmdk"))


def _children(disks: Sequence[Path], folder: Path, links: Sequence[Link]) -> Iterator[tuple[Identity | None, _Child]]:
    """Yield the disks that rest on others, each after the identity of that; None where it is not to be found."""
    by_name = {link.path.name.lower(): paths.identity_of(link.path) for link in links} if disks else {}
    for path in disks:
        own = paths.identity_of(path)
        if own is None or not _files.is_inside(folder, path):
            continue
        name = paths.shown(path, folder)
        stated = stated_parent(path, name)
        if stated is None:
            continue
        place = paths.locate(stated.hint, path.parent, folder)
        # A hint from another file system may differ in case, and one from another host in all but its last part.
        parent = None if place.path is None else paths.identity_of(place.path)
        if parent is None and (not place.outside or _files.is_absolute(stated.hint)):
            parent = by_name.get(_files.last_part(stated.hint).lower())
        yield parent, _Child(name, own, stated)


def _add(children: dict[Identity, list[_Child]], parent: Identity | None, child: _Child | None) -> None:
    if parent is None or child is None or child.own == parent:
        return
    if all(it.own != child.own for it in children.setdefault(parent, [])):
        children[parent].append(child)


def _of_link(link: Link) -> _Child | None:
    """Return a link of one of the VM's own chains: what another of its disks starts from may be under it."""
    own = paths.identity_of(link.path)
    if own is None:
        return None
    where = link.evidence("parentFileNameHint") or (Evidence(link.file),)
    return _Child(link.file, own, StatedParent(link.parent_hint or "", link.parent_cid, where[0]))


def _over(drive: Drive, top: Link, children: Mapping[Identity, Sequence[_Child]]) -> Iterator[NewerDisk]:
    """Yield what rests on a disk, directly: with the disks at the end of all that rests on it."""
    start = paths.identity_of(top.path)
    for child in children.get(start, ()) if start is not None else ():
        name, stated = child.name, child.stated
        fits = stated.cid is None or top.cid is None or stated.cid == top.cid
        yield NewerDisk(drive.id, name, tuple(_ends(name, child.own, children)), fits, stated.evidence)


def _ends(name: str, own: Identity, children: Mapping[Identity, Sequence[_Child]]) -> Iterator[str]:
    seen, waiting = {own}, [(name, own)]
    while waiting:
        file, identity = waiting.pop()
        over = [(child.name, child.own) for child in children.get(identity, ()) if child.own not in seen]
        seen.update(it for _, it in over)
        waiting += reversed(over)
        if not over:
            yield file
