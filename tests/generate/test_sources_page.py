"""docs/sources.md says what the data say, and nothing blocks that rests on a document which nobody read."""

from __future__ import annotations

import pytest
from generate.sources_page import PAGE, Fact, facts, page

from vmxtool.knowledge.products import products
from vmxtool.knowledge.sources import source

# Facts that no document gives, and which therefore only warn: none of these may begin to block unseen.
UNREAD = {"general", "kb:1881", "kb:1016192"}


def test_the_page_is_current() -> None:
    assert PAGE.read_text("utf-8") == page(), "run python tests/generate/sources_page.py"


def test_no_fact_blocks_without_a_document_that_was_read() -> None:
    assert [it for it in facts() if it.verified and not any(map(may_bear, it.rests_on))] == []


def may_bear(reference: str) -> bool:
    document, _ = source(reference)
    return document.read is not None and document.id not in {*UNREAD, "field-observations"}


def test_no_fact_blocks_that_a_source_disputes() -> None:
    assert [it for it in facts() if it.verified and it.disputed] == []


@pytest.mark.parametrize(
    ("subject", "name", "verified"),
    [
        ("ws6", "runs_max", True),
        ("ws17.5", "runs_max", False),
        ("esx9.1", "runs_max", True),
        ("hw17", "vcpus_esx", False),
        ("hw22", "vcpus_esx", True),
        ("nvme", "first_hardware", True),
    ],
)
def test_facts_that_a_reader_would_look_up(subject: str, name: str, *, verified: bool) -> None:
    (found,) = (it for it in facts() if (it.subject, it.name) == (subject, name))
    assert found.verified is verified


def test_what_was_read_says_when_and_what_was_not_says_so() -> None:
    for reference in UNREAD:
        document, _ = source(reference)
        assert (document.read, document.stands_alone) == (None, False)


def test_every_product_has_a_line() -> None:
    told: set[str] = {it.subject for it in facts() if isinstance(it, Fact)}
    assert {product.id for product in products().values() if product.family != "hardware"} <= told
