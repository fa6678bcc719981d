"""What a lock of VMware's products looks like, who holds it, and how that is said.

Lock folders: open-vm-tools, lib/file/fileLockPrimitive.c, read 2026-11-29. Lock files of ESX on NFS: knowledge base
article 340515, read 2026-11-29. Of what is in the older lock files of GSX Server and Workstation, no source tells.
"""

from __future__ import annotations

import os
import re
import stat
from itertools import islice
from typing import TYPE_CHECKING

from vmxtool import _files
from vmxtool.errors import InputError
from vmxtool.machine.holders import read_esx_host, read_member
from vmxtool.machine.model import Holder, Lock

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

# What lies beside a VM's files while a product has them open: lock files and lock folders of the hosted products, the
# older lock files of GSX Server and Workstation on Linux, the spare config and the swap file of ESX.
_ENDINGS = (".lck", ".writelock", ".vmx~", ".vswp")
# What ESX makes on NFS has the id of the locked file in its name, and not that file's name.
_ON_NFS = ".lck-"
# ESX names the swap file of a VM's own process by the VM and a number, and hosted products name the memory of a running
# VM by its BIOS id (field observations).
_OF_A_RUN = re.compile(r"vmx-.*\.vswp|564d[0-9a-f-]+\.(?:vmem\.lck|vswp)")
_FILE_ID = r"\.lck-([0-9a-f]{16})"

# The name of a member file that is complete; E and D are the file and the folder of one that is being made.
_MEMBER = r"M[0-9]{5}.*\.lck"
_MOST_MEMBERS = 16
_MOST_BYTES = 4096
_MOST_NAMED = 8


def is_lock(name: str) -> bool:
    """Return whether a file or folder of that name is a lock, or shows like one that a product has the VM open."""
    return name.lower().endswith(_ENDINGS) or is_nameless(name)


def is_nameless(name: str) -> bool:
    """Return whether a name is that of a lock and does not tell what is locked.

    Such a lock counts for every VM in its folder.
    """
    low = name.lower()
    return low.startswith(_ON_NFS) or _OF_A_RUN.fullmatch(low) is not None


def read_lock(folder: Path, name: str, root: Path, files: Iterable[str] = ()) -> Lock:
    """Return who holds a lock; whatever its files hold, and whatever cannot be read in them, is no error.

    Args:
        folder: the folder it lies in.
        name: its name there.
        root: the VM's folder, in or below which `folder` is; nothing outside is read.
        files: names of the VM's files in `folder`, one of which may be what a lock on NFS is for.
    """
    path = folder / name
    place = os.path.relpath(path, root)
    if name.lower().startswith(_ON_NFS):
        host = read_esx_host(_read(path, root))
        return Lock(place, _locked_on_nfs(folder, name, root, files), holders=(host,) if host else ())
    if not name.lower().endswith(".lck"):
        return Lock(place, None)
    file = place[: -len(".lck")]
    members = _members(path)
    if members is None:
        return Lock(place, file)
    if not members:
        return Lock(place, file, "empty")
    found = [_holder(path, member, root) for member in members[:_MOST_MEMBERS]]
    holders = tuple(dict.fromkeys(holder for holder in found if holder is not None))
    if any(holder.runs for holder in holders):
        return Lock(place, file, "held", holders)
    # Whoever cannot be read, or is about to come in, may hold it.
    is_stale = len(members) == len(found) and all(holder is not None and holder.runs is False for holder in found)
    return Lock(place, file, "stale" if is_stale else "unknown", holders)


def _members(lock: Path) -> list[str] | None:
    """Return the names in a lock folder, one more than is looked at; None where it is no folder or cannot be listed."""
    try:
        if not stat.S_ISDIR(os.lstat(lock).st_mode):
            return None
        with os.scandir(lock) as entries:
            return sorted(entry.name for entry in islice(entries, _MOST_MEMBERS + 1))
    except OSError:
        return None


def _holder(lock: Path, member: str, root: Path) -> Holder | None:
    return read_member(_read(lock / member, root), lock) if re.fullmatch(_MEMBER, member) else None


def _read(path: Path, root: Path) -> bytes:
    """Return the first bytes of a regular file inside the VM's folder; nothing where it is none."""
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode) or not _files.is_inside(root, path):
            return b""
        return _files.read_range(path, 0, _MOST_BYTES)
    except (OSError, InputError):
        return b""


def _locked_on_nfs(folder: Path, name: str, root: Path, files: Iterable[str]) -> str | None:
    found = re.fullmatch(_FILE_ID, name.lower())
    if found is None:
        return None
    # The id is the number of the file's inode, its lowest byte first.
    number = int.from_bytes(bytes.fromhex(found[1]), "little")
    for file in files:
        try:
            if os.lstat(folder / file).st_ino == number:
                return os.path.relpath(folder / file, root)
        except OSError:
            continue
    return None


# --- in words ---


def held_words(locks: Iterable[Lock]) -> str | None:
    """Say who holds locks: "vm.vmx is locked by process 6385 (vmware-vmx) on this host"; None where no file says it."""
    by: dict[str, list[str]] = {}
    for lock in locks:
        for holder in lock.holders:
            if holder.runs is not False:
                by.setdefault(_holder_words(holder), []).append(lock.file or f"a file ({lock.place})")
    said = [f"{some(files)} {'are' if len(files) > 1 else 'is'} locked by {who}" for who, files in by.items()]
    return "; ".join(said[:_MOST_NAMED]) or None


def left_words(locks: Sequence[Lock]) -> str:
    """Return what was left behind, of locks that nobody holds any more and that are left for the same reason."""
    if locks[0].state == "empty":
        many = len(locks) > 1
        folders, are = ("folders", "are") if many else ("folder", "is")
        return (
            f"the lock {folders} {some([lock.place for lock in locks])} {are} empty: nobody holds "
            f"{'these locks' if many else 'this lock'} any more"
        )
    holders = dict.fromkeys(_process_words(holder) for lock in locks for holder in lock.holders)
    run = "run" if len(holders) > 1 else "runs"
    files = some([lock.file or lock.place for lock in locks])
    return f"a crash left the lock of {files}: {some(list(holders))} no longer {run} on this host"


def some(words: Sequence[str]) -> str:
    """Return words with "and" before the last; of a great many the first ones."""
    shown = list(words[:_MOST_NAMED])
    if len(words) > len(shown):
        shown.append(f"{len(words) - len(shown)} more")
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))


def _holder_words(holder: Holder) -> str:
    if holder.process is None:
        return f"the ESX host {holder.host}"
    return f"{_process_words(holder)} on {'this host' if holder.here else f'the host with the id {holder.host}'}"


def _process_words(holder: Holder) -> str:
    return f"process {holder.process}" + (f" ({holder.program})" if holder.program else "")
