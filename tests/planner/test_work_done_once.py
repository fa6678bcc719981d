"""What a VM's files say is worked out once, however many products are asked about and however often a line stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from build import descriptor, write_config

from vmxtool import check_all, inspect
from vmxtool.vmdk.descriptor import Descriptor
from vmxtool.vmx import encodings
from vmxtool.vmx.document import Document

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

KEYS = 400


def test_what_is_left_of_a_bus_is_spelt_once_for_all_products(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A fuzzer's find: with 30,000 such keys a check of all products took 2.7 s.
    lines = "\n".join(f'nvme0:{number}.present = "4294967296"' for number in range(KEYS))
    vm = inspect(write_config(tmp_path, lines, hw=14))
    spelling, asked = Document.spelling, []

    def counted(document: Document, key: str) -> str:
        asked.append(key)
        return spelling(document, key)

    monkeypatch.setattr(Document, "spelling", counted)
    assert len(list(check_all(vm))) > 80
    assert sum(key.startswith("nvme0:") for key in asked) < 3 * KEYS


def test_of_equal_lines_of_a_disk_data_base_the_first_alone_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    # A fuzzer's find: 43,604 equal lines, each decoded in each of four readings.
    value = "Büro".encode()
    decode, decoded = encodings.decode, []

    def counted(raw: bytes, codec: str) -> str:
        decoded.append(raw)
        return decode(raw, codec)

    monkeypatch.setattr(encodings, "decode", counted)
    found = Descriptor.parse(descriptor() + b'ddb.comment = "%s"\n' % value * KEYS)
    assert len(found.places("ddb.comment")) == KEYS
    assert found.ddb["comment"] == "Büro"
    assert decoded.count(value) == 1
