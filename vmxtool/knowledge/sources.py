"""The documents that facts rest on, and the way from a reference such as "mpg:p10" to its document."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from vmxtool.errors import KnowledgeError
from vmxtool.knowledge import _load

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

FILE = "sources.toml"
_COLUMNS = "id title publisher dated address read remark"


@dataclass(frozen=True, slots=True)
class Source:
    """One document.

    Attributes:
        id: what other files call it, such as "mpg" or "kb:1003746".
        title: its title.
        publisher: who published it, or empty.
        dated: its own date or revision, or empty.
        address: where the public finds it, or empty.
        read: the day it was read for vmxtool.
        remark: in which form it was read, where that is not the document itself.
    """

    id: str
    title: str
    publisher: str
    dated: str
    address: str
    read: date
    remark: str


@cache
def sources() -> Mapping[str, Source]:
    """All documents by id, in the order of their file.

    Raises:
        KnowledgeError: the data file is broken.
    """
    return read_sources(_load.shipped(FILE))


def source(reference: str) -> tuple[Source, str]:
    """The document that a reference names, and the place in it ("" where the reference names none).

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
    """The documents that a text in the form of sources.toml holds.

    Raises:
        KnowledgeError: it is broken.
    """
    found: dict[str, Source] = {}
    for row in _load.rows(FILE, _load.document(FILE, text), _COLUMNS):
        if not row.text("title"):
            raise row.broken("title", "it is empty")
        if any(character.isspace() for character in row.name):
            raise row.broken("id", "an id has no blanks")
        found[row.name] = Source(
            id=row.name,
            title=row.text("title"),
            publisher=row.text("publisher"),
            dated=row.text("dated"),
            address=row.text("address"),
            read=row.day("read"),
            remark=row.text("remark"),
        )
    return MappingProxyType(found)
