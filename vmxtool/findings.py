"""What vmxtool has to say about a VM: findings, each with its evidence, its sources, its cure and what it stops."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmxtool.evidence import Evidence


class Severity(StrEnum):
    """How much a finding weighs.

    `BLOCKER`: the VM does not run on the target, or must not be written to, until it is settled.
    `WARNING`: something is lost or may go wrong. `INFO`: worth knowing.
    `UNKNOWN`: no file can show it, so it is a question for the reader.
    """

    BLOCKER = "blocker"
    WARNING = "warning"
    INFO = "info"
    UNKNOWN = "unknown"


class Safety(StrEnum):
    """Who may carry out a fix.

    `SAFE`: done by default. `UNSAFE`: done when its option asks for it. `MANUAL`: told, never done.
    """

    SAFE = "safe"
    UNSAFE = "unsafe"
    MANUAL = "manual"


class Do(StrEnum):
    """Every kind of move that a plan is made of: the words of the guide's cells first, then our own.

    `REWRITE` stands for everything that one `vmxtool rewrite` does; a printed step says which of it: a change of the
    hardware version, of a bus, or of settings.
    """

    COPY = "copy"
    EXPORT_DISKS = "export-disks"
    IMPORT_DISKS = "import-disks"
    UPGRADE_HARDWARE = "upgrade-hardware"
    DOWNGRADE_HARDWARE = "downgrade-hardware"
    RUN_LEGACY = "run-legacy"
    CREATE_LEGACY_VM = "create-legacy-vm"
    CREATE_VM = "create-vm"
    CONVERTER = "converter"
    IMPORT_WIZARD = "import-wizard"
    MOVE_TO = "move-to"
    UPLOAD = "upload"
    DOWNLOAD = "download"
    UNDO_REWRITE = "undo-rewrite"
    POWER_OFF = "power-off"
    REMOVE_LOCK = "remove-lock"
    REMOVE_SNAPSHOTS = "remove-snapshots"
    COMMIT_REDO_LOGS = "commit-redo-logs"
    REPAIR_CONFIG = "repair-config"
    REPAIR_DISK = "repair-disk"
    DECRYPT = "decrypt"
    PREPARE_GUEST = "prepare-guest"
    MOVE_DISKS = "move-disks"
    CHANGE_SETTINGS = "change-settings"
    CONVERT_DISKS = "convert-disks"
    CONNECT_NETWORK = "connect-network"
    SET_BOOT_ORDER = "set-boot-order"
    REGISTER_VM = "register-vm"
    REWRITE = "rewrite"


CARRYING = frozenset({Do.COPY, Do.REGISTER_VM, Do.RUN_LEGACY, Do.CONNECT_NETWORK})
"""Moves that only carry a VM over: a plan of nothing else leaves it ready as it is."""

BY_CONVERTER = frozenset({Do.CONVERTER, Do.IMPORT_WIZARD})
"""Moves by VMware Converter, which makes the VM anew on the target."""

MOVING_DATA = frozenset(
    {Do.COPY, Do.EXPORT_DISKS, Do.IMPORT_DISKS, Do.CONVERT_DISKS, Do.MOVE_TO, Do.UPLOAD, Do.DOWNLOAD} | BY_CONVERTER
)
"""Moves after which the VM's data lies in a second place."""

CHANGING_HARDWARE = frozenset({Do.REWRITE, Do.UPGRADE_HARDWARE, Do.DOWNGRADE_HARDWARE, Do.CREATE_LEGACY_VM})
"""Moves that change the hardware of a VM; a snapshot holds the hardware of its time."""

LOWERING = frozenset({Do.DOWNGRADE_HARDWARE, Do.CREATE_LEGACY_VM})
"""Moves to an older hardware version."""

CONVERTING_DISKS = frozenset({Do.EXPORT_DISKS, Do.IMPORT_DISKS, Do.CONVERT_DISKS}) | BY_CONVERTER
"""Moves that write a VM's disks anew, in another format and without their chain."""

