"""Plan a rewrite: work out every change and its bytes, and prove them before anything is written."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from vmxtool.errors import WriteError
from vmxtool.planner.guards import refusals, warnings
from vmxtool.planner.rewrite import propose
from vmxtool.rewriter.edit_config import edit_config
from vmxtool.rewriter.edit_descriptor import edit_descriptors
from vmxtool.rewriter.journal.write import write
from vmxtool.rewriter.proof import prove_config, prove_descriptors

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from vmxtool.findings import Finding, Fix
    from vmxtool.machine.model import Machine
    from vmxtool.planner.request import Request
    from vmxtool.rewriter.diff import FileChange, TextChange
    from vmxtool.rewriter.journal.patch import Patch


@dataclass(frozen=True)
class Plan:
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
    """

    machine: Machine
    changes: tuple[FileChange, ...] = ()
    refused: tuple[Finding, ...] = ()
    manual: tuple[Fix, ...] = ()
    notes: tuple[str, ...] = ()
    patches: tuple[Patch, ...] = ()
    texts: tuple[TextChange, ...] = ()
    about: tuple[tuple[str, str], ...] = ()

    @cached_property
    def diff(self) -> str:
        """A unified diff over all changed texts; a descriptor inside a disk is shown as the text it is."""
        return "".join(f"{row}\n" for text in self.texts for row in text.diff())

    def apply(self) -> Path | None:
        """Write the plan, with a journal first; the journal's path, or None where there is nothing to write.

        Raises:
            WriteError: refused or failed; nothing was changed.
        """
        if self.refused:
            raise WriteError(f"{self.machine.config.file}: {self.refused[0].message}; nothing was changed")
        trusted = frozenset({self.machine.config.path})
        return write(self.machine.config.folder, self.patches, dict(self.about), trusted=trusted)


def plan(machine: Machine, request: Request) -> Plan:
    """Work out what a request changes in a VM's files, and prove it.

    The result either has every change, or every reason why not.

    Raises:
        UsageError: which product made the VM matters, and its files do not tell.
        WriteError: the proof failed, which is a fault of vmxtool; nothing was written.
    """
    proposal = propose(machine, request)
    config = edit_config(machine, proposal.settings)
    disks = edit_descriptors(proposal.descriptors)
    reasons = _unique([*refusals(machine), *proposal.refused, *config.refused, *disks.refused])
    if reasons:
        return Plan(machine, refused=reasons)
    records = (*config.records, *disks.records)
    if records:
        prove_config(machine, config.document, proposal.settings, request)
        prove_descriptors(disks.rewritten)
    return Plan(
        machine,
        changes=records,
        manual=proposal.manual,
        notes=(*warnings(machine), *proposal.notes),
        patches=(*config.patches, *disks.patches),
        texts=(*config.texts, *disks.texts),
        about=(
            ("config", machine.config.path.name),
            ("command", f"rewrite {request.words}"),
            ("changes", str(len(records))),
        ),
    )


def _unique(reasons: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each reason once; of two about the same condition, the guards' comes first and says more."""
    found: dict[tuple[str, str], Finding] = {}
    for reason in reasons:
        found.setdefault((reason.code, reason.message), reason)
    return tuple(found.values())
