"""Prove a rewritten config before it is written: it says what the plan says, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.errors import WriteError
from vmxtool.machine.read import describe
from vmxtool.planner.changes import SettingChange
from vmxtool.planner.rewrite import propose
from vmxtool.vmx.document import Document, fold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmxtool.machine.model import Machine
    from vmxtool.planner.request import Request


def prove_config(vm: Machine, after: Document, changes: Sequence[SettingChange], request: Request) -> None:
    """Read the new bytes again and compare: the changed settings are those of the plan, and a second run asks for none.

    Raises:
        WriteError: they are not, which is a fault of vmxtool; nothing has been written.
    """
    again = Document.parse(bytes(after), after.name)
    planned = {fold(name) for change in changes for name in (change.key, change.name) if name is not None}
    before = _values(vm.config.document)
    now = _values(again)
    changed = {key for key in before.keys() | now.keys() if before.get(key) != now.get(key)}
    if not changed <= planned:
        raise _fault(vm, f"{', '.join(sorted(changed - planned))} would change unplanned")
    if again.duplicates or again.unknown:
        raise _fault(vm, "the new config would not be read as it was written")
    repeated = [change for change in propose(describe(again, vm.config.path), request).changes]
    more = [change.key for change in repeated if isinstance(change, SettingChange)]
    if more:
        raise _fault(vm, f"a second run would change {', '.join(more[:5])} again")


def _values(document: Document) -> dict[str, str]:
    return {key: document[key] for key in document.folded()}


def _fault(vm: Machine, what: str) -> WriteError:
    return WriteError(f"{vm.config.file}: the rewrite failed its own proof, so nothing was written: {what}; please report it")
