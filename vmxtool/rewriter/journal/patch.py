"""Patches: the bytes of one file before and after a rewrite. Writing them is up to other modules."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Literal

from vmxtool._record import Record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Side = Literal["before", "after"]

# Bytes that the drive below writes as a whole, of which a drive of larger sectors writes several.
_DRIVE_SECTOR = 512

# Where a file offset ends on every system that Python runs on.
_MAX_OFFSET = 2**63 - 1


class Range(Record):
    """Bytes at one place of a file, as they are and as they are to be; `offset` in bytes from the file's start.

    Raises:
        ValueError: it is empty, changes the length, or does not lie in a file.
    """

    offset: int
    before: bytes
    after: bytes

    def __post_init__(self) -> None:
        if not self.before or len(self.before) != len(self.after):
            raise ValueError("a range has as many bytes after as before, and at least one")
        if not 0 <= self.offset <= _MAX_OFFSET - len(self.before):
            raise ValueError("a range lies inside a file")

    @property
    def end(self) -> int:
        """The first byte behind the range."""
        return self.offset + len(self.before)


class ReplacePatch(Record):
    """A small text file that gets other content as a whole: a config, a separate descriptor, a `.vmsd`."""

    path: Path
    before: bytes
    after: bytes

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        return self.before != self.after

    def digest(self, side: Side) -> str:
        """Return the SHA-256 of the whole content, in hex."""
        return sha256(self.before if side == "before" else self.after).hexdigest()


class InPlacePatch(Record):
    """Ranges of a file that is too big to be copied: the descriptor inside a sparse disk.

    Raises:
        ValueError: the ranges overlap or are not in the order of their offsets.
    """

    path: Path
    ranges: tuple[Range, ...]

    def __post_init__(self) -> None:
        for one, following in zip(self.ranges, self.ranges[1:], strict=False):
            if following.offset < one.end:
                raise ValueError("ranges come in order and do not overlap")

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        return any(item.before != item.after for item in self.ranges)

    def digest(self, side: Side) -> str:
        """Return the SHA-256 of the ranges, in hex.

        Of each range it takes the offset and length as 8 big-endian bytes, then the content.
        """
        running = sha256()
        for item in self.ranges:
            content = item.before if side == "before" else item.after
            running.update(item.offset.to_bytes(8, "big") + len(content).to_bytes(8, "big"))
            running.update(content)
        return running.hexdigest()


Patch = ReplacePatch | InPlacePatch


def differing_sectors(offset: int, have: bytes, want: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the pieces of `want` that are not there yet, each within one sector of the file; both begin at `offset`."""
    start = 0
    while start < len(want):
        end = min(len(want), start + _DRIVE_SECTOR - (offset + start) % _DRIVE_SECTOR)
        if have[start:end] != want[start:end]:
            yield offset + start, want[start:end]
        start = end


def is_mixture(have: bytes, before: bytes, after: bytes) -> bool:
    """Return whether every byte is the one from before or the one from after, as a write cut short leaves them.

    Byte by byte and not sector by sector, because a drive may stop within a sector when its power goes.
    """
    return len(have) == len(before) and all(byte in pair for byte, *pair in zip(have, before, after, strict=True))
