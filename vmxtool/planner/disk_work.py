"""The disks that a step is about, and the commands that convert them, carry them over or register the VM."""

from __future__ import annotations

import os
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

from vmxtool._files import is_on_esx
from vmxtool.findings import Do
from vmxtool.knowledge.features import features
from vmxtool.knowledge.products import products
from vmxtool.rules.commands import (
    convert_commands,
    disk_file,
    export_commands,
    import_commands,
    new_folder,
    old_folder,
    register_command,
)
from vmxtool.rules.data_elsewhere import is_elsewhere

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

    def __init__(self, files: Files, target: Product, found: Sequence[Finding]) -> None:
        """Begin for a VM, its target, and what was found against the target at its start."""
        self.files, self.target, self.found = files, target, found

    @cached_property
    def _snapshots(self) -> frozenset[str]:
        """The marks of a state whose snapshots are removed."""
        removed = (it for it in (*self.files.findings, *self.found) if it.cure is Do.REMOVE_SNAPSHOTS)
        return frozenset(key for it in removed for key in it.keys)

    def drives(self, made: Made) -> list[Drive]:
        """The disks that a move is about: those that it changes, and those of the findings that it cures."""
        about = made.drives | {it.subject for it in made.move.cured}
        return [drive for drive in self.files.vm.disks if drive.id in about]

    def named(self, ids: Iterable[str], state: VmState) -> tuple[tuple[str, str], ...]:
        """Some disks with the file that each has in a state."""
        wanted = set(ids)
        return tuple((drive.id, self._file(drive, state).name) for drive in self.files.vm.disks if drive.id in wanted)

    def _file(self, drive: Drive, state: VmState) -> DiskFile:
        return disk_file(drive, merged=self._are_merged(state))

    def _are_merged(self, state: VmState) -> bool:
        """Whether the VM's snapshots are removed by then."""
        return not self._snapshots.isdisjoint(state.settled)

    def commands(self, move: Move, drives: Sequence[Drive], state: VmState) -> tuple[str | None, tuple[Argv, ...]]:
        """The commands of a move that converts disks or registers the VM, and whose they are."""
        vm = self.files.vm
        seen = [self._file(drive, state) for drive in drives if drive.chain is not None and drive.chain.links]
        merged = self._are_merged(state)
        if move.do is Do.IMPORT_DISKS and seen:
            # What is in the host's own format already is cloned into the new folder by the same command.
            native = {it.drive for it in state.disks if it.format == "esx"}
            seen += [self._file(drive, state) for drive in vm.disks if drive.id in native and drive not in drives]
            return self.target.id, import_commands(vm, seen, self.target)
        if move.do is Do.EXPORT_DISKS:
            host = products().get(state.holder or "")
            host = host if host is not None and host.esx else None
            made = export_commands(vm, seen, host, merged=merged) if seen else ()
            return (host.id if host is not None else "esxi"), made
        if move.do is Do.CONVERT_DISKS and seen and not any(it.format == "legacy" for it in state.disks):
            return "qemu-img", convert_commands(vm, seen, merged=merged)
        if move.do is Do.REGISTER_VM:
            command = register_command(vm, self.target)
            return self.target.id, (command,) if command is not None else ()
        return None, ()

    def left_here(self, made: Made, commands: Sequence[Argv]) -> tuple[str, ...]:
        """The files of disks in the VM's folder that an export on its host leaves here; its commands take all along."""
        if commands:
            return ()
        others = (drive for drive in self.files.vm.disks if drive.id not in made.drives)
        here = (drive for drive in others if drive.chain is not None and drive.chain.links)
        return tuple(dict.fromkeys(self._file(drive, made.before).name for drive in here))

    @cached_property
    def lie_on_host(self) -> bool:
        """Whether the VM runs where a disk of it lies, on an ESX host, and the config here is a copy."""
        return any(is_elsewhere(drive) and is_on_esx(drive.file or "") for drive in self.files.vm.disks)

    @cached_property
    def folder_bytes(self) -> int | None:
        """How many bytes lie in the VM's folder, in the files of the folder itself; None where it cannot be listed."""
        return self.files.once(_folder_bytes) if self.files.seen else None

    def space(self, drives: Sequence[Drive]) -> int | None:
        """How many bytes some disks may come to when they are written anew; None where the size of one is not known."""
        sizes = [drive.chain.links[0].capacity_bytes if drive.chain and drive.chain.links else None for drive in drives]
        known = [size for size in sizes if size is not None]
        return sum(known) if known and len(known) == len(sizes) else None

    def path(self, made: Made, commands: Sequence[Argv]) -> str | None:
        """The folder on an ESX host that a move brings the VM to: disks are imported from another than they go to."""
        if not features()["vmfs-folders"].holds(self.target):
            return None
        vm, formats = self.files.vm, {disk.format for disk in made.before.disks}
        if made.move.do is Do.COPY and self.target.esx:
            return old_folder(vm) if formats - {"esx", "unseen"} else new_folder(vm)
        return new_folder(vm) if made.move.do is Do.IMPORT_DISKS and commands else None


def _folder_bytes(files: Files) -> int | None:
    folder = files.vm.config.folder
    try:
        with os.scandir(folder) as entries:
            found = [it.stat(follow_symlinks=False).st_size for it in islice(entries, _MOST_FILES) if it.is_file()]
    except OSError:
        return None
    return sum(found) if len(found) < _MOST_FILES else None
