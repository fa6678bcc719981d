"""Plans in few words: what each does, with which commands, and who is asked to do it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.rules.commands import shell

if TYPE_CHECKING:
    from vmxtool import Plan, Verdict


def dos(plan: Plan) -> list[str]:
    """What a plan does, in order."""
    return [step.do.value for step in plan.steps]


def ways(verdict: Verdict) -> list[list[str]]:
    """What each plan does, the best first."""
    return [dos(plan) for plan in verdict.plans]


def commands(plan: Plan, product: str | None = None) -> list[str]:
    """The commands of a plan as they are typed: vmxtool's own, or those of another product's steps."""
    return [shell(argv) for step in plan.steps if step.product == product for argv in step.commands]


def codes(verdict: Verdict, severity: str | None = None) -> set[str]:
    """The codes of what was found, of one weight alone where it is named."""
    return {item.code for item in verdict.findings if severity in {None, item.severity.value}}
