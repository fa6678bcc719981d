"""DSK2xx: disks, their files, formats, chains and controllers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.evidence import Evidence
from vmxtool.findings import Fix, Safety, Severity
from vmxtool.knowledge.guests import find_guest
from vmxtool.rules._registry import Hit, file_rule, target_rule
from vmxtool.rules._remedies import by_hand, convert_offline, export_disk, import_disk, rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.knowledge.products import Product
    from vmxtool.machine.model import Drive, Machine
    from vmxtool.vmdk.chain import Link

_FORMAT_WORDS = {
    "hosted": "a disk of hosted products",
    "esx": "an ESX disk",
    "transport": "a transport disk (streamOptimized)",
    "device": "a disk that maps a device of its host",
    "legacy": "a disk of Workstation 2 or 3, or GSX Server 1 or 2",
}
_BROKEN = frozenset(
    {"missing", "cid-mismatch", "capacity-mismatch", "loop", "too-deep", "outside", "unreadable", "no-extent"}
)
_DAMAGED = frozenset({"header-damaged", "unfinished", "extent-short", "unknown-line"})


@target_rule("DSK201", "disk-bus-not-offered", Severity.BLOCKER, "mpg:p09")
def disk_bus_not_offered(vm: Machine, to: Product) -> Iterator[Hit]:
    """A hard disk sits on a bus that the target does not offer for hard disks.

    ESX Server up to 3 knows SCSI disks only. Moving a disk to another bus changes the config, the adapter named in
    the disk's descriptor and, inside the guest, the driver it boots from; the last has to be prepared in the guest.
    VMware Converter does all of it for Windows NT, 2000, XP and 2003, and not for Linux, Windows 95, 98 and Me.
    """
    for drive in vm.disks:
        if drive.bus in to.disk_buses:
            continue
        offered = ", ".join(sorted(to.disk_buses)).upper()
        yield Hit(
            f"{drive.id} is {_article(drive.bus)} disk; {to.name} offers {offered} for hard disks",
            drive.evidence,
            _move_bus(vm, drive),
            Severity.WARNING if "disk_buses" in to.unverified else None,
            (to.source,),
        )


@target_rule("DSK202", "disk-format-not-native", Severity.BLOCKER, "mpg:p07")
def disk_format_not_native(vm: Machine, to: Product) -> Iterator[Hit]:
    """A disk's files are in a format that the target does not run from.

    ESX Server keeps disks in a format of its own: a hosted disk is imported there and an ESX disk exported from it.
    A streamOptimized disk is for transport alone. A copied file in the wrong format fails at power-on with a message
    about an invalid disk type, or opens and then cannot be snapshotted.
    """
    if not to.native_formats:
        return
    for drive in vm.disks:
        link = _top(drive)
        if link is None or link.format == "unknown" or link.format in to.native_formats:
            continue
        yield Hit(
            f"{_disk(drive)} is {_FORMAT_WORDS[link.format]}"
            + (f" ({link.create_type})" if link.create_type else "")
            + f"; {to.name} does not run from it",
            (Evidence(link.file, None, "createType", link.create_type),),
            _convert(vm, drive, link, to),
            Severity.WARNING if "native_formats" in to.unverified else None,
            (to.source,),
        )


@file_rule("DSK203", "disk-file-missing", Severity.BLOCKER, "vmware-virtual-disk-format-5.0")
def disk_file_missing(vm: Machine) -> Iterator[Hit]:
    """A file of a disk is not there.

    Either the config names a disk that is not beside it, or a disk names an extent that is not. Copy the missing
    file into the VM's folder before anything else; without it the disk cannot be opened anywhere.
    """
    for drive in vm.disks:
        if drive.file is None:
            yield Hit(f"{drive.id} is a disk without a file name", drive.evidence, by_hand("name its file, or remove it"))
        elif drive.found is not None and not drive.found.exists:
            place = tuple(item for item in drive.evidence if item.value == drive.file) or drive.evidence
            yield Hit(
                f"{drive.id}: {drive.file} is not there",
                place,
                by_hand(f"copy {drive.file} to the VM's folder, or correct the name"),
            )
        elif drive.chain is not None:
            for problem in drive.chain.problems:
                if problem.kind == "extent-missing":
                    yield Hit(problem.message, problem.evidence, by_hand("copy the missing file to the VM's folder"))


@file_rule("DSK204", "chain-broken", Severity.BLOCKER, "kb:1007969", "vmware-virtual-disk-format-5.0")
def chain_broken(vm: Machine) -> Iterator[Hit]:
    """A disk and its parents do not fit together.

    Each link names the content id of its parent. Where they differ, the parent was written to after the child was
    made, and the child's data may belong to another state of it. Mend the chain only when you know which copy of the
    parent is the right one, and on copies of the files.
    """
    for drive in vm.disks:
        for problem in drive.chain.problems if drive.chain is not None else ():
            if problem.kind in _BROKEN:
                yield Hit(
                    problem.message,
                    problem.evidence,
                    by_hand("find the parent that belongs to this disk, or go back to a backup", *_check_chain(drive)),
                )


@file_rule("DSK205", "adapter-mismatch", Severity.WARNING, "vmware-virtual-disk-format-5.0", "vdiskmanager:4638234")
def adapter_mismatch(vm: Machine) -> Iterator[Hit]:
    """The bus a disk sits on differs from the adapter its descriptor names.

    A disk whose descriptor says `ide` behind a SCSI controller, or the reverse, may be refused or presented with
    another geometry. LSI Logic SAS and paravirtual SCSI, SATA and NVMe disks are all written as lsilogic or ide.
    """
    for drive in vm.disks:
        chain = drive.chain
        if chain is None or chain.adapter is None:
            continue
        adapter = chain.adapter.lower()
        wrong = adapter != "ide" if drive.bus == "ide" else adapter == "ide" and drive.bus == "scsi"
        if not wrong or adapter == "legacyesx":
            continue
        link = next(link for link in chain.links if link.adapter is not None)
        yield Hit(
            f"{drive.id} is {_article(drive.bus)} disk, but its descriptor says {chain.adapter}",
            (Evidence(link.file, None, "ddb.adapterType", chain.adapter), *drive.evidence[:1]),
            by_hand("put the disk back on the bus that its descriptor names, or move it with vmxtool rewrite"),
        )


@file_rule("DSK206", "disk-outside-folder", Severity.WARNING)
def disk_outside_folder(vm: Machine) -> Iterator[Hit]:
    """A disk lies outside the VM's folder.

    Copying the folder does not copy it. vmxtool looks only whether such a file exists and never opens it.
    """
    for drive in vm.disks:
        if drive.found is not None and drive.found.outside and drive.found.exists:
            yield Hit(
                f"{drive.id}: {drive.file} lies outside the VM's folder and was not opened",
                tuple(item for item in drive.evidence if item.value == drive.file),
                by_hand("copy it into the VM's folder and correct the name, or copy it separately"),
            )


@file_rule("DSK207", "disk-damaged", Severity.WARNING, "vmware-virtual-disk-format-5.0")
def disk_damaged(vm: Machine) -> Iterator[Hit]:
    """A disk's header or descriptor holds what no product writes.

    Copy the disk again from where it came from, or let the product that made it check it.
    """
    for drive in vm.disks:
        for problem in drive.chain.problems if drive.chain is not None else ():
            if problem.kind in _DAMAGED:
                yield Hit(
                    problem.message, problem.evidence, by_hand("copy the disk again, or check it", *_check_chain(drive))
                )


@file_rule("DSK208", "disk-not-closed", Severity.WARNING, "vmware-virtual-disk-format-5.0")
def disk_not_closed(vm: Machine) -> Iterator[Hit]:
    """A sparse disk was not closed: its product is still running it, or was cut short.

    VMware checks the disk's tables when it opens it next. Open and close the VM in its own product before moving it.
    """
    for drive in vm.disks:
        for link in drive.chain.links if drive.chain is not None else ():
            if link.unclean_shutdown:
                yield Hit(
                    f"{link.file} was not closed by its product",
                    (Evidence(link.file, None, "uncleanShutdown", "1"),),
                    by_hand("start the VM in its own product and power it off"),
                )


@file_rule("DSK209", "disk-path-of-another-host", Severity.INFO)
def disk_path_of_another_host(vm: Machine) -> Iterator[Hit]:
    """The config names a disk by a path of another host; a file of that name lies beside the config.

    What is said of the disk is read from the file beside the config. VMware itself follows the path.
    """
    for drive in vm.disks:
        if drive.found is not None and drive.found.moved and drive.found.path is not None:
            yield Hit(
                f"{drive.id}: {drive.file} is a path of another host; {drive.found.path.name} beside the config was read",
                tuple(item for item in drive.evidence if item.value == drive.file),
                by_hand(f"name the disk {drive.found.path.name} if it is to be run from this folder"),
            )


@file_rule("DSK210", "device-without-controller", Severity.WARNING, "sanbarrow:vmx-syntax")
def device_without_controller(vm: Machine) -> Iterator[Hit]:
    """A drive is present on a controller that is not.

    VMware leaves out everything on a controller whose own `present` is not true; the drive does not exist for it.
    """
    for item in vm.idle_devices:
        identity = (item.key or "").rpartition(".")[0]
        controller = identity.partition(":")[0]
        yield Hit(
            f"{identity} is present, but {controller} is not, so the drive does not exist",
            (item,),
            by_hand(f'set {controller}.present = "TRUE" if the drive is wanted'),
        )


@file_rule("DSK211", "device-backed-disk", Severity.WARNING, "vmware-virtual-disk-format-5.0")
def device_backed_disk(vm: Machine) -> Iterator[Hit]:
    """A disk maps a device of its host: a raw device mapping, a physical disk or partition.

    The data is not in the VM's folder. It has to be cloned into a virtual disk before the VM is moved.
    """
    for drive in vm.disks:
        link = _top(drive)
        mapped = link is not None and (link.format == "device" or (link.create_type or "").lower().endswith("devicemap"))
        raw = drive.device_type in {"rawdisk", "scsi-passthru-rdm", "scsi-nonpassthru-rdm"}
        if mapped or raw:
            yield Hit(
                f"{_disk(drive)} maps a device of its host; the data is not in the VM's folder",
                drive.evidence,
                by_hand("clone the device into a virtual disk first"),
            )


def _move_bus(vm: Machine, drive: Drive) -> Fix:
    guest = find_guest(vm.guest.id) if vm.guest.id else None
    option = "--ide-to-scsi" if drive.bus == "ide" else "--move-disks"
    if guest is None or guest.scsi_model is None:
        option += " --adapter lsilogic"
    text = f"move {drive.id} to SCSI, after the guest has been given the driver"
    return rewrite(vm, option, text, Safety.UNSAFE)


def _convert(vm: Machine, drive: Drive, link: Link, to: Product) -> Fix:
    if link.format == "device":
        return by_hand(f"clone the device behind {_disk(drive)} into a virtual disk")
    if link.format == "legacy":
        return by_hand(f"open the VM in Workstation 4 or 5, which upgrades {_disk(drive)}")
    if "esx" in to.native_formats:
        return import_disk(drive, to)
    if link.format == "esx":
        return export_disk(drive, vm.hardware.generation)
    return convert_offline(drive, "monolithicSparse", "ide" if drive.bus == "ide" else "lsilogic")


def _check_chain(drive: Drive) -> tuple[str, str]:
    name = drive.found.path.name if drive.found is not None and drive.found.path is not None else drive.file or ""
    return f"qemu-img info --backing-chain '{name}'", "qemu-img"


def _top(drive: Drive) -> Link | None:
    return drive.chain.links[0] if drive.chain is not None and drive.chain.links else None


def _disk(drive: Drive) -> str:
    return f"{drive.id} ({drive.file})" if drive.file else drive.id


def _article(bus: str) -> str:
    return {"ide": "an IDE", "scsi": "a SCSI", "sata": "a SATA", "nvme": "an NVMe"}[bus]
