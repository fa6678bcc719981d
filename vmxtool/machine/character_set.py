"""The character set of a config that names none, told by the files that it names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool._files import last_part
from vmxtool.vmx.document import Document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.machine.folder import Folder

# Those of hosts whose language Western European cannot say, the widest of each kind first.
_OTHERS = ("gbk", "cp932", "cp949", "cp950", "cp1251", "cp1250", "cp1253", "cp1254", "cp1257", "cp874", "cp850")
_LARGEST = 1 << 20  # bytes of a config that is read so often; real ones have some thousands
_MOST_NAMES = 64  # beyond ASCII that are looked for; a real config has a few


def as_its_files_say(document: Document, folder: Folder) -> Document:
    """Return a config read in the character set in which most files that it names are in its folder.

    Where it names its character set, or is UTF-8, or no set finds more than the first guess, it is as it was.
    """
    if document.encoding.declared is not None or document.encoding.codec == "utf-8":
        return document
    if all(map(str.isascii, folder.names)) or len(bytes(document)) > _LARGEST:
        return document
    most = sum(1 for name in _named(document) if name in folder.names)
    best = document
    for codec in _OTHERS:
        other = read_in(document, codec)
        found = 0 if other is None else sum(1 for name in _named(other) if name in folder.names)
        if other is not None and found > most:
            best, most = other, found
    return best


def read_in(document: Document, codec: str) -> Document | None:
    """Return a config that names no character set, read in one; None where it is no text in it."""
    other = Document.parse(bytes(document), document.name, codec)
    return None if other.undecodable else other


def _named(document: Document) -> Iterator[str]:
    """Yield the files beyond ASCII that a config names, without their folders."""
    left = _MOST_NAMES
    for key in document:
        value = document[key]
        if not value.isascii() and "." in value and left > 0:
            left -= 1
            yield last_part(value)
