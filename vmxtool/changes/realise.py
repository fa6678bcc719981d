"""From what a rewrite is to reach to every change in the files, and the state that the VM is in afterwards.

The planner plays a rewrite with the state that is worked out here, and the rewriter writes what is worked out here too,
with what was asked for beside the plan; its proof holds the one against the other.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from vmxtool._record import replace
from vmxtool.changes.backings import disconnected
from vmxtool.changes.buses import move_drives
from vmxtool.changes.character_set import character_set
from vmxtool.changes.descriptors import lower_version, name_version, without_room
from vmxtool.changes.hardware import change_hardware
from vmxtool.changes.limits import adapters_gone
from vmxtool.changes.model import DISK_NAMES, VERSION, Changes, join
from vmxtool.changes.old_host import leftovers, network_to_choose, with_slashes
from vmxtool.changes.product_habits import config_version_raised, moved_names, newest_config_version
from vmxtool.changes.told import as_esx2_names, devices_of_host, disks_in_folders, disks_of_one_name, volume_not_told
from vmxtool.knowledge.features import features
from vmxtool.knowledge.guests import find_guest
from vmxtool.knowledge.product import HARDWARE
from vmxtool.machine.sections import MANY_NICS_FROM
from vmxtool.rules.case import sections_of
from vmxtool.rules.disk_numbers import newest_number
from vmxtool.rules.figures import exceeded
from vmxtool.rules.state import DISKS_NAMED, DISKS_NUMBERED, TEXT_WRITTEN, lowered_mark, rows_for, rows_of
from vmxtool.vmx import values
from vmxtool.vmx.lines import fold

# What products write besides devices: a rewrite hangs on these, and not on the product's name.
_HABITS = (
    "reads-disk-names-in-name",
    "names-controllers-as-vmx",
    "writes-encoding",
    "config-version-7",
    "host-is-a-mac",
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vmxtool.changes.model import DescriptorChange, SettingChange, Wanted
    from vmxtool.knowledge.product import Product
    from vmxtool.machine.model import Bus
    from vmxtool.rules.case import Files
    from vmxtool.rules.state import VmState


def realise(files: Files, start: VmState, wanted: Wanted) -> Changes:
    """Return the changes to a VM's files that reach what is wanted, or the reasons why they cannot be made.

    Args:
        files: the VM's files.
        start: the VM's state before, which is that of the files but for what its owner has settled.
        wanted: what is to be reached.
    """
    vm = files.vm
    hardware = change_hardware(files, start, wanted)
    drives = move_drives(files, wanted, hardware.settings)
    changes_version = wanted.fit and wanted.version != vm.hardware.version
    if changes_version:
        disks = name_version(files, wanted)
    else:
        disks = lower_version(files, wanted) if wanted.fit else Changes()
    made = join([hardware, drives, disks, character_set(files, wanted)])
    named = moved_names(files, wanted, made.settings) if wanted.fit else made.settings
    made = replace(made, settings=as_esx2_names(files, wanted, named))
    if wanted.fit:
        made = _with_what_goes_along(files, wanted, made)
    for stays in filter(None, (volume_not_told(files, wanted, made.settings), devices_of_host(files, wanted))):
        made = replace(made, notes=(*made.notes, stays.note), kept=(*made.kept, stays))
    stops = (
        *without_room(made.descriptors),
        *disks_of_one_name(files, made.settings, wanted.holder),
        *disks_in_folders(files, made.settings, wanted.holder),
    )
    return replace(made, refused=(*made.refused, *stops), end=_state_after(files, start, wanted, made))


def _with_what_goes_along(files: Files, wanted: Wanted, made: Changes) -> Changes:
    """Return changes with what the old host left behind; the config's own version is raised only beside others."""
    kept = {fold(change.key) for change in made.settings}
    left = [change for change in leftovers(files, wanted) if fold(change.key) not in kept]
    settings = with_slashes(files, wanted, disconnected(files, wanted, made.moved, (*made.settings, *left)))
    if not made and not settings:
        return made
    raised = [change for change in config_version_raised(files.vm, wanted) if fold(change.key) not in kept]
    manual = (*made.manual, *network_to_choose(files.vm.config.document, left, wanted))
    return replace(made, settings=(*settings, *raised), manual=tuple(dict.fromkeys(manual)))


