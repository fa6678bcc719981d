"""A name for several releases: the first line tells them apart, and everything else is for the oldest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from build import IDE_DISK, make_vm
from cli.program import vmxtool

from vmxtool import Answer, check
from vmxtool.knowledge.products import products
from vmxtool.planner.verdict import Effort
from vmxtool.report.releases import oldest_release, releases_words

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("hw", "target", "said", "oldest"),
    [
        (21, "ws17", "ready on 17.5 and later; 17.0: after a rewrite to version 20", "Workstation 17.0"),
        (21, "workstation 17 pro", "ready on 17.5 and later; 17.0: after a rewrite to version 20", "Workstation 17.0"),
        (20, "ws17", None, None),
        (
            22,
            "esxi7",
            "; ".join(
                (
                    "not as it is; after a rewrite to version 19 on 7.0 Update 2 and later",
                    "7.0 Update 1: after a rewrite to version 18",
                    "7.0: after a rewrite to version 17",
                )
            ),
            "ESXi 7.0",
        ),
        (19, "fusion12", "ready on 12.2; 12.0 to 12.1: after a rewrite to version 18", "Fusion 12.0"),
        (14, "ws7", None, None),
        (21, "ws17.0", None, None),
    ],
)
def test_releases_are_told_apart_where_their_answers_differ(
    tmp_path: Path, hw: int, target: str, said: str | None, oldest: str | None
) -> None:
    verdict = check(make_vm(tmp_path, hw=hw, guest="debian10-64"), target)
    assert releases_words(verdict) == said
    assert oldest_release(verdict) == oldest


def test_the_steps_of_a_group_are_those_of_its_oldest_release(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, IDE_DISK, hw=21, guest="debian10-64")
    group, oldest = check(vm, "ws17"), check(vm, "ws17.0")
    assert (group.verdict, group.effort) == (oldest.verdict, oldest.effort) == (Answer.NEEDS_STEPS, Effort.REWRITE)
    assert group.steps == oldest.steps
    assert group.findings == oldest.findings
    assert [(it.product.id, it.verdict) for it in group.releases] == [
        ("ws17.0", Answer.NEEDS_STEPS),
        ("ws17.5", Answer.READY),
        ("ws17.6", Answer.READY),
    ]


def test_every_release_has_the_answer_that_it_has_alone(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, IDE_DISK, hw=16, guest="debian10-64")
    groups = [product.id for product in products().every() if product.releases]
    assert len(groups) > 10
    for name in groups:
        for release in check(vm, name).releases:
            alone = check(vm, release.product.id)
            assert (alone.verdict, alone.effort) == (release.verdict, release.effort)


def test_screen_document_exit_code_and_rewrite_are_those_of_the_oldest(tmp_path: Path) -> None:
    config = make_vm(tmp_path, hw=21, guest="debian10-64").config.path
    run = vmxtool("check", "--target", "ws17", config)
    assert run.code == 1
    assert run.out.splitlines()[0] == (
        f"vm ({config}) on Workstation 17: ready on 17.5 and later; 17.0: after a rewrite to version 20"
    )
    assert "steps for Workstation 17.0; they serve the later releases, too" in run.out
    document = vmxtool("check", "--target", "ws17", "--format", "json", config).json()
    assert document["target"] == {
        "id": "ws17",
        "name": "Workstation 17",
        "generation": None,
        "releases": [
            {"id": "ws17.0", "verdict": "needs-steps", "effort": "rewrite"},
            {"id": "ws17.5", "verdict": "ready", "effort": "none"},
            {"id": "ws17.6", "verdict": "ready", "effort": "none"},
        ],
    }
    assert document["verdict"] == "needs-steps"
    assert 'virtualHW.version = "20"' in vmxtool("rewrite", "--target", "ws17", "--dry-run", config).out
