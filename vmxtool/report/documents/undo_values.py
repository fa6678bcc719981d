"""Undos, the rewrites that can be undone and errors, a refused undo among them, as values of the JSON documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.report.documents.values import vectors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmxtool.errors import VmxtoolError
    from vmxtool.report.documents.contract import (
        ErrorDocument,
        JournalValue,
        RewritesDocument,
        UndoDocument,
        UndoRefusalValue,
    )
    from vmxtool.rewriter.journal.history import UndoResult
    from vmxtool.rewriter.journal.refusal import Refusal
    from vmxtool.rewriter.journal.store import JournalInfo

_STATES = {"journal": "cut-short", "done": "done", "undone": "undone"}


def undo_value(result: UndoResult) -> UndoDocument:
    """Return what an undo did, "vmxtool.undo/1"."""
    return {
        "schema": "vmxtool.undo/1",
        "path": str(result.path),
        "name": result.name,
        "number": result.undone.number,
        "state": _STATES[result.undone.state],
        "files": list(result.undone.files),
        "left": list(result.undone.left),
        "was_unfinished": result.undone.was_unfinished,
        "copied": result.copied,
        "warnings": list(result.warnings),
        "about": dict(result.about),
    }


def rewrites_value(rewrites: Sequence[JournalInfo]) -> RewritesDocument:
    """Return the rewrites of a VM, "vmxtool.rewrites/1", oldest first; times are in UTC."""
    return {"schema": "vmxtool.rewrites/1", "rewrites": [_journal(info) for info in rewrites]}


def error_value(error: VmxtoolError, exit_code: int) -> ErrorDocument:
    """Return why there is no answer, "vmxtool.error/1"."""
    return {
        "schema": "vmxtool.error/1",
        "exit": exit_code,
        "message": error.problem,
        "hint": error.hint or None,
        "file": str(error.path) if error.path is not None else None,
        "line": error.line,
        "candidates": list(error.candidates),
        "undo": _undo_refusal(error.details) if error.details is not None else None,
    }


def _undo_refusal(refusal: Refusal) -> UndoRefusalValue:
    """Return why an undo was refused, for the document of an error."""
    return {
        "number": refusal.number,
        "state": _STATES[refusal.state],
        "journal": refusal.journal,
        "files": [
            {
                "file": file.name,
                "found": file.found,
                "blocks": file.blocks,
                "compared_with": file.side,
                "lines": [{"line": it.number, "was": it.was, "now": it.now} for it in file.lines.shown],
                "more_lines": file.lines.more,
            }
            for file in refusal.files
        ],
        "undo_alone": next(iter(vectors([refusal.undo_alone])), None) or None,
        "get_old": vectors(refusal.get_old),
        "warnings": list(refusal.warnings),
    }


def _journal(info: JournalInfo) -> JournalValue:
    return {
        "number": info.number,
        "state": _STATES[info.state],
        "created": info.created.isoformat() if info.created is not None else None,
        "about": dict(info.about),
        "journal": str(info.path),
        "problem": info.problem or None,
        "copied": info.copied,
    }
