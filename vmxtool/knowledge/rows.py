"""Rows of data files as records: the annotations of a record's class say how each of its fields is read."""

from __future__ import annotations

import sys
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar, get_args

from vmxtool.errors import KnowledgeError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from datetime import date

    Reading = Callable[..., Any]

RowT = TypeVar("RowT")
Words = tuple[str, ...]
"""The annotation of a field that is written as one text with blanks between its words."""
_NONE = "-"
_NAMES = frozenset({"id", "version", "address"})
_SHARED: dict[str, object] = {"from": {}, "disputed": {}, "notes": ""}


class DataRow:
    """One row of a data file: its cells by column, with typed reads that name the cell when it is wrong.

    The text "-" stands for "no source says" and reads as None, or as nothing where several words may stand.

    Attributes:
        file: the file's name.
        name: what the row is called in messages; empty where the row is the whole file.
        cells: what stands in each column.
    """

    __slots__ = ("cells", "file", "name")

    def __init__(self, file: str, name: str, cells: Mapping[str, Any]) -> None:
        self.file = file
        self.name = name
        self.cells = cells

    def broken(self, column: str, problem: str) -> KnowledgeError:
        """Return the error to raise for a cell."""
        row = f"row {self.name}: " if self.name else ""
        return KnowledgeError(f"{self.file}: {row}column {column}: {problem}")

    def is_given(self, column: str) -> bool:
        """Return whether a source says what stands there."""
        return bool(self.cells[column] != _NONE)

    def text(self, column: str) -> str:
        """Return a text, which may be empty."""
        value = self.cells[column]
        if not isinstance(value, str):
            raise self.broken(column, f"a text is wanted, not {value!r}")
        return value

    def texts(self, column: str) -> tuple[str, ...]:
        """Return the texts of a list; each once."""
        texts = self.repeated(column)
        if len(set(texts)) != len(texts):
            raise self.broken(column, "a text stands twice")
        return texts

    def repeated(self, column: str) -> tuple[str, ...]:
        """Return the texts of a list, of which some may be the same."""
        value = self.cells[column]
        if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
            raise self.broken(column, f"a list of texts is wanted, not {value!r}")
        return tuple(value)

    def choice(self, column: str, allowed: Collection[object]) -> str:
        """Return one of the allowed words."""
        value = self.text(column)
        self.prove_among(column, (value,), allowed)
        return value

    def words(self, column: str) -> tuple[str, ...]:
        """Return the words of a text in their order; each once."""
        value = self.text(column)
        words = () if value == _NONE else tuple(value.split())
        if len(set(words)) != len(words):
            raise self.broken(column, f"a word stands twice in {value!r}")
        return words

    def number(self, column: str) -> int:
        """Return a whole number, zero or more."""
        value = self.cells[column]
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self.broken(column, f"a whole number is wanted, not {value!r}")
        return value

    def numbers(self, column: str) -> tuple[int, ...]:
        """Return the rising whole numbers of a text such as "3 4 6"."""
        words = self.words(column)
        if not all(word.isascii() and word.isdigit() for word in words):
            raise self.broken(column, f"whole numbers are wanted, not {self.text(column)!r}")
        numbers = tuple(int(word) for word in words)
        if list(numbers) != sorted(numbers):
            raise self.broken(column, f"the numbers of {self.text(column)!r} do not rise")
        return numbers

    def flag(self, column: str) -> bool:
        """Return true or false."""
        value = self.cells[column]
        if not isinstance(value, bool):
            raise self.broken(column, f"true or false is wanted, not {value!r}")
        return value

    def day(self, column: str) -> date:
        """Return a date."""
        from datetime import date

        text = str(self.cells[column])
        try:
            if len(text) == len("2026-11-22"):
                return date.fromisoformat(text)
        except ValueError:
            pass
        raise self.broken(column, f"a date is wanted, not {self.cells[column]!r}")

    def table(self, column: str) -> dict[str, str]:
        """Return a table of texts."""
        value = self.cells[column]
        if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
            raise self.broken(column, f"a table of texts is wanted, not {value!r}")
        return value

    def lists(self, column: str) -> dict[str, tuple[str, ...]]:
        """Return a table of lists of texts."""
        value = self.cells[column]
        if not isinstance(value, dict):
            raise self.broken(column, f"a table is wanted, not {value!r}")
        inner = DataRow(self.file, f"{self.name} {column}".strip(), value)
        return {key: inner.texts(key) for key in value}

    def prove(self, *laws: tuple[str, bool, str]) -> None:
        """Refuse the first cell, by its column, of which something that has to hold does not; it says what is wrong."""
        for column, holds, problem in laws:
            if not holds:
                raise self.broken(column, problem)

    def prove_among(self, column: str, values: Iterable[object], allowed: Collection[object]) -> None:
        """Refuse a cell that has something else than what is allowed there."""
        for value in values:
            if value not in allowed:
                raise self.broken(column, f"{value!r} is none of {', '.join(map(str, allowed))}")


