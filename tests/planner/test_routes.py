"""Routes over several products: the guide's own stages, what it rules out, and the products since."""

from __future__ import annotations

from itertools import pairwise, product
from typing import TYPE_CHECKING

import pytest
from build import SCSI_DISK, disk_lines, make_disk, make_vm, plainest_vm
from hypothesis import given
from hypothesis import strategies as st
from planner.plans import dos

from vmxtool import Answer, UsageError, check, route
from vmxtool.knowledge import tables as guide
from vmxtool.knowledge.guide_names import names
from vmxtool.knowledge.product import HARDWARE
from vmxtool.knowledge.products import products
from vmxtool.knowledge.runs import Ternary, first_version, runs

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from vmxtool import Machine
    from vmxtool.knowledge.tables import GuideEntry
    from vmxtool.planner.chain import Hop, Route

GUIDE = sorted(names().generation)
IN_TABLES = sorted({name for ids in names().labels.values() for name in ids})
ALL = [product.id for product in products().values() if product.family != HARDWARE]
ENTRIES = [entry for entry in guide.entries() if entry.ways]


def best(start: str, target: str, have: Iterable[str] | None = None, vm: Machine | None = None) -> Route:
    found = route(vm, target, start, have).routes
    assert found, f"no route from {start} to {target}"
    return found[0]


def only_hop(start: str, target: str, have: Iterable[str] | None = None, vm: Machine | None = None) -> Hop:
    (hop,) = best(start, target, have, vm).hops
    return hop


def path(found: Route) -> list[str]:
    return [found.hops[0].from_id, *(hop.to_id for hop in found.hops)]


def members(*words: str) -> set[str]:
    """Products that names of the guide stand for, such as Workstation 5."""
    return {member for word in words for member in names().groups.get(word, (word,))}


def thirds(entry: GuideEntry) -> list[set[str]]:
    """For every way of a cell the products that it goes over, which are neither its row's nor its column's."""
    ends = {entry.from_id, entry.to_id}
    return [{name for step in way.steps for name in step.products if not members(name) & ends} for way in entry.ways]


def free_ways(found: Route) -> bool:
    """Whether the guide prints a way of its first hop that hangs on no condition."""
    return any(not way.when for way in found.hops[0].guide.ways)


# --- what every route is


@given(st.sampled_from(ALL), st.sampled_from(ALL))
def test_a_route_is_a_chain_without_loops_and_the_best_comes_first(start: str, target: str) -> None:
    found = route(None, target, start)
    assert len(found.routes) <= 3
    ranks = [(bool(it.over) or not free_ways(it), it.cost) for it in found.routes]
    assert ranks == sorted(ranks)
    assert len({it.over for it in found.routes}) == len(found.routes)
    for one in found.routes:
        assert (path(one)[0], path(one)[-1]) == (start, target)
        assert len(set(path(one))) == len(path(one)) or path(one) == [start, start]
        assert one.hops[0].before == found.version
        assert one.cost == (one.one_way_count, one.conversions, len(one.hops))
        assert all(earlier.after == later.before for earlier, later in pairwise(one.hops))
        for hop in one.hops:
            assert hop.after is not None
            assert runs(products()[hop.to_id], hop.after) is not Ternary.NO
            assert hop.verdict in {"ok", "ok-in-most-cases", "special-steps", "maybe"}
            assert hop.sources
            assert not (hop.one_way and hop.can_go_back)
            assert hop.after == hop.before or hop.conversions
            assert hop.plan.end.holder == hop.to_id


@given(st.sampled_from(ALL), st.sampled_from(ALL))
def test_the_direct_hop_does_what_a_check_plans(start: str, target: str) -> None:
    plans = check(None, target, start).plans
    for one in route(None, target, start).routes:
        if not one.over:
            assert dos(one.hops[0].plan) in [dos(plan) for plan in plans]


@given(st.sampled_from(IN_TABLES), st.sampled_from(IN_TABLES), st.sets(st.sampled_from(IN_TABLES)))
def test_only_products_at_hand_are_gone_over(start: str, target: str, have: set[str]) -> None:
    found = route(None, target, start, have)
    for one in found.routes:
        assert set(one.over) <= have
        steps = [step for hop in one.hops for step in hop.plan.steps]
        used = {name for step in steps for name in (step.by, *step.products)} & products().keys()
        assert used <= {*have, start, target}
    for extra in found.missing:
        assert not set(extra) & (have | {start, target})
        assert route(None, target, start, have | set(extra)).routes
        assert len(extra) == 1 or not any(route(None, target, start, have | {name}).routes for name in extra)


