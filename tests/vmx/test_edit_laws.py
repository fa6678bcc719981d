"""Laws of editing, over documents that nobody would write."""

from __future__ import annotations

from hypothesis import assume, example, given
from hypothesis import strategies as st

from vmxtool.vmx.document import ENCODING_KEYS, Document
from vmxtool.vmx.edits import AmbiguousKey, Edit, EncodingRefused, RemoveKey, RenameKey, SetValue, apply
from vmxtool.vmx.lines import fold

NAMES = ["a", "B", "scsi0:0.fileName", "pciPassthru*.present", '"q"', ".x"]
BODIES = [
    b'"1"',
    b"1",
    b"",
    b'"x # y = z"  # why',
    b'"|22|7C|0A"',
    b"\x83|7C",
    b'"\x83\\\xe9"\t',
    b'"v"\x00"junk',
    b'"unclosed',
    b"two words",
    b'"\xc3\xa9"',
]
SEPARATORS = [b"=", b" = ", b"\t=\t"]
LOOSE = [
    b"",
    b"  ",
    b"# a = 1",
    b"#!/usr/bin/vmware",
    b"\x00",
    b"// a = 1",
    b"\xef\xbb\xbfa = 1",
    b"\x83A=1",
    b"\xff = 2",
]
ENDS = [b"\n", b"\r\n", b"\r"]
DECLARED = [
    b"",
    b".encoding = klingon",
    b'.encoding = "UTF-8"',
    b'.encoding = "Shift_JIS"',
    b".encoding = GBK # why",
    b'snapshot.encoding="windows-1252"',
]
SETTING = st.builds(
    lambda indent, name, sign, body: indent + name.encode() + sign + body,
    st.sampled_from([b"", b" "]),
    st.sampled_from([*NAMES, "A", "b"]),
    st.sampled_from(SEPARATORS),
    st.sampled_from(BODIES),
)


def build(bom: bytes, declared: bytes, lines: list[tuple[bytes, bytes]], end: bytes, terminated: bool) -> Document:
    data = b"".join(line + (own or end) for line, own in [(declared, b""), *lines] if line + own)
    return Document.parse(bom + (data if terminated else data.rstrip(b"\r\n")), "x.vmx")


DOCUMENTS = st.builds(
    build,
    st.sampled_from([b"", b"", b"\xef\xbb\xbf"]),
    st.sampled_from(DECLARED),
    st.lists(st.tuples(SETTING | st.sampled_from(LOOSE), st.sampled_from([b"", b"", *ENDS])), max_size=8),
    st.sampled_from(ENDS),
    st.booleans(),
)
VALUES = st.sampled_from(
    ["", "1", "TRUE", "é", "ポ", "ソ", "功", "位", "🙂", 'x"|\\', "a\nb\r", "\x00", "#", " = ", "\\xe9"]
) | st.text(max_size=6)
EDITS = st.one_of(
    st.builds(SetValue, st.sampled_from(NAMES), VALUES, st.none() | st.sampled_from(NAMES)),
    st.builds(RemoveKey, st.sampled_from(NAMES)),
    st.builds(RenameKey, st.sampled_from(NAMES), st.sampled_from(NAMES)),
)


def raws(document: Document) -> list[bytes]:
    return [document.line(number).raw for number in range(1, document.lines + 1)]


def others(document: Document, *but: str) -> list[tuple[str, str]]:
    left_out = {fold(key) for key in but}
    return [(key, value) for key, value in document.items() if fold(key) not in left_out]


def attempt(document: Document, *edits: Edit) -> Document | AmbiguousKey | EncodingRefused:
    try:
        return apply(document, edits)
    except (AmbiguousKey, EncodingRefused) as refused:
        return refused


def check_read_anew(document: Document) -> None:
    """What was built while editing is what a reader of the bytes gets."""
    anew = Document.parse(bytes(document), document.name)
    assert anew.tokens == document.tokens
    assert (anew.bom, anew.repeats, anew.unknown) == (document.bom, document.repeats, document.unknown)
    if not anew.encoding.guessed:
        assert dict(anew) == dict(document)


