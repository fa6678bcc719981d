"""Two files per addition, carried out: a rule, a product and a format of a report, with nothing else edited."""

from __future__ import annotations

import json
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from build import disk_lines, write_config
from generate import rules_page
from rules import cases
from rules.cases import CaseFolder, as_text, case_folders

import vmxtool
from vmxtool.findings import Do, Severity
from vmxtool.knowledge import _load
from vmxtool.knowledge.hardware import hardware_versions
from vmxtool.knowledge.product import ENGINES, FILE
from vmxtool.knowledge.product_names import names_of
from vmxtool.knowledge.product_rows import read_products
from vmxtool.planner.check import check
from vmxtool.planner.verdict import Answer
from vmxtool.rules.registry import About, Hit, forget, manual, rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from vmxtool.evidence import Evidence
    from vmxtool.machine.model import Machine
    from vmxtool.planner.verdict import Verdict
    from vmxtool.rules.case import Case

    Add = Callable[..., CaseFolder]

SEALED = "sealed"
"""What the annotation of a VM says that the rules below find; nothing in vmxtool looks at it."""


# --- a rule: each of these is what would stand in a file of vmxtool/rules


def disk_sealed(vm: Machine) -> Iterator[Hit]:
    """A disk has a seal on it.

    Whoever opens it has to break the seal where the VM is now.
    """
    for place in _seals(vm):
        yield Hit("the disk has a seal on it", (place,), manual("break the seal"))


def seal_not_known(case: Case) -> Iterator[Hit]:
    """The target knows no seals.

    Take the seal off in the VM's own product.
    """
    for place in _seals(case.vm):
        yield Hit(f"{case.target.name} knows no seals", (place,), manual("take the seal off"))


def seal_without_key(case: Case) -> Iterator[Hit]:
    """Somebody has the seal's key, and no file says who.

    With the key the VM can move.
    """
    for place in _seals(case.vm):
        yield Hit("who has the key of the seal?", (place,), manual("ask around"))


def _seals(vm: Machine) -> Iterator[Evidence]:
    if vm.config.document.get("annotation") == SEALED:
        yield vm.config.document.evidence("annotation")


@pytest.fixture
def add(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Add]:
    """Adds a rule by its function and its case folder, and goes there; both are gone after the test."""
    added: list[str] = []

    def add_rule(code: str, function: Callable[..., Iterator[Hit]], severity: Severity, **more: Any) -> CaseFolder:
        name = function.__name__.replace("_", "-")
        rule(code, name, severity, **more)(function)
        added.append(code)
        folder = tmp_path / "cases" / f"{code}-{name}"
        for kind, annotation in (("fires", SEALED), ("silent", "open")):
            write_config(folder, f'annotation = "{annotation}"', hw=7, name=f"{kind}.vmx")
        if more["about"] is About.TARGET:
            (folder / "target").write_text("esx3\n", "utf-8")
        monkeypatch.setattr(cases, "FOLDER", folder.parent)
        monkeypatch.chdir(folder)
        (case,) = case_folders()
        (folder / "finding.txt").write_text(as_text(case.findings("fires")), "utf-8")
        return case

    yield add_rule
    for code in added:
        forget(code)


def assert_told(case: CaseFolder, title: str) -> None:
    """It fires and keeps silent, and has its place on the page of rules, with what the case says."""
    assert case.expected
    assert not case.findings("silent")
    entry = rules_page.page().partition(f"### {case.code} {case.rule_name}\n")[2].partition("\n### ")[0]
    assert title in entry
    assert case.expected.splitlines()[0] in entry


def cured(verdict: Verdict, code: str) -> list[Do]:
    """The kinds of the steps, from the one on that cures a rule's finding; none where no step does."""
    at = [n for n, step in enumerate(verdict.steps) if code in step.cures]
    return [step.do for step in verdict.steps[at[0] :]] if at else []


def severity(verdict: Verdict, code: str) -> Severity:
    (found,) = [item for item in verdict.findings if item.code == code]
    return found.severity


def refused(config: str, target: str) -> list[str]:
    return [item.code for item in vmxtool.plan_rewrite(config, target=target).refused]


def test_a_rule_about_files_that_stops_a_rewrite(add: Add) -> None:
    case = add("DSK280", disk_sealed, Severity.WARNING, about=About.FILES, cure=Do.REPAIR_DISK, stops={Do.REWRITE})
    assert_told(case, "A disk has a seal on it. It warns.")
    assert "Cured by `repair-disk`. Stops `rewrite`." in rules_page.page()

    # Workstation 7 runs the VM as it is, so nothing is stopped; for ESX Server 3 it is rewritten.
    verdict = vmxtool.check("fires.vmx", "ws7")
    assert (severity(verdict, "DSK280"), cured(verdict, "DSK280")) == (Severity.WARNING, [])
    verdict = vmxtool.check("fires.vmx", "esx3")
    assert severity(verdict, "DSK280") is Severity.BLOCKER
    assert cured(verdict, "DSK280") == [Do.REPAIR_DISK, Do.DOWNGRADE_HARDWARE, Do.COPY, Do.CREATE_VM]
    assert verdict.steps[0].remedy == "break the seal"
    assert (refused("fires.vmx", "esx3"), refused("silent.vmx", "esx3")) == (["DSK280"], [])


