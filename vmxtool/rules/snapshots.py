"""SNP6xx: snapshots, redo logs and power state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool._files import last_part
from vmxtool.evidence import Evidence
from vmxtool.findings import CHANGING_HARDWARE, CONVERTING_DISKS, LEAVING, Do, Severity
from vmxtool.machine.locks import held_words, left_words, some
from vmxtool.rules.case import disk_label, name_evidence
from vmxtool.rules.data_elsewhere import FULL_CLONE
from vmxtool.rules.named_files import missing_state
from vmxtool.rules.registry import About, Hit, manual, rule
from vmxtool.vmdk.model import UNREACHED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vmxtool.findings import Fix
    from vmxtool.machine.model import Lock, Machine
    from vmxtool.rules.case import Case

_LAST_NAMED = 3
_CLOSE = "shut the guest down, and close the VM in the product that has it open"
_LOCK_FOLDERS = "open-vm-tools-locks:lib/file/fileLockPrimitive.c"
_LOCKS_ON_NFS = "kb:340515"
_REMOVE = "go to the state you want to keep, then remove the snapshots in the VM's own product"


@rule(
    "SNP601",
    "snapshot-present",
    Severity.WARNING,
    about=About.FILES,
    cure=Do.REMOVE_SNAPSHOTS,
    stops=CONVERTING_DISKS | CHANGING_HARDWARE | {Do.MOVE_DISKS},
    sources=("mpg:p08",),
    short="snapshots",
)
def snapshot_present(vm: Machine) -> Iterator[Hit]:
    """The VM has a snapshot, which no conversion keeps.

    A snapshot has to be removed before disks are imported to ESX Server or exported from it, and before the hardware
    is changed: a snapshot holds the hardware it was taken with. Remove snapshots in the VM's own product, after going
    to the state that is to be kept; on ESXi `vim-cmd vmsvc/snapshot.removeall` with the VM's number does it.
    """
    if vm.snapshots.present:
        yield Hit(
            f"the VM has {_counted(vm)}, which neither a conversion of its disks nor a change of its hardware keeps",
            vm.snapshots.signs,
            without_snapshots(vm),
            at_home=f"the VM has {_counted(vm)}: its delta disks, the .vmsd and the .vmsn files have to come along",
        )


def without_snapshots(vm: Machine) -> Fix:
    """Tell how a VM gets rid of its snapshots, or a linked clone of the disks that it rests on."""
    return manual(FULL_CLONE if _is_linked_clone(vm) else _REMOVE)


def _is_linked_clone(vm: Machine) -> bool:
    """Return whether a disk rests on one outside the folder and no snapshot accounts for it."""
    return not vm.snapshots.tree and any(
        problem.kind in UNREACHED
        for drive in vm.disks
        if drive.chain is not None and drive.chain.links and drive.chain.links[-1].is_child
        for problem in drive.chain.problems
    )


@rule(
    "SNP609",
    "snapshots-not-kept",
    Severity.BLOCKER,
    about=About.TARGET,
    cure=Do.REMOVE_SNAPSHOTS,
    sources=("mpg:p08",),
    only_if=lambda vm: vm.snapshots.present,
    short="snapshots",
)
def snapshots_not_kept(case: Case) -> Iterator[Hit]:
    """The VM has a snapshot, and the target knows none.

    Products of generations 2 and 3 start a VM from its disks as they were when they were made. Remove the snapshots in
    the VM's own product, after going to the state that is to be kept.
    """
    vm, to = case.vm, case.target
    if vm.snapshots.present and to.snapshots == "none":
        yield Hit(
            f"the VM has {_counted(vm)}; {to.name} keeps none",
            vm.snapshots.signs,
            without_snapshots(vm),
            sources=(to.source_of("snapshots"),),
            unverified="snapshots" in to.unverified,
        )


@rule(
    "SNP606",
    "too-many-snapshots",
    Severity.BLOCKER,
    about=About.TARGET,
    cure=Do.REMOVE_SNAPSHOTS,
    sources=("gsx-3-guide:page-37", "server-1-guide"),
    only_if=lambda vm: len(vm.snapshots.tree) > 1,
    short="several snapshots",
)
def too_many_snapshots(case: Case) -> Iterator[Hit]:
    """The VM has several snapshots and the target keeps one.

    Products before Workstation 5, and VMware Server, know a single snapshot. Remove the others in the VM's own product.
    """
    vm, to = case.vm, case.target
    count = len(vm.snapshots.tree)
    if to.snapshots == "single" and count > 1:
        yield Hit(
            f"the VM has {count} snapshots; {to.name} keeps one",
            vm.snapshots.signs,
            manual("remove all snapshots but one, or all, in the VM's own product"),
            sources=(to.source_of("snapshots"),),
            unverified="snapshots" in to.unverified,
        )


@rule(
    "SNP603",
    "suspended",
    Severity.BLOCKER,
    about=About.FILES,
    cure=Do.POWER_OFF,
    stops=LEAVING,
    sources=("mpg:p08", "ws4-help"),
    short="suspended",
)
def suspended(vm: Machine) -> Iterator[Hit]:
    """The VM is suspended.

    A suspended state belongs to the product and version that wrote it, and a suspended VM cannot be imported.
    Resume the VM there and shut it down. A VM whose state is missing cannot be resumed, which VMX018 tells instead.
    """
    state = missing_state(vm)
    if vm.power.state == "suspended" and not (state is not None and state.inside):
        yield Hit(
            "the VM is suspended",
            vm.power.evidence,
            manual("resume the VM in its own product and shut the guest down"),
            at_home=f"the VM is suspended: {_saved_state(vm)} has to come along, to a host with such a processor",
        )


@rule(
    "SNP604",
    "running",
    Severity.BLOCKER,
    about=About.FILES,
    cure=Do.POWER_OFF,
    stops=LEAVING,
    sources=("mpg:p08", "workstation-docs:locks"),
    short="running or locked",
    messages=(
        ("This virtual machine appears to be in use.", "general"),
        ("Taking ownership of this virtual machine failed.", "general"),
        ("Failed to lock the file", "general"),
        ("The process cannot access the file because it is being used by another process", "general"),
    ),
)
def running(vm: Machine) -> Iterator[Hit]:
    """The VM is running, or locked by a product that was cut short.

    Files of a running VM change while they are copied. Where no product runs it any more, delete the lock.

    The lock's own files may say who holds it: those of hosted products name a process and the id of its host, those of
    ESX on NFS a host. Where that is a process of this computer, it is looked for; SNP612 tells of one that is gone.
    """
    locks = [lock for lock in vm.power.locks if not lock.is_left]
    if vm.power.state == "running":
        said = held_words(locks)
        are_held = bool(locks) and all(lock.state == "held" for lock in locks)
        yield Hit(
            said or "the VM is running or locked",
            vm.power.evidence,
            manual(_CLOSE if are_held else "shut the guest down; if nothing runs it any more, delete the lock"),
            sources=_told_by(locks),
        )


@rule(
    "SNP612",
    "lock-left-behind",
    Severity.BLOCKER,
    about=About.FILES,
    cure=Do.REMOVE_LOCK,
    stops=LEAVING,
    sources=("workstation-docs:locks", _LOCK_FOLDERS),
    short="a lock left behind",
    messages=(("Cannot find a valid peer process to connect to", "general"),),
)
def lock_left_behind(vm: Machine) -> Iterator[Hit]:
    """A lock lies beside the VM that nobody holds any more.

    A hosted product makes a folder with a file for each process that has the VM open, and removes both when it ends.
    After a crash they stay. Where each of these files names a process of this computer that no longer runs, or where
    the folder is empty, nobody holds the lock. A container does not see the processes of its host, so look whether a
    product has the VM open before you remove the folder. As long as it lies there, vmxtool writes nothing.
    """
    for state in ("stale", "empty"):
        locks = [lock for lock in vm.power.locks if lock.state == state]
        if locks:
            places = [lock.place for lock in locks]
            yield Hit(
                left_words(locks),
                tuple(map(Evidence, places)),
                manual(
                    f"make sure that no product has the VM open, then remove the folder{'s' * (len(places) > 1)} "
                    f"{some(places)}"
                ),
            )


def _told_by(locks: Iterable[Lock]) -> tuple[str, ...]:
    holders = [holder for lock in locks for holder in lock.holders]
    return tuple(dict.fromkeys(_LOCKS_ON_NFS if holder.process is None else _LOCK_FOLDERS for holder in holders))


@rule(
    "SNP605",
    "consolidation-needed",
    Severity.WARNING,
    about=About.FILES,
    sources=("kb:337269",),
)
def consolidation_needed(vm: Machine) -> Iterator[Hit]:
    """Disks run on deltas that no snapshot of the database accounts for.

    It happens after a removal that was cut short. Copying the base disk alone loses what the guest wrote since.
    """
    if vm.snapshots.needs_consolidation:
        yield Hit(
            "disks are on deltas that no snapshot accounts for",
            vm.snapshots.signs,
            manual("consolidate the disks, or take a snapshot and remove all, in the VM's own product"),
        )


@rule(
    "SNP607",
    "not-shut-down",
    Severity.WARNING,
    about=About.FILES,
    sources=("field-observations",),
)
def not_shut_down(vm: Machine) -> Iterator[Hit]:
    """The config says that the VM was not ended properly, and no product holds it now.

    A product writes `cleanShutdown = "FALSE"` when it starts a VM and takes it back when the VM ends. It stays after a
    crash, and in a copy that was made while the VM was running, whose disks then belong to no one moment.
    """
    if vm.power.state == "off" and vm.power.evidence:
        yield Hit(
            "the VM was not shut down when these files were written",
            vm.power.evidence,
            manual("shut the VM down in its own product and copy it again, or start this copy once and check it"),
        )


@rule(
    "SNP608",
    "snapshot-database-damaged",
    Severity.WARNING,
    about=About.FILES,
    sources=("kb:337269", "view-open-client:lib/bora/user/dictionary.c"),
)
def snapshot_database_damaged(vm: Machine) -> Iterator[Hit]:
    """The snapshot database has lines that are no settings, so VMware stops reading it there.

    Snapshots listed behind such a line are not seen. Correct the line, or take the database from a backup.
    """
    if vm.snapshots.unknown_lines:
        count = len(vm.snapshots.unknown_lines)
        yield Hit(
            f"the snapshot database has {count} line{'s' if count > 1 else ''} that VMware cannot read",
            vm.snapshots.unknown_lines,
            manual("correct the line, or put the database back from a backup"),
        )


@rule(
    "SNP610",
    "older-disk-attached",
    Severity.BLOCKER,
    about=About.FILES,
    cure=Do.REPAIR_CONFIG,
    stops=LEAVING,
    sources=("kb:1007969", "vmware-virtual-disk-format-5.0"),
    short="an older disk attached",
)
def older_disk_attached(vm: Machine) -> Iterator[Hit]:
    """The VM would start from a disk that a newer one in its folder rests on.

    After a snapshot a product goes on with a new disk over the old one and lets the old one be. Where the config names
    the old one, whatever the guest writes to it makes the newer disk worthless, and with it all since the snapshot.
    Let the config name the last disk, or, where the older state is the wanted one, move the newer files out of the
    folder first. Where the older disk has been written to already, their content identities no longer fit.
    """
    for newer in vm.snapshots.newer:
        drive = next(it for it in vm.disks if it.id == newer.drive)
        last = " or ".join(newer.last[-_LAST_NAMED:])
        what = f"starting the VM makes {last} worthless" if newer.fits else "it has been written to since"
        yield Hit(
            f"{disk_label(drive)} is not the VM's last disk: {newer.file} is based on it, and {what}",
            (*name_evidence(drive), newer.evidence),
            manual(
                f"let {drive.id} name {last}, which was the last, or move {newer.file} and what is based on it out of "
                "the folder if the older state is the wanted one"
            ),
            subject=drive.id,
        )


def _saved_state(vm: Machine) -> str:
    """Return the file of a suspended state, with the memory that may lie beside it."""
    named = last_part(vm.config.document.get("checkpoint.vmState", ""))
    return f"its saved state ({named}, with the .vmem of that name)" if named else "its saved state (.vmss and .vmem)"


def _counted(vm: Machine) -> str:
    count = len(vm.snapshots.tree)
    return f"{count} snapshot{'s' if count != 1 else ''}" if count else "a snapshot or delta disk"
