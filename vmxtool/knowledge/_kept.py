"""Rows of data files between two runs: read and proved once, then kept in the user's cache folder as plain values."""

from __future__ import annotations

import marshal
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

from vmxtool import _cache
from vmxtool._resources import text as resource
from vmxtool.errors import KnowledgeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    Form = tuple[Callable[[Any], object], Callable[[Any], object]]

RowT = TypeVar("RowT")

# A kept row is as good as the reading that made it, so what reads it is part of its name, like the data itself.
_READERS = ("_kept.py", "_load.py")
_DAY: dict[str, Form] = {"checked": (date.toordinal, date.fromordinal)}


def recall(kind: type[RowT], files: Sequence[str], read: Callable[[], Iterable[RowT]], **forms: Form) -> list[RowT]:
    """The rows that `read` gives: from the user's cache folder where they are kept there, else read, and kept.

    Args:
        kind: the class of a row, which takes its fields in their order; plain values all of them but `checked`.
        files: the files of this folder that the rows depend on, data and code.
        read: reads and proves the data files.
        forms: for every other field without a plain value, how it becomes one, and how that becomes the value again.

    Raises:
        KnowledgeError: `read` finds a data file broken.
    """
    place = _place(kind.__name__.lower(), files)
    kept = None if place is None else _cache.fetch(place)
    found = None if kept is None else _thaw(kind, kept, _DAY | forms)
    if not found:
        found = list(read())
        if place is not None:
            _cache.store(place, _freeze(kind, found, _DAY | forms))
    return found


def _place(name: str, files: Sequence[str]) -> Path | None:
    try:
        made_of = [resource("knowledge", file) for file in (*files, *_READERS)]
    except KnowledgeError:
        # An installation of compiled modules alone does not show what reads its data.
        return None
    return _cache.place(name, "rows", *made_of)


def _freeze(kind: type[RowT], rows: Iterable[RowT], forms: dict[str, Form]) -> bytes:
    table = [[getattr(row, field) for field in _fields(kind)] for row in rows]
    for at, (plain, _) in _places(kind, forms):
        for cells in table:
            cells[at] = plain(cells[at])
    return marshal.dumps(table)


def _thaw(kind: type[RowT], kept: bytes, forms: dict[str, Form]) -> list[RowT] | None:
    """The rows again, or None where they cannot be made of what was kept."""
    try:
        table = marshal.loads(kept)
        for at, (_, again) in _places(kind, forms):
            for cells in table:
                cells[at] = again(cells[at])
        return [kind(*cells) for cells in table]
    except (EOFError, LookupError, TypeError, ValueError):
        return None


def _places(kind: type, forms: dict[str, Form]) -> list[tuple[int, Form]]:
    fields = _fields(kind)
    return [(fields.index(name), form) for name, form in forms.items() if name in fields]


def _fields(kind: type) -> tuple[str, ...]:
    fields: tuple[str, ...] = kind.__match_args__  # type: ignore[attr-defined]
    return fields
