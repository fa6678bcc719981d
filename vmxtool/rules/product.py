"""PRD1xx: the hardware version, the products that run it, and what the guide says of a move between products."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from vmxtool.findings import Fix, Safety, Severity
from vmxtool.knowledge.hardware import hardware, hardware_versions, newest_known
from vmxtool.knowledge.products import products
from vmxtool.rules._registry import Hit, file_rule, guide_rule, target_rule
from vmxtool.rules._remedies import by_hand, own_command
from vmxtool.rules._rewrites import OLDEST_WRITTEN, best_version, changes_version, rewrite_for, version_on

__all__ = ["OLDEST_WRITTEN", "best_version"]

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.knowledge.products import Product
    from vmxtool.machine.model import Machine
    from vmxtool.rules._registry import Asked

_MANAGED = "esx2.5-managed-by-vc2"


@target_rule("PRD101", "hardware-version-too-new", Severity.BLOCKER, "kb:1003746", "mpg:p10")
def hardware_version_too_new(vm: Machine, to: Product) -> Iterator[Hit]:
    """The VM's hardware version is newer than any that the target runs.

    A product cannot power on a VM whose virtual hardware is newer than its own; vSphere says on an import that there
    are no supported hardware versions among vmx-N. The version has to be lowered together with every device that the
    lower version does not know; changing the number alone leaves a VM that starts with devices missing, or not at all.
    """
    version = vm.hardware.version
    if version is None or version <= to.runs_max:
        return
    yield Hit(
        f"hardware version {version} (vmx-{version}) is newer than {to.name} runs (up to {to.runs_max})",
        vm.hardware.evidence,
        _change(vm, to),
        sources=(to.source,),
        unverified="runs_max" in to.unverified and not _came_later(version, to),
    )


@target_rule("PRD102", "hardware-version-too-old", Severity.BLOCKER, "mpg:p11")
def hardware_version_too_old(vm: Machine, to: Product) -> Iterator[Hit]:
    """The VM's hardware version is older than any that the target runs.

    Its virtual hardware has to be upgraded in a product that runs both versions. No VMware product takes that back
    unless it can lower the version again; `vmxtool undo` puts back files that were not run since.
    """
    version = vm.hardware.version
    if version is None or version >= to.runs_min:
        return
    fix = by_hand("upgrade the virtual hardware in a product that runs both versions; it cannot be taken back")
    raised = version_on(vm, to)
    if version >= OLDEST_WRITTEN and raised is not None:
        fix = rewrite_for(vm, to, f"raise the hardware version to {raised}; undo takes it back until the VM has run")
    yield Hit(
        f"hardware version {version} (vmx-{version}) is older than {to.name} runs (from {to.runs_min})",
        vm.hardware.evidence,
        fix,
        sources=(to.source,),
        unverified=version >= _proven_least(to),
    )


@target_rule("PRD103", "hardware-version-not-offered", Severity.BLOCKER, "kb:312100")
def hardware_version_not_offered(vm: Machine, to: Product) -> Iterator[Hit]:
    """The target runs older and newer hardware versions, but not this one.

    Versions 6, 12 and 16 were made for hosted products alone, and no version 5 was ever shipped. Take the version to
    the next one that the target runs: down with its devices, or up where only that one has the bus of the VM's disks.
    """
    version = vm.hardware.version
    if version is None or version not in to.runs_except:
        return
    yield Hit(
        f"{to.name} does not run hardware version {version} (vmx-{version}), though it runs newer ones",
        vm.hardware.evidence,
        _change(vm, to),
        sources=(to.source,),
        unverified="runs_except" in to.unverified,
    )


@file_rule("PRD104", "hardware-version-unknown", Severity.WARNING, "govmomi:vim25/types/hardware_version.go")
def hardware_version_unknown(vm: Machine) -> Iterator[Hit]:
    """The config names no hardware version, or one that no product is known to have.

    VMware requires `virtualHW.version`. A number above the newest known one may belong to a product released since;
    its devices and limits cannot be judged, so what runs it is open.
    """
    version = vm.hardware.version
    if version is None:
        if vm.encryption != "full":
            problem = "the config has no virtualHW.version, which VMware requires, so no product can be judged"
            cure = by_hand("set virtualHW.version to that of the product that made the VM")
            yield Hit(problem, (), cure, Severity.UNKNOWN)
        return
    row = hardware(version)
    if version > newest_known():
        yield Hit(
            f"hardware version {version} is newer than any known here ({newest_known()}); which products run it?",
            vm.hardware.evidence,
            by_hand("look into the documentation of the product that made the VM"),
            Severity.UNKNOWN,
        )
    elif row is None or not row.valid:
        below = max(known for known, other in hardware_versions().items() if known < version and other.valid)
        cure = Fix(Safety.SAFE, f"take the version to {below}", own_command(vm, f"rewrite --hwversion {below}"))
        yield Hit(f"no product ever had hardware version {version}", vm.hardware.evidence, cure, Severity.BLOCKER)


@guide_rule("PRD105", "origin-uncertain", Severity.INFO)
def origin_uncertain(vm: Machine, to: Product, asked: Asked) -> Iterator[Hit]:  # noqa: ARG001 every target asks
    """The guide answers differently for the products that may have made this VM.

    Configs of one generation look alike, so the files alone may leave several products. The answer shown is the one
    for the likeliest. Name the product with `--from`.
    """
    if not asked.entries:
        return
    first = asked.entries[0]
    others = [entry for entry in asked.entries[1:] if (entry.verdict, entry.ways) != (first.verdict, first.ways)]
    if others:
        listed = "; ".join(f"{entry.from_id}: {entry.verdict} ({entry.cell})" for entry in (first, *others))
        yield Hit(
            f"the guide answers differently for the products that may have made this VM: {listed}",
            next((it.evidence for it in vm.origin if it.product == first.from_id), ()),
            by_hand("say which product made it with --from"),
            None,
            tuple(dict.fromkeys(entry.cell for entry in (first, *others))),
        )


@target_rule("PRD106", "target-makes-no-vms", Severity.INFO, "mpg:p12")
def target_makes_no_vms(vm: Machine, to: Product) -> Iterator[Hit]:
    """The VM needs other hardware, and the target only runs what other products made.

    VMware Player 1 and 2 have no wizard to make or upgrade a VM. A product of the same generation that has one changes
    the hardware first; so does `vmxtool rewrite` from hardware version 3 on.
    """
    if to.creates_vms or not changes_version(vm, to):
        return
    makers = [p.name for p in products().values() if p.creates_vms and p.esx is False and p.creates == to.runs_max]
    able = f", such as {makers[0]}," if makers else ""
    yield Hit(
        f"{to.name} makes no VMs and changes no hardware version; another product{able} has to do it first",
        vm.hardware.evidence,
        None,
        Severity.INFO,
        (to.source,),
    )


@guide_rule("PRD107", "virtualcenter-2-unknown", Severity.UNKNOWN, "mpg:p08", "mpg:p15")
def virtualcenter_2_unknown(vm: Machine, to: Product, asked: Asked) -> Iterator[Hit]:  # noqa: ARG001 no file shows it
    """The guide allows the move if an ESX Server 2.5 is managed by VirtualCenter 2, which no file of a VM shows.

    VMware Converter 3 reaches ESX Server 2 through VirtualCenter 2 alone. Where the guide has no other way for the two
    products, the move stands and falls with it.
    """
    if _MANAGED not in asked.conditions:
        return
    entry = asked.entries[0]
    host = to if to.esx else products()[entry.from_id]
    yield Hit(
        f"is the {host.name} a 2.5 that VirtualCenter 2 manages? If it is, VMware Converter 3 moves the VM; if not, "
        "the guide does not support the move",
        (),
        by_hand("look in VirtualCenter which version it has, and whether it lists the host"),
        None,
        (entry.cell,),
    )


def _change(vm: Machine, to: Product) -> Fix | None:
    version = version_on(vm, to)
    if version is None or version == vm.hardware.version:
        return None
    if version > (vm.hardware.version or version):
        return rewrite_for(vm, to, f"raise the hardware version to {version}, which has the bus of the VM's disks")
    return rewrite_for(vm, to, f"lower the hardware version to {version}, devices included")


def _came_later(version: int, product: Product) -> bool:
    """Whether a version first came in a year after the product, which then cannot run it, whatever else is unsure.

    Versions are counted up, so one above a later one is later too.
    """
    year = product.released_order // 10_000
    return any(made <= version and first > year for made, first in _first_years().items())


@cache
def _first_years() -> dict[int, int]:
    """The year in which each hardware version first came with a product."""
    years: dict[int, int] = {}
    for product in products().values():
        if product.creates is not None and product.family != "hardware":
            year = product.released_order // 10_000
            years[product.creates] = min(years.get(product.creates, year), year)
    return years


def _proven_least(product: Product) -> int:
    """The lowest version that the product may need: what no source confirms is bounded by its predecessors."""
    kin = [p for p in products().values() if p.family == product.family]
    older = kin[: kin.index(product) + 1] if product in kin else [product]
    return max((p.runs_min for p in older if "runs_min" not in p.unverified), default=0)
