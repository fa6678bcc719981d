"""Changes to a VM as values: settings of the config and entries of disk descriptors, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vmxtool.findings import Finding, Fix, Safety, Severity

if TYPE_CHECKING:
    from vmxtool.evidence import Evidence
    from vmxtool.vmdk.chain import Link


@dataclass(frozen=True, slots=True)
class SettingChange:
    """One setting of the config set, removed or given another name.

    Attributes:
        key: the setting, as the file spells it where it is there.
        after: its new value; None where it is removed or only renamed.
        why: one clause for the reader.
        source: what the reason rests on.
        safety: `SAFE`, or `UNSAFE` where an option asked for it.
        name: the setting's new name, or None.
        beside: the setting below which a new one goes.
    """

    key: str
    after: str | None
    why: str
    source: str
    safety: Safety = Safety.SAFE
    name: str | None = None
    beside: str | None = None


@dataclass(frozen=True, slots=True)
class DescriptorChange:
    """One `ddb.` entry of one link of a disk given another value."""

    link: Link
    key: str
    after: str
    why: str
    source: str
    safety: Safety = Safety.SAFE


Change = SettingChange | DescriptorChange


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a wish comes to.

    Attributes:
        changes: in the order in which they are made.
        refused: why it cannot be done, all reasons at once; there are no changes then.
        manual: what remains for the person.
    """

    changes: tuple[Change, ...] = ()
    refused: tuple[Finding, ...] = ()
    manual: tuple[Fix, ...] = ()


def refusal(
    code: str, name: str, message: str, evidence: tuple[Evidence, ...], remedy: str, source: str = ""
) -> Finding:
    """A reason not to write, as a finding."""
    fix = Fix(Safety.MANUAL, remedy) if remedy else None
    return Finding(code, name, Severity.BLOCKER, message, evidence, (source,) if source else (), fix)
