"""The descriptor of a virtual disk: every byte kept, every key readable."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from vmxtool._record import Record
from vmxtool.vmdk.descriptor_lines import Extent, LineProblem, Setting, parse_extent, split_lines
from vmxtool.vmx import encodings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

# No writer makes one of more than 20 KiB; qemu reads up to 1 MiB (block/vmdk.c), and we as far.
MAX_BYTES = 2**20
# A disk of 64 TB in pieces of 2 GB has 32,768 extents, one line each.
MAX_LINES = 2**16
NO_PARENT = 0xFFFFFFFF
DDB = "ddb."

_CID_DIGITS = 8
_CONTENT_ID = re.compile(r"[0-9A-Fa-f]{1,8}")
_NUMBER = re.compile(r"[0-9]{1,18}")
# Any of these lines, at the start of the file or after other lines of text: no reader agrees which must come first,
# and real files leave out each of them.
_MARK = re.compile(
    rb"(?:\A(?:\xef\xbb\xbf)?|\n)[ \t]*+(?:#[ \t]*+disk[ \t]*+descriptor ?file"
    rb"|(?:version|cid|parentcid|createtype)[ \t]*+=|(?:rw|rdonly|noaccess)[ \t]++[0-9]++[ \t]++[a-z])",
    re.IGNORECASE,
)


class DiskDataBase(Mapping[str, str]):
    """The `ddb.` keys, without that prefix and in any case, with decoded values; the first of equal keys counts."""

    __slots__ = ("_values",)

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Take (key without prefix, value) pairs in the order of the file."""
        self._values: dict[str, tuple[str, str]] = {}
        for key, value in pairs:
            self._values.setdefault(key.lower(), (key, value))

    def __getitem__(self, key: str) -> str:
        return self._values[key.lower()][1]

    def __iter__(self) -> Iterator[str]:
        return (key for key, _ in self._values.values())

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and key.lower() in self._values


class Descriptor(Record):
    """A descriptor as read; `bytes(descriptor)` is what it was read from, for every input.

    Keys are compared in any case, as Virtual Disk Format 5.0 has it. Where a key stands twice the first one counts, as
    in VMware's dictionary, qemu and VirtualBox; libvmdk takes the last, so `duplicates` matter.

    Attributes:
        raw: all bytes, padding included.
        region: whether it comes from sectors of a fixed number inside a disk file.
        text_size: how many bytes are text; the rest, from the first NUL on, is padding.
        codec: the Python codec by which values are decoded.
        settings: the `key = value` lines in order.
        extents: the extent lines in order.
        unknown: the lines that are none of a descriptor's.
        ddb: the disk data base.
        bom: whether it begins with a UTF-8 byte order mark.
    """

    raw: bytes
    region: bool
    text_size: int
    codec: str
    settings: tuple[Setting, ...]
    extents: tuple[Extent, ...]
    unknown: tuple[LineProblem, ...]
    ddb: DiskDataBase
    bom: bool

    @classmethod
    def parse(cls, data: bytes, *, region: bool = False) -> Descriptor:
        """Read a descriptor; every input is one. With `region`, `data` is whole sectors whose number is to stay."""
        lines = split_lines(data)
        nul = data.find(0)
        text_size = len(data) if nul < 0 else nul
        codec = _find_codec(lines.settings, data[:text_size])
        decode = _decoder(codec)
        return cls(
            raw=data,
            region=region,
            text_size=text_size,
            codec=codec,
            settings=lines.settings,
            extents=tuple(parse_extent(text, at, decode) for text, at in lines.extents),
            unknown=tuple(
                LineProblem(at, decode(text.rstrip("\r\n").encode("latin-1")), "not a line of a disk descriptor")
                for text, at in lines.unknown
            ),
            ddb=DiskDataBase((key, decode(raw)) for key, raw in _of_data_base(lines.settings)),
            bom=lines.bom,
        )

    def __bytes__(self) -> bytes:
        return self.raw

    def get(self, key: str) -> str | None:
        """Return the decoded value of a key, spelt in any case and with its `ddb.` if it has one, or None."""
        for setting in self.settings:
            if setting.key.lower() == key.lower():
                return _decoder(self.codec)(setting.raw)
        return None

    def places(self, key: str) -> tuple[Setting, ...]:
        """Return every line that carries a key, in order."""
        return tuple(setting for setting in self.settings if setting.key.lower() == key.lower())

    def value_of(self, setting: Setting) -> str:
        """Return the decoded value of one line."""
        return _decoder(self.codec)(setting.raw)

    @property
    def version(self) -> int | None:
        """`version`: 1, 2 for an encrypted hosted disk, 3 with changed-block tracking; None where it is no number."""
        return _as_number(self.get("version"))

    @property
    def encoding(self) -> str | None:
        """The character set as the file names it, or None; `codec` is the one in use."""
        return _declared_encoding(self.settings)

    @property
    def cid(self) -> int | None:
        """`CID`, the content identity, which changes with the first write after each opening; None if unreadable."""
        return _as_content_id(self.get("CID"))

    @property
    def parent_cid(self) -> int | None:
        """`parentCID`: the parent's `CID` when this link was made; `NO_PARENT` for a base; None if unreadable."""
        return _as_content_id(self.get("parentCID"))

    @property
    def create_type(self) -> str | None:
        """`createType` as it is spelt, or None."""
        return self.get("createType") or None

    @property
    def parent_file_name_hint(self) -> str | None:
        """`parentFileNameHint`: where the parent was, or None."""
        return self.get("parentFileNameHint") or None

    @property
    def change_track_path(self) -> str | None:
        """`changeTrackPath`: the file of changed-block tracking, or None."""
        return self.get("changeTrackPath") or None

    @property
    def is_native_snapshot(self) -> bool:
        """`isNativeSnapshot`: whether a storage array keeps the snapshot."""
        return (self.get("isNativeSnapshot") or "").lower() == "yes"

    @property
    def encrypted(self) -> bool:
        """Whether the data is encrypted: the descriptor names keys."""
        return any(setting.key.lower() in {"encryptionkeys", "keyid"} for setting in self.settings)

    @property
    def duplicates(self) -> tuple[tuple[Setting, ...], ...]:
        """The lines of every key that stands on several, in order."""
        seen: dict[str, list[Setting]] = {}
        for setting in self.settings:
            seen.setdefault(setting.key.lower(), []).append(setting)
        return tuple(tuple(same) for same in seen.values() if len(same) > 1)

    @property
    def padding_clean(self) -> bool:
        """Whether nothing but NUL follows the text. Anything else was put there by a program we do not know.

        QEMU writes a new CID without leading zeros and ends the text behind it, so of the longer text before a few
        bytes may be left, which are those that the text ends with (block/vmdk.c, vmdk_write_cid).
        """
        left = self.raw[self.text_size + 1 :].rstrip(b"\x00")
        return not left or (len(left) < _CID_DIGITS and self.raw[: self.text_size].endswith(left))


