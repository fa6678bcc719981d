"""What a VM's files say of its snapshots, as frozen facts with their places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool._record import Record

if TYPE_CHECKING:
    from datetime import datetime

    from vmxtool.evidence import Evidence


class SnapshotDisk(Record):
    """A disk file that a snapshot froze, and the device it stood on."""

    file: str
    node: str | None


class Snapshot(Record):
    """One snapshot of the snapshot database (.vmsd); `parent` is the id of another or None for a root."""

    id: int
    name: str
    parent: int | None
    created: datetime | None
    description: str | None
    disks: tuple[SnapshotDisk, ...]
    state_file: str | None = None


class NewerDisk(Record):
    """A disk that rests on one that the VM starts from.

    Attributes:
        drive: id of the drive that starts from the older disk.
        file: the disk that rests on that one.
        last: the disks at the end of all that rests on it, of which one was the VM's last.
        fits: whether nothing has been written to the older disk since, as far as the content identities tell.
        evidence: where the newer disk names the older one.
    """

    drive: str
    file: str
    last: tuple[str, ...]
    fits: bool
    evidence: Evidence


class Snapshots(Record):
    """The snapshot state of a VM.

    Attributes:
        present: whether anything shows a snapshot or a linked clone.
        current: id of the snapshot the VM runs on, or None.
        tree: all snapshots of the database, parents before children.
        needs_consolidation: the database says so, or disks and database disagree.
        signs: each sign of a snapshot, with its place; any one is enough.
        redo_signs: each sign of an open redo log or of a disk mode that keeps one.
        unknown_lines: lines of the database that are no settings.
        newer: disks beside the VM's that rest on those that it starts from.
        clone_of: the config of the VM that this one is a linked clone of, as its database names it, or None.
    """

    present: bool
    current: int | None
    tree: tuple[Snapshot, ...]
    needs_consolidation: bool
    signs: tuple[Evidence, ...] = ()
    redo_signs: tuple[Evidence, ...] = ()
    unknown_lines: tuple[Evidence, ...] = ()
    newer: tuple[NewerDisk, ...] = ()
    clone_of: str | None = None
