"""What a rule is asked about: a VM at one point of a plan, on one target, with the facts that several rules need."""

from __future__ import annotations

from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from vmxtool._record import Record
from vmxtool.knowledge.devices import devices
from vmxtool.knowledge.guests import find_guest
from vmxtool.knowledge.product import HARDWARE
from vmxtool.knowledge.products import products
from vmxtool.knowledge.runs import runs
from vmxtool.machine.sections import Sections
from vmxtool.rules.figures import exceeded
from vmxtool.rules.state import rows_for

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping

    from vmxtool.evidence import Evidence
    from vmxtool.findings import Finding
    from vmxtool.knowledge.cells import Way
    from vmxtool.knowledge.product import Product
    from vmxtool.knowledge.tables import GuideEntry
    from vmxtool.knowledge.transcript import Fact
    from vmxtool.machine.model import Drive, Machine
    from vmxtool.rules.figures import Limit
    from vmxtool.rules.registry import Rule
    from vmxtool.rules.state import Setting, VmState
    from vmxtool.vmdk.chain import Link


Worked = TypeVar("Worked")


class Files(Record):
    """A VM's files as they are, with what is the same for every target and every plan.

    Attributes:
        vm: what the files say.
        settings: its settings that rows of devices.toml are about.
        findings: those about the files, whatever the target.
        limited: those of them that are about a figure with a limit.
        figures: the marks by which a state says that such a figure has been lowered.
        drives: the hard disks by their ids.
        seen: whether they were read, and are not those of a VM that nobody has seen.
        rules: the rules about a target that may have a hit for this VM.
        named_as_esx2: its settings that name a disk as ESX Server 1 and 2 do.
    """

    vm: Machine
    settings: tuple[Setting, ...]
    findings: tuple[Finding, ...] = ()
    limited: tuple[Setting, ...] = ()
    figures: frozenset[str] = frozenset()
    drives: Mapping[str, Drive] = MappingProxyType({})
    seen: bool = True
    rules: tuple[Rule, ...] = ()
    named_as_esx2: tuple[str, ...] = ()

    @cached_property
    def memo(self) -> dict[object, Any]:
        """What has been worked out of the files when it was first asked for, for other targets that ask for it."""
        return {}

    def once(self, work: Callable[..., Worked], *asked: Hashable) -> Worked:
        """Return what a function finds of the files, worked out when it is first asked for.

        Args:
            work: takes the files and what is asked.
            asked: what it is asked for beside them.
        """
        key = (work, *asked)
        try:
            found: Worked = self.memo[key]
        except KeyError:
            found = self.memo[key] = work(self, *asked)
        return found


class GuideAnswer(Record):
    """What the guide says about a move.

    Attributes:
        entry: the cell for origin and target, or None where no table has the pair.
        fact: what the text says instead, as of ACE and Player, or which way it gives beside the cell; or None.
        origins: ids of the products that may have made the VM, the likeliest first.
        others: the cells for the other products that may have made it.
        unlike: those of them whose steps differ from these, with what the text adds.
        beside: facts of the text that hold whatever the cell says, such as that a VM leaves ACE only without policies.
    """

    entry: GuideEntry | None = None
    fact: Fact | None = None
    origins: tuple[str, ...] = ()
    others: tuple[GuideEntry, ...] = ()
    unlike: tuple[GuideEntry, ...] = ()
    beside: tuple[Fact, ...] = ()

    @property
    def verdict(self) -> str | None:
        """The guide's word, or None where it is silent."""
        return self.entry.verdict if self.entry is not None else self.fact.verdict if self.fact is not None else None

    @property
    def ways(self) -> tuple[Way, ...]:
        """The ways in the printed order, the cell's before the text's; empty where it is silent or supports none."""
        of_cell = self.entry.ways if self.entry is not None else ()
        return (*of_cell, *self.fact.ways) if self.fact is not None else of_cell

    @property
    def sourced_ways(self) -> Iterator[tuple[Way, str]]:
        """The ways, each with the address of the cell or the fact that gives it."""
        if self.entry is not None:
            yield from ((way, self.entry.cell) for way in self.entry.ways)
        if self.fact is not None:
            yield from ((way, self.fact.address) for way in self.fact.ways)

    @property
    def source(self) -> str | None:
        """The address of the cell or of the fact, or None where it is silent."""
        return self.entry.cell if self.entry is not None else self.fact.address if self.fact is not None else None

    @property
    def sources(self) -> tuple[str, ...]:
        """The addresses of all that it rests on."""
        return tuple(filter(None, (self.source, *(fact.address for fact in self.beside))))

    @property
    def notes(self) -> tuple[str, ...]:
        """What the guide adds, in short sentences."""
        own = self.entry.notes if self.entry is not None else (self.fact.says,) if self.fact is not None else ()
        return (*own, *(fact.says for fact in self.beside))

    @property
    def conditions(self) -> tuple[str, ...]:
        """What every way hangs on, though no file shows it; empty where one way is free of conditions."""
        if not all(way.when for way in self.ways):
            return ()
        return tuple(dict.fromkeys(word for way in self.ways for word in way.when))


