"""How much of something a VM has, and how much a product and a hardware version take."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from vmxtool._record import Record
from vmxtool.knowledge.hardware import hardware, hardware_versions
from vmxtool.knowledge.runs import Ternary, runs
from vmxtool.machine.sections import NARROW_SCSI_UNITS
from vmxtool.rules.state import lowered_mark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.knowledge.devices import DeviceRule
    from vmxtool.knowledge.products import Product
    from vmxtool.rules.case import Case, Files

# The fields of a product that limit it beside the hardware version, by the names of hardware.toml's limits.
_OWN = {"vcpus": "max_vcpus", "memory_mib": "max_memory_mib", "nics": "max_nics"}


class Limit(Record):
    """One figure.

    Attributes:
        figure: the most, in the unit that the limit's name says.
        verified: whether a source confirms it; one that none does may warn, never block.
        version: the hardware version it belongs to; None where the product itself sets it.
        source: what it rests on.
    """

    figure: int
    verified: bool
    version: int | None
    source: str


class OverLimit(Record):
    """A setting with a figure over a limit."""

    key: str
    rule: DeviceRule
    limit: Limit


def exceeded(target: Product, name: str, amount: int, version: int | None, *, kept: bool) -> Limit | None:
    """The limit that an amount is over on a target, one that is confirmed before one that is not; None where none is.

    A VM that keeps its hardware version may have come with it from a product of another kind, whose figure for the
    version is another; so it is held to the higher of the two, which no product made it with. One whose version changes
    is held to both.

    Args:
        target: where the VM is to run.
        name: "vcpus", "memory_mib" or "nics".
        amount: what the VM has.
        version: the hardware version it has there.
        kept: whether that is the version of its files.
    """
    found: Limit | None = None
    for limit in _limits(target, name, version, kept):  # asked by every rule about a figure: mostly none is over
        if limit.figure < amount and (found is None or _counts_before(limit, found)):
            found = limit
    return found


def _counts_before(one: Limit, other: Limit) -> bool:
    return (not one.verified, one.figure) < (not other.verified, other.figure)


@lru_cache(maxsize=8192)
def _limits(target: Product, name: str, version: int | None, kept: bool) -> tuple[Limit, ...]:
    return tuple(_find_limits(target, name, version, kept=kept))


def _find_limits(target: Product, name: str, version: int | None, *, kept: bool) -> Iterator[Limit]:
    own: int | None = getattr(target, _OWN[name])
    if own is not None:
        yield Limit(own, _OWN[name] not in target.unverified, None, target.source_of(_OWN[name]))
    if kept and version is not None and not target.runs(version):
        return  # it gets another there, whose figures count then
    row = None if version is None else hardware(version)
    if row is None:
        return
    # What is over the higher of the two figures is so for a VM that is lowered to the version, too.
    for kind in (None,) if kept else dict.fromkeys((target.esx, None)):
        figure = row.limit(name, esx=kind)
        if figure is not None:
            column = row.limit_column(name, esx=kind)
            yield Limit(figure, column not in row.unverified, row.version, row.backing.of(column)[0])


def or_raise(case: Case, name: str, amount: int) -> str:
    """The end of a remedy: the next hardware version of the target that holds an amount, where the VM keeps its own."""
    own, to = case.now.version, case.target
    if own is None or case.version_changed:
        return ""
    newer = (it for it in hardware_versions() if it > own and runs(to, it) is Ternary.YES)
    found = next((it for it in newer if exceeded(to, name, amount, it, kept=False) is None), None)
    return "" if found is None else f", or raise the hardware version to {found}"


def over_limits(case: Case) -> tuple[OverLimit, ...]:
    """Settings with a figure over a limit of the target itself, or of the hardware version that the VM has there.

    Of a VM that keeps its version ESX is known to refuse what is too much, and what hosted products make of it no
    source says; devices of the host are counted everywhere.
    """
    files, now = case.files, case.now
    if not files.limited:
        return ()
    own = over_own(files, case.target)
    if own is not None:
        return (own,)
    # Products that have the version alike ask alike.
    marks = now.settled & files.figures
    asked = case.version_changed, case.esx, case.target.esx, case.runs is Ternary.NO
    key = ("over limits", now.version, asked, now.devices, marks)
    found = files.memo.get(key)
    if not isinstance(found, tuple):
        found = files.memo[key] = tuple(_over_version(case))
    return found


def _over_version(case: Case) -> Iterator[OverLimit]:
    version = case.now.version
    if version is None or version not in hardware_versions():
        return
    # A version that the target does not run is no one's to keep.
    counts = case.version_changed or (case.esx and case.runs is not Ternary.NO)
    seen: set[str] = set()
    gone = {setting.key for setting in case.unknown}
    for setting in case.files.limited:
        key, rule = setting.key, setting.rule
        if not (counts or rule.limit == "pci_passthrough"):
            continue
        # A number of devices is one fact, whichever of them says so first.
        fact = f"{rule.limit} present" if key.endswith(".present") else key
        if fact in seen or key in gone or lowered_mark(rule) in case.now.settled:
            continue
        seen.add(fact)
        limit = over_row(case.files, case.target, rule, key, version)
        if limit is not None:
            yield OverLimit(key, rule, limit)


def over_row(files: Files, target: Product, rule: DeviceRule, key: str, version: int) -> Limit | None:
    """The figure of the limit that a row of devices.toml has, in a hardware version, where the VM has more than it."""
    row, name = hardware_versions()[version], str(rule.limit)
    figure = row.limit(name, esx=target.esx)
    have = amount(files, rule, key, esx=target.esx)
    if figure is None or have is None or have <= figure:
        return None
    column = row.limit_column(name, esx=target.esx)
    unverified = column in row.unverified or "limit" in rule.unverified
    return Limit(figure, not unverified, version, row.backing.of(column)[0])


def over_own(files: Files, target: Product) -> OverLimit | None:
    """What the VM has more of than a target takes by itself, whatever hardware version it has there."""
    if target.max_passthrough is None:
        return None
    for setting in files.limited:
        key, rule = setting.key, setting.rule
        have = amount(files, rule, key, esx=target.esx) if rule.limit == "pci_passthrough" else None
        if have is not None and have > target.max_passthrough:
            verified = "max_passthrough" not in target.unverified
            limit = Limit(target.max_passthrough, verified, None, target.source_of("max_passthrough"))
            return OverLimit(key, rule, limit)
    return None


def amount(files: Files, rule: DeviceRule, key: str, *, esx: bool | None = None) -> int | None:
    """The VM's figure for a row's limit, in the limit's unit rounded up; None where the config does not say.

    On ESX the sound device is not counted, since no VM has one there.
    """
    return files.once(_amount, str(rule.limit), rule.per_unit, key, esx)


def _amount(files: Files, limit: str, per_unit: int, key: str, esx: bool | None) -> int | None:
    vm, document = files.vm, files.vm.config.document
    match limit:
        case "vcpus":
            return vm.cpu.count
        case "nics" | "pvrdma_nics":
            return sum(limit == "nics" or (nic.model or "").lower() == "pvrdma" for nic in vm.nics)
        case "pci_slots":
            extra = ("vmi.present",) if esx else ("sound.present", "vmi.present")
            devices = len(vm.nics) + sum(controller.bus == "scsi" for controller in vm.controllers)
            return 1 + devices + sum(document.flag(name, False) for name in extra)
        case "pvscsi_units":
            paravirtual = {controller.id for controller in vm.controllers if controller.model == "pvscsi"}
            units = [drive.unit for drive in vm.drives if drive.id.partition(":")[0] in paravirtual]
            beyond = sum(unit >= NARROW_SCSI_UNITS for unit in units)
            return NARROW_SCSI_UNITS - 1 + beyond if beyond else 0
        case "pci_passthrough":
            keys = [k for k in document.folded() if k.startswith("pcipassthru") and k.endswith(".present")]
            return sum(document.flag(k, False) for k in keys)
        case _:
            value = document.number(key)
            return None if value is None else -(-value // per_unit)
