"""The page of rules says what the rules are."""

from __future__ import annotations

from generate.rules_page import PAGE, page

from vmxtool.rules.registry import all_rules


def test_the_page_of_rules_is_current() -> None:
    assert PAGE.read_text("utf-8") == page(), "run python tests/generate/rules_page.py"


def test_every_rule_stands_on_the_page_once() -> None:
    text = PAGE.read_text("utf-8")
    for rule in all_rules():
        assert text.count(f"### {rule.code} {rule.name}\n") == 1
        assert rule.title in text
