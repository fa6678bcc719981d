"""A descriptor keeps every byte, reads what real files contain, and edits one key alone."""

from __future__ import annotations

import pytest
from build import descriptor
from hypothesis import example, given
from hypothesis import strategies as st

from vmxtool import _grammar
from vmxtool.vmdk.descriptor import NO_PARENT, Descriptor, is_descriptor
from vmxtool.vmdk.descriptor_edits import with_ddb
from vmxtool.vmdk.descriptor_lines import parse_extent, tokens
from vmxtool.vmdk.problems import line_problems

# Pieces of descriptors, good and bad, and what may stand between them.
PIECES = st.sampled_from(
    [
        b"# Disk DescriptorFile",
        b"version=1",
        b"CID=fffffffe ",
        b'parentFileNameHint="a\\b"c.vmdk"',
        b'RW 2048 FLAT "x y-flat.vmdk" 0',
        b"rdonly\t1 zero",
        b"RW -5 FLAT",
        b'ddb.adapterType = "ide"',
        b'ddb.adapterType="lsilogic"\t',
        b"ddb.toolsVersion = 1",
        b'encoding="Shift_JIS"',
        b"\x83\x7c",
        b"\xef\xbb\xbf",
        b'"',
        b"=",
        b" ",
        b"\x00",
        b"\r",
        b"\n",
        b"\n",
        b"\r\n",
    ]
)
DESCRIPTORS = st.lists(PIECES, max_size=30).map(b"".join)


@given(st.one_of(st.binary(max_size=300), DESCRIPTORS))
@example(b"")
@example(b"\x00")
@example(b"\xef\xbb\xbf\xef\xbb\xbf\x00\xef\xbb\xbf")
@example(b"RW 1 FLAT\x00RW 1 FLAT\n")
def test_every_input_is_a_descriptor_and_prints_as_itself(data: bytes) -> None:
    assert "".join(text for _, text in tokens(data)).encode("latin-1") == data
    descriptor = Descriptor.parse(data)
    assert bytes(descriptor) == data
    assert descriptor.text_size == len(data.partition(b"\x00")[0])
    for setting in descriptor.settings:
        assert data[setting.start : setting.start + len(setting.raw)] == setting.raw
    assert all(0 < it.line <= data.count(b"\n") + 1 for it in descriptor.unknown if it.line)
    str(line_problems(descriptor))


def test_a_long_text_is_read_in_pieces_without_a_seam() -> None:
    lines = [f'RW 8323072 SPARSE "disk-s{number:05}.vmdk"' for number in range(5000)]
    parsed = Descriptor.parse(descriptor(*lines))
    assert [extent.line for extent in parsed.extents] == list(range(8, 5008))
    assert parsed.ddb["adapterType"] == "ide"
    assert parsed.unknown == ()


def test_the_parser_never_sees_much_more_than_a_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    real = _grammar.tokens

    def count(grammar: str, text: str, start: str) -> list[tuple[str, str]]:
        sizes.append(len(text))
        return real(grammar, text, start)

    monkeypatch.setattr(_grammar, "tokens", count)
    Descriptor.parse(b"# a comment\n" * 50000)
    assert max(sizes) < 2**17


def test_padding_behind_a_long_text_is_no_text_whatever_it_holds() -> None:
    text = b"# a comment\n" * 10000
    descriptor = Descriptor.parse(text + b"\x00" + b"RW 1 ZERO\n" * 20000)
    assert descriptor.text_size == len(text)
    assert descriptor.extents == ()
    assert not descriptor.padding_clean


def test_the_keys_of_a_delta() -> None:
    data = descriptor(cid="8f67CA74", parent="172e8a4", hint="base.vmdk", head='isNativeSnapshot="yes"')
    delta = Descriptor.parse(data)
    assert (delta.version, delta.cid, delta.parent_cid) == (1, 0x8F67CA74, 0x172E8A4)
    assert (delta.parent_file_name_hint, delta.is_native_snapshot) == ("base.vmdk", True)
    assert (delta.change_track_path, delta.encoding, delta.encrypted) == (None, None, False)
    assert Descriptor.parse(descriptor()).parent_cid == NO_PARENT


