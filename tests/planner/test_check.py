"""One VM against one product, against all, and every real config against every product."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from vmxtool.errors import InputError, UsageError
from vmxtool.findings import Severity
from vmxtool.knowledge.products import find_target, products
from vmxtool.machine.read import describe, read_machine
from vmxtool.planner.check import check, check_all
from vmxtool.planner.verdict import Answer
from vmxtool.vmx.document import Document

ROOT = Path(__file__).parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"
KNOWN = [product for product in products().values() if product.family != "hardware"]
VERSION_CODES = {"PRD101", "PRD102", "PRD103"}
SECONDS_FOR_ALL = 1.0

corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not beside the project")


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "vmxtool", *words], capture_output=True, text=True, cwd=ROOT, check=False
    )


def test_check_of_the_workstation_6_sample_names_what_stands_in_the_way_and_exits_with_1() -> None:
    done = run("check", "--target", "esx3", "samples/ws6-windows-ide")
    assert (done.returncode, done.stderr) == (1, "")
    for word in ("IDE disk", "monolithicSparse", "hardware version 6", "mpg:t07:r1c3", "DSK201", ".vmx:6"):
        assert word in done.stdout
    assert "vmxtool rewrite --target esx3 --ide-to-scsi samples/ws6-windows-ide" in " ".join(done.stdout.split())


def test_check_of_a_vm_that_is_ready_exits_with_0() -> None:
    done = run("check", "--target", "ws6", "--format", "json", "samples/ws6-windows-ide")
    assert done.returncode == 0
    assert json.loads(done.stdout)["verdict"] == "ready"


def test_all_products_are_judged_in_their_order_without_bare_hardware_versions(samples: Path) -> None:
    verdicts = list(check_all(read_machine(samples / "esxi67")))
    assert [verdict.target.id for verdict in verdicts] == [product.id for product in KNOWN]


def test_all_products_of_one_family(samples: Path) -> None:
    verdicts = list(check_all(read_machine(samples / "esxi67"), family="fusion"))
    assert {verdict.target.family for verdict in verdicts} == {"fusion"}


def test_judging_all_products_says_what_judging_each_says(samples: Path) -> None:
    vm = read_machine(samples / "damaged")
    for verdict in check_all(vm):
        assert verdict == check(vm, verdict.target)


def test_one_vm_judged_between_two_of_another_is_judged_as_before(samples: Path) -> None:
    # What a config says about devices is worked out once per VM and must not be taken for another's.
    one, other, target = read_machine(samples / "ws17-modern"), read_machine(samples / "esxi67"), find_target("ws6")
    before = check(one, target)
    check(other, target)
    assert check(one, target) == before


def test_all_products_are_judged_in_well_under_a_second(samples: Path) -> None:
    vm = read_machine(samples / "ws17-modern")
    list(check_all(vm))
    start = time.perf_counter()
    list(check_all(vm))
    assert time.perf_counter() - start < SECONDS_FOR_ALL


def test_the_origin_that_the_user_names_is_the_one_that_counts(samples: Path) -> None:
    vm = read_machine(samples / "ws5-snapshots")
    named = check(vm, find_target("esx2"), find_target("server1"))
    assert [candidate.product for candidate in named.origin] == ["server1"]
    assert named.guide is not None
    assert named.guide.from_id == "server1"
    assert "PRD105" not in {item.code for item in named.findings}


def test_where_no_table_has_the_pair_the_text_of_the_guide_is_asked(samples: Path) -> None:
    verdict = check(read_machine(samples / "ws4-undoable"), find_target("ace1"))
    assert verdict.guide is None
    assert [step.source for step in verdict.steps] == ["mpg:p08", "mpg:p12:ace1-in"]


def test_the_generation_of_the_hardware_counts_and_not_the_product_that_ran_it_last() -> None:
    # A config with hardware version 4 that a later Workstation has touched is one of generation 5.
    text = b'.encoding = "windows-1252"\nconfig.version = "8"\nvirtualHW.version = "4"\nguestOS = "winxppro"\n'
    verdict = check(describe(Document.parse(text, "shop.vmx"), Path("shop.vmx")), find_target("ws6"))
    assert verdict.guide is None or verdict.guide.table == 4


def test_a_config_that_says_nothing_gets_a_question_and_no_exception() -> None:
    vm = describe(Document.parse(b'displayName = "empty"\n', "shop.vmx"), Path("shop.vmx"))
    for verdict in check_all(vm):
        assert verdict.answer in {Answer.DEPENDS, Answer.NOT_SUPPORTED}


def test_every_finding_of_every_sample_has_evidence_or_is_about_what_is_missing(samples: Path) -> None:
    missing = {"PRD104", "PRD107", "GST504", "SNP605", "SEC803"}
    for path in samples.glob("*/*.vmx"):
        for verdict in check_all(read_machine(path)):
            for item in verdict.findings:
                assert item.evidence or item.code in missing, (path.name, item)


def test_evidence_in_a_config_names_its_line(samples: Path) -> None:
    for path in samples.glob("*/*.vmx"):
        for verdict in check_all(read_machine(path)):
            for place in (place for item in verdict.findings for place in item.evidence):
                known = place.file.endswith(".vmx") and place.key is not None and place.value is not None
                assert not known or place.line is not None, place


@pytest.mark.corpus
@corpus
def test_every_real_config_gets_an_answer_from_every_product() -> None:
    judged = 0
    for path in sorted((CORPUS / "vmx").glob("*.vmx")):
        try:
            vm = read_machine(path)
        except (InputError, UsageError):
            continue  # three of the files are pieces of a config, which is for the reader to say
        verdicts = list(check_all(vm))
        assert len(verdicts) == len(KNOWN)
        for verdict in verdicts:
            hopeless = [item for item in verdict.findings if item.severity is Severity.BLOCKER and item.fix is None]
            assert verdict.answer is Answer.NOT_SUPPORTED or not hopeless
            assert bool(verdict.steps) != (verdict.answer is Answer.NOT_SUPPORTED)
            judged += 1
    assert judged > 70 * len(KNOWN)


@pytest.mark.corpus
@corpus
def test_a_real_config_that_is_ready_somewhere_is_refused_for_its_version_nowhere_wider() -> None:
    for path in sorted((CORPUS / "vmx").glob("*.vmx")):
        try:
            vm = read_machine(path)
        except (InputError, UsageError):
            continue
        verdicts = {verdict.target.id: verdict for verdict in check_all(vm)}
        ranges = {product.id: frozenset(v for v in range(1, 24) if product.runs(v)) for product in KNOWN}
        taken = [ranges[name] for name, verdict in verdicts.items() if verdict.answer is Answer.READY]
        for name, verdict in verdicts.items():
            blocked = {item.code for item in verdict.findings if item.severity is Severity.BLOCKER} & VERSION_CODES
            assert not blocked or not any(narrow <= ranges[name] for narrow in taken), (path.name, name)
