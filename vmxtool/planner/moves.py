"""The moves that plans are made of: when each has its turn, who makes it, what it changes, what it rests on.

A move that changes nothing in the state is made by the VM's owner and settles the findings that name it as their cure.
So a rule about something that no state models needs no move of its own.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from vmxtool._record import Record, replace
from vmxtool.findings import BY_CONVERTER, CONVERTING_DISKS, LOWERING, Do
from vmxtool.knowledge.devices import devices
from vmxtool.knowledge.hardware import existed
from vmxtool.knowledge.products import products
from vmxtool.knowledge.runs import Ternary, can_return, first_version, runs
from vmxtool.rules.case import controllers_of_disks, kind_of, unknown_rows
from vmxtool.rules.state import DISKS_NAMED, TEXT_WRITTEN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vmxtool.changes.model import Changes
    from vmxtool.findings import Finding
    from vmxtool.knowledge.product import Product
    from vmxtool.rules.state import DiskFormat, VmState

YOU, HERE, GUEST, SOURCE, TARGET, VMXTOOL = "you", "here", "guest", "source", "target", "vmxtool"
"""Who makes a move, and where: on this computer, in the guest, where the VM is now, or where it goes."""

VERSION_MOVES = LOWERING | {Do.UPGRADE_HARDWARE}
"""Moves to another hardware version; which version is a way's own, so no finding adds one."""

_AS_MADE_THERE = frozenset({DISKS_NAMED, TEXT_WRITTEN})
"""What is settled for a VM whose config a product writes anew."""


class Phase(IntEnum):
    """When a move has its turn, where no way of the guide says otherwise."""

    SETTLE = 0
    REST = 1
    REPAIR = 2
    CONSOLIDATE = 3
    OWNER = 4
    PREPARE = 5
    REWRITE = 6
    EXPORT = 7
    CARRY = 8
    IMPORT = 9
    CREATE = 10
    FINISH = 11


class Move(NamedTuple):
    """One move of a way.

    Attributes:
        do: what kind it is.
        products: ids of the products that the guide names for it, the target itself left out.
        version: the hardware version it leads to, for those that lead to one.
        cured: the findings that it is made for.
        one_way: the guide prints that it cannot be taken back.
        source: what it rests on, instead of what its kind does.
        fits: whether a rewrite makes the VM fit for the target, and does not only move disks for a converter.
        remedy: what to do, where another move is the reason for it.
    """

    do: Do
    products: tuple[str, ...] = ()
    version: int | None = None
    cured: tuple[Finding, ...] = ()
    one_way: bool = False
    source: str | None = None
    fits: bool = True
    remedy: str | None = None


class Made(NamedTuple):
    """A move that has been played.

    Attributes:
        move: the move.
        before: the VM's state before it.
        after: its state after it.
        one_way: whether it cannot be taken back.
        changes: what vmxtool changes in the files, where it is vmxtool's own.
    """

    move: Move
    before: VmState
    after: VmState
    one_way: bool = False
    changes: Changes | None = None

    def __repr__(self) -> str:
        return f"<{self.move.do.value}, {self.before.version} to {self.after.version}>"

    @property
    def kinds(self) -> frozenset[Do]:
        """The kinds of move that it makes; a rewrite counts as all that it does."""
        if self.changes is None:
            return frozenset({self.move.do})
        moves = {Do.MOVE_DISKS} if self.moved else set()
        return frozenset({self.move.do, Do.REWRITE, *moves})

    @property
    def raises(self) -> bool:
        """Whether the VM gets newer hardware; one of a version that no product ever had only gets a real one."""
        old, new = self.before.version, self.after.version
        return old is not None and new is not None and new > old and existed(old)

    @property
    def moved(self) -> frozenset[str]:
        """The hard disks that a rewrite moves to another bus."""
        moved = self.changes.moved if self.changes is not None else {}
        disks = {disk.drive for disk in self.before.disks}
        return frozenset(old for old, new in moved.items() if new.startswith(("scsi", "sata")) and old in disks)

    @property
    def replaces_controller(self) -> bool:
        """Whether a rewrite puts another controller in the place of one that hard disks may sit behind."""
        settings = self.changes.settings if self.changes is not None and self.before.disks else ()
        return any(it.topic.kind in controllers_of_disks() and it.after is not None for it in settings)

    @property
    def drives(self) -> frozenset[str]:
        """The hard disks that it changes, and for a conversion those that nobody has seen."""
        if self.changes is not None:
            return self.moved
        pairs = zip(self.before.disks, self.after.disks, strict=True)
        changed = {old.drive for old, new in pairs if old != new}
        if self.move.do in CONVERTING_DISKS:
            changed |= {disk.drive for disk in self.before.disks if disk.format == "unseen"}
        return frozenset(changed)


