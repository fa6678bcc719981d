"""Every rule of the guide's text, held to the VMs of rules.toml: one that it is about, and one that it is not about."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from guide.questions import ask, says

from vmxtool.knowledge import tables
from vmxtool.report.guide_text import status_of

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = Path(__file__).with_name("rules.toml")
RULES = tomllib.loads(FILE.read_text("utf-8"))["rule"]


class Shown(NamedTuple):
    """A rule's address, the two questions, and what is said of the first alone."""

    address: str
    fires: str
    silent: str
    said: list[str]

    def __repr__(self) -> str:
        return f"{self.address.removeprefix('mpg:')}: {self.fires}"


def shown() -> Iterator[Shown]:
    for rule in RULES:
        for case in rule["cases"]:
            yield Shown(rule["address"], case["fires"], case["silent"], case["says"].split("; "))


def test_the_list_has_the_rules_of_the_text_in_their_order_and_words() -> None:
    assert [(rule["address"], rule["rule"]) for rule in RULES] == [(it.address, it.says) for it in tables.text_facts()]
    assert all(rule["cases"] for rule in RULES)
    assert {it.page for it in tables.text_facts()} == set(range(7, 30))


@pytest.mark.parametrize("case", tuple(shown()), ids=repr)
def test_a_rule_is_acted_on_where_it_holds_and_nowhere_else(case: Shown, tmp_path: Path) -> None:
    (tmp_path / "fires").mkdir()
    (tmp_path / "silent").mkdir()
    about, other = ask(tmp_path / "fires", case.fires), ask(tmp_path / "silent", case.silent)
    for thing in case.said:
        assert says(about, thing, case.address), (case.fires, thing)
        assert not says(other, thing, case.address), (case.silent, thing)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["address"]))
def test_where_a_rule_says_that_it_is_acted_on_its_cases_show_it(rule: dict[str, object]) -> None:
    fact = tables.fact(str(rule["address"]))
    told = " ".join(f"{case.fires}; {'; '.join(case.said)}" for case in shown() if case.address == fact.address)
    for act in fact.acts:
        assert (f"table {int(act[1:])}" if re.fullmatch(r"t\d\d", act) else act) in told
    if fact.ways:
        assert any(f"{step.do}" in told for way in fact.ways for step in way.steps)
    if fact.adds is not None:
        assert fact.adds in told
    if fact.from_ids and not (fact.ways or fact.verdict or fact.adds):
        assert "remark" in told
    assert status_of(fact)
