"""Text made fit to show: no control character of a VM's files reaches a reader, and a sentence fits into another."""

from __future__ import annotations

import re

_HALVES = "\ud800-\udfff"  # halves of a character: what a byte of a file name becomes that is no text
# Everything that a terminal may act on: C0 and C1 controls, DEL, line separators, and the marks that turn the direction
# of text; and what no encoding can write.
_UNSAFE = f"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069{_HALVES}]"

_FIRST_WORD = re.compile(r"[A-Z][a-z]+(?![A-Za-z0-9])|A(?= )")
_NAMES = frozenset({"Workstation", "Ensoniq", "Virtualization", "Secure"})


def as_clause(sentence: str) -> str:
    """Return a sentence without its full stop, its first word in lower case unless it is a name or an abbreviation."""
    clause = sentence.rstrip(".")
    hit = _FIRST_WORD.match(clause)
    return clause if hit is None or hit[0] in _NAMES else clause[0].lower() + clause[1:]


def safe(text: str) -> str:
    r"""Return text that a terminal only shows: control characters become `\xNN` or `\uNNNN`."""
    return re.sub(_UNSAFE, _escape, text)


def is_safe(text: str) -> bool:
    """Return whether a text shows as it is."""
    return re.search(_UNSAFE, text) is None


def whole(text: str) -> str:
    r"""Return text without halves of characters, which JSON cannot hold; a byte of a file name becomes `\xNN`."""
    return re.sub(f"[{_HALVES}]", _escape, text)


def _escape(hit: re.Match[str]) -> str:
    code = ord(hit[0])
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00  # so Python keeps a byte of a name that is no text
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
