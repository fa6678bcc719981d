"""What a person reads: which VM first, everything once, steps in order, commands to paste, no control codes."""

from __future__ import annotations

import io
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from build import disk_lines, make_vm

import vmxtool
from vmxtool._text import safe
from vmxtool.findings import Severity
from vmxtool.planner.verdict import Answer
from vmxtool.report.releases import releases_words
from vmxtool.report.text.changes import print_rewrite
from vmxtool.report.text.overview import print_overview
from vmxtool.report.text.route import print_routes
from vmxtool.report.text.undo import print_rewrites, print_undone
from vmxtool.report.text.verdict import print_verdict
from vmxtool.report.text.vm import print_vm
from vmxtool.report.words import place_words, step_text, verdict_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import CopySample

    from vmxtool.machine.model import Machine
    from vmxtool.planner.verdict import Verdict

SAMPLES = Path(__file__).parents[2] / "samples"
VMS = sorted(path.name for path in SAMPLES.iterdir() if path.is_dir())
TARGETS = ("esxi6.7", "ws5.5", "esx3", "esx2", "ws17", "gsx3")
PAIRS = (("ws4", "esx3"), ("ws2", "esxi6.7"), ("esx2", "ws5.5"), ("esxi6.7", "ws17"), ("ws6", "ws6.5"))


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of 80 columns without colours."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("FORCE_COLOR", raising=False)


def printed(write: Callable[[io.StringIO], None]) -> str:
    stream = io.StringIO()
    write(stream)
    text = stream.getvalue()
    assert not [line for line in text.splitlines() if line.rstrip() != line and line != " "]  # an empty line of a diff
    return text


def flat(text: str) -> str:
    """The text as one line, since paragraphs are wrapped anywhere."""
    return " ".join(text.split())


def of_verdict(verdict: Verdict, vm: Machine | None = None) -> str:
    return printed(lambda stream: print_verdict(verdict, vm, stream))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", VMS)
class TestVerdict:
    @pytest.fixture
    def vm(self, name: str) -> Machine:
        return vmxtool.inspect(SAMPLES / name)

    @pytest.fixture
    def verdict(self, vm: Machine, target: str) -> Verdict:
        return vmxtool.check(vm, target)

    @pytest.fixture
    def text(self, verdict: Verdict, vm: Machine) -> str:
        return of_verdict(verdict, vm)

    def test_the_first_line_says_which_vm_where_and_the_answer(self, text: str, verdict: Verdict, vm: Machine) -> None:
        assert (
            text.splitlines()[0]
            == f"{vm.name} ({vm.path}) on {verdict.target.name}: {releases_words(verdict) or verdict_words(verdict)}"
        )

    def test_steps_stand_in_order_with_their_place(self, text: str, verdict: Verdict, vm: Machine) -> None:
        holder = verdict.origin[0].product if verdict.origin else None
        said, at = flat(text), 0
        for step in verdict.steps:
            at = said.index(flat(f" {step.n} {place_words(step, holder)}: {step_text(step, vm)}"), at) + 1

    def test_every_command_is_a_line_that_a_shell_reads_back(self, text: str, verdict: Verdict) -> None:
        wanted = [list(argv) for step in verdict.steps for argv in step.commands]
        lines = iter(text.splitlines())
        for argv in wanted:
            assert any(line.startswith(f"      {argv[0]} ") and shlex.split(line) == argv for line in lines), argv

    def test_every_command_of_vmxtool_names_its_vm(self, text: str, vm: Machine) -> None:
        own = [line for line in text.splitlines() if line.strip().startswith("vmxtool ")]
        assert all(shlex.split(line)[-1] == str(vm.path) for line in own)

    def test_nothing_is_said_twice(self, text: str, verdict: Verdict) -> None:
        said = flat(text)
        for finding in verdict.findings:
            alike = sum(finding.message in other.message for other in verdict.findings)
            assert said.count(flat(f"{finding.message} {finding.code}")) <= alike
        for step in verdict.steps:
            assert step.remedy is None or f"→ {flat(step.remedy)}" not in said

    def test_what_stands_in_the_way_is_told(self, text: str, verdict: Verdict) -> None:
        blockers = [it for it in verdict.findings if it.blocks]
        if verdict.verdict is Answer.NOT_SUPPORTED:
            assert any(flat(it.message) in flat(text) for it in blockers)
        else:
            asked = [it for it in verdict.findings if it.severity is Severity.UNKNOWN]
            assert all(flat(it.message) in flat(text) for it in (*blockers, *asked))


def test_a_consequence_says_after_which_step_it_is_so() -> None:
    verdict = vmxtool.check(SAMPLES / "suspended", "ws5.5")
    (after,) = {it.after for it in verdict.findings if it.after is not None}
    assert f"\nwhat will be different after step {after}\n" in of_verdict(verdict)


def test_the_guide_is_one_line_at_the_end() -> None:
    last = of_verdict(vmxtool.check(SAMPLES / "ws5-snapshots", "ws5.5")).splitlines()[-1]
    assert last == "guide: Table 8, Workstation 5.0 to Workstation 5.5: OK in most cases"


