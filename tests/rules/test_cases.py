"""Every rule on a VM that it fires on and on one as alike as possible that it leaves alone."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

import pytest
from build import IDE_DISK, disk_lines, make_disk, make_vm, write_config
from rules.cases import CaseFolder, as_text, case_folders

import vmxtool
from vmxtool.findings import Severity
from vmxtool.knowledge import tables
from vmxtool.knowledge.products import products
from vmxtool.knowledge.sources import source
from vmxtool.machine.read import build_machine, read_machine
from vmxtool.planner.check import check_all
from vmxtool.planner.moves import KINDS
from vmxtool.rules import registry
from vmxtool.rules.registry import About, all_rules, judge_files
from vmxtool.vmx.document import Document

CASES = case_folders()
_MOST_DIFFERENT_LINES = 2
_OF_THE_SHELL = {"chmod"}
_PACKAGE = Path(__file__).parents[2] / "vmxtool"


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_rule_fires_and_keeps_silent(case: CaseFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case.folder)
    assert as_text(case.findings("fires")) == case.expected
    assert case.expected
    assert as_text(case.findings("silent")) == ""


def test_a_case_of_a_mode_leaves_its_own_files_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [case for case in CASES if case.asked("mode", "fires") is not None]
    assert cases
    for case in cases:
        assert case.asked("mode", "fires") != case.asked("mode", "silent")
        monkeypatch.chdir(case.folder)
        modes = {path: path.stat().st_mode for path in case.folder.rglob("*")}
        assert case.findings("fires")
        assert {path: path.stat().st_mode for path in case.folder.rglob("*")} == modes
        assert Path.cwd() == case.folder


@pytest.mark.parametrize("marked", [["till.vmx"], ["till.vmdk"], [".", "till.vmx"]], ids=" ".join)
def test_what_is_marked_read_only_is_not_rewritten_before_the_mark_is_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, marked: list[str]
) -> None:
    make_vm(tmp_path, disk_lines("ide0:0", "till.vmdk"), name="till.vmx", guest="rhel4")
    monkeypatch.chdir(tmp_path)
    assert not vmxtool.plan_rewrite(".", hwversion=4).refused
    for name in marked:
        path = tmp_path / name
        path.chmod(path.stat().st_mode & ~0o222)
    try:
        refused = vmxtool.plan_rewrite(".", hwversion=4).refused
    finally:
        for name in marked:
            path = tmp_path / name
            path.chmod(path.stat().st_mode | 0o200)
    assert [reason.name for reason in refused] == ["marked-read-only"]
    (reason,) = refused
    assert reason.fix is not None
    (command,) = reason.fix.commands
    assert (command[:2], sorted(command[2:])) == (("chmod", "u+w"), marked)
    assert not vmxtool.plan_rewrite(".", hwversion=4).refused


def test_every_rule_has_a_case_and_every_case_a_rule() -> None:
    rules = {(rule.code, rule.name) for rule in all_rules()}
    assert {(case.code, case.rule_name) for case in CASES} == rules


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_the_two_vms_of_a_case_differ_in_little(case: CaseFolder) -> None:
    changed = 0
    for name in {path.relative_to(case.folder / kind) for kind in ("fires", "silent") for path in _files(case, kind)}:
        # A file that is there in one of them alone is one difference, as a line is.
        texts = [_lines(case.folder / kind / name) for kind in ("fires", "silent")]
        changed += 1 if None in texts else _differing(texts[0] or [], texts[1] or [])
    if (case.folder / "fires.vmx").exists():
        changed += _differing(_lines(case.folder / "fires.vmx") or [], _lines(case.folder / "silent.vmx") or [])
    changed += sum(1 for path in case.folder.glob("*.fires"))
    assert 0 < changed <= _MOST_DIFFERENT_LINES


def _files(case: CaseFolder, kind: str) -> list[Path]:
    return [path for path in (case.folder / kind).rglob("*") if path.is_file()]


def _lines(path: Path) -> list[bytes] | None:
    return path.read_bytes().splitlines() if path.is_file() else None


def _differing(one: list[bytes], other: list[bytes]) -> int:
    diff = [line[:1] for line in difflib.ndiff(_printable(one), _printable(other))]
    return max(diff.count("-"), diff.count("+"))


def _printable(lines: list[bytes]) -> list[str]:
    return [line.decode("latin-1") for line in lines]


def test_codes_and_names_are_unique_and_well_formed() -> None:
    rules = all_rules()
    assert len({rule.code for rule in rules}) == len({rule.name for rule in rules}) == len(rules)
    for rule in rules:
        assert re.fullmatch(r"(VMX0|PRD1|DSK2|NET3|CPU4|GST5|SNP6|DEV7|SEC8)\d\d", rule.code)
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name)


def test_two_rules_of_one_code_or_name_are_a_mistake_that_shows_at_once() -> None:
    for code, name in (("VMX001", "new-name"), ("VMX099", "unknown-line")):
        with pytest.raises(ValueError, match="two rules"):
            registry.rule(code, name, Severity.INFO, about=About.FILES)(lambda _: iter(()))


@pytest.mark.parametrize(
    ("line", "repeat", "rest"),
    [('guestinfo.shelf{} = "a"', True, "2 more settings stand twice"), ("shelf {}", False, "2 more lines of")],
)
def test_the_sixth_fault_of_a_kind_and_all_after_it_are_counted(line: str, repeat: bool, rest: str) -> None:
    lines = [line.format(n) for n in range(7)] * (2 if repeat else 1)
    document = Document.parse("".join(f"{line}\n" for line in lines).encode(), "till.vmx")
    found = judge_files(build_machine(document, Path("till.vmx")))
    told_of = [item.message for item in found if item.code in {"VMX001", "VMX002"}]
    assert len(told_of) == 6
    assert told_of[-1].startswith(rest)


def test_a_disk_named_by_its_full_path_in_its_own_folder_is_told(tmp_path: Path) -> None:
    disk = make_disk(tmp_path / "till.vmdk", "vmfs")
    write_config(tmp_path, disk_lines("ide0:0", str(disk)), hw=4)
    (found,) = [item for item in judge_files(read_machine(tmp_path)) if item.code == "VMX008"]
    assert (found.severity, found.evidence[0].line) == (Severity.WARNING, 5)


@pytest.mark.parametrize("file", ["../stock/vault.vmdk", "gone.vmdk"])
def test_a_disk_that_is_not_here_stops_no_move_of_another(tmp_path: Path, file: str) -> None:
    make_disk(tmp_path / "stock" / "vault.vmdk", adapter="lsilogic")
    vm = make_vm(tmp_path / "till", IDE_DISK)
    write_config(vm.config.folder, IDE_DISK, disk_lines("scsi0:0", file), hw=6)
    codes = {item.code for item in vmxtool.judge(vm.config.folder)}
    assert codes & {"DSK203", "DSK206"}
    made = vmxtool.plan_rewrite(vm.config.folder, ide_to_scsi=True)
    assert not made.refused
    assert "scsi1:0.fileName" in made.diff


def test_rules_come_in_the_order_of_their_families_and_codes() -> None:
    numbers = [int(rule.code[3:]) for rule in all_rules()]
    assert numbers == sorted(numbers)


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)
def test_every_rule_has_a_page(rule: object) -> None:
    title, text = rule.title, rule.text  # type: ignore[attr-defined]
    assert title.endswith(".")
    assert text.endswith(".")
    assert max(len(line) for line in text.splitlines()) <= 116


def test_every_source_of_a_rule_or_finding_exists(samples: Path) -> None:
    references = {reference for rule in all_rules() for reference in rule.sources}
    for path in samples.glob("*/*.vmx"):
        for verdict in check_all(read_machine(path)):
            references |= {reference for item in verdict.findings for reference in item.sources}
            references |= {step.source for step in verdict.steps}
    for reference in sorted(references):
        _resolve(reference)


def _resolve(reference: str) -> None:
    if re.fullmatch(r"mpg:t\d\d:r\d+c\d+", reference):
        assert tables.cell(reference).address == reference
    elif re.fullmatch(r"mpg:p\d\d", reference):
        assert tables.facts_on(reference), reference
    elif reference.startswith("mpg:p"):
        assert tables.fact(reference).address == reference
    elif reference.startswith("mpg:t"):
        assert tables.table(int(reference.removeprefix("mpg:t")))
    else:
        assert source(reference)[0].title


def test_only_the_rules_themselves_know_their_codes() -> None:
    for path in _PACKAGE.rglob("*.py"):
        if path.parent.name != "rules":
            code = [line for line in path.read_text("utf-8").splitlines() if ", such as " not in line]
            assert not re.search(r'"[A-Z]{3}\d{3}"', "\n".join(code)), path.name


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)
def test_what_a_rule_names_as_its_cure_is_a_move_of_plans(rule: object) -> None:
    assert rule.cure in {None, *KINDS}  # type: ignore[attr-defined]


def test_what_is_unverified_never_blocks_and_says_so(samples: Path) -> None:
    doubted = 0
    for path in samples.glob("*/*.vmx"):
        for verdict in check_all(read_machine(path)):
            for item in verdict.findings:
                if "(unverified" in item.message:
                    doubted += 1
                    assert item.severity is not Severity.BLOCKER, item
    assert doubted


def test_a_command_of_another_program_is_manual_and_our_own_rewrites() -> None:
    seen = set()
    for case in CASES:
        fix = ""
        for line in case.expected.splitlines():
            fix = line.split()[0] if " fix: " in line else fix
            if line.startswith("    "):
                ours = line.strip().startswith("vmxtool ")
                # It says which product or program has the command, unless every shell has it.
                assert ours or line.endswith(")") or line.split()[0] in _OF_THE_SHELL, line
                assert ours == (fix != "manual") or line.strip().startswith("vmxtool undo "), line
                seen.add(fix)
    assert seen == {"manual", "safe", "unsafe"}


def test_what_refuses_a_rewrite_blocks_it_and_says_what_to_do() -> None:
    asked = [case for case in CASES if case.asked("rewrite", "fires") is not None]
    assert asked
    for case in asked:
        weights = [line for line in case.expected.splitlines() if not line.startswith(" ")]
        assert all(line.startswith("blocker: ") for line in weights), case.id
        assert case.expected.count(" fix: ") == len(weights), case.id


def test_no_rule_names_a_product_id_outside_a_table_of_sources() -> None:
    # Sources are data: a predicate asks a product what it can, not what it is called.
    ids = {product.id for product in products().values() if product.family != "hardware"}
    for path in (_PACKAGE / "rules").glob("*.py"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if re.match(r"_[A-Z_]+ = ", line) or line.lstrip().startswith("#"):
                continue
            named = set(re.findall(r'"([a-z]+\d[\w.-]*)"', line)) & ids
            assert not named, f"{path.name}:{number}: {line}"
