"""Take a VM to another hardware version, devices and all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.findings import Safety
from vmxtool.knowledge.devices import rules_for
from vmxtool.knowledge.hardware import hardware
from vmxtool.planner.changes import DescriptorChange, Proposal, SettingChange, refusal
from vmxtool.planner.limits import has, limit_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.findings import Finding
    from vmxtool.knowledge.devices import DeviceRule
    from vmxtool.machine.model import Machine
    from vmxtool.planner.changes import Change

_VERSION_SOURCE = "kb:1003746"
_REPLACEMENTS_AT_MOST = 4
# Counts over several devices: which of them goes is the owner's choice.
_COUNTED = frozenset({"nics", "pci_slots", "pvscsi_units", "pci_passthrough", "vcpus"})


def known_value(key: str, value: str, version: int, esx: bool | None = None) -> bool:
    """Whether a hardware version knows a setting's value, such as a controller model; limits are not looked at."""
    return all(
        rule.limit is not None or not rule.takes(value) or rule.known(version, esx=esx) for rule in rules_for(key)
    )


def propose_version(vm: Machine, version: int, esx: bool | None, unsafe: bool) -> Proposal:
    """Every change that a hardware version asks for, or every reason why it cannot be.

    Disks on buses that the version lacks are not moved here (see `buses`); their settings are left alone.

    Args:
        vm: the VM.
        version: the hardware version to end at; the VM's own, where only the kind of product changes.
        esx: for ESX, for hosted products, or (None) for either.
        unsafe: changes that may need work in the guest are made too.
    """
    changes: list[Change] = []
    refused: list[Finding] = []
    counted: set[str] = set()
    for key in vm.config.document:
        for rule in rules_for(key):
            if rule.below == "move-disks" or not rule.takes(vm.config.document[key]):
                continue
            if rule.limit in _COUNTED:
                if rule.limit not in counted:
                    refused += _over_count(vm, rule, key, version, esx)
                counted.add(rule.limit)
                continue
            change = _change(vm, rule, key, version, esx)
            if change is None:
                continue
            if isinstance(change, SettingChange):
                if change.safety is Safety.UNSAFE and not unsafe:
                    refused.append(_needs_asking(vm, rule, change))
                elif all(other.key != key for other in changes if isinstance(other, SettingChange)):
                    changes.append(change)
            else:
                refused.append(change)
    changes = [*_version_settings(vm, version), *changes, *_descriptors(vm, version)]
    return Proposal(tuple(changes), tuple(refused))


def _change(
    vm: Machine, rule: DeviceRule, key: str, version: int, esx: bool | None
) -> SettingChange | Finding | None:
    document = vm.config.document
    safety = Safety(rule.safety)
    if rule.limit is not None:
        figure, unverified = limit_of(rule, version, esx)
        amount = has(vm, rule, key)
        if figure is None or amount is None or amount <= figure or unverified:
            return None
        return SettingChange(key, str(figure * rule.per_unit), rule.reason, rule.source, safety)
    changes = version != vm.hardware.version
    if not (rule.on_any_change and changes) and rule.known(version, esx=esx):
        return None
    if rule.below == "refuse":
        if "first_hardware" in rule.unverified:
            return None
        return refusal(
            "DEV701", "device-not-in-hardware-version", rule.reason.rstrip("."), (document.evidence(key),),
            rule.guest_loses or "take it out in the VM's own product", rule.source,
        )  # fmt: skip
    if rule.below == "replace":
        value = _replacement(key, rule, version, esx)
        return SettingChange(key, value, rule.reason, rule.source, safety)
    return SettingChange(key, None, rule.reason, rule.source, safety)


def _replacement(key: str, rule: DeviceRule, version: int, esx: bool | None) -> str | None:
    value = rule.replacement
    for _ in range(_REPLACEMENTS_AT_MOST):
        lower = next(
            (
                other
                for other in rules_for(key)
                if value is not None and other.takes(value) and other.below == "replace"
                and not other.known(version, esx=esx)
            ),
            None,
        )  # fmt: skip
        if lower is None:
            return value
        value = lower.replacement
    return value


def _over_count(vm: Machine, rule: DeviceRule, key: str, version: int, esx: bool | None) -> Iterator[Finding]:
    figure, unverified = limit_of(rule, version, esx)
    amount = has(vm, rule, key)
    if figure is None or amount is None or amount <= figure or unverified:
        return
    yield refusal(
        "DEV702", "over-hardware-limit", f"{rule.reason.rstrip('.')}: {amount}, where version {version} holds {figure}",
        (vm.config.document.evidence(key),), rule.guest_loses or "", rule.source,
    )  # fmt: skip


def _needs_asking(vm: Machine, rule: DeviceRule, change: SettingChange) -> Finding:
    what = f"{change.key} becomes {change.after}" if change.after is not None else f"{change.key} goes"
    return refusal(
        "DEV701", "device-not-in-hardware-version", f"{rule.reason.rstrip('.')}; {what}",
        (vm.config.document.evidence(change.key),),
        f"prepare the guest and say --unsafe ({rule.guest_loses or 'the guest may not start'})", rule.source,
    )  # fmt: skip


def _version_settings(vm: Machine, version: int) -> Iterator[SettingChange]:
    document = vm.config.document
    if vm.hardware.version != version:
        direction = "lowered" if (vm.hardware.version or 0) > version else "raised"
        yield SettingChange("virtualHW.version", str(version), f"the hardware version is {direction}", _VERSION_SOURCE)
    row = hardware(version)
    if row is None or row.config_version is None or vm.hardware.version == version:
        return
    if vm.config.config_version != row.config_version:
        note = " (unverified)" if "config_version" in row.unverified else ""
        yield SettingChange(
            "config.version",
            str(row.config_version),
            f"configs of hardware version {version} are of this version{note}",
            row.source,
            beside="virtualHW.version" if "virtualHW.version" in document else None,
        )


def _descriptors(vm: Machine, version: int) -> Iterator[DescriptorChange]:
    if vm.hardware.version == version:
        return
    seen: set[str] = set()
    for drive in vm.disks:
        for link in drive.chain.links if drive.chain is not None else ():
            if link.descriptor is None or link.hw_version in {None, version} or str(link.path) in seen:
                continue
            seen.add(str(link.path))
            why = "the disk's descriptor names the hardware version too"
            yield DescriptorChange(link, "ddb.virtualHWVersion", str(version), why, "vmdk-notes:virtualHWVersion")
