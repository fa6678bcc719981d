"""Put the moves of a way in an order that a person can carry out: cures in their phase, then what arrival takes."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from vmxtool.findings import LOWERING, Do, Safety
from vmxtool.knowledge.products import products
from vmxtool.knowledge.runs import OLDEST_WRITTEN
from vmxtool.planner.moves import KINDS, VERSION_MOVES, Move, Phase, arrives, phase_of
from vmxtool.planner.ways import upgrades
from vmxtool.rules.commands import takes_config

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vmxtool.findings import Finding
    from vmxtool.knowledge.product import Product
    from vmxtool.planner.ways import Way
    from vmxtool.rules.state import VmState

OWN = frozenset({Do.REWRITE, Do.MOVE_DISKS})
"""Cures that vmxtool's one rewrite makes."""

REWRITING = OWN | LOWERING
"""Moves that vmxtool's one rewrite makes."""

_OF_FORMATS = (Do.CONVERT_DISKS, Do.EXPORT_DISKS, Do.IMPORT_DISKS)
_ONCE = frozenset({Do.REMOVE_SNAPSHOTS, Do.COMMIT_REDO_LOGS, Do.CONNECT_NETWORK})
# The word of a way that makes a VM the target's own once its files are there.
_SETTLING_IN = {"register-vm": Do.REGISTER_VM, "create-vm": Do.CREATE_VM, "import": Do.REGISTER_VM}


def arrange(way: Way, cures: Sequence[Finding], start: VmState, target: Product) -> list[Move]:
    """Return the moves of a way with the cures that it takes, completed until the VM is the target's own.

    Cures come in the order of their phases, before the way's own moves where they have to be; the way's own order is
    kept. What vmxtool does is one move, at the place of the way's own change of version, or before everything else.
    """
    if not cures:
        return list(_completed(way, start.holder, target))
    converter = any(arrives(move, target) for move in way.moves)
    by_hand = tuple(
        it for it in cures if it.cure is Do.REWRITE and it.fix is not None and it.fix.safety is Safety.MANUAL
    )
    if not converter:
        cures = [it for it in cures if it not in by_hand]
    body = _with_rewrite(list(way.moves), cures, start, target, converter=converter)
    dos = {finding.cure for finding in cures}
    for do in _OF_FORMATS:
        if do in dos:
            move = Move(do, cured=_of(cures, do))
            body.insert(_place_of(move, body, start), move)
    if by_hand:
        # The config is changed beside the exported disks: the one on the host stays what its product reads.
        at = next((n + 1 for n, move in enumerate(body) if move.do is Do.EXPORT_DISKS), 0)
        body.insert(at, Move(Do.CHANGE_SETTINGS, cured=by_hand))
    holder = products().get(start.holder or "")
    on_esx = holder is not None and bool(holder.esx)
    front = sorted(_front(cures, converter=converter), key=lambda move: _turn(move, on_esx=on_esx))
    last = [Move(Do.CONNECT_NETWORK, cured=_of(cures, Do.CONNECT_NETWORK))] if Do.CONNECT_NETWORK in dos else []
    return [*front, *_with_arrival(body, start.holder, target, anew=_of(cures, Do.CREATE_VM)), *last]


@lru_cache(maxsize=8192)
def _completed(way: Way, holder: str | None, target: Product) -> tuple[Move, ...]:
    return tuple(_with_arrival(list(way.moves), holder, target))


def _front(cures: Sequence[Finding], *, converter: bool) -> Iterator[Move]:
    """Yield what is settled before anything else: one move for each thing to do, the same thing once.

    A device that is taken out with the encryption needs no step of its own.
    """
    taken_along = {it.subject: it for it in cures if it.cure is Do.DECRYPT and it.subject is not None}
    led = [(it, taken_along.get(it.subject or "", it)) for it in cures]
    seen: set[object] = set()
    for _, finding in led:
        do = finding.cure
        if do is None or (do in OWN and not (converter and do is Do.REWRITE)):
            continue
        # Before Converter nothing is made fit for the target, so what is too much there is for the owner to lessen.
        do = Do.CHANGE_SETTINGS if do is Do.REWRITE else do
        if KINDS[do].phase > Phase.PREPARE or do in VERSION_MOVES:
            continue
        what = do if do in _ONCE else (do, finding.fix)
        if what not in seen:
            seen.add(what)
            same = [it for it, by in led if by.cure is finding.cure and (do in _ONCE or by.fix == finding.fix)]
            # What is done is said by the finding that leads, and by no device that goes with it.
            yield Move(do, cured=tuple(sorted(same, key=lambda it: it.cure is not finding.cure)))


