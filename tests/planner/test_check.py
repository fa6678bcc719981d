"""One VM against one product, against all, and every real config against every product."""

from __future__ import annotations

import pickle
from itertools import product as pairs
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from build import IDE_DISK, SCSI_DISK, disk_lines, make_disk, make_vm, plainest_vm
from peers import CORPUS, needs_corpus
from planner.plans import codes, ways

from vmxtool import Answer, Finding, InputError, Severity, UsageError, check, check_all, inspect, judge
from vmxtool._record import replace
from vmxtool.findings import Do, in_order
from vmxtool.knowledge.products import products
from vmxtool.machine.model import Power
from vmxtool.machine.read import build_machine
from vmxtool.vmx.document import Document

if TYPE_CHECKING:
    from vmxtool import Machine, Verdict

KNOWN = [product for product in products().values() if product.family != "hardware"]
VERSION_CODES = {"PRD101", "PRD102", "PRD103"}


def config(text: str) -> Machine:
    return build_machine(Document.parse(text.encode(), "shop.vmx"), Path("shop.vmx"))


# --- one product


def test_the_boot_order_is_the_last_step_where_another_disk_comes_before_the_one_that_moves(tmp_path: Path) -> None:
    data = 'scsi0.virtualDev = "lsilogic"\n' + disk_lines("scsi0:0", "data.vmdk")
    for name, lines in (("data", IDE_DISK + data), ("alone", IDE_DISK)):
        steps = check(make_vm(tmp_path / name, lines, hw=4), "esx3").steps
        orders = [(step.do.value, step.where, step.remedy or "") for step in steps if step.do is Do.SET_BOOT_ORDER]
        if name == "data":
            assert orders == [("set-boot-order", "target", steps[-1].remedy)]
            assert "ide0:0 is scsi0:1 now" in orders[0][2]
        else:
            assert orders == []


def test_what_stands_in_the_way_is_found_with_its_place_and_its_source(samples: Path) -> None:
    verdict = check(samples / "ws6-windows-ide", "esx3")
    assert verdict.verdict is Answer.NEEDS_STEPS
    told = {item.code: item for item in verdict.findings if item.severity is Severity.BLOCKER}
    assert told.keys() == {"DSK201", "DSK202", "PRD101"}
    assert "IDE disk" in told["DSK201"].message
    assert "a disk in Workstation's format" in told["DSK202"].message
    assert "hardware version 6" in told["PRD101"].message
    for item in told.values():
        assert item.evidence
        assert item.sources
    assert told["PRD101"].evidence[0].line == 3


def test_a_usual_vm_of_today_is_ready_at_home_and_needs_every_kind_of_step_for_esxi(samples: Path) -> None:
    vm = inspect(samples / "Ubuntu 64-bit")
    assert check(vm, "ws17.5").verdict is Answer.READY
    verdict = check(vm, "esxi6.7")
    assert verdict.verdict is Answer.NEEDS_STEPS
    stopping = sorted(item.code for item in verdict.findings if item.severity is Severity.BLOCKER)
    assert stopping == ["DSK202", "DSK202", "PRD101"]
    assert "NET302" in codes(verdict)
    assert ["downgrade-hardware", "copy", "import-disks", "register-vm", "connect-network"] in ways(verdict)


def test_what_vmxtool_cures_has_the_command_of_its_own_step(tmp_path: Path) -> None:
    verdict = check(make_vm(tmp_path, IDE_DISK, hw=6, guest="rhel4"), "esx3", "ws6")
    fixes = {item.code: item.fix for item in verdict.findings}
    for code in ("DSK201", "PRD101"):
        fix = fixes[code]
        assert fix is not None
        assert fix.commands == next(step.commands for step in verdict.steps if step.is_ours)


def test_a_vm_that_is_ready_needs_nothing_done() -> None:
    verdict = check(config('config.version = "8"\nvirtualHW.version = "6"\nguestOS = "winxppro"\n'), "ws6")
    assert (verdict.verdict, verdict.effort) == (Answer.READY, "none")
    assert ways(verdict) == [["copy"]]
    assert not codes(verdict, "blocker")


