"""Changes for the reader: a line before and after with the reason, and a text before and after as a unified diff."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vmxtool._record import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.changes.model import Topic

# What ends a line in the files that are changed. Python knows more line ends, which there are part of a value.
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_CONTEXT = 2
_NO_END = "\\ No newline at end of file"


def split_lines(text: str) -> list[str]:
    """Return the lines of a file that is changed, with their ends."""
    return _LINE.findall(text)


class FileChange(Record):
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
        topic: what it is about.
        values: the value before and after, None where there is none.
    """

    file: str
    line: int | None
    key: str
    before: str | None
    after: str | None
    why: str
    source: str
    safety: str
    topic: Topic
    values: tuple[str | None, str | None]


class TextChange(Record):
    """A text before and after, and which lines are not the same.

    All other lines are in both texts in the same order, so that a diff takes one pass over them, however many they are.

    Attributes:
        name: the file's name for the reader.
        before: the text as it is.
        after: the text as it is to be.
        removed_lines: 1-based numbers of the lines of `before` that go or change.
        added_lines: 1-based numbers of the lines of `after` that are new or changed.
    """

    name: str
    before: str
    after: str
    removed_lines: frozenset[int]
    added_lines: frozenset[int]

    def diff(self) -> Iterator[str]:
        """Yield the rows of a unified diff, without line ends; none where nothing differs."""
        rows = list(self._rows())
        hunks = _hunks([at for at, row in enumerate(rows) if row.mark != " "], len(rows))
        for number, (start, end) in enumerate(hunks):
            if number == 0:
                yield f"--- a/{self.name}"
                yield f"+++ b/{self.name}"
            hunk = rows[start:end]
            yield f"@@ -{_span(hunk, '+')} +{_span(hunk, '-')} @@"
            for row in hunk:
                yield row.mark + row.text.rstrip("\r\n")
                if not row.text.endswith(("\r", "\n")):
                    yield _NO_END

    def _rows(self) -> Iterator[_Row]:
        old, new = split_lines(self.before), split_lines(self.after)
        at = there = 0
        while at < len(old) or there < len(new):
            begun = at, there
            while at < len(old) and at + 1 in self.removed_lines:
                yield _Row("-", old[at], at, there)
                at += 1
            while there < len(new) and there + 1 in self.added_lines:
                yield _Row("+", new[there], at, there)
                there += 1
            if at < len(old) and there < len(new) and old[at] == new[there]:
                yield _Row(" ", old[at], at, there)
                at, there = at + 1, there + 1
            elif (at, there) == begun:
                # A line end that two lines share now, or one that a last line lacks: both lines are shown.
                if at < len(old):
                    yield _Row("-", old[at], at, there)
                if there < len(new):
                    yield _Row("+", new[there], min(at + 1, len(old)), there)
                at, there = min(at + 1, len(old)), min(there + 1, len(new))


class _Row(Record):
    """A row of a diff: its mark, its line, and how many lines of either text come before it."""

    mark: str
    text: str
    at: int
    there: int


def _hunks(changed: list[int], rows: int) -> Iterator[tuple[int, int]]:
    """Yield runs of rows with the changed ones among them, their context, and no gap that a context would fill."""
    start = end = -1
    for at in changed:
        if start < 0:
            start = max(0, at - _CONTEXT)
        elif at - end > 2 * _CONTEXT:
            yield start, end + _CONTEXT + 1
            start = at - _CONTEXT
        end = at
    if start >= 0:
        yield start, min(rows, end + _CONTEXT + 1)


def _span(hunk: list[_Row], other: str) -> str:
    """Return where a hunk lies in one of the texts: `other` is the mark of the rows that are only in the other one."""
    count = sum(row.mark != other for row in hunk)
    first = hunk[0].at if other == "+" else hunk[0].there
    # An empty span is named by the line before it.
    return f"{first + 1},{count}" if count else f"{first},0"
