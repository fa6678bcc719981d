"""All products on a screen: classes with reasons in short words, what is wrong everywhere once, what to ask next."""

from __future__ import annotations

import io
import re
import shlex
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import pytest
from build import make_vm
from terminal import on_a_terminal

import vmxtool
from vmxtool.knowledge.products import products
from vmxtool.planner.check import check_unseen
from vmxtool.planner.verdict import Answer
from vmxtool.report.overview import Overview, Standing, overview_of
from vmxtool.report.ranges import FAMILIES
from vmxtool.report.text.overview import print_overview
from vmxtool.rules.registry import About, all_rules

if TYPE_CHECKING:
    from vmxtool.machine.model import Machine
    from vmxtool.planner.verdict import Verdict

SAMPLES = Path(__file__).parents[2] / "samples"
VMS = sorted(path.name for path in SAMPLES.iterdir() if path.is_dir())
HEADINGS = ("✔ ", "→ ", "? ", "✖ ")
STANDINGS = {
    Answer.READY: {Standing.READY},
    Answer.NEEDS_STEPS: {Standing.UPGRADED, Standing.REWRITTEN, Standing.WORK},
    Answer.DEPENDS: {Standing.DEPENDS},
    Answer.NOT_SUPPORTED: {Standing.NO},
}


class AtATerminal(io.StringIO):
    """A terminal of the width that COLUMNS says."""

    def isatty(self) -> bool:
        """Say that it is one."""
        return True


@cache
def checked(name: str) -> tuple[Machine, tuple[Verdict, ...]]:
    vm = vmxtool.inspect(SAMPLES / name)
    return vm, tuple(vmxtool.check_all(vm))


def found(name: str) -> Overview:
    return overview_of(*checked(name))


def piped(name: str, *, each: bool = False) -> str:
    stream = io.StringIO()
    print_overview(*checked(name), stream, each=each)
    return stream.getvalue()


def on_screen(name: str, monkeypatch: pytest.MonkeyPatch, columns: int, *, each: bool = False) -> list[str]:
    for variable, value in {"COLUMNS": str(columns), "NO_COLOR": "1", "TERM": "xterm"}.items():
        monkeypatch.setenv(variable, value)
    stream = AtATerminal()
    print_overview(*checked(name), stream, each=each)
    return re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue()).splitlines()


def row_of(overview: Overview, target: str) -> tuple[Standing, str]:
    return next(
        (standing, row.reason)
        for standing, rows in overview.rows.items()
        for row in rows
        if target in {it.id for it in row.products}
    )


# The screen


def test_a_usual_screen_is_as_drawn() -> None:
    assert piped("ws6-windows-ide").replace(str(SAMPLES), "samples").splitlines() == [
        "Buchhaltung Zürich – alt (samples/ws6-windows-ide/), hardware version 6, on every product",
        "",
        "✔ runs as it is",
        "    Workstation 6.0 to 26H1, Fusion 1 to 12.2, Player 2.0 to 17.5, ACE 2 to 2.7, Server 2, Lab Manager 3",
        "→ runs after a rewrite by vmxtool",
        "    Lab Manager 2, 4, Player 1, ACE 1: hardware version",
        "→ runs after work outside vmxtool",
        "    ESX 2, 3, Server 1, Workstation 4 to 5.5, GSX 3: import wizard of Workstation 6",
        "    ESX(i) 4.0 to 9.1: convert the IDE disk; hardware version",
        "? depends",
        "    VMware Cloud on AWS: which ESXi the hosts have",
        "    Fusion 13.0 to 26H1: which Mac (Intel or Apple silicon)",
        "✖ cannot run",
        "    ESX 1.5 and older, GSX 2 and older, Workstation 3 and older: ruled out by the guide",
        "each product: vmxtool check --all samples/ws6-windows-ide",
        "next  vmxtool check --target esx9.1 samples/ws6-windows-ide",
        "      vmxtool check --target ws26h1 samples/ws6-windows-ide",
    ]


def test_a_usual_vm_fits_a_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    for lengths in (
        [len(on_screen(name, monkeypatch, 80)) for name in VMS],
        [len(piped(name).splitlines()) for name in VMS],
    ):
        assert median(lengths) <= 30
        assert max(lengths) <= 45


