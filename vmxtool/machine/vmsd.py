"""The snapshot database (.vmsd): which snapshots a VM has, what they rest on, and what it was cloned from."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from vmxtool.machine.snapshot_model import Snapshot, SnapshotDisk

if TYPE_CHECKING:
    from vmxtool.evidence import Evidence
    from vmxtool.vmx.document import Document

_UID = r"snapshot([0-9]{1,6})\.uid"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_tree(database: Document) -> tuple[Snapshot, ...]:
    """Return all snapshots of a database, each after its parent, in the order of the file where that leaves a choice.

    The number in a setting's name is only an index; the tree hangs together by `uid` and `parent`.
    """
    found: dict[int, Snapshot] = {}
    for key in database.folded():
        hit = re.fullmatch(_UID, key)
        if hit is not None:
            snapshot = _snapshot(database, f"snapshot{hit[1]}")
            found.setdefault(snapshot.id, snapshot)
    children: dict[int | None, list[Snapshot]] = {}
    for snapshot in found.values():
        children.setdefault(snapshot.parent if snapshot.parent in found else None, []).append(snapshot)
    ordered: list[Snapshot] = []
    pending = children.pop(None, [])[::-1]
    while pending:
        snapshot = pending.pop()
        ordered.append(snapshot)
        pending += children.pop(snapshot.id, [])[::-1]
    # Snapshots that are their own ancestors hang on nothing; they are shown all the same, last.
    ordered += [snapshot for group in children.values() for snapshot in group]
    return tuple(ordered)


def signs_of(database: Document) -> tuple[Evidence, ...]:
    """Return the places where a database says that there are snapshots, or that the VM is a linked clone of another."""
    signs = []
    if database.number("snapshot.numSnapshots"):
        signs.append(database.evidence("snapshot.numSnapshots"))
    else:
        uids = (key for key in database.folded() if re.fullmatch(_UID, key))
        signs += [database.evidence(key) for key in [next(uids, None)] if key is not None]
    if is_clone(database):
        signs.append(database.evidence("cloneOf0"))
    return tuple(signs)


def is_clone(database: Document) -> bool:
    """Return whether a database names the VM that this one is a linked clone of."""
    return bool(database.get("cloneOf0"))


def _snapshot(database: Document, prefix: str) -> Snapshot:
    parent = f"{prefix}.parent"
    return Snapshot(
        id=database.number(f"{prefix}.uid") or 0,
        name=database.get(f"{prefix}.displayName", ""),
        parent=database.number(parent) if database.get(parent) else None,
        created=_created(database, prefix),
        description=database.get(f"{prefix}.description") or None,
        disks=_disks(database, prefix),
        state_file=database.get(f"{prefix}.filename") or None,
    )


def _disks(database: Document, prefix: str) -> tuple[SnapshotDisk, ...]:
    disks: list[SnapshotDisk] = []
    # The count in the file may be any number, so the disks themselves end the walk.
    while len(disks) < (database.number(f"{prefix}.numDisks") or 0):
        name = database.get(f"{prefix}.disk{len(disks)}.fileName")
        if not name:
            break
        disks.append(SnapshotDisk(name, database.get(f"{prefix}.disk{len(disks)}.node")))
    return tuple(disks)


def _created(database: Document, prefix: str) -> datetime | None:
    high, low = database.number(f"{prefix}.createTimeHigh"), database.number(f"{prefix}.createTimeLow")
    if high is None or low is None:
        return None
    try:
        # Microseconds since 1970; both halves are written as signed numbers of 32 bits.
        return _EPOCH + timedelta(microseconds=(high << 32) | (low & 0xFFFFFFFF))
    except OverflowError:
        return None
