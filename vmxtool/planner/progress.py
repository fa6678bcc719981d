"""What the steps of a plan have made of a VM's files by then: rewritten, converted, changed on the host, elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool._record import Record
from vmxtool.findings import BY_CONVERTER, Do
from vmxtool.planner.moves import SOURCE

if TYPE_CHECKING:
    from vmxtool.planner.plan import Step

_AT_SOURCE = frozenset({Do.POWER_OFF, Do.REMOVE_SNAPSHOTS, Do.COMMIT_REDO_LOGS, Do.CHANGE_SETTINGS, Do.REPAIR_DISK})


class Progress(Record):
    """What the steps so far have made of the VM's files.

    Attributes:
        rewritten: what vmxtool has rewritten of them: "config", "files" where disks are among it, or empty.
        converted: disks have been written into a new folder, with the config.
        changed: the owner has changed settings, by which the files may tell of another product.
        stays: files of disks that lie in the VM's folder here and not in that new one.
        at_source: the VM's own product has changed it where it is.
        held: the products of which one has its newest files, where those are not here.
        imports: the plan has its disks imported once they are on the target's host.
    """

    rewritten: str = ""
    converted: bool = False
    changed: bool = False
    stays: tuple[str, ...] = ()
    at_source: bool = False
    held: tuple[str, ...] = ()
    imports: bool = False

    def with_step(self, step: Step) -> Progress:
        """Return the same after one more step; a product that gets the VM has it in a folder of its own."""
        into_new = step.do is Do.EXPORT_DISKS or (step.do is Do.CONVERT_DISKS and bool(step.commands))
        brought = step.do in BY_CONVERTER | {Do.MOVE_TO, Do.UPGRADE_HARDWARE} and bool(step.products)
        moved = brought or step.do in BY_CONVERTER
        changed = self.changed or (step.do is Do.CHANGE_SETTINGS and not step.is_ours)
        converted = not moved and (self.converted or into_new)
        stays = (step.stays if into_new else self.stays) if converted else ()
        at_source = self.at_source or (step.where == SOURCE and step.do in _AT_SOURCE)
        at_source = at_source and not (step.is_ours or step.fetches)  # by then they are here
        held = step.products if brought else () if step.is_ours or step.do is Do.COPY or moved else self.held
        return Progress(step.writes or self.rewritten, converted, changed, stays, at_source, held, self.imports)
