"""DSK2xx: what a disk asks of a target beside its format: room for its size, its kind of snapshot, its filters."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from vmxtool.evidence import Evidence
from vmxtool.findings import Do, Severity
from vmxtool.knowledge.features import features
from vmxtool.knowledge.hardware import hardware, hardware_versions
from vmxtool.knowledge.products import products
from vmxtool.knowledge.runs import Ternary, runs
from vmxtool.rules.case import disk_label, top
from vmxtool.rules.new_host import has_new_host
from vmxtool.rules.registry import About, Hit, manual, rule
from vmxtool.rules.snapshots import without_snapshots

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.knowledge.product import Product
    from vmxtool.machine.model import Drive, Machine
    from vmxtool.rules.case import Case
    from vmxtool.vmdk.chain import Link

_UNITS = ((2**40, "TiB"), (2**30, "GiB"))
_SE_SPARSE = "SESPARSE"
# The filter by which ESX encrypts a disk is every host's; what it needs is told with the encryption.
_OWN_FILTERS = frozenset({"vmwarevmcrypt"})
_SPREAD = "spread the data over several smaller disks, inside the guest"


@cache
def _least_limit() -> int:
    """Return the least size that any hardware version limits disks to, in bytes: what sectors of 32 bits reach."""
    return min(row.disk_bytes for row in hardware_versions().values() if row.disk_bytes is not None)


@rule(
    "DSK212",
    "disk-too-large",
    Severity.BLOCKER,
    about=About.TARGET,
    sources=("disk-size-articles", "vi3-maximums", "vsphere-4-maximums"),
    only_if=lambda vm: any(_capacity(drive) > _least_limit() for drive in vm.disks),
    short="size of a disk",
)
def disk_too_large(case: Case) -> Iterator[Hit]:
    """A disk is larger than the target takes.

    ESX takes disks of up to 2 TiB less 512 bytes, and of 62 TiB from ESXi 5.5 on. Whether the limit belongs to the
    product or to the hardware version is unverified, so that an old hardware version on a newer host is a warning. A
    disk cannot be made smaller in its files: shrink the file systems in the guest and clone them to a smaller disk, or
    spread the data over several.
    """
    to, version = case.target, case.now.version
    newest, own = hardware(to.runs_max), None if version is None else hardware(version)
    if not to.esx or newest is None or newest.disk_bytes is None:
        return
    for drive in case.vm.disks:
        link = top(drive)
        held = _capacity(drive)
        if link is None or held <= _least_limit():
            continue
        places = (*link.evidence("capacity"), *_extents(link))
        label = f"{disk_label(drive)}: {_size(held)}"
        if held > newest.disk_bytes:
            yield Hit(
                f"{label}; {to.name} takes {_size(newest.disk_bytes)}",
                places,
                manual(f"spread the data of {drive.id} over several smaller disks, and take {drive.id} out of the VM"),
                sources=newest.backing.of("disk_bytes")[:1],
                unverified="disk_bytes" in newest.unverified,
                cure=Do.PREPARE_GUEST,
                subject=drive.id,
            )
        elif own is not None and case.runs is Ternary.YES and own.disk_bytes is not None and held > own.disk_bytes:
            raised = _next_with_room(to, own.version, held)
            fix = _SPREAD if raised is None else f"raise the hardware version to {raised} if the VM does not start"
            yield Hit(
                f"{label}; with hardware version {version} it may take {_size(own.disk_bytes)} alone",
                places,
                manual(fix),
                Severity.WARNING,
                unverified=True,
                at_home=f"{label}, which hardware version {version} may not take with another host (unverified)",
            )


def _next_with_room(to: Product, version: int, size: int) -> int | None:
    """Return the next hardware version that a product runs and that takes a disk of a size, in bytes."""
    rows = [row for row in hardware_versions().values() if row.version > version and (row.disk_bytes or 0) >= size]
    return next((row.version for row in rows if runs(to, row.version) is Ternary.YES), None)


@rule(
    "DSK250",
    "disk-too-large-for-buslogic",
    Severity.WARNING,
    about=About.FILES,
    sources=("vdiskmanager", "general"),
)
def disk_too_large_for_buslogic(vm: Machine) -> Iterator[Hit]:
    """A disk of more than 2 TB sits behind a BusLogic controller.

    The tool that makes disks for Workstation makes none of that size for BusLogic. What the guest sees of one that has
    it is unverified: not the disk, or its first 2 TB alone, so that what is written beyond may destroy data. Give the
    guest the driver of another controller and change the model.
    """
    models = {it.id: it.model for it in vm.controllers if it.bus == "scsi"}
    for drive in vm.disks:
        link, controller = top(drive), drive.id.partition(":")[0]
        if link is None or models.get(controller) != "buslogic" or _capacity(drive) <= _least_limit():
            continue
        yield Hit(
            f"{disk_label(drive)}: {_size(_capacity(drive))} behind a BusLogic controller, which is made for disks of "
            f"up to {_size(_least_limit())}",
            (*_extents(link), *(place for it in vm.controllers if it.id == controller for place in it.evidence)),
            manual(f'give the guest the LSI Logic driver, then set {controller}.virtualDev = "lsilogic"'),
            unverified=True,
            subject=drive.id,
        )


@rule(
    "DSK251",
    "se-sparse-not-known",
    Severity.BLOCKER,
    about=About.TARGET,
    sources=("vsphere-ws-api:VirtualDiskDeltaDiskFormat", "vmware-virtual-disk-format-5.0"),
    only_if=lambda vm: any(_se_sparse(drive) for drive in vm.disks),
    short="snapshots of the kind seSparse",
)
def se_sparse_not_known(case: Case) -> Iterator[Hit]:
    """A disk or a snapshot is of the kind seSparse, which the target does not know.

    ESX makes such snapshots of disks of more than 2 TB, and of all disks on VMFS 6. The interface of vSphere names the
    kind from 5.1 on; that ESXi 5.1 opens it beside View, for which it came, is unverified, and 5.5 does. Remove the
    snapshots on the VM's own host, which leaves disks of the older kind.
    """
    to, known = case.target, features()["knows-se-sparse"]
    if not case.is_place or not to.esx or features()["snapshots-are-se-sparse"].holds(to):
        return
    came = products()[known.since[0]].name
    for drive, disk in case.disks:
        link = _se_sparse(drive)
        if link is None or disk.format != "esx":
            continue
        kind = f"{drive.id}: {link.file} is of the kind seSparse, which "
        fix = without_snapshots(case.vm)
        if not link.is_child:
            fix = manual(f"clone {drive.id} into a disk of another kind on its own host, and put that in its place")
        yield Hit(
            kind + (f"{to.name} may not open" if known.holds(to) else f"{to.name} does not open; {came} brought it"),
            (*link.evidence("createType"), *_extents(link)),
            fix,
            unverified=known.holds(to),
            cure=Do.REMOVE_SNAPSHOTS if link.is_child else Do.REPAIR_DISK,
            subject=drive.id,
        )


def _se_sparse(drive: Drive) -> Link | None:
    """Return the newest link of a disk that is of the kind seSparse, or None."""
    links = drive.chain.links if drive.chain is not None else ()
    return next((link for link in links if any(extent.type == _SE_SPARSE for extent in link.extents)), None)


@rule(
    "DSK252",
    "filter-of-old-host",
    Severity.UNKNOWN,
    about=About.TARGET,
    sources=("kb:334555",),
    only_if=lambda vm: any(_filters(drive) for drive in vm.disks),
    short="I/O filters of a disk",
)
def filter_of_old_host(case: Case) -> Iterator[Hit]:
    """A disk goes through a filter that is installed on its ESX host.

    Programs for replication, backup and caches put such filters between the VM and its disk (`ddb.iofilters`). A host
    without the filter does not start the VM. Take the filter's policy off the VM on its old host; where that is gone,
    comment out `ddb.iofilters` and `ddb.sidecars` in the descriptor, which may give up what the filter had not yet
    written.
    """
    to = case.target
    if not to.esx or not has_new_host(case):
        return
    for drive, disk in case.disks:
        places = _filters(drive)
        if places and disk.format == "esx":
            yield Hit(
                f"has the host of {to.name} the I/O filter {places[0].value}, which {disk_label(drive)} goes through? "
                "If it has, the steps below do; if not, it does not start the VM",
                places,
                manual(
                    "take the filter's storage policy off the VM on its old host; where that is gone, put # before "
                    f"ddb.iofilters and ddb.sidecars in {places[0].file}"
                ),
                subject=drive.id,
                while_format=("esx",),
            )


def _filters(drive: Drive) -> tuple[Evidence, ...]:
    """Return the lines of a disk's descriptors that name a filter which not every host has."""
    links = drive.chain.links if drive.chain is not None else ()
    named = [place for link in links for place in link.evidence("ddb.iofilters")]
    return tuple(it for it in named if {word.strip() for word in (it.value or "").split(",")} - _OWN_FILTERS - {""})


def _extents(link: Link) -> tuple[Evidence, ...]:
    return tuple(Evidence(link.file, extent.line, None, f"{extent.sectors} sectors") for extent in link.extents[:1])


def _capacity(drive: Drive) -> int:
    """Return what a disk holds, in bytes; 0 where it cannot be read."""
    link = top(drive)
    return (link.capacity_bytes or 0) if link is not None else 0


def _size(size: int) -> str:
    """Return a size in words; the limits of old are a sector below a round figure."""
    for less in (0, 512):
        for unit, name in _UNITS:
            if (size + less) % unit == 0:
                return f"{(size + less) // unit:,} {name}" + " less 512 bytes" * bool(less)
    return f"{size:,} bytes"
