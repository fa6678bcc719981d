"""DSK2xx: disks on a target, their formats, and how a VM shares and keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.evidence import Evidence
from vmxtool.findings import Do, Severity
from vmxtool.knowledge.features import features
from vmxtool.knowledge.products import products
from vmxtool.rules.case import disk_label, has_disks, name_evidence, top
from vmxtool.rules.commands import convert_commands, disk_file, is_split
from vmxtool.rules.registry import About, Hit, manual, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.findings import Fix
    from vmxtool.knowledge.product import Product
    from vmxtool.machine.model import Drive, Machine
    from vmxtool.rules.case import Case, Files
    from vmxtool.rules.state import DiskState
    from vmxtool.vmdk.chain import Link

_FORMAT_WORDS = {
    "hosted": "a disk in Workstation's format",
    "esx": "a disk in the format of ESX",
    "transport": "a disk in a format for transport",
    "device": "a disk that maps a device of its host",
    "legacy": "a disk in the format of Workstation 2 and 3, GSX Server 1 and 2",
}
_ON_ITS_HOST = "on its ESX host, in the format of ESX"
# What users report that ESX says to hosted disks since it takes IDE disks.
_ON_SCSI = 'power-on fails with "Unsupported and/or invalid disk type"'
_ON_IDE = 'it may start, but snapshots and clones fail with "Object type requires hosted I/O"'


@rule(
    "DSK202",
    "disk-format-not-native",
    Severity.BLOCKER,
    about=About.TARGET,
    sources=("mpg:p07",),
    only_if=has_disks,
    short="format of the disks",
    messages=(
        ("Unsupported and/or invalid disk type <number>. Did you forget to import the disk first?", "general"),
        ("Object type requires hosted I/O", "general"),
    ),
)
def disk_format_not_native(case: Case) -> Iterator[Hit]:
    """A disk's files are in a format that the target does not run from.

    ESX Server keeps disks in a format of its own: a hosted disk is imported there and an ESX disk exported from it.
    A streamOptimized disk is for transport alone. A hosted disk that was only copied to ESX fails at power-on with
    "Unsupported and/or invalid disk type" behind a SCSI controller; behind an IDE controller it may start, and then
    snapshots and clones fail with "Object type requires hosted I/O".
    """
    to = case.target
    for drive, disk in case.disks:
        link = top(drive)
        if not case.is_place or not is_foreign(disk, link, to):
            continue
        words = _ON_ITS_HOST if link is None and disk.format == "esx" else _FORMAT_WORDS[disk.format]
        message = f"{disk_label(drive)}: {words}; {to.name} "
        if disk.format in {"hosted", "transport"} and features()["ide-disks-of-hosted-products-start"].holds(to):
            message += f"needs its own: {_ON_IDE}" if disk.bus == "ide" else f"cannot start it: {_ON_SCSI}"
        else:
            message += "cannot start it"
        cure, fix = _conversion(drive, disk, to)
        yield Hit(
            message,
            case.files.once(_format_evidence, drive.id),
            fix,
            sources=(to.source_of("readable_formats"),),
            unverified="readable_formats" in to.unverified,
            cure=cure,
            subject=drive.id,
        )


@rule(
    "DSK214",
    "disk-sharing-on",
    Severity.WARNING,
    about=About.FILES,
    sources=("gsx-3-guide:page-194", "libvirt:src/vmx/vmx.c"),
)
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
            manual("move all VMs that share them together, or take the disks out of this one"),
        )


@rule(
    "DSK215",
    "independent-disk-without-snapshot",
    Severity.WARNING,
    about=About.FILES,
    sources=("gsx-3-guide:page-37",),
)
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
                f"{disk_label(drive)}: independent, so the VM's snapshots do not hold its state",
                (mode, *vm.snapshots.signs[:1]),
                manual("copy what is on the disk before you go to another snapshot"),
            )


@rule(
    "DSK216",
    "transport-version-too-old",
    Severity.WARNING,
    about=About.TARGET,
    sources=("field-observations",),
    only_if=lambda vm: any(it.chain and it.chain.top and it.chain.top.format == "transport" for it in vm.disks),
    messages=(("Not a supported disk format (sparse VMDK version too old)", "field-observations"),),
)
def transport_version_too_old(case: Case) -> Iterator[Hit]:
    """A streamOptimized disk has a header of version 1, which newer ESXi versions refuse to import.

    They say "Not a supported disk format (sparse VMDK version too old)". Old versions of qemu-img wrote such disks.
    From which ESXi on it happens is unverified. Convert the disk with a newer program before the import.
    """
    if not case.target.esx:
        return
    for drive in case.vm.disks:
        link = top(drive)
        if link is not None and link.format == "transport" and getattr(link.header, "version", None) == 1:
            yield Hit(
                f"{disk_label(drive)}: a streamOptimized disk with a header of version 1; {case.target.name} may "
                'refuse it with "sparse VMDK version too old" (unverified)',
                (Evidence(link.file, None, "version", "1"),),
                manual(
                    "convert the disk with qemu-img first",
                    *convert_commands(case.vm, [disk_file(drive)]),
                    product="qemu-img",
                ),
            )


@rule(
    "DSK217",
    "split-disk-on-esxi",
    Severity.INFO,
    about=About.TARGET,
    sources=("field-observations",),
    only_if=lambda vm: any(it.chain and it.chain.top and is_split(it.chain.top) for it in vm.disks),
)
def split_disk_on_esxi(case: Case) -> Iterator[Hit]:
    """A disk lies in pieces of 2 GB, which ESXi from 5.1 on reads only with a module that it does not load by itself.

    Without the module `multiextent` the import of such a disk fails. The command of the import step loads it; unload
    it afterwards with `esxcli system module unload -m multiextent`.
    """
    if not features()["needs-multiextent"].holds(case.target):
        return
    for drive, disk in case.disks:
        link = top(drive)
        if link is not None and is_split(link) and disk.format == link.format and is_foreign(disk, link, case.target):
            yield Hit(
                f"{disk_label(drive)}: in pieces of 2 GB ({link.create_type}), which {case.target.name} reads with "
                "the module multiextent loaded",
                link.evidence("createType"),
                manual(
                    "load the module on the host",
                    ("esxcli", "system", "module", "load", "-m", "multiextent"),
                    product=case.target.id,
                ),
            )


def _format_evidence(files: Files, drive: str) -> tuple[Evidence, ...]:
    link = top(files.drives[drive])
    if link is None:
        return name_evidence(files.drives[drive])
    return link.evidence("createType") or (Evidence(link.file, None, "format", link.format),)


def is_foreign(disk: DiskState, link: Link | None, to: Product) -> bool:
    """Return whether a product does not run, and does not upgrade, a disk of this format."""
    if disk.format == "device":
        # A device that the config itself names is one of ESX Server 1 or 2.
        mapped_by_esx = link is None or (link.create_type or "").lower().startswith("vmfs")
        return to.esx is not None and mapped_by_esx != to.esx
    return disk.format != "unseen" and disk.format not in to.readable_formats


def _conversion(drive: Drive, disk: DiskState, to: Product) -> tuple[Do | None, Fix | None]:
    """Return what brings a disk into a format that the target runs from, and who is told to do it."""
    if disk.format == "device":
        return Do.REPAIR_DISK, manual(
            f"clone the device behind {disk_label(drive)} into a virtual disk, and put that in its place"
        )
    if to.native_formats == {"legacy"}:
        return None, None  # no tool is known that writes such disks
    if disk.format == "legacy" and not (to.esx and features()["imports-older-disks"].holds(to)):
        able = [it for it in products().values() if it.family == "workstation" and "legacy" in _upgraded_by(it)]
        names = ", ".join(it.name for it in able[:-1]) + f" or {able[-1].name}"
        text = f"open the VM in {names}, which upgrades {disk_label(drive)}"
        return Do.CONVERT_DISKS, manual(text, product=able[-1].id)
    if to.esx:
        return Do.IMPORT_DISKS, manual("import the disk on the ESX host")
    if disk.format == "esx":
        return Do.EXPORT_DISKS, manual("export the disk from its ESX host")
    return Do.CONVERT_DISKS, manual("convert the disk into one that grows, with qemu-img")


def _upgraded_by(product: Product) -> frozenset[str]:
    """Return the formats that a product reads and does not write: it upgrades disks of them."""
    return product.readable_formats - product.native_formats
