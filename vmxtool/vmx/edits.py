"""Changes to a document as values, and a document with them made: each touches its own line and no other byte."""

from __future__ import annotations

import re
from itertools import chain, pairwise
from typing import TYPE_CHECKING, cast

from vmxtool._record import Record
from vmxtool.vmx import encodings, values
from vmxtool.vmx.document import ENCODING_KEYS, Document
from vmxtool.vmx.lines import fold, split

if TYPE_CHECKING:
    from collections.abc import Iterable

_ASSIGNMENT = r'[ \t]*+([^\x00 \t=#\r\n]++)[ \t]*+=[ \t]*+("[^"]*+"|[^\x00 \t#\r\n]*+)'
_NAME = r"[^\x00 \t=#\r\n]+"
_BOM = "\xef\xbb\xbf"

Row = tuple[str, str]
"""A line as (kind, Latin-1 text)."""


class SetValue(Record):
    """Give a key a value; a key that is not there is added, below the line of `after` where that is there.

    Without such a line it goes to the end; but above a last line without a line end, so that that line stays the last.
    """

    key: str
    value: str
    after: str | None = None


class RemoveKey(Record):
    """Take a key's line out, every line of it where it is repeated."""

    key: str


class RenameKey(Record):
    """Give a key another name, its value and everything else on its line kept byte for byte."""

    key: str
    name: str


Edit = SetValue | RemoveKey | RenameKey


class EncodingRefused(ValueError):
    """A value cannot stand in the file's encoding; the message names key and encoding."""


class AmbiguousKey(ValueError):
    """A key stands on two lines, or would after the edit; the message names the key and both lines."""


def apply(document: Document, edits: Iterable[Edit]) -> Document:
    """Return a new document with the edits made in order; the given one stays as it is.

    A key that is not there is neither removed nor renamed, and a value equal to the present one changes no byte.

    Raises:
        EncodingRefused: a new value does not fit the file's encoding, or the others do not fit a new `.encoding`.
        AmbiguousKey: a key to set or rename stands on two lines, or a new name is already there.
        ValueError: a name is not one that a line can carry.
    """
    draft = _Draft(document)
    for edit in edits:
        if isinstance(edit, SetValue):
            draft.set(edit)
        elif isinstance(edit, RemoveKey):
            draft.remove(edit)
        else:
            draft.rename(edit)
    return draft.finish()


def recode(document: Document, codec: str) -> Document:
    """Return a new document that says the same in another encoding and names none; comments keep their bytes.

    A name or value of ASCII alone, and without an escape for a character beyond it, keeps its bytes too.

    Raises:
        EncodingRefused: a name or a value cannot be written in that encoding.
    """
    rows = []
    for number in range(1, document.lines + 1):
        line = document.line(number)
        text = line.raw.decode("latin-1")
        if line.kind != "ASSIGNMENT":
            rows.append(text)
            continue
        hit = _parts(text)
        name, written = _recoded_name(document, hit[1], codec), _recoded_value(document, hit, codec)
        if fold(hit[1]) not in ENCODING_KEYS:
            rows.append(text[: hit.start(1)] + name + text[hit.end(1) : hit.start(2)] + written + text[hit.end(2) :])
    return Document.parse("".join(rows).encode("latin-1"), document.name, codec)


def _recoded_name(document: Document, raw: str, codec: str) -> str:
    if raw.isascii():
        return raw
    shown = encodings.decode(raw.encode("latin-1"), document.encoding.codec)
    return _in_codec(document, shown, shown, codec).decode("latin-1")


def _recoded_value(document: Document, hit: re.Match[str], codec: str) -> str:
    raw = hit[2][1:-1] if hit[2].startswith('"') else hit[2]
    shown = encodings.decode(values.unescape(raw.encode("latin-1")), document.encoding.codec)
    if shown.isascii() and raw.isascii() and not encodings.is_shifting(document.encoding.codec):
        return hit[2]
    escaped = values.escape(_in_codec(document, hit[1], shown, codec)).decode("latin-1")
    return f'"{escaped}"'


