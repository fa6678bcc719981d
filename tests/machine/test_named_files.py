"""Every file that a VM names, once, with its size; what lies outside its folder is never opened."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from build import descriptor, make_disk
from hypothesis import given
from hypothesis import strategies as st
from machine import vms

from vmxtool.machine.named_files import MOST, NamedFile, named_files
from vmxtool.machine.read import read_machine

if TYPE_CHECKING:
    from vmxtool.machine.model import Machine

DISK = ('ide0:0.present = "TRUE"', 'ide0:0.fileName = "disk.vmdk"')


def told(vm: Machine) -> dict[str, tuple[str, str | None, bool, bool, bool]]:
    return {it.name: (it.role, it.named_by, it.exists, it.inside, it.needed) for it in named_files(vm)}


def test_a_disk_with_all_that_it_is_made_of(tmp_path: Path) -> None:
    make_disk(tmp_path / "base.vmdk")
    extents = ('RW 1024 SPARSE "disk-s001.vmdk"', "RW 512 ZERO", 'RW 512 SPARSE "disk-s002.vmdk"')
    text = descriptor(*extents, create_type="twoGbMaxExtentSparse", parent="12345678", hint="base.vmdk")
    (tmp_path / "disk.vmdk").write_bytes(text)
    (tmp_path / "disk-s001.vmdk").write_bytes(b"x" * 100)
    vm = vms.read(tmp_path, *DISK, 'nvram = "vm.nvram"')
    assert told(vm) == {
        "vm.vmx": ("config", None, True, True, True),
        "disk.vmdk": ("disk", "ide0:0.fileName", True, True, True),
        "disk-s001.vmdk": ("extent", "disk.vmdk", True, True, True),
        "disk-s002.vmdk": ("extent", "disk.vmdk", False, True, True),
        "base.vmdk": ("parent", "disk.vmdk", True, True, True),
        "base-flat.vmdk": ("extent", "base.vmdk", True, True, True),
        "vm.nvram": ("nvram", "nvram", False, True, False),
    }
    piece = next(it for it in named_files(vm) if it.name == "disk-s001.vmdk")
    assert piece.bytes == 100
    assert piece.allocated is None or piece.allocated % 512 == 0


def test_firmware_variables_are_needed_where_they_hold_something(tmp_path: Path) -> None:
    vm = vms.read(tmp_path, 'firmware = "efi"', 'nvram = "vm.nvram"', files=("vm.nvram",))
    assert told(vm)["vm.nvram"] == ("nvram", "nvram", True, True, True)


def test_the_state_of_a_suspended_vm_with_its_memory(tmp_path: Path) -> None:
    vm = vms.read(tmp_path, 'checkpoint.vmState = "vm.vmss"', files=("vm.vmss", "vm.vmem"))
    assert told(vm)["vm.vmss"] == ("memory", "checkpoint.vmState", True, True, True)
    assert told(vm)["vm.vmem"] == ("memory", "vm.vmss", True, True, True)


def test_what_lies_outside_is_looked_at_and_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = tmp_path / "disc.iso"
    image.write_bytes(b"x" * 3000)
    vm = vms.read(
        tmp_path / "vm",
        'ide1:0.present = "TRUE"',
        'ide1:0.deviceType = "cdrom-image"',
        f'ide1:0.fileName = "{image}"',
        'serial0.present = "TRUE"',
        'serial0.fileType = "file"',
        'serial0.fileName = "../log.txt"',
        'ide0:0.present = "TRUE"',
        r'ide0:0.fileName = "D:\vm\disk.vmdk"',
    )
    monkeypatch.setattr(io, "open", None)
    monkeypatch.setattr("os.open", None)
    found = told(vm)
    assert found[str(image)] == ("image", "ide1:0.fileName", True, False, False)
    assert found["../log.txt"] == ("port-file", "serial0.fileName", False, False, False)
    assert found[r"D:\vm\disk.vmdk"] == ("disk", "ide0:0.fileName", False, False, True)
    assert [it.bytes for it in named_files(vm) if it.role == "image"] == [3000]


def test_a_link_out_of_the_folder_is_not_inside(tmp_path: Path) -> None:
    (tmp_path / "real.nvram").write_bytes(b"")
    (tmp_path / "vm").mkdir()
    (tmp_path / "vm" / "vm.nvram").symlink_to(tmp_path / "real.nvram")
    vm = vms.read(tmp_path / "vm", 'nvram = "vm.nvram"')
    assert told(vm)["vm.nvram"] == ("nvram", "nvram", True, False, False)


def test_snapshots_with_their_states_and_disks() -> None:
    found = told(read_machine(vms.SAMPLES / "ws5-snapshots"))
    assert found["Build Host.vmsd"][0] == "snapshots"
    assert found["Build Host-Snapshot2.vmsn"] == ("snapshot", "Build Host.vmsd", True, True, False)
    assert found["Build Host-000001.vmdk"] == ("disk", "Build Host.vmsd", True, True, False)
    assert found["Build Host-000002.vmdk"][0] == "parent"  # in the chain that the VM runs on


@pytest.mark.parametrize("sample", sorted(path.name for path in vms.SAMPLES.iterdir() if path.is_dir()))
def test_each_file_is_there_once(sample: str) -> None:
    vm = read_machine(vms.SAMPLES / sample)
    files = named_files(vm)
    assert len({it.name for it in files}) == len(files)
    assert files[0].role == "config"
    for it in files:
        assert (it.bytes is not None) == it.exists
        assert not it.inside or it.exists == (vm.config.folder / it.name).exists()


def test_a_descriptor_of_too_many_pieces_is_cut(tmp_path: Path) -> None:
    pieces = (f'RW 1 SPARSE "{number}.vmdk"' for number in range(12_000))
    (tmp_path / "disk.vmdk").write_bytes(descriptor(*pieces, create_type="twoGbMaxExtentSparse"))
    assert len(named_files(vms.read(tmp_path, *DISK))) <= MOST


KEYS = st.sampled_from(["nvram", "extendedConfigFile", "checkpoint.vmState", "ide0:0.fileName", "serial0.fileName"])
NAMES = st.sampled_from(
    ["", ".", "..", "/", "vm.vmx", "|00", "a|00b", "[store] a/b.vmdk", r"\\host\x", "x" * 5000, "a/"]
)


@given(st.lists(st.tuples(KEYS, NAMES), max_size=6, unique_by=lambda pair: pair[0]))
def test_any_name_leads_somewhere_or_nowhere(settings: list[tuple[str, str]]) -> None:
    lines = [f'{key} = "{name}"' for key, name in settings]
    lines += ['ide0:0.present = "TRUE"', 'serial0.present = "TRUE"', 'serial0.fileType = "file"']
    with tempfile.TemporaryDirectory() as folder:
        files = named_files(vms.read(Path(folder), *lines))
    assert all(isinstance(it, NamedFile) for it in files)
    assert [it.role for it in files].count("config") == 1
