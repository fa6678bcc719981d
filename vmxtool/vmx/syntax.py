"""Why VMware's reader stops at a line, said in a clause that a reader can act on."""

from __future__ import annotations

import re

# The first that matches is what is wrong. Patterns follow VMware's own walk over a line (open-vm-tools,
# lib/dict/dictll.c): name, "=", value in quotes or without blanks, then nothing but a comment.
_SETTING = r"[^ \t=#]++[ \t]*+="
_QUOTED = rf'{_SETTING}[ \t]*+"[^"]*+"'
_PROBLEMS = (
    (r";|//", "a comment begins with #, not with ; or //"),
    (r"=", "there is no name before the ="),
    (rf"(?!{_SETTING})[^#=]*+=", "a blank stands inside the name"),
    (rf"(?!{_SETTING})", "there is no ="),
    (rf'{_SETTING}[ \t]*+(?!")', "a value with blanks must stand in double quotes"),
    (rf"(?!{_QUOTED})", "the closing quote is missing"),
    (rf'{_QUOTED}(?:(?<=\\")|")', "a quote inside a value must be written |22"),
    (rf"{_QUOTED}[ \t;,]*+{_SETTING}", "a second setting stands on the same line; give it a line of its own"),
    ("", "text follows the closing quote"),
)


def problem_of_line(line: str) -> str:
    """Return what is wrong with a line that VMware takes for a syntax error, as a clause without a full stop.

    `line` is the Latin-1 view of an `UNKNOWN` line of the grammar, with or without its line end.
    """
    # VMware reads a line as a C string: a NUL is its end.
    text = line.rstrip("\r\n").partition("\x00")[0].lstrip(" \t")
    return next(said for pattern, said in _PROBLEMS if re.match(pattern, text))
