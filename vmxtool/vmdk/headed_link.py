"""Read a link whose file begins with a binary header, and the descriptor that may lie behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool._record import replace
from vmxtool.errors import InputError
from vmxtool.evidence import Evidence
from vmxtool.vmdk.chain_texts import describe_link
from vmxtool.vmdk.descriptor import MAX_BYTES, Descriptor, is_descriptor
from vmxtool.vmdk.headers.cowd import CowdHeader
from vmxtool.vmdk.headers.legacy_cowd import LegacyCowdHeader
from vmxtool.vmdk.headers.read import read_header
from vmxtool.vmdk.headers.sparse import SparseHeader
from vmxtool.vmdk.model import ExtentFile, Link, total_sectors
from vmxtool.vmdk.problems import quoted_name
from vmxtool.vmdk.sectors import MAX_SECTORS, SECTOR

if TYPE_CHECKING:
    from pathlib import Path

    from vmxtool._files import OpenFile
    from vmxtool.vmdk.chain_texts import ChainTexts
    from vmxtool.vmdk.extents import ExtentReader
    from vmxtool.vmdk.headers.read import Header
    from vmxtool.vmdk.model import Format
    from vmxtool.vmdk.problems import Problems


class HeadedLinkReader:
    """Reads links by their headers; where header and descriptor both speak, says which is believed."""

    def __init__(self, problems: Problems, texts: ChainTexts, extents: ExtentReader) -> None:
        """Take problems, texts and extents of the chain, which count for all its links."""
        self._problems = problems
        self._texts = texts
        self._extents = extents

    def read(self, path: Path, file: str, head: bytes, stream: OpenFile) -> Link:
        """Return the link whose file lies at `path`, shown as `file`, and begins with `head`."""
        try:
            header = read_header(head, stream.size, stream.read, file)
        except InputError as error:
            self._problems.add("header-damaged", f"{quoted_name(file)} {error.problem}", Evidence(file), file=file)
            return Link(file, path, "header-only")
        self._problems.of_header(header, file)
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
        within = offset > 0 and 0 < length <= MAX_BYTES and offset + length <= stream.size
        if not within:
            return _headed(file, path, header)
        region = head[offset : offset + length]
        if len(region) < length:
            region = stream.read(offset, length)
        # The extents of a split disk have room for a descriptor, which qemu leaves empty.
        if not region.strip(b"\x00") or not self._texts.may_parse(region, file):
            return _headed(file, path, header)
        if not is_descriptor(region):
            problem = f"{quoted_name(file)}: the sectors of its descriptor hold none"
            stated = Evidence(file, None, "descriptorOffset", str(offset // SECTOR))
            self._problems.add("header-damaged", problem, stated, file=file)
            return _headed(file, path, header)
        descriptor = Descriptor.parse(region, region=True)
        self._problems.of_descriptor(descriptor, file)
        return self._embedded(path, file, header, descriptor)

    def _embedded(self, path: Path, file: str, header: SparseHeader, descriptor: Descriptor) -> Link:
        link = _headed(file, path, header)
        described = describe_link(file, path, "embedded", descriptor)
        own = link.extents[0]
        if descriptor.extents:
            # The first extent is this file, whatever the line calls it: streams and renamed disks name another.
            first = descriptor.extents[0]
            sectors = self._sectors_of(first.sectors, header, file, first.line)
            own = replace(own, access=first.access, sectors=sectors, line=first.line)
        else:
            self._problems.add("no-extent", f"{quoted_name(file)}: its descriptor names no extent", Evidence(file))
        others, unclean = self._extents.follow(descriptor.extents[1:], path, file)
        files = (own, *others)
        return replace(
            described,
            format=link.format if described.format == "unknown" or header.compressed else described.format,
            capacity_sectors=total_sectors(files),
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
        self._problems.add(
            "capacity-mismatch",
            f"{quoted_name(file)}: the header has {header.capacity} sectors, the descriptor {stated}",
            Evidence(file, line, None, str(stated)),
            Evidence(file, None, "capacity", str(header.capacity)),
        )
        return header.capacity


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
