"""Read one link of a disk's chain, whatever kind of file it is, and what is wrong with it."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from vmxtool import _files
from vmxtool._record import replace
from vmxtool.errors import InputError
from vmxtool.evidence import Evidence
from vmxtool.vmdk import descriptor as descriptors
from vmxtool.vmdk.chain_texts import ChainTexts, describe_link
from vmxtool.vmdk.descriptor import Descriptor
from vmxtool.vmdk.descriptor_lines import LineProblem
from vmxtool.vmdk.extents import ExtentReader
from vmxtool.vmdk.headed_link import HeadedLinkReader
from vmxtool.vmdk.headers.read import kind_of
from vmxtool.vmdk.model import Link, total_sectors
from vmxtool.vmdk.problems import Problems, quoted_name
from vmxtool.vmdk.sectors import SECTOR

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from vmxtool._files import OpenFile
    from vmxtool.vmdk.plain_disk import PlainDisk

# A header and, in most sparse disks, the descriptor behind it: one read serves both.
HEAD_BYTES = 24 * SECTOR
# Names of disks without a description that real configs have: physical and virtual disks of Workstation 1 to 3, and
# disk images of other programs.
_RAW_SUFFIXES = frozenset({".raw", ".dsk", ".storage", ".vhd"})


class LinkReader:
    """Reads the links of one chain and gathers their problems; counts what it reads, so that no chain costs much."""

    def __init__(self, folder: Path) -> None:
        """Make the readers of a chain; `folder` is the VM's folder: nothing outside is opened."""
        self.folder = folder
        self.problems = Problems()
        self._texts = ChainTexts(self.problems)
        self._extents = ExtentReader(folder, self.problems)
        self._headed = HeadedLinkReader(self.problems, self._texts, self._extents)

    def read(self, path: Path, file: str, status: os.stat_result | None) -> Link | None:
        """Return the link whose file lies at `path`, shown as `file`; None where it cannot be read at all.

        `status` is what the system says of the file, None where it is not there.
        """
        if status is None or not stat.S_ISREG(status.st_mode):
            self.problems.add("unreadable", f"{quoted_name(file)} is not a regular file", Evidence(file))
            return None
        try:
            with _files.open_file(path) as stream:
                return self._read(path, file, stream)
        except InputError as error:
            self.problems.add("unreadable", f"{quoted_name(file)} cannot be read: {error.problem}", Evidence(file))
            return None

    def _read(self, path: Path, file: str, stream: OpenFile) -> Link:
        head = stream.read(0, HEAD_BYTES)
        kind = kind_of(head)
        if kind == "change-tracking":
            problem = f"{quoted_name(file)} tracks changes of a disk and is none itself"
            self.problems.add("unreadable", problem, Evidence(file))
            return Link(file, path, "raw")
        if kind is not None:
            return self._headed.read(path, file, head, stream)
        if descriptors.is_descriptor(head):
            return self._text(path, file, head, stream)
        return self._other(path, file, head, stream)

    def _other(self, path: Path, file: str, head: bytes, stream: OpenFile) -> Link:
        # Plain disks are twenty years old and rare.
        from vmxtool.vmdk import plain_disk

        if plain_disk.is_plain_disk(head):
            data = self._texts.whole(file, head, stream)
            if data is None:
                return Link(file, path, "plain", format="legacy")
            return self._plain(path, file, plain_disk.parse_plain_disk(data))
        if path.suffix.lower() not in _RAW_SUFFIXES:
            problem = f"{quoted_name(file)} has neither a descriptor nor the header of a virtual disk"
            self.problems.add("unreadable", problem, Evidence(file))
        return Link(file, path, "raw")

    def _text(self, path: Path, file: str, head: bytes, stream: OpenFile) -> Link:
        data = self._texts.whole(file, head, stream)
        if data is None:
            return Link(file, path, "text")
        descriptor = Descriptor.parse(data)
        self.problems.of_descriptor(descriptor, file)
        link = describe_link(file, path, "text", descriptor)
        devices = link.format == "device"
        files, unclean = self._extents.follow(descriptor.extents, path, file, devices=devices)
        if not files:
            message = f"{quoted_name(file)} names no extent, so there is no data"
            self.problems.add("no-extent", message, Evidence(file), file=file)
        elif all(extent.access != "RW" for extent in files):
            evidence = (Evidence(file, extent.line, extent.type, extent.access) for extent in files)
            self.problems.add("no-extent", f"{quoted_name(file)} has no extent that can be written to", *evidence)
        return replace(
            link,
            capacity_sectors=total_sectors(files),
            extents=files,
            unclean_shutdown=bool(unclean),
            places=unclean,
        )

    def _plain(self, path: Path, file: str, disk: PlainDisk) -> Link:
        problems = [
            *disk.unknown,
            *(LineProblem(item.line, str(item), item.problem) for item in disk.extents if item.problem),
        ]
        self.problems.add_lines(problems, file)
        files, _ = self._extents.follow(disk.extents, path, file)
        if not files:
            self.problems.add("no-extent", f"{quoted_name(file)} names no data file", Evidence(file), file=file)
        return Link(
            file,
            path,
            "plain",
            format="legacy",
            capacity_sectors=total_sectors(files),
            adapter=disk.drive_type,
            extents=files,
            places=() if disk.drive_type is None else (Evidence(file, None, "DRIVETYPE", disk.drive_type),),
        )
