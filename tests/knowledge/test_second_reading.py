"""The guide's tables were read twice, apart from each other; here the readings are compared, cell by cell."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from vmxtool.knowledge import tables as guide
from vmxtool.knowledge.cells import CONVERTER_VERDICTS, EFFORT_VERDICTS, VERDICTS, Cell, ParsedCell, read_cell
from vmxtool.knowledge.guide_names import names
from vmxtool.report.words import short_name

FOLDER = Path(__file__).parent / "second_reading"
PRODUCTS = {*names().generation, *names().groups}

# Where the second reading has other words for the same thing.
ITS_WORDS = {
    1: {"yes": "supported", "no": "blank"},  # and without the formats that the rows name in brackets
    2: {"maybe": "varies"},  # printed is "Varies"
}

# The first reading gives the page on which a table's section begins, the second the page that bears the table itself.
# They differ where a section runs over to the next page before its table comes; the text settles neither as wrong.
TABLE_ON_THE_NEXT_PAGE = {1: (8, 9), 18: (27, 28)}

CELLS = [cell for table in guide.tables() for cell in table.cells()]


@cache
def second(number: int) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"t{number:02d}.toml").read_text(encoding="utf-8"))


def second_cell(cell: Cell) -> ParsedCell:
    """The same cell as the second reading has it."""
    row, column = (int(part) - 1 for part in cell.address.partition(":r")[2].split("c"))
    text = second(cell.table)["rows"][row]["cells"][column]
    text = ITS_WORDS.get(cell.table, {}).get(text, text)
    verdicts = {1: CONVERTER_VERDICTS, 2: EFFORT_VERDICTS}.get(cell.table, VERDICTS)
    return read_cell(text, f"second reading, {cell.address}", PRODUCTS, verdicts)


@pytest.mark.parametrize(
    "cell", CELLS, ids=[f"{cell.address} {cell.row_label} -> {cell.column_label}" for cell in CELLS]
)
def test_both_readings_have_the_same_cell(cell: Cell) -> None:
    other = second_cell(cell)
    assert cell.verdict == other.verdict
    if cell.table > 1:
        assert cell.ways == other.ways


@pytest.mark.parametrize("number", range(1, 20))
def test_both_readings_found_the_same_rows_and_columns(number: int) -> None:
    first, other = guide.table(number), second(number)
    assert other["table"] == number
    assert [row["label"].partition(" (")[0] for row in other["rows"]] == [
        row.label.partition(" (")[0] for row in first.rows
    ]
    assert [head.lower() for head in other["columns"]] == [head.lower() for head in first.columns]
    assert all(len(row["cells"]) == len(other["columns"]) for row in other["rows"])


def test_the_brackets_of_table_1_name_the_formats_of_the_first_reading() -> None:
    for row, other in zip(guide.table(1).rows, second(1)["rows"], strict=True):
        bracket = other["label"].partition(" (compatible with ")[2]
        named = row.cells[0].ways[0].steps[0].products
        for product_id in named[1:] if bracket else ():
            # Workstation 5.x is printed as one product; it is the format itself and not one compatible with it.
            assert product_id == "ws5.5" or short_name(product_id) in bracket, (row.label, product_id)


def test_the_readings_count_the_pages_of_two_tables_differently_and_of_no_other() -> None:
    pages = {number: (guide.table(number).page, second(number)["page"]) for number in range(1, 20)}
    assert {number: both for number, both in pages.items() if both[0] != both[1]} == TABLE_ON_THE_NEXT_PAGE


def test_the_second_reading_is_one_of_its_own() -> None:
    assert all("read_on" in second(number) for number in range(1, 20))
    assert {path.name for path in FOLDER.iterdir()} == {f"t{number:02d}.toml" for number in range(1, 20)}
