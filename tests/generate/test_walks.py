"""The walks of docs/, run: the pages are current, and what they say of them is so."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

from generate.consoles import BLOCK, Console, consoles
from generate.moved_vms import on_its_way
from generate.walks import MOVES, PAGE, in_a_sample
from rules.cases import case_folders, options

from vmxtool import UsageError, plan_rewrite
from vmxtool.findings import Do
from vmxtool.rules.registry import About, all_rules

if TYPE_CHECKING:
    import pytest


@cache
def page() -> str:
    return PAGE.read_text("utf-8")


@cache
def run() -> list[Console]:
    return list(consoles(page(), in_a_sample))


def test_the_page_shows_what_is_printed_today() -> None:
    shown = [hit[3] for hit in BLOCK.finditer(page())]
    assert len(shown) >= 4
    for walk, text in zip(run(), shown, strict=True):
        assert walk.text == text, "run python tests/generate/walks.py"


@cache
def moves() -> list[Console]:
    return list(consoles(MOVES.read_text("utf-8"), on_its_way))


def test_the_page_of_six_moves_shows_what_is_printed_today() -> None:
    shown = [hit[3] for hit in BLOCK.finditer(MOVES.read_text("utf-8"))]
    for walk, text in zip(moves(), shown, strict=True):
        assert walk.text == text, "run python tests/generate/walks.py"


def test_each_of_the_six_moves_is_walked_until_the_vm_is_ready() -> None:
    last = {walk.words[0]: walk.text.rsplit("$ vmxtool ", 1)[1] for walk in moves()}
    assert list(last) == ["ws3", "gsx2", "esx2-smp", "ws2", "ws4-undoable", "ace1"]
    ready = {word for word, text in last.items() if "ready as it is" in text}
    # The disk of a VM on ESX Server 1.5 lies on VMFS, where vmxtool cannot look: nothing that was not seen is ready.
    assert set(last) - ready == {"ws3"}
    assert "made by   ESX Server 1.5" in last["ws3"]


def test_no_step_of_the_six_moves_is_left_out() -> None:
    first = {walk.words[0]: walk.text for walk in reversed(moves()) if len(walk.words) == 1}
    assert "import SQL.vmdk" in first["ws3"]
    assert "it cannot be taken\n                 back" in first["gsx2"]
    assert "export vmhba0:0:0:5:db01.vmdk" in first["esx2-smp"]
    assert "Workstation 2 → Workstation 4 → Fusion 1" in first["ws2"]
    assert "commit or discard the redo log" in first["ws4-undoable"]
    assert "SEC802" in first["ace1"]


def test_workstation_6_to_esx_server_2_and_back() -> None:
    walk = next(walk for walk in run() if walk.words == ["ws6-windows-ide"])
    assert "--target esx2" in walk.text
    assert "undone" in walk.text
    assert walk.after == walk.before


def test_esx_2_smp_keeps_its_version_in_legacy_mode_and_goes_back() -> None:
    walk = next(walk for walk in run() if walk.words == ["esx2-smp"])
    legacy, undone, raised = walk.text.split("$ vmxtool ")[1:]
    assert '+scsi0:0.fileName = "db01.vmdk"' in legacy
    assert "+virtualHW" not in legacy
    assert "can go back" in legacy
    assert "undone" in undone
    assert '+virtualHW.version = "4"' in raised
    assert walk.after == walk.before


def test_workstation_5_becomes_a_legacy_vm_for_gsx_server_3() -> None:
    refused, done = (walk for walk in run() if walk.words[0] == "ws5-snapshots")
    assert "SNP601" in refused.text
    assert refused.after == refused.before
    assert 'virtualHW.version = "3"' in done.config
    assert done.after["Build Host.vmdk"] != done.before["Build Host.vmdk"]


def test_the_page_names_every_reason_not_to_write() -> None:
    table = refusals()
    for rule in all_rules():
        if rule.about is About.REWRITE or rule.stops & {Do.REWRITE, Do.MOVE_DISKS}:
            assert rule.code in table


def test_the_page_names_every_reason_that_the_cases_of_the_rules_are_refused_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A rule may stop a rewrite in one of its cases alone, or have no cure for a target: that shows in refusals only.
    seen: set[str] = set()
    for case in case_folders():
        target, asked = case.asked("target", "fires"), case.asked("rewrite", "fires")
        monkeypatch.chdir(case.folder)
        wishes = options(asked) if asked is not None else {"target": target} if target is not None else {"hwversion": 4}
        with suppress(UsageError):  # a wish that contradicts itself, such as a version that the target does not run
            seen |= {finding.code for finding in plan_rewrite(case.config("fires"), **wishes).refused}
    assert len(seen) > 30
    assert {code for code in seen if code not in refusals()} == set()


def refusals() -> str:
    return page().partition("## When a rewrite is refused")[2].partition("\n## ")[0]
