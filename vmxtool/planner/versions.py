"""Which hardware version a request comes to for a VM, and what the person should know of that choice."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vmxtool.errors import UsageError
from vmxtool.knowledge.hardware import newest_known
from vmxtool.knowledge.products import products
from vmxtool.planner.refusals import refusal
from vmxtool.planner.request import OLDEST_WRITTEN, is_written

if TYPE_CHECKING:
    from vmxtool.findings import Finding
    from vmxtool.knowledge.products import Product
    from vmxtool.machine.model import Machine
    from vmxtool.planner.request import Request

_LIKELY = 0.1  # an origin below this share of the odds does not make the choice uncertain


class Choice(NamedTuple):
    """The version to end at, why, what to know of it, and the reasons if there is none."""

    version: int | None
    why: str = ""
    notes: tuple[str, ...] = ()
    refused: tuple[Finding, ...] = ()


def choose_version(vm: Machine, request: Request) -> Choice:
    """The hardware version that a request asks for, or that its target needs.

    A target that runs the VM's own version leaves it; else the nearest lower one that it runs is taken, and only where
    there is none a higher one.

    Raises:
        UsageError: which product made the VM matters, and its files do not tell.
    """
    own = vm.hardware.version
    if own is None or own < 1:
        message = "the config has no virtualHW.version that could be changed"
        return Choice(
            None, refused=(refusal("PRD104", message, vm.hardware.evidence, "set virtualHW.version by hand"),)
        )
    if request.hwversion is not None:
        return _told(own, request.hwversion, f"hardware version {request.hwversion} was asked for")
    if request.target is None:
        return Choice(own)
    if request.legacy:
        return _legacy(vm, request, request.target, own)
    return _for_target(vm, request.target, own)


def _for_target(vm: Machine, target: Product, own: int) -> Choice:
    if target.runs(own):
        return Choice(own)
    lower = [version for version in range(OLDEST_WRITTEN, own) if target.runs(version) and is_written(version)]
    if lower:
        return _told(own, lower[-1], f"{target.name} runs hardware versions up to {lower[-1]}")
    higher = [version for version in range(own + 1, newest_known() + 1) if target.runs(version) and is_written(version)]
    if not higher:
        message = f"{target.name} runs no hardware version from {OLDEST_WRITTEN} on, and vmxtool writes none below"
        remedy = "let a product between the two change the version; vmxtool route --target shows the ways"
        return Choice(None, refused=(refusal("PRD191", message, vm.hardware.evidence, remedy, target.source),))
    if "runs_min" in target.unverified:
        note = (
            f"{target.name} may not run hardware version {own} (unverified), so it stays as it is; "
            f"--hwversion {higher[0]} raises it"
        )
        return Choice(own, notes=(note,))
    return _told(own, higher[0], f"{target.name} runs hardware versions from {higher[0]} on")


def _legacy(vm: Machine, request: Request, target: Product, own: int) -> Choice:
    origins = _origins(vm, request)
    found: dict[int | None, Product] = {}
    for origin in origins:
        both = [v for v in range(OLDEST_WRITTEN, own + 1) if origin.runs(v) and target.runs(v) and is_written(v)]
        found.setdefault(both[-1] if both else None, origin)
    if len(found) > 1:
        names = ", ".join(origin.id for origin in origins)
        raise UsageError(f"it matters which product made this VM ({names}); name it with --from")
    version, origin = next(iter(found.items()))
    if version is None:
        message = f"{origin.name} and {target.name} have no hardware version in common up to the VM's own {own}"
        remedy = "leave --legacy out; the VM then cannot go back"
        sources = (origin.source, target.source)
        return Choice(None, refused=(refusal("PRD192", message, vm.hardware.evidence, remedy, *sources),))
    why = f"{origin.name} and {target.name} both run hardware version {version}"
    return Choice(version, why, (f"{why}, so the VM can go back",))


def _origins(vm: Machine, request: Request) -> list[Product]:
    if request.origin is not None:
        return [request.origin]
    known = products()
    likely = [known[item.product] for item in vm.origin if item.confidence >= _LIKELY and item.product in known]
    if not likely:
        raise UsageError("nothing in its files tells which product made this VM; name it with --from")
    return likely


def _told(own: int, version: int, why: str) -> Choice:
    if version <= own:
        return Choice(version, why)
    note = (
        f"raising the hardware version from {own} to {version} is one-way in VMware's products; vmxtool undo takes it "
        f"back as long as the VM has not been started since"
    )
    return Choice(version, why, (note,))
