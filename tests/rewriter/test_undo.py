"""Undo: what is put back, several deep, from any mixture, and when it is refused."""

from __future__ import annotations

import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from build import CID
from hypothesis import given
from hypothesis import strategies as st
from locks import lock_folder, on_nfs
from rewriter.instrumented import in_place, patched_vm, sparse_disk, states, tree

from vmxtool.errors import WriteError
from vmxtool.rewriter.journal.patch import InPlacePatch, Range, ReplacePatch
from vmxtool.rewriter.journal.undo import undo
from vmxtool.rewriter.journal.write import write

OLD, NEW = b'guestOS = "winxp"\n', b'guestOS = "winxppro"\n'


def rewritten(folder: Path, *, cut_short: bool = False) -> dict[str, tuple[str, int]]:
    """A VM rewritten, or with all changed and its journal not yet done; gives what it was before."""
    patches = patched_vm(folder)
    old = tree(folder)
    path = write(folder, patches, {})
    assert path is not None
    if cut_short:
        path.rename(path.with_suffix(".journal"))
    return old


def test_undo_gives_back_every_byte(tmp_path: Path) -> None:
    old = rewritten(tmp_path)
    assert tree(tmp_path) != old

    done = undo(tmp_path)

    assert done.number == 1
    assert done.files == ("vm.vmx", "a.vmdk", "b.vmdk", "c.vmdk", "d.vmdk")
    assert not done.was_unfinished
    assert tree(tmp_path) == old
    assert states(tmp_path) == ["0001.undone"]


def test_undo_goes_back_several_rewrites(tmp_path: Path) -> None:
    config = tmp_path / "vm.vmx"
    config.write_bytes(b"0")
    for number in range(4):
        write(tmp_path, (ReplacePatch(config, b"%d" % number, b"%d" % (number + 1)),), {})
    for number in (3, 2, 1, 0):
        assert undo(tmp_path).number == number + 1
        assert config.read_bytes() == b"%d" % number
    with pytest.raises(WriteError, match="no rewrite to undo"):
        undo(tmp_path)


def test_a_rewrite_after_an_undo_has_a_number_of_its_own(tmp_path: Path) -> None:
    config = tmp_path / "vm.vmx"
    config.write_bytes(b"0")
    for after in (b"1", b"2"):
        write(tmp_path, (ReplacePatch(config, config.read_bytes(), after),), {})
    undo(tmp_path)
    write(tmp_path, (ReplacePatch(config, b"1", b"3"),), {})
    assert states(tmp_path) == ["0001.done", "0002.undone", "0003.done"]
    assert undo(tmp_path).number == 3
    assert undo(tmp_path).number == 1
    assert config.read_bytes() == b"0"


def test_nothing_to_undo_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="no rewrite to undo"):
        undo(tmp_path)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / ".vmxtool").mkdir()
    (tmp_path / ".vmxtool" / "0001.tmp").write_bytes(b"a process died before its rewrite began")
    with pytest.raises(WriteError, match="no rewrite to undo"):
        undo(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("changed", ["vm.vmx", "b.vmdk", "d.vmdk"])
def test_a_file_changed_since_is_named_and_nothing_is_undone(tmp_path: Path, changed: str) -> None:
    rewritten(tmp_path)
    content = (tmp_path / changed).read_bytes()
    (tmp_path / changed).write_bytes(content.replace(b"6", b"7"))
    before = tree(tmp_path)
    with pytest.raises(WriteError, match=f"{changed}: changed since rewrite 0001"):
        undo(tmp_path)
    assert tree(tmp_path) == before
    assert states(tmp_path) == ["0001.done"]
    (tmp_path / changed).write_bytes(content)
    undo(tmp_path)


@pytest.mark.parametrize("bits", range(1, 32))
def test_files_put_back_by_hand_are_taken_as_they_are(tmp_path: Path, bits: int) -> None:
    patches = patched_vm(tmp_path)
    before = {patch.path: patch.path.read_bytes() for patch in patches}
    old = rewritten(tmp_path)
    back = [path for number, path in enumerate(before) if bits >> number & 1]
    for path in back:
        path.write_bytes(before[path])
    done = undo(tmp_path)
    assert done.files == tuple(path.name for path in before if path not in back)
    assert (done.left, done.state, done.was_unfinished) == ((), "undone", False)
    assert tree(tmp_path) == old
    assert states(tmp_path) == ["0001.undone"]


def test_a_file_removed_since(tmp_path: Path) -> None:
    rewritten(tmp_path)
    (tmp_path / "vm.vmx").unlink()
    with pytest.raises(WriteError, match=r"vm\.vmx: changed since"):
        undo(tmp_path)


def test_vm_in_use(tmp_path: Path) -> None:
    rewritten(tmp_path)
    lock_folder(tmp_path / "d.vmdk.lck", b"")
    with pytest.raises(WriteError, match=r"d\.vmdk\.lck: the VM is in use"):
        undo(tmp_path)


def test_a_lock_on_nfs(tmp_path: Path) -> None:
    rewritten(tmp_path)
    lock = on_nfs(tmp_path, (tmp_path / "d.vmdk").stat().st_ino)
    with pytest.raises(WriteError, match=f"{lock.name}: the VM is in use: d.vmdk is locked by the ESX host esx1"):
        undo(tmp_path)


# A rewrite that was cut short


@pytest.mark.parametrize("bits", range(16))
def test_any_mixture_of_files(tmp_path: Path, bits: int) -> None:
    patches = patched_vm(tmp_path)
    old = {patch.path: patch.path.read_bytes() for patch in patches}
    expected = rewritten(tmp_path, cut_short=True)
    back = [patch.path for number, patch in enumerate(patches[1:]) if bits >> number & 1]
    for path in back:
        path.write_bytes(old[path])
    done = undo(tmp_path)
    assert done.was_unfinished
    assert done.files == tuple(patch.path.name for patch in patches if patch.path not in back)
    assert tree(tmp_path) == expected


@given(st.binary(min_size=1, max_size=2500), st.integers(0, 1500), st.data())
def test_any_mixture_within_a_disk(before: bytes, offset: int, data: st.DataObject) -> None:
    """Sector by sector, and where a drive stopped within one."""
    after = bytes(byte ^ 0x5A for byte in before)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(before)), max_size=4)))
    held, side, last = bytearray(), True, 0
    for cut in (*cuts, len(before)):
        held += (after if side else before)[last:cut]
        side, last = not side, cut
    with TemporaryDirectory() as name:
        disk = Path(name) / "disk.vmdk"
        around = (bytes(offset), b"behind")
        disk.write_bytes(before.join(around))
        path = write(Path(name), (InPlacePatch(disk, (Range(offset, before, after),)),), {})
        assert path is not None
        path.rename(path.with_suffix(".journal"))
        disk.write_bytes(bytes(held).join(around))

        undo(Path(name))

        assert disk.read_bytes() == before.join(around)


