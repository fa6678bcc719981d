"""The content of a journal: one rewrite as a value and as JSON. Reading checks all of it, since it may be hostile."""

from __future__ import annotations

import json
import os
from binascii import a2b_base64, b2a_base64
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from vmxtool._record import Record
from vmxtool.machine.state import JOURNAL_FOLDER
from vmxtool.rewriter.journal.file_ops import Attributes
from vmxtool.rewriter.journal.patch import InPlacePatch, Range, ReplacePatch

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from vmxtool.rewriter.journal.patch import Patch

# "journal" is the state of a rewrite, or of its undo, that is under way or was cut short.
JournalState = Literal["journal", "done", "undone"]

SCHEMA = "vmxtool.journal/1"

# A journal of a thousand disks has some 20,000; JSON that is nothing but places takes 20 times its size in memory.
_MAX_PLACES = 200_000
# What a system passes as a path at most. All names together are bounded too, since each part of each is looked up.
_MAX_NAME = 4096
_MAX_NAMES = 2**18
# Only names, and what a rewrite says of itself, have escapes, which can make a text four times as wide in memory.
_MAX_ESCAPED = 2**16
# Where what a rewrite says of itself ends: no text in JSON has a line break in it.
_HEAD_END = b',\n "files": ['

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HEAD = frozenset({"schema", "created", "about"})
_FILE = frozenset({"name", "kind", "mode", "uid", "gid", "mtime_ns", "sha256_before", "sha256_after"})
_CONTENT = {"replace": frozenset({"before", "after"}), "in-place": frozenset({"ranges"})}
_RANGE = frozenset({"offset", "before", "after"})


class NotAJournalError(ValueError):
    """The bytes are not a journal that vmxtool writes; the message says what is wrong, without the file."""


class JournalFile(Record):
    """One file of a rewrite: its name relative to the VM's folder, the change, and its attributes before the change."""

    name: str
    patch: Patch
    attributes: Attributes


class Journal(Record):
    """One rewrite. `created` is in UTC, to the microsecond; disks changed in place get it as their time of change."""

    folder: Path
    number: int
    created: datetime
    about: Mapping[str, str]
    entries: tuple[JournalFile, ...]

    def path(self, state: JournalState) -> Path:
        """Return where the journal lies while it is in a state."""
        return journal_path(self.folder, self.number, state)

    def staged(self, index: int) -> Path:
        """Return an entry's temporary file: beside the file itself, and of a name that fits on every file system."""
        return self.entries[index].patch.path.parent / f".vmxtool-{self.number:04}-{index}.tmp"

    @property
    def stamp_ns(self) -> int:
        """`created` in nanoseconds since 1970."""
        return (self.created - _EPOCH) // timedelta(microseconds=1) * 1000


def journal_path(folder: Path, number: int, state: JournalState) -> Path:
    """Return where the journal of this number lies while it is in this state."""
    return folder / JOURNAL_FOLDER / f"{number:04}.{state}"


class Head(Record):
    """The beginning of a journal: when the rewrite began, in UTC, and what it says about itself."""

    created: datetime
    about: Mapping[str, str]


def encode(journal: Journal) -> bytes:
    """Return a journal as JSON, in ASCII: contents in base64, each with its SHA-256."""
    content = {
        "schema": SCHEMA,
        "created": journal.created.isoformat(timespec="microseconds"),
        "about": dict(journal.about),
        "files": [_write_entry(entry) for entry in journal.entries],
    }
    return json.dumps(content, indent=1).encode("ascii") + b"\n"


def decode(data: bytes, folder: Path, number: int) -> Journal:
    """Read a journal; the path of each file is the folder and its name, links not followed.

    Raises:
        NotAJournalError: anything in it is not as `encode` writes it.
    """
    content = _record(_parse(data), _HEAD | {"files"}, "the journal")
    head = _read_head(content)
    files = _list(content["files"], "files")
    entries = tuple(_read_entry(item, folder, f"file {place}") for place, item in enumerate(files, start=1))
    if len({entry.name for entry in entries}) != len(entries):
        raise NotAJournalError("a file is in it twice")
    if sum(len(entry.name) for entry in entries) > _MAX_NAMES:
        raise NotAJournalError("the names in it are too long")
    return Journal(folder, number, head.created, head.about, entries)


def decode_head(data: bytes) -> Head:
    """Read what a journal says of its rewrite; `data` may end anywhere behind that.

    Raises:
        NotAJournalError: it is not as `encode` writes it.
    """
    head, end, _ = data.partition(_HEAD_END)
    if not end:
        raise NotAJournalError("it does not begin like one")
    return _read_head(_record(_parse(head + b"}"), _HEAD, "the journal"))


def _parse(data: bytes) -> object:
    if not data.isascii() or sum(map(data.count, (b"[", b"{", b",", b"\n"))) > _MAX_PLACES:
        raise NotAJournalError("it has too many places, or is not ASCII")
    if any(len(line) > _MAX_ESCAPED and b"\\" in line for line in data.split(b"\n")):
        raise NotAJournalError("a text with escapes in it is too long")
    try:
        return json.loads(
            data.decode("ascii"),
            object_pairs_hook=_read_object,
            parse_constant=_refuse_number,
            parse_float=_refuse_number,
        )
    except NotAJournalError:
        raise
    except (ValueError, RecursionError):
        raise NotAJournalError("not JSON") from None


