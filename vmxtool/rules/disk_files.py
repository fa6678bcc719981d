"""DSK20x: disks and the files that they are made of, by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool._files import is_on_esx, last_part
from vmxtool.evidence import Evidence
from vmxtool.findings import BY_CONVERTER, LEAVING, Do, Severity
from vmxtool.machine.snapshots import REDO_MODES
from vmxtool.rules.case import disk_label, name_evidence, presence_evidence, with_article
from vmxtool.rules.commands import disk_name
from vmxtool.rules.data_elsewhere import FULL_CLONE, READING_DISKS, is_elsewhere, parent_elsewhere
from vmxtool.rules.names_of_host import named_alike
from vmxtool.rules.no_disks import data_of_missing, no_disk
from vmxtool.rules.registry import About, Hit, manual, rule
from vmxtool.vmdk.model import BREAKING, DAMAGED, LOSING
from vmxtool.vmdk.paths import is_device

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.machine.model import Drive, Machine
    from vmxtool.vmdk.chain import Link, Problem

_PARALLEL = {"buslogic": "BusLogic", "lsilogic": "LSI Logic"}
# A disk that is still on its ESX host is exported there, or read there by Converter; a copy leaves it behind.
_LEAVING_IT_BEHIND = (READING_DISKS - {Do.EXPORT_DISKS} - BY_CONVERTER) | {Do.COPY, Do.MOVE_TO}

_NAMED = 3


@rule(
    "DSK203",
    "disk-file-missing",
    Severity.BLOCKER,
    about=About.FILES,
    cure=Do.REPAIR_DISK,
    stops=READING_DISKS,
    sources=("vmware-virtual-disk-format-5.0",),
    short="a missing disk file",
    messages=(
        ("Cannot open the disk '<file>' or one of the snapshot disks it depends on.", "general"),
        ("The system cannot find the file specified", "general"),
        ("Cannot find the file or one of its components", "general"),
    ),
)
def disk_file_missing(vm: Machine) -> Iterator[Hit]:
    """A file of a disk is not there.

    Either the config names a disk that is not beside it, or a disk names an extent that is not. Copy the missing
    file into the VM's folder before anything else; without it the disk cannot be opened anywhere. A full path of an
    ESX host, such as one on VMFS, only warns: what lies there cannot be seen from here. The disk of a VM of ESX that is
    to be exported does not have to come here first.
    """
    for drive in vm.disks:
        if drive.file is None:
            cure = manual("name its file, or remove it")
            yield Hit(f"{drive.id}: a disk without a file name", presence_evidence(drive), cure, subject=drive.id)
        elif is_device(drive.file):
            continue  # DSK211 tells of it
        elif is_elsewhere(drive):
            if is_on_esx(drive.file):
                # On ESX the config and its disks need not share a folder: the disk may well be where the path says.
                too = ", and its redo log where it has one," * (drive.mode in REDO_MODES)
                is_alike = any(drive in drives for drives in named_alike(vm))  # one of which is renamed first
                disk = f"the disk of {drive.id}" if is_alike else last_part(drive.file)
                cure = manual(f"copy {disk}{too} from the host that has it into the VM's folder")
                message = f"{disk_label(drive)}: on another host, and not looked at"
                yield Hit(
                    message,
                    name_evidence(drive),
                    cure,
                    Severity.WARNING,
                    stops=_LEAVING_IT_BEHIND,
                    subject=drive.id,
                    while_format=("esx",),
                )
        elif drive.found is not None and not drive.found.exists:
            cure, message = manual(f"copy {drive.file} to the VM's folder, or correct the name"), "not there"
            data = data_of_missing(drive, vm)
            if data is not None:
                message = f"not there, and {data}, its data, is"
                cure = manual(f"copy {drive.file} to the VM's folder as well: a text of some lines, which describes it")
            # A disk of ESX that was not taken along is exported from the VM's folder on its host.
            yield Hit(
                f"{disk_label(drive)}: {message}",
                name_evidence(drive),
                cure,
                stops=_LEAVING_IT_BEHIND,
                subject=drive.id,
                while_format=("esx", "unseen"),
            )
        for problem in _problems(drive):
            if problem.kind == "extent-missing":
                cure = manual(f"copy {_gone(drive) or 'the missing file'} to the VM's folder")
                yield Hit(problem.message.rstrip("."), problem.evidence, cure, subject=drive.id)


def _gone(drive: Drive) -> str:
    """Return the names of a disk's pieces that are not here, the first of many."""
    links = drive.chain.links if drive.chain is not None else ()
    names = [it.file for link in links for it in link.extents if it.file and not it.exists]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


