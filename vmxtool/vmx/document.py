"""A file of the dictionary language as settings: every byte kept, every value readable by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, TypeVar, overload

from vmxtool import _files
from vmxtool.evidence import Evidence
from vmxtool.vmx import encodings, limits, values
from vmxtool.vmx.lines import Lines, fold, split

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from vmxtool.vmx.encodings import Encoding

Other = TypeVar("Other")

# The oldest products had a name of their own for each kind of file; VMware still takes them all for `.encoding`.
ENCODING_KEYS = (".encoding", "config.encoding", "preferences.encoding", "vmlist.encoding", "snapshot.encoding")


class DecodedLines(Lines):
    """Lines with the encoding of their values.

    The file is split into lines and unescaped as bytes and decoded last, because in Shift_JIS, GBK and Big5 half of a
    character may look like the escape sign.
    """

    __slots__ = ("_duplicates", "_encoding", "_guess", "_plain")

    def __init__(self, text: str, lines: Iterable[tuple[str, int]], name: str, guess: str | None = None) -> None:
        """Take the lines; `guess` is the codec to assume where the file names none that VMware knows."""
        super().__init__(text, lines, name)
        self._guess = guess
        self._encoding: Encoding | None = None
        self._plain: bool | None = None
        self._duplicates: tuple[tuple[str, int, int], ...] | None = None

    @property
    def duplicates(self) -> tuple[tuple[str, int, int], ...]:
        """(folded key, line of the first, line of the repetition) for every repeated key; VMware refuses the file.

        Left out are names that begin with a dot and the old names of `.encoding`: no variables, they may be repeated.
        """
        if self._duplicates is None:
            lines = [(fold(self._raw_key(line - 1)), line) for line in self.repeats]
            self._duplicates = tuple(
                (fold(self._spelling(line - 1)), self._index[raw] + 1, line)
                for raw, line in lines
                if not raw.startswith(".") and raw not in ENCODING_KEYS
            )
        return self._duplicates

    @property
    def encoding(self) -> Encoding:
        """How values are decoded: by `.encoding`, which is believed before anything else; else by a guess."""
        if self._encoding is None:
            rows = self._encoding_rows()
            declared = [(row + 1, self._bytes(row).decode("ascii", "backslashreplace")) for row in rows]
            self._encoding = encodings.settle(declared, self._guess_codec)
        return self._encoding

    @property
    def undecodable(self) -> tuple[str, ...]:
        """Keys, folded, whose values are not valid in the file's encoding; VMware refuses a file that has one."""
        if self._is_plain():
            return ()
        rows = self._index.values()
        return tuple(
            fold(self._spelling(row)) for row in rows if not encodings.is_valid(self._bytes(row), self.encoding.codec)
        )

    def _spelling(self, row: int) -> str:
        return self._show(self._raw_key(row))

    def _value(self, row: int) -> str:
        raw = self._raw(row)
        if self._is_plain():
            return raw
        codec = self.encoding.codec
        if raw.isascii() and "|" not in raw and not encodings.is_shifting(codec):
            return raw
        return encodings.decode(values.unescape(raw.encode("latin-1")), codec)

    def _is_plain(self) -> bool:
        """Return whether every value stands in the file as it reads."""
        if self._plain is None:
            text = self._text
            self._plain = text.isascii() and "|" not in text and not encodings.is_shifting(self.encoding.codec)
        return self._plain

    def _show(self, raw: str) -> str:
        return raw if raw.isascii() else encodings.decode(raw.encode("latin-1"), self.encoding.codec)

    def _encoding_rows(self) -> list[int]:
        first = [row for key in ENCODING_KEYS if (row := self._index.get(key)) is not None]
        again = [line - 1 for line in self.repeats if fold(self._raw_key(line - 1)) in ENCODING_KEYS] if first else []
        return sorted(first + again)

    def _guess_codec(self) -> str:
        return encodings.guess_all(self._sample) if self._guess is None else self._guess

    def _sample(self) -> Iterator[bytes]:
        if not self._text.isascii() or "|" in self._text:
            yield from map(self._bytes, self._index.values())


