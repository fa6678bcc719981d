"""VMs of the oldest products: how ESX Server 1 and 2 name a disk, what is done first, and whose VM it is like."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from build import disk_lines, make_vm, plainest_vm, write_config
from planner.plans import ways

import vmxtool
from vmxtool import Answer, check, plan_rewrite, route
from vmxtool.knowledge import tables
from vmxtool.report.step_words import step_text
from vmxtool.report.words import way_words

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


@pytest.mark.parametrize("path", ["/vmfs/volumes/storage1/web/web.vmdk", "[storage1] web/web.vmdk"])
def test_a_path_on_an_esx_host_is_no_name_for_a_hosted_product(tmp_path: Path, path: str) -> None:
    make_vm(tmp_path, disk_lines("scsi0:0", "web.vmdk"), hw=4)
    config = tmp_path / "vm.vmx"
    config.write_text(config.read_text().replace('"web.vmdk"', f'"{path}"'))
    verdict = check(tmp_path, "ws6", "esx3")
    assert verdict.verdict is Answer.NEEDS_STEPS
    assert "DSK220" in {it.code for it in verdict.findings}
    plan_rewrite(tmp_path, target="ws6", origin="esx3").apply()
    assert vmxtool.open_config(config)["scsi0:0.fileName"] == "web.vmdk"
    assert "DSK220" not in {it.code for it in check(tmp_path, "ws6", "esx3").findings}
    assert "DSK220" not in {it.code for it in check(of_esx(tmp_path / "esx"), "esx2", "esx2").findings}


def test_what_names_its_old_host_goes_with_a_vm_of_esx_2(tmp_path: Path) -> None:
    lines = 'redoLogDir = "/vmfs/vmhba0:0:0:5"\nworkingDir = "/vmfs/local/x"\nsched.swap.dir = "/vmfs/local"\n'
    nic = 'ethernet0.present = "TRUE"\nethernet0.connectionType = "monitor_dev"\nethernet0.devName = "bond0"\n'
    rewrite = plan_rewrite(of_esx(tmp_path, lines=lines + nic), target="ws5.5", origin="esx2")
    gone = {it.key for it in rewrite.changes if it.after is None}
    assert gone >= {"redoLogDir", "workingDir", "sched.swap.dir", "ethernet0.devName", "ethernet0.connectionType"}
    (told,) = [fix.text for fix in rewrite.manual if fix.text.startswith("ethernet0: bridged now")]
    assert "until bridged, NAT or host-only is chosen in Workstation 5.5" in told


def test_files_that_were_rewritten_here_are_put_on_the_host_first(tmp_path: Path) -> None:
    vm = of_esx(tmp_path)
    before = next(step for step in check(vm, "ws5.5", "esx2").plans[0].steps if step.do.value == "export-disks")
    plan_rewrite(vm, target="ws5.5", origin="esx2").apply()
    after = next(step for step in check(tmp_path, "ws5.5", "esx2").plans[0].steps if step.do.value == "export-disks")
    assert (before.rewritten, after.rewritten) == ("config", "config")
    assert step_text(after).endswith("then put the rewritten config over that one")


def test_a_disk_that_another_vm_has_too_is_numbered_by_its_owner(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, disk_lines("ide0:0", "disk.vmdk"), hw=6)
    (tmp_path / "two.vmx").write_bytes(vm.config.path.read_bytes())
    plans = check(tmp_path / "vm.vmx", "server1", "fusion1").plans
    plan = next(plan for plan in plans if plan.own is not None)
    assert any(step.remedy == 'set ddb.virtualHWVersion = "4" in disk.vmdk' for step in plan.steps)


def test_text_that_is_none_in_its_own_character_set_is_corrected_first(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, '.encoding = "UTF-8"\ndisplayName = "till"', hw=7)
    vm.config.path.write_bytes(vm.config.path.read_bytes().replace(b"till", b"Gr\xf6\xdfe"))
    plan = check(tmp_path, "ws5.5").plans[0]
    assert plan.steps[0].do.value == "repair-config"
    assert "--encoding" not in " ".join(word for step in plan.steps for argv in step.commands for word in argv)
    (refused,) = plan_rewrite(tmp_path, target="ws5.5").refused
    assert (refused.code, refused.evidence[0].key) == ("VMX025", "displayName")


def test_an_adapter_that_the_guest_has_no_driver_for_is_told(tmp_path: Path) -> None:
    lines = 'ethernet0.present = "TRUE"\nethernet0.virtualDev = "e1000"\n'
    for guest, told in (("windows7", True), ("winxppro", False)):
        vm = make_vm(tmp_path / guest, lines, hw=7, guest=guest)
        texts = [fix.text for fix in plan_rewrite(vm, target="ws4").manual]
        assert any("is not known to have a driver for vlance" in text for text in texts) is told


def test_the_first_upgrade_of_a_way_is_the_one_that_is_final() -> None:
    (way,) = [way for way in tables.lookup("ws3", "ws6").ways if way.one_way]  # type: ignore[union-attr]
    assert way_words(way) == "upgrade hardware with Workstation 4 or 5 (one-way), upgrade hardware"


def test_a_vm_that_its_own_product_takes_up_again_is_nothing_to_rewrite(samples: Path) -> None:
    same = plan_rewrite(samples / "ws4-undoable", target="ws4", origin="ws4")
    assert (same.refused, same.changes) == ((), ())
    other = plan_rewrite(samples / "ws4-undoable", target="gsx3", origin="ws4")
    assert [it.code for it in other.refused] == ["SNP602"]


def test_adapters_that_go_leave_room_on_the_bus(tmp_path: Path) -> None:
    nics = "".join(f'ethernet{number}.present = "TRUE"\n' for number in range(10))
    vm = make_vm(tmp_path, f"{disk_lines('scsi0:0', 'disk.vmdk')}\n{nics}", hw=8)
    found = {it.code for it in check(vm, "esx3").findings}
    assert "NET301" in found
    assert "DEV702" not in found


def test_what_was_exported_is_copied_to_the_product_that_upgrades_it(tmp_path: Path) -> None:
    vm = plainest_vm(tmp_path, "esx1.5")
    upgrade = next(step for step in check(vm, "ws6", "esx1.5").plans[0].steps if step.do.value == "upgrade-hardware")
    assert step_text(upgrade).startswith("copy all files of that new folder there; open the VM in Workstation 4 or 5")
    assert "to version 3 (Workstation 4) or 4 (Workstation 5)" in step_text(upgrade)
    hosted = check(plainest_vm(tmp_path / "ws3", "ws3"), "ws6", "ws3").plans[0]
    first = next(step for step in hosted.steps if step.do.value == "upgrade-hardware")
    assert step_text(first).startswith("copy all files of the VM's folder there; open the VM in Workstation 4 or 5")
    copied = next(step for step in hosted.steps if step.do.value == "copy")
    assert step_text(copied) == "copy all files of the VM's folder in Workstation 4 or 5 to Workstation 6"
