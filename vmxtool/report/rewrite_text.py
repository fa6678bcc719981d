"""A rewrite for a person at a terminal: the diff, one line per change with its reason, and what comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from vmxtool.report.as_text import print_findings
from vmxtool.report.printable import shortened
from vmxtool.report.terminal import console, plain

if TYPE_CHECKING:
    from pathlib import Path
    from typing import IO

    from rich.console import Console

    from vmxtool.rewriter.plan import Plan

_DIFF_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def print_plan(plan: Plan, dry_run: bool, journal: Path | None, stream: IO[str] | None = None) -> None:
    """Print what a rewrite changes or changed, or every reason why it was refused."""
    out = console(stream)
    if plan.refused:
        out.print(Text("refused, nothing was changed", "bold red"))
        print_findings(plan.refused, out)
        return
    if not plan.changes:
        out.print("nothing to change")
        return
    _print_diff(plan, out)
    _print_reasons(plan, out)
    if plan.manual:
        out.print()
        out.print(Text("what remains for you", "dim"))
        for fix in plan.manual:
            out.print(_item("→", plain(fix.text)))
    out.print()
    count = f"{len(plan.changes)} change{'s' if len(plan.changes) != 1 else ''} in {_files(plan)}"
    if journal is not None:
        out.print(plain(f"{count} written; vmxtool undo takes them back ({journal.parent.name}/{journal.name})", "bold"))
    elif dry_run:
        out.print(plain(f"{count}; nothing was written (--dry-run)", "bold"))


def _print_diff(plan: Plan, out: Console) -> None:
    for row in plan.diff.splitlines():
        style = "bold" if row.startswith(("+++", "---")) else _DIFF_STYLES.get(row[:1], "")
        out.print(plain(shortened(row, 500), style), soft_wrap=True)


def _print_reasons(plan: Plan, out: Console) -> None:
    out.print()
    out.print(Text("why", "dim"))
    for change in plan.changes:
        text = plain(change.key, "bold")
        text.append_text(plain(f"  {change.why}"))
        text.append_text(plain(f"  {change.source}", "dim"))
        out.print(_item("!" if change.safety == "unsafe" else "·", text))


def _item(mark: str, text: Text) -> Table:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column()
    grid.add_row(mark, text)
    return grid


def _files(plan: Plan) -> str:
    names = list(dict.fromkeys(change.file for change in plan.changes))
    return names[0] if len(names) == 1 else f"{len(names)} files"
