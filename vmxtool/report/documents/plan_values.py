"""The values of the JSON contract for what is decided about a VM: check, route, rewrite and undo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool._record import replace
from vmxtool.findings import in_order
from vmxtool.knowledge.hardware import generation_of
from vmxtool.knowledge.products import products
from vmxtool.report.documents.guide_values import entry_value, product_name, way_value
from vmxtool.report.documents.values import finding_value, origin_value, sole_command, vectors
from vmxtool.report.step_words import step_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from vmxtool.findings import Finding, Fix
    from vmxtool.machine.model import Machine
    from vmxtool.planner.chain import Hop, Route, Routes
    from vmxtool.planner.plan import Step, WayLabel
    from vmxtool.planner.verdict import Verdict
    from vmxtool.report.documents.contract import (
        BriefFindingValue,
        ChangeValue,
        CheckAllDocument,
        CheckDocument,
        CheckedTargetValue,
        LegValue,
        ManualValue,
        RewriteDocument,
        RouteDocument,
        RouteValue,
        TargetValue,
        WayLabelValue,
    )
    from vmxtool.report.documents.parts import StepValue
    from vmxtool.rewriter.diff import FileChange
    from vmxtool.rewriter.rewrite import Rewrite


def check_value(verdict: Verdict, vm: Machine | None = None) -> CheckDocument:
    """Return whether a VM runs on a target, "vmxtool.check/1".

    Args:
        verdict: the answer.
        vm: the VM, or None where nobody has seen it.
    """
    return {
        "schema": "vmxtool.check/1",
        "path": verdict.path,
        "name": verdict.name,
        "target": _target(verdict),
        "origin": [origin_value(candidate) for candidate in verdict.origin],
        "verdict": verdict.verdict,
        "effort": verdict.effort,
        "guide": entry_value(verdict.guide) if verdict.guide is not None else None,
        "remarks": [{"says": it.says, "source": it.address} for it in verdict.remarks],
        "findings": [finding_value(item) for item in verdict.findings],
        "unseen": list(verdict.unseen),
        "ways": [_way_label(way) for way in verdict.ways],
        "steps": [_step(step, vm) for step in verdict.steps],
        "route": [_route(route, vm) for route in verdict.routes],
        "left_out": 0,
    }


def check_all_value(vm: Machine | None, verdicts: Iterable[Verdict]) -> CheckAllDocument:
    """Return the answers for all products, "vmxtool.check-all/1"; what is the same for all of them stands there once.

    Args:
        vm: the VM, or None where nobody has seen it.
        verdicts: one for each product.
    """
    answers = list(verdicts)
    first = answers[0] if answers else None
    files = in_order(first.hop.hop.files.findings) if first is not None else ()
    return {
        "schema": "vmxtool.check-all/1",
        "path": str(vm.path) if vm is not None else None,
        "name": vm.name if vm is not None else first.name if first is not None else "",
        "origin": [origin_value(candidate) for candidate in first.origin] if first is not None else [],
        "findings": [finding_value(item) for item in files],
        "unseen": list(first.unseen) if first is not None else [],
        "targets": [_checked(verdict, vm) for verdict in answers],
        "left_out": 0,
    }


def _checked(verdict: Verdict, vm: Machine | None) -> CheckedTargetValue:
    return {
        "target": _target(verdict),
        "verdict": verdict.verdict,
        "effort": verdict.effort,
        "guide": entry_value(verdict.guide) if verdict.guide is not None else None,
        "stopped_by": list(dict.fromkeys(item.code for item in verdict.findings if item.of_files and item.blocks)),
        "findings": [_brief(item) for item in verdict.findings if not item.of_files],
        "ways": [_way_label(way) for way in verdict.ways],
        "steps": [_step(step, vm) for step in verdict.steps],
    }


def _brief(item: Finding) -> BriefFindingValue:
    return {
        "code": item.code,
        "name": item.name,
        "severity": item.severity,
        "message": item.message,
        "after": item.after,
    }


def route_value(routes: Routes, vm: Machine | None = None) -> RouteDocument:
    """Return the best ways to a product, "vmxtool.route/1".

    Args:
        routes: what the search gave.
        vm: the VM, or None where nobody has seen it.
    """
    known = products()
    return {
        "schema": "vmxtool.route/1",
        "path": routes.path,
        "name": routes.name,
        "from": product_name(known[routes.start]),
        "target": product_name(known[routes.target]),
        "hardware": {"version": routes.version, "generation": generation_of(routes.version)},
        "guide": entry_value(routes.guide) if routes.guide is not None else None,
        "routes": [_route(route, vm) for route in routes.routes],
        "missing": [list(names) for names in routes.missing],
        "left_out": 0,
    }


def rewrite_value(rewrite: Rewrite, dry_run: bool, journal: Path | None) -> RewriteDocument:
    """Return what a rewrite changes, or why it is refused, "vmxtool.rewrite/1"."""
    return {
        "schema": "vmxtool.rewrite/1",
        "dry_run": dry_run,
        "applied": journal is not None,
        "changes": [_change(change) for change in rewrite.changes],
        "diff": rewrite.diff,
        "refused": [finding_value(item) for item in rewrite.refused],
        "manual": [_manual(fix) for fix in rewrite.manual],
        "notes": list(rewrite.notes),
        "one_way": rewrite.one_way,
        "journal": str(journal) if journal is not None else None,
        "left_out": 0,
    }


def _target(verdict: Verdict) -> TargetValue:
    return {
        **product_name(verdict.target),
        "releases": [{"id": it.product.id, "verdict": it.verdict, "effort": it.effort} for it in verdict.releases],
    }


def _way_label(way: WayLabel) -> WayLabelValue:
    return {"way": way.way, "n": way.way, "when": list(way.when), "one_way": way.one_way}


def _step(step: Step, vm: Machine | None) -> StepValue:
    return {
        "n": step.n,
        "way": step.way,
        "do": step.do,
        "by": step.by,
        "where": step.where,
        "text": step_text(step, vm),
        "command": sole_command(step.commands),
        "commands": vectors(step.commands),
        "product": step.product,
        "source": step.source,
        "safety": step.safety,
        "one_way": step.one_way,
        "needs": list(step.needs),
    }


def _route(route: Route, vm: Machine | None) -> RouteValue:
    return {
        "over": list(route.over),
        "one_way": route.one_way_count,
        "conversions": route.conversions,
        "moves": len(route.hops),
        "legs": [_leg(hop, vm) for hop in route.hops],
    }


def _leg(hop: Hop, vm: Machine | None) -> LegValue:
    plan = hop.plan
    return {
        "from": hop.from_id,
        "to": hop.to_id,
        "cell": hop.cell,
        "verdict": hop.verdict,
        "way": {
            "steps": [{"do": step.do, "with": list(step.products)} for step in plan.steps],
            "when": list(plan.when),
            "one_way": plan.one_way,
        },
        "others": [way_value(way) for way in hop.others],
        "hardware": {"before": hop.before, "after": hop.after},
        "one_way": hop.one_way,
        "can_go_back": hop.can_go_back,
        "sources": list(hop.sources),
        "notes": list(hop.notes),
        "unverified": hop.unverified,
        "steps": [_step(replace(step, n=n), vm) for n, step in enumerate(plan.steps, 1)],
    }


def _change(change: FileChange) -> ChangeValue:
    return {
        "file": change.file,
        "line": change.line,
        "key": change.key,
        "before": change.before,
        "after": change.after,
        "why": change.why,
        "source": change.source,
        "safety": change.safety,
    }


def _manual(fix: Fix) -> ManualValue:
    return {
        "text": fix.text,
        "command": sole_command(fix.commands),
        "commands": vectors(fix.commands),
        "product": fix.product,
    }
