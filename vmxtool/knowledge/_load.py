"""The data files of knowledge as TOML has them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from vmxtool._resources import text as resource
from vmxtool.errors import KnowledgeError

if TYPE_CHECKING:
    from collections.abc import Callable

_ROW = r"(?m)^ +(\[.*\]),$"
_DAY = r" ([0-9]{4}-[0-9]{2}-[0-9]{2}),"
_QUOTED = r' "\1",'


def shipped(file: str) -> str:
    """Return the text of a data file of this folder.

    Raises:
        KnowledgeError: it is missing.
    """
    return resource("knowledge", file)


def document(file: str, text: str) -> dict[str, Any]:
    """Return a data file as TOML has it, but for dates in the rows of grids, which may be texts.

    Raises:
        KnowledgeError: it is not TOML.
    """
    import tomllib

    try:
        return _quickly(text, tomllib.loads) or tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise KnowledgeError(f"{file}: not TOML: {error}") from None


def _quickly(text: str, loads: Callable[[str], dict[str, Any]]) -> dict[str, Any] | None:
    # Nearly all of a data file are rows of grids, and reading them is much of what a cold start waits for. But for its
    # date, a row that stands on one line is JSON, which is read many times as fast; the rest stays with tomllib.
    import json

    lines: list[str] = []

    def put_aside(match: re.Match[str]) -> str:
        lines.append(match[1])
        return f"{len(lines) - 1},"

    rest = re.sub(_ROW, put_aside, text)
    if not lines:
        return None
    found = loads(rest)
    try:
        cells = json.loads(f"[{re.sub(_DAY, _QUOTED, ','.join(lines))}]")
        for table in (found, *found.get("family", ()), *found.get("group", ())):
            if "rows" in table:
                table["rows"] = [cells[number] for number in table["rows"]]
    except (ValueError, TypeError, IndexError):
        return None
    return found
