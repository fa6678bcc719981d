"""The verdict is one word, and the laws it follows."""

from __future__ import annotations

from itertools import product as pairs
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmxtool.findings import Finding, Fix, Safety, Severity, in_order
from vmxtool.knowledge.products import products
from vmxtool.machine.read import describe
from vmxtool.planner.check import check
from vmxtool.planner.verdict import Answer, answer
from vmxtool.rules._registry import judge_target
from vmxtool.vmx.document import Document

if TYPE_CHECKING:
    from vmxtool.machine.model import Machine

CURE = Fix(Safety.MANUAL, "mend it")
VERDICTS = ("ok", "ok-in-most-cases", "special-steps", "maybe", "not-supported", None)
finding = st.builds(
    lambda severity, fix: Finding("DSK201", "disk-bus-not-offered", severity, "it is so", fix=fix),
    st.sampled_from(Severity),
    st.sampled_from([CURE, None]),
)
findings = st.lists(finding, max_size=4)


def machine(version: int) -> Machine:
    document = Document.parse(f'virtualHW.version = "{version}"\nguestOS = "winxppro"\n'.encode(), "till.vmx")
    return describe(document, Path("till.vmx"))


@given(findings, st.sampled_from(VERDICTS), st.booleans(), st.booleans())
def test_ready_means_that_nothing_blocks_asks_or_has_to_be_done(
    found: list[Finding], guide: str | None, acts: bool, depends: bool
) -> None:
    result = answer(found, guide, needs_action=acts, conditional=depends)
    weights = {item.severity for item in found}
    nothing = not (weights & {Severity.BLOCKER, Severity.UNKNOWN} or acts or depends)
    assert (result is Answer.READY) == (nothing and guide not in {"maybe", "not-supported"})


@given(findings, st.sampled_from(VERDICTS), st.booleans(), st.booleans())
def test_not_supported_means_that_the_guide_says_so_or_a_blocker_has_no_cure(
    found: list[Finding], guide: str | None, acts: bool, depends: bool
) -> None:
    result = answer(found, guide, needs_action=acts, conditional=depends)
    hopeless = any(item.severity is Severity.BLOCKER and item.fix is None for item in found)
    assert (result is Answer.NOT_SUPPORTED) == (hopeless or guide == "not-supported")


@given(findings, st.sampled_from(VERDICTS), st.booleans(), st.booleans(), finding)
def test_more_findings_never_make_a_verdict_better(
    found: list[Finding], guide: str | None, acts: bool, depends: bool, more: Finding
) -> None:
    order = [Answer.READY, Answer.NEEDS_STEPS, Answer.DEPENDS, Answer.NOT_SUPPORTED]
    before = answer(found, guide, needs_action=acts, conditional=depends)
    after = answer([*found, more], guide, needs_action=acts, conditional=depends)
    assert order.index(after) >= order.index(before)


def test_findings_come_heaviest_first_and_those_of_one_weight_by_code() -> None:
    made = [
        Finding(code, "name", severity, "")
        for code, severity in (
            ("DEV701", Severity.INFO),
            ("SNP601", Severity.BLOCKER),
            ("CPU402", Severity.UNKNOWN),
            ("DSK201", Severity.BLOCKER),
            ("GST502", Severity.WARNING),
        )
    ]
    assert [item.code for item in in_order(made)] == ["DSK201", "SNP601", "CPU402", "GST502", "DEV701"]


KNOWN = [product for product in products().values() if product.family != "hardware"]
VERSIONS = range(1, 24)


def _refused_for_its_version() -> dict[tuple[str, int], bool]:
    return {
        (product.id, version): any(
            item.severity is Severity.BLOCKER and item.code in {"PRD101", "PRD102", "PRD103"}
            for item in judge_target(vm, product)
        )
        for version in VERSIONS
        for vm in (machine(version),)
        for product in KNOWN
    }


def test_a_product_with_a_wider_range_of_hardware_refuses_no_version_that_a_narrower_one_takes() -> None:
    refused = _refused_for_its_version()
    compared = 0
    for narrow, wide in pairs(KNOWN, KNOWN):
        runs = {version for version in VERSIONS if narrow.runs(version)}
        if runs <= {version for version in VERSIONS if wide.runs(version)}:
            for version in runs:
                compared += 1
                assert not refused[narrow.id, version]
                assert not refused[wide.id, version], (narrow.id, wide.id, version)
    assert compared > len(KNOWN)


@pytest.mark.parametrize("version", [0, 5, 31, 4_000])
def test_a_hardware_version_that_no_product_has_gets_an_answer_from_every_product(version: int) -> None:
    for product in KNOWN:
        assert check(machine(version), product).answer is not Answer.READY or product.runs(version)
