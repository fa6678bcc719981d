"""Follow the extents of a disk to their files: are they there, are they whole, were they closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool import _files
from vmxtool.errors import InputError
from vmxtool.evidence import Evidence
from vmxtool.vmdk import grains, paths
from vmxtool.vmdk.headers.legacy_cowd import LegacyCowdHeader
from vmxtool.vmdk.headers.read import kind_of, read_header
from vmxtool.vmdk.headers.sparse import SparseHeader
from vmxtool.vmdk.model import ExtentFile
from vmxtool.vmdk.problems import quoted_name
from vmxtool.vmdk.sectors import SECTOR

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from vmxtool._files import OpenFile
    from vmxtool.vmdk.descriptor_lines import Extent
    from vmxtool.vmdk.headers.read import Header, Kind
    from vmxtool.vmdk.paths import FoundFile
    from vmxtool.vmdk.problems import Problems

# For all links of a chain together. Enough for a sparse disk of half a terabyte in pieces of 2 GB.
MAX_OPENED = 256

# Grain tables that are looked at for all links of a chain together, and of one file: all of 256 GiB that are in use.
_TABLES, _TABLES_OF_A_FILE = 8192, 4096

_HEADER_BYTES = 4 * SECTOR
_HEADED: dict[str, Kind] = {"SPARSE": "sparse", "VMFSSPARSE": "cowd", "SESPARSE": "sesparse"}
_WHOLE_FILES = frozenset({"FLAT", "VMFS"})


class ExtentReader:
    """Follows extents for all links of one chain; opens none outside the VM's folder, and so many inside."""

    def __init__(self, folder: Path, problems: Problems) -> None:
        """Begin with nothing opened; `folder` is the VM's folder."""
        self._folder = folder
        self._problems = problems
        self._may_open = MAX_OPENED
        self._tables_left = _TABLES

    def follow(
        self, extents: Iterable[Extent], owner: Path, file: str, *, devices: bool = False
    ) -> tuple[tuple[ExtentFile, ...], tuple[Evidence, ...]]:
        """Return the files of the extents that the descriptor at `owner`, shown as `file`, lists.

        With `devices`, an extent on a physical device is what it should be. The second value shows each file that
        was not closed.
        """
        files: list[ExtentFile] = []
        unclean: list[Evidence] = []
        missing: list[Evidence] = []
        outside: list[Evidence] = []
        for extent in extents:
            if extent.file is None:
                files.append(_extent_file(extent, None))
                continue
            place = paths.locate(extent.file, owner.parent, self._folder)
            files.append(_extent_file(extent, place))
            evidence = Evidence(file, extent.line, extent.type, extent.file)
            if place.outside:
                if not (place.device and devices):
                    outside.append(evidence)
            elif place.path is None:
                missing.append(evidence)
            elif place.size is None:
                self._problems.add("unreadable", f"{quoted_name(extent.file)} is not a regular file", evidence)
            else:
                unclean += self._look_into(extent, place.path, place.size, evidence)
        if missing:
            self._problems.add(
                "extent-missing", f"{quoted_name(file)} needs {_names(missing)}, not found here", *missing
            )
        if outside:
            where = "outside the VM's folder, where nothing is opened"
            self._problems.add("outside", f"{quoted_name(file)} names {_names(outside)} {where}", *outside)
        return tuple(files), tuple(unclean)

    def legacy_files(self, header: LegacyCowdHeader, owner: Path) -> tuple[ExtentFile, ...]:
        """Return the files of a disk of Workstation 3 that has several: `x.vmdk`, `x-02.vmdk` and so on."""
        files = [
            ExtentFile(
                "RW", header.file_sectors, "SPARSE", owner.name, exists=True, outside=False, path=owner, line=None
            )
        ]
        missing: list[Evidence] = []
        last = min(header.files_per_disk, MAX_OPENED) if header.file_ordinal == 0 else 1
        for number in range(2, last + 1):
            name = f"{owner.stem}-{number:02d}{owner.suffix}"
            place = paths.locate(name, owner.parent, self._folder)
            other = None if place.path is None else self._header(place.path, place.size or 0, "cowd", name)
            sectors = other.file_sectors if isinstance(other, LegacyCowdHeader) else 0
            files.append(
                ExtentFile("RW", sectors, "SPARSE", name, place.exists, outside=False, path=place.path, line=None)
            )
            if place.path is None:
                missing.append(Evidence(owner.name, None, "filesPerDisk", str(header.files_per_disk)))
        if missing:
            message = f"{quoted_name(owner.name)} is one of {header.files_per_disk} files; not here: {len(missing)}"
            self._problems.add("extent-missing", message, missing[0])
        return tuple(files)

    def _look_into(self, extent: Extent, path: Path, size: int, evidence: Evidence) -> list[Evidence]:
        """Compare a file with its extent line; return the place that shows it was not closed."""
        name = extent.file or ""
        if extent.type in _WHOLE_FILES:
            needed = ((extent.offset or 0) + extent.sectors) * SECTOR
            if size < needed:
                self._problems.add(
                    "extent-short", f"{quoted_name(name)} has {size} bytes of {needed}", evidence, file=name
                )
            return []
        kind = _HEADED.get(extent.type)
        if kind is None:
            return []
        header = self._header(path, size, kind, name)
        if header is None:
            return []
        if not header.problems and header.capacity < extent.sectors:
            message = f"{quoted_name(name)} is made for {header.capacity} sectors of {extent.sectors}"
            stated = Evidence(name, None, "capacity", str(header.capacity))
            self._problems.add("extent-short", message, evidence, stated, file=name)
        return [Evidence(name, None, "uncleanShutdown", "1")] if header.unclean_shutdown else []

    def look_for_lost(self, header: Header, stream: OpenFile, name: str) -> None:
        """Note where a growing file ends before a grain that its tables tell of."""
        if not isinstance(header, SparseHeader) or header.problems or self._tables_left <= 0:
            return
        try:
            looked = grains.look_for_lost(header, stream.size, stream.read, min(_TABLES_OF_A_FILE, self._tables_left))
        except InputError as error:
            self._problems.add("unreadable", f"{quoted_name(name)} cannot be read: {error.problem}", Evidence(name))
            return
        lost = looked.lost
        self._tables_left -= looked.tables
        if lost is not None:
            message = f"{quoted_name(name)} ends at byte {stream.size}, and has data at byte {lost}"
            self._problems.add("extent-short", message, Evidence(name, None, "grain", str(lost // SECTOR)), file=name)

    def _header(self, path: Path, size: int, kind: Kind, name: str) -> Header | None:
        """Read the header of a file and note its problems; None where it has none, or enough files were opened."""
        if self._may_open <= 0:
            return None
        self._may_open -= 1
        try:
            with _files.open_file(path) as stream:
                head = stream.read(0, _HEADER_BYTES)
                if kind_of(head) != kind:
                    problem = f"{quoted_name(name)} does not begin with a header"
                    self._problems.add("header-damaged", problem, Evidence(name), file=name)
                    return None
                header = read_header(head, size, stream.read, name)
                self._problems.of_header(header, name)
                self.look_for_lost(header, stream, name)
        except InputError as error:
            self._problems.add("header-damaged", f"{quoted_name(name)} {error.problem}", Evidence(name), file=name)
            return None
        return header


def _extent_file(extent: Extent, place: FoundFile | None) -> ExtentFile:
    return ExtentFile(
        access=extent.access,
        sectors=extent.sectors,
        type=extent.type,
        file=extent.file,
        exists=place is not None and place.exists,
        outside=place is not None and place.outside,
        path=None if place is None else place.path,
        line=extent.line,
    )


def _names(evidence: list[Evidence]) -> str:
    first = quoted_name(evidence[0].value or "")
    return first if len(evidence) == 1 else f"{first} and {len(evidence) - 1} more"
