"""The reasons why vmxtool does not write, by code: their names, and what each one means."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from vmxtool.findings import Finding, Fix, Safety, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vmxtool.evidence import Evidence


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason that no rule about a VM or a target has, since it is about the change itself."""

    code: str
    name: str
    title: str
    text: str


_REASONS = (
    Reason(
        "VMX091",
        "setting-not-writable",
        "A setting cannot be written as it would have to be.",
        "Its new value does not fit the file's encoding, or its new name is already there.",
    ),
    Reason(
        "PRD191",
        "hardware-version-not-written",
        "The target runs no hardware version that vmxtool writes.",
        "Of the versions before 3 no config has been seen, so none is written. A product between the two has to make "
        "the step.",
    ),
    Reason(
        "PRD192",
        "no-common-hardware-version",
        "No hardware version is run by both the VM's own product and the target.",
        "A VM in legacy mode keeps a version that both run, so that it can go back. Without one the move is one-way.",
    ),
    Reason(
        "DSK291",
        "adapter-not-known",
        "No SCSI controller is known to suit the guest.",
        "A guest that has no driver for the controller of its disk does not start. Name one that it has a driver for.",
    ),
    Reason(
        "DSK292",
        "no-free-unit",
        "There is no place left on the bus that drives would move to.",
        "A SCSI controller takes 15 devices and a VM four controllers; IDE takes four devices in all.",
    ),
    Reason(
        "DSK293",
        "adapter-not-for-guest",
        "The guest has no driver for the SCSI controller that was asked for.",
        "No 64-bit guest has one for the BusLogic controller.",
    ),
    Reason(
        "DSK294",
        "legacy-disk",
        "A disk of Workstation 2 or 3, or of GSX Server 1 or 2, cannot be moved to another bus.",
        "Its adapter stands in a binary header that newer products do not write. They convert such a disk when they "
        "upgrade the VM.",
    ),
    Reason(
        "DSK295",
        "disk-shared",
        "Another config in the folder names the same disk.",
        "A disk has one adapter. The other VM would find its disk made for a controller that it does not have.",
    ),
    Reason(
        "DSK296",
        "descriptor-without-room",
        "A disk's descriptor cannot take the new entry.",
        "An embedded descriptor has a fixed number of sectors, and vmxtool neither moves what follows them nor touches "
        "bytes that it does not know.",
    ),
    Reason(
        "DSK297",
        "disk-used-twice",
        "Two drives of the VM name the same disk.",
        "Products open a disk once. Which of the drives is meant is not for vmxtool to guess.",
    ),
    Reason(
        "DSK298",
        "disk-encrypted",
        "A disk is encrypted.",
        "What its descriptor says in the open is only part of it, so it is not changed.",
    ),
    Reason(
        "DSK299",
        "drive-not-movable",
        "A drive of the host stands on a bus that the hardware version does not have.",
        "It is no virtual disk that could be put elsewhere.",
    ),
    Reason(
        "DEV792",
        "device-number-not-in-hardware-version",
        "A device has a number that the hardware version does not have.",
        "No product would look at it. Give the device a lower number, or take it out, in the VM's own product.",
    ),
)

# Reasons that rules have too, by the rule's name: the same condition, which here stops the writing.
_OF_RULES = {
    "PRD104": "hardware-version-unknown",
    "DSK201": "disk-bus-not-offered",
    "DSK203": "disk-file-missing",
    "DSK204": "chain-broken",
    "DSK206": "disk-outside-folder",
    "DSK207": "disk-damaged",
    "DSK208": "disk-not-closed",
    "DSK211": "device-backed-disk",
    "SNP601": "snapshot-present",
    "SNP602": "redo-log-open",
    "SNP603": "suspended",
    "SNP604": "running",
    "SEC801": "encrypted",
    "DEV701": "device-not-in-hardware-version",
    "VMX006": "rewrite-unfinished",
    "VMX009": "file-not-read",
}

REASONS: Mapping[str, Reason] = MappingProxyType({reason.code: reason for reason in _REASONS})
"""The reasons of the rewriter's own by code; those that it shares with rules have the rules' pages."""


def refusal(code: str, message: str, evidence: Iterable[Evidence], remedy: str, *sources: str) -> Finding:
    """A reason not to write, as a finding; `remedy` is one clause in the imperative, or empty."""
    name = REASONS[code].name if code in REASONS else _OF_RULES[code]
    fix = Fix(Safety.MANUAL, remedy) if remedy else None
    return Finding(code, name, Severity.BLOCKER, message, tuple(evidence), sources, fix)
