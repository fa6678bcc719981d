"""The disks that a step is about, and the commands that convert them, carry them over or register the VM."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from vmxtool.findings import Do
from vmxtool.knowledge.features import features
from vmxtool.knowledge.products import products
from vmxtool.machine.folder import folder_of
from vmxtool.rules.commands import (
    convert_commands,
    disk_file,
    export_commands,
    import_commands,
    new_folder,
    old_folder,
    register_command,
)
from vmxtool.rules.names_of_host import named_alike
from vmxtool.rules.registry import code_of
from vmxtool.rules.state import is_hidden
from vmxtool.vmdk.paths import is_device

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vmxtool.findings import Finding
    from vmxtool.knowledge.product import Product
    from vmxtool.machine.model import Drive
    from vmxtool.planner.moves import Made, Move
    from vmxtool.rules.case import Files
    from vmxtool.rules.commands import Argv, DiskFile
    from vmxtool.rules.state import VmState

# A folder with more files than any VM has is somebody's, and not looked through.
_MOST_FILES = 10_000


class DiskWork:
    """What the steps of one plan do with the files of the VM's disks."""

    def __init__(self, files: Files, start: VmState, target: Product, found: Sequence[Finding]) -> None:
        """Begin for a VM, its state, its target, and what was found against the target at its start."""
        self.files, self.start, self.target, self.found = files, start, target, found

    @cached_property
    def holder(self) -> Product | None:
        """The product that has the VM at its start, or None where nothing tells."""
        return products().get(self.start.holder or "")

    @cached_property
    def _snapshots(self) -> frozenset[str]:
        """The marks of a state whose snapshots are removed."""
        removed = (it for it in (*self.files.findings, *self.found) if it.cure is Do.REMOVE_SNAPSHOTS)
        return frozenset(key for it in removed for key in it.keys)

    def drives(self, made: Made) -> list[Drive]:
        """Return the disks that a move is about: those that it changes, and those of the findings that it cures."""
        about = made.drives | {it.subject for it in made.move.cured}
        return [drive for drive in self.files.vm.disks if drive.id in about]

    def named(self, ids: Iterable[str], state: VmState) -> tuple[tuple[str, str], ...]:
        """Return some disks with the file that each has in a state."""
        wanted = [drive for drive in self.files.vm.disks if drive.id in set(ids)]
        return tuple((drive.id, self._label(drive, state)) for drive in wanted)

    def _label(self, drive: Drive, state: VmState) -> str:
        """Return what a disk is called: by where it lies; a device by the disk that was made of it."""
        if is_device(drive.file or ""):
            return f"the new disk of {drive.id}"
        file, seen = self._file(drive, state), drive.chain is not None and bool(drive.chain.links)
        unknown = self._is_renamed(drive, state) or (self._are_merged(state) and not seen)
        return drive.id if unknown else file.at or file.name

    def _is_renamed(self, drive: Drive, state: VmState) -> bool:
        """Return whether a disk may have another name by then, since two had one."""
        settled = code_of("disks-of-one-name-on-two-volumes") in state.settled
        return settled and any(drive in drives for drives in self.files.once(_alike))

    def _file(self, drive: Drive, state: VmState) -> DiskFile:
        return disk_file(drive, merged=self._are_merged(state))

    def _are_merged(self, state: VmState) -> bool:
        """Return whether the VM's snapshots are removed by then."""
        return not self._snapshots.isdisjoint(state.settled)

    def commands(self, move: Move, drives: Sequence[Drive], state: VmState) -> tuple[str | None, tuple[Argv, ...]]:
        """Return the commands of a move that converts disks or registers the VM, and whose they are."""
        vm = self.files.vm
        all_of_them = [self._file(drive, state) for drive in drives]
        seen = [
            file
            for drive, file in zip(drives, all_of_them, strict=True)
            if drive.chain is not None and drive.chain.links
        ]
        merged = self._are_merged(state)
        if len(seen) < len(drives) and move.do in {Do.IMPORT_DISKS, Do.CONVERT_DISKS}:
            return None, ()  # commands for some disks would be taken for all that there is to do
        if move.do is Do.IMPORT_DISKS and seen:
            # What is in the host's own format already is cloned into the new folder by the same command.
            native = {it.drive for it in state.disks if it.format == "esx"}
            seen += [self._file(drive, state) for drive in vm.disks if drive.id in native and drive not in drives]
            return self.target.id, import_commands(vm, seen, self.target, self.holder)
        if move.do is Do.EXPORT_DISKS:
            host = products().get(state.holder or "")
            host = host if host is not None and host.esx else None
            # What a disk that nobody has seen is called once its snapshots are removed, nobody knows either.
            unknown = (merged and len(seen) < len(drives)) or any(self._is_renamed(it, state) for it in drives)
            made = () if unknown else export_commands(vm, all_of_them, host)
            return (host.id if host is not None else "esxi"), made
        if move.do is Do.CONVERT_DISKS and seen and not any(it.format == "legacy" for it in state.disks):
            return "qemu-img", convert_commands(vm, seen, merged=merged)
        if move.do is Do.REGISTER_VM:
            command = register_command(vm, self.target)
            return self.target.id, (command,) if command is not None else ()
        return None, ()

    def left_here(self, made: Made) -> tuple[str, ...]:
        """Return the files of disks in the VM's folder that an export on its host leaves here: no disks of ESX."""
        others = (drive for drive in self.files.vm.disks if drive.id not in made.drives)
        here = (drive for drive in others if drive.chain is not None and drive.chain.links)
        return tuple(dict.fromkeys(self._file(drive, made.before).name for drive in here))

    @cached_property
    def fetched(self) -> str:
        """What of the VM is here as a copy, where an ESX host has it: its "config" alone, its "files", or nothing.

        A VM whose disks were all exported is here, and no more on that host.
        """
        if not self.is_on_esx:
            return ""
        here = any(drive.chain is not None and drive.chain.links for drive in self.files.vm.disks)
        return "files" if here else "config"

    @cached_property
    def is_on_esx(self) -> bool:
        """Whether the VM is on a host of ESX: one has it, and a disk of it is not in the format of hosted products."""
        on_esx = self.holder is not None and bool(self.holder.esx)
        return on_esx and (not self.start.disks or any(disk.format != "hosted" for disk in self.start.disks))

    @property
    def was_exported(self) -> bool:
        """Whether the VM was on a host of ESX, and its disks have been exported since."""
        return self.holder is not None and bool(self.holder.esx) and not self.is_on_esx

    @cached_property
    def folder_bytes(self) -> int | None:
        """How many bytes lie in the VM's folder, in the files of the folder itself.

        None where it cannot be listed, or a disk lies in a folder below or is still to come.
        """
        vm = self.files.vm
        paths = [it.found.path for it in vm.disks if it.found is not None and it.found.path is not None]
        inside = all(path.parent == vm.config.folder for path in paths)
        complete = self.files.seen and inside and not any(map(is_hidden, vm.disks))
        return self.files.once(_folder_bytes) if complete else None

    def space(self, drives: Sequence[Drive]) -> int | None:
        """Return how many bytes some disks may come to when written anew; None where the size of one is not known."""
        sizes = [drive.chain.links[0].capacity_bytes if drive.chain and drive.chain.links else None for drive in drives]
        known = [size for size in sizes if size is not None]
        return sum(known) if known and len(known) == len(sizes) else None

    def path(self, made: Made, *, imports: bool) -> str | None:
        """Return the folder on an ESX host that a move brings the VM to.

        Disks are imported from another folder than they go to.
        """
        if not features()["vmfs-folders"].holds(self.target):
            return None
        vm = self.files.vm
        if made.move.do is Do.COPY and self.target.esx:
            return old_folder(vm) if imports else new_folder(vm)
        return new_folder(vm) if made.move.do is Do.IMPORT_DISKS else None


def _alike(files: Files) -> list[list[Drive]]:
    return named_alike(files.vm)


def _folder_bytes(files: Files) -> int | None:
    return folder_of(files.vm).size(_MOST_FILES)
