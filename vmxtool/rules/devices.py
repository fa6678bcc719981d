"""DEV7xx: devices and settings that the target's hardware version does not know, or has too many of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vmxtool.findings import Fix, Safety, Severity
from vmxtool.rules._limits import has
from vmxtool.rules._registry import Hit, file_rule, target_rule
from vmxtool.rules._remedies import by_hand
from vmxtool.rules._rewrites import (
    changes_version,
    knows_bus,
    lowered_settings,
    rewrite_for,
    unknown_settings,
    version_on,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.knowledge.devices import DeviceRule
    from vmxtool.knowledge.products import Product
    from vmxtool.machine.model import Machine

_PLACES_SHOWN = 4
# These are counted with the processors, the memory and the network adapters, by rules of their own.
_COUNTED_ELSEWHERE = frozenset({"vcpus", "memory_mib", "nics"})
_FIRST_WORD = re.compile(r"[A-Z][a-z]+(?![A-Za-z0-9])|A(?= )")


@target_rule("DEV701", "device-not-in-hardware-version", Severity.INFO, "kb:1003746")
def device_not_in_hardware_version(vm: Machine, to: Product) -> Iterator[Hit]:
    """The VM has a device or setting that the hardware version it would have on the target does not know.

    A number changed by hand leaves such devices in the config: the product refuses the VM, or starts it without them.
    `vmxtool rewrite` removes or replaces each; what a guest cannot do without, such as EFI firmware below hardware
    version 8, blocks the move.
    """
    document = vm.config.document
    found: dict[str, tuple[DeviceRule, list[str]]] = {}
    for key, rule in unknown_settings(vm, to):
        found.setdefault(rule.id, (rule, []))[1].append(key)
    for rule, unsorted in found.values():
        keys = sorted(unsorted, key=lambda key: not key.endswith(".present"))
        yield Hit(
            _message(rule, document.spelling(keys[0])),
            tuple(document.evidence(key) for key in keys[:_PLACES_SHOWN]),
            _fix(vm, to, rule),
            _severity(rule),
            rule.sources,
        )
    version = version_on(vm, to)
    for drive in vm.drives:
        if drive.kind == "cdrom" and not knows_bus(drive, version, to):
            yield Hit(
                f"{drive.id}: hardware version {version} has no {drive.bus.upper()}; the CD-ROM drive moves to IDE",
                drive.evidence[:_PLACES_SHOWN],
                rewrite_for(vm, to, "it moves with the rewrite"),
                Severity.INFO,
                (to.source,),
            )


@target_rule("DEV702", "more-than-hardware-holds", Severity.BLOCKER)
def more_than_hardware_holds(vm: Machine, to: Product) -> Iterator[Hit]:
    """The VM has more of something than the hardware version that it gets on the target holds.

    Video memory, displays and cores per socket are lowered with the rewrite. Which of too many devices the guest can do
    without is for its owner to say: below hardware version 7 six devices fit on the PCI bus, the video card among them.
    """
    document = vm.config.document
    version = version_on(vm, to)
    for key, rule, limit in lowered_settings(vm, to):
        if rule.limit in _COUNTED_ELSEWHERE:
            continue
        amount = has(vm, rule, key, esx=to.esx)
        reason = _lower_first(rule.reason.rstrip("."))
        message = f"{document.spelling(key)}: {reason}; {amount} here, where version {version} holds {limit.figure}"
        by_owner = rule.safety == "manual"
        fix = by_hand("take devices out, or spread them over other controllers, in the VM's own product")
        if not by_owner:
            fix = rewrite_for(vm, to, "it is lowered with the rewrite")
        severity = None if by_owner else Severity.INFO
        yield Hit(message, (document.evidence(key),), fix, severity, rule.sources, unverified=not limit.verified)


@file_rule("DEV703", "device-number-not-offered", Severity.WARNING, "libvirt:src/vmx/vmx.c")
def device_number_not_offered(vm: Machine) -> Iterator[Hit]:
    """A device says that it is present under a number that the hardware version does not have.

    No product looks at it: before hardware version 7 a VM has four network adapters, and always four SCSI controllers.
    Give the device a free number, or take its lines out.
    """
    for item in vm.surplus_devices:
        device = (item.key or "").rpartition(".")[0]
        yield Hit(
            f"{device} has a number that hardware version {vm.hardware.version} does not have, so it is passed over",
            (item,),
            by_hand(f"give {device} a number that is free, or take its lines out"),
        )


@file_rule("DEV704", "host-device-passed-through", Severity.WARNING, "vsphere-6.5-docs", "sanbarrow:vmx-syntax")
def host_device_passed_through(vm: Machine) -> Iterator[Hit]:
    """A device of the host is passed through to the VM.

    Another host has another device, or none at that place; the VM does not start until the entry is taken out or names
    a device of the new host.
    """
    document = vm.config.document
    heads = (key.removesuffix(".present") for key in document.folded() if key.endswith(".present"))
    for head in heads:
        if head.startswith("pcipassthru") and document.flag(f"{head}.present", False):
            place = document.evidence(f"{head}.present")
            yield Hit(
                f"{(place.key or head).rpartition('.')[0]} is a device of the host",
                (place,),
                by_hand("take the device out, and add one of the new host there"),
            )


def _message(rule: DeviceRule, key: str) -> str:
    unverified = " (unverified)" if "first_hardware" in rule.unverified else ""
    loses = (
        f"; the guest loses: {_lower_first(rule.guest_loses.rstrip('.'))}"
        if _is_a_thing(rule) and rule.guest_loses
        else ""
    )
    return f"{key}: {_lower_first(rule.reason.rstrip('.'))}{unverified}{loses}"


def _is_a_thing(rule: DeviceRule) -> bool:
    # Most say in a few words what is lost; the others are sentences about the guest, and stand in the rule's reason.
    return rule.guest_loses is not None and not rule.guest_loses.startswith("The guest ")


def _lower_first(sentence: str) -> str:
    """A sentence as a clause: its first word in lower case, unless it is a name or an abbreviation."""
    hit = _FIRST_WORD.match(sentence)
    if hit is None or hit[0] in {"Workstation", "Ensoniq", "Virtualization"}:
        return sentence
    return sentence[0].lower() + sentence[1:]


def _severity(rule: DeviceRule) -> Severity:
    if rule.below == "refuse":
        return Severity.WARNING if "first_hardware" in rule.unverified else Severity.BLOCKER
    return Severity.WARNING if rule.safety == "unsafe" else Severity.INFO


def _fix(vm: Machine, to: Product, rule: DeviceRule) -> Fix | None:
    if rule.below == "refuse" and rule.guest_loses is None:
        return None
    if rule.below == "refuse":
        return by_hand("take it out in the VM's own product first")
    action = f"becomes {rule.replacement}" if rule.below == "replace" else "is taken out"
    fix = rewrite_for(vm, to, f"it {action} with the rewrite")
    # The command may do unsafe things beside; this one is as safe as its own rule.
    return Fix(Safety(rule.safety), fix.text, fix.command) if changes_version(vm, to) else fix
