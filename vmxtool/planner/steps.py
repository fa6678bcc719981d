"""Moves as steps for a person: who makes each, where, with which commands, and what it rests on."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from vmxtool.findings import Do, Safety
from vmxtool.knowledge.products import HARDWARE, products
from vmxtool.planner.goal import option_words
from vmxtool.planner.moves import KINDS, SOURCE, TARGET, VERSION_MOVES, VMXTOOL, YOU, member
from vmxtool.planner.plan import Step
from vmxtool.rules.commands import (
    CONVERTED,
    convert_commands,
    disk_file,
    export_commands,
    import_commands,
    new_folder,
    old_folder,
    register_command,
    vmxtool_command,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vmxtool.changes.model import Changes
    from vmxtool.findings import Finding, Fix
    from vmxtool.knowledge.products import Product
    from vmxtool.machine.model import Drive
    from vmxtool.planner.moves import Made, Move
    from vmxtool.planner.ways import Way
    from vmxtool.rules.case import Files
    from vmxtool.rules.commands import Argv, DiskFile
    from vmxtool.rules.state import VmState


class StepMaker:
    """Makes the steps of a plan for one VM and one target."""

    def __init__(
        self, files: Files, start: VmState, target: Product, named: str | None, found: Sequence[Finding]
    ) -> None:
        """Begin for a VM.

        Args:
            files: its files.
            start: its state before the first step.
            target: where it goes.
            named: id of the product that the user said made it, or None; commands then say so too.
            found: what was found against the target at its start.
        """
        self.files, self.start, self.target, self.named, self.found = files, start, target, named, found

    @cached_property
    def _snapshots(self) -> frozenset[str]:
        """The marks of a state whose snapshots are removed."""
        removed = (it for it in (*self.files.findings, *self.found) if it.cure is Do.REMOVE_SNAPSHOTS)
        return frozenset(key for it in removed for key in it.keys)

    def steps(self, made: Made, way: Way, *, by_converter: bool) -> list[Step]:
        """Return the steps that a move comes to: the guest is prepared before a rewrite that it may not start after."""
        if made.changes is None:
            return [self._step(made, way)]
        own = self._own_step(made, made.changes, way, by_converter=by_converter)
        return [self._prepare(made), own] if _asks_guest(made.changes) else [own]

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
            drives=self._named_drives(made.moved, made.before),
            cures=_codes(made.move.cured),
        )

    def _own_step(self, made: Made, changes: Changes, way: Way, *, by_converter: bool) -> Step:
        move, before, after = made.move, made.before.version, made.after.version
        causes = [*move.cured, *(it for it in self.found if _is_cause(it, made, by_converter=by_converter))]
        source = move.source or (way.source if move.do is not Do.REWRITE else None)
        source = source or next((it.sources[0] for it in causes if it.sources), KINDS[Do.REWRITE].source)
        words = self._options(before, after, changes, by_converter=by_converter)
        return Step(
            do=_do_of_rewrite(move, before, after, moves=bool(made.moved)),
            by=VMXTOOL,
            where=KINDS[Do.REWRITE].where,
            product=None,
            commands=(vmxtool_command(self.files.vm, "rewrite", *words),),
            source=source,
            safety=Safety.UNSAFE if changes.needs else Safety.SAFE,
            one_way=made.one_way,
            needs=changes.needs.options,
            target=self.target.id,
            products=move.products,
            before=before,
            after=after,
            drives=self._named_drives(made.moved, made.before),
            cures=_codes(causes),
        )

    def _options(self, before: int | None, after: int | None, changes: Changes, *, by_converter: bool) -> list[str]:
        """The options of the rewrite: all that the target asks for, or the version and the moves alone."""
        words: list[str] = []
        if not by_converter and self.target.family != HARDWARE:
            words += ["--target", self.target.id, *(("--from", self.named) if self.named is not None else ())]
        elif after != before or not by_converter:
            words += ["--hwversion", str(after)]
        for option in changes.needs.options:
            words += option_words(option)
        return words

    def _step(self, made: Made, way: Way) -> Step:
        move, kind = made.move, KINDS[made.move.do]
        drives = self._drives(made)
        product, commands = self._commands(move, drives, made.before)
        fix = next((it.fix for it in move.cured if it.fix is not None), None)
        if fix is not None and kind.effect is None:
            commands, product = fix.commands, fix.product
        source = move.source or (way.source if move in way.moves else None)
        source = source or next((it.sources[0] for it in move.cured if it.sources), kind.source)
        before, after = made.before.version, made.after.version
        return Step(
            do=move.do,
            by=self._doer(move),
            where=SOURCE if move.products and kind.where == TARGET else kind.where,
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
            drives=self._named_drives([drive.id for drive in drives], made.before),
            remedy=fix.text if fix is not None and _says_what(move, fix) else None,
            cures=_codes(move.cured),
            takes=CONVERTED if move.do is Do.COPY and self._is_converted(made.before) else None,
            path=self._path(made, commands),
            rewritten=before != self.files.vm.hardware.version,
        )

    def _path(self, made: Made, commands: Sequence[Argv]) -> str | None:
        """The folder on an ESX host that a move brings the VM to: disks are imported from another than they go to."""
        vm, formats = self.files.vm, {disk.format for disk in made.before.disks}
        if made.move.do is Do.COPY and self.target.esx:
            return old_folder(vm) if formats - {"esx", "unseen"} else new_folder(vm)
        return new_folder(vm) if made.move.do is Do.IMPORT_DISKS and commands else None

    def _is_converted(self, state: VmState) -> bool:
        """Whether disks have been written into a new folder by then, with the config."""
        pairs = zip(self.start.disks, state.disks, strict=True)
        return any(old.format in {"esx", "transport"} and new.format != old.format for old, new in pairs)

    def _doer(self, move: Move) -> str:
        kind = KINDS[move.do]
        if move.do is Do.MOVE_TO:
            return YOU
        if move.products:
            return member(move.products[0])
        return self.target.id if kind.by == TARGET else kind.by

    def _drives(self, made: Made) -> list[Drive]:
        """The disks that a move is about: those that it changes, and those of the findings that it cures."""
        about = made.drives | {it.subject for it in made.move.cured}
        return [drive for drive in self.files.vm.disks if drive.id in about]

    def _named_drives(self, ids: Iterable[str], state: VmState) -> tuple[tuple[str, str], ...]:
        wanted = set(ids)
        return tuple((drive.id, self._file(drive, state).name) for drive in self.files.vm.disks if drive.id in wanted)

    def _file(self, drive: Drive, state: VmState) -> DiskFile:
        return disk_file(drive, merged=self._are_merged(state))

    def _are_merged(self, state: VmState) -> bool:
        """Whether the VM's snapshots are removed by then."""
        return not self._snapshots.isdisjoint(state.settled)

    def _commands(self, move: Move, drives: Sequence[Drive], state: VmState) -> tuple[str | None, tuple[Argv, ...]]:
        """The commands of a move that converts disks or registers the VM, and whose they are."""
        vm = self.files.vm
        seen = [self._file(drive, state) for drive in drives if drive.chain is not None and drive.chain.links]
        merged = self._are_merged(state)
        if move.do is Do.IMPORT_DISKS and seen:
            # What is in the host's own format already is cloned into the new folder by the same command.
            native = {it.drive for it in state.disks if it.format == "esx"}
            seen += [self._file(drive, state) for drive in vm.disks if drive.id in native and drive not in drives]
            return self.target.id, import_commands(vm, seen, self.target)
        if move.do is Do.EXPORT_DISKS and seen:
            host = products().get(state.holder or "")
            host = host if host is not None and host.esx else None
            # A config that has been rewritten by then is not the one that lies on the host.
            as_it_was = state.version == vm.hardware.version
            commands = export_commands(vm, seen, host, merged=merged, config=as_it_was)
            return (host.id if host is not None else "esxi"), commands
        if move.do is Do.CONVERT_DISKS and seen and not any(it.format == "legacy" for it in state.disks):
            return "qemu-img", convert_commands(vm, seen, merged=merged)
        if move.do is Do.REGISTER_VM:
            command = register_command(vm, self.target)
            return self.target.id, (command,) if command is not None else ()
        return None, ()