def test_the_origin_that_the_user_names_is_the_one_that_counts(samples: Path) -> None:
    named = check(samples / "ws5-snapshots", "esx2", "server1")
    assert [candidate.product for candidate in named.origin] == ["server1"]
    assert named.guide is not None
    assert named.guide.from_id == "server1"
    assert "PRD105" not in codes(named)


def test_where_no_table_has_the_pair_the_text_of_the_guide_is_asked(samples: Path) -> None:
    verdict = check(samples / "ws4-undoable", "ace1")
    assert verdict.guide is None
    assert [step.source for step in verdict.steps] == ["mpg:p08", "mpg:p12:ace1-in"]


def test_the_generation_of_the_hardware_counts_and_not_the_product_that_ran_it_last() -> None:
    # A config with hardware version 4 that a later Workstation has touched is one of generation 5.
    text = '.encoding = "windows-1252"\nconfig.version = "8"\nvirtualHW.version = "4"\nguestOS = "winxppro"\n'
    verdict = check(config(text), "ws6")
    assert verdict.guide is None or verdict.guide.table == 4


def test_a_move_that_the_guide_rules_out_is_a_finding(tmp_path: Path) -> None:
    verdict = check(plainest_vm(tmp_path, "ws4"), "gsx2", "ws4")
    assert verdict.verdict is Answer.NOT_SUPPORTED
    assert (verdict.plans, verdict.steps) == ((), ())
    (ruled_out,) = [item for item in verdict.findings if item.code == "PRD108"]
    assert ruled_out.severity is Severity.BLOCKER
    assert verdict.guide is not None
    assert verdict.guide.cell in ruled_out.sources


@pytest.mark.parametrize("origin", ["ws2", "gsx1"])
def test_a_move_that_the_guide_rules_out_is_not_supported_however_old_the_vm(tmp_path: Path, origin: str) -> None:
    verdict = check(plainest_vm(tmp_path, origin), "ws6", origin)
    assert "PRD108" in codes(verdict, "blocker")
    assert verdict.verdict is Answer.NOT_SUPPORTED


def test_a_version_above_is_taken_where_only_that_has_the_disks_bus(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, disk_lines("sata0:0"), hw=8, guest="rhel6-64")
    verdict = check(vm, "ws12")
    assert "DSK227" in codes(verdict, "blocker")
    (plan,) = verdict.plans
    own = plan.own_step
    assert own is not None
    assert (own.before, own.after, own.needs) == (8, 10, ())


@pytest.mark.parametrize(("hw", "target", "code"), [(3, "ws17", "PRD102"), (6, "esx4.0", "PRD103")])
def test_a_version_that_only_an_unverified_border_excludes_is_kept_with_a_warning(
    tmp_path: Path, hw: int, target: str, code: str
) -> None:
    verdict = check(make_vm(tmp_path, "", hw=hw, guest="rhel4"), target)
    (warned,) = [item for item in verdict.findings if item.code == code]
    assert warned.severity is Severity.WARNING
    assert "unverified" in warned.message
    assert verdict.verdict is Answer.READY


# --- what is open


def test_a_config_that_says_nothing_gets_a_question_and_no_exception() -> None:
    vm = config('displayName = "empty"\n')
    for verdict in check_all(vm):
        assert verdict.verdict in {Answer.DEPENDS, Answer.NOT_SUPPORTED}
        assert codes(verdict, "unknown") or verdict.verdict is Answer.NOT_SUPPORTED


def test_a_disk_that_nobody_has_seen_leaves_the_answer_open(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, SCSI_DISK, hw=6, guest="winxppro", disks=False)
    verdict = check(vm, "ws6")
    assert verdict.verdict is Answer.DEPENDS
    assert verdict.unseen == ("disk.vmdk",)
    make_disk(tmp_path / "disk.vmdk", adapter="lsilogic", hw=6)
    assert check(inspect(vm.path), "ws6").verdict is Answer.READY


