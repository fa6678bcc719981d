"""A path leads to exactly one config, or the reader is told why not, in one line."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from build import SCSI_DISK
from machine import vms

from vmxtool.errors import InputError, NoVm, UsageError
from vmxtool.machine.locate import find_config
from vmxtool.machine.read import read_machine

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def open_folder(tmp_path: Path) -> Path:
    """A folder that any user can reach."""
    vms.open_to_all(tmp_path)
    return tmp_path


def test_a_file_stands_for_itself_whatever_its_name(tmp_path: Path) -> None:
    path = vms.write(tmp_path, name="old config.txt", files=("other.vmx",))
    assert find_config(path) == path


@pytest.mark.parametrize("name", ["vm.vmx", "VM.VMX", "template.vmtx"])
def test_a_folder_stands_for_its_config(tmp_path: Path, name: str) -> None:
    path = vms.write(tmp_path, name=name, files=("disk.vmdk", "vm.vmxf", "vm.vmx.lck/", "vm.vmx~", "vm.vmx.sav"))
    assert find_config(tmp_path) == path


def test_a_cfg_file_is_a_config_by_its_content(tmp_path: Path) -> None:
    path = vms.write(tmp_path, name="linux.cfg")
    (tmp_path / "isolinux.cfg").write_text("default vesamenu.c32\nlabel install\n")
    (tmp_path / "random.cfg").write_bytes(os.urandom(512))
    (tmp_path / "gone.cfg").symlink_to(tmp_path / "nowhere.cfg")
    assert find_config(tmp_path) == path


def test_a_bundle_stands_for_its_config(tmp_path: Path) -> None:
    path = vms.write(tmp_path / "Budget.vmwarevm", name="Budget.vmx")
    assert find_config(tmp_path / "Budget.vmwarevm") == path


@pytest.mark.parametrize("name", ["Budget.vmwarevm", "web01"])
def test_the_only_vm_below_a_folder_is_named_and_not_taken(tmp_path: Path, name: str) -> None:
    vms.write(tmp_path / name)
    with pytest.raises(NoVm) as raised:
        find_config(tmp_path)
    assert str(raised.value) == f"{tmp_path}: no VM lies in this folder itself; name one of those below it: {name}"
    assert raised.value.candidates == (name,)


def test_of_the_vms_below_a_folder_ten_are_named_and_the_others_counted(tmp_path: Path) -> None:
    for number in range(13):
        vms.write(tmp_path / f"vm{number:02}")
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "vm00")
    (tmp_path / ".hidden").mkdir()
    vms.write(tmp_path / ".hidden")
    with pytest.raises(NoVm, match=r"below it: vm00, vm01, .*, vm09 and 3 more$") as raised:
        find_config(tmp_path)
    assert raised.value.candidates == tuple(f"vm{number:02}" for number in range(13))


def test_a_config_goes_before_a_bundle_beside_it(tmp_path: Path) -> None:
    vms.write(tmp_path / "Budget.vmwarevm", name="Budget.vmx")
    path = vms.write(tmp_path, name="own.vmx")
    assert find_config(tmp_path) == path


def test_only_the_folders_right_below_are_looked_into(tmp_path: Path) -> None:
    vms.write(tmp_path / "a.vmwarevm" / "b.vmwarevm" / "c.vmwarevm", name="c.vmx")
    with pytest.raises(UsageError, match=r"no \.vmx"):
        find_config(tmp_path)


def test_hidden_files_do_not_count(tmp_path: Path) -> None:
    path = vms.write(tmp_path, name="Budget.vmx", files=("._Budget.vmx", ".old.vmx"))
    assert find_config(tmp_path) == path


def test_folders_named_like_configs_do_not_count(tmp_path: Path) -> None:
    path = vms.write(tmp_path, files=("backup.vmx/",))
    assert find_config(tmp_path) == path


def test_two_configs_are_named(tmp_path: Path) -> None:
    vms.write(tmp_path, name="b.vmx", files=("a.vmtx",))
    with pytest.raises(UsageError) as raised:
        find_config(tmp_path)
    problem = "2 VMs lie in this folder (a.vmtx, b.vmx)"
    assert str(raised.value) == f"{tmp_path}: {problem}; name the file of the one that you mean"


def test_two_bundles_are_named(tmp_path: Path) -> None:
    vms.write(tmp_path / "b.vmwarevm")
    vms.write(tmp_path / "a.vmwarevm")
    with pytest.raises(NoVm, match=r"below it: a.vmwarevm, b.vmwarevm$"):
        find_config(tmp_path)


def test_a_folder_without_configs_says_so(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(UsageError, match=r"no \.vmx, \.vmtx or \.cfg file lies here"):
        read_machine(tmp_path)


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"gone\.vmx: there is no such file or folder; name the VM's folder"):
        read_machine(tmp_path / "gone.vmx")


def test_a_folder_without_rights(open_folder: Path) -> None:
    closed = open_folder / "closed"
    vms.write(closed)
    closed.chmod(0o111)
    try:
        with (
            vms.as_a_user_without_rights(),
            pytest.raises(InputError, match=r"closed: permission denied; check .* rights"),
        ):
            find_config(closed)
    finally:
        closed.chmod(0o755)


def test_a_folder_that_may_be_entered_and_not_listed_says_so(open_folder: Path) -> None:
    closed = open_folder / "closed"
    path = vms.write(closed, SCSI_DISK, files=("vm.vmx.lck", "disk.vmdk"))
    closed.chmod(0o111)
    try:
        with vms.as_a_user_without_rights():
            vm = read_machine(path)
    finally:
        closed.chmod(0o755)
    assert vms.places(vm.unread) == ["closed: permission denied"]
    assert vm.power.state == "off"
    assert vms.only(vm).found.exists  # type: ignore[union-attr]


def test_a_config_without_rights(open_folder: Path) -> None:
    path = vms.write(open_folder)
    path.chmod(0o000)
    with vms.as_a_user_without_rights(), pytest.raises(InputError, match=r"vm\.vmx: permission denied"):
        read_machine(path)


def test_a_loop_of_links(tmp_path: Path) -> None:
    (tmp_path / "vm.vmx").symlink_to(tmp_path / "vm.vmx")
    with pytest.raises(InputError, match="too many levels of symbolic links"):
        read_machine(tmp_path / "vm.vmx")


def test_a_link_leads_to_the_folder_of_the_config(tmp_path: Path) -> None:
    vms.write(tmp_path / "vm", SCSI_DISK, files=("vm.vmss",))
    (tmp_path / "here.vmx").symlink_to(tmp_path / "vm" / "vm.vmx")
    vm = read_machine(tmp_path / "here.vmx")
    assert vm.config.path == (tmp_path / "vm" / "vm.vmx").resolve()
    assert vm.path == tmp_path / "here.vmx"


def test_a_fifo_named_like_a_config_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "vm.vmx")
    with pytest.raises(InputError, match="not a regular file"):
        read_machine(tmp_path)


def test_a_nul_in_a_path(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a file name cannot have a NUL in it"):
        read_machine(tmp_path / "a\0b.vmx")
