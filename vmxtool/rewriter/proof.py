"""Prove what a rewrite would write before it is written: it says what the plan says, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.changes.realise import apply_settings, realise
from vmxtool.errors import WriteError
from vmxtool.machine.read import build_machine
from vmxtool.rules.judging import files_of
from vmxtool.rules.state import VmState
from vmxtool.vmdk.descriptor import Descriptor
from vmxtool.vmx import encodings
from vmxtool.vmx.document import Document
from vmxtool.vmx.lines import fold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmxtool.changes.model import Changes, Wanted
    from vmxtool.machine.model import Machine
    from vmxtool.rewriter.edit_descriptor import Rewritten


def prove_config(vm: Machine, after: Document, changes: Changes) -> None:
    """Read the new bytes again: every setting is as planned, every other line as it was.

    Raises:
        WriteError: they are not, which is a fault of vmxtool; nothing has been written.
    """
    before = vm.config.document
    again = _read_again(after)
    if again.duplicates or again.unknown:
        raise _fault(vm.config.file, "the new config would not be read as it was written")
    planned = apply_settings({fold(key): before[key] for key in before}, changes.settings)
    now = {fold(key): again[key] for key in again}
    wrong = sorted(key for key in planned.keys() | now.keys() if planned.get(key) != now.get(key))
    if wrong:
        raise _fault(vm.config.file, f"{', '.join(wrong[:5])} would not be as planned")
    # Of a config that is written in another character set, what is beyond ASCII has other bytes; its values are proved.
    anew = [key for key in before if _is_anew(before, key)] if changes.recode else []
    repeated = before.repeats if changes.recode else ()  # every line of `.encoding` goes
    if _untouched(before, [*anew, *(change.key for change in changes.settings)], repeated) != _untouched(
        again, [*anew, *(change.name or change.key for change in changes.settings)], again.repeats if repeated else ()
    ):
        raise _fault(vm.config.file, "lines that no change names would change")


def prove_state(vm: Machine, after: Document, changes: Changes, wanted: Wanted) -> Machine:
    """Read the new config as a VM: its state is the one that was planned with, and a second run asks for nothing.

    Returns:
        The VM as it will be read.

    Raises:
        WriteError: it is not, which is a fault of vmxtool; nothing has been written.
    """
    again = build_machine(_read_again(after), vm.config.path)
    seen = VmState.of(again)
    wrong = differences(changes, seen)
    if wrong:
        raise _fault(vm.config.file, f"{', '.join(wrong)} would not be as planned")
    repeated = realise(files_of(again), seen, wanted)
    if repeated.settings:
        listed = ", ".join(change.key for change in repeated.settings[:5])
        raise _fault(vm.config.file, f"a second run would change {listed} again")
    return again


def _read_again(after: Document) -> Document:
    # A guess at the encoding stays the one that the VM was read with: with a line less there is less to go by.
    encoding = after.encoding
    return Document.parse(bytes(after), after.name, encoding.codec if encoding.guessed else None)


def differences(changes: Changes, seen: VmState) -> list[str]:
    """Return the facts of a rewritten VM that are not as its changes predicted, of those that the files show."""
    end = changes.end
    if end is None:
        return []
    facts = ("version", "memory_mib", "nics", "guest", "devices")
    wrong = [name for name in facts if getattr(end, name) != getattr(seen, name)]
    planned = {changes.moved.get(disk.drive, disk.drive): disk.bus for disk in end.disks}
    if planned != {disk.drive: disk.bus for disk in seen.disks}:
        wrong.append("disks")
    return wrong


def prove_descriptors(rewritten: Sequence[Rewritten]) -> None:
    """Read the new descriptors again: the planned entries have their values, every other line is as it was.

    Raises:
        WriteError: they are not, which is a fault of vmxtool; nothing has been written.
    """
    for item in rewritten:
        again = Descriptor.parse(bytes(item.after), region=item.before.region)
        planned = {fold(change.key): change.after for change in item.changes}
        for old, new in zip(item.before.settings, again.settings, strict=False):
            change = planned.get(fold(old.key))
            if change is None and (old.key, old.raw) == (new.key, new.raw):
                continue
            wanted = item.before.value_of(old) if change is None else change
            if old.key != new.key or again.value_of(new) != wanted:
                raise _fault(item.link.file, f"{old.key} would not be as planned")
        same_length = not item.before.region or len(again.raw) == len(item.before.raw)
        rest = (len(item.before.settings), item.before.extents, item.before.unknown, item.before.codec)
        if (len(again.settings), again.extents, again.unknown, again.codec) != rest or not same_length:
            raise _fault(item.link.file, "lines that no change names would change")


def _is_anew(before: Document, key: str) -> bool:
    shifting = encodings.is_shifting(before.encoding.codec)
    return shifting or not (key.isascii() and before[key].isascii())


def _untouched(document: Document, changed: Sequence[str], besides: Sequence[int] = ()) -> list[bytes]:
    lines = {document.where(key) for key in changed} | set(besides)
    return [document.line(n).raw for n in range(1, document.lines + 1) if n not in lines]


def _fault(file: str, what: str) -> WriteError:
    return WriteError(f"{file}: the rewrite failed its own proof, so nothing was written: {what}; please report it")
