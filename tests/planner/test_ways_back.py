"""What a rewrite says of the way back: legacy mode, versions raised for good, and ways that the guide does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from build import SCSI_DISK, make_disk, plainest_vm, write_config
from changes.told import reasons

from vmxtool import check, inspect, plan_rewrite

if TYPE_CHECKING:
    from pathlib import Path

_RUN = "once the VM has run, nothing takes it back"


@pytest.mark.parametrize(
    ("origin", "target"),
    [
        ("ws3", "esx2"),
        ("ws3", "esx1.5"),
        ("gsx2", "esx2"),
        ("gsx2", "esx1.5"),
        ("ws4", "esx2"),
        ("gsx3", "esx2"),
        ("ws4", "esx3"),
    ],
)
def test_where_the_guide_imports_disks_there_is_no_legacy_mode(tmp_path: Path, origin: str, target: str) -> None:
    made = plan_rewrite(plainest_vm(tmp_path, origin), target=target, origin=origin, legacy=True)
    assert reasons(made) == ["no-common-hardware-version"]
    assert made.refused[0].code == "PRD192"


@pytest.mark.parametrize(
    ("origin", "target"),
    [("ws3", "ws4"), ("ws2", "ws3"), ("gsx2", "ws4"), ("esx1.5", "esx2"), ("ws4", "ws5.5"), ("ws4", "gsx3")],
)
def test_legacy_mode_of_the_guide_needs_no_undo_where_nothing_was_renamed(
    tmp_path: Path, origin: str, target: str
) -> None:
    made = plan_rewrite(plainest_vm(tmp_path, origin), target=target, origin=origin, legacy=True)
    assert not made.refused
    (note,) = [it for it in made.notes if "can go back" in it]
    assert note.endswith("so the VM can go back")


def test_an_undo_is_told_of_where_disks_were_renamed(tmp_path: Path) -> None:
    make_disk(tmp_path / "disk.vmdk", "vmfs", hw=3)
    lines = SCSI_DISK.replace("fileName", "name").replace("disk.vmdk", "vmhba0:0:0:5:disk.vmdk")
    vm = inspect(write_config(tmp_path, lines, hw=3, guest="win2000serv", config=6))
    made = plan_rewrite(vm, target="esx3", origin="esx2", legacy=True)
    assert any(it.endswith("can go back once an undo has given its disks their old names") for it in made.notes)


@pytest.mark.parametrize(("origin", "target"), [("ws4", "ws5.5"), ("esx2", "esx3"), ("ws4", "server1")])
def test_a_version_asked_for_is_as_final_as_the_way_of_check(tmp_path: Path, origin: str, target: str) -> None:
    vm = plainest_vm(tmp_path, origin)
    made = plan_rewrite(vm, target=target, origin=origin, hwversion=4)
    assert made.one_way
    assert any(_RUN in note for note in made.notes)
    assert any(label.one_way for label in check(vm, target, origin).ways)


def test_a_version_that_is_lowered_again_elsewhere_is_not_final(tmp_path: Path) -> None:
    made = plan_rewrite(plainest_vm(tmp_path, "ws5.5"), target="ws6", origin="ws5.5", hwversion=6)
    assert not made.one_way
    assert not any(_RUN in note for note in made.notes)


@pytest.mark.parametrize(("origin", "target", "version"), [("server1", "ws4", 3), ("server1", "gsx3", 3)])
def test_a_version_asked_for_where_converter_is_the_only_way_says_so(
    tmp_path: Path, origin: str, target: str, version: int
) -> None:
    vm = plainest_vm(tmp_path, origin)
    assert reasons(plan_rewrite(vm, target=target, origin=origin)) == ["left-to-converter"]
    made = plan_rewrite(vm, target=target, origin=origin, hwversion=version)
    assert made.changes
    assert any("the guide has no such way" in note and "VMware Converter alone" in note for note in made.notes)


def test_where_the_guide_has_another_way_converter_is_not_called_the_only_one(tmp_path: Path) -> None:
    made = plan_rewrite(plainest_vm(tmp_path, "ws5.5"), target="gsx3", origin="ws5.5", hwversion=3)
    assert made.changes
    assert not any("Converter alone" in note for note in made.notes)
