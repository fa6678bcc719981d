"""`vmxtool guide`: tables, cells and pairs, as text and as JSON."""

from __future__ import annotations

import json
import re

import pytest
from typer.testing import CliRunner, Result

from vmxtool.cli.app import build
from vmxtool.knowledge import tables as guide
from vmxtool.knowledge.products import products
from vmxtool.planner.guide import hop_guide
from vmxtool.report.documents.guide_values import entries_value, entry_value


def run(*words: str) -> Result:
    words = ("guide", *words)
    return CliRunner(env={"TERM": "dumb", "FORCE_COLOR": "1"}).invoke(build(list(words)), list(words))


def shown(*words: str) -> str:
    """What the command prints, with its line breaks undone."""
    result = run(*words)
    assert result.exit_code == 0, result.output
    return " ".join(result.stdout.split())


def test_without_options_every_table_is_listed_with_its_page() -> None:
    lines = run().stdout.splitlines()
    for table in guide.tables():
        wanted = rf"^ *{table.number} +{table.page} +\d+ × \d+ +{re.escape(table.title)}$"
        assert any(re.search(wanted, line) for line in lines)


@pytest.mark.parametrize("number", range(1, 20))
def test_in_a_pipe_a_table_is_a_line_for_each_cell(number: int) -> None:
    table = guide.table(number)
    words = ["guide", "--table", str(number)]
    lines = CliRunner(env={"NO_COLOR": "1"}).invoke(build(words), words).stdout.splitlines()
    cells = [line for line in lines if re.match(r"r\d+c\d+  ", line)]
    assert len(cells) == sum(len(row.cells) for row in table.rows)
    assert [line for line in lines if line != line.rstrip()] == []


@pytest.mark.parametrize("number", range(1, 20))
def test_a_table_fits_a_terminal_of_80_and_cuts_no_word(number: int) -> None:
    result = run("--table", str(number))
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert "…" not in result.stdout
    table = guide.table(number)
    for place in [*(f"c{n + 1}" for n in range(len(table.columns))), *(f"r{n + 1}" for n in range(len(table.rows)))]:
        assert re.search(rf"│ {place} ", result.stdout)
    told = " ".join(result.stdout.split())
    for note in table.notes:
        assert f"{note.id} {note.says}" in told
        assert re.search(rf"\b{note.id}\b[^\]]*\]", result.stdout)


def test_a_cell_of_a_table_is_told_in_plain_words() -> None:
    cells = [cell.strip() for line in run("--table", "9").stdout.splitlines() for cell in line.split("│")[3:4]]
    column = " ".join(filter(None, cells))
    assert (
        "OK in most cases: VMware Converter (if ESX 2.5 under VirtualCenter 2); "
        "or export disks, upgrade hardware (one-way); or export disks, run in legacy mode [n2, n5]"
    ) in column


def test_one_pair_shows_its_cell_in_full() -> None:
    told = shown("--from", "ws5.5", "--to", "esx2")
    assert "Workstation 5.5 to ESX Server 2.x: OK in most cases" in told
    assert "mpg:t12:r1c2 table 12" in told
    assert "way 1 if ESX 2.5 under VirtualCenter 2 1. let VMware Converter move the VM to ESX Server 2" in told
    assert "way 2 1. make a legacy VM with Workstation 5.5" in told
    assert "Without VMware Converter only a VM" in told


def test_a_way_without_return_is_marked() -> None:
    told = shown("--from", "ws3", "--to", "fusion1")
    assert "how one-way 1. upgrade the virtual hardware with Workstation 4 or 5 2. upgrade" in told


def test_a_pair_that_the_text_rules_out_says_where_and_what_works_instead() -> None:
    told = shown("--from", "ws6", "--to", "ws3")
    assert "Not supported" in told
    assert "page 25" in told
    assert "Only the other direction works" in told


def test_a_pair_the_guide_does_not_treat_is_said_plainly_with_the_nearest() -> None:
    told = shown("--from", "ws17", "--to", "esx3")
    assert "does not treat this move" in told
    assert "Nearest: Workstation 6 to ESX Server 3, OK in most cases mpg:t07:r1c3" in told
    assert "vmxtool route --from ws17 --target esx3" in told


@pytest.mark.parametrize(
    ("start", "to", "says"),
    [
        ("esx3", "ace2", "mpg:p12:ace2-in-esx3"),
        ("ws6", "player2", "mpg:p12:player2-in"),
        ("ace1", "ws6", "mpg:p12:ace-out"),
        ("ws3", "player2", "mpg:p12:player2-in-generation-3"),
        ("player1", "ws5.5", "mpg:p12:player-runs-only"),
    ],
)
def test_ace_and_player_are_answered_from_the_text(start: str, to: str, says: str) -> None:
    told = shown("--from", start, "--to", to)
    assert says in told
    assert guide.fact(says).says in told
    assert "does not treat" not in told


