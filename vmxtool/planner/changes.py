"""Changes to a VM as values: settings of the config and entries of disk descriptors, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vmxtool.findings import Safety
from vmxtool.vmx.document import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vmxtool.findings import Finding, Fix
    from vmxtool.vmdk.chain import Link


@dataclass(frozen=True, slots=True)
class SettingChange:
    """One setting of the config set, removed or given another name. A setting is changed once in a proposal.

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
        changes: what would be done; none of it is, where anything is refused.
        refused: why it cannot be done, all reasons at once.
        manual: what remains for the person.
        notes: what the person should know, such as that a step is one-way.
    """

    changes: tuple[Change, ...] = ()
    refused: tuple[Finding, ...] = ()
    manual: tuple[Fix, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def settings(self) -> tuple[SettingChange, ...]:
        """The changes to the config."""
        return tuple(change for change in self.changes if isinstance(change, SettingChange))

    @property
    def descriptors(self) -> tuple[DescriptorChange, ...]:
        """The changes to disks."""
        return tuple(change for change in self.changes if isinstance(change, DescriptorChange))


def join(proposals: Iterable[Proposal]) -> Proposal:
    """Proposals as one; what two of them say alike is said once."""
    parts = list(proposals)
    reasons = {(item.code, item.message): item for part in reversed(parts) for item in reversed(part.refused)}
    return Proposal(
        changes=tuple(_once(change for part in parts for change in part.changes)),
        refused=tuple(reversed(reasons.values())),
        manual=tuple(dict.fromkeys(fix for part in parts for fix in part.manual)),
        notes=tuple(dict.fromkeys(note for part in parts for note in part.notes)),
    )


def _once(changes: Iterable[Change]) -> Iterator[Change]:
    # Two drives may share a disk, whose descriptor then changes once.
    seen: set[tuple[str, str]] = set()
    for change in changes:
        if isinstance(change, DescriptorChange):
            place = (str(change.link.path), fold(change.key))
            if place in seen:
                continue
            seen.add(place)
        yield change
