"""What an undo did, and the rewrites that can be undone: for a person at a terminal, and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from vmxtool.report.terminal import console, hang, plain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO

    from vmxtool.rewriter.journal.history import UndoResult
    from vmxtool.rewriter.journal.store import JournalInfo

_STATES = {"journal": "cut short", "done": "done", "undone": "undone"}
_STYLES = {"journal": "bold red", "done": "green", "undone": "dim"}


def taken_back(result: UndoResult) -> dict[str, Any]:
    """An undo as JSON, "vmxtool.undo/1"."""
    return {
        "schema": "vmxtool.undo/1",
        "number": result.undone.number,
        "files": list(result.undone.files),
        "was_unfinished": result.undone.was_unfinished,
        "about": dict(result.about),
    }


def listed(rewrites: Sequence[JournalInfo]) -> dict[str, Any]:
    """The rewrites of a folder as JSON, "vmxtool.rewrites/1", oldest first; times are in UTC."""
    return {
        "schema": "vmxtool.rewrites/1",
        "rewrites": [
            {
                "number": info.number,
                "state": _STATES[info.state].replace(" ", "-"),
                "created": info.created.isoformat() if info.created is not None else None,
                "about": dict(info.about),
                "journal": str(info.path),
                "problem": info.problem or None,
            }
            for info in rewrites
        ],
    }


def print_taken_back(result: UndoResult, stream: IO[str] | None = None) -> None:
    """Print which rewrite was undone and which files have their bytes from before."""
    out = console(stream)
    undone = result.undone
    command = result.about.get("command", "")
    text = plain(f"rewrite {undone.number:04} undone", "bold")
    if undone.was_unfinished:
        text.append(" (it had been cut short)")
    out.print(text)
    if command:
        hang(out, " ", plain(f"vmxtool {command}", "dim"))
    for name in undone.files:
        hang(out, "·", plain(f"{name} has its bytes from before"))
    if not undone.files:
        hang(out, "·", Text("no file had been changed yet"))


def print_listed(rewrites: Sequence[JournalInfo], stream: IO[str] | None = None) -> None:
    """Print one line per rewrite, oldest first: number, state, when, and the command."""
    out = console(stream)
    if not rewrites:
        out.print("no rewrite of this VM is known here")
        return
    for info in rewrites:
        when = f"{info.created:%Y-%m-%d %H:%M} UTC" if info.created is not None else "time unknown"
        line = Text(_STATES[info.state], _STYLES[info.state])
        line.append(f"  {when}  ")
        line.append_text(plain(info.problem or f"vmxtool {info.about.get('command', '?')}"))
        if "config" in info.about:
            line.append_text(plain(f"  {info.about['config']}", "dim"))
        hang(out, Text(f"{info.number:04}", "bold"), line)
