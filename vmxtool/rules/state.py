"""What a move can change in a VM, and nothing else: the state that plans are played over.

A `Machine` says what the files say, with the place of each fact, and is never changed. A `VmState` is small, frozen and
hashable; a plan changes it step by step, a rewrite is proved against it, and a route hands it from hop to hop.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

from vmxtool._files import is_on_esx
from vmxtool._record import Record
from vmxtool.knowledge.devices import rules_for
from vmxtool.knowledge.products import products
from vmxtool.vmdk.model import HIDING
from vmxtool.vmdk.paths import is_device
from vmxtool.vmx.values import as_bool

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vmxtool.knowledge.devices import DeviceRule
    from vmxtool.machine.model import Bus, Drive, Machine
    from vmxtool.vmx.document import Document

DISKS_NAMED = "disks-named"
"""The mark in `settled` of a config that names its disks where every product since ESX Server 3 reads it."""

DISKS_NUMBERED = "disks-numbered"
"""The mark in `settled` of a VM whose disks name no newer hardware version than the product runs that it goes to."""

TEXT_WRITTEN = "VMX027"
"""The code of text in another character set than that of its host: settled once a rewrite or a product writes it."""

LOWERED = "lowered:"
"""How the mark of a figure begins that a rewrite has brought below its limit."""

DiskFormat = Literal["hosted", "esx", "transport", "device", "legacy", "unseen"]


class DiskState(Record):
    """One hard disk.

    Attributes:
        drive: its id in the files as they are; it never changes, so that evidence is found by it.
        bus: the bus it sits on.
        format: the kind of product it is native to; "unseen" where it could not be read.
    """

    drive: str
    bus: Bus
    format: DiskFormat


class VmState(NamedTuple):
    """A VM at one point of a plan.

    Attributes:
        holder: id of the product that has it now, or None where nothing tells.
        arrived: whether it is the holder's own: copied, registered or made there.
        version: hardware version, or None where the config names none.
        vcpus: virtual processors.
        memory_mib: memory in MiB.
        nics: network adapters.
        guest: value of `guestOS`, or None.
        disks: the hard disks, in the order of the files.
        devices: ids of the rows of devices.toml that its settings fall under.
        settled: what steps have settled that no other field holds: codes of findings, "CODE:SUBJECT" where it was one
            of several, and the marks of figures that a rewrite has lowered.
    """

    holder: str | None
    arrived: bool
    version: int | None
    vcpus: int
    memory_mib: int
    nics: int
    guest: str | None
    disks: tuple[DiskState, ...] = ()
    devices: frozenset[str] = frozenset()
    settled: frozenset[str] = frozenset()

    @classmethod
    def of(cls, vm: Machine, holder: str | None = None, settings: Iterable[Setting] | None = None) -> VmState:
        """Return the state that a VM's files show.

        The likeliest product that made it holds it, unless another is named.
        """
        found = settings_of(vm.config.document) if settings is None else settings
        held = holder if holder is not None else next((it.product for it in vm.origin), None)
        return cls(
            holder=held,
            arrived=True,
            version=vm.hardware.version,
            # What a broken line leaves unknown is under every limit.
            vcpus=vm.cpu.count or 1,
            memory_mib=vm.memory_mib or 0,
            nics=len(vm.nics),
            guest=vm.guest.id,
            disks=tuple([DiskState(drive.id, drive.bus, _presumed(drive, held)) for drive in vm.disks]),
            devices=frozenset([setting.rule.id for setting in found]),
        )

    def held(self, holder: str | None, *, arrived: bool = True, settled: frozenset[str] | None = None) -> VmState:
        """Return the same VM with another product, and with other things settled where they are given."""
        return VmState(
            holder,
            arrived,
            self.version,
            self.vcpus,
            self.memory_mib,
            self.nics,
            self.guest,
            self.disks,
            self.devices,
            self.settled if settled is None else settled,
        )

    def is_like(self, other: VmState) -> bool:
        """Return whether another state differs in nothing but who has the VM and what was settled."""
        return (
            self.version == other.version
            and self.disks == other.disks
            and self.devices == other.devices
            and self.vcpus == other.vcpus
            and self.memory_mib == other.memory_mib
            and self.nics == other.nics
            and self.guest == other.guest
            and (self.settled == other.settled or _of_the_files(self.settled) == _of_the_files(other.settled))
        )

    def __repr__(self) -> str:
        figures = f"{self.vcpus} vcpus, {self.memory_mib} MiB, {self.nics} nics, {len(self.disks)} disks"
        there = "" if self.arrived else ", not arrived"
        return f"<state at version {self.version}, held by {self.holder}{there}: {figures}>"

    @property
    def unseen(self) -> bool:
        """Whether a disk, or a part of one, could not be read."""
        return any(disk.format == "unseen" for disk in self.disks)

    def with_formats(self, change: Mapping[str, DiskFormat]) -> VmState:
        """Return the same VM with disks of other formats, by the formats they have."""
        if not any(disk.format in change for disk in self.disks):
            return self
        disks = tuple([DiskState(disk.drive, disk.bus, change.get(disk.format, disk.format)) for disk in self.disks])
        return self._replace(disks=disks)


class Setting(NamedTuple):
    """A setting of a present device that a row of devices.toml is about, by its folded key."""

    key: str
    rule: DeviceRule


def settings_of(document: Document) -> tuple[Setting, ...]:
    """Return every setting, by folded key, that a row of devices.toml is about, with a value that it takes."""
    return tuple(_settings(document.folded(), document))


def rows_of(values: Mapping[str, str]) -> set[str]:
    """Return ids of the rows of devices.toml that settings of present devices, by their folded keys, fall under."""
    return {setting.rule.id for setting in _settings(values, values)}


def _settings(keys: Iterable[str], document: Mapping[str, str]) -> list[Setting]:
    found: list[Setting] = []
    off: dict[str, bool] = {}
    for key in keys:
        rows = rows_for(key)
        if not rows:
            continue
        head = key.partition(".")[0]
        if head not in off:
            off[head] = is_off(document, head)
        if not off[head]:
            for rule in rows:
                # Most rows take any value, and few values are looked at anywhere else.
                if rule.always or rule.holds(key, document):
                    found.append(Setting(key, rule))  # noqa: PERF401 quicker than many short lists
    return found


def _of_the_files(settled: frozenset[str]) -> set[str]:
    """Return of what was settled the marks that say how the files are by now."""
    return {mark for mark in settled if mark in {DISKS_NAMED, DISKS_NUMBERED, TEXT_WRITTEN} or mark.startswith(LOWERED)}


def lowered_mark(row: DeviceRule) -> str:
    """Return the mark in `settled` of a figure that a rewrite has brought below its limit."""
    return f"{LOWERED}{row.id}"


@lru_cache(maxsize=32768)
def rows_for(key: str) -> tuple[DeviceRule, ...]:
    """Return the rows of devices.toml that a folded key falls under; configs have few keys of their own."""
    return rules_for(key)


def is_off(document: Mapping[str, str], head: str) -> bool:
    """Return whether a device is switched off, so that the guest never sees it.

    The device is told by the word that its settings begin with.
    """
    present = document.get(f"{head}.present")
    if present is None:
        return head == "vtpm"  # the TPM's certificates may outlive it
    return not as_bool(present)


def format_of(drive: Drive) -> DiskFormat:
    """Return the format of a disk, "unseen" where its own file is missing, elsewhere, encrypted or not readable.

    A disk of which another part is missing has the format that its own file says: it has to be converted all the same.
    """
    chain = drive.chain
    if is_device(drive.file or ""):
        return "device"
    if chain is None or not chain.links or chain.encrypted:
        return "unseen"
    form = chain.links[0].format
    return "unseen" if form == "unknown" else form


def _presumed(drive: Drive, holder: str | None) -> DiskFormat:
    """Return the format of a disk; one not seen has the format of ESX where it lies on an ESX host (page 7)."""
    form = format_of(drive)
    if form != "unseen":
        return form
    chain = drive.chain
    if (
        chain is not None
        and chain.links
        and not chain.encrypted
        and all(it.kind != "unreadable" for it in chain.problems)
    ):
        return form  # it was read, and is in no format that is known
    known = products().get(holder or "")
    of_esx = known is not None and known.native_formats == {"esx"}
    return "esx" if of_esx or is_on_esx(drive.file or "") else form


def is_hidden(drive: Drive) -> bool:
    """Return whether a disk, or a part of it, was not seen, so that nothing can be said of what it holds."""
    problems = drive.chain.problems if drive.chain is not None else ()
    return format_of(drive) == "unseen" or any(it.kind in HIDING or it.file is not None for it in problems)