# --- the guide's cells


@pytest.mark.parametrize(
    "entry", [it for it in ENTRIES if not all(thirds(it))], ids=lambda it: f"{it.from_id}-{it.to_id}"
)
def test_what_a_cell_allows_directly_is_one_hop_with_that_cell(entry: GuideEntry) -> None:
    hop = only_hop(entry.from_id, entry.to_id, set())
    assert (hop.cell, hop.verdict) == (entry.cell, entry.verdict)
    every = [*entry.ways, *(way for fact in guide.moves(entry.from_id, entry.to_id) for way in fact.ways)]
    printed = [(way.steps, way.when) for way in every]  # an upgrade may be final where the cell has no mark
    assert all((way.steps, way.when) in printed for way in hop.others)
    assert len(hop.others) == len(every) - 1


@pytest.mark.parametrize("entry", [it for it in ENTRIES if all(thirds(it))], ids=lambda it: f"{it.from_id}-{it.to_id}")
def test_what_a_cell_allows_with_another_product_needs_that_product_at_hand(entry: GuideEntry) -> None:
    assert route(None, entry.to_id, entry.from_id, set()).routes == ()
    one = best(entry.from_id, entry.to_id, members(*set().union(*thirds(entry))) - {entry.to_id})
    assert bool(one.one_way_count) == any(way.one_way for way in entry.ways)


def test_nothing_made_for_generation_4_or_later_goes_back_below_it() -> None:
    old = {name for name in IN_TABLES if (guide.generation_of(name) or 0) <= 3}
    for start, target in product(sorted(set(IN_TABLES) - old), sorted(old)):
        found = route(None, target, start, ALL)
        assert found.routes == (), (start, target)
        assert found.guide is not None
        assert found.guide.verdict == "not-supported"


@pytest.mark.parametrize(
    ("start", "target"),
    [
        ("esx1.5", "ws6"),
        ("ws3", "ws6"),
        ("gsx2", "ws6"),
        ("fusion1", "esx2"),
        ("fusion1", "esx2-smp"),
        ("ace2", "esx3"),
    ],
)
def test_a_printed_way_comes_before_a_cheaper_detour(start: str, target: str) -> None:
    first, *others = route(None, target, start).routes
    assert first.over == ()
    assert first.is_printed
    assert others
    assert all(it.over and it.cost < first.cost for it in others)


def test_a_printed_way_that_hangs_on_a_condition_is_ranked_by_its_cost() -> None:
    one = best("server1", "esx2")
    assert one.hops[0].plan.when == ("esx2.5-managed-by-vc2",)
    assert not one.is_printed


@pytest.mark.parametrize(("start", "target"), [("ws3", "ws6"), ("gsx2", "ws6"), ("gsx2", "fusion1"), ("ws2", "ws6")])
def test_a_hop_of_a_route_offers_what_a_check_of_it_offers(start: str, target: str) -> None:
    for one in route(None, target, start).routes:
        last = one.hops[-1]
        if last.from_id != start and last.before == first_version(products()[last.from_id]):
            plans = check(None, target, last.from_id).plans
            assert set(last.others) <= {plan.printed for plan in plans}


# --- the stages that the text tells


@pytest.mark.parametrize("start", ["gsx1", "ws2"])
def test_generation_2_to_6_in_three_stages(start: str) -> None:
    one = best(start, "ws6", {"ws3", "ws5.5"})  # page 15
    assert path(one) == [start, "ws3", "ws5.5", "ws6"]
    assert [hop.cell for hop in one.hops][:2] == ["mpg:t17:r2c2", "mpg:t10:r2c1"]
    assert [hop.one_way for hop in one.hops] == [True, True, False]


@pytest.mark.parametrize("start", ["gsx1", "ws2"])
def test_generation_2_to_fusion_1_over_3_and_a_workstation(start: str) -> None:
    one = best(start, "fusion1", {"ws3", "ws5.5"})  # page 15; its cell has the Workstation for a step
    assert path(one) == [start, "ws3", "fusion1"]
    assert "ws5.5" in {step.by for step in one.hops[1].plan.steps}
    assert one.one_way_count == 2


