"""A JSON document held to a length: what is too much for it is left out and counted, and what stays is still true.

The files of a VM may be made so that an answer about them is a thousand times as long as they are: a name of a megabyte
is in every command of every plan for every product. No real VM comes near the limit.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from vmxtool._text import whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.machine.model import Machine

_BASE = 2**20
_TIMES = 4
_INDENTED = 2**18  # a longer document is for programs alone, and half of it would be blanks
# Characters of a text and items of a list that stay, from generous to scant; the first pair that makes it fit counts.
_LEVELS = ((4096, 1000), (1024, 200), (512, 60), (200, 20), (100, 5), (50, 1))
_COMMANDS = 8  # a command may be as many times as long as a text
# Half of these is worse than none: whoever follows a plan needs all of it.
_ALL_OR_NONE = frozenset({"steps", "ways", "routes", "route", "legs", "origin"})
_COUNT = "left_out"
# As many as there are products, whatever a VM holds.
_NOT_OF_THE_VM = "targets"


def longest_answer(vm: Machine | None) -> int:
    """Return how many bytes an answer about a VM may have: four times what was read of its files, and a MiB."""
    if vm is None:
        return _BASE
    read = vm.config.document.size
    for drive in vm.disks:
        for link in drive.chain.links if drive.chain is not None else ():
            read += len(link.descriptor.raw) if link.descriptor is not None else 0
    return _BASE + _TIMES * read


def to_text(value: Any, limit: int | None = None) -> str:
    """Return JSON in ASCII with a line end: no control character, and nothing that a reader refuses.

    Args:
        value: a document of the contract; with a limit, it has a field "left_out".
        limit: the most bytes; what is left out for it is counted in that field, and a long document is not indented.
            None for no limit.
    """
    if limit is None or _is_within(value, limit):
        text = _dump(value, indent=2)
        if limit is None or len(text) <= min(limit, _INDENTED):
            return text
        text = _dump(value)
        if len(text) <= limit:
            return text
    for longest, most in _LEVELS:
        text = _dump(_cut(value, longest, most, limit))
        if len(text) <= limit:
            break
    return text


def _dump(value: Any, indent: int | None = None) -> str:
    text = json.dumps(value, indent=indent, separators=(",", ": ") if indent else (",", ":"))
    if "\\ud" in text:
        text = json.dumps(_whole(value), indent=indent, separators=(",", ": ") if indent else (",", ":"))
    return text + "\n"


def _whole(value: Any) -> Any:
    """Return the value with text that every reader of JSON takes: half a character is none, though Python has it."""
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    return [_whole(item) for item in value] if isinstance(value, list | tuple) else value


def _is_within(value: Any, limit: int) -> bool:
    """Return whether a value may come within a limit: found out without writing what is many times as long."""
    total = 0
    for size in _sizes(value):
        total += size
        if total > limit:
            return False
    return True


def _sizes(value: Any) -> Iterator[int]:
    if isinstance(value, str):
        yield len(value) + 2
    elif isinstance(value, dict):
        for key, item in value.items():
            yield len(key) + 3
            yield from _sizes(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _sizes(item)


def _cut(value: dict[str, Any], longest: int, most: int, limit: int) -> dict[str, Any]:
    scissors = _Scissors(longest, most, limit)
    cut = scissors.cut(value, "")
    return {**cut, _COUNT: scissors.count}


class _Scissors:
    """Cuts one document, and counts the texts and items that it cut."""

    def __init__(self, longest: int, most: int, limit: int) -> None:
        self.longest, self.most, self.limit = longest, most, limit
        self.count = 0

    def cut(self, value: Any, name: str) -> Any:
        if isinstance(value, str):
            return self._text(value, name)
        if isinstance(value, dict):
            return {key: self.cut(item, key) for key, item in value.items()}
        if isinstance(value, list):
            return self._commands(value) if name == "commands" else self._items(value, name)
        return value

    def _text(self, text: str, name: str) -> str | None:
        most = self.limit // 2 if name == "diff" else self.longest * (_COMMANDS if name == "command" else 1)
        if len(text) <= most:
            return text
        self.count += 1
        # A command that is not whole is another one.
        return None if name == "command" else text[: most - 1] + "…"

    def _items(self, items: list[Any], name: str) -> list[Any]:
        kept = items
        if len(items) > self.most and name != _NOT_OF_THE_VM:
            kept = [] if name in _ALL_OR_NONE else items[: self.most]
            self.count += len(items) - len(kept)
        return [self.cut(item, "") for item in kept]

    def _commands(self, commands: list[list[str]]) -> list[list[str]]:
        length = sum(len(word) for argv in commands for word in argv)
        if len(commands) <= self.most and length <= self.longest * _COMMANDS:
            return commands
        self.count += len(commands)
        return []
