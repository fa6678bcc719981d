"""Each step of a plan is made with the files that the steps before it have left, wherever those are by then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from build import disk_lines, make_disk, make_vm, plainest_vm

from vmxtool import check, plan_rewrite, route
from vmxtool.knowledge.products import products
from vmxtool.report.step_words import step_text

if TYPE_CHECKING:
    from pathlib import Path

    from vmxtool.planner.verdict import Verdict


def by_address(folder: Path, product: str, more: str = "") -> Path:
    """The plainest VM of ESX Server 1 or 2, whose config names the disk by its volume."""
    vm = plainest_vm(folder, product)
    config = vm.config.path
    config.write_text(config.read_text().replace('scsi0:0.fileName = "', 'scsi0:0.name = "vmhba0:0:0:5:') + more)
    return folder


def sentences(verdict: Verdict) -> list[str]:
    vm = verdict.hop.hop.files.vm
    return [step_text(step, vm) for step in verdict.steps if step.way in {None, 1}]


def test_what_was_committed_on_the_host_comes_here_before_it_is_rewritten_or_copied(tmp_path: Path) -> None:
    vm = by_address(tmp_path, "esx2", 'scsi0:0.mode = "append"\n')
    _, rewritten, copied, *_ = sentences(check(vm, "esx3", "esx2"))
    assert rewritten.startswith("put the VM's files from the host in the place of those here, then change")
    assert copied.startswith("copy all files of the VM's folder (")
    vm = by_address(tmp_path / "old", "esx1.5", 'scsi0:0.mode = "append"\n')
    _, copied, *_ = sentences(check(vm, "esx1.5", "esx1.5"))
    assert "the VM's folder on its host" not in copied  # it only goes to another host of its product
    _, copied, *_ = sentences(check(vm, "esx2", "esx1.5"))
    assert copied.startswith("copy all files of the VM's folder on its host")


def test_what_another_product_upgraded_goes_on_from_there(tmp_path: Path) -> None:
    said = sentences(check(by_address(tmp_path, "esx1.5"), "fusion1", "esx1.5"))
    assert said[1] == 'in that new folder, write scsi0:0.fileName = "disk.vmdk" in the config in place of scsi0:0.name'
    assert said[2].startswith("copy all files of that new folder there; open the VM in Workstation 4 or 5")
    assert said[3] == "copy all files of the VM's folder in Workstation 4 or 5 to Fusion 1"


def test_the_rewritten_config_goes_to_the_exported_disks_and_not_over_that_of_the_host(tmp_path: Path) -> None:
    (_, exported, *_) = sentences(check(by_address(tmp_path, "esx2"), "ws5.5", "esx2"))
    assert exported.endswith("; then put the rewritten config over that one")


def test_what_was_exported_is_no_more_on_the_host(tmp_path: Path) -> None:
    vm = by_address(tmp_path, "esx2", 'scsi0:0.mode = "append"\n')
    make_disk(tmp_path / "disk.vmdk", "flat", adapter="buslogic", hw=3)
    first, rewritten, *_ = sentences(check(vm, "fusion1", "esx2"))
    assert first.endswith("; then export the disks again, with the config, and put them here")
    assert rewritten == "change what the target does not take"


def test_a_hosted_disk_and_the_config_of_esx_both_come_to_the_new_folder(tmp_path: Path) -> None:
    vm = by_address(tmp_path, "esx2")
    make_disk(tmp_path / "disk.vmdk", "flat", adapter="buslogic", hw=3)
    plan = check(vm, "esx3", "esx2").plans[0]
    imported = next(step for step in plan.steps if step.do == "import-disks")
    assert imported.commands[-1][:2] == ("cp", f"/vmfs/volumes/DATASTORE/{tmp_path.name}-old/canon.vmx")
    # Of a hosted VM the new VM there has a config of its own.
    hosted = next(step for step in check(plainest_vm(tmp_path / "ws4", "ws4"), "esx3", "ws4").plans[-1].steps)
    assert all(command[0] != "cp" for command in hosted.commands)


def test_an_export_names_every_disk_where_it_lies_on_the_host(tmp_path: Path) -> None:
    vm = plainest_vm(tmp_path, "esx3")
    with vm.config.path.open("a") as config:
        config.write('scsi0:1.present = "TRUE"\nscsi0:1.fileName = "[store] b/data.vmdk"\n')
    plan = next(it for it in check(tmp_path, "ws6", "esx3").plans if it.steps[0].do == "export-disks")
    assert plan.steps[0].commands[1:3] == (
        ("vmkfstools", "-e", "converted/disk.vmdk", "disk.vmdk"),
        ("vmkfstools", "-e", "converted/data.vmdk", "/vmfs/volumes/store/b/data.vmdk"),
    )


def test_two_disks_of_one_name_are_not_exported_before_one_has_another(tmp_path: Path) -> None:
    second = 'scsi0:1.present = "TRUE"\nscsi0:1.name = "vmhba1:0:0:1:disk.vmdk"\n'
    for product, target in (("esx2", "ws4"), ("esx2", "ws6"), ("esx1.5", "ws3"), ("esx2", "esx2")):
        vm = by_address(tmp_path / f"{product}-{target}", product, second)
        first = check(vm, target, product).plans[0].steps[0]
        assert (first.do, first.cures[0]) == ("change-settings", "DSK242")
    assert "DSK240" not in {it.code for it in check(vm, "ws4", "esx2").findings}


def test_a_raw_device_is_no_file_that_could_be_copied_or_exported(tmp_path: Path) -> None:
    vm = by_address(tmp_path, "esx2", 'scsi0:1.present = "TRUE"\nscsi0:1.name = "vmhba1:0:3:0"\n')
    assert sentences(check(vm, "ws4", "esx2"))[0].startswith("clone the device behind scsi0:1 (vmhba1:0:3:0)")
    assert not any("copy 0" in said for said in sentences(check(vm, "esx3", "esx2")))


def test_a_full_path_is_written_anew_for_another_host(tmp_path: Path) -> None:
    vm = plainest_vm(tmp_path, "ws6")
    config = vm.config.path
    config.write_text(config.read_text().replace('fileName = "disk', 'fileName = "D:\\VMs\\disk'))
    for target in ("ws6", "fusion1"):
        verdict = check(tmp_path, target, "ws6")
        assert [step.do for step in verdict.plans[0].steps][:2] == ["change-settings", "copy"]
        (change,) = plan_rewrite(tmp_path, target=target, origin="ws6").changes
        assert change.values == ("D:\\VMs\\disk.vmdk", "disk.vmdk")


def test_a_file_of_vmfs_that_was_copied_and_not_exported_is_exported(tmp_path: Path) -> None:
    vm = by_address(tmp_path, "esx2")
    (tmp_path / "disk.vmdk").write_bytes(b"\xeb\x52" + b"\0" * 510)
    assert [step.do for step in check(vm, "ws5.5", "esx2").plans[0].steps][:2] == ["change-settings", "export-disks"]
    plainest_vm(tmp_path / "ws4", "ws4")
    (tmp_path / "ws4" / "disk.vmdk").write_bytes(b"\xeb\x52" + b"\0" * 510)
    assert check(tmp_path / "ws4", "ws5.5", "ws4").plans[0].steps[0].do == "repair-disk"


def test_a_full_path_goes_with_a_disk_that_moves_and_is_its_owners_where_snapshots_stay(tmp_path: Path) -> None:
    vm = make_vm(tmp_path / "ide", disk_lines("ide0:0", "disk.vmdk"), hw=3)
    config = vm.config.path
    config.write_text(config.read_text().replace('fileName = "disk', 'fileName = "D:\\VMs\\disk'))
    done = plan_rewrite(config, target="esx3", origin="ws4", ide_to_scsi=True)
    assert not done.refused
    done.apply()
    assert 'scsi0:0.fileName = "disk.vmdk"' in config.read_text()
    vm = plainest_vm(tmp_path / "snapshot", "ws6")
    disk = vm.config.folder / "disk.vmdk"
    make_disk(disk.with_name("disk-000001.vmdk"), "sparse", adapter="buslogic", hw=6, parent=disk)
    text = vm.config.path.read_text().replace('fileName = "disk', 'fileName = "/data/disk-000001')
    vm.config.path.write_text(text)
    (first, *_) = sentences(check(vm.config.path, "ws6", "ws6"))
    assert first.startswith('write scsi0:0.fileName = "disk-000001.vmdk" in the config')


def test_what_is_not_here_is_fetched_once_its_host_has_done_its_part(tmp_path: Path) -> None:
    second = 'scsi0:1.present = "TRUE"\nscsi0:1.name = "vmhba1:0:0:1:disk.vmdk"\n'
    by_address(tmp_path, "esx2", second)
    (tmp_path / "disk.vmdk").unlink()
    assert [step.do for step in check(tmp_path, "esx3", "esx2").plans[0].steps][:2] == [
        "change-settings",
        "repair-disk",
    ]
    vm = plainest_vm(tmp_path / "three", "esx3")
    vm.config.path.write_text(vm.config.path.read_text().replace('fileName = "', 'fileName = "/vmfs/volumes/a/x/'))
    (tmp_path / "three" / "disk.vmdk").unlink()
    dos = [step.do for step in check(tmp_path / "three", "esxi7.0", "esx3").plans[0].steps]
    assert dos == ["repair-disk", "change-settings", "copy", "register-vm"]


def test_what_the_host_committed_comes_here_before_its_owner_edits_the_config(tmp_path: Path) -> None:
    vm = by_address(tmp_path, "esx1.5", 'scsi0:0.mode = "append"\n')
    _, written, copied, *_ = sentences(check(vm, "esx3", "esx1.5"))
    assert written.startswith(
        "put the VM's files from the host in the place of those here, then write scsi0:0.fileName"
    )
    assert copied.startswith("copy all files of the VM's folder (")  # and no more on its host
    (tmp_path / "disk.vmdk").unlink()
    (_, _, written, copied, *_) = sentences(check(vm, "esx3", "esx1.5"))
    assert written.startswith("put the config from the host in the place of the one here, then write scsi0:0.fileName")
    assert copied.startswith("copy all files of the VM's folder to")
    # Exported, config and disks come along in their new folder.
    assert not any("from the host" in said for said in sentences(check(vm, "ws5.5", "esx1.5")))
    assert not any("from the host" in said for said in sentences(check(vm, "ws6", "esx1.5")))


def test_the_owner_gives_the_controller_its_name_where_no_rewrite_does(tmp_path: Path) -> None:
    vm = by_address(tmp_path, "esx1.5", 'ethernet0.present = "TRUE"\nethernet0.connectionType = "monitor_dev"\n')
    config = tmp_path / "canon.vmx"
    config.write_text(config.read_text().replace('"buslogic"', '"vmxbuslogic"'))
    said = sentences(check(vm, "ws4", "esx1.5"))
    assert said[1].endswith(
        'in place of scsi0:0.name, and scsi0.virtualDev = "buslogic"; take out ethernet0.connectionType'
    )
    # ESX Server 2 may well read the name that its own configs have.
    assert plan_rewrite(vm, target="esx2", origin="esx1.5").changes == ()


def test_a_vm_of_a_later_esx_with_old_hardware_is_made_anew_on_esx_server_2(tmp_path: Path) -> None:
    vm = by_address(tmp_path, "esx2")
    plan_rewrite(vm, target="esx3", origin="esx2").apply()
    for origin in ("esx3", None):
        verdict = check(vm, "esx2", origin)
        assert "DSK243" in {it.code for it in verdict.findings if it.blocks}
        assert [step.do for step in verdict.plans[0].steps][:2] == ["copy", "create-vm"]
    plan_rewrite(vm, target="esx2", origin="esx3", vmfs_path="vmhba0:0:0:5").apply()
    assert [step.do for step in check(vm, "esx2", "esx3").plans[0].steps][:2] == ["copy", "register-vm"]


def test_exported_disks_go_into_a_new_vm_of_workstation_6_on_the_way_to_others(tmp_path: Path) -> None:
    for product, like in (("esx2", "Workstation 4"), ("esx3", "Workstation 5")):
        plainest_vm(tmp_path / product, product)
        for target in ("player2", "ace2"):
            verdict = check(tmp_path / product, target, product)
            plans = [it for it in verdict.plans if it.steps[0].do == "export-disks"]
            for plan in plans:
                said = step_text(plan.steps[1])
                assert f"with the hardware compatibility of {like} and the option ESX Server Compatible" in said
                assert "; then upgrade its virtual hardware to version 6" in said
            assert plans or (product, target) == ("esx3", "ace2")  # there Converter alone


def test_converter_takes_what_another_product_has_changed(tmp_path: Path) -> None:
    plans = check(plainest_vm(tmp_path, "fusion1"), "esx3", "fusion1").plans
    plan = next(it for it in plans if it.steps[-1].do == "converter")
    assert "move the VM, as Workstation 6 has it now, to ESX Server 3" in step_text(plan.steps[-1])


def test_the_guest_is_prepared_before_a_copy_goes_to_the_product_that_lowers_it(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, disk_lines("ide0:0", "disk.vmdk"), guest="rhel4")
    plan = check(vm, "esx3", "fusion1").plans[0]
    assert [step.do for step in plan.steps][:2] == ["prepare-guest", "move-to"]


def test_an_import_of_a_disk_that_is_not_here_yet_goes_from_one_folder_to_another(tmp_path: Path) -> None:
    vm = plainest_vm(tmp_path, "ws5.5")
    (tmp_path / "disk.vmdk").unlink()
    plan = next(it for it in check(vm.path, "esx3", "ws5.5").plans if any(s.do == "import-disks" for s in it.steps))
    said = [step_text(step, vm) for step in plan.steps]
    assert f"to /vmfs/volumes/DATASTORE/{tmp_path.name}-old on the host" in said[1]
    assert f"into /vmfs/volumes/DATASTORE/{tmp_path.name}, under the same name" in said[2]


def test_disks_outside_the_folder_have_plain_names_once_they_are_in_it(tmp_path: Path) -> None:
    for name in ("../shared/disk.vmdk", "D:\\VMs\\disk.vmdk"):
        folder = tmp_path / name[:1].replace(".", "up")
        vm = plainest_vm(folder, "ws4")
        config = vm.config.path
        config.write_text(config.read_text().replace('fileName = "disk.vmdk', f'fileName = "{name}'))
        said = sentences(check(folder, "esx2", "ws4"))
        assert any(it.startswith("import disk.vmdk into VMFS") for it in said)


def test_imported_disks_have_names_that_a_volume_without_folders_can_hold(tmp_path: Path) -> None:
    folder = tmp_path / "one"
    config = plainest_vm(folder, "ws4").config.path
    (folder / "disks").mkdir()
    (folder / "disk.vmdk").rename(folder / "disks" / "disk.vmdk")
    (folder / "disk-flat.vmdk").rename(folder / "disks" / "disk-flat.vmdk")
    config.write_text(config.read_text().replace('fileName = "disk', 'fileName = "disks/disk'))
    assert any(", as disk.vmdk" in said for said in sentences(check(folder, "esx2", "ws4")))
    make_disk(folder / "disk.vmdk", "flat", adapter="buslogic", hw=3)
    with config.open("a") as lines:
        lines.write('scsi0:1.present = "TRUE"\nscsi0:1.fileName = "disk.vmdk"\n')
    assert any("each under a name of its own" in said for said in sentences(check(folder, "esx2", "ws4")))


def test_after_one_of_two_disks_has_another_name_no_step_uses_the_old_one(tmp_path: Path) -> None:
    second = 'scsi0:1.present = "TRUE"\nscsi0:1.name = "vmhba1:0:0:1:disk.vmdk"\n'
    vm = by_address(tmp_path, "esx2", second)
    (tmp_path / "disk.vmdk").unlink()
    (_, *later) = sentences(check(vm, "ws5.5", "esx2"))
    assert any(it.startswith("export scsi0:0 and scsi0:1 from VMFS") for it in later)
    (_, *later) = sentences(check(vm, "esx3", "esx2"))
    assert "copy the disk of scsi0:1 from the host that has it into the VM's folder" in later
    assert not any("disk.vmdk" in it for it in later)


def test_disks_of_one_name_are_found_wherever_they_lie(tmp_path: Path) -> None:
    other = 'scsi0:1.present = "TRUE"\nscsi0:1.fileName = '
    config = plainest_vm(tmp_path / "esx", "esxi8.0").config.path
    with config.open("a") as lines:
        lines.write(f'{other}"/vmfs/volumes/45f1-bb/db/disk.vmdk"\n')
    assert check(config, "ws17", "esxi8.0").plans[0].steps[0].cures == ("DSK242",)
    assert plan_rewrite(config, target="ws17", origin="esxi8.0").refused
    config = plainest_vm(tmp_path / "hosted", "ws5.5").config.path
    make_disk(tmp_path / "store" / "disk.vmdk", "flat", adapter="buslogic", hw=4)
    with config.open("a") as lines:
        lines.write(f'{other}"../store/disk.vmdk"\n')
    first = sentences(check(config, "ws6", "ws5.5"))[0]
    assert first.startswith("copy ../store/disk.vmdk into the VM's folder under another name")


def test_an_import_has_no_commands_before_all_its_disks_are_here(tmp_path: Path) -> None:
    config = plainest_vm(tmp_path / "vm", "ws5.5").config.path
    make_disk(tmp_path / "store" / "other.vmdk", "flat", adapter="buslogic", hw=4)
    with config.open("a") as lines:
        lines.write('scsi0:1.present = "TRUE"\nscsi0:1.fileName = "../store/other.vmdk"\n')
    imported = next(it for it in check(config, "esxi6.7", "ws5.5").plans[0].steps if it.do == "import-disks")
    assert (imported.commands, imported.space) == ((), None)


def test_a_linked_clone_becomes_a_full_one_before_it_is_copied(tmp_path: Path) -> None:
    base = plainest_vm(tmp_path / "base", "ws5.5").config.folder / "disk.vmdk"
    clone = plainest_vm(tmp_path / "clone", "ws5.5").config.folder
    make_disk(clone / "disk.vmdk", "sparse", adapter="buslogic", hw=4, parent=base, hint="../base/disk.vmdk")
    assert sentences(check(clone, "ws6", "ws5.5"))[0].startswith("make a full clone of the VM in its own product")
    said = check(clone, "ws5.5", "ws5.5")
    assert any("has to come along to the same place" in it.message for it in said.findings)


def test_a_device_that_is_cloned_on_the_host_changes_the_config_there(tmp_path: Path) -> None:
    vm = by_address(tmp_path, "esx2", 'scsi0:1.present = "TRUE"\nscsi0:1.name = "vmhba1:0:3:0"\n')
    (_, rewritten, *_) = sentences(check(vm, "ws5.5", "esx2"))
    assert rewritten.startswith("put the VM's files from the host in the place of those here, then")


def test_a_second_legacy_rewrite_has_nothing_to_do(tmp_path: Path) -> None:
    vm = plainest_vm(tmp_path, "ws5.5")
    first = plan_rewrite(vm, target="esx2", origin="ws5.5", legacy=True)
    assert not first.refused
    first.apply()
    second = plan_rewrite(tmp_path, target="esx2", origin="ws5.5", legacy=True)
    assert (second.refused, second.changes) == ((), ())


def test_of_two_releases_that_files_do_not_tell_apart_the_plan_asks(tmp_path: Path) -> None:
    lines = 'checkpoint.vmState = "vm.vmss"\n' + disk_lines("ide0:0", "disk.vmdk")
    vm = make_vm(tmp_path, lines, hw=4)
    (tmp_path / "vm.vmss").write_bytes(b"\xd2\xbe\xd2\xbe")
    for target in ("ws5.0", "ws5.5"):
        found = [it for it in check(vm, target).findings if it.code == "SNP603"]
        assert [it.message.partition("?")[0] for it in found] == [f"did {products()[target].name} make the VM"]


def test_a_vm_of_generation_2_keeps_to_the_rows_of_its_product(tmp_path: Path) -> None:
    def answers(product: str, hw: int = 2) -> dict[str, str]:
        folder = tmp_path / f"{product}-{hw}"
        vm = plainest_vm(folder, product)
        text = vm.config.path.read_text().replace('virtualHW.version = "1"', f'virtualHW.version = "{hw}"')
        vm.config.path.write_text(text)
        return {target: check(folder, target, product).verdict.value for target in ("ws2", "esx1.5", "ws4", "esx2")}

    denied = "not-supported"
    assert answers("ws2") == {"ws2": "ready", "esx1.5": denied, "ws4": "needs-steps", "esx2": denied}
    assert answers("gsx1") == {"ws2": "ready", "esx1.5": denied, "ws4": "needs-steps", "esx2": denied}
    assert answers("esx1") == {"ws2": "needs-steps", "esx1.5": "ready", "ws4": "needs-steps", "esx2": denied}
    (upgrade,) = [it for it in check(tmp_path / "esx1-2", "ws4", "esx1").steps if it.do == "upgrade-hardware"]
    assert upgrade.one_way
    # Table 15 has no legacy mode, so hardware of generation 2 on Workstation 4 is no way back (page 27).
    vm = make_vm(tmp_path / "old", disk_lines("scsi0:0", "disk.pln"), hw=1, kind="plain")
    assert check(vm, "ws2", "ws4").verdict.value == denied


def test_a_redo_log_that_is_not_here_leaves_the_answer_open(tmp_path: Path) -> None:
    vm = plainest_vm(tmp_path, "ws4")
    with vm.config.path.open("a") as lines:
        lines.write('scsi0:0.mode = "undoable"\nscsi0:0.redo = "./disk.vmdk.REDO_a1"\n')
    verdict = check(tmp_path, "ws4", "ws4")
    assert (verdict.verdict.value, verdict.unseen) == ("depends", ("./disk.vmdk.REDO_a1",))
    (tmp_path / "disk.vmdk.REDO_a1").touch()
    assert check(tmp_path, "ws4", "ws4").verdict.value == "ready"


def test_the_files_of_ace_stay_behind_from_the_first_copy_on(tmp_path: Path) -> None:
    config = plainest_vm(tmp_path, "ace1").config.path
    (tmp_path / f"{config.stem}.vmpl").touch()
    for target in ("ws6", "player2"):
        said = sentences(check(tmp_path, target, "ace1"))
        first = next(it for it in said if "copy all files" in it)
        assert f"but the files of ACE ({config.stem}.vmpl)" in first


def test_no_detour_leads_a_guest_of_generation_3_to_virtual_smp(tmp_path: Path) -> None:
    found = route(plainest_vm(tmp_path, "gsx2"), "esx2-smp", "gsx2", have=["esx1.5", "esx2", "esx3"])
    assert found.routes
    assert all(set(it.over).isdisjoint({"esx1.5", "esx2"}) for it in found.routes)
