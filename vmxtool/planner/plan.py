"""Play a way, cure what stops it, judge the end: a plan is right because its end has arrived and nothing blocks there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from vmxtool.changes.model import Changes, Wanted
from vmxtool.changes.realise import realise
from vmxtool.findings import BY_CONVERTER, CARRYING, CHANGING_HARDWARE, CONVERTING_DISKS, Do, Safety, Severity
from vmxtool.knowledge.products import HARDWARE, products
from vmxtool.planner.arrange import REWRITING, arrange
from vmxtool.planner.goal import option_words
from vmxtool.planner.moves import KINDS, TARGET, VERSION_MOVES, VMXTOOL, Move, effect_of, is_one_way, member
from vmxtool.rules.case import Case
from vmxtool.rules.commands import (
    convert_commands,
    disk_name,
    export_commands,
    import_commands,
    register_command,
    vmxtool_command,
)
from vmxtool.rules.registry import judge

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vmxtool.findings import Finding, Fix
    from vmxtool.knowledge.products import Product
    from vmxtool.machine.model import Drive
    from vmxtool.planner.ways import Way
    from vmxtool.rules.case import Files, GuideAnswer
    from vmxtool.rules.commands import Argv
    from vmxtool.rules.state import VmState

_MOST_ROUNDS = 12  # each round cures something new, and a rule has few cures; more would be a fault of a rule


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, in its place.

    Attributes:
        do: what kind of thing it is; the guide's words where the guide names it.
        by: who does it: "vmxtool", "you", or the id of a product or the name of a program.
        where: "here", in the "guest", at the "source" where the VM is now, or at the "target".
        product: the id of the product or the name of the program whose commands they are, or None.
        commands: argument vectors, in order.
        source: what it rests on.
        safety: who may carry it out.
        one_way: it cannot be taken back.
        needs: options that a rewrite needs, such as "ide-to-scsi", because the guest may not start after it.
        target: id of the product that the VM goes to.
        products: products that the guide names for it.
        before: hardware version before it.
        after: hardware version after it.
        drives: ids and files of the disks that it is about.
        remedy: what the finding that it cures says to do, or None.
        cures: codes of the findings that it cures.
        n: 1-based place in the whole list of an answer; 0 before it is in one.
        way: number of the way it belongs to, where there are several to choose from; None for what every way needs.
    """

    do: Do
    by: str
    where: str
    product: str | None
    commands: tuple[Argv, ...]
    source: str
    safety: Safety
    one_way: bool
    needs: tuple[str, ...]
    target: str
    products: tuple[str, ...] = ()
    before: int | None = None
    after: int | None = None
    drives: tuple[tuple[str, str], ...] = ()
    remedy: str | None = None
    cures: tuple[str, ...] = ()
    n: int = 0
    way: int | None = None

    @property
    def is_ours(self) -> bool:
        """Whether vmxtool rewrites the VM's files in it."""
        return self.by == VMXTOOL and self.do is not Do.UNDO_REWRITE

    def __repr__(self) -> str:
        return f"<step {self.n or ''} {self.do.value} by {self.by}, {self.before} to {self.after}>"


@dataclass(frozen=True, slots=True)
class Plan:
    """One way to a target, played to its end.

    Attributes:
        steps: what to do, in order.
        start: the VM's state before.
        end: its state after all steps; it has arrived, and nothing blocks there.
        states: the state after each step.
        when: conditions that no file shows, in the guide's words.
        met: findings that were met on the way and not at its start.
        changes: what vmxtool changes in it, or None.
        wanted: what vmxtool's rewrite is to reach, or None.
        order: its place among the guide's printed ways.
    """

    steps: tuple[Step, ...]
    start: VmState
    end: VmState
    states: tuple[VmState, ...]
    when: tuple[str, ...]
    met: tuple[Finding, ...]
    changes: Changes | None = None
    wanted: Wanted | None = None
    order: int = 0

    @property
    def kinds(self) -> frozenset[Do]:
        """The kinds of move that it makes; a rewrite counts as all that it does."""
        found: set[Do] = set()
        for step in self.steps:
            found |= step_kinds(step)
        return frozenset(found)

    @property
    def one_way(self) -> bool:
        """Whether one of its steps cannot be taken back."""
        return any(step.one_way for step in self.steps)

    @property
    def own_step(self) -> Step | None:
        """The step that vmxtool does, or None."""
        return next((step for step in self.steps if step.is_ours), None)

    @property
    def by_converter(self) -> bool:
        """Whether VMware Converter takes the VM over."""
        return any(step.do in BY_CONVERTER for step in self.steps)

    @property
    def only_carries(self) -> bool:
        """Whether the VM is ready as it is: every step only carries it over."""
        return all(step.do in CARRYING for step in self.steps)

    @property
    def cost(self) -> tuple[int, ...]:
        """What plans are ranked by: conditions, work of the owner, moved disks, what is final, raised, unsafe, work."""
        own = self.own_step
        needs = own.needs if own is not None else ()
        owner = sum(step.do in {Do.CHANGE_SETTINGS, Do.REPAIR_DISK, Do.REPAIR_CONFIG} for step in self.steps)
        moved = bool({"ide-to-scsi", "move-disks"} & set(needs))
        raised = own is not None and (own.after or 0) > (own.before or 0)
        conversions = sum(step.do in CONVERTING_DISKS | CHANGING_HARDWARE for step in self.steps)
        return (
            len(self.when),
            owner,
            moved,
            self.one_way,
            raised,
            bool(needs),
            not self.only_carries,
            conversions,
            len(self.steps),
            self.order,
        )

    def __repr__(self) -> str:
        return f"<plan {', '.join(step.do.value for step in self.steps)}>"


