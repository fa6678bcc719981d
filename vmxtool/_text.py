"""Text of a VM's files made safe to show: no control character of theirs reaches a terminal or a document."""

from __future__ import annotations

import re

_HALVES = "\ud800-\udfff"  # halves of a character: what a byte of a file name becomes that is no text
# Everything that a terminal may act on: C0 and C1 controls, DEL, line separators, and the marks that turn the direction
# of text; and what no encoding can write.
_UNSAFE = f"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069{_HALVES}]"


def safe(text: str) -> str:
    r"""Text that a terminal only shows: control characters become `\xNN` or `\uNNNN`."""
    return re.sub(_UNSAFE, _escape, text)


def is_safe(text: str) -> bool:
    """Whether a text shows as it is."""
    return re.search(_UNSAFE, text) is None


def whole(text: str) -> str:
    r"""Text without halves of characters, which JSON has no way to hold; a byte of a file name becomes `\xNN`."""
    return re.sub(f"[{_HALVES}]", _escape, text)


def _escape(hit: re.Match[str]) -> str:
    code = ord(hit[0])
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00  # so Python keeps a byte of a name that is no text
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
