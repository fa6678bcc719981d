"""The hardware versions agree with a second reading, and never lose what an older one had."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vmxtool.errors import KnowledgeError
from vmxtool.knowledge import hardware as versions
from vmxtool.knowledge.hardware import hardware, hardware_versions

SHIPPED = (Path(versions.__file__).parent / "hardware.toml").read_text(encoding="utf-8")

# Read a second time, by hand: version, processors and memory in GiB under ESX, cores per socket, network adapters under
# ESX, controllers of SCSI, SATA and NVMe.
ESX = [
    (4, 4, 64, 1, 4, 4, 0, 0),
    (7, 8, 255, 8, 10, 4, 0, 0),
    (8, 32, 1011, 32, 10, 4, 0, 0),
    (9, 64, 1011, 64, 10, 4, 0, 0),
    (10, 64, 1011, 64, 10, 4, 4, 0),
    (11, 128, 4080, 128, 10, 4, 4, 0),
    (13, 128, 6128, 128, 10, 4, 4, 4),
    (14, 128, 6128, 128, 10, 4, 4, 4),
    (15, 256, 6128, 128, 10, 4, 4, 4),
    (17, 256, 6128, 128, 10, 4, 4, 4),
    (18, 768, 24560, 128, 10, 4, 4, 4),
    (19, 768, 24560, 128, 10, 4, 4, 4),
    (20, 768, 24560, 256, 10, 4, 4, 4),
    (21, 768, 24560, 256, 10, 4, 4, 4),
    (22, 960, 24560, 960, 10, 4, 4, 4),
]


@pytest.mark.parametrize(("number", "vcpus", "gib", "cores", "nics", "scsi", "sata", "nvme"), ESX)
def test_limits_under_esx_are_those_of_the_second_reading(
    number: int, vcpus: int, gib: int, cores: int, nics: int, scsi: int, sata: int, nvme: int
) -> None:
    version = hardware(number)
    assert version is not None
    assert [version.limit(name, esx=True) for name in ("vcpus", "memory_mib", "cores_per_socket", "nics")] == [
        vcpus,
        gib * 1024,
        cores,
        nics,
    ]
    assert [version.controllers(bus) for bus in ("scsi", "sata", "nvme")] == [scsi, sata, nvme]


@pytest.mark.parametrize(("number", "vcpus", "mib", "nics"), [(3, 1, 3600, 4), (4, 2, 3600, 4), (6, 2, 8192, 10)])
def test_limits_of_the_old_hosted_versions(number: int, vcpus: int, mib: int, nics: int) -> None:
    version = hardware(number)
    assert version is not None
    assert [version.limit(name, esx=False) for name in ("vcpus", "memory_mib", "nics")] == [vcpus, mib, nics]


def test_who_offers_which_version() -> None:
    offered = {number: version.offered for number, version in hardware_versions().items() if number > 2}
    assert {number for number, kinds in offered.items() if kinds == {"hosted"}} == {6}
    assert {number for number, kinds in offered.items() if kinds == {"esx"}} == {13, 15, 17}
    assert {number for number, kinds in offered.items() if not kinds} == {5, 23}
    assert sorted(offered) == list(range(3, 24))


def test_version_5_is_known_to_be_invalid() -> None:
    five = hardware(5)
    assert five is not None
    assert not five.valid
    assert [number for number, version in hardware_versions().items() if not version.valid] == [5]


def test_versions_1_and_2_are_guesses() -> None:
    for number in (1, 2):
        version = hardware(number)
        assert version is not None
        assert "version" in version.unverified


def test_what_no_source_tells_is_none() -> None:
    assert hardware(24) is None
    six = hardware(6)
    assert six is not None
    assert six.limit("vcpus", esx=True) is None
    assert six.controllers("floppy") is None


def test_units_of_each_bus() -> None:
    nineteen = hardware(19)
    assert nineteen is not None
    assert {bus: nineteen.units(bus) for bus in versions.BUSES} == {"ide": 2, "scsi": 15, "sata": 30, "nvme": 15}
    assert nineteen.pvscsi_units == 64


def test_generations_are_those_of_the_guide() -> None:
    assert {number: versions.generation_of(number) for number in (1, 2, 3, 4, 6, 7)} == {
        1: 2,
        2: 3,
        3: 4,
        4: 5,
        6: 6,
        7: None,
    }
    assert versions.generation_of(None) is None
    assert versions.generation_of(99) is None


def test_the_newest_known_version_is_one_that_a_product_has() -> None:
    assert versions.newest_known() == 22


def test_either_kind_gives_the_larger_limit() -> None:
    four = hardware(4)
    assert four is not None
    assert four.limit("vcpus", esx=None) == 4
    assert four.limit_column("memory_mib", esx=None) == "memory_mib_esx"
    six = hardware(6)
    assert six is not None
    assert six.limit("vcpus", esx=None) == 2


def test_an_unknown_limit_is_refused() -> None:
    four = hardware(4)
    assert four is not None
    with pytest.raises(KeyError):
        four.limit("wheels", esx=True)


def damaged(number: int, old: str, new: str) -> str:
    """The shipped file with one line of one version's block changed."""
    head, line, tail = SHIPPED.partition(f"\nversion = {number}\n")
    assert line, number
    block, rest = tail[: tail.index("\n\n")], tail[tail.index("\n\n") :]
    before = line + block
    assert before.count(f"\n{old}") == 1, (number, old)
    return head + before.replace(f"\n{old}", f"\n{new}") + rest


