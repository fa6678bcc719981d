"""Settings that VMware's products are known to read or write, and the one that a misspelt name is nearest to."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from vmxtool.knowledge import _kept, _load
from vmxtool.knowledge.backing import BACKED_BY, Backed, again, backed, plain
from vmxtool.knowledge.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from vmxtool.knowledge.backing import Backing
    from vmxtool.knowledge.rows import DataRow

FILE = "known_keys.toml"
_NUMBER = re.compile("[0-9]+")
_SHORTEST = 4  # a shorter name is as near to many as to the one that was meant
_LONGEST = 40
_FAULTS = 2


class KnownKeys(Backed):
    """The settings of one kind of device, or those of none.

    Attributes:
        id: what vmxtool calls them.
        words: what such settings begin with, in lower case with `#` for a number; empty where they are of no device.
        names: what follows, or the whole name, as products write it, by its lower case.
        backing: what the row rests on.
        checked: the day someone looked.
    """

    id: str
    words: frozenset[str]
    names: Mapping[str, str]
    backing: Backing
    checked: date


@cache
def known_keys() -> Mapping[str, KnownKeys]:
    """Return all of them by id.

    Raises:
        KnowledgeError: the data file is broken.
    """
    files = (FILE, "known_keys.py", *BACKED_BY)

    def read() -> Iterable[KnownKeys]:
        return read_known_keys(_load.shipped(FILE)).values()

    rows = _kept.recall(KnownKeys, files, read, words=(sorted, frozenset), names=(dict, dict), backing=(plain, again))
    return {row.id: row for row in rows}


def read_known_keys(text: str) -> Mapping[str, KnownKeys]:
    """Return the settings that a text in the form of known_keys.toml holds.

    Raises:
        KnowledgeError: it is broken.
    """
    return {row.id: row for _, row in _ROWS.read(FILE, _load.document(FILE, text))}


def _in_lower_case(row: DataRow, column: str) -> frozenset[str]:
    return frozenset(row.text(column).lower().split())


def _by_lower_case(row: DataRow, column: str) -> dict[str, str]:
    return {name.lower(): name for name in row.text(column).split()}


_ROWS = Rows(
    "device",
    KnownKeys,
    cells={
        "words": ("words", _in_lower_case),
        "names": ("names", _by_lower_case),
        "backing": backed("names"),
    },
)


@cache
def _by_word() -> Mapping[str, Mapping[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for row in known_keys().values():
        for word in row.words or {""}:
            found.setdefault(word, {}).update(row.names)
    return found


def form_of(word: str) -> str:
    """Return a word without its numbers: "scsi#:#" for "scsi0:1"."""
    return _NUMBER.sub("#", word)


def is_known_word(form: str) -> bool:
    """Return whether products know devices of a form, such as "scsi#:#"; in lower case."""
    return bool(form) and form in _by_word()


def nearest_word(word: str) -> str | None:
    """Return the device that a folded word is a misspelling of: "ethernet0" for "ethrnet0"; None without any."""
    letters = word.rstrip("0123456789:")
    numbers = word[len(letters) :]
    same = {form.rstrip("#:") for form in _by_word() if form.endswith(form_of(numbers) or " ")}
    right = nearest(letters, same) if len(letters) <= _LONGEST else None
    return None if right is None or right == letters else right + numbers


def meant_by(key: str, present: Iterable[str]) -> str | None:
    """Return the known setting that a folded key is a misspelling of, as products write it; None for one that is none.

    Args:
        key: the key; one that is known itself, or as far from every known one as from any, has no answer.
        present: the folded keys that the config has; what stands there in its right spelling is not meant once more.
    """
    if len(key) > _LONGEST or key.startswith("_"):  # by which people put a line aside
        return None
    word, _, name = key.partition(".")
    of_device = _by_word().get(form_of(word)) if name else None
    if of_device is not None:
        first = name.partition(".")[0]
        if first in of_device:
            return None
        right = _nearest_setting(form_of(word), name)
        found = f"{word}.{of_device[right]}" if right is not None else None
    else:
        alone = _by_word()[""]
        if key in alone:
            return None
        near = _nearest_setting("", key)
        right = near if near is not None and _is_one_word_off(key, near) else _with_letters_before(key, alone)
        found = alone[right] if right is not None else None
    return None if found is None or found.lower() in present else found


@lru_cache(maxsize=16384)
def _nearest_setting(form: str, name: str) -> str | None:
    """Return the one setting of a form of devices that a name is near to; configs have few of their own."""
    return nearest(name, _by_word()[form])


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the one name that differs from another in one place, or in two of a long name.

    It is None where no name does, or two do.
    """
    if len(name) < _SHORTEST:
        return None
    most = _FAULTS if len(name) >= 2 * _SHORTEST else 1
    letters = frozenset(name)
    # One fault changes two letters of a word at most; most words differ in more, which is quickly seen.
    alike = (it for it in names if len(letters.symmetric_difference(it)) <= 2 * most)
    near = [(faults, it) for it in alike if (faults := distance(name, it, most)) <= most]
    near.sort()
    if not near or (len(near) > 1 and near[0][0] == near[1][0]):
        return None
    return near[0][1]


def _is_one_word_off(key: str, right: str) -> bool:
    """Return whether two keys differ in one of their words alone, which is near enough by itself."""
    if key.count(".") != right.count("."):
        return False
    off = [(word, other) for word, other in zip(key.split("."), right.split("."), strict=True) if word != other]
    return len(off) == 1 and nearest(off[0][0], off[0][1:]) is not None


def _with_letters_before(key: str, names: Iterable[str]) -> str | None:
    """Return the name of two words that a key ends with, after letters that a program left there."""
    return next((it for it in names if "." in it and key.endswith(it) and key[: -len(it)].isalpha()), None)


def distance(one: str, other: str, most: int) -> int:
    """Return how many letters to put in, leave out, change or swap with the next to make one word of another.

    Any figure above `most` stands for a word that is too far away.
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one):
        older, before, row = before, row, [at + 1]
        for to, wanted in enumerate(other):
            cost = min(before[to] + (letter != wanted), before[to + 1] + 1, row[to] + 1)
            if at and to and letter == other[to - 1] and one[at - 1] == wanted:
                cost = min(cost, older[to - 1] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]