def _read_head(table: Mapping[str, object]) -> Head:
    if table["schema"] != SCHEMA:
        raise NotAJournalError(f"its schema is not {SCHEMA}")
    about = table["about"]
    if not isinstance(about, dict) or not all(isinstance(value, str) for value in about.values()):
        raise NotAJournalError("about is not a table of texts")
    if any(len(text) > _MAX_NAME for pair in about.items() for text in pair):
        raise NotAJournalError("about has a text that is too long")
    return Head(_time(table["created"]), about)


def _write_entry(entry: JournalFile) -> dict[str, object]:
    patch, attributes = entry.patch, entry.attributes
    written: dict[str, object] = {
        "name": entry.name,
        "kind": "replace" if isinstance(patch, ReplacePatch) else "in-place",
        "mode": attributes.mode,
        "uid": attributes.uid,
        "gid": attributes.gid,
        "mtime_ns": attributes.mtime_ns,
        "sha256_before": patch.digest("before"),
        "sha256_after": patch.digest("after"),
    }
    if isinstance(patch, ReplacePatch):
        return written | {"before": _base64(patch.before), "after": _base64(patch.after)}
    ranges = [
        {"offset": item.offset, "before": _base64(item.before), "after": _base64(item.after)} for item in patch.ranges
    ]
    return written | {"ranges": ranges}


def _read_entry(item: object, folder: Path, place: str) -> JournalFile:
    kind = item.get("kind") if isinstance(item, dict) else None
    if not isinstance(kind, str) or kind not in _CONTENT:
        raise NotAJournalError(f"{place} is of no known kind")
    table = _record(item, _FILE | _CONTENT[kind], place)
    name = _name(table["name"], place)
    path = folder.joinpath(*name.split("/"))
    patch: Patch
    if kind == "replace":
        patch = ReplacePatch(path, _bytes(table["before"], place), _bytes(table["after"], place))
    else:
        try:
            patch = InPlacePatch(path, tuple(_read_range(one, place) for one in _list(table["ranges"], place)))
        except NotAJournalError:
            raise
        except ValueError as error:
            raise NotAJournalError(f"{place}: {error}") from None
    if table["sha256_before"] != patch.digest("before") or table["sha256_after"] != patch.digest("after"):
        raise NotAJournalError(f"{place} does not have the content that its digests tell of")
    attributes = Attributes(
        mode=_number(table["mode"], place, 0, 0o7777),
        uid=_number(table["uid"], place, 0, 2**32 - 1),
        gid=_number(table["gid"], place, 0, 2**32 - 1),
        mtime_ns=_number(table["mtime_ns"], place, -(2**63), 2**63 - 1),
    )
    return JournalFile(name, patch, attributes)


def _read_range(item: object, place: str) -> Range:
    table = _record(item, _RANGE, place)
    offset = _number(table["offset"], place, 0, 2**63 - 1)
    return Range(offset, _bytes(table["before"], place), _bytes(table["after"], place))


def _name(value: object, place: str) -> str:
    """Return a name that stays in the folder, whatever system it is read on, and is none of our own."""
    if not isinstance(value, str):
        raise NotAJournalError(f"{place} has no name")
    try:
        long = len(os.fsencode(value)) > _MAX_NAME
    except UnicodeEncodeError:
        raise NotAJournalError(f"{place} has a name that no file can have") from None
    if long:
        raise NotAJournalError(f"{place} has a name of more than {_MAX_NAME} bytes")
    parts = value.split("/")
    stray = not {"", ".", ".."}.isdisjoint(parts) or "\x00" in value
    if stray or (os.name == "nt" and not {":", "\\"}.isdisjoint(value)) or parts[0].casefold() == JOURNAL_FOLDER:
        raise NotAJournalError(f"{place} has a name that leads out of the VM's folder")
    return value


def _time(value: object) -> datetime:
    try:
        read = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        read = None
    if read is None or read.utcoffset() != timedelta(0):
        raise NotAJournalError("created is not a time in UTC")
    return read


def _record(value: object, keys: frozenset[str], place: str) -> dict[str, Any]:
    if not isinstance(value, dict) or value.keys() != keys:
        raise NotAJournalError(f"{place} does not have the fields it should have")
    return value


def _list(value: object, place: str) -> list[object]:
    if not isinstance(value, list) or not value:
        raise NotAJournalError(f"{place}: a list is missing or empty")
    return value


def _number(value: object, place: str, lowest: int, highest: int) -> int:
    if type(value) is not int or not lowest <= value <= highest:
        raise NotAJournalError(f"{place} has a number out of its bounds")
    return value


def _bytes(value: object, place: str) -> bytes:
    try:
        return a2b_base64(value if isinstance(value, str) else b"?", strict_mode=True)
    except ValueError:
        raise NotAJournalError(f"{place} has content that is not base64") from None


def _base64(data: bytes) -> str:
    return b2a_base64(data, newline=False).decode("ascii")


def _read_object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise NotAJournalError("a field is in it twice")
    return table


def _refuse_number(_: str) -> NoReturn:
    raise NotAJournalError("it has a number that is not whole")
