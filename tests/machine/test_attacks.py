"""VMs made to harm whoever reads them: links out of the folder, and disks that cost too much."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from build import disk_lines, make_disk, make_vm, write_config

from vmxtool.errors import NoVm, UsageError
from vmxtool.machine.locate import find_config

if TYPE_CHECKING:
    from pathlib import Path


def test_a_config_that_is_a_link_out_of_its_folder_has_to_be_named(tmp_path: Path) -> None:
    victim, hostile = tmp_path / "victim", tmp_path / "hostile"
    hostile.mkdir()
    write_config(victim)
    (hostile / "vm.vmx").symlink_to("../victim/vm.vmx")
    with pytest.raises(UsageError, match="link to a file in another folder"):
        find_config(hostile)
    assert find_config(hostile / "vm.vmx") == hostile / "vm.vmx"


def test_a_config_that_is_a_link_within_its_folder_is_found(tmp_path: Path) -> None:
    write_config(tmp_path / "real", name="vm.txt")
    (tmp_path / "vm.vmx").symlink_to("real/vm.txt")
    assert find_config(tmp_path) == tmp_path / "vm.vmx"


def test_a_bundle_that_is_a_link_is_not_even_looked_into(tmp_path: Path) -> None:
    victim, hostile = tmp_path / "victim", tmp_path / "hostile"
    hostile.mkdir()
    write_config(victim)
    (hostile / "a.vmwarevm").symlink_to("../victim")
    with pytest.raises(NoVm, match="file lies here"):
        find_config(hostile)


def test_a_cfg_that_is_a_link_out_of_the_folder_is_not_a_candidate(tmp_path: Path) -> None:
    config = write_config(tmp_path / "vm")
    config.with_name("x.cfg").symlink_to(write_config(tmp_path, name="outside.txt"))
    assert find_config(config.parent) == config


def test_of_many_configs_ten_are_named(tmp_path: Path) -> None:
    for number in range(30):
        write_config(tmp_path, name=f"{number:02}.vmx")
    with pytest.raises(UsageError, match=r"30 VMs lie in this folder \(00\.vmx, .*09\.vmx and 20 more\)"):
        find_config(tmp_path)


def test_a_disk_of_many_drives_is_read_once(tmp_path: Path) -> None:
    make_disk(tmp_path / "b.vmdk", head="x=1\n" * 20_000)
    places = ("ide0:0", "ide0:1", "ide1:0", "ide1:1")
    first, *others = make_vm(tmp_path, "".join(disk_lines(place, "b.vmdk") for place in places)).disks
    assert first.chain is not None
    assert all(other.chain is first.chain for other in others)


def test_disks_beyond_what_descriptors_may_cost_are_told_and_not_read(tmp_path: Path) -> None:
    lines = 'scsi0.present = "TRUE"\n'
    for n in range(5):
        make_disk(tmp_path / f"{n}.vmdk", head="#" * 400_000)
        lines += f'scsi0:{n}.present = "TRUE"\nscsi0:{n}.fileName = "{n}.vmdk"\n'
    chains = [disk.chain for disk in make_vm(tmp_path, lines).disks]
    assert [bool(chain and chain.links) for chain in chains] == [True, True, True, False, False]
    assert chains[4] is not None
    assert [problem.kind for problem in chains[4].problems] == ["unreadable"]
