"""What a rewrite for another kind of product does with full paths and networks of the old host."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from build import SCSI_DISK, disk_lines, make_disk, write_config
from changes.told import manual, settings

from vmxtool import check, inspect, plan_rewrite
from vmxtool.report.text.causes import rows_of

if TYPE_CHECKING:
    from pathlib import Path

    from vmxtool import Rewrite
    from vmxtool.machine.model import Machine

ESX = "/vmfs/volumes/4a5b6c7d-12345678/app"
HARMLESS = {
    "sched.swap.derivedName": f"{ESX}/app-1a2b3c4d.vswp",
    "log.fileName": f"{ESX}/vmware.log",
    "migrate.hostLog": f"{ESX}/app.hlog",
    "checkpoint.cptConfigName": f"{ESX}/app",
}
HARMFUL = {
    "workingDir": ESX,
    "suspend.directory": ESX,
    "snapshot.directory": ESX,
    "sched.swap.dir": ESX,
}
LEFT = {**HARMLESS, **HARMFUL}


def lines(values: dict[str, str]) -> str:
    return "\n".join(f'{key} = "{value}"' for key, value in values.items())


def vm_with(folder: Path, values: dict[str, str], hw: int = 4, more: str = "", config: int = 8) -> Machine:
    make_disk(folder / "disk.vmdk", adapter="lsilogic", hw=hw)
    return inspect(write_config(folder, SCSI_DISK, more, lines(values), hw=hw, guest="rhel4", config=config))


def test_a_hosted_product_gets_no_folders_of_esx(tmp_path: Path) -> None:
    vm = vm_with(tmp_path, LEFT | {"nvram": f"{ESX}/app.nvram"})
    made = settings(plan_rewrite(vm, target="ws6", origin="esx3"))
    assert made == dict.fromkeys(LEFT) | {"nvram": "app.nvram"}


def test_esx_gets_no_folders_of_windows_or_linux(tmp_path: Path) -> None:
    windows = {"workingDir": r"D:\VMs\app", "log.fileName": r"D:\VMs\app\vmware.log", "nvram": r"D:\VMs\app\a.nvram"}
    vm = vm_with(tmp_path / "windows", windows, hw=7)
    made = settings(plan_rewrite(vm, target="esx4.0", origin="ws6.5"))
    assert made == {"workingDir": None, "log.fileName": None, "nvram": "a.nvram"}
    sound = 'sound.present = "TRUE"\nsharedFolder.maxNum = "1"\nusb.present = "TRUE"\n'
    vm = vm_with(tmp_path / "linux", {"workingDir": "/home/anna/vms/app"}, hw=6, more=sound)
    assert settings(plan_rewrite(vm, hwversion=4, target="esx3", origin="ws6"))["workingDir"] is None


@pytest.mark.parametrize(("target", "origin"), [("esx4.0", "esx3"), ("esxi5.0", "esx4.0")])
def test_the_folders_of_esx_stay_on_esx(tmp_path: Path, target: str, origin: str) -> None:
    assert settings(plan_rewrite(vm_with(tmp_path, LEFT), target=target, origin=origin)) == {}


def test_the_folders_of_one_hosted_product_are_not_judged_for_another(tmp_path: Path) -> None:
    vm = vm_with(tmp_path, {"workingDir": r"D:\VMs\app"})
    assert settings(plan_rewrite(vm, target="ws6", origin="ws5.5")) == {}


def test_a_folder_that_is_here_stays(tmp_path: Path) -> None:
    there = tmp_path / "work"
    there.mkdir()
    vm = vm_with(tmp_path / "vm", {"workingDir": str(there), "nvram": "app.nvram", "log.fileName": "./vmware.log"}, 7)
    assert settings(plan_rewrite(vm, target="esx4.0", origin="ws6.5")) == {}


@pytest.mark.parametrize("key", LEFT)
def test_whatever_leads_nowhere_is_a_reason_to_write(tmp_path: Path, key: str) -> None:
    assert settings(plan_rewrite(vm_with(tmp_path, {key: LEFT[key]}), target="ws6", origin="esx3")) == {key: None}


@pytest.mark.parametrize("key", HARMFUL)
def test_what_vmx008_warns_of_is_and_its_fix_says_so(tmp_path: Path, key: str) -> None:
    vm = vm_with(tmp_path, {key: HARMFUL[key]})
    (warning,) = [it for it in check(vm, "ws6", "esx3").findings if it.code == "VMX008"]
    assert warning.fix is not None
    assert "a rewrite for a product of another kind" in warning.fix.text
    assert settings(plan_rewrite(vm, target="ws6", origin="esx3")) == {key: None}


def test_the_console_and_the_networks_of_esx_server_2_stay_behind(tmp_path: Path) -> None:
    nic = """
    ethernet0.present = "TRUE"
    ethernet0.connectionType = "monitor_dev"
    ethernet0.networkName = "Production"
    ethernet0.addressType = "vpx"
    ethernet0.generatedAddress = "00:50:56:8f:12:34"
    """
    console = {
        "log.fileName": "/root/vmware/app/vmware.log",
        "checkpoint.cptConfigName": "/root/vmware/app/app",
        "workingDir": "/vmfs/vmhba0:0:0:5",
    }
    vm = vm_with(tmp_path, console, hw=3, more=nic, config=6)
    gone = dict.fromkeys([*console, "ethernet0.connectionType"])
    made = settings(plan_rewrite(vm, target="ws5.5", origin="esx2"))
    # The address is kept, with the word by which it is one of VirtualCenter.
    assert made == gone | {"ethernet0.networkName": None, "config.version": "8"}
    assert settings(plan_rewrite(vm, target="esx3", origin="esx2")) == gone | {"config.version": "8"}
    assert settings(plan_rewrite(vm, target="esx2", origin="esx2")) == {}


def test_the_row_says_whose_names_they_were(tmp_path: Path) -> None:
    made = plan_rewrite(vm_with(tmp_path, LEFT), target="ws6", origin="esx3")
    (row,) = rows_of(made)
    assert (row.verb, row.what, row.effect) == ("remove", "names of its old host", "they lead nowhere on the new one")


def test_networks_of_a_hosted_product_do_not_go_to_esx_and_those_of_esx_to_no_hosted_product(tmp_path: Path) -> None:
    nics = """
    ethernet0.present = "TRUE"
    ethernet0.connectionType = "custom"
    ethernet0.vnet = "VMnet5"
    ethernet1.present = "TRUE"
    ethernet1.connectionType = "nat"
    """
    vm = vm_with(tmp_path / "hosted", {}, hw=6, more=nics)
    made = plan_rewrite(vm, target="esx3", origin="ws6")
    gone = ["ethernet0.connectionType", "ethernet0.vnet", "ethernet1.connectionType"]
    assert {key: value for key, value in settings(made).items() if key.startswith("eth")} == dict.fromkeys(gone)
    assert "ethernet0, ethernet1: without a network until one is chosen in ESX Server 3.x" in manual(made)
    assert not any(key.startswith("eth") for key in settings(plan_rewrite(vm, target="ws5.5", origin="ws6")))
    named = 'ethernet0.present = "TRUE"\nethernet0.networkName = "Prod LAN"'
    vm = vm_with(tmp_path / "esx", {"sched.swap.derivedName": HARMLESS["sched.swap.derivedName"]}, more=named)
    made = plan_rewrite(vm, target="ws5.5", origin="esx3")
    assert settings(made) == dict.fromkeys(["ethernet0.networkName", "sched.swap.derivedName"])
    assert "ethernet0: bridged now, until bridged, NAT or host-only is chosen in Workstation 5.5" in manual(made)


def test_an_adapter_that_keeps_the_name_of_a_port_group_has_a_network(tmp_path: Path) -> None:
    nics = """
    ethernet0.present = "TRUE"
    ethernet0.connectionType = "nat"
    ethernet1.present = "TRUE"
    ethernet1.connectionType = "custom"
    ethernet1.networkName = "cluster"
    """
    made = plan_rewrite(vm_with(tmp_path, {}, hw=6, more=nics), target="esx3", origin="ws6")
    assert "ethernet1.networkName" not in settings(made)
    assert "ethernet0: without a network until one is chosen in ESX Server 3.x" in manual(made)


def test_a_rooted_path_of_windows_is_a_full_one(tmp_path: Path) -> None:
    vm = vm_with(tmp_path, {"nvram": r"\vms\app.nvram", "workingDir": r"\vms"}, hw=7)
    for target, version in (("esx3", None), ("fusion1", 6)):
        made = settings(plan_rewrite(vm, target=target, origin="ws6.5", hwversion=version))
        assert (made["nvram"], made["workingDir"]) == ("app.nvram", None)


def test_a_disk_that_moves_keeps_its_name_where_a_drive_takes_its_place(tmp_path: Path) -> None:
    make_disk(tmp_path / "disk.vmdk", hw=6)
    lines = """
    ide0:1.present = "TRUE"
    ide0:1.clientDevice = "TRUE"
    ide0:1.deviceType = "cdrom-raw"
    """
    vm = inspect(write_config(tmp_path, disk_lines("ide0:0"), lines, hw=6, guest="rhel4"))
    plan_rewrite(vm, target="fusion1", origin="ws6", ide_to_scsi=True).apply()
    document = inspect(tmp_path).config.document
    assert (document["scsi0:0.fileName"], document["ide0:0.fileName"]) == ("disk.vmdk", "auto detect")
    assert "ide0:1.present" not in document


@pytest.mark.parametrize("stale", ["old.vmdk", ""])
def test_the_name_that_esx_server_2_reads_stays_with_it(tmp_path: Path, stale: str) -> None:
    make_disk(tmp_path / "disk.vmdk", "vmfs", adapter="buslogic", hw=3)
    lines = f'scsi0:0.present = "TRUE"\nscsi0:0.fileName = "{stale}"\nscsi0:0.name = "vmhba0:0:0:5:disk.vmdk"\n'
    switch = 'scsi0.present = "TRUE"\nscsi0.virtualDev = "vmxbuslogic"\n'
    vm = inspect(write_config(tmp_path, switch, lines, hw=3, guest="win2000serv", config=6))
    assert settings(plan_rewrite(vm, target="esx2", origin="esx2")) == {}
    made = settings(plan_rewrite(vm, target="esx3", origin="esx2"))
    assert made["scsi0:0.name"] is None
    assert made.get("scsi0:0.fileName") == (None if stale else "disk.vmdk")


def of_esx2(folder: Path, *lines: str, hw: int = 3, controller: str = "vmxbuslogic", config: int = 6) -> Machine:
    """A VM of ESX Server 1 or 2 without its disks."""
    switch = f'scsi0.present = "TRUE"\nscsi0.virtualDev = "{controller}"\nscsi0:0.present = "TRUE"\n'
    return inspect(write_config(folder, switch, *lines, hw=hw, guest="win2000serv", config=config))


def codes(made: Rewrite) -> set[str]:
    return {reason.code for reason in made.refused}


def test_disks_do_not_become_one_whatever_bus_they_come_from(tmp_path: Path) -> None:
    for name in ("s1/disk.vmdk", "disk.vmdk"):
        make_disk(tmp_path / name, adapter="lsilogic", hw=10)
    lines = 'sata0.present = "TRUE"\n' + "".join(
        f'sata0:{unit}.present = "TRUE"\nsata0:{unit}.fileName = "{name}"\n'
        for unit, name in enumerate(("s1/disk.vmdk", "disk.vmdk"))
    )
    vm = inspect(write_config(tmp_path, lines, hw=10, guest="rhel4"))
    made = plan_rewrite(vm, target="esx2", origin="ws10", move_disks=True, vmfs_path="vmhba0:0:0:5")
    assert {"VMX093", "VMX094"} <= codes(made)
    second = 'scsi0:1.present = "TRUE"\nscsi0:1.name = "vol1:b.vmdk"\nscsi0:1.fileName = ""\n'
    vm = of_esx2(tmp_path / "empty", 'scsi0:0.name = "vol2:b.vmdk"\nscsi0:0.fileName = ""\n', second)
    assert "DSK242" in codes(plan_rewrite(vm, target="ws5.5", origin="esx2"))


def test_a_new_volume_keeps_the_disk_that_esx_server_2_reads(tmp_path: Path) -> None:
    vm = of_esx2(tmp_path, 'scsi0:0.name = "vmhba0:0:0:5:new.vmdk"\nscsi0:0.fileName = "old.vmdk"\n')
    made = settings(plan_rewrite(vm, target="esx2", origin="esx2", vmfs_path="vol2"))
    assert made == {"scsi0:0.name": "vol2:new.vmdk"}


def test_a_controller_of_the_oldest_hardware_is_named_once_and_for_all(tmp_path: Path) -> None:
    vm = of_esx2(tmp_path, 'scsi0:0.name = "vmhba0:0:0:5:a.vmdk"\n', hw=2, controller="vmxlsilogic")
    for unsafe in (False, True):
        made = settings(plan_rewrite(vm, target="gsx3", origin="esx1", unsafe=unsafe))
        assert made["scsi0.virtualDev"] == "buslogic"


def test_what_lies_in_the_folder_under_a_name_with_a_backslash_keeps_it(tmp_path: Path) -> None:
    make_disk(tmp_path / "we\\ird.vmdk", "vmfs", adapter="lsilogic", hw=7)
    lines = (
        'scsi0.present = "TRUE"\nscsi0:0.present = "TRUE"\nscsi0:0.fileName = "we\\ird.vmdk"\nworkingDir = "sub\\w"\n'
    )
    vm = inspect(write_config(tmp_path, lines, hw=7, guest="rhel4"))
    made = settings(plan_rewrite(vm, target="esx3", origin="esx4.0", hwversion=4))
    assert "scsi0:0.fileName" not in made
    assert made["workingDir"] == "sub/w"


def test_a_drive_that_no_controller_has_is_told_before_anything_is_written(tmp_path: Path) -> None:
    lines = 'scsi0:0.present = "TRUE"\nscsi0:0.name = "vmhba0:0:0:5:a.vmdk"\n'
    vm = inspect(write_config(tmp_path, lines, hw=3, guest="win2000serv", config=6))
    assert "DSK210" in codes(plan_rewrite(vm, target="esx3", origin="esx2"))


def test_a_disk_in_a_folder_of_windows_is_a_reason_to_write_for_a_mac(tmp_path: Path) -> None:
    lines = 'scsi0.present = "TRUE"\nscsi0:0.present = "TRUE"\nscsi0:0.fileName = "sub\\disk.vmdk"\n'
    make_disk(tmp_path / "sub" / "disk.vmdk", adapter="lsilogic", hw=7)
    vm = inspect(write_config(tmp_path, lines, hw=7, guest="rhel4"))
    verdict = check(vm, "fusion3", "ws6.5")
    assert "DSK245" in {it.code for it in verdict.findings}
    plan_rewrite(vm, target="fusion3", origin="ws6.5").apply()
    after = inspect(tmp_path)
    assert after.disks[0].file == "sub/disk.vmdk"
    assert "DSK245" not in {it.code for it in check(after, "fusion3", "ws6.5").findings}
    assert settings(plan_rewrite(after, target="fusion3", origin="ws6.5")) == {}


def test_a_name_with_a_colon_that_lies_here_stays(tmp_path: Path) -> None:
    lines = 'scsi0.present = "TRUE"\nscsi0:0.present = "TRUE"\nscsi0:0.fileName = "Backup 10:30.vmdk"\n'
    make_disk(tmp_path / "Backup 10:30.vmdk", "sparse", adapter="lsilogic", hw=4)
    vm = inspect(write_config(tmp_path, lines, hw=4, guest="rhel4"))
    for target in ("ws6", "fusion1", "server1"):
        made = plan_rewrite(vm, target=target, origin="ws5.5")
        assert all(change.key != "scsi0:0.fileName" for change in made.changes)


def test_a_switched_off_disk_is_not_given_the_name_of_another(tmp_path: Path) -> None:
    off = 'scsi0:1.present = "FALSE"\nscsi0:1.name = "vol2:a.vmdk"\n'
    vm = of_esx2(tmp_path, 'scsi0:0.name = "vmhba0:0:0:5:a.vmdk"\n', off)
    assert codes(plan_rewrite(vm, target="esx3", origin="esx2")) == {"VMX093"}
