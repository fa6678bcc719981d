"""The snapshot state of a VM: the snapshot database, and every other sign of a snapshot or an open redo log."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vmxtool import _files
from vmxtool.errors import InputError
from vmxtool.evidence import Evidence
from vmxtool.machine import vmsd
from vmxtool.machine.newer import read_newer
from vmxtool.machine.snapshot_model import Snapshots
from vmxtool.vmx.document import Document

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vmxtool.machine.folder import Folder
    from vmxtool.machine.model import Drive
    from vmxtool.machine.snapshot_model import Snapshot

_DELTA_NAME = r"(?i)-[0-9]{6}\.vmdk$"
# Deltas of ESX; snapshots of today (.vmsn, with the memory in .vmem) and of the first products (.cpt); the config that
# GSX Server 3 keeps beside a snapshot.
_SNAPSHOT_FILE = re.compile(
    r"-(?:delta|sesparse)\.vmdk$|-snapshot[0-9]+\.vmem$|\.vmsn$|\.vmx\.sav$|\.cpt$", re.IGNORECASE
)
_REDO_FILE = re.compile(r"\.redo(?:_[a-z0-9]{1,8})?$", re.IGNORECASE)
# Disk modes with a redo log that lasts until it is committed; that of a nonpersistent disk is gone once the VM is off.
REDO_MODES = frozenset({"undoable", "append"})


def read_snapshots(
    config: Document, folder: Folder, stem: str, drives: Sequence[Drive], owned: Sequence[str]
) -> tuple[Snapshots, tuple[Evidence, ...]]:
    """Read `<stem>.vmsd` and weigh it against the disks and the files beside it.

    A database without snapshots does not prove that there is none, nor the reverse, so any one sign counts.

    Args:
        config: the config.
        folder: the VM's folder.
        stem: the config's name without its ending, which is that of the database too.
        drives: the VM's drives.
        owned: names of those files in the folder that are of this VM.

    Returns:
        the snapshot state, and the database where it is there and cannot be read, with the reason as the value.
    """
    database, unread = _database(folder, f"{stem}.vmsd")
    tree: tuple[Snapshot, ...] = ()
    current = None
    declared: tuple[Evidence, ...] = ()
    needs_consolidation = False
    if database is not None:
        tree, declared = vmsd.read_tree(database), vmsd.signs_of(database)
        current = database.number("snapshot.current")
        needs_consolidation = database.flag("snapshot.needConsolidate", False) or (
            not declared and any(_rests_on_neighbour(drive) for drive in drives)
        )
    newer = read_newer(config, folder, drives)
    signs = (
        *declared,
        *_delta_signs(drives),
        *(it.evidence for it in newer),
        *(Evidence(name) for name in owned if _SNAPSHOT_FILE.search(name)),
    )
    state = Snapshots(
        present=bool(signs),
        current=current if any(snapshot.id == current for snapshot in tree) else None,
        tree=tree,
        needs_consolidation=needs_consolidation,
        signs=signs,
        redo_signs=tuple(_redo_signs(drives, owned)),
        unknown_lines=tuple(Evidence(database.name, line) for line in database.unknown) if database is not None else (),
        newer=newer,
        clone_of=database.get("cloneOf0") or None if database is not None else None,
    )
    return state, unread


def _database(folder: Folder, wanted: str) -> tuple[Document | None, tuple[Evidence, ...]]:
    name = folder.find(wanted)
    if name is None:
        return None, ()
    path = _files.resolve(folder.path, name).path
    if path is None:
        return None, (Evidence(name, value="leads out of the VM's folder, where nothing is opened"),)
    try:
        database = Document.read(path, name)
    except InputError as error:
        # The database is one sign among seven; one that cannot be read leaves the others.
        return None, (Evidence(name, value=error.problem),)
    if "encryption.data" in database and "snapshot.numSnapshots" not in database:
        line = database.where("encryption.data")
        return None, (Evidence(name, line, "encryption.data", "encrypted, so its snapshots cannot be seen"),)
    return database, ()


def _delta_signs(drives: Sequence[Drive]) -> Iterator[Evidence]:
    for drive in drives:
        top = drive.chain.top if drive.chain is not None else None
        if top is None:
            # A name is only a hint; it counts where the disk itself is not here to ask.
            if drive.kind == "disk" and drive.file is not None and re.search(_DELTA_NAME, drive.file):
                yield from drive.file_evidence
        elif top.is_child:
            yield from top.evidence("parentFileNameHint", "parentCID") or (Evidence(top.file),)


def _rests_on_neighbour(drive: Drive) -> bool:
    return drive.chain is not None and len(drive.chain.links) > 1 and drive.mode not in REDO_MODES | {"nonpersistent"}


def _redo_signs(drives: Sequence[Drive], owned: Sequence[str]) -> Iterator[Evidence]:
    for drive in drives:
        for place in drive.evidence:
            key = (place.key or "").rpartition(".")[2].lower()
            if (key == "redo" and drive.redo is not None) or (key == "mode" and drive.mode in REDO_MODES):
                yield place
    yield from (Evidence(name) for name in owned if _REDO_FILE.search(name))
