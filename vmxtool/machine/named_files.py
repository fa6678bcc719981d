"""The files that a VM's config and disks name: whether they are there, how large, and what needs them.

Worked out when it is asked for. Nothing is opened here; what lies outside the VM's folder is looked at by stat alone.
"""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING, Literal

from vmxtool import _files
from vmxtool._record import Record
from vmxtool.machine.folder import folder_of
from vmxtool.machine.peripherals import peripherals_of
from vmxtool.vmdk import paths

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vmxtool.machine.model import Drive, Machine
    from vmxtool.vmdk.chain import Link
    from vmxtool.vmdk.model import ExtentFile
    from vmxtool.vmx.document import Document

# fmt: off
FileRole = Literal[
    "config", "extended-config", "disk", "extent", "parent", "device", "change-tracking", "redo-log", "nvram",
    "firmware", "snapshots", "snapshot", "memory", "image", "port-file",
]
# fmt: on

MOST = 10_000
"""So many files are looked at: a disk of 16 TB in pieces of 2 GB is of 8,000."""
_BLOCK = 512
FIRMWARE = ("bios440.filename", "efi32.filename", "efi64.filename")
"""Settings that name a file with another firmware than the product's own."""
# Settings that name what a network adapter starts from instead of the product's own, such as e1000bios.filename.
_OPTION_ROM = r"(?!bios)[a-z0-9]{1,16}bios\.filename"


class NamedFile(Record):
    """A file that a VM names.

    Attributes:
        name: its name: relative to the VM's folder where it lies there, else as it is written.
        role: what it is to the VM.
        named_by: the setting, or the file, that names it; None for the config itself.
        exists: whether it is there, as seen from here.
        inside: whether the name leads into the VM's folder.
        bytes: its length, or None where that is not known.
        allocated: bytes that it takes on its disk, or None where the system does not tell.
        needed: whether the VM cannot start without it, or not as it was: its disks with all that they are made of, the
            state of a suspended VM, the variables of EFI and what a TPM holds.
    """

    name: str
    role: FileRole
    named_by: str | None
    exists: bool
    inside: bool
    bytes: int | None
    allocated: int | None
    needed: bool


def named_files(vm: Machine) -> tuple[NamedFile, ...]:
    """Return the files that a VM names, each once, the config first; worked out once for a machine."""
    found: tuple[NamedFile, ...] | None = vm.memo.get("named_files")
    if found is None:
        found = vm.memo["named_files"] = tuple(_Files(vm).gather())
    return found


def option_roms(document: Document) -> list[str]:
    """Return the settings, by folded key, that name what a network adapter starts from instead of the product's own."""
    return [key for key in document.folded() if key.endswith("bios.filename") and re.fullmatch(_OPTION_ROM, key)]


