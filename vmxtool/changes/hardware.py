"""Take a VM to another hardware version, or to another kind of product, devices and all."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from vmxtool._record import Record, replace
from vmxtool._text import as_clause
from vmxtool.changes.arm_devices import arm_changes
from vmxtool.changes.guest_name import guest_name_change
from vmxtool.changes.guest_work import controller_work
from vmxtool.changes.limits import adapter_removals, adapters_asked, adapters_over, figure_over
from vmxtool.changes.model import VERSION, Changes, Kept, Needs, SettingChange, Topic
from vmxtool.changes.old_host import network_to_choose
from vmxtool.changes.product_habits import config_version_changes, config_version_lowered, name_changes
from vmxtool.changes.told import network_changes
from vmxtool.findings import Fix, Safety
from vmxtool.knowledge.devices import devices
from vmxtool.knowledge.guests import family_of, find_guest
from vmxtool.machine.sections import numbers_alike
from vmxtool.rules import writing
from vmxtool.rules.case import sections_of
from vmxtool.rules.registry import findings_of
from vmxtool.rules.state import is_off, rows_for
from vmxtool.vmx.lines import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.changes.model import Wanted
    from vmxtool.evidence import Evidence
    from vmxtool.findings import Finding
    from vmxtool.knowledge.devices import DeviceRule
    from vmxtool.rules.case import Files
    from vmxtool.rules.state import VmState
    from vmxtool.vmx.document import Document

TOOLS_FIRST = Fix(
    Safety.MANUAL,
    "install the newest VMware Tools that the VM's own product has before the first start with newer hardware: Windows "
    "may lose its network settings otherwise, and may ask to be activated again",
)
_VERSION_SOURCE = "kb:1003746"
_OF_VERSION = Topic(VERSION)


def knows(key: str, value: str, version: int, esx: bool | None = None) -> bool:
    """Return whether a hardware version knows a setting's value, such as a controller model.

    Limits are not looked at.
    """
    return all(
        row.limit is not None or not row.takes(value) or row.known(version, esx=esx) for row in rows_for(fold(key))
    )


def change_hardware(files: Files, start: VmState, wanted: Wanted) -> Changes:
    """Return every change of the config that makes a VM fit for a version and a product.

    Disks on buses that the version lacks are not moved here: see `buses`. Devices that only their owner can take out
    are left alone; that they stand in the way is a finding.
    """
    if not wanted.fit:
        return Changes()
    draft = _Draft(files, start, wanted)
    draft.add_version()
    draft.add(*network_changes(files, wanted), *adapter_removals(files, wanted, draft.gone))
    concerned = _rows_concerned(wanted.version, wanted.esx, draft.moves)
    known = files.once(_touched_so_far)
    for place in files.once(_places):
        if place[1] in concerned:
            if place not in known:
                known[place] = _touched(files, *place)
            if (touched := known[place]) is not None and touched.may_go:
                draft.apply(touched)
    draft.forget_host()
    draft.rename_guest()
    draft.ask_for_adapters()
    draft.optional += [(None, change) for change in arm_changes(files, wanted)]
    return draft.finish()


class _Touched(Record):
    """A setting whose value a row of devices.toml takes.

    Attributes:
        row: the row.
        key: the setting as the file spells it.
        folded: in lower case.
        off: whether its device is switched off.
        may_go: whether it may go at all: what only its owner takes out goes where it is switched off.
        removal: the change that takes it out; the same in all rewrites.
        unsure_removal: the same where it counts that no source confirms for which hardware versions the row holds.
    """

    row: DeviceRule
    key: str
    folded: str
    off: bool
    may_go: bool
    removal: SettingChange
    unsure_removal: SettingChange


def _places(files: Files) -> list[tuple[str, str]]:
    """Return every setting by its folded key with each row of devices.toml that it may fall under, by the row's id."""
    return [(folded, row) for folded in files.vm.config.document.folded() for row in _rows_in_turn(folded)]


def _touched_so_far(_: Files) -> dict[tuple[str, str], _Touched | None]:
    """Return what has been looked at of the places; filled as versions ask for it."""
    return {}


@lru_cache(maxsize=4096)
def _rows_in_turn(folded: str) -> tuple[str, ...]:
    """Return ids of the rows that a key falls under; what goes altogether is not replaced first."""
    return tuple(row.id for row in sorted(rows_for(folded), key=lambda row: row.below != "remove"))


def _is_off(files: Files, head: str) -> bool:
    return is_off(files.vm.config.document, head)


