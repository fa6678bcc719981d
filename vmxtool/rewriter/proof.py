"""Prove what a rewrite would write before it is written: it says what the plan says, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.errors import WriteError
from vmxtool.machine.read import describe
from vmxtool.planner.rewrite import propose
from vmxtool.vmdk.descriptor import Descriptor
from vmxtool.vmx.document import Document, fold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmxtool.machine.model import Machine
    from vmxtool.planner.changes import SettingChange
    from vmxtool.planner.request import Request
    from vmxtool.rewriter.edit_descriptor import Rewritten


def prove_config(vm: Machine, after: Document, changes: Sequence[SettingChange], request: Request) -> None:
    """Read the new bytes again: every setting is as planned, every other line as it was, a second run asks for nothing.

    Raises:
        WriteError: they are not, which is a fault of vmxtool; nothing has been written.
    """
    before = vm.config.document
    again = Document.parse(bytes(after), after.name)
    if again.duplicates or again.unknown:
        raise _fault(vm.config.file, "the new config would not be read as it was written")
    wanted = _planned(before, changes)
    now = {fold(key): again[key] for key in again}
    wrong = sorted(key for key in wanted.keys() | now.keys() if wanted.get(key) != now.get(key))
    if wrong:
        raise _fault(vm.config.file, f"{', '.join(wrong[:5])} would not be as planned")
    if _untouched(before, [change.key for change in changes]) != _untouched(
        again, [change.name or change.key for change in changes]
    ):
        raise _fault(vm.config.file, "lines that no change names would change")
    repeated = propose(describe(again, vm.config.path), request)
    if repeated.settings:
        listed = ", ".join(change.key for change in repeated.settings[:5])
        raise _fault(vm.config.file, f"a second run would change {listed} again")


def prove_descriptors(rewritten: Sequence[Rewritten]) -> None:
    """Read the new descriptors again: the planned entries have their values, every other line is as it was.

    Raises:
        WriteError: they are not, which is a fault of vmxtool; nothing has been written.
    """
    for item in rewritten:
        again = Descriptor.parse(bytes(item.after), region=item.before.region)
        planned = {fold(change.key): change.after for change in item.changes}
        for old, new in zip(item.before.settings, again.settings, strict=False):
            wanted = planned.get(fold(old.key), item.before.value_of(old))
            if old.key != new.key or again.value_of(new) != wanted:
                raise _fault(item.link.file, f"{old.key} would not be as planned")
        same_length = not item.before.region or len(again.raw) == len(item.before.raw)
        rest = (len(item.before.settings), item.before.extents, item.before.unknown, item.before.codec)
        if (len(again.settings), again.extents, again.unknown, again.codec) != rest or not same_length:
            raise _fault(item.link.file, "lines that no change names would change")


def _planned(before: Document, changes: Sequence[SettingChange]) -> dict[str, str]:
    """The settings that the changes make of the present ones, worked out without any editing."""
    values = {fold(key): before[key] for key in before}
    for change in changes:
        value = values.pop(fold(change.key), None)
        if change.name is None and change.after is None:
            continue
        after = change.after if change.after is not None else value
        if after is not None:
            values[fold(change.name or change.key)] = after
    return values


def _untouched(document: Document, changed: Sequence[str]) -> list[bytes]:
    lines = {document.where(key) for key in changed}
    return [document.line(n).raw for n in range(1, document.lines + 1) if n not in lines]


def _fault(file: str, what: str) -> WriteError:
    return WriteError(f"{file}: the rewrite failed its own proof, so nothing was written: {what}; please report it")