@pytest.mark.parametrize("start", ["gsx1", "ws2"])
@pytest.mark.parametrize("middle", ["ws3", "gsx2", "ws4", "gsx3"])
@pytest.mark.parametrize("target", ["ws5.0", "ws5.5", "server1"])
def test_generation_2_to_5_by_way_of_3_or_4(start: str, middle: str, target: str) -> None:
    one = best(start, target, {middle})  # page 20
    assert path(one) == [start, middle, target]
    assert one.one_way_count == (2 if guide.generation_of(middle) == 3 else 1)


def test_generation_2_to_5_under_esx() -> None:
    one = best("esx1", "esx3")  # page 20
    assert path(one) == ["esx1", "esx1.5", "esx3"]
    assert [hop.one_way for hop in one.hops] == [False, True]  # table 18: ESX Server 1.5 to 1.0 is fine


@pytest.mark.parametrize("start", ["ws3", "gsx2", "esx1.5"])
def test_generation_3_to_fusion_1_with_workstation_4_or_5(start: str) -> None:
    for workstation in ("ws4", "ws5.0", "ws5.5"):
        one = best(start, "fusion1", {workstation})
        assert one.one_way_count == 1
        assert workstation in {*one.over, *(step.by for hop in one.hops for step in hop.plan.steps)}


@pytest.mark.parametrize("have", [{"gsx3"}, {"server1"}, {"gsx3", "server1"}])
def test_generation_3_to_fusion_1_needs_a_workstation(have: set[str]) -> None:
    assert route(None, "fusion1", "ws3", have).routes == ()  # page 15
    assert route(None, "fusion1", "ws3", have | {"ws6"}).routes


@pytest.mark.parametrize("target", ["ws5.0", "ws5.5", "server1", "esx3", "ws4", "gsx3", "esx2", "esx2-smp"])
def test_fusion_1_to_older_products_over_workstation_6(target: str) -> None:
    first, *others = route(None, target, "fusion1").routes
    assert first.over == ()  # its cell has Workstation 6 for a step
    assert "ws6" in {name for step in first.hops[0].plan.steps for name in step.products}
    # To ESX its wizard, in a hop of its own, converts less.
    assert [it.over for it in others] == ([("ws6",)] if products()[target].esx else [])
    assert route(None, target, "fusion1", set()).missing == (("ws6",),)


def test_from_workstation_2_to_fusion_1_the_staged_ways_are_found() -> None:
    found = route(None, "fusion1", "ws2").routes
    assert [one.over for one in found] == [("ws4",), ("ws3",)]
    assert [[hop.one_way for hop in one.hops] for one in found] == [[True, False], [True, True]]


def test_with_workstation_6_alone_a_workstation_4_or_5_is_missing() -> None:
    missing = route(None, "fusion1", "ws3", {"ws6"}).missing
    assert {("ws4",), ("ws5.0",), ("ws5.5",)} <= set(missing)
    missing = route(None, "fusion1", "ws2", {"ws6"}).missing
    assert ("ws4",) in missing
    assert ("ws5.0",) not in missing
    assert {frozenset(pair) for pair in missing} >= {frozenset({"ws3", "ws5.0"}), frozenset({"gsx2", "ws5.5"})}


# --- legacy mode


def test_a_vm_in_legacy_mode_goes_back_and_an_upgraded_one_does_not(tmp_path: Path) -> None:
    def held(product_id: str, hw: int) -> Machine:
        # In legacy mode its disk stays one that the products of its own generation run from.
        folder = tmp_path / f"{product_id}-{hw}"
        make_disk(folder / "disk.pln", "plain", hw=hw)
        return make_vm(folder, disk_lines("ide0:0", "disk.pln"), hw=hw, guest="win2000")

    assert path(best("ws3", "ws2", vm=held("ws3", 1))) == ["ws3", "ws2"]
    assert route(held("ws3", 2), "ws2", "ws3").routes == ()
    assert path(best("ws4", "gsx2", vm=held("ws4", 2))) == ["ws4", "gsx2"]
    assert route(held("ws4", 3), "gsx2", "ws4").routes == ()


