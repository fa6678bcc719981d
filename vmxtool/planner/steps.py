"""Ordered steps: what the findings ask for and what the guide's ways name, joined into one course or several."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vmxtool.findings import Fix, Safety, Severity
from vmxtool.knowledge.cells import Way
from vmxtool.knowledge.guests import find_guest
from vmxtool.knowledge.products import products
from vmxtool.planner.verdict import PlanStep, WayLabel

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vmxtool.findings import Finding
    from vmxtool.knowledge.cells import Step
    from vmxtool.knowledge.products import Product
    from vmxtool.knowledge.tables import GuideEntry
    from vmxtool.machine.model import Machine

# What kind of step cures a finding. Order is the order of work: first what brings the VM to rest, then its files, then
# the move itself.
_CURES = {
    "rewrite-unfinished": "undo-rewrite",
    "running": "power-off",
    "suspended": "power-off",
    "unknown-line": "repair-config",
    "duplicate-key": "repair-config",
    "unknown-encoding": "repair-config",
    "disk-file-missing": "repair-disk",
    "chain-broken": "repair-disk",
    "encrypted": "decrypt",
    "redo-log-open": "commit-redo-logs",
    "snapshot-present": "remove-snapshots",
    "too-many-vcpus": "change-settings",
    "memory-over-limit": "change-settings",
    "too-many-nics": "change-settings",
    "disk-bus-not-offered": "move-disks",
    "device-not-in-hardware-version": "change-devices",
    "hardware-version-too-new": "downgrade-hardware",
    "hardware-version-not-offered": "downgrade-hardware",
    "hardware-version-too-old": "upgrade-hardware",
    "disk-format-not-native": "convert-disks",
}
_BEFORE = ("undo-rewrite", "power-off", "repair-config", "repair-disk", "decrypt", "commit-redo-logs", "remove-snapshots")
_COURSE = ("change-settings", "move-disks", "downgrade-hardware", "change-devices", "convert-disks")

# What VMware Converter and the import wizard of Workstation 6 do on the way (guide, pages 8 to 10).
_CONVERTERS = frozenset({"converter", "import-wizard"})
_DISK_STEPS = frozenset({"export-disks", "import-disks"})
_PASSIVE = frozenset({"copy", "run-legacy"})

_TEXTS = {
    "copy": "copy all files of the VM's folder to {target}",
    "export-disks": "export the virtual disks from ESX Server",
    "import-disks": "import the virtual disks on {target}",
    "upgrade-hardware": "upgrade the virtual hardware with {tool}",
    "downgrade-hardware": "lower the virtual hardware version with {tool}",
    "run-legacy": "leave the virtual hardware as it is and run the VM in legacy mode on {target}, so that it can go back",
    "create-legacy-vm": "create a legacy VM in Workstation 5, with the VM's disks",
    "create-vm": "create a new VM on {target} with the imported disks; hosted configs cannot be registered there",
    "converter": "move the VM with VMware Converter 3, which converts disks and hardware on the way",
    "import-wizard": "move the VM with the Converter Import wizard of Workstation 6",
    "move-to": "move the VM to {tool} first",
}


class _Draft(NamedTuple):
    way: int | None
    do: str
    fix: Fix
    source: str
    one_way: bool = False


class Course(NamedTuple):
    """The steps in order, the ways among them, and what they amount to."""

    steps: tuple[PlanStep, ...]
    ways: tuple[WayLabel, ...]
    needs_action: bool
    conditional: bool


def plan_steps(machine: Machine, target: Product, findings: Sequence[Finding], guide: GuideEntry | None) -> Course:
    """Join findings and the guide's ways into numbered steps.

    A step that this VM does not need is left out: no export of disks that are in the target's format, no change of a
    hardware version that the target runs. Where the guide is silent the findings alone make the course.
    """
    cures = [finding for finding in findings if finding.fix is not None and finding.name in _CURES and _calls(finding)]
    drafts = [draft for kind in _BEFORE for draft in _drafts_of(kind, cures, None)]
    ways = _useful_ways(machine, target, cures, guide)
    several = len(ways) > 1
    courses = [_course(machine, target, cures, way, guide, number if several else None) for number, way in ways]
    needs_action = bool(drafts) or all(any(d.do not in _PASSIVE for d in course) for course in courses)
    drafts += [draft for course in courses for draft in course]
    steps = tuple(
        PlanStep(n, d.way, d.do, d.fix.text, d.fix.command, d.fix.product, d.source, d.fix.safety, d.one_way)
        for n, d in enumerate(drafts, 1)
    )
    labels = tuple(WayLabel(number, way.when, way.one_way) for number, way in ways) if several else ()
    return Course(steps, labels, needs_action, all(way.when for _, way in ways))


def _calls(finding: Finding) -> bool:
    return finding.severity is Severity.BLOCKER or finding.name == "disk-format-not-native"


def _drafts_of(kind: str, cures: Iterable[Finding], way: int | None) -> list[_Draft]:
    drafts: list[_Draft] = []
    for finding in cures:
        fix = finding.fix
        if _CURES[finding.name] != kind or fix is None:
            continue
        draft = _Draft(way, _word(kind, finding), fix, finding.sources[0] if finding.sources else finding.code)
        if all((d.fix.text, d.fix.command) != (fix.text, fix.command) and d.fix.command != (fix.command or 0) for d in drafts):
            drafts.append(draft)
    return drafts


def _word(kind: str, finding: Finding) -> str:
    command = finding.fix.command or "" if finding.fix is not None else ""
    if kind == "move-disks" and "--ide-to-scsi" in command:
        return "ide-to-scsi"
    if kind == "convert-disks":
        if " -e " in command or command.endswith("2gbsparse"):
            return "export-disks"
        if command.startswith("qemu-img"):
            return "convert-disks"
        return "import-disks"
    return kind


def _useful_ways(
    machine: Machine, target: Product, cures: Sequence[Finding], guide: GuideEntry | None
) -> list[tuple[int, Way]]:
    if guide is None or not guide.ways:
        return [(1, Way(()))]
    kept: list[Way] = []
    for way in guide.ways:
        steps = tuple(step for step in way.steps if _needed(step, machine, target, cures))
        pruned = Way(steps, way.when, way.one_way)
        if pruned not in kept:
            kept.append(pruned)
    return list(enumerate(kept, 1))


def _needed(step: Step, machine: Machine, target: Product, cures: Sequence[Finding]) -> bool:
    version = machine.hardware.version
    if step.do in _DISK_STEPS:
        known = [drive.chain.links[0].format for drive in machine.disks if drive.chain and drive.chain.links]
        converted = any(_CURES[finding.name] == "convert-disks" for finding in cures)
        return converted or len(known) < len(machine.disks) or not known
    if step.do == "downgrade-hardware":
        return version is None or not target.runs(version)
    if step.do == "upgrade-hardware":
        return version is None or target.runs_max is None or version < target.runs_max
    return True


def _course(
    machine: Machine, target: Product, cures: Sequence[Finding], way: Way, guide: GuideEntry | None, number: int | None
) -> list[_Draft]:
    named = {step.do for step in way.steps}
    by_converter = bool(named & _CONVERTERS)
    drafts: list[_Draft] = []
    for kind in _COURSE:
        if by_converter and (kind != "move-disks" or _reconfigured_by_converter(machine)) and kind != "change-settings":
            continue
        if kind in {"downgrade-hardware", "convert-disks"} and guide is not None and way.steps:
            continue  # the guide's own step says it, and takes the command over
        if kind == "change-devices" and any(draft.do == "downgrade-hardware" for draft in drafts):
            continue  # lowering the version changes the devices with it
        drafts += _drafts_of(kind, cures, number)
    for step in way.steps:
        drafts += _from_guide(step, machine, target, cures, way, guide, number)
    if not way.steps:
        drafts += [draft for draft in _drafts_of("upgrade-hardware", cures, number)]
        drafts.append(_Draft(number, "copy", Fix(Safety.MANUAL, _TEXTS["copy"].format(target=target.name)), "mpg:p07"))
    return drafts


def _from_guide(
    step: Step,
    machine: Machine,
    target: Product,
    cures: Sequence[Finding],
    way: Way,
    guide: GuideEntry | None,
    number: int | None,
) -> list[_Draft]:
    source = guide.cell if guide is not None else "mpg:p07"
    tool = _tool(step, target)
    text = _TEXTS[step.do].format(target=target.name, tool=tool)
    kind = "convert-disks" if step.do in _DISK_STEPS else step.do
    own = _drafts_of(kind, cures, number) if kind in {"convert-disks", "downgrade-hardware"} else []
    if own:
        return [draft._replace(do=step.do, source=source) for draft in own]
    one_way = way.one_way and step.do == "upgrade-hardware"
    if one_way:
        text += "; it cannot be taken back"
    if step.do in _CONVERTERS and not _reconfigured_by_converter(machine) and machine.guest.id:
        text += f"; it does not reconfigure a guest like {machine.guest.id} from IDE to SCSI by itself"
    return [_Draft(number, step.do, Fix(Safety.MANUAL, text), source, one_way)]


def _tool(step: Step, target: Product) -> str:
    if not step.products:
        return target.name
    known = products()
    return " or ".join(known[name].name if name in known else name for name in step.products)


def _reconfigured_by_converter(machine: Machine) -> bool:
    if all(drive.bus != "ide" for drive in machine.disks):
        return True
    guest = find_guest(machine.guest.id) if machine.guest.id else None
    return guest is not None and guest.converter_reconfigures
