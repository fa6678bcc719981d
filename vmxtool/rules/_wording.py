"""What rules say about a disk in the same words: its name, its place, the link that a VM opens first."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vmxtool.evidence import Evidence
    from vmxtool.machine.model import Drive
    from vmxtool.vmdk.chain import Link


def top(drive: Drive) -> Link | None:
    """The link that the VM names, or None where it cannot be read."""
    return drive.chain.links[0] if drive.chain is not None and drive.chain.links else None


def called(drive: Drive) -> str:
    """A disk for a message: its place and its file."""
    return f"{drive.id} ({drive.file})" if drive.file else drive.id


def article(bus: str) -> str:
    """The name of a bus with its article."""
    return {"ide": "an IDE", "scsi": "a SCSI", "sata": "a SATA", "nvme": "an NVMe"}[bus]


def stands(drive: Drive) -> tuple[Evidence, ...]:
    """The lines that say that a drive is present, and with which file."""
    ends = (".present", ".filename", ".name")
    return tuple(item for item in drive.evidence if (item.key or "").lower().endswith(ends))


def is_at(drive: Drive) -> tuple[Evidence, ...]:
    """The line that names a disk's file."""
    named = tuple(item for item in drive.evidence if (item.key or "").lower().endswith((".filename", ".name")))
    return named or drive.evidence
