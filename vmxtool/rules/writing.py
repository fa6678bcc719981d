"""What forbids writing: reasons that only a rewrite has, by what it comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.evidence import Evidence
from vmxtool.findings import Do, Severity
from vmxtool.knowledge.guests import LEFT, find_guest
from vmxtool.rules.disk_names import ONE_OF_TWO
from vmxtool.rules.registry import About, Hit, manual, rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from vmxtool.knowledge.product import Product
    from vmxtool.machine.model import Drive, Machine
    from vmxtool.rules.case import GuideAnswer

_MOVING = frozenset({Do.MOVE_DISKS})


@rule(
    "DSK291",
    "adapter-not-known",
    Severity.BLOCKER,
    about=About.REWRITE,
    stops=_MOVING,
    short="the SCSI controller",
)
def adapter_not_known(vm: Machine) -> Iterator[Hit]:
    """No SCSI controller is known to suit the guest.

    A guest that has no driver for the controller of its disk does not start. Name one that it has a driver for.
    """
    guest = find_guest(vm.guest.id) if vm.guest.id else None
    name = guest.name if guest is not None else vm.guest.id or "the guest, which the config does not name"
    remedy = "name one with --adapter that the guest has a driver for"
    buses = {drive.bus for drive in vm.disks} & {*LEFT}
    notes = [] if guest is None else list(dict.fromkeys(guest.notes[bus] for bus in LEFT if bus in (buses or {"ide"})))
    fix = manual("; ".join([*(note.rstrip(".") for note in notes), f"or {remedy}" if notes else remedy]))
    sources = guest.sources if guest is not None else ()
    yield Hit(f"no SCSI controller is known to suit {name}", vm.guest.evidence, fix, sources=sources)


@rule(
    "DSK290",
    "adapter-not-offered",
    Severity.BLOCKER,
    about=About.REWRITE,
    stops=_MOVING,
    short="the SCSI controller",
)
def adapter_not_offered(goal: str, model: str, evidence: tuple[Evidence, ...]) -> Iterator[Hit]:
    """The hardware version or the product does not have the SCSI controller that was asked for.

    LSI Logic and BusLogic are there from hardware version 4 on, LSI Logic SAS and paravirtual SCSI from 7 on.
    """
    yield Hit(f"{goal} has no {model} controller", evidence, manual("choose --adapter lsilogic or buslogic"))


@rule(
    "DSK292",
    "no-free-unit",
    Severity.BLOCKER,
    about=About.REWRITE,
    cure=Do.CHANGE_SETTINGS,
    stops=_MOVING,
    short="free a place on the bus",
)
def no_free_unit(drives: Sequence[Drive], free: int, bus: str) -> Iterator[Hit]:
    """There is no place left on the bus that drives would move to.

    A SCSI controller takes 15 devices and a VM four controllers; IDE takes four devices in all.
    """
    if len(drives) <= free:
        return
    places = tuple(item for drive in drives for item in drive.evidence[:1])
    moving = "1 drive is" if len(drives) == 1 else f"{len(drives)} drives are"
    there = "no unit is" if free == 0 else "1 unit is" if free == 1 else f"{free} units are"
    message = f"{moving} to move to {bus}, and {there} free there"
    yield Hit(message, places, manual("take out a drive or a controller first"))


@rule(
    "DSK293",
    "adapter-not-for-guest",
    Severity.BLOCKER,
    about=About.REWRITE,
    cure=Do.CHANGE_SETTINGS,
    stops=_MOVING,
    short="the SCSI controller",
)
def adapter_not_for_guest(guest: str | None, evidence: tuple[Evidence, ...]) -> Iterator[Hit]:
    """The SCSI controller that was asked for is not one for the guest.

    VMware offers BusLogic for no 64-bit guest, whether the guest has a driver for it, as Linux has, or not.
    """
    message = f"{guest} is a 64-bit guest, and VMware offers the BusLogic controller for none"
    sources = ("vm-operator-answers:config-option-vmx-10..22.xml",)
    yield Hit(message, evidence, manual("choose --adapter lsilogic"), sources=sources)


@rule(
    "DSK296",
    "descriptor-without-room",
    Severity.BLOCKER,
    about=About.REWRITE,
    cure=Do.REPAIR_DISK,
    stops={Do.REWRITE},
    short="a disk descriptor without room",
)
def descriptor_without_room(file: str, key: str, after: str, reason: str) -> Iterator[Hit]:
    """A disk's descriptor cannot take the new entry.

    An embedded descriptor has a fixed number of sectors, and vmxtool neither moves what follows them nor touches
    bytes that it does not know. Convert the disk first.
    """
    from vmxtool.rules.commands import as_argument

    command = ("vmware-vdiskmanager", "-r", as_argument(file), "-t", "0", "NEW.vmdk")
    yield Hit(
        f"{file}: {key} cannot become {after}: {reason}",
        (Evidence(file, None, key),),
        manual("convert the disk first", command, product="vmware-vdiskmanager"),
        sources=("vdiskmanager",),
    )


@rule(
    "DSK299",
    "drive-not-movable",
    Severity.BLOCKER,
    about=About.REWRITE,
    cure=Do.CHANGE_SETTINGS,
    stops={Do.REWRITE},
    short="move a drive of its host",
)
def drive_not_movable(drive: Drive, bus: str, goal: str) -> Iterator[Hit]:
    """A drive of the host stands on a bus that the hardware version does not have.

    It is no virtual disk that could be put elsewhere.
    """
    message = f"{drive.id} is a drive of the host on {bus}, which {goal} does not have"
    yield Hit(message, drive.evidence, manual(f"take {drive.id} out in the VM's own product"))


@rule(
    "DEV792",
    "device-number-not-in-hardware-version",
    Severity.BLOCKER,
    about=About.REWRITE,
    cure=Do.CHANGE_SETTINGS,
    stops={Do.REWRITE},
    short="renumber devices",
)
def device_number_lost(device: str, version: int, evidence: Evidence) -> Iterator[Hit]:
    """A device has a number that the hardware version does not have.

    No product would look at it. Give the device a lower number, or take it out, in the VM's own product.
    """
    message = f"hardware version {version} has no {device}, so it would not look at it"
    lowered = "; --limit takes it out" if device.startswith("ethernet") else ""
    fix = manual(f"give {device} a lower number, or take it out, in the VM's own product{lowered}")
    sources = ("libvirt:src/vmx/vmx.c", *(("ws7-manual",) if lowered else ()))
    yield Hit(message, (evidence,), fix, sources=sources)


@rule(
    "VMX092",
    "not-asked-for",
    Severity.BLOCKER,
    about=About.REWRITE,
    stops={Do.REWRITE},
    short="a change that was not asked for",
)
def not_asked_for(missing: Sequence[str], reasons: Iterable[tuple[str, Evidence]]) -> Iterator[Hit]:
    """The rewrite would change what the guest may need to start, and was not asked to.

    A disk on another bus needs another driver, and a device that goes may be missed. Prepare the guest, then name the
    options. With `--dry-run` they show what changes and what the guest needs.
    """
    if missing:
        why = list(reasons)
        listed = "; ".join(dict.fromkeys(reason for reason, _ in why))
        places = tuple(dict.fromkeys(place for _, place in why))
        yield Hit(listed, places, manual(f"prepare the guest and say {' '.join(missing)} too"))


@rule(
    "PRD191",
    "hardware-version-not-written",
    Severity.BLOCKER,
    about=About.REWRITE,
    stops={Do.REWRITE},
    short="a version that vmxtool does not write",
)
def hardware_version_not_written(
    target: Product, evidence: tuple[Evidence, ...], oldest: int, own: int | None = None
) -> Iterator[Hit]:
    """The target runs no hardware version that vmxtool writes, or the VM has one until another product upgrades it.

    Of the versions before 3 no config has been seen, so none is written. A product between the two has to make the
    step.
    """
    message = f"{target.name} runs no hardware version from {oldest} on, and vmxtool writes none below"
    fix = manual("let a product between the two change the version; vmxtool route --target shows the ways")
    if own is not None:
        message = f"the VM has hardware version {own}, and vmxtool writes none below {oldest}"
        fix = manual("let the product that vmxtool check --target names upgrade the VM first")
    yield Hit(message, evidence, fix, sources=(target.source_of("runs_max"),))


@rule(
    "PRD192",
    "no-common-hardware-version",
    Severity.BLOCKER,
    about=About.REWRITE,
    stops={Do.REWRITE},
    short="no hardware version that both run",
)
def no_common_hardware_version(
    origin: Product, target: Product, evidence: tuple[Evidence, ...], guide: GuideAnswer | None = None
) -> Iterator[Hit]:
    """No way leads to the target with a hardware version that the VM's own product runs too.

    A VM in legacy mode keeps a version that both run, so that it can go back. Without one the move is one-way. ESX
    Server 1 and 2 import the disks of hosted products for a VM of their own, and the guide has no legacy mode there,
    whatever version both run.
    """
    message = f"no way leads to {target.name} with a hardware version that {origin.name} runs too"
    sources: tuple[str, ...] = (origin.source_of("runs_min"), target.source_of("runs_min"))
    if guide is not None and guide.ways and guide.sources:
        message = f"no way of the guide leads from {origin.name} to {target.name} in legacy mode"
        sources = guide.sources
    fix = manual("leave --legacy out; the VM then cannot go back")
    yield Hit(message, evidence, fix, sources=sources)


@rule(
    "PRD193",
    "left-to-converter",
    Severity.BLOCKER,
    about=About.REWRITE,
    stops={Do.REWRITE},
    short="VMware Converter",
)
def left_to_converter(target: Product, guide: GuideAnswer) -> Iterator[Hit]:
    """Every way to the target leaves the whole move to VMware Converter, which makes the VM's hardware anew.

    So no step is left for vmxtool. Where Converter is not at hand, `--hwversion` changes the hardware by itself, which
    the guide has no word for.
    """
    message = f"to {target.name} VMware Converter takes the VM over and makes its hardware anew; no step is left to do"
    fix = manual(f"see vmxtool check --target {target.id}; --hwversion N changes the hardware without Converter")
    yield Hit(message, (), fix, sources=guide.sources)


@rule(
    "VMX024",
    "encoding-not-told",
    Severity.BLOCKER,
    about=About.REWRITE,
    stops={Do.REWRITE},
    short="the character set of the new host",
)
def encoding_not_told(option: str, reason: str, place: Evidence) -> Iterator[Hit]:
    """The config has text beyond ASCII, and the target reads it in the character set of its host.

    Products before 2007 name no character set in a config, so which one the new host uses only its owner knows.
    Mostly it is that of the language of its Windows, such as windows-1252, or UTF-8 on Linux.
    """
    yield Hit(reason, (place,), manual(f"say in which: {option}, or another"), sources=("field-observations",))


@rule(
    "VMX025",
    "encoding-cannot-hold",
    Severity.BLOCKER,
    about=About.REWRITE,
    cure=Do.REPAIR_CONFIG,
    stops={Do.REWRITE},
    short="a character that the new host does not have",
)
def encoding_cannot_hold(reason: str, key: str, place: Evidence, remedy: str = "") -> Iterator[Hit]:
    """A setting cannot be said in the character set of the new host, or is no text in that of the config.

    Nothing is written with a mark in the place of a letter. Name a character set of the new host that has it, or give
    the setting a value that it can hold.
    """
    yield Hit(reason, (place,), manual(remedy or f"give {key} another value first, or name another --encoding"))


@rule(
    "VMX093",
    "disks-of-one-name",
    Severity.BLOCKER,
    about=About.REWRITE,
    cure=Do.CHANGE_SETTINGS,
    stops={Do.REWRITE},
    short="two disks of one name",
)
def disks_of_one_name(name: str, places: Sequence[Evidence]) -> Iterator[Hit]:
    """Two disks of the VM lie in two places, and would have one name in the place that they come to.

    A volume of ESX Server 2 has no folders, and a VM that leaves it has its disks beside its config. Give one of them
    another name where it lies, and in the config, and let the VM's other disks be.
    """
    message = f"{len(places)} disks would be {name}, and only one can have the name"
    yield Hit(message, tuple(places), ONE_OF_TWO)


@rule(
    "VMX094",
    "disk-not-beside-config",
    Severity.BLOCKER,
    about=About.REWRITE,
    cure=Do.REPAIR_DISK,
    stops={Do.REWRITE},
    short="a disk in another folder",
)
def disk_not_beside_config(drive: Drive, name: str) -> Iterator[Hit]:
    """A disk would be named without its folder, and lies in one.

    A volume of ESX Server 2 has no folders, so the config names a disk there by its file alone. Under that name it has
    to lie beside the config here, too, or another file is taken for it.
    """
    message = f"{drive.id} would be {name}, and its disk lies at {drive.file}"
    yield Hit(
        message, drive.file_evidence, manual("put the disk's files beside the config and name it without a folder")
    )
