"""Devices and settings that not every hardware version knows, and what becomes of them where it does not."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Literal

from vmxtool.knowledge import _kept, _load
from vmxtool.knowledge.backing import BACKED_BY, Backed, again, backed, plain
from vmxtool.knowledge.guests import FAMILIES
from vmxtool.knowledge.hardware import BUSES, LIMITS
from vmxtool.knowledge.rows import Rows
from vmxtool.vmx.values import as_bool

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from vmxtool.knowledge.backing import Backing
    from vmxtool.knowledge.rows import DataRow

Action = Literal["remove", "replace", "refuse", "move-disks", "limit"]
Safety = Literal["safe", "unsafe", "manual"]

FILE = "devices.toml"
NEVER = 1_000_000
"""A first hardware version that means: none knows it."""
_HEAD = 3
_NUMBER = re.compile(r"[0-9]+")
_NUMBER_AT_STAR = r"[0-9]\*|\*[0-9]"
_OTHER = "00"  # a number of no device


class DeviceRule(Backed):
    """One device or setting, by the keys that configure it.

    Attributes:
        id: what vmxtool calls it, such as "nic-vmxnet3".
        keys: patterns of its keys in lower case; a star stands for part of one component, a last ".*" for the rest.
        value: pattern of the values that it is about, in lower case, or None for every value.
        while_on: it is about a switch, and only while that is on.
        when: settings of the same device by folded key, with the values in lower case that they must have.
        unless: settings of the same device with the values that they must not have.
        always: whether none of these four narrows it down.
        first_hardware: first hardware version that knows it, or `NEVER`.
        first_hardware_esx: the first one under ESX, where that differs.
        last_hardware: the last one that knows it, where later ones do not.
        limit: one of the limits of hardware.toml; then the rule is about values above that figure, at every version.
        per_unit: how many of the key's own units make one of the figure's: 1024 where the key counts KiB and the
            figure MiB.
        below: what becomes of it where the version does not know it.
        replacement: the value instead, or the bus that disks move to.
        on_any_change: it goes whenever the hardware version changes, up or down.
        safety: whether the guest starts without it (safe), may not (unsafe), or only the owner can change it (manual).
        reason: why, one sentence.
        guest_loses: what the guest no longer has, or None.
        losing_guests: the family of guests that loses it, or None for every guest.
        backing: what the row rests on.
        checked: the day someone looked.
    """

    id: str
    keys: tuple[str, ...]
    value: str | None
    while_on: bool
    when: Mapping[str, str]
    unless: Mapping[str, str]
    always: bool
    first_hardware: int
    first_hardware_esx: int | None
    last_hardware: int | None
    limit: str | None
    per_unit: int
    below: Action
    replacement: str | None
    on_any_change: bool
    safety: Safety
    reason: str
    guest_loses: str | None
    losing_guests: str | None
    backing: Backing
    checked: date

    def matches(self, key: str) -> bool:
        """Return whether a key of a config, in any case, is one of its keys."""
        parts = key.lower().split(".")
        return any(_match(pattern, parts) for pattern in self.keys)

    def takes(self, value: str) -> bool:
        """Return whether it is about this value."""
        if self.while_on and not as_bool(value.strip()):
            return False
        return self.value is None or _like(self.value, value.strip().lower())

    def holds(self, key: str, values: Mapping[str, str]) -> bool:
        """Return whether it is about one of its keys, folded, with the value there and the device's other settings."""
        if (self.value is not None or self.while_on) and not self.takes(values[key]):
            return False
        for other, value in self.when.items():
            if values.get(other, "").strip().lower() != value:
                return False
        for other, value in self.unless.items():  # noqa: SIM110 quicker than a generator for what is mostly empty
            if values.get(other, "").strip().lower() == value:
                return False
        return True

    def first_for(self, *, esx: bool | None) -> int:
        """Return the first hardware version that knows it.

        Args:
            esx: under ESX, under a hosted product, or (None) under either.
        """
        theirs = self.first_hardware if self.first_hardware_esx is None else self.first_hardware_esx
        if esx is None:
            return min(self.first_hardware, theirs)
        return theirs if esx else self.first_hardware

    def unsure(self, *, esx: bool | None) -> bool:
        """Return whether no source confirms what configures it or which versions know it.

        Args:
            esx: under ESX, under a hosted product, or (None) under whichever knows it earlier.
        """
        return bool(self.unverified) and _unsure(self, esx)

    def known(self, version: int, *, esx: bool | None) -> bool:
        """Return whether a hardware version knows it; `limit` is not looked at."""
        return self.first_for(esx=esx) <= version and (self.last_hardware is None or version <= self.last_hardware)


@lru_cache(maxsize=1024)
def _unsure(rule: DeviceRule, esx: bool | None) -> bool:
    under_esx = rule.first_hardware_esx is not None and rule.first_for(esx=esx) == rule.first_hardware_esx
    fields = {"keys", "first_hardware_esx" if under_esx else "first_hardware"}
    if rule.value is not None:
        fields.add("value")
    if rule.last_hardware is not None:
        fields.add("last_hardware")
    return not rule.unverified.isdisjoint(fields)


@cache
def devices() -> Mapping[str, DeviceRule]:
    """Return all rules by id, in the order of their file.

    Raises:
        KnowledgeError: the data file is broken.
    """
    files = (FILE, "devices.py", "hardware.py", *BACKED_BY)
    rows = _kept.recall(DeviceRule, files, lambda: read_devices(_load.shipped(FILE)).values(), backing=(plain, again))
    return {rule.id: rule for rule in rows}


