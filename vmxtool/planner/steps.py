"""Ordered steps: what the findings ask for and what the guide's ways name, joined into one course or several."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from vmxtool.findings import Fix, Safety, Severity
from vmxtool.knowledge.cells import Way
from vmxtool.knowledge.guests import find_guest
from vmxtool.knowledge.products import products
from vmxtool.planner.step_texts import (
    BEFORE,
    GUEST_SOURCE,
    MOVE_SOURCE,
    NEW_VM_GENERATION,
    NEW_VM_SOURCE,
    REGISTER,
    SETTINGS,
    TAKE_ALONG,
    TEXTS,
    listed,
    named,
)
from vmxtool.planner.verdict import PlanStep, WayLabel
from vmxtool.rules._rewrites import (
    best_version,
    changes_guest_devices,
    rewrite_before_converter,
    rewrite_for,
    version_on,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from vmxtool.findings import Finding
    from vmxtool.knowledge.cells import Step
    from vmxtool.knowledge.products import Product
    from vmxtool.machine.model import Machine
    from vmxtool.planner.origins import Said

_VERSION = ("hardware-version-too-new", "hardware-version-not-offered", "hardware-version-too-old")
_BUS, _RAISE, _FORMAT = "disk-bus-not-offered", "disk-bus-newer-than-hardware", "disk-format-not-native"
_MEMORY = "memory-over-limit"
# One of these is enough: the first says to remove all snapshots, the second all but one.
_ONCE = frozenset({"remove-snapshots"})

_CONVERTERS = frozenset({"converter", "import-wizard"})
_CARRIES_DISKS = frozenset({"export-disks", "import-disks"})
_LOWERS = frozenset({"downgrade-hardware", "create-legacy-vm"})
_SETTLES_HARDWARE = _CONVERTERS | _LOWERS | {"upgrade-hardware"}
_PASSIVE = frozenset({"copy", "run-legacy"})


class Course(NamedTuple):
    """The steps in order, the ways among them, and whether something has to be done whichever way is taken."""

    steps: tuple[PlanStep, ...]
    ways: tuple[WayLabel, ...]
    needs_action: bool


class _Share(NamedTuple):
    """What a rewrite has to do in a way; false where that is nothing."""

    lowers: bool
    raises: bool
    moves: bool
    lessens: bool

    def __bool__(self) -> bool:
        return any(self)

    @property
    def do(self) -> str:
        """The step that it is where the guide has no word for it."""
        if self.lowers or self.raises:
            return "downgrade-hardware" if self.lowers else "upgrade-hardware"
        return "move-disks" if self.moves else "change-settings"


class _Draft(NamedTuple):
    do: str
    fix: Fix
    source: str
    one_way: bool = False


def plan_steps(machine: Machine, target: Product, findings: Sequence[Finding], said: Said) -> Course:
    """Join findings and the guide's ways into numbered steps.

    A step that this VM does not need is left out: no export of disks that are in the target's format, no change of a
    hardware version that the target runs. Where the guide is silent the findings alone make the course.
    """
    job = _Job(machine, target, findings, said)
    before = list(_drafts(job.cures, BEFORE))
    ways = job.useful_ways()
    courses = [job.course(way) for way in ways]
    several = len(ways) > 1
    numbered: list[tuple[int | None, _Draft]] = [(None, draft) for draft in before]
    numbered += [(n if several else None, draft) for n, course in enumerate(courses, 1) for draft in course]
    return Course(
        steps=tuple(
            PlanStep(n, way, d.do, d.fix.text, d.fix.command, d.fix.product, d.source, d.fix.safety, d.one_way)
            for n, (way, d) in enumerate(numbered, 1)
        ),
        ways=tuple(WayLabel(n, way.when, way.one_way) for n, way in enumerate(ways, 1)) if several else (),
        needs_action=bool(before) or all(any(draft.do not in _PASSIVE for draft in course) for course in courses),
    )


def _drafts(cures: Iterable[Finding], kinds: dict[str, str]) -> Iterator[_Draft]:
    """One step per cure, in the order of the kinds; the same cure once."""
    seen: set[object] = set()
    for name, kind in kinds.items():
        for finding in cures:
            fix = finding.fix
            what = kind if kind in _ONCE else fix
            if finding.name == name and fix is not None and what not in seen:
                seen.add(what)
                yield _Draft(kind, fix, next(iter(finding.sources), finding.code))


class _Job:
    """One VM, one target, and what has to be done about it."""

    def __init__(self, machine: Machine, target: Product, findings: Sequence[Finding], said: Said) -> None:
        self.machine = machine
        self.target = target
        self.said = said
        self.cures = [finding for finding in findings if finding.fix is not None and _calls(finding)]
        self.names = {finding.name for finding in self.cures}
        # A rule that says what a rewrite does to devices is no step of its own; one that only the owner can is.
        self.by_owner = [finding for finding in self.cures if finding.fix and finding.fix.safety is Safety.MANUAL]

    def useful_ways(self) -> list[Way]:
        """The guide's ways without the steps that this VM does not need; one empty way where the guide is silent."""
        kept = (Way(tuple(self.useful(way.steps)), way.when, way.one_way) for way in self.said.ways)
        return list(dict.fromkeys(kept)) or [Way(())]

    def useful(self, steps: Sequence[Step]) -> Iterator[Step]:
        """Steps that the VM needs; it goes to another product only for one of them that this product does."""
        needed = [step for step in steps if self.needs(step)]
        tools = {name for step in needed if step.do != "move-to" for name in step.products}
        yield from (step for step in needed if step.do != "move-to" or tools & set(step.products))

    def needs(self, step: Step) -> bool:
        """Whether the VM needs a step of the guide."""
        version = self.machine.hardware.version
        if step.do in _CARRIES_DISKS:
            known = [drive.chain.top.format for drive in self.machine.disks if drive.chain and drive.chain.top]
            return _FORMAT in self.names or not known or len(known) < len(self.machine.disks) or "unknown" in known
        if step.do in _LOWERS:
            return version is None or not self.target.runs(version)
        if step.do == "upgrade-hardware":
            return version is None or version < (self.target.creates or self.target.runs_max)
        return True

    def course(self, way: Way) -> list[_Draft]:
        """The steps of one way, in order."""
        dos = {step.do for step in way.steps}
        drafts = list(_drafts(self.by_owner, SETTINGS))
        memory = self.cure(_MEMORY)
        if dos & _CONVERTERS and memory is not None and memory.fix is not None:
            drafts.append(self.told("change-settings", memory.fix.text, memory.sources[0]))
        rewrite = self.rewrite(dos)
        if rewrite is not None:
            drafts += self.guest_work(rewrite)
        if not dos:
            return drafts + self.without_guide(rewrite)
        # Our part has its place in the guide's way, or comes before anything carries the VM over.
        place = next((step.do for step in way.steps if step.do in _LOWERS), None)
        done: set[str] = set()
        for step in way.steps:
            if rewrite is not None and step.do == place:
                drafts.append(self.own_share(step, rewrite))
            else:
                if rewrite is not None and place is None and not done - {"move-to"} and step.do != "move-to":
                    drafts.append(rewrite)
                drafts += self.from_guide(step, way, first=step.do not in done)
            done.add(step.do)
        if "import-disks" in dos and "create-vm" not in dos and self.target.generation == NEW_VM_GENERATION:
            drafts.append(self.told("create-vm", TEXTS["create-vm"], NEW_VM_SOURCE))
        return drafts

    def rewrite(self, dos: set[str]) -> _Draft | None:
        """The one rewrite that does vmxtool's part of a way, or None where it has none."""
        raised = self.cure(_RAISE)
        if raised is not None and raised.fix is not None:
            return _Draft("upgrade-hardware", raised.fix, raised.sources[0])
        share = self.share(dos)
        if not share:
            return None
        change = self.cure(*_VERSION)
        if share.raises and change is not None and change.fix is not None and change.fix.command is None:
            return _Draft("upgrade-hardware", change.fix, change.sources[0], one_way=True)
        causes = [change] if share.lowers or share.raises else []
        cause = next(filter(None, (*causes, self.cure(_BUS), self.cure(_MEMORY))), None)
        source = self.said.source if dos & _LOWERS else cause.sources[0] if cause is not None else None
        if dos & _CONVERTERS:
            fix = rewrite_before_converter(
                self.machine, self.target, self.says(share), lower=share.lowers, move=share.moves
            )
        else:
            fix = rewrite_for(self.machine, self.target, self.says(share))
        final = share.raises and self.is_final(version_on(self.machine, self.target))
        return _Draft(share.do, fix, source or MOVE_SOURCE, one_way=final)

    def share(self, dos: set[str]) -> _Share:
        """What of a way is vmxtool's."""
        converter, settled = bool(dos & _CONVERTERS), bool(dos & _SETTLES_HARDWARE)
        change, memory = self.cure(*_VERSION), self.cure(_MEMORY)
        up = change is not None and (version_on(self.machine, self.target) or 0) > (self.machine.hardware.version or 0)
        lowers = bool(dos & _LOWERS) or (change is not None and not up and not settled)
        return _Share(
            lowers=lowers and best_version(self.machine, self.target) is not None,
            raises=up and not settled,
            moves=self.cure(_BUS) is not None and not (converter and self.converter_moves_disks()),
            lessens=memory is not None and not converter,
        )

    def cure(self, *names: str) -> Finding | None:
        """The first curable finding of one of these names."""
        return next((finding for finding in self.cures if finding.name in names), None)

    def says(self, share: _Share) -> str:
        """What the rewrite does, in a sentence."""
        version = version_on(self.machine, self.target)
        parts = [f"lower the hardware version to {version}, devices included"] if share.lowers else []
        parts += [f"raise the hardware version to {version}"] if share.raises else []
        if share.moves:
            moved = [f.message.partition(" ")[0] for f in self.cures if f.name == _BUS]
            parts.append(f"move {listed(moved)} to SCSI")
        memory = self.cure(_MEMORY)
        if share.lessens and memory is not None and memory.fix is not None:
            parts.append(memory.fix.text)
        return ", and ".join(parts)

    def guest_work(self, rewrite: _Draft) -> list[_Draft]:
        """What has to be done inside the guest before a rewrite that it may not start after."""
        if rewrite.fix.safety is not Safety.UNSAFE:
            return []
        machine = self.machine
        guest = find_guest(machine.guest.id) if machine.guest.id else None
        name = guest.name if guest is not None else machine.guest.id or "the guest"
        if rewrite.fix.command and ("--ide-to-scsi" in rewrite.fix.command or "--move-disks" in rewrite.fix.command):
            note = guest.ide_to_scsi_note if guest is not None else "give it the driver of the new controller."
            text = f"prepare {name} for SCSI disks: {note[0].lower()}{note[1:].rstrip('.')}"
            return [self.told("prepare-guest", text, GUEST_SOURCE)]
        if not changes_guest_devices(machine, self.target):
            return []  # the memory alone becomes less
        text = (
            f"prepare {name} for the devices that it gets instead, which the findings name, before it starts from them"
        )
        return [self.told("prepare-guest", text, rewrite.source)]

    def own_share(self, step: Step, rewrite: _Draft) -> _Draft:
        """A step of the guide that vmxtool can do too: the guide's words, then the command."""
        tool = "the Change Version wizard of Workstation 6" if step.do == "downgrade-hardware" else "Workstation 5"
        if step.do == "create-legacy-vm":
            text = f"create a legacy VM in {tool} with the VM's disks, or make this VM one: {rewrite.fix.text}"
        else:
            text = f"{rewrite.fix.text}, with vmxtool or {tool}"
        return rewrite._replace(do=step.do, fix=Fix(rewrite.fix.safety, text, rewrite.fix.command))

    def from_guide(self, step: Step, way: Way, *, first: bool = True) -> list[_Draft]:
        """A step as the guide has it, with the commands for this VM's disks where it is about them."""
        source = self.said.source or MOVE_SOURCE
        if step.do in _CARRIES_DISKS:
            carried = list(_drafts(self.cures, {_FORMAT: step.do}))
            if carried:
                return [draft._replace(source=source) for draft in carried]
        text = TEXTS[step.do].format(target=self.target.name, tool=named(step.products, self.target.name))
        final = step.do == "upgrade-hardware" and ((way.one_way and first) or self.is_final_with(step))
        if final:
            text += "; it cannot be taken back"
        if step.do in _CONVERTERS and _BUS in self.names and self.converter_moves_disks():
            text += "; it gives this guest SCSI disks by itself"
        return [self.told(step.do, text, source)._replace(one_way=final)]

    def without_guide(self, rewrite: _Draft | None) -> list[_Draft]:
        """The course where the guide is silent, or where nothing of its way is needed."""
        drafts = [rewrite] if rewrite is not None else []
        carried = list(_drafts(self.cures, {_FORMAT: "convert-disks"}))
        exports = self.target.esx is False and any(self.is_export(draft) for draft in carried)
        kind = "import-disks" if self.target.esx else "export-disks" if exports else "convert-disks"
        drafts += [draft._replace(do=kind) for draft in carried]
        if not carried:
            drafts.append(self.told("copy", TEXTS["copy"], self.said.source or MOVE_SOURCE))
        elif self.target.esx and self.target.generation == NEW_VM_GENERATION:
            drafts.append(self.told("create-vm", TEXTS["create-vm"], NEW_VM_SOURCE))
        elif self.target.esx:
            drafts.append(self.told("register-vm", REGISTER, MOVE_SOURCE))
        else:
            drafts.append(self.told("copy", TAKE_ALONG, MOVE_SOURCE))
        return drafts

    def is_export(self, draft: _Draft) -> bool:
        """Whether a disk's conversion is one from the format of ESX."""
        return draft.fix.command is not None and "vmkfstools" in draft.fix.command

    def told(self, do: str, text: str, source: str) -> _Draft:
        """A step for the person."""
        return _Draft(do, Fix(Safety.MANUAL, text.replace("{target}", self.target.name)), source)

    def is_final(self, version: int | None) -> bool:
        """Whether no product takes the VM back from a hardware version to its own."""
        own = self.machine.hardware.version
        return own is not None and version is not None and not _returns(version, own)

    def is_final_with(self, step: Step) -> bool:
        """Whether no product takes back the upgrade that a step of the guide makes."""
        known = products()
        makers = [known[name] for name in step.products if name in known] or [self.target]
        return all(self.is_final(maker.creates) for maker in makers)

    def converter_moves_disks(self) -> bool:
        """Whether VMware Converter moves the disks of this guest to SCSI by itself (guide, page 10)."""
        guest = find_guest(self.machine.guest.id) if self.machine.guest.id else None
        return guest is not None and guest.converter_reconfigures


def _calls(finding: Finding) -> bool:
    """Whether a finding asks for a step; a disk in a foreign format does even where it may only warn."""
    return finding.severity is Severity.BLOCKER or finding.name == _FORMAT


@cache
def _returns(version: int, to: int) -> bool:
    """Whether some product runs a version and can lower it."""
    return any(it.family != "hardware" and to in it.converts_to and it.runs(version) for it in products().values())
