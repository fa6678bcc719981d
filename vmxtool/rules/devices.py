"""DEV7xx: devices and settings that the target's hardware version does not know, or has too many of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool._text import as_clause
from vmxtool.findings import Do, Severity
from vmxtool.knowledge.devices import devices
from vmxtool.knowledge.features import features
from vmxtool.knowledge.hardware import newest_known
from vmxtool.knowledge.runs import Ternary, runs
from vmxtool.rules.buses import unknown_controllers
from vmxtool.rules.limits import amount, over_limits
from vmxtool.rules.registry import About, Hit, by_rewrite, manual, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vmxtool.evidence import Evidence
    from vmxtool.findings import Fix
    from vmxtool.knowledge.devices import DeviceRule
    from vmxtool.machine.model import Machine
    from vmxtool.rules.case import Case, Files

_PLACES_SHOWN = 4
# These are counted with the processors, the memory and the network adapters, by rules of their own.
_COUNTED_ELSEWHERE = frozenset({"vcpus", "memory_mib", "nics"})
# What people call a device that its key does not name.
_EFI = "efi"  # the row of devices.toml
_THINGS = {"vtpm": "the virtual TPM"}


@rule(
    "DEV701",
    "device-not-in-hardware-version",
    Severity.INFO,
    about=About.TARGET,
    cure=Do.REWRITE,
    sources=("kb:1003746",),
    short="devices",
    messages=(("A minimum version of '<version>' is required.", "general"),),
)
def device_not_in_hardware_version(case: Case) -> Iterator[Hit]:
    """The VM has a device or setting that the hardware version it has on the target does not know.

    A number changed by hand leaves such devices in the config: the product refuses the VM, or starts it without them.
    `vmxtool rewrite` removes or replaces each; what a guest cannot do without, such as EFI firmware below hardware
    version 8, needs a version that has it, and blocks the move to products that run none. That Fusion starts Mac guests
    with EFI before version 8 is unverified.
    """
    if case.runs is Ternary.NO:
        return  # with that version it does not start there at all
    # Of the controllers of hard disks another rule tells.
    lost = case.lost - {row.id for _, row, _ in unknown_controllers(case)}
    if lost:
        # What is said of them is the same on every target that has the version alike.
        yield from (_on_target(case, hit) for hit in case.files.once(_unknown_devices, lost, case.esx))
    for drive in case.vm.drives:
        if drive.kind == "cdrom" and drive.bus != "ide" and not case.knows_bus(drive.bus):
            yield Hit(
                f"{drive.id}: hardware version {case.now.version} has no {drive.bus.upper()}; the CD-ROM drive moves "
                "to IDE",
                drive.evidence[:_PLACES_SHOWN],
                by_rewrite("it moves with the rewrite"),
                Severity.INFO,
                (case.target.source_of("disk_buses"),),
                subject=drive.id,
            )


def _unknown_devices(files: Files, lost: frozenset[str], esx: bool | None) -> list[Hit]:
    """Return a hit for each row that a version does not know, in the order of the config."""
    found: dict[str, list[str]] = {}
    for setting in files.settings:
        if setting.rule.id in lost:
            found.setdefault(setting.rule.id, []).append(setting.key)
    return [_unknown_device(files, row_id, keys, esx) for row_id, keys in found.items()]


def _unknown_device(files: Files, row_id: str, unsorted: Sequence[str], esx: bool | None) -> Hit:
    document, row = files.vm.config.document, devices()[row_id]
    keys = sorted(unsorted, key=lambda key: not key.endswith(".present"))
    refused = row.below == "refuse"
    return Hit(
        _message(row, document.spelling(keys[0]), unsure=row.unsure(esx=esx)),
        tuple(document.evidence(key) for key in keys[:_PLACES_SHOWN]),
        _fix(row, document.spelling(keys[0]), alone=len(keys) == 1),
        _severity(row, unsure=row.unsure(esx=esx)),
        row.sources,
        cure=Do.CHANGE_SETTINGS if refused and row.guest_loses is not None else None,
        subject=row.id,
    )


def _on_target(case: Case, hit: Hit) -> Hit:
    """Return a hit about a device that a VM keeps, with what the target makes of it.

    It is cured by the next hardware version that the target runs and that knows the device, where the VM has its own.
    """
    row = devices()[hit.subject or ""]
    if row.below != "refuse" or row.guest_loses is not None or case.version_changed:
        return hit
    if row.id == _EFI and case.vm.guest.family == "darwin" and features()["efi-for-mac-guests"].holds(case.target):
        said = f"{hit.message.partition(', and')[0]}; {case.target.name} is said to start a Mac guest with it before"
        return hit._replace(message=said, severity=Severity.WARNING, unverified=True)
    version = _next_with_device(case, row)
    if version is None:
        return hit
    return hit._replace(
        message=f"{hit.message}; {case.target.name} has it with version {version}",
        fix=by_rewrite(f"raise the hardware version to {version}"),
        cure=Do.REWRITE,
    )


def _next_with_device(case: Case, row: DeviceRule) -> int | None:
    own, to = case.now.version, case.target
    newer = range((own or 0) + 1, newest_known() + 1) if own is not None and case.is_place else ()
    return next((it for it in newer if runs(to, it) is Ternary.YES and row.known(it, esx=to.esx)), None)


@rule(
    "DEV702",
    "more-than-hardware-holds",
    Severity.BLOCKER,
    about=About.TARGET,
    cure=Do.REWRITE,
    short="more devices than fit",
    messages=(
        ("Invalid configuration for device '<number>'.' for property '<property>'", "vagrant-vmware-esxi"),
        ("cpuid.coresPerSocket must be a number between 1 and <number>", "cores-article"),
    ),
)
def more_than_hardware_holds(case: Case) -> Iterator[Hit]:
    """The VM has more of something than the hardware version that it has on the target holds.

    A figure that was raised by hand is over the limit without any change of the version; so is the video memory of a
    VM whose version was lowered by hand. The OVF Tool then says that the configuration of a device is invalid. Video
    memory, displays and cores per socket are lowered with the rewrite. Which of too many devices the guest can do
    without is for its owner to say: below hardware version 7 six devices fit on the PCI bus, the video card among them.
    """
    document, version = case.vm.config.document, case.now.version
    for over in over_limits(case):
        key, row, limit = over.key, over.rule, over.limit
        if row.limit in _COUNTED_ELSEWHERE:
            continue
        have = amount(case.files, row, key, esx=case.target.esx)
        reason = as_clause(row.reason)
        holder = case.target.name if limit.version is None else f"version {version}"
        unit = " MiB" if str(row.limit).endswith("_mib") else ""
        message = f"{document.spelling(key)}: {reason}; {have}{unit} here, where {holder} holds {limit.figure}{unit}"
        by_owner = row.safety == "manual"
        fix = by_rewrite("it is lowered with the rewrite")
        stays = by_owner or not limit.verified
        if stays:
            fix = manual("lower it in the VM's own product if the VM does not start there; so far it stays as it is")
        if by_owner:
            fix = manual(
                f"take devices out until {limit.figure} are left, or spread them over other controllers, in the VM's "
                "own product"
            )
        yield Hit(
            message,
            (document.evidence(key),),
            fix,
            # A change of the version lowers it by the way; where that stays it has to be lowered for its own sake.
            Severity.INFO if case.version_changed and not by_owner else None,
            row.sources,
            unverified=not limit.verified,
            cure=Do.CHANGE_SETTINGS if stays else None,
            subject=row.id,
        )


def passed_through(vm: Machine) -> tuple[Evidence, ...]:
    """Return the lines that say that a device of the host is passed through."""
    document = vm.config.document
    keys = [key for key in document.folded() if key.startswith("pcipassthru") and key.endswith(".present")]
    return tuple(document.evidence(key) for key in keys if document.flag(key, False))


def _message(row: DeviceRule, key: str, *, unsure: bool) -> str:
    unverified = " (unverified)" if unsure else ""
    loses = f"; the guest loses: {as_clause(row.guest_loses)}" if _is_a_thing(row) and row.guest_loses else ""
    return f"{key}: {as_clause(row.reason)}{unverified}{loses}"


def _is_a_thing(row: DeviceRule) -> bool:
    # Of what is replaced or moved the row says what the guest finds instead, and the rule's reason says it too.
    return row.below not in {"replace", "move-disks"}


def _severity(row: DeviceRule, *, unsure: bool) -> Severity:
    if row.below == "refuse":
        return Severity.WARNING if unsure else Severity.BLOCKER
    return Severity.WARNING if row.safety == "unsafe" else Severity.INFO


def _fix(row: DeviceRule, key: str, *, alone: bool) -> Fix | None:
    device = key.partition(".")[0]
    if row.below == "refuse":
        return (
            None
            if row.guest_loses is None
            else manual(f"take {_THINGS.get(device, device)} out in the VM's own product first")
        )
    replaced = row.below == "replace"
    # Of "svga.vramSize" the setting goes, of "usb.present" the device.
    what = key if alone and not replaced and not key.lower().endswith(".present") else device
    action = f"becomes {row.replacement}" if replaced else "is taken out"
    return by_rewrite(f"{what} {action} with the rewrite", unsafe=row.safety == "unsafe")
