"""Every real disk of the corpus is read, keeps its bytes, and takes an edit on one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from peers import CORPUS, needs_corpus

from vmxtool.vmdk.chain import read_chain
from vmxtool.vmdk.descriptor import Descriptor, is_descriptor
from vmxtool.vmdk.descriptor_edits import with_ddb
from vmxtool.vmdk.headers.cowd import COWDISK_HEADER
from vmxtool.vmdk.headers.legacy_cowd import LEGACY_COWD_HEADER
from vmxtool.vmdk.headers.read import kind_of
from vmxtool.vmdk.headers.sparse import SPARSE_EXTENT_HEADER, SparseHeader

if TYPE_CHECKING:
    from pathlib import Path

    from vmxtool.vmdk.headers.layout import Layout

pytestmark = [pytest.mark.corpus, needs_corpus]

HEAD = 64 * 1024


def files(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((CORPUS / folder).glob("*")) if path.is_file()]


def named(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


ALL = files("vmdk-text", "vmdk-binary", "vmdk-synthetic")
TEXTS = [path for path in ALL if kind_of(path.read_bytes()[:4]) is None and is_descriptor(path.read_bytes()[:HEAD])]
LAYOUTS: dict[str | None, tuple[Layout, ...]] = {
    "sparse": (SPARSE_EXTENT_HEADER,),
    "cowd": (COWDISK_HEADER, LEGACY_COWD_HEADER),
}


def test_the_corpus_is_not_empty() -> None:
    assert len(TEXTS) > 100
    assert len(ALL) > 130


@pytest.mark.parametrize("path", ALL, ids=named)
def test_a_disk_is_read_without_an_exception(path: Path) -> None:
    chain = read_chain(path, folder=path.parent)
    assert len(chain.links) >= 1
    for link in chain.links:
        assert link.capacity_sectors is None or link.capacity_sectors > 0
        assert link.descriptor is None or link.create_type is not None


@pytest.mark.parametrize("path", TEXTS, ids=named)
def test_a_descriptor_keeps_its_bytes_and_is_understood(path: Path) -> None:
    data = path.read_bytes()
    descriptor = Descriptor.parse(data)
    assert bytes(descriptor) == data
    assert descriptor.unknown == ()
    assert descriptor.extents != ()
    assert descriptor.version is not None


@pytest.mark.parametrize("path", TEXTS, ids=named)
def test_an_edit_touches_the_lines_of_its_key_alone(path: Path) -> None:
    data = path.read_bytes()
    descriptor = Descriptor.parse(data)
    for key in descriptor.ddb:
        assert bytes(with_ddb(descriptor, key, descriptor.ddb[key])) == data or descriptor.duplicates
    if "adapterType" not in descriptor.ddb:
        return
    edited = with_ddb(descriptor, "adapterType", "legacyESX")
    lines = {place.line for place in descriptor.places("ddb.adapterType")}
    pairs = zip(data.split(b"\n"), bytes(edited).split(b"\n"), strict=True)
    assert {number for number, (old, new) in enumerate(pairs, 1) if old != new} <= lines
    assert {edited.value_of(place) for place in edited.places("ddb.adapterType")} == {"legacyESX"}


@pytest.mark.parametrize("path", [path for path in ALL if kind_of(path.read_bytes()[:4]) in LAYOUTS], ids=named)
def test_a_binary_header_is_built_as_it_was(path: Path) -> None:
    data = path.read_bytes()[:HEAD]
    for layout in LAYOUTS[kind_of(data)]:
        header = data[: layout.size]
        assert layout.build(layout.parse(header, path)) == header


@pytest.mark.parametrize("path", files("vmdk-binary"), ids=named)
def test_no_real_header_is_called_damaged(path: Path) -> None:
    chain = read_chain(path, folder=path.parent)
    assert [problem for problem in chain.problems if problem.kind in {"header-damaged", "capacity-mismatch"}] == []
    for link in chain.links:
        if isinstance(link.header, SparseHeader):
            assert link.location == "embedded"
            assert link.descriptor is not None
            assert link.descriptor.padding_clean


@pytest.mark.parametrize("path", files("vmdk-synthetic"), ids=named)
def test_names_in_every_encoding_are_readable(path: Path) -> None:
    chain = read_chain(path, folder=path.parent)
    for link in chain.links:
        for extent in link.extents:
            assert extent.file is None or extent.file.isprintable()
            assert extent.file is None or link.descriptor is None or link.descriptor.codec != "iso8859_1"
