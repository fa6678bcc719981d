"""Write the patches of one rewrite: all or none of them; if cut short, `undo` restores every byte from the journal."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from vmxtool._record import replace
from vmxtool.errors import Interrupted, WriteError
from vmxtool.rewriter.journal import file_ops, locks, paths, restore, store, undo
from vmxtool.rewriter.journal.patch import ReplacePatch
from vmxtool.rewriter.journal.record import JournalFile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from vmxtool.rewriter.journal.patch import Patch
    from vmxtool.rewriter.journal.record import Journal

_UNCHANGED = "nothing was changed"


def write(
    folder: Path, patches: Sequence[Patch], about: Mapping[str, str], trusted: frozenset[Path] = frozenset()
) -> Path | None:
    """Write patches as one rewrite.

    Args:
        folder: the VM's folder; its journals lie in `.vmxtool` in it.
        patches: at most one for each file.
        about: what to tell of this rewrite in `undo --list`, such as the command.
        trusted: links inside the folder that may lead out of it, because the user named them.

    Returns:
        The journal, or None where the files are already as they should be: then nothing is written at all.

    Raises:
        Interrupted: an earlier rewrite is unfinished; or this one could neither be finished nor taken back.
        WriteError: refused or failed; the VM's files are as they were.
    """
    folder = paths.real(folder)
    _refuse_unfinished(folder)
    changes = [patch for patch in patches if patch.changes]
    if not changes:
        return None
    try:
        _entries(folder, changes, trusted)
        with locks.locked(folder):
            # All of it again, since another vmxtool may have been at work before we had the lock.
            _refuse_unfinished(folder)
            record = store.create(folder, about, _entries(folder, changes, trusted))
            _write_files(record)
    except OSError as error:
        raise WriteError(f"{file_ops.explain(error)}; {_UNCHANGED}") from None
    return record.path("done")


def _refuse_unfinished(folder: Path) -> None:
    left = store.unfinished(folder)
    if left is not None:
        raise Interrupted("an earlier rewrite was cut short", hint="undo it first", path=left)


def _entries(folder: Path, patches: Sequence[Patch], trusted: frozenset[Path]) -> tuple[JournalFile, ...]:
    """Return what the journal says of each file, once nothing speaks against changing it."""
    found = [paths.locate(folder, patch.path, trusted) for patch in patches]
    undo.refuse_if_in_use(item.path for item in found)
    entries: dict[str, JournalFile] = {}
    for patch, item in zip(patches, found, strict=True):
        if item.name in entries:
            raise WriteError(f"{item.path}: two patches for one file; please report this")
        kept = paths.check(item, in_place=not isinstance(patch, ReplacePatch))
        entries[item.name] = JournalFile(item.name, replace(patch, path=item.path), kept)
        _refuse_changed(entries[item.name].patch)
    return tuple(entries.values())


def _refuse_changed(patch: Patch) -> None:
    if restore.compare(patch) != "before":
        raise WriteError(f"{patch.path}: changed since the plan was made; plan again; {_UNCHANGED}")


def _refuse_other_hand(patch: Patch) -> None:
    if restore.compare(patch) != "after":
        raise WriteError(f"{patch.path}: another program wrote to it at the same time")


def _write_files(record: Journal) -> None:
    touched: list[int] = []
    try:
        # All new files first: a full disk, a foreign owner or an access list shows before a file of the VM has changed.
        for index, entry in enumerate(record.entries):
            if isinstance(entry.patch, ReplacePatch):
                staged = record.staged(index)
                file_ops.stage(staged, entry.patch.after, entry.attributes, entry.patch.path, keep_time=False)
        patches = [entry.patch for entry in record.entries]
        # Disks before texts: what can still fail comes before what hardly can.
        for index in sorted(range(len(patches)), key=lambda at: isinstance(patches[at], ReplacePatch)):
            _refuse_changed(patches[index])
            touched.append(index)
            _change(record, index)
        for patch in patches:
            _refuse_other_hand(patch)
        store.finish(record, "done")
    except BaseException as error:
        _take_back(record, touched, error)
        raise


def _change(record: Journal, index: int) -> None:
    patch = record.entries[index].patch
    if isinstance(patch, ReplacePatch):
        file_ops.replace(record.staged(index), patch.path)
    else:
        restore.write_ranges(patch, "after", record.stamp_ns)


def _take_back(record: Journal, touched: Sequence[int], error: BaseException) -> None:
    try:
        with suppress(FileNotFoundError):
            store.reopen(record)
        restore.restore(record, touched)
    except (OSError, WriteError) as second:
        first = file_ops.explain(error) if isinstance(error, OSError) else str(error) or type(error).__name__
        then = file_ops.explain(second) if isinstance(second, OSError) else str(second)
        raise Interrupted(f"{first}; and taking it back failed: {then}", hint="after that undo the rewrite") from None
    store.discard(record)
