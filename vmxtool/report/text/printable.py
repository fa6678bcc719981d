"""Text made safe to show: no control character of a VM's file reaches a terminal."""

from __future__ import annotations

import re

# Everything that a terminal may act on: C0 and C1 controls, DEL, and the marks that turn the direction of text.
_CONTROL = "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
_MIB, _GIB, _TIB = 2**20, 2**30, 2**40


def safe(text: str) -> str:
    r"""Text that a terminal only shows: control characters become `\xNN` or `\uNNNN`."""
    return re.sub(_CONTROL, _escape, text)


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


def _escape(hit: re.Match[str]) -> str:
    code = ord(hit[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
