"""Take a VM to another hardware version, or to another kind of product, devices and all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from vmxtool.findings import Fix, Safety
from vmxtool.knowledge.devices import devices, rules_for
from vmxtool.knowledge.guests import find_guest
from vmxtool.knowledge.hardware import hardware
from vmxtool.machine.sections import Sections
from vmxtool.planner.changes import Proposal, SettingChange
from vmxtool.planner.refusals import refusal
from vmxtool.rules._limits import exceeded, has, over_rules
from vmxtool.vmx.document import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.findings import Finding
    from vmxtool.knowledge.devices import DeviceRule
    from vmxtool.knowledge.products import Product
    from vmxtool.machine.model import Machine
    from vmxtool.vmx.document import Document

_VERSION_SOURCE = "kb:1003746"
_ESX2_NAME = re.compile(r"(scsi\d:\d{1,2})\.name", re.IGNORECASE)
_MEMORY = "memory_mib"
_LAST_OF_ESX2 = 3  # configs of ESX Server 1 and 2, whose disks have `name` and not `fileName`, go up to this version


class Goal(NamedTuple):
    """Where a VM is taken.

    Attributes:
        version: the hardware version to end at, which may be the VM's own.
        fit: whether the VM is to be made fit for it; without that only the moves that were asked for are made.
        why: why just this version.
        product: what it is to run on, or None.
        unsafe: changes that may need work in the guest are made too.
    """

    version: int
    fit: bool = True
    why: str = ""
    product: Product | None = None
    unsafe: bool = False

    @property
    def esx(self) -> bool | None:
        """For ESX, for hosted products, or (None) for either."""
        return None if self.product is None else self.product.esx

    @property
    def name(self) -> str:
        """What to call it within a sentence."""
        if self.product is None or self.product.family == "hardware":
            return f"hardware version {self.version}"
        return self.product.name


def knows(key: str, value: str, version: int, esx: bool | None = None) -> bool:
    """Whether a hardware version knows a setting's value, such as a controller model; limits are not looked at."""
    return all(
        rule.limit is not None or not rule.takes(value) or rule.known(version, esx=esx) for rule in rules_for(key)
    )


def propose_version(vm: Machine, goal: Goal) -> Proposal:
    """Every change that a goal asks for in the config, and every reason why it cannot be reached.

    Disks on buses that the version lacks are not moved here: see `buses`.
    """
    if not goal.fit:
        return Proposal()
    draft = _Draft(vm, goal)
    draft.add_version()
    for key in vm.config.document:
        # What goes altogether is not replaced first.
        for rule in sorted(rules_for(key), key=lambda rule: rule.below != "remove"):
            if rule.below != "move-disks" and rule.takes(vm.config.document[key]):
                draft.apply(rule, key)
    draft.add_names()
    return draft.finish()