LEAVING = CARRYING | CHANGING_HARDWARE | CONVERTING_DISKS | {Do.MOVE_DISKS, Do.MOVE_TO, Do.CREATE_VM}
"""Moves that no VM takes part in before it is at rest: everything that changes it or takes it elsewhere."""


class Fix(NamedTuple):
    """What cures a finding.

    Attributes:
        safety: who may carry it out.
        text: what to do, one sentence in the imperative.
        commands: the commands that do it, each as an argument vector; empty where there are none.
        product: the product that the commands belong to, where it is not vmxtool's own.
    """

    safety: Safety
    text: str
    commands: tuple[tuple[str, ...], ...] = ()
    product: str | None = None


class Finding(NamedTuple):
    """One thing that is true of this VM and matters.

    Attributes:
        code: the rule's code, such as "DSK201"; never reused.
        name: the rule's name, which says the condition, such as "disk-bus-not-offered".
        severity: how much it weighs.
        message: one sentence.
        evidence: the places in the VM's files that show it.
        sources: addresses of what the rule rests on, such as "mpg:p09" or "kb:1003746".
        fix: what cures it, or None.
        after: number of the step of the best plan after which it arises; None where it is so today.
        cure: the kind of move that cures it, or None.
        stops: the kinds of move that cannot be made while it holds.
        subject: the drive or row of devices.toml that it is about, where it is about one of several.
        leaves: figures of the VM's state once its owner has cured it, by the names of `VmState`'s fields.
        of_files: whether it is about the VM's files, whatever the target.
        while_format: formats of its disk that it hangs on; once a step has converted the disk, it is settled.
        at_home: what is true of it instead where the VM stays with the product and version that has it; or None.
        unshown: how many places beside those in `evidence` show it.
    """

    code: str
    name: str
    severity: Severity
    message: str
    evidence: tuple[Evidence, ...] = ()
    sources: tuple[str, ...] = ()
    fix: Fix | None = None
    after: int | None = None
    cure: Do | None = None
    stops: frozenset[Do] = frozenset()
    subject: str | None = None
    leaves: tuple[tuple[str, int], ...] = ()
    of_files: bool = False
    while_format: tuple[str, ...] = ()
    at_home: str | None = None
    unshown: int = 0

    @property
    def blocks(self) -> bool:
        """Whether the VM does not run, or must not be written to, while it holds."""
        return self.severity is Severity.BLOCKER

    @property
    def keys(self) -> tuple[str, ...]:
        """The marks by which a state says that it is settled: of the whole rule, or of its subject alone."""
        return (self.code,) if self.subject is None else (self.code, f"{self.code}:{self.subject}")

    def with_its_product(self) -> Finding:
        """Return the finding where the VM only goes to another host of the product and version that has it."""
        if self.at_home is None:
            return self
        return self._replace(message=self.at_home, severity=Severity.INFO, fix=None, cure=None, stops=frozenset())

    def if_its_product(self, product: str) -> Finding:
        """Return the finding as a question: that product may have the VM, which then only goes to another host of it.

        Args:
            product: its name.
        """
        if self.at_home is None or not self.blocks or self.fix is None:
            return self
        answer = f"If it did, {self.at_home}; if not, {self.fix.text}"
        message = f"did {product} make the VM? {answer}"
        fix = self.fix._replace(text="say which product made it with --from", commands=(), product=None)
        return self._replace(message=message, severity=Severity.UNKNOWN, fix=fix, cure=None, stops=frozenset())

    def __repr__(self) -> str:
        return f"<{self.code} {self.name}, {self.severity.value}: {self.message[:60]}>"


_ORDER = (Severity.BLOCKER, Severity.UNKNOWN, Severity.WARNING, Severity.INFO)


def in_order(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return findings with the heaviest first, those of one weight by code."""
    return tuple(sorted(findings, key=lambda finding: (_ORDER.index(finding.severity), finding.code)))
