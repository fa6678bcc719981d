"""Frozen records: a few named values that belong together and never change."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, Self, dataclass_transform

if TYPE_CHECKING:
    from dataclasses import replace  # a type checker knows the fields that it may name
else:

    def replace(record: Record, **changes: Any) -> Record:
        """Return a record with other values in some fields, by their names.

        Raises:
            TypeError: it has no field of such a name.
        """
        return record.__replace__(**changes)


__all__ = ["Record", "replace"]


class _RecordClass(type):
    """Makes the annotations of a class the slots of its instances, and what they are set to their defaults."""

    def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any], aside: tuple[str, ...] = ()) -> Any:
        # The base has no slots, so that there is room for what a cached_property keeps.
        fields = tuple(body.get("__annotations__", ())) if bases else ()
        body["_defaults"] = {field: body.pop(field) for field in fields if field in body}
        body["_fields"] = body["__match_args__"] = fields
        if bases:
            body["__slots__"] = fields
        if aside:
            body["_aside"] = aside
        made: Any = super().__new__(cls, name, bases, body)
        made._puts = tuple([getattr(made, field).__set__ for field in fields])
        made._shown = tuple([field for field in fields if field not in made._aside])
        if made._shown:
            made._compared = attrgetter(*made._shown)
        return made


@dataclass_transform(frozen_default=True)
class Record(metaclass=_RecordClass):
    """The base of records: the annotations of a class are its fields, and what they are set to is their default.

    It is to be read and used as a frozen dataclass with slots is: fields are given by place or by name, records of one
    class are equal where their fields are, and `__post_init__` may refuse what does not go together. But all classes
    share the methods here, while `dataclass` writes and compiles some for each class whenever it is loaded: 0.6 ms a
    class. What a class names as `aside` are fields that neither make two records differ nor are shown by `repr`.

    A record is of one class: it takes no fields from a class between it and this one.
    """

    _fields: tuple[str, ...]
    _defaults: dict[str, Any]
    _puts: tuple[Any, ...]
    _shown: tuple[str, ...]
    _aside: tuple[str, ...] = ()
    _compared = attrgetter("__class__")  # records without fields are alike

    def __init__(self, *values: Any, **named: Any) -> None:
        """Set the fields.

        Raises:
            TypeError: one is missing, there is none of that name, or one is given twice.
        """
        for put, value in zip(self._puts, values, strict=False):
            put(self, value)
        count = len(values)
        if named or count != len(self._fields):
            if count > len(self._fields):
                raise TypeError(f"{type(self).__name__} has {len(self._fields)} fields, not {count}")
            for put, field in zip(self._puts[count:], self._fields[count:], strict=True):
                if field in named:
                    put(self, named.pop(field))
                elif field in self._defaults:
                    put(self, self._defaults[field])
                else:
                    raise TypeError(f"{type(self).__name__} needs its field {field}")
            for field in named:
                raise TypeError(f"{type(self).__name__} has no field {field}, or it was given by its place")
        self.__post_init__()

    def __post_init__(self) -> None:
        """Look at a new record; a class that refuses some of them has its own."""

    def __replace__(self, /, **changes: Any) -> Self:
        values = [changes.pop(field) if field in changes else getattr(self, field) for field in self._fields]
        return type(self)(*values, **changes)

    def __reduce__(self) -> tuple[type[Self], tuple[Any, ...]]:
        return type(self), tuple([getattr(self, field) for field in self._fields])

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
