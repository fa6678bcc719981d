"""The changes of a rewrite by their causes: a row for each, in plain words, however many settings it comes to."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from vmxtool._text import as_clause
from vmxtool.changes.limits import adapters_gone, measured
from vmxtool.changes.model import (
    ADAPTERS_OVER,
    ARM_DEVICE,
    BOOT_ORDER,
    CDROM_MOVE,
    CHARACTER_SET,
    CONTROLLER,
    DISK_MOVE,
    DISK_NAMES,
    DISK_VERSION,
    GUEST_NAME,
    LEFTOVER,
    NETWORK,
    SLAVE_MOVE,
    VERSION,
)
from vmxtool.knowledge.devices import NEVER, devices
from vmxtool.knowledge.product import HARDWARE
from vmxtool.report.text.cause_words import LOSSES, NAMES, OF_LIMITS, PLAIN_EFFECTS, TOPICS
from vmxtool.report.words import count, listed, some
from vmxtool.rules.registry import code_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vmxtool.changes.model import Kept, Topic, Wanted
    from vmxtool.knowledge.devices import DeviceRule
    from vmxtool.rewriter.diff import FileChange
    from vmxtool.rewriter.rewrite import Rewrite

_OF_HOST = frozenset({DISK_NAMES, CHARACTER_SET, NETWORK, ADAPTERS_OVER})
_BUSES: Mapping[str, str] = {"ide": "IDE", "sata": "SATA", "nvme": "NVMe", "scsi": "SCSI"}

_UNVERIFIED = " (unverified)"
_MODEL = ".virtualdev"  # the end of the key that names a controller's model
_EFFECTS_SHOWN = 4  # a config may be made so that a cause has thousands


@dataclass(slots=True)
class Row:
    """All changes of one cause.

    Attributes:
        what: what it is about, in plain words.
        code: code of the rule that finds it, or None.
        option: the option that allows it or would, without its dashes; None where none is needed.
        verbs: "change", "remove", "add" or "keep", each once as all texts here are: the keys of a dictionary.
        effects: what becomes of it, in a few words each.
        subjects: the drives or files that it is about, where there may be several.
        changes: the changes.
        told: the sentences among the rewrite's notes and jobs that the row stands for.
    """

    what: str
    code: str | None
    option: str | None
    verbs: dict[str, None] = field(default_factory=dict)
    effects: dict[str, None] = field(default_factory=dict)
    subjects: dict[str, None] = field(default_factory=dict)
    changes: list[FileChange] = field(default_factory=list)
    told: dict[str, None] = field(default_factory=dict)

    @property
    def verb(self) -> str:
        """The one word for all of it."""
        return next(iter(self.verbs)) if len(self.verbs) == 1 else "change"

    @property
    def effect(self) -> str:
        """What becomes of it, and of which it does where there are several."""
        said = "; ".join(islice(self.effects, _EFFECTS_SHOWN))
        if self.subjects:
            said = f"{said}: {some(list(self.subjects))}"
        return said + (f"; --{self.option} changes it" if self.verb == "keep" and self.option else "")


def rows_of(rewrite: Rewrite) -> list[Row]:
    """Return the causes of a rewrite's changes in the order of the changes, then what it leaves as it is."""
    words = _Words(rewrite)
    rows: dict[tuple[object, ...], Row] = {}
    for change in rewrite.changes:
        option = words.option(change) if change.safety == "unsafe" else None
        what, code = words.what(change.topic), words.code(change.topic)
        row = rows.setdefault((what, option), Row(what, code, option))
        row.code = row.code or code
        _add(row.verbs, "add" if change.before is None else "remove" if change.after is None else "change")
        for effect in words.effects(change):
            _add(row.effects, effect)
        loss = words.loss(change)
        if loss is not None:
            _add(row.effects, loss[0])
            _add(row.told, loss[1])
        _add(row.subjects, _subject(change.topic))
        row.changes.append(change)
    for kept in rewrite.planned.kept if rewrite.planned is not None else ():
        what, code, effect = words.kept(kept)
        row = rows.setdefault(("keep", what, code, effect, kept.option), Row(what, code, kept.option, {"keep": None}))
        _add(row.effects, effect)
        _add(row.subjects, kept.topic.subject if kept.topic.kind == DISK_VERSION else "")
        _add(row.told, kept.note)
    for row in rows.values():
        _say_of_all(row, rewrite.machine.config.file)
    return list(rows.values())


def _add(words: dict[str, None], word: str) -> None:
    if word:
        words[word] = None


