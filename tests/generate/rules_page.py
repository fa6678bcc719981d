"""Writes docs/rules.md from the rules themselves and their cases: `python tests/generate/rules_page.py`."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from rules.cases import case_folders

from vmxtool.findings import LEAVING
from vmxtool.knowledge.sources import source
from vmxtool.rules.registry import About, all_rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.rules.registry import Rule

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"
_WIDTH = 120
_FAMILIES = {
    "VMX": "The config file",
    "PRD": "Products and hardware versions",
    "DSK": "Disks and controllers",
    "NET": "Network",
    "CPU": "Processors and memory",
    "GST": "Guest and VMware Tools",
    "SNP": "Snapshots, redo logs, power state",
    "DEV": "Other devices",
    "SEC": "Encryption and policies",
}
_WEIGHTS = {
    "blocker": "blocks",
    "warning": "warns",
    "info": "is worth knowing",
    "unknown": "is a question: no file shows it",
}
_HEAD = """# Rules

What `vmxtool inspect`, `vmxtool check` and `vmxtool rewrite` can find, by code. A code is never used for another rule;
a name says what is the case, not what to do. `vmxtool explain CODE` shows the same page in a terminal.

- A finding that **blocks** keeps the VM from running on the target, or from being written to, until it is settled. One
  that has no cure makes the verdict `not-supported`.
- One that **warns** tells of something that is lost or may go wrong. What no source confirms says "(unverified)" and
  never blocks.
- A **question** is about something that no file of a VM shows. It makes the verdict `depends`, and says what follows
  from either answer.
- One that **refuses a rewrite** is met while the changes to the files are worked out. Numbers from 90 up in each family
  are for what concerns rewrites alone.

A rule names the kind of step that cures it, and the steps that cannot be made while it holds. In a plan that has one of
these steps the finding blocks, whatever its own weight; the step that cures it comes first then.

This page is made from the rules by `python tests/generate/rules_page.py`; a test keeps it current.
"""


def page() -> str:
    """The whole page."""
    parts = [_HEAD]
    for family, title in _FAMILIES.items():
        rules = [rule for rule in all_rules() if rule.code.startswith(family)]
        parts.append(f"## {title}\n")
        parts.append("\n".join(("| code | name | |", "|---|---|---|", *map(_row, rules))) + "\n")
        parts += ["\n".join(_entry(rule)) for rule in rules]
    return "\n".join(parts)


def _row(rule: Rule) -> str:
    return f"| [{rule.code}](#{rule.code.lower()}-{rule.name}) | {rule.name} | {_weight(rule)} |"


def _weight(rule: Rule) -> str:
    return "refuses a rewrite" if rule.about is About.REWRITE else _WEIGHTS[rule.severity.value]


def _entry(rule: Rule) -> Iterator[str]:
    yield f"### {rule.code} {rule.name}\n"
    yield f"{rule.title} It {_weight(rule)}.\n" if rule.severity.value != "unknown" else f"{rule.title}\n"
    if rule.text:
        yield f"{rule.text}\n"
    for case in [case for case in case_folders() if case.code == rule.code][:1]:
        lines = case.expected.splitlines()
        yield "```"
        yield from (line for line in lines if not line.startswith(("  cure: ", "  stops: ")))
        yield "```\n"
    if rule.messages:
        yield "Products print:\n"
        yield "\n".join(f"- `{text}` ({next(_cited((reference,)))})" for text, reference in rule.messages) + "\n"
    if moves := " ".join(_moves(rule)):
        yield textwrap.fill(moves, _WIDTH, break_long_words=False, break_on_hyphens=False) + "\n"
    if rule.sources:
        yield f"Based on {'; '.join(_cited(rule.sources))}.\n"


def _moves(rule: Rule) -> Iterator[str]:
    if rule.cure is not None:
        yield f"Cured by `{rule.cure}`."
    if rule.stops == LEAVING:
        yield "Stops every step that changes the VM or takes it elsewhere."
    elif rule.stops and rule.about is not About.REWRITE:
        yield f"Stops {', '.join(f'`{do}`' for do in sorted(rule.stops))}."


def _cited(references: tuple[str, ...]) -> Iterator[str]:
    pages = [reference.removeprefix("mpg:p").lstrip("0") for reference in references if reference.startswith("mpg:p")]
    if pages:
        listed = " and ".join(filter(None, (", ".join(pages[:-1]), pages[-1])))
        yield f"page{'s' if len(pages) > 1 else ''} {listed} of the mobility planning guide"
    for reference in references:
        if not reference.startswith("mpg:p"):
            document, place = source(reference)
            yield f"{document.title}{f' ({place})' if place else ''}"


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), "utf-8")
