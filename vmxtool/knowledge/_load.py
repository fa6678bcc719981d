"""Read the grids of knowledge's data files, and name file, row and column wherever one is broken."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from vmxtool._resources import text as resource
from vmxtool.errors import KnowledgeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import date

_NONE = "-"
_TABLES = ("from", "disputed")
_ROW = r"(?m)^ +(\[.*\]),$"
_DAY = r" ([0-9]{4}-[0-9]{2}-[0-9]{2}),"
_QUOTED = r' "\1",'


class Row:
    """One row of a grid: its cells by column, with typed reads that name the cell when it is wrong.

    The text "-" stands for "no source says" and reads as None, or as nothing where several words may stand.
    """

    __slots__ = ("_cells", "file", "name")

    def __init__(self, file: str, name: str, cells: Mapping[str, Any]) -> None:
        self.file = file
        self.name = name
        self._cells = cells

    def broken(self, column: str, problem: str) -> KnowledgeError:
        """The error to raise for a cell."""
        return KnowledgeError(f"{self.file}: row {self.name}: column {column}: {problem}")

    def text(self, column: str) -> str:
        """A text, which may be empty."""
        value = self._cells[column]
        if not isinstance(value, str):
            raise self.broken(column, f"a text is wanted, not {value!r}")
        return value

    def is_text(self, column: str, text: str) -> bool:
        """Whether a cell that may hold other things holds just this text."""
        return bool(self._cells[column] == text)

    def texts(self, column: str) -> tuple[str, ...]:
        """The texts of a list; each once."""
        value = self._cells[column]
        if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
            raise self.broken(column, f"a list of texts is wanted, not {value!r}")
        if len(set(value)) != len(value):
            raise self.broken(column, "a text stands twice")
        return tuple(value)

    def maybe_text(self, column: str) -> str | None:
        """A text, or None for "-"."""
        value = self.text(column)
        return None if value == _NONE else value

    def choice(self, column: str, allowed: Sequence[str]) -> str:
        """One of the allowed words."""
        value = self.text(column)
        if value not in allowed:
            raise self.broken(column, f"{value!r} is none of {', '.join(allowed)}")
        return value

    def words(self, column: str, allowed: Sequence[str] | None = None) -> tuple[str, ...]:
        """The words of a text in their order; each once, and each allowed."""
        value = self.text(column)
        words = () if value == _NONE else tuple(value.split())
        if len(set(words)) != len(words):
            raise self.broken(column, f"a word stands twice in {value!r}")
        for word in words:
            if allowed is not None and word not in allowed:
                raise self.broken(column, f"{word!r} is none of {', '.join(allowed)}")
        return words

    def number(self, column: str) -> int:
        """A whole number, zero or more."""
        value = self._cells[column]
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self.broken(column, f"a whole number is wanted, not {value!r}")
        return value

    def maybe_number(self, column: str) -> int | None:
        """A whole number, or None for "-"."""
        return None if self._cells[column] == _NONE else self.number(column)

    def numbers(self, column: str) -> tuple[int, ...]:
        """The rising whole numbers of a text such as "3 4 6"."""
        words = self.words(column)
        if not all(word.isascii() and word.isdigit() for word in words):
            raise self.broken(column, f"whole numbers are wanted, not {self.text(column)!r}")
        numbers = tuple(int(word) for word in words)
        if list(numbers) != sorted(numbers):
            raise self.broken(column, f"the numbers of {self.text(column)!r} do not rise")
        return numbers

    def flag(self, column: str) -> bool:
        """True or false."""
        value = self._cells[column]
        if not isinstance(value, bool):
            raise self.broken(column, f"true or false is wanted, not {value!r}")
        return value

    def maybe_flag(self, column: str) -> bool | None:
        """True or false, or None for "-"."""
        return None if self._cells[column] == _NONE else self.flag(column)

    def day(self, column: str) -> date:
        """A date."""
        from datetime import date

        text = str(self._cells[column])
        try:
            if len(text) == len("2026-11-22"):
                return date.fromisoformat(text)
        except ValueError:
            pass
        raise self.broken(column, f"a date is wanted, not {self._cells[column]!r}")

    def table(self, column: str) -> dict[str, str]:
        """A table of texts."""
        value = self._cells[column]
        if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
            raise self.broken(column, f"a table of texts is wanted, not {value!r}")
        return value

    def columns(self) -> Iterable[str]:
        """The names of its cells."""
        return self._cells.keys()


def shipped(file: str) -> str:
    """The text of a data file of this folder.

    Raises:
        KnowledgeError: it is missing.
    """
    return resource("knowledge", file)


def document(file: str, text: str) -> dict[str, Any]:
    """A data file as TOML has it, but for dates in the rows of grids, which may be texts.

    Raises:
        KnowledgeError: it is not TOML.
    """
    import tomllib

    try:
        return _quickly(text, tomllib.loads) or tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise KnowledgeError(f"{file}: not TOML: {error}") from None


def _quickly(text: str, loads: Callable[[str], dict[str, Any]]) -> dict[str, Any] | None:
    # Nearly all of a data file are rows of grids, and reading them is much of what a cold start waits for. But for its
    # date, a row that stands on one line is JSON, which is read many times as fast; the rest stays with tomllib.
    import json

    lines: list[str] = []

    def put_aside(match: re.Match[str]) -> str:
        lines.append(match[1])
        return f"{len(lines) - 1},"

    rest = re.sub(_ROW, put_aside, text)
    if not lines:
        return None
    found = loads(rest)
    try:
        cells = json.loads(f"[{re.sub(_DAY, _QUOTED, ','.join(lines))}]")
        for table in (found, *found.get("family", ()), *found.get("group", ())):
            if "rows" in table:
                table["rows"] = [cells[number] for number in table["rows"]]
    except (ValueError, TypeError, IndexError):
        return None
    return found


def rows(
    file: str, data: Mapping[str, Any], wanted: str, grid: Mapping[str, Any] | None = None, shared: str = ""
) -> Iterator[Row]:
    """The rows of a grid: `columns` of the file names the cells, a list in `rows` holds them, the first is its name.

    Args:
        file: the file's name, for errors.
        data: the whole file.
        wanted: what its columns must be, in their order, with blanks between.
        grid: the table that holds the rows, where it is not the file itself.
        shared: keys of that table that hold for all its rows and read like columns, with blanks between.

    Raises:
        KnowledgeError: columns, lengths or names are wrong, or a name stands twice.
    """
    heads = data.get("columns")
    columns = wanted.split()
    if heads != columns:
        raise KnowledgeError(f"{file}: columns: {', '.join(columns)} are wanted, not {heads!r}")
    table = data if grid is None else grid
    common = {key: _shared(file, table, key) for key in shared.split()}
    seen: set[str] = set()
    for position, cells in enumerate(table.get("rows", ()), start=1):
        if not isinstance(cells, list) or not cells:
            raise KnowledgeError(f"{file}: row {position}: a list of cells is wanted")
        name = str(cells[0])
        if len(cells) != len(columns):
            raise KnowledgeError(f"{file}: row {name}: {len(columns)} cells are wanted, not {len(cells)}")
        if name in seen:
            raise KnowledgeError(f"{file}: row {name}: column {columns[0]}: it stands twice")
        seen.add(name)
        yield Row(file, name, common | dict(zip(columns, cells, strict=True)))


def record(file: str, table: Mapping[str, Any], wanted: str, optional: Mapping[str, Any]) -> Row:
    """A table of its own as a row, for facts that need whole sentences; its first column is its name.

    Args:
        file: the file's name, for errors.
        table: the table.
        wanted: the keys that must stand, with blanks between.
        optional: the keys that may stand, with what they are otherwise.

    Raises:
        KnowledgeError: a key is missing or unknown.
    """
    columns = wanted.split()
    name = str(table.get(columns[0], "without a name"))
    for column in columns:
        if column not in table:
            raise KnowledgeError(f"{file}: row {name}: column {column}: it is missing")
    for key in table:
        if key not in columns and key not in optional:
            raise KnowledgeError(f"{file}: row {name}: column {key}: no such column")
    return Row(file, name, {**optional, **table})


def _shared(file: str, grid: Mapping[str, Any], key: str) -> Any:
    if key in _TABLES:
        return grid.get(key, {})
    if key not in grid:
        raise KnowledgeError(f"{file}: group {grid.get('group', 'without a name')}: column {key}: it is missing")
    return grid[key]
