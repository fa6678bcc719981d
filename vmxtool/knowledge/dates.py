"""Of what day the data is."""

from __future__ import annotations

import re
from datetime import date
from functools import cache

from vmxtool.errors import KnowledgeError
from vmxtool.knowledge import _load

_FILES = ("products", "engines", "hardware", "devices", "features", "guests", "guest_options")
_CHECKED = re.compile(r"^checked = (\d{4}-\d\d-\d\d)$", re.MULTILINE)


@cache
def newest_look() -> date:
    """Return the newest day on which somebody looked a fact up; what came out later is not in the data.

    The files are searched and not read, since a line of each row has its day as its only content.

    Raises:
        KnowledgeError: a file is missing, or none has a day.
    """
    days = [day for file in _FILES for day in _CHECKED.findall(_load.shipped(f"{file}.toml"))]
    if not days:
        raise KnowledgeError("no row of the data says when it was checked")
    return date.fromisoformat(max(days))
