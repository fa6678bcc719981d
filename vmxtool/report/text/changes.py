"""A rewrite for a person at a terminal: what it comes to, a row for each cause, the diff, and what comes next."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from rich.text import Text

from vmxtool.changes.hardware import TOOLS_FIRST
from vmxtool.findings import Do
from vmxtool.planner.check import check
from vmxtool.planner.verdict import Effort
from vmxtool.report.text.cause_rows import Cells, print_rows
from vmxtool.report.text.causes import bus_of, rows_of, target_name
from vmxtool.report.text.printable import shortened
from vmxtool.report.text.refused import print_reasons
from vmxtool.report.text.terminal import (
    console,
    print_command,
    print_hanging,
    print_title,
    safe_text,
    title_of,
)
from vmxtool.report.words import count, some
from vmxtool.rules.commands import vmxtool_command

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import IO

    from rich.console import Console

    from vmxtool.report.text.causes import Row
    from vmxtool.rewriter.rewrite import Rewrite

_DIFF_STYLES = {"+": "green", "-": "red", "@": "cyan"}
_ROW_LENGTH = 500
# More than these nobody reads in a terminal.
_DIFF_SHOWN, _ROWS_SHOWN, _NOTES_SHOWN, _REASONS_SHOWN = 2000, 60, 12, 6
# How the note of a raise ends; that it can be undone until then is said where the undo is.
_UNTIL_STARTED = "as long as the VM has not been started since"
_TOOLS = "install the newest VMware Tools before the first start: Windows may lose its network settings otherwise"
_ONE_WAY = "once the VM has run, nothing takes it back from hardware version {} to {}"
_REST = "; --format json has them all"
_LABEL = "undo  "


def print_rewrite(
    rewrite: Rewrite, dry_run: bool, journal: Path | None, stream: IO[str] | None = None, *, why: bool = False
) -> None:
    """Print what a rewrite changes or changed, or every reason why it was refused.

    Args:
        rewrite: the rewrite.
        dry_run: nothing was to be written.
        journal: the journal of the rewrite, or None where nothing was written.
        stream: where to; standard output if left out.
        why: whether to say what each change or reason rests on.
    """
    out = console(stream)
    vm = rewrite.machine
    print_title(out, title_of(vm).append(": ").append_text(_answer(rewrite)))
    if rewrite.refused:
        print_reasons(out, rewrite, why=why)
        return
    rows = rows_of(rewrite)
    if rows:
        out.print()
        print_rows(out, [_cells(row, why=why) for row in rows[:_ROWS_SHOWN]])
    if len(rows) > _ROWS_SHOWN:
        print_hanging(out, " ", Text(f"and {len(rows) - _ROWS_SHOWN} more{_REST}", "dim"))
    _print_notes(out, list(_notes(rewrite, rows)))
    _print_diff(rewrite, out)
    _print_end(rewrite, dry_run, journal, out)


def _answer(rewrite: Rewrite) -> Text:
    if rewrite.refused:
        return Text("refused, nothing was changed", "bold red")
    wanted, own = rewrite.wanted, rewrite.machine.hardware.version
    if not rewrite.changes or wanted is None:
        return Text(f"nothing to change{_reason_for_nothing(rewrite)}", "not bold")
    said = [f"hardware version {own} → {wanted.version}"] if wanted.version != own else []
    moved = rewrite.planned.moved.items() if rewrite.planned is not None else ()
    disks = _moved_words((old, new) for old, new in moved if old in wanted.moves)
    said += [disks] if disks else []
    target = target_name(wanted)
    return Text(f"{', '.join(said) or 'settings change'}{f', for {target}' if target else ''}", "not bold")


def _moved_words(moved: Iterable[tuple[str, str]]) -> str:
    """Say which disks go where, in a title: "2 IDE disks → SCSI"."""
    pairs: dict[tuple[str, str], int] = {}
    for old, new in moved:
        pair = bus_of(old), bus_of(new)
        pairs[pair] = pairs.get(pair, 0) + 1
    said = [
        f"{f'{number} ' if number > 1 else ''}{old} {'disks' if number > 1 else 'disk'} → {new}"
        for (old, new), number in pairs.items()
    ]
    return ", ".join(said)


def _reason_for_nothing(rewrite: Rewrite) -> str:
    wanted = rewrite.wanted
    if wanted is None:
        return ""
    if not wanted.fit:
        return "" if wanted.moves else " (no disk is on IDE)"
    target, own = target_name(wanted), rewrite.machine.hardware.version
    if target is None:
        return f" (already hardware version {own})"
    verdict = check(rewrite.machine, wanted.product) if wanted.product is not None else None
    if verdict is not None and verdict.effort is Effort.PRODUCT_UPGRADE:
        return f" ({target} upgrades the VM itself when it opens it)"
    if verdict is not None and any(step.do is Do.UPGRADE_HARDWARE and step.products for step in verdict.steps):
        return " (another product upgrades the VM first)"
    runs = wanted.product is not None and own is not None and wanted.product.runs(own)
    return f" ({target} runs hardware version {own})" if runs else f" (no step to {target} is one of vmxtool's)"


def _cells(row: Row, *, why: bool) -> Cells:
    unsafe = row.option is not None and bool(row.changes)
    effect = f"{row.effect} (--{row.option})" if unsafe else row.effect
    # The row of the version says where it stands.
    lines = count(len(row.changes), "line") if row.changes and row.what != "hardware version" else ""
    mark = Text("!", "yellow") if unsafe else Text(" ")
    return Cells(mark, row.verb, row.what, effect, lines, row.code or "", tuple(_reasons(row)) if why else ())


def _reasons(row: Row) -> Iterator[Text]:
    """Yield what a row rests on: each reason once, with its settings and its source."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for change in row.changes:
        reasons.setdefault((change.why, change.source), []).append(change.key)
    for (why, source), keys in islice(reasons.items(), _REASONS_SHOWN):
        yield safe_text(f"{some(list(dict.fromkeys(keys)))}: {why}", "dim").append_text(safe_text(f"  {source}"))
    if len(reasons) > _REASONS_SHOWN:
        yield Text(f"and {len(reasons) - _REASONS_SHOWN} more reasons{_REST}", "dim")
    for note in islice(row.told, _REASONS_SHOWN):
        yield safe_text(note, "dim")


