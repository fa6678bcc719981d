"""A disk is followed to its files and to its base, and every fact comes from the link that VMware takes it from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from build import descriptor, make_disk, sparse_descriptor
from vmdk import disks

from vmxtool.evidence import Evidence
from vmxtool.vmdk.chain import Chain, Link, read_chain
from vmxtool.vmdk.formats import format_of

if TYPE_CHECKING:
    from pathlib import Path


def read(folder: Path, name: str = "a.vmdk") -> Chain:
    return read_chain(folder / name, folder=folder)


def only(chain: Chain) -> Link:
    assert chain.problems == ()
    (link,) = chain.links
    return link


def kinds(chain: Chain) -> list[str]:
    return [problem.kind for problem in chain.problems]


# --- one link ---


def test_a_flat_disk(tmp_path: Path) -> None:
    disks.put(tmp_path, a_vmdk=descriptor('RW 8 FLAT "a-flat.vmdk" 0'), a__flat_vmdk=bytes(4096))
    link = only(read(tmp_path))
    assert (link.file, link.location, link.create_type, link.format) == ("a.vmdk", "text", "monolithicFlat", "hosted")
    assert (link.capacity_sectors, link.capacity_bytes, link.adapter, link.hw_version) == (8, 4096, "ide", 4)
    assert (link.cid, link.parent_cid, link.is_child) == (0x12345678, 0xFFFFFFFF, False)
    (extent,) = link.extents
    assert (extent.file, extent.exists, extent.outside, extent.line) == ("a-flat.vmdk", True, False, 8)
    assert extent.path == tmp_path / "a-flat.vmdk"
    assert link.evidence("DDB.ADAPTERTYPE") == (Evidence("a.vmdk", 13, "ddb.adapterType", "ide"),)


def test_a_sparse_disk_with_its_descriptor_inside(tmp_path: Path) -> None:
    text = sparse_descriptor(8192, "a.vmdk")
    disks.put(tmp_path, a_vmdk=disks.sparse_disk(text, uncleanShutdown=1))
    link = only(read(tmp_path))
    assert (link.location, link.format, link.capacity_sectors) == ("embedded", "hosted", 8192)
    assert (link.descriptor_offset, link.descriptor_size) == (512, 10240)
    assert link.descriptor is not None
    assert bytes(link.descriptor) == text.ljust(10240, b"\x00")
    assert link.unclean_shutdown
    assert link.evidence("uncleanShutdown") == (Evidence("a.vmdk", None, "uncleanShutdown", "1"),)


@pytest.mark.parametrize("named", ["generated-stream.vmdk", "other.vmdk"])
def test_the_first_extent_of_an_embedded_descriptor_is_the_file_itself(named: str, tmp_path: Path) -> None:
    text = descriptor(f'RDONLY 8192 SPARSE "{named}"', create_type="streamOptimized")
    disks.put(tmp_path, a_vmdk=disks.streamed(text), other_vmdk=b"")
    link = only(read(tmp_path))
    assert link.format == "transport"
    (extent,) = link.extents
    assert (extent.file, extent.exists, extent.access, extent.path) == ("a.vmdk", True, "RDONLY", tmp_path / "a.vmdk")


def test_an_extent_without_a_descriptor(tmp_path: Path) -> None:
    disks.put(tmp_path, a_vmdk=disks.extent_file(8192), b_vmdk=disks.sparse_disk())
    for name in ("a.vmdk", "b.vmdk"):
        link = only(read(tmp_path, name))
        assert (link.location, link.format, link.capacity_sectors) == ("header-only", "hosted", 8192)
        assert (link.create_type, link.adapter, link.cid, link.descriptor) == (None, None, None, None)
        assert link.extents[0].file == name


def test_a_split_disk_of_which_one_piece_was_not_closed(tmp_path: Path) -> None:
    lines = ['RW 4096 SPARSE "a-s001.vmdk"', 'RW 4096 SPARSE "a-s002.vmdk"', "RW 100 ZERO"]
    disks.put(
        tmp_path,
        a_vmdk=descriptor(*lines, create_type="twoGbMaxExtentSparse"),
        a__s001_vmdk=disks.extent_file(4096),
        a__s002_vmdk=disks.extent_file(4096, uncleanShutdown=1),
    )
    link = only(read(tmp_path))
    assert link.capacity_sectors == 8292
    assert link.unclean_shutdown
    assert link.places == (Evidence("a-s002.vmdk", None, "uncleanShutdown", "1"),)
    assert [extent.file for extent in link.extents] == ["a-s001.vmdk", "a-s002.vmdk", None]


@pytest.mark.parametrize(
    ("create_type", "line", "data"),
    [
        ("vmfsSparse", 'RW 4194304 VMFSSPARSE "a-delta.vmdk"', disks.cowd()),
        ("seSparse", 'RW 8192 SESPARSE "a-delta.vmdk"', disks.sesparse()),
        ("vmfs", 'RW 8 VMFS "a-delta.vmdk"', bytes(4096)),
        ("vmfsRawDeviceMap", 'RW 8 VMFSRDM "a-delta.vmdk"', b""),
    ],
)
def test_the_kinds_of_esx(create_type: str, line: str, data: bytes, tmp_path: Path) -> None:
    disks.put(tmp_path, a_vmdk=descriptor(line, create_type=create_type), a__delta_vmdk=data)
    assert only(read(tmp_path)).format == ("device" if "RDM" in line else "esx")


@pytest.mark.parametrize(
    ("data", "product", "sectors"),
    [
        (disks.cowd(), "esx", 4194304),
        (disks.sesparse(), "esx", 8192),
        (disks.legacy_cowd(), "legacy", 8064),
        (disks.sparse_disk(flags=0x30001, version=3), "transport", 8192),
    ],
)
def test_binary_files_that_describe_themselves(data: bytes, product: str, sectors: int, tmp_path: Path) -> None:
    disks.put(tmp_path, a_vmdk=data)
    link = only(read(tmp_path))
    assert (link.location, link.format, link.capacity_sectors) == ("header-only", product, sectors)


def test_a_disk_of_workstation_3_in_two_files(tmp_path: Path) -> None:
    first = disks.legacy_cowd(flags=0x1B, filesPerDisk=2, capacity=4032, fileCapacity=4032)
    second = disks.legacy_cowd(flags=0x1B, filesPerDisk=2, capacity=4032, fileCapacity=4032, fileOrdinal=1)
    disks.put(tmp_path, a_vmdk=first)
    chain = read(tmp_path)
    assert kinds(chain) == ["extent-missing"]
    assert [(extent.file, extent.exists) for extent in chain.links[0].extents] == [
        ("a.vmdk", True),
        ("a-02.vmdk", False),
    ]
    disks.put(tmp_path, a__02_vmdk=second)
    link = only(read(tmp_path))
    assert (link.capacity_sectors, sum(extent.sectors for extent in link.extents)) == (8064, 8064)
    assert link.adapter_evidence == (Evidence("a.vmdk", None, "controller", "ide"),)


def test_a_plain_disk(tmp_path: Path) -> None:
    disks.put(
        tmp_path,
        a_pln=b'DRIVETYPE ide\nACCESS "a1.dat" 0 4\nACCESS "a2.dat" 4 4\n',
        a1_dat=bytes(2048),
        a2_dat=bytes(2047),
    )
    chain = read(tmp_path, "a.pln")
    assert kinds(chain) == ["extent-short"]
    (link,) = chain.links
    assert (link.location, link.format, link.adapter, link.capacity_sectors) == ("plain", "legacy", "ide", 8)
    assert link.adapter_evidence == (Evidence("a.pln", None, "DRIVETYPE", "ide"),)


def test_a_modern_descriptor_under_the_name_of_a_plain_disk(tmp_path: Path) -> None:
    disks.put(tmp_path, a_pln=descriptor('RW 8 FLAT "a.dat" 0'), a_dat=bytes(4096))
    assert only(read(tmp_path, "a.pln")).location == "text"


@pytest.mark.parametrize("name", ["a.raw", "a.dsk", "a.storage", "a.VHD"])
def test_a_raw_disk_is_one_without_complaint(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"\xeb\x63\x90" + bytes(509))
    link = only(read(tmp_path, name))
    assert (link.location, link.format, link.capacity_sectors, link.extents) == ("raw", "unknown", None, ())


@pytest.mark.parametrize(
    ("create_type", "extents", "expected"),
    [
        ("MONOLITHICSPARSE", ["SPARSE"], "hosted"),
        ("2GbMaxExtentFlat", ["FLAT"], "hosted"),
        ("streamOptimized", ["SPARSE"], "transport"),
        ("vmfsPassthroughRawDeviceMap", ["VMFSRDM"], "device"),
        ("partitionedDevice", ["FLAT", "ZERO"], "device"),
        ("vmfsEagerZeroedThick", ["VMFS"], "esx"),
        (None, ["VMFS"], "esx"),
        ("noSuchType", ["FLAT", "ZERO"], "hosted"),
        (None, ["FLAT", "VMFS"], "unknown"),
        (None, [], "unknown"),
    ],
)
def test_which_product_a_disk_is_native_to(create_type: str | None, extents: list[str], expected: str) -> None:
    assert format_of(create_type, extents) == expected


def test_an_encrypted_disk_with_change_tracking(tmp_path: Path) -> None:
    header = 'encryptionKeys="vmware:key/list/x"\nchangeTrackPath="a-ctk.vmdk"'
    disks.put(tmp_path, a_vmdk=descriptor("RW 8 ZERO", head=header))
    chain = read(tmp_path)
    assert chain.encrypted
    assert only(chain).change_tracking == "a-ctk.vmdk"


# --- chains ---


def snapshots(folder: Path) -> Path:
    """A base of VMFS kind and two deltas, as ESX lays them out."""
    base = make_disk(folder / "a.vmdk", "vmfs", sectors=8, adapter="lsilogic", hw=7, cid="aaaaaaaa")
    first = make_disk(folder / "a-000001.vmdk", "vmfs", sectors=8, cid="bbbbbbbb", parent=base)
    make_disk(folder / "a-000002.vmdk", "vmfs", sectors=8, cid="cccccccc", parent=first)
    return folder


def test_a_chain_from_the_newest_delta_to_the_base(tmp_path: Path) -> None:
    chain = read(snapshots(tmp_path), "a-000002.vmdk")
    assert chain.problems == ()
    assert [link.file for link in chain.links] == ["a-000002.vmdk", "a-000001.vmdk", "a.vmdk"]
    assert [link.is_child for link in chain.links] == [True, True, False]
    assert (chain.adapter, chain.hw_version, chain.capacity_bytes) == ("lsilogic", 7, 4096)
    assert chain.adapter_link is chain.links[2]
    assert chain.top is chain.links[0]


def test_the_adapter_of_the_newest_link_counts(tmp_path: Path) -> None:
    folder = snapshots(tmp_path)
    middle = folder / "a-000001.vmdk"
    middle.write_bytes(middle.read_bytes() + b'ddb.adapterType = "ide"\n')
    chain = read(folder, "a-000002.vmdk")
    assert chain.adapter == "ide"
    assert kinds(chain) == ["adapter-conflict"]
    assert [place.file for place in chain.problems[0].evidence] == ["a-000001.vmdk", "a.vmdk"]


def test_a_parent_that_was_written_to(tmp_path: Path) -> None:
    folder = snapshots(tmp_path)
    base = folder / "a.vmdk"
    base.write_bytes(base.read_bytes().replace(b"CID=aaaaaaaa", b"CID=1"))
    chain = read(folder, "a-000002.vmdk")
    assert kinds(chain) == ["cid-mismatch"]
    assert [(place.file, place.value) for place in chain.problems[0].evidence] == [
        ("a-000001.vmdk", "aaaaaaaa"),
        ("a.vmdk", "1"),
    ]


def test_content_ids_are_compared_as_numbers(tmp_path: Path) -> None:
    base = descriptor("RW 8 ZERO", cid="0000ABCD")
    disks.put(tmp_path, b_vmdk=base, a_vmdk=descriptor("RW 8 ZERO", parent="abcd", hint="b.vmdk", ddb=""))
    assert read(tmp_path).problems == ()


def test_links_of_different_capacity(tmp_path: Path) -> None:
    child = descriptor("RW 16 ZERO", parent="12345678", hint="b.vmdk", ddb="")
    disks.put(tmp_path, a_vmdk=child, b_vmdk=descriptor("RW 8 ZERO"))
    assert kinds(read(tmp_path)) == ["capacity-mismatch"]


def test_a_redo_log_over_a_sparse_disk(tmp_path: Path) -> None:
    base = sparse_descriptor(8192, "a.vmdk")
    redo = sparse_descriptor(8192, "a.vmdk.REDO", cid="1", parent="12345678", hint="a.vmdk")
    (tmp_path / "a.vmdk").write_bytes(disks.sparse_disk(base))
    (tmp_path / "a.vmdk.REDO_x").write_bytes(disks.sparse_disk(redo))
    chain = read(tmp_path, "a.vmdk.REDO_x")
    assert chain.problems == ()
    assert [link.file for link in chain.links] == ["a.vmdk.REDO_x", "a.vmdk"]


def test_a_redo_log_of_workstation_3_finds_the_parent_that_moved_with_it(tmp_path: Path) -> None:
    disks.put(tmp_path, w_vmdk=disks.legacy_cowd(), w_REDO=disks.legacy_child(b"C:\\My Virtual Machines\\w\\w.vmdk"))
    chain = read(tmp_path, "w.REDO")
    assert chain.problems == ()
    assert [link.format for link in chain.links] == ["legacy", "legacy"]


def test_a_child_of_workstation_3_whose_header_names_no_parent(tmp_path: Path) -> None:
    disks.put(tmp_path, w_REDO=disks.legacy_child(b""))
    assert kinds(read(tmp_path, "w.REDO")) == ["missing"]


@pytest.mark.parametrize("hint", ["../b.vmdk", "..\\b.vmdk", "/vmfs/volumes/4a5b/vm/b.vmdk", "[store] vm/b.vmdk"])
def test_a_parent_in_the_vms_folder_of_a_delta_below_it(hint: str, tmp_path: Path) -> None:
    below = tmp_path / "snap"
    below.mkdir()
    disks.put(below, a_vmdk=descriptor("RW 8 ZERO", parent="12345678", hint=hint, ddb=""))
    disks.put(tmp_path, b_vmdk=descriptor("RW 8 ZERO"))
    chain = read_chain(below / "a.vmdk", folder=tmp_path)
    assert chain.problems == ()
    assert chain.links[0].file == "snap/a.vmdk"
    assert chain.links[1].path.samefile(tmp_path / "b.vmdk")


def test_the_name_for_the_reader_is_the_callers(tmp_path: Path) -> None:
    disks.put(tmp_path, a_vmdk=descriptor("RW 8 ZERO"))
    assert read_chain(tmp_path / "a.vmdk", folder=tmp_path, name="[ds] vm/a.vmdk").links[0].file == "[ds] vm/a.vmdk"


def test_names_in_shift_jis_lead_to_their_files(tmp_path: Path) -> None:
    # Half of 表 and of ソ is the byte of a backslash.
    data = descriptor(
        'RW 8 FLAT "%-flat.vmdk" 0', parent="12345678", hint="ソ.vmdk", head='encoding="Shift_JIS"', ddb=""
    )
    (tmp_path / "a.vmdk").write_bytes(data.decode().replace("%", "ディスク表").encode("cp932"))
    (tmp_path / "ディスク表-flat.vmdk").write_bytes(bytes(4096))
    (tmp_path / "ソ.vmdk").write_bytes(descriptor("RW 8 ZERO"))
    chain = read(tmp_path)
    assert chain.problems == ()
    assert len(chain.links) == 2


def test_a_chain_of_nothing_has_no_facts() -> None:
    chain = Chain((), ())
    assert (chain.top, chain.adapter, chain.hw_version, chain.capacity_bytes, chain.capacity_sectors) == (None,) * 5
    assert not chain.unclean_shutdown
    assert not chain.encrypted
