"""Every cell of the guide is used by a VM: the plainest one of its row, checked for its column.

The plainest VM of a product has the product's own hardware version, one SCSI disk in the format the product writes, one
processor (two where the row is about Virtual SMP), and neither snapshots nor anything else in its way. What then stands
between it and the target is the guide alone, and the guide's verdict becomes vmxtool's like this:

==================  ===========================================================================================
not-supported       the cell says so
depends             every way of the cell hangs on a condition that no file shows; a "maybe" is of that kind
ready               a way without condition asks for nothing but a copy or legacy mode
needs-steps         every way without condition asks for more
==================  ===========================================================================================
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from build import plainest_vm

from vmxtool.knowledge import tables as guide
from vmxtool.knowledge.products import products
from vmxtool.planner.check import check
from vmxtool.planner.routes import find_routes, routes_for
from vmxtool.planner.verdict import Answer
from vmxtool.report import as_json

if TYPE_CHECKING:
    from pathlib import Path

    from vmxtool.knowledge.tables import GuideEntry
    from vmxtool.machine.model import Machine

PASSIVE = {"copy", "run-legacy"}
# What vmxtool adds to the cell: imported disks need a VM, and a VM one processor where the target has no more.
MORE = {"create-vm", "change-settings"}
ONE_WAY_BY_PAGE_27 = "mpg:t17:r2c2"
ENTRIES = guide.entries()
NAMES = [f"{it.cell} {products()[it.from_id].name} -> {products()[it.to_id].name}" for it in ENTRIES]
IN_TABLES = {entry.from_id for entry in ENTRIES}
TEXT_MOVES = [
    (from_id, to_id)
    for fact in guide.text_facts()
    if fact.verdict is not None
    for from_id in fact.from_ids
    for to_id in fact.to_ids
]


@pytest.fixture(scope="module")
def vms(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Machine]:
    return {
        product_id: plainest_vm(
            tmp_path_factory.mktemp(product_id.replace(".", "-")), product_id, vcpus=2 if "smp" in product_id else 1
        )
        for product_id in sorted({*IN_TABLES, "ace1", "ace2", "player1", "player2"})
    }


def wanted(entry: GuideEntry) -> Answer:
    """The verdict that follows from the cell alone, as the table above has it."""
    if entry.verdict == "not-supported":
        return Answer.NOT_SUPPORTED
    free = [way for way in entry.ways if not way.when]
    if not free:
        return Answer.DEPENDS
    return Answer.READY if any({step.do for step in way.steps} <= PASSIVE for way in free) else Answer.NEEDS_STEPS


@pytest.mark.parametrize("entry", ENTRIES, ids=NAMES)
def test_the_plainest_vm_of_a_row_gets_the_answer_of_its_cell(entry: GuideEntry, vms: dict[str, Machine]) -> None:
    result = check(vms[entry.from_id], products()[entry.to_id], products()[entry.from_id])
    told = json.loads(as_json.to_text(as_json.verdict(result)))
    assert told["guide"] == entry.as_json()
    assert told["verdict"] == wanted(entry).value, [(it.code, it.message) for it in result.findings]
    assert (told["verdict"] == "not-supported") == (entry.verdict == "not-supported")
    assert bool(told["steps"]) == (entry.verdict != "not-supported")


@pytest.mark.parametrize(
    "entry", [it for it in ENTRIES if it.ways], ids=[f"{it.from_id}-{it.to_id}" for it in ENTRIES if it.ways]
)
def test_its_steps_are_those_of_the_cell_one_way_marks_included(entry: GuideEntry, vms: dict[str, Machine]) -> None:
    result = check(vms[entry.from_id], products()[entry.to_id], products()[entry.from_id])
    done = {step.do for step in result.steps}
    printed = {step.do for way in entry.ways for step in way.steps}
    assert printed <= done
    assert done - printed <= MORE
    one_way = any(way.one_way for way in entry.ways) or entry.cell == ONE_WAY_BY_PAGE_27
    assert any(step.one_way for step in result.steps) == one_way


def test_every_printed_cell_is_used() -> None:
    printed = {cell.address for table in guide.tables()[2:] for cell in table.cells()}
    assert printed <= {entry.cell for entry in ENTRIES}


@pytest.mark.parametrize(("from_id", "to_id"), TEXT_MOVES)
def test_what_the_text_lets_into_ace_and_player_is_not_refused(
    from_id: str, to_id: str, vms: dict[str, Machine]
) -> None:
    result = check(vms[from_id], products()[to_id], products()[from_id])
    smp_only = from_id.endswith("-smp")  # its VM has two processors, for which Player has no word
    assert smp_only or result.answer is not Answer.NOT_SUPPORTED
    assert result.guide is None


@pytest.mark.parametrize(
    ("from_id", "to_id"), [("ace1", "ws4"), ("ace2", "ws6"), ("player1", "ws5.5"), ("player2", "fusion1")]
)
def test_ace_and_player_are_sources_too(from_id: str, to_id: str, vms: dict[str, Machine]) -> None:
    result = check(vms[from_id], products()[to_id], products()[from_id])
    assert result.answer is not Answer.NOT_SUPPORTED
    assert find_routes(from_id, None, to_id).routes[0].moves == 1


# Routes of a VM, which take its own needs along


@pytest.mark.parametrize(
    ("guest", "vcpus", "over"), [("win2000serv", 1, "ws4"), ("win2000serv", 2, "ws5.5"), ("winxppro-64", 1, "ws5.5")]
)
def test_a_vm_is_led_over_products_that_run_it(guest: str, vcpus: int, over: str, tmp_path: Path) -> None:
    vm = plainest_vm(tmp_path, "ws3", guest, vcpus)
    assert routes_for(vm, "ws3", products()["ws6"])[0].over == (over,)


def test_the_route_of_a_vm_begins_with_its_own_hardware_version(tmp_path: Path) -> None:
    vm = plainest_vm(tmp_path, "ws4")
    (leg,) = routes_for(vm, "ws5.5", products()["esx2"])[0].legs
    assert (leg.before, leg.cell) == (3, "mpg:t13:r3c2")
