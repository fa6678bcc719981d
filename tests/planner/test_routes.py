"""Routes over several products: the guide's own stages, what it rules out, and the products since."""

from __future__ import annotations

from itertools import pairwise, product
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmxtool.knowledge import tables as guide
from vmxtool.knowledge.products import HARDWARE, products
from vmxtool.knowledge.transcript import names
from vmxtool.planner.legs import Leg, State, first_version
from vmxtool.planner.routes import Route, Routes, find_routes

if TYPE_CHECKING:
    from vmxtool.knowledge.tables import GuideEntry

GUIDE = sorted(names().generation)
IN_TABLES = sorted({name for ids in names().labels.values() for name in ids})
ALL = [product.id for product in products().values() if product.family != HARDWARE]
ENTRIES = guide.entries()


def ids(pair: GuideEntry) -> str:
    return f"{pair.from_id}-{pair.to_id}"


def best(start: str, target: str, have: set[str] | None = None, version: int | None = None) -> Route:
    found = find_routes(start, version, target, have).routes
    assert found, f"no route from {start} to {target}"
    return found[0]


def over(route: Route) -> list[str]:
    return [route.legs[0].from_id, *(leg.to_id for leg in route.legs)]


def dos(leg: Leg) -> list[str]:
    return [step.do for step in leg.way.steps]


def names_third(entry: GuideEntry) -> bool:
    """Whether every way of a cell goes over a product that is neither its row's nor its column's."""
    return all(
        {name for step in way.steps for name in step.products} - {entry.from_id, entry.to_id} for way in entry.ways
    )


# What every route is


@given(st.sampled_from(ALL), st.sampled_from(ALL))
def test_a_route_is_a_chain_without_loops_and_the_cheapest_comes_first(start: str, target: str) -> None:
    found = find_routes(start, None, target)
    assert len(found.routes) <= 3
    assert [route.cost for route in found.routes] == sorted(route.cost for route in found.routes)
    for route in found.routes:
        path = over(route)
        assert (path[0], path[-1]) == (start, target)
        assert len(set(path)) == len(path) or path == [start, start]
        assert route.legs[0].before == found.version
        for leg in route.legs:
            assert products()[leg.to_id].runs(leg.after)
            assert leg.verdict in {"ok", "ok-in-most-cases", "special-steps", "maybe"}
            assert leg.sources
            assert not (leg.one_way and leg.can_go_back)
            assert leg.after == leg.before or leg.conversions
        assert all(earlier.after == later.before for earlier, later in pairwise(route.legs))
        assert route.cost == (route.one_way_count, route.conversions, route.moves)


@given(st.sampled_from(IN_TABLES), st.sampled_from(IN_TABLES), st.sets(st.sampled_from(IN_TABLES)))
def test_only_products_at_hand_are_gone_over(start: str, target: str, have: set[str]) -> None:
    found = find_routes(start, None, target, have)
    for route in found.routes:
        assert set(route.over) <= have
    for extra in found.missing:
        assert not set(extra) & (have | {start, target})
        assert find_routes(start, None, target, have | set(extra)).routes
        assert len(extra) == 1 or not any(find_routes(start, None, target, have | {one}).routes for one in extra)


@given(st.sampled_from(ALL), st.sampled_from(ALL))
def test_no_route_over_more_kinds_of_product_is_shown_beside_one_over_fewer(start: str, target: str) -> None:
    routes = find_routes(start, None, target).routes
    if any(route.moves == 1 for route in routes):
        assert routes[-1].moves == 1
    assert len({route.over for route in routes}) == len(routes)


# The guide's cells


@pytest.mark.parametrize("entry", [e for e in ENTRIES if e.ways and not names_third(e)], ids=ids)
def test_what_a_cell_allows_directly_is_one_move_with_that_cell(entry: GuideEntry) -> None:
    only = best(entry.from_id, entry.to_id, set())
    (leg,) = only.legs
    assert (leg.cell, leg.verdict) == (entry.cell, entry.verdict)
    assert leg.way in entry.ways or leg.way.steps[:-1] in [way.steps for way in entry.ways]
    assert all(way in entry.ways for way in leg.others)
    assert leg.one_way or not any(way.one_way for way in [leg.way])


