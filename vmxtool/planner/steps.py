"""Moves as steps for a person: who makes each, where, with which commands, and what it rests on."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from vmxtool._record import replace
from vmxtool.changes.model import ADAPTERS_OVER
from vmxtool.findings import BY_CONVERTER, CONVERTING_DISKS, LOWERING, Do, Safety
from vmxtool.knowledge import tables
from vmxtool.knowledge.features import features
from vmxtool.knowledge.guide_names import names
from vmxtool.knowledge.product import HARDWARE
from vmxtool.machine.folder import folder_of
from vmxtool.machine.state import JOURNAL_FOLDER
from vmxtool.planner.arrange import is_by_hand
from vmxtool.planner.disk_work import DiskWork
from vmxtool.planner.guide import can_go_back
from vmxtool.planner.moves import HERE, KINDS, SOURCE, TARGET, VERSION_MOVES, VMXTOOL, YOU, member
from vmxtool.planner.plan import Step
from vmxtool.rules.commands import converted_folder, option_words, vmxtool_command

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vmxtool.changes.model import Changes
    from vmxtool.findings import Finding, Fix
    from vmxtool.knowledge.product import Product
    from vmxtool.planner.moves import Made, Move
    from vmxtool.planner.progress import Progress
    from vmxtool.planner.ways import Way
    from vmxtool.rules.case import Files
    from vmxtool.rules.state import VmState


_OF_OWNER_THERE = frozenset({Do.POWER_OFF, Do.COMMIT_REDO_LOGS, Do.REMOVE_SNAPSHOTS})


class StepMaker:
    """Makes the steps of a plan for one VM and one target."""

    def __init__(
        self,
        files: Files,
        start: VmState,
        target: Product,
        found: Sequence[Finding],
        *,
        named: str | None,
        assumed: str | None,
    ) -> None:
        """Begin for a VM.

        Args:
            files: its files.
            start: its state before the first step.
            target: where it goes.
            found: what was found against the target at its start.
            named: id of the product that the user said made it, or None; commands then say so too.
            assumed: id of the product that the plan takes it to be of, where nobody said, or None.
        """
        self.files, self.start, self.target, self.found = files, start, target, found
        self.named, self.assumed = named, assumed
        self._disks = DiskWork(files, start, target, found)

    def steps(self, made: Made, so_far: Progress, way: Way, *, by_converter: bool) -> list[Step]:
        """Return the steps that a move comes to: the guest is prepared before a rewrite that it may not start after.

        Args:
            made: the move.
            so_far: what has been done by then.
            way: the way that it is of.
            by_converter: whether VMware Converter takes the VM over on this way.
        """
        if made.changes is None:
            return [self._step(made, so_far, way)]
        # Where the owner changes settings first, the command says which product the plan is for.
        named = self.named or (self.assumed if so_far.changed and way.source is not None else None)
        own = self._own_step(made, made.changes, way, named, by_converter=by_converter)
        fetches = self._disks.fetched if so_far.at_source else ""
        own = replace(own, fetches=fetches, held=so_far.held, writes="files" if made.changes.descriptors else "config")
        return [self._prepare(made), own] if _asks_guest(made.changes) else [own]

    @cached_property
    def _converted(self) -> str:
        return converted_folder(self.files.vm)

    def _prepare(self, made: Made) -> Step:
        kind = KINDS[Do.PREPARE_GUEST]
        return Step(
            do=Do.PREPARE_GUEST,
            by=kind.by,
            where=kind.where,
            product=None,
            commands=(),
            source=kind.source,
            safety=Safety.MANUAL,
            one_way=False,
            needs=(),
            target=self.target.id,
            before=made.before.version,
            after=made.before.version,
            drives=self._disks.named(made.moved, made.before),
            buses=_buses(made),
            cures=_codes(made.move.cured),
        )

    def _own_step(self, made: Made, changes: Changes, way: Way, named: str | None, *, by_converter: bool) -> Step:
        move, before, after = made.move, made.before.version, made.after.version
        causes = [*move.cured, *(it for it in self.found if _is_cause(it, made, by_converter=by_converter))]
        source = move.source or (way.source if move.do is not Do.REWRITE else None)
        source = source or next((it.sources[0] for it in causes if it.sources), KINDS[Do.REWRITE].source)
        words = self._options(before, after, changes, named, by_converter=by_converter)
        return Step(
            do=_do_of_rewrite(move, before, after, moves=bool(made.moved)),
            by=VMXTOOL,
            where=KINDS[Do.REWRITE].where,
            product=None,
            commands=(vmxtool_command(self.files.vm, "rewrite", *words),),
            source=source,
            safety=Safety.UNSAFE if changes.needs.of_guest else Safety.SAFE,
            one_way=made.one_way,
            needs=changes.needs.options,
            target=self.target.id,
            products=move.products,
            before=before,
            after=after,
            drives=self._disks.named(made.moved, made.before),
            buses=_buses(made),
            cures=_codes(causes),
        )

    def _options(
        self, before: int | None, after: int | None, changes: Changes, named: str | None, *, by_converter: bool
    ) -> list[str]:
        """Return the options of the rewrite: all that the target asks for, or the version and the moves alone."""
        words: list[str] = []
        if not by_converter and self.target.family != HARDWARE:
            words += ["--target", self.target.id, *(("--from", named) if named is not None else ())]
        elif after != before or not by_converter:
            words += ["--hwversion", str(after)]
        for option in changes.needs.options:
            words += option_words(option)
        return words

    def _step(self, made: Made, so_far: Progress, way: Way) -> Step:
        move, kind = made.move, KINDS[made.move.do]
        drives = self._disks.drives(made)
        product, commands = self._disks.commands(move, drives, made.before)
        fix = next((it.fix for it in move.cured if it.fix is not None), None)
        if fix is not None and kind.effect is None:
            commands, product = fix.commands, fix.product
        source = move.source or (way.source if move in way.moves else None)
        if move.do is Do.CREATE_VM and source is None and not features()["imports-with-vmkfstools"].holds(self.target):
            source = way.source  # of ESX Server 1 and 2 the guide prints the import alone
        source = source or next((it.sources[0] for it in move.cured if it.sources), kind.source)
        before, after = made.before.version, made.after.version
        takes = so_far.converted and _takes_along(move)
        return Step(
            do=move.do,
            by=self._doer(move),
            where=self._where(move, so_far),
            product=product,
            commands=commands,
            source=source,
            safety=Safety.MANUAL,
            one_way=made.one_way,
            needs=(),
            target=self.target.id,
            products=move.products,
            before=before,
            after=after,
            drives=self._disks.named([drive.id for drive in drives], made.before),
            remedy=_remedy(move, fix) if fix is not None and _says_what(move, fix) else move.remedy,
            cures=_codes(move.cured),
            takes=self._converted if takes else None,
            stays=self._disks.left_here(made) if move.do is Do.EXPORT_DISKS else so_far.stays * takes,
            path=self._disks.path(made, imports=so_far.imports),
            held=so_far.held,
            anew=move.do in _OF_OWNER_THERE and self._disks.was_exported,
            spared=move.do is Do.MOVE_TO and self._lowers_after(move, way),
            in_place=self._is_in_place(move, so_far),
            custom=(bool(takes) or self._disks.was_exported) and self._makes_custom(move, way),
            fetches=self._disks.fetched if self._fetches(move, so_far) else "",
            rewritten=so_far.rewritten or self._rewritten_before,
            bytes=self._disks.folder_bytes if move.do is Do.COPY and not (so_far.converted or so_far.held) else None,
            space=self._disks.space(drives) if move.do in CONVERTING_DISKS and drives else None,
            back=move.do is Do.RUN_LEGACY and can_go_back(self.start.holder, after, self.target.id),
        )

    @cached_property
    def _rewritten_before(self) -> str:
        """What a rewrite that lies behind the files here has changed, which those on a host then do not have."""
        rewritten = self.files.seen and JOURNAL_FOLDER in folder_of(self.files.vm).names
        return "config" if rewritten else ""

    def _fetches(self, move: Move, so_far: Progress) -> bool:
        """Return whether what a host changed of the VM comes here first, where its newest files are nowhere else."""
        by_hand = move.do is Do.CHANGE_SETTINGS and self._where(move, so_far) == HERE
        elsewhere = so_far.converted or so_far.held
        return so_far.at_source and not elsewhere and (by_hand or move.do is Do.COPY)

    def _is_in_place(self, move: Move, so_far: Progress) -> bool:
        """Return whether a product upgrades a VM that it has already."""
        groups, has = names().groups, so_far.held or (self.start.holder,)
        able = {it for name in move.products for it in groups.get(name, (name,))}
        return any(it in able for name in has if name is not None for it in groups.get(name, (name,)))

    def _makes_custom(self, move: Move, way: Way) -> bool:
        """Return whether a product in between is given exported disks for a new VM, as the text of the guide has it."""
        by_converter = any(it.do in BY_CONVERTER for it in way.moves)
        if move.do is not Do.UPGRADE_HARDWARE or not move.products or by_converter:
            return False
        facts = tables.remarks(self.start.holder or "", member(move.products[0]))
        return any(fact.adds == Do.CREATE_VM for fact in facts)

    def _lowers_after(self, move: Move, way: Way) -> bool:
        """Return whether a VM goes to a product only to have its hardware lowered, which vmxtool does as well."""
        tools = {name for it in way.moves if it.do in LOWERING for name in it.products}
        by_converter = [it for it in way.moves if it.do in BY_CONVERTER]
        # Before Converter vmxtool lowers it where it moves disks besides, for a guest that Converter leaves alone.
        moved = any(it.cure is Do.MOVE_DISKS for it in self.found) and not all(it.fits for it in by_converter)
        ours = not by_converter or moved
        return ours and not tools.isdisjoint(move.products)

    def _where(self, move: Move, so_far: Progress) -> str:
        kind = KINDS[move.do]
        here = self._disks.was_exported or any(map(is_by_hand, move.cured))
        if move.do is Do.CHANGE_SETTINGS and not so_far.converted and here:
            return HERE  # the config that goes along is this one
        mapped = {disk.drive for disk in self.start.disks if disk.format == "device"}
        if move.do is Do.REPAIR_DISK and self._disks.is_on_esx and any(it.subject in mapped for it in move.cured):
            return SOURCE  # the device is one of the host's
        return SOURCE if move.products and kind.where == TARGET else kind.where

    def _doer(self, move: Move) -> str:
        kind = KINDS[move.do]
        if move.do is Do.MOVE_TO:
            return YOU
        if move.products:
            return member(move.products[0])
        return self.target.id if kind.by == TARGET else kind.by


def _takes_along(move: Move) -> bool:
    """Return whether a move begins with the VM's files in another place: a copy, or a product's upgrade in between."""
    return move.do in {Do.COPY, Do.MOVE_TO, Do.CHANGE_SETTINGS} or (
        move.do is Do.UPGRADE_HARDWARE and bool(move.products)
    )


def _is_cause(finding: Finding, made: Made, *, by_converter: bool) -> bool:
    """Return whether a finding of the start is one that a rewrite cures."""
    if finding.cure in VERSION_MOVES:
        return made.after.version != made.before.version
    return finding.cure is Do.REWRITE and finding.blocks and not by_converter


def _buses(made: Made) -> tuple[str, ...]:
    """Return the buses that a rewrite moves hard disks to."""
    places = made.changes.moved if made.changes is not None else {}
    return tuple(dict.fromkeys(places[drive][:4].upper() for drive in sorted(made.moved)))


def _do_of_rewrite(move: Move, before: int | None, after: int | None, *, moves: bool) -> Do:
    """Return the word for what a rewrite does: the guide's where the guide names it, else the largest thing."""
    if move.do is not Do.REWRITE:
        return move.do
    if after != before:
        return Do.UPGRADE_HARDWARE if (after or 0) > (before or 0) else Do.DOWNGRADE_HARDWARE
    return Do.MOVE_DISKS if moves else Do.CHANGE_SETTINGS


def _says_what(move: Move, fix: Fix) -> bool:
    """Return whether what a rule says is the step.

    Of moves with an effect the words know more, unless a product makes the move.
    """
    return KINDS[move.do].effect is None or (move.do is Do.CONVERT_DISKS and fix.product is not None)


def _remedy(move: Move, fix: Fix) -> str:
    """Return what the owner does: of settings that are changed together all, else what the rule says that leads."""
    if move.do is not Do.CHANGE_SETTINGS:
        return fix.text
    return "; ".join(dict.fromkeys(it.fix.text for it in move.cured if it.fix is not None))


def _codes(findings: Iterable[Finding]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(finding.code for finding in findings))


def _asks_guest(changes: Changes) -> bool:
    """Return whether the guest has to be prepared: it gets other devices, and not only less memory."""
    if {"ide-to-scsi", "move-disks"} & set(changes.needs.options):
        return True
    unsafe = [change for change in changes.settings if change.safety is Safety.UNSAFE]
    return bool(changes.needs.of_guest) and any(
        change.key.lower() not in {"memsize", "guestos"} and change.topic.kind != ADAPTERS_OVER for change in unsafe
    )
