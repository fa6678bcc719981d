"""From what is asked for to a rewrite: the version a target comes to, legacy mode, wishes, what forbids writing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from build import IDE_DISK, SCSI_DISK, disk_lines, make_disk, make_vm, write_config
from changes.told import manual, reasons, settings
from locks import ELSEWHERE, ended, lock_folder, member, needs_linux
from planner.plans import dos

from vmxtool import UsageError, check, inspect, plan_rewrite, route
from vmxtool._record import replace
from vmxtool.evidence import Evidence
from vmxtool.findings import Do, Severity
from vmxtool.knowledge.product_names import find_target
from vmxtool.knowledge.products import products
from vmxtool.knowledge.sources import source
from vmxtool.machine.model import OriginCandidate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vmxtool import Rewrite


def version_of(made: Rewrite) -> str | None:
    return settings(made).get("virtualHW.version")


# --- the version


@pytest.mark.parametrize(
    ("hw", "target", "version"),
    [
        (6, "ws6", None),
        (4, "ws6", None),  # runs in legacy mode: raising is one-way, so nobody is raised who did not ask
        (3, "esx3", None),
        (6, "ws5.5", "4"),
        (6, "esx3", "4"),
        (6, "esx2", "3"),
        (6, "gsx3", "3"),
        (6, "esx4.0", None),  # of ESX 4.0 no source says that it does not run 6
        (12, "esxi6.5", None),
        (16, "esxi7.0", None),
        (12, "esxi6.0", "11"),
        (16, "esxi6.7u2", "15"),
        (6, "esxi7.0", "4"),
        (21, "esxi8.0", "20"),
        (3, "esxi5.0", "4"),
        (21, "hw19", "19"),
    ],
)
def test_the_version_a_target_comes_to(tmp_path: Path, hw: int, target: str, version: str | None) -> None:
    assert version_of(plan_rewrite(make_vm(tmp_path, "", hw=hw, guest="rhel4"), target=target)) == version


@pytest.mark.parametrize(("hw", "target", "field"), [(3, "ws17", "runs_min"), (6, "esx4.0", "runs_except")])
def test_a_border_that_no_source_confirms_changes_nothing_and_is_told(
    tmp_path: Path, hw: int, target: str, field: str
) -> None:
    assert field in find_target(target).unverified
    assert not find_target(target).runs(hw)
    made = plan_rewrite(make_vm(tmp_path, "", hw=hw, guest="rhel4"), target=target)
    assert version_of(made) is None
    assert any("--hwversion 4" in note for note in made.notes)


@pytest.mark.parametrize("target", ["ws3", "ws2", "gsx2", "esx1.5", "esx1"])
@pytest.mark.parametrize(("hw", "reason"), [(6, "move-ruled-out"), (7, "hardware-version-not-written")])
def test_products_of_versions_that_nobody_has_seen_are_refused_with_the_reason(
    tmp_path: Path, target: str, hw: int, reason: str
) -> None:
    vm = make_vm(tmp_path, 'numvcpus = "2"', hw=hw, guest="rhel5-64")
    names = set(reasons(plan_rewrite(vm, target=target)))
    assert {"guest-64-bit-not-offered", reason} <= names  # and what else speaks against it
    assert not {"move-ruled-out", "hardware-version-not-written"} <= names


def test_a_config_without_a_version_is_refused(tmp_path: Path) -> None:
    write_config(tmp_path, hw=None, guest="rhel4")
    assert reasons(plan_rewrite(tmp_path, hwversion=4)) == ["hardware-version-unknown"]
    assert reasons(plan_rewrite(tmp_path, ide_to_scsi=True)) == ["hardware-version-unknown"]


def test_a_version_newer_than_any_known_can_be_lowered(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, 'ethernet0.pciSlotNumber = "32"', hw=30, guest="rhel8-64")
    assert version_of(plan_rewrite(vm, hwversion=21)) == "21"


# --- legacy mode


@pytest.mark.parametrize(
    ("hw", "origin", "target", "version"),
    [
        (3, "esx2-smp", "esx3", None),  # stays what both run
        (4, "ws5", "gsx3", "3"),  # a legacy VM
        (6, "ws6", "esx3", "4"),
        (6, "ws6", "gsx3", "3"),
        (4, "ws5.5", "ws6", None),
        (21, "ws17.5", "esxi6.5", "13"),
        # raising is not legacy mode
        (4, "ws5.5", "ws17", None),
        (4, "ws5.5", "esxi8.0", None),
        (4, "ws5.5", "server2", None),
    ],
)
def test_legacy_ends_at_a_version_that_both_run(
    tmp_path: Path, hw: int, origin: str, target: str, version: str | None
) -> None:
    vm = make_vm(tmp_path, "", hw=hw, guest="rhel4")
    made = plan_rewrite(vm, target=target, origin=origin, legacy=True)
    assert version_of(made) == version
    end = hw if version is None else int(version)
    assert find_target(origin).runs(end)
    assert find_target(target).runs(end)
    assert any("can go back" in note for note in made.notes)


def test_legacy_without_a_version_in_common_is_refused(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, "", hw=3, guest="rhel3")
    assert version_of(plan_rewrite(vm, target="esxi5.0", origin="esx2")) == "4"
    assert reasons(plan_rewrite(vm, target="esxi5.0", origin="esx2", legacy=True)) == ["no-common-hardware-version"]


def test_legacy_asks_which_product_made_the_vm_where_that_matters(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, "", hw=4, guest="rhel4")
    differing = replace(vm, origin=(OriginCandidate("ws5.5", 0.6, ()), OriginCandidate("ws4", 0.4, ())))
    with pytest.raises(UsageError, match=r"ws5\.5, ws4.*--from"):
        plan_rewrite(differing, target="esx3", legacy=True)
    unlikely = replace(vm, origin=(OriginCandidate("ws5.5", 0.95, ()), OriginCandidate("ws4", 0.05, ())))
    assert version_of(plan_rewrite(unlikely, target="esx3", legacy=True)) is None
    with pytest.raises(UsageError, match="--from"):
        plan_rewrite(replace(vm, origin=()), target="esx3", legacy=True)


def test_legacy_does_not_ask_where_every_likely_maker_gives_the_same(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, "", hw=4, guest="rhel4")
    alike = replace(vm, origin=(OriginCandidate("ws5.5", 0.6, ()), OriginCandidate("server1", 0.4, ())))
    assert version_of(plan_rewrite(alike, target="esx3", legacy=True)) is None
    assert version_of(plan_rewrite(alike, target="gsx3", legacy=True)) == "3"


def test_the_next_command_names_the_product_that_the_files_no_longer_tell_of(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, "", hw=4, guest="winxppro")
    made_by = vm.origin[0].product
    assert plan_rewrite(vm, target="esx2-smp").then == ("check", "--target", "esx2-smp", "--from", made_by)
    assert plan_rewrite(vm, target="ws6", unsafe=True).then == ("check", "--target", "ws6")
    named = plan_rewrite(vm, target="esx2-smp", origin="ws5.5").then
    assert named == ("check", "--target", "esx2-smp", "--from", "ws5.5")


def test_what_converter_does_alone_is_not_done_beside_it(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, "", hw=4, guest="rhel4")
    assert [dos(plan) for plan in check(vm, "gsx3", "server1").plans] == [["converter"]]
    for legacy in (False, True):
        made = plan_rewrite(vm, target="gsx3", origin="server1", legacy=legacy)
        assert reasons(made) == ["left-to-converter"]
    assert version_of(plan_rewrite(vm, hwversion=3)) == "3"


# --- wishes


@pytest.mark.parametrize(
    ("wishes", "word"),
    [
        ({}, "--hwversion"),
        ({"unsafe": True}, "--hwversion"),
        ({"hwversion": 5}, "no product has hardware version 5"),
        ({"hwversion": 23}, "no product has"),
        ({"hwversion": 99}, "no product has"),
        ({"hwversion": 2}, "below 3"),
        ({"legacy": True}, "--legacy needs --target"),
        ({"legacy": True, "hwversion": 4, "target": "esx3"}, "leave --hwversion out"),
        ({"hwversion": 7, "target": "esx3"}, "does not run hardware version 7"),
        ({"ide_to_scsi": True, "adapter": "ahci"}, "no controller for disks"),
        ({"hwversion": 4, "adapter": "lsilogic"}, "--ide-to-scsi"),
    ],
)
def test_wishes_that_contradict_one_another_are_refused_with_the_reason(
    tmp_path: Path, wishes: dict[str, Any], word: str
) -> None:
    vm = make_vm(tmp_path)
    with pytest.raises(UsageError) as error:
        plan_rewrite(vm, **wishes)
    assert word in str(error.value)


def test_a_rewrite_keeps_the_words_that_it_was_asked_with(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, IDE_DISK, hw=6, guest="rhel4")
    made = plan_rewrite(vm, target="esx3", origin="ws6", legacy=True, ide_to_scsi=True, adapter="lsilogic", unsafe=True)
    wanted = "rewrite --target esx3 --from ws6 --legacy --ide-to-scsi --adapter lsilogic --unsafe"
    assert dict(made.about)["command"] == wanted
    made = plan_rewrite(vm, hwversion=4, move_disks=True)
    assert dict(made.about)["command"] == "rewrite --hwversion 4 --move-disks"


# --- what a target means beyond devices


def test_disks_in_another_format_and_networks_remain_for_the_person(tmp_path: Path) -> None:
    text = SCSI_DISK + 'scsi0.virtualDev = "lsilogic"\nethernet0.present = "TRUE"\nethernet0.connectionType = "nat"\n'
    for hw in (6, 4):  # with a part for vmxtool, and without
        made = plan_rewrite(make_vm(tmp_path / f"{hw}", text, hw=hw, guest="rhel4"), target="esx3")
        assert "connect ethernet0" in manual(made)
        assert "import" in manual(made)
        commands = {argv[0] for fix in made.manual for argv in fix.commands}
        assert "vmkfstools" in commands
    # ESX Server 2 reads the names of disks elsewhere; there the VM is made anew around its imported disks.
    for hw in (6, 4):
        made = plan_rewrite(tmp_path / f"{hw}", target="esx2")
        assert "connect ethernet0" in manual(made)
        assert "import" in manual(made)
        by_hand = next(plan for plan in check(tmp_path / f"{hw}", "esx2").plans if plan.own is not None)
        assert dos(by_hand)[-3:] == ["import-disks", "create-vm", "connect-network"]


@pytest.mark.parametrize("hw", [6, 4])
def test_processors_that_the_target_does_not_give_are_refused(tmp_path: Path, hw: int) -> None:
    vm = make_vm(tmp_path, 'numvcpus = "2"', hw=hw, guest="rhel4")
    assert "smp-not-offered" in reasons(plan_rewrite(vm, target="ws5.0"))
    assert not plan_rewrite(vm, target="ws5.5").refused


# --- what forbids all writing


def _add(*text: str) -> Callable[[Path], object]:
    return lambda config: config.write_text(config.read_text() + "".join(text))


_SUSPENDED = _add('checkpoint.vmState = "vm.vmss"\n')


@pytest.mark.parametrize(
    ("spoil", "name"),
    [
        (lambda vm: (vm.with_name("vm.vmss").touch(), _SUSPENDED(vm)), "suspended"),
        (_SUSPENDED, "suspended-state-missing"),
        (_add('memsize = "64"\nMEMSIZE = "64"\n'), "duplicate-key"),
        (_add("; this is no comment\n"), "unknown-line"),
        (lambda vm: vm.write_text('.encoding = "klingon"\n' + vm.read_text()), "unknown-encoding"),
        (_add('ide0:0.redo = "x.REDO_a"\n'), "redo-log-open"),
        (_add('ide0:0.mode = "undoable"\n'), "redo-log-open"),
        (lambda vm: lock_folder(vm.with_name("vm.vmx.lck"), b""), "running"),
        (lambda vm: vm.with_name("vm.vmx.lck").mkdir(), "lock-left-behind"),
        (lambda vm: vm.with_name(".lck-3409000000000000").touch(), "running"),
        (lambda vm: vm.with_name("disk.vmdk.WRITELOCK").touch(), "running"),
        (lambda vm: vm.with_name("vm.vmsd").write_text('snapshot.numSnapshots = "1"\n'), "snapshot-present"),
        (lambda vm: vm.with_name("vm-Snapshot1.vmsn").touch(), "snapshot-present"),
        (lambda vm: make_disk(vm.with_name("disk.vmdk"), "sparse", uncleanShutdown=1), "disk-not-closed"),
    ],
)
@pytest.mark.parametrize("wishes", [{"hwversion": 4}, {"ide_to_scsi": True}, {"target": "ws5.5"}], ids=str)
def test_a_vm_that_is_not_at_rest_is_refused(
    tmp_path: Path, spoil: Callable[[Path], object], name: str, wishes: dict[str, Any]
) -> None:
    vm = make_vm(tmp_path, IDE_DISK, hw=6)
    assert not plan_rewrite(vm, **wishes).refused
    spoil(vm.config.path)
    made = plan_rewrite(inspect(vm.config.path), **wishes)
    assert name in reasons(made)
    assert made.changes == ()


@needs_linux
def test_check_route_and_rewrite_agree_on_a_lock_that_a_crash_left(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, IDE_DISK, hw=6)
    lock = tmp_path / "vm.vmx.lck"
    lock_folder(lock, ended(lock))
    step = check(vm.config.path, "ws5.5").steps[0]
    assert (step.do, step.where, step.cures) == (Do.REMOVE_LOCK, "here", ("SNP612",))
    assert step.remedy == "make sure that no product has the VM open, then remove the folder vm.vmx.lck"
    (hop, *_) = route(vm.config.path, "ws5.5").routes[0].hops
    assert hop.plan.made[0].move.do is Do.REMOVE_LOCK
    assert reasons(plan_rewrite(vm.config.path, target="ws5.5")) == ["lock-left-behind"]
    (lock / "M10001.lck").unlink()
    lock.rmdir()
    assert Do.REMOVE_LOCK not in {step.do for step in check(vm.config.path, "ws5.5").steps}
    assert not plan_rewrite(vm.config.path, target="ws5.5").refused


def test_a_lock_of_another_host_asks_for_the_vm_to_be_powered_off(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, IDE_DISK, hw=6)
    lock = tmp_path / "vm.vmx.lck"
    lock_folder(lock, member("6385-99(vmware-vmx)", lock, ELSEWHERE))
    assert check(vm.config.path, "ws5.5").steps[0].do is Do.POWER_OFF
    assert reasons(plan_rewrite(vm.config.path, target="ws5.5")) == ["running"]


def test_a_vm_that_was_not_shut_down_is_told_and_not_refused(tmp_path: Path) -> None:
    made = plan_rewrite(make_vm(tmp_path, 'cleanShutdown = "FALSE"'), hwversion=4)
    assert version_of(made) == "4"
    assert "cleanShutdown" in made.notes[0]
    assert plan_rewrite(make_vm(tmp_path, 'cleanShutdown = "TRUE"'), hwversion=4).notes == ()


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    vm = replace(make_vm(tmp_path), unread=(Evidence("vm.vmsd", None, None, "permission denied"),))
    assert reasons(plan_rewrite(vm, hwversion=4)) == ["file-not-read"]


def test_an_encrypted_config_is_refused_and_nothing_is_guessed(samples: Path) -> None:
    made = plan_rewrite(samples / "encrypted", hwversion=4, ide_to_scsi=True)
    assert "encrypted" in reasons(made)
    assert made.changes == ()


# --- the reasons themselves


def test_every_source_of_a_change_or_a_refusal_is_known(tmp_path: Path) -> None:
    text = IDE_DISK + disk_lines("sata0:0", "b.vmdk") + 'ehci.present = "TRUE"\nfirmware = "efi"\n'
    text += 'virtualHW.productCompatibility = "esx"\nide0:0.deviceType = "ata-hardDisk"\nvhv.enable = "TRUE"\n'
    vm = make_vm(tmp_path, text, hw=21, guest="windows11-64")
    changed = refused = 0
    for target in ("esx3", "ws4", "ws14", "ws3"):
        for given in (False, True):
            made = plan_rewrite(vm, target=target, ide_to_scsi=given, move_disks=given, unsafe=given)
            for reason in made.refused:
                refused += 1
                assert reason.severity is Severity.BLOCKER
                for name in reason.sources:
                    source(name)
            for change in made.changes:
                changed += 1
                source(change.source)
    assert changed
    assert refused


def test_every_product_is_a_target(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, "", hw=11, guest="rhel6-64")
    for product in products().values():
        made = plan_rewrite(vm, target=product.id)
        assert made.refused or version_of(made) is None or product.runs(int(version_of(made) or 0))


def test_hardware_that_another_product_upgrades_first_is_not_written_before(tmp_path: Path) -> None:
    make_disk(tmp_path / "disk.vmdk", "plain", hw=None)
    config = write_config(tmp_path, disk_lines("sata0:0"), hw=2, config=6)
    plans = check(config, "server1", "ws3").plans
    rewrite = plan_rewrite(config, target="server1", origin="ws3", move_disks=True, adapter="lsilogic")
    assert all(step.before != 2 for plan in plans for step in plan.steps if step.is_ours)
    assert not rewrite.changes