@pytest.mark.parametrize(
    "line",
    [
        'createType="vmfs"',
        'CREATETYPE="vmfs"',
        'createType = "vmfs"',
        '\tcreateType\t=\t"vmfs"\t ',
        "createType=vmfs  ",
        'createType="vmfs"\r',
    ],
)
def test_a_value_in_every_form_that_real_files_have(line: str) -> None:
    assert Descriptor.parse(f"{line}\n".encode()).create_type == "vmfs"
    assert Descriptor.parse(line.rstrip("\r").encode()).create_type == "vmfs"


def test_a_quoted_value_runs_to_the_last_quote_of_its_line() -> None:
    assert Descriptor.parse(b'parentFileNameHint="a"b.vmdk" \n').parent_file_name_hint == 'a"b.vmdk'
    (setting,) = Descriptor.parse(b'parentFileNameHint = ""a""\n').settings
    assert (setting.raw, setting.start) == (b'"a"', 22)


@pytest.mark.parametrize(
    "line", ['createType="vmfs', 'createType="vmfs" # note', "createType", "=x", "version=1\rCID=2"]
)
def test_a_line_of_no_known_form_is_unknown_and_harmless(line: str) -> None:
    descriptor = Descriptor.parse(f"CID=1\n{line}\nparentCID=2\n".encode())
    assert [(it.line, it.text) for it in descriptor.unknown] == [(2, line)]
    assert (descriptor.cid, descriptor.parent_cid) == (1, 2)


def test_comments_and_blank_lines_are_no_part_of_it() -> None:
    descriptor = Descriptor.parse(b"\n  # CID=9\n\t\nCID=1\n#vm|VERSION 2\n")
    assert (descriptor.cid, descriptor.unknown) == (1, ())


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("0", 0),
        ("fffffffe", 0xFFFFFFFE),
        ("7716 1c8", None),
        ("123456789", None),
        ("0x12", None),
        ("", None),
        ("-1", None),
    ],
)
def test_a_content_id_is_1_to_8_hexadecimal_digits(value: str, number: int | None) -> None:
    descriptor = Descriptor.parse(f"version=1\nCID={value}\nparentCID=ffffffff\n".encode())
    assert descriptor.cid == number
    assert ("not a content ID" in str(line_problems(descriptor))) == (number is None)


def test_what_a_sound_descriptor_has_is_missed_where_it_is_missing() -> None:
    assert [it.problem for it in line_problems(Descriptor.parse(b"\n"))] == [
        "no version line",
        "no CID line",
        "no parentCID line",
    ]
    assert line_problems(Descriptor.parse(descriptor('RW 1 FLAT "x" 0'))) == ()


def test_a_byte_order_mark_is_noted_and_does_not_hide_the_first_line() -> None:
    descriptor = Descriptor.parse(b"\xef\xbb\xbfversion=2\nCID=1\nparentCID=2\n")
    assert (descriptor.version, descriptor.settings[0].start) == (2, 11)
    assert [it.problem for it in line_problems(descriptor)] == ["a byte order mark before the first line"]


def test_a_key_on_two_lines() -> None:
    parsed = Descriptor.parse(descriptor("", ddb='ddb.adapterType = "ide"\nDDB.adaptertype = "lsilogic"\n'))
    assert parsed.ddb["adapterType"] == "ide"
    assert [[setting.line for setting in same] for same in parsed.duplicates] == [[12, 13]]


def test_the_disk_data_base_in_any_case_and_without_its_prefix() -> None:
    ddb = Descriptor.parse(b'ddb.adapterType="ide"\nDDB.Geometry.heads = "16"\ncreateType="x"\n').ddb
    assert dict(ddb) == {"adapterType": "ide", "Geometry.heads": "16"}
    assert ddb["ADAPTERTYPE"] == "ide"
    assert "geometry.HEADS" in ddb
    assert len(ddb) == 2


@pytest.mark.parametrize("line", ['encryptionKeys="vmware:key/list/x"', 'keyID="1"'])
def test_a_descriptor_that_names_keys_is_encrypted(line: str) -> None:
    assert Descriptor.parse(descriptor(head=line)).encrypted


