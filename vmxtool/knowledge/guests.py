"""Guest operating systems: what the value of `guestOS` says, and what a change of hardware means for the guest."""

from __future__ import annotations

import re
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from vmxtool._record import replace
from vmxtool.errors import KnowledgeError
from vmxtool.knowledge import _kept, _load
from vmxtool.knowledge.backing import BACKED_BY, Backed, again, backed, plain
from vmxtool.knowledge.guest_options import CONTROLLERS, MADE_OF, NICS, guest_options
from vmxtool.knowledge.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from vmxtool.knowledge.backing import Backing
    from vmxtool.knowledge.guest_options import GuestOptions
    from vmxtool.knowledge.rows import DataRow, Words

FILE = "guests.toml"
FAMILIES = ("windows", "linux", "netware", "solaris", "freebsd", "darwin", "dos", "os2", "vmkernel", "other")
LEFT = ("ide", "sata", "nvme")
"""The buses that a disk may have to leave."""
_BITS = (16, 32, 64)
_SCSI = ("buslogic", "lsilogic", "lsisas1068", "pvscsi")
# The beginnings of the values that VMware writes, by family. Where one fits, no data file has to be read.
_BEGINNINGS = (
    ("windows", ("win", "longhorn", "nt4", "whistler")),
    ("vmkernel", ("vmkernel",)),
    ("darwin", ("darwin",)),
    ("freebsd", ("freebsd",)),
    ("solaris", ("solaris",)),
    ("netware", ("netware",)),
    ("dos", ("dos",)),
    ("os2", ("os2", "ecomstation")),
    (
        "linux",
        (
            *("redhat", "rhel", "centos", "oraclelinux", "suse", "opensuse", "sles", "nld", "oes", "sjds", "mandrake"),
            *("mandriva", "turbolinux", "ubuntu", "debian", "asianux", "fedora", "coreos", "vmware-photon", "flatcar"),
            *("linux", "otherlinux", "genericlinux", "other2", "other3", "other4", "other5", "other6", "other7"),
            *("amazonlinux", "almalinux", "rockylinux", "miraclelinux", "prolinux", "kylinlinux", "pardus", "fusionos"),
        ),
    ),
    ("other", ("other", "openserver", "unixware", "crx")),
)
_NUMBERED = r"([a-z-]+)([0-9]{1,4})(|-64)"
_SIXTEEN_BITS = frozenset({"dos", "win31"})


class Guest(Backed):
    """One guest operating system. None means that no source tells.

    Attributes:
        id: the value of `guestOS`, as VMware writes it.
        vim_id: its name in the vSphere API.
        bits: width of the guest: 16, 32 or 64.
        family: one of `FAMILIES`.
        aliases: other values of `guestOS` for the same guest.
        min_hw: lowest hardware version whose products know the value; exact where the option tables give it.
        smp: whether the guest can use several processors.
        scsi_model: SCSI controller that suits its disks: one that it brings a driver for, or whose driver can be
            installed; below the hardware version that knows the controller take what devices.toml puts in its place.
            None: the disk had better stay where it is.
        brings: disk controllers, of `CONTROLLERS`, that it brings a driver for, and so starts from without one being
            installed first; none that VMware does not offer for it.
        nic_model: network adapter that it has a driver for, and that VMware offers for it where that is known.
        converter_reconfigures: whether VMware Converter 3 moves it from IDE to SCSI by itself (mpg:p09).
        notes: what has to be done in the guest when its disk moves, by the bus that the disk leaves: `LEFT`.
        stops_with: what it stops with where it has no driver for the controller of its disk, or None.
        older: the value that an older product may know instead.
        name: what people call it.
        backing: what the row rests on.
        checked: the day someone looked.
    """

    id: str
    vim_id: str
    bits: int
    family: str
    aliases: Words
    min_hw: int | None
    smp: bool | None
    scsi_model: str | None
    brings: Words
    nic_model: str | None
    converter_reconfigures: bool
    notes: Mapping[str, str]
    stops_with: str | None
    older: str | None
    name: str
    backing: Backing
    checked: date

    @property
    def ide_to_scsi_note(self) -> str:
        """What has to be done in the guest when its disk moves from IDE to SCSI."""
        return self.notes["ide"]

    @property
    def options(self) -> GuestOptions | None:
        """What VMware offers and recommends for it, or None where that was not recorded."""
        return guest_options().get(self.id)

    def starts_from(self, controller: str) -> bool:
        """Return whether it brings a driver for a disk controller that VMware is known to offer for it."""
        options = self.options
        return controller in self.brings and options is not None and controller in options.controllers


def bits_of(guest_id: str | None) -> int | None:
    """Return the width of a guest by its `guestOS` alone: 16, 32 or 64, or None where there is none.

    The rule is libvirt's (the ending "-64"), with the values of open-vm-tools that are 64-bit without it.
    """
    if not guest_id or not guest_id.strip():
        return None
    text = guest_id.strip().lower()
    if text in _SIXTEEN_BITS:
        return 16
    return 64 if text.endswith("-64") or text.startswith("vmkernel") or text == "winhyperv" else 32


