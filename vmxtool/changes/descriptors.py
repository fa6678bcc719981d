"""Entries of disk descriptors that follow the VM: the hardware version and the adapter a disk is made for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.changes.model import ADAPTER, DISK_VERSION, VERSION, Changes, DescriptorChange, Kept, Topic
from vmxtool.findings import Safety
from vmxtool.knowledge.devices import devices
from vmxtool.machine.neighbours import UNREAD, owner_of
from vmxtool.rules import writing
from vmxtool.rules.disk_numbers import VERSION_ENTRY, newest_number, numbered_above, used_by_others
from vmxtool.rules.registry import findings_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vmxtool.changes.model import Wanted
    from vmxtool.findings import Finding
    from vmxtool.machine.model import Drive
    from vmxtool.rules.case import Files

_VERSION_SOURCE = "vmdk-notes:virtualHWVersion"
_LOWER_SOURCE = "server-1-disk-numbers"
_ADAPTER_ENTRY = "ddb.adapterType"
_ADAPTER_SOURCE = "kb:1016192"
_CHANGE_TRACKING = "change-tracking"
# What a disk's descriptor can say: the later SCSI models are written as lsilogic (vmware-vdiskmanager's own help).
_ADAPTER_WORDS = {"buslogic": "buslogic"}


def name_version(files: Files, wanted: Wanted) -> Changes:
    """Let the descriptors of the disks that are here name the new version, and tell of those that cannot."""
    why = "the disk's descriptor names the hardware version too"
    vm = files.vm
    here = [drive for drive in vm.disks if drive.chain is not None and drive.chain.links]
    others = files.once(used_by_others) if here else {}
    unsure = ", perhaps, which was not read" if UNREAD in others else ""
    changes: list[DescriptorChange] = []
    notes: list[str] = []
    kept: list[Kept] = []

    def keep(file: str, cause: str) -> None:
        note = f"{file} is {cause}, so {VERSION_ENTRY} in it stays as it is"
        notes.append(note)
        kept.append(Kept(Topic(DISK_VERSION, file), note, cause))

    for drive in vm.disks:
        owner = owner_of(drive, others)
        if drive not in here and drive.file is not None:
            keep(drive.file, "not here")
        for link in drive.chain.links if drive.chain is not None else ():
            if owner is not None or link.encrypted:
                keep(link.file, "encrypted" if owner is None else f"also a disk of {owner}{unsure}")
            elif link.descriptor is not None and link.hw_version not in {None, wanted.version}:
                changes.append(
                    DescriptorChange(
                        link, VERSION_ENTRY, str(wanted.version), why, _VERSION_SOURCE, topic=Topic(VERSION)
                    )
                )
            if link.change_tracking is not None and not devices()[_CHANGE_TRACKING].known(
                wanted.version, esx=wanted.esx
            ):
                notes.append(
                    f"{link.file} names a file of changed block tracking, {link.change_tracking}, which older products "
                    f"may not open (unverified): switch the tracking off in the VM's own product first"
                )
    return Changes(descriptors=tuple(changes), notes=tuple(notes), kept=tuple(kept))


def lower_version(files: Files, wanted: Wanted) -> Changes:
    """Let the descriptors that name a newer version than the product runs name that of the VM, which it keeps."""
    newest = wanted.version if wanted.product is None else wanted.product.runs_max
    if newest_number(files.vm) <= newest:
        return Changes()
    others = files.once(used_by_others)
    why = "the disk's descriptor names a newer hardware version than the VM has"
    return Changes(
        descriptors=tuple(
            DescriptorChange(link, VERSION_ENTRY, str(wanted.version), why, _LOWER_SOURCE, topic=Topic(VERSION))
            for drive in files.vm.disks
            if owner_of(drive, others) is None
            for link in numbered_above(drive, newest)
            if link.descriptor is not None and not link.encrypted
        )
    )


def name_adapter(drive: Drive, model: str) -> Iterator[DescriptorChange]:
    """Let every link of a disk that names an adapter name the controller that the disk moves to."""
    word = _ADAPTER_WORDS.get(model, "lsilogic")
    for link in drive.chain.links if drive.chain is not None else ():
        if link.descriptor is not None and link.adapter is not None and link.adapter.lower() != word:
            why = f"the descriptor names the adapter: {model}"
            why += f", which is written as {word}" if word != model else ""
            yield DescriptorChange(link, _ADAPTER_ENTRY, word, why, _ADAPTER_SOURCE, Safety.UNSAFE, Topic(ADAPTER))


def without_room(changes: Iterable[DescriptorChange]) -> Iterator[Finding]:
    """Find the entries that a descriptor inside a disk has no room for."""
    # Few plans change a descriptor inside a disk, and only a trial edit tells.
    from vmxtool.vmdk.descriptor_edits import with_ddb

    for change in changes:
        before = change.link.descriptor
        if before is None or change.link.descriptor_offset is None:
            continue  # a file of its own grows as it has to
        reason = None if before.padding_clean else "unknown bytes follow its text"
        if reason is None:
            try:
                with_ddb(before, change.key, change.after)
            except (ValueError, KeyError) as error:
                reason = str(error.args[0]) if error.args else "it cannot hold the value"
        if reason is not None:
            yield from findings_of(writing.descriptor_without_room, change.link.file, change.key, change.after, reason)