def rules_for(key: str) -> tuple[DeviceRule, ...]:
    """Return the rules that a key of a config, in any case, falls under.

    Raises:
        KnowledgeError: the data file is broken.
    """
    # Keys that differ in numbers alone fall under the same rules, but for the few numbers that a rule has.
    named = _numbers()
    return _rules_for(_NUMBER.sub(lambda hit: hit[0] if hit[0] in named else _OTHER, key.lower()))


@lru_cache(maxsize=4096)
def _rules_for(key: str) -> tuple[DeviceRule, ...]:
    by_head = _index()
    candidates = by_head.get(key[:_HEAD], ()) + by_head.get("*", ())
    return tuple(rule for rule in candidates if rule.matches(key))


@cache
def _numbers() -> frozenset[str]:
    """Return the numbers that stand in the keys of rules."""
    return frozenset(number for rule in devices().values() for key in rule.keys for number in _NUMBER.findall(key))


@cache
def _index() -> Mapping[str, tuple[DeviceRule, ...]]:
    found: dict[str, tuple[DeviceRule, ...]] = {}
    for rule in devices().values():
        heads = {pattern[:_HEAD] for pattern in rule.keys}
        for head in ("*",) if any("*" in head for head in heads) else sorted(heads):
            found[head] = (*found.get(head, ()), rule)
    return found


def read_devices(text: str) -> Mapping[str, DeviceRule]:
    """Return the rules that a text in the form of devices.toml holds.

    Raises:
        KnowledgeError: it is broken.
    """
    found: dict[str, DeviceRule] = {}
    for row, rule in _ROWS.read(FILE, _load.document(FILE, text)):
        _prove(row, rule)
        found[rule.id] = rule
    return found


def _prove(row: DataRow, rule: DeviceRule) -> None:
    moves = rule.below == "move-disks"
    row.prove(
        ("keys", bool(rule.keys), "no key is named"),
        ("keys", all(key == key.lower() and key for key in rule.keys), "keys are written in lower case"),
        (
            "keys",
            not any(re.search(_NUMBER_AT_STAR, key) for key in rule.keys),
            "a number stands by itself, without a star beside it",
        ),
        ("value", rule.value is None or rule.value == rule.value.lower(), "values are written in lower case"),
        ("when", _is_beside(rule, rule.when), "a setting of the same device and its value are wanted, in lower case"),
        (
            "unless",
            _is_beside(rule, rule.unless),
            "a setting of the same device and its value are wanted, in lower case",
        ),
        ("first_hardware", rule.first_hardware > 0, "the versions begin with 1"),
        ("last_hardware", rule.last_hardware is None or rule.known(rule.last_hardware, esx=None), "no version is left"),
        ("limit", rule.below != "limit" or rule.limit is not None, "the figure is not named"),
        ("per_unit", rule.per_unit > 0, "it is 1 or more"),
        ("replacement", (rule.below == "replace" or moves) == (rule.replacement is not None), "below says otherwise"),
        ("replacement", not moves or rule.replacement in BUSES, "disks move to a bus"),
        ("safety", rule.below != "refuse" or rule.safety == "manual", "what is refused is left to the owner"),
        ("reason", rule.reason.endswith("."), "a sentence is wanted"),
    )


def _is_beside(rule: DeviceRule, settings: Mapping[str, str]) -> bool:
    # A device's settings are changed and judged together, and those of another word are not looked at then.
    words = {key.partition(".")[0] for key in rule.keys}
    return all(
        {key.partition(".")[0]} == words and key == key.lower() and value == value.lower()
        for key, value in settings.items()
    )


def _version(row: DataRow, column: str) -> int | None:
    if row.cells[column] == "never":
        return NEVER
    return row.number(column) if row.is_given(column) else None


def _is_always(row: DataRow, value: str, *others: str) -> bool:
    return not (row.is_given(value) or any(row.cells[it] for it in others))


_ROWS = Rows(
    "device",
    DeviceRule,
    among={"limit": LIMITS, "losing_guests": FAMILIES},
    absent={
        "while_on": False,
        "when": {},
        "unless": {},
        "first_hardware_esx": "-",
        "per_unit": 1,
        "on_any_change": False,
    },
    cells={
        "always": ("value while_on when unless", _is_always),
        "first_hardware": ("first_hardware", lambda row, column: _version(row, column) or 0),
        "first_hardware_esx": ("first_hardware_esx", _version),
        "backing": backed(
            *("keys", "value", "when", "unless", "first_hardware", "first_hardware_esx", "last_hardware", "limit")
        ),
    },
)


def matches(pattern: str, key: str) -> bool:
    """Return whether a key of a config, in any case, is one that a pattern of this file's form names."""
    return _match(pattern, key.lower().split("."))


def _match(pattern: str, parts: list[str]) -> bool:
    wanted = pattern.split(".")
    if wanted[-1] == "*" and len(wanted) > 1:
        # A last star takes the rest, of which there is something.
        return len(parts) >= len(wanted) and all(map(_like, wanted[:-1], parts))
    return len(parts) == len(wanted) and all(map(_like, wanted, parts))


def _like(pattern: str, text: str) -> bool:
    head, *rest = pattern.split("*")
    if not rest:
        return text == pattern
    if not text.startswith(head):
        return False
    at = len(head)
    for piece in rest[:-1]:
        found = text.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return len(text) - at >= len(rest[-1]) and text.endswith(rest[-1])
