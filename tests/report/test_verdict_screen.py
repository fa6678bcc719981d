"""What a person reads of a check: the answer and its VM first, then what stops it, then the steps."""

from __future__ import annotations

import shlex
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from build import disk_lines, make_vm
from report.screens import PIPE, TARGETS, WIDTHS, assert_laws, flat, joined, shown

import vmxtool
from vmxtool.errors import UsageError
from vmxtool.findings import Severity
from vmxtool.planner.verdict import Answer
from vmxtool.report.releases import releases_words
from vmxtool.report.step_words import place_words, step_text
from vmxtool.report.text.verdict import print_verdict
from vmxtool.report.verdict_words import verdict_words

if TYPE_CHECKING:
    from conftest import CopySample

    from vmxtool.machine.model import Machine
    from vmxtool.planner.verdict import Verdict

SAMPLES = Path(__file__).parents[2] / "samples"
VMS = sorted(path.name for path in SAMPLES.iterdir() if path.is_dir())


@cache
def read(name: str) -> Machine:
    return vmxtool.inspect(SAMPLES / name)


@cache
def judged(name: str, target: str) -> Verdict:
    return vmxtool.check(read(name), target)


def of_verdict(
    verdict: Verdict, vm: Machine | None = None, columns: int | None = 80, *, why: bool = False, way: int | None = None
) -> str:
    return shown(lambda stream: print_verdict(verdict, vm, stream, why=why, way=way), columns)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", VMS)
class TestScreen:
    def test_it_keeps_the_laws_at_every_width_and_in_a_pipe(self, name: str, target: str) -> None:
        verdict, vm = judged(name, target), read(name)
        for columns in WIDTHS:
            text = of_verdict(verdict, vm, columns)
            assert_laws(text, columns, str(SAMPLES / name))
        answer = releases_words(verdict) or verdict_words(verdict)
        assert text.splitlines()[0] == f"{vm.name} ({vm.path}/) on {verdict.target.name}: {answer}"

    def test_each_way_has_its_steps_in_order_and_their_commands(self, name: str, target: str) -> None:
        verdict, vm = judged(name, target), read(name)
        holder = verdict.origin[0].product if verdict.origin else None
        ways = [it.way for it in verdict.ways] or [1]
        for way in ways:
            steps = [step for step in verdict.steps if step.way in {None, way}]
            text = of_verdict(verdict, vm, PIPE, way=way if verdict.steps else None)
            said, at = flat(text).replace(": ", " "), 0
            for number, step in enumerate(steps, 1):
                words = flat(f" {number} {place_words(step, holder)} {step_text(step, vm)}").replace(": ", " ")
                at = said.index(words, at) + 1
            others = [line for line in text.splitlines() if line.startswith("other way: ")]
            assert [int(line.split()[-1]) for line in others] == [it for it in ways if it != way]
            for shown_text in (text, of_verdict(verdict, vm, 80, way=way if verdict.steps else None)):
                lines = iter(joined(shown_text))
                for argv in (list(argv) for step in steps for argv in step.commands):
                    alike = (line for line in lines if line.lstrip().startswith(f"{argv[0]} "))
                    assert any(shlex.split(line) == argv for line in alike), argv

    def test_what_stands_in_the_way_is_told_and_why_tells_all(self, name: str, target: str) -> None:
        verdict, vm = judged(name, target), read(name)
        said = flat(of_verdict(verdict, vm, PIPE))
        blockers = [it for it in verdict.findings if it.blocks]
        heavy = [it for it in verdict.findings if it.blocks or it.severity is Severity.UNKNOWN]
        if verdict.verdict is Answer.NOT_SUPPORTED:
            assert any(flat(it.message.rpartition(": ")[2]) in said for it in blockers)
        else:
            parts = [part for it in heavy for part in it.message.rpartition(": ")[2].split("? ")]
            assert [part for part in parts if flat(part)[1:] not in said] == []
        text = of_verdict(verdict, vm, PIPE, why=True)
        assert_laws(text, PIPE, str(SAMPLES / name), sources_too=True)
        for finding in verdict.findings:
            if finding.blocks or not finding.of_files:
                assert finding.code in text
                assert not finding.sources or finding.sources[0] in text