def _notes(rewrite: Rewrite, rows: list[Row]) -> Iterator[str]:
    """Yield what only the rewrite knows and no row says; the steps that remain are told by `check`."""
    told = {text for row in rows for text in row.told}
    own = rewrite.machine.hardware.version
    if rewrite.one_way and rewrite.wanted is not None:
        yield _ONE_WAY.format(rewrite.wanted.version, own)
    for note in rewrite.notes:
        if note not in told and not note.endswith(_UNTIL_STARTED):
            yield note
    for fix in rewrite.planned.manual if rewrite.planned is not None else ():
        if fix == TOOLS_FIRST:
            yield from [_TOOLS] if rewrite.machine.guest.family == "windows" else []
        elif fix.text not in told:
            yield fix.text


def _print_notes(out: Console, notes: list[str]) -> None:
    if notes:
        out.print()
    for note in notes[:_NOTES_SHOWN]:
        print_hanging(out, Text("!", "yellow"), safe_text(note))
    if len(notes) > _NOTES_SHOWN:
        print_hanging(out, " ", Text(f"and {len(notes) - _NOTES_SHOWN} more{_REST}", "dim"))


def _print_diff(rewrite: Rewrite, out: Console) -> None:
    rows = rewrite.diff.split("\n")[:-1]
    if rows:
        out.print()
    for row in rows[:_DIFF_SHOWN]:
        style = "bold" if row.startswith(("+++", "---")) else _DIFF_STYLES.get(row[:1], "")
        out.print(safe_text(shortened(row, _ROW_LENGTH), style), soft_wrap=True)
    if len(rows) > _DIFF_SHOWN:
        out.print(Text(f"and {len(rows) - _DIFF_SHOWN} more lines{_REST}", "dim"), soft_wrap=True)


def _print_end(rewrite: Rewrite, dry_run: bool, journal: Path | None, out: Console) -> None:
    """Print what was written, and the commands that come next, each on a line of its own."""
    check = rewrite.then or ("check",)
    if journal is not None:
        files = len({change.file for change in rewrite.changes})
        lines = f"{count(len(rewrite.changes), 'line')} in {count(files, 'file')}"
        print_hanging(out, "", Text(f"Written: {lines}. It can be undone until the VM is started."))
        _print_labelled(out, "undo", vmxtool_command(rewrite.machine, "undo"))
    elif rewrite.changes:
        print_hanging(out, "", Text("Nothing was written (--dry-run)." if dry_run else "Nothing was written."))
        check = ("rewrite", *rewrite.words) if rewrite.words else ()
    if check:
        _print_labelled(out, "next", vmxtool_command(rewrite.machine, *check))


def _print_labelled(out: Console, label: str, argv: tuple[str, ...]) -> None:
    print_command(out, argv, len(_LABEL), Text(f"{label:{len(_LABEL)}}"))
