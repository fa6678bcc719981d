"""Locks, so that no two programs write the same VM: VMware's are respected, and vmxtool takes one of its own."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from vmxtool.errors import WriteError
from vmxtool.machine.locks import held_words, is_lock, is_nameless, left_words, read_lock
from vmxtool.machine.state import JOURNAL_FOLDER
from vmxtool.rewriter.journal import file_ops, store

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from vmxtool.machine.model import Lock

_LOCK = "lock"
# Each turn is lost only to a process that has just ended its own work.
_TURNS = 20


def refuse_if_in_use(folder: Path, stems: Iterable[str]) -> None:
    """Refuse where a VMware product has files of the VM open.

    Args:
        folder: the folder to look in.
        stems: names of the VM's files without their endings. "db" covers "db.vmx.lck" and "db-000001.vmdk.lck", and
            not "db2.vmx.lck", which is of another VM.

    Raises:
        WriteError: a lock lies there; the message names it, and who holds it where it says so.
        OSError: the folder cannot be listed.
    """
    wanted = {stem.casefold() for stem in stems if stem}
    names = file_ops.names(folder)
    own = [name for name in names if any(_begins(name.casefold(), stem) for stem in wanted)]
    found = [*filter(is_lock, own), *filter(is_nameless, names)]
    locks = [read_lock(folder, name, folder, own) for name in found]
    if locks:
        # One that somebody may hold says more than one that was left behind.
        lock = min(locks, key=lambda lock: lock.is_left)
        raise WriteError(f"{folder / lock.place}: {_refusal(lock)}")


def _refusal(lock: Lock) -> str:
    if lock.is_left:
        return f"{left_words([lock])}; make sure that no product has the VM open, then remove that folder"
    said = held_words([lock])
    in_use = f"the VM is in use: {said}" if said else "the VM is in use"
    if lock.state == "held":
        return f"{in_use}; power the VM off and close it there"
    return f"{in_use}; power the VM off, or remove what a crash left if no product has it open"


def _begins(name: str, stem: str) -> bool:
    # Nothing at all may follow: of a disk x.lck.vmdk, nobody can tell whether x.lck is a lock, so it counts as one.
    return name.startswith(stem) and not name[len(stem) :][:1].isalnum()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a VM's folder, so that no other vmxtool writes there.

    The lock file lies in the folder of journals, which is made if need be and removed again if it holds no journal.

    Raises:
        WriteError: another one is writing there, or the file system has no locks.
        OSError: the folder of journals cannot be made.
    """
    descriptor = _take(folder)
    try:
        store.remove_drafts(folder)
        yield
    finally:
        try:
            with suppress(OSError):
                _tidy(folder / JOURNAL_FOLDER)
        finally:
            with suppress(OSError):
                os.close(descriptor)


def _take(folder: Path) -> int:
    path = folder / JOURNAL_FOLDER / _LOCK
    for _ in range(_TURNS):
        file_ops.make_folder(folder / JOURNAL_FOLDER)
        if not store.has_store(folder):
            continue
        try:
            descriptor = file_ops.open_for_lock(path)
        except FileNotFoundError:
            continue
        except OSError:
            # A full disk takes the folder and not the file.
            with suppress(OSError):
                file_ops.remove_folder(path.parent)
            raise
        try:
            _lock(descriptor, path)
            # Whoever held the lock may have removed the file that we have open: then it locks nothing.
            found = file_ops.status(path)
            if found is not None and os.path.samestat(found, os.fstat(descriptor)):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
    raise _busy(path)


def _lock(descriptor: int, path: Path) -> None:
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        raise _busy(path) from None
    except OSError as error:
        with suppress(OSError):
            _tidy(path.parent)
        reason = (error.strerror or "no locks").lower()
        raise WriteError(f"{path}: cannot be locked ({reason}); copy the VM to a file system that has locks") from None


def _busy(path: Path) -> WriteError:
    return WriteError(f"{path}: another vmxtool is writing to this VM; wait until it is done")


def _tidy(journals: Path) -> None:
    if file_ops.names(journals) == [_LOCK]:
        file_ops.remove(journals / _LOCK)
        file_ops.remove_folder(journals)
