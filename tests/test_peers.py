"""The peers answer as the other tests rely on, and their refusals arrive as such."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from build import write_config
from peers import (
    CORPUS,
    SUBFORMATS,
    PeerRefused,
    Subformat,
    needs_corpus,
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

MIB = 1 << 20


@pytest.mark.peer
@needs_qemu
@pytest.mark.parametrize("subformat", SUBFORMATS)
def test_qemu_makes_each_kind_of_disk_and_names_it_again(subformat: Subformat, tmp_path: Path) -> None:
    disk = qemu_create(tmp_path / "a.vmdk", 3 * MIB, subformat, adapter="lsilogic", hwversion=6)

    said = qemu_info(disk)

    assert (said["virtual-size"], said["format-specific"]["data"]["create-type"]) == (3 * MIB, subformat)


@pytest.mark.peer
@needs_qemu
def test_qemu_writes_the_adapter_and_the_hardware_version_into_the_descriptor(tmp_path: Path) -> None:
    disk = qemu_create(tmp_path / "a.vmdk", MIB, "monolithicFlat", adapter="buslogic", hwversion=7)

    lines = disk.read_text(encoding="ascii").splitlines()

    assert 'ddb.adapterType = "buslogic"' in lines
    assert 'ddb.virtualHWVersion = "7"' in lines


@pytest.mark.peer
@needs_qemu
def test_comparing_looks_at_content_and_not_at_the_kind(tmp_path: Path) -> None:
    sparse = qemu_create(tmp_path / "sparse.vmdk", 2 * MIB)
    qemu_write(sparse, 64 * 1024, 4096, 0xA5)
    copy = qemu_convert(sparse, tmp_path / "copy.vmdk", "streamOptimized")
    empty = qemu_create(tmp_path / "empty.vmdk", 2 * MIB)

    assert qemu_compare(sparse, copy)
    assert not qemu_compare(sparse, empty)


@pytest.mark.peer
@needs_qemu
def test_a_chain_is_told_from_the_top(tmp_path: Path) -> None:
    base = qemu_create(tmp_path / "base.vmdk", MIB)
    delta = qemu_create(tmp_path / "delta.vmdk", MIB, backing=base)

    links = qemu_info(delta, chain=True)["chain"]

    assert [Path(link["filename"]).name for link in links] == ["delta.vmdk", "base.vmdk"]


@pytest.mark.peer
@needs_qemu
def test_checking_finds_a_grain_table_that_points_nowhere(tmp_path: Path) -> None:
    disk = qemu_create(tmp_path / "a.vmdk", MIB)
    qemu_write(disk, 0, 65536, 0x11)
    sound = qemu_check(disk)
    content = bytearray(disk.read_bytes())
    directory = int.from_bytes(content[56:64], "little") * 512
    table = int.from_bytes(content[directory : directory + 4], "little") * 512
    content[table : table + 4] = b"\xff\xff\xff\x7f"
    disk.write_bytes(content)

    assert sound["check-errors"] == 0
    with pytest.raises(PeerRefused, match="EOF"):
        qemu_check(disk)


@pytest.mark.peer
@needs_qemu
def test_qemu_refusals_say_why(tmp_path: Path) -> None:
    disk = tmp_path / "a.vmdk"
    disk.write_text('# Disk DescriptorFile\nversion=1\nparentCID=ffffffff\ncreateType="odd"\n', encoding="ascii")

    with pytest.raises(PeerRefused, match="odd"):
        qemu_info(disk)
    with pytest.raises(PeerRefused, match="a\\.vmdk"):
        qemu_compare(disk, disk)
    with pytest.raises(PeerRefused, match="write failed"):
        qemu_write(qemu_create(tmp_path / "small.vmdk", MIB), 2 * MIB, 512, 0)


@pytest.mark.peer
@needs_virsh
def test_libvirt_reads_a_config_in_its_own_encoding(tmp_path: Path) -> None:
    config = write_config(tmp_path, '.encoding = "windows-1252"\ndisplayName = "Büro"', name="Büro.vmx")
    config.write_bytes(config.read_bytes().decode().encode("cp1252"))

    domain = virsh_domxml(config, tmp_path)

    assert domain.findtext("name") == "Büro"


@pytest.mark.peer
@needs_virsh
def test_libvirt_refusals_say_why(tmp_path: Path) -> None:
    config = write_config(tmp_path, hw=4, guest=None, config=9)

    with pytest.raises(PeerRefused, match=r"config\.version.*9"):
        virsh_domxml(config, tmp_path)


def shape(element: ET.Element) -> tuple[str, tuple[tuple[str, str], ...], str, tuple[object, ...]]:
    """A domain without what its driver adds: the product, the boot order and the folders that files lie in."""
    attributes = {
        key: re.split("[/ ]", value)[-1].lower() if key in {"file", "path"} else value for key, value in element.items()
    }
    if element.tag == "domain":
        attributes.pop("type")
    children = tuple(shape(child) for child in element if child.tag != "boot")
    return element.tag, tuple(sorted(attributes.items())), (element.text or "").strip(), children


# libvirt drops a file on a datastore that its ESX connection does not know; a Player connection knows no datastores.
NEEDS_AN_ESX_HOST = {"cdrom-ide-file-missing-datastore"}
CONFIGS_LIBVIRT_KNOWS = sorted(
    path for path in (CORPUS / "libvirt").glob("*.xml") if path.stem not in NEEDS_AN_ESX_HOST
)


@pytest.mark.peer
@pytest.mark.corpus
@needs_corpus
@needs_virsh
@pytest.mark.parametrize("expected", CONFIGS_LIBVIRT_KNOWS, ids=[path.stem for path in CONFIGS_LIBVIRT_KNOWS])
def test_libvirt_reads_its_own_test_configs_as_it_says(expected: Path, tmp_path: Path) -> None:
    domain = virsh_domxml(expected.with_suffix(".vmx"), tmp_path)

    assert shape(domain) == shape(ET.parse(expected).getroot())