@pytest.mark.parametrize(
    ("number", "old", "new", "column"),
    [
        (8, "memory_mib_hosted = 1_035_264", "memory_mib_hosted = 1024", "memory_mib_hosted"),
        (10, 'sata = "4x30"', 'sata = "4x"', "sata"),
        (10, 'sata = "4x30"', 'sata = "many"', "sata"),
        (11, 'sata = "4x30"', 'sata = "3x30"', "sata"),
        (14, 'scsi = "4x15"', 'scsi = "4x14"', "scsi.units"),
        (9, "vcpus_hosted = 64", 'vcpus_hosted = 64\nvalid = "yes"', "valid"),
        (9, 'snapshots = "many"', 'snapshots = "some"', "snapshots"),
        (9, 'offered = "hosted esx"', 'offered = "mainframe"', "offered"),
        (9, "vcpus_hosted = 64", "vcpus_hosted = -1", "vcpus_hosted"),
        (9, "checked = 2026-11-29", 'checked = "today"', "checked"),
        (9, "checked = 2026-11-29", "", "checked"),
        (9, "vcpus_hosted = 64", "wheels = 4", "wheels"),
        (12, 'from = { vcpus_hosted = "general"', 'from = { wheels = "general"', "from"),
        (7, "disputed = { memory_mib_esx", "disputed = { wheels", "disputed"),
        (7, 'highest = { memory_mib_esx = "262144 ', 'highest = { memory_mib_esx = "261119 ', "highest"),
        (7, 'highest = { memory_mib_esx = "262144 ', 'highest = { vcpus_esx = "262144 ', "highest"),
        (
            7,
            'highest = { memory_mib_esx = "262144 vsphere-8.0-docs"',
            'highest = { memory_mib_esx = "much vsphere-8.0-docs"',
            "highest",
        ),
        (
            7,
            'highest = { memory_mib_esx = "262144 vsphere-8.0-docs"',
            'highest = { memory_mib_esx = "262144 general"',
            "highest",
        ),
        (5, 'source = "', 'source = "" # "', "source"),
    ],
)
def test_a_broken_cell_is_named(number: int, old: str, new: str, column: str) -> None:
    text = damaged(number, old, new)
    with pytest.raises(KnowledgeError, match=rf"hardware\.toml: row {number}: column {re.escape(column)}: "):
        versions.read_hardware(text)


def test_versions_have_to_rise() -> None:
    with pytest.raises(KnowledgeError, match="row 8: column version: the versions do not rise"):
        versions.read_hardware(damaged(7, "version = 7", "version = 30"))


def test_a_version_stands_once() -> None:
    with pytest.raises(KnowledgeError, match="row 7: column version: it stands twice"):
        versions.read_hardware(damaged(8, "version = 8", "version = 7"))


def test_less_needs_a_reason_and_a_reason_needs_less() -> None:
    text = damaged(20, "cores_per_socket = 256", "cores_per_socket = 32")
    with pytest.raises(KnowledgeError, match=r"row 20: column cores_per_socket: 32 is less"):
        versions.read_hardware(text)
    excused = versions.read_hardware(text + '\n"20.cores_per_socket" = "the source says so"\n')
    assert excused[20].cores_per_socket == 32
    with pytest.raises(KnowledgeError, match="nothing is less"):
        versions.read_hardware(SHIPPED + '\n"20.cores_per_socket" = "no reason"\n')
