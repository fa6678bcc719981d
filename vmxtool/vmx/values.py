"""Values as VMware reads and writes them: escapes, booleans, integers.

Source of the rules: VMware's own dictionary code (open-vm-tools lib/dict/dictll.c and lib/misc/escape.c; the
`Dictionary` module of the View Open Client, lib/bora/user/dictionary.c).
"""

from __future__ import annotations

import re

_TRUE = frozenset({"true", "t", "yes", "y", "on", "1", ""})
_FALSE = frozenset({"false", "f", "no", "n", "off", "0"})
_DEFAULT = frozenset({"default", "dontcare", "auto"})
_ESCAPE = rb"\|(?:([0-9A-Fa-f]{2})|[0-9A-Fa-f]?[\x00-\xff]?)"
_NEEDS_ESCAPE = rb'[\x00-\x08\x0a-\x1f\x7f"|]'
# What C's strtol takes in base 0: blanks, a sign, then a hexadecimal, octal or decimal number; a lone 0 is octal.
_INTEGER = re.compile(r"[ \t\n\v\f\r]*([+-]?)(?:0[xX]([0-9a-fA-F]+)|0([0-7]*)|([1-9][0-9]*))")
_MAX_DIGITS = 22  # of 2**64 - 1 in octal, its longest form; a number with more of them does not fit


def unescape(data: bytes) -> bytes:
    """Undo `|XX` on bytes.

    An incomplete escape stays as it is, and the byte that broke it is not looked at again: `||22` is `||22`. What
    follows a NUL is not part of the value.
    """
    if b"|" in data:
        data = re.sub(_ESCAPE, lambda hit: bytes.fromhex(hit[1].decode()) if hit[1] else hit[0], data)
    return data.partition(b"\x00")[0]


def escape(data: bytes) -> bytes:
    """Escape the bytes that VMware escapes on writing: `"`, `|`, 0x7F and control characters except TAB."""
    return re.sub(_NEEDS_ESCAPE, lambda hit: b"|%02X" % hit[0][0], data)


def as_bool(text: str) -> bool:
    """Return a boolean; the empty string is true, and what is neither true nor false reads as false."""
    return text.lower() in _TRUE


def is_bool(text: str) -> bool:
    """Return whether VMware takes the text as a boolean without a message."""
    return text.lower() in _TRUE or text.lower() in _FALSE


def as_tristate(text: str) -> bool | None:
    """Return a boolean, or None for `default`, `dontcare` and `auto`, which leave the choice to the product."""
    return None if text.lower() in _DEFAULT else as_bool(text)


def as_int(text: str) -> int:
    """Return a 32-bit integer in C's base 0: 0x is hexadecimal, a leading 0 octal; trailing text is ignored, none is 0.

    A number beyond 32 bits keeps its lower 32, and one beyond 64 reads as -1, as on VMware's 64-bit hosts.
    """
    return _signed(_unsigned(text), 32)


def as_int64(text: str) -> int:
    """Return a 64-bit integer, written as for `as_int`; a number beyond 64 bits reads as -1."""
    return _signed(_unsigned(text), 64)


def is_int(text: str) -> bool:
    """Return whether VMware takes the text as a 32-bit integer without a message on every host; "" counts."""
    hit = _INTEGER.match(text)
    return text == "" or (hit is not None and hit.end() == len(text) and _magnitude(hit) < 2**32)


def _unsigned(text: str) -> int:
    """Return the 64 bits that C's strtoull gives: a minus sign negates them, and what does not fit is all ones."""
    hit = _INTEGER.match(text)
    if hit is None:
        return 0
    magnitude = _magnitude(hit)
    if magnitude >= 2**64:
        return 2**64 - 1
    return -magnitude % 2**64 if hit[1] == "-" else magnitude


def _magnitude(hit: re.Match[str]) -> int:
    """Return the number without its sign, or 2**64 for any that does not fit 64 bits."""
    for group, base in ((2, 16), (3, 8), (4, 10)):
        # Leading zeros count for nothing, and Python reads long decimal runs in quadratic time.
        digits = (hit[group] or "").lstrip("0")
        if digits:
            return min(int(digits, base), 2**64) if len(digits) <= _MAX_DIGITS else 2**64
    return 0


def _signed(number: int, bits: int) -> int:
    half = 1 << bits - 1
    return (number + half) % (2 * half) - half
