"""What an undo did, and the rewrites that can be undone, for a person at a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from vmxtool.report.text.terminal import (
    console,
    is_wide,
    print_command,
    print_hanging,
    print_title,
    safe_text,
    vm_place,
    vm_title,
)
from vmxtool.report.words import count, some
from vmxtool.rules.commands import vmxtool_at

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO

    from rich.console import Console

    from vmxtool.rewriter.journal.history import UndoResult
    from vmxtool.rewriter.journal.store import JournalInfo

_COPIED = "this folder is a copy of the one that {}; the other, where it still is, keeps its own files and its own undo"
_KEEPS = ": it keeps what was written to it since, and what the rewrite put there; inspect tells whether that fits"
_NOTHING = {True: "no file had been changed yet", False: "no file had to be restored"}
_LISTED = 20
_NEXT = "next  "
_STATES = {"journal": "cut short", "done": "done", "undone": "undone"}
_LONGEST_STATE = max(map(len, _STATES.values()))
_STYLES = {"journal": "bold red", "done": "green", "undone": "dim"}


def print_undone(result: UndoResult, stream: IO[str] | None = None) -> None:
    """Print of which VM which rewrite was undone, and which files were restored."""
    out = console(stream)
    undone = result.undone
    title = undo_title(result.name, result.asked, result.path)
    title.append(f": rewrite {undone.number:04} undone" + (" in part" if undone.left else ""))
    if undone.was_unfinished:
        title.append(" (it had been cut short)")
    print_title(out, title)
    command = result.about.get("command", "")
    if command:
        print_hanging(out, "", safe_text(command, "dim"), indent=2)
    for name in undone.files[:_LISTED]:
        print_hanging(out, Text("✔", "green"), safe_text(f"{name} is restored"), indent=2)
    if len(undone.files) > _LISTED:
        print_hanging(out, " ", Text(f"and {count(len(undone.files) - _LISTED, 'more file')}"), indent=2)
    if not undone.files:
        print_hanging(out, "·", Text(_NOTHING[undone.was_unfinished and not undone.left]), indent=2)
    for name in undone.left[:_LISTED]:
        text = f"{name} is not restored{_KEEPS if name in undone.changed else ''}"
        print_hanging(out, Text("!", "yellow"), safe_text(text), indent=2)
    if len(undone.left) > _LISTED:
        print_hanging(out, " ", Text(f"and {count(len(undone.left) - _LISTED, 'more file')}"), indent=2)
    for warning in result.warnings:
        print_hanging(out, Text("!", "bold red"), safe_text(warning), indent=2)
    if result.copied:
        print_hanging(out, Text("!", "yellow"), Text(_COPIED.format("was rewritten")), indent=2)
    if result.then:
        stays = f"the rewrite stays {_STATES[undone.state]} until all are restored; undo the rest with"
        print_hanging(out, "", Text(stays))
        print_command(out, result.then, len(_NEXT), Text(_NEXT))
    elif undone.left:
        print_command(out, vmxtool_at(result.asked, "inspect"), len(_NEXT), Text(_NEXT))


def undo_title(name: str | None, asked: Path | None, path: Path | None) -> Text:
    """Say of which VM something was undone or not: the folder alone where its config cannot be read."""
    return safe_text(str(path), "bold") if name is None else vm_title(name, vm_place(asked, path))


def print_rewrites(rewrites: Sequence[JournalInfo], stream: IO[str] | None = None) -> None:
    """Print where they are, then a row per rewrite, oldest first: number, state, when, and the command."""
    out = console(stream)
    if not rewrites:
        out.print("no rewrite of this VM is known here")
        return
    configs = list(dict.fromkeys(info.about["config"] for info in rewrites if "config" in info.about))
    title = safe_text(f"{some(configs) or 'VM'} ({_place_of(rewrites[0].path)})", "bold")
    print_title(out, title.append(f": {count(len(rewrites), 'rewrite')}", "not bold"))
    for info in rewrites:
        _print_journal(out, info, f" ({info.about['config']})" if len(configs) > 1 and "config" in info.about else "")
    copied = [f"{info.number:04}" for info in rewrites if info.copied]
    if copied:
        text = _COPIED.format(f"{some(copied)} {'was' if len(copied) == 1 else 'were'} made in")
        print_hanging(out, Text("!", "yellow"), Text(text))


def _place_of(journal: Path) -> str:
    """Return the folder of a VM by its journal, from where the reader stands if it lies below."""
    folder, here = journal.parent.parent, Path.cwd()
    shown = folder.relative_to(here) if folder.is_relative_to(here) and folder != here else folder
    return f"{shown}/"


def _print_journal(out: Console, info: JournalInfo, config: str) -> None:
    state = _STATES[info.state]
    when = f"{info.created:%Y-%m-%d %H:%M} UTC" if info.created is not None else "time unknown"
    pad = _LONGEST_STATE if out.is_terminal else 0
    head = Text.assemble((f"{info.number:04}", "bold"), " ", (f"{state:{pad}}", _STYLES[info.state]), f"  {when} ")
    command = safe_text(f"{info.problem or info.about.get('command', '?')}{config}")
    if is_wide(out):
        print_hanging(out, head, command, indent=2)
    else:
        print_hanging(out, "", head, indent=2)
        print_hanging(out, "", command, indent=7)