def _touched(files: Files, folded: str, row_id: str) -> _Touched | None:
    document, row = files.vm.config.document, devices()[row_id]
    if not (row.always or row.holds(folded, document)):
        return None
    key, off, why = document.spelling(folded), files.once(_is_off, folded.partition(".")[0]), row.reason.rstrip(".")
    may_go = row.below != "refuse" or (row.limit is None and off)
    removal = SettingChange(key, None, why, row.source, topic=Topic(row.id))
    unsure_removal = replace(removal, why=f"{why} (unverified)") if row.unverified else removal
    return _Touched(row, key, folded, off, may_go, removal, unsure_removal)


@lru_cache(maxsize=512)
def _rows_concerned(version: int, esx: bool | None, moves: bool) -> frozenset[str]:
    """Return ids of the rows of devices.toml that say anything of a version: limits, and what it does not know."""
    return frozenset(
        row.id
        for row in devices().values()
        if row.below != "move-disks"
        and (row.limit is not None or (row.on_any_change and moves) or not row.known(version, esx=esx))
    )


class _Draft:
    """The changes found so far; a setting that one row has dealt with is left alone by the next."""

    def __init__(self, files: Files, start: VmState, wanted: Wanted) -> None:
        self.files, self.vm, self.start, self.wanted = files, files.vm, start, wanted
        self.document: Document = files.vm.config.document
        self.moves = start.version != wanted.version
        self.esx, self.guest_family = wanted.esx, family_of(start.guest)
        self.changes: dict[str, SettingChange] = {}
        self.optional: list[tuple[DeviceRule | None, SettingChange]] = []
        self.asked: list[tuple[str, str, Evidence]] = []
        self.manual: list[Fix] = []
        self.notes: list[str] = []
        self.kept: list[Kept] = []
        self.gone = adapters_over(files, wanted, start.version)

    def add_version(self) -> None:
        wanted = self.wanted
        if not self.moves:
            self.add(*config_version_lowered(self.vm, wanted))
            return
        self.add(
            SettingChange("virtualHW.version", str(wanted.version), wanted.why, _VERSION_SOURCE, topic=_OF_VERSION)
        )
        self.add(*config_version_changes(self.vm, wanted))
        if wanted.version > (self.start.version or 0):
            self.manual.append(TOOLS_FIRST)

    def apply(self, touched: _Touched) -> None:
        row = touched.row
        if row.limit is not None:
            self._limit(row, touched.key)
            return
        doubtful = not (row.on_any_change and self.moves) and row.unsure(esx=self.esx)
        change = touched.unsure_removal if doubtful else touched.removal
        if row.below == "replace":
            change = replace(change, after=_replacement(row, touched.key, self.start.guest, self.wanted))
            self.manual += _driver_to_have(self, touched, change)
        elif touched.off or row.safety != "unsafe":
            self.changes.setdefault(touched.folded, change)  # most are such removals
            if row.losing_guests is not None and not touched.off and self.guest_family == row.losing_guests:
                # What one family of guests loses is the same whichever device it is.
                self.manual.append(Fix(Safety.MANUAL, as_clause(row.guest_loses or row.reason)))
            return
        self._propose(row, change, doubtful=doubtful, off=touched.off)

    def add(self, *changes: SettingChange) -> None:
        for change in changes:
            self.changes.setdefault(fold(change.key), change)

    def finish(self) -> Changes:
        options = tuple(dict.fromkeys(option for option, _, _ in self.asked))
        if "unsafe" in options or self.wanted.unsafe:
            for row, change in self.optional:
                self._add_unsafe(row, change)
        else:
            for _, change in self.optional:
                self._keep(Kept(change.topic, f"{change.key}: {change.why}; --unsafe changes it", option="unsafe"))
        return Changes(
            tuple(self.changes.values()),
            refused=tuple(_lost_numbers(self)),
            needs=Needs(options, tuple(self.asked)),
            manual=tuple(dict.fromkeys(self.manual)),
            notes=tuple(dict.fromkeys(self.notes)),
            kept=tuple(dict.fromkeys(self.kept)),
        )

    def ask_for_adapters(self) -> None:
        """Ask for --limit where network adapters have to go."""
        asked = adapters_asked(self.files, self.wanted, self.gone)
        if asked is not None:
            self.asked.append(asked)

    def _propose(self, row: DeviceRule, change: SettingChange, *, doubtful: bool, off: bool = False) -> None:
        if fold(change.key) in self.changes:
            return
        if row.safety == "unsafe" and not off:
            if doubtful or self.wanted.optional:
                self.optional.append((row, change))
                return
            self._ask("unsafe", row, change)
            return
        self.add(change)
        if not off and change.after is not None:
            self._tell_loss(row, change)

    def _ask(self, option: str, row: DeviceRule, change: SettingChange) -> None:
        what = f"{change.key} becomes {change.after}" if change.after is not None else f"{change.key} goes"
        loses = f" ({as_clause(row.guest_loses)})" if row.guest_loses is not None else ""
        self.asked.append((option, f"{change.why}; {what}{loses}", self.document.evidence(change.key)))
        self._add_unsafe(row, change)

    def _add_unsafe(self, row: DeviceRule | None, change: SettingChange) -> None:
        self.add(replace(change, safety=Safety.UNSAFE))
        if row is not None:
            self._tell_loss(row, change)

    def _keep(self, kept: Kept) -> None:
        self.notes.append(kept.note)
        self.kept.append(kept)

    def _tell_loss(self, row: DeviceRule, change: SettingChange) -> None:
        if row.guest_loses is not None:
            device = change.key.partition(".")[0] if "." in change.key else change.key
            self.manual.append(Fix(Safety.MANUAL, f"{device}: {as_clause(row.guest_loses)}"))
            self.manual += controller_work(self.vm, device, change.after)

    def _limit(self, row: DeviceRule, key: str) -> None:
        """Lower a figure that is too high; of devices that are too many the rules speak, and none is chosen here."""
        over = figure_over(self.files, self.start, self.wanted, row, key)
        if over is None:
            return
        if self.wanted.told.limit:
            self.add(over.change, *over.beside)
        elif over.most.verified and row.safety != "unsafe":
            self._propose(row, over.change, doubtful=False)
        elif over.most.verified and (self.wanted.unsafe or not self.wanted.optional):
            self._ask("limit", row, over.change)
            self.add(*over.beside)
        else:
            self._keep(over.kept)

    def forget_host(self) -> None:
        """Take out the names of the old host, and say where an adapter has no network by a name any more."""
        changes = tuple(name_changes(self.files, self.wanted))
        self.add(*changes)
        self.manual += network_to_choose(self.document, changes, self.wanted)

    def rename_guest(self) -> None:
        """Give the guest the nearest older name where the product may not know its own."""
        found = guest_name_change(self.document, self.start, self.wanted)
        if isinstance(found, Kept):
            self._keep(found)
        elif found is not None:
            self.optional.append((None, found))


