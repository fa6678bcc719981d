"""VMs made to harm whoever reads them: links out of the folder, and disks that cost too much."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vmxtool.errors import UsageError
from vmxtool.machine.locate import find_config
from vmxtool.machine.read import read_machine

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = 'config.version = "8"\nvirtualHW.version = "21"\nguestOS = "winxppro"\nmemsize = "256"\n'


def test_a_config_that_is_a_link_out_of_its_folder_has_to_be_named(tmp_path: Path) -> None:
    victim, hostile = tmp_path / "victim", tmp_path / "hostile"
    victim.mkdir()
    hostile.mkdir()
    (victim / "vm.vmx").write_text(CONFIG)
    (hostile / "vm.vmx").symlink_to("../victim/vm.vmx")
    with pytest.raises(UsageError, match="link out of its folder"):
        find_config(hostile)
    assert find_config(hostile / "vm.vmx") == hostile / "vm.vmx"


def test_a_config_that_is_a_link_within_its_folder_is_found(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "vm.txt").write_text(CONFIG)
    (tmp_path / "vm.vmx").symlink_to("real/vm.txt")
    assert find_config(tmp_path) == tmp_path / "vm.vmx"


def test_a_bundle_that_is_a_link_out_of_its_folder_has_to_be_named(tmp_path: Path) -> None:
    victim, hostile = tmp_path / "victim", tmp_path / "hostile"
    victim.mkdir()
    hostile.mkdir()
    (victim / "vm.vmx").write_text(CONFIG)
    (hostile / "a.vmwarevm").symlink_to("../victim")
    with pytest.raises(UsageError, match="link out of its folder"):
        find_config(hostile)


def test_a_cfg_that_is_a_link_out_of_the_folder_is_not_a_candidate(tmp_path: Path) -> None:
    outside, vm = tmp_path / "outside.txt", tmp_path / "vm"
    vm.mkdir()
    outside.write_text(CONFIG)
    (vm / "vm.vmx").write_text(CONFIG)
    (vm / "x.cfg").symlink_to(outside)
    assert find_config(vm) == vm / "vm.vmx"


def test_of_many_configs_ten_are_named(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number:02}.vmx").write_text(CONFIG)
    with pytest.raises(UsageError, match=r"30 configs here \(00\.vmx, .*09\.vmx, …\)"):
        find_config(tmp_path)


def test_a_disk_of_many_drives_is_read_once(tmp_path: Path) -> None:
    text = "# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=ffffffff\n" + "x=1\n" * 20_000
    (tmp_path / "b.vmdk").write_text(text)
    drives = [f'scsi0:{n}.present = "TRUE"\nscsi0:{n}.fileName = "b.vmdk"\n' for n in (0, 1, 2, 3)]
    (tmp_path / "vm.vmx").write_text(CONFIG + 'scsi0.present = "TRUE"\n' + "".join(drives))
    first, *others = read_machine(tmp_path).disks
    assert first.chain is not None
    assert all(other.chain is first.chain for other in others)


def test_disks_beyond_what_descriptors_may_cost_are_told_and_not_read(tmp_path: Path) -> None:
    text = "# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=ffffffff\n" + "#" * 400_000 + "\n"
    drives = []
    for n in range(5):
        (tmp_path / f"{n}.vmdk").write_text(text)
        drives.append(f'scsi0:{n}.present = "TRUE"\nscsi0:{n}.fileName = "{n}.vmdk"\n')
    (tmp_path / "vm.vmx").write_text(CONFIG + 'scsi0.present = "TRUE"\n' + "".join(drives))
    chains = [disk.chain for disk in read_machine(tmp_path).disks]
    assert [bool(chain and chain.links) for chain in chains] == [True, True, True, False, False]
    assert chains[4] is not None
    assert [problem.kind for problem in chains[4].problems] == ["unreadable"]