def test_one_end_alone_lists_its_pairs() -> None:
    of_fusion = json.loads(run("--from", "fusion1", "--format", "json").stdout)
    assert [(it["to"], it["source"]) for it in of_fusion[16:]] == [
        ("player1", "mpg:p12:player1-in-generation-6"),
        ("ace2", "mpg:p12:ace2-in-generation-6"),
        ("player2", "mpg:p12:player2-in"),
    ]
    assert "p12:player2-in" in run("--from", "fusion1").stdout
    values = json.loads(run("--to", "ws5", "--format", "json").stdout)
    assert {value["to"] for value in values} == {"ws5.5"}
    assert len(values) == 20


def test_a_list_has_the_moves_of_ace_and_player_that_no_table_prints() -> None:
    values = json.loads(run("--from", "player1", "--format", "json").stdout)
    assert len(values) == 18
    assert ("ws5.5", "ok-in-most-cases", "mpg:t08:r1c1") in {(it["to"], it["verdict"], it["cell"]) for it in values}


def test_a_stand_in_is_told_in_the_direction_that_was_asked_for() -> None:
    told = shown("--from", "player1", "--to", "esx3")
    assert "as of a VM of Workstation 5.0: mpg:t08:r1c3" in told
    assert "import the virtual disks into ESX Server 3" in told
    assert "export" not in told
    assert "make a legacy VM with Player" not in shown("--from", "player1", "--to", "ws4")


# JSON


def test_json_alone_is_one_entry_per_pair_of_products() -> None:
    values = json.loads(run("--format", "json").stdout)
    assert values == entries_value(guide.entries())
    assert len({(value["from"], value["to"]) for value in values}) == len(values) == 256


@pytest.mark.parametrize("number", range(3, 20))
def test_json_of_a_table_is_the_part_of_the_whole(number: int) -> None:
    whole = [value for value in json.loads(run("--format", "json").stdout) if value["table"] == number]
    assert json.loads(run("--table", str(number), "--format", "json").stdout) == whole != []


@pytest.mark.parametrize("number", [1, 2])
def test_json_of_the_two_tables_without_pairs_gives_their_cells(number: int) -> None:
    values = json.loads(run("--table", str(number), "--format", "json").stdout)
    table = guide.table(number)
    assert [(value["cell"], value["verdict"]) for value in values] == [(c.address, c.verdict) for c in table.cells()]
    assert [value["row"] for value in values[:: len(table.columns)]] == [row.label for row in table.rows]


def test_json_of_a_pair_is_its_entry() -> None:
    entry = guide.lookup("fusion1", "esx3")
    assert entry is not None
    assert json.loads(run("--from", "fusion1", "--to", "esx3", "--format", "json").stdout) == entry_value(entry)


def test_json_of_a_move_into_ace_comes_from_the_text_and_of_an_untreated_one_is_null() -> None:
    value = json.loads(run("--from", "server1", "--to", "ace2", "--format", "json").stdout)
    assert (value["table"], value["cell"], value["verdict"]) == (None, None, "special-steps")
    assert value["source"] == "mpg:p12:ace2-in-generation-5"
    assert value["ways"][0]["steps"] == [{"do": "upgrade-hardware", "with": ["ws6"]}]
    result = run("--from", "ws17", "--to", "esx3", "--format", "json")
    assert (result.exit_code, json.loads(result.stdout)) == (0, None)


# Wrong usage


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--table", "20"], "tables 1 to 19"),
        (["--from", "gsx", "--to", "ws4"], "gsx3"),
        (["--from", "ws5", "--to", "exs3"], "esx3"),
        (["--table", "7", "--from", "ws6"], "leave --table or both others out"),
        (["--format", "html", "--table", "7"], "one page"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(words: list[str], says: str) -> None:
    result = run(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in result.stderr
    assert result.stderr.count("\n") == 1


def test_html_is_the_proof_sheet() -> None:
    result = run("--format", "html")
    assert result.exit_code == 0
    assert result.stdout.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(("start", "target"), [("esx2", "esx1.5"), ("esx3", "esx1"), ("ws6", "ws3")])
def test_a_move_that_is_not_supported_gets_no_remark_on_how_it_is_made(start: str, target: str) -> None:
    said = shown("--from", start, "--to", target)
    assert "Not supported" in said
    assert "mpg:p10" not in said
    assert "mpg:p10:virtualcenter-2" in shown("--from", "esx2", "--to", "esx3")


def test_every_move_that_is_not_supported_is_told_without_remarks() -> None:
    denied = [entry for entry in guide.entries() if entry.verdict == "not-supported"]
    assert denied
    for entry in denied:
        assert hop_guide(entry.from_id, products()[entry.from_id].creates, entry.to_id, entry.from_id).beside == ()
