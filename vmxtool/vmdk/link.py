"""Read one link of a disk's chain: its descriptor, its header, its files, and what is wrong with them."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from vmxtool import _files
from vmxtool._record import replace
from vmxtool.errors import InputError
from vmxtool.evidence import Evidence
from vmxtool.vmdk import descriptor as descriptors
from vmxtool.vmdk.descriptor import Descriptor
from vmxtool.vmdk.descriptor_lines import LineProblem
from vmxtool.vmdk.extents import ExtentReader
from vmxtool.vmdk.formats import format_of
from vmxtool.vmdk.headers.cowd import CowdHeader
from vmxtool.vmdk.headers.legacy_cowd import LegacyCowdHeader
from vmxtool.vmdk.headers.read import kind_of, read_header
from vmxtool.vmdk.headers.sparse import SparseHeader
from vmxtool.vmdk.model import ExtentFile, Link
from vmxtool.vmdk.problems import Problems, quoted_name
from vmxtool.vmdk.sectors import MAX_SECTORS, SECTOR

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from vmxtool._files import OpenFile
    from vmxtool.vmdk.headers.read import Header
    from vmxtool.vmdk.model import Format, Location
    from vmxtool.vmdk.plain_disk import PlainDisk

# A header and, in most sparse disks, the descriptor behind it: one read serves both.
HEAD_BYTES = 24 * SECTOR
# Names of disks without a description that real configs have: physical and virtual disks of Workstation 1 to 3, and
# disk images of other programs.
_RAW_SUFFIXES = frozenset({".raw", ".dsk", ".storage", ".vhd"})

# For all links of a chain together.
_MAX_CHAIN_LINES = descriptors.MAX_LINES


class LinkReader:
    """Reads the links of one chain and gathers their problems; counts what it reads, so that no chain costs much."""

    def __init__(self, folder: Path) -> None:
        """`folder` is the VM's folder: nothing outside is opened."""
        self.folder = folder
        self.problems = Problems()
        self._lines_left = _MAX_CHAIN_LINES
        self._extents = ExtentReader(folder, self.problems)

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
            return self._binary(path, file, head, stream)
        if descriptors.is_descriptor(head):
            return self._text(path, file, head, stream)
        return self._other(path, file, head, stream)

    def _other(self, path: Path, file: str, head: bytes, stream: OpenFile) -> Link:
        # Plain disks are twenty years old and rare.
        from vmxtool.vmdk import plain_disk

        if plain_disk.is_plain_disk(head):
            data = self._whole_text(file, head, stream)
            if data is None:
                return Link(file, path, "plain", format="legacy")
            return self._plain(path, file, plain_disk.parse_plain_disk(data))
        if path.suffix.lower() not in _RAW_SUFFIXES:
            problem = f"{quoted_name(file)} has neither a descriptor nor the header of a virtual disk"
            self.problems.add("unreadable", problem, Evidence(file))
        return Link(file, path, "raw")

    # --- text files ---

    def _text(self, path: Path, file: str, head: bytes, stream: OpenFile) -> Link:
        data = self._whole_text(file, head, stream)
        if data is None:
            return Link(file, path, "text")
        descriptor = Descriptor.parse(data)
        self.problems.of_descriptor(descriptor, file)
        link = _described(file, path, "text", descriptor)
        devices = link.format == "device"
        files, unclean = self._extents.follow(descriptor.extents, path, file, devices=devices)
        if not files:
            self.problems.add("no-extent", f"{quoted_name(file)} names no extent, so there is no data", Evidence(file))
        elif all(extent.access != "RW" for extent in files):
            evidence = (Evidence(file, extent.line, extent.type, extent.access) for extent in files)
            self.problems.add("no-extent", f"{quoted_name(file)} has no extent that can be written to", *evidence)
        return replace(
            link,
            capacity_sectors=_sum_of(files),
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
            self.problems.add("no-extent", f"{quoted_name(file)} names no data file", Evidence(file))
        return Link(
            file,
            path,
            "plain",
            format="legacy",
            capacity_sectors=_sum_of(files),
            adapter=disk.drive_type,
            extents=files,
            places=() if disk.drive_type is None else (Evidence(file, None, "DRIVETYPE", disk.drive_type),),
        )

    def _whole_text(self, file: str, head: bytes, stream: OpenFile) -> bytes | None:
        """Return all of a text file, or None where it is larger than any descriptor; then that is a problem."""
        data = head
        if stream.size > len(head):
            if stream.size > descriptors.MAX_BYTES:
                problem = f"{quoted_name(file)} has {stream.size} bytes, more than any descriptor"
                self.problems.add("unreadable", problem, Evidence(file))
                return None
            data = stream.read(0, descriptors.MAX_BYTES)
        return data if self._may_parse(data, file) else None

    def _may_parse(self, data: bytes, file: str) -> bool:
        """Whether so many lines more may be read for this chain; if not, that is a problem."""
        lines = data.count(b"\n") + 1
        if lines > self._lines_left:
            self.problems.add("unreadable", f"{quoted_name(file)} has more lines than any descriptor", Evidence(file))
            return False
        self._lines_left -= lines
        return True

    # --- binary files ---

    def _binary(self, path: Path, file: str, head: bytes, stream: OpenFile) -> Link:
        try:
            header = read_header(head, stream.size, stream.read, file)
        except InputError as error:
            self.problems.add("header-damaged", f"{quoted_name(file)} {error.problem}", Evidence(file), file=file)
            return Link(file, path, "header-only")
        self.problems.of_header(header, file)
        if isinstance(header, SparseHeader):
            self._extents.look_for_lost(header, stream, file)
            return self._sparse(path, file, head, header, stream)
        link = _headed(file, path, header)
        if isinstance(header, LegacyCowdHeader):
            extents = self._extents.legacy_files(header, path)
            places = (*link.places, *_stated(file, "controller", header.controller))
            return replace(link, extents=extents, parent_hint=header.parent, adapter=header.controller, places=places)
        return link

    def _sparse(self, path: Path, file: str, head: bytes, header: SparseHeader, stream: OpenFile) -> Link:
        offset, length = header.descriptor_offset * SECTOR, header.descriptor_size * SECTOR
        within = offset > 0 and 0 < length <= descriptors.MAX_BYTES and offset + length <= stream.size
        if not within:
            return _headed(file, path, header)
        region = head[offset : offset + length]
        if len(region) < length:
            region = stream.read(offset, length)
        # The extents of a split disk have room for a descriptor, which qemu leaves empty.
        if not region.strip(b"\x00") or not self._may_parse(region, file):
            return _headed(file, path, header)
        if not descriptors.is_descriptor(region):
            problem = f"{quoted_name(file)}: the sectors of its descriptor hold none"
            stated = Evidence(file, None, "descriptorOffset", str(offset // SECTOR))
            self.problems.add("header-damaged", problem, stated, file=file)
            return _headed(file, path, header)
        descriptor = Descriptor.parse(region, region=True)
        self.problems.of_descriptor(descriptor, file)
        return self._embedded(path, file, header, descriptor)

    def _embedded(self, path: Path, file: str, header: SparseHeader, descriptor: Descriptor) -> Link:
        link = _headed(file, path, header)
        described = _described(file, path, "embedded", descriptor)
        own = link.extents[0]
        if descriptor.extents:
            # The first extent is this file, whatever the line calls it: streams and renamed disks name another.
            first = descriptor.extents[0]
            sectors = self._sectors_of(first.sectors, header, file, first.line)
            own = replace(own, access=first.access, sectors=sectors, line=first.line)
        else:
            self.problems.add("no-extent", f"{quoted_name(file)}: its descriptor names no extent", Evidence(file))
        others, unclean = self._extents.follow(descriptor.extents[1:], path, file)
        files = (own, *others)
        return replace(
            described,
            format=link.format if described.format == "unknown" or header.compressed else described.format,
            capacity_sectors=_sum_of(files),
            extents=files,
            unclean_shutdown=link.unclean_shutdown or bool(unclean),
            descriptor_offset=header.descriptor_offset * SECTOR,
            descriptor_size=header.descriptor_size * SECTOR,
            header=header,
            places=(*link.places, *unclean),
        )

    def _sectors_of(self, stated: int, header: SparseHeader, file: str, line: int) -> int:
        """Return the size of an embedded first extent: as its line has it, unless the header contradicts."""
        # The header may be rounded up to whole grains, and a damaged one says nothing.
        if header.problems or 0 <= header.capacity - stated < header.grain_size:
            return stated
        self.problems.add(
            "capacity-mismatch",
            f"{quoted_name(file)}: the header has {header.capacity} sectors, the descriptor {stated}",
            Evidence(file, line, None, str(stated)),
            Evidence(file, None, "capacity", str(header.capacity)),
        )
        return header.capacity


def _described(file: str, path: Path, location: Location, descriptor: Descriptor) -> Link:
    """Return what a descriptor alone says of a link."""
    hw_version = descriptor.ddb.get("virtualHWVersion", "")
    return Link(
        file,
        path,
        location,
        create_type=descriptor.create_type,
        format=format_of(descriptor.create_type, (extent.type for extent in descriptor.extents)),
        adapter=descriptor.ddb.get("adapterType") or None,
        hw_version=int(hw_version) if hw_version.isdecimal() and len(hw_version) < 4 else None,
        cid=descriptor.cid,
        parent_cid=descriptor.parent_cid,
        parent_hint=descriptor.parent_file_name_hint,
        change_tracking=descriptor.change_track_path,
        encrypted=descriptor.encrypted,
        descriptor=descriptor,
    )


def _headed(file: str, path: Path, header: Header) -> Link:
    """Return what a binary header alone says of a link."""
    product: Format = "esx"
    kind = "SESPARSE"
    if isinstance(header, SparseHeader):
        product, kind = "transport" if header.compressed else "hosted", "SPARSE"
    elif isinstance(header, LegacyCowdHeader):
        product, kind = "legacy", "SPARSE"
    elif isinstance(header, CowdHeader):
        kind = "VMFSSPARSE"
    return Link(
        file,
        path,
        "header-only",
        format=product,
        capacity_sectors=header.capacity if 0 < header.capacity <= MAX_SECTORS else None,
        hw_version=header.hw_version if isinstance(header, LegacyCowdHeader) else None,
        parent_hint=header.parent if isinstance(header, CowdHeader) else None,
        extents=(ExtentFile("RW", header.capacity, kind, path.name, exists=True, outside=False, path=path, line=None),),
        unclean_shutdown=header.unclean_shutdown,
        header=header,
        places=_stated(file, "uncleanShutdown", "1" if header.unclean_shutdown else None),
    )


def _stated(file: str, key: str, value: str | None) -> tuple[Evidence, ...]:
    return () if value is None else (Evidence(file, None, key, value),)


def _sum_of(files: tuple[ExtentFile, ...]) -> int | None:
    total = sum(extent.sectors for extent in files)
    return total if 0 < total <= MAX_SECTORS else None