def realise_alike(files: Files, start: VmState, wanted: Wanted) -> Changes:
    """Return what `realise` does, for a plan: worked out once for all targets that a VM is changed for in one way.

    The reasons may name another target than the one that is asked about; they are told from the rewrite itself. Its end
    has no holder, the processors of the files, and nothing settled but what the rewrite settles.
    """
    product = wanted.product
    of_product = (
        None
        if product is None
        else (
            _what_counts(
                product,
                (start.memory_mib, len(files.vm.nics)),
                wanted.version,
                files.vm.hardware.version,
                files.vm.guest.id,
            ),
            # Disks are lowered for a product alone that runs no version as new as theirs.
            product.runs_max if files.once(_newest_number) > product.runs_max else None,
        )
    )
    # A rewrite leaves the processors alone, whatever the owner has made of them.
    bare = start.held(None, settled=frozenset())._replace(vcpus=files.vm.cpu.count or 1)
    key = (bare, wanted._replace(product=None, why=""), of_product)
    known = files.memo.get(key)
    if not isinstance(known, Changes):
        known = files.memo[key] = realise(files, bare, wanted)
    return known


@lru_cache(maxsize=4096)
def _what_counts(
    product: Product, figures: tuple[int, int], version: int, own: int | None, guest_id: str | None
) -> object:
    """Return all of a product that a rewrite depends on, but for its name.

    The figures are MiB of memory and the number of adapters.
    """
    limits = [
        exceeded(product, name, figure, version, kept=version == own)
        for name, figure in zip(("memory_mib", "nics"), figures, strict=True)
    ]
    names = tuple(features()[it].holds(product) for it in _HABITS)
    guest = find_guest(guest_id) if guest_id else None
    renames = guest is not None and guest.min_hw is not None and guest.min_hw > product.runs_max
    return (
        product.esx,
        product.family == HARDWARE,
        *limits,
        newest_config_version(product),
        names,
        product.runs_max if renames else None,
    )


def _newest_number(files: Files) -> int:
    return newest_number(files.vm)


def _state_after(files: Files, start: VmState, wanted: Wanted, made: Changes) -> VmState:
    gained = 0
    if wanted.version >= MANY_NICS_FROM > (start.version or wanted.version):
        gained = sum((place.key or "").lower().startswith("ethernet") for place in files.vm.devices_beyond_version)
    gained -= len(adapters_gone(made.settings) & {nic.id for nic in files.vm.nics})
    buses: dict[str, Bus] = {}
    for old, new in made.moved.items():
        if new.startswith("scsi"):
            buses[old] = "scsi"
        elif new.startswith("sata"):
            buses[old] = "sata"
    keys = [fold(change.key) for change in made.settings]
    touched = {key.partition(".")[0] for key in [*keys, *[fold(it.name) for it in made.settings if it.name]]}
    before: dict[str, str] = {}
    for word in touched:
        before |= files.once(_values, word)
    after = apply_settings(before, made.settings)
    every, by_word = files.once(_rows_by_word)
    rows = rows_of(after).union(*[of_word for word, of_word in by_word.items() if word not in touched])
    memory = after.get("memsize") if "memsize" in touched else None
    return start._replace(
        version=wanted.version,
        memory_mib=start.memory_mib if memory is None else values.as_int(memory),
        nics=start.nics + gained,
        guest=(after.get("guestos") or None) if "guestos" in touched else start.guest,
        disks=tuple([replace(disk, bus=buses.get(disk.drive, disk.bus)) for disk in start.disks]),
        devices=frozenset(rows - (every - start.devices)),
        settled=start.settled.union(
            _marks(keys, made.settings),
            (DISKS_NUMBERED,) if any(_names_version(it) for it in made.descriptors) else (),
            (TEXT_WRITTEN,) if made.recode is not None else (),
        ),
    )


def _names_version(change: DescriptorChange) -> bool:
    return change.topic is not None and change.topic.kind == VERSION


def _rows_by_word(files: Files) -> tuple[set[str], dict[str, set[str]]]:
    """Return ids of the rows of devices.toml that settings fall under: all, and by the word that each begins with."""
    found: dict[str, set[str]] = {}
    for setting in files.settings:
        found.setdefault(setting.key.partition(".")[0], set()).add(setting.rule.id)
    return set().union(*found.values()), found


def _values(files: Files, word: str) -> dict[str, str]:
    """Return the values by folded key of all settings that begin with a word."""
    document = files.vm.config.document
    return {key: document[key] for key in sections_of(files).keys_of(word)}


def _marks(keys: Iterable[str], changes: Iterable[SettingChange]) -> Iterator[str]:
    """Yield the marks of what changes, with their folded keys, settle and no other field of the state holds."""
    for key, change in zip(keys, changes, strict=True):
        for row in rows_for(key):
            if row.limit is not None:
                yield lowered_mark(row)
        if (change.name or change.key).lower().endswith(".filename") and change.topic.kind == DISK_NAMES:
            yield DISKS_NAMED


def apply_settings(before: dict[str, str], changes: Iterable[SettingChange]) -> dict[str, str]:
    """Return the values by folded key that changes make of the present ones, worked out without any editing."""
    after = dict(before)
    for change in changes:
        value = after.pop(fold(change.key), None)
        if change.name is None and change.after is None:
            continue
        new = change.after if change.after is not None else value
        if new is not None:
            after[fold(change.name or change.key)] = new
    return after
