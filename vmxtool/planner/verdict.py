"""What a plan for a target says: the verdict in one word, and everything it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from vmxtool.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmxtool.findings import Finding, Safety
    from vmxtool.knowledge.products import Product
    from vmxtool.knowledge.tables import GuideEntry
    from vmxtool.machine.model import OriginCandidate
    from vmxtool.planner.routes import Route


class Answer(Enum):
    """Whether a VM runs on a target.

    `READY`: as it is. `NEEDS_STEPS`: after the steps. `DEPENDS`: on something that no file shows.
    `NOT_SUPPORTED`: no step in a VM's files makes it run there.
    """

    READY = "ready"
    NEEDS_STEPS = "needs-steps"
    DEPENDS = "depends"
    NOT_SUPPORTED = "not-supported"


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One thing to do, in its place.

    Attributes:
        n: 1-based place in the whole list.
        way: number of the way it belongs to, where there are several to choose from; None for what every way needs.
        do: what kind of thing it is; the guide's words where the guide names it.
        text: one sentence in the imperative.
        command: the exact command line, where there is one.
        product: whose command it is, where it is not vmxtool's own.
        source: what it rests on.
        safety: who may carry it out.
        one_way: it cannot be taken back.
    """

    n: int
    way: int | None
    do: str
    text: str
    command: str | None
    product: str | None
    source: str
    safety: Safety
    one_way: bool = False


@dataclass(frozen=True, slots=True)
class WayLabel:
    """A way of several: its number and what it hangs on."""

    number: int
    when: tuple[str, ...]
    one_way: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer for one VM and one target.

    Attributes:
        target: the product asked about.
        origin: likely products that made the VM, the best first; one alone where the user named it.
        answer: the verdict.
        guide: the guide's cell for origin and target, or None where the guide is silent.
        findings: all, blockers first.
        steps: what to do, in order.
        ways: the ways that `steps` distinguishes; empty where there is one course alone.
        routes: ways over products in between, the cheapest first, where someone looked for them.
    """

    target: Product
    origin: tuple[OriginCandidate, ...]
    answer: Answer
    guide: GuideEntry | None
    findings: tuple[Finding, ...]
    steps: tuple[PlanStep, ...]
    ways: tuple[WayLabel, ...] = ()
    routes: tuple[Route, ...] = ()


def answer(findings: Sequence[Finding], guide_verdict: str | None, *, needs_action: bool, conditional: bool) -> Answer:
    """One word for findings and guide together.

    What cannot be is not supported, whatever else is open; what hangs on something that no file shows depends, whatever
    has to be done; what is left is ready if nothing has to be done.

    Args:
        findings: everything found.
        guide_verdict: the guide's word, or None where it is silent.
        needs_action: some step has to be done, whichever way is taken.
        conditional: every way of the guide hangs on a condition that no file shows.
    """
    blockers = [finding for finding in findings if finding.severity is Severity.BLOCKER]
    if guide_verdict == "not-supported" or any(finding.fix is None for finding in blockers):
        return Answer.NOT_SUPPORTED
    if conditional or guide_verdict == "maybe" or any(finding.severity is Severity.UNKNOWN for finding in findings):
        return Answer.DEPENDS
    return Answer.NEEDS_STEPS if blockers or needs_action else Answer.READY
