"""The page of rules says what the rules are."""

from __future__ import annotations

from rules.make_page import PAGE, page

from vmxtool.rules._registry import all_rules


def test_the_page_of_rules_is_current() -> None:
    assert PAGE.read_text() == page(), "run: python tests/rules/make_page.py"


def test_every_rule_stands_on_the_page_once() -> None:
    text = PAGE.read_text()
    for rule in all_rules():
        assert text.count(f"### {rule.code} {rule.name}\n") == 1
        assert rule.title in text
