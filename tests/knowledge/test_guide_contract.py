"""What the tables owe to one another, to the products and to the JSON contract."""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

import vmxtool
from vmxtool.knowledge import tables as guide
from vmxtool.knowledge.guide_names import names
from vmxtool.knowledge.hardware import hardware_versions
from vmxtool.knowledge.product import HARDWARE
from vmxtool.knowledge.products import products
from vmxtool.report.documents.guide_values import entries_value

if TYPE_CHECKING:
    from vmxtool.knowledge.tables import GuideEntry

SCHEMA = Path(vmxtool.__file__).parent / "report" / "documents" / "schema" / "guide.json"
IN_TABLES = {name for ids in names().labels.values() for name in ids}
ENTRIES = guide.entries()
WORKING = {"ok", "ok-in-most-cases", "special-steps", "maybe"}


def values() -> list[dict[str, Any]]:
    return [dict(value) for value in entries_value(ENTRIES)]


def test_every_entry_keeps_the_contract() -> None:
    jsonschema.validate(values(), json.loads(SCHEMA.read_text()), cls=jsonschema.Draft202012Validator)


def test_entries_survive_json_unchanged() -> None:
    assert json.loads(json.dumps(values())) == values()


def test_a_printed_name_for_two_products_gives_two_pairs_with_one_cell() -> None:
    by_pair = {(value["from"], value["to"]): value["cell"] for value in values()}
    for left, right in (("gsx3", "ws4"), ("gsx2", "ws3"), ("gsx1", "ws2")):
        for other in IN_TABLES:
            assert by_pair[left, other] == by_pair[right, other]
            assert by_pair[other, left] == by_pair[other, right]
    # Table 9 alone tells Workstation 5.0 and 5.5 apart, as targets.
    apart = {start for start in IN_TABLES if by_pair[start, "ws5.0"] != by_pair[start, "ws5.5"]}
    assert apart == {"esx2-smp", "esx2", "gsx3", "ws4"}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry.from_id}-{entry.to_id}")
def test_an_entry_agrees_with_itself(entry: GuideEntry) -> None:
    assert (entry.verdict in WORKING) == bool(entry.ways)
    assert (entry.verdict == "maybe") == any("guest-os-supports-it" in way.when for way in entry.ways)
    for way in entry.ways:
        dos = [step.do for step in way.steps]
        # Disks are exported from ESX and imported into it; VirtualCenter's condition is about an ESX Server 2.5.
        assert "export-disks" not in dos or products()[entry.from_id].esx
        assert "import-disks" not in dos or products()[entry.to_id].esx
        assert "esx2.5-managed-by-vc2" not in way.when or {"esx2", "esx2-smp"} & {entry.from_id, entry.to_id}
        assert not way.one_way or "upgrade-hardware" in dos
        # Up and down go the way of the generations.
        up = (guide.generation_of(entry.to_id) or 0) - (guide.generation_of(entry.from_id) or 0)
        assert "upgrade-hardware" not in dos or up > 0
        assert "run-legacy" not in dos or up > 0
        assert "downgrade-hardware" not in dos or up < 0


def test_a_move_between_hosted_and_esx_never_only_copies() -> None:
    for entry in ENTRIES:
        if products()[entry.from_id].esx != products()[entry.to_id].esx:
            assert all([step.do for step in way.steps] != ["copy"] for way in entry.ways), entry.cell


def test_table_2_sums_up_what_the_other_tables_print() -> None:
    def generations(entry: GuideEntry) -> tuple[int, int]:
        return guide.generation_of(entry.from_id) or 0, guide.generation_of(entry.to_id) or 0

    seen = 0
    for (left, reached), group in groupby(sorted(ENTRIES, key=generations), key=generations):
        members = list(group)
        verdicts = {entry.verdict for entry in members}
        summary = guide.cell(f"mpg:t02:r{7 - left}c{7 - reached}").verdict
        seen += 1
        if (left, reached) == (3, 6):
            # Table 2 means a direct move, table 6 prints the way over Workstation 4 or 5.
            assert summary == "not-supported"
            assert all({"ws4", "ws5"} & set(step.products) for e in members for w in e.ways for step in w.steps[-2:-1])
        elif summary == "not-supported":
            working = {(entry.from_id, entry.to_id) for entry in members if entry.verdict != "not-supported"}
            assert working <= {("esx1.5", "esx1")}  # "in most cases", and this is the other case
        elif (left, reached) == (4, 3):
            assert verdicts == {"not-supported"}  # page 25 against table 2, as its note says
        elif summary == "ok-in-most-cases" and (left, reached) not in {(4, 6), (3, 3), (2, 2)}:
            assert verdicts & {"ok", "ok-in-most-cases"}
        else:
            assert verdicts & WORKING
    assert seen == 25


@pytest.mark.parametrize("product_id", sorted(names().generation))
def test_products_and_guide_know_the_same_generation(product_id: str) -> None:
    product = products()[product_id]
    assert product.generation == guide.generation_of(product_id)
    if product.creates is not None:
        assert hardware_versions()[product.creates].generation == product.generation


def test_no_product_outside_the_guide_has_a_generation() -> None:
    others = [product for product in products().values() if product.family != HARDWARE]
    assert {product.id for product in others if product.generation is not None} == set(names().generation)


def test_what_the_guide_runs_in_legacy_mode_the_products_run() -> None:
    for entry in ENTRIES:
        start, to = products()[entry.from_id], products()[entry.to_id]
        if start.creates is not None and any(step.do == "run-legacy" for way in entry.ways for step in way.steps):
            assert to.runs(start.creates), (entry.from_id, entry.to_id)
