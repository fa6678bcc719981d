"""What is too large for a config: bytes, lines, and the length of a line.

VMware's reader has no limits of its own. Of some thousand real configs the largest is below 300 kB and the longest line
below 6 kB, so these limits refuse no config, and they keep the memory that reading one takes below 120 MiB.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 12 * 2**20
MAX_LINES = 120_000
MAX_LINE_BYTES = 2**20

_REMEDY = "name the VM's .vmx file"


def refuse_oversize(data: bytes, path: Path) -> None:
    """Pass a file that may be a config; `data` may end one byte after `MAX_BYTES`, which says that the file is larger.

    Raises:
        InputError: it has more bytes, more lines or a longer line than any config; it names the line.
    """
    if len(data) > MAX_BYTES:
        problem = f"the file is larger than {MAX_BYTES >> 20} MiB, so it is no config of a VM"
        raise InputError(path, problem, _REMEDY, _line_ends(data, MAX_BYTES) + 1)
    if _line_ends(data, len(data)) > MAX_LINES:
        problem = f"the file has more than {MAX_LINES:,} lines, so it is no config of a VM"
        raise InputError(path, problem, _REMEDY, MAX_LINES + 1)
    start = _find_long_line(data)
    if start is not None:
        problem = f"this line is longer than {MAX_LINE_BYTES >> 20} MiB, so this is no config of a VM"
        raise InputError(path, problem, _REMEDY, _line_ends(data, start) + 1)


def _line_ends(data: bytes, end: int) -> int:
    """Return how many lines end before an offset."""
    return data.count(b"\n", 0, end) + data.count(b"\r", 0, end) - data.count(b"\r\n", 0, end)


def _find_long_line(data: bytes) -> int | None:
    """Return where a line begins that is longer than allowed, or None."""
    start = 0
    while len(data) - start > MAX_LINE_BYTES:
        # The last line end within reach begins a later line: two such steps pass a whole window, so time is linear.
        reach = start + MAX_LINE_BYTES + 1
        last = max(data.rfind(b"\n", start, reach), data.rfind(b"\r", start, reach))
        if last < 0:
            return start
        start = last + 1
    return None
