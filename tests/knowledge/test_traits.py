"""What kinds of devices have in common: the shipped rows, and rows that are broken."""

from __future__ import annotations

import pytest

from vmxtool.errors import KnowledgeError
from vmxtool.knowledge.sources import source
from vmxtool.knowledge.traits import GROUPS, read_traits, traits

ROW = """[[trait]]
id = "x"
group = "pcie"
keys = ["scsi*.virtualdev"]
values = ["pvscsi"]
says = "a controller"
source = "general"
checked = 2026-11-30
"""


def test_every_group_has_kinds_and_every_kind_a_source() -> None:
    for group in GROUPS:
        assert traits(group)
        for trait in traits(group):
            assert trait.keys
            assert all(source(reference) for reference in trait.sources)


@pytest.mark.parametrize(
    ("key", "value", "found"),
    [
        ("scsi0.virtualdev", "PVSCSI", True),
        ("scsi12.virtualdev", "pvscsi", True),
        ("scsi0.virtualdev", "lsilogic", False),
        ("scsi0:0.virtualdev", "pvscsi", False),
        ("scsi.virtualdev", "pvscsi", False),
        ("ascsi0.virtualdev", "pvscsi", False),
    ],
)
def test_a_kind_is_found_by_key_and_value(key: str, value: str, found: bool) -> None:
    (trait,) = read_traits(ROW).values()
    assert trait.found_in([key], {key: value}) == ([key] if found else [])


@pytest.mark.parametrize(("value", "found"), [("TRUE", True), ("1", True), ("FALSE", False), ("no", False)])
def test_a_kind_without_values_is_a_switch_that_is_on(value: str, found: bool) -> None:
    text = ROW.replace('values = ["pvscsi"]\n', "").replace("scsi*.virtualdev", "ide*:*.present")
    (trait,) = read_traits(text).values()
    assert bool(trait.found_in(["ide1:0.present"], {"ide1:0.present": value})) is found


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('id = "x"', 'id = "x"\nmore = 1', "x"),
        ('group = "pcie"', 'group = "none"', "column group"),
        ("scsi*.virtualdev", "scsi*.virtualDev", "column keys: it has capitals"),
        ('["pvscsi"]', '["PVSCSI"]', "column values: it has capitals"),
        ('source = "general"', 'source = ""', "column source"),
        (ROW, ROW + ROW, "it stands twice"),
        (ROW, "", "no trait is in it"),
    ],
)
def test_a_broken_row_is_named(old: str, new: str, complaint: str) -> None:
    with pytest.raises(KnowledgeError, match=complaint):
        read_traits(ROW.replace(old, new))