def _in_codec(document: Document, key: str, text: str, codec: str) -> bytes:
    written = text.encode(codec, "replace")
    if encodings.decode(written, codec) != text:
        raise EncodingRefused(f"{document.name}: {key} cannot be written in {codec}")
    return written


class _Draft:
    """The lines of a document while they are edited, so that many edits of a long file take one pass over it."""

    def __init__(self, document: Document) -> None:
        self._before = document
        self._rows = document.tokens
        self._places = {key: line - 1 for key in document.folded() if (line := document.where(key)) is not None}
        self._repeats: dict[str, list[int]] = {}
        for line in document.repeats:
            self._repeats.setdefault(self._key(self._rows[line - 1][1]), []).append(line - 1)
        # What now stands in the place of a row: itself, changed or gone, and what was added beside it. Row -1 is there
        # for a file without lines.
        self._slots: dict[int, list[Row]] = {}
        self._recoded = False
        self._end = _line_end(document.line_ending, self._rows)

    def set(self, edit: SetValue) -> None:
        key = fold(edit.key)
        if key not in self._places:
            self._add(edit)
            return
        slot, at = self._find_only(key)
        kind, text = slot[at]
        hit = _parts(text)
        if self._decode(hit[2]) != edit.value:
            slot[at] = (kind, text[: hit.start(2)] + self._encode(edit) + text[hit.end(2) :])
            self._recoded |= key in ENCODING_KEYS

    def remove(self, edit: RemoveKey) -> None:
        key = fold(edit.key)
        if key in self._places:
            self._recoded |= key in ENCODING_KEYS
            for place in (self._places.pop(key), *self._repeats.pop(key, ())):
                slot = self._slot(place)
                del slot[self._find(slot, key)]

    def rename(self, edit: RenameKey) -> None:
        self._name(edit.name)  # also of a key that is not there
        key, name = fold(edit.key), fold(edit.name)
        if key not in self._places:
            return
        self._recoded |= not {key, name}.isdisjoint(ENCODING_KEYS)
        slot, at = self._find_only(key)
        if name != key and name in self._places:
            raise self._ambiguity(f"{edit.name} would stand", self._places[name], self._places[key])
        kind, text = slot[at]
        hit = _parts(text)
        slot[at] = (kind, text[: hit.start(1)] + self._renamed(hit[1], edit.name) + text[hit.end(1) :])
        self._places[name] = self._places.pop(key)

    def finish(self) -> Document:
        before = self._before
        rows = list(self._slots.get(-1, ()))
        for place, row in enumerate(self._rows):
            rows.extend(self._slots.get(place, (row,)))
        bom = _BOM if before.bom else ""
        text = bom + "".join([line for _, line in rows])
        mark = [("BOM", len(bom))] if bom else []
        lines: Iterable[tuple[str, int]] = chain(mark, ((kind, len(line)) for kind, line in rows))
        # Where a line between them is gone, a CR and an LF become one line end, and a first line may look like a BOM.
        met = any(above.endswith("\r") and below.startswith("\n") for (_, above), (_, below) in pairwise(rows))
        if met or (text.startswith(_BOM) and not bom):
            lines = split(text)
        # A guess at the encoding stays the one made from the whole file: with a line less there is less to go by.
        after = Document(text, lines, before.name, before.encoding.codec if before.encoding.guessed else None)
        if self._recoded:
            _check_encoding(before, after)
        return after

    def _add(self, edit: SetValue) -> None:
        written = self._name(edit.key)
        key = fold(edit.key)
        anchor = None if edit.after is None else self._places.get(fold(edit.after))
        place = len(self._rows) - 1 if anchor is None else anchor
        slot = self._slot(place)
        at = len(slot) if anchor is None else self._find(slot, fold(edit.after or "")) + 1
        if at and not slot[at - 1][1].endswith(("\n", "\r")):
            at -= 1
        slot.insert(at, ("ASSIGNMENT", f"{written} = {self._encode(edit)}{self._end}"))
        self._places[key] = place
        self._recoded |= key in ENCODING_KEYS

    def _slot(self, place: int) -> list[Row]:
        return self._slots.setdefault(place, [self._rows[place]] if place >= 0 else [])

    def _find(self, slot: list[Row], key: str) -> int:
        return next(at for at, (kind, text) in enumerate(slot) if kind == "ASSIGNMENT" and self._key(text) == key)

    def _find_only(self, key: str) -> tuple[list[Row], int]:
        if key in self._repeats:
            raise self._ambiguity(f"{key} stands", self._places[key], self._repeats[key][0])
        slot = self._slot(self._places[key])
        return slot, self._find(slot, key)

    def _key(self, text: str) -> str:
        name = _parts(text)[1]
        return fold(name if name.isascii() else encodings.decode(name.encode("latin-1"), self._before.encoding.codec))

    def _ambiguity(self, what: str, *places: int) -> AmbiguousKey:
        first, second = sorted(places)
        return AmbiguousKey(f"{self._before.name}: {what} on lines {first + 1} and {second + 1}; only one can stay")

    def _name(self, name: str) -> str:
        """Return a name as it is written: letters beyond ASCII in the file's encoding, since VMware compares bytes."""
        encoding = self._before.encoding
        codec = encoding.codec if encoding.known and not name.isascii() else "ascii"
        written = name.encode(codec, "replace").decode("latin-1")
        if not re.fullmatch(_NAME, written) or encodings.decode(written.encode("latin-1"), codec) != name:
            raise ValueError(f"{name!r} cannot be the name of a setting")
        return written

    def _renamed(self, raw: str, name: str) -> str:
        """Return a new name as it is written; a part between dots stays byte for byte where it is what it was."""
        old, new = raw.split("."), name.split(".")
        if len(old) != len(new) or not all(new):
            return self._name(name)
        codec = self._before.encoding.codec
        shown = [part if part.isascii() else encodings.decode(part.encode("latin-1"), codec) for part in old]
        return ".".join(
            kept if was == part else self._name(part) for kept, was, part in zip(old, shown, new, strict=True)
        )

    def _encode(self, edit: SetValue) -> str:
        encoding = self._before.encoding
        # In an encoding that VMware does not know, only ASCII is sure to mean what it says.
        codec = encoding.codec if encoding.known else "ascii"
        written = values.escape(edit.value.encode(codec, "replace"))
        if encodings.decode(values.unescape(written), codec) != edit.value:
            lost = next((char for char in edit.value if not _survives(char, codec)), edit.value)
            raise EncodingRefused(
                f"{self._before.name}: {edit.key} cannot hold {lost!r} in the file's encoding {encoding.name}"
            )
        return f'"{written.decode("latin-1")}"'

    def _decode(self, written: str) -> str:
        raw = written[1:-1] if written.startswith('"') else written
        return encodings.decode(values.unescape(raw.encode("latin-1")), self._before.encoding.codec)


