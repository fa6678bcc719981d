"""The values of the JSON contract for a VM as it is, for findings, and for errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool._text import whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vmxtool.evidence import Evidence
    from vmxtool.findings import Finding, Fix
    from vmxtool.machine.model import Controller, Drive, Machine, Nic, OriginCandidate
    from vmxtool.machine.named_files import NamedFile
    from vmxtool.machine.peripherals import Port, Security, SharedFolder, UsbPart
    from vmxtool.machine.snapshot_model import Snapshot, Snapshots
    from vmxtool.report.documents.inspect_contract import (
        ControllerValue,
        DiskValue,
        DriveValue,
        FileValue,
        InspectDocument,
        LinkValue,
        NicValue,
        PortValue,
        SecurityValue,
        SharedFolderValue,
        SnapshotsValue,
        SnapshotValue,
        UsbValue,
    )
    from vmxtool.report.documents.parts import Cure, FindingValue, OriginValue, Place
    from vmxtool.vmdk.chain import Chain, Link


def inspect_value(vm: Machine, findings: Iterable[Finding]) -> InspectDocument:
    """Return what a VM is, "vmxtool.inspect/1"."""
    from vmxtool.machine.named_files import named_files
    from vmxtool.machine.peripherals import peripherals_of

    document, more = vm.config.document, peripherals_of(vm)
    return {
        "schema": "vmxtool.inspect/1",
        "path": str(vm.path),
        "name": vm.name,
        "config": {
            "file": vm.config.file,
            "encoding": document.encoding.name,
            "line_ending": document.line_ending,
            "config_version": vm.config.config_version,
            "lines": document.lines,
        },
        "hardware": {"version": vm.hardware.version, "generation": vm.hardware.generation},
        "origin": [origin_value(candidate) for candidate in vm.origin],
        "uuids": {"bios": vm.uuids.bios, "location": vm.uuids.location, "vc": vm.uuids.vc},
        "guest": {"id": vm.guest.id, "bits": vm.guest.bits, "family": vm.guest.family},
        "cpu": {"count": vm.cpu.count, "cores_per_socket": vm.cpu.cores_per_socket, "smp": vm.cpu.smp},
        "memory_mib": vm.memory_mib,
        "firmware": vm.firmware,
        "secure_boot": vm.secure_boot,
        "tpm": vm.tpm,
        "controllers": [_controller(controller) for controller in vm.controllers],
        "drives": [_drive(drive) for drive in vm.drives],
        "nics": [_nic(nic) for nic in vm.nics],
        "ports": [_port(port) for port in more.ports],
        "sound": more.sound,
        "usb": [_usb(part) for part in more.usb],
        "shared_folders": [_shared_folder(folder) for folder in more.shared_folders],
        "passthrough": [{"id": it.id, "device": it.device} for it in more.passthrough],
        "security": _security(more.security),
        "files": [_file(file) for file in named_files(vm)],
        "snapshots": _snapshots(vm.snapshots),
        "power": {"state": vm.power.state, "evidence": _places(vm.power.evidence)},
        "encryption": vm.encryption,
        "findings": [finding_value(item) for item in findings],
        "left_out": 0,
    }


def finding_value(item: Finding) -> FindingValue:
    """Return one finding."""
    return {
        "code": item.code,
        "name": item.name,
        "severity": item.severity,
        "message": item.message,
        "evidence": _places(item.evidence),
        "more_places": item.unshown,
        "sources": list(item.sources),
        "fix": _cure(item.fix) if item.fix is not None else None,
        "after": item.after,
    }


def origin_value(candidate: OriginCandidate) -> OriginValue:
    """Return one product that may have made a VM."""
    return {
        "product": candidate.product,
        "confidence": candidate.confidence,
        "evidence": _places(candidate.evidence),
    }


def sole_command(commands: Sequence[Sequence[str]]) -> str | None:
    """Return a command as it is typed into a shell where there is one alone; None where there are none or several.

    None too where it cannot be pasted.
    """
    from vmxtool.rules.commands import can_be_pasted, shell

    return shell(commands[0]) if len(commands) == 1 and can_be_pasted(commands[0]) else None


def vectors(commands: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return commands as argument vectors; none where a name in one is no text, since JSON would have another name."""
    return [list(argv) for argv in commands] if all(whole(word) == word for argv in commands for word in argv) else []


