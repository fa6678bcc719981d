"""The documents that facts rest on, and the way from a reference such as "mpg:p10" to its document."""

from __future__ import annotations

import re
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from vmxtool._record import Record
from vmxtool.errors import KnowledgeError
from vmxtool.knowledge import _load
from vmxtool.knowledge.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

FILE = "sources.toml"
_DAY = r"(?:\d{4}(?:-\d\d(?:-\d\d)?)?)?"


class Source(Record):
    """One document.

    Attributes:
        id: what other files call it, such as "mpg" or "kb:1003746".
        title: its title.
        publisher: who published it, or empty.
        dated: its own date or revision, or empty.
        address: where the public finds it, or empty.
        until: the last day of which it can speak, as "2022" or "2022-11-17"; empty where its date is not known.
        read: the day it was read for vmxtool, or None where nobody has read it.
        stands_alone: whether a fact may rest on it alone; an observation shows that a thing occurs, not where it ends.
        remark: in which form it was read, where that is not the document itself.
    """

    id: str
    title: str
    publisher: str
    dated: str
    until: str
    address: str
    read: date | None
    stands_alone: bool
    remark: str

    def confirms(self, day: str = "") -> bool:
        """Return whether a fact about what came on a day may rest on it; a document cannot speak of what came after it.

        Args:
            day: in whole or in part ("2022-11"); empty where the fact belongs to no day.
        """
        length = min(len(self.until), len(day))
        timely = not day or (self.until != "" and self.until[:length] >= day[:length])
        return self.read is not None and self.stands_alone and timely


_ROWS = Rows("", Source)


@cache
def sources() -> Mapping[str, Source]:
    """Return all documents by id, in the order of their file.

    Raises:
        KnowledgeError: the data file is broken.
    """
    return read_sources(_load.shipped(FILE))


def source(reference: str) -> tuple[Source, str]:
    """Return the document that a reference names, and the place in it ("" where the reference names none).

    Raises:
        KnowledgeError: no document has that id.
    """
    known = sources()
    parts = reference.split(":")
    for length in range(len(parts), 0, -1):
        found = known.get(":".join(parts[:length]))
        if found is not None:
            return found, ":".join(parts[length:])
    raise KnowledgeError(f"{FILE}: row {reference}: column id: no source has this id")


def read_sources(text: str) -> Mapping[str, Source]:
    """Return the documents that a text in the form of sources.toml holds.

    Raises:
        KnowledgeError: it is broken.
    """
    found: dict[str, Source] = {}
    for row, document in _ROWS.read(FILE, _load.document(FILE, text)):
        row.prove(
            ("title", bool(document.title), "it is empty"),
            ("id", not any(map(str.isspace, document.id)), "an id has no blanks"),
            ("until", re.fullmatch(_DAY, document.until) is not None, "a date such as 2022-11 is wanted, or nothing"),
            ("stands_alone", document.read is not None or not document.stands_alone, "nobody has read it"),
        )
        found[document.id] = document
    return MappingProxyType(found)
