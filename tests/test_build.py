"""The disks that the tests are built on are sound, to vmxtool and to qemu-img, and VMs have those that they name."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import pytest
from build import SECTORS, Kind, make_disk, make_vm, set_up_corpus_vm
from peers import CORPUS, needs_corpus, needs_qemu, qemu_info

from vmxtool.errors import InputError
from vmxtool.machine.read import read_machine
from vmxtool.vmdk.chain import read_chain

if TYPE_CHECKING:
    from pathlib import Path

KINDS: tuple[Kind, ...] = get_args(Kind)
FORMATS = {"flat": "hosted", "sparse": "hosted", "vmfs": "esx", "streamOptimized": "transport", "plain": "legacy"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_disk_is_sound_and_of_its_kind(tmp_path: Path, kind: Kind) -> None:
    chain = read_chain(make_disk(tmp_path / ("disk.pln" if kind == "plain" else "disk.vmdk"), kind), folder=tmp_path)
    assert chain.problems == ()
    assert [(link.format, link.adapter, link.capacity_sectors) for link in chain.links] == [
        (FORMATS[kind], "ide", SECTORS)
    ]


@pytest.mark.parametrize(("kind", "create_type"), [("flat", "monolithicSparse"), ("vmfs", "vmfsSparse")])
def test_a_delta_is_of_the_kind_that_the_products_of_its_base_write(
    tmp_path: Path, kind: Kind, create_type: str
) -> None:
    base = make_disk(tmp_path / "base.vmdk", kind, cid="0000000a")
    chain = read_chain(make_disk(tmp_path / "disk.vmdk", kind, parent=base), folder=tmp_path)
    assert chain.problems == ()
    assert [link.file for link in chain.links] == ["disk.vmdk", "base.vmdk"]
    assert chain.links[0].create_type == create_type


@pytest.mark.peer
@needs_qemu
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "plain"])
def test_qemu_img_opens_it(tmp_path: Path, kind: Kind) -> None:
    assert qemu_info(make_disk(tmp_path / "disk.vmdk", kind))["virtual-size"] == SECTORS * 512


def test_a_vm_has_each_disk_that_it_names_for_its_bus(tmp_path: Path) -> None:
    lines = """
        scsi0.present = "TRUE"
        scsi0:1.present = "TRUE"
        scsi0:1.fileName = "a.vmdk"
        ide1:0.present = "TRUE"
        ide1:0.fileName = "below/b.vmdk"
        """
    vm = make_vm(tmp_path, lines, hw=4, guest="rhel4")
    assert (vm.hardware.version, vm.guest.id) == (4, "rhel4")
    assert [(disk.id, disk.chain.adapter, disk.chain.problems) for disk in vm.disks if disk.chain is not None] == [
        ("ide1:0", "ide", ()),
        ("scsi0:1", "lsilogic", ()),
    ]


@pytest.mark.corpus
@needs_corpus
def test_real_configs_have_the_disks_that_they_name_beside_themselves(tmp_path: Path) -> None:
    found = 0
    for number, path in enumerate(sorted((CORPUS / "vmx").glob("*.vmx"))):
        config = set_up_corpus_vm(path, tmp_path / str(number))
        assert config.read_bytes() == path.read_bytes()
        try:
            vm = read_machine(config)
        except InputError:
            continue  # a template, which says no more than a few settings
        for disk in vm.disks:
            if disk.file is not None and disk.file.endswith(".vmdk") and not set(disk.file) & set("/\\:"):
                assert disk.chain is not None
                assert disk.chain.problems == ()
                found += 1
    assert found > 50
