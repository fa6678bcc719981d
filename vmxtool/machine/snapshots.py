"""The snapshot state of a VM: the snapshot database, and every other sign of a snapshot or an open redo log."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from vmxtool.errors import InputError
from vmxtool.evidence import Evidence
from vmxtool.machine.model import Snapshot, SnapshotDisk, Snapshots
from vmxtool.vmx.document import Document

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vmxtool.machine.folder import Folder
    from vmxtool.machine.model import Drive

_DELTA_NAME = re.compile(r"-\d{6}\.vmdk$", re.IGNORECASE)
_SNAPSHOT_FILE = re.compile(r"(-delta\.vmdk|-sesparse\.vmdk|-snapshot\d+\.(?:vmsn|vmem)|\.vmx\.sav|\.vmsn|\.cpt)$", re.IGNORECASE)
_REDO_FILE = re.compile(r"\.redo(_[a-z0-9]{1,8})?$", re.IGNORECASE)
_SNAPSHOT_KEY = re.compile(r"snapshot(\d{1,6})\.uid")
# Disk modes of the years before Workstation 5 that keep what the guest writes in a redo log.
_REDO_MODES = frozenset({"undoable", "append", "nonpersistent"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_snapshots(folder: Folder, stem: str, drives: Sequence[Drive]) -> Snapshots:
    """Read `<stem>.vmsd` and weigh it against the disks and the files beside it.

    A database of no snapshots does not prove that there is none, nor the reverse: any one sign counts.
    """
    database = _read_database(folder, f"{stem}.vmsd")
    tree: tuple[Snapshot, ...] = ()
    current = None
    declared = consolidate = False
    signs: list[Evidence] = []
    unknown: tuple[Evidence, ...] = ()
    if database is not None:
        tree = _tree(database)
        current = database.number("snapshot.current")
        declared = bool(database.number("snapshot.numSnapshots")) or bool(tree)
        consolidate = database.flag("snapshot.needConsolidate", False)
        unknown = tuple(Evidence(database.name, number) for number in database.unknown)
        if declared:
            signs.append(database.evidence("snapshot.numSnapshots"))
    deltas = list(_delta_signs(drives))
    signs += deltas
    owned = folder.belonging_to((stem, *{_stem_of(drive.file) for drive in drives if drive.kind == "disk" and drive.file}))
    signs += [Evidence(name) for name in owned if _SNAPSHOT_FILE.search(name)]
    orphaned = database is not None and not declared and any(_parent_is_beside(drive) for drive in drives)
    return Snapshots(
        present=bool(signs),
        current=current if any(snapshot.id == current for snapshot in tree) else None,
        tree=tree,
        needs_consolidation=consolidate or orphaned,
        signs=tuple(signs),
        redo_signs=tuple(_redo_signs(drives, owned)),
        unknown_lines=unknown,
    )


def _read_database(folder: Folder, wanted: str) -> Document | None:
    name = next((name for name in folder.names if name.lower() == wanted.lower()), None)
    if name is None:
        return None
    try:
        return Document.read(folder.path / name)
    except InputError:
        # The database is one sign among seven; one that cannot be read leaves the others.
        return None


def _tree(database: Document) -> tuple[Snapshot, ...]:
    found: dict[int, Snapshot] = {}
    for key in database.folded():
        hit = _SNAPSHOT_KEY.fullmatch(key)
        if hit is not None:
            snapshot = _snapshot(database, f"snapshot{hit[1]}")
            found.setdefault(snapshot.id, snapshot)
    children: dict[int | None, list[Snapshot]] = {}
    for snapshot in found.values():
        children.setdefault(snapshot.parent if snapshot.parent in found else None, []).append(snapshot)
    ordered: list[Snapshot] = []
    pending = list(reversed(children.pop(None, [])))
    while pending:
        snapshot = pending.pop()
        ordered.append(snapshot)
        pending.extend(reversed(children.pop(snapshot.id, [])))
    # Snapshots that are one another's ancestors hang on nothing; they are shown all the same, last.
    ordered += [snapshot for group in children.values() for snapshot in group]
    return tuple(ordered)


def _snapshot(database: Document, prefix: str) -> Snapshot:
    count = min(max(database.number(f"{prefix}.numDisks") or 0, 0), 256)
    disks = tuple(
        SnapshotDisk(name, database.get(f"{prefix}.disk{n}.node"))
        for n in range(count)
        if (name := database.get(f"{prefix}.disk{n}.fileName"))
    )
    parent = database.get(f"{prefix}.parent")
    return Snapshot(
        id=database.number(f"{prefix}.uid") or 0,
        name=database.get(f"{prefix}.displayName", ""),
        parent=database.number(f"{prefix}.parent") if parent else None,
        created=_created(database, prefix),
        description=database.get(f"{prefix}.description") or None,
        disks=disks,
        state_file=database.get(f"{prefix}.filename") or None,
    )


def _created(database: Document, prefix: str) -> datetime | None:
    high, low = database.number(f"{prefix}.createTimeHigh"), database.number(f"{prefix}.createTimeLow")
    if high is None or low is None:
        return None
    try:
        return _EPOCH + timedelta(microseconds=(high << 32) | (low & 0xFFFFFFFF))
    except OverflowError:
        return None


def _delta_signs(drives: Sequence[Drive]) -> Iterator[Evidence]:
    for drive in drives:
        if drive.kind != "disk" or drive.file is None:
            continue
        if drive.chain is None or not drive.chain.links:
            # The name is a hint only; it counts where the disk itself is not here to ask.
            if _DELTA_NAME.search(drive.file):
                yield from (item for item in drive.evidence if item.value == drive.file)
            continue
        top = drive.chain.links[0]
        if top.parent_cid not in {None, 0xFFFFFFFF} or top.parent_hint:
            yield Evidence(top.file, None, "parentFileNameHint", top.parent_hint)


def _parent_is_beside(drive: Drive) -> bool:
    return drive.chain is not None and len(drive.chain.links) > 1 and drive.mode == "persistent"


def _redo_signs(drives: Sequence[Drive], owned: Sequence[str]) -> Iterator[Evidence]:
    for drive in drives:
        if drive.redo is not None:
            yield from (item for item in drive.evidence if item.key is not None and item.key.lower().endswith(".redo"))
        if drive.kind == "disk" and drive.mode in _REDO_MODES:
            yield from (item for item in drive.evidence if item.key is not None and item.key.lower().endswith(".mode"))
    yield from (Evidence(name) for name in owned if _REDO_FILE.search(name))


def _stem_of(file: str | None) -> str:
    last = (file or "").rpartition("/")[2].rpartition("\\")[2].rpartition(":")[2]
    return last.rpartition(".")[0] or last