@rule(
    "DSK204",
    "chain-broken",
    Severity.BLOCKER,
    about=About.FILES,
    cure=Do.REPAIR_DISK,
    stops=READING_DISKS | {Do.REWRITE},
    sources=("kb:1007969", "vmware-virtual-disk-format-5.0"),
    short="a broken disk chain",
    messages=(
        ("The parent virtual disk has been modified since the child was created", "kb:1007969"),
        (
            "The content ID of the parent virtual disk does not match the corresponding parent content ID in the child",
            "kb:1007969",
        ),
        ("The file specified is not a virtual disk", "general"),
    ),
)
def chain_broken(vm: Machine) -> Iterator[Hit]:
    """A disk and its parents do not fit together.

    Each link names the content id of its parent. Where they differ, the parent was written to after the child was
    made, and VMware says that the parent virtual disk has been modified since the child was created. Mend the chain
    only when you know which copy of the parent is the right one, and on copies of the files.
    """
    for drive in vm.disks:
        for problem in _problems(drive):
            if problem.kind in BREAKING or (problem.kind == "outside" and not parent_elsewhere(drive, vm)):
                cure = manual(f"find the parent that belongs to {disk_name(drive)}, or go back to a backup")
                if problem.kind == "unreadable" and any(link.format == "unknown" for link in _links(drive)):
                    yield no_disk(drive, vm, problem, _LEAVING_IT_BEHIND)
                    continue
                if problem.kind == "unreadable":
                    name = problem.file or disk_name(drive)
                    cure = manual(f"get the right to read {name}, or copy it again from where it can be read")
                elif problem.kind == "no-extent":
                    # A descriptor that was cut short ends before it names its data.
                    cure = manual(f"copy {disk_name(drive)} again from where it was whole")
                elif problem.kind == "missing":
                    cure = manual("copy the parent into the VM's folder")
                kind = None
                if problem.kind == "outside":
                    cure, kind = manual(FULL_CLONE), Do.REMOVE_SNAPSHOTS
                yield Hit(problem.message.rstrip("."), problem.evidence, cure, cure=kind, subject=drive.id)


@rule(
    "DSK205",
    "adapter-mismatch",
    Severity.WARNING,
    about=About.FILES,
    sources=("vmware-virtual-disk-format-5.0", "vdiskmanager"),
)
def adapter_mismatch(vm: Machine) -> Iterator[Hit]:
    """The bus a disk sits on differs from the adapter its descriptor names.

    A disk whose descriptor says `ide` behind a SCSI controller, or the reverse, may be refused or presented with
    another geometry. Disks on LSI Logic SAS, paravirtual SCSI, SATA and NVMe are all written as lsilogic or ide.

    Where one of BusLogic and LSI Logic stands in the place of the other, it is a note: SCSI controllers are not
    interchangeable for a guest, which needs the driver of the one that it gets.
    """
    models = {controller.id: (controller.model or "").lower().removeprefix("vmx") for controller in vm.controllers}
    for drive in vm.disks:
        link = drive.chain.adapter_link if drive.chain is not None else None
        adapter = (link.adapter or "").lower() if link is not None else ""
        model = models.get(drive.id.partition(":")[0], "")
        if link is not None and adapter in _PARALLEL and model in _PARALLEL and model != adapter:
            yield Hit(
                f"{drive.id}: behind a {_PARALLEL[model]} controller, and its descriptor says {_PARALLEL[adapter]}; a "
                "guest that was installed with that needs the driver of the other",
                (*link.adapter_evidence, *drive.evidence[:1]),
                manual(f"if the guest does not start, give it the {_PARALLEL[adapter]} controller"),
                Severity.INFO,
                sources=("gsx-3-guide",),
                unverified=True,
            )
            continue
        wrong = {"ide": adapter in {"buslogic", "lsilogic"}, "scsi": adapter == "ide"}.get(drive.bus, False)
        if link is not None and wrong:
            yield Hit(
                f"{drive.id}: {with_article(drive.bus)} disk, but its descriptor says {link.adapter}",
                (*link.adapter_evidence, *drive.evidence[:1]),
                manual(
                    f"put the disk back on the bus that its descriptor names, or let ddb.adapterType say {_word(drive)}"
                ),
            )


