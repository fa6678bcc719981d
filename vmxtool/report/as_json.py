"""Machines, verdicts and tables as the values of the JSON contract, and as JSON text.

The contract is versioned in `schema`; fields may be added, never renamed. The JSON Schemas lie in `report/schema/`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from vmxtool.evidence import Evidence
    from vmxtool.findings import Finding
    from vmxtool.knowledge.products import Product
    from vmxtool.machine.model import Controller, Drive, Machine, Nic, OriginCandidate, Snapshot
    from vmxtool.planner.verdict import PlanStep, Verdict
    from vmxtool.rewriter.plan import Plan
    from vmxtool.vmdk.chain import Chain, Link

Value = dict[str, Any]


def to_text(value: object) -> str:
    """Indented JSON in ASCII with a line end: no control character, and no terminal or pipe that cannot take it."""
    return json.dumps(value, indent=2) + "\n"


def inspection(vm: Machine, findings: Iterable[Finding]) -> Value:
    """The `inspect` contract, "vmxtool.inspect/1"."""
    document = vm.config.document
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
        "origin": [_origin(candidate) for candidate in vm.origin],
        "guest": {"id": vm.guest.id, "bits": vm.guest.bits, "family": vm.guest.family},
        "cpu": {"count": vm.cpu.count, "cores_per_socket": vm.cpu.cores_per_socket, "smp": vm.cpu.smp},
        "memory_mib": vm.memory_mib,
        "firmware": vm.firmware,
        "secure_boot": vm.secure_boot,
        "tpm": vm.tpm,
        "controllers": [_controller(controller) for controller in vm.controllers],
        "drives": [_drive(drive) for drive in vm.drives],
        "nics": [_nic(nic) for nic in vm.nics],
        "snapshots": {
            "present": vm.snapshots.present,
            "count": len(vm.snapshots.tree),
            "current": vm.snapshots.current,
            "tree": [_snapshot(snapshot) for snapshot in vm.snapshots.tree],
            "needs_consolidation": vm.snapshots.needs_consolidation,
            "signs": [_evidence(item) for item in vm.snapshots.signs],
            "redo_signs": [_evidence(item) for item in vm.snapshots.redo_signs],
        },
        "power": {"state": vm.power.state, "evidence": [_evidence(item) for item in vm.power.evidence]},
        "encryption": vm.encryption,
        "findings": [finding(item) for item in findings],
    }


def verdict(result: Verdict) -> Value:
    """The `check` contract, "vmxtool.check/1"."""
    return {
        "schema": "vmxtool.check/1",
        "target": {
            "id": result.target.id,
            "name": result.target.name,
            "generation": result.target.generation,
        },
        "origin": [_origin(candidate) for candidate in result.origin],
        "verdict": result.answer.value,
        "guide": result.guide.as_json() if result.guide is not None else None,
        "findings": [finding(item) for item in result.findings],
        "ways": [{"n": way.number, "when": list(way.when), "one_way": way.one_way} for way in result.ways],
        "steps": [_step(step) for step in result.steps],
        "route": [route.as_json() for route in result.routes],
    }


def rewrite(plan: Plan, dry_run: bool, journal: Path | None) -> Value:
    """The `rewrite` contract, "vmxtool.rewrite/1"."""
    return {
        "schema": "vmxtool.rewrite/1",
        "dry_run": dry_run,
        "applied": journal is not None,
        "changes": [
            {
                "file": change.file,
                "line": change.line,
                "key": change.key,
                "before": change.before,
                "after": change.after,
                "why": change.why,
                "source": change.source,
                "safety": change.safety,
            }
            for change in plan.changes
        ],
        "diff": plan.diff,
        "refused": [finding(item) for item in plan.refused],
        "manual": [{"text": fix.text, "command": fix.command, "product": fix.product} for fix in plan.manual],
        "notes": list(plan.notes),
        "journal": str(journal) if journal is not None else None,
    }


def finding(item: Finding) -> Value:
    """One finding."""
    fix = None
    if item.fix is not None:
        fix = {
            "safety": item.fix.safety.value,
            "text": item.fix.text,
            "command": item.fix.command,
            "product": item.fix.product,
        }
    return {
        "code": item.code,
        "name": item.name,
        "severity": item.severity.value,
        "message": item.message,
        "evidence": [_evidence(place) for place in item.evidence],
        "sources": list(item.sources),
        "fix": fix,
    }


def product(item: Product) -> Value:
    """One entry of the `targets` contract."""
    return {
        "id": item.id,
        "aliases": list(item.aliases),
        "name": item.name,
        "family": item.family,
        "generation": item.generation,
        "hardware": {"min": item.runs_min, "max": item.runs_max, "creates": item.creates},
        "released": item.released,
        "source": item.source,
        "checked": str(item.checked),
        "unverified": sorted(item.unverified),
    }


def _evidence(item: Evidence) -> Value:
    return {"file": item.file, "line": item.line, "key": item.key, "value": item.value}


def _origin(candidate: OriginCandidate) -> Value:
    return {
        "product": candidate.product,
        "confidence": candidate.confidence,
        "evidence": [_evidence(item) for item in candidate.evidence],
    }


def _controller(controller: Controller) -> Value:
    return {
        "id": controller.id,
        "bus": controller.bus,
        "model": controller.model,
        "shared_bus": controller.shared_bus,
    }


def _drive(drive: Drive) -> Value:
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


def _disk(chain: Chain) -> Value:
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
                "exists": extent.exists,
            }
            for extent in top.extents
        ],
    }


def _link(link: Link) -> Value:
    return {
        "file": link.file,
        "create_type": link.create_type,
        "format": link.format,
        "cid": _content_id(link.cid),
        "parent_cid": _content_id(link.parent_cid),
    }


def _content_id(number: int | None) -> str | None:
    return None if number is None else f"{number:08x}"


def _nic(nic: Nic) -> Value:
    return {
        "id": nic.id,
        "model": nic.model,
        "mac": nic.mac,
        "connection": nic.connection,
        "network": nic.network,
        "connected": nic.connected,
    }


def _snapshot(snapshot: Snapshot) -> Value:
    return {
        "id": snapshot.id,
        "name": snapshot.name,
        "parent": snapshot.parent,
        "created": snapshot.created.isoformat() if snapshot.created is not None else None,
        "description": snapshot.description,
        "disks": [{"file": disk.file, "node": disk.node} for disk in snapshot.disks],
    }


def _step(step: PlanStep) -> Value:
    return {
        "n": step.n,
        "way": step.way,
        "do": step.do,
        "text": step.text,
        "command": step.command,
        "product": step.product,
        "source": step.source,
        "safety": step.safety.value,
        "one_way": step.one_way,
    }
