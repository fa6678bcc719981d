"""What a stream's encoding lacks, in ASCII: marks have a form of their own, letters lose their accents."""

from __future__ import annotations

import codecs
import unicodedata

HANDLER = "vmxtool-ascii"
"""The name of the error handler for streams, once `register` was called."""

_FORMS = {
    "✖": "x",
    "✔": "+",
    "→": "->",
    "←": "<-",
    "·": "-",
    "…": "...",
    "–": "-",
    "—": "-",
    "×": "x",
    "⚠": "!",
    "‘": "'",
    "’": "'",
    "“": '"',
    "”": '"',
    "„": '"',
    "«": '"',
    "»": '"',
    "ß": "ss",
    "æ": "ae",
    "ø": "o",
    "├": "|",
    "└": "`",
    "│": "|",
    "─": "-",
}


def register() -> None:
    """Make the handler known; it may be done again."""
    codecs.register_error(HANDLER, _in_ascii)


def ascii_form(text: str) -> str:
    """Return the text in ASCII; a character that has no form in it becomes a question mark."""
    return text.encode("ascii", HANDLER).decode("ascii")


def can_encode(text: str, encoding: str) -> bool:
    """Return whether an encoding has every character of a text."""
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_form, error.object[error.start : error.end])), error.end


def _form(character: str) -> str:
    known = _FORMS.get(character)
    if known is not None:
        return known
    apart = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode("ascii")
    return apart or ("" if unicodedata.combining(character) else "?")


register()
