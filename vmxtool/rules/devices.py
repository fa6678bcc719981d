"""DEV7xx: devices and settings that the target's hardware version does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.findings import Fix, Safety, Severity
from vmxtool.knowledge.devices import rules_for
from vmxtool.rules._registry import Hit, target_rule
from vmxtool.rules._remedies import by_hand, own_command
from vmxtool.rules.product import best_version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.knowledge.devices import DeviceRule
    from vmxtool.knowledge.products import Product
    from vmxtool.machine.model import Machine

_PLACES_SHOWN = 4


@target_rule("DEV701", "device-not-in-hardware-version", Severity.INFO, "kb:1003746")
def device_not_in_hardware_version(vm: Machine, to: Product) -> Iterator[Hit]:
    """The VM has a device or setting that the hardware version it would have on the target does not know.

    A number changed by hand leaves such devices in the config: the product refuses the VM, or starts it without them.
    `vmxtool rewrite` removes or replaces each; what a guest cannot do without, such as EFI firmware below hardware
    version 8, blocks the move.
    """
    version = best_version(vm, to)
    if version is None:
        return
    document = vm.config.document
    found: dict[str, tuple[DeviceRule, list[str]]] = {}
    for key in document.folded():
        for rule in rules_for(key):
            if rule.limit is not None or rule.below == "move-disks" or rule.known(version, esx=to.esx):
                continue
            if rule.takes(document[key]) and not _is_switched_off(vm, key):
                found.setdefault(rule.id, (rule, []))[1].append(key)
    for rule, keys in found.values():
        yield Hit(
            _message(rule),
            tuple(document.evidence(key) for key in keys[:_PLACES_SHOWN]),
            _fix(vm, to, rule, version),
            _severity(rule),
            rule.sources,
        )


def _is_switched_off(vm: Machine, key: str) -> bool:
    head = key.partition(".")[0]
    present = f"{head}.present"
    return key != present and present in vm.config.document and not vm.config.document.flag(present, True) or (
        key == present and not vm.config.document.flag(present, True)
    )


def _message(rule: DeviceRule) -> str:
    sentence = rule.reason.rstrip(".")
    unverified = " (unverified)" if "first_hardware" in rule.unverified else ""
    loses = f"; lost: {rule.guest_loses[0].lower()}{rule.guest_loses[1:].rstrip('.')}" if rule.guest_loses else ""
    return f"{sentence}{unverified}{loses}"


def _severity(rule: DeviceRule) -> Severity:
    if rule.below == "refuse":
        return Severity.WARNING if "first_hardware" in rule.unverified else Severity.BLOCKER
    return Severity.WARNING if rule.safety == "unsafe" else Severity.INFO


def _fix(vm: Machine, to: Product, rule: DeviceRule, version: int) -> Fix | None:
    if rule.id == "efi" or (rule.below == "refuse" and rule.guest_loses is None):
        return None
    if rule.below == "refuse":
        return by_hand("take it out in the VM's own product first")
    options = f"--target {to.id}" if version == vm.hardware.version else f"--hwversion {version}"
    options += " --unsafe" if rule.safety == "unsafe" else ""
    action = f"becomes {rule.replacement}" if rule.below == "replace" else "is taken out"
    return Fix(Safety(rule.safety), f"it {action} with the rewrite", own_command(vm, f"rewrite {options}"))