def _turn(move: Move, *, on_esx: bool) -> tuple[Phase, bool]:
    """Return when a cure has its turn.

    A disk is fetched from an ESX host once that has done what it has to do with it.
    """
    forms = {it.while_format for it in move.cured}
    fetched = move.do is Do.REPAIR_DISK and () not in forms and (on_esx or forms == {("esx",)})
    return (Phase.OWNER, True) if fetched else (KINDS[move.do].phase, False)


def _with_rewrite(
    body: list[Move], cures: Sequence[Finding], start: VmState, target: Product, *, converter: bool
) -> list[Move]:
    wanted = {Do.MOVE_DISKS} if converter else OWN
    parts = tuple(finding for finding in cures if finding.cure in wanted)
    at = next((n for n, move in enumerate(body) if move.do in REWRITING), None)
    if parts and at is None and _is_for_its_owner(body, start, target):
        # vmxtool writes no config of such hardware, and nothing asks for newer: its owner makes the change.
        return [Move(Do.CHANGE_SETTINGS, cured=parts), *body]
    if at is not None:
        body[at] = body[at]._replace(cured=parts)
    elif parts:
        if (start.version or 0) < OLDEST_WRITTEN:
            # A product of its time makes the VM one that vmxtool writes: the way's own, or the oldest that does.
            if not any(_is_upgrade_before(move) for move in body):
                body = [*_raised_before(start), *body]
            first = next((n + 1 for n, move in enumerate(body) if _is_upgrade_before(move)), 0)
        else:
            first = 1 if body and body[0].do is Do.MOVE_TO else 0
        body.insert(first, Move(Do.REWRITE, cured=parts))
    return body


def is_by_hand(finding: Finding) -> bool:
    """Return whether a config needs a change that no rewrite makes."""
    return finding.cure is Do.REWRITE and finding.fix is not None and finding.fix.safety is Safety.MANUAL


def _is_for_its_owner(body: Sequence[Move], start: VmState, target: Product) -> bool:
    """Return whether a VM goes with hardware that vmxtool does not write to a product that runs it so."""
    own = start.version or 0
    raised = any(_is_upgrade_before(move) for move in body)
    return own < OLDEST_WRITTEN and not raised and target.runs(own)


def _is_upgrade_before(move: Move) -> bool:
    """Return whether another product than the target upgrades the VM, before it is carried there."""
    return move.do is Do.UPGRADE_HARDWARE and phase_of(move) < Phase.REWRITE


def _raised_before(start: VmState) -> tuple[Move, ...]:
    """Return the upgrade of a hosted VM by a product of its time; of ESX's such VMs no source says how it is made."""
    holder = products().get(start.holder or "")
    if start.version is None or (holder is not None and holder.esx):
        return ()
    return upgrades(start.version, OLDEST_WRITTEN)


def _of(cures: Sequence[Finding], do: Do) -> tuple[Finding, ...]:
    return tuple([finding for finding in cures if finding.cure is do])


def _place_of(move: Move, body: Sequence[Move], start: VmState) -> int:
    """Return the place of a move in a way: before the first move of the way that has a later phase.

    What makes hosted disks of others comes before any other product gets the VM, since that would not open them, and
    before an export, since it converts all disks. What an upgrade by a product does to disks of its time comes with it.
    """
    subjects = {finding.subject for finding in move.cured}
    older = any(disk.drive in subjects and disk.format == "legacy" for disk in start.disks)
    if move.do in {Do.EXPORT_DISKS, Do.CONVERT_DISKS} and not older:
        phase = Phase.EXPORT - (move.do is Do.CONVERT_DISKS)
        later = (
            n for n, it in enumerate(body) if phase_of(it) > phase or it.do is Do.MOVE_TO or _is_upgrade_before(it)
        )
    else:
        phase = phase_of(move)
        later = (n for n, it in enumerate(body) if phase_of(it) > phase and it.do is not Do.MOVE_TO)
    return next(later, len(body))


def _with_arrival(
    body: list[Move], holder_id: str | None, target: Product, *, anew: tuple[Finding, ...] = ()
) -> list[Move]:
    """Complete a way until the VM is the target's own; `anew` says why its config, which could, does not go along."""
    if target.arrives_by == "nothing" or any(arrives(move, target) for move in body):
        return body
    if not any(move.do is Do.COPY for move in body):
        late = (n for n, move in enumerate(body) if move.do is Do.IMPORT_DISKS or _is_made_there(move))
        body.insert(next(late, len(body)), Move(Do.COPY))
    kind = _SETTLING_IN.get(target.arrives_by)
    holder = products().get(holder_id or "")
    if kind is Do.CREATE_VM and takes_config(target, holder) and not anew:
        kind = Do.REGISTER_VM
    if kind is not None and not any(move.do is kind for move in body):
        carried = max(n for n, move in enumerate(body) if move.do in {Do.COPY, Do.IMPORT_DISKS})
        body.insert(carried + 1, Move(kind))
    return body


def _is_made_there(move: Move) -> bool:
    return phase_of(move) >= Phase.CREATE
