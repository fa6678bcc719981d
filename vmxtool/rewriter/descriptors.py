"""Carry out changes to disk descriptors: separate files are replaced, embedded ones written within their sectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vmxtool.evidence import Evidence
from vmxtool.planner.changes import refusal
from vmxtool.rewriter.patch import SECTOR, InPlacePatch, Range, ReplacePatch
from vmxtool.rewriter.told import FileChange

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vmxtool.findings import Finding
    from vmxtool.planner.changes import DescriptorChange
    from vmxtool.rewriter.patch import Patch
    from vmxtool.vmdk.chain import Link
    from vmxtool.vmdk.descriptor import Descriptor


@dataclass(frozen=True, slots=True)
class Carried:
    """Changes to descriptors as bytes and as lines for the reader."""

    told: tuple[FileChange, ...]
    patches: tuple[Patch, ...]
    texts: tuple[tuple[str, str, str], ...]
    refused: tuple[Finding, ...]


def carry_out(changes: Sequence[DescriptorChange]) -> Carried:
    """Make the changes in copies of the descriptors; one without room for the new text is a refusal."""
    told: list[FileChange] = []
    patches: list[Patch] = []
    texts: list[tuple[str, str, str]] = []
    refused: list[Finding] = []
    links = {change.link.path: change.link for change in changes}
    for path, link in links.items():
        before = link.descriptor
        if before is None:
            continue
        after = before
        for change in changes:
            if change.link.path != path:
                continue
            try:
                if not before.padding_clean:
                    raise ValueError("unknown bytes follow the descriptor's text")  # noqa: TRY301 one way out
                after = after.with_ddb(change.key, change.after)
            except (ValueError, KeyError) as error:
                refused.append(_no_room(link, change, error))
                continue
            told += _told(link, before, after, change)
        if bytes(after) != bytes(before):
            patches.append(_patch(link, bytes(before), bytes(after)))
            texts.append((link.file, _text(before), _text(after)))
    return Carried(tuple(told), tuple(patches), tuple(texts), tuple(refused))


def _no_room(link: Link, change: DescriptorChange, error: Exception) -> Finding:
    reason = error.args[0] if error.args else "the descriptor cannot hold it"
    return refusal(
        "DSK225", "descriptor-without-room", f"{link.file}: {change.key} cannot become {change.after}: {reason}",
        (Evidence(link.file, None, change.key),),
        f"convert the disk first, such as with vmware-vdiskmanager -r '{link.file}' -t 0 NEW.vmdk",
    )  # fmt: skip


def _told(link: Link, before: Descriptor, after: Descriptor, change: DescriptorChange) -> Iterator[FileChange]:
    for old, new in zip(before.places(change.key), after.places(change.key), strict=True):
        yield FileChange(
            file=link.file,
            line=old.line,
            key=old.key,
            before=_line(before, old.line),
            after=_line(after, new.line),
            why=change.why,
            source=change.source,
            safety=change.safety.value,
        )


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
    lines = _text(descriptor).splitlines()
    return lines[number - 1] if number <= len(lines) else ""
