"""Journals: what is in them, their states, and what is done with one that somebody tampered with."""

from __future__ import annotations

import json
import os
import tracemalloc
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rewriter.instrumented import patched_vm, states, tree

from vmxtool.errors import WriteError
from vmxtool.rewriter.journal import store
from vmxtool.rewriter.journal.file_ops import Attributes
from vmxtool.rewriter.journal.history import JournalFolder, undo_last
from vmxtool.rewriter.journal.patch import InPlacePatch, Range, ReplacePatch
from vmxtool.rewriter.journal.record import Journal, JournalFile, NotAJournalError, decode, encode
from vmxtool.rewriter.journal.store import journals, unfinished
from vmxtool.rewriter.journal.undo import undo
from vmxtool.rewriter.journal.write import write
from vmxtool.vmx import limits

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = Path("vm").absolute()
OLD, NEW = b"old\n", b"new\n"

names = st.lists(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\\:\0"), min_size=1).filter(
        lambda part: part not in {".", ".."} and part.casefold() != ".vmxtool"
    ),
    min_size=1,
    max_size=3,
).map("/".join)


@st.composite
def patches(draw: st.DrawFn, path: Path) -> ReplacePatch | InPlacePatch:
    if draw(st.booleans()):
        return ReplacePatch(path, draw(st.binary()), draw(st.binary()))
    offset, ranges = 0, []
    for _ in range(draw(st.integers(1, 3))):
        before = draw(st.binary(min_size=1, max_size=40))
        after = draw(st.binary(min_size=len(before), max_size=len(before)))
        offset += draw(st.integers(0, 10**12))
        ranges.append(Range(offset, before, after))
        offset = ranges[-1].end
    return InPlacePatch(path, tuple(ranges))


@st.composite
def records(draw: st.DrawFn) -> Journal:
    listed = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    attributes = st.builds(
        Attributes, st.integers(0, 0o7777), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(0, 2**62)
    )
    entries = tuple(
        JournalFile(name, draw(patches(FOLDER.joinpath(*name.split("/")))), draw(attributes)) for name in listed
    )
    about = draw(st.dictionaries(st.text(), st.text(), max_size=3))
    return Journal(FOLDER, draw(st.integers(1, 9999)), draw(st.datetimes(timezones=st.just(UTC))), about, entries)


@given(records())
def test_a_journal_reads_back_as_it_was(record: Journal) -> None:
    assert decode(encode(record), FOLDER, record.number) == record


@given(records(), st.data())
def test_a_journal_with_anything_else_in_it_is_refused_or_read_but_never_an_accident(
    record: Journal, data: st.DataObject
) -> None:
    content = json.loads(encode(record))
    places: list[tuple[Any, Any]] = []
    open_places = [content]
    while open_places:
        at = open_places.pop()
        for key in list(at) if isinstance(at, dict) else range(len(at)):
            places.append((at, key))
            if isinstance(at[key], dict | list):
                open_places.append(at[key])
    at, key = data.draw(st.sampled_from(places))
    strange = st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.just([]), st.just({}), st.just([[]])
    )
    at[key] = data.draw(strange)
    with suppress(NotAJournalError):
        read = decode(json.dumps(content).encode(), FOLDER, record.number)
        for entry in read.entries:
            assert entry.patch.path.is_relative_to(FOLDER)
            assert ".." not in entry.patch.path.parts


@given(st.binary(max_size=300))
def test_bytes_that_are_no_journal(data: bytes) -> None:
    with pytest.raises(NotAJournalError):
        decode(data, FOLDER, 1)


