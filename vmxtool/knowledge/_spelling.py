"""Take apart the ways people write a product's name: "ESXi 6.7 Update 2", "ws17.5", "GSX Server 3.x"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vmxtool._record import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

# Only ESX counts its releases in updates, so a number with an update needs no name before it.
_COUNTS_UPDATES = "esx"
_SQUEEZED = r"[\s_()-]+"
_SPELLING = (
    r"(?P<word>[a-z]*)(?P<number>[0-9]{1,4}(?:\.[0-9]{1,9}){0,4})(?:\.?x)?"
    r"(?:h(?P<half>[0-9]))?(?:u(?P<update>[0-9]{1,3})[a-z]?)?(?P<tail>[a-z]*)"
)
_FIRST_OF_ALL = "ga"
_SILENT_TAILS = ("", "i", "pro", _FIRST_OF_ALL)


class Spelling(Record):
    """A name taken apart.

    Attributes:
        family: the family of products.
        version: its version, filled up with zeros to four numbers: 6.7 Update 2 is (6, 7, 2, 0).
        written: the numbers that were written, without those filled up: (6, 7, 2), and (17,) for "ws17".
        variant: "smp", or empty.
        exact: the name in one fixed form, which keeps "5", "5.0" and "5.0 GA" apart.
    """

    family: str
    version: tuple[int, ...]
    written: tuple[int, ...]
    variant: str
    exact: str


def squeeze(text: str) -> str:
    """Return the text in lower case without blanks, hyphens, brackets and maker."""
    return re.sub(_SQUEEZED, "", text.lower()).removeprefix("vmware")


def spell(text: str, words: Mapping[str, str]) -> Spelling | None:
    """Return the parts of a name, or None where it is not made like one.

    Args:
        text: what someone wrote.
        words: the family that each word before a version means.
    """
    match = re.fullmatch(_SPELLING, squeeze(text).replace("update", "u"))
    if match is None:
        return None
    word, tail, half, update = match["word"], match["tail"], match["half"], match["update"]
    variant = ""
    if tail.endswith("smp"):
        variant = "smp"
        tail = tail.removesuffix("smp").removesuffix("v").removesuffix("virtual").removesuffix("with")
    if tail not in _SILENT_TAILS:
        # "Workstation 12 Player" has its version inside its name.
        word += tail
    family = words.get(word) if word or update is None else _COUNTS_UPDATES
    if family is None:
        return None
    numbers = [int(part) for part in match["number"].split(".")]
    if half is not None:
        numbers.append(int(half))
    if update is not None:
        # Updates count below the second number, also where that is left out: "7u3" is 7.0.3.
        numbers = [*numbers, 0] if len(numbers) == 1 else numbers
        numbers.append(int(update))
    written = tuple(numbers)
    numbers.extend([0] * (4 - len(numbers)))
    release = match["number"] + (f"h{half}" if half else "") + (f"u{update}" if update else "")
    # "6.7 GA" is the first release of those that "6.7" is the name of.
    release += f" {tail}" if tail == _FIRST_OF_ALL else ""
    return Spelling(family, tuple(numbers), written, variant, f"{family} {release} {variant}")
