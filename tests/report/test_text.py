"""What a person reads: which VM first, everything once, steps in order, commands to paste, no control codes."""

from __future__ import annotations

import io
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from build import disk_lines, make_vm

import vmxtool
from vmxtool._text import as_clause, safe
from vmxtool.report.step_words import step_text
from vmxtool.report.text.changes import print_rewrite
from vmxtool.report.text.overview import print_overview
from vmxtool.report.text.route import print_routes
from vmxtool.report.text.undo import print_rewrites, print_undone
from vmxtool.report.text.verdict import print_verdict
from vmxtool.report.text.vm import print_vm

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


@pytest.mark.parametrize(("origin", "target"), PAIRS)
def test_of_a_vm_that_nobody_has_seen_no_command_is_made_up(origin: str, target: str) -> None:
    verdict = vmxtool.check(None, target, origin)
    routes = vmxtool.route(None, target, origin)
    for text in (of_verdict(verdict), printed(lambda stream: print_routes(routes, False, stream))):
        assert text.startswith(verdict.name)
        assert "vm.vmx" not in text
        assert "\n       vmxtool" not in text


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
    planned = vmxtool.plan_rewrite(vm, target="ws5.5", encoding="windows-1252")
    dry = printed(lambda stream: print_rewrite(planned, True, None, stream))
    assert dry.startswith(f"{vm.name} ({vm.path}/): hardware version 6 → 4, for Workstation 5.5\n")
    assert "\nNothing was written (--dry-run).\nnext  vmxtool rewrite --target ws5.5 " in dry
    journal = planned.apply()
    done = printed(lambda stream: print_rewrite(planned, False, journal, stream))
    commands = [shlex.split(line[6:]) for line in done.splitlines() if line[6:].startswith("vmxtool ")]
    path = str(vm.path)
    goes_on = ["vmxtool", "check", "--target", "ws5.5", "--from", "ws6", path]  # which its files no longer tell
    assert commands == [["vmxtool", "undo", path], goes_on]
    assert "0001 done" in printed(lambda stream: print_rewrites(vmxtool.rewrites(vm), stream))
    undone = printed(lambda stream: print_undone(vmxtool.undo(vm), stream))
    assert undone.startswith(f"{vm.name} ({vm.config.path.parent}/): rewrite 0001 undone\n")


def test_a_refused_rewrite_says_why_and_what_to_do() -> None:
    planned = vmxtool.plan_rewrite(SAMPLES / "ws4-undoable", hwversion=3)
    text = printed(lambda stream: print_rewrite(planned, False, None, stream))
    assert text.splitlines()[0].endswith(": refused, nothing was changed")
    for finding in planned.refused:
        assert f"✖ {finding.message}  {finding.code}\n" in text
        assert finding.fix is None or f"\n    {finding.fix.text}\n" in text


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


@pytest.mark.parametrize(
    ("sentence", "clause"),
    [
        ("The adapter.", "the adapter"),
        ("A fifth serial port and more.", "a fifth serial port and more"),
        ("USB 2.0; devices that need its speed.", "USB 2.0; devices that need its speed"),
        ("Secure Boot.", "Secure Boot"),
        ("NVMe 1.3 came with it.", "NVMe 1.3 came with it"),
        ("", ""),
    ],
)
def test_a_sentence_becomes_a_clause_and_a_name_keeps_its_capital(sentence: str, clause: str) -> None:
    assert as_clause(sentence) == clause