class Dead(NamedTuple):
    """A way that leads nowhere, and the findings that stop it."""

    reasons: tuple[Finding, ...]


class HopPlanner:
    """One VM on its way to one target, from a state that it is in.

    Attributes:
        files: the VM's files.
        start: its state.
        target: where it goes.
        guide: what the guide says of the move.
        named: id of the product that the user said made it, or None.
        found: what is to be said against the target of the VM as it is.
    """

    def __init__(
        self, files: Files, start: VmState, target: Product, guide: GuideAnswer, named: str | None = None
    ) -> None:
        """Judge the VM as it is."""
        self.files, self.start, self.target, self.guide, self.named = files, start, target, guide, named
        self.found = tuple(judge(Case(files, start, target, guide)))

    def complete(self, way: Way, order: int = 0) -> Plan | Dead:
        """Play a way until nothing stops it; at most one round for each cure, one or two in practice."""
        cures: list[Finding] = []
        done: set[tuple[str, Do | None]] = set()
        met: dict[tuple[object, ...], Finding] = {}
        for _ in range(_MOST_ROUNDS):
            played = self._play(arrange(way, cures, self.start, self.target), way)
            found = self._judge_end(played.end)
            for finding in found:
                met.setdefault(identity(finding), finding)
            left = [*self._files_left(played), *self._left(found, played), *played.refused]
            if not left:
                return self._plan(played, way, met.values(), order)
            if any(it.cure is None or it.cure in VERSION_MOVES or _mark(it) in done for it in left):
                return Dead(tuple(left))
            done |= {_mark(it) for it in left}
            cures += left
        return Dead(tuple(left))

    def _judge_end(self, end: VmState) -> Sequence[Finding]:
        start = self.start
        if replace(end, holder=start.holder, arrived=start.arrived, settled=start.settled) == start:
            return [it for it in self.found if end.settled.isdisjoint(it.keys)]
        return judge(Case(self.files, end, self.target, self.guide))

    def _left(self, found: Iterable[Finding], played: _Played) -> list[Finding]:
        """What blocks at the end, stops a move, or only asks for a move that carries the VM over."""
        return [
            it
            for it in found
            if it.blocks
            or (it.severity is not Severity.UNKNOWN and self._is_stopped(it, played))
            or (it.cure in CARRYING and it.cure not in played.kinds)
        ]

    def _files_left(self, played: _Played) -> list[Finding]:
        return [
            it
            for it in self.files.findings
            if it.severity is not Severity.UNKNOWN
            and played.end.settled.isdisjoint(it.keys)
            and not (it.cure in VERSION_MOVES and played.end.version != self.start.version)
            and (it.blocks or self._is_stopped(it, played))
        ]

    def _is_stopped(self, finding: Finding, played: _Played) -> bool:
        return any(stops(finding, step) for step in played.steps)

    def _plan(self, played: _Played, way: Way, met: Iterable[Finding], order: int) -> Plan:
        known = {identity(it) for it in self.found}
        return Plan(
            steps=tuple(played.steps),
            start=self.start,
            end=played.end,
            states=tuple(played.states),
            when=way.when,
            met=tuple(it for it in met if identity(it) not in known),
            changes=played.changes,
            wanted=played.wanted,
            order=order,
        )

    # --- playing ---

    def _play(self, moves: Sequence[Move], way: Way) -> _Played:
        played = _Played(self.start)
        converter = any(move.do in BY_CONVERTER for move in moves)
        for move in moves:
            if move.do in REWRITING and self._is_ours(move, played.end):
                self._rewrite(move, way, played, converter=converter)
                continue
            before = played.end
            played.end = effect_of(move, before, self.target)
            played.add(self._step(move, way, before, played.end))
        return played

    def _is_ours(self, move: Move, state: VmState) -> bool:
        return state.version is not None and (move.version is not None or move.do is Do.REWRITE)

    def wanted(self, move: Move, version: int, *, converter: bool) -> Wanted:
        """What a rewrite is to reach for a move: all that the target asks for, or before Converter the moves alone."""
        moves = frozenset(it.subject for it in move.cured if it.cure is Do.MOVE_DISKS and it.subject is not None)
        if not converter:
            why = f"{self.target.name} runs hardware version {version}"
            return Wanted(version, why, self.target, moves=moves)
        if version == self.start.version:
            return Wanted(version, fit=False, moves=moves)
        return Wanted(version, f"hardware version {version} was asked for", products()[f"hw{version}"], moves=moves)

    def _rewrite(self, move: Move, way: Way, played: _Played, *, converter: bool) -> None:
        before = played.end
        version = move.version if move.version is not None else before.version or 0
        wanted = self.wanted(move, version, converter=converter)
        changes = realise(self.files.vm, before, wanted)
        if not changes and version == before.version:
            return
        settled = before.settled
        played.refused += [it for it in changes.refused if settled.isdisjoint(it.keys)]
        played.changes, played.wanted = changes, wanted
        played.end = changes.end or before
        if _asks_guest(changes):
            prepared = Move(Do.PREPARE_GUEST, cured=move.cured, source=way.source)
            played.add(self._step(prepared, way, before, before))
        played.add(self._own_step(move, way, before, played.end, changes, converter=converter))

    def _own_step(
        self, move: Move, way: Way, before: VmState, end: VmState, changes: Changes, *, converter: bool
    ) -> Step:
        version = end.version
        if move.do is not Do.REWRITE:
            do = move.do
        elif version != before.version:
            do = Do.UPGRADE_HARDWARE if (version or 0) > (before.version or 0) else Do.DOWNGRADE_HARDWARE
        else:
            do = Do.MOVE_DISKS if changes.moved else Do.CHANGE_SETTINGS
        words: list[str] = []
        if converter or self.target.family == HARDWARE:
            words += ["--hwversion", str(version)] if version != before.version or not changes.needs else []
        else:
            words += ["--target", self.target.id]
        if self.named is not None and words[:1] == ["--target"]:
            words += ["--from", self.named]
        for option in changes.needs.options:
            words += option_words(option)
        causes = [it for it in (*move.cured, *self.found) if it.cure in REWRITING | {Do.UPGRADE_HARDWARE}]
        source = move.source or (way.source if move.do is not Do.REWRITE else None)
        source = source or next((it.sources[0] for it in causes if it.sources), KINDS[do].source)
        moved = {drive for drive, place in changes.moved.items() if place.startswith("scsi")}
        return Step(
            do=do,
            by=VMXTOOL,
            where=KINDS[Do.REWRITE].where,
            product=None,
            commands=(vmxtool_command(self.files.vm, "rewrite", *words),),
            source=source,
            safety=Safety.UNSAFE if changes.needs else Safety.SAFE,
            one_way=move.one_way or is_one_way(before.version, version),
            needs=changes.needs.options,
            target=self.target.id,
            products=move.products,
            before=before.version,
            after=version,
            drives=self._named_drives(moved),
            cures=_codes(it for it in self.found if it.cure in REWRITING | {Do.UPGRADE_HARDWARE}),
        )

    def _step(self, move: Move, way: Way, before: VmState, after: VmState) -> Step:
        kind = KINDS[move.do]
        drives = self._drives(move, before, after)
        product, commands = self._commands(move, drives, before)
        fix = next((it.fix for it in move.cured if it.fix is not None), None)
        if fix is not None and kind.effect is None and move.do is not Do.PREPARE_GUEST:
            commands, product = fix.commands, fix.product
        by = member(move.products[0]) if move.products else kind.by
        by = self.target.id if by == TARGET or (by == "you" and move.do is Do.UPGRADE_HARDWARE) else by
        source = move.source or (way.source if move in way.moves else None)
        source = source or next((it.sources[0] for it in move.cured if it.sources), kind.source)
        upgrades = move.do is Do.UPGRADE_HARDWARE and after.version is not None
        return Step(
            do=move.do,
            by=by,
            where=kind.where,
            product=product,
            commands=commands,
            source=source,
            safety=Safety.MANUAL,
            one_way=move.one_way or (upgrades and is_one_way(before.version, after.version)),
            needs=(),
            target=self.target.id,
            products=move.products,
            before=before.version,
            after=after.version,
            drives=self._named_drives({drive.id for drive in drives}),
            remedy=fix.text if fix is not None and _says_what(move, fix) else None,
            cures=_codes(move.cured),
        )

    def _drives(self, move: Move, before: VmState, after: VmState) -> list[Drive]:
        """The disks that a move is about: those that it changes, and for a conversion those that nobody has seen."""
        now = {disk.drive: disk for disk in before.disks}
        then = {disk.drive: disk for disk in after.disks}
        subjects = {it.subject for it in move.cured}
        return [
            drive
            for drive in self.files.vm.disks
            if now[drive.id] != then[drive.id]
            or drive.id in subjects
            or (move.do in CONVERTING_DISKS and now[drive.id].format == "unseen")
        ]

    def _named_drives(self, ids: Iterable[str]) -> tuple[tuple[str, str], ...]:
        wanted = set(ids)
        return tuple((drive.id, disk_name(drive)) for drive in self.files.vm.disks if drive.id in wanted)

    def _commands(self, move: Move, drives: Sequence[Drive], state: VmState) -> tuple[str | None, tuple[Argv, ...]]:
        vm = self.files.vm
        seen = [drive for drive in drives if drive.chain is not None and drive.chain.links]
        if move.do is Do.IMPORT_DISKS and seen:
            return self.target.id, import_commands(vm, seen, self.target)
        if move.do is Do.EXPORT_DISKS and seen:
            host = products().get(state.holder or "")
            host = host if host is not None and host.esx else None
            return (host.id if host is not None else "esxi"), export_commands(vm, seen, host)
        if move.do is Do.CONVERT_DISKS and seen and not any(it.format == "legacy" for it in state.disks):
            return "qemu-img", convert_commands(vm, seen)
        if move.do is Do.REGISTER_VM:
            command = register_command(vm, self.target)
            return self.target.id, (command,) if command is not None else ()
        return None, ()