@given(DOCUMENTS)
def test_no_edit_and_edits_that_say_what_is_there_change_no_byte(document: Document) -> None:
    assert bytes(apply(document, [])) == bytes(document)
    repeated = {key_of(document.line(number).raw) for number in document.repeats}
    for key, value in document.items():
        line = document.where(key)
        assert line is not None
        if key_of(document.line(line).raw) not in repeated:
            assert bytes(apply(document, [SetValue(key, value)])) == bytes(document)


@given(DOCUMENTS, st.sampled_from(NAMES), VALUES, st.none() | st.sampled_from(NAMES))
def test_a_value_that_is_set_is_read_back_and_no_other_line_changes(
    document: Document, key: str, value: str, after: str | None
) -> None:
    edited = attempt(document, SetValue(key, value, after))
    if isinstance(edited, EncodingRefused):
        assert key in str(edited)
        assert document.encoding.name in str(edited)
        assert not value.isascii() or "\x00" in value
        return
    if isinstance(edited, AmbiguousKey):
        assert document.repeats
        assert fold(key) in str(edited)
        return
    assert edited[key] == value
    assert others(edited, key) == others(document, key)
    check_read_anew(edited)
    old, new = raws(document), raws(edited)
    line = edited.where(key)
    assert line is not None
    assert new[: line - 1] == old[: line - 1]
    assert new[line:] == old[line if key in document else line - 1 :]


@given(DOCUMENTS, st.sampled_from(NAMES))
def test_a_key_that_is_removed_is_absent_and_no_other_byte_changes(document: Document, key: str) -> None:
    edited = apply(document, [RemoveKey(key)])
    kept = [
        raw
        for number, raw in enumerate(raws(document), 1)
        if document.where(key) != number and not (number in document.repeats and fold(key) == key_of(raw))
    ]
    assert bytes(edited) == (b"\xef\xbb\xbf" if document.bom else b"") + b"".join(kept)
    check_read_anew(edited)
    if edited.bom == document.bom:
        assert key not in edited
        assert others(edited) == others(document, key)


def key_of(raw: bytes) -> str:
    return fold(raw.decode("latin-1").partition("=")[0].strip(" \t"))


@given(DOCUMENTS, st.sampled_from(NAMES), st.sampled_from([*NAMES, "new.name"]))
@example(Document.parse(b'scsi0:0.fileName = "1"\n', "vm.vmx"), "scsi0:0.fileName", ".x")
def test_a_renamed_key_keeps_its_value_and_no_other_line_changes(document: Document, key: str, name: str) -> None:
    edited = attempt(document, RenameKey(key, name))
    if not isinstance(edited, Document):
        assert document.repeats or (name in document and fold(name) != fold(key))
        return
    check_read_anew(edited)
    line = document.where(key)
    if line is None:
        assert bytes(edited) == bytes(document)
        return
    assert edited.where(name) == line
    assert edited[name] == document[key]
    assert (key in edited) == (fold(key) == fold(name))
    old, new = raws(document), raws(edited)
    assert [new[: line - 1], new[line:]] == [old[: line - 1], old[line:]]
    assert new[line - 1].partition(b"=")[2] == old[line - 1].partition(b"=")[2]


@given(DOCUMENTS, st.lists(EDITS, max_size=5))
def test_edits_at_once_are_edits_one_by_one(document: Document, edits: list[Edit]) -> None:
    # A first line that turns into one with a byte order mark is another line from then on.
    assume(b"\xef\xbb\xbf" not in bytes(document)[3:])
    step: Document | AmbiguousKey | EncodingRefused = document
    for edit in edits:
        if isinstance(step, Document):
            step = attempt(step, edit)
    together = attempt(document, *edits)
    assert type(together) is type(step)
    if isinstance(together, Document) and isinstance(step, Document):
        assert list(together.items()) == list(step.items())


@given(DOCUMENTS, st.sampled_from(ENCODING_KEYS), st.sampled_from(["UTF-8", "GBK", "windows-1252", "klingon", "é"]))
def test_a_change_of_the_encoding_changes_no_other_value_or_is_refused(document: Document, key: str, name: str) -> None:
    edited = attempt(document, SetValue(key, name))
    if not isinstance(edited, Document) or bytes(edited) == bytes(document):
        return
    assert others(edited, key) == others(document, key)
    assert edited.encoding.known
    assert edited.encoding.conflict is None