class _Files:
    """Gathers the files of one VM, each once, whatever names it first."""

    def __init__(self, vm: Machine) -> None:
        self.vm = vm
        self.folder = vm.config.folder
        self.root = os.path.join(os.path.realpath(self.folder), "")
        self.found: dict[str, NamedFile] = {}

    def gather(self) -> Iterator[NamedFile]:
        vm, document = self.vm, self.vm.config.document
        self._add_path(vm.config.path, vm.config.file, "config", None, needed=True)
        for drive in vm.disks:
            self._add_disk(drive)
        lasting = vm.firmware == "efi" or vm.tpm
        settings: list[tuple[str, FileRole, bool]] = [
            ("nvram", "nvram", lasting),
            ("extendedConfigFile", "extended-config", False),
            ("checkpoint.vmState", "memory", True),
            *[(key, "firmware", True) for key in FIRMWARE],
            *[(key, "firmware", False) for key in option_roms(document)],
        ]
        for key, role, needed in settings:
            name = document.get(key)
            if name:
                self._add(name, role, document.spelling(key), needed=needed)
                if role == "memory":
                    self._add_memory_of(name, needed=True)
        self._add_snapshots()
        for drive in vm.drives:
            if drive.kind in {"cdrom", "floppy"} and drive.file is not None:
                self._add(drive.file, "image", self._key(drive), needed=False)
        for port in peripherals_of(vm).ports:
            if port.backing == "file" and port.path is not None:
                self._add(port.path, "port-file", f"{port.id}.fileName", needed=False)
        yield from self.found.values()

    def _add_disk(self, drive: Drive) -> None:
        links = drive.chain.links if drive.chain is not None else ()
        if drive.file is None:
            return
        if not links:
            self._add(drive.file, "disk", self._key(drive), needed=True)
        child: Link | None = None
        for link in links:
            role: FileRole = "disk" if child is None else "parent"
            self._add_path(link.path, link.file, role, self._key(drive) if child is None else child.file, needed=True)
            for extent in link.extents:
                self._add_extent(extent, link)
            if link.change_tracking:
                # A product does not open a disk whose record of changes it cannot open.
                self._add(link.change_tracking, "change-tracking", link.file, link.path.parent, needed=True)
            child = link
        if child is not None and child.is_child and child.parent_hint is not None:
            # The base of a whole chain names no parent; what is named here was not reached.
            self._add(child.parent_hint, "parent", child.file, child.path.parent, needed=True)
        if drive.redo is not None:
            self._add(drive.redo, "redo-log", f"{drive.id}.redo", needed=True)

    def _add_extent(self, extent: ExtentFile, link: Link) -> None:
        if extent.file is None or len(self.found) >= MOST:
            return
        if extent.path is not None:
            self._add_path(extent.path, paths.shown(extent.path, self.folder), "extent", link.file, needed=True)
            return
        place = paths.locate(extent.file, link.path.parent, self.folder)
        role: FileRole = "device" if place.device else "extent"
        self._note(extent.file, role, link.file, exists=place.exists, inside=not place.outside, needed=True)

    def _add_snapshots(self) -> None:
        vm = self.vm
        database = folder_of(vm).find(f"{vm.config.path.stem}.vmsd")
        if database is None:
            return
        self._add(database, "snapshots", vm.config.file, needed=False)
        for snapshot in vm.snapshots.tree:
            if snapshot.state_file is not None:
                self._add(snapshot.state_file, "snapshot", database, needed=False)
                self._add_memory_of(snapshot.state_file, needed=False)
            for disk in snapshot.disks:
                self._add(disk.file, "disk", database, needed=False)

    def _add_memory_of(self, state: str, *, needed: bool) -> None:
        """Add the memory beside a state file, which the state alone names."""
        memory = f"{state.rpartition('.')[0]}.vmem"
        if _files.resolve(self.folder, memory).path is not None:
            self._add(memory, "memory", state, needed=needed)

    def _add(self, name: str, role: FileRole, by: str | None, here: Path | None = None, *, needed: bool) -> None:
        if len(self.found) >= MOST:
            return
        named = _files.resolve(here or self.folder, name, self.folder)
        if named.path is not None:
            self._add_path(named.path, paths.shown(named.path, self.folder), role, by, needed=needed)
            return
        status = _status(os.path.join(here or self.folder, name)) if named.exists else None
        self._note(name, role, by, exists=named.exists, inside=not named.outside, status=status, needed=needed)

    def _add_path(self, path: Path, name: str, role: FileRole, by: str | None, *, needed: bool) -> None:
        if len(self.found) >= MOST:
            return
        real = str(_files.real_path(path, self.folder))
        if real in self.found:
            return
        status = _status(real)
        inside = real.startswith(self.root)
        self._note(name, role, by, exists=status is not None, inside=inside, status=status, needed=needed, at=real)

    def _note(
        self,
        name: str,
        role: FileRole,
        by: str | None,
        *,
        exists: bool,
        inside: bool,
        needed: bool,
        status: os.stat_result | None = None,
        at: str | None = None,
    ) -> None:
        if len(self.found) >= MOST:
            return
        regular = status is not None and stat.S_ISREG(status.st_mode)
        blocks = getattr(status, "st_blocks", None)  # which Windows does not have
        self.found.setdefault(
            name if at is None else at,
            NamedFile(
                name,
                role,
                by,
                exists,
                inside,
                bytes=status.st_size if regular and status is not None else None,
                allocated=blocks * _BLOCK if regular and blocks is not None else None,
                needed=needed,
            ),
        )

    @staticmethod
    def _key(drive: Drive) -> str:
        return next((place.key for place in drive.file_evidence if place.key), f"{drive.id}.fileName")


def _status(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)  # noqa: PTH116 a name as it was joined, which a Path may spell otherwise
    except (OSError, ValueError):
        return None
