"""From changes to bytes: a rewrite worked out, proved before anything is written, and written with a journal."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from vmxtool._record import Record
from vmxtool.errors import Interrupted, WriteError
from vmxtool.knowledge.products import products
from vmxtool.knowledge.runs import Ternary, runs
from vmxtool.rewriter.edit_config import edit_config
from vmxtool.rewriter.edit_descriptor import edit_descriptors
from vmxtool.rewriter.journal.write import write
from vmxtool.rewriter.proof import prove_config, prove_descriptors, prove_state
from vmxtool.rules.commands import in_a_sentence, shell, vmxtool_command

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from vmxtool.changes.model import Changes, Wanted
    from vmxtool.findings import Finding, Fix
    from vmxtool.machine.model import Machine
    from vmxtool.rewriter.diff import FileChange, TextChange
    from vmxtool.rewriter.journal.patch import Patch


class Rewrite(Record):
    """A rewrite, complete and proved; `apply` writes it.

    Attributes:
        machine: the VM it was made for.
        changes: every change with its reason.
        refused: why nothing can be done; there are no changes then.
        manual: what remains for the person.
        notes: what the person should know, such as that a step is one-way.
        patches: the bytes, file by file.
        texts: every changed text, for the diff.
        about: what is kept in the journal for the reader.
        then: words of the vmxtool command that tells the steps after it, or none.
        words: the request as options of the command line.
        wanted: what it reaches, or None where it is refused.
        planned: the changes it was made from, or None.
        one_way: whether it raises the hardware version so that no product takes the VM back once it has run.
    """

    machine: Machine
    changes: tuple[FileChange, ...] = ()
    refused: tuple[Finding, ...] = ()
    manual: tuple[Fix, ...] = ()
    notes: tuple[str, ...] = ()
    patches: tuple[Patch, ...] = ()
    texts: tuple[TextChange, ...] = ()
    about: tuple[tuple[str, str], ...] = ()
    then: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    wanted: Wanted | None = None
    planned: Changes | None = None
    one_way: bool = False

    @cached_property
    def diff(self) -> str:
        """A unified diff over all changed texts; a descriptor inside a disk is shown as the text it is."""
        return "".join(f"{row}\n" for text in self.texts for row in text.diff())

    def apply(self) -> Path | None:
        """Write the rewrite, with a journal first; the journal's path, or None where there is nothing to write.

        Raises:
            Interrupted: an earlier rewrite is unfinished, or this one could neither be finished nor taken back; the
                message ends with the command that undoes it.
            WriteError: refused or failed; nothing was changed.
        """
        if self.refused:
            raise WriteError(f"{self.machine.config.file}: {self.refused[0].message}; nothing was changed")
        trusted = frozenset({self.machine.config.path})
        try:
            return write(self.machine.config.folder, self.patches, dict(self.about), trusted=trusted)
        except Interrupted as error:
            raise error.with_command(in_a_sentence(vmxtool_command(self.machine, "undo"))) from None

    def __repr__(self) -> str:
        what = "refused" if self.refused else f"{len(self.changes)} changes"
        return f"<rewrite of {self.machine.name[:40]}: {what}>"


def make_rewrite(
    machine: Machine,
    changes: Changes | None,
    wanted: Wanted | None,
    *,
    refused: tuple[Finding, ...] = (),
    manual: tuple[Fix, ...] = (),
    notes: tuple[str, ...] = (),
    words: Sequence[str] = (),
    then: tuple[str, ...] = (),
    one_way: bool = False,
) -> Rewrite:
    """Turn the changes to a VM into bytes, and prove them.

    The result either has every change, or every reason why not.

    Args:
        machine: the VM.
        changes: what is to be changed, or None.
        wanted: what the changes are to reach; a second run is proved to ask for nothing.
        refused: why nothing may be changed.
        manual: what remains for the person.
        notes: what the person should know.
        words: the request as options of the command line, for the journal.
        then: words of the vmxtool command that tells the steps after it.
        one_way: whether no product takes the VM back from the hardware version that it gets.

    Raises:
        WriteError: the proof failed, which is a fault of vmxtool; nothing was written.
    """
    if refused:
        return Rewrite(machine, refused=refused, words=tuple(words), wanted=wanted)
    if changes is None or wanted is None:
        return Rewrite(machine, manual=manual, notes=notes, then=then, words=tuple(words), wanted=wanted)
    config = edit_config(machine, changes)
    disks = edit_descriptors(changes.descriptors)
    if disks.refused:
        return Rewrite(machine, refused=disks.refused, words=tuple(words), wanted=wanted)
    records = (*config.records, *disks.records)
    if records:
        prove_config(machine, config.document, changes)
        then = _named(then, machine, prove_state(machine, config.document, changes, wanted))
        prove_descriptors(disks.rewritten)
    return Rewrite(
        machine,
        changes=records,
        manual=manual,
        notes=notes,
        patches=(*config.patches, *disks.patches),
        texts=(*config.texts, *disks.texts),
        about=(
            ("config", machine.config.path.name),
            ("command", shell(["rewrite", *words])),
            ("changes", str(len(records))),
        ),
        then=then,
        words=tuple(words),
        wanted=wanted,
        planned=changes,
        one_way=one_way and bool(records),
    )


def _named(then: tuple[str, ...], before: Machine, after: Machine) -> tuple[str, ...]:
    """Return the words of the next command.

    It names the product that made the VM where the files told it and no longer do.
    """
    made_by, told = ([it.product for it in vm.origin] for vm in (before, after))
    if not then or "--from" in then or not made_by or told == made_by:
        return then
    version = after.hardware.version
    if version is not None and runs(products()[made_by[0]], version) is Ternary.NO:
        return then  # it is no VM of that product any more
    return (*then, "--from", made_by[0])
