"""DSK2xx: the buses and controllers that disks sit on, on a target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.findings import Do, Severity
from vmxtool.knowledge.devices import devices
from vmxtool.knowledge.features import features
from vmxtool.knowledge.guests import find_guest
from vmxtool.knowledge.hardware import newest_known
from vmxtool.knowledge.runs import OLDEST_WRITTEN, Ternary, runs
from vmxtool.rules.case import (
    controllers_of_disks,
    has_bus,
    has_disks,
    presence_of,
    scsi_model,
    unknown_rows,
    with_article,
)
from vmxtool.rules.guest_options import NAMES, has_offer, has_options, listed, offer_for
from vmxtool.rules.registry import About, Hit, by_rewrite, manual, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.findings import Fix
    from vmxtool.knowledge.devices import DeviceRule
    from vmxtool.knowledge.product import Product
    from vmxtool.machine.model import Controller, Drive, Machine
    from vmxtool.rules.case import Case
    from vmxtool.rules.state import DiskState

_SHOWN = 4


@rule(
    "DSK201",
    "disk-bus-not-offered",
    Severity.BLOCKER,
    about=About.TARGET,
    cure=Do.MOVE_DISKS,
    sources=("mpg:p09",),
    only_if=has_disks,
    short="bus of the disks",
    messages=(("STOP: 0x0000007B INACCESSIBLE_BOOT_DEVICE", "general"),),
)
def disk_bus_not_offered(case: Case) -> Iterator[Hit]:
    """A hard disk sits on a bus that the target, or the VM's hardware version there, does not offer for hard disks.

    ESX Server up to 3 knows SCSI disks only; SATA came with hardware version 10 and NVMe with 13. Moving a disk to
    another bus changes the config, the adapter named in the disk's descriptor and, inside the guest, the driver it
    boots from; the last has to be prepared in the guest. VMware Converter does all of it for Windows NT, 2000, XP and
    2003, and not for Linux, Windows 95, 98 and Me. A disk that leaves NVMe can go to SATA too, where the target has it.

    A Windows guest that stops with INACCESSIBLE_BOOT_DEVICE after such a move has not got the driver: take the rewrite
    back with `vmxtool undo`, start the guest where it was, give it the driver, and move the disk again.
    """
    to = case.target
    for drive, disk in case.disks:
        unverified = False
        if disk.bus not in to.disk_buses:
            offered = ", ".join(sorted(to.disk_buses)).upper()
            message = f"{drive.id}: {with_article(disk.bus)} disk; {to.name} offers {offered} for hard disks"
            unverified = not to.unverified.isdisjoint({"disk_buses", f"disk_buses.{disk.bus}"})
        elif _lacks_bus(case, disk) and not (_is_own_version(case) and _newer_with_bus(case, disk) is not None):
            message = (
                f"{drive.id}: {with_article(disk.bus)} disk, which hardware version {case.now.version} does not have "
                f"on {to.name}"
            )
        else:
            continue
        fix = _move(case, drive)
        places = case.files.once(presence_of, drive.id)
        yield Hit(message, places, fix, sources=(to.source,), unverified=unverified, subject=drive.id)


@rule(
    "DSK227",
    "disk-bus-newer-than-hardware",
    Severity.BLOCKER,
    about=About.TARGET,
    cure=Do.MOVE_DISKS,
    sources=("vsphere-6.5-docs",),
    only_if=has_disks,
    short="bus of the disks",
    messages=(("device <device> is not supported by current hwversion", "general"),),
)
def disk_bus_newer_than_hardware(case: Case) -> Iterator[Hit]:
    """A hard disk sits on a bus that the target has, but not with the VM's hardware version.

    It happens where a number was changed by hand: VMware then says that the device is not supported by the current
    hwversion, "device sata is not supported by current hwversion". SATA came with hardware version 10 and NVMe with
    13; ESX takes IDE disks from version 7 on. Raise the version, or move the disk to another bus.
    """
    if not _is_own_version(case):
        return
    for drive, disk in case.disks:
        raised = _newer_with_bus(case, disk) if disk.bus in case.target.disk_buses and _lacks_bus(case, disk) else None
        if raised is None:
            continue
        yield Hit(
            f"{drive.id}: {with_article(disk.bus)} disk, which {case.target.name} does not have with hardware "
            f'version {case.now.version} ("device {disk.bus} is not supported by current hwversion")',
            (*case.files.once(presence_of, drive.id), *case.vm.hardware.evidence),
            by_rewrite(f"raise the hardware version to {raised}, which has {disk.bus.upper()} disks, or move the disk"),
            sources=(case.target.source,),
            subject=drive.id,
        )


@rule(
    "DSK247",
    "controller-newer-than-hardware",
    Severity.BLOCKER,
    about=About.TARGET,
    cure=Do.REWRITE,
    only_if=lambda vm: any(it.model in NAMES and it.bus == "scsi" for it in vm.controllers) and has_disks(vm),
    short="controller of the disks",
)
def controller_newer_than_hardware(case: Case) -> Iterator[Hit]:
    """A hard disk sits behind a SCSI controller that the VM's hardware version does not have.

    It happens where a number was changed by hand: the product does not know the controller, so the guest does not find
    its disks. The LSI Logic SAS and the paravirtual controller came with hardware version 7. Raise the version, or let
    a rewrite put an older controller in its place, for which the guest needs the driver.
    """
    document, version = case.vm.config.document, case.now.version
    for controller, row, held in unknown_controllers(case):
        raised = _newer_with_controller(case, row.id)
        cure = f"raise the hardware version to {raised}, which has it" if raised else "put an older one in its place"
        named = listed([drive.id for drive in held[:_SHOWN]])
        yield Hit(
            f"{named}: behind a controller of the model {row.value}, which hardware version {version} does not have",
            (document.evidence(f"{controller.id}.virtualdev"), *case.vm.hardware.evidence),
            by_rewrite(cure, unsafe=not raised),
            sources=row.sources,
            subject=row.id,
        )


def unknown_controllers(case: Case) -> Iterator[tuple[Controller, DeviceRule, list[Drive]]]:
    """Yield SCSI controllers that the VM's hardware version does not have, with their rows and their hard disks."""
    own, version = case.vm.hardware.version, case.now.version
    # A product that raises the version leaves the controllers as they are; what lowers it replaces them.
    lowered = own is not None and version is not None and version < own
    asked = case.runs is not Ternary.NO and not lowered
    lost = [devices()[it] for it in controllers_of_disks() & case.lost] if asked else []
    for controller in case.vm.controllers if lost else ():
        row = next((it for it in lost if controller.model == it.value and not it.unsure(esx=case.esx)), None)
        held = [drive for drive, disk in case.disks if disk.bus == "scsi" and drive.id.startswith(f"{controller.id}:")]
        if row is not None and held:
            yield controller, row, held


