"""Play a way, cure what stops it, judge the end.

A plan is right because its end has arrived and the judge finds nothing there that blocks.
"""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING

from vmxtool.changes.model import Wanted
from vmxtool.changes.realise import realise_alike
from vmxtool.findings import BY_CONVERTER, CARRYING, CONVERTING_DISKS, Do, Severity
from vmxtool.knowledge.product import HARDWARE
from vmxtool.knowledge.products import products
from vmxtool.knowledge.runs import OLDEST_WRITTEN
from vmxtool.planner.arrange import OWN, REWRITING, arrange
from vmxtool.planner.moves import VERSION_MOVES, Made, Move, effect_of, is_one_way
from vmxtool.planner.plan import Dead, Plan, holds, is_stopped
from vmxtool.planner.steps import StepMaker
from vmxtool.rules.case import Case
from vmxtool.rules.judging import judge

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vmxtool.findings import Finding
    from vmxtool.knowledge.product import Product
    from vmxtool.planner.ways import Way
    from vmxtool.rules.case import Files, GuideAnswer
    from vmxtool.rules.state import VmState

_ASKED = "hardware version {} was asked for"
_CHANGING_FORMATS = CONVERTING_DISKS | {Do.UPGRADE_HARDWARE}
_CHANGING_VERSION = REWRITING | {Do.UPGRADE_HARDWARE}
_BY_FORMAT = CONVERTING_DISKS - BY_CONVERTER
_SURE = 0.5
_ALIKE = 0.5  # of the likeliest maker's confidence: files that do not tell it from another
_MOST_ROUNDS = 12  # each round cures something new, and a rule has few cures; more would be a fault of a rule


class HopPlanner:
    """One VM on its way to one target, from a state that it is in.

    Attributes:
        files: the VM's files.
        start: its state.
        target: where it goes.
        guide: what the guide says of the move.
        named: id of the product that the user said made it, or None.
        found: the findings against the target, of the VM as it is.
        of_files: the findings about the VM's files on the way there.
    """

    def __init__(
        self, files: Files, start: VmState, target: Product, guide: GuideAnswer, named: str | None = None
    ) -> None:
        """Judge the VM as it is."""
        self.files, self.start, self.target, self.guide, self.named = files, start, target, guide, named
        self.found = tuple(judge(Case(files, start, target, guide)))
        self.of_files = tuple(self._of_files())

    def _of_files(self) -> Iterable[Finding]:
        """Return the findings about the files.

        They are those of a VM that only goes to another host where the target is the product and version that has it.
        Where that product is only the likeliest of several, whether it is so is a question.
        """
        origin = self.files.vm.origin
        is_sure = self.named is not None or any(it.confidence > _SURE for it in origin[:1])
        may_be = any(it.product == self.target.id and it.confidence >= _ALIKE * origin[0].confidence for it in origin)
        if self.start.holder != self.target.id and (is_sure or not may_be):
            return self.files.findings
        if is_sure:
            return [it.with_its_product() for it in self.files.findings]
        return [it.if_its_product(self.target.name) for it in self.files.findings]

    def complete(self, way: Way, order: int = 0) -> Plan | Dead:
        """Play a way until nothing stops it; at most one round for each cure, one or two in practice."""
        cures = sure = [*self._blocking_files, *_lasting(self.found, way)]
        done = {_mark(it) for it in sure}
        met: list[Finding] = []
        left: list[Finding] = []
        for _ in range(_MOST_ROUNDS):
            played = self._play(arrange(way, cures, self.start, self.target))
            if played.end.is_like(self.start):
                found = self._unsettled(played.end.settled)
            else:
                found = judge(Case(self.files, played.end, self.target, self.guide))
                met += found
            left = [*self._files_left(played), *_left(found, played), *played.refused]
            if not left:
                return self._plan(played, way, met, order)
            fatal = tuple(it for it in left if _is_fatal(it) or _mark(it) in done)
            if fatal:
                return Dead((*sure, *left), fatal)
            done |= {_mark(it) for it in left}
            cures = [*cures, *left]
        return Dead((*sure, *left), tuple(left))

    def found_for(self, plan: Plan) -> tuple[Finding, ...]:
        """Return what is found at the start, with the figures that the VM is held to where a plan ends."""
        if plan.end.version == self.start.version or not any(it.leaves for it in self.found):
            return self.found
        there = judge(Case(self.files, self.start._replace(version=plan.end.version), self.target, self.guide))
        figures = {(it.code, it.subject): it for it in there if it.leaves}
        return tuple(figures.get((it.code, it.subject), it) if it.leaves else it for it in self.found)

    @cached_property
    def _blocking_files(self) -> list[Finding]:
        """What is wrong with the files and has to be settled on every way, by something else than another version."""
        return [
            it
            for it in self.of_files
            if it.blocks and not it.while_format and it.cure is not None and it.cure not in OWN | VERSION_MOVES
        ]

    def _unsettled(self, settled: frozenset[str]) -> Sequence[Finding]:
        return [it for it in self.found if settled.isdisjoint(it.keys)] if settled else self.found

    def _files_left(self, played: _Played) -> list[Finding]:
        """Return what is wrong with the files and not settled, where it blocks or stops a move."""
        return [
            it
            for it in self.of_files
            if played.end.settled.isdisjoint(it.keys)
            and not (it.cure in VERSION_MOVES and played.end.version != self.start.version)
            and ((it.blocks and holds(it, played.end)) or played.is_stopped_by(it))
        ]

    def _plan(self, played: _Played, way: Way, met: Sequence[Finding], order: int) -> Plan:
        entry = self.guide.entry
        assumed = entry.from_id if entry is not None else self.start.holder
        maker = StepMaker(self.files, self.start, self.target, self.found, named=self.named, assumed=assumed)
        return Plan(
            made=(*played.made, *played.at_first_start()),
            start=self.start,
            end=played.end,
            when=way.when,
            at_start=self.found,
            judged=tuple(met),
            wanted=played.wanted,
            order=order,
            printed=way.printed,
            beside_cell=self.guide.entry is not None and way.source not in {None, self.guide.entry.cell},
            as_steps=partial(maker.steps, way=way, by_converter=played.by_converter),
        )

    def _play(self, moves: Sequence[Move]) -> _Played:
        played = _Played(self, by_converter=any(move.do in BY_CONVERTER for move in moves))
        for move in moves:
            played.make(move)
        return played


