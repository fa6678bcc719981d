"""Edit a copy of the config: the new document, its bytes, and each changed line for the reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool._record import Record
from vmxtool.changes.model import CHARACTER_SET, Topic
from vmxtool.errors import WriteError
from vmxtool.rewriter.diff import FileChange, TextChange
from vmxtool.rewriter.journal.patch import ReplacePatch

if TYPE_CHECKING:
    from vmxtool.changes.model import Changes, SettingChange
    from vmxtool.machine.model import Machine
    from vmxtool.rewriter.journal.patch import Patch
    from vmxtool.vmx.document import Document


class EditedConfig(Record):
    """The config after the changes: as a document, as bytes, and as lines for the reader."""

    document: Document
    records: tuple[FileChange, ...] = ()
    patches: tuple[Patch, ...] = ()
    texts: tuple[TextChange, ...] = ()


def edit_config(vm: Machine, changes: Changes) -> EditedConfig:
    """Make the changes in a copy of the config.

    Raises:
        WriteError: its lines or its encoding cannot hold one, which is a fault of vmxtool; nothing has been written.
    """
    before = vm.config.document
    try:
        after = changes.apply_to(before)
    except ValueError as error:  # among them what the encoding cannot hold, and a name that is there already
        raise WriteError(f"{error}, so nothing was written; please report it") from None
    records = tuple(record for change in changes.settings if (record := _record(before, after, change)) is not None)
    old, new = bytes(before), bytes(after)
    if old == new:
        return EditedConfig(after)
    if not records:
        records = (_recoded(before, after, changes.recode or ""),)
    # In another character set an escape may be written as the character that it stands for.
    anew = [key for key in after if changes.recode and not _reads_alike(before, after, key)]
    gone = [before.where(key) for key in (*anew, *(it.key for it in changes.settings))]
    come = [after.where(key) for key in (*anew, *(it.name or it.key for it in changes.settings))]
    text = TextChange(
        vm.config.file,
        _text(before, old),
        _text(after, new),
        frozenset(line for line in gone if line is not None),
        frozenset(line for line in come if line is not None),
    )
    return EditedConfig(after, records, (ReplacePatch(vm.config.path, old, new),), (text,))


def _recoded(before: Document, after: Document, codec: str) -> FileChange:
    """Return the first line whose bytes change where nothing but the character set does."""
    changed = (key for key in before if (line := before.where(key)) and before.line(line).raw != _raw(after, key))
    key = next(changed, ".encoding")
    line = before.where(key)
    text = _line(before, line)
    why = f"the text is written in {codec}"
    topic = Topic(CHARACTER_SET, codec)
    return FileChange(
        before.name, line, key, text, _line(after, after.where(key)), why, "general", "safe", topic, (codec, codec)
    )


def _raw(document: Document, key: str) -> bytes:
    line = document.where(key)
    return b"" if line is None else document.line(line).raw


def _reads_alike(before: Document, after: Document, key: str) -> bool:
    return _line(before, before.where(key)) == _line(after, after.where(key))


def _record(before: Document, after: Document, change: SettingChange) -> FileChange | None:
    where = before.where(change.key)
    there = after.where(change.name or change.key) if change.after is not None or change.name is not None else None
    old, new = _line(before, where), _line(after, there)
    if old == new:
        return None
    return FileChange(
        file=before.name,
        line=where if where is not None else there,
        key=change.key,
        before=old,
        after=new,
        why=change.why,
        source=change.source,
        safety=change.safety.value,
        topic=change.topic,
        values=(before.get(change.key), after.get(change.name or change.key) if there is not None else None),
    )


def _line(document: Document, number: int | None) -> str | None:
    return None if number is None else _text(document, document.line(number).raw).rstrip("\r\n")


def _text(document: Document, data: bytes) -> str:
    return data.decode(document.encoding.codec, "backslashreplace")
