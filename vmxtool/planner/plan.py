"""What a plan is: its steps, the states that they lead through, and what was met on the way."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from vmxtool._record import Record, replace
from vmxtool.findings import BY_CONVERTER, CARRYING, CHANGING_HARDWARE, CONVERTING_DISKS, MOVING_DATA, Do
from vmxtool.planner.moves import VMXTOOL
from vmxtool.planner.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vmxtool.changes.model import Changes, Wanted
    from vmxtool.findings import Finding, Safety
    from vmxtool.knowledge.cells import Way as PrintedWay
    from vmxtool.planner.moves import Made
    from vmxtool.rules.commands import Argv
    from vmxtool.rules.state import VmState

_CONVERTING = CONVERTING_DISKS | CHANGING_HARDWARE | {Do.MOVE_DISKS}
_OF_OWNER = frozenset({Do.CHANGE_SETTINGS, Do.REPAIR_DISK, Do.REPAIR_CONFIG})


class Step(Record):
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
        buses: the buses that they move to, as a person says it.
        remedy: what the finding that it cures says to do, or None.
        cures: codes of the findings that it cures.
        takes: the folder in the VM's own that it takes elsewhere first, where disks have been converted into a new one.
        stays: files of disks that lie in the VM's folder here and that an export does not bring into its new one; the
            copy of that one takes them as well.
        path: the folder on an ESX host that a copy or an import goes to, or None.
        held: the products of which one has the VM's newest files before it, where those are not here.
        anew: whether it changes on the ESX host what has been exported before.
        unsure: whether what it brings has not been seen, so that more may be to do with it.
        spared: whether it is for the next step alone, which vmxtool makes here as well.
        in_place: whether the product that makes it has the VM already.
        custom: whether that product makes a new VM for the exported disks first.
        fetches: what has been changed on the ESX host that has the VM, and has to come here first: "config", "files",
            or empty where nothing.
        rewritten: what vmxtool has rewritten by then here, and not where the VM is: "config", "files", or empty.
        writes: what vmxtool rewrites in it: "config", "files" where disks are among it, or empty.
        bytes: how many bytes it moves, or None where that is not known.
        space: how many bytes the disks that it writes may come to, or None.
        keeps: whether the data in the old place is worth keeping after it: it is the last of a way that moves data.
        back: whether the VM can go back to the product that has it, where it is run in legacy mode.
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
    buses: tuple[str, ...] = ()
    remedy: str | None = None
    cures: tuple[str, ...] = ()
    takes: str | None = None
    stays: tuple[str, ...] = ()
    path: str | None = None
    held: tuple[str, ...] = ()
    anew: bool = False
    unsure: bool = False
    spared: bool = False
    in_place: bool = False
    custom: bool = False
    fetches: str = ""
    rewritten: str = ""
    writes: str = ""
    bytes: int | None = None
    space: int | None = None
    keeps: bool = False
    back: bool = False
    n: int = 0
    way: int | None = None

    @property
    def is_ours(self) -> bool:
        """Whether vmxtool rewrites the VM's files in it."""
        return self.by == VMXTOOL and self.do is not Do.UNDO_REWRITE

    def __repr__(self) -> str:
        return f"<step {self.n or ''} {self.do.value} by {self.by}, {self.before} to {self.after}>"


class Plan(Record, aside=("as_steps",)):
    """One way to a target, played to its end.

    Attributes:
        made: the moves, each with the VM's state before and after it.
        start: the VM's state before all of them.
        end: its state afterwards; it has arrived, and nothing blocks there.
        when: conditions that no file shows, in the guide's words.
        at_start: what is found before all of them.
        judged: what is found at each end that was tried.
        wanted: what vmxtool's rewrite is to reach, or None.
        order: its place among the ways that were tried.
        printed: the way of the guide that it was made of, or None.
        beside_cell: only the guide's text gives it, beside the ways of a cell.
        as_steps: makes the steps of a move, when they are first asked for, from it and what has been done by then.
    """

    made: tuple[Made, ...]
    start: VmState
    end: VmState
    when: tuple[str, ...]
    at_start: tuple[Finding, ...]
    judged: tuple[Finding, ...]
    wanted: Wanted | None
    order: int
    printed: PrintedWay | None
    as_steps: Callable[[Made, Progress], list[Step]]
    beside_cell: bool = False

    @cached_property
    def met(self) -> tuple[Finding, ...]:
        """What is met on the way and not at its start."""
        known = {identity(it) for it in self.at_start}
        found: dict[object, Finding] = {}
        for finding in self.judged:
            found.setdefault(identity(finding), finding)
        return tuple(it for mark, it in found.items() if mark not in known)

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """What to do, in order."""
        return tuple(step for step, _ in self._told)

    @cached_property
    def states(self) -> tuple[VmState, ...]:
        """The VM's state after each step."""
        return tuple(state for _, state in self._told)

    @cached_property
    def _told(self) -> list[tuple[Step, VmState]]:
        found: list[tuple[Step, VmState]] = []
        so_far = Progress(imports=Do.IMPORT_DISKS in self.kinds)
        for made in self.made:
            *before, step = self.as_steps(made, so_far)
            so_far = so_far.with_step(step)
            # What is done in the guest is done before a copy of the VM goes where it may not have to go.
            at = len(found) - (bool(found) and found[-1][0].spared)
            found[at:at] = [(first, made.before) for first in before]
            found.append((step, made.after))
        return found

    @property
    def kinds(self) -> frozenset[Do]:
        """The kinds of move that it makes; a rewrite counts as all that it does."""
        return frozenset(kind for made in self.made for kind in made.kinds)

    @property
    def one_way(self) -> bool:
        """Whether one of its moves cannot be taken back."""
        return any(made.one_way for made in self.made)

    @property
    def own(self) -> Made | None:
        """The move that vmxtool makes, or None."""
        return next((made for made in self.made if made.changes is not None), None)

    @property
    def changes(self) -> Changes | None:
        """What vmxtool changes in the files, or None."""
        own = self.own
        return None if own is None else own.changes

    @property
    def own_step(self) -> Step | None:
        """The step that vmxtool does, or None."""
        return None if self.own is None else next(step for step in self.steps if step.is_ours)

    @property
    def by_converter(self) -> bool:
        """Whether VMware Converter takes the VM over."""
        return any(made.move.do in BY_CONVERTER for made in self.made)

    @property
    def only_carries(self) -> bool:
        """Whether the VM is ready as it is: every move only carries it over."""
        return all(made.move.do in CARRYING for made in self.made)

    @property
    def conversions(self) -> int:
        """How many of its moves change disks or hardware."""
        return sum(not made.kinds.isdisjoint(_CONVERTING) for made in self.made)

    @cached_property
    def cost(self) -> tuple[int, ...]:
        """What plans are ranked by: conditions, no cell, owner's work, disks elsewhere, final, raised, unsafe, work."""
        own = self.own
        needs = own.changes.needs if own is not None and own.changes is not None else None
        return (
            len(self.when),
            self.beside_cell,
            sum(made.move.do in _OF_OWNER for made in self.made),
            own is not None and (bool(own.moved) or own.replaces_controller),
            self.one_way,
            own is not None and own.raises,
            needs is not None and bool(needs.of_guest),
            not self.only_carries,
            self.conversions,
            len(self.made),
            self.order,
        )

    def __repr__(self) -> str:
        return f"<plan {', '.join(step.do.value for step in self.steps)}>"