class _Played:
    """What has been played of a way so far."""

    def __init__(self, hop: HopPlanner, *, by_converter: bool) -> None:
        self.hop, self.end = hop, hop.start
        self.by_converter = by_converter
        self.made: list[Made] = []
        self.refused: list[Finding] = []
        self.wanted: Wanted | None = None

    @property
    def dos(self) -> set[Do]:
        return {made.move.do for made in self.made}

    def at_first_start(self) -> list[Made]:
        """Return what the owner does when the VM starts for the first time, which changes nothing that is judged."""
        fixes = [fix for made in self.made if made.changes is not None for fix in made.changes.at_start]
        moves = [] if self.by_converter else [Move(Do.SET_BOOT_ORDER, remedy=fix.text) for fix in fixes]
        return [Made(move, self.end, self.end) for move in moves]

    def is_stopped_by(self, finding: Finding) -> bool:
        return bool(finding.stops) and any(
            is_stopped(finding, made.kinds, made.drives) and holds(finding, made.before) for made in self.made
        )

    def make(self, move: Move) -> None:
        """Play the next move, unless nothing is left to do in it."""
        before, target = self.end, self.hop.target
        ours = move.do in REWRITING and not (self.by_converter and _is_of_a_product(move))
        if ours and before.version is not None and _can_write(move, before.version):
            self._rewrite(move, before.version)
        elif ours and move.cured:
            self.refused += move.cured  # of such hardware vmxtool writes nothing, so nothing is cured
        elif not (move.do in _BY_FORMAT and before.disks and self._reads_all()):
            self.end = effect_of(move, before, target)
            if move.do in BY_CONVERTER:
                self.end = self.end._replace(settled=self.end.settled | self._on_esx(before))
            self.made.append(Made(move, before, self.end, self._is_final(move, before)))

    def _rewrite(self, move: Move, own: int) -> None:
        before, version = self.end, move.version if move.version is not None else own
        wanted = self._wanted(move, version, own)
        changes = realise_alike(self.hop.files, before, wanted)
        if not changes and version == own:
            # A figure over the limit of the hardware that the VM gets later is no rewrite's; its owner lessens it.
            left = tuple([it for it in move.cured if it.leaves])
            if left:
                by_owner = Move(Do.CHANGE_SETTINGS, cured=left)
                self.end = effect_of(by_owner, before, self.hop.target)
                self.made.append(Made(by_owner, before, self.end))
            return
        self.refused += [it for it in changes.refused if before.settled.isdisjoint(it.keys)]
        self.wanted = wanted
        self.end = before if changes.end is None else _with_past(changes.end, before)
        self.made.append(Made(move, before, self.end, self._is_final(move, before), changes))

    def _wanted(self, move: Move, version: int, own: int) -> Wanted:
        """Return what a rewrite is to reach for a move.

        That is all that the target asks for, or before Converter the moves alone.
        """
        target, holder = self.hop.target, self.hop.start.holder
        moves = frozenset(it.subject for it in move.cured if it.cure is Do.MOVE_DISKS and it.subject is not None)
        if not self.by_converter:
            asked = target.family == HARDWARE
            why = _ASKED.format(version) if asked else f"{target.name} runs hardware version {version}"
            return Wanted(version, why, target, moves=moves, holder=holder)
        if version == own:
            return Wanted(version, fit=False, moves=moves)
        return Wanted(version, _ASKED.format(version), products()[f"hw{version}"], moves=moves)

    def _on_esx(self, before: VmState) -> frozenset[str]:
        """Return the marks of what is wrong with a disk's files here, not on the ESX host, where Converter reads it."""
        on_esx = {disk.drive for disk in before.disks if disk.format == "esx"}
        return frozenset(it.keys[-1] for it in self.hop.of_files if it.while_format and it.subject in on_esx)

    def _reads_all(self) -> bool:
        """Return whether the target reads every disk by now, as where one step has converted what another was for."""
        return all(disk.format in self.hop.target.readable_formats for disk in self.end.disks)

    def _is_final(self, move: Move, before: VmState) -> bool:
        """Return whether a move cannot be taken back: the guide prints so, or no product takes the VM back."""
        return move.one_way or (
            move.do in _CHANGING_VERSION and is_one_way(before.version, self.end.version, self.hop.start.holder)
        )