def test_what_is_wrong_with_the_files_is_said_whatever_the_target(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, IDE_DISK, hw=6)
    vm.config.path.with_name("vm-Snapshot1.vmsn").touch()
    vm = inspect(vm.path)
    assert {item.code for item in judge(vm)} == {"SNP601"}
    # It stops a change of the hardware and no copy, so that it weighs there and not here.
    assert codes(check(vm, "ws6")) >= {"SNP601"}
    assert "SNP601" not in codes(check(vm, "ws6"), "blocker")
    assert "SNP601" in codes(check(vm, "ws5.5"), "blocker")
    assert ["remove-snapshots", "downgrade-hardware", "copy"] in ways(check(vm, "ws5.5"))


def test_what_is_met_on_the_way_names_the_step_after_which_it_is_so(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, 'usb.present = "TRUE"\nusb_xhci.present = "TRUE"', hw=14, guest="rhel7")
    assert "DEV701" not in codes(check(vm, "ws17"))
    verdict = check(vm, "ws7")
    (lost,) = [item for item in verdict.findings if item.code == "DEV701"]
    assert "usb_xhci" in lost.message
    assert lost.after is not None
    assert verdict.steps[lost.after - 1].do == "downgrade-hardware"
    assert {item.after for item in verdict.findings if item.code == "PRD101"} == {None}


# --- a VM that nobody has seen


def test_a_vm_that_nobody_has_seen_gets_the_plans_of_the_plainest_one_and_is_never_ready() -> None:
    for origin, target in (("ws6", "ws6"), ("ws6", "esx3"), ("ws17", "esxi8.0"), ("esx2", "esx3")):
        verdict = check(None, target, origin)
        assert verdict.verdict is Answer.DEPENDS
        assert verdict.path is None
        assert verdict.plans
        assert verdict.unseen
    with pytest.raises(UsageError, match="--from"):
        check(None, "esx3")


# --- all products


def test_all_products_are_judged_in_their_order_without_bare_hardware_versions(samples: Path) -> None:
    verdicts = list(check_all(samples / "esxi67"))
    assert [verdict.target.id for verdict in verdicts] == [product.id for product in KNOWN]


def test_all_products_of_one_family(samples: Path) -> None:
    verdicts = list(check_all(samples / "esxi67", family="fusion"))
    assert {verdict.target.family for verdict in verdicts} == {"fusion"}


@pytest.mark.parametrize("name", ["damaged", "gsx3-linux", "ws6-windows-ide", "ws17-modern"])
def test_judging_all_products_says_what_judging_each_alone_says(samples: Path, name: str) -> None:
    # A VM keeps what was worked out of its files for one target; no answer may hang on which were asked about before.
    for together in check_all(inspect(samples / name)):
        alone = check(inspect(samples / name), together.target.id)
        # Where the first of several releases has their name, it is that name that is answered.
        assert alone.target.row == together.target.id
        alone = replace(alone, target=together.target)
        assert together == alone
        assert together.findings == alone.findings
        assert together.steps == alone.steps


def test_a_vm_that_has_been_judged_can_be_sent_elsewhere_and_judged_there(samples: Path) -> None:
    vm = inspect(samples / "ws6-windows-ide")
    before = check(vm, "esx3")
    there = pickle.loads(pickle.dumps(vm))
    assert there == vm
    assert (there.memo, len(vm.memo) > 0) == ({}, True)
    assert check(there, "esx3").findings == before.findings


def test_a_changed_copy_of_a_judged_vm_is_judged_as_it_is(samples: Path) -> None:
    vm = inspect(samples / "ws6-windows-ide")
    check(vm, "ws6")
    suspended = check(replace(vm, power=Power("suspended")), "ws6")
    assert codes(suspended) > codes(check(vm, "ws6"))


def test_one_vm_judged_between_two_of_another_is_judged_as_before(samples: Path) -> None:
    # What a config says about devices is worked out once per VM and must not be taken for another's.
    one, other = inspect(samples / "ws17-modern"), inspect(samples / "esxi67")
    before = check(one, "ws6")
    check(other, "ws6")
    assert check(one, "ws6").findings == before.findings
    assert check(one, "ws6").steps == before.steps


