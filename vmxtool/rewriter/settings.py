"""Carry out changes to the config: edits, a new document, and what they look like line by line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vmxtool.planner.changes import refusal
from vmxtool.rewriter.patch import ReplacePatch
from vmxtool.rewriter.told import FileChange
from vmxtool.vmx import edits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmxtool.findings import Finding
    from vmxtool.machine.model import Machine
    from vmxtool.planner.changes import SettingChange
    from vmxtool.rewriter.patch import Patch
    from vmxtool.vmx.document import Document


@dataclass(frozen=True, slots=True)
class Carried:
    """Changes to one config as bytes and as lines for the reader."""

    document: Document
    told: tuple[FileChange, ...]
    patches: tuple[Patch, ...]
    texts: tuple[tuple[str, str, str], ...]
    refused: tuple[Finding, ...] = ()


def carry_out(vm: Machine, changes: Sequence[SettingChange]) -> Carried:
    """Make the changes in a copy of the config; a value that the file's encoding cannot hold is a refusal."""
    before = vm.config.document
    after = before
    told: list[FileChange] = []
    refused: list[Finding] = []
    for change in changes:
        try:
            after, record = _one(after, change)
        except edits.EncodingRefused as error:
            refused.append(
                refusal("VMX007", "value-not-encodable", str(error), (before.evidence(change.key),), "rename it first")
            )
            continue
        told.append(record)
    old, new = bytes(before), bytes(after)
    patches = (ReplacePatch(vm.config.path, old, new),) if old != new else ()
    texts = ((vm.config.file, _text(before, old), _text(before, new)),) if old != new else ()
    return Carried(after, tuple(told), patches, texts, tuple(refused))


def edit_of(change: SettingChange) -> edits.Edit:
    """The edit that a change to a setting comes to."""
    if change.name is not None:
        return edits.RenameKey(change.key, change.name)
    if change.after is None:
        return edits.RemoveKey(change.key)
    return edits.SetValue(change.key, change.after, change.beside)


def _one(document: Document, change: SettingChange) -> tuple[Document, FileChange]:
    where = document.where(change.key)
    old = _line(document, where)
    after = edits.apply(document, [edit_of(change)])
    place = after.where(change.name or change.key)
    new = None if change.after is None and change.name is None else _line(after, place)
    record = FileChange(
        file=document.name,
        line=where if where is not None else place,
        key=change.key,
        before=old,
        after=new,
        why=change.why,
        source=change.source,
        safety=change.safety.value,
    )
    return after, record


def _line(document: Document, number: int | None) -> str | None:
    if number is None:
        return None
    return document.line(number).raw.rstrip(b"\r\n").decode(document.encoding.codec, "backslashreplace")


def _text(document: Document, data: bytes) -> str:
    return data.decode(document.encoding.codec, "backslashreplace")