def _subject(topic: Topic) -> str:
    """Return the drive or file that a change is about, where a row may have several."""
    if topic.kind in {DISK_MOVE, CDROM_MOVE, SLAVE_MOVE}:
        return f"{topic.subject} is {topic.to}"
    return topic.subject if topic.kind in {LEFTOVER, DISK_VERSION} else ""


def _say_of_all(row: Row, config: str) -> None:
    """Give a row the effect that only all its changes together tell; `config` is the config's file."""
    gone = sorted(adapters_gone(row.changes))
    if gone:
        row.effects = {f"{listed(gone)} {'goes' if len(gone) == 1 else 'go'} (--limit)": None}
    if any(change.topic.kind == VERSION for change in row.changes):
        versions = [change for change in row.changes if change.key.lower() == "virtualhw.version"]
        own, after = (versions or row.changes)[0].values
        disks = len({change.file for change in row.changes} - {config})
        places = [*(["the config"] if versions else []), *([count(disks, "disk")] if disks else [])]
        row.effects = {f"{own} → {after}, in {listed(places)}": None}


def name_of(row: DeviceRule) -> str:
    """Return what a row of devices.toml is about, in plain words."""
    return NAMES.get(row.id, row.id.replace("-", " "))


def target_name(wanted: Wanted | None) -> str | None:
    """Return the product that a rewrite is for, or None where only a hardware version was named."""
    product = wanted.product if wanted is not None else None
    return product.name if product is not None and product.family != HARDWARE else None