def test_every_finding_of_every_sample_has_evidence_or_is_about_what_is_missing(samples: Path) -> None:
    missing = {"PRD104", "PRD114", "PRD107", "PRD108", "PRD110", "GST504", "SNP605", "SEC803"}
    for path in samples.glob("*/*.vmx"):
        for verdict in check_all(path):
            for item in verdict.findings:
                assert item.evidence or item.code in missing, (path.name, item)


def test_evidence_in_a_config_names_its_line(samples: Path) -> None:
    for path in samples.glob("*/*.vmx"):
        for verdict in check_all(path):
            for place in (place for item in verdict.findings for place in item.evidence):
                known = place.file.endswith(".vmx") and place.key is not None and place.value is not None
                assert not known or place.line is not None, place


# --- hardware versions


def test_a_product_with_a_wider_range_of_hardware_refuses_no_version_that_a_narrower_one_takes() -> None:
    versions = range(1, 24)
    refused = {}
    for version in versions:
        vm = config(f'virtualHW.version = "{version}"\nguestOS = "winxppro"\n')
        for verdict in check_all(vm):
            refused[verdict.target.id, version] = bool(codes(verdict, "blocker") & VERSION_CODES)
    compared = 0
    taken = {product.id: {version for version in versions if product.runs(version)} for product in KNOWN}
    for narrow, wide in pairs(taken, taken):
        for version in taken[narrow] if taken[narrow] <= taken[wide] else ():
            compared += 1
            assert not refused[narrow, version]
            assert not refused[wide, version], (narrow, wide, version)
    assert compared > len(KNOWN)


@pytest.mark.parametrize("version", [0, 5, 31, 4_000, 2**31 - 1])
def test_a_hardware_version_that_no_product_has_is_ready_nowhere(version: int) -> None:
    vm = config(f'virtualHW.version = "{version}"\nguestOS = "winxppro"\n')
    for product in KNOWN:
        assert check(vm, product.id).verdict is not Answer.READY


# --- findings


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


# --- real configs


@pytest.fixture(scope="module")
def real_verdicts() -> list[tuple[str, list[Verdict]]]:
    """Every real config judged on every product."""
    judged = []
    for path in sorted((CORPUS / "vmx").glob("*.vmx")):
        try:
            vm = inspect(path)
        except (InputError, UsageError):
            continue  # three of the files are pieces of a config, which is for the reader to say
        judged.append((path.name, list(check_all(vm))))
    return judged


@pytest.mark.corpus
@needs_corpus
def test_every_real_config_gets_an_answer_from_every_product(real_verdicts: list[tuple[str, list[Verdict]]]) -> None:
    judged = 0
    for name, verdicts in real_verdicts:
        assert len(verdicts) == len(KNOWN)
        for verdict in verdicts:
            hopeless = [item for item in verdict.findings if item.severity is Severity.BLOCKER and item.fix is None]
            assert verdict.verdict is Answer.NOT_SUPPORTED or not hopeless, (name, verdict.target.id, hopeless)
            assert bool(verdict.steps) != (verdict.verdict is Answer.NOT_SUPPORTED), (name, verdict.target.id)
            judged += 1
    assert judged > 70 * len(KNOWN)


@pytest.mark.corpus
@needs_corpus
def test_a_real_config_that_is_ready_somewhere_is_refused_for_its_version_nowhere_wider(
    real_verdicts: list[tuple[str, list[Verdict]]],
) -> None:
    ranges = {product.id: frozenset(v for v in range(1, 24) if product.runs(v)) for product in KNOWN}
    for name, judged in real_verdicts:
        verdicts = {verdict.target.id: verdict for verdict in judged}
        # Where the disks were not seen the answer is open, though nothing but a copy is asked for.
        as_it_is = [it for it, verdict in verdicts.items() if verdict.plans and verdict.plans[0].only_carries]
        taken = [ranges[it] for it in as_it_is]
        for it, verdict in verdicts.items():
            blocked = codes(verdict, "blocker") & VERSION_CODES
            assert not blocked or not any(narrow <= ranges[it] for narrow in taken), (name, it)