# An annotation is looked up as it is written, since evaluating those of all classes takes longer than reading a file.
_READINGS: dict[str, Reading] = {
    "str": DataRow.text,
    "int": DataRow.number,
    "bool": DataRow.flag,
    "date": DataRow.day,
    "Words": DataRow.words,
    "frozenset[str]": lambda row, column: frozenset(row.words(column)),
    "tuple[str, ...]": DataRow.texts,
    "tuple[int, ...]": DataRow.numbers,
    "Mapping[str, str]": DataRow.table,
    "Mapping[str, tuple[str, ...]]": DataRow.lists,
}


class Rows(Generic[RowT]):
    """How the tables of a data file become records of one class.

    Each field is read from the column of its name, as its annotation says: one of those above, or the name of a
    `Literal` in the module of the class. With `| None` behind it the column may be absent, or "-"; so may be the
    columns `from`, `disputed` and `notes`, and every other column has to be there.
    """

    def __init__(
        self,
        table: str,
        kind: type[RowT],
        *,
        among: Mapping[str, Collection[object]] | None = None,
        absent: Mapping[str, object] | None = None,
        cells: Mapping[str, tuple[str, Reading]] | None = None,
    ) -> None:
        """Declare them; nothing is looked at before the first row is read.

        Args:
            table: the key of the file's list of tables, or of its grids; empty where the file is a grid.
            kind: the class, a `Record`.
            among: by field, what its value or its words may be.
            absent: by column, what stands in one that may be absent.
            cells: by field, for those whose annotation does not tell: the columns that it is made of, with blanks
                between, and how: a function of the row and the names of the columns.
        """
        self._table = table
        self._kind = kind
        self._among = among or {}
        self._own = absent or {}
        self._cells = cells or {}

    def read(self, file: str, data: Mapping[str, Any]) -> Iterator[tuple[DataRow, RowT]]:
        """Yield each row of a file with its record; the row, so that a proof can name the cell that it fails on.

        Args:
            file: the file's name, for messages.
            data: the whole file.

        Raises:
            KnowledgeError: there is no row, a column is unknown or missing, a cell is none of its kind, or a name
                stands twice.
        """
        seen: set[str] = set()
        for place, table in enumerate(self._tables(file, data), start=1):
            row = record(file, table, self._wanted, self._absent, f"{place} of {self._table}")
            if row.name in seen:
                raise row.broken(self._columns[0], "it stands twice")
            seen.add(row.name)
            yield row, self.fill(row)
        if not seen:
            raise KnowledgeError(f"{file}: no {self._table or 'row'} is in it")

    def inside(self, row: DataRow, _: str = "") -> tuple[RowT, ...]:
        """Return the records of a list of tables in a row, for a field that is made of them."""
        return tuple([made for _, made in self.read(row.file, row.cells)])

    def whole(self, file: str, data: Mapping[str, Any]) -> tuple[DataRow, RowT]:
        """Return a file that is one record, with its row.

        Raises:
            KnowledgeError: a column is unknown or missing, or a cell is none of its kind.
        """
        row = record(file, data, self._wanted, self._absent)
        return row, self.fill(row)

    def fill(self, row: DataRow) -> RowT:
        """Return the record of a row that has all columns.

        Raises:
            KnowledgeError: a cell is none of its kind.
        """
        return self._kind(*[read(row, *columns) for columns, read in self._fields.values()])

    @cached_property
    def _fields(self) -> dict[str, tuple[list[str], Reading]]:
        """By field the columns that it is read from, and how."""
        found = {}
        for field, annotation in self._kind.__annotations__.items():
            columns, reading = self._cells.get(field) or (field, self._reading(field, annotation))
            found[field] = (columns.split(), reading)
        return found

    @cached_property
    def _columns(self) -> list[str]:
        return list(dict.fromkeys(column for columns, _ in self._fields.values() for column in columns))

    @cached_property
    def _absent(self) -> dict[str, object]:
        maybe = [it for it, what in self._kind.__annotations__.items() if what.endswith(" | None")]
        absent = dict.fromkeys(maybe, _NONE) | _SHARED
        return {it: absent[it] for it in self._columns if it in absent and it not in self._cells} | {**self._own}

    @cached_property
    def _wanted(self) -> list[str]:
        return [column for column in self._columns if column not in self._absent]

    def _reading(self, field: str, annotation: str) -> Reading:
        kind = annotation.removesuffix(" | None")
        maybe = kind != annotation
        allowed = self._among.get(field)
        read = _READINGS.get(kind)
        if read is None:
            read, allowed = DataRow.text, get_args(getattr(sys.modules[self._kind.__module__], kind))

        def value(row: DataRow, column: str) -> Any:
            if maybe and not row.is_given(column):
                return None
            found = read(row, column)
            if allowed is not None:
                row.prove_among(column, sorted(found) if isinstance(found, (tuple, frozenset)) else (found,), allowed)
            return found

        return value

    def _tables(self, file: str, data: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        tables = data.get(self._table, []) if self._table else [data]
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            raise KnowledgeError(f"{file}: {self._table}: a list of tables is wanted, not {tables!r}")
        for table in tables:
            if "rows" in table:
                yield from self._grid(file, data.get("columns"), table)
            else:
                yield table

    def _grid(self, file: str, heads: Any, grid: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        # What stands beside the rows of a grid holds for each of them.
        shared = {key: value for key, value in grid.items() if key not in {"rows", "columns", self._table}}
        missing = [it for it in self._wanted if it not in shared and it not in (heads or ())]
        if not isinstance(heads, list) or (missing and not self._table):
            raise KnowledgeError(f"{file}: columns: {', '.join(missing)} are missing")
        if missing:
            name = grid.get(self._table, "without a name")
            raise KnowledgeError(f"{file}: {self._table} {name}: column {missing[0]}: it is missing")
        for place, cells in enumerate(grid["rows"], start=1):
            if not isinstance(cells, list) or not cells:
                raise KnowledgeError(f"{file}: row {place}: a list of cells is wanted")
            if len(cells) != len(heads):
                raise KnowledgeError(f"{file}: row {cells[0]}: {len(heads)} cells are wanted, not {len(cells)}")
            yield dict(zip(heads, cells, strict=True)) | shared


def record(
    file: str, table: Mapping[str, Any], wanted: Iterable[str], optional: Mapping[str, Any], name: str = ""
) -> DataRow:
    """Return a table as a row, which is named by its `id`, `version` or `address`.

    Args:
        file: the file's name, for messages.
        table: the table.
        wanted: the columns that must stand there.
        optional: the columns that may stand there, with what they are otherwise.
        name: what a row without a name is called.

    Raises:
        KnowledgeError: a column is missing or unknown.
    """
    wanted = list(wanted)
    row = DataRow(file, str(next((table[it] for it in wanted if it in _NAMES and it in table), name)), table)
    for column in table:
        if column not in wanted and column not in optional:
            raise row.broken(column, "no such column")
    for column in wanted:
        if column not in table:
            raise row.broken(column, "it is missing")
    row.cells = {**optional, **table}
    return row