def _cure(fix: Fix) -> Cure:
    return {
        "safety": fix.safety,
        "text": fix.text,
        "command": sole_command(fix.commands),
        "commands": vectors(fix.commands),
        "product": fix.product,
    }


def _places(evidence: Iterable[Evidence]) -> list[Place]:
    return [{"file": it.file, "line": it.line, "key": it.key, "value": it.value} for it in evidence]


def _controller(controller: Controller) -> ControllerValue:
    return {
        "id": controller.id,
        "bus": controller.bus,
        "model": controller.model,
        "shared_bus": controller.shared_bus,
    }


def _drive(drive: Drive) -> DriveValue:
    return {
        "id": drive.id,
        "bus": drive.bus,
        "kind": drive.kind,
        "file": drive.file,
        "mode": drive.mode,
        "connected": drive.connected,
        "redo": drive.redo,
        "disk": _disk(drive.chain) if drive.chain is not None and drive.chain.links else None,
    }


def _disk(chain: Chain) -> DiskValue:
    top = chain.links[0]
    return {
        "descriptor": top.file,
        "embedded": top.location == "embedded",
        "create_type": top.create_type,
        "format": top.format,
        "capacity_bytes": top.capacity_bytes,
        "adapter": chain.adapter,
        "hw_version": chain.hw_version,
        "cid": _content_id(top.cid),
        "parent_cid": _content_id(top.parent_cid),
        "chain": [_link(link) for link in chain.links],
        "extents": [
            {
                "access": extent.access,
                "sectors": extent.sectors,
                "type": extent.type,
                "file": extent.file,
                "exists": extent.exists if extent.file is not None else None,
            }
            for extent in top.extents
        ],
    }


def _link(link: Link) -> LinkValue:
    return {
        "file": link.file,
        "create_type": link.create_type,
        "format": link.format,
        "cid": _content_id(link.cid),
        "parent_cid": _content_id(link.parent_cid),
    }


def _content_id(number: int | None) -> str | None:
    return None if number is None else f"{number:08x}"


def _nic(nic: Nic) -> NicValue:
    return {
        "id": nic.id,
        "model": nic.model,
        "mac": nic.mac,
        "connection": nic.connection,
        "network": nic.network,
        "connected": nic.connected,
    }


def _port(port: Port) -> PortValue:
    return {
        "id": port.id,
        "kind": port.kind,
        "backing": port.backing,
        "path": port.path,
        "connected": port.connected,
    }


def _usb(part: UsbPart) -> UsbValue:
    return {"id": part.id, "kind": part.kind, "model": part.model, "device": part.device}


def _shared_folder(folder: SharedFolder) -> SharedFolderValue:
    return {
        "name": folder.name,
        "host_path": folder.host_path,
        "enabled": folder.enabled,
        "writable": folder.writable,
    }


def _security(security: Security) -> SecurityValue:
    return {"tpm": {"state": security.tpm}, "secure_boot": security.secure_boot, "vbs": security.vbs}


def _file(file: NamedFile) -> FileValue:
    return {
        "name": file.name,
        "role": file.role,
        "named_by": file.named_by,
        "exists": file.exists,
        "inside": file.inside,
        "bytes": file.bytes,
        "allocated": file.allocated,
        "needed": file.needed,
    }


def _snapshots(snapshots: Snapshots) -> SnapshotsValue:
    return {
        "present": snapshots.present,
        "count": len(snapshots.tree),
        "current": snapshots.current,
        "tree": [_snapshot(snapshot) for snapshot in snapshots.tree],
        "clone_of": snapshots.clone_of,
        "needs_consolidation": snapshots.needs_consolidation,
        "signs": _places(snapshots.signs),
        "redo_signs": _places(snapshots.redo_signs),
    }


def _snapshot(snapshot: Snapshot) -> SnapshotValue:
    return {
        "id": snapshot.id,
        "name": snapshot.name,
        "parent": snapshot.parent,
        "created": snapshot.created.isoformat() if snapshot.created is not None else None,
        "description": snapshot.description,
        "disks": [{"file": disk.file, "node": disk.node} for disk in snapshot.disks],
    }