# --- extent lines ---


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('RW 8 FLAT "a b.vmdk" 63', ("RW", 8, "FLAT", "a b.vmdk", 63, "")),
        ('rdonly\t8  sparse "a.vmdk" ', ("RDONLY", 8, "SPARSE", "a.vmdk", None, "")),
        ("NOACCESS 8 ZERO", ("NOACCESS", 8, "ZERO", None, None, "")),
        ('RW 8 ZERO "x"', ("RW", 8, "ZERO", "x", None, "")),
        ('  RW 8 FLAT "a"b.img" 0', ("RW", 8, "FLAT", 'a"b.img', 0, "")),
        (
            r'RW 8 FLAT "\\.\PhysicalDrive0" 63 partitionUUID "x y"',
            ("RW", 8, "FLAT", r"\\.\PhysicalDrive0", 63, 'partitionUUID "x y"'),
        ),
        ('RW 8 VMFS "a" note', ("RW", 8, "VMFS", "a", None, "note")),
    ],
)
def test_an_extent_line(line: str, expected: tuple[object, ...]) -> None:
    (extent,) = Descriptor.parse(line.encode()).extents
    assert (extent.access, extent.sectors, extent.type, extent.file, extent.offset, extent.extra) == expected
    assert extent.problem == ""


@pytest.mark.parametrize(
    ("line", "file", "said"),
    [
        ("RW 8 FLAT a.img 0", "a.img", "without quotes"),
        ("RW 8 FLAT 'a b.img' 0", "a b.img", "single quotes"),
        ('RW 8 FLAT "a.img', None, "closing quote"),
        ('RW 8 FLAT "a.img"', "a.img", "without its offset"),
        ("RW 8 FLAT", None, "names no file"),
        ('RW 8 SPARSE ""', None, "names no file"),
        ('RW 0 FLAT "a" 0', "a", "0 sectors"),
        ('RW 9223372036854775807 FLAT "a" 0', "a", "more sectors"),
        ('RW 8 FLAT "a" 9999999999999999999', "a", "more sectors"),
    ],
)
def test_an_extent_line_that_vmware_would_not_write(line: str, file: str | None, said: str) -> None:
    descriptor = Descriptor.parse(line.encode())
    (extent,) = descriptor.extents
    assert extent.file == file
    assert said in extent.problem
    assert any(said in it.problem for it in line_problems(descriptor))


@pytest.mark.parametrize(
    "line", ["RW -5 FLAT", 'RW 99999999999999999999 FLAT "x" 0', "RW x FLAT", "RW 8", "RWX 8 FLAT"]
)
def test_what_looks_like_an_extent_and_is_none(line: str) -> None:
    descriptor = Descriptor.parse(line.encode())
    assert descriptor.extents == ()
    assert len(descriptor.unknown) == 1


def test_a_line_that_the_grammar_does_not_take_for_an_extent_is_refused() -> None:
    with pytest.raises(ValueError, match="line 7 is not"):
        parse_extent("version=1\n", 7, bytes.decode)


# --- character sets ---


@pytest.mark.parametrize(
    ("declared", "codec", "name"),
    [
        ("Shift_JIS", "cp932", "ディスク表"),
        ("Shift_JIS", "cp932", "ポンプ表ソ"),
        ("GBK", "gbk", "磁盘乗乚"),
        ("Big5", "cp950", "磁碟功許"),
        ("windows-949-2000", "cp949", "디스크"),
        ("windows-1252", "cp1252", "été"),
        ("windows-1251", "cp1251", "Диск"),
        ("UTF-8", "utf-8", "磁盘"),
        ("ISO-2022-JP", "iso2022_jp", "ディスク"),
    ],
)
@pytest.mark.parametrize("key", ['encoding="{}"', 'ddb.encoding = "{}"'])
def test_names_in_the_declared_encoding(declared: str, codec: str, name: str, key: str) -> None:
    data = f'{key.format(declared)}\nRW 8 FLAT "{name}-flat.vmdk" 0\nparentFileNameHint="{name}.vmdk"\n'.encode(codec)
    descriptor = Descriptor.parse(data)
    assert (descriptor.codec, descriptor.encoding) == (codec, declared)
    assert descriptor.extents[0].file == f"{name}-flat.vmdk"
    assert descriptor.parent_file_name_hint == f"{name}.vmdk"


