"""What VMware takes a line for: the vectors of its own line reader, and lines on which other readers fall over."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmxtool.vmx.document import Document
from vmxtool.vmx.edits import SetValue, apply

SETTINGS = [
    (b'a="b"', "b"),
    (b'  a\t= "b"  # c', "b"),
    (b'a = "b" ', "b"),
    (b"a =", ""),
    (b"a=", ""),
    (b"a = # c", ""),
    (b"a =#c", ""),
    (b'a = ""', ""),
    (b"a = TRUE", "TRUE"),
    (b"a = 1", "1"),
    (rb"a = c:\x", r"c:\x"),
    (rb'a = "E:\disks\x.vmdk"', r"E:\disks\x.vmdk"),
    (b"a = 'b'", "'b'"),
    (b"a = b'c", "b'c"),
    (b'a = b"c', 'b"c'),
    (b'a = b"', 'b"'),
    (b'a = "x#y"', "x#y"),
    (b"a = x#y", "x"),
    (b'a = "x=y"', "x=y"),
    (b"a = x=y", "x=y"),
    (b"a==", "="),
    (b"""a = "b='c' d='e'" """, "b='c' d='e'"),
    (b'a = " b "', " b "),
    (b'a = "100% cpu"', "100% cpu"),
    (b'a = "my%2fvm"', "my%2fvm"),
    (b'a = "x | y"', "x | y"),
    (b'a = "b"\x00 anything " at = all', "b"),
    (b"a = b\x00c", "b"),
    (b"a =\x00", ""),
    (b'a = "x\x0by\x0cz"', "x\x0by\x0cz"),
    (b'a = "' + b"v" * 100_000 + b'"', "v" * 100_000),
]

NAMES = [
    b"pciPassthru*.present",
    b"scsi0:0.fileName",
    b"nvp.vm-uuid",
    b"_leading",
    b".encoding2",
    b'"a"',
    b"a'b",
    b"?config.version",
    b"[a]",
    b"a,b;c|d",
    b"//a",
    b"\x01",
    b"a\x0bb",
]

SYNTAX_ERRORS = [
    (b"a = b c", "a value with blanks must stand in double quotes"),
    (b"a = 'b c'", "a value with blanks must stand in double quotes"),
    (b"a = C:\\Virtual Machines\\x.vmdk # here", "a value with blanks must stand in double quotes"),
    (b'a = "b" c', "text follows the closing quote"),
    (b'a = "b"c', "text follows the closing quote"),
    (b'a = "b", "c"', "text follows the closing quote"),
    (b'a = "b\\"c"', "a quote inside a value must be written |22"),
    (b'a = """b"""', "a quote inside a value must be written |22"),
    (
        b'numvcpus = "4"cpuid.coresPerSocket = "2"',
        "a second setting stands on the same line; give it a line of its own",
    ),
    (b'a = "x"; b = "y"', "a second setting stands on the same line; give it a line of its own"),
    (b'a b = "c"', "a blank stands inside the name"),
    (b"disk file=x", "a blank stands inside the name"),
    (b'= "b"', "there is no name before the ="),
    (b" =", "there is no name before the ="),
    (b'a : "b"', "there is no ="),
    (b"Power on this machine", "there is no ="),
    (b"a", "there is no ="),
    (b"a # b = c", "there is no ="),
    (b"[settings]", "there is no ="),
    (b"\x0c", "there is no ="),
    (b'a\x00 = "b"', "there is no ="),
    (b"; x = y", "a comment begins with #, not with ; or //"),
    (b"// Hardware", "a comment begins with #, not with ; or //"),
    (b'a = "b', "the closing quote is missing"),
    (b'a = "', "the closing quote is missing"),
    (b'a = "b\x00"', "the closing quote is missing"),
]

ENDS = [b"", b"\n", b"\r\n", b"\r"]


@pytest.mark.parametrize(("line", "value"), SETTINGS, ids=[repr(line[:40]) for line, _ in SETTINGS])
@pytest.mark.parametrize("end", ENDS)
def test_a_setting_has_the_value_that_vmware_reads(line: bytes, value: str, end: bytes) -> None:
    document = Document.parse(line + end, "x.vmx")
    assert dict(document) == {"a": value}
    assert document.unknown == ()
    assert bytes(document) == line + end


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_any_run_of_bytes_but_blanks_nul_equals_and_hash(name: bytes) -> None:
    document = Document.parse(name + b' = "b"\n', "x.vmx")
    assert dict(document) == {name.decode("ascii"): "b"}


@pytest.mark.parametrize(("line", "why"), SYNTAX_ERRORS)
@pytest.mark.parametrize("end", ENDS)
def test_a_syntax_error_of_vmware_is_an_unknown_line_with_its_reason(line: bytes, why: str, end: bytes) -> None:
    document = Document.parse(b"first = 1\n" + line + end, "x.vmx")
    assert document.unknown == (2,)
    assert dict(document) == {"first": "1"}
    assert document.problem_of_line(2) == why
    assert document.line(2).raw == line + end


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (b"", "BLANK"),
        (b" \t ", "BLANK"),
        (b"\x00 whatever = 1", "BLANK"),
        (b"  \x00", "BLANK"),
        (b"#", "COMMENT"),
        (b'\t# a = "b"', "COMMENT"),
        (b"#!/usr/bin/vmware", "COMMENT"),
        (b"# \x00 a", "COMMENT"),
    ],
)
def test_what_is_neither_setting_nor_error(line: bytes, kind: str) -> None:
    document = Document.parse(line + b"\nlast = 1\n", "x.vmx")
    assert document.line(1).kind == kind
    assert (document.unknown, dict(document)) == ((), {"last": "1"})
    if line:
        assert Document.parse(line, "x.vmx").line(1).kind == kind


def test_lines_end_with_lf_crlf_or_a_lone_cr() -> None:
    document = Document.parse(b"a=1\nb=2\r\nc=3\r\rd=4\n\re=5", "x.vmx")
    raws = [document.line(number).raw for number in range(1, document.lines + 1)]
    assert raws == [b"a=1\n", b"b=2\r\n", b"c=3\r", b"\r", b"d=4\n", b"\r", b"e=5"]
    assert document.line_ending == "mixed"


@pytest.mark.parametrize(
    ("data", "ending"),
    [
        (b"a=1\nb=2", "LF"),
        (b"a=1\r\n\r\n", "CRLF"),
        (b"a=1\r\r", "CR"),
        (b"a=1", "none"),
        (b"", "none"),
        (b"\n\r", "mixed"),
    ],
)
def test_the_line_ending_is_named(data: bytes, ending: str) -> None:
    assert Document.parse(data, "x.vmx").line_ending == ending


def test_a_bom_is_not_part_of_the_first_name() -> None:
    document = Document.parse(b'\xef\xbb\xbf.encoding = "UTF-8"\n\xef\xbb\xbfa = "1"\n', "x.vmx")
    assert document.bom
    assert list(document) == [".encoding", "\ufeffa"]
    assert document.line(1).raw == b'.encoding = "UTF-8"\n'


def test_a_file_of_nothing_and_of_a_bom_alone() -> None:
    for data in (b"", b"\xef\xbb\xbf"):
        document = Document.parse(data, "x.vmx")
        assert (document.lines, dict(document), bytes(document), document.tokens) == (0, {}, data, [])
        with pytest.raises(IndexError, match="has no line 1"):
            document.line(1)


def test_line_numbers_begin_at_1() -> None:
    document = Document.parse(b"a = 1\n", "x.vmx")
    for number in (0, -1, 2):
        with pytest.raises(IndexError):
            document.line(number)


@pytest.mark.parametrize("size", [2**14 - 1, 2**14, 2**14 + 1, 3 * 2**14])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_where_the_reader_cuts_a_long_file_shows_nowhere(size: int, end: bytes) -> None:
    before = b"a" * (size - len(end) - 4) + b" = 1" + end
    document = Document.parse(before + b'b = "2"' + end + b"\xef\xbb\xbfc = 3", "x.vmx")
    assert list(document.values()) == ["1", "2", "3"]
    assert not document.bom
    assert document.lines == 3


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "scsi0:0.fileName", "x*"]),
            st.text(st.characters(codec="ascii", exclude_characters="\x00")),
            st.sampled_from(["", "  # note", "\t"]),
        ),
        max_size=5,
    )
)
def test_what_is_written_as_vmware_writes_is_read_back(settings: list[tuple[str, str, str]]) -> None:
    empty = Document.parse(b"", "x.vmx")
    for number, (name, value, tail) in enumerate(settings):
        written = bytes(apply(empty, [SetValue(f"{name}{number}", value)])).rstrip(b"\n") + tail.encode() + b"\n"
        assert dict(Document.parse(written, "x.vmx")) == {f"{name}{number}": value}
