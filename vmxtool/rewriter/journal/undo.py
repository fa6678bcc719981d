"""Restore the bytes from before a rewrite, whether it was finished or cut short at any instant."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vmxtool.errors import Interrupted, WriteError
from vmxtool.rewriter.journal import file_ops, locks, paths, store
from vmxtool.rewriter.journal.patch import ReplacePatch
from vmxtool.rewriter.journal.restore import compare, restore

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from vmxtool.rewriter.journal.record import Journal, JournalFile
    from vmxtool.rewriter.journal.restore import Found


@dataclass(frozen=True, slots=True)
class RestoredFiles:
    """The result of an undo: which rewrite it undid, and which files it restored.

    Attributes:
        number: the rewrite's number.
        files: the restored files, by their names in the journal; empty where no file had been changed.
        was_unfinished: the rewrite, or an earlier undo of it, had been cut short.
    """

    number: int
    files: tuple[str, ...]
    was_unfinished: bool


def undo(folder: Path, trusted: frozenset[Path] = frozenset()) -> RestoredFiles:
    """Undo the unfinished rewrite of a VM's folder, or else the last one that was not undone yet.

    Killed at any instant, it is done by calling it again.

    Args:
        folder: the VM's folder.
        trusted: links inside the folder that may lead out of it, because the user named them.

    Raises:
        Interrupted: it had to stop half-way; calling it again goes on.
        WriteError: there is nothing to undo, or a file is not as the rewrite left it; nothing was changed.
    """
    folder = paths.real(folder)
    if not store.has_store(folder):
        raise WriteError(f"{folder}: no rewrite to undo here")
    try:
        with locks.locked(folder):
            return _undo(folder, trusted)
    except OSError as error:
        raise WriteError(f"{file_ops.explain(error)}; nothing was changed") from None


def _undo(folder: Path, trusted: frozenset[Path]) -> RestoredFiles:
    due = store.due(folder)
    if due is None:
        raise WriteError(f"{folder}: no rewrite to undo here")
    number, state = due
    was_unfinished = state == "journal"
    record = _located(store.load(folder, number, state), trusted)
    refuse_if_in_use(entry.patch.path for entry in record.entries)
    for entry in record.entries:
        _check(entry, compare(entry.patch), number, was_unfinished=was_unfinished)
    store.reopen(record, was_unfinished=was_unfinished)
    try:
        files = restore(record, range(len(record.entries)))
        store.finish(record, "undone")
    except (OSError, WriteError) as error:
        reason = file_ops.explain(error) if isinstance(error, OSError) else str(error)
        problem = f"{reason}; rewrite {number:04} is not undone yet"
        raise Interrupted(problem, hint="after that go on with the undo") from None
    return RestoredFiles(number, files, was_unfinished)


def refuse_if_in_use(files: Iterable[Path]) -> None:
    """Refuse where a VMware product has one of the files open; see `locks.refuse_if_in_use`."""
    stems: dict[Path, set[str]] = {}
    for path in files:
        stems.setdefault(path.parent, set()).add(path.stem)
    everywhere = {stem for found in stems.values() for stem in found}
    for folder in stems:
        locks.refuse_if_in_use(folder, everywhere)


def _located(record: Journal, trusted: frozenset[Path]) -> Journal:
    """The journal with its files as they lie, once it is sure that no link has taken the place of one."""
    entries = []
    for entry in record.entries:
        found = paths.locate(record.folder, entry.patch.path, trusted)
        if found.name != entry.name:
            raise WriteError(f"{entry.patch.path}: a link has taken the place of the file; put the file back")
        entries.append(replace(entry, patch=replace(entry.patch, path=found.path)))
    return replace(record, entries=tuple(entries))


def _check(entry: JournalFile, found: Found, number: int, *, was_unfinished: bool) -> None:
    path = entry.patch.path
    if not was_unfinished and found != "after":
        raise WriteError(f"{path}: changed since rewrite {number:04}, so that cannot be undone; nothing was changed")
    if found == "other":
        remedy = "move it away" if isinstance(entry.patch, ReplacePatch) else "put it back from a backup"
        raise WriteError(
            f"{path}: changed by another program since rewrite {number:04} was cut short; {remedy} and undo again"
        )
    in_place = not isinstance(entry.patch, ReplacePatch)
    # A disk that is as it should be may still have to get back its time, which all its names share.
    if found != "missing" and (in_place or found != "before"):
        paths.check(paths.Target(entry.name, path), in_place=in_place)
