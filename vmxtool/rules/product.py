"""PRD1xx: the hardware version, and the products that run it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.findings import Severity
from vmxtool.knowledge.hardware import hardware, newest_known
from vmxtool.rules._registry import Hit, file_rule, target_rule
from vmxtool.rules._remedies import by_hand, rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.knowledge.products import Product
    from vmxtool.machine.model import Machine

OLDEST_WRITTEN = 3
"""No config of an older hardware version has been seen, so vmxtool writes none."""


def best_version(vm: Machine, target: Product) -> int | None:
    """The newest hardware version, not above the VM's own, that the target runs and vmxtool can write."""
    if vm.hardware.version is None:
        return None
    versions = range(min(vm.hardware.version, target.runs_max or vm.hardware.version), OLDEST_WRITTEN - 1, -1)
    return next((version for version in versions if target.runs(version)), None)


@target_rule("PRD101", "hardware-version-too-new", Severity.BLOCKER, "kb:1003746", "mpg:p10")
def hardware_version_too_new(vm: Machine, to: Product) -> Iterator[Hit]:
    """The VM's hardware version is newer than any that the target runs.

    A product cannot power on a VM whose virtual hardware is newer than its own. The version has to be lowered
    together with every device that the lower version does not know; changing the number alone leaves a VM that
    starts with devices missing, or not at all.
    """
    version = vm.hardware.version
    if version is None or to.runs_max is None or version <= to.runs_max:
        return
    best = best_version(vm, to)
    fix = None
    if best is not None:
        fix = rewrite(vm, f"--hwversion {best}", f"lower the hardware version to {best}, devices included")
    yield Hit(
        f"hardware version {version} is newer than {to.name} runs (up to {to.runs_max})",
        vm.hardware.evidence,
        fix,
        _weight(to, "runs_max"),
        (to.source,),
    )


@target_rule("PRD102", "hardware-version-too-old", Severity.BLOCKER, "mpg:p11")
def hardware_version_too_old(vm: Machine, to: Product) -> Iterator[Hit]:
    """The VM's hardware version is older than any that the target runs.

    Its virtual hardware has to be upgraded in a product between the two, which cannot be taken back.
    """
    version = vm.hardware.version
    if version is None or to.runs_min is None or version >= to.runs_min:
        return
    fix = by_hand("upgrade the virtual hardware in a product that runs both versions; it is a one-way step")
    if version >= OLDEST_WRITTEN and to.runs_max is not None:
        lowest = next((v for v in range(to.runs_min, to.runs_max + 1) if to.runs(v)), to.runs_min)
        fix = rewrite(vm, f"--hwversion {lowest}", f"raise the hardware version to {lowest}; undo takes it back")
    yield Hit(
        f"hardware version {version} is older than {to.name} runs (from {to.runs_min})",
        vm.hardware.evidence,
        fix,
        _weight(to, "runs_min"),
        (to.source,),
    )


@target_rule("PRD103", "hardware-version-not-offered", Severity.BLOCKER, "kb:312100")
def hardware_version_not_offered(vm: Machine, to: Product) -> Iterator[Hit]:
    """The target runs older and newer hardware versions, but not this one.

    Versions 6, 12 and 16 were made for hosted products alone, and no version 5 was ever shipped.
    """
    version = vm.hardware.version
    if version is None or version not in to.runs_except:
        return
    if not (to.runs_min or 0) <= version <= (to.runs_max or version):
        return
    best = best_version(vm, to)
    fix = None
    if best is not None:
        fix = rewrite(vm, f"--hwversion {best}", f"lower the hardware version to {best}, devices included")
    yield Hit(
        f"{to.name} does not run hardware version {version}",
        vm.hardware.evidence,
        fix,
        _weight(to, "runs_except"),
        (to.source,),
    )


@file_rule("PRD104", "hardware-version-unknown", Severity.WARNING, "govmomi:vim25/types/hardware_version.go")
def hardware_version_unknown(vm: Machine) -> Iterator[Hit]:
    """The config names no hardware version, or one that no product is known to have.

    VMware requires `virtualHW.version`. A number above the newest known one may belong to a product released since;
    its devices and limits cannot be judged.
    """
    version = vm.hardware.version
    if vm.encryption == "full" and version is None:
        return
    if version is None:
        yield Hit("the config has no virtualHW.version, which VMware requires", (), by_hand("set virtualHW.version"))
    elif version > newest_known():
        yield Hit(
            f"hardware version {version} is newer than any known here ({newest_known()}); what it holds is unverified",
            vm.hardware.evidence,
        )
    elif hardware(version) is None or version == 5:
        yield Hit(f"no product ever had hardware version {version}", vm.hardware.evidence)


def _weight(product: Product, fact: str) -> Severity | None:
    return Severity.WARNING if fact in product.unverified else None
