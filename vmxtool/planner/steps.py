"""Moves as steps for a person: who makes each, where, with which commands, and what it rests on."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from vmxtool._record import replace
from vmxtool.changes.model import ADAPTERS_OVER
from vmxtool.findings import CONVERTING_DISKS, Do, Safety
from vmxtool.knowledge.features import features
from vmxtool.knowledge.product import HARDWARE
from vmxtool.planner.circumstances import Circumstances
from vmxtool.planner.disk_work import DiskWork
from vmxtool.planner.guide import can_go_back
from vmxtool.planner.moves import KINDS, VERSION_MOVES, VMXTOOL
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
        self._at = Circumstances(self._disks)

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
        words = _options(made, changes, self.target, named, by_converter=by_converter)
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
            by=self._at.doer(move),
            where=self._at.where(move, so_far),
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
            unsure=move.do is Do.DECRYPT or any("unseen" in it.while_format for it in move.cured),
            spared=move.do is Do.MOVE_TO and self._at.lowers_after(move, way),
            in_place=self._at.is_in_place(move, so_far),
            custom=(bool(takes) or self._disks.was_exported) and self._at.makes_custom(move, way),
            fetches=self._disks.fetched if self._at.fetches(move, so_far) else "",
            rewritten=so_far.rewritten or self._at.rewritten_before,
            bytes=self._disks.folder_bytes if move.do is Do.COPY and not (so_far.converted or so_far.held) else None,
            space=self._disks.space(drives) if move.do in CONVERTING_DISKS and drives else None,
            back=move.do is Do.RUN_LEGACY and can_go_back(self.start.holder, after, self.target.id),
        )


def _options(made: Made, changes: Changes, target: Product, named: str | None, *, by_converter: bool) -> list[str]:
    """Return the options of the rewrite: all that the target asks for, or the version and the moves alone."""
    before, after = made.before.version, made.after.version
    words: list[str] = []
    if not by_converter and target.family != HARDWARE:
        words += ["--target", target.id, *(("--from", named) if named is not None else ())]
    elif after != before or not by_converter:
        words += ["--hwversion", str(after)]
    for option in changes.needs.options:
        words += option_words(option)
    return words


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
