"""DSK20x and DSK21x: disks and their controllers on a target, and how a VM shares and keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.evidence import Evidence
from vmxtool.findings import Fix, Safety, Severity
from vmxtool.knowledge.features import features
from vmxtool.knowledge.guests import find_guest
from vmxtool.knowledge.hardware import hardware
from vmxtool.rules._registry import Hit, file_rule, target_rule
from vmxtool.rules._remedies import by_hand, convert_offline, export_disk, import_disk, is_split, own_command
from vmxtool.rules._rewrites import homeless_disks, knows_bus, raised_for_disks, rewrite_for, scsi_model, version_on
from vmxtool.rules._wording import article, called, stands, top

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.knowledge.products import Product
    from vmxtool.machine.model import Drive, Machine
    from vmxtool.vmdk.chain import Link

_FORMAT_WORDS = {
    "hosted": "a disk of hosted products",
    "esx": "an ESX disk",
    "transport": "a transport disk",
    "device": "a disk that maps a device of its host",
    "legacy": "a disk of Workstation 2 or 3, or GSX Server 1 or 2",
}
# The oldest hardware version that ESX takes IDE disks with; users report what it says to hosted disks since then.
_ESX_WITH_IDE = 7
_ON_SCSI = 'power-on fails with "Unsupported and/or invalid disk type"'
_ON_IDE = 'it may start, but snapshots and clones fail with "Object type requires hosted I/O"'
_GIB = 2**30


@target_rule("DSK201", "disk-bus-not-offered", Severity.BLOCKER, "mpg:p09")
def disk_bus_not_offered(vm: Machine, to: Product) -> Iterator[Hit]:
    """A hard disk sits on a bus that the target, or the VM's hardware version there, does not offer for hard disks.

    ESX Server up to 3 knows SCSI disks only; SATA came with hardware version 10 and NVMe with 13. Moving a disk to
    another bus changes the config, the adapter named in the disk's descriptor and, inside the guest, the driver it
    boots from; the last has to be prepared in the guest. VMware Converter does all of it for Windows NT, 2000, XP and
    2003, and not for Linux, Windows 95, 98 and Me.
    """
    version = version_on(vm, to)
    for drive in homeless_disks(vm, to):
        if drive.bus in to.disk_buses:
            message = (
                f"{drive.id} is {article(drive.bus)} disk, which hardware version {version} does not have on {to.name}"
            )
        else:
            offered = ", ".join(sorted(to.disk_buses)).upper()
            message = f"{drive.id} is {article(drive.bus)} disk; {to.name} offers {offered} for hard disks"
        unverified = drive.bus not in to.disk_buses and "disk_buses" in to.unverified
        yield Hit(message, stands(drive), _move(vm, to, drive), sources=(to.source,), unverified=unverified)


@target_rule("DSK228", "scsi-driver-unknown", Severity.UNKNOWN, "mpg:p10", "kb:1881")
def scsi_driver_unknown(vm: Machine, to: Product) -> Iterator[Hit]:
    """A disk has to move to SCSI, and no source tells of a SCSI driver that the guest has.

    Windows 95, 98 and Me, NetWare, OS/2 and systems that the config does not name are such guests. With a driver the VM
    can move, and `--adapter` says for which controller; without one it stays with products that take its disks as they
    are.
    """
    homeless = list(homeless_disks(vm, to))
    if not homeless or scsi_model(vm) is not None:
        return
    guest = find_guest(vm.guest.id) if vm.guest.id else None
    name = guest.name if guest is not None else vm.guest.id or "the guest"
    yield Hit(
        f"has {name} a driver for a SCSI disk? None is known; with one the VM can move, without one {to.name} cannot "
        "run it",
        (*vm.guest.evidence, *stands(homeless[0])),
        by_hand("look into the documentation of the guest system, and name the controller with --adapter"),
    )


@target_rule("DSK202", "disk-format-not-native", Severity.BLOCKER, "mpg:p07")
def disk_format_not_native(vm: Machine, to: Product) -> Iterator[Hit]:
    """A disk's files are in a format that the target does not run from.

    ESX Server keeps disks in a format of its own: a hosted disk is imported there and an ESX disk exported from it.
    A streamOptimized disk is for transport alone. A hosted disk that was only copied to ESX fails at power-on with
    "Unsupported and/or invalid disk type" behind a SCSI controller; behind an IDE controller it may start, and then
    snapshots and clones fail with "Object type requires hosted I/O".
    """
    for drive in vm.disks:
        link = top(drive)
        if link is None or not _is_foreign(link, to):
            continue
        kind = f" ({link.create_type})" if link.create_type else ""
        message = f"{called(drive)} is {_FORMAT_WORDS[link.format]}{kind}; {to.name} does not run from it"
        if to.esx and link.format in {"hosted", "transport"} and to.runs_max >= _ESX_WITH_IDE:
            message += f": {_ON_IDE if drive.bus == 'ide' else _ON_SCSI}"
        yield Hit(
            message,
            link.evidence("createType") or (Evidence(link.file, None, "format", link.format),),
            _convert(vm, drive, link, to),
            sources=(to.source,),
            unverified="readable_formats" in to.unverified,
        )


@target_rule("DSK212", "disk-too-large", Severity.WARNING, "disk-size-articles", "vi3-maximums")
def disk_too_large(vm: Machine, to: Product) -> Iterator[Hit]:
    """A disk is larger than the target is known to take.

    ESX takes disks of up to 2 TB, and of 62 TB from ESXi 5.5 on. Whether the limit belongs to the product or to the
    hardware version is unverified. A disk cannot be made smaller in its files: shrink the file systems in the guest
    and clone them to a smaller disk, or spread the data over several.
    """
    row = hardware(to.runs_max)
    if not to.esx or row is None or row.disk_bytes is None:
        return
    for drive in vm.disks:
        link = top(drive)
        if link is not None and (link.capacity_bytes or 0) > row.disk_bytes:
            held, taken = _size(link.capacity_bytes or 0), _size(row.disk_bytes)
            yield Hit(
                f"{called(drive)} holds {held}; {to.name} takes {taken}",
                (*link.evidence("capacity"), *_extents(link)),
                by_hand("spread the data over several smaller disks, inside the guest"),
                sources=(row.source,),
                unverified=True,
            )


@file_rule("DSK214", "disk-sharing-on", Severity.WARNING, "gsx-3-guide:page-194", "libvirt:src/vmx/vmx.c")
def disk_sharing_on(vm: Machine) -> Iterator[Hit]:
    """A disk or a SCSI bus is set up to be shared with other VMs, as clusters do.

    The disks belong to several VMs: all of them have to move together, powered off, and their new products have to
    know the setting. A copy that is started beside the original writes to other disks than its partners.
    """
    document = vm.config.document
    shared = [document.evidence(f"{it.id}.sharedBus") for it in vm.controllers if it.shared_bus is not None]
    for drive in vm.disks:
        if document.flag(f"{drive.id}.shared", False):
            shared.append(document.evidence(f"{drive.id}.shared"))
        if document.get(f"{drive.id}.sharing", "").lower() not in {"", "none", "sharing-none"}:
            shared.append(document.evidence(f"{drive.id}.sharing"))
    if not document.flag("disk.locking", True):
        shared.append(document.evidence("disk.locking"))
    if shared:
        yield Hit(
            "disks are set up to be shared with other VMs",
            tuple(shared),
            by_hand("move all VMs that share them together, or take the disks out of this one"),
        )


@file_rule("DSK215", "independent-disk-without-snapshot", Severity.WARNING, "gsx-3-guide:page-37")
def independent_disk_without_snapshot(vm: Machine) -> Iterator[Hit]:
    """The VM has snapshots, and a disk that takes no part in them.

    Going back to a snapshot leaves an independent disk as it is, so that the disks no longer belong to one moment.
    What is on an independent disk has to be saved by itself before snapshots are removed or gone back to.
    """
    if not vm.snapshots.present:
        return
    for drive in vm.disks:
        if drive.mode.startswith("independent"):
            mode = vm.config.document.evidence(f"{drive.id}.mode")
            yield Hit(
                f"{called(drive)} is independent, so the VM's snapshots do not hold its state",
                (mode, *vm.snapshots.signs[:1]),
                by_hand("copy what is on the disk before you go to another snapshot"),
            )


@target_rule("DSK216", "transport-version-too-old", Severity.WARNING, "field-observations")
def transport_version_too_old(vm: Machine, to: Product) -> Iterator[Hit]:
    """A streamOptimized disk has a header of version 1, which newer ESXi versions refuse to import.

    They say "Not a supported disk format (sparse VMDK version too old)". Old versions of qemu-img wrote such disks.
    From which ESXi on it happens is unverified. Convert the disk with a newer program before the import.
    """
    if not to.esx:
        return
    for drive in vm.disks:
        link = top(drive)
        if link is not None and link.format == "transport" and getattr(link.header, "version", None) == 1:
            yield Hit(
                f"{called(drive)} is a streamOptimized disk with a header of version 1; {to.name} may refuse it with "
                '"sparse VMDK version too old" (unverified)',
                (Evidence(link.file, None, "version", "1"),),
                convert_offline(drive, "monolithicSparse"),
            )


@target_rule("DSK217", "split-disk-on-esxi", Severity.INFO, "field-observations")
def split_disk_on_esxi(vm: Machine, to: Product) -> Iterator[Hit]:
    """A disk lies in pieces of 2 GB, which ESXi from 5.1 on reads only with a module that it does not load by itself.

    Without the module `multiextent` the import of such a disk fails. The command of the import step loads it; unload
    it afterwards with `esxcli system module unload -m multiextent`.
    """
    for drive in vm.disks:
        link = top(drive)
        if link is None or not is_split(link) or not _is_foreign(link, to) or not to.esx:
            continue
        command = import_disk(drive, link, to).command or ""
        if "multiextent" in command:
            yield Hit(
                f"{called(drive)} lies in pieces of 2 GB ({link.create_type}), which {to.name} reads with the module "
                "multiextent loaded",
                link.evidence("createType"),
                by_hand("load the module on the host", "esxcli system module load -m multiextent", to.id),
            )


@target_rule("DSK218", "buslogic-refused", Severity.WARNING, "field-observations")
def buslogic_refused(vm: Machine, to: Product) -> Iterator[Hit]:
    """The VM has a BusLogic controller, and the target is said to refuse it.

    A user of Fusion 13.6.2 was told that the device type buslogic is not supported for scsi0; which versions do so is
    unverified. Give the guest the driver of the LSI Logic controller and change the model.
    """
    if not features()["refuses-buslogic"].holds(to):
        return
    for controller in vm.controllers:
        if controller.model == "buslogic":
            yield Hit(
                f"{controller.id} is a BusLogic controller, which {to.name} is said to refuse (unverified; "
                f'"The device type buslogic specified for {controller.id} is not supported")',
                controller.evidence,
                by_hand(f'give the guest the LSI Logic driver, then set {controller.id}.virtualDev = "lsilogic"'),
            )


@file_rule("DSK222", "buslogic-64-bit", Severity.WARNING, "general")
def buslogic_64_bit(vm: Machine) -> Iterator[Hit]:
    """A 64-bit guest has its disks on a BusLogic controller.

    No 64-bit guest is known to have a driver for it (unverified). Use LSI Logic.
    """
    if vm.guest.bits != 64:
        return
    for controller in vm.controllers:
        if controller.model == "buslogic":
            yield Hit(
                f"{controller.id} is a BusLogic controller, for which no 64-bit guest has a driver (unverified)",
                (*controller.evidence, *vm.guest.evidence),
                by_hand(f'give the guest the LSI Logic driver, then set {controller.id}.virtualDev = "lsilogic"'),
            )


@target_rule("DSK227", "disk-bus-newer-than-hardware", Severity.BLOCKER, "vsphere-6.5-docs")
def disk_bus_newer_than_hardware(vm: Machine, to: Product) -> Iterator[Hit]:
    """A hard disk sits on a bus that the target has, but not with the VM's hardware version.

    It happens where a number was changed by hand: VMware then says that the device is not supported by the current
    hwversion, "device sata is not supported by current hwversion". SATA came with hardware version 10 and NVMe with
    13; ESX takes IDE disks from version 7 on. Raise the version, or move the disk to another bus.
    """
    own, raised = vm.hardware.version, raised_for_disks(vm, to)
    for drive in vm.disks:
        if raised is None or drive.bus not in to.disk_buses or knows_bus(drive, own, to):
            continue
        yield Hit(
            f"{drive.id} is {article(drive.bus)} disk, which {to.name} does not have with hardware version {own} "
            f'("device {drive.bus} is not supported by current hwversion")',
            (*stands(drive), *vm.hardware.evidence),
            Fix(
                Safety.SAFE,
                f"raise the hardware version to {raised}, which has {drive.bus.upper()} disks",
                own_command(vm, f"rewrite --hwversion {raised}"),
            ),
            None,
            (to.source,),
        )


@target_rule("DSK226", "disk-hardware-version-newer", Severity.INFO, "open-vmdk:vmdk/sparse.c", "vmdk-notes")
def disk_hardware_version_newer(vm: Machine, to: Product) -> Iterator[Hit]:
    """A disk's descriptor names a newer hardware version than its VM, and than the target runs.

    Only ESX Server 3 and products of its time are known to read `ddb.virtualHWVersion`; what they do with a higher
    number is unverified. A rewrite that lowers the VM's hardware version lowers it too.
    """
    row = hardware(to.runs_max)
    if row is None or row.generation is None or (vm.hardware.version or 0) > to.runs_max:
        return
    for drive in vm.disks:
        links = drive.chain.links if drive.chain is not None else ()
        newer = [link for link in links if link.hw_version is not None and link.hw_version > to.runs_max]
        if newer:
            yield Hit(
                f"{called(drive)} says hardware version {newer[0].hw_version}, newer than {to.name} runs; whether it "
                "minds is unverified",
                tuple(place for link in newer for place in link.evidence("ddb.virtualHWVersion")),
                by_hand(f'set ddb.virtualHWVersion = "{vm.hardware.version}" in the descriptor'),
            )


def _is_foreign(link: Link, to: Product) -> bool:
    """Whether a target does not run, and does not upgrade, a disk of this format."""
    if link.format == "device":
        mapped_by_esx = (link.create_type or "").lower().startswith("vmfs")
        return to.esx is not None and mapped_by_esx != to.esx
    return link.format != "unknown" and link.format not in to.readable_formats


def _convert(vm: Machine, drive: Drive, link: Link, to: Product) -> Fix:
    if link.format == "device":
        return by_hand(f"clone the device behind {called(drive)} into a virtual disk")
    if link.format == "legacy":
        return by_hand(f"open the VM in Workstation 4 or 5, which upgrades {called(drive)}")
    if to.esx:
        return import_disk(drive, link, to)
    if link.format == "esx":
        return export_disk(vm, drive)
    if to.native_formats == {"legacy"}:
        return by_hand(f"keep the disk on a product that takes it; no tool is known that writes disks for {to.name}")
    return convert_offline(drive, "monolithicSparse")


def _move(vm: Machine, to: Product, drive: Drive) -> Fix:
    guest = "after the guest has been given the driver"
    if scsi_model(vm) is None:
        guest = "if the guest has a driver for the controller that --adapter names"
    return rewrite_for(vm, to, f"move {drive.id} to SCSI, {guest}")


def _extents(link: Link) -> tuple[Evidence, ...]:
    return tuple(Evidence(link.file, extent.line, None, f"{extent.sectors} sectors") for extent in link.extents[:1])


def _size(size: int) -> str:
    return f"{size / _GIB:,.0f} GiB" if size % _GIB == 0 else f"{size:,} bytes"
