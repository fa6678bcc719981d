"""Frozen records: made, compared, changed into others, and never changed themselves."""

from __future__ import annotations

import copy
import pickle
from functools import cached_property

import pytest

from vmxtool._record import Record, replace


class Disk(Record):
    """A disk, as these tests have it."""

    name: str
    size: int = 0
    bus: str = "ide"

    @cached_property
    def letters(self) -> list[str]:
        return list(self.name)


class Other(Record):
    name: str
    size: int = 0
    bus: str = "ide"


class Read(Record, aside=("how",)):
    text: str
    how: str = ""


class Positive(Record):
    number: int

    def __post_init__(self) -> None:
        if self.number < 1:
            raise ValueError("not above zero")


def test_fields_are_given_by_place_or_by_name() -> None:
    assert Disk("a", 3) == Disk("a", size=3) == Disk(size=3, name="a", bus="ide")
    assert (Disk("a").name, Disk("a").size, Disk("a").bus) == ("a", 0, "ide")


@pytest.mark.parametrize(
    ("values", "named", "said"),
    [
        ((), {}, "Disk needs its field name"),
        ((), {"size": 3}, "Disk needs its field name"),
        (("a", 1, "ide", 4), {}, "Disk has 3 fields, not 4"),
        (("a",), {"colour": "red"}, "Disk has no field colour"),
        (("a",), {"name": "b"}, "Disk has no field name, or it was given by its place"),
        (("a", 1, "ide"), {"name": "b"}, "Disk has no field name, or it was given by its place"),
    ],
)
def test_wrong_fields_are_refused(values: tuple[object, ...], named: dict[str, object], said: str) -> None:
    with pytest.raises(TypeError, match=said):
        Disk(*values, **named)  # type: ignore[arg-type]


def test_records_are_equal_where_class_and_fields_are() -> None:
    assert Disk("a") != Disk("b")
    assert Disk("a") != Other("a")
    assert Disk("a") != ("a", 0, "ide")
    assert len({Disk("a"), Disk("a", 0), Disk("b")}) == 2


def test_a_field_aside_is_neither_compared_nor_shown() -> None:
    assert Read("a", "twice") == Read("a")
    assert hash(Read("a", "twice")) == hash(Read("a"))
    assert repr(Read("a", "twice")) == "Read(text='a')"


def test_a_record_never_changes() -> None:
    disk = Disk("a")
    with pytest.raises(AttributeError, match="a Disk never changes, and neither does its size"):
        disk.size = 3  # type: ignore[misc]
    with pytest.raises(AttributeError, match="a Disk never changes, and neither does its name"):
        del disk.name
    assert disk == Disk("a")


def test_another_record_has_other_fields() -> None:
    disk = Disk("a", 3)
    assert disk.letters == ["a"]
    assert replace(disk, name="bc", bus="scsi") == Disk("bc", 3, "scsi")
    assert replace(disk, name="bc").letters == ["b", "c"]
    with pytest.raises(TypeError, match="Disk has no field colour"):
        replace(disk, colour="red")  # type: ignore[call-arg]


def test_a_class_refuses_what_does_not_go_together() -> None:
    with pytest.raises(ValueError, match="not above zero"):
        Positive(0)
    with pytest.raises(ValueError, match="not above zero"):
        replace(Positive(1), number=0)


def test_a_record_is_copied_kept_and_matched_as_others_are() -> None:
    disk = Disk("a", 3)
    assert copy.copy(disk) == copy.deepcopy(disk) == pickle.loads(pickle.dumps(disk)) == disk
    assert repr(disk) == "Disk(name='a', size=3, bus='ide')"
    match disk:
        case Disk(name, size):
            assert (name, size) == ("a", 3)
