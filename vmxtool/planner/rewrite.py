"""From a request to a proposal: which version, which devices, which disks move."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.errors import UsageError
from vmxtool.findings import Fix, Safety
from vmxtool.knowledge.devices import rules_for
from vmxtool.knowledge.hardware import hardware, newest_known
from vmxtool.knowledge.products import products
from vmxtool.planner.buses import propose_cdroms, propose_move
from vmxtool.planner.changes import Proposal, refusal
from vmxtool.planner.hardware import propose_version

if TYPE_CHECKING:
    from vmxtool.findings import Finding
    from vmxtool.knowledge.products import Product
    from vmxtool.machine.model import Drive, Machine
    from vmxtool.planner.request import Request

OLDEST_WRITTEN = 3
"""No config of an older hardware version has been seen, so none is written."""


def propose(vm: Machine, request: Request) -> Proposal:
    """Every change that a request asks for, or every reason why it cannot be carried out.

    Raises:
        UsageError: the request names a hardware version that does not exist or cannot be written.
    """
    if vm.encryption == "full":
        return Proposal()  # nothing can be seen, and the guards say so
    version = _version(vm, request)
    if version is None:
        reason = refusal(
            "PRD104", "hardware-version-unknown", "the config has no virtualHW.version to start from", (),
            "set virtualHW.version by hand",
        )  # fmt: skip
        return Proposal(refused=(reason,))
    _refuse_version(version)
    esx = request.target.esx if request.target is not None else None
    parts = [propose_version(vm, version, esx, request.unsafe)]
    parts += _disk_moves(vm, request, version, esx)
    return _joined(vm, version, parts)


def _version(vm: Machine, request: Request) -> int | None:
    if request.hwversion is not None:
        return request.hwversion
    own = vm.hardware.version
    if request.target is None or own is None:
        return own
    if request.legacy:
        return _legacy_version(vm, request, own)
    if request.target.runs(own):
        return own
    lower = [v for v in range(OLDEST_WRITTEN, own) if request.target.runs(v)]
    higher = [v for v in range(own + 1, newest_known() + 1) if request.target.runs(v)]
    if lower:
        return lower[-1]
    return higher[0] if higher else request.target.runs_max


def _legacy_version(vm: Machine, request: Request, own: int) -> int:
    target = request.target
    origin = request.origin or (products()[vm.origin[0].product] if vm.origin else None)
    if target is None or origin is None:
        raise UsageError("nothing tells which product made this VM; name it with --from")
    both = [v for v in range(OLDEST_WRITTEN, own + 1) if origin.runs(v) and target.runs(v)]
    if not both:
        raise UsageError(f"{origin.name} and {target.name} have no hardware version in common up to {own}")
    return both[-1]


def _refuse_version(version: int) -> None:
    row = hardware(version)
    if row is None or not row.valid:
        raise UsageError(f"there is no hardware version {version}; the newest known is {newest_known()}")
    if version < OLDEST_WRITTEN:
        raise UsageError(
            f"no config of hardware version {version} has been seen, so vmxtool writes none below {OLDEST_WRITTEN}"
        )


def _disk_moves(vm: Machine, request: Request, version: int, esx: bool | None) -> list[Proposal]:
    """The moves that were asked for, and a refusal for every one that is needed and was not."""
    parts: list[Proposal] = []
    homeless = [drive for drive in vm.drives if drive.bus != "scsi" and _is_homeless(drive, request, version, esx)]
    ide = [drive for drive in vm.disks if drive.bus == "ide" and request.ide_to_scsi]
    others = [drive for drive in homeless if drive.kind == "disk" and drive.bus != "ide" and request.move_disks]
    moving = [*ide, *others]
    parts.append(propose_move(vm, moving, version, request.adapter))
    unasked = [drive for drive in homeless if drive.kind == "disk" and drive not in moving]
    parts.append(Proposal(refused=tuple(_unasked(drive, request.target, version) for drive in unasked)))
    stranded = [drive for drive in homeless if drive.kind == "cdrom"]
    parts.append(propose_cdroms(vm, stranded, {drive.id for drive in moving}, version))
    return parts


def _is_homeless(drive: Drive, request: Request, version: int, esx: bool | None) -> bool:
    if drive.bus == "floppy":
        return False
    if request.target is not None and drive.kind == "disk" and drive.bus not in request.target.disk_buses:
        return True
    rules = [rule for rule in rules_for(f"{drive.id}.present") if rule.below == "move-disks"]
    unknown = any(not rule.known(version, esx=esx) for rule in rules)
    return unknown and (drive.kind == "disk" or drive.bus != "ide")


def _unasked(drive: Drive, target: Product | None, version: int) -> Finding:
    option = "--ide-to-scsi" if drive.bus == "ide" else "--move-disks"
    where = target.name if target is not None else f"hardware version {version}"
    return refusal(
        "DSK201", "disk-bus-not-offered", f"{drive.id} cannot stay on {drive.bus.upper()}: {where} has no such disks",
        drive.evidence, f"prepare the guest for SCSI and say {option}", "mpg:p09",
    )  # fmt: skip


def _joined(vm: Machine, version: int, parts: list[Proposal]) -> Proposal:
    refused = tuple(reason for part in parts for reason in part.refused)
    manual = tuple(fix for part in parts for fix in part.manual)
    if refused:
        return Proposal(refused=refused)
    changes = tuple(change for part in parts for change in part.changes)
    if vm.hardware.version is not None and version > vm.hardware.version:
        text = "raising the hardware version is one-way for the products; vmxtool undo takes it back until the VM has run"
        manual = (*manual, Fix(Safety.MANUAL, text))
    return Proposal(changes, (), manual)
