"""A document as a mapping: names in any case, first one counts, encodings, and where each value stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmxtool.errors import InputError
from vmxtool.evidence import Evidence
from vmxtool.vmx.document import Document

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = b"""\
#!/usr/bin/vmware
.encoding = "UTF-8"
config.version = "8"
displayName = "My |22VM|22"
guestOS = "rhel7-64"
guestOS.detailed.data = "bitness='64' familyName='Linux'"

Ethernet0.present = "true"
scsi0:0.fileName = "Platte gr\xc3\xb6\xc3\x9fer.vmdk"
numvcpus = 4
"""

PIECES = [
    b"a",
    b"A",
    b"b.c",
    b" ",
    b"\t",
    b"=",
    b'"',
    b"#",
    b"|",
    b"22",
    b"\x00",
    b"\r",
    b"\n",
    b"\r\n",
    b"\\",
    b"\xe9",
]
PIECES += [
    b"\xef\xbb\xbf",
    b"\x83\x7c",
    b"\x83A",
    b".encoding",
    b'.encoding = "GBK"\n',
    b'a = "1"\n',
    b"config.encoding=utf8\r",
]
HOSTILE = st.lists(st.sampled_from(PIECES) | st.binary(max_size=4), max_size=30).map(b"".join)


def parse(data: bytes) -> Document:
    return Document.parse(data, "x.vmx")


@given(HOSTILE)
def test_every_input_is_a_document_and_prints_as_itself(data: bytes) -> None:
    document = parse(data)
    assert bytes(document) == data
    raws = [document.line(number).raw for number in range(1, document.lines + 1)]
    assert (b"\xef\xbb\xbf" if document.bom else b"") + b"".join(raws) == data
    assert all(raw.endswith((b"\n", b"\r")) for raw in raws[:-1])
    assert [text.encode("latin-1") for _, text in document.tokens] == raws


@given(HOSTILE)
def test_every_key_that_is_listed_is_there_with_its_value_and_place(data: bytes) -> None:
    document = parse(data)
    keys = list(document)
    assert len(keys) == len(document) == len(list(document.folded()))
    for key, folded in zip(keys, document.folded(), strict=True):
        assert key in document
        assert document[key] == document[folded]
        line = document.where(key)
        assert line is not None
        assert document.line(line).kind == "ASSIGNMENT"
        assert document.evidence(key).line == line
        assert document.spelling(folded).lower() == key.lower()


@given(HOSTILE)
def test_every_unknown_line_has_a_reason(data: bytes) -> None:
    document = parse(data)
    for number in document.unknown:
        assert document.line(number).kind == "UNKNOWN"
        assert document.problem_of_line(number)


@pytest.mark.parametrize("key", ["displayName", "DISPLAYNAME", "displayname"])
def test_names_are_the_same_in_any_case(key: str) -> None:
    document = parse(CONFIG)
    assert document[key] == 'My "VM"'
    assert document.get(key) == 'My "VM"'
    assert key in document
    assert document.where(key) == 4
    assert document.spelling(key) == "displayName"


def test_keys_keep_their_order_and_spelling() -> None:
    document = parse(CONFIG)
    expected = [
        ".encoding",
        "config.version",
        "displayName",
        "guestOS",
        "guestOS.detailed.data",
        "Ethernet0.present",
        "scsi0:0.fileName",
        "numvcpus",
    ]
    assert list(document) == expected
    assert list(document.folded()) == [key.lower() for key in expected]
    assert isinstance(document, Mapping)


def test_a_name_may_be_a_value_and_the_beginning_of_other_names() -> None:
    document = parse(CONFIG)
    assert document["guestOS"] == "rhel7-64"
    assert document["guestOS.detailed.data"] == "bitness='64' familyName='Linux'"


def test_what_is_absent() -> None:
    document = parse(CONFIG)
    assert "memsize" not in document
    assert document.get("memsize") is None
    assert document.where("memsize") is None
    assert document.number("memsize") is None
    assert document.flag("memsize", default=True)
    assert document.evidence("memsize") == Evidence("x.vmx", None, "memsize", None)
    for ask in (document.__getitem__, document.spelling):
        with pytest.raises(KeyError, match="memsize"):
            ask("memsize")


def test_flags_and_numbers_are_read_as_vmware_reads_them() -> None:
    document = parse(b'a = ""\nb = "no"\nc = "maybe"\nd = 0x10\ne = "12 MB"\n')
    assert [document.flag(key, default=False) for key in "abc"] == [True, False, False]
    assert [document.number(key) for key in "ade"] == [0, 16, 12]


def test_evidence_has_the_value_as_it_stands_in_the_file() -> None:
    document = parse(CONFIG)
    assert document.evidence("DISPLAYname") == Evidence("x.vmx", 4, "displayName", "My |22VM|22")
    assert document.evidence("scsi0:0.filename").value == "Platte größer.vmdk"


def test_the_first_of_two_counts_and_both_are_told() -> None:
    document = parse(b'msg.autoanswer = "TRUE"\n# between\nmsg.autoAnswer = "FALSE"\nMSG.autoanswer = "TRUE"\n')
    assert dict(document) == {"msg.autoanswer": "TRUE"}
    for _ in range(2):
        assert document.duplicates == (("msg.autoanswer", 1, 3), ("msg.autoanswer", 1, 4))
    assert document.repeats == (3, 4)


def test_a_property_under_two_names_is_no_duplicate() -> None:
    document = parse(b'ide0:0.fileName = "a"\nide0:1.filename = "b"\nmemsize = 1\nmemsize.x = 2\n')
    assert document.duplicates == ()


def test_names_with_a_leading_dot_and_old_encoding_names_may_repeat() -> None:
    document = parse(b'.encoding = "UTF-8"\n.x = 1\nsnapshot.encoding = "utf8"\n.Encoding = "UTF-8"\n.X = 2\n')
    assert document.duplicates == ()
    assert document.repeats == (4, 5)
    assert document.encoding.conflict is None


@pytest.mark.parametrize(
    ("declared", "codec", "value"),
    [
        ("UTF-8", "utf-8", "Zürich 位 🙂"),
        ("windows-1252", "cp1252", "Zürich"),
        ("windows-1251", "cp1251", "Москва"),
        ("GBK", "gbk", "位"),
        ("Shift_JIS", "cp932", "ポート ソ 表"),
        ("Big5", "cp950", "功能"),
        ("windows-949-2000", "cp949", "서울"),
        ("ISO-2022-JP", "iso2022_jp", "日本"),
        ("HZ-GB-2312", "hz", "中文"),
        ("UTF-7", "utf-7", "é + ~"),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_values_are_in_the_declared_encoding_wherever_it_is_declared(
    declared: str, codec: str, value: str, first: bool
) -> None:
    name = b'.encoding = "' + declared.encode() + b'"\n'
    raw = value.encode(codec).replace(b"|", b"|7C").replace(b'"', b"|22")
    setting = b'displayName = "' + raw + b'"\n'
    document = parse(name + setting if first else setting + name)
    assert document["displayName"] == value
    assert (document.encoding.codec, document.encoding.declared, document.encoding.known) == (codec, declared, True)
    assert document.encoding.line == (1 if first else 2)
    assert document.undecodable == ()


def test_the_declared_encoding_is_believed_before_utf_8() -> None:
    raw = "位".encode("gbk")
    assert raw.decode("utf-8") == "λ"
    assert parse(b'.encoding = "GBK"\na = "' + raw + b'"\n')["a"] == "位"


@pytest.mark.parametrize(
    "key", ["config.encoding", "preferences.encoding", "vmlist.encoding", "snapshot.encoding", ".ENCODING"]
)
def test_old_names_of_the_encoding_count(key: str) -> None:
    document = parse(key.encode() + b" = windows-1251\na = \xcc\n")
    assert (document["a"], document.encoding.name) == ("М", "windows-1251")


def test_of_two_encodings_the_first_counts_and_the_other_is_told() -> None:
    document = parse(b'a = "\xc4"\nsnapshot.encoding = "windows-1252"\n.encoding = "windows-1251"\n')
    assert document["a"] == "Ä"
    assert (document.encoding.line, document.encoding.conflict) == (2, 3)
    again = parse(b'.encoding = "windows-1252"\n.encoding = "UTF-8"\na = "\xc4"\n')
    assert (again["a"], again.encoding.line, again.encoding.conflict) == ("Ä", 1, 2)


def test_an_unknown_encoding_beside_a_known_one_is_a_conflict() -> None:
    document = parse(b'.encoding = "klingon"\nconfig.encoding = "windows-1252"\na = "\xc4"\n')
    assert (document["a"], document.encoding.declared, document.encoding.known) == ("Ä", "windows-1252", True)
    assert (document.encoding.line, document.encoding.conflict) == (2, 1)


def test_an_unknown_encoding_leaves_a_guess() -> None:
    document = parse(b'.encoding = "klingon"\na = "\xc4"\n')
    encoding = document.encoding
    assert (encoding.name, encoding.known, encoding.codec, encoding.line) == ("klingon", False, "cp1252", 1)
    assert document["a"] == "Ä"


@pytest.mark.parametrize(
    ("data", "codec"),
    [
        (b'a = "x"\n', "utf-8"),
        ("a = Zürich\n".encode(), "utf-8"),
        ("a = Zürich\n".encode("cp1252"), "cp1252"),
        (b"a = \x81\n", "iso8859_1"),
        (b"a = Z|FCrich\n", "cp1252"),
        (b"# \xfc in a comment\na = Z\xc3\xbcrich\n", "utf-8"),
        (b"\xef\xbb\xbfa = Z\xc3\xbcrich\n", "utf-8"),
        (b"\xef\xbb\xbfa = Z\xfcrich\n", "cp1252"),
    ],
)
def test_without_a_declaration_the_values_tell(data: bytes, codec: str) -> None:
    document = parse(data)
    assert (document.encoding.codec, document.encoding.declared, document.encoding.known) == (codec, None, True)
    assert document.encoding.name == codec.upper()


def test_an_escaped_byte_is_a_byte_of_the_encoding() -> None:
    assert parse(b'.encoding = "UTF-8"\na = "Z|C3|BCrich"\n')["a"] == "Zürich"
    assert parse(b'.encoding = "Shift_JIS"\na = "\x83|7C|22"\n')["a"] == 'ポ"'


def test_values_that_are_not_in_the_encoding_are_told_and_shown() -> None:
    document = parse(b'.encoding = "UTF-8"\ngood = "\xc3\xbc"\nBad = "\xfc"\nescaped = "|FC"\n')
    assert document.undecodable == ("bad", "escaped")
    assert document["bad"] == "\\xfc"


def test_a_name_with_bytes_beyond_ascii_is_found_as_it_is_shown() -> None:
    data = b'.encoding = "Shift_JIS"\n\x83A\x83A = "1"\n\x83a\x83a = 2\nk\x83 = 3\nPlain = 4\n'
    document = parse(data)
    assert dict(document) == {".encoding": "Shift_JIS", "アア": "1", "k\\x83": "3", "Plain": "4"}
    assert document.where("アア") == 2
    assert document.spelling("plain") == "Plain"
    # VMware compares names as bytes, whatever the encoding, and takes an ASCII byte for a letter in any case.
    assert document.duplicates == ((b"\x83a\x83a".decode("cp932"), 2, 3),)


@pytest.mark.parametrize("suffix", [".vmx", ".vmtx", ".cfg"])
def test_a_template_and_an_old_config_are_read_like_any_other(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"vm{suffix}"
    path.write_bytes(CONFIG)
    document = Document.read(path)
    assert (document.name, document["numvcpus"], bytes(document)) == (path.name, "4", CONFIG)
    assert Document.read(path, "folder/vm").name == "folder/vm"


def test_a_snapshot_database_is_the_same_language(tmp_path: Path) -> None:
    path = tmp_path / "vm.vmsd"
    path.write_bytes(
        b'.encoding = "windows-1252"\r\nsnapshot.lastUID = "3"\r\nsnapshot.current = "3"\r\nsnapshot0.uid = "1"\r\n'
        b'snapshot0.displayName = "vor dem Gro\xdfputz"\r\nsnapshot0.description = "Zeile 1|0D|0AZeile 2"\r\n'
        b'snapshot0.createTimeLow = "-1952402371"\r\nsnapshot.numSnapshots = "1"\r\n'
    )
    database = Document.read(path)
    assert database["snapshot0.displayname"] == "vor dem Großputz"
    assert database["snapshot0.description"] == "Zeile 1\r\nZeile 2"
    assert database.number("snapshot0.createTimeLow") == -1952402371
    assert database.number("snapshot.numsnapshots") == 1
    path.write_bytes(b"")
    assert len(Document.read(path)) == 0


def test_what_cannot_be_opened_is_an_input_error(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent.vmx"):
        with pytest.raises(InputError):
            Document.read(path)
