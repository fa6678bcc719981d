"""Where a fact was read: the file, the line, the key and the raw value."""

from __future__ import annotations

from vmxtool._record import Record


class Evidence(Record):
    """One place in one file that shows a fact.

    Attributes:
        file: file name as the reader knows it, relative to the VM's folder where it lies inside.
        line: 1-based line number, or None where the fact is not on a line (a header field, a file that exists).
        key: key or field name as spelt in the file.
        value: the value as it stands in the file, before any reading of it. It may hold control characters;
            whoever prints it escapes them.
    """

    file: str
    line: int | None = None
    key: str | None = None
    value: str | None = None

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        if self.key is None:
            return place if self.value is None else f"{place}: {self.value}"
        return f"{place}: {self.key}" + ("" if self.value is None else f' = "{self.value}"')
