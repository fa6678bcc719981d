"""The reader of rows: what each annotation reads, what is refused, and that every declaration fits its class."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

import pytest

from vmxtool import knowledge
from vmxtool._record import Record
from vmxtool.errors import KnowledgeError
from vmxtool.knowledge.rows import DataRow, Rows

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from vmxtool.knowledge.rows import Words

Size = Literal["small", "large"]


class Thing(Record):
    """One field of each kind that can be read."""

    id: str
    size: Size
    weight: int | None
    colour: str | None
    is_old: bool
    parts: Words
    kinds: frozenset[str]
    keys: tuple[str, ...]
    steps: tuple[int, ...]
    names: Mapping[str, str]
    groups: Mapping[str, tuple[str, ...]]
    half: int
    checked: date


THINGS = Rows(
    "thing",
    Thing,
    among={"colour": ("red", "blue"), "kinds": ("a", "b")},
    absent={"is_old": False},
    cells={"half": ("twice", lambda row, column: row.number(column) // 2)},
)
FULL: dict[str, Any] = {
    "id": "x",
    "size": "small",
    "weight": 3,
    "colour": "red",
    "is_old": True,
    "parts": "wheel lid",
    "kinds": "b a",
    "keys": ["one two", "three"],
    "steps": "1 2",
    "names": {"de": "Ding"},
    "groups": {"all": ["x"]},
    "twice": 8,
    "checked": "2026-11-22",
}


def read(**changes: Any) -> list[Thing]:
    table = {key: value for key, value in (FULL | changes).items() if value is not None}
    return [thing for _, thing in THINGS.read("things.toml", {"thing": [table]})]


def test_each_field_is_read_as_its_annotation_says() -> None:
    (thing,) = read()
    assert [getattr(thing, field) for field in Thing._fields[:-1]] == [
        *("x", "small", 3, "red", True, ("wheel", "lid"), {"a", "b"}, ("one two", "three"), (1, 2), {"de": "Ding"}),
        *({"all": ("x",)}, 4),
    ]
    assert str(thing.checked) == "2026-11-22"


def test_what_may_be_none_may_be_absent_or_a_dash() -> None:
    for nothing in (None, "-"):
        (thing,) = read(weight=nothing, colour=nothing, is_old=None)
        assert (thing.weight, thing.colour, thing.is_old) == (None, None, False)


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        ("size", "huge", "'huge' is none of small, large"),
        ("weight", True, "a whole number is wanted"),
        ("colour", "green", "'green' is none of red, blue"),
        ("is_old", "yes", "true or false is wanted"),
        ("parts", ["wheel"], "a text is wanted"),
        ("parts", "lid lid", "a word stands twice"),
        ("kinds", "b c", "'c' is none of a, b"),
        ("keys", "one", "a list of texts is wanted"),
        ("keys", ["one", "one"], "a text stands twice"),
        ("steps", "2 1", "do not rise"),
        ("steps", "two", "whole numbers are wanted"),
        ("names", {"de": 1}, "a table of texts is wanted"),
        ("groups", ["x"], "a table is wanted"),
        ("twice", None, "it is missing"),
        ("half", 4, "no such column"),
        ("checked", "2026-11", "a date is wanted"),
    ],
)
def test_a_broken_cell_is_named_with_file_and_row(column: str, value: object, problem: str) -> None:
    with pytest.raises(KnowledgeError, match=rf"^things\.toml: row x: column {column}: .*{problem}"):
        read(**{column: value})


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({}, "no thing is in it"),
        ({"thing": FULL}, "thing: a list of tables is wanted"),
        ({"thing": [FULL, FULL]}, "row x: column id: it stands twice"),
        ({"thing": [{"rows": [["x"]]}]}, "columns: id, size, .* are missing"),
        (
            {"columns": ["id"], "thing": [{"thing": "heavy", "rows": [["x"]]}]},
            "thing heavy: column size: it is",
        ),
    ],
)
def test_a_broken_file_is_named(data: Mapping[str, Any], problem: str) -> None:
    with pytest.raises(KnowledgeError, match=rf"^things\.toml: {problem}"):
        list(THINGS.read("things.toml", data))


def test_what_stands_beside_a_grid_holds_for_its_rows() -> None:
    shared = {key: value for key, value in FULL.items() if key not in {"id", "weight"}}
    grid = shared | {"thing": "heavy", "rows": [["x", 3], ["y", "-"]]}
    found = [thing for _, thing in THINGS.read("things.toml", {"columns": ["id", "weight"], "thing": [grid]})]
    assert [(thing.id, thing.weight, thing.colour) for thing in found] == [("x", 3, "red"), ("y", None, "red")]


DECLARED = {
    f"{module.name}.{name}": value
    for module in pkgutil.iter_modules(knowledge.__path__, f"{knowledge.__name__}.")
    for name, value in vars(import_module(module.name)).items()
    if isinstance(value, Rows)
}


@pytest.mark.parametrize("name", DECLARED)
def test_a_declaration_names_fields_and_columns_that_there_are(name: str) -> None:
    rows = DECLARED[name]
    assert {*rows._among, *rows._cells} <= rows._fields.keys()
    assert rows._own.keys() <= {*rows._columns}


def test_a_row_that_is_the_whole_file_has_no_name() -> None:
    assert str(DataRow("things.toml", "", {}).broken("id", "no")) == "things.toml: column id: no"