def test_a_usual_answer_fits_thirty_lines() -> None:
    lengths = sorted(len(of_verdict(judged(name, it), read(name), PIPE).splitlines()) for name in VMS for it in TARGETS)
    assert lengths[len(lengths) // 2] <= 30
    assert lengths[-1] <= 60


def test_what_stops_the_vm_today_comes_before_what_the_target_asks_for(tmp_path: Path) -> None:
    folder = tmp_path / "till"
    folder.mkdir()
    vm = make_vm(folder, f'{disk_lines()}memsize = "256"\nmemsize = "512"\nno setting\n', hw=19)
    lines = of_verdict(vmxtool.check(vm, "esxi6.7"), vm, PIPE).splitlines()
    codes = [line.split()[-1] for line in lines if line.startswith("  ✖")]
    assert set(codes[:2]) == {"VMX001", "VMX002"}
    assert "PRD101" in codes[2:]
    assert lines.index("first of all") < lines.index("why not as it is")


def test_of_two_alike_things_the_sentence_is_said_once(tmp_path: Path) -> None:
    folder = tmp_path / "till"
    folder.mkdir()
    vm = make_vm(folder, f"{disk_lines('scsi0:0')}{disk_lines('scsi0:1', 'b.vmdk')}", hw=9)
    text = of_verdict(vmxtool.check(vm, "esxi6.7"), vm, PIPE)
    told = [line for line in text.splitlines() if line.endswith("DSK202")]
    assert len(told) == 1
    assert told[0].startswith("  ✖ scsi0:0 (disk.vmdk) and scsi0:1 (b.vmdk): ")


def test_a_question_stands_under_the_first_line_with_both_outcomes() -> None:
    lines = of_verdict(judged("esxi67", "fusion13.5"), read("esxi67"), PIPE).splitlines()
    assert lines[1].startswith("  ? has the Mac an Intel processor?")
    assert lines[2].startswith("    If it has, the steps below do; on Apple silicon ")


def test_where_nothing_helps_the_nearest_products_are_named() -> None:
    text = of_verdict(judged("ws17-modern", "hw4"), read("ws17-modern"))
    assert len(text.splitlines()) <= 16
    assert "\nnearest products that run it\n" in text
    assert f"\nnext  vmxtool check --target hw8 {SAMPLES / 'ws17-modern'}\n" in "\n".join(joined(text))


@pytest.mark.parametrize(("name", "target", "way"), [("esxi67", "ws17.5", 9), ("ws17-modern", "hw4", 1)])
def test_a_way_that_is_none_is_refused(name: str, target: str, way: int) -> None:
    with pytest.raises(UsageError, match=r"there (?:is|are) "):
        of_verdict(judged(name, target), read(name), way=way)


def test_a_product_that_upgrades_the_vm_itself_is_said_to() -> None:
    verdict = judged("gsx3-linux", "fusion1")
    assert verdict.verdict is Answer.NEEDS_STEPS
    first = of_verdict(verdict, read("gsx3-linux"), PIPE).splitlines()[0]
    assert first.split(": ")[1].startswith("runs after Fusion 1.x has upgraded it; ")


def test_a_consequence_says_after_which_step_it_is_so() -> None:
    verdict = judged("suspended", "ws5.5")
    (after,) = {it.after for it in verdict.findings if it.after is not None}
    assert f"\nwhat will be different after step {after}\n" in of_verdict(verdict)


def test_a_way_with_a_rewrite_of_its_own_tells_what_that_costs() -> None:
    verdict, vm = judged("ws6-windows-ide", "esx3"), read("ws6-windows-ide")
    rewriting = next(step for step in verdict.steps if step.is_ours)
    assert rewriting.way not in {None, 1}
    text = of_verdict(verdict, vm, PIPE, way=rewriting.way)
    own = [step for step in verdict.steps if step.way in {None, rewriting.way}]
    number = own.index(rewriting) + 1
    assert f"\nwhat will be different after step {number}\n" in text
    assert "usb.present: " in text
    assert "usb.present: " not in of_verdict(verdict, vm, PIPE)


def test_the_guide_is_one_line_at_the_end() -> None:
    last = of_verdict(judged("ws5-snapshots", "ws5.5"), columns=PIPE).splitlines()[-1]
    assert last == "guide: Table 8, Workstation 5.0 to Workstation 5.5: OK in most cases"


@pytest.mark.parametrize(
    ("start", "target", "line"),
    [
        ("ace2", "fusion1", "guide: Table 3, Fusion 1 (for ACE 2) to Fusion 1: OK in most cases"),
        ("ace1", "ws4", "guide: Table 13, GSX Server 3 (for ACE 1) to Workstation 4: OK"),
        ("gsx3", "ws4", "guide: Table 13, GSX Server 3 to Workstation 4: OK"),
        ("ws4", "ace1", "guide, page 12: ACE 1 projects take VMs of Workstation 4 and GSX Server 3."),
        ("ws6", "player2", "guide, page 12: Player 2 runs VMs of generation 6."),
    ],
)
def test_the_guide_line_says_for_whom_a_row_stands_and_which_page_rules_where_no_table_does(
    start: str, target: str, line: str
) -> None:
    assert of_verdict(vmxtool.check(None, target, start), columns=PIPE).splitlines().count(line) == 1


def test_the_guide_line_names_the_hardware_of_a_vm_in_legacy_mode(tmp_path: Path) -> None:
    text = of_verdict(vmxtool.check(make_vm(tmp_path, hw=4, guest="win2000"), "ws6", "fusion1"), columns=PIPE)
    row = "VMware Server 1 (for Fusion 1 with hardware version 4) to Workstation 6"
    assert f"\nguide: Table 4, {row}: OK in most cases" in text


def test_the_next_command_keeps_the_product_that_the_user_has_named(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, 'numvcpus = "2"\n', hw=3, guest="win2000")
    assert "next  vmxtool check --target ws5.5 --from esx2-smp " in of_verdict(
        vmxtool.check(vm, "ws5.0", "esx2-smp"), vm, PIPE
    )
    unnamed = of_verdict(vmxtool.check(vm, "ws5.0"), vm, PIPE)
    assert "next  vmxtool check --target " in unnamed
    assert "--from" not in unnamed


def test_a_way_that_hangs_on_something_says_so() -> None:
    lines = of_verdict(judged("esx2-smp", "ws5.5"), read("esx2-smp"), PIPE).splitlines()
    others = [line for line in lines if line.startswith("other way: ")]
    assert others[0].endswith("(one-way)  --way 2")
    assert "(if ESX 2.5 under VirtualCenter 2" in others[1]


def test_who_has_no_shell_on_the_host_can_upload() -> None:
    verdict, vm = judged("ws6-scsi-smp", "esxi6.7"), read("ws6-scsi-smp")
    text = of_verdict(verdict, vm, PIPE)
    assert "\nother way: upload with the OVF Tool, without a shell on the host  --way 2\n" in text
    uploads = [line.strip() for line in of_verdict(verdict, vm, PIPE, way=2).splitlines() if "ovftool" in line]
    (argv,) = (shlex.split(line) for line in uploads)
    assert argv[-2:] == [str(vm.config.path), "vi://USER@HOST/"]
    assert "--datastore=DATASTORE" in argv


def test_who_has_no_shell_on_the_host_can_download() -> None:
    verdict, vm = judged("esxi67", "ws17.5"), read("esxi67")
    assert "other way: download with the OVF Tool, without a shell on the host  --way 3" in of_verdict(
        verdict, vm, PIPE
    )
    fetched = [
        line.strip() for line in of_verdict(verdict, vm, PIPE, way=3).splitlines() if line.strip()[:7] == "ovftool"
    ]
    assert [shlex.split(line) for line in fetched] == [
        ["ovftool", "vi://USER@HOST/build01", "build01.ova"],
        ["ovftool", "build01.ova", "build01.vmx"],
    ]


def test_a_step_that_moves_data_says_how_much_and_the_last_one_to_keep_it() -> None:
    verdict, vm = judged("ws6-scsi-smp", "esxi6.7"), read("ws6-scsi-smp")
    copy = next(step for step in verdict.steps if step.do == "copy")
    written = next(step for step in verdict.steps if step.do == "import-disks")
    assert copy.bytes == sum(path.stat().st_size for path in vm.path.iterdir() if path.is_file())
    assert written.space == sum(drive.chain.links[0].capacity_bytes or 0 for drive in vm.disks if drive.chain)
    best = [step for step in verdict.steps if step.way in {None, 1}]
    assert step_text(best[-1], vm).endswith("; keep the old folder until the VM has started")
    assert not any(step.keeps for step in best[:-1])


def test_of_a_vm_without_its_disk_and_encrypted_in_part_the_first_line_names_both(copy_sample: CopySample) -> None:
    folder = copy_sample("ws17-modern")
    for disk in folder.glob("*.vmdk"):
        disk.unlink()
    words = verdict_words(vmxtool.check(folder, "esxi8.0"))
    assert words == "cannot be said before Atelier.vmdk is there and the encryption is removed"


def test_a_descriptor_that_was_cut_short_leaves_the_answer_open(copy_sample: CopySample) -> None:
    disk = copy_sample("esx3-vmfs") / "web01.vmdk"
    disk.write_bytes(disk.read_bytes()[:100])
    verdict = vmxtool.check(disk.parent, "esx3")
    assert verdict_words(verdict) == "cannot be said before a whole web01.vmdk is there"
    assert step_text(verdict.steps[0], vmxtool.inspect(disk.parent)).startswith("copy web01.vmdk again")


@pytest.mark.parametrize(("target", "told"), [("esx2", True), ("esx2-smp", True), ("esx3", False), ("ws5.5", False)])
def test_the_import_wizard_reaches_esx_server_2_where_converter_does(target: str, told: bool) -> None:
    verdict, vm = judged("ws6-windows-ide", target), read("ws6-windows-ide")
    wizard = next(step for step in verdict.steps if step.do == "import-wizard")
    assert ("ESX Server 2.5 that VirtualCenter 2 manages" in step_text(wizard, vm)) is told