def test_the_declared_encoding_is_believed_though_the_bytes_are_valid_utf_8() -> None:
    assert "位".encode("gbk").decode("utf-8") == "λ"
    data = 'encoding="GBK"\nRW 8 FLAT "位.vmdk" 0\n'.encode("gbk")
    assert Descriptor.parse(data).extents[0].file == "位.vmdk"


@pytest.mark.parametrize(
    ("data", "codec", "name"),
    [
        ('RW 8 ZERO "été"\n'.encode(), "utf-8", "été"),
        ('RW 8 ZERO "été"\n'.encode("cp1252"), "cp1252", "été"),
        (b'RW 8 ZERO "\x81"\n', "iso8859_1", "\x81"),
        ('encoding= #"UTF-8"\nRW 8 ZERO "é"\n'.encode(), "utf-8", "é"),
        ('encoding="no-such"\nRW 8 ZERO "é"\n'.encode("cp1252"), "cp1252", "é"),
        ('encoding="UTF-8"\nRW 8 ZERO "é"\n'.encode("cp1252"), "cp1252", "é"),
    ],
)
def test_without_a_usable_declaration_the_bytes_decide(data: bytes, codec: str, name: str) -> None:
    descriptor = Descriptor.parse(data)
    assert (descriptor.codec, descriptor.extents[0].file) == (codec, name)


# --- is it one ---


@pytest.mark.parametrize(
    "head",
    [
        b"# Disk DescriptorFile\n",
        b"# Disk Descriptor File\n",
        b"# disk descriptorfile\r\nversion=1\r\n",
        b"\xef\xbb\xbf# Disk DescriptorFile\n",
        b"# (c) somebody\n\n  version = 1\n",
        b"# VMDK by a converter\nCID=1\n",
        b'# no mark\nRW 1 FLAT "x" 0\n',
        b"# Disk DescriptorFile\rversion=1\r",
    ],
)
def test_text_that_is_a_descriptor(head: bytes) -> None:
    assert is_descriptor(head)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\x00" * 512,
        b"\xeb\x63\x90\x00\nversion=1\n",
        b"DRIVETYPE ide\n",
        b"the version=1\n",
        b"conversion=1\n",
        b"RW x\n",
    ],
)
def test_bytes_that_are_no_descriptor(head: bytes) -> None:
    assert not is_descriptor(head)


# --- edits ---


def test_an_edit_changes_the_value_on_every_line_of_its_key_and_nothing_else() -> None:
    data = b'version=1 \r\n\r\nDDB.adapterType="ide"\t\r\nx\r\n  ddb.adaptertype =  "ide" \r\nddb.uuid = "60 \xe9"'
    edited = with_ddb(Descriptor.parse(data), "adapterType", "lsilogic")
    assert bytes(edited) == data.replace(b'"ide"', b'"lsilogic"')
    assert edited.ddb["adapterType"] == "lsilogic"


@given(
    data=st.tuples(DESCRIPTORS, DESCRIPTORS).map(lambda ends: ends[0] + b'\nddb.adapterType = "ide"\n' + ends[1]),
    value=st.text("abcXYZ019 .,-_", max_size=12),
)
def test_an_edit_touches_its_own_lines_only(data: bytes, value: str) -> None:
    before = Descriptor.parse(data)
    if not before.places("ddb.adapterType"):
        return  # a NUL stands in front of it, so it is padding
    try:
        after = with_ddb(before, "adapterType", value)
    except ValueError:
        # An unquoted value cannot be empty and has no blanks at its ends.
        assert any(not place.quoted for place in before.places("ddb.adapterType"))
        assert value.strip() != value or not value
        return
    touched = {place.line for place in before.places("ddb.adapterType")}
    old, new = data.split(b"\n"), bytes(after).split(b"\n")
    assert len(old) == len(new)
    assert {number for number, pair in enumerate(zip(old, new, strict=True), 1) if pair[0] != pair[1]} <= touched
    assert {after.value_of(place) for place in after.places("DDB.ADAPTERTYPE")} == {value}
    assert bytes(before) == data


