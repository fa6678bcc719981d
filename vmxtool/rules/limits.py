"""How much of something a VM has, and how much a product and a hardware version take."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from vmxtool.knowledge.hardware import hardware, hardware_versions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.knowledge.devices import DeviceRule
    from vmxtool.knowledge.products import Product
    from vmxtool.rules.case import Files

_PLAIN_SCSI_UNITS = 16
# The fields of a product that limit it beside the hardware version, by the names of hardware.toml's limits.
_OWN = {"vcpus": "max_vcpus", "memory_mib": "max_memory_mib", "nics": "max_nics"}


class Limit(NamedTuple):
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


class OverLimit(NamedTuple):
    """A setting with a figure over a limit."""

    key: str
    rule: DeviceRule
    limit: Limit


def exceeded(target: Product, name: str, amount: int, version: int | None, *, kept: bool) -> Limit | None:
    """The limit that an amount is over on a target, one that is confirmed before one that is not; None where none is.

    A VM that keeps its hardware version has the amount with it already, so what counts then is whether a newer version
    of the target holds it; one whose version changes is held to the figure of the version it gets.

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
    if version is None:
        return
    rows = [row] if (row := hardware(version)) is not None else []
    if kept:
        rows += [row for row in hardware_versions().values() if row.version > version and target.runs(row.version)]
    found = [
        Limit(figure, column not in row.unverified, row.version, row.backing.of(column)[0])
        for row in rows
        if (figure := row.limit(name, esx=target.esx)) is not None
        for column in (row.limit_column(name, esx=target.esx),)
    ]
    if found:
        yield max(found, key=lambda limit: limit.figure)


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
    for key, rule in files.limited:
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
            beyond = sum(unit >= _PLAIN_SCSI_UNITS for unit in units)
            return _PLAIN_SCSI_UNITS - 1 + beyond if beyond else 0
        case "pci_passthrough":
            keys = [k for k in document.folded() if k.startswith("pcipassthru") and k.endswith(".present")]
            return sum(document.flag(k, False) for k in keys)
        case _:
            value = document.number(key)
            return None if value is None else -(-value // per_unit)
