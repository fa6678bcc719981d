"""Which lines of a small text differ from what it was, for a person who has changed it: few, and of bounded length."""

from __future__ import annotations

import re
from collections import Counter
from difflib import SequenceMatcher
from itertools import islice, takewhile
from typing import TYPE_CHECKING

from vmxtool._record import Record
from vmxtool.rewriter.diff import split_lines
from vmxtool.vmx import encodings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_BYTES = 2**20
"""Bytes of a text up to which its lines are compared; a config has some ten thousand."""

_SHOWN = 5
_LENGTH, _LEAD = 160, 40
# Up to so many lines, and pairs of the same lines, it is looked for which ones are still there. That takes about their
# product at worst; beyond, lines are compared one by one.
_LINES, _PAIRS = 2000, 20_000
_DECLARED = re.compile(rb'^[ \t]*\.?encoding[ \t]*=[ \t]*"?([^"\r\n]{1,80})', re.IGNORECASE | re.MULTILINE)


class ChangedLine(Record):
    r"""A line that differs. Its texts may hold control characters; whoever prints them escapes them.

    Attributes:
        number: its 1-based number in the text as it is now; of a line that is gone, of the line that took its place.
        was: what stood there, without its line end unless nothing else differs; None for a line that is new.
        now: what stands there; None for a line that is gone.
    """

    number: int
    was: str | None
    now: str | None


class ChangedLines(Record):
    """The first lines that differ, and how many do in all; 0 where the text was too big to be compared."""

    shown: tuple[ChangedLine, ...] = ()
    count: int = 0

    @property
    def more(self) -> int:
        """How many differ and are not shown."""
        return self.count - len(self.shown)


UNCOMPARED = ChangedLines()


def compare_lines(was: bytes, now: bytes) -> ChangedLines:
    """Return the lines of a text that are not as they were."""
    if max(len(was), len(now)) > MAX_BYTES:
        return UNCOMPARED
    codec = _codec(was)
    changed = _changed(*(split_lines(encodings.decode(data, codec)) for data in (was, now)))
    shown = tuple(islice(changed, _SHOWN))
    return ChangedLines(shown, len(shown) + sum(1 for _ in changed))


def _codec(data: bytes) -> str:
    declared = _DECLARED.search(data)
    known = encodings.codec(declared[1].decode("latin-1").strip()) if declared is not None else None
    return known or encodings.guess(data)


def _changed(was: Sequence[str], now: Sequence[str]) -> Iterator[ChangedLine]:
    shorter = min(len(was), len(now))
    head = next((at for at in range(shorter) if was[at] != now[at]), shorter)
    tail = next((at for at in range(shorter - head) if was[-1 - at] != now[-1 - at]), shorter - head)
    old, new = was[head : len(was) - tail], now[head : len(now) - tail]
    for start, end, there, stop in _differing(old, new):
        for step in range(max(end - start, stop - there)):
            number = head + min(there + step, stop) + 1
            one = old[start + step] if start + step < end else None
            other = new[there + step] if there + step < stop else None
            yield ChangedLine(number, *_shown(one, other))


def _differing(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    times = Counter(new)
    if len(old) + len(new) > _LINES or sum(times[line] for line in old) > _PAIRS:
        yield 0, len(old), 0, len(new)
        return
    for tag, start, end, there, stop in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            yield start, end, there, stop


def _shown(was: str | None, now: str | None) -> tuple[str | None, str | None]:
    """Return both texts from shortly before their first difference on, and not longer than a person reads."""
    bare = [None if line is None else line.rstrip("\r\n") for line in (was, now)]
    if bare[0] == bare[1]:
        bare = [was, now]
    one, other = bare
    start = 0
    if one is not None and other is not None and max(len(one), len(other)) > _LENGTH:
        same = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
        start = max(0, sum(1 for _ in same) - _LEAD)
    return _cut(one, start), _cut(other, start)


def _cut(line: str | None, start: int) -> str | None:
    if line is None:
        return None
    end = "…" if len(line) > start + _LENGTH else ""
    return ("…" if start else "") + line[start : start + _LENGTH] + end