def in_legacy_mode(folder: Path, hw: int) -> Machine:
    make_disk(folder / "disk.pln", "plain", hw=hw)
    return make_vm(folder, disk_lines("ide0:0", "disk.pln"), hw=hw, guest="win2000")


@pytest.mark.parametrize("target", ["fusion1", "ws6", "ws5.5", "esx3", "player2"])
def test_the_guide_says_the_same_of_a_vm_in_legacy_mode_to_route_and_check(target: str, tmp_path: Path) -> None:
    vm = in_legacy_mode(tmp_path, 1)
    asked = check(vm, target, "ws3")
    assert route(vm, target, "ws3").guide == asked.guide  # pages 15 and 27: it is one of generation 2


@pytest.mark.parametrize("target", ["fusion1", "ws6", "ws5.5", "player2", "ace2"])
def test_a_vm_in_legacy_mode_is_upgraded_by_the_product_that_has_it(target: str, tmp_path: Path) -> None:
    found = route(in_legacy_mode(tmp_path, 1), target, "ws3").routes
    for one in found:
        assert not {"gsx2", "esx1.5"} & set(one.over)
        for hop in one.hops:
            assert hop.in_place == (hop.from_id == hop.to_id)
            if hop.in_place:
                (step,) = hop.plan.steps
                assert (step.do, step.by, step.before, step.after, step.one_way) == (
                    ("upgrade-hardware", "ws3", 1, 2, True)  # page 27
                )
                assert hop.one_way
                assert hop.cell == "mpg:t17:r2c2"
    if target in {"fusion1", "ws6", "ws5.5"}:
        assert any(it.hops[0].in_place for it in found)


@pytest.mark.parametrize("holder", ["ws4", "gsx3"])
def test_a_vm_of_generation_3_in_legacy_mode_is_not_imported_for_virtual_smp(holder: str, tmp_path: Path) -> None:
    vm = in_legacy_mode(tmp_path, 2)
    for one in route(vm, "esx2-smp", holder).routes:  # page 23
        assert not {"esx1.5", "esx2"} & set(one.over)
        assert one.one_way_count == 1
    assert route(vm, "esx2-smp", holder).routes[0].hops[0].in_place


@pytest.mark.parametrize(("hw", "holder", "target"), [(1, "ws3", "gsx2"), (1, "gsx2", "ws3"), (1, "ws2", "ws3")])
def test_an_upgrade_from_generation_2_is_final_whoever_has_the_vm(
    hw: int, holder: str, target: str, tmp_path: Path
) -> None:
    vm = in_legacy_mode(tmp_path, hw)
    steps = [step for plan in check(vm, target, holder).plans for step in plan.steps]
    (hop,) = route(vm, target, holder).routes[0].hops
    assert [step.one_way for step in steps if step.do == "upgrade-hardware"] == [True]  # page 27
    assert [way.one_way for way in hop.others] == [True]


@given(st.sampled_from(GUIDE), st.sampled_from(GUIDE))
def test_a_new_vm_is_not_upgraded_by_its_own_product(start: str, target: str) -> None:
    assert not any(hop.in_place for one in route(None, target, start).routes for hop in one.hops)


def test_a_vm_without_disks_goes_back_like_any_other(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, hw=2, guest="win2000")
    assert check(vm, "gsx2", "ws4").verdict is Answer.READY
    assert path(best("ws4", "gsx2", vm=vm)) == ["ws4", "gsx2"]


def test_a_legacy_vm_of_workstation_5_goes_to_esx_2_without_converter(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, SCSI_DISK, hw=3, guest="win2000")
    hop = only_hop("ws5.5", "esx2", vm=vm)
    assert hop.before == 3
    assert dos(hop.plan) == ["copy", "import-disks", "create-vm"]
    assert hop.plan.when == ()


def test_legacy_mode_is_preferred_and_says_that_the_vm_can_go_back() -> None:
    hop = only_hop("esx2", "esx3")
    assert dos(hop.plan) == ["copy", "register-vm", "run-legacy"]
    assert hop.can_go_back
    assert [[step.do for step in way.steps] for way in hop.others] == [["converter"], ["upgrade-hardware"]]


# --- ACE, Player, SMP


