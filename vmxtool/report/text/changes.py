"""A rewrite for a person at a terminal: the diff, one line per change with its reason, and what comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from vmxtool.report.text.vm import print_findings
from vmxtool.report.text.printable import shortened
from vmxtool.report.text.terminal import command_line, console, print_hanging, safe_text

if TYPE_CHECKING:
    from pathlib import Path
    from typing import IO

    from rich.console import Console

    from vmxtool.rewriter.plan import Plan

_DIFF_STYLES = {"+": "green", "-": "red", "@": "cyan"}
_ROW_LENGTH = 500
# A rewrite of a real VM has some dozen changes; more than these nobody reads in a terminal.
_ROWS_SHOWN, _REASONS_SHOWN = 2000, 200


def print_plan(plan: Plan, dry_run: bool, journal: Path | None, stream: IO[str] | None = None) -> None:
    """Print what a rewrite changes or changed, or every reason why it was refused.

    Args:
        plan: the rewrite.
        dry_run: nothing was to be written.
        journal: the journal of the rewrite, or None where nothing was written.
        stream: where to print, standard output by default.
    """
    out = console(stream)
    if plan.refused:
        out.print(Text("refused, nothing was changed", "bold red"))
        print_findings(plan.refused, out)
        return
    _print_diff(plan, out)
    _print_reasons(plan, out)
    _print_rest(plan, out)
    out.print(safe_text(_result(plan, dry_run, journal), "bold"))
    if journal is not None:
        print_hanging(out, "→", safe_text(f"vmxtool undo takes it back ({journal.parent.name}/{journal.name})"))


def _print_diff(plan: Plan, out: Console) -> None:
    rows = plan.diff.split("\n")[:-1]
    for row in rows[:_ROWS_SHOWN]:
        style = "bold" if row.startswith(("+++", "---")) else _DIFF_STYLES.get(row[:1], "")
        out.print(safe_text(shortened(row, _ROW_LENGTH), style), soft_wrap=True)
    if len(rows) > _ROWS_SHOWN:
        out.print(Text(f"and {len(rows) - _ROWS_SHOWN} more lines; --format json has them all", "dim"))


def _print_reasons(plan: Plan, out: Console) -> None:
    if not plan.changes:
        return
    out.print()
    out.print(Text("why", "dim"))
    for change in plan.changes[:_REASONS_SHOWN]:
        text = safe_text(change.key, "bold")
        text.append_text(safe_text(f"  {change.why}"))
        text.append_text(safe_text(f"  {change.source}", "dim"))
        mark = Text("!", "yellow") if change.safety == "unsafe" else Text("·")
        print_hanging(out, mark, text)
    if len(plan.changes) > _REASONS_SHOWN:
        out.print(Text(f"and {len(plan.changes) - _REASONS_SHOWN} more; --format json has them all", "dim"))
    out.print()


def _print_rest(plan: Plan, out: Console) -> None:
    if plan.notes:
        out.print(Text("to know", "dim"))
        for note in plan.notes:
            print_hanging(out, Text("!", "yellow"), safe_text(note))
        out.print()
    if plan.manual:
        out.print(Text("what remains for you", "dim"))
        for fix in plan.manual:
            print_hanging(out, "→", safe_text(fix.text))
            if fix.command is not None:
                command_line(out, fix.command, fix.product, indent=2)
        out.print()


def _result(plan: Plan, dry_run: bool, journal: Path | None) -> str:
    if not plan.changes:
        return "nothing to change"
    count = f"{len(plan.changes)} change{'s' if len(plan.changes) != 1 else ''} in {_files(plan)}"
    if journal is not None:
        return f"{count} written"
    return f"{count}; nothing was written" + (" (--dry-run)" if dry_run else "")


def _files(plan: Plan) -> str:
    names = list(dict.fromkeys(change.file for change in plan.changes))
    return names[0] if len(names) == 1 else f"{len(names)} files"
