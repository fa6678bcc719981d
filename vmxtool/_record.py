"""Frozen records: a few named values that belong together and never change."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, Self, dataclass_transform

if TYPE_CHECKING:
    from dataclasses import replace  # a type checker knows the fields that it may name
else:

    def replace(record: Record, **changes: Any) -> Record:
        """A record with other values in some fields, by their names.

        Raises:
            TypeError: it has no field of such a name.
        """
        return record.__replace__(**changes)


__all__ = ["Record", "replace"]

_put = object.__setattr__


@dataclass_transform(frozen_default=True)
class Record:
    """The base of records: the annotations of a class are its fields, and what they are set to is their default.

    It is to be read and used as a frozen dataclass is: fields are given by place or by name, records of one class are
    equal where their fields are, and `__post_init__` may refuse what does not go together. But all classes share the
    methods here, while `dataclass` writes and compiles some for each class whenever it is loaded: 0.6 ms a class.
    """

    _fields: tuple[str, ...] = ()
    _shown: tuple[str, ...] = ()
    _compared = attrgetter("__class__")  # records without fields are alike

    def __init_subclass__(cls, *, aside: tuple[str, ...] = ()) -> None:
        """Take note of a class's fields; a record is of one class and takes no fields from another.

        Args:
            aside: the fields that neither make two records differ nor are shown by `repr`.
        """
        cls._fields = tuple(cls.__annotations__)
        type.__setattr__(cls, "__match_args__", cls._fields)  # for `match`
        cls._shown = tuple([field for field in cls._fields if field not in aside])
        if cls._shown:
            cls._compared = attrgetter(*cls._shown)

    def __init__(self, *values: Any, **named: Any) -> None:
        """Set the fields.

        Raises:
            TypeError: one is missing, there is none of that name, or one is given twice.
        """
        fields = self._fields
        for field, value in zip(fields, values, strict=False):
            _put(self, field, value)
        for field, value in named.items():
            _put(self, field, value)
        if named or len(values) != len(fields):
            self._refuse_others(len(values), named)
        self.__post_init__()

    def __post_init__(self) -> None:
        """Look at a new record; a class that refuses some of them has its own."""

    def _refuse_others(self, by_place: int, named: dict[str, Any]) -> None:
        if by_place > len(self._fields):
            raise TypeError(f"{type(self).__name__} has {len(self._fields)} fields, not {by_place}")
        rest = self._fields[by_place:]
        for field in named:
            if field not in rest:
                raise TypeError(f"{type(self).__name__} has no field {field}, or it was given by its place")
        for field in rest:
            if field not in named and not hasattr(self, field):
                raise TypeError(f"{type(self).__name__} needs its field {field}")

    def __replace__(self, /, **changes: Any) -> Self:
        values = [changes.pop(field) if field in changes else getattr(self, field) for field in self._fields]
        return type(self)(*values, **changes)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return bool(self._compared(self) == self._compared(other))

    def __hash__(self) -> int:
        return hash(self._compared(self))

    def __repr__(self) -> str:
        return f"{type(self).__qualname__}({', '.join([f'{field}={getattr(self, field)!r}' for field in self._shown])})"

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a {type(self).__name__} never changes, and neither does its {name}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a {type(self).__name__} never changes, and neither does its {name}")
