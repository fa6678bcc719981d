"""The walks of docs/rewriting.md, run: the page is current, and what it says of them is so."""

from __future__ import annotations

from functools import cache

from rewriter.walks import BLOCK, PAGE, Walk, walks

from vmxtool.findings import Do
from vmxtool.rules.registry import About, all_rules


@cache
def page() -> str:
    return PAGE.read_text("utf-8")


@cache
def run() -> list[Walk]:
    return list(walks(page()))


def test_the_page_shows_what_is_printed_today() -> None:
    shown = [hit[4] for hit in BLOCK.finditer(page())]
    assert len(shown) >= 4
    for walk, text in zip(run(), shown, strict=True):
        assert walk.text == text, "run python tests/rewriter/walks.py"


def test_workstation_6_to_esx_server_2_and_back() -> None:
    walk = next(walk for walk in run() if walk.sample == "ws6-windows-ide")
    assert "--target esx2" in walk.text
    assert "undone" in walk.text
    assert walk.after == walk.before


def test_esx_2_smp_stays_as_it_is_in_legacy_mode() -> None:
    walk = next(walk for walk in run() if walk.sample == "esx2-smp")
    assert "nothing to change" in walk.text
    assert "can go back" in walk.text
    assert walk.after == walk.before


def test_workstation_5_becomes_a_legacy_vm_for_gsx_server_3() -> None:
    refused, done = (walk for walk in run() if walk.sample == "ws5-snapshots")
    assert "SNP601" in refused.text
    assert refused.after == refused.before
    assert 'virtualHW.version = "3"' in done.config
    assert done.after["Build Host.vmdk"] != done.before["Build Host.vmdk"]


def test_the_page_names_every_reason_not_to_write() -> None:
    reasons = [rule for rule in all_rules() if rule.about is About.REWRITE or rule.stops & {Do.REWRITE, Do.MOVE_DISKS}]
    assert len(reasons) > 20
    missing = [f"{rule.code} {rule.name}" for rule in reasons if rule.code not in page()]
    assert not missing