@rule(
    "DSK228",
    "scsi-driver-unknown",
    Severity.UNKNOWN,
    about=About.TARGET,
    sources=("mpg:p10", "kb:1881"),
    only_if=lambda vm: has_disks(vm) and scsi_model(vm) is None,
    short="whether the guest has a SCSI driver",
)
def scsi_driver_unknown(case: Case) -> Iterator[Hit]:
    """A disk has to move to SCSI, and no source tells of a SCSI driver that the guest has.

    Windows 95, 98 and Me, NetWare, OS/2 and systems that the config does not name are such guests. With a driver the VM
    can move, and `--adapter` says for which controller; without one it stays with products that take its disks as they
    are.
    """
    to = case.target
    homeless = [
        drive
        for drive, disk in case.disks
        if (disk.bus not in to.disk_buses and to.unverified.isdisjoint({"disk_buses", f"disk_buses.{disk.bus}"}))
        or (_lacks_bus(case, disk) and case.runs is not Ternary.NO and _newer_with_bus(case, disk) is None)
    ]
    homeless = [drive for drive in homeless if not takes_sata(case.vm, drive, case.now.version, to)]
    if not homeless:
        return
    name = case.guest.name if case.guest is not None else case.now.guest or "the guest"
    yield Hit(
        f"has {name} a driver for a SCSI disk? None is known; with one the VM can move, without one {to.name} cannot "
        "run it",
        (*case.vm.guest.evidence, *case.files.once(presence_of, homeless[0].id)),
        manual(
            "look into its documentation"
            + "; where it drives another controller, put that one after --adapter" * _is_rewritten(case)
        ),
    )


@rule(
    "DSK218",
    "buslogic-refused",
    Severity.WARNING,
    about=About.TARGET,
    sources=("field-observations",),
    only_if=lambda vm: any(it.model == "buslogic" for it in vm.controllers),
)
def buslogic_refused(case: Case) -> Iterator[Hit]:
    """The VM has a BusLogic controller, and the target is said to refuse it.

    A user of Fusion 13.6.2 was told that the device type buslogic is not supported for scsi0; which versions do so is
    unverified. Give the guest the driver of the LSI Logic controller and change the model.
    """
    to = case.target
    if not features()["refuses-buslogic"].holds(to):
        return
    for controller in case.vm.controllers:
        if controller.model == "buslogic":
            yield Hit(
                f"{controller.id} is a BusLogic controller, which {to.name} is said to refuse (unverified; "
                f'"The device type buslogic specified for {controller.id} is not supported")',
                controller.evidence,
                manual(f'give the guest the LSI Logic driver, then set {controller.id}.virtualDev = "lsilogic"'),
            )


@rule(
    "DSK222",
    "buslogic-64-bit",
    Severity.WARNING,
    about=About.FILES,
    sources=("vm-operator-answers:config-option-vmx-10..22.xml",),
)
def buslogic_64_bit(vm: Machine) -> Iterator[Hit]:
    """A 64-bit guest has its disks on a BusLogic controller.

    VMware offers it for none of them, in any hardware version that was asked for, and most have no driver for it. Use a
    controller that the guest drives, such as LSI Logic.
    """
    if vm.guest.bits != 64:
        return
    model = scsi_model(vm) or "lsilogic"
    for controller in vm.controllers:
        if controller.model == "buslogic":
            yield Hit(
                f"{controller.id} is a BusLogic controller, which VMware offers for no 64-bit guest",
                (*controller.evidence, *vm.guest.evidence),
                manual(
                    f'give the guest the driver for {NAMES[model]}, then set {controller.id}.virtualDev = "{model}"'
                ),
            )


