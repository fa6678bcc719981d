"""A law over all real configs: a rewrite is refused with reasons, or does what it says and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from peers import CORPUS, needs_corpus
from rewriter.real_configs import as_found, at_rest

from vmxtool.findings import Severity
from vmxtool.knowledge.hardware import hardware_versions
from vmxtool.knowledge.products import products
from vmxtool.machine.read import describe
from vmxtool.planner.request import Request, is_written
from vmxtool.rewriter.journal.patch import ReplacePatch
from vmxtool.rewriter.plan import Plan, plan
from vmxtool.rules._registry import judge_target
from vmxtool.vmx.document import Document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from vmxtool.knowledge.products import Product
    from vmxtool.machine.model import Machine

pytestmark = [pytest.mark.corpus, needs_corpus]

VERSIONS = [version for version in hardware_versions() if is_written(version)]
GUIDE = [product for product in products().values() if product.generation is not None and product.family != "hardware"]


def goals() -> Iterator[tuple[int | None, Product | None]]:
    """Every hardware version that is written, and every product of the guide."""
    yield from ((version, None) for version in VERSIONS)
    yield from ((None, product) for product in GUIDE)


def after(made: Plan) -> Machine:
    """The VM as it would be, its disks as they are: nothing is written."""
    config = made.machine.config
    data = next(patch.after for patch in made.patches if isinstance(patch, ReplacePatch) and patch.path == config.path)
    return describe(Document.parse(data, config.file), config.path)


def refused_with_reasons(made: Plan) -> bool:
    if not made.refused:
        return False
    assert not made.changes
    assert not made.patches
    for reason in made.refused:
        assert reason.severity is Severity.BLOCKER
        assert reason.message
    return True


def holds(made: Plan, request: Request) -> None:
    """Check a plan that changes the config against what it says of itself, with other eyes than its own proof."""
    vm = after(made)
    document, now = made.machine.config.document, vm.config.document
    version = vm.hardware.version
    assert version is not None
    assert not now.duplicates
    assert not now.unknown
    if request.hwversion is not None:
        assert version == request.hwversion
    on_config = [change for change in made.changes if change.file == made.machine.config.file]
    for change in on_config:
        if change.before is not None:
            assert change.line is not None
            assert document.line(change.line).raw.rstrip(b"\r\n") == change.before.encode(document.encoding.codec)
    assert untouched(document, {change.before for change in on_config}) == untouched(
        now, {change.after for change in on_config}
    )
    product = request.target or products().get(f"hw{version}")
    assert product is not None
    assert product.runs(version) or not {"runs_min", "runs_max"}.isdisjoint(product.unverified)
    told = {fix.text for fix in made.manual}
    for finding in judge_target(vm, product):
        if finding.severity is Severity.BLOCKER:
            # What no file cures is a conversion of disks that the plan has told.
            assert finding.code.startswith("DSK"), finding
            assert finding.fix is not None
            assert finding.fix.text in told, finding
    again = plan(vm, request)
    assert not again.refused, again.refused
    assert not again.changes, again.changes


def untouched(document: Document, changed: Iterable[str | None]) -> list[bytes]:
    rows = [document.line(number).raw.rstrip(b"\r\n") for number in range(1, document.lines + 1)]
    lines = {line.encode(document.encoding.codec) for line in changed if line is not None}
    return [row for row in rows if row not in lines]


def test_every_config_as_it_lies_there_without_its_disks() -> None:
    changed = refused = 0
    for vm in as_found():
        for version, product in goals():
            request = Request(hwversion=version, target=product)
            made = plan(vm, request)
            if refused_with_reasons(made):
                refused += 1
            elif made.changes:
                changed += 1
                holds(made, request)
    assert changed > 1000
    assert refused > 1000


def test_every_config_at_rest_with_its_disks_moved(tmp_path: Path) -> None:
    changed = moved = 0
    for vm in at_rest(tmp_path):
        for version, product in goals():
            request = Request(
                hwversion=version, target=product, ide_to_scsi=True, move_disks=True, adapter="lsilogic", unsafe=True
            )
            made = plan(vm, request)
            if refused_with_reasons(made) or not made.changes:
                continue
            changed += 1
            moved += any(change.key == "ddb.adapterType" for change in made.changes)
            holds(made, request)
    assert changed > 1500
    assert moved > 500


def test_the_configs_are_many() -> None:
    assert len(list(as_found())) > 70
    assert CORPUS.is_dir()