@pytest.mark.parametrize(
    ("start", "target", "wanted"),
    [
        ("ws4", "ace1", ["copy"]),
        ("server1", "ace2", ["upgrade-hardware", "copy"]),
        ("esx3", "ace2", ["converter", "upgrade-hardware", "copy"]),
        ("ace1", "ws4", ["copy"]),
        ("ace2", "ws5.5", ["move-to", "downgrade-hardware", "copy"]),
        ("gsx3", "player1", ["copy"]),
        ("esx2", "player1", ["export-disks", "copy"]),
        ("ws3", "player1", ["upgrade-hardware", "copy"]),
        ("ws5.0", "player2", ["upgrade-hardware", "copy"]),
        ("player1", "esx3", ["converter"]),
        ("player2", "ws5.0", ["move-to", "downgrade-hardware", "copy"]),
    ],
)
def test_into_and_out_of_ace_and_player(start: str, target: str, wanted: list[str]) -> None:
    hop = only_hop(start, target)
    assert dos(hop.plan) == wanted


@pytest.mark.parametrize(("start", "target"), [("ace1", "ws4"), ("ace2", "ws5.5")])
def test_a_vm_leaves_ace_without_policies_alone(start: str, target: str) -> None:
    one = best(start, target)
    assert "mpg:p12:ace-out" in one.hops[0].sources
    assert any("no policies" in note for note in one.hops[0].notes)


def test_an_smp_vm_of_esx_2_is_not_led_around_the_products_without_virtual_smp() -> None:
    assert route(None, "ws5.0", "esx2-smp", ALL).routes == ()  # table 9, row 1
    hop = only_hop("esx2-smp", "esx2")
    assert hop.plan.when == ("esx2.5-managed-by-vc2",)


@pytest.mark.parametrize("start", ["gsx1", "ws2", "gsx2", "ws3"])
@pytest.mark.parametrize("have", [{"gsx2", "ws3", "esx2"}, {"gsx2", "ws3", "esx1.5", "esx2"}])
def test_no_import_of_generation_3_leads_to_virtual_smp_over_esx(start: str, have: set[str]) -> None:
    assert route(None, "esx2-smp", start, have).routes == ()  # page 23
    assert not any({"esx1.5", "esx2"} & set(it.over) for it in route(None, "esx2-smp", start).routes)
    assert route(None, "esx2-smp", "esx1.5").routes  # table 14, row 1


@pytest.mark.parametrize("start", ["gsx2", "ws3"])
def test_what_is_imported_into_esx_2_is_not_upgraded_there(start: str, tmp_path: Path) -> None:
    vm = plainest_vm(tmp_path, start)
    plans = check(vm, "esx2", start).plans
    assert not any("upgrade-hardware" in dos(plan) for plan in plans)  # table 14 prints the import alone
    for target in GUIDE:
        for one in route(vm, target, start).routes:
            kinds = [dos(hop.plan) for hop in one.hops if hop.to_id == "esx2"]
            assert not any({"import-disks", "upgrade-hardware"} <= set(it) for it in kinds)


@pytest.mark.parametrize("start", GUIDE)
def test_every_product_of_the_guide_is_a_source(start: str) -> None:
    # Hosted generation 2 and 3 products and their kind reach Workstation 6 all the same, in stages.
    one = best(start, "ws6")
    assert one.hops[0].from_id == start
    assert one.hops[0].before == first_version(products()[start])
    assert all(hop.cell or hop.sources[0].startswith("mpg:") for hop in one.hops)


@pytest.mark.parametrize("target", GUIDE)
def test_every_product_of_the_guide_is_a_target_for_its_own_generation(target: str) -> None:
    generation = guide.generation_of(target)
    starts = [name for name in IN_TABLES if guide.generation_of(name) == generation]
    reached = [name for name in starts if route(None, target, name).routes]
    assert set(starts) - set(reached) <= {"esx2-smp"}  # which goes to products with Virtual SMP only


# --- the products since