@pytest.mark.parametrize("entry", [e for e in ENTRIES if e.ways and names_third(e)], ids=ids)
def test_what_a_cell_allows_over_another_product_is_a_route_over_it(entry: GuideEntry) -> None:
    assert find_routes(entry.from_id, None, entry.to_id, set()).routes == ()
    groups = names().groups
    named = {name for way in entry.ways for step in way.steps for name in step.products}
    members = {member for name in named for member in groups.get(name, (name,))} - {entry.to_id}
    route = best(entry.from_id, entry.to_id, members)
    assert len(route.over) == 1
    assert set(route.over) <= members
    printed_one_way = any(way.one_way for way in entry.ways)
    assert bool(route.one_way_count) == printed_one_way


NO_WAY_BACK = [
    (left, reached)
    for left, reached in product(IN_TABLES, IN_TABLES)
    if (guide.generation_of(left) or 0) > 3 >= (guide.generation_of(reached) or 0)
]


@pytest.mark.parametrize(("start", "target"), NO_WAY_BACK, ids=str)
def test_nothing_made_for_generation_4_or_later_goes_back_below_it(start: str, target: str) -> None:
    found = find_routes(start, None, target, ALL)
    assert found.routes == ()
    assert found.guide is not None
    assert found.guide.verdict == "not-supported"


# The stages that the text tells


@pytest.mark.parametrize("start", ["gsx1", "ws2"])
@pytest.mark.parametrize("target", ["ws6", "fusion1"])
def test_generation_2_to_6_in_three_stages(start: str, target: str) -> None:
    route = best(start, target, {"ws3", "ws5.5"})  # page 15
    assert over(route) == [start, "ws3", "ws5.5", target]
    assert [leg.cell for leg in route.legs][:2] == ["mpg:t17:r2c2", "mpg:t10:r2c1"]
    assert [leg.one_way for leg in route.legs] == [True, True, False]


@pytest.mark.parametrize("start", ["gsx1", "ws2"])
@pytest.mark.parametrize("middle", ["ws3", "gsx2", "ws4", "gsx3"])
@pytest.mark.parametrize("target", ["ws5.0", "ws5.5", "server1"])
def test_generation_2_to_5_by_way_of_3_or_4(start: str, middle: str, target: str) -> None:
    route = best(start, target, {middle})  # page 20
    assert over(route) == [start, middle, target]
    assert route.one_way_count == (2 if guide.generation_of(middle) == 3 else 1)


def test_generation_2_to_5_under_esx() -> None:
    route = best("esx1", "esx3")
    assert over(route) == ["esx1", "esx1.5", "esx3"]
    assert [leg.one_way for leg in route.legs] == [False, True]  # table 18: ESX Server 1.5 to 1.0 is fine


@pytest.mark.parametrize("start", ["ws3", "gsx2", "esx1.5"])
def test_generation_3_to_fusion_1_over_workstation_4_or_5(start: str) -> None:
    found = find_routes(start, None, "fusion1")
    assert [route.over for route in found.routes][:2] == [("ws4",), ("ws5.0",)]
    assert all(route.legs[0].one_way and not route.legs[1].one_way for route in found.routes[:2])


@pytest.mark.parametrize("have", [{"gsx3"}, {"server1"}, {"gsx3", "server1"}])
def test_generation_3_to_fusion_1_needs_a_workstation(have: set[str]) -> None:
    assert find_routes("ws3", None, "fusion1", have).routes == ()  # page 15
    assert find_routes("ws3", None, "fusion1", have | {"ws6"}).routes


@pytest.mark.parametrize("target", ["ws5.0", "ws5.5", "server1", "esx3", "ws4", "gsx3", "esx2", "esx2-smp"])
def test_fusion_1_to_older_products_over_workstation_6(target: str) -> None:
    assert best("fusion1", target).over == ("ws6",)
    assert find_routes("fusion1", None, target, set()).missing == (("ws6",),)


def test_from_workstation_2_to_fusion_1_the_staged_ways_are_found() -> None:
    routes = find_routes("ws2", None, "fusion1").routes
    assert [route.over for route in routes] == [("ws4",), ("ws3", "ws5.0")]
    assert [[leg.one_way for leg in route.legs] for route in routes] == [[True, False], [True, True, False]]