def family_of(guest_id: str | None) -> str | None:
    """Return the family of a guest by its `guestOS` alone.

    It is None where there is none or it is like none that is known.
    """
    if not guest_id:
        return None
    text = guest_id.strip().lower().removeprefix("arm-")
    for family, beginnings in _BEGINNINGS:
        if text.startswith(beginnings):
            return family
    return None


@cache
def guests() -> Mapping[str, Guest]:
    """Return all guests by id, in the order of their file.

    Raises:
        KnowledgeError: the data file is broken.
    """
    files = (FILE, "guests.py", *MADE_OF, *BACKED_BY)
    rows = _kept.recall(Guest, files, lambda: read_guests(_load.shipped(FILE)).values(), backing=(plain, again))
    return MappingProxyType({guest.id: guest for guest in rows})


def find_guest(text: str) -> Guest | None:
    """Return the guest that a value of `guestOS` or a name of the vSphere API means, in any case.

    It is None where none is known.

    Raises:
        KnowledgeError: the data file is broken.
    """
    return _by_name().get(text.strip().lower())


def newest_kin(text: str) -> str | None:
    """Return the newest known value of `guestOS` that differs from an unknown one in its number alone.

    It is None unless the unknown one has the higher number.

    Raises:
        KnowledgeError: the data file is broken.
    """
    wanted = re.fullmatch(_NUMBERED, text.strip().lower())
    if wanted is None:
        return None
    numbers = {
        int(found[2]): guest.id
        for guest in guests().values()
        if (found := re.fullmatch(_NUMBERED, guest.id.lower())) is not None
        and (found[1], found[3]) == (wanted[1], wanted[3])
    }
    newest = max(numbers, default=None)
    return numbers[newest] if newest is not None and int(wanted[2]) > newest else None


@cache
def _by_name() -> Mapping[str, Guest]:
    return {name.lower(): guest for guest in guests().values() for name in (guest.id, guest.vim_id, *guest.aliases)}


def read_guests(text: str) -> Mapping[str, Guest]:
    """Return the guests that a text in the form of guests.toml holds, proved against one another.

    Raises:
        KnowledgeError: it is broken.
    """
    data = _load.document(FILE, text)
    found: dict[str, Guest] = {}
    names: set[str] = set()
    for row, written in _rows(data.get("notes", {}), data.get("stops", {})).read(FILE, data):
        guest = _with_options(row, written)
        for column, name in (("id", guest.id), ("vim_id", guest.vim_id), *(("aliases", a) for a in guest.aliases)):
            if name.lower() in names:
                raise row.broken(column, f"{name!r} stands twice")
            names.add(name.lower())
        found[guest.id] = guest
    for guest in found.values():
        _prove_chain(guest, found)
    return MappingProxyType(found)


def _rows(notes: Mapping[str, str], stops: Mapping[str, str]) -> Rows[Guest]:
    def read_notes(row: DataRow, column: str) -> dict[str, str]:
        note = row.choice(column, notes)
        return {bus: notes.get(f"{note}-from-{bus}", notes[note]) for bus in LEFT}

    return Rows(
        "group",
        Guest,
        among={"bits": _BITS, "family": FAMILIES, "scsi_model": _SCSI, "brings": CONTROLLERS},
        cells={
            "nic_model": ("id nics", _nic_model),
            "notes": ("ide_note", read_notes),
            "stops_with": ("ide_note", lambda row, column: stops.get(row.text(column))),
            "backing": backed("min_hw", "older", "smp", "scsi_model", "brings", "nics", "ide_note"),
        },
    )


def _nic_model(row: DataRow, guest: str, column: str) -> str | None:
    nics = row.words(column)
    row.prove_among(column, nics, NICS)
    offers = guest_options().get(row.text(guest))
    return next((word for word in nics if offers is not None and word in offers.nics), next(iter(nics), None))


def _with_options(row: DataRow, guest: Guest) -> Guest:
    """Return a guest with what the option tables say of it."""
    offers = guest.options
    if offers is None:
        return guest
    guest = replace(guest, brings=tuple(word for word in guest.brings if word in offers.controllers))
    if offers.first is None:
        return guest
    if guest.min_hw is not None:
        raise row.broken("min_hw", "the option tables give it")
    return replace(guest, min_hw=offers.first, backing=_on_options(guest.backing, offers))


def _on_options(backing: Backing, offers: GuestOptions) -> Backing:
    """Return a backing whose first hardware version rests on the option tables."""
    doubtful = backing.unverified - {"min_hw"} | (offers.backing.unverified & {"first"} and {"min_hw"})
    fields = {**backing.fields, "min_hw": offers.backing.of("first")}
    return replace(backing, fields=fields, unverified=frozenset(doubtful))


def _prove_chain(guest: Guest, found: Mapping[str, Guest]) -> None:
    seen = {guest.id}
    at = guest
    while at.older is not None:
        older = found.get(at.older)
        if older is None or older.id in seen:
            problem = "there is no such guest" if older is None else "the chain comes back to itself"
            raise KnowledgeError(f"{FILE}: row {at.id}: column older: {at.older!r}: {problem}")
        if (older.min_hw or 0) > (at.min_hw or older.min_hw or 0) or (older.bits == 64) != (at.bits == 64):
            raise KnowledgeError(f"{FILE}: row {at.id}: column older: {at.older!r} is not older")
        seen.add(older.id)
        at = older