@pytest.mark.parametrize(
    ("start", "target", "steps", "after"),
    [
        ("ws25h2", "esxi6.5", ["downgrade-hardware", "copy", "import-disks", "register-vm"], 13),
        ("esxi8.0", "ws12", ["downgrade-hardware", "export-disks", "copy"], 12),
        ("fusion13", "ws16", ["downgrade-hardware", "copy"], 18),
        ("ws12", "ws17", ["copy"], 12),
        ("esxi6.5", "esxi8.0", ["copy", "register-vm"], 13),
        ("esxi7.0", "esxi6.0", ["downgrade-hardware", "copy", "register-vm"], 11),
        ("esx3", "ws17", ["export-disks", "copy"], 4),
        ("ws17", "esx3", ["downgrade-hardware", "copy", "import-disks", "create-vm"], 4),
        ("ws12", "esxi6.5", ["copy", "import-disks", "register-vm"], 12),
        ("ws12", "esxi6.0", ["downgrade-hardware", "copy", "import-disks", "register-vm"], 11),
        ("player17", "player5", ["downgrade-hardware", "copy"], 9),
        ("ws17", "hw10", ["downgrade-hardware"], 10),
        ("ws4", "ws17", ["copy"], 3),  # that Workstation 17 lacks version 3 no source confirms
    ],
)
def test_later_products_have_direct_routes_with_their_conversions(
    start: str, target: str, steps: list[str], after: int
) -> None:
    found = route(None, target, start)
    assert len(found.routes) == 1
    (hop,) = found.routes[0].hops
    assert (dos(hop.plan), hop.after) == (steps, after)
    assert hop.cell is None
    assert not hop.one_way
    assert set(hop.sources) >= set(products()[target].sources)
    assert found.guide is None


def test_old_hardware_is_upgraded_on_the_way_where_the_target_does_not_run_it() -> None:
    one = best("ws3", "esxi6.5")
    assert any(step.do == "upgrade-hardware" and step.by != "vmxtool" for hop in one.hops for step in hop.plan.steps)
    assert one.hops[-1].after is not None
    assert runs(products()["esxi6.5"], one.hops[-1].after) is not Ternary.NO
    assert one.one_way_count == 1


def test_a_route_crosses_from_the_guide_to_later_products() -> None:
    one = best("gsx1", "esxi8.0")
    cells = [hop.cell for hop in one.hops]
    assert cells[0] is not None
    assert cells[-1] is None
    assert one.one_way_count == 1


@pytest.mark.parametrize("target", ["ws2", "ws3", "gsx2", "esx1.5"])
def test_no_later_product_leads_below_generation_4(target: str) -> None:
    assert route(None, target, "ws17", ALL).routes == ()


def test_a_limit_that_no_source_confirms_is_marked() -> None:
    assert "runs_min" in products()["ws17"].unverified
    assert only_hop("ws5.5", "ws17").unverified
    assert not only_hop("ws16", "ws17").unverified


# --- a VM that is there


@pytest.mark.parametrize(
    ("guest", "vcpus", "over"), [("win2000serv", 1, "ws4"), ("win2000serv", 2, "ws5.5"), ("winxppro-64", 1, "ws5.5")]
)
def test_a_vm_is_led_over_products_that_run_it(guest: str, vcpus: int, over: str, tmp_path: Path) -> None:
    vm = plainest_vm(tmp_path, "ws3", guest, vcpus)
    assert next(it.over for it in route(vm, "ws6", "ws3").routes if it.over) == (over,)


def test_a_check_looks_for_routes_where_the_vm_is_not_ready(tmp_path: Path) -> None:
    verdict = check(plainest_vm(tmp_path, "ws3"), "ws6", "ws3")
    assert verdict.routes
    assert all(one.over for one in verdict.routes)
    assert verdict.routes[0].over == ("ws4",)
    assert check(plainest_vm(tmp_path / "6", "ws6"), "ws6", "ws6").routes == ()


@pytest.mark.parametrize("name", ["ws4", "esx3", "player1", "player2", "ace2", "ws17", "esxi8.0"])
def test_to_the_same_product_is_a_copy(name: str) -> None:
    hop = only_hop(name, name)
    assert dos(hop.plan) == (["copy", "register-vm"] if name.startswith("esx") else ["copy"])
    assert hop.can_go_back


def test_a_hardware_version_that_its_holder_does_not_run_is_refused(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, hw=7)
    with pytest.raises(UsageError, match=r"version 7, which Workstation 4\.x does not run"):
        route(vm, "ws5.5", "ws4")
    with pytest.raises(UsageError, match="--from"):
        route(None, "ws5.5")
