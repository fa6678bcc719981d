"""Writing: what is refused, what a file keeps, how little is written."""

from __future__ import annotations

import errno
import os
import struct
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from build import CID
from hypothesis import given
from hypothesis import strategies as st
from locks import ELSEWHERE, ended, lock_folder, member, needs_linux, on_nfs, running
from rewriter.instrumented import (
    Call,
    finish,
    in_place,
    instrumented,
    is_change,
    listed,
    ordinary_user,
    patched_vm,
    replacing,
    sparse_disk,
    start,
    states,
    tree,
)

from vmxtool.errors import Interrupted, WriteError
from vmxtool.rewriter.journal import locks
from vmxtool.rewriter.journal.patch import InPlacePatch, Range, ReplacePatch, differing_sectors, is_mixture
from vmxtool.rewriter.journal.undo import undo
from vmxtool.rewriter.journal.write import write

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vmxtool.rewriter.journal.patch import Patch

posix = pytest.mark.skipif(os.name != "posix", reason="of POSIX systems")
root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="gives files to other users")

OLD, NEW = b'guestOS = "winxp"\n', b'guestOS = "winxppro"\n'


def make_config(folder: Path, name: str = "vm.vmx") -> ReplacePatch:
    """A config with a patch for it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(OLD)
    return ReplacePatch(folder / name, OLD, NEW)


def refused(folder: Path, patches: Sequence[Patch], **options: Any) -> str:
    """The reason of a refusal; shows that nothing was left behind."""
    before = sorted(path.name for path in folder.rglob("*"))
    content = tree(folder)
    with pytest.raises(WriteError) as caught:
        write(folder, patches, {}, **options)
    assert sorted(path.name for path in folder.rglob("*")) == before
    assert tree(folder) == content
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_all_files_change_and_the_journal_is_done(tmp_path: Path) -> None:
    patches = patched_vm(tmp_path)

    journal = write(tmp_path, patches, {"command": "vmxtool rewrite"})

    assert journal == tmp_path / ".vmxtool" / "0001.done"
    assert journal.is_file()
    for patch in patches:
        content = patch.path.read_bytes()
        if isinstance(patch, ReplacePatch):
            assert content == patch.after
        else:
            assert content == sparse_disk("lsilogic")
    assert not list(tmp_path.glob(".vmxtool-*"))


def test_no_change_no_write(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    (tmp_path / "disk.vmdk").write_bytes(sparse_disk("ide"))
    before = [path.stat().st_mtime_ns for path in (tmp_path, *sorted(tmp_path.iterdir()))]

    same = (ReplacePatch(config.path, OLD, OLD), in_place(tmp_path / "disk.vmdk", "ide", "ide"))

    assert write(tmp_path, same, {}) is None
    assert [path.stat().st_mtime_ns for path in (tmp_path, *sorted(tmp_path.iterdir()))] == before
    assert not (tmp_path / ".vmxtool").exists()


def test_a_file_without_change_is_left_out(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    other = make_config(tmp_path, "other.vmx")
    before = other.path.stat()

    write(tmp_path, (config, ReplacePatch(other.path, OLD, OLD)), {})

    assert other.path.stat().st_ino == before.st_ino
    assert other.path.stat().st_mtime_ns == before.st_mtime_ns


@posix
def test_the_journal_is_for_its_owner_alone(tmp_path: Path) -> None:
    journal = write(tmp_path, (make_config(tmp_path),), {})
    assert journal is not None
    assert journal.stat().st_mode & 0o777 == 0o600
    assert journal.parent.stat().st_mode & 0o777 == 0o700


# What stands on the disk is not what was planned for


def test_changed_since_the_plan(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    config.path.write_bytes(OLD + b"\n")
    assert "changed since the plan" in refused(tmp_path, (config,))


@pytest.mark.parametrize("content", [b"", sparse_disk("buslogic"), sparse_disk("ide")[:5000]])
def test_disk_changed_since_the_plan(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "disk.vmdk").write_bytes(content)
    assert "changed since the plan" in refused(tmp_path, (in_place(tmp_path / "disk.vmdk"),))


@pytest.mark.parametrize("victim", ["b.vmdk", "c.vmdk", "d.vmdk"])
def test_another_program_writes_at_the_same_time(tmp_path: Path, victim: str) -> None:
    """It comes after the checks and before the file's own turn: its bytes stay, and all else goes back."""
    patches = patched_vm(tmp_path)
    theirs = tmp_path / victim
    content = theirs.read_bytes().replace(CID.encode(), b"deadbeef")
    expected = tree(tmp_path)

    def hook(name: str, real: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if name == "open" and str(args[0]).endswith("0001-0.tmp"):
            theirs.write_bytes(content)
        return real(*args, **kwargs)

    with instrumented(hook), pytest.raises(WriteError, match="changed since the plan") as caught:
        write(tmp_path, patches, {})

    assert not isinstance(caught.value, Interrupted)
    assert theirs.read_bytes() == content
    assert {name: value for name, value in tree(tmp_path).items() if name != victim} == {
        name: value for name, value in expected.items() if name != victim
    }
    assert states(tmp_path) == []


def test_another_program_overwrites_what_was_just_written(tmp_path: Path) -> None:
    """Nobody can tell what it meant, so its bytes stay and the user is asked to settle it."""
    patches = patched_vm(tmp_path)
    theirs = b'guestOS = "by another hand"\n'

    def hook(name: str, real: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        result = real(*args, **kwargs)
        if name == "replace" and str(args[1]).endswith("vm.vmx"):
            (tmp_path / "vm.vmx").write_bytes(theirs)
        return result

    with instrumented(hook), pytest.raises(Interrupted, match="another program wrote to it"):
        write(tmp_path, patches, {})
    assert (tmp_path / "vm.vmx").read_bytes() == theirs

    (tmp_path / "vm.vmx").rename(tmp_path / "theirs.vmx")
    assert undo(tmp_path).was_unfinished
    assert (tmp_path / "vm.vmx").read_bytes() == patches[0].before  # type: ignore[union-attr]
    assert (tmp_path / "c.vmdk").read_bytes() == sparse_disk("ide")


def test_two_patches_for_one_file(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    assert "two patches" in refused(tmp_path, (config, config))


def test_missing_file(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    config.path.unlink()
    assert "vm.vmx: the file is missing" in refused(tmp_path, (config,))


@posix
def test_neither_folder_nor_fifo(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    config.path.unlink()
    config.path.mkdir()
    assert "not a regular file" in refused(tmp_path, (config,))
    config.path.rmdir()
    os.mkfifo(config.path)
    assert "not a regular file" in refused(tmp_path, (config,))


def test_an_unfinished_rewrite_is_settled_first(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    journal = write(tmp_path, (config,), {})
    assert journal is not None
    journal.rename(journal.with_suffix(".journal"))
    with pytest.raises(Interrupted, match="an earlier rewrite was cut short; undo it first"):
        write(tmp_path, (ReplacePatch(config.path, NEW, OLD),), {})
    with pytest.raises(Interrupted):
        write(tmp_path, (), {})
    assert config.path.read_bytes() == NEW


def test_a_rewrite_that_dies_before_we_have_the_lock_is_settled_first(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    other = make_config(tmp_path, "other.vmx")
    journal = write(tmp_path, (other,), {})
    assert journal is not None

    def hook(name: str, real: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if name == "open" and args[0].name == "lock":
            journal.rename(journal.with_suffix(".journal"))
        return real(*args, **kwargs)

    with instrumented(hook), pytest.raises(Interrupted, match="an earlier rewrite was cut short; undo it first"):
        write(tmp_path, (config,), {})
    assert config.path.read_bytes() == OLD


# Where a file lies


def test_symlinked_config_stays_a_link(tmp_path: Path) -> None:
    config = make_config(tmp_path, "real.vmx")
    (tmp_path / "vm.vmx").symlink_to("real.vmx")

    write(tmp_path, (ReplacePatch(tmp_path / "vm.vmx", OLD, NEW),), {})

    assert (tmp_path / "vm.vmx").is_symlink()
    assert config.path.read_bytes() == NEW
    assert not config.path.is_symlink()
    undo(tmp_path)
    assert config.path.read_bytes() == OLD
    assert (tmp_path / "vm.vmx").is_symlink()


def test_symlink_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    outside = make_config(tmp_path / "elsewhere")
    (tmp_path / "vm").mkdir()
    (tmp_path / "vm" / "vm.vmx").symlink_to(outside.path)
    told = refused(tmp_path / "vm", (ReplacePatch(tmp_path / "vm" / "vm.vmx", OLD, NEW),))
    assert "outside the VM's folder" in told
    assert str(outside.path) in told
    assert outside.path.read_bytes() == OLD


def test_symlinked_folder_inside_that_leads_out_is_refused(tmp_path: Path) -> None:
    outside = make_config(tmp_path / "elsewhere")
    (tmp_path / "vm").mkdir()
    (tmp_path / "vm" / "disks").symlink_to(outside.path.parent)
    assert "outside" in refused(tmp_path / "vm", (ReplacePatch(tmp_path / "vm" / "disks" / "vm.vmx", OLD, NEW),))


def test_config_that_the_user_named_may_lead_out(tmp_path: Path) -> None:
    outside = make_config(tmp_path / "elsewhere", "shared.vmx")
    link = tmp_path / "vm" / "vm.vmx"
    link.parent.mkdir()
    link.symlink_to(outside.path)

    write(link.parent, (ReplacePatch(link, OLD, NEW),), {}, trusted=frozenset({link}))

    assert outside.path.read_bytes() == NEW
    assert link.is_symlink()
    with pytest.raises(WriteError, match="outside the VM's folder"):
        undo(link.parent)
    undo(link.parent, trusted=frozenset({link}))
    assert outside.path.read_bytes() == OLD


def test_folder_by_another_name(tmp_path: Path) -> None:
    config = make_config(tmp_path / "vm")
    (tmp_path / "link").symlink_to("vm")
    write(tmp_path / "link", (ReplacePatch(tmp_path / "link" / "vm.vmx", OLD, NEW),), {})
    assert config.path.read_bytes() == NEW
    undo(tmp_path / "vm")
    assert config.path.read_bytes() == OLD


def test_disk_in_a_folder_below(tmp_path: Path) -> None:
    config = make_config(tmp_path / "vm")
    below = make_config(tmp_path / "vm" / "disks", "disk.vmdk")
    write(tmp_path / "vm", (config, below), {})
    assert below.path.read_bytes() == NEW
    assert undo(tmp_path / "vm").files == ("vm.vmx", "disks/disk.vmdk")
    assert below.path.read_bytes() == OLD


def test_journals_are_no_files_of_the_vm(tmp_path: Path) -> None:
    journal = write(tmp_path, (make_config(tmp_path),), {})
    assert journal is not None
    with pytest.raises(WriteError, match="vmxtool's own"):
        write(tmp_path, (ReplacePatch(journal, journal.read_bytes(), b""),), {})


# Rights


@posix
def test_file_marked_read_only(tmp_path: Path) -> None:
    patches = patched_vm(tmp_path)
    for name in ("vm.vmx", "d.vmdk"):
        (tmp_path / name).chmod(0o444)
        assert f"{name}: marked read-only" in refused(tmp_path, patches)
        (tmp_path / name).chmod(0o644)


@posix
def test_folder_marked_read_only(tmp_path: Path) -> None:
    config = make_config(tmp_path / "vm")
    (tmp_path / "vm").chmod(0o555)
    try:
        assert "the folder is marked read-only" in refused(tmp_path / "vm", (config,))
    finally:
        (tmp_path / "vm").chmod(0o755)


@posix
def test_ordinary_user_writes_and_undoes() -> None:
    with ordinary_user() as (folder, doing):
        patches = doing(lambda: patched_vm(folder))
        assert patches.startswith("(ReplacePatch")
        old = tree(folder)
        assert "0001.done" in doing(lambda: write(folder, rebuilt(folder), {}))
        assert tree(folder) != old
        assert "was_unfinished=False" in doing(lambda: undo(folder))
        assert tree(folder) == old


def rebuilt(folder: Path) -> tuple[Patch, ...]:
    """The patches of a VM that is there already."""
    texts = [replacing(folder / name) for name in ("vm.vmx", "a.vmdk", "b.vmdk")]
    return (*texts, in_place(folder / "c.vmdk"), in_place(folder / "d.vmdk"))


@root
def test_folder_of_somebody_else() -> None:
    with ordinary_user() as (folder, doing):
        make_config(folder / "vm")
        os.chown(folder / "vm" / "vm.vmx", 65534, 65534)
        told = doing(lambda: write(folder / "vm", (ReplacePatch(folder / "vm" / "vm.vmx", OLD, NEW),), {}))
        assert "WriteError" in told
        assert "no right to write in this folder" in told
        assert listed(folder / "vm") == ["vm.vmx"]


@root
def test_file_of_somebody_else_that_we_may_not_write() -> None:
    with ordinary_user() as (folder, doing):
        config = make_config(folder)
        told = doing(lambda: write(folder, (config,), {}))
        assert "vm.vmx: permission denied" in told
        assert listed(folder) == ["vm.vmx"]


@root
@pytest.mark.parametrize("owner", [(0, 65534), (65534, 0), (0, 0)], ids=["user", "group", "both"])
def test_file_whose_owner_we_cannot_keep(owner: tuple[int, int]) -> None:
    """Everybody may write it, but a new file in its place would be ours: refused while nothing is changed."""
    with ordinary_user() as (folder, doing):
        (folder / "first.vmdk").write_bytes(sparse_disk("ide"))
        os.chown(folder / "first.vmdk", 65534, 65534)
        config = make_config(folder)
        config.path.chmod(0o666)
        os.chown(config.path, *owner)
        told = doing(lambda: write(folder, (in_place(folder / "first.vmdk"), config), {}))
        assert f"it belongs to user {owner[0]}, group {owner[1]}" in told
        assert listed(folder) == ["first.vmdk", "vm.vmx"]
        assert config.path.read_bytes() == OLD
        assert (folder / "first.vmdk").read_bytes() == sparse_disk("ide")


@root
def test_disk_of_somebody_else_is_changed_in_place_and_stays_theirs() -> None:
    with ordinary_user() as (folder, doing):
        disk = folder / "disk.vmdk"
        disk.write_bytes(sparse_disk("ide"))
        disk.chmod(0o666)
        assert "0001.done" in doing(lambda: write(folder, (in_place(disk),), {}))
        assert disk.read_bytes() == sparse_disk("lsilogic")
        assert disk.stat().st_uid == 0
        assert "RestoredFiles" in doing(lambda: undo(folder))
        assert disk.read_bytes() == sparse_disk("ide")


@root
def test_root_keeps_owner_and_mode(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    config.path.chmod(0o2640)
    os.chown(config.path, 1234, 4321)
    config.path.chmod(0o2640)
    for action in (lambda: write(tmp_path, (config,), {}), lambda: undo(tmp_path)):
        action()
        found = config.path.stat()
        assert (found.st_uid, found.st_gid, found.st_mode & 0o7777) == (1234, 4321, 0o2640)


@root
def test_journals_of_somebody_else_are_not_trusted() -> None:
    with ordinary_user() as (folder, doing):
        config = make_config(folder)
        write(folder, (config,), {})
        assert ".vmxtool: belongs to user 0" in doing(lambda: undo(folder))
        assert ".vmxtool: belongs to user 0" in doing(lambda: write(folder, (), {}))


@posix
def test_modes_survive(tmp_path: Path) -> None:
    for mode in (0o600, 0o640, 0o664, 0o755):
        config = make_config(tmp_path, f"{mode:o}.vmx")
        config.path.chmod(mode)
        write(tmp_path, (config,), {})
        assert config.path.stat().st_mode & 0o7777 == mode


def set_xattr(path: Path, name: str, value: bytes) -> None:
    """Give a file an extended attribute, or skip where the file system has none."""
    try:
        os.setxattr(path, name, value)
    except OSError as error:
        if error.errno != errno.ENOTSUP:
            raise
        pytest.skip("this file system has no extended attributes")


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="of Linux")
def test_extended_attributes_survive(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    set_xattr(config.path, "user.note", b"kept by hand")
    write(tmp_path, (config,), {})
    assert os.getxattr(config.path, "user.note") == b"kept by hand"
    undo(tmp_path)
    assert os.getxattr(config.path, "user.note") == b"kept by hand"


def access_list(*entries: tuple[int, int, int]) -> bytes:
    """An access list as Linux keeps it: (tag, permission bits, user or group)."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", tag, bits, who) for tag, bits, who in entries)


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="of Linux")
def test_access_lists_survive_and_none_is_inherited(tmp_path: Path) -> None:
    nobody = 0xFFFFFFFF
    others = ((2, 6, 1234), (4, 4, nobody), (16, 6, nobody), (32, 0, nobody))
    listed_rights = access_list((1, 6, nobody), *others)
    with_list, without = make_config(tmp_path, "with.vmx"), make_config(tmp_path, "without.vmx")
    without.path.chmod(0o640)
    set_xattr(with_list.path, "system.posix_acl_access", listed_rights)
    set_xattr(tmp_path, "system.posix_acl_default", access_list((1, 7, nobody), *others))
    write(tmp_path, (with_list, without), {})
    assert os.getxattr(with_list.path, "system.posix_acl_access") == listed_rights
    assert "system.posix_acl_access" not in os.listxattr(without.path)
    assert without.path.stat().st_mode & 0o777 == 0o640


def test_hard_link_of_a_text_file_is_broken_and_the_other_name_keeps_the_old_bytes(tmp_path: Path) -> None:
    config = make_config(tmp_path / "vm")
    (tmp_path / "backup.vmx").hardlink_to(config.path)
    write(tmp_path / "vm", (config,), {})
    assert config.path.read_bytes() == NEW
    assert (tmp_path / "backup.vmx").read_bytes() == OLD


def test_hard_link_of_a_disk_is_refused(tmp_path: Path) -> None:
    patches = patched_vm(tmp_path / "vm")
    (tmp_path / "backup.vmdk").hardlink_to(tmp_path / "vm" / "d.vmdk")
    told = refused(tmp_path / "vm", patches)
    assert "d.vmdk: has another name" in told
    assert (tmp_path / "backup.vmdk").read_bytes() == sparse_disk("ide")


# Others at work


@pytest.mark.parametrize(
    "name",
    [
        "vm.vmx.lck",
        "VM.VMX.LCK",
        "vm.vmdk.WRITELOCK",
        "vm-000001.vmdk.lck",
        "vm-1a2b.vswp",
        "vm.vmx~",
        "vm.lck",
        ".lck-3409000000000000",
    ],
)
@pytest.mark.parametrize("as_folder", [False, True], ids=["file", "folder"])
def test_vm_in_use(tmp_path: Path, name: str, as_folder: bool) -> None:
    config = make_config(tmp_path)
    if as_folder:
        lock_folder(tmp_path / name, b"")
    else:
        (tmp_path / name).touch()
    assert f"{name}: the VM is in use; power the VM off, or" in refused(tmp_path, (config,))


def test_the_one_who_holds_a_lock_is_named_where_it_says_so(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    lock = tmp_path / "vm.vmx.lck"
    lock_folder(lock, member("6385-99(vmware-vmx)", lock, ELSEWHERE))
    told = refused(tmp_path, (config,))
    assert (
        f"the VM is in use: vm.vmx is locked by process 6385 (vmware-vmx) on the host with the id {ELSEWHERE}" in told
    )
    (lock / "M10001.lck").unlink()
    lock.rmdir()
    made = on_nfs(tmp_path, (tmp_path / "vm.vmx").stat().st_ino)
    assert f"{made}: the VM is in use: vm.vmx is locked by the ESX host esx1.example.com" in refused(
        tmp_path, (config,)
    )


@needs_linux
def test_a_process_that_runs_here_is_to_be_closed(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    lock_folder(tmp_path / "vm.vmx.lck", running(tmp_path / "vm.vmx.lck"))
    told = refused(tmp_path, (config,))
    assert f"by process {os.getpid()} (vmware-vmx) on this host; power the VM off and close it there" in told


@needs_linux
def test_a_lock_that_a_crash_left_is_removed_by_the_user_first(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    lock = lock_folder(tmp_path / "vm.vmx.lck", ended(tmp_path / "vm.vmx.lck"))
    told = refused(tmp_path, (config,))
    assert f"{lock}: a crash left the lock of vm.vmx: process " in told
    assert told.endswith("make sure that no product has the VM open, then remove that folder")
    (tmp_path / "vm.vmx~").touch()
    assert "vm.vmx~: the VM is in use; power the VM off" in refused(tmp_path, (config,))


def test_an_empty_lock_folder_is_removed_by_the_user_first(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    (tmp_path / "vm.vmx.lck").mkdir()
    assert "the lock folder vm.vmx.lck is empty: nobody holds this lock" in refused(tmp_path, (config,))
    (tmp_path / "vm.vmx.lck").rmdir()
    assert write(tmp_path, (config,), {}) is not None


@pytest.mark.parametrize("name", ["vm2.vmx.lck", "other.vmx.lck", "vm.vmx.lck.txt", "vmware.log"])
def test_locks_of_another_vm_in_the_same_folder(tmp_path: Path, name: str) -> None:
    config = make_config(tmp_path)
    (tmp_path / name).touch()
    assert write(tmp_path, (config,), {}) is not None


def test_a_file_that_may_be_a_lock_or_no_more_than_has_the_name_of_a_disk(tmp_path: Path) -> None:
    disk = tmp_path / "sub" / "x.lck.vmdk"
    disk.parent.mkdir()
    disk.write_bytes(sparse_disk("ide"))
    (tmp_path / "sub" / "x.lck").touch()
    assert "x.lck: the VM is in use" in refused(tmp_path, (in_place(disk),))


def test_lock_beside_a_disk_in_a_folder_below(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    disk = make_config(tmp_path / "disks", "data.vmdk")
    lock_folder(tmp_path / "disks" / "data.vmdk.lck", b"")
    assert "data.vmdk.lck: the VM is in use" in refused(tmp_path, (config, disk))


@posix
def test_another_vmxtool_is_writing(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    reading, writing = os.pipe()

    def work() -> None:
        with locks.locked(tmp_path):
            os.write(writing, b"!")
            time.sleep(60)

    child = start(work)
    try:
        assert os.read(reading, 1) == b"!"
        with pytest.raises(WriteError, match="another vmxtool is writing"):
            write(tmp_path, (config,), {})
        with pytest.raises(WriteError, match="another vmxtool is writing"):
            undo(tmp_path)
        assert config.path.read_bytes() == OLD
    finally:
        os.kill(child, 9)
        finish(child)
    # A lock dies with its process, so that nobody has to remove one by hand.
    assert write(tmp_path, (config,), {}) is not None


@posix
def test_of_several_at_once_one_writes(tmp_path: Path) -> None:
    """Each adds its own line; those that come too late find the file changed or locked, and no line is lost."""
    config = tmp_path / "vm.vmx"
    for turn in range(10):
        config.write_bytes(OLD)
        patches = [ReplacePatch(config, OLD, OLD + b"# %d\n" % number) for number in range(4)]
        children = [start(lambda patch=patch: write(tmp_path, (patch,), {})) for patch in patches]  # type: ignore[misc]
        codes = [finish(child) for child in children]
        assert codes.count(0) == 1, turn
        assert config.read_bytes() == patches[codes.index(0)].after
    assert states(tmp_path) == [f"{number:04}.done" for number in range(1, 11)]


@posix
def test_the_lock_comes_and_goes_without_two_having_it(tmp_path: Path) -> None:
    """Its file is removed at the end, so that another process may have opened what is no longer there."""
    mark = tmp_path / "mark"

    def work() -> None:
        done = 0
        while done < 60:
            try:
                with locks.locked(tmp_path):
                    os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
                    mark.unlink()
                    done += 1
            except WriteError as error:
                assert "another vmxtool" in str(error)  # noqa: PT017

    assert [finish(child) for child in [start(work) for _ in range(3)]] == [0, 0, 0]
    assert not (tmp_path / ".vmxtool").exists()


@posix
def test_file_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = make_config(tmp_path)

    def none_here(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(locks.fcntl, "flock", none_here)  # type: ignore[attr-defined]
    assert "cannot be locked (no locks available)" in refused(tmp_path, (config,))


@pytest.mark.parametrize("kind", ["link", "file"])
def test_the_name_of_the_journals_is_taken(tmp_path: Path, kind: str) -> None:
    config = make_config(tmp_path / "vm")
    (tmp_path / "elsewhere").mkdir()
    if kind == "link":
        (tmp_path / "vm" / ".vmxtool").symlink_to(tmp_path / "elsewhere")
    else:
        (tmp_path / "vm" / ".vmxtool").touch()
    assert "not vmxtool's folder" in refused(tmp_path / "vm", (config,))
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_left_over_temporary_files_are_no_obstacle(tmp_path: Path) -> None:
    """After somebody removed `.vmxtool` by hand, the numbers begin anew and names come again."""
    config = make_config(tmp_path)
    (tmp_path / ".vmxtool-0001-0.tmp").write_bytes(b"left over")
    write(tmp_path, (config,), {})
    assert config.path.read_bytes() == NEW
    assert not list(tmp_path.glob(".vmxtool-*"))


def test_the_longest_file_name(tmp_path: Path) -> None:
    config = make_config(tmp_path, "n" * 251 + ".vmx")
    write(tmp_path, (config,), {})
    assert config.path.read_bytes() == NEW


def test_file_name_that_is_not_text(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux lets a name be any bytes")
    config = make_config(tmp_path, os.fsdecode(b"caf\xe9.vmx"))
    write(tmp_path, (config,), {})
    undo(tmp_path)
    assert config.path.read_bytes() == OLD


# How little is written


def test_100_gb_disk_touches_under_64_kib(tmp_path: Path) -> None:
    disk = tmp_path / "big.vmdk"
    disk.write_bytes(sparse_disk("ide"))
    os.truncate(disk, 100 * 10**9)
    if disk.stat().st_blocks * 512 > 10**9:
        pytest.skip("this file system has no sparse files")
    config = make_config(tmp_path)
    written: dict[str, int] = {}
    read = 0

    def hook(name: str, real: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        nonlocal read
        result = real(*args, **kwargs)
        if name == "write":
            file = str(Path(f"/proc/self/fd/{args[0]}").readlink()) if sys.platform == "linux" else "all"
            written[file] = written.get(file, 0) + result
        if name == "read":
            read += len(result)
        return result

    with instrumented(hook):
        write(tmp_path, (config, in_place(disk)), {})
        undo(tmp_path)

    assert sum(written.values()) < 64 * 1024
    assert read < 1024 * 1024
    assert written.get(str(disk), 0) <= 4 * 512
    assert disk.stat().st_size == 100 * 10**9
    assert disk.stat().st_blocks * 512 < 10**6


def test_in_place_writes_only_sectors_that_differ(tmp_path: Path) -> None:
    disk = tmp_path / "disk.vmdk"
    disk.write_bytes(sparse_disk("ide"))
    offsets = []

    def hook(name: str, real: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if name == "write" and len(args[1]) == 512:
            offsets.append(os.lseek(args[0], 0, os.SEEK_CUR))
        return real(*args, **kwargs)

    with instrumented(hook):
        write(tmp_path, (in_place(disk),), {})

    old, new = sparse_disk("ide"), sparse_disk("lsilogic")
    expected = [at for at in range(0, len(old), 512) if old[at : at + 512] != new[at : at + 512]]
    assert offsets == expected
    assert 0 < len(expected) < 4


@given(st.integers(0, 2000), st.binary(min_size=1, max_size=3000), st.data())
def test_pieces_give_the_wanted_bytes_and_never_cross_a_sector(offset: int, have: bytes, data: st.DataObject) -> None:
    want = bytearray(have)
    for _ in range(data.draw(st.integers(0, 4))):
        want[data.draw(st.integers(0, len(want) - 1))] ^= 0xFF
    held = bytearray(have)
    for at, piece in differing_sectors(offset, have, bytes(want)):
        assert at // 512 == (at + len(piece) - 1) // 512
        assert held[at - offset : at - offset + len(piece)] != piece
        held[at - offset : at - offset + len(piece)] = piece
    assert held == want


@given(st.lists(st.tuples(st.integers(0, 255), st.integers(0, 255), st.booleans()), min_size=1), st.data())
def test_mixture(pairs: list[tuple[int, int, bool]], data: st.DataObject) -> None:
    before, after = bytes(pair[0] for pair in pairs), bytes(pair[1] for pair in pairs)
    have = bytearray(first if choice else second for first, second, choice in pairs)
    assert is_mixture(bytes(have), before, after)
    at = data.draw(st.integers(0, len(have) - 1))
    have[at] = data.draw(st.sampled_from(sorted(set(range(256)) - {before[at], after[at]})))
    assert not is_mixture(bytes(have), before, after)
    assert not is_mixture(bytes(have[:-1]), before, after)


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: Range(0, b"", b""), "at least one"),
        (lambda: Range(0, b"a", b"ab"), "as many"),
        (lambda: Range(-1, b"a", b"b"), "inside a file"),
        (lambda: Range(2**63 - 1, b"a", b"b"), "inside a file"),
        (lambda: InPlacePatch(Path("d"), (Range(0, b"ab", b"cd"), Range(1, b"b", b"c"))), "do not overlap"),
        (lambda: InPlacePatch(Path("d"), (Range(8, b"a", b"b"), Range(0, b"b", b"c"))), "in order"),
    ],
)
def test_patches_that_make_no_sense(make: Callable[[], object], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        make()


def test_nothing_is_written_before_every_file_was_looked_at(tmp_path: Path) -> None:
    patches = patched_vm(tmp_path)
    (tmp_path / "d.vmdk").unlink()
    changes = []

    def hook(name: str, real: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if is_change(name, args):
            changes.append(name)
        return real(*args, **kwargs)

    with instrumented(hook), pytest.raises(WriteError, match="missing"):
        write(tmp_path, patches, {})
    assert changes == []
