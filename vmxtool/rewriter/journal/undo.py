"""Undo a rewrite, or some files of one, whether it was finished or cut short at any instant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool._record import Record, replace
from vmxtool.errors import Interrupted, UsageError, WriteError
from vmxtool.rewriter.journal import file_ops, locks, paths, store
from vmxtool.rewriter.journal.patch import ReplacePatch
from vmxtool.rewriter.journal.refusal import refuse
from vmxtool.rewriter.journal.restore import compare, restore

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from vmxtool.rewriter.journal.record import Journal, JournalFile, JournalState
    from vmxtool.rewriter.journal.restore import Found

# A journal may have thousands of names, of up to 4096 characters.
_NAMED, _NAME_SHOWN = 10, 100


class RestoredFiles(Record):
    """The result of an undo: which rewrite it was about, and which files it restored.

    Attributes:
        number: the rewrite's number.
        files: the restored files, by their names in the journal; empty where all had their bytes from before already.
        was_unfinished: the rewrite, or an earlier undo of it, had been cut short.
        left: the files that do not have their bytes from before, because they were not to be undone.
        state: the rewrite's state now: "undone"; or while files are left "done", and "journal" where the rewrite
            itself was cut short.
        changed: the disks among them that another program has written to since, so that no undo restores them.
    """

    number: int
    files: tuple[str, ...]
    was_unfinished: bool
    left: tuple[str, ...] = ()
    state: JournalState = "undone"
    changed: tuple[str, ...] = ()


class _Plan(Record):
    """What an undo does: the files that it restores and those that it leaves, by their places in the journal.

    Attributes:
        state: the rewrite's state.
        chosen: the files that are restored.
        open_ones: those of them that may be in any mixture, since their own change or its undo was cut short.
        begun: those that an undo of some files was about to restore when it was cut short, or None.
    """

    state: JournalState
    chosen: frozenset[int]
    open_ones: frozenset[int]
    begun: frozenset[int] | None


def undo(folder: Path, trusted: frozenset[Path] = frozenset(), only: Sequence[str] = ()) -> RestoredFiles:
    """Undo the unfinished rewrite of a VM's folder, or else the last one that was not undone yet.

    Killed at any instant, it is done by calling it again. An undo of some files that was cut short is finished by the
    next one, which does no more than that and what it is asked for by name.

    Args:
        folder: the VM's folder.
        trusted: links inside the folder that may lead out of it, because the user named them.
        only: the names of the files that are undone, as the journal has them; all of them where none is named.

    Raises:
        Interrupted: it had to stop half-way; calling it again goes on.
        UsageError: the rewrite did not change a file that is named; the candidates are those that it did.
        ChangedSince: a file is neither as the rewrite left it nor as it was before; nothing was changed.
        WriteError: there is nothing to undo, or it cannot be; nothing was changed.
    """
    folder = paths.real(folder)
    if not store.has_store(folder):
        raise nothing_to_undo(folder)
    try:
        with locks.locked(folder):
            return _undo(folder, trusted, only)
    except OSError as error:
        raise WriteError(f"{file_ops.explain(error)}; nothing was changed") from None


def bytes_before(folder: Path, name: str) -> bytes:
    """Return the content that a file had before the rewrite that an undo would take.

    Raises:
        UsageError: the rewrite did not change it; or it is a disk, of which the journal holds pieces alone.
        WriteError: there is nothing to undo, or the journal cannot be read.
    """
    folder = paths.real(folder)
    due = store.due(folder)
    if due is None:
        raise nothing_to_undo(folder)
    record = store.load(folder, *due)
    (index,) = _places(record, [name])
    patch = record.entries[index].patch
    if isinstance(patch, ReplacePatch):
        return patch.before
    count = sum(len(item.before) for item in patch.ranges)
    raise UsageError(
        f"of this disk the journal holds no more than the {count} bytes that the rewrite changed",
        path=name,
        hint="an undo puts them back into the disk",
        candidates=[entry.name for entry in record.entries if isinstance(entry.patch, ReplacePatch)],
    )


def nothing_to_undo(folder: Path) -> WriteError:
    """Return the error about a folder without a rewrite that is not undone."""
    return WriteError(f"{folder}: no rewrite to undo here")


def refuse_if_in_use(files: Iterable[Path]) -> None:
    """Refuse where a VMware product has one of the files open; see `locks.refuse_if_in_use`."""
    stems: dict[Path, set[str]] = {}
    for path in files:
        stems.setdefault(path.parent, set()).add(path.stem)
    everywhere = {stem for found in stems.values() for stem in found}
    for folder in stems:
        locks.refuse_if_in_use(folder, everywhere)


def _undo(folder: Path, trusted: frozenset[Path], only: Sequence[str]) -> RestoredFiles:
    due = store.due(folder)
    if due is None:
        raise nothing_to_undo(folder)
    record = _located(store.load(folder, *due), trusted)
    plan = _plan(record, due[1], only)
    refuse_if_in_use(entry.patch.path for entry in record.entries)
    founds = [_compare(record, index, needed=index in plan.chosen) for index in range(len(record.entries))]
    refuse(record, plan.state, founds, plan.chosen, plan.open_ones)
    for index in plan.chosen:
        _check(record, index, founds[index])
    record = _announced(record, plan)
    left = [index for index, found in enumerate(founds) if index not in plan.chosen and found != "before"]
    # A rewrite that was cut short stays so while files are left; one that was done is done again.
    cut_short = plan.state == "journal" and plan.begun is None
    end: JournalState = "undone" if not left else "journal" if cut_short else "done"
    try:
        files = restore(record, sorted(plan.chosen))
        if end != "journal":
            store.finish(record, end)
    except (OSError, WriteError) as error:
        reason = file_ops.explain(error) if isinstance(error, OSError) else str(error)
        problem = f"{reason}; rewrite {record.number:04} is not undone yet"
        raise Interrupted(problem, hint="after that go on with the undo") from None
    names = tuple(record.entries[index].name for index in left)
    changed = tuple(
        record.entries[index].name for index in left if founds[index] == "other" and _is_disk(record.entries[index])
    )
    return RestoredFiles(record.number, files, plan.state == "journal", names, end, changed)


def _is_disk(entry: JournalFile) -> bool:
    """Return whether a file is one of a disk, and so one that products write to."""
    return not isinstance(entry.patch, ReplacePatch) or entry.name.lower().endswith((".vmdk", ".pln"))


def _plan(record: Journal, state: JournalState, only: Sequence[str]) -> _Plan:
    every = frozenset(range(len(record.entries)))
    # In a rewrite that is done, this is a remnant: what it spoke of was finished.
    begun = store.being_undone(record) if state == "journal" else None
    named = _places(record, only)
    chosen = named | (begun or frozenset()) if only else every if begun is None else begun
    open_ones = frozenset[int]() if state == "done" else every if begun is None else begun
    return _Plan(state, chosen, open_ones, begun)


def _places(record: Journal, names: Iterable[str]) -> frozenset[int]:
    """Return the places of files in the journal."""
    known = {entry.name: index for index, entry in enumerate(record.entries)}
    for name in names:
        if name not in known:
            listed = ", ".join(one[:_NAME_SHOWN] for one in list(known)[:_NAMED]) + (
                ", …" if len(known) > _NAMED else ""
            )
            problem = f"rewrite {record.number:04} changed no file {name[:_NAME_SHOWN]!r}"
            raise UsageError(problem, hint=f"it changed {listed}", candidates=known)
    return frozenset(known[name] for name in names)


def _announced(record: Journal, plan: _Plan) -> Journal:
    """Say for good what is being undone, so that the next undo knows should this one be killed."""
    told = None if len(plan.chosen) == len(record.entries) else plan.chosen
    # A rewrite that was cut short has all its files in the open anyway, and stays so until each is settled.
    if (plan.state == "done" or plan.begun is not None) and told != store.being_undone(record):
        record = store.tell_undone(record, plan.state, told)
    store.reopen(record, was_unfinished=plan.state == "journal")
    return record


def _compare(record: Journal, index: int, *, needed: bool) -> Found:
    try:
        return compare(record.entries[index].patch)
    except OSError:
        # Of a file that is left alone it is enough to know that it may not have its bytes from before.
        if needed:
            raise
        return "other"


def _check(record: Journal, index: int, found: Found) -> None:
    entry = record.entries[index]
    in_place = not isinstance(entry.patch, ReplacePatch)
    # A disk that is as it should be may still have to get back its time, which all its names share.
    if found != "missing" and (in_place or found != "before"):
        paths.check(paths.Target(entry.name, entry.patch.path), in_place=in_place)


def _located(record: Journal, trusted: frozenset[Path]) -> Journal:
    """Return the journal with its files as they lie, once it is sure that no link has taken the place of one."""
    entries = []
    for entry in record.entries:
        found = paths.locate(record.folder, entry.patch.path, trusted)
        if found.name != entry.name:
            raise WriteError(f"{entry.patch.path}: a link has taken the place of the file; put the file back")
        entries.append(replace(entry, patch=replace(entry.patch, path=found.path)))
    return replace(record, entries=tuple(entries))
