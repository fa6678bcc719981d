"""Edits by example: what an edit writes, where a new line goes, and what is refused."""

from __future__ import annotations

import pytest

from vmxtool.vmx.document import Document
from vmxtool.vmx.edits import AmbiguousKey, Edit, EncodingRefused, RemoveKey, RenameKey, SetValue, apply


def edited(data: bytes, *edits: Edit) -> bytes:
    return bytes(apply(Document.parse(data, "x.vmx"), edits))


@pytest.mark.parametrize(
    ("line", "after"),
    [
        (b'a = "1"\n', b'a = "2"\n'),
        (b'  A\t=  "1"  # why\r\n', b'  A\t=  "2"  # why\r\n'),
        (b"a=1", b'a="2"'),
        (b"a = 1# why\n", b'a = "2"# why\n'),
        (b"a =\r", b'a ="2"\r'),
        (b"a = # why\n", b'a = "2"# why\n'),
        (b"a = 1\x00junk\n", b'a = "2"\x00junk\n'),
        (b"a = b=c\n", b'a = "2"\n'),
        (b'a = "x # = y"\n', b'a = "2"\n'),
    ],
)
def test_a_new_value_takes_the_place_of_the_old_one_alone(line: bytes, after: bytes) -> None:
    assert edited(line, SetValue("a", "2")) == after


@pytest.mark.parametrize("line", [b"a = 2", b'a="2"', b'a = "|32" # two', b'A = "2"\n', b"a = 2\x00"])
def test_a_value_that_is_there_already_changes_no_byte(line: bytes) -> None:
    assert edited(line, SetValue("a", "2")) == line


def test_values_are_escaped_as_vmware_escapes_them() -> None:
    assert edited(b"", SetValue("a", 'x|"\n\t#=\\é\x7f')) == b'a = "x|7C|22|0A\t#=\\\xc3\xa9|7F"\n'


@pytest.mark.parametrize(
    ("data", "edit", "after"),
    [
        (b"", SetValue("b", "2"), b'b = "2"\n'),
        (b"\xef\xbb\xbf", SetValue("b", "2"), b'\xef\xbb\xbfb = "2"\n'),
        (b"a = 1\n", SetValue("b", "2"), b'a = 1\nb = "2"\n'),
        (b"a = 1\r\n", SetValue("b", "2"), b'a = 1\r\nb = "2"\r\n'),
        (b"a = 1\r", SetValue("b", "2"), b'a = 1\rb = "2"\r'),
        (b"a = 1\rc = 3\r\n", SetValue("b", "2"), b'a = 1\rc = 3\r\nb = "2"\r\n'),
        (b"a = 1\r\nc = 3", SetValue("b", "2"), b'a = 1\r\nb = "2"\r\nc = 3'),
        (b"a = 1", SetValue("b", "2"), b'b = "2"\na = 1'),
        (b"a = 1\nc = 3\n", SetValue("b", "2", after="A"), b'a = 1\nb = "2"\nc = 3\n'),
        (b"a = 1\nc = 3", SetValue("b", "2", after="c"), b'a = 1\nb = "2"\nc = 3'),
        (b"a = 1\nc = 3\n", SetValue("b", "2", after="absent"), b'a = 1\nc = 3\nb = "2"\n'),
        (b"a = 1\n\n# end\n", SetValue("b", "2", after="a"), b'a = 1\nb = "2"\n\n# end\n'),
    ],
)
def test_where_a_new_line_goes_and_how_it_ends(data: bytes, edit: SetValue, after: bytes) -> None:
    assert edited(data, edit) == after


def test_new_lines_below_each_other_keep_the_order_of_the_edits() -> None:
    edits = [SetValue("b", "2", after="a"), SetValue("c", "3", after="b"), SetValue("y", "8"), SetValue("z", "9")]
    assert edited(b"a = 1\nx = 7\n", *edits) == b'a = 1\nb = "2"\nc = "3"\nx = 7\ny = "8"\nz = "9"\n'
    assert edited(b"a = 1\nx = 7", *edits) == b'a = 1\nb = "2"\nc = "3"\ny = "8"\nz = "9"\nx = 7'


