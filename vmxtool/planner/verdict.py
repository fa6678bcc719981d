"""What a check says: the answer in one word, the plans it rests on, and what was found on the way."""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from vmxtool._record import Record
from vmxtool.findings import CARRYING, CONVERTING_DISKS, Do
from vmxtool.knowledge import tables
from vmxtool.knowledge.guests import find_guest
from vmxtool.planner.plan import number_steps
from vmxtool.planner.weighing import weigh
from vmxtool.planner.without_host import convert_course, download_course, upload_course

if TYPE_CHECKING:
    from collections.abc import Callable

    from vmxtool.findings import Finding
    from vmxtool.knowledge.product import Product
    from vmxtool.knowledge.tables import GuideEntry
    from vmxtool.knowledge.transcript import Fact
    from vmxtool.machine.model import OriginCandidate
    from vmxtool.planner.chain import Route
    from vmxtool.planner.hop import Plans
    from vmxtool.planner.moves import Made
    from vmxtool.planner.plan import Plan, Step, WayLabel


class Answer(StrEnum):
    """Whether a VM runs on a target.

    `READY`: as it is. `NEEDS_STEPS`: after the steps. `DEPENDS`: on what no file shows, or what was not seen.
    `NOT_SUPPORTED`: no step in a VM's files makes it run there.
    """

    READY = "ready"
    NEEDS_STEPS = "needs-steps"
    DEPENDS = "depends"
    NOT_SUPPORTED = "not-supported"


class Effort(StrEnum):
    """The largest work that the best plan asks for: none, an upgrade by the product itself, and so on upwards."""

    NONE = "none"
    PRODUCT_UPGRADE = "product-upgrade"
    REWRITE = "rewrite"
    CONVERSION = "conversion"
    STEPS = "steps"


class ReleaseAnswer(Record):
    """The answer for one release of several that a name stands for.

    Attributes:
        product: the release.
        verdict: the answer.
        effort: the largest work of its best plan; None where the verdict is no or open.
        version: the hardware version that the VM gets by a rewrite, or None where it keeps its own.
    """

    product: Product
    verdict: Answer
    effort: Effort | None
    version: int | None


class Verdict(Record, aside=("hop", "find_routes", "find_nearest", "judge_releases")):
    """The answer for one VM and one target.

    Attributes:
        path: the VM as it was named, or None where a product was asked about and no VM was seen.
        name: the VM's name.
        target: the product asked about.
        origin: likely products that made the VM, the best first; one alone where the user named it.
        verdict: the answer.
        guide: the guide's cell for origin and target, or None where the guide is silent.
        unseen: what has to be there before more can be said: files, or disks by their ids.
        hop: every way that was tried; what is told of them is worked out when it is first asked for.
        find_routes: looks for the routes, when they are first asked for.
        find_nearest: looks for the nearest products that run the VM, when they are first asked for.
        judge_releases: judges the releases that the target's name stands for, when they are first asked for.
    """

    path: str | None
    name: str
    target: Product
    origin: tuple[OriginCandidate, ...]
    verdict: Answer
    guide: GuideEntry | None
    unseen: tuple[str, ...]
    hop: Plans
    find_routes: Callable[[], tuple[Route, ...]] | None = None
    find_nearest: Callable[[], tuple[Verdict, ...]] | None = None
    judge_releases: Callable[[], tuple[Verdict, ...]] | None = None

    @cached_property
    def effort(self) -> Effort | None:
        """The largest work of the best plan; None where the verdict is no or open."""
        best = self.hop.best
        if best is None or self.verdict not in {Answer.READY, Answer.NEEDS_STEPS}:
            return None
        order = list(Effort)
        return max((_effort_of(made) for made in best.made), key=order.index, default=Effort.NONE)

    @property
    def plans(self) -> tuple[Plan, ...]:
        """The plans, best first; empty where no way leads there."""
        return self.hop.plans

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """What to do, in order, numbered over all ways."""
        return self._numbered[0]

    @cached_property
    def ways(self) -> tuple[WayLabel, ...]:
        """The ways that `steps` distinguishes; empty where there is one alone."""
        return self._numbered[1]

    @cached_property
    def _numbered(self) -> tuple[tuple[Step, ...], tuple[WayLabel, ...]]:
        best = self.hop.best
        if best is None or self.path is None:
            return number_steps(self.plans)
        asked = self.hop.hop.files, best, self.hop.hop.target
        others = (upload_course(*asked), convert_course(*asked[:2]), download_course(*asked))
        return number_steps([*self.plans, *(it for it in others if it is not None)])

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """All that was found, blockers first; what arises on the best way names the step after which it does."""
        return self.findings_on(1)

    def findings_on(self, way: int) -> tuple[Finding, ...]:
        """Return all that was found, with what arises on one of the ways, by its number."""
        return weigh(self.hop, self.steps, way)

    @cached_property
    def remarks(self) -> tuple[Fact, ...]:
        """What the guide's text adds to the move, and to the steps of its ways."""
        kinds = dict.fromkeys(step.do.value for step in self.steps)
        own = [
            it
            for it in self.hop.hop.guide.beside
            if self.plans and (not it.on or not kinds.keys().isdisjoint(it.on)) and self._is_one(it.only)
        ]
        return tuple(dict.fromkeys([*own, *(it for kind in kinds for it in tables.remarks_on(kind))]))

    def _is_one(self, only: str | None) -> bool:
        """Return whether the VM is one of those that a remark is on."""
        files = self.hop.hop.files
        if only is None or not files.seen:
            return True
        if all(disk.bus != "ide" for disk in files.vm.disks):
            return False
        guest = find_guest(files.vm.guest.id) if files.vm.guest.id else None
        moved = guest is not None and guest.converter_reconfigures
        return only == "ide" or moved == (only == "ide-reconfigured")

    @cached_property
    def routes(self) -> tuple[Route, ...]:
        """Ways over products in between, the cheapest first; looked for where the VM is not ready as it is."""
        return () if self.find_routes is None else self.find_routes()

    @cached_property
    def nearest(self) -> tuple[Verdict, ...]:
        """The answers of the nearest products that run the VM, where this one does not; each may ask for steps."""
        return () if self.find_nearest is None else self.find_nearest()

    @cached_property
    def releases(self) -> tuple[ReleaseAnswer, ...]:
        """The answers for the releases that the target's name stands for, the oldest first; empty where it is one."""
        judged = () if self.judge_releases is None else self.judge_releases()
        return tuple(ReleaseAnswer(it.target, it.verdict, it.effort, it.version) for it in judged)

    @property
    def version(self) -> int | None:
        """The hardware version that our own step of the best plan gives the VM, or None where it keeps its own."""
        ours = (step for step in self.steps if step.is_ours and step.way in {None, 1} and step.before != step.after)
        return next((step.after for step in ours), None)

    def __repr__(self) -> str:
        steps = ", ".join(step.do.value for step in self.steps)
        return f"<{self.name[:40]} on {self.target.name}: {self.verdict.value}{f'; {steps}' if steps else ''}>"


def _effort_of(made: Made) -> Effort:
    if made.move.do in CARRYING:
        return Effort.NONE
    if made.changes is not None:
        return Effort.REWRITE
    if made.move.do in CONVERTING_DISKS | {Do.CREATE_VM}:
        return Effort.CONVERSION
    by_target = made.move.do is Do.UPGRADE_HARDWARE and not made.move.products
    return Effort.PRODUCT_UPGRADE if by_target else Effort.STEPS