def _is_cause(finding: Finding, made: Made, *, by_converter: bool) -> bool:
    """Whether a finding of the start is one that a rewrite cures."""
    if finding.cure in VERSION_MOVES:
        return made.after.version != made.before.version
    return finding.cure is Do.REWRITE and not by_converter


def _do_of_rewrite(move: Move, before: int | None, after: int | None, *, moves: bool) -> Do:
    """The word for what a rewrite does: the guide's where the guide names it, else the largest thing."""
    if move.do is not Do.REWRITE:
        return move.do
    if after != before:
        return Do.UPGRADE_HARDWARE if (after or 0) > (before or 0) else Do.DOWNGRADE_HARDWARE
    return Do.MOVE_DISKS if moves else Do.CHANGE_SETTINGS


def _says_what(move: Move, fix: Fix) -> bool:
    """Whether what a rule says is the step: of moves with an effect the words know more, unless a product makes it."""
    return KINDS[move.do].effect is None or (move.do is Do.CONVERT_DISKS and fix.product is not None)


def _codes(findings: Iterable[Finding]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(finding.code for finding in findings))


def _asks_guest(changes: Changes) -> bool:
    """Whether the guest has to be prepared: it gets other devices, and not only less memory."""
    if {"ide-to-scsi", "move-disks"} & set(changes.needs.options):
        return True
    unsafe = [change for change in changes.settings if change.safety is Safety.UNSAFE]
    return bool(changes.needs) and any(change.key.lower() not in {"memsize", "guestos"} for change in unsafe)
