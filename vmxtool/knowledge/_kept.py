"""Rows of data files as a generated module has them: read and proved once, and taken as plain values after that."""

from __future__ import annotations

from datetime import date
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

from vmxtool._resources import fingerprint
from vmxtool._resources import text as resource
from vmxtool.errors import KnowledgeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Form = tuple[Callable[[Any], object], Callable[[Any], object]]

RowT = TypeVar("RowT")

# A generated row is as good as the reading that made it, so what reads it is part of what it is made of.
_READERS = ("_kept.py", "_load.py", "rows.py")
_DAY: dict[str, Form] = {"checked": (date.toordinal, date.fromordinal)}


def recall(kind: type[RowT], files: Sequence[str], read: Callable[[], Iterable[RowT]], **forms: Form) -> list[RowT]:
    """Return the rows that `read` gives: from the generated module where it is made of the files that ship, else read.

    Args:
        kind: the class of a row, which takes its fields in their order; plain values all of them but `checked`.
        files: the files of this folder that the rows depend on, data and code.
        read: reads and proves the data files.
        forms: for every other field without a plain value, how it becomes one, and how that becomes the value again.

    Raises:
        KnowledgeError: `read` finds a data file broken.
    """
    table = _generated(module_of(kind), made_of(files))
    return list(read()) if table is None else _thaw(kind, table, _DAY | forms)


def each(kind: type) -> Form:
    """Return the form of a field that holds a tuple of records, whose own fields have plain values."""
    fields = _fields(kind)

    def plain(records: Iterable[object]) -> tuple[tuple[object, ...], ...]:
        return tuple([tuple([getattr(record, field) for field in fields]) for record in records])

    return plain, lambda rows: tuple([kind(*cells) for cells in rows])


def module_of(kind: type) -> str:
    """Return the generated module that has the rows of a class."""
    return f"rows_{kind.__name__.lower()}"


def made_of(files: Sequence[str]) -> str | None:
    """Return a word for the files that rows depend on; None where an installation does not show what reads its data."""
    try:
        return fingerprint(*map(_word_of, (*files, *_READERS)))
    except KnowledgeError:
        return None


@cache
def _word_of(file: str) -> str:
    """Return a word for one file: several rows depend on some, which is looked through once."""
    return fingerprint(resource("knowledge", file))


def freeze(kind: type[RowT], rows: Iterable[RowT], forms: dict[str, Form]) -> list[list[Any]]:
    """Return rows as plain values, for the generated module."""
    table = [[getattr(row, field) for field in _fields(kind)] for row in rows]
    for at, (plain, _) in _places(kind, _DAY | forms):
        for cells in table:
            cells[at] = plain(cells[at])
    return table


def _generated(name: str, wanted: str | None) -> Sequence[Sequence[Any]] | None:
    if wanted is None:
        return None
    try:
        module = import_module(f"vmxtool.generated.{name}")
    except ModuleNotFoundError:
        return None
    rows: Sequence[Sequence[Any]] = module.ROWS
    return rows if wanted == module.MADE_OF else None


def _thaw(kind: type[RowT], rows: Sequence[Sequence[Any]], forms: dict[str, Form]) -> list[RowT]:
    table = [list(cells) for cells in rows]
    for at, (_, again) in _places(kind, forms):
        for cells in table:
            cells[at] = again(cells[at])
    return [kind(*cells) for cells in table]


def _places(kind: type, forms: dict[str, Form]) -> list[tuple[int, Form]]:
    fields = _fields(kind)
    return [(fields.index(name), form) for name, form in forms.items() if name in fields]


def _fields(kind: type) -> tuple[str, ...]:
    fields: tuple[str, ...] = kind._fields  # type: ignore[attr-defined]
    return fields