def test_temporary_files_are_removed(tmp_path: Path) -> None:
    old = rewritten(tmp_path, cut_short=True)
    for index in range(3):
        (tmp_path / f".vmxtool-0001-{index}.tmp").write_bytes(b"half a fi")
    undo(tmp_path)
    assert tree(tmp_path) == old


def test_a_text_file_that_the_crash_took_is_made_again(tmp_path: Path) -> None:
    """On file systems without a journal of their own a rename cut short can cost both names."""
    old = rewritten(tmp_path, cut_short=True)
    (tmp_path / "vm.vmx").unlink()
    assert "vm.vmx" in undo(tmp_path).files
    assert tree(tmp_path) == old


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="gives files to other users")
@pytest.mark.parametrize(("told", "given"), [(1000, 1000), (0, 0), (4321, 1000)])
def test_a_text_file_made_again_belongs_to_us_or_to_the_owner_of_its_folder(
    tmp_path: Path, told: int, given: int
) -> None:
    rewritten(tmp_path, cut_short=True)
    path = tmp_path / ".vmxtool" / "0001.journal"
    content = json.loads(path.read_bytes())
    content["files"][0] |= {"uid": told, "gid": told}
    path.write_text(json.dumps(content))
    (tmp_path / "vm.vmx").unlink()
    os.chown(tmp_path, 1000, 1000)
    undo(tmp_path)
    made = (tmp_path / "vm.vmx").stat()
    assert (made.st_uid, made.st_gid) == (given, given)


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_disk_with_another_name_outside_is_left_alone(tmp_path: Path, side: str) -> None:
    """A journal can be made up so that only the time of the file would change."""
    folder, outside = tmp_path / "vm", tmp_path / "outside.vmdk"
    folder.mkdir()
    disk = folder / "disk.vmdk"
    disk.write_bytes(sparse_disk("ide"))
    os.utime(disk, ns=(10**18, 10**18))
    path = write(folder, (in_place(disk),), {})
    assert path is not None
    stamp = disk.stat().st_mtime_ns
    path.rename(path.with_suffix(".journal"))
    outside.write_bytes(sparse_disk("ide" if side == "before" else "lsilogic"))
    os.utime(outside, ns=(stamp, stamp))
    disk.unlink()
    os.link(outside, disk)
    before = outside.read_bytes()
    with pytest.raises(WriteError, match=r"disk\.vmdk: has another name"):
        undo(folder)
    assert (outside.read_bytes(), outside.stat().st_mtime_ns) == (before, stamp)


