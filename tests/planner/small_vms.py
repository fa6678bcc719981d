"""The builders of `build` under the names that some tests of this folder still use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import build
from build import make_vm

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["descriptor", "make_disk", "make_vm", "sparse_descriptor"]

CID = "1234abcd"


def descriptor(adapter: str = "ide", version: int = 4, extent: str = "disk-flat.vmdk", head: str = "") -> str:
    """The descriptor of a flat disk of one megabyte."""
    return build.descriptor(f'RW 2048 FLAT "{extent}" 0', adapter=adapter, hw=version, cid=CID, head=head).decode()


def sparse_descriptor(sectors: int = 8192, adapter: str = "ide", version: int = 4, file: str = "disk.vmdk") -> str:
    """The descriptor inside a growing disk."""
    return build.sparse_descriptor(sectors, file, adapter=adapter, hw=version, cid=CID).decode()


def make_disk(path: Path, adapter: str = "ide", version: int = 4, head: str = "") -> None:
    """Make a flat disk: its descriptor at `path`, its data beside it."""
    build.make_disk(path, adapter=adapter, hw=version, cid=CID, head=head)