@rule(
    "DSK207",
    "disk-damaged",
    Severity.WARNING,
    about=About.FILES,
    cure=Do.REPAIR_DISK,
    sources=("vmware-virtual-disk-format-5.0",),
    short="a damaged disk",
)
def disk_damaged(vm: Machine) -> Iterator[Hit]:
    """A disk's header or descriptor holds what no product writes, or a file is shorter than its descriptor says.

    Copy the disk again from where it came from, or let the product that made it check it. A file that ends too early,
    as after a copy that was cut short, or that does not begin with its header, blocks: its data is not all there.
    """
    for drive in vm.disks:
        for problem in _problems(drive):
            if problem.kind in DAMAGED:
                cure = manual(f"copy {problem.file or drive.file or drive.id} again from where it was whole")
                severity, stops = (Severity.BLOCKER, LEAVING) if problem.kind in LOSING else (None, None)
                message = problem.message.rstrip(".")
                yield Hit(message, problem.evidence, cure, severity, stops=stops, subject=drive.id)


@rule(
    "DSK208",
    "disk-not-closed",
    Severity.WARNING,
    about=About.FILES,
    cure=Do.POWER_OFF,
    stops=READING_DISKS | {Do.REWRITE},
    sources=("vmware-virtual-disk-format-5.0",),
    short="a disk that was not closed",
)
def disk_not_closed(vm: Machine) -> Iterator[Hit]:
    """A sparse disk was not closed: its product is still running it, or was cut short.

    VMware checks the disk's tables when it opens it next. Open and close the VM in its own product before moving it.
    """
    for drive in vm.disks:
        for link in _links(drive):
            if link.unclean_shutdown:
                place = link.evidence("uncleanShutdown") or (Evidence(link.file, None, "uncleanShutdown", "1"),)
                cure = manual("start the VM in its own product and power it off")
                yield Hit(f"{link.file} was not closed by its product", place, cure)


@rule(
    "DSK209",
    "disk-path-of-another-host",
    Severity.INFO,
    about=About.FILES,
)
def disk_path_of_another_host(vm: Machine) -> Iterator[Hit]:
    """The config names a disk by a path of another host; a file of that name lies beside the config.

    What is said of the disk is read from the file beside the config. VMware itself follows the path.
    """
    for drive in vm.disks:
        if drive.found is not None and drive.found.moved and drive.found.path is not None:
            beside = drive.found.path.name
            yield Hit(
                f"{drive.id}: {drive.file} is a path of another host; {beside} beside the config was read",
                name_evidence(drive),
                manual(f"name the disk {beside} if it is to be run from this folder"),
            )


@rule(
    "DSK219",
    "change-tracking-on",
    Severity.INFO,
    about=About.FILES,
    sources=("vmware-virtual-disk-format-5.0", "backup-docs"),
)
def change_tracking_on(vm: Machine) -> Iterator[Hit]:
    """Changed block tracking is on for a disk.

    The descriptor has version 3 and names a `-ctk.vmdk` file that has to go along. Programs other than VMware's refuse
    version 3 at times. ESXi takes both back when tracking is switched off; after a copy without the file, removing the
    changeTrackPath line and setting the version to 1 does the same.
    """
    for drive in vm.disks:
        for link in _links(drive):
            if link.change_tracking is not None:
                yield Hit(
                    f"{link.file} has changed block tracking, with its record in {link.change_tracking}",
                    link.evidence("changeTrackPath"),
                    manual(f"switch it off before the move, or copy {link.change_tracking} along"),
                )


def _problems(drive: Drive) -> tuple[Problem, ...]:
    return drive.chain.problems if drive.chain is not None else ()


def _links(drive: Drive) -> tuple[Link, ...]:
    return drive.chain.links if drive.chain is not None else ()


def _word(drive: Drive) -> str:
    return "ide" if drive.bus == "ide" else "lsilogic"
