"""Undo of some files of a rewrite: what it leaves alone, how it goes on later, and that it can be killed anywhere."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rewriter.instrumented import (
    Call,
    count_changes,
    failure,
    instants,
    instrumented,
    is_change,
    killed,
    patched_vm,
    sparse_disk,
    states,
    tree,
)

from vmxtool.errors import Interrupted, UsageError, WriteError
from vmxtool.rewriter.journal import store
from vmxtool.rewriter.journal.patch import ReplacePatch
from vmxtool.rewriter.journal.refusal import ChangedSince
from vmxtool.rewriter.journal.undo import RestoredFiles, undo
from vmxtool.rewriter.journal.write import write

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills processes made with fork")

NAMES = ("vm.vmx", "a.vmdk", "b.vmdk", "c.vmdk", "d.vmdk")
Tree = dict[str, tuple[str, int]]


def rewritten(folder: Path) -> tuple[Tree, Tree]:
    """A VM rewritten; what it was before and what it is now."""
    patches = patched_vm(folder)
    old = tree(folder)
    write(folder, patches, {"command": "rewrite"})
    return old, tree(folder)


def by_hand(folder: Path, name: str = "vm.vmx") -> bytes:
    """Change a text as a person does, and give what it was before that."""
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content + b'memsize = "64"\r\n')
    return content


def mixed(old: Tree, new: Tree, back: set[str]) -> Tree:
    return {name: (old if name in back else new)[name] for name in new}


def test_the_named_files_alone_are_put_back_and_the_rewrite_stays_done(tmp_path: Path) -> None:
    old, _ = rewritten(tmp_path)
    by_hand(tmp_path)
    new = tree(tmp_path)
    done = undo(tmp_path, only=["d.vmdk", "a.vmdk"])
    assert done == RestoredFiles(1, ("a.vmdk", "d.vmdk"), was_unfinished=False, left=done.left, state="done")
    assert done.left == ("vm.vmx", "b.vmdk", "c.vmdk")
    assert tree(tmp_path) == mixed(old, new, {"a.vmdk", "d.vmdk"})
    assert states(tmp_path) == ["0001.done"]


@given(st.lists(st.sets(st.sampled_from(NAMES), min_size=1), max_size=4), st.sets(st.sampled_from(NAMES[:3])))
def test_however_it_is_cut_into_parts_the_end_is_the_same(parts: list[set[str]], edited: set[str]) -> None:
    """Files that a person has changed are not touched, and are settled when the person has put them back."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        patches = patched_vm(folder)
        before = {patch.path: patch.path.read_bytes() for patch in patches}
        old, _ = rewritten(folder)
        for file in edited:
            by_hand(folder, file)
        new, back = tree(folder), set[str]()
        for part in parts:
            if store.due(folder) is None:
                break
            error = failure(lambda: undo(folder, only=sorted(part)))  # noqa: B023
            assert isinstance(error, ChangedSince) == bool(part & edited)
            back |= set() if error else part
            assert tree(folder) == mixed(old, new, back)
        assert states(folder) == ["0001.undone" if back == set(NAMES) else "0001.done"]
        for file in edited:
            assert isinstance(failure(lambda: undo(folder)), ChangedSince)
            (folder / file).write_bytes(before[folder / file])
        if back != set(NAMES):
            assert set(undo(folder).files) == set(NAMES) - back - edited
        assert tree(folder) == old
        assert states(folder) == ["0001.undone"]


def test_the_undo_before_last_waits_until_the_last_is_undone_as_a_whole(tmp_path: Path) -> None:
    rewritten(tmp_path)
    between = tree(tmp_path)
    config = tmp_path / "vm.vmx"
    write(tmp_path, (ReplacePatch(config, config.read_bytes(), b"2"),), {})
    assert undo(tmp_path, only=["vm.vmx"]).state == "undone"
    assert tree(tmp_path) == between
    assert undo(tmp_path, only=["vm.vmx"]).number == 1
    assert states(tmp_path) == ["0001.done", "0002.undone"]


def test_a_name_that_the_rewrite_did_not_change(tmp_path: Path) -> None:
    _, new = rewritten(tmp_path)
    for name in ("e.vmdk", "./a.vmdk", "a-flat.vmdk", ""):
        with pytest.raises(UsageError, match="rewrite 0001 changed no file") as caught:
            undo(tmp_path, only=["a.vmdk", name])
        assert caught.value.candidates == NAMES
    assert tree(tmp_path) == new


@pytest.mark.parametrize("changed", ["vm.vmx", "d.vmdk"])
def test_a_named_file_that_was_changed_is_not_put_back_nor_are_the_others(tmp_path: Path, changed: str) -> None:
    rewritten(tmp_path)
    content = (tmp_path / changed).read_bytes()
    (tmp_path / changed).write_bytes(content.replace(b"6", b"7"))
    new = tree(tmp_path)
    with pytest.raises(ChangedSince, match=f"{changed}: changed since") as caught:
        undo(tmp_path, only=["a.vmdk", changed])
    assert caught.value.candidates == tuple(name for name in NAMES if name != changed)
    assert tree(tmp_path) == new


