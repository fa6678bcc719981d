"""Compare a VM's files with a journal, and bring them back to their bytes from before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from vmxtool._record import replace
from vmxtool.errors import WriteError
from vmxtool.rewriter.journal import file_ops
from vmxtool.rewriter.journal.patch import ReplacePatch, differing_sectors, is_mixture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmxtool.rewriter.journal.patch import InPlacePatch, Patch, Side
    from vmxtool.rewriter.journal.record import Journal, JournalFile

Found = Literal["before", "after", "mixed", "missing", "other"]


def compare(patch: Patch) -> Found:
    """Compare a file with its patch: it has the bytes from before, from after, a mixture (disks alone), or other ones.

    "missing" where no file is.

    Raises:
        OSError: it cannot be read.
    """
    if file_ops.status(patch.path) is None:
        return "missing"
    if isinstance(patch, ReplacePatch):
        content = file_ops.read(patch.path, max(len(patch.before), len(patch.after)) + 1)
        return "before" if content == patch.before else "after" if content == patch.after else "other"
    ranges = file_ops.read_ranges(patch.path, [(item.offset, len(item.before)) for item in patch.ranges])
    if all(have == item.before for have, item in zip(ranges, patch.ranges, strict=True)):
        return "before"
    if all(have == item.after for have, item in zip(ranges, patch.ranges, strict=True)):
        return "after"
    mixed = all(is_mixture(have, item.before, item.after) for have, item in zip(ranges, patch.ranges, strict=True))
    return "mixed" if mixed else "other"


def restore(record: Journal, indexes: Sequence[int]) -> tuple[str, ...]:
    """Bring these files of an unfinished rewrite back to their bytes from before, and remove all temporary files.

    What is back already is synced all the same: the process that wrote it may have died before it came to that.

    Returns:
        The names of those that had to be written.

    Raises:
        WriteError: a file has bytes that neither the rewrite nor the original had.
        OSError: a file cannot be read or written.
    """
    for index in range(len(record.entries)):
        file_ops.remove(record.staged(index))
    written = []
    for index in indexes:
        entry = record.entries[index]
        found = compare(entry.patch)
        if found == "other":
            raise WriteError(f"{entry.patch.path}: changed by another program; close that")
        if isinstance(entry.patch, ReplacePatch):
            _restore_text(record, index, entry.patch, found)
        else:
            _restore_disk(record, entry, entry.patch, found)
        if found != "before":
            written.append(entry.name)
    return tuple(written)


def write_ranges(patch: InPlacePatch, side: Side, mtime_ns: int | None) -> None:
    """Bring the ranges of a disk to one side: only sectors that differ are written. The time is set unless None.

    Raises:
        OSError: it cannot be read or written.
    """
    have = file_ops.read_ranges(patch.path, [(item.offset, len(item.before)) for item in patch.ranges])
    pieces = [
        piece
        for found, item in zip(have, patch.ranges, strict=True)
        for piece in differing_sectors(item.offset, found, item.before if side == "before" else item.after)
    ]
    file_ops.overwrite(patch.path, pieces, mtime_ns)


def _restore_text(record: Journal, index: int, patch: ReplacePatch, found: Found) -> None:
    path, before = patch.path, record.entries[index].attributes
    if found == "before":
        file_ops.sync_file(path)
        return
    lost = found == "missing"
    # The rights of today, should the user have changed them since; the time of before, since the bytes are of then.
    like = (
        replace(before, mode=before.mode & 0o777)
        if lost
        else replace(file_ops.attributes(path), mtime_ns=before.mtime_ns)
    )
    file_ops.stage(record.staged(index), patch.before, like, path, keep_time=True, lost=lost)
    file_ops.replace(record.staged(index), path)


def _restore_disk(record: Journal, entry: JournalFile, patch: InPlacePatch, found: Found) -> None:
    have = file_ops.attributes(patch.path).mtime_ns
    if found == "before" and (have == entry.attributes.mtime_ns or have != record.stamp_ns):
        # Neither bytes nor a time to give back.
        file_ops.sync_file(patch.path)
        return
    # If its time is another, somebody wrote to other parts of the disk since, and a program that copies by time of
    # change has to see that.
    ours = have in {entry.attributes.mtime_ns, record.stamp_ns}
    write_ranges(patch, "before", entry.attributes.mtime_ns if ours else None)