@pytest.mark.parametrize("since", [True, False], ids=["written to since", "time of the rewrite"])
def test_a_disk_that_is_back_already_gets_only_its_time(
    tmp_path: Path, since: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = tmp_path / "disk.vmdk"
    disk.write_bytes(sparse_disk("ide"))
    os.utime(disk, ns=(10**18, 10**18))
    path = write(tmp_path, (in_place(disk),), {})
    assert path is not None
    path.rename(path.with_suffix(".journal"))
    time = 10**18 + 5 if since else disk.stat().st_mtime_ns
    disk.write_bytes(sparse_disk("ide"))
    os.utime(disk, ns=(time, time))
    for_writing: list[str] = []
    real = os.open

    def noted(path: Path, flags: int, *rest: int) -> int:
        if flags & os.O_RDWR:
            for_writing.append(Path(path).name)
        return real(path, flags, *rest)

    monkeypatch.setattr(os, "open", noted)
    assert undo(tmp_path).files == ()
    assert disk.stat().st_mtime_ns == (time if since else 10**18)
    # Once to see whether it may be written, and once for the time alone.
    assert for_writing.count("disk.vmdk") == (1 if since else 2)


def test_a_disk_that_is_gone_is_said(tmp_path: Path) -> None:
    rewritten(tmp_path, cut_short=True)
    (tmp_path / "d.vmdk").unlink()
    before = tree(tmp_path)
    with pytest.raises(WriteError, match=r"d\.vmdk: the file is missing since .* from a backup"):
        undo(tmp_path)
    assert tree(tmp_path) == before


@pytest.mark.parametrize(("changed", "remedy"), [("a.vmdk", "move it away"), ("c.vmdk", "from a backup")])
def test_a_file_changed_since_the_crash(tmp_path: Path, changed: str, remedy: str) -> None:
    rewritten(tmp_path, cut_short=True)
    content = (tmp_path / changed).read_bytes().replace(CID.encode(), b"deadbeef")
    (tmp_path / changed).write_bytes(content)
    before = tree(tmp_path)
    with pytest.raises(WriteError, match=f"{changed}: changed by another program .* {remedy}"):
        undo(tmp_path)
    assert tree(tmp_path) == before
    assert states(tmp_path) == ["0001.journal"]


def test_an_unfinished_rewrite_goes_before_a_done_one(tmp_path: Path) -> None:
    config = tmp_path / "vm.vmx"
    config.write_bytes(b"0")
    write(tmp_path, (ReplacePatch(config, b"0", b"1"),), {})
    second = write(tmp_path, (ReplacePatch(config, b"1", b"2"),), {})
    assert second is not None
    second.rename(second.with_suffix(".journal"))
    done = undo(tmp_path)
    assert (done.number, done.was_unfinished, config.read_bytes()) == (2, True, b"1")
    done = undo(tmp_path)
    assert (done.number, done.was_unfinished, config.read_bytes()) == (1, False, b"0")


# Times and modes


def test_times_go_back_with_the_bytes(tmp_path: Path) -> None:
    config, disk = tmp_path / "vm.vmx", tmp_path / "disk.vmdk"
    config.write_bytes(OLD)
    disk.write_bytes(sparse_disk("ide"))
    for path in (config, disk):
        os.utime(path, ns=(10**18, 10**18))
    write(tmp_path, (ReplacePatch(config, OLD, NEW), in_place(disk)), {})
    assert config.stat().st_mtime_ns > 10**18
    assert disk.stat().st_mtime_ns > 10**18
    undo(tmp_path)
    assert config.stat().st_mtime_ns == 10**18
    assert disk.stat().st_mtime_ns == 10**18


def test_a_disk_written_to_since_keeps_its_time(tmp_path: Path) -> None:
    """Its guest ran: programs that copy by time of change have to see that, though the descriptor is as of old."""
    disk = tmp_path / "disk.vmdk"
    disk.write_bytes(sparse_disk("ide"))
    os.utime(disk, ns=(10**18, 10**18))
    write(tmp_path, (in_place(disk),), {})
    with disk.open("r+b") as stream:
        stream.seek(-5, os.SEEK_END)
        stream.write(b"GUEST")
    undo(tmp_path)
    assert disk.read_bytes() == sparse_disk("ide")[:-5] + b"GUEST"
    assert disk.stat().st_mtime_ns > 10**18


def test_rights_given_since_the_rewrite_stay(tmp_path: Path) -> None:
    config = tmp_path / "vm.vmx"
    config.write_bytes(OLD)
    config.chmod(0o600)
    write(tmp_path, (ReplacePatch(config, OLD, NEW),), {})
    config.chmod(0o644)
    undo(tmp_path)
    assert config.read_bytes() == OLD
    assert config.stat().st_mode & 0o777 == 0o644


def test_a_vm_moved_to_another_folder_takes_its_undo_along(tmp_path: Path) -> None:
    old = rewritten(tmp_path / "here")
    (tmp_path / "here").rename(tmp_path / "there")
    undo(tmp_path / "there")
    assert tree(tmp_path / "there") == old
