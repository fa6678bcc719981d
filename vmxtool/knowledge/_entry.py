"""One entry of a TOML file with its place, so that whatever is wrong with it can be named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool._record import Record
from vmxtool.errors import KnowledgeError

if TYPE_CHECKING:
    from collections.abc import Iterator


def parse(text: str, where: str) -> Entry:
    """The whole of a TOML file.

    Args:
        text: its content.
        where: its name, for messages.

    Raises:
        KnowledgeError: it is no TOML.
    """
    import tomllib

    try:
        return Entry(tomllib.loads(text), where)
    except tomllib.TOMLDecodeError as error:
        raise KnowledgeError(f"{where}: {error}") from None


class Entry(Record):
    """One table of a TOML file.

    Every method raises KnowledgeError, naming the place, where the file has something else.

    Attributes:
        values: what it holds.
        where: file and place in it.
    """

    values: dict[str, object]
    where: str

    def broken(self, problem: str) -> KnowledgeError:
        """The error about this place; `problem` is a clause without a full stop."""
        return KnowledgeError(f"{self.where}: {problem}")

    def only(self, *fields: str) -> None:
        """Refuse every field that is not named here."""
        unknown = sorted(self.values.keys() - set(fields))
        if unknown:
            raise self.broken(f"unknown field {', '.join(unknown)}")

    def text(self, field: str, default: str | None = None) -> str:
        """A text; empty or absent only where there is a default."""
        value = self.values.get(field, default)
        if not isinstance(value, str) or (default is None and not value.strip()):
            raise self.broken(f"{field} is missing or no text")
        return value

    def number(self, field: str) -> int:
        """A whole number."""
        value = self.values.get(field)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.broken(f"{field} is missing or no number")
        return value

    def texts(self, field: str, *, optional: bool = False) -> tuple[str, ...]:
        """A list of texts."""
        value = self.values.get(field, [] if optional else None)
        if not isinstance(value, list):
            raise self.broken(f"{field} is missing or no list of texts")
        for place, item in enumerate(value, start=1):
            if not isinstance(item, str):
                raise self.broken(f"{field}, item {place} is no text")
        return tuple(value)

    def table(self, field: str) -> dict[str, object]:
        """A table of whatever; empty where it is absent."""
        value = self.values.get(field, {})
        if not isinstance(value, dict):
            raise self.broken(f"{field} is no table")
        return value

    def lists(self, field: str) -> dict[str, tuple[str, ...]]:
        """A table of lists of texts."""
        inner = Entry(self.table(field), f"{self.where}, {field}")
        return {key: inner.texts(key) for key in inner.values}

    def named(self, field: str) -> dict[str, Entry]:
        """A table of tables, by their names."""
        inner = Entry(self.table(field), f"{self.where}, {field}")
        return {key: Entry(inner.table(key), f"{inner.where}, {key}") for key in inner.values}

    def entries(self, field: str) -> Iterator[tuple[int, Entry]]:
        """A list of tables, counted from 1."""
        value = self.values.get(field)
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.broken(f"{field} is missing or no list of tables")
        noun = {"rows": "row"}.get(field, f"{field} entry")
        for place, item in enumerate(value, start=1):
            yield place, Entry(item, f"{self.where}, {noun} {place}")