class Kind(Record):
    """What is the same for all moves of one kind.

    Attributes:
        phase: when it has its turn.
        by: who makes it, where the move names no product; "target" stands for the product that the VM goes to.
        where: where it is made.
        source: what it rests on.
        effect: what it changes in the VM's state, given the move and the target; None where it settles findings.
    """

    phase: Phase
    by: str
    where: str
    source: str
    effect: Callable[[VmState, Move, Product], VmState] | None = None


def is_one_way(before: int | None, after: int | None, origin: str | None = None) -> bool:
    """Return whether no product takes a VM back to the version before, and its own does not run the new one.

    Args:
        before: the version before.
        after: the version after.
        origin: id of the product that has the VM before, or None.
    """
    if before is None or after is None or after <= before or not existed(before) or can_return(after, before):
        return False
    return origin is None or runs(products()[origin], after) is not Ternary.YES


def _arrive(state: VmState, _: Move, target: Product) -> VmState:
    return state.held(target.id)


def _copy(state: VmState, _: Move, target: Product) -> VmState:
    return state.held(target.id, arrived=target.arrives_by == "copy")


def _move_to(state: VmState, move: Move, _: Product) -> VmState:
    return state.held(member(move.products[0]))


def _export(state: VmState, _: Move, target: Product) -> VmState:
    # What ESX Server 1 exports, the products of its time run.
    form: DiskFormat = "legacy" if target.readable_formats == {"legacy"} else "hosted"
    return state.with_formats({"esx": form, "transport": form})


def _import(state: VmState, *_: object) -> VmState:
    return state.with_formats({"hosted": "esx", "transport": "esx", "legacy": "esx"})


def _convert(state: VmState, *_: object) -> VmState:
    return state.with_formats({"transport": "hosted", "legacy": "hosted", "esx": "hosted"})


def _change_version(state: VmState, move: Move, target: Product) -> VmState:
    after = state if move.version is None else state._replace(version=move.version)
    maker = products()[member(move.products[0])] if move.products else target
    if maker.native_formats == {"hosted"}:
        # A product that upgrades a VM upgrades its disks of the kind before Workstation 4 too.
        after = after.with_formats({"legacy": "hosted"}) if move.do is Do.UPGRADE_HARDWARE else after
    return after


def _make_anew(state: VmState, move: Move, target: Product) -> VmState:
    """Return the state once Converter has made a VM anew, with the hardware of the product that it goes to.

    Converter gives some guests SCSI disks.
    """
    to = products()[member(move.products[0])] if move.products else target
    version = first_version(to)
    form: DiskFormat = "esx" if to.esx else "hosted"
    moved = state.with_formats({"hosted": form, "esx": form, "transport": form, "legacy": form})
    disks = moved.disks
    if move.fits:  # the guest is one that Converter reconfigures
        disks = tuple([replace(it, bus="scsi") if it.bus not in to.disk_buses else it for it in disks])
    return moved._replace(
        holder=to.id,
        arrived=True,
        version=version,
        disks=disks,
        devices=_kept(state, version, to),
        settled=moved.settled | _AS_MADE_THERE,
    )


def _create(state: VmState, _: Move, target: Product) -> VmState:
    """Return the state with the devices that a product gives its new VM, which keeps all figures of the old one."""
    kept = state.devices if state.version is None else _kept(state, state.version, target)
    return state._replace(holder=target.id, arrived=True, devices=kept, settled=state.settled | _AS_MADE_THERE)


def _kept(state: VmState, version: int, to: Product) -> frozenset[str]:
    """Return rows of devices.toml that a VM made anew still falls under.

    What a guest cannot do without stays with it.
    """
    lost = unknown_rows(version, kind_of(to))
    return frozenset(name for name in state.devices if name not in lost or devices()[name].below == "refuse")


def member(name: str) -> str:
    """Return a product that a name of the guide stands for: itself, or of a group such as Workstation 5 its newest."""
    if name in products():
        return name
    from vmxtool.knowledge.guide_names import names

    return names().groups[name][-1]