@pytest.mark.parametrize("columns", [40, 80, 100])
@pytest.mark.parametrize("each", [False, True], ids=["classes", "each"])
@pytest.mark.parametrize("name", VMS)
def test_nothing_but_a_command_is_wider_than_the_terminal(
    name: str, each: bool, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = on_screen(name, monkeypatch, columns, each=each)
    assert not [line for line in lines if line != line.rstrip() or "…" in line or "..." in line]
    # The path of the samples is one word, which no terminal of that width holds.
    wide = [line for line in lines if len(line) > columns and str(SAMPLES) not in line]
    assert wide == []


@pytest.mark.parametrize("each", [False, True], ids=["classes", "each"])
@pytest.mark.parametrize("name", VMS)
def test_in_a_pipe_nothing_is_wrapped_padded_or_said_twice(
    name: str, each: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    text = piped(name, each=each)
    monkeypatch.setenv("COLUMNS", "200")
    assert piped(name, each=each) == text
    lines = text.splitlines()
    assert not [line for line in lines if line != line.rstrip() or line.endswith(("…", "..."))]
    assert not [line for line in lines if re.search(r"\S {3,}\S", line)]
    said = Counter(line.strip() for line in lines if len(line.strip()) > 24)
    assert [line for line, times in said.items() if times > 1] == []


@pytest.mark.parametrize("name", VMS)
def test_each_product_is_in_one_row_and_no_bare_hardware_version_is(name: str) -> None:
    overview = found(name)
    shown = [product.id for rows in overview.rows.values() for row in rows for product in row.products]
    assert sorted(shown) == sorted(it.id for it in products().values() if it.family != "hardware")
    assert not re.search(r"\bhw\d", piped(name))
    assert list(overview.rows) == [it for it in Standing if it in overview.rows]


@pytest.mark.parametrize("name", VMS)
def test_each_product_has_a_line_of_its_own_newest_first_in_its_family(name: str) -> None:
    lines = piped(name, each=True).splitlines()
    known = {it.id: it for it in products().every() if it.family != "hardware" and not it.releases}
    shown = [known[words[0]] for line in lines if (words := line.split()) and words[0] in known]
    assert [it.id for it in shown] == list(dict.fromkeys(it.id for it in shown))
    assert len(shown) == len(known)
    for family in FAMILIES:
        mine = [products()[it.row].released_order for it in shown if it.family == family]
        assert mine == sorted(mine, reverse=True)


def test_a_family_without_products_has_no_rows() -> None:
    stream = io.StringIO()
    vm, _ = checked("ws6-windows-ide")
    print_overview(vm, vmxtool.check_all(vm, family="hardware"), stream)
    assert stream.getvalue() == f"{vm.name} ({vm.path}/), hardware version 6, on no product\n"
    stream = io.StringIO()
    print_overview(None, vmxtool.check_all(None, "ws6", "hardware"), stream)
    assert stream.getvalue() == "a VM, not seen, on no product\n"


def test_a_family_with_gaps_is_wrapped_in_its_column(monkeypatch: pytest.MonkeyPatch) -> None:
    vm, verdicts = checked("encrypted")
    gaps = [it for it in verdicts if it.target.family == "workstation"][::2]
    for variable, value in {"COLUMNS": "80", "NO_COLOR": "1", "TERM": "xterm"}.items():
        monkeypatch.setenv(variable, value)
    stream = AtATerminal()
    print_overview(vm, gaps, stream)
    text = stream.getvalue()
    assert "\n    Workstation 2, 4, 5.5, 6.5, 7.1,  what the encrypted settings say\n      9, 11, " in text


# Classes


@pytest.mark.parametrize("name", VMS)
def test_where_nothing_is_wrong_everywhere_a_class_is_the_verdict(name: str) -> None:
    _, verdicts = checked(name)
    overview = found(name)
    for verdict, line in zip(verdicts, overview.lines, strict=True):
        if not overview.settled and not verdict.unseen:
            assert line.standing in STANDINGS[verdict.verdict]
        if verdict.verdict is Answer.NOT_SUPPORTED:
            assert line.standing is Standing.NO
        assert line.reasons or line.standing is Standing.READY


def test_what_the_product_upgrades_itself_is_a_class_of_its_own() -> None:
    assert row_of(found("gsx3-linux"), "fusion1") == (Standing.UPGRADED, "hardware version")
    assert "which it does when it opens it\n    Fusion 1: hardware version\n" in piped("gsx3-linux")


def test_work_in_the_guest_is_not_a_rewrite_alone() -> None:
    overview = found("ws17-modern")
    assert row_of(overview, "ws16.2") == (Standing.REWRITTEN, "hardware version")
    assert row_of(overview, "ws12") == (
        Standing.WORK,
        "decrypt; move the NVMe disk; hardware version",
    )


def test_many_products_that_cannot_are_summed() -> None:
    text = piped("ws17-modern")
    assert "    31 products up to 2010, no EFI firmware: Workstation 4 to 7.1, Fusion 3 and older, " in text
    assert ", Server, GSX 3, ACE, Lab Manager\n" in text


@pytest.mark.parametrize(
    ("name", "code", "target", "standing"),
    [
        ("damaged", "DSK203", "ws26h1", Standing.READY),
        ("damaged", "DSK204", "esx9.1", Standing.WORK),
        ("suspended", "SNP603", "ws5.5", Standing.REWRITTEN),
        ("ws4-undoable", "SNP602", "ws6", Standing.READY),
        ("encrypted", "SEC801", "ws26h1", Standing.DEPENDS),
    ],
)
def test_what_is_wrong_everywhere_is_said_once_and_then_taken_for_settled(
    name: str, code: str, target: str, standing: Standing
) -> None:
    overview = found(name)
    assert code in {it.code for it in overview.settled}
    assert row_of(overview, target)[0] is standing
    text = piped(name)
    assert text.count(code) == 1
    assert text.index(code) < min(text.index(f"\n{mark}") for mark in HEADINGS if f"\n{mark}" in text)


def test_a_disk_that_was_not_seen_is_named_once() -> None:
    overview = found("esx2-smp")
    assert overview.unseen == ("vmhba0:0:0:5:db01.vmdk", "vmhba0:0:0:5:db01_log.vmdk")
    assert row_of(overview, "ws6.5") == (Standing.WORK, "paths of the disks; convert 2 disks")
    assert found("damaged").unseen == ()  # DSK203 names it


def test_things_of_one_kind_are_one_line(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, "".join(f"line {n}\n" for n in range(50)), hw=7)
    stream = io.StringIO()
    print_overview(vm, vmxtool.check_all(vm), stream)
    assert stream.getvalue().count("VMX001") == 1
    assert ", and 49 more of the kind  VMX001\n" in stream.getvalue()


# Order


def test_a_modern_vm_sees_the_newest_products_first_and_an_old_one_those_of_its_time() -> None:
    modern = found("ws17-modern")
    assert modern.rows[Standing.READY][0].products[0].family == "workstation"
    assert [row.products[-1].id for row in modern.rows[Standing.WORK]][:2] == ["esx9.1", "esxi8.0u1"]
    old = found("esx3-vmfs")
    assert old.rows[Standing.READY][0].products[0].family == "esx"
    assert "ws5.5" in {it.id for it in old.rows[Standing.WORK][0].products}


# What to ask next


@pytest.mark.parametrize("name", VMS)
def test_the_last_lines_are_commands_for_this_vm(name: str) -> None:
    vm, _ = checked(name)
    every, *others = piped(name).splitlines()[-3:]
    assert shlex.split(every.removeprefix("each product: ")) == ["vmxtool", "check", "--all", str(vm.path)]
    own = vm.origin[0].product if vm.origin else None
    for line in others:
        program, check, option, target, path = shlex.split(line.removeprefix("next"))
        assert (program, check, option, path) == ("vmxtool", "check", "--target", str(vm.path))
        assert target in products()
        assert target != own


def test_a_vm_is_not_sent_to_the_product_that_has_it(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, hw=22)
    stream = io.StringIO()
    print_overview(vm, vmxtool.check_all(vm, "ws26h1"), stream)
    assert stream.getvalue().splitlines()[-3:] == [
        f"each product: vmxtool check --all --from ws26h1 {vm.path}",
        f"next  vmxtool check --target esx9.1 --from ws26h1 {vm.path}",
        f"      vmxtool check --target ws25h2 --from ws26h1 {vm.path}",
    ]


def test_a_family_is_asked_about_again_as_it_was() -> None:
    vm, _ = checked("ws6-windows-ide")
    stream = io.StringIO()
    print_overview(vm, vmxtool.check_all(vm, family="fusion"), stream)
    first, *_, every, last = stream.getvalue().splitlines()
    assert first.endswith(", hardware version 6, on every Fusion")
    assert every == f"each product: vmxtool check --all --family fusion {vm.path}"
    assert last == f"next  vmxtool check --target fusion26h1 {vm.path}"


def test_a_vm_that_nobody_has_seen_has_the_product_in_its_commands() -> None:
    stream = io.StringIO()
    print_overview(None, vmxtool.check_all(None, "ws6"), stream)
    lines = stream.getvalue().splitlines()
    assert lines[2] == "? not seen: the VM's own files; what follows holds for the plainest one"
    assert lines[-1] == "      vmxtool check --target ws26h1 --from ws6"
    assert overview_of(None, [check_unseen(products()["ws6"], products()["ws6"])]).suggested == ()


def test_where_the_vm_is_the_current_folder_no_command_names_it() -> None:
    shown = on_a_terminal([sys.executable, "-m", "vmxtool", "check"], folder=SAMPLES / "ws6-windows-ide")
    assert "\neach product: vmxtool check --all\nnext  vmxtool check --target esx9.1\n" in shown


# Words


def test_no_reason_of_any_sample_is_the_name_of_a_finding() -> None:
    names = {rule.name for rule in all_rules() if "-" in rule.name}
    plain = {name.replace("-", " ") for name in names if rule_may_block(name)}
    for name in VMS:
        reasons = {word for line in found(name).lines for word in line.reasons}
        assert reasons.isdisjoint(names | plain)
        assert not [word for word in reasons if "+" in word or not word.strip()]


def rule_may_block(name: str) -> bool:
    return any(it.name == name and it.about is About.TARGET for it in all_rules())
