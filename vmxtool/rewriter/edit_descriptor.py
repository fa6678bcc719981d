"""Edit copies of disk descriptors: separate files are to be replaced, embedded ones written within their sectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool._record import Record
from vmxtool.rewriter.diff import FileChange, TextChange
from vmxtool.rewriter.journal.patch import InPlacePatch, Range, ReplacePatch
from vmxtool.rules import writing
from vmxtool.rules.registry import findings_of
from vmxtool.vmdk.descriptor_edits import with_ddb
from vmxtool.vmdk.sectors import SECTOR

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vmxtool.changes.model import DescriptorChange
    from vmxtool.findings import Finding
    from vmxtool.rewriter.journal.patch import Patch
    from vmxtool.vmdk.chain import Link
    from vmxtool.vmdk.descriptor import Descriptor


class Rewritten(Record):
    """One descriptor before and after its changes."""

    link: Link
    before: Descriptor
    after: Descriptor
    changes: tuple[DescriptorChange, ...]


class EditedDescriptors(Record):
    """The descriptors after the changes: as values, as bytes, and as lines for the reader."""

    rewritten: tuple[Rewritten, ...]
    records: tuple[FileChange, ...]
    patches: tuple[Patch, ...]
    texts: tuple[TextChange, ...]
    refused: tuple[Finding, ...]


def edit_descriptors(changes: Sequence[DescriptorChange]) -> EditedDescriptors:
    """Make the changes in copies of the descriptors, and refuse those for which a descriptor has no room."""
    by_path: dict[str, list[DescriptorChange]] = {}
    for change in changes:
        by_path.setdefault(str(change.link.path), []).append(change)
    rewritten: list[Rewritten] = []
    refused: list[Finding] = []
    for group in by_path.values():
        outcome = _rewrite(group[0].link, group, refused)
        if outcome is not None and bytes(outcome.after) != bytes(outcome.before):
            rewritten.append(outcome)
    return EditedDescriptors(
        rewritten=tuple(rewritten),
        records=tuple(record for item in rewritten for record in _records(item)),
        patches=tuple(_patch(item.link, bytes(item.before), bytes(item.after)) for item in rewritten),
        texts=tuple(_text_change(item) for item in rewritten),
        refused=tuple(refused),
    )


def _rewrite(link: Link, changes: Sequence[DescriptorChange], refused: list[Finding]) -> Rewritten | None:
    before = link.descriptor
    if before is None:
        return None
    after = before
    for change in changes:
        if not before.padding_clean:
            refused += _no_room(link, change, "unknown bytes follow its text")
            continue
        try:
            after = with_ddb(after, change.key, change.after)
        except (ValueError, KeyError) as error:
            refused += _no_room(link, change, str(error.args[0]) if error.args else "it cannot hold the value")
    return Rewritten(link, before, after, tuple(changes))


def _no_room(link: Link, change: DescriptorChange, reason: str) -> list[Finding]:
    return findings_of(writing.descriptor_without_room, link.file, change.key, change.after, reason)


def _records(item: Rewritten) -> Iterator[FileChange]:
    for change in item.changes:
        for old, new in zip(item.before.places(change.key), item.after.places(change.key), strict=True):
            yield FileChange(
                file=item.link.file,
                line=old.line,
                key=old.key,
                before=_line(item.before, old.line),
                after=_line(item.after, new.line),
                why=change.why,
                source=change.source,
                safety=change.safety.value,
                topic=change.topic,
                values=(item.before.value_of(old), change.after),
            )


def _text_change(item: Rewritten) -> TextChange:
    removed = frozenset(place.line for change in item.changes for place in item.before.places(change.key))
    added = frozenset(place.line for change in item.changes for place in item.after.places(change.key))
    return TextChange(item.link.file, _text(item.before), _text(item.after), removed, added)


def _patch(link: Link, before: bytes, after: bytes) -> Patch:
    if link.descriptor_offset is None:
        return ReplacePatch(link.path, before, after)
    ranges = tuple(
        Range(link.descriptor_offset + start, before[start : start + SECTOR], after[start : start + SECTOR])
        for start in range(0, len(before), SECTOR)
        if before[start : start + SECTOR] != after[start : start + SECTOR]
    )
    return InPlacePatch(link.path, ranges)


def _text(descriptor: Descriptor) -> str:
    return descriptor.raw[: descriptor.text_size].decode(descriptor.codec, "backslashreplace")


def _line(descriptor: Descriptor, number: int) -> str:
    lines = descriptor.raw[: descriptor.text_size].split(b"\n")
    raw = lines[number - 1] if number <= len(lines) else b""
    return raw.rstrip(b"\r").decode(descriptor.codec, "backslashreplace")
