"""What a disk is: its links and their files as frozen facts, and problems as values.

Sizes are in sectors of 512 bytes unless a name says bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from vmxtool._record import Record
from vmxtool.evidence import Evidence
from vmxtool.vmdk.descriptor import NO_PARENT
from vmxtool.vmdk.sectors import MAX_SECTORS, SECTOR

if TYPE_CHECKING:
    from pathlib import Path

    from vmxtool.vmdk.descriptor import Descriptor
    from vmxtool.vmdk.headers.read import Header

Location = Literal["text", "embedded", "header-only", "plain", "raw"]
Format = Literal["hosted", "esx", "transport", "device", "legacy", "unknown"]
ProblemKind = Literal[
    "missing",
    "extent-missing",
    "extent-short",
    "cid-mismatch",
    "capacity-mismatch",
    "loop",
    "too-deep",
    "outside",
    "unreadable",
    "header-damaged",
    "unknown-line",
    "adapter-conflict",
    "duplicate-key",
    "unfinished",
    "no-extent",
]


LOSING: frozenset[ProblemKind] = frozenset({"extent-short", "header-damaged", "unfinished"})
"""Problems of a file that is there, and whose data is not: it ends too early or does not begin with its header."""

DAMAGED: frozenset[ProblemKind] = LOSING | {"unknown-line", "duplicate-key", "adapter-conflict"}
"""Problems of a file that says what no product writes, whether or not its data is lost."""

UNREACHED: frozenset[ProblemKind] = frozenset({"missing", "outside"})
"""Problems of a disk, or of a parent, that is not in the VM's folder."""

BREAKING: frozenset[ProblemKind] = frozenset(
    {"missing", "cid-mismatch", "capacity-mismatch", "loop", "too-deep", "unreadable", "no-extent"}
)
"""Problems for which a product does not open the disk; "outside" is one only where it does not find the parent."""

HIDING: frozenset[ProblemKind] = LOSING | UNREACHED | {"extent-missing", "unreadable", "loop", "too-deep"}
"""Problems that hide a disk, or a part of it, so that nothing can be said of what it holds."""


class Problem(Record):
    """Something wrong with a disk.

    Attributes:
        kind: what.
        message: one sentence about it.
        evidence: the places that show it.
        file: the file whose data is not all there, as it is named, for the kinds in `LOSING` and for one that names no
            data; else None.
    """

    kind: ProblemKind
    message: str
    evidence: tuple[Evidence, ...] = ()
    file: str | None = None


class ExtentFile(Record):
    """An extent and the file that holds it.

    Attributes:
        access: "RW", "RDONLY" or "NOACCESS".
        sectors: size of the extent.
        type: "FLAT", "SPARSE", "VMFS" and so on, in upper case.
        file: the name as the descriptor has it; for an embedded descriptor's first extent, the disk file's own.
            None where the extent has no file.
        exists: whether a file is there; found by stat alone where it is outside.
        outside: the name leads out of the VM's folder, or to a device.
        path: where the file lies, if it lies inside the VM's folder and exists.
        line: line number in the descriptor, or None where no line says it.
    """

    access: str
    sectors: int
    type: str
    file: str | None
    exists: bool
    outside: bool
    path: Path | None
    line: int | None


class Link(Record):
    """One link of a disk's chain: a base disk, a delta or a redo log.

    Attributes:
        file: its name as shown to the reader, relative to the VM's folder.
        path: where it lies.
        location: where its description is: in a text file, in sectors of the disk file, in the disk file's header
            alone, in a plain disk's text file, or nowhere ("raw").
        create_type: `createType` as it is spelt, or None.
        format: which kind of product it is native to.
        capacity_sectors: capacity that the guest sees, or None where nothing tells.
        adapter: the adapter it was made for, as it is spelt, or None where this link does not say.
        hw_version: virtual hardware version it was made for, or None where this link does not say.
        cid: content identity as a number, or None.
        parent_cid: the parent's content identity when this link was made; `NO_PARENT` for a base; None if unreadable.
        parent_hint: where the parent was, or None.
        extents: the files that hold its data.
        change_tracking: the file of changed-block tracking, or None.
        unclean_shutdown: a header says that its file was not closed.
        encrypted: the descriptor names encryption keys.
        descriptor: the descriptor, or None.
        descriptor_offset: first byte of an embedded descriptor's region in the file, else None.
        descriptor_size: bytes of that region, else None.
        header: the header of this file, or None.
        places: where facts that stand on no descriptor line were read.
    """

    file: str
    path: Path
    location: Location
    create_type: str | None = None
    format: Format = "unknown"
    capacity_sectors: int | None = None
    adapter: str | None = None
    hw_version: int | None = None
    cid: int | None = None
    parent_cid: int | None = None
    parent_hint: str | None = None
    extents: tuple[ExtentFile, ...] = ()
    change_tracking: str | None = None
    unclean_shutdown: bool = False
    encrypted: bool = False
    descriptor: Descriptor | None = None
    descriptor_offset: int | None = None
    descriptor_size: int | None = None
    header: Header | None = None
    places: tuple[Evidence, ...] = ()

    def __repr__(self) -> str:
        return f"<link {self.file[:60]}, {self.format}, {len(self.extents)} extents>"

    @property
    def capacity_bytes(self) -> int | None:
        """Capacity in bytes, or None."""
        return None if self.capacity_sectors is None else self.capacity_sectors * SECTOR

    @property
    def is_child(self) -> bool:
        """Whether it says that it has a parent: by its content identity, by naming one, or by its header."""
        if self.parent_hint is not None or self.parent_cid not in {None, NO_PARENT}:
            return True
        return getattr(self.header, "root", True) is False

    def evidence(self, *keys: str) -> tuple[Evidence, ...]:
        """Return every place in this link with one of the keys (`ddb.adapterType`, `uncleanShutdown`), in any case."""
        wanted = {key.lower() for key in keys}
        found: list[Evidence] = []
        if self.descriptor is not None:
            found += [
                Evidence(self.file, setting.line, setting.key, self.descriptor.value_of(setting))
                for setting in self.descriptor.settings
                if setting.key.lower() in wanted
            ]
        found += [place for place in self.places if place.key is not None and place.key.lower() in wanted]
        return tuple(found)

    @property
    def adapter_evidence(self) -> tuple[Evidence, ...]:
        """Where `adapter` was read."""
        return self.evidence("ddb.adapterType", "controller", "DRIVETYPE")


def total_sectors(files: tuple[ExtentFile, ...]) -> int | None:
    """Return the capacity that extents come to, or None where no disk has it."""
    total = sum(extent.sectors for extent in files)
    return total if 0 < total <= MAX_SECTORS else None
