"""The proof sheet: complete, whole HTML, and in need of nothing besides itself."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from vmxtool.knowledge import tables as guide
from vmxtool.report.guide_html import guide_page
from vmxtool.report.words import GUIDE_VERDICTS

VOID = {"meta", "link", "br"}


class Page(HTMLParser):
    """Ids, links, texts by id of their cell, and the tags that are open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.outside: list[str] = []
        self.cells: dict[str, str] = {}
        self.cell = ""
        self.feed(guide_page())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in {"href", "src"}:
                self.links.append(value or "")
        if tag == "td":
            self.cell = dict(attrs)["id"] or ""
            self.cells[self.cell] = ""

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        if tag == "td":
            self.cell = ""

    def handle_data(self, data: str) -> None:
        if self.cell:
            self.cells[self.cell] += data


@pytest.fixture(scope="module")
def page() -> Page:
    return Page()


def test_every_tag_is_closed_and_every_id_is_there_once(page: Page) -> None:
    assert page.open == []
    assert len(set(page.ids)) == len(page.ids)


def test_it_runs_nothing_and_loads_nothing(page: Page) -> None:
    assert not page.tags & {"script", "link", "img", "iframe", "object", "svg"}
    text = guide_page()
    assert "@import" not in text
    assert "url(" not in text
    assert "http" not in text


def test_every_link_leads_to_a_place_on_the_page(page: Page) -> None:
    assert page.links
    assert {link for link in page.links if not link.startswith("#")} == set()
    assert {link[1:] for link in page.links} <= set(page.ids)


def test_every_cell_stands_there_with_its_address_verdict_and_steps(page: Page) -> None:
    printed = [cell for table in guide.tables() for cell in table.cells()]
    assert len(page.cells) == len(printed)
    for cell in printed:
        said = page.cells[cell.address.removeprefix("mpg:").replace(":", "-")]
        assert cell.address in said
        assert GUIDE_VERDICTS[cell.verdict] in said
        assert said.count("one-way") == sum(way.one_way for way in cell.ways)
        if cell.table > 2:
            assert said.count(" → ") == sum(len(way.steps) - 1 for way in cell.ways)
        for note in cell.notes:
            assert note.id in said


def test_every_note_and_every_fact_is_told() -> None:
    text = re.sub(r"\s+", " ", guide_page().replace("&#x27;", "'").replace("&quot;", '"').replace("&amp;", "&"))
    for table in guide.tables():
        assert table.title in text
        assert all(note.says in text for note in table.notes)
    for fact in guide.text_facts():
        assert fact.says in text
        assert fact.address in text


def test_it_has_colours_for_the_dark_and_a_layout_for_paper() -> None:
    text = guide_page()
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text
    for word in GUIDE_VERDICTS:
        assert f".v.{word}" in text