def test_later_edits_see_earlier_ones() -> None:
    edits: list[Edit] = [
        SetValue("b", "2"),
        RenameKey("b", "c"),
        SetValue("C", "3"),
        RemoveKey("a"),
        SetValue("a", "4"),
    ]
    assert edited(b"a = 1\n", *edits) == b'c = "3"\na = "4"\n'
    assert edited(b"a = 1\nb = 2\n", RemoveKey("b"), SetValue("b", "2", after="a")) == b'a = 1\nb = "2"\n'
    assert edited(b"a = 1", RemoveKey("a"), SetValue("b", "2"), RemoveKey("b")) == b""


def test_a_removed_line_goes_with_all_of_it_and_its_repetitions() -> None:
    data = b"# top\na = 1 # one\n\nA = 2\nb = 3\n.x = 1\n.X = 2"
    assert edited(data, RemoveKey("a")) == b"# top\n\nb = 3\n.x = 1\n.X = 2"
    assert edited(data, RemoveKey(".x"), RemoveKey("absent")) == b"# top\na = 1 # one\n\nA = 2\nb = 3\n"


def test_a_renamed_key_keeps_the_rest_of_its_line() -> None:
    data = b'  ide0:0.fileName =\t"ide0:0.fileName|7C\xff"# ide0:0.fileName\r\n'
    after = b'  scsi0:0.fileName =\t"ide0:0.fileName|7C\xff"# ide0:0.fileName\r\n'
    assert edited(data, RenameKey("IDE0:0.filename", "scsi0:0.fileName")) == after
    assert edited(data, RenameKey("absent", "b")) == data


def test_a_key_may_be_given_another_spelling_of_its_name() -> None:
    assert edited(b"memsize = 1\n", RenameKey("memsize", "memSize")) == b"memSize = 1\n"


def test_the_document_itself_stays_as_it_is() -> None:
    document = Document.parse(b"a = 1\n", "x.vmx")
    after = apply(document, [SetValue("a", "2")])
    assert (document["a"], bytes(document), after["a"], after.name) == ("1", b"a = 1\n", "2", "x.vmx")


@pytest.mark.parametrize(
    "edits",
    [
        [SetValue("A", "1")],
        [RenameKey("a", "c")],
        [SetValue("b", "3"), SetValue("a", "2")],
        [RenameKey("b", "c"), RenameKey("c", "A")],
    ],
)
def test_a_key_on_two_lines_is_refused_with_both(edits: list[Edit]) -> None:
    with pytest.raises(AmbiguousKey, match=r"^x\.vmx: \w+ .*\b1 and 3\b"):
        edited(b"a = 1\nb = 2\nA = 2\n" if edits[-1] != RenameKey("c", "A") else b"a = 1\n\nb = 2\n", *edits)


@pytest.mark.parametrize("name", ["", " ", "a b", "a=b", "a#b", "a\n", "a\tb", "a\x00b", "a\r"])
def test_a_name_that_no_line_can_carry_is_refused(name: str) -> None:
    for edit in (SetValue(name, "1"), RenameKey("a", name)):
        with pytest.raises(ValueError, match="cannot be the name of a setting"):
            edited(b"a = 1\n", edit)


@pytest.mark.parametrize(
    ("encoding", "value", "raw"),
    [
        ("windows-1252", "Größe €", b"Gr\xf6\xdfe \x80"),
        ("Shift_JIS", "ポート", b"\x83|7C\x81[\x83g"),
        ("Shift_JIS", "ソフト", b"\x83\\\x83t\x83g"),
        ("GBK", "位", b"\xce\xbb"),
        ("GBK", "憒", b"\x91|7C"),
        ("Big5", "功", b"\xa5\\"),
        ("UTF-8", "🙂", b"\xf0\x9f\x99\x82"),
    ],
)
def test_a_value_is_written_in_the_files_encoding(encoding: str, value: str, raw: bytes) -> None:
    data = b'.encoding = "%s"\nannotation = "x"\n' % encoding.encode()
    after = edited(data, SetValue("annotation", value))
    assert after == b'.encoding = "%s"\nannotation = "%s"\n' % (encoding.encode(), raw)
    assert Document.parse(after, "x.vmx")["annotation"] == value


