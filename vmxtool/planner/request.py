"""What a user asks of a rewrite."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vmxtool.errors import UsageError

if TYPE_CHECKING:
    from vmxtool.knowledge.products import Product

ADAPTERS = ("buslogic", "lsilogic", "lsisas1068", "pvscsi")
"""SCSI controller models that a config can name (libvirt's key map)."""


@dataclass(frozen=True, slots=True)
class Request:
    """One rewrite as it was asked for.

    Attributes:
        hwversion: the hardware version to end at.
        target: the product the VM is to run on; what it needs is worked out.
        origin: the product that made the VM, where the user knows.
        legacy: the newest version that both origin and target run, so that the VM can go back.
        ide_to_scsi: IDE disks go to SCSI.
        move_disks: SATA and NVMe disks may go to SCSI where the version demands it.
        adapter: SCSI controller model for moved disks.
        unsafe: changes that may need work in the guest are made too.

    Raises:
        UsageError: the wishes contradict one another, or there is none.
    """

    hwversion: int | None = None
    target: Product | None = None
    origin: Product | None = None
    legacy: bool = False
    ide_to_scsi: bool = False
    move_disks: bool = False
    adapter: str | None = None
    unsafe: bool = False

    def __post_init__(self) -> None:
        if self.legacy and self.hwversion is not None:
            raise UsageError("--legacy chooses the hardware version itself; leave --hwversion out")
        if self.legacy and self.target is None:
            raise UsageError("--legacy needs --target, the product that the VM is to run on besides its own")
        if self.hwversion is not None and self.target is not None and not self.target.runs(self.hwversion):
            raise UsageError(f"{self.target.name} does not run hardware version {self.hwversion}; leave one of the two out")
        if self.adapter is not None and self.adapter.lower() not in ADAPTERS:
            raise UsageError(f"{self.adapter} is no SCSI controller; choose one of {', '.join(ADAPTERS)}")
        if not (self.hwversion or self.target or self.legacy or self.ide_to_scsi or self.move_disks):
            raise UsageError("say what to change: --hwversion N, --target PRODUCT, --legacy or --ide-to-scsi")