def test_a_rule_about_a_target(add: Add) -> None:
    case = add("SEC880", seal_not_known, Severity.BLOCKER, about=About.TARGET, cure=Do.CHANGE_SETTINGS)
    assert_told(case, "The target knows no seals. It blocks.")
    verdict = vmxtool.check("fires.vmx", "esx3")
    assert verdict.verdict is Answer.NEEDS_STEPS
    assert cured(verdict, "SEC880") == [Do.CHANGE_SETTINGS, Do.DOWNGRADE_HARDWARE, Do.COPY, Do.CREATE_VM]
    assert verdict.steps[0].remedy == "take the seal off"
    assert (refused("fires.vmx", "esx3"), refused("silent.vmx", "esx3")) == (["SEC880"], [])


def test_a_question(add: Add) -> None:
    case = add("SEC881", seal_without_key, Severity.UNKNOWN, about=About.TARGET)
    assert_told(case, "Somebody has the seal's key, and no file says who.")
    verdicts = [vmxtool.check(f"{kind}.vmx", "ws7") for kind in ("fires", "silent")]
    assert [verdict.verdict for verdict in verdicts] == [Answer.DEPENDS, Answer.READY]
    assert cured(verdicts[0], "SEC881") == []
    assert refused("fires.vmx", "esx3") == []


def test_a_rule_is_in_the_reports(add: Add, capsys: pytest.CaptureFixture[str]) -> None:
    formats = pytest.importorskip("vmxtool.report.formats")
    find = pytest.importorskip("vmxtool.report.subjects").find
    add("DSK280", disk_sealed, Severity.WARNING, about=About.FILES, cure=Do.REPAIR_DISK, stops={Do.REWRITE})
    vm = vmxtool.inspect("fires.vmx")
    formats.write("check", "json", vmxtool.check(vm, "esx3"), vm)
    told = json.loads(capsys.readouterr().out)
    (finding,) = [item for item in told["findings"] if item["code"] == "DSK280"]
    assert (finding["name"], finding["severity"]) == ("disk-sealed", "blocker")
    assert told["steps"][0]["do"] == "repair-disk"
    formats.write("check", "text", vmxtool.check(vm, "esx3"), vm)
    assert "DSK280" in capsys.readouterr().out
    for word in ("dsk280", "disk-sealed"):
        formats.write("explain", "text", [find(word)])
        assert "A disk has a seal on it." in capsys.readouterr().out
        formats.write("explain", "json", [find(word)])
        assert "DSK280" in capsys.readouterr().out


# --- a product: a block, and one of its engine where no other has it

ENGINE = """
[[engine]]
id = "hosted-99"
kind = "hosted"
since = "2030"
runs = "14..22"
creates = 22
converts_to = "14 16 18 19 20 21 22"
max_vcpus = 64
disk_buses = "scsi sata nvme"
source = "kb:1003746"
checked = 2030-01-01
"""
PRODUCT = """
[[product]]
id = "ws99"
family = "workstation"
name = "Workstation 99"
engine = "hosted-99"
source = "general"
checked = 2030-01-01
"""


def test_a_product_is_a_block(tmp_path: Path) -> None:
    read = read_products(_load.shipped(ENGINES) + ENGINE, _load.shipped(FILE) + PRODUCT, hardware_versions())
    product = read.products["ws99"]
    assert names_of(read).exact["workstation 99 "] == "ws99"

    config = write_config(tmp_path, disk_lines("ide0:0", "gone.vmdk"), hw=7)
    verdict = check(vmxtool.inspect(config), product)
    assert {"PRD102", "DSK201"} <= {item.code for item in verdict.findings}
    assert "ide0:0: an IDE disk; Workstation 99 offers NVME, SATA, SCSI for hard disks (unverified)" in {
        item.message for item in verdict.findings
    }
    config = write_config(tmp_path, hw=22)
    assert check(vmxtool.inspect(config), product).verdict is Answer.READY


# --- a format of a report: its module, and a row in the table of formats


def csv_page(verdict: Verdict, vm: Machine | None) -> str:
    return "".join(f"{item.code},{item.severity}\n" for item in verdict.findings)


def test_a_format_of_a_report_is_a_module_and_a_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    formats = pytest.importorskip("vmxtool.report.formats")
    module = ModuleType("vmxtool.report.verdict_csv")
    module.csv_page = csv_page  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(formats._WRITERS["check"], "csv", formats.Writer("verdict_csv", "csv_page"))

    assert formats.formats_of("check") == ("text", "json", "csv")
    vm = vmxtool.inspect(write_config(tmp_path, hw=7))
    formats.write("check", "csv", vmxtool.check(vm, "esx3"), vm)
    assert capsys.readouterr().out == "PRD101,blocker\n"