def make_journal(folder: Path) -> dict[str, Any]:
    """A folder with one rewrite done, and the content of its journal."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vm.vmx").write_bytes(OLD)
    (folder / "disk.vmdk").write_bytes(b"0" * 2048)
    disk = InPlacePatch(folder / "disk.vmdk", (Range(512, b"0" * 512, b"1" * 512),))
    path = write(folder, (ReplacePatch(folder / "vm.vmx", OLD, NEW), disk), {"command": "rewrite"})
    assert path is not None
    content: dict[str, Any] = json.loads(path.read_bytes())
    return content


def change(*path: str | int, to: object) -> Callable[[dict[str, Any]], None]:
    """A change at one place of a journal."""

    def do(content: dict[str, Any]) -> None:
        at: Any = content
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = to

    return do


HOSTILE = {
    "parent folder": change("files", 0, "name", to="../vm.vmx"),
    "way up in the middle": change("files", 0, "name", to="a/../../vm.vmx"),
    "full path": change("files", 0, "name", to="/etc/passwd"),
    "no name": change("files", 0, "name", to=""),
    "the folder itself": change("files", 0, "name", to="."),
    "NUL in a name": change("files", 0, "name", to="vm\x00.vmx"),
    "name longer than any": change("files", 0, "name", to="a/" * 200_000 + "x"),
    "name a little too long": change("files", 0, "name", to="é" * 2048 + "x"),
    "half a character": change("files", 0, "name", to="\ud800.vmx"),
    "the journals": change("files", 0, "name", to=".vmxtool/0001.done"),
    "the journals in capitals": change("files", 0, "name", to=".VMXTOOL/0001.done"),
    "name that is a number": change("files", 0, "name", to=1),
    "a file twice": change("files", 1, "name", to="vm.vmx"),
    "unknown kind": change("files", 0, "kind", to="remove"),
    "kind that is a list": change("files", 0, "kind", to=[]),
    "kind of the other": change("files", 0, "kind", to="in-place"),
    "no files": change("files", to=[]),
    "files that are a text": change("files", to="vm.vmx"),
    "file that is a text": change("files", 0, to="vm.vmx"),
    "field too many": change("files", 0, "chmod", to=0o4755),
    "mode beyond bounds": change("files", 0, "mode", to=0o100644),
    "negative owner": change("files", 0, "uid", to=-1),
    "owner that is true": change("files", 0, "uid", to=True),
    "time that is a fraction": change("files", 0, "mtime_ns", to=1.5),
    "not base64": change("files", 0, "before", to="b2xk!"),
    "base64 that is no ASCII": change("files", 0, "before", to="é"),
    "content without its digest": change("files", 0, "before", to="ZXZpbAo="),
    "digest without its content": change("files", 0, "sha256_after", to="0" * 64),
    "negative offset": change("files", 1, "ranges", 0, "offset", to=-512),
    "offset beyond any file": change("files", 1, "ranges", 0, "offset", to=2**63 - 1),
    "offset that is a text": change("files", 1, "ranges", 0, "offset", to="512"),
    "range moved": change("files", 1, "ranges", 0, "offset", to=0),
    "range of two lengths": change("files", 1, "ranges", 0, "after", to="MQ=="),
    "no ranges": change("files", 1, "ranges", to=[]),
    "another schema": change("schema", to="vmxtool.journal/2"),
    "about with a number": change("about", "command", to=1),
    "about with a long text": change("about", "command", to="x" * 5000),
    "about that is a list": change("about", to=["rewrite"]),
    "created at no time": change("created", to="yesterday"),
    "created in another zone": change("created", to="2026-11-22T19:00:00+01:00"),
    "created in no zone": change("created", to="2026-11-22T19:00:00"),
    "created by number": change("created", to=0),
}


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("state", ["done", "journal"])
def test_tampered_journal_changes_nothing(tmp_path: Path, hostile: str, state: str) -> None:
    content = make_journal(tmp_path / "vm")
    HOSTILE[hostile](content)
    path = tmp_path / "vm" / ".vmxtool" / "0001.done"
    path.write_text(json.dumps(content))
    path.rename(path.with_suffix(f".{state}"))
    before = tree(tmp_path)
    with pytest.raises(WriteError) as caught:
        undo(tmp_path / "vm")
    assert f"0001.{state}: not a journal of vmxtool" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1000
    assert tree(tmp_path) == before


def test_many_long_names_are_refused_before_any_is_looked_up(tmp_path: Path) -> None:
    content = make_journal(tmp_path)
    content["files"] = [content["files"][0] | {"name": f"{'a/' * 2000}{number}"} for number in range(100)]
    (tmp_path / ".vmxtool" / "0001.done").write_text(json.dumps(content))
    with pytest.raises(WriteError, match="the names in it are too long"):
        undo(tmp_path)


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"null", b"[" * 100_000, b'{"schema": NaN}', b"\xff\xfe", b"9" * 5000, b'{"a": 1, "a": 2}'],
    ids=["empty", "half", "list", "null", "deep", "nan", "utf-16", "long number", "field twice"],
)
def test_file_that_is_no_journal(tmp_path: Path, data: bytes) -> None:
    make_journal(tmp_path)
    (tmp_path / ".vmxtool" / "0001.done").write_bytes(data)
    with pytest.raises(WriteError, match=r"0001\.done: not a journal of vmxtool"):
        undo(tmp_path)


def test_journal_that_is_too_big_is_not_read_whole(tmp_path: Path) -> None:
    make_journal(tmp_path)
    os.truncate(tmp_path / ".vmxtool" / "0001.done", 10**12)
    with pytest.raises(WriteError, match="not a journal"):
        undo(tmp_path)


HEAD = b'{"schema":"vmxtool.journal/1","created":"2026-11-22T19:00:00+00:00","about":{},"files":'
# Made when their turn comes, since each has 40 MB.
LARGE: dict[str, Callable[[], bytes]] = {
    "empty lists": lambda: HEAD + b"[" + b"[]," * (13 * 2**20) + b"[]]}",
    "fields": lambda: HEAD + b"[{" + b'"":0,' * (8 * 2**20) + b'"":0}]}',
    "line breaks": lambda: HEAD + b"\n" * (40 * 10**6) + b"[]}",
    "wide text": lambda: b'{"about":"\\ud83d\\ude00' + b"x" * (40 * 10**6) + b'"}',
    "wide text of its own": lambda: b'{"about":"' + "\U0001f600".encode() + b"x" * (40 * 10**6) + b'"}',
    "fraction": lambda: HEAD + b"0." + b"3" * (40 * 10**6) + b"}",
    "whole number": lambda: HEAD + b"3" * (40 * 10**6) + b"}",
    "zeros": lambda: bytes(40 * 10**6),
}


@pytest.mark.parametrize("large", LARGE)
def test_a_large_journal_takes_little_memory(large: str) -> None:
    data = LARGE[large]()
    tracemalloc.start()
    with pytest.raises(NotAJournalError):
        decode(data, FOLDER, 1)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 130 * 2**20


def test_the_biggest_config_fits_in_a_journal(tmp_path: Path) -> None:
    """Of what is read as a config at most, every byte changes."""
    config = tmp_path / "vm.vmx"
    before, after = b"x" * limits.MAX_BYTES, b"y" * limits.MAX_BYTES
    config.write_bytes(before)
    write(tmp_path, (ReplacePatch(config, before, after),), {"command": "rewrite"})
    assert config.read_bytes() == after
    (info,) = journals(tmp_path)
    assert (info.problem, info.about) == ("", {"command": "rewrite"})
    undo(tmp_path)
    assert config.read_bytes() == before


@pytest.mark.parametrize("kind", ["link", "folder", "fifo"])
def test_journal_that_is_no_file(tmp_path: Path, kind: str) -> None:
    make_journal(tmp_path / "vm")
    path = tmp_path / "vm" / ".vmxtool" / "0001.done"
    path.rename(tmp_path / "kept.done")
    if kind == "link":
        path.symlink_to(tmp_path / "kept.done")
    elif kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)
    with pytest.raises(WriteError, match=r"0001\.done: "):
        undo(tmp_path / "vm")


@pytest.mark.parametrize("state", ["done", "journal"])
@pytest.mark.parametrize("way", ["file", "folder"])
def test_link_in_the_place_of_a_file_is_not_followed(tmp_path: Path, state: str, way: str) -> None:
    """The journal is right, but where the file lay, a link now leads out of the folder or to another file in it."""
    folder = tmp_path / "vm" / "disks"
    folder.mkdir(parents=True)
    (folder / "a.vmx").write_bytes(OLD)
    path = write(tmp_path / "vm", (ReplacePatch(folder / "a.vmx", OLD, NEW),), {})
    assert path is not None
    path.rename(path.with_suffix(f".{state}"))
    if way == "file":
        (folder / "a.vmx").rename(tmp_path / "vm" / "other.vmx")
        (folder / "a.vmx").symlink_to(tmp_path / "vm" / "other.vmx")
    else:
        folder.rename(tmp_path / "outside")
        folder.symlink_to(tmp_path / "outside")
    with pytest.raises(WriteError, match=r"link has taken the place|outside the VM's folder"):
        undo(tmp_path / "vm")
    assert {path.read_bytes() for path in tmp_path.rglob("*.vmx")} == {NEW}


# States and lists


def test_journals_are_listed_oldest_first(tmp_path: Path) -> None:
    config = tmp_path / "vm.vmx"
    config.write_bytes(b"0")
    for number in range(3):
        write(tmp_path, (ReplacePatch(config, b"%d" % number, b"%d" % (number + 1)),), {"command": f"step {number}"})
    undo(tmp_path)

    listed = journals(tmp_path)

    assert [(info.number, info.state, dict(info.about), info.problem) for info in listed] == [
        (1, "done", {"command": "step 0"}, ""),
        (2, "done", {"command": "step 1"}, ""),
        (3, "undone", {"command": "step 2"}, ""),
    ]
    assert [info.path.name for info in listed] == ["0001.done", "0002.done", "0003.undone"]
    for info in listed:
        assert info.created is not None
        assert timedelta(0) <= datetime.now(UTC) - info.created < timedelta(minutes=1)


def test_only_the_newest_journals_are_listed_and_of_large_ones_only_the_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_journal(tmp_path)
    folder = tmp_path / ".vmxtool"
    for number in range(2, 300):
        (folder / f"{number:04}.undone").write_bytes(b"{}")
    for number in range(280, 290):
        os.truncate(folder / f"{number:04}.undone", 10**9)
        os.truncate(folder / f"{number + 10:04}.undone", store.MAX_BYTES)
    read: list[int] = []
    real = os.read

    def counted(descriptor: int, length: int) -> bytes:
        found = real(descriptor, length)
        read.append(len(found))
        return found

    monkeypatch.setattr(os, "read", counted)
    assert [info.number for info in journals(tmp_path)] == list(range(200, 300))
    assert sum(read) < 10 * 2**18


def test_an_undo_reads_the_journal_that_is_due_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_journal(tmp_path)
    for number in range(2, 50):
        (tmp_path / ".vmxtool" / f"{number:04}.undone").write_bytes(b"{}")
    opened: list[str] = []
    real = os.open

    def noted(path: Path, *rest: Any) -> int:
        opened.append(Path(path).name)
        return real(path, *rest)

    monkeypatch.setattr(os, "open", noted)
    assert undo_last(JournalFolder(tmp_path, None, tmp_path)).about == {"command": "rewrite"}
    assert {name for name in opened if name.endswith((".done", ".journal", ".undone"))} == {"0001.done"}


def test_no_journals(tmp_path: Path) -> None:
    assert journals(tmp_path) == ()
    assert unfinished(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_unfinished_journal_is_found(tmp_path: Path) -> None:
    make_journal(tmp_path)
    assert unfinished(tmp_path) is None
    (tmp_path / ".vmxtool" / "0001.done").rename(tmp_path / ".vmxtool" / "0001.journal")
    assert unfinished(tmp_path) == tmp_path / ".vmxtool" / "0001.journal"
    assert [info.state for info in journals(tmp_path)] == ["journal"]


def test_a_broken_journal_does_not_hide_the_others(tmp_path: Path) -> None:
    config = tmp_path / "vm.vmx"
    config.write_bytes(OLD)
    write(tmp_path, (ReplacePatch(config, OLD, NEW),), {})
    write(tmp_path, (ReplacePatch(config, NEW, b"newer"),), {})
    (tmp_path / ".vmxtool" / "0001.done").write_bytes(b"\0" * 100)
    broken, good = journals(tmp_path)
    assert broken.created is None
    assert "0001.done: not a journal of vmxtool" in broken.problem
    assert good.problem == ""
    assert undo(tmp_path).number == 2


@pytest.mark.parametrize("name", ["1.done", "00002.done", "0002.DONE", "0002.done.bak", "123456789.done", "x.journal"])
def test_other_names_among_the_journals_are_no_journals(tmp_path: Path, name: str) -> None:
    make_journal(tmp_path)
    (tmp_path / ".vmxtool" / name).write_bytes(b"not ours")
    assert [info.number for info in journals(tmp_path)] == [1]
    assert undo(tmp_path).number == 1
    assert (tmp_path / ".vmxtool" / name).exists()


def test_numbers_end_somewhere(tmp_path: Path) -> None:
    make_journal(tmp_path)
    (tmp_path / ".vmxtool" / "0001.done").rename(tmp_path / ".vmxtool" / "99999999.done")
    with pytest.raises(WriteError, match="no number is left"):
        write(tmp_path, (ReplacePatch(tmp_path / "vm.vmx", NEW, OLD),), {})
    assert (tmp_path / "vm.vmx").read_bytes() == NEW


def test_drafts_of_dead_processes_go_away(tmp_path: Path) -> None:
    make_journal(tmp_path)
    (tmp_path / ".vmxtool" / "0002.tmp").write_bytes(b"half a journ")
    write(tmp_path, (ReplacePatch(tmp_path / "vm.vmx", NEW, OLD),), {})
    assert states(tmp_path) == ["0001.done", "0002.done"]


def test_changes_too_big_for_a_journal_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MAX_BYTES", 1000)
    vm = patched_vm(tmp_path)
    before = tree(tmp_path)
    with pytest.raises(WriteError, match="more than a journal holds"):
        write(tmp_path, vm, {})
    assert tree(tmp_path) == before
    assert not (tmp_path / ".vmxtool").exists()


def test_digests_tell_sides_and_places_apart() -> None:
    text = ReplacePatch(FOLDER, OLD, NEW)
    assert text.digest("before") != text.digest("after") == ReplacePatch(FOLDER, NEW, OLD).digest("before")
    one = InPlacePatch(FOLDER, (Range(0, b"ab", b"cd"),))
    two = InPlacePatch(FOLDER, (Range(0, b"a", b"c"), Range(1, b"b", b"d")))
    moved = InPlacePatch(FOLDER, (Range(1, b"ab", b"cd"),))
    assert len({patch.digest("before") for patch in (one, two, moved)}) == 3