@rule(
    "DSK229",
    "controller-not-offered-for-guest",
    Severity.WARNING,
    about=About.TARGET,
    only_if=lambda vm: has_disks(vm) and has_options(vm),
    only_on=has_offer,
)
def controller_not_offered_for_guest(case: Case) -> Iterator[Hit]:
    """A hard disk sits behind a controller that the target does not offer for the guest.

    ESX offers BusLogic for no Windows of 64 bits, LSI Logic for no Red Hat from 8 on, IDE not for Windows Server 2025.
    What is not offered is not thereby refused: a VM that has it may start, and its guest may have no driver for it.
    Only ESX 9 has been asked; earlier hosts may differ.
    """
    offer = offer_for(case)
    if offer is None:
        return
    options, to = offer.options, case.target
    models = {it.id: it.model for it in case.vm.controllers if it.bus == "scsi"}
    found: dict[str, tuple[str, list[Drive]]] = {}
    for drive, disk in case.disks:
        place = drive.id.partition(":")[0]
        # Where a disk has moved by now, or the product chooses the controller, there is nothing to be held against it.
        model = models.get(place) if disk.bus == "scsi" else disk.bus
        if drive.bus == disk.bus and model in NAMES and model not in options.controllers:
            found.setdefault(place, (model, []))[1].append(drive)
    for place, (model, drives) in found.items():
        offered = listed(NAMES[word] for word in options.controllers)
        controller = tuple(it for own in case.vm.controllers if own.id == place for it in own.evidence)
        yield Hit(
            f"{listed(it.id for it in drives[:_SHOWN])}{' and more' * (len(drives) > _SHOWN)}: {to.name} offers no "
            f"{NAMES[model]} controller for {offer.guest}, but {offered}",
            (*case.files.once(presence_of, drives[0].id), *controller),
            manual(
                f"keep it if the guest starts with it; else give the guest the driver for {NAMES[options.disk]} and "
                "move the disks there"
            ),
            sources=options.sources,
            unverified=offer.unverified,
        )


def _is_own_version(case: Case) -> bool:
    """Return whether the VM would run with its files' version, so that a bus that is not there was put in by hand."""
    return not case.version_changed and case.runs is not Ternary.NO


def _lacks_bus(case: Case, disk: DiskState) -> bool:
    return case.runs is not Ternary.NO and not case.knows_bus(disk.bus)


def _newer_with_bus(case: Case, disk: DiskState) -> int | None:
    """Return the next hardware version that the target runs and that has the bus of a disk."""
    own, to = case.now.version, case.target
    if own is None:
        return None
    newer = (it for it in range(own + 1, newest_known() + 1) if runs(to, it) is Ternary.YES)
    return next((version for version in newer if has_bus(disk.bus, version, to.esx)), None)


def _newer_with_controller(case: Case, row: str) -> int | None:
    """Return the next hardware version that the target runs and that has a controller, by its row of devices.toml."""
    own, to = case.now.version or newest_known(), case.target
    newer = (it for it in range(own + 1, newest_known() + 1) if runs(to, it) is Ternary.YES)
    return next((version for version in newer if row not in unknown_rows(version, to.esx)), None)


def _move(case: Case, drive: Drive) -> Fix:
    guest, bus = "after the guest has been given the driver", "SCSI"
    sata = takes_sata(case.vm, drive, case.now.version, case.target)
    if scsi_model(case.vm) is not None:
        bus += ", or with --adapter sata to SATA" * sata
    elif sata:
        bus = "SATA"
    else:
        named = "the controller that --adapter names" if _is_rewritten(case) else "its controller"
        guest = f"if the guest has a driver for {named}"
    return by_rewrite(f"move {drive.id} to {bus}, {guest}", unsafe=True)


def _is_rewritten(case: Case) -> bool:
    """Return whether vmxtool writes hardware of the VM's version, and so moves its disks."""
    return case.now.version is not None and case.now.version >= OLDEST_WRITTEN


def takes_sata(vm: Machine, drive: Drive, version: int | None, to: Product | None) -> bool:
    """Return whether a disk that has to leave NVMe finds SATA there, and a guest that brings the driver for it.

    Args:
        vm: the VM as its files have it.
        drive: the disk.
        version: the hardware version that the VM has there; None where it has none.
        to: the product, or None for any.
    """
    if drive.bus != "nvme" or version is None or (to is not None and "sata" not in to.disk_buses):
        return False
    guest = find_guest(vm.guest.id) if vm.guest.id else None
    has = has_bus("sata", version, None if to is None else to.esx)
    return has and guest is not None and guest.starts_from("sata")
