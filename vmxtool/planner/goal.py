"""What is asked of a rewrite: a target, a hardware version, and what may be changed on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool._record import Record
from vmxtool.changes.buses import ADAPTERS, SATA
from vmxtool.changes.model import NOTHING_TOLD, Told
from vmxtool.errors import UsageError
from vmxtool.knowledge.hardware import hardware, newest_known
from vmxtool.knowledge.runs import OLDEST_WRITTEN
from vmxtool.planner.told import refuse_told, told_words

if TYPE_CHECKING:
    from vmxtool.knowledge.product import Product


class Goal(Record):
    """One rewrite as it is asked for.

    Attributes:
        hwversion: the hardware version to end at.
        target: the product the VM is to run on; what it needs is worked out.
        origin: the product that made the VM, where the user knows.
        legacy: a version that the VM's own product runs too, so that the VM can go back.
        ide_to_scsi: IDE disks go to SCSI.
        move_disks: SATA and NVMe disks may go to SCSI, or from NVMe to SATA, where the version demands it.
        adapter: SCSI controller model for moved disks, or "sata" for those that leave NVMe.
        unsafe: changes that may need work in the guest are made too.
        told: what the owner says of the new host.

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
    told: Told = NOTHING_TOLD

    def __post_init__(self) -> None:
        if self.hwversion is not None:
            _refuse_version(self.hwversion)
        if self.legacy and self.hwversion is not None:
            raise UsageError("--legacy chooses the hardware version itself", hint="leave --hwversion out")
        if self.legacy and self.target is None:
            raise UsageError("--legacy needs --target, the product that the VM is to run on besides its own")
        if self.hwversion is not None and self.target is not None and not self.target.runs(self.hwversion):
            raise UsageError(
                f"{self.target.name} does not run hardware version {self.hwversion}",
                hint="leave --hwversion out, and --target chooses one",
            )
        if self.adapter is not None and self.adapter.lower() not in ADAPTERS:
            raise UsageError(
                f"--adapter {self.adapter} is no controller for disks", hint=f"it takes {', '.join(ADAPTERS)}"
            )
        if self.adapter is not None and not (self.ide_to_scsi or self.move_disks):
            raise UsageError("--adapter is for disks that move", hint="say --ide-to-scsi or --move-disks too")
        if self.adapter is not None and self.adapter.lower() == SATA and self.ide_to_scsi:
            raise UsageError("--adapter sata is for disks that leave NVMe", hint="leave --ide-to-scsi out")
        refuse_told(self.told, self.target, self.hwversion)
        if not (self.hwversion or self.target or self.ide_to_scsi or self.move_disks):
            raise UsageError(
                "nothing to change is named", hint="say --hwversion N, --target PRODUCT, --ide-to-scsi or --move-disks"
            )

    @property
    def words(self) -> tuple[str, ...]:
        """The request as options of the command line."""
        return (
            *(("--hwversion", str(self.hwversion)) if self.hwversion is not None else ()),
            *(("--target", self.target.id) if self.target is not None else ()),
            *(("--from", self.origin.id) if self.origin is not None else ()),
            *(("--legacy",) if self.legacy else ()),
            *self.consents,
        )

    @property
    def check_words(self) -> tuple[str, ...]:
        """The words of the command that tells the way to the product; empty where none was named."""
        origin = ("--from", self.origin.id) if self.origin is not None else ()
        return ("check", "--target", self.target.id, *origin) if self.target is not None else ()

    @property
    def consents(self) -> tuple[str, ...]:
        """The options that allow what the guest may not start after."""
        return (
            *(("--ide-to-scsi",) if self.ide_to_scsi else ()),
            *(("--move-disks",) if self.move_disks else ()),
            *(("--adapter", self.adapter) if self.adapter is not None else ()),
            *(("--unsafe",) if self.unsafe else ()),
            *told_words(self.told),
        )

    def allows(self, option: str) -> bool:
        """Return whether an option that a rewrite needs, such as "ide-to-scsi" or "adapter=lsilogic", was given."""
        word, _, _ = option.partition("=")
        return {
            "ide-to-scsi": self.ide_to_scsi,
            "move-disks": self.move_disks,
            "adapter": self.adapter is not None,
            "unsafe": self.unsafe,
            "limit": self.told.limit or self.unsafe,
            "encoding": self.told.encoding is not None,
        }[word]


def _refuse_version(version: int) -> None:
    row = hardware(version)
    if row is None or not row.valid or not row.offered:
        raise UsageError(
            f"no product has hardware version {version}",
            hint=f"they go from {OLDEST_WRITTEN} to {newest_known()}, without 5",
        )
    if version < OLDEST_WRITTEN:
        raise UsageError(
            f"no config of hardware version {version} has been seen, so vmxtool writes none below {OLDEST_WRITTEN}"
        )
