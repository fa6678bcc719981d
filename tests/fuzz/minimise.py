"""Make a find small: greedily fewer calls, files, lines and bytes, as long as the same is found."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from fuzz.trees import Node, file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from fuzz.case import Case
    from fuzz.checks import Find

_T = TypeVar("_T")


def minimise(case: Case, find: Find, run: Callable[[Case], list[Find]], seconds: float = 60) -> Case:
    """The smallest case that still has a find of this kind, as far as one gets in a time.

    Args:
        case: a case that has the find.
        find: the find.
        run: says what is found in a case.
        seconds: when to stop, by the clock.
    """
    end = time.monotonic() + seconds
    for _ in range(4):
        before = case
        for smaller in (_fewer_calls, _fewer_words, _fewer_files, _fewer_lines, _shorter_lines, _plainer_files):
            case = _shrink(case, smaller, lambda trial: any(it.kind == find.kind for it in run(trial)), end)
        if case == before:
            break
    return case


def _shrink(case: Case, smaller: Callable[[Case], Iterator[Case]], holds: Callable[[Case], bool], end: float) -> Case:
    """Take the first smaller case that holds, again and again, going on from the place where the last one was."""
    passed, going = 0, True
    while going:
        going = False
        for number, trial in enumerate(smaller(case)):
            if time.monotonic() > end:
                return case
            if number >= passed and trial != case and holds(trial):
                case, passed, going = trial, number, True
                break
    return case


def _without_parts(count: int) -> Iterator[slice]:
    """Slices of so many things to leave out: halves, quarters, down to single ones."""
    size = (count + 1) // 2
    while size:
        yield from (slice(start, start + size) for start in range(0, count, size))
        size //= 2


def _left(things: Sequence[_T], out: slice) -> list[_T]:
    return [thing for number, thing in enumerate(things) if not out.start <= number < out.stop]


def _fewer_calls(case: Case) -> Iterator[Case]:
    yield from (replace(case, calls=(call,)) for call in case.calls)
    for out in _without_parts(len(case.calls)):
        yield replace(case, calls=tuple(_left(case.calls, out)))


def _fewer_words(case: Case) -> Iterator[Case]:
    for at, call in enumerate(case.calls):
        plain = replace(call, inside=False)
        for words in (
            call.words,
            *(tuple(_left(call.words, slice(n, n + size))) for size in (2, 1) for n in range(1, len(call.words))),
        ):
            calls = list(case.calls)
            calls[at] = replace(plain, words=words)
            yield replace(case, calls=tuple(calls))


def _fewer_files(case: Case) -> Iterator[Case]:
    for out in _without_parts(len(case.tree)):
        yield replace(case, tree=dict(_left(list(case.tree.items()), out)))


def _fewer_lines(case: Case) -> Iterator[Case]:
    for place, node in case.tree.items():
        lines = node.data.split(b"\n") if b"\0" not in node.data else []
        for out in _without_parts(len(lines)):
            yield _with(case, place, file(b"\n".join(_left(lines, out))))


def _shorter_lines(case: Case) -> Iterator[Case]:
    for place, node in case.tree.items():
        lines = node.data.split(b"\n") if b"\0" not in node.data else []
        for at, line in enumerate(lines):
            for out in _without_parts(len(line)) if len(lines) < 40 else ():
                changed = [*lines]
                changed[at] = bytes(_left(line, out))
                yield _with(case, place, file(b"\n".join(changed)))


def _plainer_files(case: Case) -> Iterator[Case]:
    for place, node in case.tree.items():
        if node.kind == "file":
            for size in (0, 4, 512, 1024, 2048, 21 * 512, node.size // 2):
                if size < node.size:
                    yield _with(case, place, Node("file", node.data[:size].rstrip(b"\0"), size))
        if node.mode is not None:
            yield _with(case, place, replace(node, mode=None))


def _with(case: Case, place: str, node: Node) -> Case:
    return replace(case, tree=case.tree | {place: node})
