"""VMs of the oldest products: how ESX Server 1 and 2 name a disk, what is done first, and whose VM it is like."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from build import disk_lines, make_vm, plainest_vm, write_config
from planner.plans import ways

import vmxtool
from vmxtool import check, plan_rewrite, route

if TYPE_CHECKING:
    from pathlib import Path

    from vmxtool.machine.model import Machine


def of_esx(folder: Path, name: str = "vmhba0:0:0:5:db.vmdk", hw: int = 3, lines: str = "") -> Machine:
    """A VM of ESX Server 1 or 2 whose disk is still on its host."""
    disk = f'scsi0.present = "TRUE"\nscsi0:0.present = "TRUE"\nscsi0:0.name = "{name}"\n'
    write_config(folder, f"{disk}{lines}", hw=hw, guest="win2000serv", config=6)
    return vmxtool.inspect(folder)


@pytest.mark.parametrize(
    ("origin", "hw", "target", "first"),
    [
        ("esx1.5", 2, "esx3", ["change-settings", "repair-disk"]),
        ("esx1.5", 2, "server1", ["change-settings", "export-disks", "copy", "upgrade-hardware"]),
        ("esx1", 1, "gsx3", ["change-settings", "export-disks", "copy", "upgrade-hardware"]),
        ("esx1.5", 2, "ws6", ["change-settings", "export-disks", "upgrade-hardware"]),
    ],
)
def test_the_name_of_a_disk_is_changed_before_anything_else_opens_the_vm(
    tmp_path: Path, origin: str, hw: int, target: str, first: list[str]
) -> None:
    verdict = check(of_esx(tmp_path, hw=hw), target, origin)
    assert ways(verdict)[0][: len(first)] == first or sorted(ways(verdict)[0][:2]) == sorted(first[:2])
    (finding,) = [it for it in verdict.findings if it.code == "DSK220"]
    assert finding.fix is not None
    assert 'write scsi0:0.fileName = "db.vmdk"' in finding.fix.text


@pytest.mark.parametrize("name", ["vmhba0:0:0:5:db.vmdk", "local:db.vmdk", "/vmfs/local/db.vmdk"])
def test_a_log_is_committed_on_the_host_before_its_disk_is_fetched(tmp_path: Path, name: str) -> None:
    vm = of_esx(tmp_path, name, lines='scsi0:0.mode = "append"\n')
    assert ways(check(vm, "esx3", "esx2"))[0][:2] == ["commit-redo-logs", "repair-disk"]
    assert "repair-disk" not in ways(check(vm, "ws6", "esx2"))[0]


def test_a_snapshot_of_workstation_4_takes_its_log_with_it(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, disk_lines("scsi0:0", "disk.vmdk"), hw=3)
    (tmp_path / "disk.vmdk.REDO_a1").write_bytes(b"log")
    assert "commit-redo-logs" in ways(check(vmxtool.inspect(tmp_path), "esx3", "ws4"))[0]
    (tmp_path / "vm.vmsn").write_bytes(b"state")
    with_snapshot = ways(check(vmxtool.inspect(tmp_path), "esx3", "ws4"))[0]
    assert vm.snapshots.redo_signs == ()
    assert with_snapshot[0] == "remove-snapshots"
    assert "commit-redo-logs" not in with_snapshot


@pytest.mark.parametrize("way", [0, 1])
def test_a_vm_of_generation_3_gets_no_second_processor(tmp_path: Path, way: int) -> None:
    vm = make_vm(tmp_path, 'numvcpus = "2"', hw=2)
    plan = check(vm, "esx2-smp", "esx1.5").plans[way]
    assert plan.steps[0].remedy == "set numvcpus to 1"
    assert plan.end.vcpus == 1


def test_a_product_within_a_move_has_to_be_at_hand(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, disk_lines("ide0:0", "disk.vmdk"), hw=2)
    lacking = route(vm, "esx3", "ws3", ["ws3"])
    assert (lacking.routes, ("ws4",) in lacking.missing) == ((), True)
    assert route(vm, "esx3", "ws3", ["ws4"]).routes


def test_an_upgrade_that_no_product_takes_back_is_one_way_where_the_table_has_no_mark(tmp_path: Path) -> None:
    (hop,) = route(plainest_vm(tmp_path, "ws2"), "ws3", "ws2").routes[0].hops
    assert [way.one_way for way in hop.others] == [True]


@pytest.mark.parametrize(("hw", "origin"), [(3, "ws4"), (6, "ws6")])
def test_a_rewrite_for_a_move_that_is_ruled_out_advises_nothing(tmp_path: Path, hw: int, origin: str) -> None:
    refused = plan_rewrite(make_vm(tmp_path, hw=hw), target="ws3", origin=origin).refused
    assert [(it.code, it.fix) for it in refused] == [("PRD108", None)]
