"""The one door to Lark: the name of a grammar and a text in, tokens out."""

from __future__ import annotations

import io
import os
import stat
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from vmxtool import _resources

if TYPE_CHECKING:
    from collections.abc import Callable

    from lark import Lark

# Raised whenever the content of a kept parser changes for a reason that is not in its name.
_FORMAT = "1"
_MAX_KEPT_BYTES = 2**20
_DIGEST_BYTES = 32
_READ_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_WRITE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


def tokens(grammar: str, text: str, start: str) -> list[tuple[str, str]]:
    """Split a text into (terminal, text) pairs by `grammars/<grammar>.lark`, read from rule `start`.

    The grammars of vmxtool are total, so there is no text that fails, and the texts joined are the input.

    Raises:
        KnowledgeError: the grammar is missing from this installation.
    """
    tree = _parser(grammar).parse(text, start=start)
    return [(token.type, token.value) for token in tree.children]  # type: ignore[union-attr]


@cache
def _parser(grammar: str) -> Lark:
    """The parser of a grammar: from the user's cache folder where one is kept there, else built, and kept."""
    import lark

    source = _resources.text("grammars", f"{grammar}.lark")
    place = _place(grammar, source, lark.__version__)
    kept = None if place is None else _fetch(place)
    revived = None if kept is None else _revive(lark.Lark, kept)
    if revived is not None:
        return revived
    starts = [line.split(":")[0] for line in source.splitlines() if line[:1].islower() and ":" in line]
    built = lark.Lark(source, parser="lalr", start=starts, propagate_positions=False)
    if place is not None:
        content = io.BytesIO()
        built.save(content)
        _store(place, content.getvalue())
    return built


def _place(grammar: str, source: str, lark_version: str) -> Path | None:
    """Where a parser is kept, or None where the user has no cache folder.

    A parser made by another Lark or another Python, or of another grammar, has another name and is never looked at.
    """
    folder = _user_caches()
    if folder is None:
        return None
    made_of = "\0".join((_FORMAT, source, lark_version, sys.version, str(sys.implementation.cache_tag)))
    return folder / "vmxtool" / f"{grammar}-{_digest(made_of.encode()).hex()}.parser"


def _user_caches() -> Path | None:
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


def _fetch(place: Path) -> bytes | None:
    """A kept parser, or None where there is none that may be trusted."""
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
    return kept if _digest(kept) == digest and _is_plain(kept) else None


def _revive(maker: type[Lark], kept: bytes) -> Lark | None:
    """The parser again, or None where this Lark cannot make it of what was kept."""
    try:
        return maker.load(io.BytesIO(kept))
    except (AssertionError, AttributeError, LookupError, TypeError, ValueError):
        return None


def _store(place: Path, kept: bytes) -> None:
    """Keep a parser; where that cannot be done it is built again next time, so nothing is said."""
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


def _is_plain(kept: bytes) -> bool:
    """Whether a pickle holds nothing but numbers, texts and containers of them, so that loading it runs no code."""
    import pickle

    class Plain(pickle.Unpickler):
        def find_class(self, module_name: str, global_name: str, /) -> object:
            raise pickle.UnpicklingError(f"{module_name}.{global_name}")

    try:
        return isinstance(Plain(io.BytesIO(kept)).load(), dict)
    except (pickle.UnpicklingError, EOFError, LookupError, TypeError, ValueError, MemoryError):
        return False


def _digest(data: bytes) -> bytes:
    import hashlib

    return hashlib.sha256(data).digest()
