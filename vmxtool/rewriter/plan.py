"""From a wish to bytes: the plan of a rewrite, proved before anything is written."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from vmxtool.planner.changes import DescriptorChange, SettingChange
from vmxtool.planner.guards import refusals
from vmxtool.planner.rewrite import propose
from vmxtool.rewriter import descriptors, settings
from vmxtool.rewriter.proof import prove_config
from vmxtool.rewriter.write import write

if TYPE_CHECKING:
    from pathlib import Path

    from vmxtool.findings import Finding, Fix
    from vmxtool.machine.model import Machine
    from vmxtool.planner.request import Request
    from vmxtool.rewriter.patch import Patch
    from vmxtool.rewriter.told import FileChange


@dataclass(frozen=True)
class Plan:
    """A rewrite, complete and proved; `apply` writes it.

    Attributes:
        machine: the VM it was made for.
        changes: every change with its reason.
        refused: why nothing can be done; there are no changes then.
        manual: what remains for the person.
        patches: the bytes, file by file.
        texts: (name, before, after) of every changed text, for the diff.
        about: what is kept in the journal for the reader.
    """

    machine: Machine
    changes: tuple[FileChange, ...] = ()
    refused: tuple[Finding, ...] = ()
    manual: tuple[Fix, ...] = ()
    patches: tuple[Patch, ...] = ()
    texts: tuple[tuple[str, str, str], ...] = ()
    about: tuple[tuple[str, str], ...] = ()

    @cached_property
    def diff(self) -> str:
        """A unified diff over all changed texts."""
        rows: list[str] = []
        for name, before, after in self.texts:
            rows += difflib.unified_diff(
                before.splitlines(), after.splitlines(), f"{name} (before)", f"{name} (after)", lineterm="", n=2
            )
        return "".join(f"{row}\n" for row in rows)

    def apply(self) -> Path | None:
        """Write the plan, with a journal first; the journal's path, or None where there is nothing to write.

        Raises:
            WriteError: refused or failed; nothing was changed.
        """
        from vmxtool.errors import WriteError

        if self.refused:
            raise WriteError(f"{self.machine.config.file}: {self.refused[0].message}")
        trusted = frozenset({self.machine.config.path})
        return write(self.machine.config.folder, self.patches, dict(self.about), trusted=trusted)


def plan(machine: Machine, request: Request) -> Plan:
    """Work out what a request changes in a VM's files, and prove it.

    The result either has every change, or every reason why not.

    Raises:
        UsageError: the request names a hardware version that does not exist.
        WriteError: the proof failed, which is a fault of vmxtool; nothing was written.
    """
    proposal = propose(machine, request)
    reasons = (*refusals(machine), *proposal.refused)
    if reasons:
        return Plan(machine, refused=_unique(reasons))
    on_config = [change for change in proposal.changes if isinstance(change, SettingChange)]
    on_disks = [change for change in proposal.changes if isinstance(change, DescriptorChange)]
    config = settings.carry_out(machine, on_config)
    disks = descriptors.carry_out(on_disks)
    if config.refused or disks.refused:
        return Plan(machine, refused=_unique((*config.refused, *disks.refused)))
    prove_config(machine, config.document, on_config, request)
    return Plan(
        machine,
        changes=(*config.told, *disks.told),
        manual=proposal.manual,
        patches=(*config.patches, *disks.patches),
        texts=(*config.texts, *disks.texts),
        about=(("config", machine.config.file), ("changes", str(len(config.told) + len(disks.told)))),
    )


def _unique(reasons: tuple[Finding, ...]) -> tuple[Finding, ...]:
    return tuple({(reason.code, reason.message): reason for reason in reasons}.values())