@pytest.mark.parametrize(
    ("encoding", "value", "char"),
    [
        ("windows-1252", "ok 位", "'位'"),
        ("GBK", "🙂", "'🙂'"),
        ("ASCII", "é", "'é'"),
        ("UTF-8", "a\x00b", r"'\\x00'"),
        ("UTF-8", "a\udc80", r"'\\udc80'"),
        ("klingon", "é", "'é'"),
    ],
)
def test_what_the_encoding_cannot_hold_is_refused_naming_key_and_encoding(encoding: str, value: str, char: str) -> None:
    data = b'.encoding = "%s"\na = 1\n' % encoding.encode()
    for key in ("a", "displayName"):
        with pytest.raises(EncodingRefused, match=rf"^x\.vmx: {key} cannot hold {char} .* {encoding}$"):
            edited(data, SetValue(key, value))


def test_without_a_declared_encoding_a_value_goes_with_the_ones_that_are_there() -> None:
    assert edited("a = é\n".encode("cp1252"), SetValue("b", "ü")) == b'a = \xe9\nb = "\xfc"\n'
    assert edited("a = é\n".encode(), SetValue("b", "ü")) == b'a = \xc3\xa9\nb = "\xc3\xbc"\n'


def test_a_guessed_encoding_stays_when_the_line_that_showed_it_is_gone() -> None:
    document = Document.parse("a = é\nb = Ã©\n".encode("cp1252"), "x.vmx")
    after = apply(document, [RemoveKey("a"), SetValue("c", "Ã¼")])
    assert dict(after) == {"b": "Ã©", "c": "Ã¼"}
    unknown = Document.parse(b".encoding = klingon\n" + bytes(document), "x.vmx")
    assert apply(unknown, [RemoveKey("a")])["b"] == "Ã©"


def test_the_encoding_may_be_declared_but_not_made_to_lie() -> None:
    latin = "a = é\n".encode("cp1252")
    declared = edited(latin, SetValue(".encoding", "windows-1252"))
    assert Document.parse(declared, "x.vmx").encoding.declared == "windows-1252"
    with pytest.raises(EncodingRefused, match=r"\.encoding cannot become UTF-8, as other values are in CP1252"):
        edited(latin, SetValue(".encoding", "UTF-8"))
    with pytest.raises(EncodingRefused, match=r"\.encoding cannot become CP1252, as other values are in windows-1251"):
        edited(b".encoding = windows-1251\na = \xcc\n", RemoveKey(".encoding"))
    with pytest.raises(EncodingRefused, match=r"\.encoding cannot become klingon, which VMware would refuse"):
        edited(b"a = 1\n", SetValue(".encoding", "klingon"))
    with pytest.raises(EncodingRefused, match="which VMware would refuse"):
        edited(b".encoding = UTF-8\n", SetValue("config.encoding", "GBK"))
    torn = b".encoding = UTF-8\nconfig.encoding = GBK\na = \xce\xbb\n"
    assert edited(torn, RemoveKey("snapshot.encoding"), SetValue("a", "λ")) == torn
    assert edited(torn, RemoveKey("config.encoding")) == b".encoding = UTF-8\na = \xce\xbb\n"
    assert edited(b".encoding = GBK\na = 1\n", SetValue(".encoding", "UTF-8")) == b'.encoding = "UTF-8"\na = 1\n'


def test_lines_that_meet_are_read_anew() -> None:
    met = apply(Document.parse(b"a = 1\rb = 2\n\nc = 3\n", "x.vmx"), [RemoveKey("b")])
    assert bytes(met) == b"a = 1\r\nc = 3\n"
    assert (met.lines, met.where("c")) == (2, 2)
    mark = apply(Document.parse(b"a = 1\n\xef\xbb\xbfb = 2\n", "x.vmx"), [RemoveKey("a")])
    assert (mark.bom, dict(mark)) == (True, {"b": "2"})