def test_several_ways_say_what_they_hang_on() -> None:
    text = of_verdict(vmxtool.check(SAMPLES / "esx2-smp", "ws5.5"))
    assert "\n  way 1, the best\n" in text
    assert "\n  way 2, one-way\n" in text
    assert "\n  way 3, if ESX 2.5 under VirtualCenter 2\n" in text


@pytest.mark.parametrize(("origin", "target"), PAIRS)
def test_of_a_vm_that_nobody_has_seen_no_command_is_made_up(origin: str, target: str) -> None:
    verdict = vmxtool.check(None, target, origin)
    routes = vmxtool.route(None, target, origin)
    for text in (of_verdict(verdict), printed(lambda stream: print_routes(routes, False, stream))):
        assert text.startswith(verdict.name)
        assert "vm.vmx" not in text
        assert "\n       vmxtool" not in text


@pytest.mark.parametrize("name", VMS)
def test_the_overview_names_the_vm_and_every_family(name: str) -> None:
    vm = vmxtool.inspect(SAMPLES / name)
    verdicts = list(vmxtool.check_all(vm))
    lines = printed(lambda stream: print_overview(vm, verdicts, stream)).splitlines()
    assert lines[0].startswith(f"{vm.name} ({vm.path}), ")
    assert all(verdict.target.family in lines for verdict in verdicts)
    assert max(map(len, lines[1:])) <= 80


@pytest.mark.parametrize("name", [name for name in VMS if name != "encrypted"])
def test_a_route_has_the_steps_of_its_moves_and_ends_with_the_next_command(name: str) -> None:
    routes = vmxtool.route(SAMPLES / name, "esxi6.7")
    text = printed(lambda stream: print_routes(routes, False, stream))
    assert text.startswith(f"{routes.name} ({routes.path}): ")
    said, at = flat(text), 0
    for hop in (hop for route in routes.routes for hop in route.hops):
        for step in hop.plan.steps:
            at = said.index(flat(step_text(step)), at) + 1
    if routes.routes:
        words = ["vmxtool", "check", "--target", routes.routes[0].hops[0].to_id, str(SAMPLES / name)]
        assert shlex.split(text.splitlines()[-1]) == words


def test_a_rewrite_and_its_undo_name_the_vm(copy_sample: CopySample) -> None:
    vm = vmxtool.inspect(copy_sample("ws6-windows-ide"))
    planned = vmxtool.plan_rewrite(vm, target="ws5.5")
    dry = printed(lambda stream: print_rewrite(planned, True, None, stream))
    assert dry.startswith(f"{vm.name} ({vm.config.path}): {len(planned.changes)} changes in 2 files\n")
    assert dry.endswith("\nnothing was written (--dry-run)\n")
    journal = planned.apply()
    done = printed(lambda stream: print_rewrite(planned, False, journal, stream))
    commands = [shlex.split(line) for line in done.splitlines() if line.startswith("  vmxtool ")]
    path = str(vm.path)
    goes_on = ["vmxtool", "check", "--target", "ws5.5", "--from", "ws6", path]  # which its files no longer tell
    assert commands == [["vmxtool", "undo", path], goes_on]
    assert "0001 done" in printed(lambda stream: print_rewrites(vmxtool.rewrites(vm), stream))
    undone = printed(lambda stream: print_undone(vmxtool.undo(vm), stream))
    assert undone.startswith(f"{vm.name} ({vm.config.path}): rewrite 0001 undone\n")


def test_a_refused_rewrite_says_why_and_what_to_do() -> None:
    planned = vmxtool.plan_rewrite(SAMPLES / "ws5-snapshots", hwversion=3)
    text = printed(lambda stream: print_rewrite(planned, False, None, stream))
    assert text.splitlines()[0].endswith(": refused, nothing was changed")
    for finding in planned.refused:
        assert flat(finding.message) in flat(text)
        assert finding.fix is None or f"→ {flat(finding.fix.text)}" in flat(text)


def test_no_control_code_of_a_vm_reaches_the_terminal(tmp_path: Path) -> None:
    folder = tmp_path / "a\x1b[2Jb\nc\u202e"
    folder.mkdir()
    evil = "x\x1b]0;y\x07\x9b31m\u202e"
    lines = f'displayName = "{evil}|1B[31m|0D|0Anext"\n{disk_lines()}ethernet0.present = "TRUE"\n'
    lines += f'ethernet0.connectionType = "{evil}"\nserial0.present = "TRUE"\nserial0.fileName = "{evil}"\n'
    vm = make_vm(folder, lines, hw=9)
    findings, rewrite = vmxtool.judge(vm), vmxtool.plan_rewrite(vm, target="ws5.5")
    texts = [
        printed(lambda stream: print_vm(vm, findings, stream)),
        *(of_verdict(vmxtool.check(vm, target), vm) for target in TARGETS),
        printed(lambda stream: print_overview(vm, vmxtool.check_all(vm), stream)),
        printed(lambda stream: print_routes(vmxtool.route(vm, "esx3", "ws9"), False, stream)),
        printed(lambda stream: print_rewrite(rewrite, True, None, stream)),
    ]
    for text in texts:
        assert [line for line in text.split("\n") if safe(line) != line] == []
        assert safe(evil) in text.splitlines()[0]
