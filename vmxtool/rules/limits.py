"""How much of something a VM has, and how much a product and a hardware version take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool._record import Record
from vmxtool.knowledge.hardware import hardware_versions
from vmxtool.knowledge.runs import Ternary, runs
from vmxtool.machine.sections import NARROW_SCSI_UNITS
from vmxtool.rules.figures import Limit, exceeded
from vmxtool.rules.state import lowered_mark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.knowledge.devices import DeviceRule
    from vmxtool.knowledge.product import Product
    from vmxtool.rules.case import Case, Files


class OverLimit(Record):
    """A setting with a figure over a limit."""

    key: str
    rule: DeviceRule
    limit: Limit


def or_raise(case: Case, name: str, amount: int) -> str:
    """Return the end of a remedy: the next hardware version of the target that holds an amount.

    It is empty where the VM does not keep its own version, or no other holds the amount.
    """
    own, to = case.now.version, case.target
    if own is None or case.version_changed:
        return ""
    newer = (it for it in hardware_versions() if it > own and runs(to, it) is Ternary.YES)
    found = next((it for it in newer if exceeded(to, name, amount, it, kept=False) is None), None)
    return "" if found is None else f", or raise the hardware version to {found}"


def over_limits(case: Case) -> tuple[OverLimit, ...]:
    """Return settings with a figure over a limit of the target itself, or of the hardware version the VM has there.

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
    gone = max(len(files.vm.nics) - now.nics, 0)
    key = ("over limits", now.version, asked, now.devices, marks, gone)
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
        if limit is not None and not _fits_by_now(case, rule, key, limit):
            yield OverLimit(key, rule, limit)


def _fits_by_now(case: Case, rule: DeviceRule, key: str, limit: Limit) -> bool:
    """Return whether devices fit on the PCI bus once the network adapters have gone that a rewrite takes out."""
    gone = len(case.vm.nics) - case.now.nics
    have = amount(case.files, rule, key, esx=case.target.esx)
    return rule.limit == "pci_slots" and gone > 0 and have is not None and have - gone <= limit.figure


def over_row(files: Files, target: Product, rule: DeviceRule, key: str, version: int) -> Limit | None:
    """Return the limit that a row of devices.toml has in a hardware version, where the VM has more than its figure."""
    row, name = hardware_versions()[version], str(rule.limit)
    figure = row.limit(name, esx=target.esx)
    have = amount(files, rule, key, esx=target.esx)
    if figure is None or have is None or have <= figure:
        return None
    column = row.limit_column(name, esx=target.esx)
    most = row.highest.get(column)
    if most is not None and have > most.figure and "limit" not in rule.unverified:
        return Limit(most.figure, True, version, most.source)
    unverified = column in row.unverified or "limit" in rule.unverified
    return Limit(figure, not unverified, version, row.backing.of(column)[0])


def over_own(files: Files, target: Product) -> OverLimit | None:
    """Return what the VM has more of than a target takes by itself, whatever hardware version it has there."""
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
    """Return the VM's figure for a row's limit, in the limit's unit rounded up; None where the config does not say.

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
