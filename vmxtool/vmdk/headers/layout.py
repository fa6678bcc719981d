"""What the headers of all formats share: layouts that turn bytes into fields and back, and a check of their numbers.

Numbers are little endian; offsets and sizes are in sectors of 512 bytes. No number of a header is believed before it
is compared with the file's size and the limits of its format, and none is ever used to allocate. The checks are those
of open-vmdk, qemu, libvmdk and VirtualBox taken together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vmxtool.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Read = Callable[[int, int], bytes]

Fields = dict[str, Any]


class Layout:
    """The layout of one header, declared where its format is and built by Construct when it is first used.

    Attributes:
        name: what the header is called in messages.
        size: its size in bytes.
    """

    __slots__ = ("_declare", "_struct", "name", "size")

    def __init__(self, name: str, size: int, declare: Callable[[], Any]) -> None:
        """Take a function that gives the Construct.

        Loading Construct takes longer than reading a text descriptor does, so the function loads it, not its module.
        """
        self.name = name
        self.size = size
        self._declare = declare
        self._struct: Any = None

    def __repr__(self) -> str:
        return f"<layout {self.name}, {self.size} bytes>"

    def parse(self, data: bytes, where: Path | str) -> Fields:
        """Return the fields as numbers and bytes, the union `u` as a dictionary; data behind the header is ignored.

        Raises:
            InputError: the data is shorter than the header; `where` is the file to name.
        """
        if len(data) < self.size:
            problem = f"ends within its header, at byte {len(data)} of {self.size}"
            raise InputError(where, problem, "copy the file again")
        return _as_dict(self._built().parse(data))

    def build(self, fields: Fields) -> bytes:
        """Return the header with these fields; `build` of what `parse` returned is the same bytes.

        Raises:
            ValueError: a field is missing or does not fit.
        """
        from construct import ConstructError

        try:
            built: bytes = self._built().build(fields)
        except (ConstructError, KeyError) as error:
            raise ValueError(f"{self.name} header: {str(error).splitlines()[0]}") from None
        return built

    def _built(self) -> Any:
        if self._struct is None:
            self._struct = self._declare()
        return self._struct


def _as_dict(container: Any) -> Fields:
    return {
        name: _as_dict(value) if isinstance(value, dict) else value
        for name, value in container.items()
        if not name.startswith("_")
    }


def is_power_of_two(number: int, limit: int) -> bool:
    """Return whether a number is a power of two up to a limit."""
    return 0 < number <= limit and number & (number - 1) == 0
