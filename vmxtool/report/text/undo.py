"""What an undo did, and the rewrites that can be undone, for a person at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from vmxtool.report.text.terminal import (
    console,
    print_command,
    print_hanging,
    print_heading,
    print_title,
    safe_text,
    vm_title,
)
from vmxtool.report.words import some

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO

    from vmxtool.rewriter.journal.history import UndoResult
    from vmxtool.rewriter.journal.store import JournalInfo

_COPIED = "this folder is a copy of the one that {}; the other, where it still is, keeps its own files and its own undo"
_NOTHING = {True: "no file had been changed yet", False: "no file had to be put back"}
_LISTED = 20
_STATES = {"journal": "cut short", "done": "done", "undone": "undone"}
_STYLES = {"journal": "bold red", "done": "green", "undone": "dim"}


def print_undone(result: UndoResult, stream: IO[str] | None = None) -> None:
    """Print of which VM which rewrite was undone, and which files have their bytes from before."""
    out = console(stream)
    undone = result.undone
    title = undo_title(result.name, result.path)
    title.append(f": rewrite {undone.number:04} undone" + (" in part" if undone.left else ""))
    if undone.was_unfinished:
        title.append(" (it had been cut short)")
    print_title(out, title)
    command = result.about.get("command", "")
    if command:
        print_hanging(out, " ", safe_text(command, "dim"))
    for name in undone.files:
        print_hanging(out, "·", safe_text(f"{name} has its bytes from before"))
    if not undone.files:
        print_hanging(out, "·", Text(_NOTHING[undone.was_unfinished and not undone.left]))
    for name in undone.left[:_LISTED]:
        print_hanging(out, Text("!", "yellow"), safe_text(f"{name} does not have its bytes from before"))
    if len(undone.left) > _LISTED:
        print_hanging(out, " ", Text(f"nor have {len(undone.left) - _LISTED} more"))
    for warning in result.warnings:
        print_hanging(out, Text("!", "bold red"), safe_text(warning))
    if result.copied:
        print_hanging(out, Text("!", "yellow"), Text(_COPIED.format("was rewritten")))
    if result.then:
        print_heading(out, f"the rewrite stays {_STATES[undone.state]} until they have; what undoes the rest")
        print_command(out, result.then, indent=2)


def undo_title(name: str | None, path: object) -> Text:
    """Of which VM something was undone or not: the folder alone where its config cannot be read."""
    return safe_text(str(path), "bold") if name is None else vm_title(name, path)


def print_rewrites(rewrites: Sequence[JournalInfo], stream: IO[str] | None = None) -> None:
    """Print one line per rewrite, oldest first: number, state, when, and the command."""
    out = console(stream)
    if not rewrites:
        out.print("no rewrite of this VM is known here")
    for info in rewrites:
        when = f"{info.created:%Y-%m-%d %H:%M} UTC" if info.created is not None else "time unknown"
        line = Text(_STATES[info.state], _STYLES[info.state])
        line.append(f"  {when}  ")
        line.append_text(safe_text(info.problem or info.about.get("command", "?")))
        if "config" in info.about:
            line.append_text(safe_text(f"  {info.about['config']}", "dim"))
        print_hanging(out, Text(f"{info.number:04}", "bold"), line)
    copied = [f"{info.number:04}" for info in rewrites if info.copied]
    if copied:
        text = _COPIED.format(f"{some(copied)} {'was' if len(copied) == 1 else 'were'} made in")
        print_hanging(out, Text("!", "yellow"), Text(text))
