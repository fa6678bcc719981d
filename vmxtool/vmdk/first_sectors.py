"""Which firmware starts a guest from a disk, by the partition table in its first sectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from vmxtool import _files
from vmxtool.errors import InputError
from vmxtool.vmdk.headers.read import kind_of, read_header
from vmxtool.vmdk.headers.sparse import SparseHeader
from vmxtool.vmdk.sectors import SECTOR

if TYPE_CHECKING:
    from pathlib import Path

    from vmxtool.vmdk.chain import Chain
    from vmxtool.vmdk.headers.layout import Read
    from vmxtool.vmdk.model import Link

Firmware = Literal["bios", "efi"]

_WANTED = 34 * SECTOR  # a boot record, the header of a GPT, and its 128 entries
_HEADER_BYTES = 2048
_FLAT = frozenset({"FLAT", "VMFS"})
_SIGNATURE, _GPT = b"\x55\xaa", b"EFI PART"
_TABLE, _ENTRY, _ENTRIES = 446, 16, 4  # where the entries of a boot record begin, how long each is, how many there are
_PROTECTIVE, _SYSTEM, _ACTIVE = 0xEE, 0xEF, 0x80
_GPT_ENTRY = 128
# Kinds of GPT partitions, as they lie on the disk: that of EFI, and the one in which GRUB has its code for BIOS.
_EFI_SYSTEM = bytes.fromhex("28732ac11ff8d211ba4b00a0c93ec93b")
_BIOS_BOOT = b"Hah!IdontNeedEFI"


def started_by(chain: Chain) -> Firmware | None:
    """Return the one firmware that starts a guest from a disk; None where either may, or where the disk does not tell.

    Of a chain the base is looked at: a snapshot seldom changes what a disk is started with.
    """
    if not chain.links or chain.encrypted or chain.links[-1].is_child:
        return None
    try:
        data = _first_bytes(chain.links[-1])
    except InputError:
        return None
    if len(data) < SECTOR or data[SECTOR - 2 : SECTOR] != _SIGNATURE:
        return None
    entries = [data[_TABLE + _ENTRY * n : _TABLE + _ENTRY * (n + 1)] for n in range(_ENTRIES)]
    kinds = {entry[4] for entry in entries}
    if _PROTECTIVE in kinds:
        return _of_gpt(data[SECTOR:])
    # EFI starts from a boot record too where one of its partitions is a system partition.
    starts = any(entry[0] == _ACTIVE and entry[4] for entry in entries) and any(data[:_TABLE])
    return "bios" if starts and _SYSTEM not in kinds else None


def _of_gpt(data: bytes) -> Firmware | None:
    if not data.startswith(_GPT):
        return None
    kinds = {data[at : at + 16] for at in range(SECTOR, len(data), _GPT_ENTRY)}
    return "efi" if _EFI_SYSTEM in kinds and _BIOS_BOOT not in kinds else None


def _first_bytes(link: Link) -> bytes:
    """Return the first sectors of a disk without parents; nothing where its file does not tell them plainly."""
    if isinstance(link.header, SparseHeader):
        with _files.open_file(link.path) as stream:
            return _of_sparse(link.header, stream.read)
    if not link.extents or link.extents[0].path is None:
        return b""
    first, path = link.extents[0], link.extents[0].path
    if first.type in _FLAT:
        return _files.read_range(path, 0, _WANTED)
    return _of_sparse_file(path) if first.type == "SPARSE" else b""


def _of_sparse_file(path: Path) -> bytes:
    with _files.open_file(path) as stream:
        head = stream.read(0, _HEADER_BYTES)
        if kind_of(head) != "sparse":
            return b""
        header = read_header(head, stream.size, stream.read, path)
        return _of_sparse(header, stream.read) if isinstance(header, SparseHeader) else b""


def _of_sparse(header: SparseHeader, read: Read) -> bytes:
    """Return the first sectors of a growing file: those of the grain that the first entry of its first table names."""
    if header.problems or header.compressed or header.grain_size * SECTOR < _WANTED:
        return b""
    table = _number(read(header.gd_offset * SECTOR, 4))
    grain = _number(read(table * SECTOR, 4)) if table else 0
    # Entry 1 stands for a grain of zeroes.
    return read(grain * SECTOR, _WANTED) if grain > 1 else b""


def _number(data: bytes) -> int:
    return int.from_bytes(data[:4], "little")
