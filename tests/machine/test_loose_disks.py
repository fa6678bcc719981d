"""The disks beside a config that no drive has: pieces, parents and other VMs' disks are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from build import descriptor, disk_lines, make_disk
from machine import vms

from vmxtool.machine.loose_disks import LooseDisk, loose_disks

if TYPE_CHECKING:
    from pathlib import Path

OWN = (disk_lines("ide0:0", "own.vmdk"),)


def test_a_disk_that_nothing_names_is_loose_with_its_adapter(tmp_path: Path) -> None:
    make_disk(tmp_path / "own.vmdk")
    make_disk(tmp_path / "spare.vmdk", adapter="lsilogic")
    assert loose_disks(vms.read(tmp_path, *OWN)) == (LooseDisk("spare.vmdk", "lsilogic"),)
    assert [it.file for it in loose_disks(vms.read(tmp_path))] == ["own.vmdk", "spare.vmdk"]


def test_what_belongs_to_another_disk_is_not_loose(tmp_path: Path) -> None:
    make_disk(tmp_path / "base.vmdk")
    text = descriptor('RW 512 SPARSE "delta-s001.vmdk"', parent="12345678", hint="base.vmdk")
    (tmp_path / "delta.vmdk").write_bytes(text)
    (tmp_path / "delta-s001.vmdk").write_bytes(b"x")
    (tmp_path / "note.vmdk").write_text("no disk")
    assert [it.file for it in loose_disks(vms.read(tmp_path))] == ["delta.vmdk"]


def test_the_disk_of_another_config_is_not_loose(tmp_path: Path) -> None:
    make_disk(tmp_path / "own.vmdk")
    vms.write(tmp_path, *OWN, name="other.vmx")
    assert loose_disks(vms.read(tmp_path)) == ()


def test_what_leads_out_of_the_folder_is_not_opened(tmp_path: Path) -> None:
    make_disk(tmp_path / "outside.vmdk")
    folder = tmp_path / "vm"
    folder.mkdir()
    (folder / "link.vmdk").symlink_to(tmp_path / "outside.vmdk")
    assert loose_disks(vms.read(folder)) == ()