class Case:
    """A VM at one point of a plan, at its own hardware version there, and the target it is held against.

    A rule reads what can change from `now`, and the places of it from `vm`.

    Attributes:
        files: the VM's files, with what was found in them.
        vm: what they say.
        now: the state that is judged.
        target: the product.
        guide: what the guide says about the move, or None where nobody asked.
        is_place: whether the target is a product on a host, and not a bare hardware version.
        esx: whose devices the VM has there: those of ESX, of hosted products, or (None) of either.
        runs: whether the target runs the version that the VM has now; None where it has none.
        version_changed: whether the VM has another hardware version by now than its files.
        guest: the guest system that the VM is said to have, or None where its name is not known.
        disks: the hard disks, each as the files have it and as it is now.
        lost: ids of the rows of devices.toml that the VM has something of and the version does not know on the target;
            disks that have to move left out.
        unknown: the settings that fall under them.
    """

    def __init__(self, files: Files, now: VmState, target: Product, guide: GuideAnswer | None = None) -> None:
        """Put the question, with what several rules need."""
        self.files, self.vm, self.now, self.target, self.guide = files, files.vm, now, target, guide
        self.is_place, self.esx = target.family != HARDWARE, kind_of(target)
        self.runs = None if now.version is None else runs(target, now.version)
        self.version_changed = now.version != files.vm.hardware.version
        self.guest = find_guest(now.guest) if now.guest else None
        self.disks = tuple([(files.drives[disk.drive], disk) for disk in now.disks])
        lost = now.devices & unknown_rows(now.version, self.esx) if now.version is not None else frozenset()
        self.lost = lost
        self.unknown: tuple[Setting, ...] = files.once(_of_rows, lost) if lost else ()

    @property
    def made_by(self) -> Product | None:
        """The product that likeliest made the VM, or that it is said to come from; None where nothing tells."""
        origins = self.guide.origins if self.guide is not None else ()
        first = origins[0] if origins else next((it.product for it in self.vm.origin), "")
        return products().get(first)

    def over(self, limit: str, amount: int) -> Limit | None:
        """Return the limit that an amount of "vcpus", "memory_mib" or "nics" is over on the target, or None."""
        return exceeded(self.target, limit, amount, self.now.version, kept=not self.version_changed)

    def knows_bus(self, bus: str, version: int | None = None) -> bool:
        """Return whether a hardware version, the present one by default, has a bus for hard disks on the target."""
        version = self.now.version if version is None else version
        return version is None or has_bus(bus, version, self.esx)


def kind_of(target: Product) -> bool | None:
    """Return whose devices a VM has on a target: those of ESX, of hosted products, or (None) of either.

    A bare hardware version that one kind of product offers may still be run by the other.
    """
    return None if target.family == HARDWARE else target.esx


def _of_rows(files: Files, rows: frozenset[str]) -> tuple[Setting, ...]:
    return tuple([it for it in files.settings if it.rule.id in rows])


@lru_cache(maxsize=512)
def unknown_rows(version: int, esx: bool | None) -> frozenset[str]:
    """Return ids of the rows of devices.toml that a hardware version does not know.

    That is on ESX, on hosted products or (None) on either.
    """
    return frozenset(
        rule.id
        for rule in devices().values()
        if rule.limit is None and rule.below != "move-disks" and not rule.known(version, esx=esx)
    )


@lru_cache(maxsize=1024)
def has_bus(bus: str, version: int, esx: bool | None) -> bool:
    """Return whether a hardware version has a bus for hard disks; what no source confirms drives no disk away."""
    if bus in {"scsi", "floppy"}:
        return True
    rows = [rule for rule in rows_for(f"{bus}0:0.present") if rule.below == "move-disks"]
    return all(rule.known(version, esx=esx) for rule in rows if "first_hardware" not in rule.unverified)


@lru_cache(maxsize=1)
def controllers_of_disks() -> frozenset[str]:
    """Return ids of the rows of devices.toml about models of a SCSI controller, behind which disks sit."""
    return frozenset(rule.id for rule in rows_for("scsi0.virtualdev") if rule.value is not None)


def sections_of(files: Files) -> Sections:
    """Return the settings of a VM's config by their sections, gathered once."""
    return files.once(_sections)


def _sections(files: Files) -> Sections:
    return Sections(files.vm.config.document)


def scsi_model(vm: Machine) -> str | None:
    """Return the SCSI controller that suits the guest, or None where no source tells."""
    guest = find_guest(vm.guest.id) if vm.guest.id else None
    return guest.scsi_model if guest is not None else None


def has_disks(vm: Machine) -> bool:
    """Return whether a VM has a hard disk at all."""
    return bool(vm.disks)


def top(drive: Drive) -> Link | None:
    """Return the link of a disk that the VM names, or None where it cannot be read."""
    return drive.chain.top if drive.chain is not None else None


def disk_label(drive: Drive) -> str:
    """Return a disk for a message: its place and its file."""
    return f"{drive.id} ({drive.file})" if drive.file else drive.id


def with_article(bus: str) -> str:
    """Return the name of a bus with its article."""
    return {"ide": "an IDE", "scsi": "a SCSI", "sata": "a SATA", "nvme": "an NVMe"}[bus]


def presence_evidence(drive: Drive) -> tuple[Evidence, ...]:
    """Return the lines that say that a drive is present, and with which file."""
    ends = (".present", ".filename", ".name")
    return tuple(item for item in drive.evidence if (item.key or "").lower().endswith(ends))


def presence_of(files: Files, drive: str) -> tuple[Evidence, ...]:
    """Return the same for a hard disk by its id."""
    return presence_evidence(files.drives[drive])


def name_evidence(drive: Drive) -> tuple[Evidence, ...]:
    """Return the line that names a disk's file."""
    return drive.file_evidence or drive.evidence