def _lasting(found: Iterable[Finding], way: Way) -> list[Finding]:
    """Return what is found at the start and will still be there at the end of a way that does nothing about it."""
    dos = {move.do for move in way.moves}
    cures = {Do.CONNECT_NETWORK} - dos
    if dos.isdisjoint(_CHANGING_FORMATS):
        cures |= CONVERTING_DISKS
    return [it for it in found if it.cure in cures and (it.blocks or it.cure in CARRYING)]


def _left(found: Iterable[Finding], played: _Played) -> list[Finding]:
    """Return what blocks at the end, stops a move, or only asks for a move that carries the VM over."""
    return [
        it
        for it in found
        if it.blocks
        or (it.severity is not Severity.UNKNOWN and played.is_stopped_by(it))
        or (it.cure in CARRYING and it.cure not in played.dos)
    ]


def _with_past(end: VmState, before: VmState) -> VmState:
    """Return the end of a rewrite, held by who had the VM before, with what was settled by then."""
    end = end if end.vcpus == before.vcpus else end._replace(vcpus=before.vcpus)
    return end.held(before.holder, arrived=before.arrived, settled=before.settled | end.settled)


def _can_write(move: Move, version: int) -> bool:
    """Return whether vmxtool writes what a move asks for: a version that is given, or one that it knows and keeps."""
    return move.version is not None or (move.do in OWN and version >= OLDEST_WRITTEN)


def _is_of_a_product(move: Move) -> bool:
    """Return whether a product that the guide names makes a move alone.

    This is so before Converter, which makes the devices anew.
    """
    return bool(move.products) and not move.cured


def _is_fatal(finding: Finding) -> bool:
    """Return whether nothing that is known cures a finding; which hardware version there is, is a way's own."""
    return finding.cure is None or finding.cure in VERSION_MOVES


def _mark(finding: Finding) -> tuple[str, Do | None]:
    return finding.keys[-1], finding.cure