@pytest.mark.skipif(os.name == "nt", reason="makes a FIFO")
def test_a_file_that_cannot_be_looked_at_does_not_keep_the_others_from_their_undo(tmp_path: Path) -> None:
    old, _ = rewritten(tmp_path)
    (tmp_path / "vm.vmx").unlink()
    (tmp_path / "vm.vmx").mkdir()
    (tmp_path / "b.vmdk").unlink()
    done = undo(tmp_path, only=["c.vmdk"])
    assert done.left == ("vm.vmx", "a.vmdk", "b.vmdk", "d.vmdk")
    assert tree(tmp_path)["c.vmdk"] == old["c.vmdk"]


# A rewrite that was cut short


def cut_short(folder: Path) -> Tree:
    """A rewrite cut short when two of its files were changed, one of them in part."""
    old, _ = rewritten(folder)
    (folder / ".vmxtool" / "0001.done").rename(folder / ".vmxtool" / "0001.journal")
    disk = sparse_disk("ide")
    after = (folder / "c.vmdk").read_bytes()
    differing = [at for at, pair in enumerate(zip(disk, after, strict=True)) if pair[0] != pair[1]]
    half = differing[len(differing) // 2]
    (folder / "c.vmdk").write_bytes(after[:half] + disk[half:])
    assert (folder / "c.vmdk").read_bytes() not in {disk, after}
    return old


def test_a_rewrite_that_was_cut_short_stays_so_until_all_is_put_back(tmp_path: Path) -> None:
    old = cut_short(tmp_path)
    edited = by_hand(tmp_path)
    with pytest.raises(ChangedSince, match=r"vm\.vmx: changed by another program .* cut short") as caught:
        undo(tmp_path)
    assert caught.value.candidates == NAMES[1:]
    done = undo(tmp_path, only=NAMES[1:])
    assert (done.files, done.left, done.state, done.was_unfinished) == (NAMES[1:], ("vm.vmx",), "journal", True)
    assert states(tmp_path) == ["0001.journal"]
    (tmp_path / "vm.vmx").write_bytes(edited)
    assert undo(tmp_path).files == ("vm.vmx",)
    assert tree(tmp_path) == old
    assert states(tmp_path) == ["0001.undone"]


# Killed


@needs_fork
@pytest.mark.parametrize("again", [(), ("c.vmdk", "a.vmdk")], ids=["the next undo names none", "it names the same"])
def test_killed_at_every_instant_it_goes_on_with_the_next_undo(tmp_path: Path, again: tuple[str, ...]) -> None:
    """What a person changed by hand is never touched, and in the end every byte is back."""
    ready = tmp_path / "ready"
    old, _ = rewritten(ready)
    left_by_rewrite = by_hand(ready)
    edited = tree(ready)
    shutil.copytree(ready, tmp_path / "count", symlinks=True)
    changes = count_changes(lambda: undo(tmp_path / "count", only=["a.vmdk", "c.vmdk"]))
    in_part = tree(tmp_path / "count")
    assert in_part == mixed(old, edited, {"a.vmdk", "c.vmdk"})
    seen = set()
    for turn, torn in instants(changes):
        folder = tmp_path / f"{turn}-{torn}"
        shutil.copytree(ready, folder)
        killed(lambda folder=folder: undo(folder, only=["a.vmdk", "c.vmdk"]), turn, torn=torn)  # type: ignore[misc]
        (state,) = {name.partition(".")[2] for name in states(folder) if not name.endswith(".tmp")}
        seen.add(state)
        # A rewrite may be made only where no file is half changed.
        assert (store.unfinished(folder) is not None) == (state == "journal")
        if state == "done":
            assert tree(folder) in {"new": edited, "in part": in_part}.values()

        error = failure(lambda: undo(folder, only=again))  # noqa: B023

        if state == "journal" or again:
            assert error is None, (turn, torn, changes[turn], error)
            assert tree(folder) == in_part
        else:
            # Nothing was under way, so that this was an undo of all files, which the edited one forbids.
            assert isinstance(error, ChangedSince)
        assert states(folder) == ["0001.done"]
        (folder / "vm.vmx").write_bytes(left_by_rewrite)
        undo(folder)
        assert tree(folder) == old, (turn, torn, changes[turn])
        assert states(folder) == ["0001.undone"]
    assert seen == {"done", "journal"}


@needs_fork
def test_an_undo_of_the_rest_that_is_killed_is_one_of_all_files(tmp_path: Path) -> None:
    """What the undo before it said of its own files does not count any more."""
    ready = tmp_path / "ready"
    old, _ = rewritten(ready)
    undo(ready, only=["a.vmdk", "c.vmdk"])
    shutil.copytree(ready, tmp_path / "count")
    changes = count_changes(lambda: undo(tmp_path / "count"))
    for turn, torn in instants(changes):
        folder = tmp_path / f"{turn}-{torn}"
        shutil.copytree(ready, folder)
        killed(lambda folder=folder: undo(folder), turn, torn=torn)  # type: ignore[misc]
        if states(folder) != ["0001.undone"]:
            assert undo(folder).state == "undone", (turn, torn, changes[turn])
        assert tree(folder) == old, (turn, torn, changes[turn])


def stopped(folder: Path, only: list[str]) -> None:
    """An undo of some files that ends right after it has announced itself."""

    def hook(name: str, real: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if is_change(name, args) and (folder / ".vmxtool" / "0001.journal").exists():
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(*args, **kwargs)

    with instrumented(hook), pytest.raises((Interrupted, WriteError)):
        undo(folder, only=only)
    assert states(folder) == ["0001.journal"]


def test_other_files_that_are_named_meanwhile_are_put_back_with_those_under_way(tmp_path: Path) -> None:
    old, _ = rewritten(tmp_path)
    by_hand(tmp_path)
    new = tree(tmp_path)
    stopped(tmp_path, ["c.vmdk"])
    done = undo(tmp_path, only=["a.vmdk"])
    assert (done.files, done.was_unfinished, done.state) == (("a.vmdk", "c.vmdk"), True, "done")
    assert tree(tmp_path) == mixed(old, new, {"a.vmdk", "c.vmdk"})


def test_a_file_outside_an_undo_under_way_has_to_be_as_the_rewrite_left_it(tmp_path: Path) -> None:
    rewritten(tmp_path)
    stopped(tmp_path, ["c.vmdk"])
    (tmp_path / "b.vmdk").unlink()
    with pytest.raises(ChangedSince, match=r"b\.vmdk: changed since rewrite 0001"):
        undo(tmp_path, only=["b.vmdk"])
    # Of those that are under way, a crash of the host may have taken one.
    assert undo(tmp_path).files == ("c.vmdk",)


def test_the_list_and_the_result_do_not_show_what_is_kept_for_the_undo(tmp_path: Path) -> None:
    rewritten(tmp_path)
    stopped(tmp_path, ["c.vmdk"])
    (info,) = store.journals(tmp_path)
    assert (info.state, dict(info.about), info.problem) == ("journal", {"command": "rewrite"}, "")


@pytest.mark.parametrize("told", ["", "0", "-1", "20", "0x8", "g", "8 ", "f" * 4096])
def test_a_journal_that_was_tampered_with_is_refused(tmp_path: Path, told: str) -> None:
    _, new = rewritten(tmp_path)
    stopped(tmp_path, ["d.vmdk"])
    journal = tmp_path / ".vmxtool" / "0001.journal"
    content = json.loads(journal.read_bytes())
    assert content["about"]["undoing"] == "10"
    content["about"]["undoing"] = told
    journal.write_text(json.dumps(content, indent=1))
    with pytest.raises(WriteError, match=r"0001\.journal: not a journal of vmxtool: it does not say which files"):
        undo(tmp_path)
    assert tree(tmp_path) == new


@pytest.mark.parametrize("way", ["at once", "after the fact"])
def test_each_change_failing_in_turn(tmp_path: Path, way: str) -> None:
    """Undoing the same again finishes it, and what was changed by hand stays."""
    ready = tmp_path / "ready"
    old, _ = rewritten(ready)
    by_hand(ready)
    new = tree(ready)
    shutil.copytree(ready, tmp_path / "count")
    calls = count_changes(lambda: undo(tmp_path / "count", only=["b.vmdk", "d.vmdk"]))
    results = set()
    for turn in range(len(calls)):
        folder = tmp_path / str(turn)
        shutil.copytree(ready, folder)
        seen = -1

        def hook(name: str, real: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            nonlocal seen
            seen += is_change(name, args)
            if seen == turn and is_change(name, args):  # noqa: B023
                if way == "after the fact" and name != "open":
                    real(*args, **kwargs)
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return real(*args, **kwargs)

        with instrumented(hook):
            error = failure(lambda: undo(folder, only=["b.vmdk", "d.vmdk"]))  # noqa: B023
        results.add(type(error).__name__)
        if error is not None and not isinstance(error, Interrupted):
            assert tree(folder) == new, (turn, calls[turn], error)
        undo(folder, only=["b.vmdk", "d.vmdk"])
        assert tree(folder) == mixed(old, new, {"b.vmdk", "d.vmdk"}), (turn, calls[turn], error)
        assert states(folder) == ["0001.done"]
    assert {"WriteError", "Interrupted"} <= results
