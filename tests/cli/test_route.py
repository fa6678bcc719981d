"""`vmxtool route`: with a VM, without one, and with products at hand."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from build import write_config
from typer.testing import CliRunner, Result

import vmxtool
from vmxtool.cli.app import build

SCHEMA = Path(vmxtool.__file__).parent / "report" / "documents" / "schema" / "route.json"


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*words: str) -> Result:
    words = ("route", *words)
    return CliRunner(env={"TERM": "dumb", "FORCE_COLOR": "1"}).invoke(build(list(words)), list(words))


def shown(*words: str) -> str:
    result = run(*words)
    assert result.exit_code == 0, result.output
    _title, *rest = result.stdout.splitlines()  # the title is one line, however long
    assert max(map(len, rest)) <= 80
    return " ".join(result.stdout.split())


def value(*words: str) -> Any:
    result = run(*words, "--format", "json")
    assert result.exit_code == 0, result.output
    read = json.loads(result.stdout)
    jsonschema.validate(read, json.loads(SCHEMA.read_text()), cls=jsonschema.Draft202012Validator)
    return read


def test_the_staged_way_is_told_with_each_one_way_move_marked() -> None:
    told = shown("--from", "ws2", "--target", "fusion1")
    assert told.startswith("a VM of Workstation 2.x, not seen: Workstation 2.x to Fusion 1.x, 2 routes")
    first, second = told.partition("route 1 ")[2].split("route 2 ")
    assert first.startswith("Workstation 2 → Workstation 4 → Fusion 1 2 moves, 2 conversions, 1 move without a way")
    assert second.startswith("Workstation 2 → Workstation 3 → Fusion 1 2 moves, 3 conversions, 2 moves without a way")
    # Route 1 is upgraded for good on the first move; route 2 once by Workstation 3, and again on the way to Fusion.
    assert first.index("no way back to Workstation 2") < first.index(" 2. Workstation 4 → Fusion 1")
    assert second.index(" 2. Workstation 3 → Fusion 1") < second.index(
        "no way back to Workstation 3 from here; keep a copy"
    )
    assert told.count("no way back to") == told.count("it cannot be taken back") == 3
    read = value("--from", "ws2", "--target", "fusion1")
    assert [[leg["one_way"] for leg in route["legs"]] for route in read["routes"]] == [
        [True, False],
        [True, True],
    ]


def test_with_workstation_6_alone_it_says_what_is_missing() -> None:
    told = shown("--from", "ws2", "--target", "fusion1", "--have", "ws6")
    assert "Workstation 2.x to Fusion 1.x, no routes" in told
    assert "No route leads from Workstation 2 to Fusion 1 over the products at hand" in told
    assert "What is missing: Workstation 4 or GSX Server 3." in told
    assert "Workstation 3 or GSX Server 2, with Workstation 5.0, Workstation 5.5 or VMware Server 1" in told
    read = value("--from", "ws2", "--target", "fusion1", "--have", "ws6")
    assert read["routes"] == []
    assert ["ws4"] in read["missing"]
    assert "What is missing: Workstation 4, Workstation 5.0" in shown(
        "--from", "ws3", "--target", "fusion1", "--have", "ws6"
    )


def test_the_ways_of_gsx_server_1_are_those_of_workstation_2() -> None:
    one, other = (value("--from", start, "--target", "fusion1")["routes"] for start in ("gsx1", "ws2"))
    assert [route["legs"][0]["cell"] for route in one] == [route["legs"][0]["cell"] for route in other]
    assert [(route["one_way"], route["moves"]) for route in one] == [(1, 2), (2, 2)]
    assert [(route["one_way"], route["moves"]) for route in other] == [(1, 2), (2, 2)]


def test_products_at_hand_are_the_only_ones_gone_over_or_used() -> None:
    words = ("--from", "ws2", "--target", "fusion1", "--have", "ws3, Workstation 5.5")
    assert [route["over"] for route in value(*words)["routes"]] == [["ws3"]]
    # The stage between generation 3 and Fusion 1 is one of them too: an upgrade on the way, and no move of its own.
    told = shown(*words)
    assert "copy all files of the VM's folder there; open the VM in Workstation 5.5 and upgrade" in told
    # The other way of the text names both groups of which one is at hand.
    assert "Workstation 4" not in told.replace("Workstation 4 or 5", "")


def test_conditions_other_ways_and_the_way_back_are_told() -> None:
    told = shown("--from", "ws5.5", "--target", "esx2")
    assert "1. Workstation 5.5 → ESX Server 2 ·" in told
    assert "1. Workstation 5.5 → ESX Server 2 mpg:t12:r1c2" in shown("--from", "ws5.5", "--target", "esx2", "--why")
    assert "lower the hardware version from 4 to 3, devices included, which makes it a legacy VM" in told
    assert "or: VMware Converter (if ESX 2.5 under VirtualCenter 2)" in told
    legacy = shown("--from", "ws4", "--target", "ws5.5")
    assert "it can go back to Workstation 4" in legacy
    assert "or: upgrade hardware (one-way)" in legacy
    assert "no source confirms that Workstation 17.0 runs version 4" in shown("--from", "ws5.5", "--target", "ws17")


def test_where_nothing_leads_it_says_so_and_what_works_instead() -> None:
    told = shown("--from", "ws6", "--target", "ws3")
    assert "No route leads from Workstation 6 to Workstation 3 whatever products are at hand." in told
    assert "Only the other direction works" in told
    assert "No two further products would open one." in shown("--from", "ws6", "--target", "ws3", "--have", "ws5")


def test_a_vm_that_was_not_seen_has_its_conversions_named_without_commands() -> None:
    for words, said in (
        (("ws25h2", "ESXi 6.5"), "lower the hardware version from 22 to 13, devices included, with vmxtool rewrite"),
        (("ws25h2", "ESXi 6.5"), "ESXi 6.5: import scsi0:0 with vmkfstools -i, under the same name"),
        (
            ("esxi8", "ws12"),
            "export scsi0:0 from ESX, in the VM's folder there",
        ),
        (("fusion13", "ws16"), "lower the hardware version from 20 to 18, devices included, with vmxtool rewrite"),
    ):
        start, target = words
        told = shown("--from", start, "--target", target)
        assert said in told
        assert "rewrite --" not in told
        assert "the first move with all its commands" not in told


def test_a_vm_that_was_seen_has_the_commands_of_its_first_move(tmp_path: Path) -> None:
    write_config(tmp_path / "a vm", 'displayName = "Till"', hw=14)
    told = shown("--from", "ws14", "--target", "ws10", "a vm")
    assert told.startswith("Till (a vm): Workstation 14 to Workstation 10, 1 route")
    assert "vmxtool rewrite --target ws10 --from ws14 'a vm'" in told
    assert re.search(r"the first move with all its commands vmxtool check --target ws10 (--from ws14 )?'a vm'$", told)


def test_the_vm_in_the_folder_gives_the_hardware_version(tmp_path: Path) -> None:
    write_config(tmp_path, 'displayName = "Till"', hw=3)
    read = value("--from", "ws5.5", "--target", "esx2")
    assert read["hardware"] == {"version": 3, "generation": 4}
    assert read["routes"][0]["legs"][0]["cell"] == "mpg:t13:r3c2"
    told = shown("--from", "ws5.5", "--target", "esx2")
    assert told.startswith("Till (.): Workstation 5.5 to ESX Server 2.x, 1 route hardware version 3")


def test_without_from_the_origin_is_read_from_the_vm(tmp_path: Path) -> None:
    read = value("--target", "esx3", str(write_config(tmp_path / "vm", hw=6)))
    assert read["from"]["generation"] == 6
    assert read["routes"][0]["legs"][0]["from"] == read["from"]["id"]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["--target", "esx3"], 2, "no .vmx"),
        (["--target", "exs3", "--from", "ws6"], 2, "esx3"),
        (["--target", "esx3", "--from", "ws6", "--have", "ws44"], 2, "ws44"),
        (["--target", "esx3", "--from", "ws6", "nowhere.vmx"], 2, "nowhere.vmx"),
    ],
)
def test_wrong_usage_is_one_line(words: list[str], code: int, says: str) -> None:
    result = run(*words)
    assert (result.exit_code, result.stdout) == (code, "")
    assert says in result.stderr


def test_where_nothing_tells_the_origin_it_asks_for_it(samples: Path) -> None:
    result = run("--target", "esx3", str(samples / "encrypted"))
    assert result.exit_code == 2
    assert "name it with --from" in result.stderr


def test_a_product_that_does_not_run_the_vm_cannot_hold_it(tmp_path: Path) -> None:
    write_config(tmp_path, hw=6)
    result = run("--from", "ws2", "--target", "fusion1")
    assert result.exit_code == 2
    assert "hardware version 6, which Workstation 2.x does not run" in result.stderr
