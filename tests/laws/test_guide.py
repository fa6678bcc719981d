"""Every way of the guide is a plan: played on the plainest VM of its row, it arrives as the cell says.

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

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from build import plainest_vm

import vmxtool
from vmxtool.knowledge import tables as guide
from vmxtool.knowledge.products import products
from vmxtool.knowledge.runs import Ternary, runs
from vmxtool.planner.verdict import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from vmxtool.knowledge.cells import Way
    from vmxtool.knowledge.tables import GuideEntry
    from vmxtool.knowledge.transcript import Fact
    from vmxtool.machine.model import Machine
    from vmxtool.planner.plan import Plan
    from vmxtool.planner.verdict import Verdict

    VmOf = Callable[[str], Machine]

PASSIVE = {"copy", "run-legacy"}
# What a way needs around the cell's words: imported disks need a VM, a VM one processor where the target has no more.
AROUND = {"copy", "register-vm", "create-vm", "connect-network", "prepare-guest", "change-settings"}
ONE_WAY_BY_PAGE_27 = "mpg:t17:r2c2"
SMP = "-smp"

ENTRIES = guide.entries()
WAYS = [(entry, number) for entry in ENTRIES for number in range(len(entry.ways))]
TEXT_MOVES = [
    (from_id, to_id, fact)
    for fact in guide.text_facts()
    if fact.verdict is not None
    for from_id in fact.from_ids
    for to_id in fact.to_ids
]


@pytest.fixture(scope="module")
def vm_of(tmp_path_factory: pytest.TempPathFactory) -> VmOf:
    """The plainest VM of a product, made the first time it is asked for."""
    made: dict[str, Machine] = {}

    def vm(product_id: str) -> Machine:
        if product_id not in made:
            folder = tmp_path_factory.mktemp(product_id.replace(".", "-"))
            made[product_id] = plainest_vm(folder, product_id, vcpus=2 if product_id.endswith(SMP) else 1)
        return made[product_id]

    return vm


def ways_beside(entry: GuideEntry) -> list[Way]:
    """The ways that the text gives beside a cell."""
    return [way for fact in guide.moves(entry.from_id, entry.to_id) for way in fact.ways]


def names(pairs: Sequence[tuple[GuideEntry, int]]) -> list[str]:
    return [f"{entry.cell} {entry.from_id} to {entry.to_id}, way {number + 1}" for entry, number in pairs]


# --- tables


def expected(entry: GuideEntry) -> Answer:
    """The verdict that follows from the cell alone, as the table above has it."""
    if entry.verdict == "not-supported":
        return Answer.NOT_SUPPORTED
    free = [way for way in entry.ways if not way.when]
    if not free:
        return Answer.DEPENDS
    return Answer.READY if any({step.do for step in way.steps} <= PASSIVE for way in free) else Answer.NEEDS_STEPS


@pytest.mark.parametrize(
    "entry",
    ENTRIES,
    ids=[f"{it.cell} {products()[it.from_id].name} to {products()[it.to_id].name}" for it in ENTRIES],
)
def test_the_plainest_vm_of_a_row_gets_the_answer_of_its_cell(entry: GuideEntry, vm_of: VmOf) -> None:
    verdict = vmxtool.check(vm_of(entry.from_id), entry.to_id, entry.from_id)
    assert verdict.guide == entry
    assert verdict.verdict is expected(entry), [(it.code, it.message) for it in verdict.findings]
    assert len(verdict.plans) == len(entry.ways) + len(ways_beside(entry))
    assert bool(verdict.steps) == bool(entry.ways)
    assert any(step.one_way for step in verdict.steps) == is_final(entry)


@pytest.mark.parametrize(("entry", "number"), WAYS, ids=names(WAYS))
def test_a_printed_way_is_a_plan_that_arrives(entry: GuideEntry, number: int, vm_of: VmOf) -> None:
    verdict = vmxtool.check(vm_of(entry.from_id), entry.to_id, entry.from_id)
    plan, way = plan_of(verdict, number), entry.ways[number]
    holds(plan, way, entry.to_id, added(entry.from_id, entry.to_id))
    upgrades = any(step.do == "upgrade-hardware" for step in way.steps)
    by_text = "upgrade-hardware" in added(entry.from_id, entry.to_id)
    assert plan.one_way == (way.one_way or by_text or (upgrades and entry.cell == ONE_WAY_BY_PAGE_27))


def is_final(entry: GuideEntry) -> bool:
    printed = any(way.one_way for way in entry.ways) or entry.cell == ONE_WAY_BY_PAGE_27
    return printed or "upgrade-hardware" in added(entry.from_id, entry.to_id)


def added(from_id: str, to_id: str) -> set[str]:
    """The steps that only the text has, after the export of a printed way."""
    return {fact.adds for fact in guide.remarks(from_id, to_id) if fact.adds is not None}


def plan_of(verdict: Verdict, number: int) -> Plan:
    (plan,) = (it for it in verdict.plans if it.order == number)
    return plan


def holds(plan: Plan, way: Way, to_id: str, more: Collection[str] = ()) -> None:
    assert plan.end.arrived
    assert plan.end.holder == to_id
    assert plan.when == way.when
    done, printed = [step.do.value for step in plan.steps], [step.do for step in way.steps]
    assert is_subsequence(printed, done), (printed, done)
    assert set(Counter(done) - Counter(printed)) <= AROUND | set(more), (printed, done)
    assert runs(products()[to_id], plan.end.version or 0) is not Ternary.NO


def is_subsequence(words: Sequence[str], of: Sequence[str]) -> bool:
    rest = iter(of)
    return all(word in rest for word in words)


def test_every_printed_cell_is_used() -> None:
    printed = {cell.address for table in guide.tables()[2:] for cell in table.cells()}
    assert printed <= {entry.cell for entry in ENTRIES}
    assert len(WAYS) == 224


# --- text: into ACE and Player, and out of them; a legacy VM of Workstation 5 where the cell has Converter alone


@pytest.mark.parametrize(
    ("from_id", "to_id", "fact"),
    TEXT_MOVES,
    ids=[f"{fact.address} {one} to {other}" for one, other, fact in TEXT_MOVES],
)
def test_a_way_of_the_text_is_a_plan_that_arrives(from_id: str, to_id: str, fact: Fact, vm_of: VmOf) -> None:
    verdict = vmxtool.check(vm_of(from_id), to_id, from_id)
    entry = guide.lookup(from_id, to_id)
    assert verdict.guide == entry
    if from_id.endswith(SMP):
        return  # its VM has two processors, for which Player has no word
    assert verdict.verdict is not Answer.NOT_SUPPORTED
    for number, way in enumerate(fact.ways, len(entry.ways) if entry is not None else 0):
        holds(plan_of(verdict, number), way, to_id)


@pytest.mark.parametrize(
    ("from_id", "to_id"), [("ace1", "ws4"), ("ace2", "ws6"), ("player1", "ws5.5"), ("player2", "fusion1")]
)
def test_ace_and_player_are_sources_too(from_id: str, to_id: str, vm_of: VmOf) -> None:
    verdict = vmxtool.check(vm_of(from_id), to_id, from_id)
    assert verdict.verdict is not Answer.NOT_SUPPORTED
    assert len(vmxtool.route(None, to_id, from_id).routes[0].hops) == 1
