"""What the text of the guide asks for beside its tables, page by page, with the plainest VM that it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from build import disk_lines, make_disk, make_vm, plainest_vm, write_config
from planner.plans import codes, ways

import vmxtool
from vmxtool import Answer, Do, Severity, check, plan_rewrite, route
from vmxtool.knowledge import tables
from vmxtool.knowledge.products import products
from vmxtool.report.step_words import step_text

if TYPE_CHECKING:
    from pathlib import Path

    from vmxtool.machine.model import Machine
    from vmxtool.planner.verdict import Verdict

ON_ESX = """
    scsi0.present = "TRUE"
    scsi0.virtualDev = "vmxbuslogic"
    scsi0:0.present = "TRUE"
    scsi0:0.name = "vmhba0:0:0:5:db.vmdk"
    ethernet0.present = "TRUE"
    ethernet0.connectionType = "monitor_dev"
    ethernet0.devName = "vmnic1"
    suspend.directory = "/vmfs/vmhba0:0:0:5"
"""


def on_esx(folder: Path) -> Machine:
    """A VM of ESX Server 2 whose disk is still on its host."""
    write_config(folder, ON_ESX, hw=3, guest="win2000serv", config=6)
    return vmxtool.inspect(folder)


def said(verdict: Verdict, code: str) -> list[str]:
    return [it.message for it in verdict.findings if it.code == code]


# --- pages 7 and 12: disks of ESX are exported


@pytest.mark.parametrize("target", ["ws5.5", "ws6", "ws6.5", "server2", "fusion2", "ace1", "player2", "ws17.5"])
def test_a_disk_that_is_still_on_its_esx_host_is_exported_for_every_hosted_product(tmp_path: Path, target: str) -> None:
    verdict = check(on_esx(tmp_path), target, "esx2")
    assert verdict.verdict is Answer.DEPENDS
    assert "export-disks" in ways(verdict)[0]
    assert codes(verdict) >= {"DSK202", "DSK203"}


def sentences(verdict: Verdict) -> list[str]:
    return [step_text(step, verdict.hop.hop.files.vm) for step in verdict.steps if step.way in {None, 1}]


def test_a_copy_takes_the_disks_that_were_exported_before_and_lie_here(tmp_path: Path) -> None:
    second = 'scsi0:1.present = "TRUE"\nscsi0:1.name = "vmhba0:0:0:5:old.vmdk"\n'
    make_disk(tmp_path / "old.vmdk", "flat", adapter="buslogic", hw=3)
    write_config(tmp_path, ON_ESX, second, hw=3, guest="win2000serv", config=6)
    there = (
        "copy all files of that new folder, and old.vmdk with all its parts from the VM's folder here, to Workstation"
    )
    for target, product in (("ws5.5", "Workstation 5.5"), ("ws6", "Workstation 6")):
        said = sentences(check(tmp_path, target, "esx2"))
        assert [it for it in said if it.startswith("copy all")] == [f"{there}{product.removeprefix('Workstation')}"]
    alone = sentences(check(on_esx(tmp_path / "alone"), "ws6", "esx2"))
    assert "copy all files of that new folder to Workstation 6" in alone


def test_a_config_that_changes_on_its_host_comes_here_before_it_is_rewritten(tmp_path: Path) -> None:
    (tmp_path / "append").mkdir()
    write_config(
        tmp_path / "append", ON_ESX, 'scsi0:0.mode = "append"', hw=3, guest="win2000serv", config=6, name="db.vmx"
    )
    fetching = "put the config from the host in the place of the one here, then change what the target does not take"
    for target in ("esx3", "ws5.5"):
        assert fetching in sentences(check(tmp_path / "append", target, "esx2"))
        assert fetching not in sentences(check(on_esx(tmp_path), target, "esx2"))


def test_a_disk_of_esx_that_was_not_taken_along_is_exported_and_does_not_come_here_first(tmp_path: Path) -> None:
    vm = plainest_vm(tmp_path, "esx3")
    vm.config.folder.joinpath("disk.vmdk").unlink()
    assert ways(check(tmp_path, "ws5.5", "esx3"))[-1][:2] == ["export-disks", "copy"]
    assert ways(check(tmp_path, "esx4.0", "esx3"))[0][0] == "repair-disk"
    # Where a hosted product has the VM, nothing says that its disk lies on any host.
    assert ways(check(tmp_path, "ws5.5", "ws5.5"))[0][0] == "repair-disk"
    assert check(tmp_path, "ws5.5", "esx3").verdict is Answer.DEPENDS


def test_a_disk_on_its_host_is_left_behind_by_a_copy_and_not_by_an_export(tmp_path: Path) -> None:
    assert ways(check(on_esx(tmp_path), "esx3", "esx2"))[0][0] == "repair-disk"
    assert "repair-disk" not in ways(check(on_esx(tmp_path), "ws6.5", "esx2"))[0]


def test_an_exported_disk_is_named_beside_the_config_and_the_old_host_is_forgotten(tmp_path: Path) -> None:
    changes = {it.key: it.after for it in plan_rewrite(on_esx(tmp_path), target="ws5.5").changes}
    assert changes["scsi0:0.name"] == 'scsi0:0.fileName = "db.vmdk"'
    assert {key for key, after in changes.items() if after is None} == {
        "ethernet0.connectionType",
        "ethernet0.devName",
        "suspend.directory",
    }
    to_esx = {it.key: it.after for it in plan_rewrite(on_esx(tmp_path), target="esx3").changes}
    assert to_esx["scsi0:0.name"] == changes["scsi0:0.name"]


# --- pages 8 and 10: another host of the same product


@pytest.mark.parametrize(("line", "named"), [('checkpoint.vmState = "vm.vmss"', "vm.vmss"), ("", "redo log")])
def test_what_its_own_product_takes_up_again_comes_along(tmp_path: Path, line: str, named: str) -> None:
    undoable = 'scsi0:0.mode = "undoable"' if not line else ""
    lines = f"{disk_lines('scsi0:0', 'disk.vmdk')}\n{line}\n{undoable}"
    (tmp_path / "vm.vmss").write_bytes(b"state")
    vm = make_vm(tmp_path, lines, hw=3)
    same, other = check(vm, "ws4", "ws4"), check(vm, "gsx3", "ws4")
    assert same.verdict is Answer.READY
    (message,) = [it.message for it in same.findings if it.at_home is not None]
    assert named in message
    assert "come along" in message
    assert ways(other)[0][0] in {"power-off", "commit-redo-logs"}


def test_where_whose_vm_it_is_is_not_sure_a_copy_of_a_suspended_one_is_a_question(tmp_path: Path) -> None:
    (tmp_path / "vm.vmss").write_bytes(b"state")
    vm = make_vm(tmp_path, 'checkpoint.vmState = "vm.vmss"', hw=4)
    likeliest = vm.origin[0]
    assert likeliest.confidence <= 0.5
    verdict = check(vm, likeliest.product)
    assert verdict.verdict is Answer.DEPENDS
    assert "power-off" not in ways(verdict)[0]
    (question,) = [it for it in verdict.findings if it.code == "SNP603"]
    assert question.message.startswith(f"did {products()[likeliest.product].name} make the VM? If it did, ")
    assert "(vm.vmss, with the .vmem of that name) has to come along" in question.message
    assert "; if not, resume the VM in its own product" in question.message


@pytest.mark.parametrize(
    ("start", "target", "addresses"),
    [
        ("esx3", "esx3", {"mpg:p10:virtualcenter-2", "mpg:p10:vmotion"}),
        ("server1", "server1", {"mpg:p10:virtualcenter-1"}),
        ("esx2", "ws5.5", {"mpg:p19:vm-importer-2", "mpg:p08:converter-hosts"}),
        ("ws6", "esx3", {"mpg:p09:import-wizard-limits", "mpg:p09:import-wizard"}),
        ("ws4", "ws4", set()),
    ],
)
def test_what_the_text_adds_to_a_move_is_told_with_it(
    tmp_path: Path, start: str, target: str, addresses: set[str]
) -> None:
    remarks = {it.address for it in check(plainest_vm(tmp_path, start), target, start).remarks}
    assert addresses <= remarks, remarks
    assert addresses or not remarks


# --- page 8: what VMware Converter 3 takes


def test_converter_is_a_way_only_for_what_table_1_lists() -> None:
    readable, writable = tables.converter_takes()
    assert readable == writable == {(generation, esx) for generation in (4, 5) for esx in (False, True)} | {(6, False)}
    for entry in tables.entries():
        for way in entry.ways:
            if any(step.do in {"converter", "import-wizard"} for step in way.steps):
                to = products()[entry.to_id]
                assert (tables.generation_of(to.id), bool(to.esx)) in writable, entry


# --- page 12: ACE and Player


@pytest.mark.parametrize(
    ("start", "target", "wanted"),
    [
        ("ws5.5", "player2", ["upgrade-hardware", "copy"]),
        ("ws4", "player2", ["upgrade-hardware", "copy"]),
        ("ws4", "ace2", ["upgrade-hardware", "copy"]),
        ("esx2", "ace2", ["export-disks", "upgrade-hardware", "copy"]),
        ("ws3", "player2", ["upgrade-hardware", "upgrade-hardware", "copy"]),
        ("ws2", "player1", ["upgrade-hardware", "copy"]),
        ("esx1", "player1", ["export-disks", "upgrade-hardware", "copy"]),
    ],
)
def test_player_and_ace_get_hardware_of_their_generation(
    tmp_path: Path, start: str, target: str, wanted: list[str]
) -> None:
    vm = plainest_vm(tmp_path, start)
    verdict = check(vm, target, start)
    assert verdict.verdict is Answer.NEEDS_STEPS
    assert ways(verdict)[0] == wanted
    upgrade = next(step for step in verdict.steps if step.do is Do.UPGRADE_HARDWARE)
    # Page 14 gives exported disks to a new VM of Workstation 6.
    opened = "make a new custom VM there" if start == "esx2" else "open the VM in Workstation "
    assert opened in step_text(upgrade, vm)


def test_esx_3_to_ace_2_goes_over_workstation_5_by_name(tmp_path: Path) -> None:
    vm = plainest_vm(tmp_path, "esx3")
    first, second, *_ = check(vm, "ace2", "esx3").steps
    assert step_text(first, vm).startswith("move the VM to Workstation 5 with VMware Converter 3")
    assert step_text(second, vm).startswith(
        "copy all files of the VM's folder in Workstation 5 there; open the VM in Workstation 6"
    )


def test_a_vm_with_policies_of_ace_beside_it_is_at_best_a_question(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, disk_lines("scsi0:0", "disk.vmdk"), hw=4)
    assert check(vm, "ws6.5").verdict is Answer.READY
    (tmp_path / "vm.vmpl").write_bytes(b"policies")
    (tmp_path / "other.vmpl").write_bytes(b"of another VM")
    vm = vmxtool.inspect(tmp_path / "vm.vmx")
    assert [it.file for it in vm.ace_files] == ["vm.vmpl"]
    verdict = check(vm, "ws6.5")
    assert verdict.verdict is Answer.DEPENDS
    assert "SEC802" in codes(verdict)
    # Workstation 6 upgrades it for ACE 2, and that is another product.
    assert "SEC802" in codes(check(vm, "ace2", "ace1"))
    assert "SEC802" not in codes(check(make_vm(tmp_path, hw=3, name="vm.vmx"), "ace1"))


# --- pages 13 to 15


@pytest.mark.parametrize(("start", "like"), [("esx3", "Workstation 5"), ("esx2", "Workstation 4")])
def test_an_exported_disk_goes_into_a_new_vm_of_workstation_6(tmp_path: Path, start: str, like: str) -> None:
    vm = plainest_vm(tmp_path, start)
    verdict = check(vm, "ws6", start)
    assert ways(verdict)[0] == ["export-disks", "copy", "create-vm", "run-legacy"]
    made = next(step for step in verdict.steps if step.do is Do.CREATE_VM)
    assert f"hardware compatibility of {like} and the option ESX Server Compatible" in step_text(made, vm)


def test_converter_is_the_other_way_of_page_15_and_the_printed_one_comes_first(tmp_path: Path) -> None:
    assert ways(check(plainest_vm(tmp_path, "ws3"), "ws6", "ws3")) == [
        ["upgrade-hardware", "copy", "upgrade-hardware"],
        ["upgrade-hardware", "converter"],
    ]


# --- pages 14, 17, 21 to 23: processors


@pytest.mark.parametrize(
    ("start", "target"),
    [("ws5.5", "ws5.0"), ("server1", "ws5.0"), ("esx3", "ws5.0"), ("esx2-smp", "ws5.0")],
)
def test_a_vm_with_two_processors_goes_nowhere_that_the_text_rules_out(tmp_path: Path, start: str, target: str) -> None:
    verdict = check(plainest_vm(tmp_path, start, vcpus=2), target, start)
    assert verdict.verdict is Answer.NOT_SUPPORTED
    assert "CPU401" in codes(verdict, "blocker")
    assert "CPU402" not in codes(verdict)


@pytest.mark.parametrize("start", ["ws5.5", "ws6", "esx3", "esx1.5"])
def test_a_guest_of_one_processor_may_not_run_under_virtual_smp(tmp_path: Path, start: str) -> None:
    verdict = check(plainest_vm(tmp_path, start), "esx2-smp", start)
    (message,) = said(verdict, "CPU407")
    assert "may not run under ESX Server 2.x with Virtual SMP" in message
    assert codes(verdict, "warning") >= {"CPU407"}


@pytest.mark.parametrize("start", ["gsx2", "ws3", "ws2"])
def test_no_way_round_brings_generation_3_into_virtual_smp(tmp_path: Path, start: str) -> None:
    for found in route(plainest_vm(tmp_path, start), "esx2-smp", start).routes:
        assert all(hop.before != 2 for hop in found.hops if hop.to_id == "esx2-smp")


# --- pages 20 to 28: between the old generations


@pytest.mark.parametrize(
    ("start", "target"),
    [("ws3", "ws4"), ("ws2", "ws3"), ("gsx2", "ws4"), ("gsx1", "gsx2"), ("esx1.5", "esx2"), ("esx2", "esx3")],
)
def test_legacy_mode_is_offered_where_a_table_prints_it(tmp_path: Path, start: str, target: str) -> None:
    assert not plan_rewrite(plainest_vm(tmp_path, start), target=target, origin=start, legacy=True).refused
    assert route(plainest_vm(tmp_path, start), target, start).routes[0].hops[0].can_go_back


@pytest.mark.parametrize(("start", "target"), [("ws5.5", "fusion1"), ("esx3", "fusion1"), ("ws4", "esx3")])
def test_legacy_mode_is_refused_where_a_table_prints_none(tmp_path: Path, start: str, target: str) -> None:
    assert plan_rewrite(plainest_vm(tmp_path, start), target=target, origin=start, legacy=True).refused


@pytest.mark.parametrize("target", ["ws4", "gsx3"])
def test_generation_2_of_esx_is_upgraded_and_cannot_go_back(tmp_path: Path, target: str) -> None:
    (found,) = route(plainest_vm(tmp_path, "esx1"), target, "esx1").routes
    (hop,) = found.hops
    assert [step.do.value for step in hop.plan.steps] == ["export-disks", "copy", "upgrade-hardware"]
    assert hop.one_way
    assert not hop.can_go_back


def test_fusion_1_over_gsx_server_3_as_two_tables_print_it() -> None:
    (found,) = route(None, "fusion1", "gsx1", ["gsx3"]).routes
    assert [hop.cell for hop in found.hops] == ["mpg:t15:r2c3", "mpg:t05:r3c2"]


@pytest.mark.parametrize(
    ("start", "target", "versions"), [("ws3", "esx1", []), ("gsx2", "ws2", []), ("ws2", "esx1.5", [[1, 2, 2]])]
)
def test_no_way_round_leads_where_the_text_rules_out_the_hardware(
    start: str, target: str, versions: list[list[int]]
) -> None:
    routes = route(None, target, start).routes
    assert [[found.hops[0].before, *(hop.after for hop in found.hops)] for found in routes] == versions


def test_raising_from_5_to_6_can_be_taken_back_and_from_3_to_6_only_the_first_upgrade_not(tmp_path: Path) -> None:
    (tmp_path / "five").mkdir()
    five = plainest_vm(tmp_path / "five", "ws5.5")
    assert not any(step.one_way for step in check(five, "ws6", "ws5.5").steps)
    assert not any("one-way" in note for note in plan_rewrite(five, hwversion=6).notes)
    (tmp_path / "three").mkdir()
    plan = check(plainest_vm(tmp_path / "three", "ws3"), "ws6", "ws3").plans[0]
    assert [step.one_way for step in plan.steps if step.do is Do.UPGRADE_HARDWARE] == [True, False]


def test_what_workstation_6_can_do_too_is_the_version_and_not_the_disk(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, disk_lines("ide0:0", "disk.vmdk"), hw=6)
    ours = next(step for step in check(vm, "esx3", "ws6").steps if step.is_ours)
    lowered, _, moved = step_text(ours, vm).partition(", and ")
    assert lowered.endswith("from 6 to 4, devices included (Workstation 6 can do it too)")
    assert moved == "move ide0:0 to SCSI"


def test_a_legacy_vm_made_by_workstation_5_is_asked_about_as_what_it_is(tmp_path: Path) -> None:
    vm = plainest_vm(tmp_path, "ws4")
    assert ways(check(vm, "ws4", "ws5.5")) == ways(check(vm, "ws4")) == [["copy"]]


def test_windows_98_is_told_to_look_for_a_driver_before_its_disk_moves(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, disk_lines("ide0:0", "disk.vmdk"), hw=3, guest="win98")
    verdict = check(vm, "esx2", "ws4")
    text = step_text(verdict.steps[0], vm)
    assert "No driver".lower() in text
    assert "keep the disk on IDE" not in text
    assert any(it.code == "DSK228" and it.severity is Severity.UNKNOWN for it in verdict.findings)


@pytest.mark.parametrize("target", ["ace1", "ace2", "player1", "player2"])
def test_virtual_smp_of_esx_leads_to_virtual_smp_alone_and_one_processor_changes_nothing(
    tmp_path: Path, target: str
) -> None:
    verdict = check(plainest_vm(tmp_path, "esx2-smp"), target, "esx2-smp")
    assert verdict.verdict is Answer.NOT_SUPPORTED
    assert "PRD108" in codes(verdict, "blocker")


@pytest.mark.parametrize(
    ("target", "wanted"),
    [
        ("esx2", [["copy", "create-vm"]]),  # its config names the disks as ESX Server 3 does
        ("ws4", [["converter"], ["export-disks", "copy"]]),
        ("gsx3", [["converter"], ["export-disks", "copy"]]),
    ],
)
def test_a_vm_left_in_legacy_mode_under_esx_3_goes_back_as_from_esx_2(
    tmp_path: Path, target: str, wanted: list[list[str]]
) -> None:
    verdict = check(plainest_vm(tmp_path, "esx2"), target, "esx3")
    assert ways(verdict)[: len(wanted)] == wanted
    # No ESX Server 2 has the VM, so how one is managed does not count.
    assert not any(plan.when for plan in verdict.plans[: len(wanted)])


@pytest.mark.parametrize(("start", "target"), [("ws3", "esx1.5"), ("ws2", "esx1"), ("ws3", "esx2")])
def test_an_ide_disk_of_hardware_that_is_not_written_is_moved_by_its_owner(
    tmp_path: Path, start: str, target: str
) -> None:
    version = 2 if start == "ws3" else 1
    vm = make_vm(tmp_path, disk_lines("ide0:0", "disk.pln"), hw=version, guest="redhat", kind="plain")
    verdict = check(vm, target, start)
    assert ways(verdict) == [["change-settings", "copy", "import-disks", "create-vm"]]
    assert not any(step.is_ours or step.one_way for step in verdict.steps)


@pytest.mark.parametrize(("start", "target"), [("esx1.5", "esx1"), ("ws5.5", "ws2"), ("esx2-smp", "esx1")])
def test_no_vm_with_two_processors_goes_to_generation_2(tmp_path: Path, start: str, target: str) -> None:
    verdict = check(plainest_vm(tmp_path, start, vcpus=2), target, start)
    assert verdict.verdict is Answer.NOT_SUPPORTED
    assert "CPU402" not in codes(verdict)


def test_a_rewrite_tells_the_questions_that_are_open_there(tmp_path: Path) -> None:
    (tmp_path / "canon.vmpl").write_bytes(b"policies")
    vm = plainest_vm(tmp_path, "ace2")
    rewrite = plan_rewrite(vm, target="ws5.5", origin="ace2")
    assert any(note.startswith("are the ACE policies of the VM removed") for note in rewrite.notes)


def test_a_rewrite_has_nothing_to_do_where_another_product_upgrades(tmp_path: Path) -> None:
    vm = plainest_vm(tmp_path, "ws5.5")
    assert not plan_rewrite(vm, target="player2", origin="ws5.5").changes


def test_a_saved_state_that_the_config_does_not_name_is_warned_of(tmp_path: Path) -> None:
    (tmp_path / "vm.vmss").write_bytes(b"state")
    vm = make_vm(tmp_path, disk_lines("scsi0:0", "disk.vmdk"), hw=4)
    assert "SNP614" in codes(check(vm, "esx3", "ws5.5"), "warning")
    assert vm.power.state == "off"


def test_a_vm_of_generation_3_has_one_processor(tmp_path: Path) -> None:
    verdict = check(plainest_vm(tmp_path, "esx1.5", vcpus=2), "esx2-smp", "esx1.5")
    assert verdict.verdict is not Answer.READY
    assert "CPU403" in codes(verdict, "blocker")


def test_a_rewrite_says_whose_vm_it_takes_it_for_where_the_guide_has_other_steps(tmp_path: Path) -> None:
    vm = plainest_vm(tmp_path, "server1")
    assert any("say so with --from" in note for note in plan_rewrite(vm, target="ws4").notes)
    assert plan_rewrite(vm, target="ws4", origin="server1").refused


def test_how_an_esx_2_is_managed_counts_on_such_hosts_alone(tmp_path: Path) -> None:
    vm = plainest_vm(tmp_path, "esx2")
    for holder, told in (("esx2", True), ("esx3", False)):
        conditions = {word for plan in check(vm, "ws6", holder).plans for word in plan.when}
        assert bool(conditions) is told


def test_what_was_upgraded_since_its_export_needs_no_new_vm(tmp_path: Path) -> None:
    vm = plainest_vm(tmp_path, "esx2")
    make_disk(tmp_path / "disk.vmdk", "flat", adapter="buslogic", hw=3)
    assert "create-vm" in ways(check(tmp_path, "ws6", "esx2"))[0]
    # ESX Server 1.5 does not run this version: Workstation 4 has given it, and the disks have their new VM.
    assert "create-vm" not in ways(check(tmp_path, "ws6", "esx1.5"))[0]
    assert vm.hardware.version == 3
