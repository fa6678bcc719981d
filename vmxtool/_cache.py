"""Keep what is slow to make in the user's cache folder, and give it back only where nobody else can have changed it."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_MAX_KEPT_BYTES = 2**20
_DIGEST_BYTES = 8
_READ_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_WRITE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


def place(name: str, kind: str, *made_of: str) -> Path | None:
    """Where a thing is kept, or None where the user has no cache folder.

    Args:
        name: what it is.
        kind: the ending of its file's name.
        made_of: all that it is made from. A thing made of other texts, or by another Python, has another name and is
            never looked at.
    """
    folder = user_folder()
    if folder is None:
        return None
    whole = "\0".join((*made_of, sys.version, str(sys.implementation.cache_tag)))
    return folder / "vmxtool" / f"{name}-{_digest(whole.encode()).hex()}.{kind}"


def user_folder() -> Path | None:
    """The folder for the user's caches, as each system has it: XDG on Linux, Apple's and Microsoft's own elsewhere."""
    try:
        if sys.platform == "win32":
            folder = Path(os.environ.get("LOCALAPPDATA", ""))
        elif sys.platform == "darwin":
            folder = Path.home() / "Library" / "Caches"
        else:
            folder = Path(os.environ.get("XDG_CACHE_HOME", ""))
            # The XDG specification has a relative path ignored.
            folder = folder if folder.is_absolute() else Path.home() / ".cache"
    except RuntimeError:
        return None
    return folder if folder.is_absolute() else None


def fetch(place: Path) -> bytes | None:
    """What is kept at a place, whole as it was stored; None where there is nothing that may be trusted."""
    try:
        if not _is_ours(place.parent.lstat(), stat.S_ISDIR):
            return None
        descriptor = os.open(place, _READ_FLAGS)
    except OSError:
        return None
    try:
        status = os.fstat(descriptor)
        # A second name for a file of the user's own would be a way to have another file of theirs loaded.
        if not _is_ours(status, stat.S_ISREG) or status.st_nlink != 1:
            return None
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            content = stream.read(_MAX_KEPT_BYTES)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    digest, kept = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    return kept if _digest(kept) == digest else None


def store(place: Path, kept: bytes) -> None:
    """Keep something; where that cannot be done it is made again next time, so nothing is said."""
    unfinished = place.with_name(f".{os.getpid()}-{os.urandom(8).hex()}")
    try:
        for folder in (place.parent.parent, place.parent):
            if not folder.exists():
                folder.mkdir(mode=0o700)
            if not _is_ours(folder.stat(), stat.S_ISDIR):
                return
        with os.fdopen(os.open(unfinished, _WRITE_FLAGS, 0o600), "wb") as stream:
            stream.write(_digest(kept) + kept)
        unfinished.replace(place)
    except OSError:
        with suppress(OSError):
            unfinished.unlink()


def _is_ours(status: os.stat_result, is_kind: Callable[[int], bool]) -> bool:
    """Whether a file or folder is of the kind looked for, belongs to this user, and nobody else can write to it."""
    if not is_kind(status.st_mode):
        return False
    if sys.platform == "win32":
        # The folder for local application data is the user's own there; modes and owners say nothing.
        return True
    return status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _digest(data: bytes) -> bytes:
    # Against accidents alone, since the folder is the user's own; a cryptographic one takes 3 ms to load.
    import zlib

    return zlib.crc32(data).to_bytes(4, "big") + zlib.adler32(data).to_bytes(4, "big")
