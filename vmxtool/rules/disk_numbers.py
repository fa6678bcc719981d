"""DSK226: the hardware version that a disk's descriptor names by itself, beside that of its VM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.findings import Do, Severity
from vmxtool.knowledge.features import features
from vmxtool.knowledge.hardware import hardware
from vmxtool.machine.neighbours import disks_of_others, owner_of
from vmxtool.rules.case import disk_label, has_disks
from vmxtool.rules.registry import About, Hit, by_rewrite, manual, rule
from vmxtool.rules.state import DISKS_NUMBERED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vmxtool.machine.model import Drive, Machine
    from vmxtool.rules.case import Case, Files
    from vmxtool.vmdk.chain import Link

VERSION_ENTRY = "ddb.virtualHWVersion"


@rule(
    "DSK226",
    "disk-hardware-version-newer",
    Severity.WARNING,
    about=About.TARGET,
    sources=("open-vmdk:vmdk/sparse.c", "vmdk-notes"),
    only_if=has_disks,
    short="the number in a disk",
)
def disk_hardware_version_newer(case: Case) -> Iterator[Hit]:
    """A disk's descriptor names a newer hardware version than its VM, and than the target runs.

    VMware Server 1 compares `ddb.virtualHWVersion` with its own version and does not power the VM on; two people
    reported so, and that the lower number cures it ("cannot open vm in vmware server" and "VMWare Workstation VM on
    VMWare Server", Ubuntu Forums, May 2008). What other products of its time do is unverified. Which number they have
    shows where somebody changed that of the config by hand. A rewrite lowers it together with the VM's, or alone.
    """
    to = case.target
    row = hardware(to.runs_max)
    if row is None or row.generation is None or (case.now.version or 0) > to.runs_max:
        return
    refuses = features()["refuses-newer-disk-numbers"]
    for drive in case.vm.disks:
        newer = numbered_above(drive, to.runs_max)
        if not newer:
            continue
        writable = drive.id in case.files.once(_written_by_us)
        if writable and (case.version_changed or DISKS_NUMBERED in case.now.settled):
            continue  # with the config, or by itself
        stops = refuses.holds(to)
        lowered = f'{VERSION_ENTRY} = "{case.now.version}"'
        does = "refuses to start it" if stops else "whether it minds is unverified"
        yield Hit(
            f"{disk_label(drive)}: says hardware version {newer[0].hw_version}, newer than {to.name} runs; {does}",
            tuple(place for link in newer for place in link.evidence(VERSION_ENTRY)),
            by_rewrite(f"the descriptor gets {lowered}") if writable else manual(f"set {lowered} in {newer[0].file}"),
            Severity.BLOCKER if stops else None,
            refuses.sources if stops else (),
            unverified=stops and "since" in refuses.unverified,
            cure=Do.REWRITE if writable else Do.REPAIR_DISK if stops else None,
            subject=drive.id,
        )


def numbered_above(drive: Drive, version: int) -> list[Link]:
    """Return the links of a disk whose descriptors name a newer hardware version than this."""
    links = drive.chain.links if drive.chain is not None else ()
    return [link for link in links if link.hw_version is not None and link.hw_version > version]


def newest_number(vm: Machine) -> int:
    """Return the newest hardware version that a disk of a VM names; 0 where none does."""
    return max((link.hw_version or 0 for it in vm.disks if it.chain for link in it.chain.links), default=0)


def used_by_others(files: Files) -> Mapping[str, str]:
    """Return the disks that other configs in the VM's folder name, each with its config."""
    return disks_of_others(files.vm)


def _written_by_us(files: Files) -> frozenset[str]:
    """Return the disks whose descriptors a rewrite may change."""
    others = files.once(used_by_others)
    return frozenset(
        drive.id
        for drive in files.vm.disks
        if drive.chain is not None and not drive.chain.encrypted and owner_of(drive, others) is None
    )
