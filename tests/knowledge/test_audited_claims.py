"""What an audit of a hundred rows of the data found wrong or in dispute, row by row: none of it may come back.

The table stands in section 5 of `products-checked.md` beside the project; each test is a row or a sentence of it.
"""

from __future__ import annotations

import pytest

from vmxtool.errors import UsageError
from vmxtool.knowledge.devices import devices
from vmxtool.knowledge.features import features
from vmxtool.knowledge.guests import guests
from vmxtool.knowledge.hardware import hardware
from vmxtool.knowledge.product import ENGINES, Product
from vmxtool.knowledge.product_names import find_target
from vmxtool.knowledge.products import products
from vmxtool.knowledge.sources import source, sources


def _row(name: str) -> Product:
    return products()[name]


def test_esxi_7_runs_and_makes_all_from_7_to_17() -> None:
    esxi = _row("esxi7.0")
    assert [no for no in range(1, 30) if esxi.runs(no)] == [4, *range(7, 18)]
    assert esxi.converts_to == (4, *range(7, 18))


@pytest.mark.parametrize(
    ("name", "vcpus", "verified"),
    [("ws7.0", 4, True), ("ws7.1", 8, True), ("player3.0", 4, True), ("player3.1", 8, False)],
)
def test_eight_processors_came_with_workstation_7_1(name: str, vcpus: int, verified: bool) -> None:
    assert _row(name).max_vcpus == vcpus
    assert ("max_vcpus" not in _row(name).unverified) == verified


def test_data_sets_are_known_by_the_keys_that_a_config_has() -> None:
    assert set(devices()["data-sets"].keys) == {"datasetsmgr.diskstorefile", "datasetsmgr.vmstorefile"}


def test_fusion_12_2_opens_what_is_encrypted_in_part() -> None:
    feature = features()["opens-partial-encryption"]
    assert feature.holds(_row("fusion12.2"))
    assert feature.holds(_row("fusion13.0"))
    assert not feature.holds(_row("fusion12.0"))


@pytest.mark.parametrize("name", ["freeBSD11", "freeBSD12", "freeBSD13", "freeBSD14", "freeBSD15"])
def test_a_newer_freebsd_is_given_no_vlance(name: str) -> None:
    assert guests()[name].nic_model in {"e1000e", "vmxnet3"}


def test_keys_of_vbs_rest_on_a_source_that_has_them() -> None:
    # open-vmdk has the names that OVF gives them, and not those of a config.
    assert not [it for it in devices()["vbs"].sources if it.startswith("open-vmdk")]


@pytest.mark.parametrize(
    ("name", "most"),
    [("esxi7.0", 16), ("esxi8.0", 32), ("esxi8.0u1", 64), ("esxi8.0u2", 128)],
)
def test_passthrough_is_asked_by_product_and_version(name: str, most: int) -> None:
    product = _row(name)
    row = hardware(product.runs_max)
    assert row is not None
    assert min(product.max_passthrough or 9999, row.pci_passthrough or 9999) == most


def test_what_nobody_read_is_not_said_to_be_read() -> None:
    for name in ("kb:1881", "kb:1016192", "general"):
        assert not source(name)[0].confirms(""), name
    assert "kb:312100" not in sources()


@pytest.mark.parametrize(
    ("name", "version", "fits"),
    [
        ("amazonlinux2-64", 13, "other3xlinux-64"),
        ("other4xlinux-64", 13, "other3xlinux-64"),
        ("darwin21-64", 17, "darwin19-64"),
        ("vmkernel65", 8, "vmkernel5"),
    ],
)
def test_an_older_name_is_looked_for_until_the_version_has_it(name: str, version: int, fits: str) -> None:
    guest = guests()[name]
    while guest.min_hw is not None and guest.min_hw > version:
        assert guest.older, guest.id
        guest = guests()[guest.older]
    assert guest.id == fits


def test_the_first_version_of_a_guest_in_no_recorded_list_is_unverified() -> None:
    assert "min_hw" in guests()["asianux9-64"].unverified


@pytest.mark.parametrize(
    ("reference", "day", "confirms"),
    [
        ("fusion-12-help", "2023-10-19", False),
        ("fusion-12-help", "2021", True),
        ("ws-25h2-article", "2026-05", False),
    ],
)
def test_a_source_does_not_speak_of_what_came_after_it(reference: str, day: str, confirms: bool) -> None:
    assert source(reference)[0].confirms(day) is confirms


@pytest.mark.parametrize(
    ("disputed", "field"),
    [
        (_row("ace2").backing.disputed, "runs_max"),
        (hardware(7) and hardware(7).backing.disputed, "memory_mib_esx"),  # type: ignore[union-attr]
        (hardware(17) and hardware(17).backing.disputed, "vcpus_esx"),  # type: ignore[union-attr]
        (hardware(14) and hardware(14).backing.disputed, "cores_per_socket"),  # type: ignore[union-attr]
        (_row("esx4.0").backing.disputed, "runs_except"),
        (devices()["cpu-hot-add"].backing.disputed, "first_hardware"),
    ],
)
def test_where_sources_disagree_the_data_says_so(disputed: dict[str, str], field: str) -> None:
    assert field in {it.partition(".")[0] for it in disputed}


def test_products_of_one_build_have_one_row_for_what_they_share() -> None:
    for name in ("12", "14", "15", "16.0", "16.2", "17.0", "17.5"):
        one, other = _row(f"ws{name}"), _row(f"player{name}")
        shared = [(it.runs_min, it.runs_max, it.max_memory_mib, it.max_vcpus, it.disk_buses) for it in (one, other)]
        assert shared[0] == shared[1], (name, ENGINES)


@pytest.mark.parametrize("name", ["hw23", "esx9.2", "ws26h2", "fusion26h2"])
def test_nothing_answers_for_what_is_not_known(name: str) -> None:
    with pytest.raises(UsageError, match="unknown target"):
        find_target(name)


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("player17.5", "player17.5"),
        ("player17.6", "player17.6"),
        ("ace2.6", "ace2.6"),
        ("ace2.7", "ace2.7"),
        ("labmanager3", "labmanager3"),
        ("labmanager4", "labmanager4"),
        ("vmc", "vmc"),
        ("vcf9.1", "esx9.1"),
        ("vcf9", "esx9"),
        ("esxi8.0u3", "esxi8.0u3"),
    ],
)
def test_what_people_type_is_answered_by_its_own_name(name: str, own: str) -> None:
    assert find_target(name).id == own


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("esx9.1", "2026-05-12"),
        ("esx9.0", "2025-06-17"),
        ("esxi8.0", "2022-10-11"),
        ("esxi7.0", "2020-04-02"),
        ("esxi7.0u1", "2020-10-06"),
        ("esxi6.7", "2018-04-17"),
        ("esxi6.7u2", "2019-04-11"),
        ("esxi6.5", "2016-11-15"),
        ("esxi6.0", "2015-03-12"),
        ("esxi5.5", "2013-09-19"),
        ("ws25h2", "2025-10-14"),
        ("fusion25h2", "2025-10-14"),
        ("ws17.0", "2022-11-17"),
        ("fusion13.0", "2022-11-17"),
        ("fusion13.5", "2023-10-19"),
    ],
)
def test_the_day_of_a_release_is_that_of_its_source(name: str, day: str) -> None:
    assert _row(name).released == day


def test_no_source_gives_the_figures_of_fusion_26h1() -> None:
    assert {"max_vcpus", "max_memory_mib", "runs_max"} <= _row("fusion26h1").unverified


def test_what_fusion_4_converts_to_is_in_doubt() -> None:
    assert "converts_to" in _row("fusion4").unverified
