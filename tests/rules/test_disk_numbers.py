"""The hardware version that a disk names: which products mind, and what a rewrite makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from build import disk_lines, make_disk, write_config

import vmxtool
from vmxtool.findings import Severity

if TYPE_CHECKING:
    from pathlib import Path

    from vmxtool.findings import Finding

ENTRY = b'ddb.virtualHWVersion = "'
DISK = disk_lines("scsi0:0", "till.vmdk")


def make(folder: Path, number: int, *, hw: int = 4, name: str = "till") -> None:
    make_disk(folder / "till.vmdk", adapter="lsilogic", hw=number)
    write_config(folder, DISK, name=f"{name}.vmx", hw=hw)


def number_of(folder: Path) -> int:
    text = (folder / "till.vmdk").read_bytes()
    at = text.index(ENTRY) + len(ENTRY)
    return int(text[at : text.index(b'"', at)])


def told(folder: Path, target: str) -> list[Finding]:
    return [it for it in vmxtool.check(folder, target).findings if it.code == "DSK226"]


@pytest.mark.parametrize(
    ("target", "number", "severity"),
    [
        ("server1", 6, Severity.BLOCKER),
        ("server1", 7, Severity.BLOCKER),
        ("server1", 4, None),
        ("server1", 3, None),
        ("player1", 6, Severity.WARNING),
        ("ws5.5", 6, Severity.WARNING),
        ("server2", 7, None),
        ("ws17", 6, None),
    ],
)
def test_who_minds_a_newer_number(tmp_path: Path, target: str, number: int, severity: Severity | None) -> None:
    make(tmp_path, number)
    assert [it.severity for it in told(tmp_path, target)] == ([] if severity is None else [severity])
    assert (vmxtool.check(tmp_path, target).verdict.value == "ready") is (severity is not Severity.BLOCKER)


@pytest.mark.parametrize("asked", [{"target": "server1"}, {"hwversion": 4}])
def test_a_rewrite_lowers_the_disk_where_the_config_is_low_already(tmp_path: Path, asked: dict[str, Any]) -> None:
    make(tmp_path, 6)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert vmxtool.check(tmp_path, "server1").verdict.value == "needs-steps"
    vmxtool.plan_rewrite(tmp_path, **asked).apply()
    assert number_of(tmp_path) == 4
    assert (tmp_path / "till.vmx").read_bytes() == before[tmp_path / "till.vmx"]
    assert vmxtool.check(tmp_path, "server1").verdict.value == "ready"
    assert not vmxtool.plan_rewrite(tmp_path, **asked).changes
    vmxtool.undo(tmp_path)
    assert {path: path.read_bytes() for path in before} == before


def test_a_disk_is_left_alone_for_a_product_that_runs_its_number(tmp_path: Path) -> None:
    make(tmp_path, 6)
    assert not vmxtool.plan_rewrite(tmp_path, target="ws6").changes


def test_one_rewrite_lowers_config_and_disk(tmp_path: Path) -> None:
    make(tmp_path, 6, hw=6)
    assert told(tmp_path, "server1") == []
    vmxtool.plan_rewrite(tmp_path, target="server1").apply()
    assert number_of(tmp_path) == 4
    assert vmxtool.check(tmp_path, "server1").verdict.value == "ready"


def test_the_disk_of_another_vm_too_is_for_its_owner(tmp_path: Path) -> None:
    make(tmp_path, 6)
    write_config(tmp_path, DISK, name="other.vmx", hw=4)
    config = tmp_path / "till.vmx"
    (found,) = [it for it in vmxtool.check(config, "server1").findings if it.code == "DSK226"]
    assert found.fix is not None
    assert (found.severity, found.fix.safety.value) == (Severity.BLOCKER, "manual")
    assert vmxtool.check(config, "server1").verdict.value == "needs-steps"
    assert not vmxtool.plan_rewrite(config, hwversion=4).changes
    assert number_of(tmp_path) == 6