class _Draft:
    """The changes found so far; a setting that one rule has dealt with is left alone by the next."""

    def __init__(self, vm: Machine, goal: Goal) -> None:
        self.vm, self.goal = vm, goal
        self.document: Document = vm.config.document
        self.moves = vm.hardware.version != goal.version
        self.changes: dict[str, SettingChange] = {}
        self.refused: dict[str, list[str]] = {}
        self.asked: dict[str, list[SettingChange]] = {}
        self.manual: list[Fix] = []
        self.notes: list[str] = []

    def add_version(self) -> None:
        own, version = self.vm.hardware.version, self.goal.version
        if not self.moves:
            return
        self._add(SettingChange("virtualHW.version", str(version), self.goal.why, _VERSION_SOURCE))
        row = hardware(version)
        if row is not None and row.config_version not in {None, self.vm.config.config_version}:
            why = f"configs of hardware version {version} are of this version"
            why += " (unverified)" if "config_version" in row.unverified else ""
            after = str(row.config_version)
            self._add(SettingChange("config.version", after, why, row.source, beside="virtualHW.version"))
        if version > (own or 0):
            self.manual.append(
                Fix(
                    Safety.MANUAL,
                    "install the newest VMware Tools that the VM's own product has before the first start with newer "
                    "hardware: Windows may lose its network settings otherwise, and may ask to be activated again",
                )
            )

    def apply(self, rule: DeviceRule, key: str) -> None:
        if rule.limit is not None:
            self._limit(rule, key)
            return
        goal = self.goal
        on_change = rule.on_any_change and self.moves
        if not on_change and rule.known(goal.version, esx=goal.esx):
            return
        doubtful = not on_change and not rule.unverified.isdisjoint(
            {"first_hardware", "first_hardware_esx", "last_hardware"}
        )
        why = rule.reason.rstrip(".") + (" (unverified)" if doubtful else "")
        off = _is_off(self.document, key)
        if rule.below == "refuse" and not off:
            if doubtful:
                self._note(f"{key}: {why}, so it stays as it is")
            else:
                self.refused.setdefault(rule.id, []).append(key)
            return
        after = self._replacement(rule, key) if rule.below == "replace" else None
        self._propose(rule, SettingChange(key, after, why, rule.source), doubtful, off)

    def add_names(self) -> None:
        """What stands beside devices: the kind of product, the guest's name, how ESX Server 2 names disks."""
        product = self.goal.product
        if product is not None and product.esx is False:
            key = "virtualHW.productCompatibility"
            if self.document.get(key, "").lower() == "esx":
                why = f"{product.name} is a hosted product (unverified)"
                self._add(SettingChange(self.document.spelling(key), "hosted", why, "general"))
        self._guest_name()
        if self.goal.version > _LAST_OF_ESX2 or self.goal.esx is False:
            for key in self.document:
                hit = _ESX2_NAME.fullmatch(key)
                if hit is not None and f"{hit[1]}.fileName" not in self.document:
                    why = "products other than ESX Server 1 and 2 read the disk's name here"
                    name = f"{hit[1]}.fileName"
                    self._add(SettingChange(key, None, why, "libvirt:src/vmx/vmx.c", name=name))

    def finish(self) -> Proposal:
        known = devices()
        refused = [self._refusal(known[name], keys) for name, keys in self.refused.items()]
        refused += [self._needs_asking(known[name], group) for name, group in self.asked.items()]
        refused += self._lost_numbers()
        return Proposal(
            tuple(self.changes.values()), tuple(refused), tuple(dict.fromkeys(self.manual)), tuple(self.notes)
        )

    def _add(self, change: SettingChange) -> None:
        self.changes.setdefault(fold(change.key), change)

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)

    def _propose(self, rule: DeviceRule, change: SettingChange, doubtful: bool, off: bool = False) -> None:
        if fold(change.key) in self.changes:
            return
        if rule.safety == "unsafe" and not off:
            if not self.goal.unsafe:
                if doubtful:
                    self._note(f"{change.key}: {change.why}; --unsafe changes it")
                else:
                    self.asked.setdefault(rule.id, []).append(change)
                return
            change = SettingChange(change.key, change.after, change.why, change.source, Safety.UNSAFE)
        self._add(change)
        if rule.guest_loses is not None and (change.after is not None or rule.safety == "unsafe") and not off:
            self.manual.append(Fix(Safety.MANUAL, f"{_device_of(change.key)}: {_as_clause(rule.guest_loses)}"))

    def _limit(self, rule: DeviceRule, key: str) -> None:
        """Lower a figure that is too high; of devices that are too many the rules speak, and none is chosen here."""
        product, version = self.goal.product, self.goal.version
        if rule.below != "limit" or rule.safety == "manual" or product is None:
            return
        if rule.limit == _MEMORY:
            most = exceeded(self.vm, product, _MEMORY, self.vm.memory_mib, version)
        else:
            most = over_rules(self.vm, product, rule, key, version) if self.moves else None
        if most is None:
            return
        holder = product.name if most.version is None else f"hardware version {most.version}"
        amount = has(self.vm, rule, key, esx=self.goal.esx)
        what = f"{rule.reason.rstrip('.')}: {amount}, where {holder} holds {most.figure}"
        if most.verified:
            after = str(most.figure * rule.per_unit)
            self._propose(rule, SettingChange(key, after, what, most.source), doubtful=False)
        else:
            self._note(f"{what} (unverified), so it stays as it is")

    def _replacement(self, rule: DeviceRule, key: str) -> str | None:
        """What a device is replaced by: for a network adapter one that the guest is known to have a driver for."""
        value = rule.replacement
        if key.lower().startswith("ethernet"):
            guest = find_guest(self.vm.guest.id) if self.vm.guest.id else None
            if guest is not None and guest.nic_model is not None:
                value = guest.nic_model
        seen: set[str | None] = set()
        while value is not None and value not in seen:
            seen.add(value)
            lower = next((other for other in rules_for(key) if self._replaces(other, value)), None)
            if lower is None:
                return value
            value = lower.replacement
        return rule.replacement

    def _replaces(self, rule: DeviceRule, value: str) -> bool:
        unknown = rule.below == "replace" and rule.takes(value) and rule.value is not None
        return unknown and not rule.known(self.goal.version, esx=self.goal.esx)

    def _guest_name(self) -> None:
        guest = find_guest(self.vm.guest.id) if self.vm.guest.id else None
        product = self.goal.product
        if guest is None or guest.min_hw is None or (product is None and not self.moves):
            return
        newest = self.goal.version if product is None else product.runs_max
        if guest.min_hw <= newest:
            return
        older = guest
        while older.min_hw is not None and older.min_hw > newest:
            below = find_guest(older.older) if older.older is not None else None
            if below is None:
                self._note(
                    f"{self.goal.name} may not know the guest name {guest.id} (unverified), and none older is known"
                )
                return
            older = below
        why = (
            f"{self.goal.name} may not know the guest name {guest.id} (unverified); {older.id} is the nearest older one"
        )
        if self.goal.unsafe:
            self._add(SettingChange(self.document.spelling("guestOS"), older.id, why, guest.source, Safety.UNSAFE))
        else:
            self._note(f"{why}, which --unsafe takes")

    def _refusal(self, rule: DeviceRule, keys: list[str]) -> Finding:
        remedy = f"stay at hardware version {rule.first_for(esx=self.goal.esx)} or above"
        if rule.guest_loses is not None:
            remedy += f", or take it out in the VM's own product (lost: {_as_clause(rule.guest_loses)})"
        # Of a device the switch is enough; the rest may be long, or secret.
        shown = [key for key in keys if key.lower().endswith(".present")] or keys
        places = [self.document.evidence(key) for key in shown]
        return refusal("DEV701", rule.reason.rstrip("."), places, remedy, *rule.sources)

    def _needs_asking(self, rule: DeviceRule, changes: list[SettingChange]) -> Finding:
        one = changes[0]
        what = f"{one.key} becomes {one.after}" if one.after is not None else f"{one.key} goes"
        places = [self.document.evidence(change.key) for change in changes]
        loses = f" ({_as_clause(rule.guest_loses)})" if rule.guest_loses is not None else ""
        return refusal(
            "DEV701", f"{one.why}; {what}", places, f"prepare the guest and say --unsafe{loses}", *rule.sources
        )

    def _lost_numbers(self) -> Iterator[Finding]:
        """Devices that this version has and the other does not look at, because of their numbers alone."""
        sections = Sections(self.document)
        before = set(sections.units(self.vm.hardware.version).surplus)
        after = set(sections.units(self.goal.version).surplus)
        for word in sorted(after - before):
            key = f"{word}.present"
            if self.document.flag(key, False):
                message = f"hardware version {self.goal.version} has no {word}, so it would not look at it"
                remedy = "give the device a lower number, or take it out, in the VM's own product"
                yield refusal("DEV792", message, (self.document.evidence(key),), remedy, "libvirt:src/vmx/vmx.c")
        for word in sorted(before - after):
            if self.document.flag(f"{word}.present", False):
                self._note(f"{word}, which hardware version {self.vm.hardware.version} does not look at, comes to life")


def _is_off(document: Document, key: str) -> bool:
    """Whether a setting belongs to a device that is switched off, so that the guest never sees it."""
    head = key.partition(".")[0]
    present = f"{head}.present"
    if head.lower() == "vtpm":
        return not document.flag(present, False)
    return present in document and not document.flag(present, True)


def _device_of(key: str) -> str:
    return key.partition(".")[0] if "." in key else key


def _as_clause(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:].rstrip(".")
