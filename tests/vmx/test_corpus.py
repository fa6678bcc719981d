"""Real files: each prints as it was read, and takes every edit without a change to any other line."""

from __future__ import annotations

from pathlib import Path

import pytest

from vmxtool.vmx.document import Document
from vmxtool.vmx.edits import RemoveKey, RenameKey, SetValue, apply

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"
FILES = sorted(
    path
    for pattern in ("vmx/*", "libvirt/*.vmx", "vmsd/*", "templates/*", "not-vmx/*")
    for path in CORPUS.glob(pattern)
    if path.is_file()
)
CONFIGS = [path for path in FILES if path.parent.name in {"vmx", "libvirt", "vmsd"}]

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real files is not beside the project"),
]


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_real_file_prints_as_it_was_read(path: Path) -> None:
    data = path.read_bytes()
    document = Document.read(path)
    assert bytes(document) == data
    assert bytes(apply(document, [SetValue(key, document[key]) for key in document if not document.repeats])) == data


@pytest.mark.parametrize("path", CONFIGS, ids=name_of)
def test_a_real_file_is_in_the_encoding_it_names(path: Path) -> None:
    document = Document.read(path)
    assert document.encoding.known
    assert document.encoding.conflict is None
    assert document.undecodable == ()


@pytest.mark.parametrize("path", [path for path in CONFIGS if path.suffix == ".vmx"], ids=name_of)
def test_edits_of_a_real_file_touch_their_own_lines(path: Path) -> None:
    document = Document.read(path)
    keys = [key for key in document if not key.startswith(".")]
    changed, *_, renamed, removed = keys
    edited = apply(document, [SetValue(changed, "x"), RenameKey(renamed, "new.name"), RemoveKey(removed)])
    touched = [document.where(key) for key in (changed, renamed, removed)]
    before = [document.line(number).raw for number in range(1, document.lines + 1) if number not in touched]
    new = [edited.where(changed), edited.where("new.name")]
    assert [edited.line(number).raw for number in range(1, edited.lines + 1) if number not in new] == before
    assert (edited[changed], edited["new.name"]) == ("x", document[renamed])


def test_the_corpus_holds_what_these_tests_are_about() -> None:
    documents = [Document.read(path) for path in CONFIGS]
    assert {"utf-8", "cp1252", "cp1251", "gbk"} <= {document.encoding.codec for document in documents}
    assert {"LF", "CRLF"} <= {document.line_ending for document in documents}
    assert any(document.unknown for document in documents)
