"""From a request to a proposal: which version, which devices, which disks move, and what speaks against it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vmxtool.findings import Fix, Safety, Severity
from vmxtool.knowledge.devices import devices
from vmxtool.knowledge.products import products
from vmxtool.planner.buses import propose_moves
from vmxtool.planner.changes import DescriptorChange, Proposal, join
from vmxtool.planner.hardware import Goal, propose_version
from vmxtool.planner.obstacles import other_configs, owner_of
from vmxtool.planner.request import OLDEST_WRITTEN
from vmxtool.planner.versions import choose_version
from vmxtool.rules._registry import judge_target
from vmxtool.vmx.document import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.evidence import Evidence
    from vmxtool.findings import Finding
    from vmxtool.knowledge.products import Product
    from vmxtool.machine.model import Machine
    from vmxtool.planner.changes import Change
    from vmxtool.planner.request import Request

__all__ = ["OLDEST_WRITTEN", "propose"]

_VERSION_ENTRY = "ddb.virtualHWVersion"
_DESCRIPTOR_SOURCE = "vmdk-notes:virtualHWVersion"
_CHANGE_TRACKING = "change-tracking"
_ESX2_GENERATION = 4
# Blockers that this floor deals with, or that forbid all writing and are told by `guards`.
_DEALT_WITH = frozenset(
    {
        "hardware-version-too-new",
        "hardware-version-too-old",
        "hardware-version-not-offered",
        "hardware-version-unknown",
        "disk-bus-not-offered",
        "disk-bus-newer-than-hardware",
        "device-not-in-hardware-version",
        "memory-over-limit",
        "guest-name-too-new",
        "snapshot-present",
        "too-many-snapshots",
        "redo-log-open",
        "suspended",
        "running",
    }
)
# Codes of blockers about disks, which are cured by a conversion after the rewrite, on the way to the target or there.
_OF_DISKS = "DSK"


def propose(vm: Machine, request: Request) -> Proposal:
    """Every change that a request asks for, and every reason why it cannot be carried out.

    Raises:
        UsageError: which product made the VM matters, and its files do not tell.
    """
    if vm.encryption == "full":
        return Proposal()  # nothing can be seen, and the guards say so
    choice = choose_version(vm, request)
    if choice.version is None:
        return join([Proposal(refused=choice.refused), _judged(vm, request.target)])
    product = request.target
    if product is None and choice.version != vm.hardware.version:
        product = products().get(f"hw{choice.version}")
    if product is not None and choice.version != vm.hardware.version:
        # What the rules say is said of the version that the VM gets, whatever else the product runs.
        product = replace(product, runs_min=choice.version, runs_max=choice.version, runs_except=frozenset())
    fit = request.hwversion is not None or request.target is not None
    goal = Goal(choice.version, fit, choice.why, product, request.unsafe)
    hardware = propose_version(vm, goal)
    changed = {fold(change.key): change for change in hardware.settings}
    moves = propose_moves(vm, goal, request, changed)
    disks = _descriptors(vm, goal) if choice.version != vm.hardware.version else Proposal()
    return join([Proposal(notes=choice.notes), hardware, moves, disks, _judged(vm, product, _gone(hardware))])


def _descriptors(vm: Machine, goal: Goal) -> Proposal:
    """Let the descriptors of the disks that are here name the new version, and tell of those that cannot."""
    why = "the disk's descriptor names the hardware version too"
    here = [drive for drive in vm.disks if drive.chain is not None and drive.chain.links]
    others = other_configs(vm) if here else {}
    changes: list[Change] = []
    notes: list[str] = []
    for drive in vm.disks:
        owner = owner_of(drive, others)
        if drive not in here and drive.file is not None:
            notes.append(f"{drive.file} is not here, so {_VERSION_ENTRY} in it stays as it is")
        for link in drive.chain.links if drive.chain is not None else ():
            if owner is not None or link.encrypted:
                cause = "is encrypted" if owner is None else f"is also a disk of {owner}"
                notes.append(f"{link.file} {cause}, so {_VERSION_ENTRY} in it stays as it is")
            elif link.descriptor is not None and link.hw_version not in {None, goal.version}:
                changes.append(DescriptorChange(link, _VERSION_ENTRY, str(goal.version), why, _DESCRIPTOR_SOURCE))
            if link.change_tracking is not None and not devices()[_CHANGE_TRACKING].known(goal.version, esx=goal.esx):
                notes.append(
                    f"{link.file} names a file of changed block tracking, {link.change_tracking}, which older products "
                    f"may not open (unverified): switch the tracking off in the VM's own product first"
                )
    return Proposal(tuple(changes), notes=tuple(notes))


def _gone(hardware: Proposal) -> frozenset[str]:
    """Settings of devices that go, or would go if it were asked for, by their folded names."""
    removed = {fold(change.key) for change in hardware.settings if change.after is None and change.name is None}
    return frozenset(removed | {fold(item.key or "") for reason in hardware.refused for item in reason.evidence})


def _judged(vm: Machine, product: Product | None, gone: frozenset[str] = frozenset()) -> Proposal:
    """What the rules say against the product: what no change to files cures stops all, the rest remains to be done."""
    if product is None:
        return Proposal()
    blockers = [item for item in judge_target(vm, product) if item.severity is Severity.BLOCKER]
    left = [item for item in blockers if item.name not in _DEALT_WITH and not _is_about(item, gone)]
    cures = [item.fix for item in left if item.code.startswith(_OF_DISKS) and item.fix is not None]
    refused = [item for item in left if not item.code.startswith(_OF_DISKS) or item.fix is None]
    return Proposal(refused=tuple(refused), manual=(*cures, *_arrival(vm, product)))


def _is_about(finding: Finding, gone: frozenset[str]) -> bool:
    keys = {fold(place.key or "") for place in finding.evidence}
    return bool(keys) and keys <= gone


def _arrival(vm: Machine, product: Product) -> Iterator[Fix]:
    """What is to be done where the VM arrives, because no file shows what there is."""
    if product.family == "hardware" or product.esx is None:
        return
    if product.esx:
        loose = [nic for nic in vm.nics if nic.connection != "network" and nic.network is None]
        if loose:
            names = ", ".join(nic.id for nic in loose)
            yield Fix(Safety.MANUAL, f"connect {names} to a network of the ESX host")
        if product.generation is not None and product.generation <= _ESX2_GENERATION:
            keys = [place for drive in vm.disks for place in drive.file_evidence if _is_file_name(place)]
            if keys:
                text = (
                    "name each imported disk by its VMFS address, such as vmhba0:0:0:1:NAME.vmdk, in scsiN:M.name, "
                    "which ESX Server 2 reads instead of fileName; its own names for the controllers are vmxlsilogic "
                    "and vmxbuslogic (whether it takes others is unverified)"
                )
                yield Fix(Safety.MANUAL, text)
    else:
        there = [nic for nic in vm.nics if nic.network is not None and nic.connection == "network"]
        if there:
            names = ", ".join(nic.id for nic in there)
            yield Fix(Safety.MANUAL, f"choose bridged, NAT or host-only for {names}, whose ESX network is not there")


def _is_file_name(place: Evidence) -> bool:
    return (place.key or "").lower().endswith(".filename")
