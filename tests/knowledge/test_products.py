"""The products agree with a second reading, and every way of writing a name leads to the right one."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmxtool.errors import KnowledgeError, UsageError
from vmxtool.knowledge import products as module
from vmxtool.knowledge.hardware import hardware_versions
from vmxtool.knowledge.product_names import find_target, names_of
from vmxtool.knowledge.product_rows import read_products
from vmxtool.knowledge.products import is_smp_edition, products

if TYPE_CHECKING:
    from vmxtool.knowledge.product import Product

SHIPPED, ENGINES = (
    (Path(module.__file__).parent / name).read_text(encoding="utf-8") for name in ("products.toml", "engines.toml")
)

# Read a second time, by hand: lowest and highest hardware version that each runs, and the one that it makes.
RANGES = """
ws2 1 1 1 | ws3 1 2 2 | ws4 2 3 3 | ws5.0 3 4 4 | ws5.5 3 4 4 | ws6 3 6 6 | ws6.5 3 7 7 | ws7.0 3 7 7 | ws7.1 3 7 7
ws8 3 8 8 | ws9 3 9 9 | ws10 3 10 10 | ws11 3 11 11 | ws12 4 12 12 | ws14 4 14 14 | ws15 4 16 16 | ws16.0 4 18 18
ws16.2 4 19 19 | ws17.0 4 20 20 | ws17.5 4 21 21 | ws25h2 4 22 22 | ws26h1 4 22 22
player1 3 4 - | player2 3 6 - | player2.5 3 7 - | player3.0 3 7 7 | player3.1 3 7 7 | player4 3 8 8 | player5 3 9 9
player6 3 10 10 | player7 3 11 11 | player12 4 12 12 | player14 4 14 14 | player15 4 16 16 | player16.0 4 18 18
player16.2 4 19 19 | player17.0 4 20 20 | player17.5 4 21 21
fusion1 3 6 6 | fusion2 3 7 7 | fusion3 3 7 7 | fusion4 3 8 8 | fusion5 3 9 9 | fusion6 3 10 10 | fusion7 3 11 11
fusion8 4 12 12 | fusion10 4 14 14 | fusion11 4 16 16 | fusion12.0 4 18 18 | fusion12.2 4 19 19 | fusion13.0 4 20 20
fusion13.5 4 21 21 | fusion25h2 4 22 22 | fusion26h1 4 22 22
server1 3 4 4 | server2 3 7 7 | gsx1 1 1 1 | gsx2 1 2 2 | gsx3 2 3 3
esx1 1 2 1 | esx1.5 1 2 2 | esx2 2 3 3 | esx2-smp 2 3 3 | esx3 3 4 4 | esx4.0 3 7 7 | esx4.1 3 7 7
esxi5.0 4 8 8 | esxi5.1 4 9 9 | esxi5.5 4 10 10 | esxi6.0 4 11 11 | esxi6.5 4 13 13 | esxi6.7 4 14 14
esxi6.7u2 4 15 15 | esxi7.0 4 17 17 | esxi7.0u1 4 18 18 | esxi7.0u2 4 19 19 | esxi8.0 4 20 20 | esxi8.0u1 4 20 20
esxi8.0u2 4 21 21 | esx9.0 4 22 22 | esx9.1 4 22 22
ace1 3 3 3 | ace2 3 6 6 | ace2.5 3 7 7 | ace2.6 3 7 7 | ace2.7 3 7 7
labmanager2 3 4 4 | labmanager3 3 4 4 | labmanager4 3 7 7 | vmc 4 22 -
"""
GENERATIONS = {
    2: {"gsx1", "esx1", "ws2"},
    3: {"ws3", "gsx2", "esx1.5"},
    4: {"ws4", "ace1", "gsx3", "esx2", "esx2-smp"},
    5: {"ws5.0", "ws5.5", "player1", "server1", "esx3"},
    6: {"ws6", "ace2", "player2", "fusion1"},
}
ESX_FORMATS = {"esx", "labmanager", "cloud"}
GUIDE_HAS = set().union(*GENERATIONS.values())


def of_the_guide() -> list[Product]:
    return [product for product in products().values() if product.id in GUIDE_HAS]


def ranges() -> dict[str, tuple[int, int, int | None]]:
    found = {}
    for entry in re.split(r"[|\n]", RANGES.strip()):
        name, low, high, made = entry.split()
        found[name] = (int(low), int(high), None if made == "-" else int(made))
    return found


def test_ranges_are_those_of_the_second_reading() -> None:
    ours = {
        product.id: (product.runs_min, product.runs_max, product.creates)
        for product in products().values()
        if product.family != "hardware"
    }
    assert ours == ranges()


def test_products_come_in_the_order_of_the_second_reading() -> None:
    assert [name for name in products() if not name.startswith("hw")] == list(ranges())


def test_generations_are_those_of_the_guide() -> None:
    for generation, names in GENERATIONS.items():
        ours = {
            product.id
            for product in products().values()
            if product.generation == generation and product.family != "hardware"
        }
        assert ours == names


def test_smp_in_the_guide_is_for_these_alone() -> None:
    assert {product.id for product in of_the_guide() if product.smp} == {
        *("esx2-smp", "server1", "ws5.5", "ws6", "fusion1", "esx3"),
    }
    for name in ("player1", "player2", "ace2"):
        assert "smp" in products()[name].unverified


def test_64_bit_guests_in_the_guide() -> None:
    assert {product.id for product in of_the_guide() if not product.guest_64bit} == {
        *("ws2", "ws3", "ws4", "ws5.0", "gsx1", "gsx2", "gsx3", "esx1", "esx1.5", "esx2", "esx2-smp", "ace1"),
    }


def test_no_esx_of_the_guide_takes_an_ide_disk_and_every_hosted_product_does() -> None:
    for product in of_the_guide():
        assert ("ide" in product.disk_buses) == (product.family != "esx"), product.id
        assert "scsi" in product.disk_buses


def test_buses_follow_the_hardware_version_a_product_makes() -> None:
    for product in products().values():
        if product.creates is None or product.family == "hardware":
            continue
        assert ("sata" in product.disk_buses) == (product.creates >= 10), product.id
        assert ("nvme" in product.disk_buses) == (product.creates >= 13), product.id


def test_disk_formats_by_family_and_age() -> None:
    for product in products().values():
        if product.id in {"ws2", "ws3", "gsx1", "gsx2"}:
            assert product.native_formats == {"legacy"}
        elif product.family in ESX_FORMATS:
            assert product.native_formats == {"esx"}
        elif product.family != "hardware":
            assert product.native_formats == {"hosted"}
        assert product.native_formats <= product.readable_formats


def test_who_upgrades_disks_from_before_workstation_4() -> None:
    readers = {product.id for product in products().values() if "legacy" in product.readable_formats}
    assert readers == {"ws2", "ws3", "gsx1", "gsx2", "ws4", "gsx3", "ws5.0", "ws5.5", "server1"}


def test_snapshots_by_generation() -> None:
    for product in products().values():
        if product.generation in {2, 3} or product.id.startswith("esx2"):
            wanted = "none" if product.family != "hardware" else product.snapshots
            assert product.snapshots == wanted, product.id
    assert {products()[name].snapshots for name in ("ws4", "gsx3", "server1")} == {"single"}
    assert {products()[name].snapshots for name in ("ws5.0", "ws6", "esx3", "ws17", "esxi8.0")} == {"many"}


def test_the_first_players_and_a_service_make_no_machines() -> None:
    assert {product.id for product in products().values() if not product.creates_vms} == {
        "player1",
        "player2",
        "player2.5",
        "vmc",
    }


def test_runs() -> None:
    esxi67 = products()["esxi6.7"]
    assert [version for version in range(24) if esxi67.runs(version)] == [4, 7, 8, 9, 10, 11, 12, 13, 14]
    assert [version for version in range(24) if products()["ws6"].runs(version)] == [3, 4, 6]


def test_one_product_is_the_edition_with_virtual_smp_of_another() -> None:
    assert [name for name in products() if is_smp_edition(name)] == ["esx2-smp"]


# What hosts have answered: which versions they create and run, of those from 3 on (facts of 2026-11-25).
HOSTS = {
    "esxi6.5": {4, *range(7, 14)},
    "esxi6.7u2": {4, *range(7, 16)},
    "esxi7.0": {4, *range(7, 18)},
    "esxi7.0u2": {4, *range(7, 20)},
    "esx9.1": {4, *range(7, 23)},
}


@pytest.mark.parametrize(("name", "versions"), HOSTS.items())
def test_a_host_runs_and_converts_to_what_it_has_answered(name: str, versions: set[int]) -> None:
    host = products()[name]
    assert {version for version in range(3, 24) if host.runs(version)} == versions
    assert set(host.converts_to) == versions
    assert host.unverified.isdisjoint({"runs_min", "runs_max", "runs_except", "converts_to"})


def test_no_esx_from_5_on_runs_what_hosted_products_alone_have() -> None:
    for product in products().values():
        if product.family == "esx" and product.runs_max >= 8:
            assert not any(map(product.runs, (5, 6))), product.id


def test_kind() -> None:
    assert products()["esx3"].esx is True
    assert products()["ws5.5"].esx is False
    assert products()["ws2"].esx is False
    assert products()["hw13"].esx is True
    assert products()["hw12"].esx is None
    assert products()["hw6"].esx is False
    assert products()["hw14"].esx is None


def test_bare_hardware_versions_are_products_of_their_own() -> None:
    bare = {name: product for name, product in products().items() if product.family == "hardware"}
    assert list(bare) == [f"hw{number}" for number in (3, 4, *range(6, 23))]
    assert list(products())[-len(bare) :] == list(bare)
    for product in bare.values():
        assert [version for version in range(24) if product.runs(version)] == [product.creates]
        assert product.released
    assert bare["hw4"].released == "2005"
    assert bare["hw9"].disk_buses == {"ide", "scsi"}
    assert bare["hw13"].disk_buses == {"ide", "scsi", "sata", "nvme"}


def test_every_hardware_version_that_products_make_is_offered_by_their_kind() -> None:
    for product in products().values():
        if product.creates is None or product.family == "hardware":
            continue
        version = hardware_versions()[product.creates]
        assert ("esx" if product.family in ESX_FORMATS else "hosted") in version.offered, product.id
        assert product.generation in {None, version.generation}, product.id


def test_releases_sort() -> None:
    orders = [products()[name].released_order for name in ("ws2", "esx1", "fusion1", "esxi6.7", "ws25h2", "ws26h1")]
    assert orders == sorted(orders)
    assert products()["fusion1"].released_order == 20070806
    assert products()["ws25h2"].released_order == 20251014


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("esxi-6.7", "esxi6.7"),
        ("esxi6.7u1", "esxi6.7u1"),
        ("esxi6.7u2", "esxi6.7u2"),
        ("esxi6.7u3", "esxi6.7u3"),
        ("esxi 6.7.2", "esxi6.7u2"),
        ("esxi-6.7.1", "esxi6.7u1"),
        ("ESXi 6.7 Update 2", "esxi6.7u2"),
        ("vsphere-8.0u2", "esxi8.0u2"),
        ("vSphere 7", "esxi7"),
        ("8.0U3", "esxi8.0u3"),
        ("esxi7.0u3c", "esxi7.0u3"),
        ("esxi7u3", "esxi7.0u3"),
        ("esxi7.0.3", "esxi7.0u3"),
        ("VMware ESXi 7.0.1", "esxi7.0u1"),
        ("esx8", "esxi8"),
        ("esxi9.0", "esx9.0"),
        ("esx9.0.1", "esx9.0"),
        ("esxi4.1", "esx4.1"),
        ("esx4", "esx4"),
        ("esx3.5", "esx3"),
        ("esx3.5u4", "esx3"),
        ("ESX Server 3i", "esx3"),
        ("VI3", "esx3"),
        ("ESX Server 3", "esx3"),
        ("esx2.5", "esx2"),
        ("esx2.5.4", "esx2"),
        ("esx2-smp", "esx2-smp"),
        ("ESX 2.5 SMP", "esx2-smp"),
        ("ESX Server 2.x with Virtual SMP", "esx2-smp"),
        ("ESX Server 2.x", "esx2"),
        ("ESX Server 1.5.x", "esx1.5"),
        ("ESX Server 1.0.x", "esx1"),
        ("esx1.1", "esx1"),
        ("esx1.5.2", "esx1.5"),
        ("workstation-17.5", "ws17.5"),
        ("Workstation 17.6.4 Pro", "ws17.6"),
        ("VMware Workstation Pro 17", "ws17"),
        ("ws17.0.2", "ws17.0"),
        ("ws16.1", "ws16.1"),
        ("ws16.2.5", "ws16.2"),
        ("ws15.5", "ws15.5"),
        ("ws5", "ws5.5"),
        ("WS5.5.9", "ws5.5"),
        ("ws5.0", "ws5.0"),
        ("ws5.0.1", "ws5.0"),
        ("Workstation 5.x", "ws5.5"),
        ("Workstation 5.0.x", "ws5.0"),
        ("Workstation 6.x", "ws6"),
        ("ws6.0.5", "ws6"),
        ("ws6.5.3", "ws6.5"),
        ("ws4.5", "ws4"),
        ("ws25h2", "ws25h2"),
        ("Workstation 25H2", "ws25h2"),
        ("ws25.0", "ws25h2"),
        ("ws26h1u1", "ws26h1u1"),
        ("ws26.0", "ws26h1"),
        ("VMware Workstation 12 Player", "player12"),
        ("Workstation Player 16.2", "player16.2"),
        ("vmplayer 6", "player6"),
        ("VMware Player 2.x", "player2"),
        ("fusion13", "fusion13"),
        ("Fusion 13.6 Pro", "fusion13.6"),
        ("VMware Fusion 1.x", "fusion1"),
        ("fusion8.5", "fusion8.5"),
        ("VMware Server 1", "server1"),
        ("VMware Server 1.x", "server1"),
        ("server 2.0.2", "server2"),
        ("GSX Server 3.x", "gsx3"),
        ("gsx2.5", "gsx2"),
        ("VMware ACE 2.x", "ace2"),
        ("ace 2.5", "ace2.5"),
        ("Lab Manager 2", "labmanager2"),
        ("labmanager4", "labmanager4"),
        ("ACE 2.6", "ace2.6"),
        ("ace2.7.1", "ace2.7"),
        ("player17.5", "player17.5"),
        ("VMware Workstation 17.6 Player", "player17.6"),
        ("ESXi 8.0 U3e", "esxi8.0u3"),
        ("vcf9", "esx9"),
        ("VCF 9.0.1", "esx9.0"),
        ("vcf-9.1", "esx9.1"),
        ("vmc", "vmc"),
        ("VMware Cloud on AWS", "vmc"),
        ("workstation 17 pro", "ws17"),
        ("fusion12", "fusion12"),
        ("esxi6.7.0", "esxi6.7"),
        ("ws25h2u1", "ws25h2u1"),
        ("hw19", "hw19"),
        ("HW-19", "hw19"),
        ("vmx-19", "hw19"),
        ("VMX_07", "hw7"),
        ("hardware version 7", "hw7"),
    ],
)
def test_spellings(spelling: str, name: str) -> None:
    assert find_target(spelling).id == name


def test_every_id_and_alias_leads_home() -> None:
    for product in products().every():
        assert find_target(product.id) is products().named(product.id)
        for alias in product.aliases:
            assert find_target(alias) is product


@pytest.mark.parametrize(
    ("spelling", "releases"),
    [
        ("esxi6.7", 4),
        ("vSphere 7.0", 4),
        ("ESXi 8.0", 4),
        ("esxi7.0ga", 0),
        ("ESXi 7.0 GA", 0),
        ("esxi7.0.0", 0),
        ("esxi6.5", 0),
        ("esxi8.0u1", 0),
    ],
)
def test_a_number_with_a_point_may_be_the_name_of_several_releases_and_of_the_first(
    spelling: str, releases: int
) -> None:
    found = find_target(spelling)
    assert len(found.releases) == releases
    if releases:
        # Who has only an id has the one release, whose steps serve them all.
        oldest = products()[found.id]
        assert (oldest.id, oldest.releases) == (found.releases[0], ())


@given(
    st.sampled_from(sorted(product.id for product in products().every())),
    st.sampled_from(["", "-", " ", "_"]),
    st.booleans(),
    st.booleans(),
)
def test_case_separators_and_the_maker_change_nothing(name: str, separator: str, shout: bool, maker: bool) -> None:
    text = re.sub(r"(?<=[a-z])(?=\d)", separator, name, count=1)
    text = ("VMware " if maker else "") + (text.upper() if shout else text)
    assert find_target(text).id == name


@pytest.mark.parametrize(
    ("spelling", "named", "unnamed"),
    [
        ("esxi6.1", {"esxi6.0", "esxi6.5"}, {"ws6"}),
        ("ws13", {"ws12", "ws14"}, {"player12"}),
        ("fusion9", {"fusion8", "fusion10"}, {"ws9"}),
        ("esx9.2", {"esx9.1"}, {"ws9"}),
        ("hw5", {"hw4", "hw6"}, {"ws5.5"}),
        ("hw23", {"hw22"}, {"ws25h2"}),
        ("wrokstation6", {"ws6"}, {"fusion6"}),
        ("esix6.7", {"esxi6.7"}, {"ws6.5"}),
        ("esx3-smp", {"esx3"}, {"ws3"}),
        ("esxi67", {"esxi6.7"}, {"esxi6.5"}),
        ("6.7", {"esxi6.7"}, {"ws6"}),
        ("ws26h2", {"ws26h1"}, {"ws25h2"}),
        ("ws17.7", {"ws17.5", "ws17.6"}, {"ws16.2"}),
        ("esxi8.0u4", {"esxi8.0u3"}, {"esx9.0"}),
        ("workstaton17", {"ws17"}, {"player17"}),
        ("vcenter8", {"esxi8.0", "esxi8.0u3"}, {"esxi7.0"}),
        ("kvm", set(), {"hw9", "vmc"}),
        ("ws", {"ws26h1", "ws26h1u1"}, {"player8", "ws8"}),
    ],
)
def test_an_unknown_target_names_the_nearest(spelling: str, named: set[str], unnamed: set[str]) -> None:
    with pytest.raises(UsageError) as caught:
        find_target(spelling)
    message = str(caught.value)
    assert repr(spelling) in message
    ids = set(re.findall(r"[a-z][\w.-]*\d[\w.]*", message.partition("nearest are")[2]))
    assert named <= ids
    assert not unnamed & ids


@pytest.mark.parametrize(
    ("spelling", "why"),
    [
        ("vcenter8", "manages hosts and runs no VMs itself"),
        ("VMware vCenter Server 7.0 U3", "manages hosts and runs no VMs itself"),
        ("VCSA", "manages hosts and runs no VMs itself"),
        ("vcf5", "name that"),
        ("esxi-arm8", "runs guests for Arm alone"),
        ("ws1", "older than anything"),
        ("Workstation 1.0.1", "older than anything"),
    ],
)
def test_a_name_that_is_no_target_is_told_why(spelling: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        find_target(spelling)


def test_a_name_for_several_releases_stands_for_its_oldest() -> None:
    seventeen = find_target("ws17")
    assert seventeen.releases == ("ws17.0", "ws17.5", "ws17.6")
    assert (seventeen.row, seventeen.runs_max) == ("ws17.0", 20)
    assert "ws17" not in list(products())
    assert "ws17" in products()


def test_a_release_that_differs_in_its_name_alone_is_no_row_of_its_own() -> None:
    third = products()["esxi8.0u3"]
    assert (third.name, third.row, third.released) == ("ESXi 8.0 Update 3", "esxi8.0u2", "")
    assert "esxi8.0u3" not in list(products())


@pytest.mark.parametrize(("name", "most"), [("esxi8.0", 32), ("esxi8.0u1", 64), ("esxi8.0u2", None), ("ws17.0", None)])
def test_passthrough_depends_on_the_host_too(name: str, most: int | None) -> None:
    assert products()[name].max_passthrough == most


@pytest.mark.parametrize(("name", "most"), [("ws7.0", 4), ("ws7.1", 8), ("ws7", 4), ("ws8", 8)])
def test_workstation_7_takes_more_processors_since_7_1(name: str, most: int) -> None:
    product = products()[name]
    assert product.max_vcpus == most
    assert "max_vcpus" not in product.unverified


def test_products_of_one_build_share_what_their_engine_says() -> None:
    ours, theirs, third = (products()[name] for name in ("ws16.2", "player16.2", "fusion12.2"))
    for other in (theirs, third):
        for field in ("runs_min", "runs_max", "max_vcpus", "max_memory_mib", "disk_buses", "native_formats"):
            assert getattr(other, field) == getattr(ours, field)
            assert other.backing.of(field) == ours.backing.of(field)
    assert theirs.converts_to == ()


def test_a_source_does_not_speak_of_what_came_after_it() -> None:
    assert "max_vcpus" not in products()["ws16.2"].unverified
    assert products()["ws16.2"].source_of("max_vcpus") == "fusion-12-help"
    assert "max_vcpus" in products()["ws17.0"].unverified


@pytest.mark.parametrize(
    "spelling", ["", "virtualbox", "8.0", "19", "٣", "ws17; rm -rf", "ws" + "9" * 5000, "\x1b[31m"]
)
def test_what_is_like_no_target_is_refused_in_one_printable_line(spelling: str) -> None:
    with pytest.raises(UsageError) as caught:
        find_target(spelling)
    assert str(caught.value).isprintable()


@given(st.text())
def test_any_text_is_answered_or_refused(text: str) -> None:
    try:
        found = find_target(text)
    except UsageError:
        return
    assert found.id in products()


def test_products_of_a_family_never_run_less_than_their_elders() -> None:
    for older, newer in pairwise(products().values()):
        if older.family == newer.family and older.family != "hardware":
            assert older.runs_max <= newer.runs_max


def damaged(text: str, name: str, old: str, new: str) -> str:
    """A shipped file with one line of one block changed."""
    blocks = re.split(r"(?m)^(?=\[\[)", text)
    for index, block in enumerate(blocks):
        if f'\nid = "{name}"\n' in block:
            assert old in block
            blocks[index] = block.replace(old, new, 1)
            return "".join(blocks)
    raise AssertionError(name)


@pytest.mark.parametrize(
    ("name", "old", "new", "column"),
    [
        ("hosted-6", 'runs = "3..6"', 'runs = "3-6"', "runs"),
        ("hosted-6", 'runs = "3..6"', 'runs = "6..3"', "runs"),
        ("hosted-6", 'runs = "3..6"', 'runs = "3..5"', "creates"),
        ("hosted-6", 'runs = "3..6"', 'runs = "3..6 -9"', "runs"),
        ("hosted-6", '"3 4 6"', '"3 4 9"', "converts_to"),
        ("hosted-6", '"3 4 6"', '"6 4 3"', "converts_to"),
        ("hosted-6", '"3 4 6"', '"three"', "converts_to"),
        ("hosted-6", '"ide scsi"', '"ide tape"', "disk_buses"),
        ("hosted-6", '"ide scsi"', '"ide ide"', "disk_buses"),
        ("hosted-6", 'kind = "hosted"', 'kind = "mainframe"', "kind"),
        ("hosted-6", 'since = "2007"', 'since = "May"', "since"),
        ("hosted-6", "max_nics = ", "wheels = ", "wheels"),
        ("hosted-6", 'source = "', 'source = "" # "', "source"),
        ("hosted-6", "checked = 2026-11-30", "checked = 20261129", "checked"),
        ("hosted-6", "from = { ", 'from = { wheels = "general", ', "from"),
        ("hosted-6", "from = { ", 'disputed = { max_vcpus = " " }\nfrom = { ', "disputed"),
        ("hosted-6", 'id = "hosted-6"', 'id = "hosted-4"', "id"),
        ("hosted-8", 'runs = "3..8"', 'runs = "3..6"', "creates"),
        ("hosted", 'snapshots = "many"', 'snapshots = "few"', "snapshots"),
        ("hosted", 'readable_formats = "hosted"', 'readable_formats = "esx"', "readable_formats"),
        ("ws6", 'family = "workstation"', 'family = "mainframe"', "family"),
        ("ws6", 'engine = "hosted-6"', 'engine = "hosted-5"', "engine"),
        ("ws6", 'aliases = "ws6.0"', 'aliases = "ws8.0"', "aliases"),
        ("ws6", 'aliases = "ws6.0"', 'aliases = "fusion6.1"', "aliases"),
        ("ws6", 'covers = "6.0"', 'covers = "six"', "covers"),
        ("ws6", 'source = "general"', 'released = "1999"\nsource = "general"', "released"),
        ("ws6", 'source = "general"', 'released = "May"\nsource = "general"', "released"),
        ("ws5.0", "smp = false", 'smp = "no"', "smp"),
        ("ws5.0", "smp = false", "smp = true", "max_vcpus"),
        ("ws5.5", 'id = "ws5.5"', 'id = "ws5.0"', "id"),
        ("ws17.5", '"ws17.6" =', '"ws17.5" =', "also"),
        ("ws17", '"ws17.0 ws17.5 ws17.6"', '"ws17.0 ws17.9"', "releases"),
        ("ws17", 'id = "ws17"', 'id = "ws17.5"', "id"),
        ("player2.5", "creates_vms = false", "creates_vms = true", "creates"),
    ],
)
def test_a_broken_line_is_named(name: str, old: str, new: str, column: str) -> None:
    texts = [damaged(it, name, old, new) if f'\nid = "{name}"\n' in it else it for it in (ENGINES, SHIPPED)]
    with pytest.raises(KnowledgeError, match=rf"(?:products|engines)\.toml: row [\w.-]+: column {column}: "):
        names_of(read_products(texts[0], texts[1], hardware_versions()))


def test_a_word_belongs_to_one_family() -> None:
    text = SHIPPED.replace('words = "fusion ', 'words = "ws fusion ', 1)
    with pytest.raises(KnowledgeError, match="row fusion: column words"):
        read_products(ENGINES, text, hardware_versions())
