"""Why a VM does not run on a product as it is, in two or three words, for every list of products.

The words of a finding are its rule's (`Rule.short`), or those of its device; the words of a step go by its kind.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vmxtool.findings import Do
from vmxtool.knowledge.devices import devices
from vmxtool.report.words import count, product_words
from vmxtool.rules.registry import find_rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vmxtool.findings import Finding
    from vmxtool.machine.model import Machine
    from vmxtool.planner.plan import Step

# Where nothing takes a thing away, the product lacks it; where its owner can, it is to be taken out.
_LACKING = {
    "efi": "no EFI firmware",
    "guest-64-bit": "no 64-bit guests",
    "vtpm": "no TPM",
    "persistent-memory": "no persistent memory",
    "several-snapshots": "one snapshot at most",
    "vcpus": "fewer processors",
    "nics": "fewer network adapters",
    "pci-slots": "fewer devices",
    "pci-passthrough-count": "fewer devices of the host",
    "nic-pvrdma-count": "fewer RDMA adapters",
    "scsi-pvscsi-units": "fewer disks on a controller",
}
_TAKEN_OUT = {
    "vtpm": "remove the TPM",
    "persistent-memory": "remove the persistent memory",
}
_STEPS = {
    Do.COPY: "",
    Do.REGISTER_VM: "",
    Do.RUN_LEGACY: "",
    Do.CONNECT_NETWORK: "",
    Do.SET_BOOT_ORDER: "",
    Do.EXPORT_DISKS: "convert {disks}",
    Do.IMPORT_DISKS: "convert {disks}",
    Do.CONVERT_DISKS: "convert {disks}",
    Do.UPGRADE_HARDWARE: "upgrade in {tool}",
    Do.DOWNGRADE_HARDWARE: "lower the hardware version in {tool}",
    Do.CREATE_LEGACY_VM: "make a legacy VM",
    Do.CREATE_VM: "make a new VM",
    Do.UPLOAD: "convert {disks}",
    Do.DOWNLOAD: "convert {disks}",
    Do.CONVERTER: "VMware Converter",
    Do.IMPORT_WIZARD: "import wizard of Workstation 6",
    Do.MOVE_TO: "go by way of {tool}",
    Do.UNDO_REWRITE: "end the rewrite that was cut short",
    Do.POWER_OFF: "shut the guest down",
    Do.REMOVE_LOCK: "remove the lock",
    Do.REMOVE_SNAPSHOTS: "remove {snapshots}",
    Do.COMMIT_REDO_LOGS: "commit the redo log",
    Do.REPAIR_CONFIG: "repair the config",
    Do.REPAIR_DISK: "repair {disks}",
    Do.DECRYPT: "decrypt",
    Do.PREPARE_GUEST: "prepare the guest",
    Do.MOVE_DISKS: "move {disks}",
    Do.CHANGE_SETTINGS: "change settings",
    Do.REWRITE: "a rewrite",
}
_VERSION = "hardware version"
# Of a rewrite these are told by what it does, or are no reason for it.
_SAID_BY_STEP = frozenset(
    {
        *("hardware-version-too-new", "hardware-version-too-old", "hardware-version-not-offered"),
        *("disk-bus-not-offered", "disk-bus-newer-than-hardware", "guest-name-too-new"),
        "device-not-in-hardware-version",
    }
)
_NOTHING_ELSE = "settings"
_UNSAFE = "with --unsafe"


def finding_words(finding: Finding) -> str:
    """Return what keeps a VM off a product, or what is open: "no EFI firmware", "which kernel the guest has"."""
    if finding.subject in _LACKING:
        return _LACKING[finding.subject]
    rule = find_rule(finding.code)
    stopping = rule.stopping if rule is not None and finding.blocks else ""
    return stopping or short_words(finding.code, finding.name)


def short_words(code: str, name: str) -> str:
    """Return the words for a code; for one that has none, its rule's name as words."""
    return _short(code) or name.replace("-", " ")


def _short(code: str) -> str:
    rule = find_rule(code)
    return rule.short if rule is not None else ""


def steps_words(steps: Sequence[Step], findings: Iterable[Finding], vm: Machine | None) -> tuple[str, ...]:
    """Say what a plan asks for, each once, a change of the hardware version last; not what only carries the VM over.

    Args:
        steps: the steps of one way.
        findings: those of the verdict, which tell what settings are changed for.
        vm: the VM, or None where nobody has seen it.
    """
    words = [word for step in steps for word in _of_step(step, findings, vm)]
    moves = any(step.is_ours and step.buses for step in steps)
    # The guest is prepared for the disks that move, which is said of the move.
    told = dict.fromkeys(word for word in words if word and not (moves and word == _STEPS[Do.PREPARE_GUEST]))
    last = [_VERSION] if _VERSION in told else []
    # What the guest may not start after is not done without being asked for.
    last += [_UNSAFE] if any(step.is_ours and "unsafe" in step.needs for step in steps) else []
    return (*(word for word in told if word != _VERSION), *last)


def _of_step(step: Step, findings: Iterable[Finding], vm: Machine | None) -> list[str]:
    if step.is_ours:
        return _of_rewrite(step)
    if step.do is Do.CHANGE_SETTINGS:
        return _settings(step, findings) or [_STEPS[step.do]]
    if step.do in {Do.UPGRADE_HARDWARE, Do.DOWNGRADE_HARDWARE} and not step.products:
        return [_VERSION]  # by the target itself
    taken = len(vm.snapshots.tree) if vm is not None else 0
    snapshots = "the snapshots" if not taken else "the snapshot" if taken == 1 else count(taken, "snapshot")
    return [
        _STEPS[step.do].format(
            disks=_disks([drive for drive, _ in step.drives]), tool=product_words(step.products), snapshots=snapshots
        )
    ]


def _of_rewrite(step: Step) -> list[str]:
    said = [f"move {_disks([drive for drive, _ in step.drives])}"] if step.buses else []
    rules = [rule for code in step.cures if (rule := find_rule(code)) is not None]
    said += [rule.short for rule in rules if rule.short and rule.name not in _SAID_BY_STEP]
    if step.before != step.after:
        said.append(_VERSION)
    return said or [_NOTHING_ELSE]


def _settings(step: Step, findings: Iterable[Finding]) -> list[str]:
    """Return what the owner changes: the things that findings name, where a rule is about one of several."""
    cured = [it for it in findings if it.code in step.cures and it.cure is Do.CHANGE_SETTINGS and it.blocks]
    things = [it for it in cured if it.subject in devices()]
    named = [_TAKEN_OUT.get(it.subject or "") or _LACKING.get(it.subject or "") or _short(it.code) for it in things]
    told = {it.code for it in things}
    return [*named, *(_short(code) for code in step.cures if _short(code) and code not in told)]


def _disks(drives: Sequence[str]) -> str:
    """Return some disks by their number and the bus that they share: "the NVMe disk", "2 IDE disks", "the disks"."""
    unlike = {re.sub(r"\d.*", "", drive) for drive in drives}
    bus = {"nvme": "NVMe ", "sata": "SATA ", "ide": "IDE "}.get(next(iter(unlike)), "") if len(unlike) == 1 else ""
    return f"the {bus}disk" if len(drives) == 1 else f"{len(drives)} {bus}disks" if drives else "the disks"
