"""What a user asks of a rewrite."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vmxtool.errors import UsageError
from vmxtool.knowledge.hardware import hardware, newest_known

if TYPE_CHECKING:
    from vmxtool.knowledge.products import Product

ADAPTERS = ("buslogic", "lsilogic", "lsisas1068", "pvscsi")
"""SCSI controller models that a config can name (libvirt's key map)."""

OLDEST_WRITTEN = 3
"""No config of an older hardware version has been seen, so none is written."""


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
        UsageError: the wishes contradict one another, there is none, or a hardware version does not exist.
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
        if self.hwversion is not None:
            _refuse_version(self.hwversion)
        if self.legacy and self.hwversion is not None:
            raise UsageError("--legacy chooses the hardware version itself; leave --hwversion out")
        if self.legacy and self.target is None:
            raise UsageError("--legacy needs --target, the product that the VM is to run on besides its own")
        if self.hwversion is not None and self.target is not None and not self.target.runs(self.hwversion):
            raise UsageError(
                f"{self.target.name} does not run hardware version {self.hwversion}; leave --hwversion out, "
                f"and --target chooses one"
            )
        if self.adapter is not None and self.adapter.lower() not in ADAPTERS:
            raise UsageError(f"{self.adapter} is no SCSI controller; choose one of {', '.join(ADAPTERS)}")
        if self.adapter is not None and not (self.ide_to_scsi or self.move_disks):
            raise UsageError("--adapter is for disks that move; say --ide-to-scsi or --move-disks too")
        if not (self.hwversion or self.target or self.ide_to_scsi or self.move_disks):
            raise UsageError("say what to change: --hwversion N, --target PRODUCT or --ide-to-scsi")

    @property
    def words(self) -> str:
        """The request as options of the command line."""
        words = [
            *([f"--hwversion {self.hwversion}"] if self.hwversion is not None else []),
            *([f"--target {self.target.id}"] if self.target is not None else []),
            *([f"--from {self.origin.id}"] if self.origin is not None else []),
            *(["--legacy"] if self.legacy else []),
            *(["--ide-to-scsi"] if self.ide_to_scsi else []),
            *(["--move-disks"] if self.move_disks else []),
            *([f"--adapter {self.adapter}"] if self.adapter is not None else []),
            *(["--unsafe"] if self.unsafe else []),
        ]
        return " ".join(words)


def is_written(version: int) -> bool:
    """Whether it is a hardware version that vmxtool gives a VM: one that a product has, and not older than 3."""
    row = hardware(version)
    return version >= OLDEST_WRITTEN and row is not None and row.valid and bool(row.offered)


def _refuse_version(version: int) -> None:
    row = hardware(version)
    if row is None or not row.valid or not row.offered:
        raise UsageError(
            f"no product has hardware version {version}; they go from {OLDEST_WRITTEN} to {newest_known()}"
        )
    if version < OLDEST_WRITTEN:
        raise UsageError(
            f"no config of hardware version {version} has been seen, so vmxtool writes none below {OLDEST_WRITTEN}"
        )
