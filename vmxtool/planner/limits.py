"""How much of something a VM has, by the names of the limits in hardware.toml."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.knowledge.hardware import hardware

if TYPE_CHECKING:
    from vmxtool.knowledge.devices import DeviceRule
    from vmxtool.machine.model import Machine

_PLAIN_SCSI_UNITS = 16


def has(vm: Machine, rule: DeviceRule, key: str) -> int | None:
    """The VM's figure for a rule's limit, in the limit's unit rounded up; None where the config does not say."""
    document = vm.config.document
    match rule.limit:
        case "vcpus":
            return vm.cpu.count
        case "nics":
            return len(vm.nics)
        case "pci_slots":
            extra = sum(document.flag(name, False) for name in ("sound.present", "vmi.present"))
            return 1 + len(vm.nics) + sum(controller.bus == "scsi" for controller in vm.controllers) + extra
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
            return None if value is None else -(-value // rule.per_unit)


def limit_of(rule: DeviceRule, version: int, esx: bool | None) -> tuple[int | None, bool]:
    """The figure of a rule's limit in a hardware version, and whether it is unverified.

    Without a kind of product the larger of both kinds counts, since the VM may be for either.
    """
    row = hardware(version)
    if row is None or rule.limit is None:
        return None, False
    kinds = (False, True) if esx is None else (esx,)
    figures = [
        (figure, row.limit_column(rule.limit, esx=kind) in row.unverified or "limit" in rule.unverified)
        for kind in kinds
        if (figure := row.limit(rule.limit, esx=kind)) is not None
    ]
    return max(figures, default=(None, False), key=lambda pair: pair[0] or 0)
