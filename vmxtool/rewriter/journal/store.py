"""The journal files in `.vmxtool`: one per rewrite, with all that an undo needs; the file name gives its state."""

from __future__ import annotations

import os
import re
import stat
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from vmxtool._record import Record, replace
from vmxtool.errors import WriteError
from vmxtool.machine.state import JOURNAL_FOLDER
from vmxtool.rewriter.journal import file_ops
from vmxtool.rewriter.journal.record import (
    Journal,
    JournalState,
    NotAJournalError,
    decode,
    decode_head,
    encode,
    journal_path,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from vmxtool.rewriter.journal.record import JournalFile

# The biggest config that is read, of 12 MiB, takes 32 MiB: before and after, in base64. Commonly it is some ten KiB.
MAX_BYTES = 40 * 2**20
# A list shows no more than the newest of the rewrites, and reads no more than this of each.
MAX_LISTED = 100
_LISTED_BYTES = 2**17

# What `create` adds to what a rewrite says of itself: the number (inode) of the VM's folder. It stays when the folder
# is renamed or moved on its file system, and a copy has another. The number of the device would change over a restart.
_FOLDER = "folder"
# What `tell_undone` adds: the files that an undo of some files restores, as bits of a number in hex, by their places.
# One text holds no more than 4096 characters, and a journal may have thousands of files.
_UNDOING = "undoing"
_PRIVATE = frozenset({_FOLDER, _UNDOING})

_STATES: dict[str, JournalState] = {"journal": "journal", "done": "done", "undone": "undone"}
_NAME = re.compile(r"([0-9]{4,8})\.(journal|done|undone)")
_HEX = re.compile(r"[0-9a-f]{1,4096}")
_DRAFT = re.compile(r"[0-9]{4,8}\.tmp")
_MAX_NUMBER = 99_999_999


class JournalInfo(Record):
    """A line of `undo --list`.

    Attributes:
        number: counts the rewrites of this folder from 1.
        state: "journal" (cut short), "done" or "undone".
        created: when the rewrite began, in UTC, or None where `problem` says why nobody can tell.
        about: what the rewrite said of itself, without what only this module reads. It may hold control characters;
            whoever prints it escapes them.
        path: the journal.
        problem: what is wrong with the journal, or "".
        copied: the rewrite was made in another folder, and this one is a copy of it, or was moved from another file
            system. False as well where the journal does not tell.
    """

    number: int
    state: JournalState
    created: datetime | None
    about: Mapping[str, str]
    path: Path
    problem: str = ""
    copied: bool = False


def journals(folder: Path) -> tuple[JournalInfo, ...]:
    """Return the rewrites of a folder, the newest `MAX_LISTED` of them, oldest first.

    A broken one is listed with its problem. Of a long journal only the beginning is looked at.

    Raises:
        WriteError: `.vmxtool` is not a folder of ours.
    """
    return tuple(read_info(folder, number, state) for number, state in _numbered(folder)[-MAX_LISTED:])


def read_info(folder: Path, number: int, state: JournalState) -> JournalInfo:
    """Read what the list of rewrites shows of one journal."""
    path = journal_path(folder, number, state)
    try:
        data = _read(path, _LISTED_BYTES)
        read = decode_head(data) if len(data) == _LISTED_BYTES else decode(data, folder, number)
    except NotAJournalError as error:
        return JournalInfo(number, state, None, {}, path, _broken(path, error))
    except WriteError as error:
        return JournalInfo(number, state, None, {}, path, str(error))
    told = {key: text for key, text in read.about.items() if key not in _PRIVATE}
    copied = read.about.get(_FOLDER) not in {None, _identity(folder)}
    return JournalInfo(number, state, read.created, told, path, copied=copied)


def unfinished(folder: Path) -> Path | None:
    """Return the journal of a rewrite, or of an undo, that was cut short, or None.

    Raises:
        WriteError: `.vmxtool` is not a folder of ours.
    """
    found = due(folder)
    return journal_path(folder, *found) if found is not None and found[1] == "journal" else None


def due(folder: Path) -> tuple[int, JournalState] | None:
    """Return the journal that an undo takes: of the newest unfinished rewrite, else of the newest one done.

    It is None without any.

    Raises:
        WriteError: `.vmxtool` is not a folder of ours.
    """
    open_ones = [(state == "journal", number, state) for number, state in _numbered(folder) if state != "undone"]
    return max(open_ones)[1:] if open_ones else None


def has_store(folder: Path) -> bool:
    """Return whether a VM's folder has a folder of journals.

    Raises:
        WriteError: what has its name is a link, a file, or somebody else's folder: nothing in it is to be trusted.
    """
    store = folder / JOURNAL_FOLDER
    try:
        found = file_ops.status(store)
    except OSError as error:
        raise WriteError(file_ops.explain(error)) from None
    if found is None:
        return False
    if not stat.S_ISDIR(found.st_mode):
        what = "a symbolic link" if stat.S_ISLNK(found.st_mode) else "a file"
        raise WriteError(f"{store}: {what} and not vmxtool's folder; move it away")
    if hasattr(os, "geteuid") and found.st_uid != os.geteuid():
        raise WriteError(f"{store}: belongs to user {found.st_uid}; run vmxtool as that user")
    return True


def create(folder: Path, about: Mapping[str, str], entries: tuple[JournalFile, ...]) -> Journal:
    """Write the journal of a rewrite that is about to begin; when this returns, it is on the disk for good.

    The folder's lock is held by the caller.

    Raises:
        WriteError: it would be a journal that an undo could not read.
        OSError: it cannot be written.
    """
    store = folder / JOURNAL_FOLDER
    number = max((number for number, _ in _numbered(folder)), default=0) + 1
    if number > _MAX_NUMBER:
        raise WriteError(f"{store}: no number is left for another journal; move the old ones away")
    here = _identity(folder)
    told = {**about, **({} if here is None else {_FOLDER: here})}
    journal = Journal(folder, number, datetime.now(UTC), told, entries)
    data = _encoded(journal)
    draft = store / f"{number:04}.tmp"
    try:
        file_ops.create(draft, data)
        file_ops.replace(draft, journal.path("journal"))
        # An earlier process may have made the folder of journals and died before that was on the disk.
        file_ops.sync_folder(folder)
    except BaseException:
        discard(journal)
        raise
    return journal


def discard(journal: Journal) -> None:
    """Remove the journal of a rewrite that changed nothing; where that fails, an undo will find nothing to put back."""
    for path in (journal.path("journal"), journal.path("journal").with_suffix(".tmp")):
        with suppress(OSError):
            file_ops.remove(path)
    with suppress(OSError):
        file_ops.sync_folder(journal.folder / JOURNAL_FOLDER)


def finish(journal: Journal, state: JournalState) -> None:
    """Say that a rewrite is done or undone: one rename, so that it has happened or it has not.

    Raises:
        OSError: it has not.
    """
    try:
        file_ops.replace(journal.path("journal"), journal.path(state))
    except OSError:
        # Over a network, a rename can report a failure and have happened; and where only the sync after it failed, a
        # power cut brings back at worst a journal that an undo can use.
        if file_ops.status(journal.path(state)) is None:
            raise


def reopen(journal: Journal, *, was_unfinished: bool = False) -> None:
    """Say for good that a rewrite is being undone; from then on it counts as cut short.

    Raises:
        OSError: it could not be said, or not for good, so that no file may be touched.
    """
    if was_unfinished:
        # An undo that died right after its rename has said so, but perhaps not for good.
        file_ops.sync_folder(journal.folder / JOURNAL_FOLDER)
    else:
        file_ops.replace(journal.path("done"), journal.path("journal"))


def being_undone(journal: Journal) -> frozenset[int] | None:
    """Return the places of the files that an undo of some files alone was to restore, as `tell_undone` said.

    It is None for all files.

    Raises:
        WriteError: nothing that `tell_undone` writes.
    """
    told = journal.about.get(_UNDOING)
    if told is None:
        return None
    bits = int(told, 16) if _HEX.fullmatch(told) else 0
    if not 0 < bits < 1 << len(journal.entries):
        problem = NotAJournalError("it does not say which files are being undone")
        raise WriteError(_broken(journal.path("journal"), problem))
    return frozenset(at for at in range(len(journal.entries)) if bits >> at & 1)


def tell_undone(journal: Journal, state: JournalState, chosen: frozenset[int] | None) -> Journal:
    """Say in a journal which files the undo that is about to begin restores, or None for all; it is read if cut short.

    When this returns, it is on the disk for good. Killed before, the journal says what it said.

    Raises:
        WriteError: it would be a journal that an undo could not read.
        OSError: it cannot be written.
    """
    about = {key: text for key, text in journal.about.items() if key != _UNDOING}
    if chosen is not None:
        about[_UNDOING] = f"{sum(1 << at for at in chosen):x}"
    journal = replace(journal, about=about)
    data = _encoded(journal)
    draft = journal.path("journal").with_suffix(".tmp")
    try:
        file_ops.create(draft, data)
        file_ops.replace(draft, journal.path(state))
    except BaseException:
        with suppress(OSError):
            file_ops.remove(draft)
        raise
    return journal


def remove_drafts(folder: Path) -> None:
    """Remove drafts of journals that a process left when it died: no rewrite begins before its journal has its name."""
    store = folder / JOURNAL_FOLDER
    for name in file_ops.names(store):
        if _DRAFT.fullmatch(name):
            file_ops.remove(store / name)


def load(folder: Path, number: int, state: JournalState) -> Journal:
    """Read a journal. Whether the names in it lead to links is not looked at here.

    Raises:
        WriteError: it cannot be read, or is not one that vmxtool writes.
    """
    path = journal_path(folder, number, state)
    try:
        return decode(_read(path, MAX_BYTES), folder, number)
    except NotAJournalError as error:
        raise WriteError(_broken(path, error)) from None


def _read(path: Path, limit: int) -> bytes:
    """Return the first `limit` bytes of a journal; nothing is read of a file that is too big to be one."""
    try:
        found = file_ops.status(path)
        if found is not None and found.st_size > MAX_BYTES:
            raise NotAJournalError(f"bigger than {MAX_BYTES >> 20} MiB")
        return file_ops.read(path, limit)
    except OSError as error:
        raise WriteError(file_ops.explain(error)) from None


def _broken(path: Path, error: NotAJournalError) -> str:
    return f"{path}: not a journal of vmxtool: {error}; move it away"


def _encoded(journal: Journal) -> bytes:
    folder = journal.folder
    data = encode(journal)
    if len(data) > MAX_BYTES:
        raise WriteError(f"{folder}: the changes come to more than a journal holds ({MAX_BYTES >> 20} MiB)")
    try:
        same = encode(decode(data, folder, journal.number)) == data
    except NotAJournalError:
        same = False
    if not same:
        raise WriteError(f"{folder}: the journal would not read back as it was meant; please report this")
    return data


def _identity(folder: Path) -> str | None:
    """Return what a folder and no copy of it has, and keeps over a change of its name.

    It is None where the system has no such.
    """
    found = file_ops.status(folder)
    return str(found.st_ino) if found is not None and found.st_ino else None


def _numbered(folder: Path) -> list[tuple[int, JournalState]]:
    if not has_store(folder):
        return []
    try:
        listed = file_ops.names(folder / JOURNAL_FOLDER)
    except OSError as error:
        raise WriteError(file_ops.explain(error)) from None
    matches = [match for name in listed if (match := _NAME.fullmatch(name)) is not None]
    # 00001.done is no name that we give, and would hide 0001.done.
    return sorted((int(match[1]), _STATES[match[2]]) for match in matches if match[1] == f"{int(match[1]):04}")
