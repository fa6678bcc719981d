"""Why a rewrite cannot be undone as a whole: its files as they are now, and what can be undone all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool._record import Record, replace
from vmxtool.errors import WriteError
from vmxtool.rewriter.journal import file_ops
from vmxtool.rewriter.journal.changed_lines import MAX_BYTES, UNCOMPARED, ChangedLines, compare_lines
from vmxtool.rewriter.journal.patch import ReplacePatch
from vmxtool.rules.commands import Argv, in_a_sentence, vmxtool_at

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from vmxtool.rewriter.journal.patch import Side
    from vmxtool.rewriter.journal.record import Journal, JournalFile, JournalState
    from vmxtool.rewriter.journal.restore import Found


class FoundFile(Record):
    """A file of a rewrite as it is now.

    Attributes:
        name: its name in the journal.
        found: "before" or "after" where it has the bytes from before or after the rewrite, "mixed" where each byte is
            one of these, "missing" where it is gone, else "other".
        is_text: whether it is a text, of which the journal holds all, and no disk.
        blocks: whether it is why the undo was refused.
        side: what the lines are compared with: the text as the rewrite left it, or of one that was cut short what it
            was before where that is nearer.
        lines: its lines that differ, of a text that blocks and is not too big to be compared.
    """

    name: str
    found: Found
    is_text: bool
    blocks: bool
    side: Side = "after"
    lines: ChangedLines = UNCOMPARED


class Refusal(Record):
    """Why an undo was refused, and what can be done.

    Attributes:
        number: the rewrite's number.
        state: its state, which the refusal left alone.
        journal: where the old bytes are, relative to the VM's folder.
        files: its files as they are now, in the order of the journal.
        alone: the files that can be undone by themselves, by their names.
        undo_alone: the command that undoes these, or none. Commands come from who knows how the reader named the VM.
        get_old: the commands that get the bytes from before of the texts that block.
        name: the VM's name, None where its config cannot be read.
        path: the VM's config, or else its folder, in the words of the user.
        warnings: what the person must not do with the old bytes.
        asked: the path as the user gave it, or None.
    """

    number: int
    state: JournalState
    journal: str
    files: tuple[FoundFile, ...]
    alone: tuple[str, ...]
    undo_alone: Argv = ()
    get_old: tuple[Argv, ...] = ()
    name: str | None = None
    path: Path | None = None
    warnings: tuple[str, ...] = ()
    asked: Path | None = None


class ChangedSince(WriteError):
    """A file is neither as a rewrite left it nor as it was before, so that the rewrite is not undone.

    Attributes:
        details: the refusal.
    """

    details: Refusal

    def __init__(self, problem: str, details: Refusal, *, path: Path | str | None, hint: str) -> None:
        super().__init__(problem, path=path, hint=hint, candidates=details.alone)
        self.details = details

    def with_commands(self, vm: Path, name: str | None, path: Path, warnings: tuple[str, ...] = ()) -> ChangedSince:
        """Return the same with commands, for the VM as the user named it; its name and path are for the title."""
        found = self.details
        wanted = [word for file in found.alone for word in ("--only", file)]
        alone = vmxtool_at(vm, "undo", *wanted) if wanted else ()
        old = tuple(
            vmxtool_at(vm, "undo", "--print", file.name) for file in found.files if file.blocks and file.is_text
        )
        hint = self.hint
        if hint:
            hint += f": {in_a_sentence(vmxtool_at(vm, 'undo'))}"
        elif alone:
            hint = f"what undoes the others alone: {in_a_sentence(alone)}"
        elif old:
            hint = f"what gets its old bytes: {in_a_sentence(old[0])}"
        details = replace(found, undo_alone=alone, get_old=old, name=name, path=path, warnings=warnings, asked=vm)
        return ChangedSince(self.problem, details, path=self.path, hint=hint)


def refuse(
    record: Journal,
    state: JournalState,
    founds: Sequence[Found],
    chosen: Collection[int],
    open_ones: Collection[int],
) -> None:
    """Refuse an undo where a file that it is to restore has bytes that are not the rewrite's.

    Args:
        record: the journal.
        state: its state.
        founds: how each file was found.
        chosen: the places of the files that are to be restored.
        open_ones: the places of those that may be in any mixture, since their change or its undo was cut short.

    Raises:
        ChangedSince: the first such file, with what is wrong with the others.
    """
    can = [_can_be_restored(record.entries[at], found, at in open_ones) for at, found in enumerate(founds)]
    blocked = [at for at in sorted(chosen) if not can[at]]
    if not blocked:
        return
    details = Refusal(
        record.number,
        state,
        record.path(state).relative_to(record.folder).as_posix(),
        tuple(
            _found_file(entry, founds[at], at in blocked, at in open_ones) for at, entry in enumerate(record.entries)
        ),
        tuple(entry.name for at, entry in enumerate(record.entries) if can[at] and founds[at] != "before"),
    )
    first = record.entries[blocked[0]]
    problem, hint = _words(record, first, founds[blocked[0]], blocked, is_open=blocked[0] in open_ones)
    raise ChangedSince(problem, details, path=first.patch.path, hint=hint)


def _can_be_restored(entry: JournalFile, found: Found, is_open: bool) -> bool:
    if found in {"before", "after"}:
        return True
    return is_open and (found == "mixed" or (found == "missing" and isinstance(entry.patch, ReplacePatch)))


def _words(
    record: Journal, first: JournalFile, found: Found, blocked: Sequence[int], *, is_open: bool
) -> tuple[str, str]:
    """Return what is wrong with the first file, and the remedy where it is one for that file."""
    number = f"rewrite {record.number:04}"
    if is_open and found == "missing":
        return f"the file is missing since {number} was cut short", "put it back from a backup and undo again"
    if is_open:
        remedy = "move it away" if isinstance(first.patch, ReplacePatch) else "put it back from a backup"
        return f"changed by another program since {number} was cut short", f"{remedy} and undo again"
    more = len(blocked) - 1
    others = "" if not more else f", as {more} other {'file was' if more == 1 else 'files were'}"
    return f"changed since {number}{others}, so that cannot be undone; nothing was changed", ""


def _found_file(entry: JournalFile, found: Found, blocks: bool, is_open: bool) -> FoundFile:
    patch = entry.patch
    if not isinstance(patch, ReplacePatch):
        return FoundFile(entry.name, found, is_text=False, blocks=blocks)
    if not blocks or found != "other":
        return FoundFile(entry.name, found, is_text=True, blocks=blocks)
    try:
        now = file_ops.read(patch.path, MAX_BYTES + 1)
    except OSError:
        return FoundFile(entry.name, found, is_text=True, blocks=blocks)
    side: Side = "after"
    lines = compare_lines(patch.after, now)
    if is_open:
        older = compare_lines(patch.before, now)
        if 0 < older.count < lines.count:
            side, lines = "before", older
    return FoundFile(entry.name, found, is_text=True, blocks=blocks, side=side, lines=lines)
