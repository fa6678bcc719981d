"""Findings for a person at a terminal: a mark, the sentence, its code, the places that show it, and what cures it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from vmxtool.findings import Severity
from vmxtool.report.text.printable import shortened
from vmxtool.report.text.terminal import is_wide, print_command, print_hanging, safe_text, style_of
from vmxtool.report.words import count, some

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from vmxtool.findings import Finding, Fix

EVIDENCE_SHOWN = 4
_EVIDENCE_LENGTH = 150
_LONGEST = 1000  # characters of a cure; a name in it may be of any length
_SUBJECTS_SHOWN = 6
MARKS = {Severity.BLOCKER: "✖", Severity.WARNING: "!", Severity.INFO: "·", Severity.UNKNOWN: "?"}


def print_row(out: Console, mark: Text, text: Text, code: str, indent: int = 0) -> None:
    """Print a paragraph behind a mark with a code at the right edge, or behind it where there is no such edge."""
    if not is_wide(out) or not out.is_terminal or not code:
        line = text.copy().append(f"  {code}", "dim") if code else text
        print_hanging(out, mark, line, indent)
        return
    head = Text(" " * indent).append_text(mark).append(" ")
    room = out.width - head.cell_len - len(code) - 2
    for number, line in enumerate(text.wrap(out, room)):
        line.rstrip()
        whole = (head if number == 0 else Text(" " * head.cell_len)) + line
        if number == 0:
            whole.append(" " * (out.width - whole.cell_len - len(code))).append(code, "dim")
        out.print(whole, soft_wrap=True)


def merged(findings: Iterable[Finding]) -> list[Finding]:
    """Join findings of one rule that differ in nothing but the thing before the colon; one names all the things."""
    found: dict[object, list[Finding]] = {}
    for finding in findings:
        _, colon, rest = finding.message.partition(": ")
        same = (finding.code, finding.severity, finding.after, rest) if colon else (finding.code, finding.message)
        found.setdefault(same, []).append(finding)
    return [_as_one(group) for group in found.values()]


def _as_one(group: list[Finding]) -> Finding:
    if len(group) == 1:
        return group[0]
    things = list(dict.fromkeys(it.message.partition(": ")[0] for it in group))
    rest = group[0].message.partition(": ")[2]
    evidence = tuple(dict.fromkeys(place for it in group for place in it.evidence))
    message = f"{some(things, _SUBJECTS_SHOWN)}: {rest}" if rest and len(things) > 1 else group[0].message
    return group[0]._replace(message=message, evidence=evidence)


def show_finding(
    out: Console,
    finding: Finding,
    *,
    places: int = EVIDENCE_SHOWN,
    cure: bool = True,
    indent: int = 0,
    why: bool = False,
) -> None:
    """Show one finding.

    Args:
        out: where to.
        finding: the finding.
        places: most places in the VM's files to show; none are counted where it is 0.
        cure: whether to say what cures it.
        indent: columns to set it in.
        why: whether to name its sources.
    """
    question, mark, outcomes = finding.message.partition("? ")
    line = safe_text(question + mark.rstrip())
    if finding.after is not None and not mark:
        line.append(f", after step {finding.after}")
    print_row(out, Text(MARKS[finding.severity], style_of(finding.severity)), line, finding.code, indent)
    if outcomes:
        print_hanging(out, " ", safe_text(f"{outcomes[0].upper()}{outcomes[1:]}"), indent)
    for place in list(dict.fromkeys(map(str, finding.evidence)))[:places]:
        print_hanging(out, " ", place_text(place), indent)
    rest = len(finding.evidence) - places + finding.unshown
    if places and rest > 0:
        print_hanging(out, " ", Text(f"and {count(rest, 'more place')}", "dim"), indent)
    if why and finding.sources:
        print_hanging(out, " ", Text(f"based on {' '.join(finding.sources)}", "dim"), indent)
    if cure and finding.fix is not None:
        show_fix(out, finding.fix, indent + 2)


def show_fix(out: Console, fix: Fix, indent: int = 0) -> None:
    """Show what cures something, and the commands that do it."""
    print_hanging(out, "→", safe_text(shortened(fix.text, _LONGEST)), indent)
    for argv in fix.commands:
        print_command(out, argv, indent + 2)


def place_text(place: object, style: str = "dim") -> Text:
    """Return a place in a VM's files, of a length that fits a line or two."""
    return safe_text(shortened(str(place), _EVIDENCE_LENGTH), style)
