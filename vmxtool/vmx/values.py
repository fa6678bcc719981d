"""Values as VMware reads and writes them: escapes, booleans, integers.

Source of the rules: VMware's own dictionary code (open-vm-tools lib/dict/dictll.c and lib/misc/escape.c; the
`Dictionary` module of the View Open Client).
"""

from __future__ import annotations

import re

_TRUE = frozenset({"true", "t", "yes", "y", "on", "1", ""})
_ESCAPE = re.compile(rb"\|(?:([0-9A-Fa-f]{2})|[0-9A-Fa-f]?[\x00-\xff]?)")
_NEEDS_ESCAPE = re.compile(rb'[\x00-\x08\x0a-\x1f\x7f"|]')
_INTEGER = re.compile(r"[ \t\n\v\f\r]*([+-]?)(?:0[xX]([0-9a-fA-F]+)|(0[0-7]*)|([1-9][0-9]*))")
_DIGITS = 32  # more than any machine word; a longer run overflows in VMware as well


def unescape(data: bytes) -> bytes:
    """Undo `|XX` on bytes.

    An incomplete escape stays as it is, and the byte that broke it is not looked at again: `||22` is `||22`. What
    follows a NUL is not part of the value.
    """
    if b"|" in data:
        data = _ESCAPE.sub(lambda hit: bytes.fromhex(hit[1].decode()) if hit[1] else hit[0], data)
    return data.partition(b"\x00")[0]


def escape(data: bytes) -> bytes:
    """Escape the bytes that VMware escapes on writing: `"`, `|`, 0x7F and control characters except TAB."""
    return _NEEDS_ESCAPE.sub(lambda hit: b"|%02X" % hit[0][0], data)


def as_bool(text: str) -> bool:
    """A boolean; the empty string is true, and what is neither true nor false reads as false."""
    return text.lower() in _TRUE


def as_int(text: str) -> int:
    """A 32-bit integer in C's base 0: 0x is hexadecimal, a leading 0 octal; trailing text is ignored, none is 0."""
    hit = _INTEGER.match(text)
    if hit is None:
        return 0
    sign, hexadecimal, octal, decimal = hit.groups()
    if hexadecimal:
        number = int(hexadecimal[:_DIGITS], 16)
    elif octal:
        number = int(octal[:_DIGITS], 8)
    else:
        number = int(decimal[:_DIGITS])
    number = -number if sign == "-" else number
    return (number + 2**31) % 2**32 - 2**31


def is_int(text: str) -> bool:
    """Whether VMware takes the text as an integer without a message (the empty string counts)."""
    hit = _INTEGER.match(text)
    return text == "" or (hit is not None and hit.end() == len(text))
