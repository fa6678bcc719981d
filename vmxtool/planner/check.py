"""Judge a VM against a target, or against every product there is: one word for the plans of a hop."""

from __future__ import annotations

from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from vmxtool._record import replace
from vmxtool.findings import Do, Severity
from vmxtool.knowledge.product import HARDWARE
from vmxtool.knowledge.products import products
from vmxtool.planner.guide import ask_guide
from vmxtool.planner.hop import Plans, likely_origins, plan_hop, start_of, unseen_files
from vmxtool.planner.verdict import Answer, Verdict
from vmxtool.rules.judging import facts_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from vmxtool.findings import Finding
    from vmxtool.knowledge.product import Product
    from vmxtool.machine.model import Machine, OriginCandidate
    from vmxtool.planner.chain import Route
    from vmxtool.planner.plan import Plan
    from vmxtool.rules.case import Files
    from vmxtool.rules.state import VmState


# What is looked at where a target does not run a VM: two products like it, and one of each kind that people have.
_OF_ONE_FAMILY = 2
_FAMILIES = ("workstation", "esx")


def check(machine: Machine, target: Product, origin: Product | None = None) -> Verdict:
    """Return whether a VM runs on a target, what stands in the way, and what to do about it, in order.

    Args:
        machine: the VM.
        target: where it is to run; a name for several releases means the oldest, whose steps serve them all.
        origin: the product that made it, where the user knows; else the likeliest of `machine.origin` counts.
    """
    files = facts_of(machine)
    # What stops the VM and what to do is said of a release, by its own name.
    found = _verdict(files, products()[target.row] if target.releases else target, origin)
    return _for_all(files, found, target, origin) if target.releases else found


def check_all(machine: Machine | None, origin: Product | None = None, family: str | None = None) -> Iterator[Verdict]:
    """Yield one verdict per known product, in the order of the products, without raw hardware versions.

    Args:
        machine: the VM, or None for one of `origin` that nobody has seen.
        origin: the product that made it, where the user knows.
        family: the family of products, or None for all.
    """
    targets = (it for it in products().values() if it.family != HARDWARE and family in {None, it.family})
    if machine is None:
        yield from (check_unseen(origin, target) for target in targets if origin is not None)
        return
    files = facts_of(machine)
    start = start_of(files, likely_origins(machine, origin))
    for target in targets:
        yield _verdict(files, target, origin, start=start)


def check_unseen(origin: Product, target: Product) -> Verdict:
    """Return what can be said of a VM of a product that nobody has seen.

    The verdict has the plans of the plainest one, and never says that it is ready.

    Args:
        origin: the product that has it.
        target: where it is to run.
    """
    from vmxtool.planner.unseen import plain_vm

    files, start = plain_vm(origin.id)
    found = _verdict(files, products()[target.row] if target.releases else target, origin, start=start, seen=False)
    found = replace(found, path=None)
    return _for_all(files, found, target, origin, start) if target.releases else found


def _verdict(
    files: Files, target: Product, origin: Product | None, *, start: VmState | None = None, seen: bool = True
) -> Verdict:
    origins = likely_origins(files.vm, origin)
    named = origin.id if origin is not None else None
    guide = ask_guide(origins, files.vm.hardware.version, target, named=origin is not None, smp=files.vm.cpu.smp)
    if start is None:
        start = start_of(files, origins)
    found = plan_hop(files, start, target, guide, named)
    unseen = unseen_files(files) if seen else ("the VM's own files",)
    answer = _answer(found, unseen)
    routes, nearest = None, None
    if seen and answer is Answer.NOT_SUPPORTED:
        nearest = partial(_nearest, files, origin, target, start)
    if answer is not Answer.READY and origins and files.vm.hardware.version is not None and target.family != HARDWARE:
        routes = partial(_routes, files, origins, target, named=origin is not None)
    return Verdict(
        path=str(files.vm.path),
        name=files.vm.name,
        target=target,
        origin=origins,
        verdict=answer,
        guide=guide.entry,
        unseen=unseen,
        hop=found,
        find_routes=routes,
        find_nearest=nearest,
    )


def _for_all(
    files: Files, oldest: Verdict, target: Product, origin: Product | None, start: VmState | None = None
) -> Verdict:
    """Return the verdict for a name that stands for several releases, of that for the oldest."""
    return replace(oldest, target=target, judge_releases=partial(_releases, files, oldest, target, origin, start))


def _releases(
    files: Files, oldest: Verdict, target: Product, origin: Product | None, start: VmState | None
) -> tuple[Verdict, ...]:
    """Return the verdicts of the releases that a name stands for.

    Those that differ in their names alone are judged once.
    """
    judged = {target.row: oldest}
    releases = [products()[name] for name in target.releases]
    for release in releases:
        if release.row not in judged:
            row = products()[release.row]
            judged[release.row] = _verdict(files, row, origin, start=start, seen=start is None)
    return tuple(replace(judged[release.row], target=release) for release in releases)


def _routes(files: Files, origins: tuple[OriginCandidate, ...], target: Product, *, named: bool) -> tuple[Route, ...]:
    from vmxtool.planner.routes import routes_over

    return routes_over(files, origins, target, named=named)


def _nearest(files: Files, origin: Product | None, target: Product, start: VmState) -> tuple[Verdict, ...]:
    """Return the verdicts of the nearest products that run the VM.

    Of the target's family they are the two nearest to it, of others the newest of each kind.
    """
    order = list(products().values())
    own = [it for it in order if it.family == target.family and it is not target]
    own.sort(key=lambda it: (abs(order.index(it) - order.index(products()[target.row])), -order.index(it)))
    found = list(islice(_that_run(files, origin, own, start), _OF_ONE_FAMILY))
    for family in _FAMILIES:
        if family != target.family:
            newest_first = [it for it in reversed(order) if it.family == family]
            found += islice(_that_run(files, origin, newest_first, start), 1)
    return tuple(found)


def _that_run(files: Files, origin: Product | None, targets: Iterable[Product], start: VmState) -> Iterator[Verdict]:
    judged = (_verdict(files, it, origin, start=start) for it in targets)
    return (it for it in judged if it.verdict is not Answer.NOT_SUPPORTED)


def _answer(found: Plans, unseen: Sequence[str]) -> Answer:
    """Return one word for the plans.

    What cannot be is not supported, whatever else is open; then comes what is open, then what needs steps.
    """
    best = found.best
    if best is None:
        # What is wrong with the VM's own files says nothing against the target.
        unknown = found.hop.start.version is None or any(dead.by_files for dead in found.dead)
        return Answer.DEPENDS if unknown else Answer.NOT_SUPPORTED
    if best.when or unseen or any(_is_open(it, best) for it in (*found.hop.of_files, *found.hop.found, *best.judged)):
        return Answer.DEPENDS
    return Answer.READY if best.only_carries else Answer.NEEDS_STEPS


def _is_open(finding: Finding, best: Plan) -> bool:
    """Return whether a finding is a question whose answer would change the verdict or the steps."""
    if finding.severity is not Severity.UNKNOWN:
        return False
    if finding.cure is Do.REWRITE and not best.end.settled.isdisjoint(finding.keys):
        return False  # the plan's own rewrite waits for the answer
    return finding.of_files or not finding.stops or bool(finding.stops & best.kinds)
