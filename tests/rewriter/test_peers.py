"""Rewritten VMs in the eyes of other programs: qemu-img reads the disks, libvirt reads the config."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from build import IDE_DISK, make_vm
from peers import (
    SUBFORMATS,
    PeerRefused,
    needs_qemu,
    needs_virsh,
    qemu_check,
    qemu_compare,
    qemu_convert,
    qemu_create,
    qemu_info,
    qemu_write,
    virsh_domxml,
)
from rewriter.instrumented import tree

from vmxtool import inspect, plan_rewrite, undo

if TYPE_CHECKING:
    from pathlib import Path
    from xml.etree.ElementTree import Element

    from peers import Adapter, Subformat

pytestmark = [pytest.mark.peer, needs_qemu]

MIB = 2**20
SIZE = 24 * MIB
# qemu-img looks into the tables of sparse files alone, and of a stream it says nothing.
CHECKED = frozenset({"monolithicSparse", "twoGbMaxExtentSparse"})


def make_disk(path: Path, subformat: Subformat, adapter: Adapter, byte: int = 0x5A) -> Path:
    """A disk with something in it, at its beginning, in its middle and at its end."""
    source = path.with_name(f"{path.stem}-source.vmdk") if subformat == "streamOptimized" else path
    qemu_create(source, SIZE, "monolithicSparse" if source != path else subformat, adapter=adapter, hwversion=6)
    for offset in (0, 11 * MIB, SIZE - 65536):
        qemu_write(source, offset, 65536, byte)
    if source != path:
        qemu_convert(source, path, subformat, adapter=adapter)
        source.unlink()
    return path


def disks_of(domain: Element) -> dict[str, tuple[str, str]]:
    """Each disk's bus and file by the name libvirt gives it."""
    found = {}
    for disk in domain.findall("devices/disk[@device='disk']"):
        target, source = disk.find("target"), disk.find("source")
        assert target is not None
        assert source is not None
        found[target.attrib["dev"]] = (target.attrib["bus"], source.attrib["file"].rpartition("/")[2])
    return found


