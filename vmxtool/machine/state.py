"""Power state, encryption and unfinished rewrites: what decides whether a VM may be touched at all."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from vmxtool import _files
from vmxtool.evidence import Evidence
from vmxtool.machine.folder import Folder
from vmxtool.machine.locks import is_lock, is_nameless, read_lock
from vmxtool.machine.model import Power

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vmxtool.machine.model import Drive, Encryption, Lock
    from vmxtool.vmx.document import Document

JOURNAL_FOLDER = ".vmxtool"
"""Name of the folder beside a config that holds the journals of rewrites; no file in it is one of the VM."""
KEYS_OF_ESX = "encryption.bundle"
"""The setting in which ESX keeps what `encryption.keySafe` is to hosted products; its key provider opens it."""
_NO_STATE = frozenset({"", "true", "false"})  # it names a file; people have written a switch there
_ANY_WRITE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
_UNFINISHED = r"[0-9]{4,8}\.journal"


def read_power(
    document: Document, folder: Folder, owned: Sequence[str], drives: Sequence[Drive], encryption: Encryption
) -> Power:
    """Return whether the VM is running, suspended or off, with the places that show it.

    It is running where a lock or a swap file lies beside it, suspended where the config names a state file, else off. A
    lock that is known to be left behind is returned beside the state, about which it says nothing.

    Args:
        document: the config.
        folder: the VM's folder.
        owned: names of those files in it that are of this VM.
        drives: the VM's drives, which may lie in folders below and have their locks there.
        encryption: where the config cannot be seen, a suspended state beside it is taken for the VM's.
    """
    dirty = (document.evidence("cleanShutdown"),) if not document.flag("cleanShutdown", True) else ()
    locks = (*_locks_in(folder, folder.path, owned), *_locks_below(folder.path, drives))
    held = [Evidence(lock.place) for lock in locks if not lock.is_left]
    if held:
        return Power("running", (*held, *dirty), locks)
    if document.get("checkpoint.vmState", "").lower() not in _NO_STATE:
        return Power("suspended", (document.evidence("checkpoint.vmState"),), locks)
    if encryption == "full":
        states = tuple(Evidence(name) for name in owned if name.lower().endswith(".vmss"))
        if states:
            return Power("suspended", states, locks)
    return Power("off", dirty, locks)


def _locks_in(folder: Folder, root: Path, owned: Sequence[str]) -> Iterator[Lock]:
    nameless = [name for name in folder.names if is_nameless(name)]
    for name in (*(name for name in owned if is_lock(name)), *nameless):
        yield read_lock(folder.path, name, root, owned)


def _locks_below(root: Path, drives: Sequence[Drive]) -> Iterator[Lock]:
    """Yield locks beside disks, and beside the disks that they rest on, in other folders than the VM's own."""
    stems: dict[Path, set[str]] = {}
    for drive in drives:
        links = drive.chain.links if drive.chain is not None else ()
        found = [drive.found.path] if drive.found and drive.found.path else []
        named = dict.fromkeys([*(link.path for link in links), *found])
        # A disk that is a link has its lock where it really lies.
        for path in (*named, *(_files.real_path(path, root) for path in named)):
            if path.parent != root:
                # By its own name, since "disks/.." is the VM's folder too.
                stems.setdefault(Path(os.path.realpath(path.parent)), set()).add(path.stem)
    stems.pop(root, None)
    for path, own in stems.items():
        below = Folder.list(path)
        yield from _locks_in(below, root, below.owned(own))


def read_encryption(document: Document, drives: Sequence[Drive]) -> tuple[Encryption, tuple[Evidence, ...]]:
    """Return how much of a VM is encrypted.

    "full": the settings are inside `encryption.data` and cannot be seen. "partial": the settings are plain, but the VM
    holds keys (`vmx.encryptionType`, since Workstation 16.2, on ESX `encryption.bundle`) or a disk is encrypted.
    """
    keys = [key for key in ("encryption.keySafe", "encryption.data") if key in document]
    # The values are long, and secret.
    places = [document.evidence(key) for key in keys or [KEYS_OF_ESX] if key in document]
    shown = tuple(Evidence(place.file, place.line, place.key) for place in places)
    if keys:
        partial = document.get("vmx.encryptionType", "").lower() == "partial" or "guestOS" in document
        return ("partial" if partial else "full"), shown
    disks = tuple(
        Evidence(link.file, None, "encryptionKeys")
        for drive in drives
        if drive.chain is not None
        for link in drive.chain.links
        if link.encrypted
    )
    return ("partial" if shown or disks else "none"), (*shown, *disks)


def read_only(config: Path, drives: Sequence[Drive]) -> tuple[Evidence, ...]:
    """Return the config and the disks' files that nobody may write to, and their folder if so (but for Windows)."""
    links = [link for drive in drives if drive.chain is not None for link in drive.chain.links]
    named = {config: config.name} | {link.path: link.file for link in links}
    found = [Evidence(name, value="read-only") for path, name in named.items() if _is_marked(path)]
    if os.name != "nt" and _is_marked(config.parent):
        found.append(Evidence(config.parent.name, value="read-only"))
    return tuple(found)


def _is_marked(path: Path) -> bool:
    try:
        return not path.stat().st_mode & _ANY_WRITE
    except OSError:
        return False


def find_unfinished(folder: Folder) -> tuple[Path | None, tuple[Evidence, ...]]:
    """Return the newest journal of a rewrite, or of an undo, that was cut short.

    Returns:
        the journal or None, and the folder of journals where it cannot be looked into, with the reason as the value.
    """
    if JOURNAL_FOLDER not in folder.names:
        return None, ()
    store = folder.path / JOURNAL_FOLDER
    try:
        # A link of that name may lead anywhere, and is not followed.
        if not stat.S_ISDIR(store.lstat().st_mode):
            return None, (Evidence(JOURNAL_FOLDER, value="not a folder"),)
        journals = [name for name in os.listdir(store) if re.fullmatch(_UNFINISHED, name)]  # noqa: PTH208
    except OSError as error:
        return None, (Evidence(JOURNAL_FOLDER, value=(error.strerror or "cannot be listed").lower()),)
    return (store / max(journals, key=_number) if journals else None), ()


def _number(journal: str) -> int:
    return int(journal.partition(".")[0])
