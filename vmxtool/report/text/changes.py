"""A rewrite for a person at a terminal: the diff, one line per change with its reason, and what comes next."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from rich.text import Text

from vmxtool.machine.locate import as_named
from vmxtool.report.text.findings import show_finding, show_fix
from vmxtool.report.text.printable import shortened
from vmxtool.report.text.terminal import (
    console,
    print_command,
    print_hanging,
    print_heading,
    print_title,
    safe_text,
    vm_title,
)
from vmxtool.report.words import count, some
from vmxtool.rules.commands import vmxtool_command

if TYPE_CHECKING:
    from pathlib import Path
    from typing import IO

    from rich.console import Console

    from vmxtool.rewriter.rewrite import Rewrite

_DIFF_STYLES = {"+": "green", "-": "red", "@": "cyan"}
_ROW_LENGTH = 500
# A rewrite of a real VM has some dozen changes; more than these nobody reads in a terminal.
_ROWS_SHOWN, _REASONS_SHOWN = 2000, 200


def print_rewrite(rewrite: Rewrite, dry_run: bool, journal: Path | None, stream: IO[str] | None = None) -> None:
    """Print what a rewrite changes or changed, or every reason why it was refused.

    Args:
        rewrite: the rewrite.
        dry_run: nothing was to be written.
        journal: the journal of the rewrite, or None where nothing was written.
        stream: where to; standard output if left out.
    """
    out = console(stream)
    vm = rewrite.machine
    title = vm_title(vm.name, as_named(vm.path, vm.config.path))
    print_title(out, title.append(": ").append_text(_answer(rewrite)))
    if rewrite.refused:
        for finding in rewrite.refused:
            show_finding(out, finding, indent=2)
        return
    _print_diff(rewrite, out)
    _print_reasons(rewrite, out)
    _print_rest(rewrite, out)
    if journal is not None:
        print_heading(out, f"written; what takes it back ({journal.parent.name}/{journal.name})")
        print_command(out, vmxtool_command(rewrite.machine, "undo"), indent=2)
    elif rewrite.changes:
        print_heading(out, "nothing was written" + (" (--dry-run)" if dry_run else ""))
    if rewrite.then and (journal is not None or not rewrite.changes):
        print_heading(out, "the steps that follow")
        print_command(out, vmxtool_command(rewrite.machine, *rewrite.then), indent=2)


def _answer(rewrite: Rewrite) -> Text:
    if rewrite.refused:
        return Text("refused, nothing was changed", "bold red")
    if not rewrite.changes:
        return Text("nothing to change")
    names = list(dict.fromkeys(change.file for change in rewrite.changes))
    files = names[0] if len(names) == 1 else f"{len(names)} files"
    return safe_text(f"{count(len(rewrite.changes), 'change')} in {files}", "not bold")


def _print_diff(rewrite: Rewrite, out: Console) -> None:
    rows = rewrite.diff.split("\n")[:-1]
    for row in rows[:_ROWS_SHOWN]:
        style = "bold" if row.startswith(("+++", "---")) else _DIFF_STYLES.get(row[:1], "")
        out.print(safe_text(shortened(row, _ROW_LENGTH), style), soft_wrap=True)
    if len(rows) > _ROWS_SHOWN:
        out.print(Text(f"and {len(rows) - _ROWS_SHOWN} more lines; --format json has them all", "dim"))


def _print_reasons(rewrite: Rewrite, out: Console) -> None:
    """Print why, each reason once with the settings that it is about; the diff above has their lines."""
    reasons: dict[tuple[str, str, str], list[str]] = {}
    for change in rewrite.changes:
        reasons.setdefault((change.safety, change.why, change.source), []).append(change.key)
    if reasons:
        print_heading(out, "why")
    for (safety, why, source), keys in islice(reasons.items(), _REASONS_SHOWN):
        text = safe_text(some(list(dict.fromkeys(keys))), "bold")
        text.append_text(safe_text(f"  {why}", "not bold")).append_text(safe_text(f"  {source}", "not bold dim"))
        print_hanging(out, Text("!", "yellow") if safety == "unsafe" else Text("·"), text, indent=2)
    if len(reasons) > _REASONS_SHOWN:
        out.print(Text(f"and {len(reasons) - _REASONS_SHOWN} more; --format json has them all", "dim"))


def _print_rest(rewrite: Rewrite, out: Console) -> None:
    if rewrite.notes:
        print_heading(out, "to know")
    for note in rewrite.notes:
        print_hanging(out, Text("!", "yellow"), safe_text(note), indent=2)
    if rewrite.manual:
        print_heading(out, "what remains for you")
    for fix in rewrite.manual:
        show_fix(out, fix, indent=2)