def is_descriptor(head: bytes) -> bool:
    """Return whether the first bytes of a file are text that belongs to a disk descriptor."""
    return _MARK.search(head.partition(b"\x00")[0]) is not None


def _declared_encoding(settings: Sequence[Setting]) -> str | None:
    for wanted in ("encoding", "ddb.encoding"):
        for setting in settings:
            if setting.key.lower() == wanted and setting.raw:
                return setting.raw.decode("ascii", "backslashreplace")
    return None


def _find_codec(settings: Sequence[Setting], text: bytes) -> str:
    # The declared name comes before any guess: many a name in GBK is valid UTF-8 and means something else there.
    declared = _declared_encoding(settings)
    codec = encodings.codec(declared) if declared is not None else None
    if codec is None:
        return encodings.guess(text)
    try:
        text.decode(codec)
    except UnicodeDecodeError:
        return encodings.guess(text)
    return codec


def _of_data_base(settings: Sequence[Setting]) -> Iterable[tuple[str, bytes]]:
    """Return the first of equal keys of the disk data base, without their prefix, with its value."""
    found: dict[str, tuple[str, bytes]] = {}
    for setting in settings:
        if setting.key[: len(DDB)].lower() == DDB:
            found.setdefault(setting.key.lower(), (setting.key[len(DDB) :], setting.raw))
    return found.values()


@lru_cache(maxsize=64)
def _decoder(codec: str) -> Callable[[bytes], str]:
    if encodings.is_shifting(codec):
        return lambda raw: encodings.decode(raw, codec)
    return lambda raw: raw.decode("ascii") if raw.isascii() else encodings.decode(raw, codec)


def _as_number(value: str | None) -> int | None:
    return int(value) if value is not None and _NUMBER.fullmatch(value) else None


def _as_content_id(value: str | None) -> int | None:
    return int(value, 16) if value is not None and _CONTENT_ID.fullmatch(value) else None
