"""Lengths that a reader takes in: of texts, and of files."""

from __future__ import annotations

from vmxtool._text import safe

_KIB, _MIB, _GIB, _TIB = 2**10, 2**20, 2**30, 2**40
_TAIL = 3  # of a long text, one in so many characters is kept of its end


def shortened(text: str, length: int) -> str:
    """Return safe text of at most `length` characters.

    What is left out is in the middle, since paths end in a name.
    """
    shown = safe(text)
    tail = length // _TAIL
    return shown if len(shown) <= length else f"{shown[: length - tail - 1]}…{shown[-tail:]}"


def size(count: int) -> str:
    """Return bytes for a reader: TiB, GiB, MiB or KiB, with one decimal where it says something."""
    for unit, name in ((_TIB, "TiB"), (_GIB, "GiB"), (_MIB, "MiB"), (_KIB, "KiB")):
        if count >= unit:
            return f"{count / unit:.1f}".removesuffix(".0") + f" {name}"
    return f"{count} bytes"
