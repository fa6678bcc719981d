"""What a rewrite gives a guest for ARM processors in the place of devices that products for ARM do not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from build import disk_lines, make_vm

from vmxtool import check, open_config, plan_rewrite

if TYPE_CHECKING:
    from pathlib import Path

LINES = f"""
{disk_lines("scsi0:0", "disk.vmdk")}
scsi0.virtualDev = "{{}}"
ethernet0.present = "TRUE"
ethernet0.virtualDev = "{{}}"
usb_xhci.present = "TRUE"
firmware = "efi"
"""


@pytest.mark.parametrize("controller", ["lsilogic", "buslogic"])
def test_old_models_are_replaced_where_it_is_asked_for(tmp_path: Path, controller: str) -> None:
    vm = make_vm(tmp_path, LINES.format(controller, "e1000"), hw=20, guest="arm-debian11-64")
    unasked = plan_rewrite(vm, target="fusion13.5")
    assert not unasked.changes
    assert any("--unsafe changes it" in note for note in unasked.notes)
    asked = plan_rewrite(vm, target="fusion13.5", unsafe=True)
    assert {(it.key, it.after) for it in asked.changes} == {
        ("scsi0.virtualDev", 'scsi0.virtualDev = "pvscsi"'),
        ("ethernet0.virtualDev", 'ethernet0.virtualDev = "e1000e"'),
    }


def test_the_command_stands_with_each_finding_and_none_is_left_after_it(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, LINES.format("lsilogic", "vlance"), hw=20, guest="arm-ubuntu-64")
    found = [it for it in check(vm, "fusion13.5").findings if it.code == "GST516"]
    assert len(found) == 2
    assert all(it.fix is not None and it.fix.commands[0][-2:] == ("--unsafe", str(vm.path)) for it in found)
    plan_rewrite(vm, target="fusion13.5", unsafe=True).apply()
    assert not [it for it in check(vm.path, "fusion13.5").findings if it.code == "GST516"]


@pytest.mark.parametrize(("guest", "target"), [("debian11-64", "fusion13.5"), ("arm-debian11-64", "hw20")])
def test_a_guest_for_x86_and_a_bare_version_keep_theirs(tmp_path: Path, guest: str, target: str) -> None:
    vm = make_vm(tmp_path, LINES.format("lsilogic", "e1000"), hw=20, guest=guest)
    assert not plan_rewrite(vm, target=target, unsafe=True).changes


def test_a_cd_drive_on_ide_goes_to_sata_where_it_is_asked_for(tmp_path: Path) -> None:
    cdrom = 'ide1:0.present = "TRUE"\nide1:0.deviceType = "cdrom-image"\nide1:0.fileName = "auto detect"\n'
    vm = make_vm(tmp_path, LINES.format("pvscsi", "vmxnet3") + cdrom, hw=20, guest="arm-debian11-64")
    (found,) = [it for it in check(vm, "fusion13.5").findings if it.code == "GST516"]
    assert found.fix is not None
    assert found.fix.commands[0][-2:] == ("--unsafe", str(vm.path))
    plan_rewrite(vm, target="fusion13.5", unsafe=True).apply()
    document = open_config(vm.path)
    assert document["sata0:0.fileName"] == "auto detect"
    assert document["sata0.present"] == "TRUE"
    assert not [key for key in document if key.startswith("ide")]
    assert not [it for it in check(vm.path, "fusion13.5").findings if it.code == "GST516"]


def test_a_cd_drive_of_a_guest_for_x86_stays_on_ide(tmp_path: Path) -> None:
    cdrom = 'ide1:0.present = "TRUE"\nide1:0.deviceType = "cdrom-image"\nide1:0.fileName = "auto detect"\n'
    vm = make_vm(tmp_path, LINES.format("pvscsi", "vmxnet3") + cdrom, hw=20, guest="debian11-64")
    assert not plan_rewrite(vm, target="fusion13.5", unsafe=True).changes