def _parts(text: str) -> re.Match[str]:
    """Return name and value, with its quotes, of a line that is an assignment."""
    return cast("re.Match[str]", re.match(_ASSIGNMENT, text))


def _line_end(ending: str, rows: list[Row]) -> str:
    """Return how a new line ends.

    It ends as the others do; where they differ, as the first that does not end with a lone CR.
    """
    if ending == "mixed":
        return next("\r\n" if text.endswith("\r\n") else "\n" for _, text in rows if text.endswith("\n"))
    return {"CRLF": "\r\n", "CR": "\r"}.get(ending, "\n")


def _survives(char: str, codec: str) -> bool:
    return char != "\x00" and encodings.decode(char.encode(codec, "replace"), codec) == char


def _check_encoding(before: Document, after: Document) -> None:
    old, new = before.encoding, after.encoding
    if not new.known or new.conflict is not None:
        raise EncodingRefused(f"{before.name}: .encoding cannot become {new.name}, which VMware would refuse")
    if old.codec != new.codec and not (_is_plain(before) and _is_plain(after)):
        raise EncodingRefused(f"{before.name}: .encoding cannot become {new.name}, as other values are in {old.name}")


def _is_plain(document: Document) -> bool:
    data = bytes(document)
    return data.isascii() and b"|" not in data and not encodings.is_shifting(document.encoding.codec)