KINDS: Mapping[Do, Kind] = {
    Do.UNDO_REWRITE: Kind(Phase.SETTLE, VMXTOOL, HERE, "general"),
    Do.REPAIR_CONFIG: Kind(Phase.SETTLE, YOU, HERE, "general"),
    Do.POWER_OFF: Kind(Phase.REST, YOU, SOURCE, "mpg:p08"),
    Do.REMOVE_LOCK: Kind(Phase.REST, YOU, HERE, "workstation-docs:locks"),
    Do.DECRYPT: Kind(Phase.REST, YOU, SOURCE, "field-observations"),
    Do.REPAIR_DISK: Kind(Phase.REPAIR, YOU, HERE, "general"),
    Do.REMOVE_SNAPSHOTS: Kind(Phase.CONSOLIDATE, YOU, SOURCE, "mpg:p08"),
    Do.COMMIT_REDO_LOGS: Kind(Phase.CONSOLIDATE, YOU, SOURCE, "mpg:p08"),
    Do.CHANGE_SETTINGS: Kind(Phase.OWNER, YOU, SOURCE, "general"),
    Do.PREPARE_GUEST: Kind(Phase.PREPARE, YOU, GUEST, "mpg:p10"),
    Do.REWRITE: Kind(Phase.REWRITE, VMXTOOL, HERE, "kb:1003746"),
    Do.MOVE_DISKS: Kind(Phase.REWRITE, VMXTOOL, HERE, "mpg:p09"),
    Do.DOWNGRADE_HARDWARE: Kind(Phase.REWRITE, VMXTOOL, HERE, "kb:1003746", _change_version),
    Do.CREATE_LEGACY_VM: Kind(Phase.REWRITE, VMXTOOL, HERE, "mpg:p21", _change_version),
    Do.EXPORT_DISKS: Kind(Phase.EXPORT, YOU, SOURCE, "mpg:p07", _export),
    Do.CONVERT_DISKS: Kind(Phase.EXPORT, YOU, HERE, "vmware-virtual-disk-format-5.0", _convert),
    Do.MOVE_TO: Kind(Phase.CARRY, YOU, HERE, "mpg:p07", _move_to),
    Do.COPY: Kind(Phase.CARRY, YOU, HERE, "mpg:p07", _copy),
    Do.CONVERTER: Kind(Phase.CARRY, YOU, HERE, "mpg:p08", _make_anew),
    Do.IMPORT_WIZARD: Kind(Phase.CARRY, YOU, SOURCE, "mpg:p09", _make_anew),
    Do.IMPORT_DISKS: Kind(Phase.IMPORT, YOU, TARGET, "mpg:p07", _import),
    Do.CREATE_VM: Kind(Phase.CREATE, YOU, TARGET, "mpg:t09:r3c4", _create),
    Do.REGISTER_VM: Kind(Phase.CREATE, YOU, TARGET, "mpg:p07", _arrive),
    Do.UPGRADE_HARDWARE: Kind(Phase.FINISH, TARGET, TARGET, "mpg:p11", _change_version),
    Do.RUN_LEGACY: Kind(Phase.FINISH, YOU, TARGET, "mpg:p11", _arrive),
    Do.CONNECT_NETWORK: Kind(Phase.FINISH, YOU, TARGET, "mpg:p07"),
    Do.SET_BOOT_ORDER: Kind(Phase.FINISH, YOU, TARGET, "general"),
}


def effect_of(move: Move, state: VmState, target: Product) -> VmState:
    """Return the state after a move that vmxtool itself does not make."""
    effect = KINDS[move.do].effect
    settled = {_mark(finding) for finding in move.cured if effect is None or finding.of_files}
    if effect is not None:
        state = effect(state, move, target)
        return state._replace(settled=state.settled | settled) if settled else state
    if move.do is Do.REPAIR_DISK:
        cloned = _cloned(state, {finding.subject for finding in move.cured})
        if cloned is not state:  # what the target makes of the new disk is seen anew
            settled = {_mark(finding) for finding in move.cured if finding.of_files}
            state = cloned
    figures = {name: figure for finding in move.cured for name, figure in finding.leaves}
    taken = {finding.subject for finding in move.cured}
    return state._replace(settled=state.settled | settled, devices=state.devices - taken, **figures)  # type: ignore[arg-type]


def _cloned(state: VmState, drives: set[str | None]) -> VmState:
    """Return the state once disks that mapped a device are virtual disks.

    They have the format of the product that has the VM.
    """
    holder = products().get(state.holder or "")
    form: DiskFormat = "esx" if holder is not None and holder.esx else "hosted"
    disks = [replace(it, format=form) if it.format == "device" and it.drive in drives else it for it in state.disks]
    return state if tuple(disks) == state.disks else state._replace(disks=tuple(disks))


def _mark(finding: Finding) -> str:
    return finding.keys[-1]


def phase_of(move: Move) -> Phase:
    """Return when a move has its turn.

    An upgrade by another product than the target comes before the VM is carried there.
    """
    if move.do is Do.UPGRADE_HARDWARE and move.products:
        return Phase.PREPARE
    return KINDS[move.do].phase


def arrives(move: Move, target: Product) -> bool:
    """Return whether a move by itself leaves the VM with the target."""
    to_target = not move.products or member(move.products[0]) == target.id
    return move.do in BY_CONVERTER and to_target
