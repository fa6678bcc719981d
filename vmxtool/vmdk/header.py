"""Binary headers of virtual disks as frozen facts, each with what is wrong in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from vmxtool._record import Record

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Kind = Literal["sparse", "cowd", "sesparse", "change-tracking"]

SECTOR = 512

# Bits of a sparse header's flags.
NEWLINE_TEST = 1 << 0
REDUNDANT_DIRECTORY = 1 << 1
COMPRESSED = 1 << 16
MARKERS = 1 << 17

_MAGICS: dict[bytes, Kind] = {
    b"KDMV": "sparse",
    b"kdmv": "sparse",
    b"COWD": "cowd",
    b"\xbe\xba\xfe\xca": "sesparse",
    b"\xa2\x72\x19\xf6": "change-tracking",
}


class SparseHeader(Record):
    """`SparseExtentHeader` of a hosted or stream-optimized sparse file. Offsets and sizes are in sectors.

    Attributes:
        descriptor_offset: where the descriptor's region begins, 0 for none.
        descriptor_size: sectors of that region.
        rgd_offset: the second grain directory, or None where the flags say that there is none.
        gd_offset: the grain directory; from the footer where the header leaves it to that.
        unclean_shutdown: the file was not closed.
        unfinished: the writer was not done with it (`kdmv`).
        from_footer: the fields are those of the footer.
        damage: what is wrong, as clauses; a header with any is not to be built upon.
    """

    version: int
    flags: int
    capacity: int
    grain_size: int
    descriptor_offset: int
    descriptor_size: int
    gtes_per_gt: int
    rgd_offset: int | None
    gd_offset: int
    overhead: int
    unclean_shutdown: bool
    unfinished: bool
    from_footer: bool
    damage: tuple[str, ...]

    @property
    def compressed(self) -> bool:
        """Whether grains are compressed, as in a stream-optimized disk, which cannot be written to."""
        return bool(self.flags & COMPRESSED)


class CowdHeader(Record):
    """`COWDisk_Header` of ESX: a snapshot's delta or a redo log. `parent` is None where a descriptor has the chain."""

    capacity: int
    grain_size: int
    gd_offset: int
    gd_entries: int
    free_sector: int
    parent: str | None
    unclean_shutdown: bool
    damage: tuple[str, ...]


class LegacyCowdHeader(Record):
    """Header of a disk of Workstation 2 and 3 or GSX Server 1 and 2, which have no descriptor.

    Attributes:
        version: 1 from Workstation 2, 3 from Workstation 3.
        capacity: sectors of the whole disk.
        file_sectors: sectors that this file holds; less than `capacity` where there are several files.
        root: whether it has no parent.
        parent: path of the parent as written in a child, or None.
        controller: "ide" or "scsi", or None.
        file_ordinal: number of this file, from 0.
        files_per_disk: how many files the disk has.
        hw_version: virtual hardware version 1 to 3, or None where it is not set.
        parent_timestamp: time stamp of the parent when this link was made; the chain check of that time.
        timestamp: time stamp of this file.
        damage: what is wrong, as clauses.
    """

    version: int
    capacity: int
    file_sectors: int
    grain_size: int
    root: bool
    parent: str | None
    controller: str | None
    file_ordinal: int
    files_per_disk: int
    hw_version: int | None
    parent_timestamp: int
    timestamp: int
    unclean_shutdown: bool
    damage: tuple[str, ...]


class SeSparseHeader(Record):
    """Constant and volatile header of a space-efficient sparse delta; `unclean_shutdown`: a journal waits."""

    capacity: int
    grain_size: int
    unclean_shutdown: bool
    damage: tuple[str, ...]


Header = SparseHeader | CowdHeader | LegacyCowdHeader | SeSparseHeader


def kind_of(head: bytes) -> Kind | None:
    """What the first four bytes of a file say it is, or None."""
    return _MAGICS.get(head[:4])


def read_header(head: bytes, size: int, read: Callable[[int, int], bytes], where: Path | str) -> Header:
    """The header at the beginning of a file that `kind_of` knows as a disk.

    Args:
        head: the first 2048 bytes of the file, or more.
        size: the file's size in bytes.
        read: gives up to so many bytes from an offset; called for the footer and for the volatile header only.
        where: the file, for messages.

    Raises:
        InputError: the file ends within its header.
        ValueError: it is no disk.
    """
    # Loads Construct, which a VM with text descriptors alone never needs.
    from vmxtool.vmdk import header_fields

    kind = kind_of(head)
    if kind == "sparse":
        return header_fields.sparse(head, size, read, where)
    if kind == "cowd":
        return header_fields.cowd(head, size, where)
    if kind == "sesparse":
        return header_fields.sesparse(head, size, read, where)
    raise ValueError(f"{where} has no header of a virtual disk")