@given(DESCRIPTORS)
def test_setting_a_value_to_what_it_is_changes_no_byte(data: bytes) -> None:
    descriptor = Descriptor.parse(data + b'\nddb.uuid = "1"')
    if descriptor.ddb.get("uuid") == "1":
        assert bytes(with_ddb(descriptor, "ddb.uuid", "1")) == bytes(descriptor)


def test_a_key_that_no_line_carries() -> None:
    with pytest.raises(KeyError, match=r"ddb\.adapterType"):
        with_ddb(Descriptor.parse(descriptor("", ddb="")), "adapterType", "ide")


@pytest.mark.parametrize("value", ['a"b', "a\nb", "a\rb", "a\x00b", "é"])
def test_a_value_that_a_line_cannot_hold_is_refused_by_name(value: str) -> None:
    descriptor = Descriptor.parse(b'encoding="windows-1251"\nddb.comment = ""\n')
    with pytest.raises(ValueError, match=r"ddb\.comment"):
        with_ddb(descriptor, "comment", value)


def test_an_unquoted_value_stays_unquoted() -> None:
    descriptor = Descriptor.parse(b"ddb.adapterType = ide  \n")
    assert bytes(with_ddb(descriptor, "adapterType", "buslogic")) == b"ddb.adapterType = buslogic  \n"
    with pytest.raises(ValueError, match="line 1 has none"):
        with_ddb(descriptor, "adapterType", "")


# --- inside a disk file ---


def region(size: int, text: bytes = b'ddb.adapterType = "ide"\n') -> Descriptor:
    return Descriptor.parse(text.ljust(size, b"\x00"), region=True)


def test_padding_gives_way_to_a_longer_value_and_grows_behind_a_shorter_one() -> None:
    longer = with_ddb(region(64), "adapterType", "lsilogic")
    assert bytes(longer) == b'ddb.adapterType = "lsilogic"\n'.ljust(64, b"\x00")
    assert bytes(with_ddb(longer, "adapterType", "ide")) == bytes(region(64))


def test_a_region_with_a_byte_to_spare_takes_the_value_and_one_without_refuses() -> None:
    needed = len(b'ddb.adapterType = "lsilogic"\n')
    assert len(bytes(with_ddb(region(needed + 1), "adapterType", "lsilogic"))) == needed + 1
    with pytest.raises(ValueError, match="too few"):
        with_ddb(region(needed), "adapterType", "lsilogic")


def test_a_region_filled_to_the_last_byte_takes_a_value_of_the_same_length() -> None:
    text = b'ddb.adapterType = "ide"\n'
    assert bytes(with_ddb(region(len(text), text), "adapterType", "xyz")) == text.replace(b"ide", b"xyz")
    with pytest.raises(ValueError, match="too few"):
        with_ddb(region(len(text), text), "adapterType", "lsilogic")


@pytest.mark.parametrize("cid", ["f00dcafe", "abc1234", "abc123", "abc12", "7"])
def test_what_qemu_leaves_of_a_longer_text_is_nothing_unknown(cid: str) -> None:
    before = b'# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\nddb.adapterType = "ide"\n'
    after = before.replace(b"12345678", cid.encode())
    # QEMU copies the new text over the old one, with its NUL, and leaves what was longer.
    sectors = after + b"\x00" + before[len(after) + 1 :]
    found = Descriptor.parse(sectors.ljust(1024, b"\x00"), region=True)
    assert found.padding_clean
    assert line_problems(found) == ()
    longer = with_ddb(found, "adapterType", "lsilogic")
    assert bytes(longer) == after.replace(b"ide", b"lsilogic").ljust(1024, b"\x00")


def test_something_unknown_behind_the_text_forbids_another_length() -> None:
    data = b'ddb.adapterType = "lsilogic"\n\x00\x00?\x00'
    descriptor = Descriptor.parse(data, region=True)
    assert not descriptor.padding_clean
    assert bytes(with_ddb(descriptor, "adapterType", "buslogic")) == data.replace(b"lsi", b"bus")
    with pytest.raises(ValueError, match="something unknown"):
        with_ddb(descriptor, "adapterType", "ide")