class Document(DecodedLines, Mapping[str, str]):
    """A case-insensitive, read-only mapping from keys to decoded values; `bytes(document)` is the file.

    Where a key stands twice the first one counts, as in VMware, which then refuses the file: see `duplicates`.
    """

    __slots__ = ("_folded", "_foreign", "_values")

    def __init__(self, text: str, lines: Iterable[tuple[str, int]], name: str, guess: str | None = None) -> None:
        """Make a document of a Latin-1 view and its lines as (kind, length); use `parse` or `read` instead."""
        super().__init__(text, lines, name, guess)
        self._folded: list[str] | None = None
        self._foreign: dict[str, int] | None = None
        self._values: dict[int, str] = {}

    @classmethod
    def parse(cls, data: bytes, name: str, guess: str | None = None) -> Document:
        """Read the bytes of a file; every input is a document.

        Args:
            data: the file.
            name: how it is called in messages.
            guess: the codec to assume where it names none that VMware knows; else it is guessed from the whole file.
        """
        text = data.decode("latin-1")
        return cls(text, split(text), name, guess)

    @classmethod
    def read(cls, path: Path, name: str | None = None) -> Document:
        """Read a file.

        Raises:
            InputError: it cannot be opened, or is larger or has more or longer lines than any config.
        """
        data = _files.read_range(path, 0, limits.MAX_BYTES + 1)
        limits.refuse_oversize(data, path)
        text = data.decode("latin-1")
        del data
        return cls(text, split(text), path.name if name is None else name)

    def __getitem__(self, key: str) -> str:
        row = self._row(key)
        if row is None:
            raise KeyError(key)
        return self._held(row)

    @overload
    def get(self, key: str, /) -> str | None: ...

    @overload
    def get(self, key: str, /, default: str | Other) -> str | Other: ...

    def get(self, key: str, /, default: str | Other | None = None) -> str | Other | None:
        """Return a value, or the default where the key is absent, which is too common for an exception."""
        row = self._row(key)
        return default if row is None else self._held(row)

    def _held(self, row: int) -> str:
        value = self._values.get(row)
        if value is None:
            value = self._value(row)
            # Other values take up to sixteen times their bytes in the file, so they are not held.
            if value.isascii():
                self._values[row] = value
        return value

    def __iter__(self) -> Iterator[str]:
        """Iterate over the keys as they are spelt, in the order of the file."""
        return map(self._spelling, self._index.values())

    def __len__(self) -> int:
        return len(self._index)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self._row(key) is not None

    def folded(self) -> Iterable[str]:
        """Return keys in lower case, in the order of the file."""
        if self._text.isascii():
            return self._index.keys()
        if self._folded is None:
            self._folded = [fold(key) for key in self]
        return self._folded

    @property
    def beyond_ascii(self) -> tuple[str, ...]:
        """Keys, as the file spells them, with a name or a value beyond ASCII, in the order of the file."""
        if self._is_plain():
            return ()
        return tuple(key for key in self if not (key.isascii() and self[key].isascii()))

    def spelling(self, key: str) -> str:
        """Return a key as the file spells it.

        Raises:
            KeyError: the file does not have it.
        """
        row = self._row(key)
        if row is None:
            raise KeyError(key)
        return self._spelling(row)

    def where(self, key: str) -> int | None:
        """Return the 1-based number of the line that has a key, or None."""
        row = self._row(key)
        return None if row is None else row + 1

    def evidence(self, key: str) -> Evidence:
        """Return the place of a key, with its value as it stands in the file; without a line for an absent key."""
        row = self._row(key)
        if row is None:
            return Evidence(self.name, None, key, None)
        return Evidence(self.name, row + 1, self._spelling(row), self._show(self._raw(row)))

    def flag(self, key: str, default: bool) -> bool:
        """Return a boolean value as VMware reads it, or the default where the key is absent."""
        return values.as_bool(self[key]) if key in self else default

    def number(self, key: str) -> int | None:
        """Return an integer value as VMware reads it, or None where the key is absent."""
        return values.as_int(self[key]) if key in self else None

    def _row(self, key: str) -> int | None:
        if key.isascii():
            row = self._index.get(key)  # most keys that are asked for are folded
            if row is None:
                row = self._index.get(key.lower())
            if row is not None or self._text.isascii():
                return row
        if self._foreign is None:
            # The index has names as bytes; readers ask for them as they are shown.
            rows = [row for raw, row in self._index.items() if not raw.isascii()]
            self._foreign = {fold(self._spelling(row)): row for row in reversed(rows)}
        return self._foreign.get(fold(key))
