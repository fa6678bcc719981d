"""Every rule on a VM that it fires on and on one as alike as possible that it leaves alone."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

import pytest
from build import make_disk
from rules.told import FOLDER, Case, cases, told

from vmxtool.findings import Safety, Severity
from vmxtool.knowledge import tables
from vmxtool.knowledge.products import products
from vmxtool.knowledge.sources import source
from vmxtool.machine.read import describe, read_machine
from vmxtool.planner.check import check_all
from vmxtool.rules._registry import all_rules, file_rule, judge_files
from vmxtool.rules.product import best_version
from vmxtool.vmx.document import Document

CASES = cases()
_MOST_DIFFERENT_LINES = 2
_PACKAGE = Path(__file__).parents[2] / "vmxtool"


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_rule_fires_and_keeps_silent(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case.folder)
    assert told(case.findings("fires")) == case.expected
    assert case.expected
    assert told(case.findings("silent")) == ""


def test_every_rule_has_a_case_and_every_case_a_rule() -> None:
    rules = {(rule.code, rule.name) for rule in all_rules()}
    assert {(case.code, case.rule_name) for case in CASES} == rules


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_the_two_vms_of_a_case_differ_in_little(case: Case) -> None:
    changed = 0
    for name in {path.relative_to(case.folder / kind) for kind in ("fires", "silent") for path in _files(case, kind)}:
        # A file that is there in one of them alone is one difference, as a line is.
        texts = [_lines(case.folder / kind / name) for kind in ("fires", "silent")]
        changed += 1 if None in texts else _differing(texts[0] or [], texts[1] or [])
    if (case.folder / "fires.vmx").exists():
        changed += _differing(_lines(case.folder / "fires.vmx") or [], _lines(case.folder / "silent.vmx") or [])
    changed += sum(1 for path in case.folder.glob("*.fires"))
    assert 0 < changed <= _MOST_DIFFERENT_LINES


def _files(case: Case, kind: str) -> list[Path]:
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
            file_rule(code, name, Severity.INFO)(lambda _: iter(()))


@pytest.mark.parametrize(
    ("line", "repeat", "rest"),
    [('guestinfo.shelf{} = "a"', True, "2 more settings stand twice"), ("shelf {}", False, "2 more lines of")],
)
def test_the_sixth_fault_of_a_kind_and_all_after_it_are_counted(line: str, repeat: bool, rest: str) -> None:
    lines = [line.format(n) for n in range(7)] * (2 if repeat else 1)
    document = Document.parse("".join(f"{line}\n" for line in lines).encode(), "till.vmx")
    found = judge_files(describe(document, Path("till.vmx")))
    told_of = [item.message for item in found if item.code in {"VMX001", "VMX002"}]
    assert len(told_of) == 6
    assert told_of[-1].startswith(rest)


def test_a_disk_named_by_its_full_path_in_its_own_folder_is_told(tmp_path: Path) -> None:
    disk = make_disk(tmp_path / "till.vmdk", "vmfs")
    (tmp_path / "till.vmx").write_text(
        f'virtualHW.version = "4"\nide0:0.present = "TRUE"\nide0:0.fileName = "{disk}"\n'
    )
    (found,) = [item for item in judge_files(read_machine(tmp_path)) if item.code == "VMX008"]
    assert (found.severity, found.evidence[0].line) == (Severity.WARNING, 3)


@pytest.mark.parametrize(("version", "best"), [("7", 4), ("4", 4), ("3", 3), ("2", None), (None, None)])
def test_the_best_version_for_a_target_is_the_newest_not_above_the_own(version: str | None, best: int | None) -> None:
    text = "" if version is None else f'virtualHW.version = "{version}"\n'
    vm = describe(Document.parse(text.encode(), "till.vmx"), Path("till.vmx"))
    assert best_version(vm, products()["esx3"]) == best


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
    for path in (*samples.glob("*/*.vmx"), *samples.glob("*/*.vmwarevm")):
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


def test_codes_told_elsewhere_are_those_of_rules_of_the_same_name_or_of_no_rule() -> None:
    names = {rule.code: rule.name for rule in all_rules()}
    told_there = re.compile(r'"([A-Z]{3}\d{3})":? *,?\s*"([a-z0-9-]+)"')
    for path in _PACKAGE.rglob("*.py"):
        if path.parent.name != "rules":
            for code, name in told_there.findall(path.read_text()):
                assert names.get(code, name) == name, f"{path.name} calls {code} {name}"


def test_what_is_unverified_never_blocks_and_says_so(samples: Path) -> None:
    doubted = 0
    for path in samples.glob("*/*.vmx"):
        for verdict in check_all(read_machine(path)):
            for item in verdict.findings:
                if "(unverified" in item.message:
                    doubted += 1
                    assert item.severity is not Severity.BLOCKER, item
    assert doubted


def test_a_command_is_manual_unless_it_is_our_own() -> None:
    for case in CASES:
        for line in case.expected.splitlines():
            ours = line.strip().startswith("vmxtool ")
            assert not line.startswith("    ") or ours or line.endswith(")"), line
    safe = [case.id for case in CASES if f"  {Safety.SAFE.value} cure" in case.expected]
    for name in safe:
        assert "vmxtool rewrite" in (FOLDER / name / "finding.txt").read_text()


def test_no_rule_names_a_product_id_outside_a_table_of_sources() -> None:
    # Sources are data: a predicate asks a product what it can, not what it is called.
    ids = {product.id for product in products().values() if product.family != "hardware"}
    for path in (_PACKAGE / "rules").glob("*.py"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if re.match(r"_[A-Z_]+ = ", line) or line.lstrip().startswith("#"):
                continue
            named = set(re.findall(r'"([a-z]+\d[\w.-]*)"', line)) & ids
            assert not named, f"{path.name}:{number}: {line}"