class _Words:
    """The words for what one rewrite changes."""

    def __init__(self, rewrite: Rewrite) -> None:
        self.rewrite, self.wanted = rewrite, rewrite.wanted
        self.rows = devices()
        self.version = self.wanted.version if self.wanted is not None else None
        self.esx = self.wanted.esx if self.wanted is not None else None
        self.target = target_name(self.wanted)
        self.jobs = {fix.text for fix in rewrite.planned.manual} if rewrite.planned is not None else set()

    def what(self, topic: Topic) -> str:
        row = self.rows.get(topic.kind)
        if row is not None:
            return name_of(row)
        if topic.kind == CONTROLLER:
            return f"{bus_of(topic.subject)} controller"
        if topic.kind == CDROM_MOVE:
            return "CD-ROM drive"
        if topic.kind == DISK_MOVE:
            return f"disk on {bus_of(topic.subject)}"
        return TOPICS.get(topic.kind, "setting")

    def code(self, topic: Topic) -> str | None:
        product, before = (self.wanted.product if self.wanted is not None else None), self.rewrite.machine.hardware
        if topic.kind == VERSION and product is not None and self.target and before.version is not None:
            if before.version > product.runs_max:
                return code_of("hardware-version-too-new")
            if before.version < product.runs_min:
                return code_of("hardware-version-too-old")
            return None if product.runs(before.version) else code_of("hardware-version-not-offered")
        row = self.rows.get(topic.kind)
        if row is None:
            return None
        if row.limit is not None:
            return code_of(OF_LIMITS.get(row.limit, "more-than-hardware-holds"))
        return None if self._is_known(row) else code_of("device-not-in-hardware-version")

    def option(self, change: FileChange) -> str:
        """Return the option that allowed a change that the guest may not start after."""
        if change.topic.kind in self.rows or change.topic.kind in {GUEST_NAME, ARM_DEVICE, CDROM_MOVE}:
            return "unsafe"
        if change.topic.kind == CONTROLLER and self.wanted is not None and not self.wanted.moves:
            return "unsafe"
        moved = self.rewrite.planned.moved if self.rewrite.planned is not None else {}
        if change.topic.kind == DISK_MOVE:
            from_ide = change.topic.subject.startswith("ide")
        else:
            from_ide = any(old.startswith("ide") and new.startswith("scsi") for old, new in moved.items())
        return "ide-to-scsi" if from_ide else "move-disks"

    def effects(self, change: FileChange) -> Iterator[str]:
        topic, (before, after) = change.topic, change.values
        row = self.rows.get(topic.kind)
        if row is not None:
            yield self._of_device(row, before, after, unverified=change.why.endswith(_UNVERIFIED))
        elif topic.kind in {DISK_MOVE, CDROM_MOVE}:
            yield f"{bus_of(topic.subject)} → {bus_of(topic.to)}"
        elif topic.kind == CONTROLLER:
            yield _of_controller(change, self.rewrite)
        elif topic.kind == GUEST_NAME:
            yield f"{before} → {after}, the nearest that {self._holder()} knows"
        elif topic.kind in _OF_HOST:
            yield from self._of_host(change, after)
        elif topic.kind == BOOT_ORDER and topic.subject:
            yield f"names {topic.subject} no more"
        elif topic.kind in PLAIN_EFFECTS:
            yield PLAIN_EFFECTS[topic.kind]
        elif topic.kind != VERSION:
            what = f"{before} → {after}" if before is not None else f"{after}, which {self._holder()} writes"
            yield f"{topic.subject} {what}" if topic.kind == ARM_DEVICE else what

    def _of_host(self, change: FileChange, after: str | None) -> Iterator[str]:
        """Yield what becomes of the settings that hang on the new host."""
        topic, holder = change.topic, self._holder()
        if topic.kind == DISK_NAMES:
            name = "name" if change.why.endswith("--vmfs-path says") else "fileName"
            yield f"in {name}, where {holder} reads them"
        elif topic.kind == CHARACTER_SET:
            needs = self.rewrite.planned.needs.options if self.rewrite.planned is not None else ()
            anew = any(option.startswith("encoding=") for option in needs)
            yield f"{holder} names none{f'; the text is in {topic.subject}' if anew else ''}"
        elif topic.kind == NETWORK and after not in {None, "monitor_dev", "custom"}:
            yield f"{topic.subject} is on {after}"

    def loss(self, change: FileChange) -> tuple[str, str] | None:
        """Return what the guest loses by a change, and the rewrite's sentence that tells it; None where none does."""
        row = self.rows.get(change.topic.kind)
        if row is None or row.guest_loses is None:
            return None
        clause = as_clause(row.guest_loses)
        device = change.key.partition(".")[0]
        told = next((text for text in (clause, f"{device}: {clause}") if text in self.jobs), None)
        if told is None:
            return None
        said = clause if row.below in {"replace", "remove"} else f"the guest loses {clause}"
        return LOSSES.get(row.id, said), told

    def kept(self, kept: Kept) -> tuple[str, str | None, str]:
        what, row = self.what(kept.topic), self.rows.get(kept.topic.kind)
        effect = kept.effect
        if row is not None:
            what += f" {kept.topic.subject}" if kept.topic.subject else ""
            effect = effect or self._none(row, unverified=True)
        elif kept.topic.kind == ARM_DEVICE:
            effect = f"{kept.topic.subject}: {self._holder()} may not have it for a guest for ARM"
        elif kept.topic.kind == ADAPTERS_OVER:
            what = f"{kept.topic.subject} {what}"
        elif kept.topic.kind == GUEST_NAME:
            what += f" {kept.topic.subject}"
            effect = effect or f"{self._holder()} may not know it{_UNVERIFIED}"
        return what, self.code(kept.topic), effect

    def _of_device(self, row: DeviceRule, before: str | None, after: str | None, *, unverified: bool) -> str:
        if row.limit is not None:
            return f"{_amount(row, before)} → {_amount(row, after)}, as much as {self._holder()} holds"
        if after is not None:
            return f"{before} → {after}"
        if row.on_any_change:
            return f"{self.target or 'the product'} gives new ones"
        return self._none(row, unverified=unverified)

    def _none(self, row: DeviceRule, *, unverified: bool) -> str:
        doubt, version = _UNVERIFIED if unverified else "", self.version or 0
        first = row.first_for(esx=self.esx)
        if row.last_hardware is not None and version > row.last_hardware:
            return f"given up after version {row.last_hardware}{doubt}"
        if first >= NEVER:
            kind = " of this kind" if row.unless else ""
            return f"{self.target or 'the product'} has none{kind}{doubt}"
        if self.esx and row.first_hardware_esx is not None:
            return f"ESX has it from version {first} on{doubt}"
        return f"came with version {first}{doubt}"

    def _is_known(self, row: DeviceRule) -> bool:
        return self.version is None or row.known(self.version, esx=self.esx)

    def _holder(self) -> str:
        return self.target or f"version {self.version}"


def _of_controller(change: FileChange, rewrite: Rewrite) -> str:
    """Return what becomes of a controller; of a new one its model says all, where it gets one."""
    name, (before, after) = change.topic.subject, change.values
    if change.key.lower().endswith(_MODEL):
        return f"{name} {before} → {after}" if before is not None else f"{name} ({after}) for the disk"
    same = (it for it in rewrite.changes if it.topic == change.topic)
    return "" if any(it.key.lower().endswith(_MODEL) for it in same) else f"{name} is new"


def bus_of(place: str) -> str:
    """Return the bus of a drive or a controller such as "ide0:0", as a person says it."""
    word = place.partition(":")[0].rstrip("0123456789")
    return _BUSES.get(word, word)


def _amount(row: DeviceRule, value: str | None) -> str:
    """Return a setting's figure in the unit of its limit, rounded up; as it is where it is no number."""
    try:
        return measured(row, -(-int(value or "") // row.per_unit))
    except ValueError:
        return value or "nothing"
