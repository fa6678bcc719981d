"""What a plan is: its steps, the states that they lead through, and what was met on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from vmxtool.findings import BY_CONVERTER, CARRYING, CHANGING_HARDWARE, CONVERTING_DISKS, Do
from vmxtool.planner.moves import VMXTOOL

if TYPE_CHECKING:
    from vmxtool.changes.model import Changes, Wanted
    from vmxtool.findings import Finding, Safety
    from vmxtool.rules.commands import Argv
    from vmxtool.rules.state import VmState


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
    """The kinds of move that a step makes; a rewrite counts as all that it does."""
    if not step.is_ours:
        return frozenset({step.do})
    moves = {Do.MOVE_DISKS} if step.drives else set()
    return frozenset({step.do, Do.REWRITE, *moves})


def stops(finding: Finding, step: Step) -> bool:
    """Whether a finding stops a step; one about a disk stops only what is done to that disk."""
    return is_stopped(finding, step_kinds(step), frozenset(drive for drive, _ in step.drives))


def is_stopped(finding: Finding, kinds: frozenset[Do], drives: frozenset[str]) -> bool:
    """Whether a finding stops a move of some kinds that is about some disks."""
    stopped = finding.stops & kinds
    if not stopped:
        return False
    of_disks = stopped <= CONVERTING_DISKS | {Do.MOVE_DISKS}
    return not (of_disks and finding.subject is not None and drives and finding.subject not in drives)


def identity(finding: Finding) -> tuple[object, ...]:
    """What makes two findings of different moments the same."""
    return finding.code, finding.subject, finding.evidence