class Dead(Record):
    """A way that leads nowhere.

    Attributes:
        reasons: the findings that were left.
        fatal: those among them that nothing cures on this way.
    """

    reasons: tuple[Finding, ...]
    fatal: tuple[Finding, ...]

    @property
    def by_files(self) -> bool:
        """Whether it is the VM's own files that stop it, which says nothing against the target."""
        return all(finding.of_files for finding in self.fatal)


def step_kinds(step: Step) -> frozenset[Do]:
    """Return the kinds of move that a step makes; a rewrite counts as all that it does."""
    if not step.is_ours:
        return frozenset({step.do})
    moves = {Do.MOVE_DISKS} if step.drives else set()
    return frozenset({step.do, Do.REWRITE, *moves})


def stops(finding: Finding, step: Step) -> bool:
    """Return whether a finding stops a step; one about a disk stops only what is done to that disk."""
    return is_stopped(finding, step_kinds(step), frozenset(drive for drive, _ in step.drives))


def is_stopped(finding: Finding, kinds: frozenset[Do], drives: frozenset[str]) -> bool:
    """Return whether a finding stops a move of some kinds that is about some disks."""
    stopped = finding.stops & kinds
    if not stopped:
        return False
    of_disks = stopped <= CONVERTING_DISKS | {Do.MOVE_DISKS}
    return not (of_disks and finding.subject is not None and drives and finding.subject not in drives)


def holds(finding: Finding, state: VmState) -> bool:
    """Return whether a finding about the files of a disk is still true in a state.

    One that hangs on the disk's format may not be.
    """
    forms, drive = finding.while_format, finding.subject
    return not forms or any(disk.drive == drive and disk.format in forms for disk in state.disks)


def identity(finding: Finding) -> tuple[object, ...]:
    """Return what makes two findings of different moments the same."""
    return finding.code, finding.subject, finding.severity, finding.evidence, finding.leaves


class Course(Record):
    """A way as steps alone, beside the plans.

    Attributes:
        steps: what to do, in order.
        when: conditions that no file shows, in the guide's words.
        one_way: whether one of them cannot be taken back.
    """

    steps: tuple[Step, ...]
    when: tuple[str, ...]
    one_way: bool


class WayLabel(Record):
    """A way of several: its number and what it hangs on."""

    way: int
    when: tuple[str, ...]
    one_way: bool


def number_steps(plans: Sequence[Plan | Course]) -> tuple[tuple[Step, ...], tuple[WayLabel, ...]]:
    """Return the steps of all plans in one list, numbered: first those that all share, then each plan's own."""
    if not plans:
        return (), ()
    if len(plans) == 1:
        return tuple(replace(step, n=n) for n, step in enumerate(_ended(plans[0].steps), 1)), ()
    courses = [_ended(plan.steps) for plan in plans]
    shared = 0
    while all(len(steps) > shared and steps[shared] == courses[0][shared] for steps in courses):
        shared += 1
    numbered: list[Step] = [replace(step, n=n) for n, step in enumerate(courses[0][:shared], 1)]
    for way, steps in enumerate(courses, 1):
        for step in steps[shared:]:
            numbered.append(replace(step, n=len(numbered) + 1, way=way))
    labels = tuple(WayLabel(way, plan.when, plan.one_way) for way, plan in enumerate(plans, 1))
    return tuple(numbered), labels


def _ended(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Return a way's steps; the last says to keep the data in the old place where it lies in a second one."""
    if not any(step.do in MOVING_DATA for step in steps):
        return tuple(steps)
    return (*steps[:-1], replace(steps[-1], keeps=True))
