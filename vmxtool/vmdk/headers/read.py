"""Which header a file begins with, and that header as a record of its format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from vmxtool.vmdk.headers.cowd import CowdHeader, read_cowd
from vmxtool.vmdk.headers.legacy_cowd import LegacyCowdHeader, read_legacy_cowd
from vmxtool.vmdk.headers.se_sparse import SeSparseHeader, read_se_sparse
from vmxtool.vmdk.headers.sparse import SparseHeader, read_sparse

if TYPE_CHECKING:
    from pathlib import Path

    from vmxtool.vmdk.headers.layout import Read

Header = SparseHeader | CowdHeader | LegacyCowdHeader | SeSparseHeader
Kind = Literal["sparse", "cowd", "sesparse", "change-tracking"]

_MAGICS: dict[bytes, Kind] = {
    b"KDMV": "sparse",
    b"kdmv": "sparse",
    b"COWD": "cowd",
    b"\xbe\xba\xfe\xca": "sesparse",
    b"\xa2\x72\x19\xf6": "change-tracking",
}


def kind_of(head: bytes) -> Kind | None:
    """Return what the first four bytes of a file say it is, or None."""
    return _MAGICS.get(head[:4])


def read_header(head: bytes, size: int, read: Read, where: Path | str) -> Header:
    """Read the header at the beginning of a file that `kind_of` knows as a disk.

    Args:
        head: the first 2048 bytes of the file, or more.
        size: the file's size in bytes.
        read: gives up to so many bytes from an offset; called for the footer and for the volatile header only.
        where: the file, for messages.

    Raises:
        InputError: the file ends within its header.
        ValueError: it is no disk.
    """
    kind = kind_of(head)
    if kind == "sparse":
        return read_sparse(head, size, read, where)
    if kind == "cowd":
        legacy = read_legacy_cowd(head, size, where)
        return read_cowd(head, size, where) if legacy is None else legacy
    if kind == "sesparse":
        return read_se_sparse(head, size, read, where)
    raise ValueError(f"{where} has no header of a virtual disk")
