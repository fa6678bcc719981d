"""One change as it is told: the line before, the line after, and why."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileChange:
    """One change in one file, for the reader.

    Attributes:
        file: the file's name, relative to the VM's folder.
        line: the line it stands on; for a new line, where it goes.
        key: the setting or entry.
        before: its line before, None for a new one.
        after: its line after, None for a removed one.
        why: one clause.
        source: what the reason rests on.
        safety: "safe" or "unsafe".
    """

    file: str
    line: int | None
    key: str
    before: str | None
    after: str | None
    why: str
    source: str
    safety: str
