"""Changes to a document as values, and a document with them made: each touches its own line and no other byte."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vmxtool.vmx import values
from vmxtool.vmx.document import Document, fold

if TYPE_CHECKING:
    from collections.abc import Iterable

_ASSIGNMENT = re.compile(r'(?P<name>[ \t]*[^\x00 \t=#\r\n]+)(?P<sign>[ \t]*=[ \t]*)(?P<value>"[^"]*"|[^\x00 \t#\r\n]*)')
_KEY = re.compile(r"[^\x00 \t=#\r\n]+")


@dataclass(frozen=True, slots=True)
class SetValue:
    """Give a key a value; a key that is not there is added, below the line of `after` where that is there."""

    key: str
    value: str
    after: str | None = None


@dataclass(frozen=True, slots=True)
class RemoveKey:
    """Take a key's line out, every line of it where it is repeated."""

    key: str


@dataclass(frozen=True, slots=True)
class RenameKey:
    """Give a key another name, its value and everything else on its line kept."""

    key: str
    name: str


Edit = SetValue | RemoveKey | RenameKey


class EncodingRefused(ValueError):
    """A value has a character that the file's encoding does not; the message names key and encoding."""


def apply(document: Document, edits: Iterable[Edit]) -> Document:
    """A new document with the edits made in order; the given one stays as it is.

    Raises:
        EncodingRefused: a new value does not fit the file's encoding.
        ValueError: a name is not one that a line can carry.
    """
    for edit in edits:
        if isinstance(edit, SetValue):
            document = _set(document, edit)
        elif isinstance(edit, RemoveKey):
            document = _remove(document, edit.key)
        else:
            document = _rename(document, edit)
    return document


def _set(document: Document, edit: SetValue) -> Document:
    written = f'"{_encode(document, edit.key, edit.value)}"'
    lines = document.tokens
    where = document.where(edit.key)
    if where is not None:
        kind, text = lines[where - 1]
        if document.get(edit.key) != edit.value:
            lines[where - 1] = (kind, _ASSIGNMENT.sub(lambda hit: hit["name"] + hit["sign"] + written, text, count=1))
        return _rebuild(document, lines)
    _check_name(edit.key)
    end = {"CRLF": "\r\n", "CR": "\r"}.get(document.line_ending, "\n")
    if document.line_ending == "mixed":
        end = next(text[len(text.rstrip("\r\n")) :] for _, text in lines if text.endswith(("\n", "\r")))
    anchor = document.where(edit.after) if edit.after is not None else None
    place = len(lines) if anchor is None else anchor
    if place == len(lines) and lines and not lines[-1][1].endswith(("\n", "\r")):
        # The file's last line has no line end, and it stays so: the new line goes above it.
        place -= 1
    lines.insert(place, ("ASSIGNMENT", f"{edit.key} = {written}{end}"))
    return _rebuild(document, lines)


def _remove(document: Document, key: str) -> Document:
    folded = fold(key)
    return _rebuild(document, [line for line in document.tokens if _key_of(line) != folded])


def _rename(document: Document, edit: RenameKey) -> Document:
    _check_name(edit.name)
    lines = document.tokens
    where = document.where(edit.key)
    if where is None:
        return document
    kind, text = lines[where - 1]
    old = text.partition("=")[0].strip(" \t")
    lines[where - 1] = (kind, text.replace(old, edit.name, 1))
    return _rebuild(document, lines)


def _rebuild(document: Document, lines: list[tuple[str, str]]) -> Document:
    bom = [("BOM", "\xef\xbb\xbf")] if document.bom else []
    return Document(bom + lines, document.name)


def _key_of(line: tuple[str, str]) -> str | None:
    return fold(line[1].partition("=")[0].strip(" \t")) if line[0] == "ASSIGNMENT" else None


def _check_name(name: str) -> None:
    if not name.isascii() or not _KEY.fullmatch(name):
        raise ValueError(f"{name!r} cannot be the name of a setting")


def _encode(document: Document, key: str, value: str) -> str:
    codec = document.encoding.codec
    try:
        data = value.encode(codec)
    except UnicodeEncodeError as error:
        missing = value[error.start : error.end]
        raise EncodingRefused(
            f"{document.name}: {key} cannot hold {missing!r} in the file's encoding {document.encoding.name}"
        ) from None
    return values.escape(data).decode("latin-1")
