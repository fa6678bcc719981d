"""Findings for a person at a terminal: a mark, the sentence, the places that show it, and what cures it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from vmxtool.findings import Severity
from vmxtool.report.text.printable import shortened
from vmxtool.report.text.terminal import print_command, print_hanging, safe_text, style_of
from vmxtool.report.words import count

if TYPE_CHECKING:
    from rich.console import Console

    from vmxtool.findings import Finding, Fix

EVIDENCE_SHOWN = 4
_EVIDENCE_LENGTH = 150
_MARKS = {Severity.BLOCKER: "✖", Severity.WARNING: "!", Severity.INFO: "·", Severity.UNKNOWN: "?"}


def show_finding(
    out: Console,
    finding: Finding,
    *,
    places: int = EVIDENCE_SHOWN,
    cure: bool = True,
    indent: int = 0,
) -> None:
    """Show one finding.

    Args:
        out: where to.
        finding: the finding.
        places: most places in the VM's files to show; none are counted where it is 0.
        cure: whether to say what cures it.
        indent: columns to set it in.
    """
    line = safe_text(finding.message)
    if finding.after is not None:
        line.append(f", after step {finding.after}")
    line.append(f"  {finding.code}", "dim")
    print_hanging(out, Text(_MARKS[finding.severity], style_of(finding.severity)), line, indent)
    for place in finding.evidence[:places]:
        print_hanging(out, " ", place_text(place), indent)
    rest = len(finding.evidence) - places + finding.unshown
    if places and rest > 0:
        print_hanging(out, " ", Text(f"and {count(rest, 'more place')}", "dim"), indent)
    if cure and finding.fix is not None:
        show_fix(out, finding.fix, indent + 2)


def show_fix(out: Console, fix: Fix, indent: int = 0) -> None:
    """Show what cures something, and the commands that do it."""
    print_hanging(out, "→", safe_text(fix.text), indent)
    for argv in fix.commands:
        print_command(out, argv, indent + 2)


def place_text(place: object, style: str = "dim") -> Text:
    """A place in a VM's files, of a length that fits a line or two."""
    return safe_text(shortened(str(place), _EVIDENCE_LENGTH), style)
