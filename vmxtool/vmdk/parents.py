"""What a disk file says it rests on, by its own description alone: no extent and no parent of it is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool import _files
from vmxtool._record import Record
from vmxtool.errors import InputError
from vmxtool.evidence import Evidence
from vmxtool.vmdk.descriptor import MAX_BYTES, NO_PARENT, Descriptor, is_descriptor
from vmxtool.vmdk.headers.read import kind_of, read_header
from vmxtool.vmdk.headers.sparse import SparseHeader
from vmxtool.vmdk.link import HEAD_BYTES
from vmxtool.vmdk.sectors import SECTOR

if TYPE_CHECKING:
    from pathlib import Path


class StatedParent(Record):
    """What a child says of its parent.

    Attributes:
        hint: the parent's name as the child has it.
        cid: the parent's content identity when the child was made, or None where it does not say.
        evidence: where the name stands.
    """

    hint: str
    cid: int | None
    evidence: Evidence


def stated_parent(path: Path, file: str) -> StatedParent | None:
    """Return what the disk at `path`, shown as `file`, says of its parent; None for a base and for what is no disk.

    Problems of the file are not reported here; the reader of a chain reports them.
    """
    try:
        head = _files.read_range(path, 0, HEAD_BYTES)
        kind = kind_of(head)
        if kind is None:
            return _described(Descriptor.parse(_whole(path, head)), file) if is_descriptor(head) else None
        header = read_header(head, _files.size_of(path) or 0, lambda at, n: _files.read_range(path, at, n), file)
    except (InputError, ValueError):
        return None
    if isinstance(header, SparseHeader):
        try:
            region = _region(path, header)
        except InputError:
            return None
        return _described(Descriptor.parse(region, region=True), file) if is_descriptor(region) else None
    hint = getattr(header, "parent", None)
    return None if hint is None else StatedParent(hint, None, Evidence(file, None, "parentFileName", hint))


def _whole(path: Path, head: bytes) -> bytes:
    """Return all of a text descriptor, or as much of it as any has."""
    return head if len(head) < HEAD_BYTES else _files.read_range(path, 0, MAX_BYTES)


def _region(path: Path, header: SparseHeader) -> bytes:
    start, length = header.descriptor_offset * SECTOR, header.descriptor_size * SECTOR
    within = start > 0 and 0 < length <= MAX_BYTES and start + length <= (_files.size_of(path) or 0)
    return _files.read_range(path, start, length) if within else b""


def _described(descriptor: Descriptor, file: str) -> StatedParent | None:
    hint, cid = descriptor.parent_file_name_hint, descriptor.parent_cid
    if hint is None or cid == NO_PARENT:
        return None
    where = next((it.line for it in descriptor.settings if it.key.lower() == "parentfilenamehint"), None)
    return StatedParent(hint, cid, Evidence(file, where, "parentFileNameHint", hint))
