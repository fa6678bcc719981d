"""Names of character sets as VMware's table has them, and the codecs that read them."""

from __future__ import annotations

import codecs

import pytest

from vmxtool.vmx import encodings
from vmxtool.vmx.document import Document


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("UTF-8", "utf-8"),
        ("utf8", "utf-8"),
        ("windows-1250", "cp1250"),
        ("windows-1252", "cp1252"),
        ("windows-1258", "cp1258"),
        ("Windows-1251", "cp1251"),
        ("WINDOWS_1251", "cp1251"),
        ("windows-874", "cp874"),
        ("windows-932", "cp932"),
        ("windows-936", "gbk"),
        ("windows-949", "cp949"),
        ("windows-950", "cp950"),
        ("windows-28605", "iso8859_15"),
        ("windows-65001", "utf-8"),
        ("GBK", "gbk"),
        ("ibm-1386", "gbk"),
        ("GB18030", "gb18030"),
        ("Big5", "cp950"),
        ("Shift_JIS", "cp932"),
        ("Windows-31J", "cp932"),
        ("windows-949-2000", "cp949"),
        ("KS_C_5601-1987", "euc_kr"),
        ("ibm-874", "cp874"),
        ("TIS-620", "cp874"),
        ("HZ-GB-2312", "hz"),
        ("ISO-2022-JP", "iso2022_jp"),
        ("UTF-7", "utf-7"),
        ("ASCII", "ascii"),
        ("ANSI_X3.4-1968", "ascii"),
        ("ISO-8859-1", "iso8859_1"),
        ("ISO_8859-5:1988", "iso8859_5"),
        ("ISO-8859-6-E", "iso8859_6"),
        ("ISO-8859-8-I", "iso8859_8"),
        ("ISO-8859-15", "iso8859_15"),
        ("IBM437", "cp437"),
        ("IBM00858", "cp858"),
        ("IBM850", "cp850"),
        ("Windows-720", "cp720"),
        ("Windows-737", "cp737"),
        ("KOI8-R", "koi8_r"),
    ],
)
def test_a_name_of_vmware_has_its_codec(name: str, codec: str) -> None:
    assert encodings.codec(name) == codec
    assert codecs.lookup(codec).encode("A")[0].isascii()


@pytest.mark.parametrize(
    "name", ["", "-", "UTF-16LE", "UTF-32", "IBM037", "windows-1", "windows-99999", "klingon", "é"]
)
def test_a_name_that_no_file_of_vmware_can_have_has_none(name: str) -> None:
    assert encodings.codec(name) is None


@pytest.mark.parametrize("part", [*range(1, 11), 13, 14, 15])
def test_every_iso_8859_part_is_there(part: int) -> None:
    assert encodings.codec(f"ISO-8859-{part}") == f"iso8859_{part}"


def test_every_codec_in_the_table_exists_and_reads_ascii_as_ascii_unless_it_shifts() -> None:
    text = 'scsi0:0.fileName = "Disk_1 (copy).vmdk" # \\ / [x] {y}'
    for codec in {*encodings._codecs().values(), *encodings._CODE_PAGES.values()}:
        assert encodings.is_shifting(codec) or text.encode("ascii").decode(codec) == text


@pytest.mark.parametrize("name", ["Shift_JIS", "GBK", "Big5"])
def test_half_a_character_may_look_like_the_escape_sign(name: str) -> None:
    codec = encodings.codec(name)
    assert codec is not None
    pairs = [bytes([lead, 0x7C]) for lead in range(0x81, 0xFF) if encodings.is_valid(bytes([lead, 0x7C]), codec)]
    chars = {pair: char for pair in pairs if len(char := pair.decode(codec)) == 1}
    assert len(chars) >= 40
    for pair, char in chars.items():
        data = b'.encoding = "%s"\na = "%c|7C"\n' % (name.encode(), pair[0])
        assert Document.parse(data, "x.vmx")["a"] == char


def test_a_guess_prefers_utf_8_then_windows_western() -> None:
    assert encodings.guess(b"abc") == "utf-8"
    assert encodings.guess("Größe".encode()) == "utf-8"
    assert encodings.guess("Größe".encode("cp1252")) == "cp1252"
    assert encodings.guess(b"\x81") == "iso8859_1"


def test_a_byte_that_is_not_text_is_shown() -> None:
    assert encodings.decode(b"a\xff", "utf-8") == "a\\xff"
    assert not encodings.is_valid(b"a\xff", "utf-8")
    assert encodings.is_valid(b"a", "utf-8")