def test_with_workstation_6_alone_a_workstation_4_or_5_is_missing() -> None:
    missing = find_routes("ws3", None, "fusion1", {"ws6"}).missing
    assert {("ws4",), ("ws5.0",), ("ws5.5",)} <= set(missing)
    missing = find_routes("ws2", None, "fusion1", {"ws6"}).missing
    assert ("ws4",) in missing
    assert ("ws5.0",) not in missing
    assert {frozenset(pair) for pair in missing} >= {frozenset({"ws3", "ws5.0"}), frozenset({"gsx2", "ws5.5"})}


# Legacy mode


def test_a_vm_in_legacy_mode_goes_back_and_an_upgraded_one_does_not() -> None:
    assert over(best("ws3", "ws2", version=1)) == ["ws3", "ws2"]
    assert find_routes("ws3", 2, "ws2").routes == ()
    assert over(best("ws4", "gsx2", version=2)) == ["ws4", "gsx2"]
    assert find_routes("ws4", 3, "gsx2").routes == ()


def test_a_legacy_vm_of_workstation_5_goes_to_esx_2_without_converter() -> None:
    (leg,) = best("ws5.5", "esx2", version=3).legs
    assert leg.cell == "mpg:t13:r3c2"
    assert dos(leg) == ["import-disks"]
    assert leg.way.when == ()


def test_legacy_mode_is_preferred_and_says_that_the_vm_can_go_back() -> None:
    (leg,) = best("esx2", "esx3").legs
    assert dos(leg) == ["run-legacy"]
    assert leg.can_go_back
    assert [[step.do for step in way.steps] for way in leg.others] == [["converter"], ["upgrade-hardware"]]


# ACE, Player, SMP


