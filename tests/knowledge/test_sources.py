"""Every fact leads to a document, and a broken list of documents is named where it breaks."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from vmxtool._record import replace
from vmxtool.errors import KnowledgeError
from vmxtool.knowledge import _load
from vmxtool.knowledge import sources as documents
from vmxtool.knowledge.devices import DeviceRule, devices
from vmxtool.knowledge.guests import Guest, guests
from vmxtool.knowledge.hardware import HardwareVersion, hardware_versions
from vmxtool.knowledge.product import Product
from vmxtool.knowledge.products import products

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = Path(documents.__file__).parent
HEAD = 'columns = ["id", "title", "publisher", "dated", "until", "address", "read", "stands_alone", "remark"]\n'
# The guide has 34 pages and 19 tables.
PLACE_IN_GUIDE = re.compile(r"p(?:0[1-9]|[12]\d|3[0-4])|t(?:0[1-9]|1\d)(?::r\d+c\d+|:n\d+)?")


Fact = Product | HardwareVersion | DeviceRule | Guest


def facts() -> list[Fact]:
    return [*products().values(), *hardware_versions().values(), *devices().values(), *guests().values()]


def references() -> Iterator[tuple[Fact, str]]:
    for row in facts():
        yield from ((row, reference) for reference in row.sources)


def test_every_row_names_documents_that_are_listed() -> None:
    for row, reference in references():
        found, _ = documents.source(reference)
        assert reference.startswith(found.id), row


def test_places_in_the_guide_are_pages_and_tables_that_it_has() -> None:
    places = {reference.partition(":")[2] for _, reference in references() if reference.startswith("mpg")}
    assert len(places) > 8
    assert [place for place in places if not PLACE_IN_GUIDE.fullmatch(place)] == []


def test_a_row_that_rests_on_general_knowledge_alone_is_unverified() -> None:
    resting = [row for row in facts() if set(row.sources) <= {"general"}]
    assert resting
    assert [row for row in resting if not row.unverified] == []


def test_a_document_on_which_a_fact_may_rest_alone_can_be_found_and_was_read() -> None:
    for one in documents.sources().values():
        if one.stands_alone:
            assert one.address or one.publisher, one.id
            assert one.read is not None, one.id


@pytest.mark.parametrize(
    ("until", "day", "timely"),
    [
        ("2022", "2022-11-17", True),
        ("2022-10", "2022-11-17", False),
        ("2022", "2023", False),
        ("2026-08", "2022-11", True),
        ("", "2022", False),
        ("", "", True),
    ],
)
def test_a_document_speaks_of_nothing_that_came_after_it(until: str, day: str, timely: bool) -> None:
    one = documents.Source("a", "t", "", "", until, "", date(2026, 11, 22), stands_alone=True, remark="")
    assert one.confirms(day) is timely
    assert not replace(one, read=None, stands_alone=False).confirms(day)


def test_every_row_was_checked_on_a_day_after_its_documents_were_read() -> None:
    for row in facts():
        days = [day for reference in row.sources if (day := documents.source(reference)[0].read) is not None]
        assert row.checked >= max(days, default=row.checked), row


@pytest.mark.parametrize(
    ("reference", "document", "place"),
    [
        ("mpg:t07:r1c3", "mpg", "t07:r1c3"),
        ("mpg", "mpg", ""),
        ("kb:1003746", "kb:1003746", ""),
        ("kb:1003746:row 3", "kb:1003746", "row 3"),
        ("govmomi:vim25/types/enum.go", "govmomi", "vim25/types/enum.go"),
    ],
)
def test_a_reference_gives_document_and_place(reference: str, document: str, place: str) -> None:
    found, at = documents.source(reference)
    assert (found.id, at) == (document, place)


def test_an_unknown_reference_is_refused() -> None:
    with pytest.raises(KnowledgeError, match="kb:1: column id"):
        documents.source("kb:1")


def test_a_document_tells_who_when_and_where() -> None:
    guide, _ = documents.source("mpg:p10")
    assert (guide.publisher, guide.dated, guide.read) == ("VMware", "revision 20071018", date(2026, 11, 22))


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        ('["a", "", "", "", "", "", 2026-11-22, true, ""]', "row a: column title"),
        ('["a", "t", "", "", "", "", "yesterday", true, ""]', "row a: column read"),
        ('["a", "t", "", "", "", "", 2026-11-22T10:00:00Z, true, ""]', "row a: column read"),
        ('["a", "t", "", "", 2026-11-22, ""]', "row a: 9 cells"),
        ('["a b", "t", "", "", "", "", 2026-11-22, true, ""]', "row a b: column id"),
        (
            '["a", "t", "", "", "", "", 2026-11-22, true, ""], ["a", "t", "", "", "", "", 2026-11-22, true, ""]',
            "row a: column id",
        ),
        ('"a"', "row 1: a list"),
        ('["a", "t", "", "", "May", "", 2026-11-22, true, ""]', "row a: column until"),
        ('["a", "t", "", "", "", "", "-", true, ""]', "row a: column stands_alone"),
    ],
)
def test_a_broken_row_is_named(rows: str, complaint: str) -> None:
    with pytest.raises(KnowledgeError, match=rf"sources\.toml: {complaint}"):
        documents.read_sources(f"{HEAD}rows = [{rows}]")


def test_other_columns_are_named() -> None:
    with pytest.raises(KnowledgeError, match=r"sources\.toml: columns"):
        documents.read_sources('columns = ["id"]\nrows = []')


def test_what_is_no_toml_is_named() -> None:
    with pytest.raises(KnowledgeError, match=r"sources\.toml: not TOML"):
        documents.read_sources("rows = [")


@pytest.mark.parametrize(
    "file", ["engines.toml", "products.toml", "hardware.toml", "devices.toml", "guests.toml", "sources.toml"]
)
def test_the_quick_reading_of_a_data_file_is_that_of_tomllib(file: str) -> None:
    def dates_as_text(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: dates_as_text(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [dates_as_text(inner) for inner in value]
        return str(value) if isinstance(value, date) else value

    text = (DATA / file).read_text(encoding="utf-8")
    assert dates_as_text(_load.document(file, text)) == dates_as_text(tomllib.loads(text))


def test_rows_over_several_lines_are_read_too() -> None:
    rows = """rows = [
  ["a", "t", "", "", "", "", 2026-11-22, true, ""],
  ["b", "t", "",
   "", "", "", 2026-11-22, true, ""],
]
"""
    assert list(documents.read_sources(HEAD + rows)) == ["a", "b"]


def test_the_line_of_a_slip_is_told_where_rows_stand_before_it() -> None:
    rows = 'rows = [\n  ["a", "t", "", "", "", "", 2026-11-22, true, ""],\n]\nslip\n'
    with pytest.raises(KnowledgeError, match="line 5"):
        documents.read_sources(HEAD + rows)