class _Played:
    """What has been played of a way so far."""

    def __init__(self, start: VmState) -> None:
        self.end = start
        self.steps: list[Step] = []
        self.states: list[VmState] = []
        self.refused: list[Finding] = []
        self.changes: Changes | None = None
        self.wanted: Wanted | None = None

    def add(self, step: Step) -> None:
        self.steps.append(step)
        self.states.append(self.end)

    @property
    def kinds(self) -> set[Do]:
        return {step.do for step in self.steps}


def step_kinds(step: Step) -> frozenset[Do]:
    """The kinds of move that a step makes; a rewrite counts as all that it does."""
    if not step.is_ours:
        return frozenset({step.do})
    moves = {Do.MOVE_DISKS} if {"ide-to-scsi", "move-disks"} & set(step.needs) else set()
    return frozenset({step.do, Do.REWRITE, *moves})


def stops(finding: Finding, step: Step) -> bool:
    """Whether a finding stops a step; one about a disk stops only what is done to that disk."""
    stopped = finding.stops & step_kinds(step)
    if not stopped:
        return False
    of_disks = stopped <= CONVERTING_DISKS | {Do.MOVE_DISKS}
    drives = {drive for drive, _ in step.drives}
    return not (of_disks and finding.subject is not None and drives and finding.subject not in drives)


def identity(finding: Finding) -> tuple[object, ...]:
    """What makes two findings of different moments the same."""
    return finding.code, finding.subject, finding.evidence


def _says_what(move: Move, fix: Fix) -> bool:
    """Whether what a rule says is the step: of moves with an effect the words know more, unless a product makes it."""
    if move.do is Do.PREPARE_GUEST:
        return False
    return KINDS[move.do].effect is None or (move.do is Do.CONVERT_DISKS and fix.product is not None)


def _mark(finding: Finding) -> tuple[str, Do | None]:
    return finding.keys[-1], finding.cure


def _codes(findings: Iterable[Finding]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(finding.code for finding in findings))


def _asks_guest(changes: Changes) -> bool:
    """Whether the guest has to be prepared: it gets other devices, and not only less memory."""
    if changes.moved and {"ide-to-scsi", "move-disks"} & set(changes.needs.options):
        return True
    unsafe = [change for change in changes.settings if change.safety is Safety.UNSAFE]
    return bool(changes.needs) and any(change.key.lower() not in {"memsize", "guestos"} for change in unsafe)
