"""What a VM asks of the processor or the mode of its host, by the settings that ask for it."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from vmxtool.knowledge import _load
from vmxtool.knowledge.backing import Backed, backed
from vmxtool.knowledge.devices import devices
from vmxtool.knowledge.rows import DataRow, Rows
from vmxtool.vmx.values import as_bool

if TYPE_CHECKING:
    from datetime import date

    from vmxtool.knowledge.backing import Backing

FILE = "host_needs.toml"
_ON, _LEAST, _WORD = "on", "least", "="
_MASK = r"(?i)min:(?:0x)?0*[1-9a-f][0-9a-f]*"


class HostNeed(Backed):
    """One thing that a VM may ask of its host.

    Attributes:
        id: what vmxtool calls it.
        keys: the settings that ask for it, in lower case; a star at the end stands for anything.
        value: "on" for a switch, "=WORD" for a word, "least" for a mask that asks for so much of a feature.
        device: the row of devices.toml that says which hardware versions know it, or empty.
        group: what is asked in one question.
        wants: what the VM asks for; empty where the setting names it.
        offered: what a host that offers it has, or empty.
        set: the value to set where the host does not offer it, or empty where the line goes.
        loses: what the guest no longer has then, or empty.
        backing: what the row rests on.
        checked: the day someone looked.
    """

    id: str
    keys: tuple[str, ...]
    value: str
    device: str
    group: str
    wants: str
    offered: str
    set: str
    loses: str
    backing: Backing
    checked: date

    def asked_by(self, key: str, value: str) -> bool:
        """Return whether a setting, by its key in lower case, asks for it."""
        if not any(_fits(key, it) for it in self.keys):
            return False
        if self.value == _LEAST:
            return re.fullmatch(_MASK, value.strip()) is not None
        if self.value == _ON:
            return as_bool(value)
        return value.strip().lower() == self.value.removeprefix(_WORD)


_ROWS = Rows("need", HostNeed, cells={"backing": backed("keys")})


def lacks_driver(device: str, guest: str) -> bool:
    """Return whether a guest, by the value of `guestOS`, brings no driver for a device such as "usb_xhci".

    Raises:
        KeyError: the data says nothing of the device.
        KnowledgeError: the data file is broken.
    """
    return any(_fits(guest.lower(), it) for it in _without_driver()[device])


@cache
def _without_driver() -> dict[str, tuple[str, ...]]:
    return DataRow(FILE, "", _load.document(FILE, _load.shipped(FILE))).lists("without-driver")


def _fits(word: str, pattern: str) -> bool:
    """Return whether a word is a pattern's, of which a star at the end stands for anything."""
    return word.startswith(pattern[:-1]) if pattern.endswith("*") else word == pattern


@cache
def host_needs() -> tuple[HostNeed, ...]:
    """Return all of them.

    Raises:
        KnowledgeError: the data file is broken.
    """
    return read_needs(_load.shipped(FILE))


def read_needs(text: str) -> tuple[HostNeed, ...]:
    """Return the needs that a text in the form of host_needs.toml holds.

    Raises:
        KnowledgeError: it is broken.
    """
    found: list[HostNeed] = []
    for row, need in _ROWS.read(FILE, _load.document(FILE, text)):
        if need.value not in {_ON, _LEAST} and not need.value.startswith(_WORD):
            raise row.broken("value", f"{need.value!r} is none of on, least, =WORD")
        if need.device and need.device not in devices():
            raise row.broken("device", f"{need.device!r} is no row of devices.toml")
        found.append(need)
    return tuple(found)
