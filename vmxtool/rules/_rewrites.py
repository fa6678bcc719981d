"""What a rewrite for a target has to change in a VM, and the one command line that asks for all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vmxtool.findings import Fix, Safety
from vmxtool.knowledge.devices import rules_for
from vmxtool.knowledge.guests import find_guest
from vmxtool.knowledge.hardware import hardware, newest_known
from vmxtool.rules._limits import exceeded, over_rules
from vmxtool.rules._remedies import own_command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.knowledge.devices import DeviceRule
    from vmxtool.knowledge.products import Product
    from vmxtool.machine.model import Drive, Machine
    from vmxtool.rules._limits import Limit
    from vmxtool.vmx.document import Document

OLDEST_WRITTEN = 3
"""No config of an older hardware version has been seen, so vmxtool writes none."""

_UNKNOWN_GUEST_ADAPTER = "lsilogic"


class Setting(NamedTuple):
    """A setting of a config that a device rule is about, by its folded key."""

    key: str
    rule: DeviceRule


def best_version(vm: Machine, target: Product) -> int | None:
    """The newest hardware version, not above the VM's own, that the target runs and vmxtool can write."""
    if vm.hardware.version is None:
        return None
    versions = range(min(vm.hardware.version, target.runs_max), OLDEST_WRITTEN - 1, -1)
    return next((version for version in versions if target.runs(version) and _is_written(version)), None)


def _is_written(version: int) -> bool:
    row = hardware(version)
    return row is not None and row.valid and bool(row.offered)


def version_on(vm: Machine, target: Product) -> int | None:
    """The hardware version that the VM has on the target: its own, else the nearest below, else the nearest above.

    One above goes before one below where it alone has the buses of the VM's disks: the guest then starts from the disks
    it knows.
    """
    own = vm.hardware.version
    if own is None or target.runs(own):
        return own
    lower = best_version(vm, target)
    above = range(max(own, OLDEST_WRITTEN), newest_known() + 1)
    higher = next((version for version in above if target.runs(version) and _is_written(version)), None)
    if lower is None or higher is None or _holds_disks(vm, lower, target) or not _holds_disks(vm, higher, target):
        return higher if lower is None else lower
    return higher


def _holds_disks(vm: Machine, version: int, target: Product) -> bool:
    return all(drive.bus in target.disk_buses and knows_bus(drive, version, target) for drive in vm.disks)


def changes_version(vm: Machine, target: Product) -> bool:
    """Whether the hardware version has to change for the target."""
    return vm.hardware.version is not None and not target.runs(vm.hardware.version)


def homeless_disks(vm: Machine, target: Product) -> Iterator[Drive]:
    """Hard disks that have to move: their bus is not offered by the target, or by the hardware version they get there.

    A disk that a newer hardware version of the target would take is left out; see `raised_for_disks`.
    """
    version, raised = version_on(vm, target), raised_for_disks(vm, target)
    for drive in vm.disks:
        if drive.bus not in target.disk_buses or not (raised or knows_bus(drive, version, target)):
            yield drive


def raised_for_disks(vm: Machine, target: Product) -> int | None:
    """The next hardware version that the target runs and that has the buses of all disks; None where none is needed.

    It is needed where the VM keeps its version on the target and that version does not have the bus of one of them.
    """
    own = vm.hardware.version
    disks = [drive for drive in vm.disks if drive.bus in target.disk_buses]
    if own is None or not target.runs(own) or all(knows_bus(drive, own, target) for drive in disks):
        return None
    newer = (version for version in range(own + 1, target.runs_max + 1) if target.runs(version))
    return next((version for version in newer if all(knows_bus(drive, version, target) for drive in disks)), None)


def knows_bus(drive: Drive, version: int | None, target: Product) -> bool:
    """Whether a hardware version knows a drive's bus for drives of its kind."""
    if version is None or drive.bus in {"scsi", "floppy"} or (drive.bus == "ide" and drive.kind != "disk"):
        return True
    return all(
        rule.known(version, esx=target.esx)
        for rule in rules_for(f"{drive.id}.present")
        if rule.below == "move-disks" and "first_hardware" not in rule.unverified
    )


def settings(vm: Machine) -> tuple[Setting, ...]:
    """Every setting of the config that a device rule is about, with a value that it takes, of a present device."""
    global _last  # noqa: PLW0603 one VM is judged against a hundred products in a row
    document = vm.config.document
    if _last[0] is not document:
        _last = (document, tuple(_settings(document)))
    return _last[1]


_last: tuple[Document | None, tuple[Setting, ...]] = (None, ())


