"""Judge a VM against a target, or against every product there is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vmxtool.findings import in_order
from vmxtool.knowledge.products import products
from vmxtool.planner.origins import ask_guide, likely_origins
from vmxtool.planner.steps import plan_steps
from vmxtool.planner.verdict import Answer, Verdict, answer
from vmxtool.rules._registry import judge_files, judge_guide, judge_target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.findings import Finding
    from vmxtool.knowledge.products import Product
    from vmxtool.machine.model import Machine


def check(machine: Machine, target: Product, origin: Product | None = None) -> Verdict:
    """Whether a VM runs on a target, what stands in the way, and what to do about it, in order.

    Args:
        machine: the VM.
        target: where it is to run.
        origin: the product that made it, where the user knows; else the likeliest of `machine.origin` counts.

    Where the VM is not ready as it is, routes over products in between come with the answer.
    """
    result = _check(machine, target, origin, judge_files(machine))
    if result.answer is Answer.READY or not result.origin:
        return result
    from vmxtool.planner.routes import routes_for

    # Products in between are looked for only where the direct move asks for something.
    over = [route for route in routes_for(machine, result.origin[0].product, target) if route.over]
    return replace(result, routes=tuple(over))


def check_all(machine: Machine, origin: Product | None = None, family: str | None = None) -> Iterator[Verdict]:
    """One verdict per known product, in the order of the products, without raw hardware versions."""
    on_files = judge_files(machine)
    for target in products().values():
        if target.family != "hardware" and family in {None, target.family}:
            yield _check(machine, target, origin, on_files)


def _check(machine: Machine, target: Product, origin: Product | None, on_files: list[Finding]) -> Verdict:
    origins = likely_origins(machine, origin)
    if origin is not None:
        machine = replace(machine, origin=origins)
    said, asked = ask_guide(machine, origins, target, named=origin is not None)
    findings = [*on_files, *judge_target(machine, target), *judge_guide(machine, target, asked)]
    course = plan_steps(machine, target, findings, said)
    result = answer(findings, said.verdict, needs_action=course.needs_action, conditional=bool(said.conditions))
    hopeless = result is Answer.NOT_SUPPORTED
    return Verdict(
        target=target,
        origin=origins,
        answer=result,
        guide=said.entry,
        findings=in_order(findings),
        steps=() if hopeless else course.steps,
        ways=() if hopeless else course.ways,
    )
