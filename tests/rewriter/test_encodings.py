"""Configs whose letters are not ASCII: a rewrite reads, proves and writes them in the encoding they were read in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from build import IDE_DISK, make_vm
from cli.program import vmxtool as run
from hypothesis import given
from hypothesis import strategies as st

from vmxtool import inspect, plan_rewrite, undo
from vmxtool.vmx import encodings

if TYPE_CHECKING:
    from pathlib import Path


def vm_with(folder: Path, raw: bytes) -> Path:
    config = make_vm(folder, IDE_DISK, guest="rhel4", hw=7).config.path
    config.write_bytes(config.read_bytes() + raw)
    return config


@pytest.mark.parametrize(
    ("declared", "name"),
    [
        ("", "föo".encode()),
        ("", b"f\xf6o"),
        ("UTF-8", b"f\xf6o"),
        ("Shift_JIS", b"\x95\\"),
        ("UTF-7", b"f+APY-o"),
        ("UTF-7", b"f+\xf6o"),
        ("ISO-2022-JP", b"a\x1b$Bb"),
    ],
)
def test_a_setting_of_a_moved_disk_keeps_its_name_byte_for_byte(tmp_path: Path, declared: str, name: bytes) -> None:
    lines = f'.encoding = "{declared}"\n'.encode() if declared else b""
    config = vm_with(tmp_path, lines + b"ide0:0." + name + b' = "x"\nsched.ide0:0.' + name + b' = "y"\n')
    before = config.read_bytes()
    rewrite = plan_rewrite(config, ide_to_scsi=True)
    assert not rewrite.refused
    rewrite.apply()
    assert b"scsi0:0." + name + b' = "x"\nsched.scsi0:0.' + name + b' = "y"\n' in config.read_bytes()
    undo(config)
    assert config.read_bytes() == before


def test_a_guessed_encoding_stays_when_the_line_that_led_to_it_goes(tmp_path: Path) -> None:
    raw = 'displayName = "ä"\nsound.present = "TRUE"\n'.encode() + b'sound.pciSlotNumber = "\xff"\n'
    config = vm_with(tmp_path, raw)
    rewrite = plan_rewrite(config, hwversion=4)
    assert "sound.pciSlotNumber" in {change.key for change in rewrite.changes}
    rewrite.apply()
    assert 'displayName = "ä"'.encode() in config.read_bytes()


def test_half_a_character_in_utf_7_reaches_no_document_and_no_screen(tmp_path: Path) -> None:
    raw = b'.encoding = "utf-7"\ndisplayName = "+2AA-x"\nannotation = "+2AA-"\nide1:0.fileName = "+3AA-.vmdk"\n'
    config = vm_with(tmp_path, raw + b'ide1:0.present = "TRUE"\n')
    assert inspect(config).name == "\\ud800x"
    for words in (["inspect"], ["check", "--target", "esx3"], ["check"], ["rewrite", "--hwversion", "4"]):
        shown = run(*words, config)
        shown.out.encode()
        document = run(*words, "--format", "json", config)
        json.dumps(document.json(), ensure_ascii=False).encode()


@given(
    st.binary(max_size=30).map(lambda data: b"+" + data),
    st.sampled_from(["utf-7", "utf-8", "cp932", "gb18030", "hz", "iso2022_jp", "iso2022_kr", "big5hkscs"]),
)
def test_every_byte_decodes_to_text_that_every_encoding_of_unicode_can_write(data: bytes, codec: str) -> None:
    encodings.decode(data, codec).encode("utf-8")
