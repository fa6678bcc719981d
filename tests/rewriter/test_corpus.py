"""A law over all real configs: a rewrite is refused with reasons, or does what it says and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from peers import CORPUS, needs_corpus
from rewriter.real_configs import as_found, at_rest

from vmxtool import Rewrite, Severity, judge, plan_rewrite
from vmxtool.knowledge.hardware import hardware_versions
from vmxtool.knowledge.products import products
from vmxtool.knowledge.runs import Ternary, is_written, runs
from vmxtool.machine.read import build_machine
from vmxtool.rewriter.journal.patch import ReplacePatch
from vmxtool.vmx.document import Document

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from vmxtool import Machine

pytestmark = [pytest.mark.corpus, needs_corpus]

VERSIONS = [version for version in hardware_versions() if is_written(version)]
GUIDE = [product for product in products().values() if product.generation is not None and product.family != "hardware"]


GOALS: list[dict[str, Any]] = [
    *({"hwversion": version} for version in VERSIONS),
    *({"target": product.id} for product in GUIDE),
]
"""Every hardware version that is written, and every product of the guide."""
GIVEN = {"ide_to_scsi": True, "move_disks": True, "adapter": "lsilogic", "unsafe": True}


def after(made: Rewrite) -> Machine:
    """The VM as it would be, its disks as they are: nothing is written."""
    config = made.machine.config
    data = next(patch.after for patch in made.patches if isinstance(patch, ReplacePatch) and patch.path == config.path)
    return build_machine(Document.parse(data, config.file), config.path)


def refused_with_reasons(made: Rewrite) -> bool:
    if not made.refused:
        return False
    assert not made.changes
    assert not made.patches
    for reason in made.refused:
        assert reason.severity is Severity.BLOCKER
        assert reason.message
    return True


def holds(made: Rewrite, wishes: dict[str, Any]) -> None:
    """Check a rewrite that changes the config against what it says of itself, with other eyes than its own proof."""
    vm = after(made)
    document, now = made.machine.config.document, vm.config.document
    version = vm.hardware.version
    assert version is not None
    assert not now.duplicates
    assert not now.unknown
    if "hwversion" in wishes:
        assert version == wishes["hwversion"]
    on_config = [change for change in made.changes if change.file == made.machine.config.file]
    for change in on_config:
        if change.before is not None:
            assert change.line is not None
            assert document.line(change.line).raw.rstrip(b"\r\n") == change.before.encode(document.encoding.codec)
    assert untouched(document, {change.before for change in on_config}) == untouched(
        now, {change.after for change in on_config}
    )
    product = products()[wishes.get("target", f"hw{version}")]
    assert runs(product, version) is not Ternary.NO
    told = {fix.text for fix in made.manual}
    for finding in judge(vm, product.id):
        if finding.code == "DSK226":
            continue  # what a disk says of itself, which has not been written here
        if finding.severity is Severity.BLOCKER and not finding.of_files and finding.after is None:
            # What a rewrite does not cure is a conversion of disks, of which it has told.
            assert finding.code.startswith("DSK"), finding
            assert finding.fix is not None
            assert finding.fix.text in told, finding
    again = plan_rewrite(vm, **wishes)
    assert not again.refused, again.refused
    # The disks are those from before: their descriptors have not been written.
    assert not [change for change in again.changes if change.file == made.machine.config.file], again.changes


def untouched(document: Document, changed: Iterable[str | None]) -> list[bytes]:
    rows = [document.line(number).raw.rstrip(b"\r\n") for number in range(1, document.lines + 1)]
    lines = {line.encode(document.encoding.codec) for line in changed if line is not None}
    return [row for row in rows if row not in lines]


def test_every_config_as_it_lies_there_without_its_disks(tmp_path: Path) -> None:
    changed = refused = 0
    for vm in as_found(tmp_path):
        for wishes in GOALS:
            made = plan_rewrite(vm, **wishes)
            if refused_with_reasons(made):
                refused += 1
            elif made.changes:
                changed += 1
                holds(made, wishes)
    assert changed > 1000
    assert refused > 1000


def test_every_config_at_rest_with_its_disks_moved(tmp_path: Path) -> None:
    changed = moved = 0
    for vm in at_rest(tmp_path):
        for goal in GOALS:
            wishes = goal | GIVEN
            made = plan_rewrite(vm, **wishes)
            if refused_with_reasons(made) or not made.changes:
                continue
            changed += 1
            moved += any(change.key == "ddb.adapterType" for change in made.changes)
            holds(made, wishes)
    assert changed > 1500
    assert moved > 500


def test_the_configs_are_many(tmp_path: Path) -> None:
    assert len(list(as_found(tmp_path))) > 70
    assert CORPUS.is_dir()
