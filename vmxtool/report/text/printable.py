"""Lengths that a reader takes in: of texts, and of files."""

from __future__ import annotations

from vmxtool._text import safe

_MIB, _GIB, _TIB = 2**20, 2**30, 2**40


def shortened(text: str, length: int) -> str:
    """Safe text of at most `length` characters; what is cut off is marked."""
    shown = safe(text)
    return shown if len(shown) <= length else shown[: length - 1] + "…"


def size(count: int) -> str:
    """Bytes for a reader: TiB, GiB or MiB, with one decimal where it says something."""
    for unit, name in ((_TIB, "TiB"), (_GIB, "GiB"), (_MIB, "MiB")):
        if count >= unit:
            return f"{count / unit:.1f}".removesuffix(".0") + f" {name}"
    return f"{count} bytes"
