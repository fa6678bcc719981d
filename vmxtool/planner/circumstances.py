"""Where a move of a plan is made, by whom, and what has to be there first."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from vmxtool.findings import BY_CONVERTER, LOWERING, Do
from vmxtool.knowledge import tables
from vmxtool.knowledge.guide_names import names
from vmxtool.machine.folder import folder_of
from vmxtool.machine.state import JOURNAL_FOLDER
from vmxtool.planner.arrange import is_by_hand
from vmxtool.planner.moves import HERE, KINDS, SOURCE, TARGET, YOU, member

if TYPE_CHECKING:
    from vmxtool.planner.disk_work import DiskWork
    from vmxtool.planner.moves import Move
    from vmxtool.planner.progress import Progress
    from vmxtool.planner.ways import Way


class Circumstances:
    """What of the moves of one plan depends on where the VM and its files are by then."""

    def __init__(self, disks: DiskWork) -> None:
        """Begin for a plan, by what its steps do with the VM's disks."""
        self._disks = disks
        self.files, self.start, self.target, self.found = disks.files, disks.start, disks.target, disks.found

    @cached_property
    def rewritten_before(self) -> str:
        """What a rewrite that lies behind the files here has changed, which those on a host then do not have."""
        rewritten = self.files.seen and JOURNAL_FOLDER in folder_of(self.files.vm).names
        return "config" if rewritten else ""

    def fetches(self, move: Move, so_far: Progress) -> bool:
        """Return whether what a host changed of the VM comes here first, where its newest files are nowhere else."""
        by_hand = move.do is Do.CHANGE_SETTINGS and self.where(move, so_far) == HERE
        elsewhere = so_far.converted or so_far.held
        return so_far.at_source and not elsewhere and (by_hand or move.do is Do.COPY)

    def is_in_place(self, move: Move, so_far: Progress) -> bool:
        """Return whether a product upgrades a VM that it has already."""
        groups, has = names().groups, so_far.held or (self.start.holder,)
        able = {it for name in move.products for it in groups.get(name, (name,))}
        return any(it in able for name in has if name is not None for it in groups.get(name, (name,)))

    def makes_custom(self, move: Move, way: Way) -> bool:
        """Return whether a product in between is given exported disks for a new VM, as the text of the guide has it."""
        by_converter = any(it.do in BY_CONVERTER for it in way.moves)
        if move.do is not Do.UPGRADE_HARDWARE or not move.products or by_converter:
            return False
        facts = tables.remarks(self.start.holder or "", member(move.products[0]))
        return any(fact.adds == Do.CREATE_VM for fact in facts)

    def lowers_after(self, move: Move, way: Way) -> bool:
        """Return whether a VM goes to a product only to have its hardware lowered, which vmxtool does as well."""
        tools = {name for it in way.moves if it.do in LOWERING for name in it.products}
        by_converter = [it for it in way.moves if it.do in BY_CONVERTER]
        # Before Converter vmxtool lowers it where it moves disks besides, for a guest that Converter leaves alone.
        moved = any(it.cure is Do.MOVE_DISKS for it in self.found) and not all(it.fits for it in by_converter)
        ours = not by_converter or moved
        return ours and not tools.isdisjoint(move.products)

    def where(self, move: Move, so_far: Progress) -> str:
        """Return where a move is made: one of the places of `moves`."""
        kind = KINDS[move.do]
        here = self._disks.was_exported or any(map(is_by_hand, move.cured))
        if move.do is Do.CHANGE_SETTINGS and not so_far.converted and here:
            return HERE  # the config that goes along is this one
        mapped = {disk.drive for disk in self.start.disks if disk.format == "device"}
        if move.do is Do.REPAIR_DISK and self._disks.is_on_esx and any(it.subject in mapped for it in move.cured):
            return SOURCE  # the device is one of the host's
        return SOURCE if move.products and kind.where == TARGET else kind.where

    def doer(self, move: Move) -> str:
        """Return who makes a move: the owner, or a product by its id."""
        kind = KINDS[move.do]
        if move.do is Do.MOVE_TO:
            return YOU
        if move.products:
            return member(move.products[0])
        return self.target.id if kind.by == TARGET else kind.by
