"""Disks of every kind that qemu-img makes are read as qemu-img reads them, and stay sound under an edit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from peers import CORPUS, SUBFORMATS, PeerRefused, needs_corpus, needs_qemu, qemu_check, qemu_create, qemu_info

from vmxtool.vmdk.chain import Chain, read_chain
from vmxtool.vmdk.descriptor_edits import with_ddb

if TYPE_CHECKING:
    from peers import Adapter, Subformat

pytestmark = [pytest.mark.peer, needs_qemu]

ADAPTERS: tuple[Adapter, ...] = ("ide", "lsilogic", "buslogic", "legacyESX")
MIB = 2**20


def read(path: Path) -> Chain:
    return read_chain(path, folder=path.parent)


def agrees(chain: Chain, position: int, info: dict[str, Any]) -> None:
    """One link says what qemu-img says of it."""
    link, said = chain.links[position], info["format-specific"]["data"]
    assert link.capacity_bytes == info["virtual-size"]
    assert (link.create_type, link.cid, link.parent_cid) == (said["create-type"], said["cid"], said["parent-cid"])
    names = [Path(extent["filename"]).name for extent in said["extents"]]
    assert [extent.file for extent in link.extents] == names
    assert link.unclean_shutdown == info["dirty-flag"]


@pytest.mark.parametrize("subformat", SUBFORMATS)
@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_disk_is_read_as_qemu_reads_it(subformat: Subformat, adapter: Adapter, tmp_path: Path) -> None:
    disk = qemu_create(tmp_path / "a.vmdk", 3 * MIB, subformat, adapter=adapter, hwversion=7)
    chain = read(disk)
    assert chain.problems == ()
    agrees(chain, 0, qemu_info(disk))
    assert (chain.adapter, chain.hw_version) == (adapter, 7)


@pytest.mark.parametrize("size", [512, 65536, 3 * 2**30, 5 * 2**40])
@pytest.mark.parametrize("subformat", ["monolithicSparse", "twoGbMaxExtentSparse"])
def test_sizes_from_one_sector_to_terabytes(subformat: Subformat, size: int, tmp_path: Path) -> None:
    if subformat == "twoGbMaxExtentSparse" and size > 2**40:
        size = 100 * 2**30  # each extent is a file
    disk = qemu_create(tmp_path / "a.vmdk", size, subformat)
    chain = read(disk)
    assert chain.problems == ()
    agrees(chain, 0, qemu_info(disk))


@pytest.mark.parametrize("subformat", ["monolithicSparse", "twoGbMaxExtentSparse"])
def test_a_chain_is_followed_as_qemu_follows_it(subformat: Subformat, tmp_path: Path) -> None:
    base = qemu_create(tmp_path / "a.vmdk", 3 * MIB, subformat, adapter="lsilogic")
    middle = qemu_create(tmp_path / "b.vmdk", 3 * MIB, subformat, adapter="lsilogic", backing=base)
    top = qemu_create(tmp_path / "c.vmdk", 3 * MIB, subformat, adapter="lsilogic", backing=middle)
    chain, said = read(top), qemu_info(top, chain=True)["chain"]
    assert chain.problems == ()
    assert len(chain.links) == len(said) == 3
    for position, info in enumerate(said):
        agrees(chain, position, info)


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_an_edited_descriptor_inside_a_disk_is_sound_for_qemu(adapter: Adapter, tmp_path: Path) -> None:
    disk = qemu_create(tmp_path / "a.vmdk", 3 * MIB, adapter="ide")
    (link,) = read(disk).links
    assert link.descriptor is not None
    assert link.descriptor_offset is not None
    edited = bytes(with_ddb(with_ddb(link.descriptor, "adapterType", adapter), "virtualHWVersion", "11"))
    assert len(edited) == link.descriptor_size
    before = disk.read_bytes()
    with disk.open("r+b") as stream:
        stream.seek(link.descriptor_offset)
        stream.write(edited)
    after = disk.read_bytes()
    assert before[:512] == after[:512]
    assert before[512 + len(edited) :] == after[512 + len(edited) :]
    chain = read(disk)
    assert chain.problems == ()
    assert (chain.adapter, chain.hw_version) == (adapter, 11)
    agrees(chain, 0, qemu_info(disk))
    assert qemu_check(disk)["check-errors"] == 0


@pytest.mark.corpus
@needs_corpus
def test_real_disks_are_read_as_qemu_reads_them() -> None:
    compared = 0
    for path in sorted((CORPUS / "vmdk-binary").glob("*")):
        try:
            info = qemu_info(path)
        except PeerRefused:  # its extents are missing on purpose
            continue
        if info["format"] == "vmdk":
            agrees(read(path), 0, info)
            compared += 1
    assert compared >= 9
