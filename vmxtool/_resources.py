"""Find a file that ships with vmxtool: in the installed package first, in a checkout second."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from vmxtool.errors import KnowledgeError

_PACKAGE = Path(__file__).parent


@cache
def text(folder: str, name: str) -> str:
    """Return the text of `grammars/name`, or of a file inside the package.

    Raises:
        KnowledgeError: it is in neither place.
    """
    return find(folder, name).read_text(encoding="utf-8")


def fingerprint(*texts: str) -> str:
    """Return a word for texts, by which it is seen that one has changed."""
    # Against accidents alone; a cryptographic one takes 3 ms to load.
    import zlib

    data = "\0".join(texts).encode()
    return f"{zlib.crc32(data):08x}{zlib.adler32(data):08x}"


def find(folder: str, name: str) -> Path:
    """Return where a shipped file lies.

    Wheels carry `grammars/` and `samples/` inside the package, checkouts beside it.

    Raises:
        KnowledgeError: it is in neither place.
    """
    for base in (_PACKAGE, _PACKAGE.parent):
        path = base / folder / name
        if path.is_file():
            return path
    raise KnowledgeError(f"{folder}/{name} is missing from this installation; install vmxtool again")
