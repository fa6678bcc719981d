"""One change as it is told: the line before, the line after, and why; and the difference of two texts."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# What ends a line in the files that are changed. Python knows more line ends, which there are part of a value.
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_CONTEXT = 2
_NO_END = "\\ No newline at end of file"


@dataclass(frozen=True, slots=True)
class FileChange:
    """One change in one file, for the reader.

    Attributes:
        file: the file's name, relative to the VM's folder.
        line: the line it stands on in the file as it was; for a new line, where it stands afterwards.
        key: the setting or entry, as it was called before.
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


def unified_diff(name: str, before: str, after: str) -> Iterator[str]:
    """The rows of a unified diff of two texts, without line ends."""
    rows = difflib.unified_diff(_lines(before), _lines(after), f"a/{name}", f"b/{name}", lineterm="", n=_CONTEXT)
    for row in rows:
        text = row.rstrip("\r\n")
        yield text
        if text == row and row[:1] in {" ", "+", "-"} and not row.startswith(("+++ b/", "--- a/")):
            yield _NO_END


def _lines(text: str) -> list[str]:
    return _LINE.findall(text)
