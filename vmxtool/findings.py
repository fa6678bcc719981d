"""What vmxtool has to say about a VM: findings, each with its evidence, its sources and its cure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmxtool.evidence import Evidence


class Severity(Enum):
    """How much a finding weighs.

    `BLOCKER`: the VM does not run on the target, or must not be written to, until it is settled.
    `WARNING`: something is lost or may go wrong. `INFO`: worth knowing.
    `UNKNOWN`: no file can show it, so it is a question for the reader.
    """

    BLOCKER = "blocker"
    WARNING = "warning"
    INFO = "info"
    UNKNOWN = "unknown"


class Safety(Enum):
    """Who may carry out a fix.

    `SAFE`: done by default. `UNSAFE`: done when its option asks for it. `MANUAL`: told, never done.
    """

    SAFE = "safe"
    UNSAFE = "unsafe"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class Fix:
    """What cures a finding.

    Attributes:
        safety: who may carry it out.
        text: what to do, one sentence in the imperative.
        command: the exact command line, where there is one.
        product: the product that the command belongs to, where it is not vmxtool's own.
    """

    safety: Safety
    text: str
    command: str | None = None
    product: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is true of this VM and matters.

    Attributes:
        code: the rule's code, such as "DSK201"; never reused.
        name: the rule's name, which says the condition, such as "disk-bus-not-offered".
        severity: how much it weighs.
        message: one sentence.
        evidence: the places in the VM's files that show it.
        sources: addresses of what the rule rests on, such as "mpg:p09" or "kb:1003746".
        fix: what cures it, or None.
    """

    code: str
    name: str
    severity: Severity
    message: str
    evidence: tuple[Evidence, ...] = ()
    sources: tuple[str, ...] = ()
    fix: Fix | None = None


_ORDER = (Severity.BLOCKER, Severity.UNKNOWN, Severity.WARNING, Severity.INFO)


def in_order(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Findings with the heaviest first, those of one weight by code."""
    return tuple(sorted(findings, key=lambda finding: (_ORDER.index(finding.severity), finding.code)))