def scsi_models(domain: Element) -> list[str | None]:
    return [item.get("model") for item in domain.findall("devices/controller[@type='scsi']")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "vm"
    made.mkdir()
    return made


@needs_virsh
@pytest.mark.parametrize("subformat", SUBFORMATS)
def test_an_ide_disk_of_every_kind_goes_to_scsi_with_its_content(
    folder: Path, tmp_path: Path, subformat: Subformat
) -> None:
    make_disk(folder / "disk.vmdk", subformat, "ide")
    vm = make_vm(
        folder,
        """
        ide0:0.present = "TRUE"
        ide0:0.fileName = "disk.vmdk"
        ide0:1.present = "TRUE"
        ide0:1.deviceType = "cdrom-image"
        ide0:1.fileName = "setup.iso"
        """,
    )
    pristine = shutil.copytree(folder, tmp_path / "pristine")
    made = plan_rewrite(vm, hwversion=4, ide_to_scsi=True)
    assert made.apply() is not None

    assert qemu_compare(pristine / "disk.vmdk", folder / "disk.vmdk")
    assert faults(folder / "disk.vmdk", subformat) == faults(pristine / "disk.vmdk", subformat)
    assert adapter_of(folder / "disk.vmdk") == "lsilogic"
    domain = virsh_domxml(vm.config.path, tmp_path)
    assert disks_of(domain) == {"sda": ("scsi", "disk.vmdk")}
    assert scsi_models(domain) == ["lsilogic"]
    drive = domain.find("devices/disk[@device='cdrom']/target")
    assert drive is not None
    assert (drive.attrib["dev"], drive.attrib["bus"]) == ("hda", "ide")

    undo(folder)
    assert tree(folder) == tree(pristine)


@needs_virsh
@pytest.mark.parametrize("adapter", ["lsilogic", "buslogic"])
@pytest.mark.parametrize("subformat", SUBFORMATS)
def test_a_scsi_disk_of_every_kind_keeps_its_place_in_a_downgrade(
    folder: Path, tmp_path: Path, subformat: Subformat, adapter: Adapter
) -> None:
    make_disk(folder / "disk.vmdk", subformat, adapter)
    vm = make_vm(
        folder,
        f"""
        scsi0.present = "TRUE"
        scsi0.virtualDev = "{adapter}"
        scsi0:0.present = "TRUE"
        scsi0:0.fileName = "disk.vmdk"
        ehci.present = "TRUE"
        """,
        guest="winNetStandard",
    )
    pristine = shutil.copytree(folder, tmp_path / "pristine")
    assert plan_rewrite(vm, hwversion=4).apply() is not None

    assert qemu_compare(pristine / "disk.vmdk", folder / "disk.vmdk")
    assert faults(folder / "disk.vmdk", subformat) == faults(pristine / "disk.vmdk", subformat)
    domain = virsh_domxml(vm.config.path, tmp_path)
    assert disks_of(domain) == {"sda": ("scsi", "disk.vmdk")}
    assert scsi_models(domain) == [adapter]


@needs_virsh
def test_four_ide_disks_of_four_kinds_go_to_one_controller(folder: Path, tmp_path: Path) -> None:
    lines = []
    for number, subformat in enumerate(SUBFORMATS[:4]):
        place = f"ide{number // 2}:{number % 2}"
        make_disk(folder / f"disk{number}.vmdk", subformat, "ide", byte=0x11 * (number + 1))
        lines += [f'{place}.present = "TRUE"', f'{place}.fileName = "disk{number}.vmdk"']
    vm = make_vm(folder, "\n".join(lines), hw=7, guest="rhel5")
    pristine = shutil.copytree(folder, tmp_path / "pristine")
    assert plan_rewrite(vm, ide_to_scsi=True).apply() is not None

    for number in range(4):
        assert qemu_compare(pristine / f"disk{number}.vmdk", folder / f"disk{number}.vmdk")
    domain = virsh_domxml(vm.config.path, tmp_path)
    assert disks_of(domain) == {f"sd{letter}": ("scsi", f"disk{n}.vmdk") for n, letter in enumerate("abcd")}
    assert scsi_models(domain) == ["lsilogic"]


@needs_virsh
def test_sata_and_nvme_disks_of_a_new_vm_go_to_scsi_where_the_version_has_neither(folder: Path, tmp_path: Path) -> None:
    make_disk(folder / "system.vmdk", "monolithicSparse", "lsilogic")
    make_disk(folder / "data.vmdk", "twoGbMaxExtentFlat", "ide", byte=0x77)
    vm = make_vm(
        folder,
        """
        nvme0.present = "TRUE"
        nvme0:0.present = "TRUE"
        nvme0:0.fileName = "system.vmdk"
        sata0.present = "TRUE"
        sata0:0.present = "TRUE"
        sata0:0.fileName = "data.vmdk"
        sata0:1.present = "TRUE"
        sata0:1.deviceType = "cdrom-image"
        sata0:1.fileName = "setup.iso"
        ethernet0.present = "TRUE"
        ethernet0.virtualDev = "vmxnet3"
        ethernet0.addressType = "static"
        ethernet0.address = "00:50:56:00:00:01"
        """,
        hw=19,
        guest="centos7-64",
    )
    pristine = shutil.copytree(folder, tmp_path / "pristine")
    assert plan_rewrite(vm, hwversion=8, move_disks=True).apply() is not None

    assert qemu_compare(pristine / "system.vmdk", folder / "system.vmdk")
    assert qemu_compare(pristine / "data.vmdk", folder / "data.vmdk")
    domain = virsh_domxml(vm.config.path, tmp_path)
    assert disks_of(domain) == {"sda": ("scsi", "system.vmdk"), "sdb": ("scsi", "data.vmdk")}
    assert scsi_models(domain) == ["lsilogic"]
    model = domain.find("devices/interface/model")
    assert model is not None
    assert model.get("type") == "vmxnet3"


def test_a_streamed_disk_without_room_is_refused_and_keeps_every_byte(folder: Path) -> None:
    path = make_disk(folder / "disk.vmdk", "streamOptimized", "ide")
    data = bytearray(path.read_bytes())
    # As vmdktool and VMware's own exports have it: one sector for the descriptor, and that nearly full.
    text = bytes(data[512 : 512 + 20 * 512]).rstrip(b"\x00")
    filled = text + b"#" * (511 - len(text))
    assert len(filled) == 511
    data[512 : 512 + 20 * 512] = filled + bytes(20 * 512 - len(filled))
    data[36:44] = (1).to_bytes(8, "little")
    path.write_bytes(data)
    vm = make_vm(folder, IDE_DISK)
    before = tree(folder)
    assert qemu_info(path)["format"] == "vmdk"

    made = plan_rewrite(vm, ide_to_scsi=True)

    assert [reason.name for reason in made.refused] == ["descriptor-without-room"]
    assert tree(folder) == before
    assert inspect(vm.config.path).drives[0].bus == "ide"


def adapter_of(path: Path) -> str:
    """What the descriptor says, found without vmxtool."""
    data = path.read_bytes()[: 21 * 512]
    line = next(row for row in data.split(b"\n") if row.startswith(b"ddb.adapterType"))
    return line.split(b'"')[1].decode()


def faults(path: Path, subformat: Subformat) -> object:
    if subformat not in CHECKED:
        return None
    try:
        found = qemu_check(path)
    except PeerRefused as refusal:
        return str(refusal).replace(str(path.parent), "")
    return {key: value for key, value in found.items() if key != "filename"}