def _driver_to_have(draft: _Draft, touched: _Touched, change: SettingChange) -> Iterator[Fix]:
    """Say of a network adapter that becomes another which the guest is not known to have a driver for."""
    guest = find_guest(draft.start.guest) if draft.start.guest else None
    known = guest.nic_model if guest is not None else None
    if guest is None or known is None or touched.off or not touched.folded.startswith("ethernet"):
        return
    device = change.key.partition(".")[0]
    if change.after is not None and change.after != known and fold(device) not in draft.gone:
        text = f"{device}: {guest.name} is not known to have a driver for {change.after}; have one ready there"
        yield Fix(Safety.MANUAL, text)


def _lost_numbers(draft: _Draft) -> Iterator[Finding]:
    """Yield devices that this version has and the other does not look at, because of their numbers alone."""
    start, wanted, document = draft.start, draft.wanted, draft.document
    if not draft.moves or numbers_alike(start.version, wanted.version):
        return
    before, after = (draft.files.once(_beyond, version) for version in (start.version, wanted.version))
    limited = any(option == "limit" for option, _, _ in draft.asked) and not wanted.unsafe
    for word in sorted(after - before - set(draft.gone)):
        key = f"{word}.present"
        if not document.flag(key, False):
            continue
        place = document.evidence(key)
        if limited and word.startswith("ethernet"):
            # Where --limit is asked for anyway, it takes out the adapter, too.
            draft.asked.append(("limit", f"hardware version {wanted.version} has no {word}", place))
        else:
            yield from findings_of(writing.device_number_lost, word, wanted.version, place)
    for word in sorted(before - after):
        if document.flag(f"{word}.present", False):
            draft.notes.append(f"{word}, which hardware version {start.version} does not look at, comes to life")


def _beyond(files: Files, version: int | None) -> frozenset[str]:
    """Return the devices of a config whose numbers a hardware version does not look at."""
    return frozenset(sections_of(files).units(version).beyond_version)


def _replacement(row: DeviceRule, key: str, guest_id: str | None, wanted: Wanted) -> str | None:
    """Return what a device is replaced by: for a network adapter one that the guest is known to have a driver for."""
    value = row.replacement
    if key.lower().startswith("ethernet"):
        guest = find_guest(guest_id) if guest_id else None
        if guest is not None and guest.nic_model is not None:
            value = guest.nic_model
    seen: set[str | None] = set()
    while value is not None and value not in seen:
        seen.add(value)
        lower = next((other for other in rows_for(fold(key)) if _replaces(other, value, wanted)), None)
        if lower is None:
            return value
        value = lower.replacement
    return row.replacement


def _replaces(row: DeviceRule, value: str, wanted: Wanted) -> bool:
    unknown = row.below == "replace" and row.takes(value) and row.value is not None
    return unknown and not row.known(wanted.version, esx=wanted.esx)