@pytest.mark.parametrize(
    ("start", "target", "path"),
    [
        ("ws4", "ace1", ["ws4", "ace1"]),
        ("server1", "ace2", ["server1", "ws6", "ace2"]),
        ("esx3", "ace2", ["esx3", "ws6", "ace2"]),
        ("ace1", "ws4", ["ace1", "ws4"]),
        ("ace2", "ws5.5", ["ace2", "ws6", "ws5.5"]),
        ("gsx3", "player1", ["gsx3", "player1"]),
        ("esx2", "player1", ["esx2", "player1"]),
        ("ws3", "player1", ["ws3", "ws4", "player1"]),
        ("ws5.0", "player2", ["ws5.0", "ws6", "player2"]),
        ("player1", "esx3", ["player1", "esx3"]),
        ("player2", "ws5.0", ["player2", "ws6", "ws5.0"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_into_and_out_of_ace_and_player(start: str, target: str, path: list[str]) -> None:
    route = best(start, target)
    assert over(route) == path
    leaves_ace = products()[start].family == "ace"
    assert ("mpg:p12:ace-out" in route.legs[0].sources) == leaves_ace
    assert any("no policies" in note for note in route.legs[0].notes) == leaves_ace


def test_an_smp_vm_of_esx_2_is_not_led_around_the_products_without_virtual_smp() -> None:
    assert find_routes("esx2-smp", None, "ws5.0", ALL).routes == ()  # table 9, row 1
    direct = best("esx2-smp", "esx2")
    assert over(direct) == ["esx2-smp", "esx2"]
    assert direct.legs[0].way.when == ("esx2.5-managed-by-vc2",)


@pytest.mark.parametrize("start", GUIDE)
def test_every_product_of_the_guide_is_a_source(start: str) -> None:
    # Hosted generation 2 and 3 products and their kind reach Workstation 6 all the same, in stages.
    route = best(start, "ws6")
    assert route.legs[0].from_id == start
    assert route.legs[0].before == first_version(products()[start])
    assert all(leg.cell or leg.sources[0].startswith("mpg:") for leg in route.legs)


@pytest.mark.parametrize("target", GUIDE)
def test_every_product_of_the_guide_is_a_target_for_its_own_generation(target: str) -> None:
    generation = guide.generation_of(target)
    starts = [name for name in IN_TABLES if guide.generation_of(name) == generation]
    reached = [name for name in starts if find_routes(name, None, target).routes]
    assert set(starts) - set(reached) <= {"esx2-smp"}  # which goes to products with Virtual SMP only
    assert all(best(name, target).legs[-1].to_id == target for name in reached)


# The products since


@pytest.mark.parametrize(
    ("start", "target", "steps", "after"),
    [
        ("ws25h2", "esxi6.5", ["downgrade-hardware", "import-disks"], 13),
        ("esxi8.0", "ws12", ["export-disks", "downgrade-hardware"], 12),
        ("fusion13", "ws16", ["downgrade-hardware"], 18),
        ("ws12", "ws17", ["copy"], 12),
        ("esxi6.5", "esxi8.0", ["copy"], 13),
        ("esxi7.0", "esxi6.0", ["downgrade-hardware"], 11),
        ("esx3", "ws17", ["export-disks"], 4),
        ("ws17", "esx3", ["downgrade-hardware", "import-disks"], 4),
        ("ws12", "esxi6.5", ["downgrade-hardware", "import-disks"], 11),
        ("player17", "player5", ["downgrade-hardware"], 9),
        ("ws17", "hw10", ["downgrade-hardware"], 10),
    ],
)
def test_later_products_have_direct_routes_with_their_conversions(
    start: str, target: str, steps: list[str], after: int
) -> None:
    found = find_routes(start, None, target)
    assert len(found.routes) == 1
    (leg,) = found.routes[0].legs
    assert (dos(leg), leg.after) == (steps, after)
    assert leg.cell is None
    assert not leg.one_way
    assert set(leg.sources) >= set(products()[target].sources)
    assert found.guide is None


def test_a_product_lowers_the_version_itself_where_it_can_and_vmxtool_otherwise() -> None:
    def tool(start: str, target: str) -> tuple[str, ...]:
        return next(s.products for s in best(start, target).legs[0].way.steps if s.do == "downgrade-hardware")

    assert tool("ws17", "ws12") == ("ws17",)
    assert tool("ws17", "esxi6.5") == ()  # no Workstation makes version 13
    assert tool("esxi8.0", "ws12") == ()  # no ESX lowers a version
    assert tool("player17", "ws12") == ()  # Player changes no version


def test_old_hardware_is_upgraded_on_the_way_where_the_target_does_not_run_it() -> None:
    route = best("ws4", "ws17")
    assert over(route) == ["ws4", "ws6", "ws17"]
    assert [leg.cell for leg in route.legs] == ["mpg:t05:r3c1", None]
    assert route.legs[-1].after >= products()["ws17"].runs_min
    assert route.one_way_count == 0


def test_a_route_crosses_from_the_guide_to_later_products() -> None:
    route = best("gsx1", "esxi8.0")
    cells = [leg.cell for leg in route.legs]
    assert cells[0] is not None
    assert cells[-1] is None
    assert route.one_way_count == 1


@pytest.mark.parametrize("target", ["ws2", "ws3", "gsx2", "esx1.5"])
def test_no_later_product_leads_below_generation_4(target: str) -> None:
    assert find_routes("ws17", None, target, ALL).routes == ()


def test_a_limit_that_no_source_confirms_is_marked() -> None:
    (leg,) = best("ws5.5", "ws17").legs
    assert "runs_min" in products()["ws17"].unverified
    assert leg.unverified
    (leg,) = best("ws16", "ws17").legs
    assert not leg.unverified


# Odds and ends


@pytest.mark.parametrize("name", ["ws4", "esx3", "player1", "ace2", "ws17", "esxi8.0"])
def test_to_the_same_product_is_a_copy(name: str) -> None:
    (leg,) = best(name, name).legs
    assert dos(leg) == ["copy"]
    assert leg.can_go_back


def test_a_legacy_vm_goes_to_the_same_player_as_a_copy() -> None:
    (leg,) = best("player2", "player2", version=4).legs
    assert (dos(leg), leg.sources) == (["copy"], ("mpg:p10:same-product",))


def test_a_hardware_version_that_nothing_runs_leads_nowhere_higher() -> None:
    assert find_routes("ws26h1", 99, "ws17").routes[0].legs[0].after == 20
    assert find_routes("ws4", 99, "ws5.5").routes == ()


def test_the_values_for_json_are_those_of_the_route() -> None:
    found: Routes = find_routes("ws3", None, "fusion1")
    value = found.as_json()
    assert value["schema"] == "vmxtool.route/1"
    assert value["hardware"] == {"version": 2, "generation": 3}
    assert value["guide"] == (guide.lookup("ws3", "fusion1") or pytest.fail("no cell")).as_json()
    assert value["routes"] == [route.as_json() for route in found.routes]
    leg = found.routes[0].legs[0]
    assert leg.as_json()["way"] == leg.way.as_json()
    assert State(leg.from_id, leg.before) == State("ws3", 2)
