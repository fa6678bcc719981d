"""What products print leads to its rule, though names, numbers and punctuation differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from generate import rules_page

from vmxtool.errors import UsageError
from vmxtool.findings import Severity
from vmxtool.knowledge.sources import source
from vmxtool.report import formats
from vmxtool.report.mentions import Mentions
from vmxtool.report.messages import FEWEST, rules_that_print, words_of
from vmxtool.report.subjects import find, find_all
from vmxtool.rules.registry import About, Rule, all_rules, forget, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.machine.model import Machine
    from vmxtool.rules.registry import Hit

CRATE = "The crate '<file>' is not an allowed crate. It conflicts with <product> reserved crates."
LID = "Module 'Lid' closing on failed."
HINGE = "Module 'Hinge' closing on failed."


def crate_refused(_: Machine) -> Iterator[Hit]:
    """A crate is refused.

    Nobody knows why.
    """
    return iter(())


def lid_refused(_: Machine) -> Iterator[Hit]:
    """A lid is refused.

    Nobody knows why.
    """
    return iter(())


@pytest.fixture(autouse=True)
def _rules() -> Iterator[None]:
    texts = (LID, "general"), (HINGE, "general")
    rule("DEV798", "crate-refused", Severity.INFO, about=About.FILES, messages=((CRATE, "general"),))(crate_refused)
    rule("DEV799", "lid-refused", Severity.INFO, about=About.FILES, messages=texts)(lid_refused)
    yield
    for code in ("DEV798", "DEV799"):
        forget(code)


@pytest.mark.parametrize(
    "printed",
    [
        CRATE,
        "the crate payroll-3.box IS NOT an allowed crate",
        "Error: The crate 'C:\\a b\\x.box' is not an allowed crate. It conflicts with Acme reserved crates. (0x80)",
        "conflicts with reserved crates",
    ],
)
def test_a_message_is_found_by_its_words(printed: str) -> None:
    assert [it.code for it in rules_that_print(printed)] == ["DEV798"]
    found = find(printed)
    assert isinstance(found, Rule)
    assert found.code == "DEV798"


@pytest.mark.parametrize(
    "printed", ["crates conflicts reserved with", "not an", "", "<file>", "Module Lock closing on failed"]
)
def test_other_words_another_order_and_too_few_find_nothing(printed: str) -> None:
    assert not rules_that_print(printed)


def test_the_likest_message_is_taken() -> None:
    assert [it.code for it in rules_that_print("module lid closing on failed")] == ["DEV799"]


def test_a_message_without_quotes_is_found_too_and_several_with_quotes_each() -> None:
    (found,) = find_all(CRATE.split())
    assert isinstance(found, Rule)
    told = find_all([LID, "DEV798", CRATE])
    assert [it.code for it in told if isinstance(it, Rule)] == ["DEV799", "DEV798", "DEV798"]


def test_rules_with_one_message_are_listed() -> None:
    rule("DEV797", "lid-lost", Severity.INFO, about=About.FILES, messages=((LID, "general"),))(lambda _: iter(()))
    try:
        found = find(LID)
        assert isinstance(found, Mentions)
        assert [it.code for it in found.rules] == ["DEV797", "DEV799"]
    finally:
        forget("DEV797")


def test_a_message_is_on_the_pages_of_its_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert f"- `{HINGE}` (General knowledge of the field; no document was read)" in rules_page.page()
    for format_ in ("text", "json"):
        formats.write("explain", format_, [find("DEV799")])
        assert HINGE in capsys.readouterr().out
    found = find("hinge")
    assert isinstance(found, Mentions)
    assert [it.code for it in found.rules] == ["DEV799"]
    with pytest.raises(UsageError):
        find("hinges lid and more")


@pytest.mark.parametrize("known", [it for it in all_rules() if it.messages], ids=lambda it: it.code)
def test_every_message_has_words_enough_and_a_source_and_leads_to_its_rule(known: Rule) -> None:
    for text, reference in known.messages:
        assert len(words_of(text)) >= FEWEST
        assert source(reference)[0].title
        assert known in rules_that_print(text)