def _settings(document: Document) -> Iterator[Setting]:
    for key in document.folded():
        for rule in rules_for(key):
            if rule.takes(document[key]) and not _is_switched_off(document, key):
                yield Setting(key, rule)


def _is_switched_off(document: Document, key: str) -> bool:
    present = f"{key.partition('.')[0]}.present"
    return not document.flag(present, True)


def unknown_settings(vm: Machine, target: Product) -> Iterator[Setting]:
    """Settings that the hardware version the VM has on the target does not know; disks that have to move left out."""
    version = version_on(vm, target)
    if version is None:
        return
    for setting in settings(vm):
        rule = setting.rule
        if rule.limit is None and rule.below != "move-disks" and not rule.known(version, esx=target.esx):
            yield setting


def rewrite_for(vm: Machine, target: Product, text: str, *, unsafe: bool = False) -> Fix:
    """The rewrite that does for a target all that can be done in files, in one command.

    Args:
        vm: the VM.
        target: where it is to run.
        text: what the rewrite does.
        unsafe: whether it has to be asked for what the guest may not start after, though no device demands it.
    """
    options = [f"--target {target.id}"]
    version = version_on(vm, target)
    if version is not None and vm.hardware.version is not None and version > vm.hardware.version:
        # The rewriter looks for a lower version first, and raises none on the word of a figure that no source confirms.
        options.append(f"--hwversion {version}")
    return _fix(vm, target, options, text, list(homeless_disks(vm, target)), unsafe=unsafe)


def rewrite_before_converter(vm: Machine, target: Product, text: str, *, lower: bool, move: bool) -> Fix:
    """The rewrite of a VM that VMware Converter takes to the target afterwards, and that stays with its product so far.

    Args:
        vm: the VM.
        target: where it is to run in the end.
        text: what the rewrite does.
        lower: whether the hardware version is lowered to one that the target runs.
        move: whether disks are moved to another bus, because Converter does not do it for this guest.
    """
    version = best_version(vm, target)
    options = [f"--hwversion {version}"] if lower and version is not None else []
    moved = list(homeless_disks(vm, target)) if move else []
    return _fix(vm, target, options, text, moved, unsafe=False, lowers=lower)


def _fix(
    vm: Machine,
    target: Product,
    options: list[str],
    text: str,
    moved: list[Drive],
    *,
    unsafe: bool,
    lowers: bool = True,
) -> Fix:
    if any(drive.bus == "ide" for drive in moved):
        options.append("--ide-to-scsi")
    if any(drive.bus != "ide" for drive in moved):
        options.append("--move-disks")
    if moved and scsi_model(vm) is None:
        options.append(f"--adapter {_UNKNOWN_GUEST_ADAPTER}")
    unsafe = unsafe or (lowers and (changes_guest_devices(vm, target) or lessens_memory(vm, target)))
    if unsafe:
        options.append("--unsafe")
    return Fix(Safety.UNSAFE if moved or unsafe else Safety.SAFE, text, own_command(vm, f"rewrite {' '.join(options)}"))


def changes_guest_devices(vm: Machine, target: Product) -> bool:
    """Whether a rewrite for the target changes devices that the guest may need to start."""
    return any(
        rule.safety == "unsafe" and rule.below in {"remove", "replace"} for _, rule in unknown_settings(vm, target)
    )


def lessens_memory(vm: Machine, target: Product) -> bool:
    """Whether a rewrite for the target takes memory away that the guest may need."""
    memory = exceeded(vm, target, "memory_mib", vm.memory_mib, version_on(vm, target))
    return memory is not None and memory.verified


def lowered_settings(vm: Machine, target: Product) -> Iterator[tuple[str, DeviceRule, Limit]]:
    """Settings with a figure that is over the limit of the hardware version that the VM gets on the target."""
    version = version_on(vm, target)
    if version is None or version == vm.hardware.version:
        return
    seen: set[str] = set()
    gone = {key for key, _ in unknown_settings(vm, target)}
    for key, rule in settings(vm):
        # A number of devices is one fact, whichever of them says so first.
        fact = f"{rule.limit} present" if key.endswith(".present") else key
        if rule.limit is None or fact in seen or key in gone:
            continue
        seen.add(fact)
        limit = over_rules(vm, target, rule, key, version)
        if limit is not None:
            yield key, rule, limit


def scsi_model(vm: Machine) -> str | None:
    """The SCSI controller that suits the guest, or None where no source tells."""
    guest = find_guest(vm.guest.id) if vm.guest.id else None
    return guest.scsi_model if guest is not None else None
